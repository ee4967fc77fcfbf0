/* The same values under types that lay them out in another way. */
#include "make.h"

#include "core/cdata/request.h"
#include "core/data/equal.h"
#include "core/data/relayout.h"
#include "core/types/holds.h"

static ma_array *
relayout(ma_array *array, ma_type *type)
{
    ma_array *out = NULL;
    CHECK(ma_type_holds(type, array->type));
    CHECK(ma_array_relayout(array, type, &out, NULL) == MA_OK);
    CHECK(ma_type_equal(out->type, type, true));
    CHECK(out->length == array->length);
    CHECK(is_valid(out));
    return out;
}

static bool
has_bytes(const ma_array *array)
{
    return array->n_children == 0 && array->dictionary == NULL;
}

/* There and, where that is allowed, back; by way of bytes where it is not. */
static void
try_relayout(ma_type *from, ma_type *to)
{
    ma_array *array = random_array(from, 40);
    for (int64_t start = 0; start < 40; start += 13) {
        ma_array *slice = slice_of(array, start, 40 - start - (40 - start) / 3);
        ma_array *there = relayout(slice, to);
        if (ma_type_holds(from, to)) {
            ma_array *back = relayout(there, from);
            CHECK(ma_array_equal(slice, back, true));
            ma_array_unref(back);
        }
        for (int64_t i = 0; i < slice->length && has_bytes(slice) && has_bytes(there); i++) {
            CHECK(ma_array_is_null(slice, i) == ma_array_is_null(there, i));
            if (!ma_array_is_null(slice, i)) {
                const ma_bytes a = ma_array_bytes_at(slice, i);
                const ma_bytes b = ma_array_bytes_at(there, i);
                CHECK(a.size == b.size && memcmp(a.data, b.data, (size_t)a.size) == 0);
            }
        }
        ma_array_unref(there);
        ma_array_unref(slice);
    }
    ma_array_unref(array);
}

static void
test_text_and_binary(void)
{
    static const ma_type_id text[] = {MA_TYPE_UTF8, MA_TYPE_LARGE_UTF8, MA_TYPE_UTF8_VIEW};
    static const ma_type_id binary[] = {MA_TYPE_BINARY, MA_TYPE_LARGE_BINARY, MA_TYPE_BINARY_VIEW};
    for (int i = 0; i < 3; i++) {
        for (int k = 0; k < 3; k++) {
            ma_type *a = simple(text[i]);
            ma_type *b = simple(text[k]);
            ma_type *x = simple(binary[i]);
            ma_type *y = simple(binary[k]);
            try_relayout(a, b);
            try_relayout(x, y);
            try_relayout(a, y);
            CHECK(!ma_type_holds(b, x)); /* nobody knows whether it is text */
            ma_type_unref(a);
            ma_type_unref(b);
            ma_type_unref(x);
            ma_type_unref(y);
        }
    }
}

static void
test_lists(void)
{
    ma_type *lists[] = {list_of(MA_TYPE_LIST, simple(MA_TYPE_UTF8)),
                        list_of(MA_TYPE_LARGE_LIST, simple(MA_TYPE_UTF8_VIEW)),
                        list_of(MA_TYPE_LIST_VIEW, simple(MA_TYPE_UTF8)),
                        list_of(MA_TYPE_LARGE_LIST_VIEW, simple(MA_TYPE_LARGE_UTF8))};
    ma_type *pairs = fixed_list_of(2, simple(MA_TYPE_UTF8));
    for (int i = 0; i < 4; i++) {
        for (int k = 0; k < 4; k++) {
            try_relayout(lists[i], lists[k]);
        }
        try_relayout(pairs, lists[i]);
        CHECK(!ma_type_holds(pairs, lists[i]));
    }
    ma_type_unref(pairs);
    for (int i = 0; i < 4; i++) {
        ma_type_unref(lists[i]);
    }
}

static void
test_encodings(void)
{
    ma_type *types[] = {simple(MA_TYPE_UTF8),
                        dictionary_of(MA_TYPE_INT8, simple(MA_TYPE_UTF8_VIEW)),
                        dictionary_of(MA_TYPE_UINT64, simple(MA_TYPE_LARGE_UTF8)),
                        dictionary_of(MA_TYPE_UINT8, simple(MA_TYPE_UTF8))};
    for (int i = 0; i < 4; i++) {
        for (int k = 0; k < 4; k++) {
            try_relayout(types[i], types[k]);
        }
    }
    for (int i = 0; i < 4; i++) {
        ma_type_unref(types[i]);
    }
}

/* Views that lie in any order, overlap, and lead somewhere under a null. */
static void
test_views_become_lists(void)
{
    static const int32_t offsets[] = {3, 0, 1, 4, 0};
    static const int32_t sizes[] = {1, 3, 2, 0, 4};
    static const uint8_t validity = 15;
    static const int8_t items[] = {10, 11, 12, 13};
    static const int8_t expected[] = {13, 10, 11, 12, 11, 12};
    ma_array *views = array_of(list_of(MA_TYPE_LIST_VIEW, simple(MA_TYPE_INT8)), 5, 0);
    ma_type *type = list_of(MA_TYPE_LARGE_LIST, simple(MA_TYPE_INT8));
    put(views, 0, &validity, 1);
    put(views, 1, offsets, sizeof(offsets));
    put(views, 2, sizes, sizeof(sizes));
    views->children[0] = array_of(simple(MA_TYPE_INT8), 4, 0);
    put(views->children[0], 1, items, sizeof(items));
    CHECK(is_valid(views));
    ma_array *lists = relayout(views, type);
    CHECK(ma_array_offset_at(lists, 0) == 0 && ma_array_offset_at(lists, 1) == 1);
    CHECK(ma_array_offset_at(lists, 2) == 4 && ma_array_offset_at(lists, 3) == 6);
    CHECK(ma_array_offset_at(lists, 4) == 6 && ma_array_is_null(lists, 4));
    CHECK(memcmp(lists->children[0]->buffers[1].data, expected, sizeof(expected)) == 0);
    ma_array_unref(lists);
    ma_array_unref(views);
    ma_type_unref(type);
}

static void
test_within_others(void)
{
    ma_type *from = struct_of(dictionary_of(MA_TYPE_INT8, simple(MA_TYPE_UTF8)),
                              runs_of(MA_TYPE_INT32, simple(MA_TYPE_UTF8)));
    ma_type *to = struct_of(dictionary_of(MA_TYPE_INT8, simple(MA_TYPE_UTF8_VIEW)),
                            runs_of(MA_TYPE_INT32, simple(MA_TYPE_LARGE_UTF8)));
    try_relayout(from, to);
    ma_type_unref(from);
    ma_type_unref(to);
    from = map_of(simple(MA_TYPE_UTF8), simple(MA_TYPE_BINARY));
    to = map_of(simple(MA_TYPE_LARGE_UTF8), simple(MA_TYPE_BINARY_VIEW));
    try_relayout(from, to);
    ma_type_unref(from);
    ma_type_unref(to);
    from = union_of(MA_TYPE_DENSE_UNION, simple(MA_TYPE_INT8), simple(MA_TYPE_UTF8));
    to = union_of(MA_TYPE_DENSE_UNION, simple(MA_TYPE_INT8), simple(MA_TYPE_BINARY));
    try_relayout(from, to);
    ma_type_unref(from);
    ma_type_unref(to);
}

/* Takes over both. */
static bool
allows(ma_type *from, ma_type *to)
{
    const bool answer = ma_type_holds(to, from);
    ma_type_unref(from);
    ma_type_unref(to);
    return answer;
}

static ma_type *
timestamp(const char *zone)
{
    ma_type *type = new_type(MA_TYPE_TIMESTAMP, 0);
    if (zone != NULL) {
        type->timezone = ma_malloc((int64_t)strlen(zone) + 1);
        strcpy(type->timezone, zone);
    }
    return sealed(type);
}

static ma_type *
decimal_of(int32_t precision, int32_t scale)
{
    ma_type *type = new_type(MA_TYPE_DECIMAL128, 0);
    type->precision = precision;
    type->scale = scale;
    return sealed(type);
}

static ma_type *
ordered(ma_type *type)
{
    type->ordered = true;
    return type;
}

static ma_type *
sorted(ma_type *type)
{
    type->keys_sorted = true;
    return type;
}

static ma_type *
struct_with(const char *name, bool nullable)
{
    ma_type *type = new_type(MA_TYPE_STRUCT, 1);
    ma_type *child = simple(MA_TYPE_INT8);
    const ma_bytes bytes = {name, (int64_t)strlen(name)};
    CHECK(ma_field_new(bytes, child, nullable, NULL, &type->children[0], NULL) == MA_OK);
    ma_type_unref(child);
    return sealed(type);
}

static void
test_what_means_something(void)
{
    CHECK(allows(timestamp("UTC"), timestamp("Europe/Berlin")));
    CHECK(!allows(timestamp("UTC"), timestamp(NULL)));
    CHECK(!allows(timestamp(NULL), timestamp("UTC")));
    CHECK(allows(decimal_of(5, 2), decimal_of(9, 2)));
    CHECK(!allows(decimal_of(9, 2), decimal_of(5, 2)));
    CHECK(!allows(decimal_of(5, 2), decimal_of(5, 1)));
    CHECK(!allows(simple(MA_TYPE_INT8), simple(MA_TYPE_UINT8)));
    CHECK(!allows(simple(MA_TYPE_INT8), simple(MA_TYPE_UTF8)));
    CHECK(!allows(fixed_binary(3), fixed_binary(4)));
    CHECK(!allows(time_type(MA_TYPE_TIMESTAMP), time_type(MA_TYPE_DURATION)));
    CHECK(allows(ordered(dictionary_of(MA_TYPE_INT8, simple(MA_TYPE_UTF8))),
                 dictionary_of(MA_TYPE_INT8, simple(MA_TYPE_UTF8))));
    CHECK(!allows(dictionary_of(MA_TYPE_INT8, simple(MA_TYPE_UTF8)),
                  ordered(dictionary_of(MA_TYPE_INT8, simple(MA_TYPE_UTF8)))));
    CHECK(allows(dictionary_of(MA_TYPE_INT16, simple(MA_TYPE_UTF8)),
                 dictionary_of(MA_TYPE_UINT8, simple(MA_TYPE_UTF8))));
    CHECK(!allows(simple(MA_TYPE_UTF8),
                  ordered(dictionary_of(MA_TYPE_INT8, simple(MA_TYPE_UTF8)))));
    CHECK(!allows(map_of(simple(MA_TYPE_INT8), simple(MA_TYPE_INT8)),
                  sorted(map_of(simple(MA_TYPE_INT8), simple(MA_TYPE_INT8)))));
    CHECK(allows(struct_with("a", false), struct_with("a", true)));
    CHECK(!allows(struct_with("a", true), struct_with("a", false)));
    CHECK(!allows(struct_with("a", true), struct_with("b", true)));
    CHECK(!allows(wide_struct(2), wide_struct(3)));
    CHECK(allows(runs_of(MA_TYPE_INT16, simple(MA_TYPE_INT8)),
                 runs_of(MA_TYPE_INT32, simple(MA_TYPE_INT16))));
    CHECK(allows(union_of(MA_TYPE_DENSE_UNION, simple(MA_TYPE_INT8), simple(MA_TYPE_INT8)),
                 union_of(MA_TYPE_SPARSE_UNION, simple(MA_TYPE_INT8), simple(MA_TYPE_INT8))));
    CHECK(!allows(union_of(MA_TYPE_DENSE_UNION, simple(MA_TYPE_INT8), simple(MA_TYPE_INT8)),
                  simple(MA_TYPE_INT8)));
    CHECK(!allows(simple(MA_TYPE_NULL),
                  union_of(MA_TYPE_DENSE_UNION, simple(MA_TYPE_INT8), simple(MA_TYPE_INT8))));
    CHECK(allows(simple(MA_TYPE_NULL), struct_with("a", false)));
    CHECK(allows(simple(MA_TYPE_INT8), simple(MA_TYPE_INT16)));
    CHECK(allows(simple(MA_TYPE_UINT8), simple(MA_TYPE_INT16)));
    CHECK(!allows(simple(MA_TYPE_UINT16), simple(MA_TYPE_INT16)));
    CHECK(!allows(simple(MA_TYPE_INT8), simple(MA_TYPE_UINT16)));
    CHECK(!allows(simple(MA_TYPE_INT32), simple(MA_TYPE_FLOAT64)));
    CHECK(!allows(simple(MA_TYPE_DATE32), simple(MA_TYPE_DATE64)));
    CHECK(!allows(time_type(MA_TYPE_TIME32), time_type(MA_TYPE_TIME64)));
}

/* ---- requests ---- */

static ma_field *
field_of(const char *name, ma_type *type, bool nullable)
{
    ma_field *field = NULL;
    const ma_bytes bytes = {name, (int64_t)strlen(name)};
    CHECK(ma_field_new(bytes, type, nullable, NULL, &field, NULL) == MA_OK);
    ma_type_unref(type);
    return field;
}

static ma_schema *
schema_of(ma_field *a, ma_field *b)
{
    ma_field *fields[] = {a, b};
    ma_schema *schema = NULL;
    CHECK(ma_schema_new(fields, b != NULL ? 2 : 1, NULL, &schema, NULL) == MA_OK);
    ma_field_unref(a);
    ma_field_unref(b);
    return schema;
}

static ma_schema *
text_and_number(ma_type_id text, ma_type_id number, bool nullable)
{
    return schema_of(field_of("t", simple(text), nullable), field_of("n", simple(number), false));
}

static void
test_requests(void)
{
    ma_error err;
    ma_schema *own = text_and_number(MA_TYPE_UTF8, MA_TYPE_INT32, true);
    ma_schema *wanted = text_and_number(MA_TYPE_UTF8_VIEW, MA_TYPE_UINT64, false);
    ma_schema *given = NULL;
    ma_error_init(&err);
    CHECK(ma_cdata_request_schema(own, wanted, &given, &err) == MA_OK);
    CHECK(given->fields[0]->type->id == MA_TYPE_UTF8_VIEW && given->fields[0]->nullable);
    CHECK(given->fields[1] == own->fields[1]); /* which may be negative */

    ma_batch *batch = NULL;
    ma_batch *lent = NULL;
    ma_array *column;
    ma_array *columns[] = {random_array(own->fields[0]->type, 20), NULL};
    columns[1] = random_array(own->fields[1]->type, 20);
    CHECK(ma_batch_new(own, 20, columns, NULL, &batch, NULL) == MA_OK);
    CHECK(ma_cdata_lend_batch(batch, given, &lent, &err) == MA_OK);
    CHECK(ma_batch_schema(lent) == given);
    CHECK(ma_batch_column(lent, 0, &column, NULL) == MA_OK && is_valid(column));
    CHECK(ma_batch_column(lent, 1, &column, NULL) == MA_OK && column == columns[1]);
    ma_batch_unref(lent);
    CHECK(ma_cdata_lend_batch(batch, own, &lent, &err) == MA_OK && lent == batch);
    ma_batch_unref(lent);

    ma_schema *fewer = schema_of(field_of("t", simple(MA_TYPE_UTF8), true), NULL);
    ma_schema *others = schema_of(field_of("n", simple(MA_TYPE_UTF8), true),
                                  field_of("t", simple(MA_TYPE_INT32), true));
    ma_schema *none = NULL;
    CHECK(ma_cdata_request_schema(own, fewer, &none, &err) == MA_INVALID);
    CHECK(strstr(err.text, "has 1 fields, and the data has 2") != NULL);
    CHECK(ma_cdata_request_schema(own, others, &none, &err) == MA_INVALID);
    CHECK(strstr(err.text, "is 'n', and that of the data 't'") != NULL);

    ma_array_unref(columns[0]);
    ma_array_unref(columns[1]);
    ma_batch_unref(batch);
    ma_schema_unref(own);
    ma_schema_unref(wanted);
    ma_schema_unref(given);
    ma_schema_unref(fewer);
    ma_schema_unref(others);
}

/* Each allocation fails once. What leaks, the sanitizer reports. Takes over both types. */
static void
fail_each_allocation(ma_type *from, ma_type *to)
{
    ma_schema *own = schema_of(field_of("x", from, true), NULL);
    ma_schema *wanted = schema_of(field_of("x", to, false), NULL);
    ma_array *array = random_array(from, 20);
    ma_array *columns[] = {slice_of(array, 3, 15)};
    ma_batch *batch = NULL;
    CHECK(ma_batch_new(own, 15, columns, NULL, &batch, NULL) == MA_OK);
    CHECK(is_valid(columns[0]));
    ma_status st = MA_NOMEM;
    for (int64_t nth = 1; st != MA_OK; nth++) {
        ma_schema *given = NULL;
        ma_batch *lent = NULL;
        ma_error err;
        ma_error_init(&err);
        CHECK(nth < 1000);
        ma_fault_set(nth, 1);
        st = ma_cdata_request_schema(own, wanted, &given, &err);
        if (st == MA_OK) {
            st = ma_cdata_lend_batch(batch, given, &lent, &err);
        }
        ma_fault_set(0, 0);
        CHECK(st == MA_OK || st == MA_NOMEM);
        ma_schema_unref(given);
        if (lent != NULL) {
            ma_batch_unref(lent);
        }
    }
    ma_array_unref(columns[0]);
    ma_array_unref(array);
    ma_batch_unref(batch);
    ma_schema_unref(own);
    ma_schema_unref(wanted);
}

static void
test_memory_failures(void)
{
    fail_each_allocation(simple(MA_TYPE_UTF8), simple(MA_TYPE_UTF8_VIEW));
    fail_each_allocation(simple(MA_TYPE_LARGE_BINARY), simple(MA_TYPE_BINARY));
    fail_each_allocation(list_of(MA_TYPE_LIST, simple(MA_TYPE_INT8)),
                         list_of(MA_TYPE_LARGE_LIST_VIEW, simple(MA_TYPE_INT16)));
    fail_each_allocation(list_of(MA_TYPE_LIST_VIEW, simple(MA_TYPE_UTF8)),
                         list_of(MA_TYPE_LIST, simple(MA_TYPE_BINARY)));
    fail_each_allocation(dictionary_of(MA_TYPE_INT8, simple(MA_TYPE_UTF8)),
                         dictionary_of(MA_TYPE_UINT64, simple(MA_TYPE_UTF8)));
    fail_each_allocation(dictionary_of(MA_TYPE_INT8, simple(MA_TYPE_UTF8)),
                         runs_of(MA_TYPE_INT16, simple(MA_TYPE_LARGE_UTF8)));
    fail_each_allocation(runs_of(MA_TYPE_INT32, simple(MA_TYPE_INT8)),
                         dictionary_of(MA_TYPE_INT8, simple(MA_TYPE_INT64)));
    fail_each_allocation(
        union_of(MA_TYPE_DENSE_UNION, simple(MA_TYPE_FLOAT32), simple(MA_TYPE_UTF8)),
        union_of(MA_TYPE_SPARSE_UNION, simple(MA_TYPE_FLOAT64), simple(MA_TYPE_UTF8)));
}

int
main(void)
{
    test_text_and_binary();
    test_lists();
    test_encodings();
    test_views_become_lists();
    test_within_others();
    test_what_means_something();
    test_requests();
    test_memory_failures();
    return 0;
}
