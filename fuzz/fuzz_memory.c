/* Memory that runs out: one allocation of all that are made while a stream is read, its columns are
 * used in every way, and written again, fails. What was asked for then fails with MA_NOMEM, and not
 * as if the bytes were to blame; nothing is lost.
 *
 * Input: a stream. Its last two bytes also say which allocation it is. */
#include "core/base/endian.h"
#include "core/base/fault.h"
#include "core/cdata/export_array.h"
#include "core/cdata/export_schema.h"
#include "core/cdata/import_array.h"
#include "core/cdata/import_schema.h"
#include "core/data/builder.h"
#include "core/data/compact.h"
#include "core/data/concat.h"
#include "core/ipc/encoder.h"
#include "core/validate/values.h"
#include "reading.h"
#include "touch.h"

#define TRIES         3 /* of other allocations, spread over all of them */
#define MOST_FAILURES 64

/* The failures of an input while memory lasts. */
static struct {
    int64_t count;
    ma_error errors[MOST_FAILURES];
} usual;

static bool
is_usual(const ma_error *err)
{
    for (int64_t i = 0; i < usual.count && i < MOST_FAILURES; i++) {
        if (fuzz_errors_equal(&usual.errors[i], err)) {
            return true;
        }
    }
    return usual.count > MOST_FAILURES;
}

/* Once memory has run out, whatever else fails fails as it did before. */
static void
require_failure(ma_status st, const ma_error *err)
{
    fuzz_require_failure(st, err);
    if (fuzz_short_of_memory) {
        FUZZ_REQUIRE(st == MA_NOMEM || is_usual(err));
    } else if (!is_usual(err)) {
        if (usual.count < MOST_FAILURES) {
            usual.errors[usual.count] = *err;
        }
        usual.count++;
    }
}

/* Whether to go on. */
static bool
went_well(ma_status *all, ma_status st, ma_error *err)
{
    if (st != MA_OK) {
        require_failure(st, err);
    }
    if (st == MA_NOMEM) {
        *all = st;
    }
    ma_error_init(err);
    return st == MA_OK;
}

static void
lend_array(ma_array *array, ma_status *all)
{
    struct ArrowArray lent;
    ma_array *back = NULL;
    ma_error err = fuzz_no_error();
    if (went_well(all, ma_cdata_export_array(array, &lent, &err), &err)) {
        if (went_well(all, ma_cdata_import_array(&lent, array->type, &back, &err), &err)) {
            ma_array_unref(back);
        }
    }
    FUZZ_REQUIRE(lent.release == NULL);
}

static void
lend_schema(const ma_schema *schema, ma_status *all)
{
    const ma_limits limits = fuzz_limits();
    struct ArrowSchema lent;
    ma_schema *back = NULL;
    ma_error err = fuzz_no_error();
    if (went_well(all, ma_cdata_export_schema(schema, &lent, &err), &err)) {
        if (went_well(all, ma_cdata_import_schema(&lent, &limits, &back, &err), &err)) {
            ma_schema_unref(back);
        }
        lent.release(&lent);
    }
    FUZZ_REQUIRE(lent.release == NULL);
}

static void
cut_and_join(ma_array *array, ma_status *all)
{
    const int64_t middle = array->length / 2;
    ma_array *parts[2] = {NULL, NULL};
    ma_array *made = NULL;
    ma_error err = fuzz_no_error();
    if (went_well(all, ma_array_slice(array, 0, middle, &parts[0], &err), &err) &&
        went_well(all, ma_array_slice(array, middle, array->length - middle, &parts[1], &err),
                  &err)) {
        if (went_well(all, ma_array_compact(parts[1], &made, &err), &err)) {
            ma_array_unref(made);
        }
        if (went_well(all, ma_array_concat(array->type, parts, 2, &made, &err), &err)) {
            ma_array_unref(made);
        }
    }
    ma_array_unref(parts[0]);
    ma_array_unref(parts[1]);
}

static void
rebuild(const ma_array *array, ma_status *all)
{
    const int64_t rows = fuzz_few_rows(array);
    ma_builder *builder = NULL;
    ma_array *built = NULL;
    ma_error err = fuzz_no_error();
    if (went_well(all, ma_builder_new(array->type, &builder, &err), &err)) {
        if (went_well(all, ma_builder_copy_rows(builder, array, 0, rows, &err), &err) &&
            went_well(all, ma_builder_finish(builder, &built, &err), &err)) {
            ma_array_unref(built);
        }
        ma_builder_free(builder);
    }
}

static void
write_batch(ma_batch *batch, uint8_t switches, ma_status *all)
{
    ma_write_options options = ma_write_options_default();
    const ma_codec_id codec = switches & 1 ? MA_CODEC_ZSTD : MA_CODEC_LZ4_FRAME;
    ma_error err = fuzz_no_error();
    ma_encoder *encoder = NULL;
    ma_output output;
    ma_output_init(&output);
    options.codec = ma_codec_available(codec, &err) == MA_OK ? codec : MA_CODEC_NONE;
    options.version = switches & 2 ? MA_V4 : MA_V5;
    ma_error_init(&err);
    if (went_well(all,
                  ma_encoder_new(ma_batch_schema(batch), &options, switches & 4, &encoder, &err),
                  &err) &&
        went_well(all, ma_encoder_begin(encoder, &output, &err), &err)) {
        ma_encoder_commit(encoder);
        ma_output_reset(&output);
        if (went_well(all, ma_encoder_batch(encoder, batch, NULL, &output, &err), &err)) {
            ma_encoder_commit(encoder);
        }
        ma_output_reset(&output);
        (void)went_well(all, ma_encoder_finish(encoder, NULL, &output, &err), &err);
    }
    ma_encoder_free(encoder);
    ma_output_fini(&output);
}

static void
use_batch(ma_batch *batch, uint8_t switches, ma_status *all)
{
    ma_error err = fuzz_no_error();
    bool good = true;
    lend_schema(ma_batch_schema(batch), all);
    for (int32_t i = 0; i < ma_batch_schema(batch)->n_fields && *all == MA_OK; i++) {
        ma_array *column;
        if (went_well(all, ma_batch_column(batch, i, &column, &err), &err) &&
            went_well(all, ma_array_check_full(column, &err), &err)) {
            lend_array(column, all);
            cut_and_join(column, all);
            rebuild(column, all);
        } else {
            good = false;
        }
    }
    if (good && *all == MA_OK) {
        write_batch(batch, switches, all);
    }
}

/* Whether no allocation failed, or none that mattered. */
static ma_status
use_stream(const uint8_t *data, size_t size, uint8_t switches)
{
    fuzz_reading read;
    fuzz_read_stream(data, size, 0, &read);
    ma_status all = MA_OK;
    (void)went_well(&all, read.status, &read.err);
    for (int32_t i = 0; i < read.count && all == MA_OK; i++) {
        use_batch(read.batches[i], switches, &all);
    }
    fuzz_reading_fini(&read);
    return all;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) {
        return 0;
    }
    const int64_t number = ma_load_le16(data + size - 2);
    const uint8_t switches = data[size - 1];
    usual.count = 0;
    ma_fault_set(0, 0);
    FUZZ_REQUIRE(use_stream(data, size, switches) == MA_OK);
    const int64_t count = ma_fault_seen();
    fuzz_short_of_memory = true;
    for (int64_t k = 1; k <= TRIES && count > 0; k++) {
        ma_fault_set(1 + k * number % count, 1);
        (void)use_stream(data, size, switches);
    }
    ma_fault_set(0, 0);
    fuzz_short_of_memory = false;
    return 0;
}
