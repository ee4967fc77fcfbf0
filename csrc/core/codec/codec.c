#include "core/codec/codec.h"

#include <assert.h>

#include "core/base/endian.h"
#include "core/codec/library.h"

/* Both formats have the same skippable frames: sixteen magic numbers, and a size. */
#define SKIPPABLE_MAGIC UINT32_C(0x184D2A50)
#define SKIPPABLE_MASK  UINT32_C(0xFFFFFFF0)
#define SKIPPABLE_HEAD  8

static const ma_library *
library_of(ma_codec_id id)
{
    switch (id) {
    case MA_CODEC_LZ4_FRAME:
        return &ma_library_lz4_frame;
    case MA_CODEC_ZSTD:
        return &ma_library_zstandard;
    case MA_CODEC_NONE:
        break;
    }
    return NULL;
}

/* ---- ways to fail ---- */

ma_status
ma_codec_fail_damaged(ma_span source, int64_t at, const char *what, ma_error *err)
{
    return ma_fail(err, MA_INVALID, -1, "the compressed bytes are damaged at byte %lld of %lld: %s",
                   (long long)at, (long long)source.size, what);
}

ma_status
ma_codec_fail_early(ma_span source, int64_t frame, ma_error *err)
{
    return ma_fail(err, MA_INVALID, -1,
                   "the compressed bytes end early, at byte %lld, within the frame that begins "
                   "at byte %lld",
                   (long long)source.size, (long long)frame);
}

ma_status
ma_codec_fail_more(const ma_target *target, ma_error *err)
{
    return ma_fail(err, MA_INVALID, -1, "the compressed bytes give more than the stated %lld bytes",
                   (long long)target->size);
}

/* ---- what a build can do ---- */

const char *
ma_codec_name(ma_codec_id id)
{
    const ma_library *library = library_of(id);
    return library != NULL ? library->name : "uncompressed";
}

ma_status
ma_codec_available(ma_codec_id id, ma_error *err)
{
    const ma_library *library = library_of(id);
    if (library == NULL) {
        return ma_fail(err, MA_INVALID, -1, "there is no codec with the number %d", (int)id);
    }
    if (library->inflate == NULL) {
        return ma_fail(err, MA_UNSUPPORTED, -1,
                       "this minarrow was built without %s; install %s with its headers (Debian: "
                       "apt-get install pkg-config %s-dev) and build minarrow again",
                       library->name, library->package, library->package);
    }
    return MA_OK;
}

void
ma_codec_levels(ma_codec_id id, int *lowest, int *highest, int *normal)
{
    const ma_library *library = library_of(id);
    *lowest = *highest = *normal = 0;
    if (library != NULL && library->levels != NULL) {
        library->levels(lowest, highest, normal);
    }
}

int64_t
ma_codec_bound(ma_codec_id id, int64_t size)
{
    const ma_library *library = library_of(id);
    assert(size >= 0);
    return library != NULL && library->bound != NULL ? library->bound(size) : size;
}

int64_t
ma_codec_most_inflated(ma_codec_id id, int64_t size)
{
    const ma_library *library = library_of(id);
    assert(size >= 0);
    return library != NULL ? library->most_inflated(size) : size;
}

void
ma_codec_pool_init(ma_codec_pool *self)
{
    ma_pool_init(&self->inflating);
    ma_pool_init(&self->compressing);
}

void
ma_codec_pool_fini(ma_codec_pool *self)
{
    if (ma_library_zstandard.drop_pool != NULL) {
        ma_library_zstandard.drop_pool(self);
    }
}

/* ---- compressing ---- */

ma_status
ma_codec_compress(ma_codec_pool *pool, ma_codec_id id, int level, const uint8_t *source,
                  int64_t size, uint8_t *target, int64_t capacity, int64_t *written, ma_error *err)
{
    int lowest, highest, normal;
    assert(size >= 0 && capacity >= 0);
    MA_TRY(ma_codec_available(id, err));
    ma_codec_levels(id, &lowest, &highest, &normal);
    if (level == MA_CODEC_LEVEL_DEFAULT) {
        level = normal;
    }
    if (level < lowest || level > highest) {
        return ma_fail(err, MA_INVALID, -1,
                       "compression level %d is none of %s, which has %d to %d", level,
                       ma_codec_name(id), lowest, highest);
    }
    return library_of(id)->compress(pool, level, source, size, target, capacity, written, err);
}

/* ---- inflating ---- */

static ma_status
skip_frame(ma_span source, int64_t *at, ma_error *err)
{
    if (!ma_span_has(source, *at, SKIPPABLE_HEAD)) {
        return ma_codec_fail_early(source, *at, err);
    }
    const int64_t size = ma_load_le32(source.data + *at + 4);
    if (!ma_span_has(source, *at + SKIPPABLE_HEAD, size)) {
        return ma_codec_fail_early(source, *at, err);
    }
    *at += SKIPPABLE_HEAD + size;
    return MA_OK;
}

static bool
is_skippable(ma_span source, int64_t at)
{
    return ma_span_has(source, at, 4) &&
           (ma_load_le32(source.data + at) & SKIPPABLE_MASK) == SKIPPABLE_MAGIC;
}

ma_status
ma_codec_inflate(ma_codec_pool *pool, ma_codec_id id, const uint8_t *source, int64_t size,
                 uint8_t *target, int64_t target_size, ma_error *err)
{
    const ma_span span = {source, size, 0};
    ma_target out = {target, target_size, 0};
    int64_t at = 0;

    assert(size >= 0 && target_size >= 0);
    MA_TRY(ma_codec_available(id, err));
    const ma_library *library = library_of(id);
    do {
        MA_TRY(is_skippable(span, at) ? skip_frame(span, &at, err)
                                      : library->inflate(pool, span, &at, &out, err));
    } while (at < size);
    if (out.at < target_size) {
        return ma_fail(err, MA_INVALID, -1,
                       "the compressed bytes give %lld bytes and not the stated %lld",
                       (long long)out.at, (long long)target_size);
    }
    return MA_OK;
}
