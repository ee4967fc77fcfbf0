#include "rebuild.h"

#define MOST_ROWS   300
#define MOST_VALUES 4096 /* with those of all children */

typedef struct copying {
    int64_t values; /* that may still be appended */
    ma_error *err;
} copying;

static ma_status
append_row(copying *self, ma_builder *builder, const ma_array *array, int64_t i);

static ma_status
append_list(copying *self, ma_builder *builder, const ma_array *array, int64_t i)
{
    int64_t start;
    int64_t size;
    ma_array_list_at(array, i, &start, &size);
    for (int64_t k = 0; k < size; k++) {
        MA_TRY(append_row(self, builder->children[0], array->children[0], start + k));
    }
    return ma_builder_end_list(builder, self->err);
}

static ma_status
append_struct(copying *self, ma_builder *builder, const ma_array *array, int64_t i)
{
    for (int32_t c = 0; c < array->n_children; c++) {
        MA_TRY(append_row(self, builder->children[c], array->children[c], array->offset + i));
    }
    return ma_builder_end_struct(builder, self->err);
}

static ma_status
append_union(copying *self, ma_builder *builder, const ma_array *array, int64_t i)
{
    int64_t row;
    const int32_t child = ma_array_union_at(array, i, &row);
    MA_TRY(append_row(self, builder->children[child], array->children[child], row));
    return ma_builder_end_union(builder, child, self->err);
}

static ma_status
append_present(copying *self, ma_builder *builder, const ma_array *array, int64_t i)
{
    ma_error *err = self->err;
    ma_bytes bytes;
    switch (array->type->layout) {
    case MA_LAYOUT_NULL:
        return ma_builder_append_null(builder, 1, err);
    case MA_LAYOUT_FIXED:
        return array->type->bits == 1
                   ? ma_builder_append_bool(
                         builder, ma_bitmap_get(array->buffers[1].data, array->offset + i), err)
                   : ma_builder_append_fixed(builder, ma_array_bytes_at(array, i).data, err);
    case MA_LAYOUT_BINARY32:
    case MA_LAYOUT_BINARY64:
    case MA_LAYOUT_VIEW:
        bytes = ma_array_bytes_at(array, i);
        return ma_builder_append_bytes(builder, bytes.data, bytes.size, err);
    case MA_LAYOUT_LIST32:
    case MA_LAYOUT_LIST64:
    case MA_LAYOUT_LIST_VIEW32:
    case MA_LAYOUT_LIST_VIEW64:
    case MA_LAYOUT_FIXED_LIST:
        return append_list(self, builder, array, i);
    case MA_LAYOUT_STRUCT:
        return append_struct(self, builder, array, i);
    case MA_LAYOUT_SPARSE_UNION:
    case MA_LAYOUT_DENSE_UNION:
        return append_union(self, builder, array, i);
    case MA_LAYOUT_RUN_END:
        MA_TRY(
            append_row(self, builder->children[1], array->children[1], ma_array_run_at(array, i)));
        return ma_builder_end_run(builder, 1, err);
    case MA_LAYOUT_DICTIONARY:
        MA_TRY(append_row(self, builder->values, array->dictionary, ma_array_int_at(array, i)));
        return ma_builder_end_value(builder, err);
    }
    return MA_OK;
}

/* MA_LIMIT when the values are too many. */
static ma_status
append_row(copying *self, ma_builder *builder, const ma_array *array, int64_t i)
{
    if (self->values-- <= 0) {
        return ma_fail(self->err, MA_LIMIT, -1, "more values than this tries");
    }
    return ma_array_is_null(array, i) ? ma_builder_append_null(builder, 1, self->err)
                                      : append_present(self, builder, array, i);
}

ma_status
fuzz_rebuild(ma_builder *builder, const ma_array *array, uint8_t again, ma_error *err)
{
    copying self = {MOST_VALUES, err};
    for (int64_t i = 0; i < array->length && i < MOST_ROWS; i++) {
        for (int times = 1 + (again >> i % 8 & 1); times > 0; times--) {
            const ma_status st = append_row(&self, builder, array, i);
            if (st != MA_OK || times == 2) {
                ma_builder_truncate(builder, i);
            }
            MA_TRY(st);
        }
    }
    return MA_OK;
}
