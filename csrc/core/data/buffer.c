#include "core/data/buffer.h"

#include <string.h>

#include "core/base/memory.h"

const _Alignas(MA_ALIGNMENT) uint8_t ma_zeros[64] = {0};

typedef struct own_block {
    ma_block base;
    void *memory; /* owned; from ma_aligned_malloc */
} own_block;

static void
own_release(ma_block *base)
{
    own_block *self = (own_block *)base;
    ma_aligned_free(self->memory);
    ma_free(self);
}

ma_status
ma_buffer_take(void *memory, int64_t size, ma_buffer *out, ma_error *err)
{
    own_block *block = ma_malloc(sizeof(*block));
    if (block == NULL) {
        return ma_fail_nomem(err, sizeof(*block));
    }
    ma_refs_init(&block->base.refs);
    block->base.release = own_release;
    block->memory = memory;
    *out = (ma_buffer){memory, size, &block->base};
    return MA_OK;
}

ma_status
ma_buffer_alloc(int64_t size, ma_buffer *out, uint8_t **data, ma_error *err)
{
    void *memory = ma_aligned_malloc(size);
    if (memory == NULL) {
        return ma_fail_nomem(err, size);
    }
    const ma_status st = ma_buffer_take(memory, size, out, err);
    if (st != MA_OK) {
        ma_aligned_free(memory);
        return st;
    }
    *data = memory;
    return MA_OK;
}

ma_status
ma_buffer_copy(const void *data, int64_t size, ma_buffer *out, ma_error *err)
{
    uint8_t *target;
    MA_TRY(ma_buffer_alloc(size, out, &target, err));
    if (size > 0) {
        memcpy(target, data, (size_t)size);
    }
    return MA_OK;
}

ma_status
ma_buffer_align(ma_buffer *self, int64_t alignment, ma_error *err)
{
    ma_buffer copy;
    if (((uintptr_t)self->data & (uintptr_t)(alignment - 1)) == 0) {
        return MA_OK;
    }
    MA_TRY(ma_buffer_copy(self->data, self->size, &copy, err));
    ma_buffer_clear(self);
    *self = copy;
    return MA_OK;
}
