#include <string.h>

#include "core/base/memory.h"
#include "core/meta/fb_ids.h"
#include "core/meta/schema_meta.h"

static ma_fb_ref
write_int_type(ma_fb_writer *out, const ma_type *type)
{
    ma_fb_begin(out);
    ma_fb_put_int(out, 0, 4, type->bits);
    ma_fb_put_int(out, 1, 1, ma_type_is_signed(type));
    return ma_fb_end(out);
}

/* A type's table of one or no 16-bit number. */
static ma_fb_ref
write_choice(ma_fb_writer *out, int64_t value)
{
    ma_fb_begin(out);
    ma_fb_put_int(out, 0, 2, value);
    return ma_fb_end(out);
}

static ma_fb_ref
write_number(ma_fb_writer *out, int bytes, int64_t value)
{
    ma_fb_begin(out);
    ma_fb_put_int(out, 0, bytes, value);
    return ma_fb_end(out);
}

static ma_fb_ref
write_empty(ma_fb_writer *out)
{
    ma_fb_begin(out);
    return ma_fb_end(out);
}

static ma_fb_ref
write_decimal(ma_fb_writer *out, const ma_type *type)
{
    ma_fb_begin(out);
    ma_fb_put_int(out, 0, 4, type->precision);
    ma_fb_put_int(out, 1, 4, type->scale);
    ma_fb_put_int(out, 2, 4, type->bits);
    return ma_fb_end(out);
}

static ma_fb_ref
write_time(ma_fb_writer *out, const ma_type *type)
{
    ma_fb_begin(out);
    ma_fb_put_int(out, 1, 4, type->bits);
    ma_fb_put_int(out, 0, 2, type->unit);
    return ma_fb_end(out);
}

static ma_fb_ref
write_timestamp(ma_fb_writer *out, const ma_type *type)
{
    ma_fb_ref zone = 0;
    if (type->timezone != NULL) {
        zone = ma_fb_write_string(out, type->timezone, (int64_t)strlen(type->timezone));
    }
    ma_fb_begin(out);
    ma_fb_put_ref(out, 1, zone);
    ma_fb_put_int(out, 0, 2, type->unit);
    return ma_fb_end(out);
}

static ma_fb_ref
write_union(ma_fb_writer *out, const ma_type *type)
{
    uint8_t codes[4 * 128];
    for (int32_t i = 0; i < type->n_children; i++) {
        ma_store_le32(codes + 4 * i, (uint32_t)type->type_codes[i]);
    }
    const ma_fb_ref ids = ma_fb_write_vector(out, codes, type->n_children, 4, 4, NULL);
    ma_fb_begin(out);
    ma_fb_put_ref(out, 1, ids);
    ma_fb_put_int(out, 0, 2, type->id == MA_TYPE_DENSE_UNION);
    return ma_fb_end(out);
}

/* The type's own table; `*tag` is its number in the union Type. */
static ma_fb_ref
write_type(ma_fb_writer *out, const ma_type *type, int *tag)
{
    switch (type->id) {
    case MA_TYPE_NULL:
        *tag = FB_TYPE_NULL;
        return write_empty(out);
    case MA_TYPE_BOOL:
        *tag = FB_TYPE_BOOL;
        return write_empty(out);
    case MA_TYPE_INT8:
    case MA_TYPE_UINT8:
    case MA_TYPE_INT16:
    case MA_TYPE_UINT16:
    case MA_TYPE_INT32:
    case MA_TYPE_UINT32:
    case MA_TYPE_INT64:
    case MA_TYPE_UINT64:
        *tag = FB_TYPE_INT;
        return write_int_type(out, type);
    case MA_TYPE_FLOAT16:
    case MA_TYPE_FLOAT32:
    case MA_TYPE_FLOAT64:
        *tag = FB_TYPE_FLOATING_POINT;
        return write_choice(out, type->id - MA_TYPE_FLOAT16);
    case MA_TYPE_DATE32:
    case MA_TYPE_DATE64:
        *tag = FB_TYPE_DATE;
        return write_choice(out, type->id - MA_TYPE_DATE32);
    case MA_TYPE_TIME32:
    case MA_TYPE_TIME64:
        *tag = FB_TYPE_TIME;
        return write_time(out, type);
    case MA_TYPE_TIMESTAMP:
        *tag = FB_TYPE_TIMESTAMP;
        return write_timestamp(out, type);
    case MA_TYPE_DURATION:
        *tag = FB_TYPE_DURATION;
        return write_choice(out, type->unit);
    case MA_TYPE_INTERVAL_MONTHS:
    case MA_TYPE_INTERVAL_DAY_TIME:
    case MA_TYPE_INTERVAL_MONTH_DAY_NANO:
        *tag = FB_TYPE_INTERVAL;
        return write_choice(out, type->id - MA_TYPE_INTERVAL_MONTHS);
    case MA_TYPE_DECIMAL32:
    case MA_TYPE_DECIMAL64:
    case MA_TYPE_DECIMAL128:
    case MA_TYPE_DECIMAL256:
        *tag = FB_TYPE_DECIMAL;
        return write_decimal(out, type);
    case MA_TYPE_FIXED_SIZE_BINARY:
        *tag = FB_TYPE_FIXED_SIZE_BINARY;
        return write_number(out, 4, type->byte_width);
    case MA_TYPE_UTF8:
        *tag = FB_TYPE_UTF8;
        return write_empty(out);
    case MA_TYPE_LARGE_UTF8:
        *tag = FB_TYPE_LARGE_UTF8;
        return write_empty(out);
    case MA_TYPE_UTF8_VIEW:
        *tag = FB_TYPE_UTF8_VIEW;
        return write_empty(out);
    case MA_TYPE_BINARY:
        *tag = FB_TYPE_BINARY;
        return write_empty(out);
    case MA_TYPE_LARGE_BINARY:
        *tag = FB_TYPE_LARGE_BINARY;
        return write_empty(out);
    case MA_TYPE_BINARY_VIEW:
        *tag = FB_TYPE_BINARY_VIEW;
        return write_empty(out);
    case MA_TYPE_LIST:
        *tag = FB_TYPE_LIST;
        return write_empty(out);
    case MA_TYPE_LARGE_LIST:
        *tag = FB_TYPE_LARGE_LIST;
        return write_empty(out);
    case MA_TYPE_LIST_VIEW:
        *tag = FB_TYPE_LIST_VIEW;
        return write_empty(out);
    case MA_TYPE_LARGE_LIST_VIEW:
        *tag = FB_TYPE_LARGE_LIST_VIEW;
        return write_empty(out);
    case MA_TYPE_FIXED_SIZE_LIST:
        *tag = FB_TYPE_FIXED_SIZE_LIST;
        return write_number(out, 4, type->list_size);
    case MA_TYPE_MAP:
        *tag = FB_TYPE_MAP;
        return write_number(out, 1, type->keys_sorted);
    case MA_TYPE_STRUCT:
        *tag = FB_TYPE_STRUCT;
        return write_empty(out);
    case MA_TYPE_SPARSE_UNION:
    case MA_TYPE_DENSE_UNION:
        *tag = FB_TYPE_UNION;
        return write_union(out, type);
    case MA_TYPE_RUN_END_ENCODED:
        *tag = FB_TYPE_RUN_END_ENCODED;
        return write_empty(out);
    case MA_TYPE_DICTIONARY:
        break; /* no type of the format: a field's encoding */
    }
    *tag = FB_TYPE_NONE;
    return 0;
}

static ma_fb_ref
write_encoding(ma_fb_writer *out, const ma_type *type)
{
    const ma_fb_ref index = write_int_type(out, type->index_type);
    ma_fb_begin(out);
    ma_fb_put_int(out, FB_DICTIONARY_ENCODING_ID, 8, type->dictionary_id);
    ma_fb_put_ref(out, FB_DICTIONARY_ENCODING_INDEX, index);
    ma_fb_put_int(out, FB_DICTIONARY_ENCODING_ORDERED, 1, type->ordered);
    return ma_fb_end(out);
}

static ma_fb_ref
write_field(ma_fb_writer *out, const ma_field *field);

static ma_fb_ref
write_fields(ma_fb_writer *out, ma_field *const *fields, int32_t count)
{
    ma_fb_ref *refs = ma_malloc(count * (int64_t)sizeof(*refs));
    if (refs == NULL) {
        out->failed = true;
        return 0;
    }
    for (int32_t i = 0; i < count; i++) {
        refs[i] = write_field(out, fields[i]);
    }
    const ma_fb_ref vector = ma_fb_write_refs(out, refs, count);
    ma_free(refs);
    return vector;
}

static ma_fb_ref
write_field(ma_fb_writer *out, const ma_field *field)
{
    const ma_type *type = field->type;
    const bool encoded = type->id == MA_TYPE_DICTIONARY;
    const ma_type *values = encoded ? type->value_type : type;
    if (encoded && values->id == MA_TYPE_DICTIONARY) {
        out->failed = true; /* refused by the writer before it comes here */
        return 0;
    }
    int tag;
    const ma_fb_ref metadata = ma_metadata_meta_write(out, field->metadata);
    const ma_fb_ref children = write_fields(out, values->children, values->n_children);
    const ma_fb_ref encoding = encoded ? write_encoding(out, type) : 0;
    const ma_fb_ref table = write_type(out, values, &tag);
    const ma_fb_ref name = ma_fb_write_string(out, field->name, field->name_size);
    ma_fb_begin(out);
    ma_fb_put_ref(out, FB_FIELD_METADATA, metadata);
    ma_fb_put_ref(out, FB_FIELD_CHILDREN, children);
    ma_fb_put_ref(out, FB_FIELD_DICTIONARY, encoding);
    ma_fb_put_ref(out, FB_FIELD_TYPE, table);
    ma_fb_put_ref(out, FB_FIELD_NAME, name);
    ma_fb_put_int(out, FB_FIELD_TYPE_TYPE, 1, tag);
    ma_fb_put_int(out, FB_FIELD_NULLABLE, 1, field->nullable);
    return ma_fb_end(out);
}

ma_fb_ref
ma_schema_meta_write(ma_fb_writer *out, const ma_schema *schema)
{
    const ma_fb_ref metadata = ma_metadata_meta_write(out, schema->metadata);
    const ma_fb_ref fields = write_fields(out, schema->fields, schema->n_fields);
    ma_fb_begin(out);
    ma_fb_put_ref(out, FB_SCHEMA_METADATA, metadata);
    ma_fb_put_ref(out, FB_SCHEMA_FIELDS, fields);
    ma_fb_put_int(out, FB_SCHEMA_ENDIANNESS, 2, MA_HOST_BIG_ENDIAN);
    return ma_fb_end(out);
}
