/* Rows as bytes, to tell values apart; and taking rows back. */
#include "core/base/number.h"
#include "core/data/builder.h"
#include "core/data/unique.h"

/* ---- keys ---- */

static int64_t
integer_at(const ma_growing *data, int64_t row, int32_t width)
{
    const uint8_t *p = data->data + row * width;
    return width == 8 ? ma_load_i64(p) : width == 4 ? ma_load_i32(p) : ma_load_i16(p);
}

/* The child's rows that row `row` of a list of any layout holds. */
static void
list_at(const ma_builder *self, int64_t row, int64_t *start, int64_t *end)
{
    switch (self->type->layout) {
    case MA_LAYOUT_LIST32:
        *start = integer_at(&self->first, row, 4);
        *end = integer_at(&self->first, row + 1, 4);
        return;
    case MA_LAYOUT_LIST64:
        *start = integer_at(&self->first, row, 8);
        *end = integer_at(&self->first, row + 1, 8);
        return;
    case MA_LAYOUT_LIST_VIEW32:
        *start = integer_at(&self->first, row, 4);
        *end = *start + integer_at(&self->second, row, 4);
        return;
    case MA_LAYOUT_LIST_VIEW64:
        *start = integer_at(&self->first, row, 8);
        *end = *start + integer_at(&self->second, row, 8);
        return;
    default:
        *start = row * self->type->list_size;
        *end = *start + self->type->list_size;
        return;
    }
}

static ma_bytes
bytes_at(const ma_builder *self, int64_t row)
{
    if (self->type->layout == MA_LAYOUT_VIEW) {
        const uint8_t *view = self->first.data + 16 * row;
        const int32_t size = ma_load_i32(view);
        if (size <= 12) {
            return (ma_bytes){(const char *)view + 4, size};
        }
        const int32_t block = ma_load_i32(view + 8);
        const uint8_t *data = block < self->n_blocks ? self->blocks[block].data : self->second.data;
        return (ma_bytes){(const char *)data + ma_load_i32(view + 12), size};
    }
    const int32_t width = self->type->layout == MA_LAYOUT_BINARY32 ? 4 : 8;
    const int64_t start = integer_at(&self->first, row, width);
    const int64_t end = integer_at(&self->first, row + 1, width);
    const uint8_t *data = end > start ? self->second.data + start : ma_zeros;
    return (ma_bytes){(const char *)data, end - start};
}

/* The run that row `row` lies in: the first that ends behind it. */
static int64_t
run_of(const ma_builder *self, int64_t row)
{
    const ma_builder *ends = self->children[0];
    int64_t low = 0;
    int64_t high = ends->length;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (integer_at(&ends->first, middle, ends->type->bits / 8) <= row) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static ma_status
add_bytes_key(ma_bytes bytes, ma_growing *out, ma_error *err)
{
    MA_TRY(ma_growing_add(out, &bytes.size, 8, err));
    return ma_growing_add(out, bytes.data, bytes.size, err);
}

static ma_status
add_list_key(const ma_builder *self, int64_t row, ma_growing *out, ma_error *err)
{
    int64_t start;
    int64_t end;
    list_at(self, row, &start, &end);
    const int64_t size = end - start;
    MA_TRY(ma_growing_add(out, &size, 8, err));
    for (int64_t i = start; i < end; i++) {
        MA_TRY(ma_builder_key(self->children[0], i, out, err));
    }
    return MA_OK;
}

static ma_status
add_union_key(const ma_builder *self, int64_t row, ma_growing *out, ma_error *err)
{
    const int8_t code = (int8_t)self->first.data[row];
    const bool dense = self->type->id == MA_TYPE_DENSE_UNION;
    const int64_t at = dense ? integer_at(&self->second, row, 4) : row;
    MA_TRY(ma_growing_add(out, &code, 1, err));
    return ma_builder_key(self->children[self->type->child_of_code[code]], at, out, err);
}

/* The value of a row that is not null by its own bitmap. */
static ma_status
add_key(const ma_builder *self, int64_t row, ma_growing *out, ma_error *err)
{
    const int64_t width = self->type->bits / 8;
    switch (self->type->layout) {
    case MA_LAYOUT_NULL:
        return MA_OK;
    case MA_LAYOUT_FIXED:
        if (self->type->bits == 1) {
            const uint8_t bit = ma_bitmap_get(self->first.data, row);
            return ma_growing_add(out, &bit, 1, err);
        }
        if (width == 0) { /* there is one value, and no memory */
            return MA_OK;
        }
        return ma_growing_add(out, self->first.data + row * width, width, err);
    case MA_LAYOUT_DICTIONARY: /* equal values have equal indices */
        return ma_growing_add(out, self->first.data + row * width, width, err);
    case MA_LAYOUT_BINARY32:
    case MA_LAYOUT_BINARY64:
    case MA_LAYOUT_VIEW:
        return add_bytes_key(bytes_at(self, row), out, err);
    case MA_LAYOUT_LIST32:
    case MA_LAYOUT_LIST64:
    case MA_LAYOUT_LIST_VIEW32:
    case MA_LAYOUT_LIST_VIEW64:
    case MA_LAYOUT_FIXED_LIST:
        return add_list_key(self, row, out, err);
    case MA_LAYOUT_STRUCT:
        for (int32_t i = 0; i < self->n_children; i++) {
            MA_TRY(ma_builder_key(self->children[i], row, out, err));
        }
        return MA_OK;
    case MA_LAYOUT_SPARSE_UNION:
    case MA_LAYOUT_DENSE_UNION:
        return add_union_key(self, row, out, err);
    case MA_LAYOUT_RUN_END:
        return ma_builder_key(self->children[1], run_of(self, row), out, err);
    }
    return MA_OK;
}

ma_status
ma_builder_key(const ma_builder *self, int64_t row, ma_growing *out, ma_error *err)
{
    const uint8_t valid = !ma_builder_is_null(self, row);
    MA_TRY(ma_growing_add(out, &valid, 1, err));
    return valid ? add_key(self, row, out, err) : MA_OK;
}

/* ---- taking rows back ---- */

/* Keep `length` of the rows in a buffer that has `bits` for each, and zero what is left of the last
 * byte: bits are only ever added to zeros. */
static void
cut_bits(ma_growing *data, int64_t length, int64_t bits)
{
    data->size = ma_bitmap_size(length * bits);
    if (bits == 1 && length % 8 != 0) {
        data->data[data->size - 1] &= (uint8_t)((1u << (length % 8)) - 1);
    }
}

/* Forget the bytes of views from row `length` on: the first that lies in a data buffer began there.
 * A buffer that was full stays, with some bytes that no view uses. */
static void
cut_views(ma_builder *self, int64_t length)
{
    for (int64_t row = length; row < self->length; row++) {
        const uint8_t *view = self->first.data + 16 * row;
        if (ma_load_i32(view) > 12) {
            self->second.size =
                ma_load_i32(view + 8) == self->n_blocks ? ma_load_i32(view + 12) : 0;
            break;
        }
    }
    self->first.size = 16 * length;
}

static void
cut_list(ma_builder *self, int64_t length)
{
    int64_t start = self->children[0]->length;
    int64_t end;
    const ma_layout_id layout = self->type->layout;
    const bool offsets = layout == MA_LAYOUT_LIST32 || layout == MA_LAYOUT_LIST64;
    const int32_t width = layout == MA_LAYOUT_LIST32 || layout == MA_LAYOUT_LIST_VIEW32 ? 4 : 8;
    if (layout == MA_LAYOUT_FIXED_LIST) {
        ma_builder_truncate(self->children[0], length * self->type->list_size);
        return;
    }
    if (offsets) {
        start = integer_at(&self->first, length, width);
        self->first.size = (length + 1) * width;
    } else {
        start = 0;
        if (length > 0) {
            list_at(self, length - 1, &end, &start);
        }
        self->first.size = length * width;
        self->second.size = length * width;
    }
    ma_builder_truncate(self->children[0], start);
}

static void
cut_dense(ma_builder *self, int64_t length)
{
    /* From the back: the lowest row of a child comes last. */
    for (int64_t row = self->length; row-- > length;) {
        const int8_t code = (int8_t)self->first.data[row];
        ma_builder_truncate(self->children[self->type->child_of_code[code]],
                            integer_at(&self->second, row, 4));
    }
    self->first.size = length;
    self->second.size = 4 * length;
}

static void
cut_runs(ma_builder *self, int64_t length)
{
    ma_builder *ends = self->children[0];
    const int32_t width = ends->type->bits / 8;
    const int64_t runs = length > 0 ? run_of(self, length - 1) + 1 : 0;
    ma_builder_truncate(self->children[1], runs);
    ma_builder_truncate(ends, runs);
    if (runs > 0) {
        uint8_t *last = ends->first.data + (runs - 1) * width;
        if (width == 8) {
            ma_store_i64(last, length);
        } else if (width == 4) {
            ma_store_i32(last, (int32_t)length);
        } else {
            ma_store_i16(last, (int16_t)length);
        }
    }
}

static void
cut_values(ma_builder *self, int64_t length)
{
    switch (self->type->layout) {
    case MA_LAYOUT_NULL:
        return;
    case MA_LAYOUT_FIXED:
        cut_bits(&self->first, length, self->type->bits);
        return;
    case MA_LAYOUT_DICTIONARY:
        self->first.size = length * (self->type->bits / 8);
        ma_builder_truncate(self->values, ma_unique_count(self->unique));
        return;
    case MA_LAYOUT_BINARY32:
        self->second.size = integer_at(&self->first, length, 4);
        self->first.size = 4 * (length + 1);
        return;
    case MA_LAYOUT_BINARY64:
        self->second.size = integer_at(&self->first, length, 8);
        self->first.size = 8 * (length + 1);
        return;
    case MA_LAYOUT_VIEW:
        cut_views(self, length);
        return;
    case MA_LAYOUT_LIST32:
    case MA_LAYOUT_LIST64:
    case MA_LAYOUT_LIST_VIEW32:
    case MA_LAYOUT_LIST_VIEW64:
    case MA_LAYOUT_FIXED_LIST:
        cut_list(self, length);
        return;
    case MA_LAYOUT_STRUCT:
        for (int32_t i = 0; i < self->n_children; i++) {
            ma_builder_truncate(self->children[i], length);
        }
        return;
    case MA_LAYOUT_SPARSE_UNION:
        self->first.size = length;
        for (int32_t i = 0; i < self->n_children; i++) {
            ma_builder_truncate(self->children[i], length);
        }
        return;
    case MA_LAYOUT_DENSE_UNION:
        cut_dense(self, length);
        return;
    case MA_LAYOUT_RUN_END:
        cut_runs(self, length);
        return;
    }
}

void
ma_builder_truncate(ma_builder *self, int64_t length)
{
    assert(length >= 0 && length <= self->length);
    cut_values(self, length);
    if (self->validity.size > 0) {
        self->nulls -= self->length - length -
                       ma_bitmap_count(self->validity.data, length, self->length - length);
        cut_bits(&self->validity, length, 1);
    }
    self->length = length;
}
