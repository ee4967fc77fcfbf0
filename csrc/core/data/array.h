/* Arrays: a column's type, length and buffers. Immutable and shared once made.
 *
 * The layout is that of the C data interface: `offset` counts rows (not bytes) and applies to the
 * array's own buffers, and to the children of structs, sparse unions and fixed-size lists; children
 * are never cut with their parent.
 *
 * Every array's shape holds from the start: it has the buffers and children of its layout, and each
 * buffer is as long as `offset + length` rows need (validate/shape.h). What the values say
 * (offsets, sizes, indices, type ids, run ends, views) may still be anything until
 * ma_array_check_values has returned MA_OK once; whoever follows such values calls that first
 * (validate/values.h). */
#ifndef MA_DATA_ARRAY_H
#define MA_DATA_ARRAY_H

#include "core/base/bitmap.h"
#include "core/base/endian.h"
#include "core/data/buffer.h"
#include "core/data/place.h"
#include "core/types/schema.h"
#include "core/types/type.h"

typedef struct ma_array ma_array;

struct ma_array {
    ma_refs refs;
    atomic_uint checked;      /* MA_CHECKED_ bits: what was found to hold, for good */
    ma_type *type;            /* owned */
    int64_t length;
    int64_t offset;
    _Atomic int64_t nulls;    /* cached count of nulls in the validity bitmap; -1: not counted */
    int32_t n_buffers;        /* of the layout, and a view's data buffers behind them */
    int32_t n_children;
    ma_buffer *buffers;       /* in this block; each owned. A validity buffer without bytes
                                 (data == NULL) means that nothing is null */
    ma_array **children;      /* in this block; each owned */
    ma_array *dictionary;     /* owned; dictionary arrays only */
    ma_place *place;          /* owned; where a column was read, and its slices; else NULL */
};

enum {
    MA_CHECKED_VALUES = 1, /* offsets, sizes, indices, ids, run ends and views are in range */
    MA_CHECKED_UTF8 = 2,   /* ... and text is UTF-8, and short views end in zeros */
    MA_CHECKED_RUN_ENDS = 4, /* on run ends: they are positive, ascend, and none is null */
    MA_CHECKED_COMPACT = 8,  /* it is its own compact form (data/compact.h); never handed on */
};

/* An array without nulls, its other buffers MA_EMPTY_BUFFER and its children NULL, for the caller
 * to fill before anyone else sees it. `n_variadic` counts a view's data buffers. Takes a new
 * reference to `type`. Fails with MA_NOMEM. */
MA_NODISCARD ma_status
ma_array_new(ma_type *type, int64_t length, int64_t n_variadic, ma_array **out, ma_error *err);

/* Both take NULL. */
ma_array *
ma_array_ref(ma_array *self);
void
ma_array_unref(ma_array *self);

/* Rows [offset, offset + length), which must lie inside, in O(1) and without a copy. */
MA_NODISCARD ma_status
ma_array_slice(ma_array *self, int64_t offset, int64_t length, ma_array **out, ma_error *err);

/* The same array under an equal layout: another type object (a field's own names, a time zone) over
 * the same buffers. `type` has the same layout, width and children's layouts. */
MA_NODISCARD ma_status
ma_array_retype(ma_array *self, ma_type *type, ma_array **out, ma_error *err);

/* Nulls in the array's own validity bitmap, counted once; all rows of a null array, none of a union
 * or a run-end encoded array. */
int64_t
ma_array_null_count(ma_array *self);

/* The validity bitmap's bytes, or NULL when it has none. */
static inline const uint8_t *
ma_array_validity(const ma_array *self)
{
    return self->n_buffers > 0 &&
                   ma_layouts[self->type->layout].buffers[0] == MA_BUFFER_VALIDITY
               ? self->buffers[0].data
               : NULL;
}

/* Whether row `i` (0 <= i < length) is null by the array's own bitmap, or its null type. */
static inline bool
ma_array_is_null(const ma_array *self, int64_t i)
{
    const uint8_t *bits = ma_array_validity(self);
    return bits != NULL ? !ma_bitmap_get(bits, self->offset + i) : self->type->id == MA_TYPE_NULL;
}

/* The dictionary, or the runs' values, that row `i` (not null) of a checked dictionary or run-end
 * encoded array stands for a row of, which `*i` becomes. */
const ma_array *
ma_array_decode(const ma_array *self, int64_t *i);

/* Whether row `i` of a checked array is null, or the dictionary's value or the run that it stands
 * for. */
bool
ma_array_is_null_within(const ma_array *self, int64_t i);

/* Offset `i` (0 <= i <= length) of a binary or list array of either width, counted from the array's
 * first row. */
static inline int64_t
ma_array_offset_at(const ma_array *self, int64_t i)
{
    const ma_buffer_kind kind = ma_layouts[self->type->layout].buffers[1];
    const uint8_t *data = self->buffers[1].data;
    return ma_buffer_kind_bits(kind, 0) == 64 ? ma_load_i64(data + 8 * (self->offset + i))
                                              : ma_load_i32(data + 4 * (self->offset + i));
}

/* Size `i` of a list view of either width. */
static inline int64_t
ma_array_size_at(const ma_array *self, int64_t i)
{
    const uint8_t *data = self->buffers[2].data;
    return self->type->layout == MA_LAYOUT_LIST_VIEW64
               ? ma_load_i64(data + 8 * (self->offset + i))
               : ma_load_i32(data + 4 * (self->offset + i));
}

/* The integer in row `i` of an array of 8 to 64 bits, or of a dictionary array's indices. Unsigned
 * values above INT64_MAX come out negative. */
int64_t
ma_array_int_at(const ma_array *self, int64_t i);

/* The bytes of row `i` of a checked binary or text array of any layout, fixed-size included. */
ma_bytes
ma_array_bytes_at(const ma_array *self, int64_t i);

/* The rows of the child that row `i` of a checked list, list view, map or fixed-size list holds,
 * counted from the child's first row. */
void
ma_array_list_at(const ma_array *self, int64_t i, int64_t *start, int64_t *size);

/* The physical run that holds row `i` of a checked run-end encoded array. */
int64_t
ma_array_run_at(const ma_array *self, int64_t i);

/* The child of row `i` of a checked union, and the row in it. */
int32_t
ma_array_union_at(const ma_array *self, int64_t i, int64_t *row);

/* Ask for the first bytes of the array's buffers, which are going to be read. */
static inline void
ma_array_prefetch(const ma_array *self)
{
    for (int32_t i = 0; i < self->n_buffers; i++) {
        MA_PREFETCH(self->buffers[i].data);
    }
}

/* Bytes of all buffers, children and dictionaries; shared ones count each time. */
int64_t
ma_array_nbytes(const ma_array *self);

#endif
