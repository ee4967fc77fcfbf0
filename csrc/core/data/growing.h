/* An aligned block that grows while it is filled, and becomes a buffer at the end. */
#ifndef MA_DATA_GROWING_H
#define MA_DATA_GROWING_H

#include <string.h>

#include "core/data/buffer.h"

typedef struct ma_growing {
    uint8_t *data; /* owned; NULL until bytes were asked for */
    int64_t size;  /* bytes in use */
    int64_t capacity;
} ma_growing;

/* The slow half of ma_growing_reserve: grows by half at least, so that filling stays linear. */
MA_NODISCARD ma_status
ma_growing_more(ma_growing *self, int64_t extra, ma_error *err);

void
ma_growing_fini(ma_growing *self);

/* Make a buffer of the bytes in use and forget them; memory that was reserved in vain is given
 * back. Without bytes `*out` is MA_EMPTY_BUFFER. Fails with MA_NOMEM; `self` is empty then, too. */
MA_NODISCARD ma_status
ma_growing_finish(ma_growing *self, ma_buffer *out, ma_error *err);

/* Room for `extra` more bytes (not negative), all in one go. Fails with MA_NOMEM. */
MA_NODISCARD static inline ma_status
ma_growing_reserve(ma_growing *self, int64_t extra, ma_error *err)
{
    return MA_LIKELY(extra <= self->capacity - self->size) ? MA_OK
                                                           : ma_growing_more(self, extra, err);
}

/* Append bytes for which there is room. */
static inline void
ma_growing_put(ma_growing *self, const void *data, int64_t size)
{
    assert(size <= self->capacity - self->size);
    if (size > 0) {
        memcpy(self->data + self->size, data, (size_t)size);
        self->size += size;
    }
}

MA_NODISCARD static inline ma_status
ma_growing_add(ma_growing *self, const void *data, int64_t size, ma_error *err)
{
    MA_TRY(ma_growing_reserve(self, size, err));
    ma_growing_put(self, data, size);
    return MA_OK;
}

/* Append `size` zeros. */
MA_NODISCARD static inline ma_status
ma_growing_add_zeros(ma_growing *self, int64_t size, ma_error *err)
{
    MA_TRY(ma_growing_reserve(self, size, err));
    if (size > 0) {
        memset(self->data + self->size, 0, (size_t)size);
        self->size += size;
    }
    return MA_OK;
}

#endif
