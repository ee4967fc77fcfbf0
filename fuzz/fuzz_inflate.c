/* Inflating bytes that nobody vouches for, beside the libraries' own decoders of whole frames; and
 * any bytes compressed and inflated again.
 *
 * Input: one byte of switches, three of the size to inflate to, and the bytes. */
#include <string.h>

#include "core/base/endian.h"
#include "core/codec/codec.h"
#include "fuzz.h"

#ifdef MA_WITH_LZ4
#include <lz4frame.h>
#endif
#ifdef MA_WITH_ZSTD
#include <zstd.h>
#endif

enum {
    SWITCH_ZSTD = 1,
    SWITCH_ROUND_TRIP = 2,
    SWITCH_POOL = 4,
    LEVEL_SHIFT = 3
};

static void *
allocate(int64_t size)
{
    void *block = malloc(size > 0 ? (size_t)size : 1);
    FUZZ_REQUIRE(block != NULL);
    return block;
}

/* What the library makes of it: -1, or how many bytes. */
static int64_t
inflate_by_library(ma_codec_id id, const uint8_t *source, int64_t size, uint8_t *target,
                   int64_t target_size)
{
    int64_t result = -1;
#ifdef MA_WITH_ZSTD
    if (id == MA_CODEC_ZSTD) {
        const size_t got = ZSTD_decompress(target, (size_t)target_size, source, (size_t)size);
        return ZSTD_isError(got) ? -1 : (int64_t)got;
    }
#endif
#ifdef MA_WITH_LZ4
    LZ4F_dctx *context;
    FUZZ_REQUIRE(!LZ4F_isError(LZ4F_createDecompressionContext(&context, LZ4F_VERSION)));
    int64_t at = 0;
    result = 0;
    size_t more = 1;
    while (result >= 0 && at < size) {
        size_t taken = (size_t)(size - at);
        size_t given = (size_t)(target_size - result);
        more = LZ4F_decompress(context, target + result, &given, source + at, &taken, NULL);
        const int stuck = taken == 0 && given == 0;
        at += (int64_t)taken;
        result = LZ4F_isError(more) || (stuck && more != 0) ? -1 : result + (int64_t)given;
    }
    if (more != 0) {
        result = -1;
    }
    LZ4F_freeDecompressionContext(context);
#endif
    return result;
}

/* The libraries let pass what Arrow's format does not have. */
static int
is_only_ours(const ma_error *err)
{
    return strstr(err->text, "dictionary") != NULL ||
           strstr(err->text, "frame begins here") != NULL;
}

static void
inflate(ma_codec_pool *pool, ma_codec_id id, const uint8_t *source, int64_t size,
        int64_t target_size)
{
    uint8_t *target = allocate(target_size);
    uint8_t *other = allocate(target_size);
    ma_error err;
    ma_error_init(&err);
    const ma_status st = ma_codec_inflate(pool, id, source, size, target, target_size, &err);
    const int64_t got = inflate_by_library(id, source, size, other, target_size);
    FUZZ_REQUIRE(st == MA_OK || st == MA_INVALID);
    if (st == MA_OK) {
        FUZZ_REQUIRE(got == target_size);
        FUZZ_REQUIRE(memcmp(target, other, (size_t)target_size) == 0);
        /* libzstd lets a block of one byte over and over be longer than the format does */
        FUZZ_REQUIRE(id == MA_CODEC_ZSTD || target_size <= ma_codec_most_inflated(id, size));
    } else {
        FUZZ_REQUIRE(st == err.status && err.text[0] != '\0');
        FUZZ_REQUIRE(got != target_size || size == 0 || is_only_ours(&err));
    }
    free(other);
    free(target);
}

static void
go_round(ma_codec_pool *pool, ma_codec_id id, int level, const uint8_t *plain, int64_t size,
         int64_t capacity)
{
    uint8_t *packed = allocate(capacity);
    uint8_t *out = allocate(size);
    int64_t written = -2;
    FUZZ_REQUIRE(
        ma_codec_compress(pool, id, level, plain, size, packed, capacity, &written, NULL) == MA_OK);
    FUZZ_REQUIRE(written >= -1 && written <= capacity);
    FUZZ_REQUIRE(written > 0 || capacity < ma_codec_bound(id, size));
    if (written > 0) {
        FUZZ_REQUIRE(size <= ma_codec_most_inflated(id, written));
        FUZZ_REQUIRE(ma_codec_inflate(pool, id, packed, written, out, size, NULL) == MA_OK);
        FUZZ_REQUIRE(memcmp(out, plain, (size_t)size) == 0);
    }
    free(packed);
    free(out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static ma_codec_pool pool; /* all zero is empty; never released, as the process ends with it */
    if (size < 4) {
        return 0;
    }
    const ma_codec_id id = data[0] & SWITCH_ZSTD ? MA_CODEC_ZSTD : MA_CODEC_LZ4_FRAME;
    const int64_t number = ma_load_le32(data) >> 8;
    const int64_t rest = (int64_t)size - 4;
    ma_codec_pool *shared = data[0] & SWITCH_POOL ? &pool : NULL;
    if (ma_codec_available(id, NULL) != MA_OK) {
        return 0;
    }
    if (data[0] & SWITCH_ROUND_TRIP) {
        const int level = (data[0] >> LEVEL_SHIFT) % 14 - 1;
        go_round(shared, id, level > 12 ? 12 : level, data + 4, rest,
                 number % (2 * ma_codec_bound(id, rest)));
    } else {
        inflate(shared, id, data + 4, rest, number % (1 << 20));
    }
    return 0;
}
