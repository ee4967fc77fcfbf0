#include "core/data/builder.h"

#include "core/base/memory.h"
#include "core/base/number.h"
#include "core/data/unique.h"

enum {
    VIEW_SIZE = 16,
    VIEW_INLINE = 12
};

/* ---- rows ---- */

static MA_COLD ma_status
fail_rows(ma_error *err)
{
    return ma_fail(err, MA_INVALID, -1,
                   "more than the 9,223,372,036,854,775,807 rows that an array can have; use "
                   "several arrays");
}

/* Whether there may be `count` more: of rows that take no memory there may be any number. */
static inline ma_status
check_rows(const ma_builder *self, int64_t count, ma_error *err)
{
    return MA_LIKELY(count <= INT64_MAX - self->length) ? MA_OK : fail_rows(err);
}

/* ---- bits ---- */

/* `count` more bits behind the `length` that there are. */
static ma_status
add_bits(ma_growing *bits, int64_t length, int64_t count, bool value, ma_error *err)
{
    MA_TRY(
        ma_growing_add_zeros(bits, ma_bitmap_size(length + count) - ma_bitmap_size(length), err));
    if (value) {
        ma_bitmap_fill(bits->data, length, count, true);
    }
    return MA_OK;
}

static ma_status
start_validity(ma_builder *self, int64_t rows, ma_error *err)
{
    const int64_t room = ma_bitmap_size(ma_max_i64(rows, self->length + 64));
    MA_TRY(ma_growing_reserve(&self->validity, room, err));
    return add_bits(&self->validity, 0, rows, true, err);
}

/* `count` more rows are whole and not null; the last thing that an appending function does. */
static inline ma_status
accept(ma_builder *self, int64_t count, ma_error *err)
{
    MA_TRY(check_rows(self, count, err));
    if (self->validity.size > 0) {
        MA_TRY(add_bits(&self->validity, self->length, count, true, err));
    }
    self->length += count;
    return MA_OK;
}

/* The same for null rows. */
static ma_status
accept_nulls(ma_builder *self, int64_t count, ma_error *err)
{
    MA_TRY(check_rows(self, count, err));
    if (self->validity.size == 0) {
        MA_TRY(start_validity(self, self->length, err));
    }
    MA_TRY(add_bits(&self->validity, self->length, count, false, err));
    self->length += count;
    self->nulls += count;
    return MA_OK;
}

ma_status
ma_builder_set_null(ma_builder *self, int64_t row, ma_error *err)
{
    assert(row >= 0 && row < self->length);
    if (self->validity.size == 0) {
        MA_TRY(start_validity(self, self->length, err));
    }
    ma_bitmap_put(self->validity.data, row, false);
    self->nulls++;
    return MA_OK;
}

/* ---- values ---- */

ma_status
ma_builder_extend(ma_builder *self, int64_t count, uint8_t **data, ma_error *err)
{
    assert(self->type->layout == MA_LAYOUT_FIXED);
    if (self->type->bits == 1) {
        const int64_t at = self->length / 8;
        MA_TRY(add_bits(&self->first, self->length, count, false, err));
        MA_TRY(accept(self, count, err));
        *data = self->first.data + at;
        return MA_OK;
    }
    int64_t size;
    if (!ma_mul_i64(count, self->type->bits / 8, &size)) {
        return ma_fail_nomem(err, INT64_MAX);
    }
    MA_TRY(ma_growing_reserve(&self->first, size, err));
    MA_TRY(accept(self, count, err));
    *data = self->first.data + self->first.size;
    self->first.size += size;
    return MA_OK;
}

ma_status
ma_builder_append_bool(ma_builder *self, bool value, ma_error *err)
{
    MA_TRY(add_bits(&self->first, self->length, 1, value, err));
    return accept(self, 1, err);
}

ma_status
ma_builder_append_fixed(ma_builder *self, const void *value, ma_error *err)
{
    MA_TRY(ma_growing_add(&self->first, value, self->type->bits / 8, err));
    return accept(self, 1, err);
}

/* Of a number that is not negative. */
static bool
integer_fits(const ma_type *type, int64_t value)
{
    return (uint64_t)value <= ma_type_greatest(type);
}

/* The low `width` bytes of a number that fits them. */
static ma_status
add_integer(ma_growing *target, int64_t value, int32_t width, ma_error *err)
{
    const uint8_t u8 = (uint8_t)value;
    const uint16_t u16 = (uint16_t)value;
    const uint32_t u32 = (uint32_t)value;
    const void *bytes = width == 1   ? (const void *)&u8
                        : width == 2 ? (const void *)&u16
                        : width == 4 ? (const void *)&u32
                                     : (const void *)&value;
    return ma_growing_add(target, bytes, width, err);
}

ma_status
ma_builder_append_integer(ma_builder *self, int64_t value, ma_error *err)
{
    if (value > 0 && !integer_fits(self->type, value)) {
        char name[64];
        return ma_fail(err, MA_INVALID, -1, "%lld does not fit %s; use a wider type",
                       (long long)value, ma_type_name(self->type, name, sizeof(name)));
    }
    MA_TRY(add_integer(&self->first, value, self->type->bits / 8, err));
    return accept(self, 1, err);
}

/* Offset `offset`, behind the last one. */
static ma_status
add_offset(ma_builder *self, int64_t offset, ma_error *err)
{
    if (ma_builder_row_bits(self, 0) == 64) {
        return ma_growing_add(&self->first, &offset, 8, err);
    }
    const int32_t narrow = (int32_t)offset;
    return ma_growing_add(&self->first, &narrow, 4, err);
}

/* Room in a view's newest data buffer, for which a new one is begun when int32 cannot say where
 * in it the value would lie. */
static ma_status
reserve_view(ma_builder *self, int64_t size, ma_error *err)
{
    if (size > INT32_MAX) {
        return ma_fail(err, MA_INVALID, -1,
                       "a value of %lld bytes does not fit a view (2,147,483,647 bytes at most); "
                       "use large_string or large_binary",
                       (long long)size);
    }
    if (self->second.size > INT32_MAX - size) {
        MA_TRY(ma_grow((void **)&self->blocks, &self->blocks_capacity, self->n_blocks + 1,
                       sizeof(ma_buffer), err));
        MA_TRY(ma_growing_finish(&self->second, &self->blocks[self->n_blocks], err));
        self->n_blocks++;
    }
    return ma_growing_reserve(&self->second, size, err);
}

/* A view (Columnar.rst, "Variable-size Binary View Layout"): the size, and then the value, or
 * four of its bytes and where all of them are. */
static ma_status
append_view(ma_builder *self, const void *data, int64_t size, ma_error *err)
{
    uint8_t view[VIEW_SIZE] = {0};
    if (size <= VIEW_INLINE) {
        ma_store_i32(view, (int32_t)size);
        if (size > 0) {
            memcpy(view + 4, data, (size_t)size);
        }
    } else {
        MA_TRY(reserve_view(self, size, err));
        ma_store_i32(view, (int32_t)size);
        memcpy(view + 4, data, 4);
        ma_store_i32(view + 8, (int32_t)self->n_blocks);
        ma_store_i32(view + 12, (int32_t)self->second.size);
        ma_growing_put(&self->second, data, size);
    }
    MA_TRY(ma_growing_add(&self->first, view, VIEW_SIZE, err));
    return accept(self, 1, err);
}

static MA_COLD ma_status
fail_offsets(const ma_builder *self, const char *what, ma_error *err)
{
    char name[64];
    const bool text = self->type->id == MA_TYPE_UTF8;
    const bool bytes = self->type->id == MA_TYPE_BINARY;
    return ma_fail(err, MA_INVALID, -1,
                   "%s hold more than the 2,147,483,647 %s that 32-bit offsets can count; use %s",
                   ma_type_name(self->type, name, sizeof(name)), what,
                   text                                  ? "large_string"
                   : bytes                               ? "large_binary"
                   : self->type->id == MA_TYPE_LIST_VIEW ? "large_list_view"
                   : self->type->id == MA_TYPE_LIST      ? "large_list"
                                                         : "several arrays");
}

ma_status
ma_builder_append_space(ma_builder *self, int64_t size, uint8_t **out, ma_error *err)
{
    assert(self->type->layout == MA_LAYOUT_BINARY32 || self->type->layout == MA_LAYOUT_BINARY64);
    if (self->type->layout == MA_LAYOUT_BINARY32 && size > INT32_MAX - self->second.size) {
        return fail_offsets(self, "bytes", err);
    }
    MA_TRY(ma_growing_reserve(&self->second, size, err));
    MA_TRY(add_offset(self, self->second.size + size, err));
    *out = size > 0 ? self->second.data + self->second.size : NULL;
    self->second.size += size;
    return accept(self, 1, err);
}

ma_status
ma_builder_append_bytes(ma_builder *self, const void *data, int64_t size, ma_error *err)
{
    if (self->type->layout == MA_LAYOUT_VIEW) {
        return append_view(self, data, size, err);
    }
    uint8_t *target = NULL;
    MA_TRY(ma_builder_append_space(self, size, &target, err));
    if (size > 0) {
        memcpy(target, data, (size_t)size);
    }
    return MA_OK;
}

/* ---- rows with children ---- */

/* The last number of a buffer that has one. */
static int64_t
last_i32(const ma_growing *numbers)
{
    return ma_load_i32(numbers->data + numbers->size - 4);
}

static int64_t
last_i64(const ma_growing *numbers)
{
    return ma_load_i64(numbers->data + numbers->size - 8);
}

/* Where the list that is being filled begins in its child. */
static int64_t
open_list(const ma_builder *self)
{
    switch (self->type->layout) {
    case MA_LAYOUT_LIST32:
        return last_i32(&self->first);
    case MA_LAYOUT_LIST64:
        return last_i64(&self->first);
    case MA_LAYOUT_LIST_VIEW32:
        return self->length > 0 ? last_i32(&self->first) + last_i32(&self->second) : 0;
    case MA_LAYOUT_LIST_VIEW64:
        return self->length > 0 ? last_i64(&self->first) + last_i64(&self->second) : 0;
    default:
        return self->length * self->type->list_size;
    }
}

static ma_status
add_list(ma_builder *self, int64_t start, int64_t end, ma_error *err)
{
    const ma_layout_id layout = self->type->layout;
    const bool view = layout == MA_LAYOUT_LIST_VIEW32 || layout == MA_LAYOUT_LIST_VIEW64;
    if (ma_builder_row_bits(self, 0) == 32 && end > INT32_MAX) {
        return fail_offsets(self, "items", err);
    }
    if (!view) {
        return add_offset(self, end, err);
    }
    /* Both or none: truncating looks at the rows that are whole. */
    MA_TRY(ma_growing_reserve(&self->second, 8, err));
    MA_TRY(add_offset(self, start, err));
    const int64_t size = end - start;
    const int32_t narrow = (int32_t)size;
    ma_growing_put(&self->second, layout == MA_LAYOUT_LIST_VIEW64 ? (const void *)&size : &narrow,
                   layout == MA_LAYOUT_LIST_VIEW64 ? 8 : 4);
    return MA_OK;
}

ma_status
ma_builder_end_list(ma_builder *self, ma_error *err)
{
    const int64_t start = open_list(self);
    const int64_t end = self->children[0]->length;
    if (self->type->layout != MA_LAYOUT_FIXED_LIST) {
        MA_TRY(add_list(self, start, end, err));
    } else if (end - start != self->type->list_size) {
        return ma_fail(err, MA_INVALID, -1, "%lld items where each list has %d",
                       (long long)(end - start), (int)self->type->list_size);
    }
    return accept(self, 1, err);
}

ma_status
ma_builder_end_struct(ma_builder *self, ma_error *err)
{
    return accept(self, 1, err);
}

/* `count` rows for child `child`, which has them already. */
static ma_status
end_union(ma_builder *self, int32_t child, int64_t count, ma_error *err)
{
    const bool dense = self->type->id == MA_TYPE_DENSE_UNION;
    const int64_t start = self->children[child]->length - count;
    MA_TRY(check_rows(self, count, err));
    if (dense && start + count > INT32_MAX) {
        return ma_fail(err, MA_INVALID, -1,
                       "a dense union's child holds more than 2,147,483,647 rows; use several "
                       "arrays");
    }
    for (int32_t i = 0; !dense && i < self->n_children; i++) {
        if (i != child) {
            MA_TRY(ma_builder_append_empty(self->children[i], count, err));
        }
    }
    MA_TRY(ma_growing_reserve(&self->first, count, err));
    if (dense) {
        MA_TRY(ma_growing_reserve(&self->second, 4 * count, err));
    }
    for (int64_t i = 0; i < count; i++) {
        const int32_t row = (int32_t)(start + i);
        ma_growing_put(&self->first, &self->type->type_codes[child], 1);
        if (dense) {
            ma_growing_put(&self->second, &row, 4);
        }
    }
    self->length += count;
    return MA_OK;
}

ma_status
ma_builder_end_union(ma_builder *self, int32_t child, ma_error *err)
{
    return end_union(self, child, 1, err);
}

static MA_COLD ma_status
fail_index(const ma_builder *self, int64_t values, ma_error *err)
{
    char name[64];
    return ma_fail(err, MA_INVALID, -1,
                   "%lld distinct values are more than %s indices can tell apart; use a wider "
                   "index type",
                   (long long)values, ma_type_name(self->type->index_type, name, sizeof(name)));
}

ma_status
ma_builder_end_value(ma_builder *self, ma_error *err)
{
    const int64_t row = self->values->length - 1;
    assert(row == ma_unique_count(self->unique));
    if (ma_builder_is_null(self->values, row)) {
        ma_builder_truncate(self->values, row);
        return ma_builder_append_null(self, 1, err);
    }
    const bool may_add = integer_fits(self->type->index_type, row);
    int64_t index = 0;
    MA_TRY(ma_unique_find(self->unique, self->values, row, may_add, &index, err));
    if (index != row) {
        ma_builder_truncate(self->values, row);
    } else if (!may_add) {
        return fail_index(self, row + 1, err);
    }
    MA_TRY(add_integer(&self->first, index, self->type->bits / 8, err));
    return accept(self, 1, err);
}

/* Whether the last two values are the same; the keys' memory is kept from call to call. */
static ma_status
repeats(ma_builder *values, ma_growing *keys, bool *same, ma_error *err)
{
    *same = false;
    if (values->length < 2) {
        return MA_OK;
    }
    keys->size = 0;
    MA_TRY(ma_builder_key(values, values->length - 2, keys, err));
    const int64_t size = keys->size;
    MA_TRY(ma_builder_key(values, values->length - 1, keys, err));
    *same = keys->size == 2 * size && memcmp(keys->data, keys->data + size, (size_t)size) == 0;
    return MA_OK;
}

ma_status
ma_builder_end_run(ma_builder *self, int64_t count, ma_error *err)
{
    ma_builder *ends = self->children[0];
    ma_builder *values = self->children[1];
    const int32_t width = ends->type->bits / 8;
    bool same;
    assert(values->length == ends->length + 1 && count > 0);
    MA_TRY(check_rows(self, count, err));
    if (!integer_fits(ends->type, self->length + count)) {
        char name[64];
        return ma_fail(err, MA_INVALID, -1, "row %lld is more than %s run ends can count; use %s",
                       (long long)(self->length + count - 1),
                       ma_type_name(ends->type, name, sizeof(name)),
                       ends->type->bits == 16 ? "int32 or int64" : "int64");
    }
    MA_TRY(repeats(values, &self->second, &same, err));
    if (same) {
        ma_builder_truncate(values, values->length - 1);
        ma_builder_truncate(ends, ends->length - 1);
    }
    MA_TRY(add_integer(&ends->first, self->length + count, width, err));
    ends->length++;
    self->length += count;
    return MA_OK;
}

/* ---- null and empty rows ---- */

/* Zeros, or no bytes and no items, in the array's own buffers. */
static ma_status
add_blank(ma_builder *self, int64_t count, ma_error *err)
{
    const ma_layout_id layout = self->type->layout;
    const ma_buffer_kind kind = ma_layouts[layout].buffers[1];
    int64_t size;
    if (ma_buffer_kind_is_offsets(kind)) {
        const int64_t end =
            ma_layouts[layout].children == MA_CHILDREN_NONE ? self->second.size : open_list(self);
        MA_TRY(ma_builder_reserve(self, count, err));
        for (int64_t i = 0; i < count; i++) {
            MA_TRY(add_offset(self, end, err));
        }
        return MA_OK;
    }
    if (layout == MA_LAYOUT_LIST_VIEW32 || layout == MA_LAYOUT_LIST_VIEW64) {
        const int64_t start = open_list(self);
        MA_TRY(ma_builder_reserve(self, count, err));
        for (int64_t i = 0; i < count; i++) {
            MA_TRY(add_list(self, start, start, err));
        }
        return MA_OK;
    }
    if (self->type->bits == 1) {
        return add_bits(&self->first, self->length, count, false, err);
    }
    if (!ma_mul_i64(count, ma_builder_row_bits(self, 0) / 8, &size)) {
        return ma_fail_nomem(err, INT64_MAX);
    }
    return ma_growing_add_zeros(&self->first, size, err);
}

/* Rows in the children under a null or empty row. */
static ma_status
blank_children(ma_builder *self, int64_t count, ma_error *err)
{
    int64_t rows = count;
    if (self->type->layout == MA_LAYOUT_FIXED_LIST &&
        !ma_mul_i64(count, self->type->list_size, &rows)) {
        return fail_rows(err);
    }
    for (int32_t i = 0; i < self->n_children; i++) {
        MA_TRY(ma_builder_append_empty(self->children[i], rows, err));
    }
    return MA_OK;
}

/* Types that have no validity bitmap, and whose children say what is null. */
static ma_status
append_to_child(ma_builder *self, int64_t count, bool null, ma_error *err)
{
    const bool is_union = ma_type_is_union(self->type);
    if (self->n_children == 0) {
        return ma_fail(err, MA_INVALID, -1, "a union without children cannot hold a row");
    }
    ma_builder *child = self->children[is_union ? 0 : 1];
    const int64_t rows = is_union ? count : 1;
    MA_TRY(null ? ma_builder_append_null(child, rows, err)
                : ma_builder_append_empty(child, rows, err));
    return is_union ? end_union(self, 0, count, err) : ma_builder_end_run(self, count, err);
}

static ma_status
append_blank(ma_builder *self, int64_t count, bool null, ma_error *err)
{
    if (count == 0) {
        return MA_OK;
    }
    switch (self->type->layout) {
    case MA_LAYOUT_NULL:
        MA_TRY(check_rows(self, count, err));
        self->length += count;
        return MA_OK;
    case MA_LAYOUT_SPARSE_UNION:
    case MA_LAYOUT_DENSE_UNION:
    case MA_LAYOUT_RUN_END:
        return append_to_child(self, count, null, err);
    case MA_LAYOUT_FIXED_LIST:
    case MA_LAYOUT_STRUCT:
        MA_TRY(blank_children(self, count, err));
        break;
    case MA_LAYOUT_DICTIONARY:
        null = true;
        MA_TRY(add_blank(self, count, err));
        break;
    case MA_LAYOUT_FIXED:
    case MA_LAYOUT_BINARY32:
    case MA_LAYOUT_BINARY64:
    case MA_LAYOUT_VIEW:
    case MA_LAYOUT_LIST32:
    case MA_LAYOUT_LIST64:
    case MA_LAYOUT_LIST_VIEW32:
    case MA_LAYOUT_LIST_VIEW64:
        MA_TRY(add_blank(self, count, err));
        break;
    }
    return null ? accept_nulls(self, count, err) : accept(self, count, err);
}

ma_status
ma_builder_append_null(ma_builder *self, int64_t count, ma_error *err)
{
    return append_blank(self, count, true, err);
}

ma_status
ma_builder_append_empty(ma_builder *self, int64_t count, ma_error *err)
{
    return append_blank(self, count, false, err);
}
