#include "touch.h"

#include <string.h>

#include "core/base/number.h"
#include "core/cdata/export_array.h"
#include "core/cdata/import_array.h"
#include "core/data/compact.h"
#include "core/data/concat.h"
#include "core/data/dense.h"
#include "core/data/equal.h"
#include "core/data/extent.h"
#include "core/validate/values.h"

/* Values, and bytes of values, of one array that are read: lists whose rows overlap have any number
 * of them. */
#define MOST_VALUES 4096
#define MOST_BYTES  (64 * 1024)
#define MOST_DENSE  (64 * 1024) /* rows that may take memory, which nulls and runs do not */

ma_limits
fuzz_limits(void)
{
    return (ma_limits){
        .max_metadata_size = 1 << 20,
        .max_nesting_depth = 64,
        .max_fields = 4096,
        .max_buffer_size = 256 << 10,
        .max_batch_size = 1 << 20,
        .max_dictionary_size = 1 << 20,
    };
}

bool fuzz_short_of_memory = false;

void
fuzz_require_failure(ma_status st, const ma_error *err)
{
    FUZZ_REQUIRE(st == MA_INVALID || st == MA_UNSUPPORTED || st == MA_LIMIT ||
                 (st == MA_NOMEM && fuzz_short_of_memory));
    FUZZ_REQUIRE(err->status == st && err->text[0] != '\0');
    FUZZ_REQUIRE(err->offset >= -1 && err->message >= -1);
}

/* ---- values ---- */

typedef struct visit {
    int64_t values; /* that may still be read */
    int64_t bytes;
    uint8_t sum; /* of all that was read, so that reading it is no idle work */
} visit;

static void
read_bytes(visit *self, const void *data, int64_t size)
{
    const uint8_t *bytes = data;
    if (size > 0 && size <= self->bytes) {
        self->bytes -= size;
        for (int64_t i = 0; i < size; i++) {
            self->sum ^= bytes[i];
        }
    } else if (size > 0) { /* too many by now: the ends at least */
        self->sum ^= bytes[0] ^ bytes[size - 1];
    }
}

static void
read_value(visit *self, const ma_array *array, int64_t i);

static void
read_list(visit *self, const ma_array *array, int64_t i)
{
    int64_t start;
    int64_t size;
    ma_array_list_at(array, i, &start, &size);
    FUZZ_REQUIRE(start >= 0 && size >= 0);
    FUZZ_REQUIRE(size == 0 || start <= array->children[0]->length - size);
    for (int64_t k = 0; k < size && self->values > 0; k++) {
        read_value(self, array->children[0], start + k);
    }
}

static void
read_fixed(visit *self, const ma_array *array, int64_t i)
{
    if (array->type->bits == 1) {
        self->sum ^= ma_bitmap_get(array->buffers[1].data, array->offset + i);
        return;
    }
    const ma_bytes bytes = ma_array_bytes_at(array, i);
    read_bytes(self, bytes.data, bytes.size);
}

static void
read_union(visit *self, const ma_array *array, int64_t i)
{
    int64_t row;
    const int32_t child = ma_array_union_at(array, i, &row);
    FUZZ_REQUIRE(child >= 0 && child < array->n_children);
    read_value(self, array->children[child], row);
}

static void
read_present(visit *self, const ma_array *array, int64_t i)
{
    ma_bytes bytes;
    switch (array->type->layout) {
    case MA_LAYOUT_NULL:
        break;
    case MA_LAYOUT_FIXED:
        read_fixed(self, array, i);
        break;
    case MA_LAYOUT_BINARY32:
    case MA_LAYOUT_BINARY64:
    case MA_LAYOUT_VIEW:
        bytes = ma_array_bytes_at(array, i);
        read_bytes(self, bytes.data, bytes.size);
        break;
    case MA_LAYOUT_LIST32:
    case MA_LAYOUT_LIST64:
    case MA_LAYOUT_LIST_VIEW32:
    case MA_LAYOUT_LIST_VIEW64:
    case MA_LAYOUT_FIXED_LIST:
        read_list(self, array, i);
        break;
    case MA_LAYOUT_STRUCT:
        for (int32_t c = 0; c < array->n_children; c++) {
            read_value(self, array->children[c], array->offset + i);
        }
        break;
    case MA_LAYOUT_SPARSE_UNION:
    case MA_LAYOUT_DENSE_UNION:
        read_union(self, array, i);
        break;
    case MA_LAYOUT_RUN_END:
        read_value(self, array->children[1], ma_array_run_at(array, i));
        break;
    case MA_LAYOUT_DICTIONARY:
        read_value(self, array->dictionary, ma_array_int_at(array, i));
        break;
    }
}

static void
read_value(visit *self, const ma_array *array, int64_t i)
{
    FUZZ_REQUIRE(i >= 0 && i < array->length);
    if (self->values > 0) {
        self->values--;
        if (!ma_array_is_null(array, i)) {
            read_present(self, array, i);
        }
    }
}

/* From both ends, as arrays may be long. */
static void
read_values(const ma_array *array)
{
    visit self = {MOST_VALUES, MOST_BYTES, 0};
    for (int64_t i = 0; i < array->length / 2 && self.values > MOST_VALUES / 2; i++) {
        read_value(&self, array, i);
    }
    for (int64_t i = array->length - 1; i >= 0 && self.values > 0; i--) {
        read_value(&self, array, i);
    }
    volatile uint8_t sink = self.sum;
    (void)sink;
}

/* ---- other forms of the same ---- */

bool
fuzz_rows_equal(const ma_array *a, int64_t i, const ma_array *b, int64_t j, int64_t n)
{
    return !ma_array_extent_fits(a, i, n, MA_EXTENT_VISITS) ||
           !ma_array_extent_fits(b, j, n, MA_EXTENT_VISITS) ||
           ma_array_equal_range(a, i, b, j, n, true);
}

static bool
arrays_equal(const ma_array *a, const ma_array *b)
{
    return a->length == b->length && fuzz_rows_equal(a, 0, b, 0, a->length);
}

static ma_array *
slice(ma_array *array, int64_t offset, int64_t length)
{
    ma_array *out = NULL;
    FUZZ_REQUIRE(ma_array_slice(array, offset, length, &out, NULL) == MA_OK);
    return out;
}

static void
require_compact(ma_array *array)
{
    ma_array *compact = NULL;
    ma_array *again = NULL;
    FUZZ_REQUIRE(ma_array_compact(array, &compact, NULL) == MA_OK);
    FUZZ_REQUIRE(ma_array_check_values(compact, NULL) == MA_OK);
    FUZZ_REQUIRE(compact->offset == 0 && arrays_equal(array, compact));
    FUZZ_REQUIRE(ma_array_compact(compact, &again, NULL) == MA_OK && again == compact);
    ma_array_unref(again);
    ma_array_unref(compact);
}

static void
require_joined(ma_array *array, ma_array *first, ma_array *second)
{
    ma_array *joined = NULL;
    ma_array *const both[] = {first, second};
    FUZZ_REQUIRE(ma_array_concat(array->type, both, 2, &joined, NULL) == MA_OK);
    FUZZ_REQUIRE(ma_array_check_values(joined, NULL) == MA_OK);
    FUZZ_REQUIRE(arrays_equal(joined, array));
    ma_array_unref(joined);
}

/* Rows of a form that numpy takes, where the type has it. */
static void
require_dense(ma_array *first, ma_array *second, ma_dense_form form)
{
    static const uint8_t fill[8] = {0xF1, 0x11};
    ma_array *const both[] = {first, second};
    const int64_t width = ma_dense_width(form, first->type);
    ma_buffer out;
    FUZZ_REQUIRE(width >= 0 && width <= (int64_t)sizeof(fill));
    if (width == 0) {
        return;
    }
    const uint8_t *fills = form == MA_DENSE_VALUES ? fill : NULL;
    FUZZ_REQUIRE(ma_dense_make(form, both, 2, fills, &out, NULL) == MA_OK);
    FUZZ_REQUIRE(out.size == width * (first->length + second->length));
    for (int64_t i = 0; i < second->length && i < MOST_VALUES; i++) {
        const uint8_t *row = out.data + width * (first->length + i);
        const bool is_null = ma_array_is_null(second, i);
        FUZZ_REQUIRE(form != MA_DENSE_NULLS || *row == is_null);
        if (form == MA_DENSE_VALUES) {
            const void *value = is_null ? fill : (const void *)ma_array_bytes_at(second, i).data;
            FUZZ_REQUIRE(memcmp(row, value, (size_t)width) == 0);
        }
    }
    ma_buffer_clear(&out);
}

static void
require_lent(ma_array *array)
{
    struct ArrowArray lent;
    ma_array *back = NULL;
    if (ma_cdata_export_array(array, &lent, NULL) != MA_OK) {
        FUZZ_REQUIRE(lent.release == NULL && ma_array_check_full(array, NULL) != MA_OK);
        return;
    }
    FUZZ_REQUIRE(ma_cdata_import_array(&lent, array->type, &back, NULL) == MA_OK);
    FUZZ_REQUIRE(lent.release == NULL && ma_array_check_full(back, NULL) == MA_OK);
    FUZZ_REQUIRE(arrays_equal(array, back));
    ma_array_unref(back);
}

bool
fuzz_touch_array(ma_array *array)
{
    ma_error err = fuzz_no_error();
    const int64_t middle = array->length / 2;
    FUZZ_REQUIRE(ma_array_null_count(array) <= array->length && ma_array_nbytes(array) >= 0);
    ma_array *first = slice(array, 0, middle);
    ma_array *second = slice(array, middle, array->length - middle);
    /* From nothing, as when it is lent at once: no check of values went before this one. */
    const ma_status full = ma_array_check_full(first, &err);
    if (full != MA_OK) {
        fuzz_require_failure(full, &err);
        err = fuzz_no_error();
    }
    const ma_status half = ma_array_check_values(second, NULL);
    const ma_status st = ma_array_check_values(array, &err);
    if (st != MA_OK) {
        fuzz_require_failure(st, &err);
    } else {
        FUZZ_REQUIRE(half == MA_OK && ma_array_check_values(first, NULL) == MA_OK);
        read_values(array);
        FUZZ_REQUIRE(arrays_equal(array, array));
        FUZZ_REQUIRE(fuzz_rows_equal(array, middle, second, 0, second->length));
        require_compact(array);
        require_compact(second);
        require_joined(array, first, second);
        require_lent(second);
        if (array->length <= MOST_DENSE) {
            for (int form = MA_DENSE_VALUES; form <= MA_DENSE_NULLS; form++) {
                require_dense(first, second, (ma_dense_form)form);
            }
        }
    }
    ma_array_unref(first);
    ma_array_unref(second);
    return st == MA_OK;
}

/* ---- batches ---- */

void
fuzz_forget_checks(ma_array *array)
{
    atomic_store(&array->checked, 0);
    for (int32_t i = 0; i < array->n_children; i++) {
        fuzz_forget_checks(array->children[i]);
    }
    if (array->dictionary != NULL) {
        fuzz_forget_checks(array->dictionary);
    }
}

int64_t
fuzz_few_rows(const ma_array *array)
{
    int64_t rows = ma_min_i64(array->length, 300);
    while (!ma_array_extent_within(array, 0, rows, MA_EXTENT_COPIES, 4096 * MA_EXTENT_ROW)) {
        rows /= 2;
    }
    return rows;
}

void
fuzz_touch_batch(ma_batch *batch)
{
    for (int32_t i = 0; i < ma_batch_schema(batch)->n_fields; i++) {
        ma_error err = fuzz_no_error();
        ma_error repeated = fuzz_no_error();
        ma_array *column = NULL;
        const ma_status st = ma_batch_column(batch, i, &column, &err);
        if (st == MA_OK) {
            FUZZ_REQUIRE(column->length == ma_batch_length(batch));
            (void)fuzz_touch_array(column);
        } else {
            fuzz_require_failure(st, &err);
            FUZZ_REQUIRE(ma_batch_column(batch, i, &column, &repeated) == st);
            FUZZ_REQUIRE(strcmp(err.text, repeated.text) == 0);
        }
    }
}

bool
fuzz_errors_equal(const ma_error *a, const ma_error *b)
{
    return a->status == b->status && a->offset == b->offset && a->message == b->message &&
           strcmp(a->where, b->where) == 0 && strcmp(a->text, b->text) == 0;
}

bool
fuzz_columns_equal(ma_batch *a, int32_t i, ma_batch *b, int32_t j)
{
    ma_error x_err = fuzz_no_error();
    ma_error y_err = fuzz_no_error();
    ma_array *x = NULL;
    ma_array *y = NULL;
    ma_status x_st = ma_batch_column(a, i, &x, &x_err);
    ma_status y_st = ma_batch_column(b, j, &y, &y_err);
    if (x_st == MA_OK && y_st == MA_OK) {
        x_st = ma_array_check_values(x, &x_err);
        y_st = ma_array_check_values(y, &y_err);
    }
    return x_st == MA_OK && y_st == MA_OK ? arrays_equal(x, y) : fuzz_errors_equal(&x_err, &y_err);
}
