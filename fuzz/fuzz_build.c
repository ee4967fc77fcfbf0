/* Columns that are built again row by row, and columns of several batches that are joined.
 *
 * Input: a stream. Its last byte also says which rows are appended, taken back, and appended
 * again. */
#include "core/data/builder.h"
#include "core/data/concat.h"
#include "core/data/equal.h"
#include "core/validate/values.h"
#include "reading.h"
#include "touch.h"

#define MOST_ROWS   300
#define MOST_VALUES 4096 /* with those of all children */

typedef struct copying {
    int64_t values; /* that may still be appended */
    ma_error err;
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
    return ma_builder_end_list(builder, &self->err);
}

static ma_status
append_struct(copying *self, ma_builder *builder, const ma_array *array, int64_t i)
{
    for (int32_t c = 0; c < array->n_children; c++) {
        MA_TRY(append_row(self, builder->children[c], array->children[c], array->offset + i));
    }
    return ma_builder_end_struct(builder, &self->err);
}

static ma_status
append_union(copying *self, ma_builder *builder, const ma_array *array, int64_t i)
{
    int64_t row;
    const int32_t child = ma_array_union_at(array, i, &row);
    MA_TRY(append_row(self, builder->children[child], array->children[child], row));
    return ma_builder_end_union(builder, child, &self->err);
}

static ma_status
append_present(copying *self, ma_builder *builder, const ma_array *array, int64_t i)
{
    ma_error *err = &self->err;
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
        return ma_fail(&self->err, MA_LIMIT, -1, "more values than this tries");
    }
    return ma_array_is_null(array, i) ? ma_builder_append_null(builder, 1, &self->err)
                                      : append_present(self, builder, array, i);
}

/* As many rows as fit, some of them twice with the first time taken back. */
static void
append_rows(ma_builder *builder, const ma_array *array, uint8_t again)
{
    copying self = {MOST_VALUES, fuzz_no_error()};
    for (int64_t i = 0; i < array->length && i < MOST_ROWS; i++) {
        int times = 1 + (again >> i % 8 & 1);
        while (times > 0) {
            const ma_status st = append_row(&self, builder, array, i);
            if (st != MA_OK) {
                fuzz_require_failure(st, &self.err);
            }
            if (st != MA_OK || times == 2) {
                ma_builder_truncate(builder, i);
            }
            if (st != MA_OK) {
                return;
            }
            times--;
        }
    }
}

/* So that what is known about it must be found out. */
static void
forget_checks(ma_array *array)
{
    atomic_store(&array->checked, 0);
    for (int32_t i = 0; i < array->n_children; i++) {
        forget_checks(array->children[i]);
    }
    if (array->dictionary != NULL) {
        forget_checks(array->dictionary);
    }
}

static void
require_built(ma_array *array, uint8_t again)
{
    ma_builder *builder = NULL;
    ma_array *built = NULL;
    FUZZ_REQUIRE(ma_builder_new(array->type, &builder, NULL) == MA_OK);
    append_rows(builder, array, again);
    FUZZ_REQUIRE(ma_builder_finish(builder, &built, NULL) == MA_OK);
    ma_builder_free(builder);
    forget_checks(built);
    FUZZ_REQUIRE(ma_array_check_full(built, NULL) == MA_OK);
    FUZZ_REQUIRE(ma_array_equal_range(array, 0, built, 0, built->length, true));
    ma_array_unref(built);
}

/* Column `i` of all batches, one behind the other; what they hold is good. */
static void
require_joined(ma_array *const *columns, int64_t n)
{
    ma_error err = fuzz_no_error();
    ma_array *joined = NULL;
    int64_t at = 0;
    const ma_status st = ma_array_concat(columns[0]->type, columns, n, &joined, &err);
    if (st != MA_OK) { /* dictionaries that together outgrow their indices */
        fuzz_require_failure(st, &err);
        return;
    }
    FUZZ_REQUIRE(ma_array_check_values(joined, NULL) == MA_OK);
    for (int64_t i = 0; i < n; i++) {
        FUZZ_REQUIRE(ma_array_equal_range(joined, at, columns[i], 0, columns[i]->length, true));
        at += columns[i]->length;
    }
    FUZZ_REQUIRE(at == joined->length);
    ma_array_unref(joined);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_reading read;
    if (size == 0) {
        return 0;
    }
    fuzz_read_stream(data, size, 0, &read);
    for (int32_t c = 0; read.schema != NULL && c < read.schema->n_fields; c++) {
        ma_array *good[FUZZ_MOST_BATCHES];
        int64_t n = 0;
        for (int32_t i = 0; i < read.count; i++) {
            ma_error err = fuzz_no_error();
            if (ma_batch_column(read.batches[i], c, &good[n], &err) == MA_OK &&
                ma_array_check_full(good[n], &err) == MA_OK) {
                require_built(good[n++], data[size - 1]);
            }
        }
        if (n > 1) {
            require_joined(good, n);
        }
    }
    fuzz_reading_fini(&read);
    return 0;
}
