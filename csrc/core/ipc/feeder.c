#include "core/ipc/feeder.h"

#include <string.h>

#include "core/base/memory.h"
#include "core/base/number.h"

#define FIRST_STEP 4096

void
ma_feeder_init(ma_feeder *self, ma_decoder *decoder)
{
    *self = (ma_feeder){.decoder = decoder};
}

void
ma_feeder_fini(ma_feeder *self)
{
    ma_aligned_free(self->partial);
    *self = (ma_feeder){0};
}

/* A claimed size is a promise: memory never exceeds twice the bytes that came. */
static ma_status
keep_partial(ma_feeder *self, const uint8_t *data, int64_t size, ma_error *err)
{
    const int64_t wanted = self->partial_size + size;
    if (wanted > self->partial_capacity) {
        const int64_t capacity =
            ma_max_i64(FIRST_STEP, ma_min_i64(ma_decoder_need(self->decoder), 2 * wanted));
        uint8_t *grown = ma_aligned_realloc(self->partial, self->partial_size, capacity);
        if (grown == NULL) {
            return ma_fail_nomem(err, capacity);
        }
        self->partial = grown;
        self->partial_capacity = capacity;
    }
    if (size > 0) {
        memcpy(self->partial + self->partial_size, data, (size_t)size);
    }
    self->partial_size = wanted;
    return MA_OK;
}

/* The joined piece goes to the decoder, which keeps it as long as it likes. */
static ma_status
give_partial(ma_feeder *self, ma_event *event, ma_error *err)
{
    ma_buffer piece;
    MA_TRY(ma_buffer_take(self->partial, self->partial_size, &piece, err));
    self->partial = NULL;
    self->partial_size = 0;
    self->partial_capacity = 0;
    const ma_status st = ma_decoder_give(self->decoder, piece, event, err);
    ma_buffer_clear(&piece);
    return st;
}

ma_status
ma_feeder_feed(ma_feeder *self, ma_buffer chunk, int64_t *offset, ma_event *event, ma_error *err)
{
    *event = MA_EVENT_NONE;
    while (*event == MA_EVENT_NONE) {
        const int64_t need = ma_decoder_need(self->decoder);
        const int64_t left = chunk.size - *offset;
        const int64_t missing = need - self->partial_size;
        if (need > 0 && left < missing) {
            MA_TRY(keep_partial(self, chunk.data + *offset, left, err));
            *offset = chunk.size;
            return MA_NEED_MORE;
        }
        if (need > 0 && self->partial_size > 0) {
            MA_TRY(keep_partial(self, chunk.data + *offset, missing, err));
            *offset += missing;
            MA_TRY(give_partial(self, event, err));
        } else {
            const ma_buffer piece = {chunk.data + *offset, need, chunk.block};
            *offset += need;
            MA_TRY(ma_decoder_give(self->decoder, piece, event, err));
        }
    }
    return MA_OK;
}

ma_status
ma_feeder_end(ma_feeder *self, ma_error *err)
{
    const ma_buffer piece = {self->partial != NULL ? self->partial : ma_zeros, self->partial_size,
                             NULL};
    return ma_decoder_end(self->decoder, piece, err);
}
