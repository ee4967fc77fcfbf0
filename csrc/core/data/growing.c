#include "core/data/growing.h"

#include "core/base/memory.h"
#include "core/base/number.h"

ma_status
ma_growing_more(ma_growing *self, int64_t extra, ma_error *err)
{
    int64_t needed;
    if (!ma_add_i64(self->size, extra, &needed) || needed > INT64_MAX / 2) {
        return ma_fail_nomem(err, extra);
    }
    const int64_t wanted =
        ma_max_i64(ma_round_up(needed, MA_ALIGNMENT), self->capacity + self->capacity / 2);
    uint8_t *grown = ma_aligned_realloc(self->data, self->size, wanted);
    if (grown == NULL) {
        return ma_fail_nomem(err, wanted);
    }
    self->data = grown;
    self->capacity = wanted;
    return MA_OK;
}

void
ma_growing_fini(ma_growing *self)
{
    ma_aligned_free(self->data);
    *self = (ma_growing){NULL, 0, 0};
}

ma_status
ma_growing_finish(ma_growing *self, ma_buffer *out, ma_error *err)
{
    if (self->size == 0) {
        ma_growing_fini(self);
        *out = MA_EMPTY_BUFFER;
        return MA_OK;
    }
    /* An eighth of air is cheaper than a copy. */
    if (self->capacity - self->size > self->size / 8 + MA_ALIGNMENT) {
        self->data = ma_aligned_cut(self->data, self->size);
    }
    MA_TRY(ma_buffer_take(self->data, self->size, out, err));
    *self = (ma_growing){NULL, 0, 0};
    return MA_OK;
}
