/* What another library hands over through the C data interface: a schema, an array or a batch, and
 * a stream of arrays.
 *
 * Input: a byte of switches, and what a schema and arrays are made of (foreign.h). */
#include <errno.h>
#include <string.h>

#include "core/cdata/export_array.h"
#include "core/cdata/export_schema.h"
#include "core/cdata/import_array.h"
#include "core/cdata/import_schema.h"
#include "core/cdata/request.h"
#include "core/cdata/stream.h"
#include "core/data/equal.h"
#include "core/data/relayout.h"
#include "core/types/holds.h"
#include "core/validate/values.h"
#include "foreign.h"
#include "touch.h"

enum {
    SWITCH_BATCH = 1,
    SWITCH_STREAM = 2,
};

/* ---- schemas ---- */

/* What was imported comes out of an export again. */
static void
require_lent(const ma_field *field)
{
    const ma_limits limits = fuzz_limits();
    struct ArrowSchema lent;
    ma_field *back = NULL;
    ma_error err = fuzz_no_error();
    if (ma_cdata_export_field(field, &lent, &err) != MA_OK) { /* text that is not UTF-8 */
        FUZZ_REQUIRE(lent.release == NULL && err.status == MA_INVALID);
        return;
    }
    FUZZ_REQUIRE(ma_cdata_import_field(&lent, &limits, &back, NULL) == MA_OK);
    FUZZ_REQUIRE(ma_field_equal(field, back, true));
    ma_field_unref(back);
    lent.release(&lent);
}

static ma_field *
import_field(fuzz_input *in, bool other_layout)
{
    const ma_limits limits = fuzz_limits();
    struct ArrowSchema foreign;
    ma_field *field = NULL;
    ma_error err = fuzz_no_error();
    fuzz_make_schema(in, other_layout, &foreign);
    const ma_status st = ma_cdata_import_field(&foreign, &limits, &field, &err);
    FUZZ_REQUIRE(foreign.release != NULL);
    foreign.release(&foreign);
    if (st != MA_OK) {
        fuzz_require_failure(st, &err);
        return NULL;
    }
    require_lent(field);
    return field;
}

/* ---- another layout ---- */

/* What is known about the array is so. */
static void
require_honest(ma_array *array)
{
    const ma_status st = ma_array_check_full(array, NULL);
    fuzz_forget_checks(array);
    FUZZ_REQUIRE(ma_array_check_full(array, NULL) == st);
}

static void
require_same_rows(ma_array *array, ma_array *other, ma_type *type)
{
    ma_array *back = NULL;
    ma_error err = fuzz_no_error();
    FUZZ_REQUIRE(other->length == array->length && ma_type_equal(other->type, type, false));
    FUZZ_REQUIRE(ma_array_check_values(other, NULL) == MA_OK);
    require_honest(other);
    if (!ma_type_holds(array->type, type)) {
        return;
    }
    const ma_status st = ma_array_relayout(other, array->type, &back, &err);
    if (st == MA_OK) {
        FUZZ_REQUIRE(ma_array_check_values(back, NULL) == MA_OK);
        FUZZ_REQUIRE(array->length == back->length &&
                     fuzz_rows_equal(array, 0, back, 0, array->length));
        ma_array_unref(back);
    } else { /* rows that few bytes stand for, or more values than there are indices */
        fuzz_require_failure(st, &err);
    }
}

static void
lend_otherwise(ma_array *array, ma_field *own, ma_field *wanted)
{
    ma_field *agreed = NULL;
    ma_array *lent = NULL;
    ma_error err = fuzz_no_error();
    const bool has_nulls = ma_array_null_count(array) > 0;
    FUZZ_REQUIRE(ma_cdata_request_field(own, wanted, has_nulls, &agreed, NULL) == MA_OK);
    const ma_status st = ma_cdata_lend_array(array, agreed->type, &lent, &err);
    if (st == MA_OK) {
        FUZZ_REQUIRE(agreed == own || agreed->nullable || ma_array_null_count(lent) == 0);
        require_same_rows(array, lent, agreed->type);
        ma_array_unref(lent);
    } else {
        fuzz_require_failure(st, &err);
    }
    ma_field_unref(agreed);
}

/* ---- arrays and batches ---- */

static void
import_array(fuzz_input *in, ma_field *field, ma_field *wanted)
{
    struct ArrowArray foreign;
    ma_array *array = NULL;
    ma_error err = fuzz_no_error();
    int released = 0;
    fuzz_make_array(in, field->type, &released, &foreign);
    const ma_status st = ma_cdata_import_array(&foreign, field->type, &array, &err);
    FUZZ_REQUIRE(foreign.release == NULL);
    if (st != MA_OK) {
        fuzz_require_failure(st, &err);
    } else {
        if (fuzz_touch_array(array) && wanted != NULL) {
            lend_otherwise(array, field, wanted);
        }
        ma_array_unref(array);
    }
    FUZZ_REQUIRE(released == 1);
}

/* The schema whose fields are the children of a struct. */
static ma_schema *
schema_of(const ma_field *field)
{
    ma_schema *schema = NULL;
    const ma_type *type = field->type;
    FUZZ_REQUIRE(ma_schema_new(type->children, type->n_children, field->metadata, &schema, NULL) ==
                 MA_OK);
    return schema;
}

static void
lend_batch_otherwise(ma_batch *batch, const ma_field *wanted)
{
    ma_schema *asked = schema_of(wanted);
    ma_schema *agreed = NULL;
    ma_batch *lent = NULL;
    ma_error err = fuzz_no_error();
    ma_status st = ma_cdata_request_schema(ma_batch_schema(batch), asked, &agreed, &err);
    if (st == MA_OK) {
        st = ma_cdata_lend_batch(batch, agreed, &lent, &err);
    }
    if (st == MA_OK) {
        fuzz_touch_batch(lent);
        ma_batch_unref(lent);
    } else {
        fuzz_require_failure(st, &err);
    }
    ma_schema_unref(agreed);
    ma_schema_unref(asked);
}

static void
touch_imported(ma_batch *batch, const ma_field *wanted)
{
    struct ArrowArray lent;
    ma_error err = fuzz_no_error();
    fuzz_touch_batch(batch);
    if (ma_cdata_export_batch(batch, &lent, &err) == MA_OK) {
        lent.release(&lent);
    } else {
        FUZZ_REQUIRE(lent.release == NULL);
        fuzz_require_failure(err.status, &err);
    }
    if (wanted != NULL && wanted->type->id == MA_TYPE_STRUCT) {
        lend_batch_otherwise(batch, wanted);
    }
}

static void
import_batch(fuzz_input *in, const ma_field *field, const ma_field *wanted)
{
    struct ArrowArray foreign;
    ma_batch *batch = NULL;
    ma_error err = fuzz_no_error();
    int released = 0;
    ma_schema *schema = schema_of(field);
    fuzz_make_array(in, field->type, &released, &foreign);
    const ma_status st = ma_cdata_import_batch(&foreign, schema, &batch, &err);
    FUZZ_REQUIRE(foreign.release == NULL);
    if (st != MA_OK) {
        fuzz_require_failure(st, &err);
    } else {
        touch_imported(batch, wanted);
        ma_batch_unref(batch);
    }
    ma_schema_unref(schema);
    FUZZ_REQUIRE(released == 1);
}

/* ---- streams ---- */

/* One that hands out what `in` says, through our own export where its calls succeed. */
typedef struct source {
    ma_cdata_source base;
    fuzz_input *in;
    const ma_field *field;
    int *released; /* how many arrays were */
    int made;
    int failing; /* the call from which on they fail */
} source;

static ma_status
source_schema(ma_cdata_source *base, struct ArrowSchema *out, ma_error *err)
{
    source *self = (source *)base;
    return self->failing == 0 ? ma_fail(err, MA_UNSUPPORTED, 7, "no schema")
                              : ma_cdata_export_field(self->field, out, err);
}

static ma_status
source_next(ma_cdata_source *base, struct ArrowArray *out, ma_error *err)
{
    source *self = (source *)base;
    if (self->made >= self->failing) {
        return self->failing % 2 ? MA_END : ma_fail(err, MA_INVALID, -1, "no more");
    }
    self->made++;
    fuzz_make_array(self->in, self->field->type, self->released, out);
    return MA_OK;
}

static void
source_free(ma_cdata_source *base)
{
    free(base);
}

static void
import_stream(fuzz_input *in, const ma_field *field)
{
    const ma_limits limits = fuzz_limits();
    struct ArrowArrayStream stream;
    ma_error err = fuzz_no_error();
    ma_field *found = NULL;
    int released = 0;
    int handed_out = 0;
    source *made = malloc(sizeof(*made));
    FUZZ_REQUIRE(made != NULL);
    *made = (source){{.schema = source_schema, .next = source_next, .free = source_free},
                     in,
                     field,
                     &released,
                     0,
                     fuzz_take(in) % 5};
    FUZZ_REQUIRE(ma_cdata_export_stream(&made->base, &stream, NULL) == MA_OK);
    ma_status st = ma_cdata_stream_field(&stream, &limits, &found, &err);
    while (st == MA_OK) {
        ma_array *array = NULL;
        err = fuzz_no_error();
        st = ma_cdata_stream_next_array(&stream, found->type, &array, &err);
        if (st == MA_OK) {
            (void)fuzz_touch_array(array);
            ma_array_unref(array);
        }
    }
    if (st != MA_END) {
        fuzz_require_failure(st, &err);
    }
    handed_out = made->made;
    stream.release(&stream);
    FUZZ_REQUIRE(stream.release == NULL && released == handed_out);
    err = fuzz_no_error();
    FUZZ_REQUIRE(ma_cdata_stream_field(&stream, &limits, &found, &err) == MA_INVALID);
    ma_field_unref(found);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input in = {data, size};
    const uint8_t switches = fuzz_take(&in);
    fuzz_input again = in;
    ma_field *field = import_field(&in, false);
    ma_field *wanted = import_field(&again, true);
    if (field == NULL) {
        ma_field_unref(wanted);
        return 0;
    }
    if (switches & SWITCH_STREAM) {
        import_stream(&in, field);
    } else if ((switches & SWITCH_BATCH) && field->type->id == MA_TYPE_STRUCT) {
        import_batch(&in, field, wanted);
    } else {
        import_array(&in, field, wanted);
    }
    ma_field_unref(field);
    ma_field_unref(wanted);
    return 0;
}
