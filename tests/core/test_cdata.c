/* The C data and stream interfaces: every type goes out and comes back, whoever lets go first. */
#include "make.h"

#include <errno.h>

#include "core/cdata/export_array.h"
#include "core/cdata/export_schema.h"
#include "core/cdata/import_array.h"
#include "core/cdata/import_schema.h"
#include "core/cdata/stream.h"
#include "core/data/equal.h"

static const ma_limits *
limits(void)
{
    static ma_limits all;
    all = ma_limits_default();
    return &all;
}

static ma_field *
field_of(const char *name, ma_type *type, ma_metadata *metadata)
{
    ma_field *field = NULL;
    const ma_bytes bytes = {name, (int64_t)strlen(name)};
    CHECK(ma_field_new(bytes, type, false, metadata, &field, NULL) == MA_OK);
    return field;
}

/* Repeated and empty keys, and values with any bytes. */
static ma_metadata *
some_metadata(void)
{
    const ma_pair pairs[] = {
        {{"key", 3}, {"a\0b\xff", 4}}, {{"", 0}, {"", 0}}, {{"key", 3}, {"again", 5}}};
    ma_metadata *metadata = NULL;
    CHECK(ma_metadata_new(pairs, COUNT(pairs), &metadata, NULL) == MA_OK);
    return metadata;
}

/* A schema of these columns, which stay the caller's. */
static ma_schema *
schema_of(ma_array *const *columns, int n)
{
    ma_field *fields[8];
    ma_schema *schema = NULL;
    ma_metadata *metadata = some_metadata();
    for (int i = 0; i < n; i++) {
        fields[i] = field_of("column", columns[i]->type, i == 0 ? metadata : NULL);
    }
    CHECK(ma_schema_new(fields, n, metadata, &schema, NULL) == MA_OK);
    for (int i = 0; i < n; i++) {
        ma_field_unref(fields[i]);
    }
    ma_metadata_unref(metadata);
    return schema;
}

static ma_batch *
batch_of(ma_array *const *columns, int n)
{
    ma_batch *batch = NULL;
    ma_schema *schema = schema_of(columns, n);
    CHECK(ma_batch_new(schema, columns[0]->length, columns, NULL, &batch, NULL) == MA_OK);
    ma_schema_unref(schema);
    return batch;
}

/* ---- schemas ---- */

static void
try_type(ma_type *type)
{
    struct ArrowSchema schema;
    ma_metadata *metadata = some_metadata();
    ma_field *field = field_of("näme", type, metadata);
    ma_field *back = NULL;
    CHECK(ma_cdata_export_field(field, &schema, NULL) == MA_OK);
    CHECK(schema.n_children == type->n_children);
    CHECK((schema.dictionary != NULL) == (type->id == MA_TYPE_DICTIONARY));
    CHECK(ma_cdata_import_field(&schema, limits(), &back, NULL) == MA_OK);
    CHECK(schema.release != NULL);

    struct ArrowSchema child = {0};
    if (type->n_children > 0) { /* a child that is moved out lives on */
        child = *schema.children[0];
        schema.children[0]->release = NULL;
    }
    schema.release(&schema);
    CHECK(schema.release == NULL);
    CHECK(ma_field_equal(field, back, true));
    ma_field_unref(back);
    if (child.release != NULL) {
        CHECK(ma_cdata_import_field(&child, limits(), &back, NULL) == MA_OK);
        CHECK(ma_field_equal(type->children[0], back, true));
        ma_field_unref(back);
        child.release(&child);
    }
    ma_field_unref(field);
    ma_metadata_unref(metadata);
}

static ma_type *
timestamp(ma_unit unit, const char *zone)
{
    ma_type *type = new_type(MA_TYPE_TIMESTAMP, 0);
    type->unit = unit;
    if (zone != NULL) {
        type->timezone = ma_malloc((int64_t)strlen(zone) + 1);
        strcpy(type->timezone, zone);
    }
    return sealed(type);
}

static ma_type *
with_unit(ma_type_id id, ma_unit unit)
{
    ma_type *type = new_type(id, 0);
    type->unit = unit;
    return sealed(type);
}

static ma_type *
decimal_of(ma_type_id id, int32_t precision, int32_t scale)
{
    ma_type *type = new_type(id, 0);
    type->precision = precision;
    type->scale = scale;
    return sealed(type);
}

/* Takes over the type. */
static void
check_format(ma_type *type, const char *format)
{
    struct ArrowSchema schema;
    ma_field *field = field_of("", type, NULL);
    CHECK(ma_cdata_export_field(field, &schema, NULL) == MA_OK);
    CHECK(strcmp(schema.format, format) == 0);
    CHECK(schema.metadata == NULL && strcmp(schema.name, "") == 0 && schema.flags == 0);
    schema.release(&schema);
    try_type(type);
    ma_field_unref(field);
    ma_type_unref(type);
}

static void
test_formats(void)
{
    check_format(simple(MA_TYPE_NULL), "n");
    check_format(simple(MA_TYPE_UINT64), "L");
    check_format(simple(MA_TYPE_FLOAT16), "e");
    check_format(simple(MA_TYPE_DATE64), "tdm");
    check_format(simple(MA_TYPE_INTERVAL_MONTH_DAY_NANO), "tin");
    check_format(with_unit(MA_TYPE_TIME32, MA_MILLISECOND), "ttm");
    check_format(with_unit(MA_TYPE_TIME64, MA_MICROSECOND), "ttu");
    check_format(with_unit(MA_TYPE_DURATION, MA_SECOND), "tDs");
    check_format(timestamp(MA_SECOND, NULL), "tss:");
    check_format(timestamp(MA_NANOSECOND, "Europe/Zürich"), "tsn:Europe/Zürich");
    check_format(decimal_of(MA_TYPE_DECIMAL128, 19, 10), "d:19,10");
    check_format(decimal_of(MA_TYPE_DECIMAL32, 9, -3), "d:9,-3,32");
    check_format(decimal_of(MA_TYPE_DECIMAL64, 18, 0), "d:18,0,64");
    check_format(decimal_of(MA_TYPE_DECIMAL256, 76, 76), "d:76,76,256");
    check_format(decimal_of(MA_TYPE_DECIMAL128, 38, INT32_MIN), "d:38,-2147483648");
    check_format(fixed_binary(42), "w:42");
    check_format(fixed_binary(INT32_MAX), "w:2147483647");
    check_format(fixed_list_of(INT32_MAX, simple(MA_TYPE_INT8)), "+w:2147483647");
    check_format(simple(MA_TYPE_BINARY_VIEW), "vz");
    check_format(list_of(MA_TYPE_LARGE_LIST_VIEW, simple(MA_TYPE_INT8)), "+vL");
    check_format(runs_of(MA_TYPE_INT16, simple(MA_TYPE_INT8)), "+r");
    check_format(union_of(MA_TYPE_DENSE_UNION, simple(MA_TYPE_INT8), simple(MA_TYPE_UTF8)),
                 "+ud:5,2");
    check_format(union_of(MA_TYPE_SPARSE_UNION, simple(MA_TYPE_INT8), simple(MA_TYPE_UTF8)),
                 "+us:5,2");
    check_format(sealed(new_type(MA_TYPE_DENSE_UNION, 0)), "+ud:");
    check_format(dictionary_of(MA_TYPE_UINT16, simple(MA_TYPE_LARGE_UTF8)), "S");
}

static void
test_flags(void)
{
    struct ArrowSchema schema;
    ma_field *back = NULL;
    ma_type *map = map_of(simple(MA_TYPE_UTF8), simple(MA_TYPE_INT8));
    ma_type *ordered = dictionary_of(MA_TYPE_INT8, simple(MA_TYPE_UTF8));
    map->keys_sorted = true;
    ordered->ordered = true;
    ma_field *fields[] = {field_of("m", map, NULL), field_of("d", ordered, NULL)};
    const int64_t flags[] = {ARROW_FLAG_MAP_KEYS_SORTED, ARROW_FLAG_DICTIONARY_ORDERED};
    for (int i = 0; i < 2; i++) {
        CHECK(ma_cdata_export_field(fields[i], &schema, NULL) == MA_OK);
        CHECK(schema.flags == flags[i]);
        CHECK(ma_cdata_import_field(&schema, limits(), &back, NULL) == MA_OK);
        CHECK(ma_field_equal(fields[i], back, true));
        schema.release(&schema);
        ma_field_unref(back);
        ma_field_unref(fields[i]);
    }
    ma_type_unref(map);
    ma_type_unref(ordered);
}

static void
test_schema(void)
{
    struct ArrowSchema out;
    ma_schema *back = NULL;
    ma_array *columns[] = {numbers(2, 1, 2), numbers(2, 3, 4)};
    ma_schema *schema = schema_of(columns, 2);
    CHECK(ma_cdata_export_schema(schema, &out, NULL) == MA_OK);
    CHECK(strcmp(out.format, "+s") == 0 && out.n_children == 2 && out.flags == 0);
    CHECK(ma_cdata_import_schema(&out, limits(), &back, NULL) == MA_OK);
    CHECK(ma_schema_equal(schema, back, true));
    ma_schema_unref(back);

    out.children[0]->name = NULL; /* may be left out */
    CHECK(ma_cdata_import_schema(&out, limits(), &back, NULL) == MA_OK);
    CHECK(back->fields[0]->name_size == 0 && back->fields[0]->name[0] == '\0');
    ma_schema_unref(back);
    out.release(&out);
    ma_schema_unref(schema);
    ma_array_unref(columns[0]);
    ma_array_unref(columns[1]);
}

/* ---- arrays ---- */

/* Every buffer that has bytes lies inside the one that it was. */
static bool
shares_memory(const ma_array *a, const ma_array *b)
{
    bool same = true;
    for (int32_t i = 0; i < b->n_buffers; i++) {
        const ma_buffer x = a->buffers[i];
        const ma_buffer y = b->buffers[i];
        same = same && (y.size == 0 || y.block == NULL ||
                        (y.data >= x.data && y.data + y.size <= x.data + x.size));
    }
    for (int32_t i = 0; i < a->n_children; i++) {
        same = same && shares_memory(a->children[i], b->children[i]);
    }
    return same && (a->dictionary == NULL || shares_memory(a->dictionary, b->dictionary));
}

static ma_array *
import(struct ArrowArray *in, ma_type *type)
{
    ma_error err;
    ma_array *array = NULL;
    ma_error_init(&err);
    if (ma_cdata_import_array(in, type, &array, &err) != MA_OK) {
        fprintf(stderr, "%s: %s\n", err.where, err.text);
        abort();
    }
    CHECK(in->release == NULL);
    return array;
}

static void
try_array(ma_array *array)
{
    struct ArrowArray out;
    CHECK(ma_cdata_export_array(array, &out, NULL) == MA_OK);
    CHECK(out.length == array->length);
    CHECK(out.offset ==
          (array->length == 0 || array->type->id == MA_TYPE_SPARSE_UNION ? 0 : array->offset));
    CHECK(out.null_count == ma_array_null_count(array));
    ma_array *back = import(&out, array->type);
    CHECK(shares_memory(array, back));
    CHECK(ma_array_check_full(back, NULL) == MA_OK);
    CHECK(ma_array_equal(array, back, true));
    CHECK(ma_array_null_count(array) == ma_array_null_count(back));

    /* once more around: what was taken over is lent again */
    CHECK(ma_cdata_export_array(back, &out, NULL) == MA_OK);
    ma_array_unref(back);
    back = import(&out, array->type);
    CHECK(ma_array_check_full(back, NULL) == MA_OK && ma_array_equal(array, back, true));
    ma_array_unref(back);
}

/* The producer's side lets go before anything is read, and a child outlives its parent. */
static void
try_release(const ma_array *array)
{
    ma_array *mine = stranger(array);
    struct ArrowArray out;
    struct ArrowArray child = {0};
    CHECK(check_shapes(mine, NULL) == MA_OK);
    CHECK(ma_cdata_export_array(mine, &out, NULL) == MA_OK);
    ma_array_unref(mine);
    if (out.n_children > 0) {
        child = *out.children[0];
        out.children[0]->release = NULL;
        out.release(&out);
        ma_array *back = import(&child, array->type->children[0]->type);
        CHECK(ma_array_check_full(back, NULL) == MA_OK);
        const bool is_cut = array->type->id == MA_TYPE_SPARSE_UNION && array->length > 0;
        CHECK(ma_array_equal_range(array->children[0], is_cut ? array->offset : 0, back, 0,
                                   back->length, true));
        ma_array_unref(back);
        return;
    }
    ma_array *back = import(&out, array->type);
    ma_array *slice = slice_of(back, back->length / 2, back->length - back->length / 2);
    ma_array_unref(back);
    CHECK(ma_array_check_full(slice, NULL) == MA_OK);
    CHECK(ma_array_equal_range(array, array->length / 2, slice, 0, slice->length, true));
    ma_array_unref(slice);
}

static void
test_every_type(void)
{
    static const int64_t cuts[][2] = {{0, 40}, {3, 30}, {17, 1}, {39, 0}, {0, 0}};
    ma_type *types[SAMPLES];
    const int n = sample_types(types);
    for (int t = 0; t < n; t++) {
        ma_array *array = random_array(types[t], 40);
        try_type(types[t]);
        for (int i = 0; i < COUNT(cuts); i++) {
            ma_array *slice = slice_of(array, cuts[i][0], cuts[i][1]);
            try_array(slice);
            try_release(slice);
            ma_array_unref(slice);
        }
        ma_array *none = random_array(types[t], 0);
        try_array(none);
        ma_array_unref(none);
        ma_array_unref(array);
        ma_type_unref(types[t]);
    }
}

/* What consumers may look at without asking is never NULL. */
static void
test_empty_has_offsets(void)
{
    struct ArrowArray out;
    ma_type *type = simple(MA_TYPE_UTF8);
    ma_array *array = random_array(type, 0);
    CHECK(ma_cdata_export_array(array, &out, NULL) == MA_OK);
    CHECK(out.buffers[0] == NULL && out.null_count == 0);
    CHECK(out.buffers[1] != NULL && *(const int32_t *)out.buffers[1] == 0);
    CHECK(out.buffers[2] != NULL);
    out.release(&out);
    ma_array_unref(array);
    ma_type_unref(type);

    type = simple(MA_TYPE_NULL);
    array = random_array(type, 5);
    CHECK(ma_cdata_export_array(array, &out, NULL) == MA_OK);
    CHECK(out.n_buffers == 0 && out.buffers != NULL && out.null_count == 5);
    out.release(&out);
    ma_array_unref(array);
    ma_type_unref(type);
}

static void
test_bad_values_stay_here(void)
{
    ma_error err;
    struct ArrowArray out;
    ma_array *array = array_of(simple(MA_TYPE_UTF8), 1, 0);
    ma_error_init(&err);
    PUT(array, 1, int32_t, 0, 2);
    PUT(array, 2, uint8_t, 0xC3, 0x28);
    CHECK(ma_cdata_export_array(array, &out, &err) == MA_INVALID && out.release == NULL);
    CHECK(strcmp(err.where, "data buffer") == 0);
    ma_batch *batch = batch_of(&array, 1);
    CHECK(ma_cdata_export_batch(batch, &out, &err) == MA_INVALID && out.release == NULL);
    CHECK(strcmp(err.where, "column 'column', data buffer") == 0);
    ma_batch_unref(batch);
    ma_array_unref(array);
}

/* ---- batches ---- */

static void
check_batch(ma_batch *batch, ma_array *const *columns, int n, int64_t start)
{
    for (int i = 0; i < n; i++) {
        ma_array *column;
        CHECK(ma_batch_column(batch, i, &column, NULL) == MA_OK);
        CHECK(column->length == ma_batch_length(batch));
        CHECK(ma_array_check_full(column, NULL) == MA_OK);
        CHECK(ma_array_equal_range(columns[i], start, column, 0, column->length, true));
    }
}

static void
test_batch(void)
{
    struct ArrowArray out;
    ma_batch *back = NULL;
    ma_type *text = simple(MA_TYPE_UTF8_VIEW);
    ma_array *columns[] = {random_array(text, 20), random_array(text, 20)};
    ma_batch *batch = batch_of(columns, 2);
    ma_schema *schema = ma_schema_ref(ma_batch_schema(batch));

    CHECK(ma_cdata_export_batch(batch, &out, NULL) == MA_OK);
    CHECK(out.length == 20 && out.null_count == 0 && out.n_buffers == 1 && out.n_children == 2);
    CHECK(ma_cdata_import_batch(&out, schema, &back, NULL) == MA_OK && out.release == NULL);
    check_batch(back, columns, 2, 0);
    ma_batch_unref(back);

    /* rows 5 to 15 of the struct, with a validity bitmap that has no nulls there */
    const uint8_t bits[] = {0xE0, 0xFF, 0x00};
    CHECK(ma_cdata_export_batch(batch, &out, NULL) == MA_OK);
    out.offset = 5;
    out.length = 11;
    out.null_count = -1;
    out.buffers[0] = bits;
    CHECK(ma_cdata_import_batch(&out, schema, &back, NULL) == MA_OK);
    CHECK(ma_batch_length(back) == 11);
    check_batch(back, columns, 2, 5);
    ma_batch_unref(back);

    ma_batch_unref(batch);
    ma_schema_unref(schema);
    for (int i = 0; i < 2; i++) {
        ma_array_unref(columns[i]);
    }
    ma_type_unref(text);
}

/* Rows and no columns, and columns in the order of the schema whatever their names. */
static void
test_batch_without_columns(void)
{
    struct ArrowArray out;
    ma_batch *batch = NULL;
    ma_batch *back = NULL;
    ma_schema *schema = schema_of(NULL, 0);
    CHECK(ma_batch_new(schema, 7, NULL, NULL, &batch, NULL) == MA_OK);
    CHECK(ma_cdata_export_batch(batch, &out, NULL) == MA_OK);
    CHECK(ma_cdata_import_batch(&out, schema, &back, NULL) == MA_OK);
    CHECK(ma_batch_length(back) == 7);
    ma_batch_unref(back);
    ma_batch_unref(batch);
    ma_schema_unref(schema);
}

/* ---- streams ---- */

typedef struct batches {
    ma_cdata_source base;
    ma_batch *batch; /* owned */
    int left;
    ma_status then; /* what comes after the last one */
    int *freed;
    bool goes_on;   /* after that, where it is a failure, with two more */
} batches;

static ma_status
batches_schema(ma_cdata_source *base, struct ArrowSchema *out, ma_error *err)
{
    return ma_cdata_export_schema(ma_batch_schema(((batches *)base)->batch), out, err);
}

static ma_status
batches_next(ma_cdata_source *base, struct ArrowArray *out, ma_error *err)
{
    batches *self = (batches *)base;
    if (self->left == 0) {
        if (self->then != MA_END) {
            ma_fail(err, self->then, -1, "the well is dry");
            ma_error_prefix(err, "batch 2, column '\xff'");
        }
        self->left = 2;
        self->base.lost_nothing = self->goes_on;
        return self->then;
    }
    self->left--;
    return ma_cdata_export_batch(self->batch, out, err);
}

static void
batches_free(ma_cdata_source *base)
{
    batches *self = (batches *)base;
    ma_batch_unref(self->batch);
    *self->freed += 1;
    ma_free(self);
}

static ma_cdata_source *
source_of(ma_batch *batch, ma_status then, int *freed)
{
    batches *self = malloc(sizeof(*self));
    *self = (batches){
        {.schema = batches_schema, .next = batches_next, .free = batches_free},
        ma_batch_ref(batch),
        2,
        then,
        freed};
    return &self->base;
}

static void
test_stream(void)
{
    struct ArrowArrayStream stream;
    ma_schema *schema = NULL;
    ma_batch *back = NULL;
    int freed = 0;
    ma_array *column = numbers(3, 1, 2, 3);
    ma_batch *batch = batch_of(&column, 1);
    CHECK(ma_cdata_export_stream(source_of(batch, MA_END, &freed), &stream, NULL) == MA_OK);
    CHECK(ma_cdata_stream_schema(&stream, limits(), &schema, NULL) == MA_OK);
    CHECK(ma_schema_equal(schema, ma_batch_schema(batch), true));
    for (int i = 0; i < 2; i++) {
        CHECK(ma_cdata_stream_next_batch(&stream, schema, &back, NULL) == MA_OK);
        check_batch(back, &column, 1, 0);
        ma_batch_unref(back);
    }
    CHECK(ma_cdata_stream_next_batch(&stream, schema, &back, NULL) == MA_END);
    CHECK(ma_cdata_stream_next_batch(&stream, schema, &back, NULL) == MA_END);
    stream.release(&stream);
    CHECK(stream.release == NULL && freed == 1);
    CHECK(ma_cdata_stream_next_batch(&stream, schema, &back, NULL) == MA_INVALID);

    /* a batch outlives its stream, and a stream may be left early */
    CHECK(ma_cdata_export_stream(source_of(batch, MA_END, &freed), &stream, NULL) == MA_OK);
    CHECK(ma_cdata_stream_next_batch(&stream, schema, &back, NULL) == MA_OK);
    stream.release(&stream);
    ma_batch_unref(batch);
    check_batch(back, &column, 1, 0);
    ma_batch_unref(back);
    CHECK(freed == 2);
    ma_schema_unref(schema);
    ma_array_unref(column);
}

/* The same stream as arrays of structs. */
static void
test_stream_of_arrays(void)
{
    struct ArrowArrayStream stream;
    ma_field *field = NULL;
    ma_array *back = NULL;
    int freed = 0;
    ma_array *column = numbers(3, 1, 2, 3);
    ma_batch *batch = batch_of(&column, 1);
    CHECK(ma_cdata_export_stream(source_of(batch, MA_END, &freed), &stream, NULL) == MA_OK);
    CHECK(ma_cdata_stream_field(&stream, limits(), &field, NULL) == MA_OK);
    CHECK(field->type->id == MA_TYPE_STRUCT && field->metadata != NULL);
    CHECK(ma_cdata_stream_next_array(&stream, field->type, &back, NULL) == MA_OK);
    CHECK(back->length == 3 && ma_array_equal(back->children[0], column, true));
    ma_array_unref(back);
    stream.release(&stream);
    ma_field_unref(field);
    ma_batch_unref(batch);
    ma_array_unref(column);
}

static void
test_stream_errors(void)
{
    static const struct {
        ma_status status;
        int code;
        ma_status back;
    } cases[] = {
        {MA_INVALID, EINVAL, MA_INVALID},
        {MA_LIMIT, EINVAL, MA_INVALID},
        {MA_NOMEM, ENOMEM, MA_NOMEM},
        {MA_UNSUPPORTED, ENOSYS, MA_UNSUPPORTED},
        {MA_IO, EIO, MA_IO},
    };
    ma_array *column = numbers(3, 1, 2, 3);
    ma_batch *batch = batch_of(&column, 1);
    for (int i = 0; i < COUNT(cases); i++) {
        struct ArrowArrayStream stream;
        struct ArrowArray chunk;
        ma_batch *back = NULL;
        ma_error err;
        int freed = 0;
        ma_error_init(&err);
        CHECK(ma_cdata_export_stream(source_of(batch, cases[i].status, &freed), &stream, NULL) ==
              MA_OK);
        CHECK(stream.get_last_error(&stream) == NULL);
        for (int k = 0; k < 2; k++) {
            CHECK(stream.get_next(&stream, &chunk) == 0);
            chunk.release(&chunk);
        }
        CHECK(stream.get_next(&stream, &chunk) == cases[i].code && chunk.release == NULL);
        CHECK(strcmp(stream.get_last_error(&stream), "the well is dry (batch 2, column '?')") == 0);
        struct ArrowSchema schema;
        CHECK(stream.get_schema(&stream, &schema) == 0);
        schema.release(&schema);
        CHECK(ma_cdata_stream_next_batch(&stream, ma_batch_schema(batch), &back, &err) ==
              cases[i].back);
        CHECK(strcmp(err.text, "the well is dry (batch 2, column '?')") == 0);
        CHECK(cases[i].back != MA_IO || err.sys_errno == EIO);
        stream.release(&stream);
    }
    ma_batch_unref(batch);
    ma_array_unref(column);
}

static void
test_stream_that_goes_on(void)
{
    struct ArrowArrayStream stream;
    struct ArrowArray chunk;
    int freed = 0;
    ma_array *column = numbers(3, 1, 2, 3);
    ma_batch *batch = batch_of(&column, 1);
    ma_cdata_source *source = source_of(batch, MA_IO, &freed);
    ((batches *)source)->goes_on = true;
    CHECK(ma_cdata_export_stream(source, &stream, NULL) == MA_OK);
    for (int k = 0; k < 6; k++) {
        CHECK(stream.get_next(&stream, &chunk) == (k % 3 == 2 ? EIO : 0));
        CHECK((chunk.release == NULL) == (k % 3 == 2));
        if (chunk.release != NULL) {
            chunk.release(&chunk);
        }
    }
    stream.release(&stream);
    ma_batch_unref(batch);
    ma_array_unref(column);
}

/* ---- memory that fails ---- */

static ma_status
there_and_back(ma_batch *batch, ma_error *err)
{
    struct ArrowArrayStream stream;
    ma_schema *schema = NULL;
    ma_batch *back = NULL;
    int freed = 0;
    MA_TRY(ma_cdata_export_stream(source_of(batch, MA_END, &freed), &stream, err));
    ma_status st = ma_cdata_stream_schema(&stream, limits(), &schema, err);
    if (st == MA_OK) {
        st = ma_cdata_stream_next_batch(&stream, schema, &back, err);
        ma_schema_unref(schema);
    }
    if (st == MA_OK) {
        ma_batch_unref(back);
    }
    stream.release(&stream);
    CHECK(freed == 1);
    return st;
}

/* Each allocation fails once. What leaks, the sanitizer reports. */
static void
test_memory_failures(void)
{
    ma_type *types[SAMPLES];
    const int n = sample_types(types);
    for (int t = 0; t < n; t++) {
        ma_array *array = random_array(types[t], 10);
        ma_array *slice = slice_of(array, 1, 8);
        ma_batch *batch = batch_of(&slice, 1);
        ma_error err;
        ma_status st = MA_NOMEM;
        ma_error_init(&err);
        for (int64_t nth = 1; st != MA_OK; nth++) {
            CHECK(nth < 1000);
            ma_fault_set(nth, 1);
            st = there_and_back(batch, &err);
            ma_fault_set(0, 0);
            CHECK(st == MA_OK || (st == MA_NOMEM && err.status == MA_NOMEM));
        }
        ma_batch_unref(batch);
        ma_array_unref(slice);
        ma_array_unref(array);
        ma_type_unref(types[t]);
    }
}

int
main(void)
{
    test_formats();
    test_flags();
    test_schema();
    test_every_type();
    test_empty_has_offsets();
    test_bad_values_stay_here();
    test_batch();
    test_batch_without_columns();
    test_stream();
    test_stream_of_arrays();
    test_stream_errors();
    test_stream_that_goes_on();
    test_memory_failures();
    return 0;
}
