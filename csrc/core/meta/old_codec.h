/* The codec of a body as Arrow 0.17 noted it: before BodyCompression was in Message.fbs, a pair of
 * the message's metadata named it. Feather files of that time have nothing else, and readers
 * up to this day ask for the pair wherever the metadata is V4, so there it is written too. Internal
 * to meta/. */
#ifndef MA_META_OLD_CODEC_H
#define MA_META_OLD_CODEC_H

#include "core/types/metadata.h"

/* Take the pair out of `*metadata`: `*codec` is its codec, or -1 where there is none. The metadata
 * without it replaces `*metadata`. `at` is the place for errors. Fails with MA_INVALID (an unknown
 * codec), MA_NOMEM; both outputs are untouched then. */
MA_NODISCARD ma_status
ma_old_codec_take(ma_metadata **metadata, int *codec, int64_t at, ma_error *err);

/* A new `*out` that has all of `metadata` (may be NULL), and the pair. Fails with MA_NOMEM. */
MA_NODISCARD ma_status
ma_old_codec_add(const ma_metadata *metadata, int codec, ma_metadata **out, ma_error *err);

#endif
