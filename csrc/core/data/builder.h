/* Builders: columns that grow row by row, of any type, and become arrays.
 *
 * A builder is a tree like its type's. A row of a flat type is appended in one call. A row with
 * children is appended by appending to the children first and then ending the row here:
 *
 *     list<int64>:  ma_builder_append_fixed(builder->children[0], ...)   for each item
 *                   ma_builder_end_list(builder)
 *     struct:       one row to each child, then ma_builder_end_struct
 *     union:        one row to the child that is meant, then ma_builder_end_union
 *     dictionary:   one row to builder->values, then ma_builder_end_value
 *     run ends:     one row to builder->children[1], then ma_builder_end_run
 *
 * A row that turns out wrong half-way is taken back with ma_builder_truncate on the builder that
 * has not ended it. All appending functions fail with MA_NOMEM, and with MA_INVALID where a row
 * does not fit the type (32-bit offsets, index types, run ends that are full); the text says which
 * type does.
 * After a failure the builder may be truncated to what it had, or freed.
 *
 * Nobody else sees a builder: no function here may be called on one from two threads. */
#ifndef MA_DATA_BUILDER_H
#define MA_DATA_BUILDER_H

#include "core/data/array.h"
#include "core/data/growing.h"

typedef struct ma_builder ma_builder;

struct ma_builder {
    ma_type *type;         /* owned */
    const ma_field *field; /* what the parent's type says of this child; NULL for the outermost */
    int64_t length;        /* rows that are whole */
    int64_t nulls;
    ma_growing validity; /* no bytes until the first null */
    ma_growing first;    /* values, offsets, views or type ids */
    ma_growing second;   /* bytes, sizes or union offsets; a view's newest data buffer */
    ma_buffer *blocks;   /* owned; a view's data buffers that are full */
    int64_t n_blocks;
    int64_t blocks_capacity;
    ma_builder *values;       /* owned; a dictionary's distinct values */
    struct ma_unique *unique; /* owned; finds them again */
    int32_t n_children;
    ma_builder *children[]; /* owned, each of them */
};

/* A builder without rows. Takes a new reference to `type`. Fails with MA_NOMEM. */
MA_NODISCARD ma_status
ma_builder_new(ma_type *type, ma_builder **out, ma_error *err);
/* Takes NULL. */
void
ma_builder_free(ma_builder *self);

/* Make room for `rows` more rows; what they point at (bytes, items) is not counted. */
MA_NODISCARD ma_status
ma_builder_reserve(ma_builder *self, int64_t rows, ma_error *err);

/* `count` rows of null. Types without a validity bitmap put the null into a child: unions into
 * their first, run-end encoded arrays into their values. */
MA_NODISCARD ma_status
ma_builder_append_null(ma_builder *self, int64_t count, ma_error *err);

/* `count` rows that nobody looks at, because a parent is null there or chose another child:
 * zeros, no bytes, no items; null in a dictionary, which may have no value to point at. */
MA_NODISCARD ma_status
ma_builder_append_empty(ma_builder *self, int64_t count, ma_error *err);

/* `count` rows of fixed width, not null, whose values the caller writes to `*data`: bytes already
 * zeroed for booleans (a bit each, from bit `length % 8` before the call on), not set for others.
 * `*data` is good until the next call. */
MA_NODISCARD ma_status
ma_builder_extend(ma_builder *self, int64_t count, uint8_t **data, ma_error *err);

/* Make row `row` null, which was appended and is not null; for types with a validity bitmap and no
 * children. */
MA_NODISCARD ma_status
ma_builder_set_null(ma_builder *self, int64_t row, ma_error *err);

MA_NODISCARD ma_status
ma_builder_append_bool(ma_builder *self, bool value, ma_error *err);

/* One value of the type's width, in the host's byte order. */
MA_NODISCARD ma_status
ma_builder_append_fixed(ma_builder *self, const void *value, ma_error *err);

/* One integer, for a builder of any integer type. Fails with MA_INVALID where it is too large. */
MA_NODISCARD ma_status
ma_builder_append_integer(ma_builder *self, int64_t value, ma_error *err);

/* One value of a binary or text type of any layout but the fixed-size one. Text is UTF-8
 * already: the finished array counts as checked. `*out` is where to write `size` bytes before
 * the next call. */
MA_NODISCARD ma_status
ma_builder_append_space(ma_builder *self, int64_t size, uint8_t **out, ma_error *err);
MA_NODISCARD ma_status
ma_builder_append_bytes(ma_builder *self, const void *data, int64_t size, ma_error *err);

/* The rows that the child got since the last row become one row of a list, list view, map or
 * fixed-size list; of the latter, their number must be right. */
MA_NODISCARD ma_status
ma_builder_end_list(ma_builder *self, ma_error *err);

/* Each child has got one row more than this builder has. */
MA_NODISCARD ma_status
ma_builder_end_struct(ma_builder *self, ma_error *err);

/* Child `child` has got the row's value; the children of a sparse union get an empty row each. */
MA_NODISCARD ma_status
ma_builder_end_union(ma_builder *self, int32_t child, ma_error *err);

/* `values` has got the row's value: it stays if it is new, and the row points at it. A null value
 * makes the row null. */
MA_NODISCARD ma_status
ma_builder_end_value(ma_builder *self, ma_error *err);

/* The values have got one row: `count` rows are equal to it. Extends the last run if that has the
 * same value (bit for bit). */
MA_NODISCARD ma_status
ma_builder_end_run(ma_builder *self, int64_t count, ma_error *err);

/* Rows [start, start + length) of a checked array, of a type whose values the builder's holds
 * (types/holds.h). Fails with MA_LIMIT, too, where rows come to too much (data/extent.h). */
MA_NODISCARD ma_status
ma_builder_copy_rows(ma_builder *self, const ma_array *array, int64_t start, int64_t length,
                     ma_error *err);

/* Forget all rows behind the first `length`, which is not more than there are, and what their
 * children got. A dictionary keeps its values. */
void
ma_builder_truncate(ma_builder *self, int64_t length);

/* Append bytes to `out` that are the same for two rows exactly if they hold the same value bit for
 * bit; a null differs from every value. */
MA_NODISCARD ma_status
ma_builder_key(const ma_builder *self, int64_t row, ma_growing *out, ma_error *err);

/* Make an array of all rows, in `*out`; only freeing the builder is left to do then, and after a
 * failure (MA_NOMEM), too. */
MA_NODISCARD ma_status
ma_builder_finish(ma_builder *self, ma_array **out, ma_error *err);

/* Whether row `row` is null by the builder's own bitmap, or its null type. */
static inline bool
ma_builder_is_null(const ma_builder *self, int64_t row)
{
    return self->validity.size > 0 ? !ma_bitmap_get(self->validity.data, row)
                                   : self->type->id == MA_TYPE_NULL;
}

/* Bits of one row in `first`, or in `second` where that has an item for each row. */
static inline int64_t
ma_builder_row_bits(const ma_builder *self, int buffer)
{
    const ma_layout *layout = &ma_layouts[self->type->layout];
    const int index = buffer + (layout->buffers[0] == MA_BUFFER_VALIDITY);
    return index < layout->n_buffers ? ma_buffer_kind_bits(layout->buffers[index], self->type->bits)
                                     : 0;
}

#endif
