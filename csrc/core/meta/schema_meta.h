/* Schemas, fields and metadata as flatbuffers, both ways (Schema.fbs). Internal to meta/. */
#ifndef MA_META_SCHEMA_META_H
#define MA_META_SCHEMA_META_H

#include "core/flatbuf/fb_read.h"
#include "core/flatbuf/fb_write.h"
#include "core/meta/message.h"

MA_NODISCARD ma_status
ma_schema_meta_read(const ma_fb_table *table, const ma_limits *limits, ma_schema_meta *out,
                    ma_error *err);

/* Fails with MA_INVALID or MA_UNSUPPORTED at offset `at` for a version that is not read. */
MA_NODISCARD ma_status
ma_version_check(int64_t version, int64_t at, ma_error *err);

/* Take from `*budget` what is copied out of a table: strings may be shared inside a flatbuffer, so
 * that their copies outgrow it by far. Fails with MA_LIMIT, which says max_metadata_size. */
MA_NODISCARD ma_status
ma_metadata_meta_charge(const ma_fb_table *table, int64_t size, int64_t *budget, ma_error *err);

/* The key-value pairs of a vector of them; `*budget` bytes may still be copied. */
MA_NODISCARD ma_status
ma_metadata_meta_take(const ma_fb_vector *items, int64_t *budget, ma_metadata **out, ma_error *err);

/* The key-value pairs in field `id`; `*budget` bytes may still be copied. */
MA_NODISCARD ma_status
ma_metadata_meta_read(const ma_fb_table *table, int id, int64_t *budget, ma_metadata **out,
                      ma_error *err);

ma_fb_ref
ma_schema_meta_write(ma_fb_writer *out, const ma_schema *schema);

/* 0 for no pairs. */
ma_fb_ref
ma_metadata_meta_write(ma_fb_writer *out, const ma_metadata *metadata);

#endif
