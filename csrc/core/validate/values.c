#include "core/validate/values.h"

#include "core/base/number.h"
#include "core/validate/characters.h"
#include "core/validate/ranges.h"

/* ---- offsets of binary, text and lists ---- */

static ma_status
check_offsets(const ma_array *self, ma_error *err)
{
    const ma_buffer_kind kind = ma_layouts[self->type->layout].buffers[1];
    const int32_t bits = ma_buffer_kind_bits(kind, 0);
    const bool is_list = self->n_children > 0;
    const int64_t limit = is_list ? self->children[0]->length : self->buffers[2].size;
    const int64_t first = ma_array_offset_at(self, 0);
    if (first < 0) {
        return ma_fail(err, MA_INVALID, -1, "row 0 begins at %lld", (long long)first);
    }
    const int64_t row =
        ma_find_descent(self->buffers[1].data + self->offset * (bits / 8), bits, self->length);
    if (row >= 0) {
        return ma_fail(err, MA_INVALID, -1,
                       "row %lld begins at %lld and ends at %lld; offsets ascend", (long long)row,
                       (long long)ma_array_offset_at(self, row),
                       (long long)ma_array_offset_at(self, row + 1));
    }
    const int64_t last = ma_array_offset_at(self, self->length);
    if (last > limit) {
        return ma_fail(err, MA_INVALID, -1, "the last row, %lld, ends at %lld, behind the %lld %s",
                       (long long)(self->length - 1), (long long)last, (long long)limit,
                       is_list ? "rows of the child" : "bytes of data");
    }
    return MA_OK;
}

/* Rows that are null, too: "Every list-view value, including null values" (Columnar.rst, "ListView
 * Layout"). */
static ma_status
check_list_view(const ma_array *self, int32_t bits, ma_error *err)
{
    const int64_t limit = self->children[0]->length;
    const int64_t skip = self->offset * (bits / 8);
    const int64_t row = ma_find_bad_list(self->buffers[1].data + skip, self->buffers[2].data + skip,
                                         bits, self->length, limit);
    if (row < 0) {
        return MA_OK;
    }
    return ma_fail(err, MA_INVALID, -1,
                   "row %lld holds %lld rows from row %lld on of a child of %lld", (long long)row,
                   (long long)ma_array_size_at(self, row), (long long)ma_array_offset_at(self, row),
                   (long long)limit);
}

/* ---- views ---- */

static bool
is_good_view(const ma_array *self, const uint8_t *view)
{
    const int32_t size = ma_load_i32(view);
    if ((uint32_t)size <= 12) {
        return true;
    }
    const int32_t index = ma_load_i32(view + 8);
    const int32_t offset = ma_load_i32(view + 12);
    if (size < 0 || index < 0 || index >= self->n_buffers - 2 || offset < 0) {
        return false;
    }
    const ma_buffer *data = &self->buffers[2 + index];
    return (int64_t)offset + size <= data->size &&
           ma_load_u32(view + 4) == ma_load_u32(data->data + offset);
}

bool
ma_array_has_stray_views(const ma_array *self)
{
    if (self->type->layout != MA_LAYOUT_VIEW || ma_array_validity(self) == NULL) {
        return false;
    }
    const uint8_t *views = self->buffers[1].data + 16 * self->offset;
    for (int64_t i = 0; i < self->length; i++) {
        if (MA_UNLIKELY(!is_good_view(self, views + 16 * i))) {
            return true; /* of a null, as the values are checked */
        }
    }
    return false;
}

static ma_status
fail_view(const ma_array *self, int64_t row, const uint8_t *view, ma_error *err)
{
    const int32_t size = ma_load_i32(view);
    const int32_t index = ma_load_i32(view + 8);
    const int32_t offset = ma_load_i32(view + 12);
    const int32_t count = self->n_buffers - 2;
    if (size < 0) {
        return ma_fail(err, MA_INVALID, -1, "row %lld has %d bytes", (long long)row, (int)size);
    }
    if (index < 0 || index >= count) {
        return ma_fail(err, MA_INVALID, -1, "row %lld lies in data buffer %d, and there are %d",
                       (long long)row, (int)index, (int)count);
    }
    if (offset < 0 || (int64_t)offset + size > self->buffers[2 + index].size) {
        return ma_fail(err, MA_INVALID, -1,
                       "row %lld has %d bytes from byte %d on of data buffer %d, which has %lld",
                       (long long)row, (int)size, (int)offset, (int)index,
                       (long long)self->buffers[2 + index].size);
    }
    return ma_fail(err, MA_INVALID, -1,
                   "row %lld does not begin with the four bytes that its view has as its prefix",
                   (long long)row);
}

/* A bad view matters only where the row is not null, so that nulls are looked at only then. */
static ma_status
check_views(const ma_array *self, ma_error *err)
{
    const uint8_t *views = self->buffers[1].data + 16 * self->offset;
    for (int64_t i = 0; i < self->length; i++) {
        if (MA_UNLIKELY(!is_good_view(self, views + 16 * i)) && !ma_array_is_null(self, i)) {
            return fail_view(self, i, views + 16 * i, err);
        }
    }
    return MA_OK;
}

/* ---- dictionaries ---- */

static int64_t
find_bad_index(const ma_array *self, int64_t values)
{
    const uint8_t *validity = ma_array_validity(self);
    const int32_t bits = self->type->bits;
    if (values == 0) { /* then every row must be null */
        for (int64_t i = 0; i < self->length; i++) {
            if (validity == NULL || ma_bitmap_get(validity, self->offset + i)) {
                return i;
            }
        }
        return -1;
    }
    const uint64_t most = ma_type_greatest(self->type->index_type);
    const uint64_t top = (uint64_t)values - 1 < most ? (uint64_t)values - 1 : most;
    return ma_find_bad_index(self->buffers[1].data + self->offset * (bits / 8), bits, self->length,
                             top, validity, self->offset);
}

static ma_status
check_indices(const ma_array *self, ma_error *err)
{
    const int64_t values = self->dictionary != NULL ? self->dictionary->length : 0;
    const int64_t row = find_bad_index(self, values);
    if (row < 0) {
        return MA_OK;
    }
    const int64_t index = ma_array_int_at(self, row);
    if (self->type->index_type->id == MA_TYPE_UINT64) {
        return ma_fail(err, MA_INVALID, -1,
                       "row %lld has index %llu and the dictionary has %lld values", (long long)row,
                       (unsigned long long)index, (long long)values);
    }
    return ma_fail(err, MA_INVALID, -1,
                   "row %lld has index %lld and the dictionary has %lld values", (long long)row,
                   (long long)index, (long long)values);
}

/* ---- unions ---- */

static ma_status
check_type_ids(const ma_array *self, ma_error *err)
{
    const uint8_t *ids = self->buffers[0].data + self->offset;
    const int64_t row = ma_find_bad_type_id(ids, self->length, self->type->child_of_code);
    if (row < 0) {
        return MA_OK;
    }
    return ma_fail(err, MA_INVALID, -1, "row %lld has type id %d, which no child has",
                   (long long)row, (int)(int8_t)ids[row]);
}

/* Only the range: data exists whose offsets do not ascend within a child, and nothing depends on
 * it. */
static ma_status
check_union_offsets(const ma_array *self, ma_error *err)
{
    const uint8_t *ids = self->buffers[0].data + self->offset;
    const uint8_t *offsets = self->buffers[1].data + 4 * self->offset;
    uint32_t limits[128] = {0};
    for (int32_t i = 0; i < self->n_children; i++) {
        const int64_t rows = ma_min_i64(self->children[i]->length, INT64_C(1) << 31);
        limits[self->type->type_codes[i]] = (uint32_t)rows;
    }
    const int64_t row = ma_find_bad_union_offset(offsets, ids, self->length, limits);
    if (row < 0) {
        return MA_OK;
    }
    const int child = self->type->child_of_code[ids[row]];
    const ma_field *field = self->type->children[child];
    return ma_fail(err, MA_INVALID, -1, "row %lld is row %d of child '%.*s', which has %lld rows",
                   (long long)row, (int)ma_load_i32(offsets + 4 * row),
                   (int)ma_min_i64(field->name_size, 64), field->name,
                   (long long)self->children[child]->length);
}

/* ---- run ends ---- */

/* All of them, once for all arrays that share them: what a slice shows is found by bisecting. */
static ma_status
check_run_ends(ma_array *ends, ma_error *err)
{
    const int32_t bits = ends->type->bits;
    if ((atomic_load_explicit(&ends->checked, memory_order_acquire) & MA_CHECKED_RUN_ENDS) != 0) {
        return MA_OK;
    }
    const int64_t nulls = ma_array_null_count(ends);
    if (nulls > 0) {
        ma_fail(err, MA_INVALID, -1, "%lld run ends are null", (long long)nulls);
        ma_error_prefix(err, "validity buffer");
        return MA_INVALID;
    }
    const int64_t run =
        ma_find_bad_run_end(ends->buffers[1].data + ends->offset * (bits / 8), bits, ends->length);
    if (run >= 0) {
        ma_fail(err, MA_INVALID, -1,
                "run %lld begins at row %lld and ends at row %lld; run ends ascend", (long long)run,
                (long long)(run > 0 ? ma_array_int_at(ends, run - 1) : 0),
                (long long)ma_array_int_at(ends, run));
        ma_error_prefix(err, "data buffer");
        return MA_INVALID;
    }
    atomic_fetch_or_explicit(&ends->checked, MA_CHECKED_RUN_ENDS, memory_order_release);
    return MA_OK;
}

static ma_status
check_runs(const ma_array *self, ma_error *err)
{
    ma_array *ends = self->children[0];
    const int64_t rows = self->offset + self->length;
    ma_status st = check_run_ends(ends, err);
    if (st == MA_OK && self->length > 0 && ma_array_int_at(ends, ends->length - 1) < rows) {
        st =
            ma_fail(err, MA_INVALID, -1, "the last run ends at row %lld, and the array at row %lld",
                    (long long)ma_array_int_at(ends, ends->length - 1), (long long)rows);
        ma_error_prefix(err, "data buffer");
    }
    if (st != MA_OK) {
        const ma_field *field = self->type->children[0];
        ma_error_prefix(err, ".%.*s", (int)ma_min_i64(field->name_size, 64), field->name);
    }
    return st;
}

/* ---- the walk ---- */

static ma_status
check_buffer(const ma_array *self, ma_buffer_kind kind, ma_error *err)
{
    switch (kind) {
    case MA_BUFFER_NONE:
    case MA_BUFFER_VALIDITY:
    case MA_BUFFER_BYTES:
    case MA_BUFFER_SIZES32: /* with the offsets before them */
    case MA_BUFFER_SIZES64:
        return MA_OK;
    case MA_BUFFER_DATA:
        return self->type->layout == MA_LAYOUT_DICTIONARY ? check_indices(self, err) : MA_OK;
    case MA_BUFFER_OFFSETS32:
    case MA_BUFFER_OFFSETS64:
        return check_offsets(self, err);
    case MA_BUFFER_LIST_OFFSETS32:
    case MA_BUFFER_LIST_OFFSETS64:
        return check_list_view(self, ma_buffer_kind_bits(kind, 0), err);
    case MA_BUFFER_TYPE_IDS:
        return check_type_ids(self, err);
    case MA_BUFFER_UNION_OFFSETS:
        return check_union_offsets(self, err);
    case MA_BUFFER_VIEWS:
        return check_views(self, err);
    }
    return MA_OK;
}

static ma_status
check_own_values(const ma_array *self, ma_error *err)
{
    const ma_layout *layout = &ma_layouts[self->type->layout];
    for (int i = 0; i < layout->n_buffers; i++) {
        const ma_status st = check_buffer(self, layout->buffers[i], err);
        if (st != MA_OK) {
            ma_error_prefix(err, "%s buffer", ma_buffer_kind_name(layout->buffers[i]));
            return st;
        }
    }
    return layout->children == MA_CHILDREN_RUNS ? check_runs(self, err) : MA_OK;
}

/* By the bitmap, or by what indices and runs stand for. A run may have any number of rows, so that
 * its value is looked at once; and indices, only where some value is null. */
static bool
has_nulls_within(const ma_array *self, int64_t start, int64_t length)
{
    const uint8_t *validity = ma_array_validity(self);
    const ma_array *values = self->dictionary;
    if (length == 0) {
        return false;
    }
    if (self->type->layout == MA_LAYOUT_RUN_END) {
        const int64_t first = ma_array_run_at(self, start);
        const int64_t last = ma_array_run_at(self, start + length - 1);
        return has_nulls_within(self->children[1], first, last - first + 1);
    }
    if (self->type->id == MA_TYPE_NULL ||
        (validity != NULL &&
         ma_bitmap_run(validity, self->offset + start, length, true) < length)) {
        return true;
    }
    if (values == NULL || !has_nulls_within(values, 0, values->length)) {
        return false;
    }
    for (int64_t i = start; i < start + length; i++) {
        if (ma_array_is_null_within(self, i)) {
            return true;
        }
    }
    return false;
}

/* Keys of maps that are null are read, and others end the process over them. The keys themselves
 * are checked, as they are followed here. */
static ma_status
check_keys(const ma_array *self, ma_error *err)
{
    if (self->type->id != MA_TYPE_MAP) {
        return MA_OK;
    }
    const ma_field *entries = self->type->children[0];
    const ma_field *key = entries->type->children[0];
    const ma_array *keys = self->children[0]->children[0];
    if (!has_nulls_within(keys, 0, keys->length)) {
        return MA_OK;
    }
    (void)ma_fail(err, MA_INVALID, -1, "the keys of a map cannot be null");
    ma_error_prefix(err, ".%.*s.%.*s", (int)ma_min_i64(entries->name_size, 64), entries->name,
                    (int)ma_min_i64(key->name_size, 64), key->name);
    return MA_INVALID;
}

/* Check what `wanted` says and was not checked before: here, then below. */
static ma_status
check(ma_array *self, unsigned wanted, ma_error *err)
{
    const unsigned missing = wanted & ~atomic_load_explicit(&self->checked, memory_order_acquire);
    if (missing == 0) {
        return MA_OK;
    }
    if ((missing & MA_CHECKED_VALUES) != 0) {
        MA_TRY(check_own_values(self, err));
    }
    if ((missing & MA_CHECKED_UTF8) != 0) {
        MA_TRY(ma_array_check_characters(self, err));
    }
    for (int32_t i = 0; i < self->n_children; i++) {
        const ma_status st = check(self->children[i], wanted, err);
        if (st != MA_OK) {
            const ma_field *field = self->type->children[i];
            ma_error_prefix(err, ".%.*s", (int)ma_min_i64(field->name_size, 64), field->name);
            return st;
        }
    }
    if (self->dictionary != NULL) {
        const ma_status st = check(self->dictionary, wanted, err);
        if (st != MA_OK) {
            ma_place_tell(self->dictionary->place, err);
            ma_error_prefix(err, ".dictionary");
            return st;
        }
    }
    if ((missing & MA_CHECKED_UTF8) != 0) {
        MA_TRY(check_keys(self, err));
    }
    atomic_fetch_or_explicit(&self->checked, wanted, memory_order_release);
    return MA_OK;
}

static ma_status
check_here(ma_array *self, unsigned wanted, ma_error *err)
{
    const ma_status st = check(self, wanted, err);
    if (st != MA_OK) {
        ma_place_tell(self->place, err);
    }
    return st;
}

ma_status
ma_array_check_values(ma_array *self, ma_error *err)
{
    return check_here(self, MA_CHECKED_VALUES, err);
}

ma_status
ma_array_check_full(ma_array *self, ma_error *err)
{
    return check_here(self, MA_CHECKED_VALUES | MA_CHECKED_UTF8, err);
}
