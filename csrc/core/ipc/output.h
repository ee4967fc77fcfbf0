/* What is to be written next: segments that point at the columns' own memory, and what they need
 * to stay alive. */
#ifndef MA_IPC_OUTPUT_H
#define MA_IPC_OUTPUT_H

#include "core/data/array.h"
#include "core/data/segment.h"

typedef struct ma_output_chunk {
    uint8_t *data; /* owned */
    int64_t size;
    int64_t used;
} ma_output_chunk;

typedef struct ma_output {
    ma_segment *segments; /* owned; in the order of the stream */
    int64_t count;
    int64_t capacity;
    int64_t total; /* bytes of all segments */
    /* memory for metadata and other small pieces; chunks do not move, and the first is used
     * again */
    ma_output_chunk *chunks; /* owned, with their data */
    int64_t n_chunks;
    int64_t chunk_capacity;
    /* what the segments point into */
    ma_array **arrays; /* owned, each of them */
    int64_t n_arrays;
    int64_t array_capacity;
    ma_buffer *buffers; /* owned, each of them */
    int64_t n_buffers;
    int64_t buffer_capacity;
} ma_output;

void
ma_output_init(ma_output *self);
void
ma_output_fini(ma_output *self);
/* Forget the segments and let go of what they needed; keeps memory for the next time. */
void
ma_output_reset(ma_output *self);

/* Add bytes that live as long as the output's contents. */
MA_NODISCARD ma_status
ma_output_add(ma_output *self, const uint8_t *data, int64_t size, ma_error *err);
/* Add zeros. */
MA_NODISCARD ma_status
ma_output_pad(ma_output *self, int64_t size, ma_error *err);
/* Memory for `size` bytes that lives as long as the output's contents; 8-byte aligned. NULL:
 * `err` is filled. */
uint8_t *
ma_output_scratch(ma_output *self, int64_t size, ma_error *err);

/* Keep alive until the next reset; each takes its argument over, also on failure. */
MA_NODISCARD ma_status
ma_output_keep_array(ma_output *self, ma_array *array, ma_error *err);
MA_NODISCARD ma_status
ma_output_keep_buffer(ma_output *self, ma_buffer buffer, ma_error *err);

#endif
