#include <string.h>

#include "core/base/memory.h"
#include "core/base/number.h"
#include "core/meta/fb_ids.h"
#include "core/meta/schema_meta.h"

/* What is still allowed while a schema is read: tables can be shared inside a flatbuffer, so a
 * small one can describe a huge type. */
typedef struct schema_reader {
    const ma_limits *limits;
    int64_t fields; /* that may still come */
    int64_t budget; /* bytes that may still be copied */
} schema_reader;

/* Bytes that every field takes: those of its offset in a vector of children. */
#define LEAST_OF_FIELD 4

/* A type's table of Schema.fbs, with its number in the union Type; read_type fills a new type. */
typedef struct type_table {
    ma_fb_table table;
    int64_t tag;
    int32_t n_children;
} type_table;

static ma_status
fail_fields(const schema_reader *self, const ma_fb_table *at, ma_error *err)
{
    const int64_t most = self->limits->max_fields;
    if (most > at->all.size / LEAST_OF_FIELD) {
        return ma_fail(err, MA_INVALID, at->all.origin + at->at,
                       "the schema has more fields than its %lld bytes have room for: it takes the "
                       "same ones for several",
                       (long long)at->all.size);
    }
    return ma_fail(err, MA_LIMIT, at->all.origin + at->at,
                   "the schema has more fields than the limit max_fields of %lld; raise it to read "
                   "this",
                   (long long)most);
}

static ma_status
bad_type(const type_table *in, const char *what, int64_t value, ma_error *err)
{
    return ma_fail(err, MA_INVALID, in->table.all.origin + in->table.at,
                   "the schema has a type with %s %lld", what, (long long)value);
}

static ma_status
int_type_id(const type_table *in, ma_type_id *out, ma_error *err)
{
    int64_t bits;
    int64_t is_signed;
    MA_TRY(ma_fb_int(&in->table, 0, 4, 0, &bits, err));
    MA_TRY(ma_fb_int(&in->table, 1, 1, 0, &is_signed, err));
    switch (bits) {
    case 8:
        *out = is_signed ? MA_TYPE_INT8 : MA_TYPE_UINT8;
        return MA_OK;
    case 16:
        *out = is_signed ? MA_TYPE_INT16 : MA_TYPE_UINT16;
        return MA_OK;
    case 32:
        *out = is_signed ? MA_TYPE_INT32 : MA_TYPE_UINT32;
        return MA_OK;
    case 64:
        *out = is_signed ? MA_TYPE_INT64 : MA_TYPE_UINT64;
        return MA_OK;
    default:
        return bad_type(in, "an integer width of", bits, err);
    }
}

/* The type id, where one number of the table, in field `id`, chooses among `n` of them. */
static ma_status
choose(const type_table *in, int id, int bytes, int64_t missing, const char *what,
       const ma_type_id *ids, int n, ma_type_id *out, ma_error *err)
{
    int64_t value;
    MA_TRY(ma_fb_int(&in->table, id, bytes, missing, &value, err));
    if (value < 0 || value >= n) {
        return bad_type(in, what, value, err);
    }
    *out = ids[value];
    return MA_OK;
}

static ma_status
decimal_type_id(const type_table *in, ma_type_id *out, ma_error *err)
{
    int64_t bits;
    MA_TRY(ma_fb_int(&in->table, 2, 4, 128, &bits, err));
    switch (bits) {
    case 32:
        *out = MA_TYPE_DECIMAL32;
        return MA_OK;
    case 64:
        *out = MA_TYPE_DECIMAL64;
        return MA_OK;
    case 128:
        *out = MA_TYPE_DECIMAL128;
        return MA_OK;
    case 256:
        *out = MA_TYPE_DECIMAL256;
        return MA_OK;
    default:
        return bad_type(in, "a decimal width of", bits, err);
    }
}

static ma_status
time_type_id(const type_table *in, ma_type_id *out, ma_error *err)
{
    int64_t bits;
    MA_TRY(ma_fb_int(&in->table, 1, 4, 32, &bits, err));
    if (bits != 32 && bits != 64) {
        return bad_type(in, "a time width of", bits, err);
    }
    *out = bits == 32 ? MA_TYPE_TIME32 : MA_TYPE_TIME64;
    return MA_OK;
}

static ma_status
type_id(const type_table *in, ma_type_id *out, ma_error *err)
{
    static const ma_type_id floats[] = {MA_TYPE_FLOAT16, MA_TYPE_FLOAT32, MA_TYPE_FLOAT64};
    static const ma_type_id dates[] = {MA_TYPE_DATE32, MA_TYPE_DATE64};
    static const ma_type_id intervals[] = {MA_TYPE_INTERVAL_MONTHS, MA_TYPE_INTERVAL_DAY_TIME,
                                           MA_TYPE_INTERVAL_MONTH_DAY_NANO};
    static const ma_type_id unions[] = {MA_TYPE_SPARSE_UNION, MA_TYPE_DENSE_UNION};
    static const struct {
        int tag;
        ma_type_id id;
    } plain[] = {
        {FB_TYPE_NULL, MA_TYPE_NULL},
        {FB_TYPE_BOOL, MA_TYPE_BOOL},
        {FB_TYPE_TIMESTAMP, MA_TYPE_TIMESTAMP},
        {FB_TYPE_DURATION, MA_TYPE_DURATION},
        {FB_TYPE_FIXED_SIZE_BINARY, MA_TYPE_FIXED_SIZE_BINARY},
        {FB_TYPE_UTF8, MA_TYPE_UTF8},
        {FB_TYPE_LARGE_UTF8, MA_TYPE_LARGE_UTF8},
        {FB_TYPE_UTF8_VIEW, MA_TYPE_UTF8_VIEW},
        {FB_TYPE_BINARY, MA_TYPE_BINARY},
        {FB_TYPE_LARGE_BINARY, MA_TYPE_LARGE_BINARY},
        {FB_TYPE_BINARY_VIEW, MA_TYPE_BINARY_VIEW},
        {FB_TYPE_LIST, MA_TYPE_LIST},
        {FB_TYPE_LARGE_LIST, MA_TYPE_LARGE_LIST},
        {FB_TYPE_LIST_VIEW, MA_TYPE_LIST_VIEW},
        {FB_TYPE_LARGE_LIST_VIEW, MA_TYPE_LARGE_LIST_VIEW},
        {FB_TYPE_FIXED_SIZE_LIST, MA_TYPE_FIXED_SIZE_LIST},
        {FB_TYPE_MAP, MA_TYPE_MAP},
        {FB_TYPE_STRUCT, MA_TYPE_STRUCT},
        {FB_TYPE_RUN_END_ENCODED, MA_TYPE_RUN_END_ENCODED},
    };

    switch (in->tag) {
    case FB_TYPE_INT:
        return int_type_id(in, out, err);
    case FB_TYPE_FLOATING_POINT:
        return choose(in, 0, 2, 0, "a floating-point precision of", floats, 3, out, err);
    case FB_TYPE_DECIMAL:
        return decimal_type_id(in, out, err);
    case FB_TYPE_DATE:
        return choose(in, 0, 2, 1, "a date unit of", dates, 2, out, err);
    case FB_TYPE_TIME:
        return time_type_id(in, out, err);
    case FB_TYPE_INTERVAL:
        return choose(in, 0, 2, 0, "an interval unit of", intervals, 3, out, err);
    case FB_TYPE_UNION:
        return choose(in, 0, 2, 0, "a union mode of", unions, 2, out, err);
    default:
        break;
    }
    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
        if (plain[i].tag == in->tag) {
            *out = plain[i].id;
            return MA_OK;
        }
    }
    return bad_type(in, "the unknown number", in->tag, err);
}

static ma_status
read_unit(const type_table *in, int64_t missing, ma_type *type, ma_error *err)
{
    int64_t unit;
    MA_TRY(ma_fb_int(&in->table, 0, 2, missing, &unit, err));
    if (unit < MA_SECOND || unit > MA_NANOSECOND) {
        return bad_type(in, "a time unit of", unit, err);
    }
    type->unit = (ma_unit)unit;
    return MA_OK;
}

static ma_status
read_timezone(schema_reader *self, const type_table *in, ma_type *type, ma_error *err)
{
    ma_bytes zone;
    MA_TRY(ma_fb_string(&in->table, 1, &zone, err));
    MA_TRY(ma_metadata_meta_charge(&in->table, zone.size, &self->budget, err));
    if (zone.size == 0) {
        return MA_OK; /* an empty zone means none (Schema.fbs, Timestamp) */
    }
    if (memchr(zone.data, 0, (size_t)zone.size) != NULL) {
        return ma_fail(err, MA_INVALID, in->table.all.origin + in->table.at,
                       "the schema has a time zone with a NUL in it");
    }
    type->timezone = ma_calloc(zone.size + 1, 1);
    if (type->timezone == NULL) {
        return ma_fail_nomem(err, zone.size + 1);
    }
    memcpy(type->timezone, zone.data, (size_t)zone.size);
    return MA_OK;
}

static ma_status
read_number(const type_table *in, int id, int32_t *out, ma_error *err)
{
    int64_t value;
    MA_TRY(ma_fb_int(&in->table, id, 4, 0, &value, err));
    *out = (int32_t)value;
    return MA_OK;
}

static ma_status
read_type_codes(const type_table *in, ma_type *type, ma_error *err)
{
    ma_fb_vector codes;
    MA_TRY(ma_fb_vector_of(&in->table, 1, 4, &codes, err));
    if (codes.at != 0 && codes.count != in->n_children) {
        return bad_type(in, "another number of union type ids than children,", codes.count, err);
    }
    type->type_codes = ma_calloc(in->n_children, 1);
    if (type->type_codes == NULL) {
        return ma_fail_nomem(err, in->n_children);
    }
    for (int32_t i = 0; i < in->n_children; i++) {
        const int64_t code =
            codes.at != 0 ? (int32_t)ma_load_le32(ma_fb_items(&codes) + 4 * (int64_t)i) : i;
        if (code < 0 || code > 127) {
            return bad_type(in, "a union type id of", code, err);
        }
        type->type_codes[i] = (int8_t)code;
    }
    return MA_OK;
}

static ma_status
read_parameters(schema_reader *self, const type_table *in, ma_type *type, ma_error *err)
{
    int64_t flag;
    switch (in->tag) {
    case FB_TYPE_DECIMAL:
        MA_TRY(read_number(in, 0, &type->precision, err));
        return read_number(in, 1, &type->scale, err);
    case FB_TYPE_TIMESTAMP:
        MA_TRY(read_unit(in, MA_SECOND, type, err));
        return read_timezone(self, in, type, err);
    case FB_TYPE_TIME:
    case FB_TYPE_DURATION:
        return read_unit(in, MA_MILLISECOND, type, err);
    case FB_TYPE_FIXED_SIZE_BINARY:
        return read_number(in, 0, &type->byte_width, err);
    case FB_TYPE_FIXED_SIZE_LIST:
        return read_number(in, 0, &type->list_size, err);
    case FB_TYPE_MAP:
        MA_TRY(ma_fb_int(&in->table, 0, 1, 0, &flag, err));
        type->keys_sorted = flag != 0;
        return MA_OK;
    case FB_TYPE_UNION:
        return read_type_codes(in, type, err);
    default:
        return MA_OK;
    }
}

static ma_status
read_field(schema_reader *self, const ma_fb_table *table, int64_t depth, ma_field **out,
           ma_error *err);

/* The type of a field without its dictionary encoding. */
static ma_status
read_type(schema_reader *self, const ma_fb_table *field, int64_t depth, ma_type **out,
          ma_error *err)
{
    type_table in;
    ma_fb_vector children;
    ma_type_id id;
    bool present;
    ma_type *type = NULL;

    MA_TRY(ma_fb_int(field, FB_FIELD_TYPE_TYPE, 1, 0, &in.tag, err));
    MA_TRY(ma_fb_child(field, FB_FIELD_TYPE, &in.table, &present, err));
    if (!present) {
        return ma_fail(err, MA_INVALID, field->all.origin + field->at, "a field has no type");
    }
    MA_TRY(ma_fb_vector_of(field, FB_FIELD_CHILDREN, 4, &children, err));
    if (children.count > self->fields) {
        return fail_fields(self, field, err);
    }
    in.n_children = (int32_t)children.count;
    MA_TRY(type_id(&in, &id, err));
    MA_TRY(ma_type_new(id, in.n_children, &type, err));
    ma_status st = read_parameters(self, &in, type, err);
    for (int32_t i = 0; i < in.n_children && st == MA_OK; i++) {
        ma_fb_table child;
        st = ma_fb_item(&children, i, &child, err);
        if (st == MA_OK) {
            st = read_field(self, &child, depth + 1, &type->children[i], err);
        }
    }
    if (st == MA_OK) {
        st = ma_type_seal(type, err);
        if (st != MA_OK && err != NULL && err->offset < 0) {
            err->offset = in.table.all.origin + in.table.at;
        }
    }
    if (st != MA_OK) {
        ma_type_unref(type);
        return st;
    }
    *out = type;
    return MA_OK;
}

/* Make `*type`, the type of a dictionary's values, that of the dictionary. Takes it over. */
static ma_status
wrap_in_dictionary(const ma_fb_table *encoding, ma_type **type, ma_error *err)
{
    type_table index = {.tag = FB_TYPE_INT};
    ma_type_id index_id = MA_TYPE_INT32; /* where the encoding does not say (Schema.fbs) */
    int64_t ordered;
    bool present;
    ma_type *wrapped = NULL;

    MA_TRY(ma_fb_child(encoding, FB_DICTIONARY_ENCODING_INDEX, &index.table, &present, err));
    if (present) {
        MA_TRY(int_type_id(&index, &index_id, err));
    }
    MA_TRY(ma_fb_int(encoding, FB_DICTIONARY_ENCODING_ORDERED, 1, 0, &ordered, err));
    MA_TRY(ma_type_new(MA_TYPE_DICTIONARY, 0, &wrapped, err));
    wrapped->ordered = ordered != 0;
    ma_status st =
        ma_fb_int(encoding, FB_DICTIONARY_ENCODING_ID, 8, 0, &wrapped->dictionary_id, err);
    if (st == MA_OK) {
        st = ma_type_simple(index_id, &wrapped->index_type, err);
    }
    wrapped->value_type = *type;
    *type = NULL;
    if (st == MA_OK) {
        st = ma_type_seal(wrapped, err);
    }
    if (st != MA_OK) {
        ma_type_unref(wrapped);
        return st;
    }
    *type = wrapped;
    return MA_OK;
}

static ma_status
read_field_parts(schema_reader *self, const ma_fb_table *table, int64_t depth, ma_bytes name,
                 ma_field **out, ma_error *err)
{
    ma_fb_table encoding;
    bool encoded;
    int64_t nullable;
    ma_metadata *metadata = NULL;
    ma_type *type = NULL;

    MA_TRY(ma_fb_int(table, FB_FIELD_NULLABLE, 1, 0, &nullable, err));
    MA_TRY(ma_fb_child(table, FB_FIELD_DICTIONARY, &encoding, &encoded, err));
    ma_status st = read_type(self, table, depth, &type, err);
    if (st == MA_OK && encoded) {
        st = wrap_in_dictionary(&encoding, &type, err);
    }
    if (st == MA_OK) {
        st = ma_metadata_meta_read(table, FB_FIELD_METADATA, &self->budget, &metadata, err);
    }
    if (st == MA_OK) {
        st = ma_field_new(name, type, nullable != 0, metadata, out, err);
    }
    ma_type_unref(type);
    ma_metadata_unref(metadata);
    return st;
}

static ma_status
read_field(schema_reader *self, const ma_fb_table *table, int64_t depth, ma_field **out,
           ma_error *err)
{
    ma_bytes name;
    if (depth > self->limits->max_nesting_depth) {
        return ma_fail(err, MA_LIMIT, table->all.origin + table->at,
                       "the schema nests deeper than the limit max_nesting_depth of %lld; raise it "
                       "to read this (up to %d)",
                       (long long)self->limits->max_nesting_depth, MA_MAX_NESTING_DEPTH);
    }
    if (--self->fields < 0) {
        return fail_fields(self, table, err);
    }
    MA_TRY(ma_fb_string(table, FB_FIELD_NAME, &name, err));
    MA_TRY(ma_metadata_meta_charge(table, name.size, &self->budget, err));
    const ma_status st = read_field_parts(self, table, depth, name, out, err);
    if (st != MA_OK) {
        ma_error_prefix(err, depth > 1 ? ".%.*s" : "field '%.*s'",
                        (int)(name.size < 60 ? name.size : 60),
                        name.data != NULL ? name.data : "");
    }
    return st;
}

ma_status
ma_schema_meta_read(const ma_fb_table *table, const ma_limits *limits, ma_schema_meta *out,
                    ma_error *err)
{
    schema_reader self = {limits, limits->max_fields, limits->max_metadata_size};
    ma_fb_vector items;
    ma_metadata *metadata = NULL;
    ma_field **fields = NULL;
    int64_t big_endian;

    self.fields = ma_min_i64(self.fields, table->all.size / LEAST_OF_FIELD);
    MA_TRY(ma_fb_int(table, FB_SCHEMA_ENDIANNESS, 2, 0, &big_endian, err));
    if (big_endian != 0 && big_endian != 1) {
        return ma_fail(err, MA_INVALID, table->all.origin + table->at,
                       "the schema's byte order is %lld, not 0 or 1", (long long)big_endian);
    }
    MA_TRY(ma_fb_vector_of(table, FB_SCHEMA_FIELDS, 4, &items, err));
    fields = ma_calloc(items.count, sizeof(*fields));
    if (fields == NULL) {
        return ma_fail_nomem(err, items.count * (int64_t)sizeof(*fields));
    }
    ma_status st = ma_metadata_meta_read(table, FB_SCHEMA_METADATA, &self.budget, &metadata, err);
    for (int64_t i = 0; i < items.count && st == MA_OK; i++) {
        ma_fb_table item;
        st = ma_fb_item(&items, i, &item, err);
        if (st == MA_OK) {
            st = read_field(&self, &item, 1, &fields[i], err);
        }
    }
    if (st == MA_OK) {
        st = ma_schema_new(fields, (int32_t)items.count, metadata, &out->schema, err);
        out->big_endian = big_endian == 1;
    }
    for (int64_t i = 0; i < items.count; i++) {
        ma_field_unref(fields[i]);
    }
    ma_free(fields);
    ma_metadata_unref(metadata);
    return st;
}
