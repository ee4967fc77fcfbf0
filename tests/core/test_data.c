/* Equality, compact forms and joining: for every type at random, and by hand where a rule is. */
#include "make.h"

#include "core/data/compact.h"
#include "core/data/concat.h"
#include "core/data/equal.h"
#include "core/data/extent.h"

static ma_array *
compact_of(ma_array *array)
{
    ma_array *out = NULL;
    CHECK(ma_array_compact(array, &out, NULL) == MA_OK);
    return out;
}

static ma_array *
concat_of(ma_array *const *arrays, int64_t n)
{
    ma_array *out = NULL;
    CHECK(ma_array_concat(arrays[0]->type, arrays, n, &out, NULL) == MA_OK);
    return out;
}

/* The value of a row as bytes, put together without any code that is tested here. */
static void
add_key(const ma_array *a, int64_t row, ma_growing *out)
{
    const ma_type_id id = a->type->id;
    const ma_child_rule rule = ma_layouts[a->type->layout].children;
    const char tag = ma_array_is_null(a, row) ? 'N' : 'V';
    int64_t start;
    int64_t size = 1;
    if (id == MA_TYPE_DICTIONARY && tag == 'V') {
        add_key(a->dictionary, ma_array_int_at(a, row), out);
        return;
    }
    if (id == MA_TYPE_RUN_END_ENCODED) {
        add_key(a->children[1], ma_array_run_at(a, row), out);
        return;
    }
    CHECK(ma_growing_add(out, &tag, 1, NULL) == MA_OK);
    if (tag == 'N') {
        return;
    }
    if (ma_type_is_union(a->type)) {
        const int32_t child = ma_array_union_at(a, row, &start);
        CHECK(ma_growing_add(out, &child, 4, NULL) == MA_OK);
        add_key(a->children[child], start, out);
    } else if (rule == MA_CHILDREN_ALIGNED) {
        for (int32_t c = 0; c < a->n_children; c++) {
            add_key(a->children[c], a->offset + row, out);
        }
    } else if (rule != MA_CHILDREN_NONE) {
        ma_array_list_at(a, row, &start, &size);
        CHECK(ma_growing_add(out, &size, 8, NULL) == MA_OK);
        for (int64_t k = 0; k < size; k++) {
            add_key(a->children[0], start + k, out);
        }
    } else if (a->type->bits == 1) {
        const bool bit = ma_bitmap_get(a->buffers[1].data, a->offset + row);
        CHECK(ma_growing_add(out, &bit, 1, NULL) == MA_OK);
    } else {
        const ma_bytes bytes = ma_array_bytes_at(a, row);
        CHECK(ma_growing_add(out, &bytes.size, 8, NULL) == MA_OK);
        CHECK(ma_growing_add(out, bytes.data, bytes.size, NULL) == MA_OK);
    }
}

static bool
same_keys(const ma_array *a, int64_t i, const ma_array *b, int64_t j)
{
    ma_growing x = {NULL, 0, 0};
    ma_growing y = {NULL, 0, 0};
    add_key(a, i, &x);
    add_key(b, j, &y);
    const bool same = x.size == y.size && memcmp(x.data, y.data, (size_t)x.size) == 0;
    ma_growing_fini(&x);
    ma_growing_fini(&y);
    return same;
}

/* The two have the same values bit by bit. Asks about single rows, and all of them at once. */
static bool
same_rows(const ma_array *a, int64_t i, const ma_array *b, int64_t j, int64_t n)
{
    bool all = true;
    for (int64_t k = 0; k < n; k++) {
        const bool same = same_keys(a, i + k, b, j + k);
        CHECK(ma_array_identical_range(a, i + k, b, j + k, 1) == same);
        CHECK(!all || ma_array_identical_range(a, i, b, j, k + 1) == same);
        all = all && same;
    }
    CHECK(ma_array_identical_range(a, i, b, j, n) == all);
    CHECK(!all || ma_array_equal_range(a, i, b, j, n, true));
    return all;
}

/* Whether two arrays are the same byte for byte, all the way down. */
static bool
same_bytes(const ma_array *a, const ma_array *b)
{
    bool same = a->length == b->length && a->offset == b->offset && a->n_buffers == b->n_buffers;
    for (int32_t i = 0; same && i < a->n_buffers; i++) {
        const ma_buffer x = a->buffers[i];
        const ma_buffer y = b->buffers[i];
        same = x.size == y.size && (x.data == NULL) == (y.data == NULL) &&
               (x.size == 0 || memcmp(x.data, y.data, (size_t)x.size) == 0);
    }
    for (int32_t i = 0; same && i < a->n_children; i++) {
        same = same_bytes(a->children[i], b->children[i]);
    }
    return same && (a->dictionary == NULL || same_bytes(a->dictionary, b->dictionary));
}

/* Bytes of all buffers below, each one's exactly what its rows need. */
static bool
is_minimal(const ma_array *a)
{
    const ma_layout *layout = &ma_layouts[a->type->layout];
    bool minimal = a->offset == 0;
    for (int i = 0; i < layout->n_buffers; i++) {
        const ma_buffer_kind kind = layout->buffers[i];
        const bool absent = kind == MA_BUFFER_VALIDITY && a->buffers[i].data == NULL;
        const int64_t needed = kind == MA_BUFFER_BYTES
                                   ? ma_array_offset_at(a, a->length)
                                   : ma_buffer_needed(kind, a->type, a->length);
        minimal = minimal && (absent || a->buffers[i].size == needed);
    }
    for (int32_t i = 0; i < a->n_children; i++) {
        minimal = minimal && is_minimal(a->children[i]);
    }
    return minimal && (a->dictionary == NULL || is_minimal(a->dictionary));
}

/* ---- every type ---- */

static bool
has_views(const ma_type *type)
{
    bool found = type->layout == MA_LAYOUT_VIEW;
    for (int32_t i = 0; i < type->n_children; i++) {
        found = found || has_views(type->children[i]->type);
    }
    return found || (type->value_type != NULL && has_views(type->value_type));
}

static void
try_slice(ma_array *array, int64_t offset, int64_t length)
{
    ma_array *slice = slice_of(array, offset, length);
    ma_array *compact = compact_of(slice);
    ma_array *again = compact_of(compact);
    CHECK(is_valid(slice) && is_valid(compact));
    CHECK(same_rows(array, offset, slice, 0, length));
    CHECK(same_rows(slice, 0, compact, 0, length));
    CHECK(is_minimal(compact));
    CHECK(again == compact);
    CHECK(ma_array_null_count(compact) == ma_array_null_count(slice));

    /* cut elsewhere, it is the same */
    ma_array *twice = concat_of((ma_array *[]){slice, array, slice}, 3);
    ma_array *first = slice_of(twice, length + offset, length);
    ma_array *elsewhere = compact_of(first);
    CHECK(is_valid(twice));
    CHECK(same_rows(slice, 0, elsewhere, 0, length));
    CHECK(ma_array_null_count(twice) ==
          2 * ma_array_null_count(slice) + ma_array_null_count(array));
    CHECK(has_views(array->type) || array->type->layout == MA_LAYOUT_RUN_END ||
          same_bytes(compact, elsewhere));
    ma_array_unref(elsewhere);
    ma_array_unref(first);
    ma_array_unref(twice);
    ma_array_unref(again);
    ma_array_unref(compact);
    ma_array_unref(slice);
}

static void
try_concat(ma_array *array)
{
    const int64_t n = array->length;
    const int64_t cut = n / 3;
    ma_array *one = slice_of(array, 0, cut);
    ma_array *none = slice_of(array, cut, 0);
    ma_array *two = slice_of(array, cut, n - cut);
    ma_array *alone = stranger(two); /* shares nothing, not even a dictionary */
    CHECK(check_shapes(alone, NULL) == MA_OK && ma_array_check_full(alone, NULL) == MA_OK);
    ma_array *joined = concat_of((ma_array *[]){none, one, none, alone, none}, 5);
    CHECK(joined->length == n && is_valid(joined));
    CHECK(ma_array_is_checked(joined));
    CHECK(same_rows(array, 0, joined, 0, n));
    CHECK(ma_array_equal(array, joined, true));
    CHECK(ma_array_null_count(array) == ma_array_null_count(joined));
    ma_array_unref(joined);
    ma_array_unref(alone);
    ma_array_unref(two);
    ma_array_unref(none);
    ma_array_unref(one);
}

static void
try_unequal(ma_array *array, ma_array *other)
{
    for (int64_t shift = 0; shift < 3; shift++) {
        same_rows(array, 0, other, shift, array->length - shift);
        same_rows(array, shift, array, 0, array->length - shift);
    }
}

static void
try_empty(ma_type *type)
{
    ma_array *empty = NULL;
    CHECK(ma_array_concat(type, NULL, 0, &empty, NULL) == MA_OK);
    CHECK(empty->length == 0 && is_valid(empty));
    ma_array_unref(empty);
}

static void
test_every_type(void)
{
    ma_type *types[SAMPLES];
    const int n = sample_types(types);
    for (int t = 0; t < n; t++) {
        ma_array *array = random_array(types[t], 40);
        ma_array *other = random_array(types[t], 50);
        const int64_t length = array->length;
        try_slice(array, 0, length);
        try_slice(array, 8, 16);
        for (int64_t i = 0; i < 12; i++) {
            try_slice(array, random_below(20), random_below((uint32_t)length - 20));
        }
        try_slice(array, length, 0);
        try_concat(array);
        try_concat(other);
        try_unequal(array, other);
        try_empty(types[t]);
        ma_array_unref(other);
        ma_array_unref(array);
        ma_type_unref(types[t]);
    }
}

/* ---- equality ---- */

static bool
equal_then_free(ma_array *a, ma_array *b, bool nans)
{
    const bool equal = ma_array_equal(a, b, nans);
    CHECK(equal == ma_array_equal(b, a, nans));
    ma_array_unref(a);
    ma_array_unref(b);
    return equal;
}

static ma_array *
floats(ma_type_id id, double x)
{
    ma_array *a = array_of(simple(id), 1, 0);
    if (id == MA_TYPE_FLOAT64) {
        PUT(a, 1, double, x);
    } else if (id == MA_TYPE_FLOAT32) {
        PUT(a, 1, float, (float)x);
    } else { /* as bits: 0, -0, NaN */
        PUT(a, 1, uint16_t, (uint16_t)(x != x ? 0x7E01 : 1 / x < 0 ? 0x8000 : 0));
    }
    return a;
}

static void
test_floats(void)
{
    static const ma_type_id ids[] = {MA_TYPE_FLOAT16, MA_TYPE_FLOAT32, MA_TYPE_FLOAT64};
    const double nan = strtod("nan", NULL);
    for (int i = 0; i < COUNT(ids); i++) {
        CHECK(equal_then_free(floats(ids[i], 0.0), floats(ids[i], -0.0), false));
        CHECK(!equal_then_free(floats(ids[i], nan), floats(ids[i], nan), false));
        CHECK(equal_then_free(floats(ids[i], nan), floats(ids[i], nan), true));
        CHECK(!equal_then_free(floats(ids[i], nan), floats(ids[i], 0.0), true));
        ma_array *zero = floats(ids[i], 0.0);
        ma_array *minus = floats(ids[i], -0.0);
        CHECK(!ma_array_identical_range(zero, 0, minus, 0, 1));
        ma_array *dictionary = array_of(dictionary_of(MA_TYPE_INT8, simple(ids[i])), 1, 0);
        PUT(dictionary, 1, int8_t, 0);
        dictionary->dictionary = floats(ids[i], nan);
        CHECK(!ma_array_equal(dictionary, dictionary, false));
        CHECK(ma_array_equal(dictionary, dictionary, true));
        ma_array *list = array_of(fixed_list_of(1, simple(ids[i])), 1, 0);
        list->children[0] = floats(ids[i], nan);
        CHECK(!ma_array_equal(list, list, false));
        CHECK(ma_array_equal(list, list, true));
        ma_array_unref(list);
        ma_array_unref(dictionary);
        ma_array_unref(zero);
        ma_array_unref(minus);
    }
}

static void
test_nulls_hide(void)
{
    ma_array *a = numbers(3, 1, 77, 3);
    ma_array *b = numbers(3, 1, 88, 3);
    CHECK(!ma_array_equal(a, b, false));
    PUT_VALIDITY(a, 5);
    CHECK(!ma_array_equal(a, b, false));
    PUT_VALIDITY(b, 5);
    CHECK(equal_then_free(a, b, false));
    CHECK(!equal_then_free(numbers(1, 1), numbers(2, 1, 1), false));
    a = array_of(simple(MA_TYPE_UINT32), 1, 0);
    PUT(a, 1, uint32_t, 1);
    CHECK(!equal_then_free(numbers(1, 1), a, false));
}

static ma_array *
encoded(ma_type_id id, int8_t first, int8_t second, ma_array *values)
{
    ma_array *a = array_of(dictionary_of(id, ma_type_ref(values->type)), 2, 0);
    PUT(a, 1, int8_t, first, second);
    a->dictionary = values;
    return a;
}

static void
test_dictionaries(void)
{
    CHECK(equal_then_free(encoded(MA_TYPE_INT8, 0, 1, numbers(2, 7, 8)),
                          encoded(MA_TYPE_INT8, 1, 0, numbers(2, 8, 7)), false));
    CHECK(!equal_then_free(encoded(MA_TYPE_INT8, 0, 1, numbers(2, 7, 8)),
                           encoded(MA_TYPE_INT8, 0, 1, numbers(2, 8, 7)), false));
    CHECK(equal_then_free(encoded(MA_TYPE_INT8, 0, 1, numbers(3, 7, 7, 9)),
                          encoded(MA_TYPE_INT8, 1, 1, numbers(2, 8, 7)), false));
    ma_array *values = numbers(2, 7, 8); /* a null among the values is null, too */
    PUT_VALIDITY(values, 2);
    ma_array *by_index = encoded(MA_TYPE_INT8, 9, 0, numbers(1, 8));
    PUT_VALIDITY(by_index, 2);
    CHECK(equal_then_free(encoded(MA_TYPE_INT8, 0, 1, values), by_index, false));
}

/* The rows of a sparse union lie side by side whatever child they are in. */
static ma_array *
sparse(int32_t second)
{
    ma_type *type = union_of(MA_TYPE_SPARSE_UNION, simple(MA_TYPE_INT32), simple(MA_TYPE_INT32));
    ma_array *a = array_of(type, 2, 0);
    PUT(a, 0, int8_t, 5, 2);
    a->children[0] = numbers(2, 1, 0);
    a->children[1] = numbers(2, 0, second);
    return a;
}

static void
test_sparse_unions(void)
{
    CHECK(equal_then_free(sparse(7), sparse(7), false));
    CHECK(!equal_then_free(sparse(7), sparse(8), false));
}

/* Arrays of few bytes and any number of rows take no time. */
static void
test_boundless(void)
{
    const int64_t rows = INT64_C(1) << 60;
    ma_array *a = array_of(runs_of(MA_TYPE_INT64, simple(MA_TYPE_INT32)), rows, 0);
    a->children[0] = array_of(simple(MA_TYPE_INT64), 2, 0);
    PUT(a->children[0], 1, int64_t, 5, rows);
    a->children[1] = numbers(2, 7, 8);
    CHECK(is_valid(a));
    ma_array *slice = slice_of(a, 3, rows - 7);
    ma_array *compact = compact_of(slice);
    CHECK(is_valid(compact) && ma_array_equal(slice, compact, false));
    CHECK(!ma_array_equal_range(a, 0, compact, 0, rows - 7, false));
    ma_array *joined = concat_of((ma_array *[]){slice, slice}, 2);
    CHECK(is_valid(joined) && joined->length == 2 * (rows - 7));
    ma_array_unref(joined);
    ma_array_unref(compact);
    ma_array_unref(slice);
    ma_array_unref(a);

    a = array_of(list_of(MA_TYPE_LIST_VIEW, simple(MA_TYPE_NULL)), 1, 0);
    PUT(a, 1, int32_t, 0);
    PUT(a, 2, int32_t, INT32_MAX);
    a->children[0] = array_of(simple(MA_TYPE_NULL), rows, 0);
    ma_array *b = stranger(a);
    CHECK(is_valid(a) && ma_array_equal(a, b, false));
    ma_error err;
    ma_error_init(&err);
    joined = NULL;
    CHECK(ma_array_concat(a->type, (ma_array *[]){a, b}, 2, &joined, &err) == MA_INVALID);
    CHECK(strstr(err.text, "large form") != NULL);
    ma_array_unref(b);
    ma_array_unref(a);
}

/* Lists of lists of lists ..., each of which is all that the level below has. */
static ma_array *
laughs(int depth)
{
    ma_array *below = numbers(2, 7, 8);
    for (int d = 0; d < depth; d++) {
        ma_array *a = array_of(list_of(MA_TYPE_LIST_VIEW, ma_type_ref(below->type)), 10, 0);
        const int32_t size = (int32_t)below->length;
        PUT(a, 1, int32_t, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
        PUT(a, 2, int32_t, size, size, 1, size, size, size, size, size, size, size);
        PUT_VALIDITY(a, 0xF7, 0xFF);
        a->children[0] = below;
        below = a;
    }
    return below;
}

/* Few levels are compared; of many, whoever asks is told beforehand that they come to too much. */
static void
test_laughs(void)
{
    CHECK(equal_then_free(laughs(3), laughs(3), false));
    for (int depth = 3; depth <= 60; depth += 57) {
        ma_array *a = laughs(depth);
        ma_array *c = compact_of(a);
        const bool fits = ma_array_extent_fits(a, 0, a->length, MA_EXTENT_VISITS);
        CHECK(fits == (depth == 3) && ma_array_identical_range(a, 0, c, 0, a->length) == fits);
        ma_array_unref(c);
        ma_array_unref(a);
    }
}

/* ---- compact forms ---- */

static void
test_list_view_is_cut(void)
{
    ma_array *a = array_of(list_of(MA_TYPE_LIST_VIEW, simple(MA_TYPE_INT32)), 5, 0);
    PUT(a, 1, int32_t, 4, 2, 0, 6, 1);
    PUT(a, 2, int32_t, 1, 2, 3, 0, 2);
    PUT_VALIDITY(a, 0x1B); /* row 2 is null, row 3 is empty and lies behind the others */
    a->children[0] = numbers(6, 0, 1, 2, 3, 4, 5);
    CHECK(is_valid(a));
    ma_array *c = compact_of(a);
    CHECK(is_valid(c) && ma_array_equal(a, c, false));
    CHECK(c->children[0]->length == 4); /* 1 to 4 */
    CHECK(ma_array_offset_at(c, 0) == 3 && ma_array_offset_at(c, 4) == 0);
    CHECK(ma_array_size_at(c, 2) == 0 && ma_array_offset_at(c, 2) == 0);
    ma_array_unref(c);

    ma_array *slice = slice_of(a, 1, 1); /* all rows lie in what is used, but not at its begin */
    c = compact_of(slice);
    CHECK(is_valid(c) && ma_array_equal(slice, c, false) && ma_array_offset_at(c, 0) == 0);
    ma_array_unref(c);
    ma_array_unref(slice);
    slice = slice_of(a, 4, 1);
    c = compact_of(slice);
    CHECK(is_valid(c) && ma_array_equal(slice, c, false) && ma_array_offset_at(c, 0) == 0);
    ma_array_unref(c);
    ma_array_unref(slice);
    ma_array_unref(a);
}

static void
test_union_is_cut(void)
{
    ma_type *type = union_of(MA_TYPE_DENSE_UNION, simple(MA_TYPE_INT32), simple(MA_TYPE_INT32));
    ma_array *a = array_of(type, 3, 0);
    PUT(a, 0, int8_t, 5, 5, 5);
    PUT(a, 1, int32_t, 3, 1, 3);
    a->children[0] = numbers(5, 0, 1, 2, 3, 4);
    a->children[1] = numbers(2, 8, 9);
    ma_array *c = compact_of(a);
    CHECK(is_valid(c) && ma_array_equal(a, c, false));
    CHECK(c->children[0]->length == 3 && c->children[1]->length == 0);
    ma_array_unref(c);
    ma_array_unref(a);
}

static ma_array *
words(void)
{
    ma_array *a = array_of(simple(MA_TYPE_UTF8_VIEW), 3, 2);
    const char *data[] = {"a rather long text", "another long text"};
    int32_t views[12] = {18, 0, 0, 0, 17, 0, 1, 0, 3, 0, 0, 0};
    memcpy(&views[1], data[0], 4);
    memcpy(&views[5], data[1], 4);
    memcpy(&views[9], "abc", 3);
    put(a, 1, views, 48);
    put(a, 2, data[0], 18);
    put(a, 3, data[1], 17);
    return a;
}

static void
test_views_are_gathered(void)
{
    ma_array *a = words();
    ma_array *c = compact_of(a);
    CHECK(c == a); /* all bytes are used */
    ma_array_unref(c);

    ma_array *slice = slice_of(a, 1, 2);
    c = compact_of(slice);
    CHECK(is_valid(c) && ma_array_equal(slice, c, false));
    CHECK(c->n_buffers == 3 && c->buffers[2].size == 17);
    ma_array_unref(c);
    ma_array_unref(slice);

    slice = slice_of(a, 2, 1);
    c = compact_of(slice);
    CHECK(is_valid(c) && ma_array_equal(slice, c, false));
    CHECK(c->n_buffers == 2 && c->buffers[1].data == a->buffers[1].data + 32);
    ma_array_unref(c);
    ma_array_unref(slice);

    ma_array *hidden = stranger(a); /* a null that points at data must not do so without data */
    PUT_VALIDITY(hidden, 4);
    c = compact_of(hidden);
    CHECK(is_valid(c) && c->n_buffers == 2 && ma_load_i32(c->buffers[1].data) == 0);
    ma_array_unref(c);
    ma_array_unref(hidden);
    ma_array_unref(a);
}

static void
test_nothing_is_copied(void)
{
    ma_array *a = numbers(5, 1, 2, 3, 4, 5);
    ma_array *slice = slice_of(a, 1, 3);
    ma_array *c = compact_of(slice);
    CHECK(c->buffers[1].data == a->buffers[1].data + 4 && c->buffers[1].size == 12);
    ma_array_unref(c);
    ma_array_unref(slice);

    ma_array *longer = numbers(5, 1, 2, 3, 4, 5);
    longer->length = 4;
    c = compact_of(longer);
    CHECK(c != longer && c->buffers[1].size == 16 && c->buffers[1].data == longer->buffers[1].data);
    ma_array_unref(c);
    ma_array_unref(longer);

    ma_array *bits = array_of(simple(MA_TYPE_BOOL), 3, 0);
    PUT(bits, 1, uint8_t, 0xFD);
    c = compact_of(bits);
    CHECK(c->buffers[1].data[0] == 5 && ma_array_equal(bits, c, false));
    ma_array_unref(c);
    ma_array_unref(bits);

    PUT_VALIDITY(a, 0xFF); /* bits behind the end, and no null */
    c = compact_of(a);
    CHECK(c->buffers[0].data == NULL && c->buffers[1].data == a->buffers[1].data);
    ma_array_unref(c);
    PUT_VALIDITY(a, 0xFE);
    c = compact_of(a);
    CHECK(c->buffers[0].data[0] == 0x1E && c->buffers[0].size == 1);
    ma_array_unref(c);
    ma_array_unref(a);
}

/* ---- joining ---- */

static void
test_concat_of_dictionaries(void)
{
    ma_array *a = encoded(MA_TYPE_INT8, 0, 1, numbers(2, 7, 8));
    ma_array *longer = encoded(MA_TYPE_INT8, 2, 1, numbers(3, 7, 8, 9));
    ma_array *other = encoded(MA_TYPE_INT8, 1, 0, numbers(2, 5, 7));

    ma_array *joined = concat_of((ma_array *[]){a, longer, a}, 3);
    CHECK(is_valid(joined) && joined->dictionary == longer->dictionary);
    ma_array_unref(joined);

    joined = concat_of((ma_array *[]){a, other, a}, 3);
    CHECK(is_valid(joined) && joined->dictionary->length == 4);
    CHECK(ma_array_int_at(joined, 2) == 3 && ma_array_int_at(joined, 5) == 1);
    ma_array_unref(joined);

    ma_array *many = array_of(simple(MA_TYPE_INT32), 127, 0);
    static int32_t values[127];
    put(many, 1, values, sizeof(values));
    ma_array *full = encoded(MA_TYPE_INT8, 0, 126, many);
    ma_error err;
    ma_error_init(&err);
    CHECK(ma_array_concat(a->type, (ma_array *[]){full, other}, 2, &joined, &err) == MA_INVALID);
    CHECK(strstr(err.text, "wider index type") != NULL);
    PUT_VALIDITY(other, 2); /* index 1 is hidden, and index 0 fits */
    PUT(other, 1, int8_t, 100, 0);
    joined = concat_of((ma_array *[]){full, other}, 2);
    CHECK(is_valid(joined) && ma_array_int_at(joined, 3) == 127);
    ma_array_unref(joined);
    ma_array_unref(full);
    ma_array_unref(other);
    ma_array_unref(longer);
    ma_array_unref(a);
}

static void
test_concat_limits(void)
{
    ma_error err;
    ma_array *joined = NULL;
    ma_error_init(&err);
    ma_array *a = array_of(runs_of(MA_TYPE_INT16, simple(MA_TYPE_INT32)), 20000, 0);
    a->children[0] = array_of(simple(MA_TYPE_INT16), 1, 0);
    PUT(a->children[0], 1, int16_t, 20000);
    a->children[1] = numbers(1, 7);
    CHECK(ma_array_concat(a->type, (ma_array *[]){a, a}, 2, &joined, &err) == MA_INVALID);
    CHECK(strstr(err.text, "run ends of type int16") != NULL);
    ma_array_unref(a);

    a = array_of(simple(MA_TYPE_UTF8), 1, 0); /* nobody looks at the bytes, which are not there */
    PUT(a, 1, int32_t, 0, INT32_MAX / 2 + 1);
    a->buffers[2].size = INT32_MAX / 2 + 1;
    CHECK(ma_array_concat(a->type, (ma_array *[]){a, a}, 2, &joined, &err) == MA_INVALID);
    CHECK(strstr(err.text, "2147483648 bytes, more than string can say") != NULL);
    ma_array_unref(a);

    a = array_of(simple(MA_TYPE_NULL), INT64_MAX, 0);
    CHECK(ma_array_concat(a->type, (ma_array *[]){a, a}, 2, &joined, &err) == MA_INVALID);
    ma_array_unref(a);

    a = array_of(dictionary_of(MA_TYPE_INT8, simple(MA_TYPE_INT32)), 1, 0);
    PUT(a, 1, int8_t, 0);
    a->dictionary = numbers(1, 7);
    ma_array *one = concat_of((ma_array *[]){a}, 1);
    CHECK(one == a);
    ma_array_unref(one);
    CHECK(ma_array_concat(a->type, NULL, 0, &joined, NULL) == MA_OK);
    CHECK(joined->length == 0 && is_valid(joined));
    ma_array_unref(joined);
    ma_array_unref(a);
}

static void
test_concat_of_views(void)
{
    ma_array *a = words();
    ma_array *slice = slice_of(a, 1, 2);
    ma_array *none = array_of(simple(MA_TYPE_UTF8_VIEW), 0, 0);
    ma_array *joined = concat_of((ma_array *[]){none, a, slice, none, a}, 5);
    CHECK(is_valid(joined) && joined->length == 8);
    CHECK(joined->n_buffers == 2 + 4); /* the slice's are those of the array before it */
    CHECK(same_rows(joined, 3, a, 1, 2) && same_rows(joined, 5, a, 0, 3));
    ma_array_unref(joined);
    ma_array_unref(none);
    ma_array_unref(slice);
    ma_array_unref(a);
}

/* ---- memory that is not there ---- */

typedef ma_status (*work)(ma_array *array, ma_error *err);

static ma_status
work_compact(ma_array *array, ma_error *err)
{
    ma_array *out = NULL;
    MA_TRY(ma_array_compact(array, &out, err));
    ma_array_unref(out);
    return MA_OK;
}

static ma_status
work_concat(ma_array *array, ma_error *err)
{
    ma_array *out = NULL;
    MA_TRY(ma_array_concat(array->type, (ma_array *[]){array, array, array}, 3, &out, err));
    ma_array_unref(out);
    return MA_OK;
}

static ma_status
work_empty(ma_array *array, ma_error *err)
{
    ma_array *out = NULL;
    MA_TRY(ma_array_concat(array->type, NULL, 0, &out, err));
    ma_array_unref(out);
    return MA_OK;
}

static ma_status
work_check(ma_array *array, ma_error *err)
{
    MA_TRY(check_shapes(array, err));
    return ma_array_check_full(array, err);
}

/* Let each allocation fail once. What leaks, the sanitizer reports. */
static void
starve(work work, ma_array *array)
{
    ma_error err;
    ma_status st = MA_NOMEM;
    ma_error_init(&err);
    for (int64_t n = 1; st != MA_OK; n++) {
        CHECK(n < 10000);
        ma_fault_set(n, 1);
        st = work(array, &err);
        ma_fault_set(0, 0);
        CHECK(st == MA_OK || (st == MA_NOMEM && err.status == MA_NOMEM));
    }
}

static void
test_memory_failures(void)
{
    ma_type *types[SAMPLES];
    const int n = sample_types(types);
    for (int t = 0; t < n; t++) {
        ma_array *array = random_array(types[t], 40);
        ma_array *slice = slice_of(array, 3, 30);
        ma_array *other = stranger(slice);
        CHECK(check_shapes(other, NULL) == MA_OK && ma_array_check_full(other, NULL) == MA_OK);
        starve(work_compact, slice);
        starve(work_concat, slice);
        starve(work_empty, slice);
        ma_array_unref(other);
        other = stranger(slice);
        starve(work_check, other);
        ma_array_unref(other);
        ma_array_unref(slice);
        ma_array_unref(array);
        ma_type_unref(types[t]);
    }
}

int
main(void)
{
    test_every_type();
    test_floats();
    test_nulls_hide();
    test_dictionaries();
    test_sparse_unions();
    test_boundless();
    test_laughs();
    test_list_view_is_cut();
    test_union_is_cut();
    test_views_are_gathered();
    test_nothing_is_copied();
    test_concat_of_dictionaries();
    test_concat_limits();
    test_concat_of_views();
    test_memory_failures();
    return 0;
}
