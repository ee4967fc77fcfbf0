/* What the readers share: pieces of a source as buffers, and statistics for Python. */
#ifndef PYMA_READING_H
#define PYMA_READING_H

#include "core/ipc/decoder.h"
#include "python/py_source.h"

/* What has arrived of a piece. */
typedef struct pyma_piece {
    uint8_t *memory; /* owned */
    int64_t arrived;
    int64_t capacity;
} pyma_piece;

/* The next `need` bytes of a source in an aligned block of their own; fewer at the end of the
 * input. Memory grows with the bytes that arrive, so that a claimed size alone takes none. -1
 * with an exception; what has arrived then stays in `partial`, for the next try. */
int
pyma_read_piece(pyma_source *source, pyma_piece *partial, int64_t need, ma_buffer *out);
void
pyma_piece_fini(pyma_piece *self);

/* `parts` of the next `size` bytes, one behind the other, each from a multiple of 64 on
 * (core/ipc/parts.h): 1, and the source then stands behind all of them; 0 when the input ends
 * before; -1 with an exception. Unless it is 1, nobody knows where the source stands. */
int
pyma_read_parts(pyma_source *source, const ma_range *parts, int64_t count, int64_t size,
                ma_buffer *out);

/* The counts as a tuple. */
PyObject *
pyma_read_stats_wrap(const ma_read_stats *stats);

#endif
