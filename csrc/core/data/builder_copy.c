#include <string.h>

#include "core/base/limits.h"
#include "core/base/number.h"
#include "core/data/builder.h"
#include "core/data/extent.h"
#include "core/data/rebase.h"

/* Rows are gone through twice where what they take is not known before: counting, and copying. */
typedef struct copying {
    int64_t rows;   /* all, for the error */
    int64_t blanks; /* bytes that may still be taken for rows that take none in the array */
    bool counting;
    ma_error *err;
} copying;

static ma_status
copy_row(copying *self, ma_builder *builder, const ma_array *array, int64_t i);

/* ---- nulls ---- */

/* How many rows of child `i` a null or empty row takes. */
static int64_t
blank_rows(const ma_type *type, int32_t i)
{
    switch (ma_layouts[type->layout].children) {
    case MA_CHILDREN_ALIGNED:
        return 1;
    case MA_CHILDREN_MULTIPLIED:
        return type->list_size;
    case MA_CHILDREN_BY_OFFSETS: /* of lists none */
        return type->layout == MA_LAYOUT_DENSE_UNION && i == 0;
    case MA_CHILDREN_RUNS: /* one that is compared to the run before */
    case MA_CHILDREN_NONE:
        break;
    }
    return 1;
}

/* Bytes that a null or empty row takes. */
static int64_t
blank_size(const ma_type *type)
{
    const ma_layout *layout = &ma_layouts[type->layout];
    int64_t size = 1;
    for (int i = 0; i < layout->n_buffers; i++) {
        size += ma_buffer_kind_bits(layout->buffers[i], type->bits) / 8;
    }
    for (int32_t i = 0; i < type->n_children; i++) {
        const int64_t rows = blank_rows(type, i);
        int64_t child;
        if (rows > 0 && (!ma_mul_i64(rows, blank_size(type->children[i]->type), &child) ||
                         !ma_add_i64(size, child, &size))) {
            return INT64_MAX;
        }
    }
    return size;
}

/* Take `size` bytes, for which nothing lies in the array, from what may still be taken. */
static ma_status
take_blank(copying *self, int64_t size)
{
    if (size > self->blanks) {
        return ma_extent_fail(self->rows, self->err);
    }
    self->blanks -= size;
    return MA_OK;
}

/* A null that was a mere index, or less, may now be as wide as the values. */
static ma_status
copy_null(copying *self, ma_builder *builder, const ma_array *array)
{
    const int64_t before = blank_size(array->type);
    const int64_t after = blank_size(builder->type);
    if (after > before) {
        MA_TRY(take_blank(self, after - before));
    }
    return self->counting ? MA_OK : ma_builder_append_null(builder, 1, self->err);
}

/* ---- numbers ---- */

/* IEEE 754 binary16, of which each value is one of binary32. */
static float
float_of_half(uint16_t half)
{
    const uint32_t sign = (uint32_t)(half >> 15) << 31;
    const uint32_t exponent = half >> 10 & 31;
    const uint32_t fraction = half & 1023;
    uint32_t bits = sign | (exponent + 112) << 23 | fraction << 13;
    float value;
    if (exponent == 0) { /* zero, or a subnormal, which binary32 has as a normal number */
        value = (float)fraction / 16777216.0F;
        return sign != 0 ? -value : value;
    }
    if (exponent == 31) { /* infinity, or not a number */
        bits = sign | UINT32_C(0x7F800000) | fraction << 13;
    }
    memcpy(&value, &bits, sizeof(value));
    return value;
}

static ma_status
copy_float(copying *self, ma_builder *builder, const void *source, const ma_type *type)
{
    const float narrow = type->id == MA_TYPE_FLOAT16 ? float_of_half(ma_load_u16(source))
                                                     : ma_load_f32(source);
    const double wide = narrow;
    return builder->type->id == MA_TYPE_FLOAT32
               ? ma_builder_append_fixed(builder, &narrow, self->err)
               : ma_builder_append_fixed(builder, &wide, self->err);
}

/* Two's complement, with more copies of its sign. */
static ma_status
copy_decimal(copying *self, ma_builder *builder, const void *source, const ma_type *type)
{
    const int64_t from = type->bits / 8;
    const int64_t to = builder->type->bits / 8;
    const uint8_t highest = ((const uint8_t *)source)[MA_HOST_BIG_ENDIAN ? 0 : from - 1];
    uint8_t bytes[32];
    memset(bytes, highest >= 0x80 ? 0xFF : 0, sizeof(bytes));
    memcpy(MA_HOST_BIG_ENDIAN ? bytes + to - from : bytes, source, (size_t)from);
    return ma_builder_append_fixed(builder, bytes, self->err);
}

static ma_status
copy_fixed(copying *self, ma_builder *builder, const ma_array *array, int64_t i)
{
    const ma_type *type = array->type;
    if (type->bits == 1) {
        const bool value = ma_bitmap_get(array->buffers[1].data, array->offset + i);
        return ma_builder_append_bool(builder, value, self->err);
    }
    const ma_bytes bytes = ma_array_bytes_at(array, i);
    if (builder->type->layout != MA_LAYOUT_FIXED) {
        return ma_builder_append_bytes(builder, bytes.data, bytes.size, self->err);
    }
    if (ma_type_is_integer(type)) {
        return ma_builder_append_integer(builder, ma_array_int_at(array, i), self->err);
    }
    if (type->bits == builder->type->bits) {
        return ma_builder_append_fixed(builder, bytes.data, self->err);
    }
    return type->id == MA_TYPE_FLOAT16 || type->id == MA_TYPE_FLOAT32
               ? copy_float(self, builder, bytes.data, type)
               : copy_decimal(self, builder, bytes.data, type);
}

/* ---- values with children ---- */

static ma_status
copy_list(copying *self, ma_builder *builder, const ma_array *array, int64_t i)
{
    int64_t start;
    int64_t size;
    ma_array_list_at(array, i, &start, &size);
    for (int64_t k = start; k < start + size; k++) {
        MA_TRY(copy_row(self, builder->children[0], array->children[0], k));
    }
    return self->counting ? MA_OK : ma_builder_end_list(builder, self->err);
}

static ma_status
copy_struct(copying *self, ma_builder *builder, const ma_array *array, int64_t i)
{
    for (int32_t c = 0; c < array->n_children; c++) {
        MA_TRY(copy_row(self, builder->children[c], array->children[c], array->offset + i));
    }
    return self->counting ? MA_OK : ma_builder_end_struct(builder, self->err);
}

static ma_status
copy_union(copying *self, ma_builder *builder, const ma_array *array, int64_t i)
{
    int64_t row;
    const int32_t child = ma_array_union_at(array, i, &row);
    if (builder->type->id == MA_TYPE_SPARSE_UNION) { /* the other children get an empty row each */
        MA_TRY(take_blank(self, blank_size(builder->type)));
    }
    MA_TRY(copy_row(self, builder->children[child], array->children[child], row));
    return self->counting ? MA_OK : ma_builder_end_union(builder, child, self->err);
}

/* ---- rows ---- */

/* A row of the array, the builder, or both that an index or a run stands for. */
static ma_status
copy_encoded(copying *self, ma_builder *builder, const ma_array *array, int64_t i)
{
    const bool same = builder->type->layout == array->type->layout;
    if (ma_type_is_encoded(array->type)) {
        array = ma_array_decode(array, &i);
    }
    if (!same && !ma_type_is_encoded(builder->type)) {
        return copy_row(self, builder, array, i);
    }
    if (ma_array_is_null_within(array, i)) {
        return copy_null(self, builder, array);
    }
    if (builder->type->layout == MA_LAYOUT_DICTIONARY) {
        MA_TRY(copy_row(self, builder->values, array, i));
        return self->counting ? MA_OK : ma_builder_end_value(builder, self->err);
    }
    MA_TRY(copy_row(self, builder->children[1], array, i));
    return self->counting ? MA_OK : ma_builder_end_run(builder, 1, self->err);
}

static ma_status
copy_flat(copying *self, ma_builder *builder, const ma_array *array, int64_t i)
{
    if (self->counting) {
        return MA_OK;
    }
    if (array->type->layout == MA_LAYOUT_FIXED) {
        return copy_fixed(self, builder, array, i);
    }
    const ma_bytes bytes = ma_array_bytes_at(array, i);
    return ma_builder_append_bytes(builder, bytes.data, bytes.size, self->err);
}

static ma_status
copy_value(copying *self, ma_builder *builder, const ma_array *array, int64_t i)
{
    switch (array->type->layout) {
    case MA_LAYOUT_FIXED:
    case MA_LAYOUT_BINARY32:
    case MA_LAYOUT_BINARY64:
    case MA_LAYOUT_VIEW:
        return copy_flat(self, builder, array, i);
    case MA_LAYOUT_LIST32:
    case MA_LAYOUT_LIST64:
    case MA_LAYOUT_LIST_VIEW32:
    case MA_LAYOUT_LIST_VIEW64:
    case MA_LAYOUT_FIXED_LIST:
        return copy_list(self, builder, array, i);
    case MA_LAYOUT_STRUCT:
        return copy_struct(self, builder, array, i);
    case MA_LAYOUT_SPARSE_UNION:
    case MA_LAYOUT_DENSE_UNION:
        return copy_union(self, builder, array, i);
    case MA_LAYOUT_NULL: /* which are null, and encoded, which copy_row handles */
    case MA_LAYOUT_RUN_END:
    case MA_LAYOUT_DICTIONARY:
        break;
    }
    return MA_OK;
}

static ma_status
copy_row(copying *self, ma_builder *builder, const ma_array *array, int64_t i)
{
    if (ma_array_is_null(array, i)) {
        return copy_null(self, builder, array);
    }
    return ma_type_is_encoded(builder->type) || ma_type_is_encoded(array->type)
               ? copy_encoded(self, builder, array, i)
               : copy_value(self, builder, array, i);
}

/* Whether rows may take more than what lies in the array for them. */
static bool
may_be_blank(const ma_type *type)
{
    if (type->id == MA_TYPE_NULL || ma_type_is_encoded(type) || ma_type_is_union(type)) {
        return true;
    }
    for (int32_t i = 0; i < type->n_children; i++) {
        if (may_be_blank(type->children[i]->type)) {
            return true;
        }
    }
    return false;
}

static ma_status
go_through(ma_builder *self, const ma_array *array, ma_used rows, bool counting, ma_error *err)
{
    copying copying = {rows.length, ma_array_extent_limit(array), counting, err};
    for (int64_t i = rows.start; i < rows.start + rows.length; i++) {
        MA_TRY(copy_row(&copying, self, array, i));
    }
    return MA_OK;
}

ma_status
ma_builder_copy_rows(ma_builder *self, const ma_array *array, int64_t start, int64_t length,
                     ma_error *err)
{
    const ma_used rows = {start, length};
    MA_TRY(ma_array_check_extent(array, start, length, MA_EXTENT_COPIES, err));
    if (may_be_blank(array->type)) {
        MA_TRY(go_through(self, array, rows, true, err));
    }
    if (length <= ma_array_extent_limit(array) / blank_size(self->type)) {
        MA_TRY(ma_builder_reserve(self, length, err));
    }
    return go_through(self, array, rows, false, err);
}
