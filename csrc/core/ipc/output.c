#include "core/ipc/output.h"

#include <string.h>

#include "core/base/memory.h"
#include "core/base/number.h"

#define FIRST_CHUNK (32 * 1024)

void
ma_output_init(ma_output *self)
{
    *self = (ma_output){0};
}

void
ma_output_reset(ma_output *self)
{
    for (int64_t i = 0; i < self->n_arrays; i++) {
        ma_array_unref(self->arrays[i]);
    }
    for (int64_t i = 0; i < self->n_buffers; i++) {
        ma_buffer_clear(&self->buffers[i]);
    }
    while (self->n_chunks > 1) {
        ma_free(self->chunks[--self->n_chunks].data);
    }
    if (self->n_chunks == 1) {
        self->chunks[0].used = 0;
    }
    self->n_arrays = 0;
    self->n_buffers = 0;
    self->count = 0;
    self->total = 0;
}

void
ma_output_fini(ma_output *self)
{
    ma_output_reset(self);
    if (self->n_chunks == 1) {
        ma_free(self->chunks[0].data);
    }
    ma_free(self->chunks);
    ma_free(self->segments);
    ma_free(self->arrays);
    ma_free(self->buffers);
    *self = (ma_output){0};
}

ma_status
ma_output_add(ma_output *self, const uint8_t *data, int64_t size, ma_error *err)
{
    if (size == 0) {
        return MA_OK;
    }
    MA_TRY(ma_grow((void **)&self->segments, &self->capacity, self->count + 1,
                   sizeof(*self->segments), err));
    self->segments[self->count++] = (ma_segment){data, size};
    self->total += size;
    return MA_OK;
}

ma_status
ma_output_pad(ma_output *self, int64_t size, ma_error *err)
{
    while (size > 0) {
        const int64_t step = ma_min_i64(size, (int64_t)sizeof(ma_zeros));
        MA_TRY(ma_output_add(self, ma_zeros, step, err));
        size -= step;
    }
    return MA_OK;
}

uint8_t *
ma_output_scratch(ma_output *self, int64_t size, ma_error *err)
{
    const int64_t rounded = ma_round_up(size, 8);
    ma_output_chunk *last = self->n_chunks > 0 ? &self->chunks[self->n_chunks - 1] : NULL;
    if (last == NULL || rounded > last->size - last->used) {
        if (ma_grow((void **)&self->chunks, &self->chunk_capacity, self->n_chunks + 1,
                    sizeof(*self->chunks), err) != MA_OK) {
            return NULL;
        }
        const int64_t chunk_size = ma_max_i64(rounded, FIRST_CHUNK);
        uint8_t *data = ma_malloc(chunk_size);
        if (data == NULL) {
            (void)ma_fail_nomem(err, chunk_size);
            return NULL;
        }
        last = &self->chunks[self->n_chunks++];
        *last = (ma_output_chunk){data, chunk_size, 0};
    }
    uint8_t *at = last->data + last->used;
    last->used += rounded;
    return at;
}

ma_status
ma_output_keep_array(ma_output *self, ma_array *array, ma_error *err)
{
    const ma_status st = ma_grow((void **)&self->arrays, &self->array_capacity,
                                 self->n_arrays + 1, sizeof(*self->arrays), err);
    if (st != MA_OK) {
        ma_array_unref(array);
        return st;
    }
    self->arrays[self->n_arrays++] = array;
    return MA_OK;
}

ma_status
ma_output_keep_buffer(ma_output *self, ma_buffer buffer, ma_error *err)
{
    const ma_status st = ma_grow((void **)&self->buffers, &self->buffer_capacity,
                                 self->n_buffers + 1, sizeof(*self->buffers), err);
    if (st != MA_OK) {
        ma_buffer_clear(&buffer);
        return st;
    }
    self->buffers[self->n_buffers++] = buffer;
    return MA_OK;
}
