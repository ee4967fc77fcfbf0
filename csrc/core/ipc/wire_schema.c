#include "core/ipc/wire_schema.h"

#include <string.h>

#include "core/base/memory.h"

static ma_status
number_field(ma_field *field, int32_t *count, ma_field **out, ma_error *err);

static ma_status
number_type(ma_type *type, int32_t *count, ma_type **out, ma_error *err);

/* The parameters of types that have children or values; no other type is copied. */
static ma_status
copy_parameters(const ma_type *type, ma_type *copy, ma_error *err)
{
    copy->keys_sorted = type->keys_sorted;
    copy->ordered = type->ordered;
    copy->list_size = type->list_size;
    if (type->type_codes != NULL) {
        copy->type_codes = ma_malloc(type->n_children);
        if (copy->type_codes == NULL) {
            return ma_fail_nomem(err, type->n_children);
        }
        memcpy(copy->type_codes, type->type_codes, (size_t)type->n_children);
    }
    return MA_OK;
}

static ma_status
number_parts(ma_type *type, ma_type *copy, int32_t *count, ma_error *err)
{
    MA_TRY(copy_parameters(type, copy, err));
    if (type->id == MA_TYPE_DICTIONARY) {
        copy->index_type = ma_type_ref(type->index_type);
        MA_TRY(number_type(type->value_type, count, &copy->value_type, err));
        copy->dictionary_id = (*count)++;
    }
    for (int32_t i = 0; i < type->n_children; i++) {
        MA_TRY(number_field(type->children[i], count, &copy->children[i], err));
    }
    return ma_type_seal(copy, err);
}

static ma_status
number_type(ma_type *type, int32_t *count, ma_type **out, ma_error *err)
{
    ma_type *copy = NULL;
    if (!type->has_dictionary) {
        *out = ma_type_ref(type);
        return MA_OK;
    }
    MA_TRY(ma_type_new(type->id, type->n_children, &copy, err));
    const ma_status st = number_parts(type, copy, count, err);
    if (st != MA_OK) {
        ma_type_unref(copy);
        return st;
    }
    *out = copy;
    return MA_OK;
}

static ma_status
number_field(ma_field *field, int32_t *count, ma_field **out, ma_error *err)
{
    ma_type *type = NULL;
    if (!field->type->has_dictionary) {
        *out = ma_field_ref(field);
        return MA_OK;
    }
    MA_TRY(number_type(field->type, count, &type, err));
    const ma_status st = ma_field_new((ma_bytes){field->name, field->name_size}, type,
                                      field->nullable, field->metadata, out, err);
    ma_type_unref(type);
    return st;
}

ma_status
ma_wire_schema_new(ma_schema *schema, ma_schema **out, int32_t *count, ma_error *err)
{
    *count = 0;
    if (!schema->has_dictionary) {
        *out = ma_schema_ref(schema);
        return MA_OK;
    }
    ma_field **fields = ma_calloc(schema->n_fields, sizeof(*fields));
    if (fields == NULL) {
        return ma_fail_nomem(err, schema->n_fields * (int64_t)sizeof(*fields));
    }
    ma_status st = MA_OK;
    for (int32_t i = 0; i < schema->n_fields && st == MA_OK; i++) {
        st = number_field(schema->fields[i], count, &fields[i], err);
    }
    if (st == MA_OK) {
        st = ma_schema_new(fields, schema->n_fields, schema->metadata, out, err);
    }
    for (int32_t i = 0; i < schema->n_fields; i++) {
        ma_field_unref(fields[i]);
    }
    ma_free(fields);
    return st;
}
