/* Builders: every type by rows, taking rows back, keys, limits, and failing memory. */
#include <stdio.h>
#include <stdlib.h>

#include "core/base/fault.h"
#include "core/base/memory.h"
#include "core/data/builder.h"
#include "core/data/equal.h"
#include "core/validate/shape.h"
#include "core/validate/values.h"

#define CHECK(condition)                                                    \
    do {                                                                    \
        if (!(condition)) {                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
            exit(1);                                                        \
        }                                                                   \
    } while (0)
#define OK(call) CHECK((call) == MA_OK)

static ma_error err;

/* ---- types ---- */

static ma_type *
seal(ma_type *type)
{
    OK(ma_type_seal(type, &err));
    return type;
}

/* A parent over children given by the caller, whose references it takes. */
static ma_type *
parent(ma_type_id id, int32_t n, ma_type **children)
{
    static const char *const names[] = {"a", "b", "c"};
    ma_type *type = NULL;
    OK(ma_type_new(id, n, &type, &err));
    for (int32_t i = 0; i < n; i++) {
        OK(ma_field_new((ma_bytes){names[i], 1}, children[i], true, NULL, &type->children[i],
                        &err));
        ma_type_unref(children[i]);
    }
    if (ma_type_is_union(type)) {
        type->type_codes = ma_malloc(n);
        CHECK(type->type_codes != NULL);
        for (int32_t i = 0; i < n; i++) {
            type->type_codes[i] = (int8_t)(5 * i + 3);
        }
    }
    type->list_size = 2;
    return seal(type);
}

static ma_type *
simple(ma_type_id id)
{
    ma_type *type = NULL;
    OK(ma_type_simple(id, &type, &err));
    return type;
}

static ma_type *
dictionary(ma_type_id index, ma_type *values)
{
    ma_type *type = NULL;
    OK(ma_type_new(MA_TYPE_DICTIONARY, 0, &type, &err));
    type->index_type = simple(index);
    type->value_type = values;
    return seal(type);
}

static ma_type *
make_type(ma_type_id id, int depth)
{
    ma_type *type = NULL;
    ma_type *children[2];
    switch (id) {
    case MA_TYPE_DECIMAL32:
    case MA_TYPE_DECIMAL64:
    case MA_TYPE_DECIMAL128:
    case MA_TYPE_DECIMAL256:
    case MA_TYPE_FIXED_SIZE_BINARY:
    case MA_TYPE_TIME32:
    case MA_TYPE_TIME64:
        OK(ma_type_new(id, 0, &type, &err));
        type->precision = 9;
        type->byte_width = 3;
        type->unit = id == MA_TYPE_TIME64 ? MA_NANOSECOND : MA_SECOND;
        return seal(type);
    case MA_TYPE_MAP:
        children[0] = simple(MA_TYPE_UTF8);
        children[1] = make_type(depth > 0 ? MA_TYPE_LIST : MA_TYPE_INT16, depth - 1);
        children[0] = parent(MA_TYPE_STRUCT, 2, children);
        return parent(id, 1, children);
    case MA_TYPE_LIST:
    case MA_TYPE_LARGE_LIST:
    case MA_TYPE_LIST_VIEW:
    case MA_TYPE_LARGE_LIST_VIEW:
    case MA_TYPE_FIXED_SIZE_LIST:
        children[0] = make_type(depth > 0 ? MA_TYPE_STRUCT : MA_TYPE_UTF8_VIEW, depth - 1);
        return parent(id, 1, children);
    case MA_TYPE_STRUCT:
    case MA_TYPE_SPARSE_UNION:
    case MA_TYPE_DENSE_UNION:
        children[0] = make_type(depth > 0 ? MA_TYPE_DENSE_UNION : MA_TYPE_BOOL, depth - 1);
        children[1] = depth > 0 ? make_type(MA_TYPE_RUN_END_ENCODED, depth - 1)
                                : dictionary(MA_TYPE_INT16, simple(MA_TYPE_BINARY));
        return parent(id, 2, children);
    case MA_TYPE_RUN_END_ENCODED:
        children[0] = simple(MA_TYPE_INT32);
        children[1] = make_type(depth > 0 ? MA_TYPE_FIXED_SIZE_LIST : MA_TYPE_INT8, depth - 1);
        return parent(id, 2, children);
    case MA_TYPE_DICTIONARY:
        return dictionary(MA_TYPE_UINT8, make_type(depth > 0 ? MA_TYPE_LIST : MA_TYPE_UTF8, 0));
    default:
        return simple(id);
    }
}

/* ---- rows ---- */

static unsigned seed = 1;

static unsigned
roll(unsigned below)
{
    seed = seed * 1103515245u + 12345u;
    return (seed >> 16) % below;
}

static ma_status
append_value(ma_builder *builder);

/* One row of few different values, so that runs and dictionaries find equals. */
static ma_status
append(ma_builder *builder)
{
    return roll(5) == 0 ? ma_builder_append_null(builder, 1, &err) : append_value(builder);
}

/* An entry of a map: neither it nor its key is null. */
static ma_status
append_entry(ma_builder *entries)
{
    MA_TRY(append_value(entries->children[0]));
    MA_TRY(append(entries->children[1]));
    return ma_builder_end_struct(entries, &err);
}

static ma_status
append_value(ma_builder *builder)
{
    static const char text[] = "a value that is too long for a view to hold itself";
    const uint8_t fixed[32] = {(uint8_t)roll(3)};
    const int32_t child = (int32_t)roll(2);
    switch (builder->type->layout) {
    case MA_LAYOUT_NULL:
        return ma_builder_append_null(builder, 1, &err);
    case MA_LAYOUT_FIXED:
        return builder->type->bits == 1 ? ma_builder_append_bool(builder, roll(2), &err)
                                        : ma_builder_append_fixed(builder, fixed, &err);
    case MA_LAYOUT_BINARY32:
    case MA_LAYOUT_BINARY64:
    case MA_LAYOUT_VIEW:
        return ma_builder_append_bytes(builder, text, roll(2) ? roll(13) : roll(50), &err);
    case MA_LAYOUT_LIST32:
    case MA_LAYOUT_LIST64:
    case MA_LAYOUT_LIST_VIEW32:
    case MA_LAYOUT_LIST_VIEW64:
    case MA_LAYOUT_FIXED_LIST:
        for (unsigned n = builder->type->layout == MA_LAYOUT_FIXED_LIST ? 2 : roll(3); n > 0; n--) {
            MA_TRY(builder->type->id == MA_TYPE_MAP ? append_entry(builder->children[0])
                                                    : append(builder->children[0]));
        }
        return ma_builder_end_list(builder, &err);
    case MA_LAYOUT_STRUCT:
        MA_TRY(append(builder->children[0]));
        MA_TRY(append(builder->children[1]));
        return ma_builder_end_struct(builder, &err);
    case MA_LAYOUT_SPARSE_UNION:
    case MA_LAYOUT_DENSE_UNION:
        MA_TRY(append(builder->children[child]));
        return ma_builder_end_union(builder, child, &err);
    case MA_LAYOUT_RUN_END:
        MA_TRY(append(builder->children[1]));
        return ma_builder_end_run(builder, 1, &err);
    case MA_LAYOUT_DICTIONARY:
        MA_TRY(append(builder->values));
        return ma_builder_end_value(builder, &err);
    }
    return MA_INVALID;
}

static ma_status
append_rows(ma_builder *builder, int count)
{
    for (int i = 0; i < count; i++) {
        MA_TRY(append(builder));
    }
    return MA_OK;
}

static ma_array *
finish(ma_builder *builder)
{
    ma_array *array = NULL;
    OK(ma_builder_finish(builder, &array, &err));
    ma_builder_free(builder);
    return array;
}

/* The array is what it says it is: check it as if it came from outside. */
static void
check_all(ma_array *array)
{
    for (int32_t i = 0; i < array->n_children; i++) {
        check_all(array->children[i]);
    }
    if (array->dictionary != NULL) {
        check_all(array->dictionary);
    }
    atomic_store(&array->checked, 0);
    OK(ma_array_check_shape(array, &err));
    OK(ma_array_check_full(array, &err));
}

/* ---- tests ---- */

/* Rows, rows taken back, the same rows again: as if nothing had been. */
static void
test_every_type(void)
{
    for (int id = 0; id <= MA_TYPE_DICTIONARY; id++) {
        for (int depth = 0; depth < 3; depth++) {
            ma_type *type = make_type((ma_type_id)id, depth);
            ma_builder *straight = NULL;
            ma_builder *winding = NULL;
            OK(ma_builder_new(type, &straight, &err));
            OK(ma_builder_new(type, &winding, &err));
            OK(ma_builder_reserve(winding, 100, &err));
            seed = (unsigned)(id * 7 + depth);
            OK(append_rows(straight, 40));
            const unsigned middle = seed;
            OK(append_rows(straight, 60));

            seed = (unsigned)(id * 7 + depth);
            OK(append_rows(winding, 40));
            const int64_t length = winding->length;
            OK(append_rows(winding, 33));
            ma_builder_truncate(winding, length);
            seed = middle;
            OK(append_rows(winding, 60));
            CHECK(winding->length == straight->length);

            ma_array *a = finish(straight);
            ma_array *b = finish(winding);
            check_all(a);
            check_all(b);
            CHECK(ma_array_equal(a, b, true));
            ma_array_unref(a);
            ma_array_unref(b);
            ma_type_unref(type);
        }
    }
}

static void
test_empty(void)
{
    for (int id = 0; id <= MA_TYPE_DICTIONARY; id++) {
        ma_type *type = make_type((ma_type_id)id, 1);
        ma_builder *builder = NULL;
        OK(ma_builder_new(type, &builder, &err));
        ma_array *array = finish(builder);
        CHECK(array->length == 0);
        check_all(array);
        ma_array_unref(array);

        OK(ma_builder_new(type, &builder, &err));
        OK(ma_builder_append_empty(builder, 9, &err));
        OK(ma_builder_append_null(builder, 9, &err));
        array = finish(builder);
        CHECK(array->length == 18);
        check_all(array);
        ma_array_unref(array);
        ma_type_unref(type);
    }
}

static void
test_limits(void)
{
    ma_type *type = dictionary(MA_TYPE_INT8, simple(MA_TYPE_INT32));
    ma_builder *builder = NULL;
    OK(ma_builder_new(type, &builder, &err));
    for (int32_t i = 0; i < 128; i++) {
        OK(ma_builder_append_fixed(builder->values, &i, &err));
        OK(ma_builder_end_value(builder, &err));
    }
    const int32_t again = 5;
    const int32_t fresh = 500;
    OK(ma_builder_append_fixed(builder->values, &again, &err));
    OK(ma_builder_end_value(builder, &err));
    OK(ma_builder_append_fixed(builder->values, &fresh, &err));
    CHECK(ma_builder_end_value(builder, &err) == MA_INVALID);
    CHECK(strstr(err.text, "wider index type") != NULL);
    ma_builder_free(builder);
    ma_type_unref(type);

    ma_type *children[2] = {simple(MA_TYPE_INT16), simple(MA_TYPE_BOOL)};
    type = parent(MA_TYPE_RUN_END_ENCODED, 2, children);
    OK(ma_builder_new(type, &builder, &err));
    OK(ma_builder_append_bool(builder->children[1], true, &err));
    OK(ma_builder_end_run(builder, INT16_MAX, &err));
    OK(ma_builder_append_bool(builder->children[1], true, &err));
    CHECK(ma_builder_end_run(builder, 1, &err) == MA_INVALID);
    CHECK(strstr(err.text, "int32 or int64") != NULL);
    ma_builder_truncate(builder, 10);
    ma_array *array = finish(builder);
    CHECK(array->length == 10 && array->children[0]->length == 1);
    check_all(array);
    ma_array_unref(array);
    ma_type_unref(type);
}

static void
test_runs_merge(void)
{
    ma_type *children[2] = {simple(MA_TYPE_INT32), simple(MA_TYPE_UTF8)};
    ma_type *type = parent(MA_TYPE_RUN_END_ENCODED, 2, children);
    ma_builder *builder = NULL;
    OK(ma_builder_new(type, &builder, &err));
    static const char *const values[] = {"x", "x", "y", "y", "y", "x"};
    for (int i = 0; i < 6; i++) {
        OK(ma_builder_append_bytes(builder->children[1], values[i], 1, &err));
        OK(ma_builder_end_run(builder, 1, &err));
    }
    OK(ma_builder_append_null(builder, 4, &err));
    OK(ma_builder_append_null(builder, 1, &err));
    ma_array *array = finish(builder);
    CHECK(array->length == 11 && array->children[0]->length == 4);
    check_all(array);
    ma_array_unref(array);
    ma_type_unref(type);
}

/* A row of so many bytes that int32 does not hold its bits: memory that nobody writes to. */
static void
test_wide_rows_taken_back(void)
{
    ma_type *type = NULL;
    OK(ma_type_new(MA_TYPE_FIXED_SIZE_BINARY, 0, &type, &err));
    type->byte_width = 1 << 28;
    ma_builder *builder = NULL;
    uint8_t *data;
    OK(ma_builder_new(seal(type), &builder, &err));
    OK(ma_builder_extend(builder, 2, &data, &err));
    ma_builder_truncate(builder, 1);
    CHECK(builder->length == 1 && builder->first.size == type->byte_width);
    ma_builder_free(builder);
    ma_type_unref(type);
}

/* Rows that take no memory are as many as int64 counts, however they come. */
static void
test_rows_beyond_count(void)
{
    const int64_t half = INT64_C(1) << 62;
    ma_type *zero = NULL;
    OK(ma_type_new(MA_TYPE_FIXED_SIZE_BINARY, 0, &zero, &err));
    ma_type *run_parts[] = {simple(MA_TYPE_INT64), simple(MA_TYPE_INT8)};
    ma_type *item[] = {simple(MA_TYPE_NULL)};
    ma_type *const types[] = {
        simple(MA_TYPE_NULL),
        parent(MA_TYPE_STRUCT, 0, NULL),
        seal(zero),
        parent(MA_TYPE_RUN_END_ENCODED, 2, run_parts),
        parent(MA_TYPE_FIXED_SIZE_LIST, 1, item), /* of two items */
    };
    for (int i = 0; i < 5; i++) {
        ma_builder *builder = NULL;
        const int64_t count = i == 4 ? half / 2 : half;
        OK(ma_builder_new(types[i], &builder, &err));
        OK(ma_builder_append_empty(builder, count, &err));
        CHECK(ma_builder_append_empty(builder, count, &err) == MA_INVALID);
        CHECK(strstr(err.text, "use several arrays") != NULL);
        ma_builder_truncate(builder, count);
        OK(ma_builder_append_empty(builder, count - 1, &err));
        CHECK(builder->length - count == count - 1);
        ma_builder_free(builder);
        ma_type_unref(types[i]);
    }
}

#ifdef MA_FAULT_INJECTION
/* Whatever allocation fails: MA_NOMEM, and nothing is left behind. */
static void
test_faults(void)
{
    for (int id = 0; id <= MA_TYPE_DICTIONARY; id++) {
        ma_type *type = make_type((ma_type_id)id, 2);
        ma_status st = MA_NOMEM;
        for (int64_t nth = 1; st != MA_OK; nth++) {
            ma_builder *builder = NULL;
            ma_array *array = NULL;
            seed = 3;
            ma_fault_set(nth, 1);
            st = ma_builder_new(type, &builder, &err);
            if (st == MA_OK) {
                st = append_rows(builder, 50);
                if (st != MA_OK) {
                    ma_builder_truncate(builder, builder->length / 2);
                }
            }
            if (st == MA_OK) {
                st = ma_builder_finish(builder, &array, &err);
            }
            ma_fault_set(0, 0);
            CHECK(st == MA_OK || st == MA_NOMEM);
            ma_builder_free(builder);
            ma_array_unref(array);
        }
        ma_type_unref(type);
    }
}
#endif

int
main(void)
{
    ma_error_init(&err);
    test_every_type();
    test_empty();
    test_limits();
    test_runs_merge();
    test_wide_rows_taken_back();
    test_rows_beyond_count();
#ifdef MA_FAULT_INJECTION
    test_faults();
#endif
    printf("builder: ok\n");
    return 0;
}
