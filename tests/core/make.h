/* For the tests of the core: a macro that checks, and types and arrays made by hand or at random.
 * */
#ifndef TEST_MAKE_H
#define TEST_MAKE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/fault.h"
#include "core/base/memory.h"
#include "core/data/builder.h"
#include "core/validate/shape.h"
#include "core/validate/values.h"

#define CHECK(condition)                                                                   \
    do {                                                                                   \
        if (!(condition)) {                                                                \
            fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, __func__, #condition);  \
            abort();                                                                       \
        }                                                                                  \
    } while (0)

#define COUNT(items) ((int)(sizeof(items) / sizeof((items)[0])))

/* ---- types; each function takes over the types that it is given ---- */

static inline ma_type *
sealed(ma_type *type)
{
    CHECK(ma_type_seal(type, NULL) == MA_OK);
    return type;
}

static inline ma_type *
new_type(ma_type_id id, int32_t n_children)
{
    ma_type *type = NULL;
    CHECK(ma_type_new(id, n_children, &type, NULL) == MA_OK);
    return type;
}

static inline ma_type *
simple(ma_type_id id)
{
    return sealed(new_type(id, 0));
}

static inline void
set_child(ma_type *type, int32_t index, const char *name, ma_type *child)
{
    const ma_bytes bytes = {name, (int64_t)strlen(name)};
    CHECK(ma_field_new(bytes, child, true, NULL, &type->children[index], NULL) == MA_OK);
    ma_type_unref(child);
}

static inline ma_type *
list_of(ma_type_id id, ma_type *item)
{
    ma_type *type = new_type(id, 1);
    set_child(type, 0, "item", item);
    return sealed(type);
}

static inline ma_type *
fixed_list_of(int32_t size, ma_type *item)
{
    ma_type *type = new_type(MA_TYPE_FIXED_SIZE_LIST, 1);
    type->list_size = size;
    set_child(type, 0, "item", item);
    return sealed(type);
}

static inline ma_type *
fixed_binary(int32_t width)
{
    ma_type *type = new_type(MA_TYPE_FIXED_SIZE_BINARY, 0);
    type->byte_width = width;
    return sealed(type);
}

static inline ma_type *
decimal(ma_type_id id)
{
    ma_type *type = new_type(id, 0);
    type->precision = 5;
    return sealed(type);
}

static inline ma_type *
time_type(ma_type_id id)
{
    ma_type *type = new_type(id, 0);
    type->unit = id == MA_TYPE_TIME32 ? MA_SECOND : MA_NANOSECOND;
    return sealed(type);
}

static inline ma_type *
struct_of(ma_type *a, ma_type *b)
{
    ma_type *type = new_type(MA_TYPE_STRUCT, 2);
    set_child(type, 0, "a", a);
    set_child(type, 1, "b", b);
    return sealed(type);
}

static inline ma_type *
wide_struct(int32_t n)
{
    ma_type *type = new_type(MA_TYPE_STRUCT, n);
    for (int32_t i = 0; i < n; i++) {
        set_child(type, i, "same name", simple(MA_TYPE_INT8));
    }
    return sealed(type);
}

static inline ma_type *
map_of(ma_type *key, ma_type *value)
{
    ma_type *type = new_type(MA_TYPE_MAP, 1);
    set_child(type, 0, "entries", struct_of(key, value));
    return sealed(type);
}

/* Type ids 5 and 2. */
static inline ma_type *
union_of(ma_type_id id, ma_type *a, ma_type *b)
{
    ma_type *type = new_type(id, 2);
    set_child(type, 0, "a", a);
    set_child(type, 1, "b", b);
    type->type_codes = ma_malloc(2);
    CHECK(type->type_codes != NULL);
    type->type_codes[0] = 5;
    type->type_codes[1] = 2;
    return sealed(type);
}

static inline ma_type *
runs_of(ma_type_id ends, ma_type *values)
{
    ma_type *type = new_type(MA_TYPE_RUN_END_ENCODED, 2);
    set_child(type, 0, "run_ends", simple(ends));
    set_child(type, 1, "values", values);
    return sealed(type);
}

static inline ma_type *
dictionary_of(ma_type_id index, ma_type *values)
{
    ma_type *type = new_type(MA_TYPE_DICTIONARY, 0);
    type->index_type = simple(index);
    type->value_type = values;
    return sealed(type);
}

/* ---- arrays by hand ---- */

/* An array of a type that it takes over; buffers and children are to be put in. */
static inline ma_array *
array_of(ma_type *type, int64_t length, int64_t n_variadic)
{
    ma_array *array = NULL;
    CHECK(ma_array_new(type, length, n_variadic, &array, NULL) == MA_OK);
    ma_type_unref(type);
    atomic_store(&array->nulls, 0);
    return array;
}

typedef struct test_block {
    ma_block base;
    void *memory;
} test_block;

static inline void
release_test_block(ma_block *base)
{
    free(((test_block *)base)->memory);
    free(base);
}

/* A copy of exactly these bytes in a block of their own, so that reading one too far is seen. */
static inline void
put(ma_array *array, int index, const void *data, int64_t size)
{
    test_block *block = malloc(sizeof(*block));
    void *memory = malloc((size_t)size);
    CHECK(block != NULL && memory != NULL);
    ma_refs_init(&block->base.refs);
    block->base.release = release_test_block;
    block->memory = memory;
    if (size > 0) {
        memcpy(memory, data, (size_t)size);
    }
    ma_buffer_clear(&array->buffers[index]);
    array->buffers[index] = (ma_buffer){memory, size, &block->base};
}

#define PUT(array, index, type, ...)                                                       \
    put(array, index, (const type[]){__VA_ARGS__}, (int64_t)sizeof((const type[]){__VA_ARGS__}))

/* The same for a validity bitmap. */
#define PUT_VALIDITY(array, ...)                        \
    do {                                                \
        PUT(array, 0, uint8_t, __VA_ARGS__);            \
        atomic_store(&(array)->nulls, -1);              \
    } while (0)

static inline ma_array *
numbers(int n, ...)
{
    int32_t data[64];
    va_list args;
    va_start(args, n);
    for (int i = 0; i < n; i++) {
        data[i] = va_arg(args, int);
    }
    va_end(args);
    ma_array *array = array_of(simple(MA_TYPE_INT32), n, 0);
    put(array, 1, data, 4 * n);
    return array;
}

static inline ma_array *
slice_of(ma_array *array, int64_t offset, int64_t length)
{
    ma_array *slice = NULL;
    CHECK(ma_array_slice(array, offset, length, &slice, NULL) == MA_OK);
    return slice;
}

/* The same array as if it came from outside: nothing is known about it, and each buffer has exactly
 * its bytes in a block of its own. */
static inline ma_array *
stranger(const ma_array *array)
{
    const int64_t n_variadic = array->n_buffers - ma_layouts[array->type->layout].n_buffers;
    ma_array *copy = array_of(ma_type_ref(array->type), array->length, n_variadic);
    copy->offset = array->offset;
    for (int32_t i = 0; i < array->n_buffers; i++) {
        if (array->buffers[i].data != NULL) {
            put(copy, i, array->buffers[i].data, array->buffers[i].size);
        }
    }
    for (int32_t i = 0; i < array->n_children; i++) {
        copy->children[i] = stranger(array->children[i]);
    }
    if (array->dictionary != NULL) {
        copy->dictionary = stranger(array->dictionary);
    }
    const int64_t nulls = array->type->id == MA_TYPE_NULL ? array->length : 0;
    atomic_store(&copy->nulls, ma_array_validity(copy) != NULL ? -1 : nulls);
    return copy;
}

/* Check the shape of an array and of all below it, children first. */
static inline ma_status
check_shapes(ma_array *array, ma_error *err)
{
    for (int32_t i = 0; i < array->n_children; i++) {
        MA_TRY(check_shapes(array->children[i], err));
    }
    if (array->dictionary != NULL) {
        MA_TRY(check_shapes(array->dictionary, err));
    }
    return ma_array_check_shape(array, err);
}

static inline bool
is_valid(const ma_array *array)
{
    ma_error err;
    ma_error_init(&err);
    ma_array *copy = stranger(array);
    const bool valid =
        check_shapes(copy, &err) == MA_OK && ma_array_check_full(copy, &err) == MA_OK;
    if (!valid) {
        fprintf(stderr, "%s: %s\n", err.where, err.text);
    }
    ma_array_unref(copy);
    return valid;
}

/* ---- arrays at random ---- */

static uint64_t random_state = 1;

/* xorshift64*: the same numbers in every run. */
static inline uint32_t
random_below(uint32_t n)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (uint32_t)((random_state * UINT64_C(2685821657736338717)) >> 33) % n;
}

static inline ma_status
add_text(ma_builder *builder, ma_error *err)
{
    static const char *const words[] = {
        "", "a", "grüße", "twelve bytes", "more than twelve bytes", "日本語のテキスト", "𝄞"};
    const char *word = words[random_below(COUNT(words))];
    return ma_builder_append_bytes(builder, word, (int64_t)strlen(word), err);
}

static inline ma_status
add_row(ma_builder *builder, ma_error *err);

static inline ma_status
add_value(ma_builder *builder, ma_error *err);

/* An entry of a map: neither it nor its key is null. */
static inline ma_status
add_entry(ma_builder *entries, ma_error *err)
{
    MA_TRY(add_value(entries->children[0], err));
    MA_TRY(add_row(entries->children[1], err));
    return ma_builder_end_struct(entries, err);
}

static inline ma_status
add_items(ma_builder *builder, uint32_t n, ma_error *err)
{
    for (uint32_t i = 0; i < n; i++) {
        MA_TRY(builder->type->id == MA_TYPE_MAP ? add_entry(builder->children[0], err)
                                                : add_row(builder->children[0], err));
    }
    return ma_builder_end_list(builder, err);
}

static inline ma_status
add_fixed(ma_builder *builder, ma_error *err)
{
    uint8_t value[32];
    if (builder->type->bits == 1) {
        return ma_builder_append_bool(builder, random_below(2) == 1, err);
    }
    for (int i = 0; i < 32; i++) {
        value[i] = (uint8_t)(random_below(3) * 100);
    }
    return ma_builder_append_fixed(builder, value, err);
}

static inline ma_status
add_value(ma_builder *builder, ma_error *err)
{
    int32_t child;
    switch (builder->type->layout) {
    case MA_LAYOUT_NULL:
        return ma_builder_append_null(builder, 1, err);
    case MA_LAYOUT_FIXED:
        return add_fixed(builder, err);
    case MA_LAYOUT_BINARY32:
    case MA_LAYOUT_BINARY64:
    case MA_LAYOUT_VIEW:
        return add_text(builder, err);
    case MA_LAYOUT_LIST32:
    case MA_LAYOUT_LIST64:
    case MA_LAYOUT_LIST_VIEW32:
    case MA_LAYOUT_LIST_VIEW64:
        return add_items(builder, random_below(4), err);
    case MA_LAYOUT_FIXED_LIST:
        return add_items(builder, (uint32_t)builder->type->list_size, err);
    case MA_LAYOUT_STRUCT:
        for (int32_t i = 0; i < builder->n_children; i++) {
            MA_TRY(add_row(builder->children[i], err));
        }
        return ma_builder_end_struct(builder, err);
    case MA_LAYOUT_SPARSE_UNION:
    case MA_LAYOUT_DENSE_UNION:
        child = (int32_t)random_below((uint32_t)builder->n_children);
        MA_TRY(add_row(builder->children[child], err));
        return ma_builder_end_union(builder, child, err);
    case MA_LAYOUT_RUN_END:
        MA_TRY(add_row(builder->children[1], err));
        return ma_builder_end_run(builder, 1 + random_below(3), err);
    case MA_LAYOUT_DICTIONARY:
        MA_TRY(add_row(builder->values, err));
        return ma_builder_end_value(builder, err);
    }
    return MA_INVALID;
}

static inline ma_status
add_row(ma_builder *builder, ma_error *err)
{
    return random_below(5) == 0 ? ma_builder_append_null(builder, 1, err)
                                : add_value(builder, err);
}

/* `rows` rows or a few more, of a type that stays the caller's. */
static inline ma_array *
random_array(ma_type *type, int64_t rows)
{
    ma_builder *builder = NULL;
    ma_array *array = NULL;
    CHECK(ma_builder_new(type, &builder, NULL) == MA_OK);
    while (builder->length < rows) {
        CHECK(add_row(builder, NULL) == MA_OK);
    }
    CHECK(ma_builder_finish(builder, &array, NULL) == MA_OK);
    ma_builder_free(builder);
    return array;
}

enum { SAMPLES = 64 };

/* A type of every kind, and some within others; returns how many. */
static inline int
sample_types(ma_type *types[SAMPLES])
{
    int n = 0;
    for (int id = MA_TYPE_NULL; id <= MA_TYPE_DATE64; id++) {
        types[n++] = simple((ma_type_id)id);
    }
    types[n++] = time_type(MA_TYPE_TIME32);
    types[n++] = time_type(MA_TYPE_TIME64);
    types[n++] = time_type(MA_TYPE_TIMESTAMP);
    types[n++] = time_type(MA_TYPE_DURATION);
    for (int id = MA_TYPE_INTERVAL_MONTHS; id <= MA_TYPE_INTERVAL_MONTH_DAY_NANO; id++) {
        types[n++] = simple((ma_type_id)id);
    }
    for (int id = MA_TYPE_DECIMAL32; id <= MA_TYPE_DECIMAL256; id++) {
        types[n++] = decimal((ma_type_id)id);
    }
    types[n++] = fixed_binary(3);
    types[n++] = fixed_binary(0);
    for (int id = MA_TYPE_UTF8; id <= MA_TYPE_BINARY_VIEW; id++) {
        types[n++] = simple((ma_type_id)id);
    }
    for (int id = MA_TYPE_LIST; id <= MA_TYPE_LARGE_LIST_VIEW; id++) {
        types[n++] = list_of((ma_type_id)id, simple(MA_TYPE_UTF8));
    }
    types[n++] = fixed_list_of(3, simple(MA_TYPE_BOOL));
    types[n++] = fixed_list_of(0, simple(MA_TYPE_INT8));
    types[n++] = map_of(simple(MA_TYPE_UTF8), simple(MA_TYPE_FLOAT32));
    types[n++] = struct_of(simple(MA_TYPE_INT16), simple(MA_TYPE_UTF8_VIEW));
    types[n++] = wide_struct(9);
    types[n++] = wide_struct(0);
    types[n++] = union_of(MA_TYPE_SPARSE_UNION, simple(MA_TYPE_INT8), simple(MA_TYPE_UTF8));
    types[n++] = union_of(MA_TYPE_DENSE_UNION, simple(MA_TYPE_INT8), simple(MA_TYPE_UTF8));
    types[n++] = runs_of(MA_TYPE_INT16, simple(MA_TYPE_UTF8));
    types[n++] = runs_of(MA_TYPE_INT32, simple(MA_TYPE_BOOL));
    types[n++] = runs_of(MA_TYPE_INT64, list_of(MA_TYPE_LIST, simple(MA_TYPE_INT64)));
    types[n++] = dictionary_of(MA_TYPE_INT8, simple(MA_TYPE_UTF8));
    types[n++] = dictionary_of(MA_TYPE_UINT64, list_of(MA_TYPE_LIST, simple(MA_TYPE_UTF8_VIEW)));
    types[n++] = list_of(MA_TYPE_LIST, list_of(MA_TYPE_LARGE_LIST_VIEW,
                                               struct_of(simple(MA_TYPE_BOOL),
                                                         fixed_list_of(2, simple(MA_TYPE_UTF8)))));
    types[n++] = struct_of(union_of(MA_TYPE_DENSE_UNION,
                                    list_of(MA_TYPE_LIST_VIEW, simple(MA_TYPE_FLOAT64)),
                                    dictionary_of(MA_TYPE_INT16, simple(MA_TYPE_BINARY))),
                           runs_of(MA_TYPE_INT32, dictionary_of(MA_TYPE_UINT8,
                                                                simple(MA_TYPE_FLOAT16))));
    types[n++] = dictionary_of(MA_TYPE_INT32,
                               struct_of(dictionary_of(MA_TYPE_INT8, simple(MA_TYPE_INT64)),
                                         union_of(MA_TYPE_SPARSE_UNION, simple(MA_TYPE_NULL),
                                                  simple(MA_TYPE_LARGE_UTF8))));
    CHECK(n <= SAMPLES);
    return n;
}

#endif
