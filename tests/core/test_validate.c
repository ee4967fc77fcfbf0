/* What is refused, and with which words; what is not refused although it looks odd. */
#include "make.h"

#include "core/validate/ranges.h"
#include "core/validate/utf8.h"

/* The array is refused in this place; it goes. */
static void
refused(ma_array *array, ma_status (*check)(ma_array *, ma_error *), const char *where,
        const char *text)
{
    ma_error err;
    ma_error_init(&err);
    const ma_status st = check(array, &err);
    if (st != MA_INVALID || strcmp(err.where, where) != 0 || strstr(err.text, text) == NULL) {
        fprintf(stderr, "expected '%s' in '%s', got %d '%s' in '%s'\n", text, where, (int)st,
                err.text, err.where);
        abort();
    }
    CHECK(!ma_array_is_checked(array));
    ma_array_unref(array);
}

static ma_status
shape_then_full(ma_array *array, ma_error *err)
{
    MA_TRY(check_shapes(array, err));
    return ma_array_check_full(array, err);
}

static ma_status
shape_then_values(ma_array *array, ma_error *err)
{
    MA_TRY(check_shapes(array, err));
    return ma_array_check_values(array, err);
}

/* The array is good; it goes. */
static void
accepted(ma_array *array)
{
    CHECK(is_valid(array));
    ma_array_unref(array);
}

/* ---- shape ---- */

static void
test_lengths(void)
{
    ma_array *a = numbers(3, 1, 2, 3);
    a->length = 4;
    refused(a, ma_array_check_shape, "data buffer", "12 bytes, and 4 rows need 16");
    a = numbers(3, 1, 2, 3);
    a->offset = 1;
    refused(a, ma_array_check_shape, "data buffer", "4 rows need 16");
    a = numbers(3, 1, 2, 3);
    a->length = INT64_MAX;
    a->offset = 1;
    refused(a, ma_array_check_shape, "", "cannot have");
    a = numbers(3, 1, 2, 3);
    a->length = INT64_MAX / 2;
    refused(a, ma_array_check_shape, "data buffer", "no buffer is long enough");
    a = numbers(3, 1, 2, 3);
    a->length = -1;
    refused(a, ma_array_check_shape, "", "cannot have -1 rows");
    a = array_of(simple(MA_TYPE_UTF8), 2, 0);
    PUT(a, 1, int32_t, 0, 0);
    refused(a, ma_array_check_shape, "offsets buffer", "8 bytes, and 2 rows need 12");
    a = array_of(simple(MA_TYPE_UTF8), INT64_MAX, 0);
    refused(a, ma_array_check_shape, "offsets buffer", "no buffer");
    a = array_of(list_of(MA_TYPE_LARGE_LIST_VIEW, simple(MA_TYPE_INT32)), 1, 0);
    a->children[0] = numbers(0);
    PUT(a, 1, int64_t, 0);
    refused(a, ma_array_check_shape, "sizes buffer", "0 bytes");
    a = array_of(simple(MA_TYPE_BINARY_VIEW), 1, 0);
    refused(a, ma_array_check_shape, "views buffer", "need 16");
    a = array_of(union_of(MA_TYPE_DENSE_UNION, simple(MA_TYPE_NULL), simple(MA_TYPE_NULL)), 1, 0);
    refused(a, ma_array_check_shape, "type ids buffer", "need 1");
}

static void
test_nulls(void)
{
    ma_array *a = numbers(2, 1, 2);
    atomic_store(&a->nulls, 1);
    refused(a, ma_array_check_shape, "validity buffer", "no validity bitmap");
    a = numbers(2, 1, 2);
    atomic_store(&a->nulls, 3);
    refused(a, ma_array_check_shape, "", "counts 3 nulls");
    a = numbers(9, 1, 2, 3, 4, 5, 6, 7, 8, 9);
    PUT_VALIDITY(a, 0xFF);
    refused(a, ma_array_check_shape, "validity buffer", "1 bytes, and 9 rows need 2");

    a = numbers(2, 1, 2); /* a bitmap that is not needed goes, whatever it says */
    PUT_VALIDITY(a, 0);
    atomic_store(&a->nulls, 0);
    CHECK(ma_array_check_shape(a, NULL) == MA_OK);
    CHECK(ma_array_validity(a) == NULL && ma_array_null_count(a) == 0);
    ma_array_unref(a);

    a = numbers(2, 1, 2); /* counts are not believed */
    PUT_VALIDITY(a, 0);
    atomic_store(&a->nulls, 1);
    CHECK(ma_array_check_shape(a, NULL) == MA_OK && ma_array_null_count(a) == 2);
    ma_array_unref(a);
}

static void
test_empty(void)
{
    ma_array *a = array_of(simple(MA_TYPE_LARGE_UTF8), 0, 0);
    a->offset = 1000;
    atomic_store(&a->nulls, -1);
    CHECK(ma_array_check_shape(a, NULL) == MA_OK && ma_array_check_full(a, NULL) == MA_OK);
    CHECK(ma_array_offset_at(a, 0) == 0 && a->buffers[1].size == 8);
    ma_array_unref(a);

    ma_type *types[SAMPLES];
    const int n = sample_types(types);
    for (int i = 0; i < n; i++) {
        a = random_array(types[i], 0);
        CHECK(is_valid(a));
        ma_array_unref(a);
        ma_type_unref(types[i]);
    }
}

static void
test_children(void)
{
    ma_array *a = array_of(struct_of(simple(MA_TYPE_INT32), simple(MA_TYPE_INT32)), 2, 0);
    a->children[0] = numbers(2, 1, 2);
    a->children[1] = numbers(2, 1, 2);
    a->offset = 1;
    refused(a, ma_array_check_shape, ".a", "has 2 rows and its parent needs 3");
    a = array_of(struct_of(simple(MA_TYPE_INT32), simple(MA_TYPE_INT64)), 2, 0);
    a->children[0] = numbers(2, 1, 2);
    a->children[1] = numbers(2, 1, 2);
    refused(a, ma_array_check_shape, ".b", "is of type int32 and must be int64");
    a = array_of(list_of(MA_TYPE_LIST, simple(MA_TYPE_INT32)), 0, 0);
    refused(a, ma_array_check_shape, ".item", "missing");
    a = array_of(fixed_list_of(2, simple(MA_TYPE_INT32)), 2, 0);
    a->children[0] = numbers(3, 1, 2, 3);
    refused(a, ma_array_check_shape, ".item", "has 3 rows and its parent needs 4");
    a = array_of(fixed_list_of(2, simple(MA_TYPE_INT32)), INT64_MAX / 2 + 1, 0);
    a->children[0] = numbers(3, 1, 2, 3);
    refused(a, ma_array_check_shape, "", "no child is long enough");
    a = array_of(dictionary_of(MA_TYPE_INT8, simple(MA_TYPE_INT32)), 0, 0);
    refused(a, ma_array_check_shape, ".dictionary", "missing");
    a = array_of(runs_of(MA_TYPE_INT32, simple(MA_TYPE_INT32)), 1, 0);
    a->children[0] = numbers(2, 1, 2);
    a->children[1] = numbers(1, 1);
    refused(a, ma_array_check_shape, "", "2 run ends and only 1 values");
    a = array_of(runs_of(MA_TYPE_INT32, simple(MA_TYPE_INT32)), 1, 0);
    a->children[0] = numbers(0);
    a->children[1] = numbers(0);
    refused(a, ma_array_check_shape, "", "1 rows and no runs");
}

/* ---- values ---- */

static ma_array *
text(ma_type_id id, int64_t rows, const int32_t *offsets, const char *data)
{
    ma_array *a = array_of(simple(id), rows, 0);
    put(a, 1, offsets, 4 * (rows + 1));
    put(a, 2, data, (int64_t)strlen(data));
    return a;
}

static void
test_offsets(void)
{
    const int32_t good[] = {1, 1, 3, 4};
    accepted(text(MA_TYPE_BINARY, 3, good, "abcde"));
    const int32_t negative[] = {-1, 1, 3, 4};
    refused(text(MA_TYPE_BINARY, 3, negative, "abcde"), shape_then_values, "offsets buffer",
            "row 0 begins at -1");
    const int32_t descending[] = {0, 3, 2, 4};
    refused(text(MA_TYPE_BINARY, 3, descending, "abcde"), shape_then_values, "offsets buffer",
            "row 1 begins at 3 and ends at 2");
    const int32_t far[] = {0, 3, 3, 6};
    refused(text(MA_TYPE_BINARY, 3, far, "abcde"), shape_then_values, "offsets buffer",
            "ends at 6, behind the 5 bytes");

    ma_array *a = text(MA_TYPE_BINARY, 3, descending, "abcde"); /* a slice knows its rows only */
    CHECK(check_shapes(a, NULL) == MA_OK);
    ma_array *slice = slice_of(a, 2, 1);
    CHECK(ma_array_check_values(slice, NULL) == MA_OK && ma_array_is_checked(slice));
    ma_array_unref(slice);
    refused(slice_of(a, 1, 1), ma_array_check_values, "offsets buffer", "row 0 begins at 3");
    ma_array_unref(a);

    a = array_of(list_of(MA_TYPE_LARGE_LIST, simple(MA_TYPE_INT32)), 2, 0);
    PUT(a, 1, int64_t, 0, 2, 4);
    a->children[0] = numbers(3, 1, 2, 3);
    refused(a, shape_then_values, "offsets buffer", "behind the 3 rows of the child");

    ma_array *list = array_of(list_of(MA_TYPE_LIST, simple(MA_TYPE_BINARY)), 1, 0);
    PUT(list, 1, int32_t, 0, 1);
    list->children[0] = text(MA_TYPE_BINARY, 3, descending, "abcde");
    refused(list, shape_then_values, ".item, offsets buffer", "row 1");
}

static void
test_list_views(void)
{
    ma_array *a = array_of(list_of(MA_TYPE_LIST_VIEW, simple(MA_TYPE_INT32)), 3, 0);
    PUT(a, 1, int32_t, 2, 0, 3);
    PUT(a, 2, int32_t, 1, 3, 0);
    a->children[0] = numbers(3, 1, 2, 3);
    accepted(a);
    a = array_of(list_of(MA_TYPE_LIST_VIEW, simple(MA_TYPE_INT32)), 3, 0);
    PUT_VALIDITY(a, 5); /* rows that are null, too */
    PUT(a, 1, int32_t, 2, 1, 3);
    PUT(a, 2, int32_t, 1, 3, 0);
    a->children[0] = numbers(3, 1, 2, 3);
    refused(a, shape_then_values, "offsets buffer", "row 1 holds 3 rows from row 1 on");
    a = array_of(list_of(MA_TYPE_LARGE_LIST_VIEW, simple(MA_TYPE_INT32)), 1, 0);
    PUT(a, 1, int64_t, INT64_MAX);
    PUT(a, 2, int64_t, INT64_MAX);
    a->children[0] = numbers(3, 1, 2, 3);
    refused(a, shape_then_values, "offsets buffer", "row 0");
}

static ma_array *
view(int32_t size, int32_t prefix, int32_t index, int32_t offset)
{
    ma_array *a = array_of(simple(MA_TYPE_UTF8_VIEW), 1, 1);
    PUT(a, 1, int32_t, size, prefix, index, offset);
    put(a, 2, "abcdefghijklmnop", 16);
    return a;
}

static void
test_views(void)
{
    const int32_t abcd = (int32_t)ma_load_le32("abcd");
    accepted(view(16, abcd, 0, 0));
    accepted(view(3, (int32_t)ma_load_le32("abc"), 0, 0));
    refused(view(-1, abcd, 0, 0), shape_then_values, "views buffer", "row 0 has -1 bytes");
    refused(view(13, abcd, 1, 0), shape_then_values, "views buffer", "data buffer 1, and there");
    refused(view(13, abcd, -1, 0), shape_then_values, "views buffer", "data buffer -1");
    refused(view(16, abcd, 0, 1), shape_then_values, "views buffer", "from byte 1 on");
    refused(view(INT32_MAX, abcd, 0, INT32_MAX), shape_then_values, "views buffer", "from byte");
    refused(view(13, abcd, 0, -1), shape_then_values, "views buffer", "from byte -1 on");
    refused(view(13, 0, 0, 0), shape_then_values, "views buffer", "prefix");

    ma_array *a = view(2, (int32_t)ma_load_le32("abc"), 0, 0);
    CHECK(check_shapes(a, NULL) == MA_OK && ma_array_check_values(a, NULL) == MA_OK);
    ma_error err;
    ma_error_init(&err);
    CHECK(ma_array_check_full(a, &err) == MA_INVALID && strcmp(err.where, "views buffer") == 0);
    ma_array_unref(a);

    a = view(-7, 0, 99, 99); /* nobody looks under nulls */
    PUT_VALIDITY(a, 0xFE);
    accepted(a);
}

static ma_array *
indices(ma_type_id id, int64_t rows, const void *data, ma_array *values)
{
    ma_array *a = array_of(dictionary_of(id, simple(MA_TYPE_INT32)), rows, 0);
    put(a, 1, data, rows * (a->type->bits / 8));
    a->dictionary = values;
    return a;
}

static void
test_indices(void)
{
    accepted(indices(MA_TYPE_INT8, 2, (int8_t[]){0, 2}, numbers(3, 7, 8, 9)));
    refused(indices(MA_TYPE_INT8, 2, (int8_t[]){0, -1}, numbers(3, 7, 8, 9)), shape_then_values,
            "data buffer", "row 1 has index -1 and the dictionary has 3 values");
    refused(indices(MA_TYPE_UINT8, 2, (uint8_t[]){0, 255}, numbers(3, 7, 8, 9)), shape_then_values,
            "data buffer", "index 255");
    refused(indices(MA_TYPE_INT16, 1, (int16_t[]){3}, numbers(3, 7, 8, 9)), shape_then_values,
            "data buffer", "index 3");
    refused(indices(MA_TYPE_UINT32, 1, (uint32_t[]){UINT32_MAX}, numbers(3, 7, 8, 9)),
            shape_then_values, "data buffer", "index 4294967295");
    refused(indices(MA_TYPE_INT64, 1, (int64_t[]){INT64_MIN}, numbers(3, 7, 8, 9)),
            shape_then_values, "data buffer", "index -9223372036854775808");
    refused(indices(MA_TYPE_UINT64, 1, (uint64_t[]){UINT64_MAX}, numbers(3, 7, 8, 9)),
            shape_then_values, "data buffer", "index 18446744073709551615");

    ma_array *a = indices(MA_TYPE_INT32, 3, (int32_t[]){-1, 0, 77}, numbers(1, 7));
    PUT_VALIDITY(a, 2);
    accepted(a);
    a = indices(MA_TYPE_INT32, 2, (int32_t[]){0, 0}, numbers(0));
    PUT_VALIDITY(a, 0);
    accepted(a);
    a = indices(MA_TYPE_INT32, 2, (int32_t[]){0, 0}, numbers(0));
    PUT_VALIDITY(a, 2);
    refused(a, shape_then_values, "data buffer", "row 1 has index 0 and the dictionary has 0");

    const int32_t descending[] = {0, 3, 2, 4};
    a = array_of(dictionary_of(MA_TYPE_INT8, simple(MA_TYPE_BINARY)), 0, 0);
    a->dictionary = text(MA_TYPE_BINARY, 3, descending, "abcde");
    refused(a, shape_then_values, ".dictionary, offsets buffer", "row 1");
}

static ma_array *
union_array(int8_t id, int32_t offset)
{
    ma_type *type = union_of(MA_TYPE_DENSE_UNION, simple(MA_TYPE_INT32), simple(MA_TYPE_INT32));
    ma_array *a = array_of(type, 3, 0);
    PUT(a, 0, int8_t, 5, 2, id);
    PUT(a, 1, int32_t, 1, 0, offset); /* in any order */
    a->children[0] = numbers(2, 1, 2);
    a->children[1] = numbers(1, 1);
    return a;
}

static void
test_unions(void)
{
    accepted(union_array(5, 0));
    ma_array *a = union_array(5, 0);
    PUT(a, 0, int8_t, 0, 2, 5);
    refused(a, shape_then_values, "type ids buffer", "row 0 has type id 0");
    a = union_array(5, 0);
    PUT(a, 1, int32_t, 7, 0, 0);
    refused(a, shape_then_values, "offsets buffer", "row 0 is row 7");
    refused(union_array(3, 0), shape_then_values, "type ids buffer", "row 2 has type id 3");
    refused(union_array(-2, 0), shape_then_values, "type ids buffer", "row 2 has type id -2");
    refused(union_array(5, 2), shape_then_values, "offsets buffer",
            "row 2 is row 2 of child 'a', which has 2 rows");
    refused(union_array(2, -1), shape_then_values, "offsets buffer", "row -1 of child 'b'");
}

static ma_array *
runs(int64_t offset, int64_t length, int32_t first, int32_t second)
{
    ma_array *a = array_of(runs_of(MA_TYPE_INT32, simple(MA_TYPE_INT32)), length, 0);
    a->offset = offset;
    a->children[0] = numbers(2, first, second);
    a->children[1] = numbers(3, 7, 8, 9);
    return a;
}

static void
test_runs(void)
{
    accepted(runs(0, 5, 2, 5));
    accepted(runs(1, 3, 2, 5));
    refused(runs(0, 5, 0, 5), shape_then_values, ".run_ends, data buffer", "run 0 begins at row 0");
    refused(runs(0, 5, 5, 5), shape_then_values, ".run_ends, data buffer", "run 1 begins at row 5");
    refused(runs(0, 5, INT32_MAX, INT32_MIN), shape_then_values, ".run_ends, data buffer", "run 1");
    refused(runs(1, 5, 2, 5), shape_then_values, ".run_ends, data buffer",
            "ends at row 5, and the array at row 6");
    ma_array *a = runs(0, 5, 2, 5);
    PUT_VALIDITY(a->children[0], 1);
    refused(a, shape_then_values, ".run_ends, validity buffer", "1 run ends are null");
    a = runs(0, 5, 2, 5);
    PUT_VALIDITY(a->children[0], 3);
    accepted(a);
}

/* ---- long buffers, so that blocks and what is left of them are seen ---- */

static void
test_ranges(void)
{
    enum { N = 1000 };
    static int64_t wide[N + 1];
    static int32_t narrow[N + 1];
    static int16_t ends[N + 1];
    static uint8_t bits[N / 8 + 1];
    static int32_t zeros[N];
    for (int i = 0; i <= N; i++) {
        wide[i] = narrow[i] = ends[i] = (int16_t)(i + 1);
    }
    const uint8_t *w = (const uint8_t *)wide;
    const uint8_t *s = (const uint8_t *)narrow;
    const uint8_t *e = (const uint8_t *)ends;
    const uint8_t *z = (const uint8_t *)zeros;
    CHECK(ma_find_descent(w, 64, N) == -1 && ma_find_descent(s, 32, N) == -1);
    CHECK(ma_find_bad_run_end(w, 64, N) == -1 && ma_find_bad_run_end(s, 32, N) == -1 &&
          ma_find_bad_run_end(e, 16, N) == -1);
    CHECK(ma_find_bad_list(s, z, 32, N, N) == -1 && ma_find_bad_list(w, w, 64, N, 2 * N) == -1);
    CHECK(ma_find_bad_index(s, 32, N, N, NULL, 0) == -1);
    CHECK(ma_find_bad_run_end(z, 32, 1) == 0 && ma_find_bad_run_end(z, 64, 1) == 0);
    CHECK(ma_find_bad_run_end(z, 16, 1) == 0 && ma_find_bad_run_end(z, 16, 0) == -1);
    for (int at = 0; at < N; at += 37) {
        const int64_t old = wide[at + 1];
        wide[at + 1] = narrow[at + 1] = ends[at + 1] = -5;
        CHECK(ma_find_descent(w, 64, N) == at && ma_find_descent(s, 32, N) == at);
        CHECK(ma_find_bad_run_end(w, 64, N + 1) == at + 1 &&
              ma_find_bad_run_end(s, 32, N + 1) == at + 1 &&
              ma_find_bad_run_end(e, 16, N + 1) == at + 1);
        wide[at + 1] = narrow[at + 1] = ends[at + 1] = (int16_t)(at + 1); /* as the one before */
        CHECK(ma_find_descent(w, 64, N) == -1 && ma_find_descent(s, 32, N) == -1);
        CHECK(ma_find_bad_run_end(w, 64, N + 1) == at + 1 &&
              ma_find_bad_run_end(s, 32, N + 1) == at + 1 &&
              ma_find_bad_run_end(e, 16, N + 1) == at + 1);
        wide[at + 1] = narrow[at + 1] = ends[at + 1] = -5;
        CHECK(ma_find_bad_list(w + 8, w + 8, 64, N, 2 * N + 2) == at);
        CHECK(ma_find_bad_list(s + 4, z, 32, N, 2 * N) == at);
        CHECK(ma_find_bad_index(w + 8, 64, N, 2 * N, NULL, 0) == at);
        CHECK(ma_find_bad_index(s + 4, 32, N, 2 * N, NULL, 0) == at);
        CHECK(ma_find_bad_index(e + 2, 16, N, 2 * N, NULL, 0) == at);
        memset(bits, 0xFF, sizeof(bits));
        ma_bitmap_put(bits, at, false);
        CHECK(ma_find_bad_index(s + 4, 32, N, 2 * N, bits, 0) == -1);
        wide[at + 1] = old;
        narrow[at + 1] = ends[at + 1] = (int16_t)old;
    }
}

/* ---- text ---- */

static bool
is_utf8(const char *data)
{
    return ma_utf8_find_bad((const uint8_t *)data, (int64_t)strlen(data)) < 0;
}

/* Every character there is, and what lies around them. */
static void
test_utf8(void)
{
    for (uint32_t c = 0; c < 0x110000; c++) {
        uint8_t b[4];
        int n = 1;
        b[0] = (uint8_t)c;
        if (c >= 0x10000) {
            n = 4;
            b[0] = (uint8_t)(0xF0 | c >> 18);
            b[1] = (uint8_t)(0x80 | (c >> 12 & 0x3F));
            b[2] = (uint8_t)(0x80 | (c >> 6 & 0x3F));
            b[3] = (uint8_t)(0x80 | (c & 0x3F));
        } else if (c >= 0x800) {
            n = 3;
            b[0] = (uint8_t)(0xE0 | c >> 12);
            b[1] = (uint8_t)(0x80 | (c >> 6 & 0x3F));
            b[2] = (uint8_t)(0x80 | (c & 0x3F));
        } else if (c >= 0x80) {
            n = 2;
            b[0] = (uint8_t)(0xC0 | c >> 6);
            b[1] = (uint8_t)(0x80 | (c & 0x3F));
        }
        const bool surrogate = c >= 0xD800 && c < 0xE000;
        CHECK((ma_utf8_find_bad(b, n) < 0) == !surrogate);
        CHECK(n == 1 || ma_utf8_find_bad(b, n - 1) == 0);
    }
    static const char *const bad[] = {"\x80",             "\xC0\x80",         "\xC1\xBF",
                                      "\xE0\x9F\xBF",     "\xED\xA0\x80",     "\xF0\x8F\xBF\xBF",
                                      "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF",
                                      "\xC3\x28",         "\xE2\x82\x28",     "\xF0\x9F\x92\x28"};
    for (int i = 0; i < COUNT(bad); i++) {
        char long_text[128] = "0123456789012345678901234567890123456789";
        CHECK(!is_utf8(bad[i]));
        CHECK(is_utf8(long_text));
        strcat(long_text, bad[i]);
        CHECK(ma_utf8_find_bad((const uint8_t *)long_text, (int64_t)strlen(long_text)) == 40);
    }
}

/* Text is read in steps of several bytes where there are enough: the same bytes must be good, or
 * bad, at the very end of a text and before more of it. */
static void
test_utf8_steps(void)
{
    static const uint8_t edges[] = {0, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xFF};
    uint8_t b[20];
    memset(b, 'x', sizeof(b));
    for (int lead = 0x80; lead < 0x100; lead++) {
        b[0] = (uint8_t)lead;
        const int n = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
        for (int second = 0; second < 0x100; second++) {
            b[1] = (uint8_t)second;
            for (int k = 0; k < COUNT(edges) * COUNT(edges); k++) {
                b[2] = n > 2 ? edges[k / COUNT(edges)] : 'x';
                b[3] = n > 3 ? edges[k % COUNT(edges)] : 'x';
                CHECK((ma_utf8_find_bad(b, n) < 0) == (ma_utf8_find_bad(b, 20) < 0));
            }
        }
    }
}

static void
test_text(void)
{
    const char *const data = "a\xC3\xBC\x62";
    const int32_t whole[] = {0, 1, 3, 4};
    accepted(text(MA_TYPE_UTF8, 3, whole, data));
    const int32_t split[] = {0, 2, 3, 4};
    refused(text(MA_TYPE_UTF8, 3, split, data), shape_then_full, "data buffer",
            "row 0 is not UTF-8");
    accepted(text(MA_TYPE_BINARY, 3, split, data));

    ma_array *a = text(MA_TYPE_UTF8, 3, split, data); /* nobody looks under nulls */
    PUT_VALIDITY(a, 4);
    accepted(a);
    const int32_t inside[] = {0, 2, 2, 3}; /* an empty row may lie inside a character */
    a = text(MA_TYPE_UTF8, 3, inside, data);
    PUT_VALIDITY(a, 2);
    accepted(a);
    const int32_t part[] = {1, 3, 3, 3}; /* what no row uses does not matter */
    accepted(text(MA_TYPE_UTF8, 3, part, "\xFF\xC3\xBC\xFF"));
}

/* Many rows that share the bytes of one buffer: `second` is what every second row begins at. */
static ma_array *
sharing(int64_t rows, const char *data, int32_t second, int32_t size)
{
    ma_array *a = array_of(simple(MA_TYPE_UTF8_VIEW), rows, 1);
    const int64_t total = (int64_t)strlen(data);
    int32_t *views = malloc((size_t)rows * 16);
    CHECK(views != NULL);
    for (int64_t i = 0; i < rows; i++) {
        const int32_t start = i % 2 == 1 ? second : 0;
        views[4 * i] = size;
        memcpy(&views[4 * i + 1], data + start, 4);
        views[4 * i + 2] = 0;
        views[4 * i + 3] = start;
    }
    put(a, 1, views, rows * 16);
    put(a, 2, data, total);
    free(views);
    return a;
}

static void
test_shared_text(void)
{
    const char *const data = "0123456789\xC3\xBC\xC3\xBC\xC3\xBC\xFF"; /* 17 bytes */
    accepted(sharing(100, data, 2, 14));
    accepted(sharing(1, data, 2, 16));
    refused(sharing(100, data, 3, 14), shape_then_full, "data buffer", "is not UTF-8");
    refused(sharing(100, data, 1, 14), shape_then_full, "data buffer", "is not UTF-8");
    refused(sharing(100, data, 2, 13), shape_then_full, "data buffer", "is not UTF-8");
    refused(sharing(100, "\xBC" "12345678901234567890", 1, 13), shape_then_full, "data buffer",
            "row 0 is not UTF-8");

    char *large = malloc(1 << 20); /* every row on its own would take minutes */
    CHECK(large != NULL);
    memset(large, 'x', 1 << 20);
    large[(1 << 20) - 2] = '\xFF';
    large[(1 << 20) - 1] = '\0';
    accepted(sharing(200000, large, 1, (1 << 20) - 3));
    refused(sharing(200000, large, 1, (1 << 20) - 2), shape_then_full, "data buffer", "UTF-8");
    free(large);
}

int
main(void)
{
    test_lengths();
    test_nulls();
    test_empty();
    test_children();
    test_offsets();
    test_list_views();
    test_views();
    test_indices();
    test_unions();
    test_runs();
    test_ranges();
    test_utf8();
    test_utf8_steps();
    test_text();
    test_shared_text();
    return 0;
}
