/* Zstandard (RFC 8878) by libzstd, frame by frame. */
#include "core/codec/library.h"

#include "core/base/number.h"

#ifdef MA_WITH_ZSTD
#include <zstd.h>
#include <zstd_errors.h>

#include "core/base/endian.h"
#endif

#define LEAST_HEADER  6 /* magic number, descriptor, and a window or a size */
#define RLE_BLOCK     4 /* bytes of the block that says one byte over and over */
#define LARGEST_BLOCK (INT64_C(128) * 1024) /* that it can give (RFC 8878, 3.1.1.2.3) */

static int64_t
most_inflated(int64_t size)
{
    int64_t most;
    const int64_t blocks = ma_max_i64(size - LEAST_HEADER, 0) / RLE_BLOCK;
    return ma_mul_i64(blocks, LARGEST_BLOCK, &most) ? most : INT64_MAX;
}

#ifdef MA_WITH_ZSTD

#define MAGIC        UINT32_C(0xFD2FB528)
#define LARGEST_KEPT (4 << 20) /* high levels work in tens of megabytes, not to be sat on */

static void
get_levels(int *lowest, int *highest, int *normal)
{
    *lowest = ZSTD_minCLevel();
    *highest = ZSTD_maxCLevel();
    *normal = 1;
}

static int64_t
get_bound(int64_t size)
{
    const size_t bound = (uint64_t)size <= SIZE_MAX ? ZSTD_compressBound((size_t)size) : SIZE_MAX;
    return ZSTD_isError(bound) || bound > (uint64_t)INT64_MAX ? INT64_MAX : (int64_t)bound;
}

/* ---- compressing ---- */

static ZSTD_CCtx *
take_compressor(ma_codec_pool *pool)
{
    ZSTD_CCtx *context = pool != NULL ? ma_pool_take(&pool->compressing) : NULL;
    return context != NULL ? context : ZSTD_createCCtx();
}

static void
give_compressor(ma_codec_pool *pool, ZSTD_CCtx *context)
{
    if (pool == NULL || ZSTD_sizeof_CCtx(context) > LARGEST_KEPT ||
        !ma_pool_give(&pool->compressing, context)) {
        ZSTD_freeCCtx(context);
    }
}

static ma_status
compress(ma_codec_pool *pool, int level, const uint8_t *source, int64_t size, uint8_t *target,
         int64_t capacity, int64_t *written, ma_error *err)
{
    ZSTD_CCtx *context = take_compressor(pool);
    if (context == NULL) {
        return ma_fail(err, MA_NOMEM, -1, "out of memory for a compressor of Zstandard");
    }
    const size_t result =
        ZSTD_compressCCtx(context, target, (size_t)capacity, source, (size_t)size, level);
    give_compressor(pool, context);
    if (!ZSTD_isError(result)) {
        *written = (int64_t)result;
        return MA_OK;
    }
    switch (ZSTD_getErrorCode(result)) {
    case ZSTD_error_dstSize_tooSmall:
        *written = -1;
        return MA_OK;
    case ZSTD_error_memory_allocation:
        return ma_fail(err, MA_NOMEM, -1, "out of memory for level %d of Zstandard", level);
    default:
        return ma_fail(err, MA_INVALID, -1, "Zstandard cannot compress this: %s",
                       ZSTD_getErrorName(result));
    }
}

/* ---- inflating ---- */

static ZSTD_DCtx *
take_inflater(ma_codec_pool *pool)
{
    ZSTD_DCtx *context = pool != NULL ? ma_pool_take(&pool->inflating) : NULL;
    return context != NULL ? context : ZSTD_createDCtx();
}

static void
give_inflater(ma_codec_pool *pool, ZSTD_DCtx *context)
{
    if (pool == NULL || !ma_pool_give(&pool->inflating, context)) {
        ZSTD_freeDCtx(context);
    }
}

/* Where the frame ends, from its blocks' headers, and whether what it says to contain fits the
 * target: known before the work. The magic number is compared here, because libzstd may be built
 * to take the formats before 0.8 as well, which Arrow does not have. */
static ma_status
measure_frame(ma_span source, int64_t at, const ma_target *target, size_t *size, ma_error *err)
{
    const uint8_t *data = source.data + at;
    const int64_t left = source.size - at;
    if (left < 4) {
        return ma_codec_fail_early(source, at, err);
    }
    if (ma_load_le32(data) != MAGIC) {
        return ma_codec_fail_damaged(source, at, "no Zstandard frame begins here", err);
    }
    const unsigned long long content = ZSTD_getFrameContentSize(data, (size_t)left);
    if (content < ZSTD_CONTENTSIZE_ERROR && content > (uint64_t)(target->size - target->at)) {
        return ma_codec_fail_more(target, err);
    }
    *size = ZSTD_findFrameCompressedSize(data, (size_t)left);
    if (!ZSTD_isError(*size)) {
        return MA_OK;
    }
    return ZSTD_getErrorCode(*size) == ZSTD_error_srcSize_wrong
               ? ma_codec_fail_early(source, at, err)
               : ma_codec_fail_damaged(source, at, ZSTD_getErrorName(*size), err);
}

/* In one step, into the whole of the target: then the library needs no window of its own, whose
 * size the frame would choose. */
static ma_status
inflate(ma_codec_pool *pool, ma_span source, int64_t *at, ma_target *target, ma_error *err)
{
    size_t size = 0;
    MA_TRY(measure_frame(source, *at, target, &size, err));
    ZSTD_DCtx *context = take_inflater(pool);
    if (context == NULL) {
        return ma_fail(err, MA_NOMEM, -1, "out of memory for a decompressor of Zstandard");
    }
    const size_t result =
        ZSTD_decompressDCtx(context, target->data + target->at, (size_t)(target->size - target->at),
                            source.data + *at, size);
    give_inflater(pool, context);
    if (!ZSTD_isError(result)) {
        target->at += (int64_t)result;
        *at += (int64_t)size;
        return MA_OK;
    }
    switch (ZSTD_getErrorCode(result)) {
    case ZSTD_error_dstSize_tooSmall:
        return ma_codec_fail_more(target, err);
    case ZSTD_error_memory_allocation:
        return ma_fail(err, MA_NOMEM, -1, "out of memory for a decompressor of Zstandard");
    default:
        return ma_codec_fail_damaged(source, *at, ZSTD_getErrorName(result), err);
    }
}

static void
drop_pool(ma_codec_pool *pool)
{
    void *context;
    while ((context = ma_pool_take(&pool->inflating)) != NULL) {
        ZSTD_freeDCtx(context);
    }
    while ((context = ma_pool_take(&pool->compressing)) != NULL) {
        ZSTD_freeCCtx(context);
    }
}
#endif

const ma_library ma_library_zstandard = {
    .name = "zstd",
    .package = "libzstd",
    .most_inflated = most_inflated,
#ifdef MA_WITH_ZSTD
    .levels = get_levels,
    .bound = get_bound,
    .compress = compress,
    .inflate = inflate,
    .drop_pool = drop_pool,
#endif
};
