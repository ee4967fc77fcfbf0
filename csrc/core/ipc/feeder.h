/* Feeding a decoder with chunks cut anywhere: pieces that lie in one chunk are used where they
 * are, others are joined in memory that grows with the bytes that came. */
#ifndef MA_IPC_FEEDER_H
#define MA_IPC_FEEDER_H

#include "core/ipc/decoder.h"

typedef struct ma_feeder {
    ma_decoder *decoder; /* borrowed */
    uint8_t *partial;    /* owned; the beginning of the next piece */
    int64_t partial_size;
    int64_t partial_capacity;
} ma_feeder;

void
ma_feeder_init(ma_feeder *self, ma_decoder *decoder);
void
ma_feeder_fini(ma_feeder *self);

/* Go on with bytes from `*offset` of `chunk`, which moves on. MA_OK: `*event` happened, and the
 * chunk may hold more; MA_NEED_MORE: all of it was taken, the next chunk is needed; else as
 * ma_decoder_give. */
MA_NODISCARD ma_status
ma_feeder_feed(ma_feeder *self, ma_buffer chunk, int64_t *offset, ma_event *event, ma_error *err);

/* No more chunks come; as ma_decoder_end. */
MA_NODISCARD ma_status
ma_feeder_end(ma_feeder *self, ma_error *err);

#endif
