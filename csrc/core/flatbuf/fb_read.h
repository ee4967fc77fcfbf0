/* Reading flatbuffers that nobody vouches for: each access checks what it follows.
 *
 * A table is a position with a vtable, which says for each field id where in the table it
 * stands, or that it is absent. Offsets are unsigned 32-bit and point forward; numbers are
 * little-endian at any alignment. Functions fail with MA_INVALID at the offset of the byte that
 * is wrong. */
#ifndef MA_FLATBUF_FB_READ_H
#define MA_FLATBUF_FB_READ_H

#include "core/base/bytes.h"
#include "core/base/span.h"

typedef struct ma_fb_table {
    ma_span all; /* the whole flatbuffer */
    int64_t at;  /* of the table in it */
    int64_t vtable;
    int32_t vtable_size;
    int32_t size; /* of the table */
} ma_fb_table;

typedef struct ma_fb_vector {
    ma_span all;
    int64_t at; /* of item 0 */
    int64_t count;
} ma_fb_vector;

MA_NODISCARD ma_status
ma_fb_root(ma_span all, ma_fb_table *out, ma_error *err);

/* The number in field `id`, or `missing` when the field is absent. */
MA_NODISCARD ma_status
ma_fb_int(const ma_fb_table *table, int id, int bytes, int64_t missing, int64_t *out,
          ma_error *err);

/* The table or vector that stands at `at`, for who knows of it otherwise than by a field. */
MA_NODISCARD ma_status
ma_fb_table_at(ma_span all, int64_t at, ma_fb_table *out, ma_error *err);
MA_NODISCARD ma_status
ma_fb_vector_at(ma_span all, int64_t at, int64_t item_size, ma_fb_vector *out, ma_error *err);

/* Where field `id` points, in bytes from the flatbuffer's start, which may be behind its end; 0
 * when the field is absent. */
MA_NODISCARD ma_status
ma_fb_target(const ma_fb_table *table, int id, int64_t *out, ma_error *err);

/* What field `id` points at; `*present` says whether there is anything (else `*out` is
 * untouched). */
MA_NODISCARD ma_status
ma_fb_child(const ma_fb_table *table, int id, ma_fb_table *out, bool *present, ma_error *err);

/* A vector of items of `item_size` bytes, with count 0 when absent. */
MA_NODISCARD ma_status
ma_fb_vector_of(const ma_fb_table *table, int id, int64_t item_size, ma_fb_vector *out,
                ma_error *err);

/* A string's bytes, borrowed from the flatbuffer; {NULL, 0} when absent. */
MA_NODISCARD ma_status
ma_fb_string(const ma_fb_table *table, int id, ma_bytes *out, ma_error *err);

/* Item `i` of a vector of tables. */
MA_NODISCARD ma_status
ma_fb_item(const ma_fb_vector *vector, int64_t i, ma_fb_table *out, ma_error *err);

/* The bytes of a vector's items. */
static inline const uint8_t *
ma_fb_items(const ma_fb_vector *vector)
{
    return vector->all.data + vector->at;
}

#endif
