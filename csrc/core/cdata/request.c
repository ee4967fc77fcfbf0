#include "core/cdata/request.h"

#include <string.h>

#include "core/base/memory.h"
#include "core/base/number.h"
#include "core/data/relayout.h"
#include "core/types/holds.h"
#include "core/validate/values.h"

ma_status
ma_cdata_request_field(ma_field *own, ma_field *wanted, bool may_be_null, ma_field **out,
                       ma_error *err)
{
    if (!ma_type_holds(wanted->type, own->type)) {
        *out = ma_field_ref(own);
        return MA_OK;
    }
    if (wanted->nullable ||
        (!may_be_null && !ma_type_uncovers_nulls(wanted->type, own->type))) {
        *out = ma_field_ref(wanted);
        return MA_OK;
    }
    const ma_bytes name = {wanted->name, wanted->name_size};
    return ma_field_new(name, wanted->type, true, wanted->metadata, out, err);
}

static ma_status
check_names(const ma_schema *own, const ma_schema *wanted, ma_error *err)
{
    if (own->n_fields != wanted->n_fields) {
        return ma_fail(err, MA_INVALID, -1,
                       "the schema asked for has %d fields, and the data has %d",
                       (int)wanted->n_fields, (int)own->n_fields);
    }
    for (int32_t i = 0; i < own->n_fields; i++) {
        const ma_field *a = own->fields[i];
        const ma_field *b = wanted->fields[i];
        if (a->name_size != b->name_size || memcmp(a->name, b->name, (size_t)a->name_size) != 0) {
            return ma_fail(
                err, MA_INVALID, -1,
                "field %d of the schema asked for is '%.*s', and that of the data '%.*s'", (int)i,
                (int)ma_min_i64(b->name_size, 64), b->name, (int)ma_min_i64(a->name_size, 64),
                a->name);
        }
    }
    return MA_OK;
}

ma_status
ma_cdata_request_schema(ma_schema *own, ma_schema *wanted, ma_schema **out, ma_error *err)
{
    MA_TRY(check_names(own, wanted, err));
    const int32_t n = own->n_fields;
    ma_field **fields = ma_calloc(n, sizeof(*fields));
    if (fields == NULL) {
        return ma_fail_nomem(err, n * (int64_t)sizeof(*fields));
    }
    ma_status st = MA_OK;
    for (int32_t i = 0; i < n && st == MA_OK; i++) {
        ma_field *field = own->fields[i];
        st = ma_cdata_request_field(field, wanted->fields[i], field->nullable, &fields[i], err);
    }
    if (st == MA_OK) {
        st = ma_schema_new(fields, n, wanted->metadata, out, err);
    }
    for (int32_t i = 0; i < n; i++) {
        ma_field_unref(fields[i]);
    }
    ma_free(fields);
    return st;
}

ma_status
ma_cdata_lend_array(ma_array *array, ma_type *type, ma_array **out, ma_error *err)
{
    MA_TRY(ma_array_check_values(array, err));
    const ma_status st = ma_array_relayout(array, type, out, err);
    if (st != MA_OK) {
        ma_place_tell(array->place, err);
    }
    return st;
}

static ma_status
lend_columns(ma_batch *batch, ma_schema *schema, ma_array **columns, ma_batch **out, ma_error *err)
{
    for (int32_t i = 0; i < schema->n_fields; i++) {
        ma_array *column;
        ma_field *field = schema->fields[i];
        MA_TRY(ma_batch_column(batch, i, &column, err));
        const ma_status st = ma_cdata_lend_array(column, field->type, &columns[i], err);
        if (st != MA_OK) {
            ma_place_name(column->place, field, err);
            return st;
        }
    }
    return ma_batch_new(schema, ma_batch_length(batch), columns, ma_batch_metadata(batch), out,
                        err);
}

ma_status
ma_cdata_lend_batch(ma_batch *batch, ma_schema *schema, ma_batch **out, ma_error *err)
{
    if (ma_batch_schema(batch) == schema) {
        *out = ma_batch_ref(batch);
        return MA_OK;
    }
    MA_TRY(ma_batch_load(batch, err));
    ma_array **columns = ma_calloc(schema->n_fields, sizeof(*columns));
    if (columns == NULL) {
        return ma_fail_nomem(err, schema->n_fields * (int64_t)sizeof(*columns));
    }
    const ma_status st = lend_columns(batch, schema, columns, out, err);
    for (int32_t i = 0; i < schema->n_fields; i++) {
        ma_array_unref(columns[i]);
    }
    ma_free(columns);
    return st;
}
