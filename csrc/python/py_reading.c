#include "python/py_reading.h"

#include "core/base/memory.h"
#include "core/base/number.h"
#include "core/ipc/parts.h"

#define FIRST_STEP (1024 * 1024) /* what is taken for a piece before any of it has arrived */

/* Room for the piece so far: at most twice what has arrived, or all of it where the source is
 * known to hold as much. */
static int64_t
next_capacity(pyma_source *source, int64_t need, int64_t arrived)
{
    if (need <= FIRST_STEP) {
        return need;
    }
    const int64_t size = pyma_source_size(source);
    if (size >= 0 && need <= size) {
        return need;
    }
    return ma_min_i64(need, ma_max_i64(FIRST_STEP, 2 * arrived));
}

static int
grow_piece(pyma_piece *self, pyma_source *source, int64_t need)
{
    const int64_t capacity = next_capacity(source, need, self->arrived);
    if (capacity <= self->capacity) {
        return 0;
    }
    uint8_t *grown = ma_aligned_realloc(self->memory, self->arrived, capacity);
    if (grown == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    self->memory = grown;
    self->capacity = capacity;
    return 0;
}

void
pyma_piece_fini(pyma_piece *self)
{
    ma_aligned_free(self->memory);
    *self = (pyma_piece){NULL, 0, 0};
}

/* Read what there is room for: 1 when the source has more, 0 at its end, -1 with an exception. */
static int
fill_piece(pyma_piece *self, pyma_source *source)
{
    int64_t done;
    const int64_t room = self->capacity - self->arrived;
    const int result = pyma_source_read(source, self->memory + self->arrived, room, &done);
    self->arrived += done;
    return result < 0 ? -1 : done == room;
}

/* What has arrived, as a buffer; the piece is empty then. It stays as it is on failure. */
static int
take_piece(pyma_piece *self, ma_buffer *out)
{
    ma_error err;
    if (self->memory == NULL) { /* nothing was asked for */
        *out = MA_EMPTY_BUFFER;
        return 0;
    }
    ma_error_init(&err);
    if (ma_buffer_take(self->memory, self->arrived, out, &err) != MA_OK) {
        PyErr_NoMemory();
        return -1;
    }
    *self = (pyma_piece){NULL, 0, 0};
    return 0;
}

int
pyma_read_piece(pyma_source *source, pyma_piece *partial, int64_t need, ma_buffer *out)
{
    int more = 1;
    while (more && partial->arrived < need) {
        if (grow_piece(partial, source, need) < 0) {
            return -1;
        }
        more = fill_piece(partial, source);
        if (more < 0) {
            return -1;
        }
    }
    return take_piece(partial, out);
}

/* ---- parts of a body ---- */

/* Read `size` more bytes of `most` in all; memory grows with those that arrive, here as well. Like
 * pyma_source_read_whole. */
static int
read_more(pyma_piece *self, pyma_source *source, int64_t size, int64_t most)
{
    const int64_t end = self->arrived + size;
    int more = 1;
    while (self->arrived < end && more > 0) {
        if (grow_piece(self, source, most) < 0) {
            return -1;
        }
        const int64_t room = ma_min_i64(self->capacity, end) - self->arrived;
        more = pyma_source_read_whole(source, self->memory + self->arrived, room);
        self->arrived += room;
    }
    return more;
}

/* Bytes up to the next multiple of 64, which nobody looks at. */
static int
pad(pyma_piece *self, pyma_source *source, int64_t most)
{
    const int64_t size = ma_round_up(self->arrived, 64) - self->arrived;
    if (size > 0 && grow_piece(self, source, most) < 0) {
        return -1;
    }
    for (int64_t i = 0; i < size; i++) {
        self->memory[self->arrived++] = 0;
    }
    return 0;
}

static int
read_all_parts(pyma_source *source, const ma_range *parts, int64_t count, int64_t size,
               pyma_piece *piece)
{
    const int64_t most = ma_parts_size(parts, count);
    int64_t from = 0; /* in the input */
    int more = 1;
    for (int64_t i = 0; i < count && more > 0; i++) {
        more = pyma_source_skip(source, parts[i].offset - from);
        if (more > 0) {
            more =
                pad(piece, source, most) < 0 ? -1 : read_more(piece, source, parts[i].size, most);
        }
        from = parts[i].offset + parts[i].size;
    }
    return more > 0 ? pyma_source_skip(source, size - from) : more;
}

int
pyma_read_parts(pyma_source *source, const ma_range *parts, int64_t count, int64_t size,
                ma_buffer *out)
{
    pyma_piece piece = {NULL, 0, 0};
    int more = read_all_parts(source, parts, count, size, &piece);
    if (more > 0 && take_piece(&piece, out) < 0) {
        more = -1;
    }
    pyma_piece_fini(&piece);
    return more;
}

PyObject *
pyma_read_stats_wrap(const ma_read_stats *stats)
{
    return Py_BuildValue("LLLLL", (long long)stats->messages, (long long)stats->batches,
                         (long long)stats->dictionary_batches, (long long)stats->dictionary_deltas,
                         (long long)stats->replaced_dictionaries);
}
