/* C data that is wrong: each kind of damage is named, and what was taken over is released once. */
#include "make.h"

#include "core/cdata/export_array.h"
#include "core/cdata/export_schema.h"
#include "core/cdata/import_array.h"
#include "core/cdata/import_schema.h"
#include "core/data/equal.h"

static ma_limits limits;

/* ---- schemas; nodes by hand, which need no release ---- */

static void
release_nothing(struct ArrowSchema *self)
{
    self->release = NULL;
}

static struct ArrowSchema
node(const char *format, const char *name, struct ArrowSchema **children, int64_t n)
{
    return (struct ArrowSchema){.format = format,
                                .name = name,
                                .n_children = n,
                                .children = children,
                                .release = release_nothing};
}

/* Importing fails with this status, at this place, and with a text that has `part` in it. */
static void
refuse_schema(const struct ArrowSchema *in, ma_status status, const char *where, const char *part)
{
    ma_error err;
    ma_field *field = NULL;
    ma_error_init(&err);
    const ma_status st = ma_cdata_import_field(in, &limits, &field, &err);
    if (st != status || strcmp(err.where, where) != 0 || strstr(err.text, part) == NULL) {
        fprintf(stderr, "%d at '%s': %s\n", (int)st, err.where, err.text);
        abort();
    }
    CHECK(field == NULL);
}

static void
test_formats(void)
{
    static const char *const bad[] = {
        "",        "q",      "nn",      "t",        "tdX",
        "ts",      "tss",    "tsx:UTC", "tts ",     "ttx",
        "tD",      "tDnn",   "d",       "d:",       "d:5",
        "d:5,",    "d:5,1,", "d:,1",    "d:5,1,96", "d:5,1,128,1",
        "w",       "w:",     "w:x",     "w:1,2",    "w:2147483648",
        "+",       "+x",     "+w",      "+w:",      "+w:99999999999999999999",
        "+u:",     "+ud",    "+us:0,",  "+us:,",    "+us:x",
        "v",       "vx",     "+v",      "+vx",      "tiX",
        "d:--5,1", "d:5,-2147483649",
    };
    for (int i = 0; i < COUNT(bad); i++) {
        const struct ArrowSchema in = node(bad[i], "a", NULL, 0);
        refuse_schema(&in, MA_INVALID, "field 'a'", "describes no type");
    }
    static const struct {
        const char *format;
        const char *text;
    } others[] = {
        {"w:-1", "width"},          {"d:0,1", "precision"}, {"d:39,1", "precision"},
        {"d:10,1,32", "precision"}, {"+us:1", "children"},  {"+l", "children"},
        {"+m", "children"},         {"+r", "children"},     {"+us:-1", "0 to 127"},
        {"+ud:128", "0 to 127"},
    };
    for (int i = 0; i < COUNT(others); i++) {
        struct ArrowSchema child = node("c", "x", NULL, 0);
        struct ArrowSchema *children[] = {&child};
        const bool is_id = strncmp(others[i].format, "+u", 2) == 0 && i > 7;
        const struct ArrowSchema in = node(others[i].format, "a", children, is_id);
        refuse_schema(&in, MA_INVALID, "field 'a'", others[i].text);
    }
}

static void
test_schema_structs(void)
{
    struct ArrowSchema child = node("c", "x", NULL, 0);
    struct ArrowSchema *children[] = {&child, NULL};
    struct ArrowSchema in = node("+s", "a", children, 1);
    refuse_schema(NULL, MA_INVALID, "field ''", "missing");

    in.release = NULL;
    refuse_schema(&in, MA_INVALID, "field ''", "released");
    in = node(NULL, "a", NULL, 0);
    refuse_schema(&in, MA_INVALID, "field 'a'", "no format");
    in = node("+s", "a", NULL, 1);
    refuse_schema(&in, MA_INVALID, "field 'a'", "no pointer");
    in = node("+s", "a", children, -1);
    refuse_schema(&in, MA_INVALID, "field 'a'", "-1 children");
    in = node("+s", "a", children, 2);
    refuse_schema(&in, MA_INVALID, "field 'a'.", "missing");
    in = node("i", "a", children, 1);
    refuse_schema(&in, MA_INVALID, "field 'a'", "0 children");

    in = node("+s", "a", children, 1);
    child.release = NULL;
    refuse_schema(&in, MA_INVALID, "field 'a'.", "released");
    child = node("?", "x", NULL, 0);
    refuse_schema(&in, MA_INVALID, "field 'a'.x", "'?'");

    in = node("f", "a", NULL, 0);
    in.dictionary = &child;
    child = node("u", NULL, NULL, 0);
    refuse_schema(&in, MA_INVALID, "field 'a'", "index type must be an integer");
    in.format = "c";
    child.format = "zz";
    refuse_schema(&in, MA_INVALID, "field 'a'.dictionary", "'zz'");
    child = node("c", NULL, NULL, 0);
    struct ArrowSchema inner = node("u", NULL, NULL, 0);
    child.dictionary = &inner;
    refuse_schema(&in, MA_INVALID, "field 'a'", "dictionary-encoded themselves");
    inner.release = NULL;
    refuse_schema(&in, MA_INVALID, "field 'a'.dictionary.dictionary", "released");
}

static void
test_schema_is_a_struct(void)
{
    ma_error err;
    ma_schema *schema = NULL;
    struct ArrowSchema index = node("u", NULL, NULL, 0);
    struct ArrowSchema in = node("i", "a", NULL, 0);
    ma_error_init(&err);
    CHECK(ma_cdata_import_schema(&in, &limits, &schema, &err) == MA_INVALID);
    CHECK(strstr(err.text, "as a struct") != NULL);
    in.format = "+s";
    in.dictionary = &index;
    CHECK(ma_cdata_import_schema(&in, &limits, &schema, &err) == MA_INVALID);

    struct ArrowSchema child = node("x", "b", NULL, 0);
    struct ArrowSchema *children[] = {&child};
    in = node("+s", "a", children, 1);
    CHECK(ma_cdata_import_schema(&in, &limits, &schema, &err) == MA_INVALID);
    CHECK(strcmp(err.where, "field 'b'") == 0);
    in.metadata = (const char *)(const int32_t[]){-1};
    CHECK(ma_cdata_import_schema(&in, &limits, &schema, &err) == MA_INVALID);
    CHECK(err.where[0] == '\0');
}

static void
test_metadata(void)
{
    struct ArrowSchema in = node("i", "a", NULL, 0);
    in.metadata = (const char *)(const int32_t[]){-1};
    refuse_schema(&in, MA_INVALID, "field 'a'", "-1 pairs");
    in.metadata = (const char *)(const int32_t[]){1, -5};
    refuse_schema(&in, MA_INVALID, "field 'a'", "-5 bytes");
    in.metadata = (const char *)(const int32_t[]){1, 0, INT32_MIN};
    refuse_schema(&in, MA_INVALID, "field 'a'", "bytes");
    in.metadata = (const char *)(const int32_t[]){INT32_MAX};
    refuse_schema(&in, MA_LIMIT, "field 'a'", "max_metadata_size");
    in.metadata = (const char *)(const int32_t[]){1, INT32_MAX};
    refuse_schema(&in, MA_LIMIT, "field 'a'", "max_metadata_size");

    ma_field *field = NULL;
    in.metadata = (const char *)(const int32_t[]){0};
    CHECK(ma_cdata_import_field(&in, &limits, &field, NULL) == MA_OK && field->metadata == NULL);
    ma_field_unref(field);
}

static void
test_limits(void)
{
    enum {
        DEEP = 600
    };
    static struct ArrowSchema nodes[DEEP];
    static struct ArrowSchema *pointers[DEEP];
    for (int i = 0; i < DEEP; i++) {
        pointers[i] = &nodes[i];
        nodes[i] = node(i + 1 < DEEP ? "+l" : "c", "", &pointers[i] + 1, i + 1 < DEEP);
    }
    ma_error err;
    ma_field *field = NULL;
    ma_error_init(&err);
    CHECK(ma_cdata_import_field(nodes, &limits, &field, &err) == MA_LIMIT);
    CHECK(strstr(err.text, "max_nesting_depth of 64") != NULL);
    limits.max_nesting_depth = INT64_MAX;
    CHECK(ma_cdata_import_field(nodes, &limits, &field, &err) == MA_LIMIT);
    CHECK(ma_cdata_import_field(nodes + DEEP - MA_MAX_NESTING_DEPTH, &limits, &field, &err) ==
          MA_OK);
    ma_field_unref(field);
    field = NULL;
    nodes[0] = node("c", "", NULL, 0);
    for (int i = 1; i < DEEP; i++) { /* dictionaries of dictionaries nest, too */
        nodes[i] = node("c", "", NULL, 0);
        nodes[i].dictionary = &nodes[i - 1];
    }
    CHECK(ma_cdata_import_field(nodes + DEEP - 1, &limits, &field, &err) == MA_LIMIT);

    limits = ma_limits_default();
    limits.max_fields = 2;
    struct ArrowSchema child = node("c", "x", NULL, 0);
    struct ArrowSchema *children[] = {&child, &child, &child};
    struct ArrowSchema in = node("+s", "a", children, 3);
    refuse_schema(&in, MA_LIMIT, "field 'a'", "max_fields of 2");
    in.n_children = INT64_MAX;
    refuse_schema(&in, MA_LIMIT, "field 'a'", "max_fields of 2");
    limits.max_fields = INT64_MAX;
    refuse_schema(&in, MA_LIMIT, "field 'a'", "max_fields");
    limits = ma_limits_default();
    limits.max_metadata_size = 3;
    in = node("c", "four", NULL, 0);
    refuse_schema(&in, MA_LIMIT, "field 'four'", "max_metadata_size of 3");
    limits = ma_limits_default();
}

/* What the interface has no way to say is not said wrongly. */
static void
test_names_that_cannot_go_out(void)
{
    static const struct {
        ma_bytes name;
        const char *text;
    } cases[] = {{{"a\0b", 3}, "NUL"}, {{"\xff", 1}, "UTF-8"}};
    for (int i = 0; i < COUNT(cases); i++) {
        struct ArrowSchema out;
        ma_error err;
        ma_field *field = NULL;
        ma_type *type = simple(MA_TYPE_INT8);
        ma_error_init(&err);
        CHECK(ma_field_new(cases[i].name, type, true, NULL, &field, NULL) == MA_OK);
        CHECK(ma_cdata_export_field(field, &out, &err) == MA_INVALID && out.release == NULL);
        CHECK(strstr(err.text, cases[i].text) != NULL);
        ma_field_unref(field);
        ma_type_unref(type);
    }
    struct ArrowSchema out;
    ma_error err;
    ma_field *field = NULL;
    ma_type *type = new_type(MA_TYPE_TIMESTAMP, 0);
    ma_error_init(&err);
    type->timezone = ma_calloc(2, 1);
    type->timezone[0] = (char)0xC0;
    ma_type *list = list_of(MA_TYPE_LIST, sealed(type));
    CHECK(ma_field_new((ma_bytes){"a", 1}, list, true, NULL, &field, NULL) == MA_OK);
    CHECK(ma_cdata_export_field(field, &out, &err) == MA_INVALID && out.release == NULL);
    CHECK(strcmp(err.where, "field 'a'.item") == 0);
    ma_field_unref(field);
    ma_type_unref(list);
}

/* ---- arrays: one that is whole is exported, damaged, and its release counted ---- */

typedef struct lent {
    struct ArrowArray real; /* as it came out */
    int released;
} lent;

static void
release_lent(struct ArrowArray *self)
{
    ((lent *)self->private_data)->released++;
    self->release = NULL;
}

/* A struct that shows what `self` has, and counts its release. */
static struct ArrowArray
lend(lent *self, ma_array *array)
{
    CHECK(ma_cdata_export_array(array, &self->real, NULL) == MA_OK);
    struct ArrowArray out = self->real;
    self->released = 0;
    out.release = release_lent;
    out.private_data = self;
    return out;
}

static void
refuse(struct ArrowArray *in, ma_type *type, const char *where, const char *part)
{
    const lent *owner = in->private_data;
    ma_error err;
    ma_array *array = NULL;
    ma_error_init(&err);
    const ma_status st = ma_cdata_import_array(in, type, &array, &err);
    if (st != MA_INVALID || strcmp(err.where, where) != 0 || strstr(err.text, part) == NULL) {
        fprintf(stderr, "%d at '%s': %s\n", (int)st, err.where, err.text);
        abort();
    }
    CHECK(array == NULL && in->release == NULL && owner->released == 1);
}

static ma_array *
accept(struct ArrowArray *in, ma_type *type)
{
    ma_array *array = NULL;
    CHECK(ma_cdata_import_array(in, type, &array, NULL) == MA_OK);
    return array;
}

static ma_array *
text_array(void)
{
    ma_array *array = array_of(simple(MA_TYPE_UTF8), 3, 0);
    PUT(array, 1, int32_t, 0, 1, 2, 3);
    PUT(array, 2, uint8_t, 'a', 'b', 'c');
    PUT_VALIDITY(array, 5);
    return array;
}

#define DAMAGE(change, where, part)                 \
    do {                                            \
        struct ArrowArray in = lend(&owner, array); \
        const void *buffers[8] = {NULL};            \
        for (int i_ = 0; i_ < in.n_buffers; i_++) { \
            buffers[i_] = in.buffers[i_];           \
        }                                           \
        in.buffers = buffers;                       \
        change;                                     \
        refuse(&in, array->type, where, part);      \
        owner.real.release(&owner.real);            \
    } while (0)

static void
test_array_structs(void)
{
    lent owner;
    ma_array *array = text_array();
    struct ArrowArray gone = {0};
    ma_error err;
    ma_array *none = NULL;
    ma_error_init(&err);
    CHECK(ma_cdata_import_array(&gone, array->type, &none, &err) == MA_INVALID);
    CHECK(strstr(err.text, "released") != NULL);

    DAMAGE(in.length = -1, "", "-1 rows");
    DAMAGE(in.offset = -1, "", "from row -1");
    DAMAGE(in.offset = INT64_MAX, "", "rows from row");
    DAMAGE(in.null_count = -2, "", "-2 nulls");
    DAMAGE(in.null_count = 4, "", "counts 4 nulls");
    DAMAGE(in.n_buffers = 2, "", "2 buffers");
    DAMAGE(in.n_buffers = 4, "", "4 buffers");
    DAMAGE(in.n_buffers = -1, "", "-1 buffers");
    DAMAGE(in.buffers = NULL, "", "no pointer");
    DAMAGE(in.n_children = 1, "", "1 children");
    DAMAGE(in.n_children = -1, "", "-1 children");
    DAMAGE(in.dictionary = &in, "", "a dictionary");
    DAMAGE(buffers[0] = NULL, "validity buffer", "no validity bitmap");
    DAMAGE(buffers[1] = NULL, "offsets buffer", "missing");
    DAMAGE(buffers[2] = NULL, "data buffer", "missing");
    DAMAGE(buffers[1] = ((const int32_t[]){0, 1, 2, -3}), "data buffer", "-3 bytes");
    DAMAGE(in.length = INT64_MAX - 1, "offsets buffer", "-1 bytes");
    ma_array_unref(array);

    /* no bitmap and nobody counted: nothing is null */
    array = text_array();
    struct ArrowArray in = lend(&owner, array);
    const void *buffers[] = {NULL, in.buffers[1], in.buffers[2]};
    in.buffers = buffers;
    in.null_count = -1;
    ma_array *back = accept(&in, array->type);
    CHECK(ma_array_null_count(back) == 0 && owner.released == 0);
    ma_array_unref(back);
    CHECK(owner.released == 1);
    owner.real.release(&owner.real);

    /* a count that is a lie is counted again */
    in = lend(&owner, array);
    in.null_count = 3;
    back = accept(&in, array->type);
    CHECK(ma_array_null_count(back) == 1);
    ma_array_unref(back);
    owner.real.release(&owner.real);
    ma_array_unref(array);
}

/* Values are looked at when they are used; nothing outside is touched before. */
static void
test_array_values(void)
{
    lent owner;
    ma_array *array = text_array();
    struct ArrowArray in = lend(&owner, array);
    const int32_t offsets[] = {0, 9, 1, 3};
    const void *buffers[] = {in.buffers[0], offsets, in.buffers[2]};
    in.buffers = buffers;
    ma_array *back = accept(&in, array->type);
    CHECK(ma_array_check_values(back, NULL) == MA_INVALID);
    ma_array_unref(back);
    CHECK(owner.released == 1);
    owner.real.release(&owner.real);
    ma_array_unref(array);
}

static void
test_array_children(void)
{
    lent owner;
    ma_array *array = array_of(struct_of(simple(MA_TYPE_INT32), simple(MA_TYPE_INT32)), 3, 0);
    array->children[0] = numbers(3, 1, 2, 3);
    array->children[1] = numbers(3, 4, 5, 6);
    struct ArrowArray broken;
    struct ArrowArray *children[2];

#define DAMAGE_CHILD(change, where, part)                                                 \
    DAMAGE(children[0] = in.children[0]; broken = *in.children[1]; children[1] = &broken; \
           in.children = children; change, where, part)

    DAMAGE(in.children = NULL, "", "no pointer");
    DAMAGE(in.n_children = 1, "", "1 children");
    DAMAGE_CHILD(children[1] = NULL, ".b", "missing");
    DAMAGE_CHILD(broken.release = NULL, ".b", "released");
    DAMAGE_CHILD(broken.length = 2, ".b", "2 rows and its parent needs 3");
    DAMAGE_CHILD(broken.n_buffers = 1, ".b", "1 buffers");
    DAMAGE_CHILD(broken.offset = INT64_MAX, ".b", "rows");
    DAMAGE_CHILD(broken.buffers = ((const void *[]){NULL, NULL}), ".b, data buffer", "missing");
    ma_array_unref(array);
}

static void
test_array_dictionary(void)
{
    lent owner;
    ma_array *array = array_of(dictionary_of(MA_TYPE_INT32, simple(MA_TYPE_INT32)), 2, 0);
    PUT(array, 1, int32_t, 0, 1);
    array->dictionary = numbers(2, 7, 8);
    struct ArrowArray broken;
    DAMAGE(in.dictionary = NULL, "", "no dictionary");
    DAMAGE(broken = *in.dictionary; broken.release = NULL;
           in.dictionary = &broken, ".dictionary", "released");
    DAMAGE(broken = *in.dictionary; broken.length = -5;
           in.dictionary = &broken, ".dictionary", "-5 rows");
    ma_array_unref(array);
}

static void
test_views(void)
{
    lent owner;
    const uint8_t view[16] = {13, 0, 0, 0, 'm', 'o', 'r', 'e'};
    ma_array *array = array_of(simple(MA_TYPE_UTF8_VIEW), 1, 1);
    put(array, 1, view, 16);
    put(array, 2, "more than that", 13);

    DAMAGE(in.n_buffers = 2, "", "2 buffers");
    DAMAGE(buffers[3] = NULL, "", "sizes of the data buffers");
    DAMAGE(buffers[3] = ((const int64_t[]){-1}), "data buffer 0", "-1 bytes");
    DAMAGE(buffers[2] = NULL, "data buffer 0", "missing");
    DAMAGE(buffers[1] = NULL, "views buffer", "missing");

    /* sizes need not be there when there is nothing to size */
    struct ArrowArray in = lend(&owner, array);
    const uint8_t shorter[16] = {1, 0, 0, 0, 'm'};
    const void *buffers[] = {NULL, shorter, NULL};
    in.buffers = buffers;
    in.n_buffers = 3;
    ma_array *back = accept(&in, array->type);
    CHECK(back->n_buffers == 2 && ma_array_check_full(back, NULL) == MA_OK);
    ma_array_unref(back);
    owner.real.release(&owner.real);
    ma_array_unref(array);
}

/* Rows that are not there need no memory. */
static void
test_empty(void)
{
    ma_type *types[SAMPLES];
    const int n = sample_types(types);
    for (int t = 0; t < n; t++) {
        lent owner;
        ma_array *array = random_array(types[t], 0);
        struct ArrowArray in = lend(&owner, array);
        const void *buffers[3] = {NULL, NULL, NULL};
        in.buffers = buffers;
        in.offset = 3;
        in.null_count = -1;
        ma_array *back = accept(&in, types[t]);
        CHECK(back->length == 0 && ma_array_check_full(back, NULL) == MA_OK);
        CHECK(ma_array_equal(array, back, true));
        ma_array_unref(back);
        owner.real.release(&owner.real);
        ma_array_unref(array);
        ma_type_unref(types[t]);
    }
}

/* Only what is misaligned is copied, and then it needs its owner no more. */
static void
test_misaligned(void)
{
    lent owner;
    ma_array *array = numbers(3, 1, 2, 3);
    _Alignas(8) uint8_t bytes[16];
    memcpy(bytes + 1, array->buffers[1].data, 12);
    struct ArrowArray in = lend(&owner, array);
    const void *buffers[] = {NULL, bytes + 1};
    in.buffers = buffers;
    ma_array *back = accept(&in, array->type);
    CHECK(owner.released == 1);
    memset(bytes, 0, sizeof(bytes));
    CHECK(((uintptr_t)back->buffers[1].data & 3) == 0 && ma_array_equal(array, back, true));
    ma_array_unref(back);
    owner.real.release(&owner.real);
    ma_array_unref(array);
}

/* ---- batches ---- */

static void
refuse_batch(struct ArrowArray *in, ma_schema *schema, const char *where, const char *part)
{
    const lent *owner = in->private_data;
    ma_error err;
    ma_batch *batch = NULL;
    ma_error_init(&err);
    const ma_status st = ma_cdata_import_batch(in, schema, &batch, &err);
    if (st != MA_INVALID || strcmp(err.where, where) != 0 || strstr(err.text, part) == NULL) {
        fprintf(stderr, "%d at '%s': %s\n", (int)st, err.where, err.text);
        abort();
    }
    CHECK(batch == NULL && in->release == NULL && owner->released == 1);
}

static void
test_batch(void)
{
    lent owner;
    ma_schema *schema = NULL;
    ma_array *array = array_of(struct_of(simple(MA_TYPE_INT32), simple(MA_TYPE_INT32)), 3, 0);
    array->children[0] = numbers(3, 1, 2, 3);
    array->children[1] = numbers(3, 4, 5, 6);
    CHECK(ma_schema_new(array->type->children, 2, NULL, &schema, NULL) == MA_OK);
    PUT_VALIDITY(array, 5);

    struct ArrowArray in = lend(&owner, array);
    refuse_batch(&in, schema, "", "1 rows of the struct are null");
    owner.real.release(&owner.real);
    atomic_store(&array->nulls, 0);
#define DAMAGE_BATCH(change, where, part)       \
    do {                                        \
        in = lend(&owner, array);               \
        change;                                 \
        refuse_batch(&in, schema, where, part); \
        owner.real.release(&owner.real);        \
    } while (0)
    DAMAGE_BATCH(in.n_children = 1, "", "1 children");
    DAMAGE_BATCH(in.n_buffers = 0, "", "0 buffers");
    DAMAGE_BATCH(in.buffers = NULL, "", "no pointer");
    DAMAGE_BATCH(in.length = -1, "", "-1 rows");
    DAMAGE_BATCH(in.offset = INT64_MAX, "", "rows from");
    DAMAGE_BATCH(in.length = 4, "column 'a'", "3 rows and the batch needs 4");
    DAMAGE_BATCH(in.offset = 1, "column 'a'", "3 rows and the batch needs 4");
    ma_schema_unref(schema);
    ma_array_unref(array);
}

int
main(void)
{
    limits = ma_limits_default();
    test_formats();
    test_schema_structs();
    test_schema_is_a_struct();
    test_metadata();
    test_limits();
    test_names_that_cannot_go_out();
    test_array_structs();
    test_array_values();
    test_array_children();
    test_array_dictionary();
    test_views();
    test_empty();
    test_misaligned();
    test_batch();
    return 0;
}
