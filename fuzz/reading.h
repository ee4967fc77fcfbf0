/* Reading a stream or a file that lies in memory, to its end or to where it breaks off. */
#ifndef FUZZ_READING_H
#define FUZZ_READING_H

#include "core/ipc/decoder.h"
#include "fuzz.h"

#define FUZZ_MOST_BATCHES 16

/* What came of it. All zero is nothing. */
typedef struct fuzz_reading {
    ma_schema *schema;     /* owned; NULL where there was none */
    ma_metadata *metadata; /* owned; a file's; may be NULL */
    int32_t count;
    ma_batch *batches[FUZZ_MOST_BATCHES]; /* owned; more of them are not read */
    ma_status status;
    ma_error err;
} fuzz_reading;

/* Each piece that the decoder asks for is given as a block of its own of exactly that size. If
 * `wanted` is not 0, its bits say which columns are read, and only their parts of a body are given
 * (fuzz_choose). */
void
fuzz_read_stream(const uint8_t *data, size_t size, uint8_t wanted, fuzz_reading *out);

/* How a file's bytes are had. */
typedef enum fuzz_access {
    FUZZ_MEMORY,
    FUZZ_CALLS,            /* each range that is asked for is read */
    FUZZ_MEMORY_AND_CALLS, /* as where a file was mapped */
    FUZZ_FAILING_CALLS,    /* the fourth read fails */
} fuzz_access;

/* The same for a file. */
void
fuzz_read_file(const uint8_t *data, size_t size, fuzz_access access, uint8_t wanted,
               fuzz_reading *out);

void
fuzz_reading_fini(fuzz_reading *self);

/* The first bits of `wanted` choose among the first columns; the top bit says that of nested ones
 * only the first child is wanted. */
void
fuzz_choose(ma_schema *schema, uint8_t wanted, ma_picks *out);

/* Require that `part`, read with `wanted`, agrees with `whole`, of the same bytes. */
void
fuzz_require_part(const fuzz_reading *whole, const fuzz_reading *part, uint8_t wanted);

/* A buffer over bytes that outlive it. */
ma_buffer
fuzz_borrow(const uint8_t *data, size_t size);

/* A copy in a block of exactly that size. */
ma_buffer
fuzz_copy(const uint8_t *data, size_t size);

#endif
