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

/* The bits of `again` choose rows that are appended, taken back, and appended again. */
static ma_status
copy_rows(ma_builder *builder, const ma_array *array, uint8_t again, ma_error *err)
{
    const int64_t rows = fuzz_few_rows(array);
    for (int64_t i = 0; i < rows; i++) {
        for (int times = 1 + (again >> i % 8 & 1); times > 0; times--) {
            const ma_status st = ma_builder_copy_rows(builder, array, i, 1, err);
            if (st != MA_OK || times == 2) {
                ma_builder_truncate(builder, i);
            }
            MA_TRY(st);
        }
    }
    return MA_OK;
}

static void
require_built(ma_array *array, uint8_t again)
{
    ma_error err = fuzz_no_error();
    ma_builder *builder = NULL;
    ma_array *built = NULL;
    FUZZ_REQUIRE(ma_builder_new(array->type, &builder, NULL) == MA_OK);
    const ma_status st = copy_rows(builder, array, again, &err);
    if (st != MA_OK) { /* more distinct values, or runs, than fit the type */
        fuzz_require_failure(st, &err);
    }
    FUZZ_REQUIRE(ma_builder_finish(builder, &built, NULL) == MA_OK);
    ma_builder_free(builder);
    fuzz_forget_checks(built);
    FUZZ_REQUIRE(ma_array_check_full(built, NULL) == MA_OK);
    FUZZ_REQUIRE(fuzz_rows_equal(array, 0, built, 0, built->length));
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
        FUZZ_REQUIRE(fuzz_rows_equal(joined, at, columns[i], 0, columns[i]->length));
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
