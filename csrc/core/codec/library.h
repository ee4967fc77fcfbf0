/* What codec.c asks of each codec's file, and the ways to fail that they share. */
#ifndef MA_CODEC_LIBRARY_H
#define MA_CODEC_LIBRARY_H

#include "core/base/span.h"
#include "core/codec/codec.h"

/* Where inflated bytes go; `at` of them are there. */
typedef struct ma_target {
    uint8_t *data; /* borrowed */
    int64_t size;
    int64_t at;
} ma_target;

typedef struct ma_library {
    const char *name;
    const char *package; /* what must be installed to have it, as pkg-config calls it */
    int64_t (*most_inflated)(int64_t size);
    /* NULL in a build without the library, as all that follow */
    void (*levels)(int *lowest, int *highest, int *normal);
    int64_t (*bound)(int64_t size);
    ma_status (*compress)(ma_codec_pool *pool, int level, const uint8_t *source, int64_t size,
                          uint8_t *target, int64_t capacity, int64_t *written, ma_error *err);
    /* Inflate the frame at byte `*at` of `source`, and move `*at` behind it. Skippable frames are
     * codec.c's. */
    ma_status (*inflate)(ma_codec_pool *pool, ma_span source, int64_t *at, ma_target *target,
                         ma_error *err);
    void (*drop_pool)(ma_codec_pool *pool);
} ma_library;

extern const ma_library ma_library_lz4_frame;
extern const ma_library ma_library_zstandard;

/* `what` is wrong at byte `at` of `source`. None of these knows where in a stream or file
 * `source` lies: the caller sets the error's offset. */
ma_status
ma_codec_fail_damaged(ma_span source, int64_t at, const char *what, ma_error *err) MA_COLD;
/* The frame at byte `frame` of `source` is longer than that. */
ma_status
ma_codec_fail_early(ma_span source, int64_t frame, ma_error *err) MA_COLD;
ma_status
ma_codec_fail_more(const ma_target *target, ma_error *err) MA_COLD;

#endif
