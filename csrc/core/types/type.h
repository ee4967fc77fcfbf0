/* Data types and fields: what a column's bytes mean. Immutable once sealed, and shared.
 *
 * A type is made in three steps: ma_type_new, fill in the parameters and children, ma_type_seal,
 * which checks them and derives the rest. Whoever makes types (the IPC reader, the C data
 * interface, the binding) goes through these, so a sealed type is a valid one. */
#ifndef MA_TYPES_TYPE_H
#define MA_TYPES_TYPE_H

#include <string.h>

#include "core/base/refs.h"
#include "core/base/status.h"
#include "core/base/text.h"
#include "core/types/layout.h"
#include "core/types/metadata.h"
#include "core/types/type_table.h"

/* No type nests deeper, whatever limit a reader is given: recursion over types stays this
 * shallow. */
#define MA_MAX_NESTING_DEPTH 512

typedef enum ma_type_id {
#define X(id, name, format, bits, layout) MA_TYPE_##id,
    MA_TYPE_TABLE(X)
#undef X
} ma_type_id;

typedef enum ma_unit {
    MA_SECOND,
    MA_MILLISECOND,
    MA_MICROSECOND,
    MA_NANOSECOND
} ma_unit;

/* What a type takes of a record batch's tables, itself and its children together. */
typedef struct ma_counts {
    int64_t nodes;
    int64_t buffers;   /* without views' data buffers */
    int64_t variadics; /* types with views, each of which has a count in the message */
    int64_t
        v4_bitmaps; /* unions and run ends: each has one more buffer, a validity bitmap, in V4 */
} ma_counts;

typedef struct ma_type ma_type;

typedef struct ma_field {
    ma_refs refs;
    bool nullable;
    char *name; /* in this block; NUL-terminated, and may hold NULs; never NULL */
    int64_t name_size;
    ma_type *type;         /* owned */
    ma_metadata *metadata; /* owned; may be NULL */
} ma_field;

struct ma_type {
    ma_refs refs;
    ma_type_id id;
    ma_unit unit;       /* time, timestamp, duration */
    bool keys_sorted;   /* map */
    bool ordered;       /* dictionary */
    int32_t byte_width; /* fixed-size binary */
    int32_t list_size;  /* fixed-size list */
    int32_t precision;  /* decimals */
    int32_t scale;
    char *timezone;        /* owned; timestamp, NULL for none */
    int8_t *type_codes;    /* owned; unions, one for each child */
    ma_type *index_type;   /* owned; dictionary */
    ma_type *value_type;   /* owned; dictionary */
    int64_t dictionary_id; /* dictionary, where it was read from a message; else -1 */
    int32_t n_children;
    ma_field **children; /* owned, each of them */

    /* derived by ma_type_seal */
    ma_layout_id layout;
    int64_t bits;        /* of a value in the data buffer; 17 billion where it is a wide binary */
    int32_t depth;       /* levels, 1 for a type without children */
    bool has_dictionary; /* itself or below */
    ma_counts counts;
    int8_t *child_of_code; /* owned; unions, 128 entries, -1 for a code that is not used */
};

/* A type of `id` with room for `n_children`, all NULL. Fails with MA_NOMEM. */
MA_NODISCARD ma_status
ma_type_new(ma_type_id id, int32_t n_children, ma_type **out, ma_error *err);

/* Check parameters and children and derive the rest. After a failure (MA_INVALID, MA_NOMEM) the
 * type may only be released. */
MA_NODISCARD ma_status
ma_type_seal(ma_type *self, ma_error *err);

/* ma_type_new and ma_type_seal for types without parameters. */
MA_NODISCARD ma_status
ma_type_simple(ma_type_id id, ma_type **out, ma_error *err);

/* Both take NULL. */
ma_type *
ma_type_ref(ma_type *self);
void
ma_type_unref(ma_type *self);

/* Whether values of the one are values of the other: parameters, children with their names and
 * nullability, and (when asked) their metadata. A map's and a list's child may have any name.
 * Dictionary ids do not matter. */
bool
ma_type_equal(const ma_type *a, const ma_type *b, bool check_metadata);

/* Append pyarrow's text for the type, such as "timestamp[us, tz=UTC]". */
void
ma_type_describe(const ma_type *self, ma_text *out);

/* The same for errors: cut to `size` bytes, NUL included. Returns `buffer`. */
const char *
ma_type_name(const ma_type *self, char *buffer, int64_t size);

static inline bool
ma_type_is_union(const ma_type *self)
{
    return self->id == MA_TYPE_SPARSE_UNION || self->id == MA_TYPE_DENSE_UNION;
}

/* Whether V4 gives it a validity bitmap that V5 does not. */
static inline bool
ma_type_has_v4_bitmap(const ma_type *self)
{
    return ma_type_is_union(self) || self->id == MA_TYPE_RUN_END_ENCODED;
}

static inline bool
ma_type_is_utf8(const ma_type *self)
{
    return self->id == MA_TYPE_UTF8 || self->id == MA_TYPE_LARGE_UTF8 ||
           self->id == MA_TYPE_UTF8_VIEW;
}

static inline bool
ma_type_is_integer(const ma_type *self)
{
    return self->id >= MA_TYPE_INT8 && self->id <= MA_TYPE_UINT64;
}

static inline bool
ma_type_is_signed(const ma_type *self)
{
    return self->id == MA_TYPE_INT8 || self->id == MA_TYPE_INT16 || self->id == MA_TYPE_INT32 ||
           self->id == MA_TYPE_INT64;
}

/* The greatest value of an integer type. */
static inline uint64_t
ma_type_greatest(const ma_type *self)
{
    return UINT64_MAX >> (64 - self->bits + ma_type_is_signed(self));
}

/* Lists of any length, by offsets or by views. */
static inline bool
ma_type_is_any_list(const ma_type *self)
{
    return self->id >= MA_TYPE_LIST && self->id <= MA_TYPE_LARGE_LIST_VIEW;
}

/* Values behind indices, or in runs. */
static inline bool
ma_type_is_encoded(const ma_type *self)
{
    return self->id == MA_TYPE_DICTIONARY || self->id == MA_TYPE_RUN_END_ENCODED;
}

/* A field; takes new references to `type` and `metadata` (NULL for none) and copies the name.
 * Fails with MA_NOMEM. */
MA_NODISCARD ma_status
ma_field_new(ma_bytes name, ma_type *type, bool nullable, ma_metadata *metadata, ma_field **out,
             ma_error *err);
ma_field *
ma_field_ref(ma_field *self);
void
ma_field_unref(ma_field *self);
static inline bool
ma_field_is_named(const ma_field *self, ma_bytes name)
{
    return self->name_size == name.size && memcmp(self->name, name.data, (size_t)name.size) == 0;
}
bool
ma_field_equal(const ma_field *a, const ma_field *b, bool check_metadata);

#endif
