/* The two codecs of record batch bodies (Message.fbs, CompressionType), over the system's
 * libraries.
 *
 * This layer compresses and inflates one block of bytes; the int64 prefix and what it means belong
 * to ipc/. Built without a library, its codec fails with MA_UNSUPPORTED and says how to get it. */
#ifndef MA_CODEC_CODEC_H
#define MA_CODEC_CODEC_H

#include "core/base/status.h"
#include "core/codec/pool.h"

typedef enum ma_codec_id {
    MA_CODEC_NONE = -1,
    MA_CODEC_LZ4_FRAME = 0, /* the numbers of Message.fbs */
    MA_CODEC_ZSTD = 1,
} ma_codec_id;

#define MA_CODEC_LEVEL_DEFAULT INT32_MIN

/* What the libraries work in, kept from one buffer to the next: a context of Zstandard takes longer
 * to make than to inflate a few kilobytes. A reader or writer has one for all of its buffers; calls
 * from several threads may share it. */
typedef struct ma_codec_pool {
    ma_pool inflating;
    ma_pool compressing;
} ma_codec_pool;

void
ma_codec_pool_init(ma_codec_pool *self);
/* No call that was given it may still run. */
void
ma_codec_pool_fini(ma_codec_pool *self);

/* "lz4" or "zstd". */
const char *
ma_codec_name(ma_codec_id id);

/* MA_OK, or MA_UNSUPPORTED with the text that says how to get it. */
MA_NODISCARD ma_status
ma_codec_available(ma_codec_id id, ma_error *err);

/* The levels that the library takes; all 0 without the library. */
void
ma_codec_levels(ma_codec_id id, int *lowest, int *highest, int *normal);

/* Most bytes that `size` bytes can become. */
int64_t
ma_codec_bound(ma_codec_id id, int64_t size);

/* Most bytes that `size` compressed bytes can inflate to, by the construction of the format: a
 * claim above it is a lie, known before any memory is taken. Saturates at INT64_MAX. */
int64_t
ma_codec_most_inflated(ma_codec_id id, int64_t size);

/* Compress into `target`, of `capacity` bytes. `*written` is -1, and the result MA_OK, when it does
 * not fit; what `target` holds then means nothing. `pool` may be NULL. Fails with MA_NOMEM,
 * MA_UNSUPPORTED, MA_INVALID (no such level). Safe from any thread. */
MA_NODISCARD ma_status
ma_codec_compress(ma_codec_pool *pool, ma_codec_id id, int level, const uint8_t *source,
                  int64_t size, uint8_t *target, int64_t capacity, int64_t *written, ma_error *err);

/* Inflate one whole frame (or several, one behind the other, skippable ones among them) to exactly
 * `target_size` bytes, without a copy in between. `pool` may be NULL. Fails with MA_INVALID when
 * the bytes are damaged, end early, or give more or less, and with MA_NOMEM and MA_UNSUPPORTED;
 * `target` may have been written to then. Safe from any thread. */
MA_NODISCARD ma_status
ma_codec_inflate(ma_codec_pool *pool, ma_codec_id id, const uint8_t *source, int64_t size,
                 uint8_t *target, int64_t target_size, ma_error *err);

#endif
