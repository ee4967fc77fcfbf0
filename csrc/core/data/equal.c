#include "core/data/equal.h"

#include <assert.h>
#include <string.h>

#include "core/base/number.h"
#include "core/data/extent.h"

/* When two floats are equal. */
typedef enum how {
    BY_NUMBER, /* no NaN equals anything */
    BY_NUMBER_OR_NAN,
    BY_BITS,
} how;

/* Two ranges of rows of the same length: what every function here is asked about. */
typedef struct pair {
    const ma_array *a;
    const ma_array *b;
    int64_t i; /* first row in a */
    int64_t j; /* first row in b */
    int64_t n;
    bool are_others; /* they are compared beside those that are asked about (is_cheap) */
} pair;

static bool
rows_equal(pair rows, how how);

static bool
has_floats(const ma_type *type)
{
    if (type->id == MA_TYPE_FLOAT16 || type->id == MA_TYPE_FLOAT32 || type->id == MA_TYPE_FLOAT64) {
        return true;
    }
    for (int32_t i = 0; i < type->n_children; i++) {
        if (has_floats(type->children[i]->type)) {
            return true;
        }
    }
    return type->value_type != NULL && has_floats(type->value_type);
}

/* Whether rows are equal because they are the same ones. */
static bool
is_same(pair rows, how how)
{
    return rows.a == rows.b && rows.i == rows.j && (how != BY_NUMBER || !has_floats(rows.a->type));
}

/* Whether other rows than those that are asked about, which nobody has counted before, may be
 * compared for `count` of these: they must come to little for each, or what no row refers to would
 * cost more than all that is compared. Within them that is not asked again, for a factor at each
 * level would be a power of their depth. */
static bool
is_cheap(pair others, double count)
{
    assert(others.are_others);
    const int64_t each = 16 * MA_EXTENT_ROW;
    const int64_t most = count < (double)(INT64_MAX / each) ? (int64_t)count * each : INT64_MAX;
    return ma_array_extent_within(others.a, others.i, others.n, MA_EXTENT_VISITS, most) &&
           ma_array_extent_within(others.b, others.j, others.n, MA_EXTENT_VISITS, most);
}

static bool
children_equal(pair rows, int32_t child, int64_t i, int64_t j, int64_t n, how how)
{
    const pair items = {rows.a->children[child], rows.b->children[child], i, j, n, rows.are_others};
    return rows_equal(items, how);
}

/* ---- values of fixed width ---- */

#define DEFINE_FLOATS_EQUAL(suffix)                                                             \
    static bool floats_equal_##suffix(const uint8_t *a, const uint8_t *b, int64_t n, bool nans) \
    {                                                                                           \
        bool equal = true;                                                                      \
        for (int64_t k = 0; k < n; k++) {                                                       \
            const float_##suffix x = load_##suffix(a + k * (int64_t)sizeof(x));                 \
            const float_##suffix y = load_##suffix(b + k * (int64_t)sizeof(y));                 \
            equal &= (x == y) | (nans & (x != x) & (y != y));                                   \
        }                                                                                       \
        return equal;                                                                           \
    }

typedef float float_32;
typedef double float_64;
#define load_32 ma_load_f32
#define load_64 ma_load_f64
DEFINE_FLOATS_EQUAL(32)
DEFINE_FLOATS_EQUAL(64)
#undef load_32
#undef load_64

/* Few compilers know half floats; their bits tell all that matters. */
static bool
floats_equal_16(const uint8_t *a, const uint8_t *b, int64_t n, bool nans)
{
    bool equal = true;
    for (int64_t k = 0; k < n; k++) {
        const uint16_t x = ma_load_u16(a + 2 * k);
        const uint16_t y = ma_load_u16(b + 2 * k);
        const bool x_is_nan = (x & 0x7FFF) > 0x7C00;
        const bool y_is_nan = (y & 0x7FFF) > 0x7C00;
        const bool zeros = ((x | y) & 0x7FFF) == 0;
        equal &= x_is_nan || y_is_nan ? nans && x_is_nan && y_is_nan : x == y || zeros;
    }
    return equal;
}

static bool
fixed_equal(pair rows, how how)
{
    const ma_type *type = rows.a->type;
    const uint8_t *a = rows.a->buffers[1].data;
    const uint8_t *b = rows.b->buffers[1].data;
    const int64_t i = rows.a->offset + rows.i;
    const int64_t j = rows.b->offset + rows.j;
    const int64_t width = type->bits / 8;
    if (type->bits == 1) {
        return ma_bitmap_equal(a, i, b, j, rows.n);
    }
    a += i * width;
    b += j * width;
    if (how != BY_BITS && type->id == MA_TYPE_FLOAT64) {
        return floats_equal_64(a, b, rows.n, how == BY_NUMBER_OR_NAN);
    }
    if (how != BY_BITS && type->id == MA_TYPE_FLOAT32) {
        return floats_equal_32(a, b, rows.n, how == BY_NUMBER_OR_NAN);
    }
    if (how != BY_BITS && type->id == MA_TYPE_FLOAT16) {
        return floats_equal_16(a, b, rows.n, how == BY_NUMBER_OR_NAN);
    }
    return memcmp(a, b, (size_t)(rows.n * width)) == 0;
}

/* ---- values that offsets or views point at ---- */

/* Rows have equal sizes if their offsets differ by the same amount everywhere. */
static bool
sizes_equal(pair rows)
{
    const ma_buffer_kind kind = ma_layouts[rows.a->type->layout].buffers[1];
    const int64_t i = rows.a->offset + rows.i;
    const int64_t j = rows.b->offset + rows.j;
    if (ma_buffer_kind_bits(kind, 0) == 64) {
        const uint8_t *a = rows.a->buffers[1].data + 8 * i;
        const uint8_t *b = rows.b->buffers[1].data + 8 * j;
        const uint64_t shift = ma_load_u64(a) - ma_load_u64(b);
        uint64_t other = 0;
        for (int64_t k = 1; k <= rows.n; k++) {
            other |= (ma_load_u64(a + 8 * k) - ma_load_u64(b + 8 * k)) ^ shift;
        }
        return other == 0;
    }
    const uint8_t *a = rows.a->buffers[1].data + 4 * i;
    const uint8_t *b = rows.b->buffers[1].data + 4 * j;
    const uint32_t shift = ma_load_u32(a) - ma_load_u32(b);
    uint32_t other = 0;
    for (int64_t k = 1; k <= rows.n; k++) {
        other |= (ma_load_u32(a + 4 * k) - ma_load_u32(b + 4 * k)) ^ shift;
    }
    return other == 0;
}

static bool
binary_equal(pair rows)
{
    if (!sizes_equal(rows)) {
        return false;
    }
    const int64_t start = ma_array_offset_at(rows.a, rows.i);
    const int64_t size = ma_array_offset_at(rows.a, rows.i + rows.n) - start;
    return memcmp(rows.a->buffers[2].data + start,
                  rows.b->buffers[2].data + ma_array_offset_at(rows.b, rows.j), (size_t)size) == 0;
}

static bool
views_equal(pair rows)
{
    for (int64_t k = 0; k < rows.n; k++) {
        const ma_bytes x = ma_array_bytes_at(rows.a, rows.i + k);
        const ma_bytes y = ma_array_bytes_at(rows.b, rows.j + k);
        if (x.size != y.size || (x.data != y.data && memcmp(x.data, y.data, (size_t)x.size) != 0)) {
            return false;
        }
    }
    return true;
}

/* ---- lists ---- */

static bool
lists_equal(pair rows, how how)
{
    if (!sizes_equal(rows)) {
        return false;
    }
    const int64_t start = ma_array_offset_at(rows.a, rows.i);
    const int64_t size = ma_array_offset_at(rows.a, rows.i + rows.n) - start;
    return children_equal(rows, 0, start, ma_array_offset_at(rows.b, rows.j), size, how);
}

/* Whether the rows of two list views, nulls at the same places, lie at the same distances in
 * children that are equal as a whole. Asked only where rows overlap: taken one by one, items that
 * many rows share would be compared many times. */
static bool
shared_items_equal(pair rows, how how)
{
    int64_t low = INT64_MAX;
    int64_t high = 0;
    int64_t shift = 0;
    double items = 0; /* only to be compared with what there is */
    for (int64_t k = 0; k < rows.n; k++) {
        const int64_t start = ma_array_offset_at(rows.a, rows.i + k);
        const int64_t size = ma_array_size_at(rows.a, rows.i + k);
        if (ma_array_is_null(rows.a, rows.i + k)) {
            continue;
        }
        if (size != ma_array_size_at(rows.b, rows.j + k)) {
            return false;
        }
        if (size > 0) {
            const int64_t other = ma_array_offset_at(rows.b, rows.j + k);
            if (items > 0 && start - other != shift) {
                return false;
            }
            shift = start - other;
            low = ma_min_i64(low, start);
            high = ma_max_i64(high, start + size);
            items += (double)size;
        }
    }
    if (items == 0) { /* then no row has any */
        return true;
    }
    const pair all = {rows.a->children[0], rows.b->children[0], low, low - shift, high - low, true};
    return items > (double)all.n && is_cheap(all, items) && rows_equal(all, how);
}

/* Rows that lie side by side in both children are compared in one go. */
static bool
list_views_equal(pair rows, how how)
{
    int64_t x = 0;
    int64_t y = 0;
    int64_t pending = 0;
    for (int64_t k = 0; k < rows.n; k++) {
        const int64_t size = ma_array_size_at(rows.a, rows.i + k);
        const int64_t x_next = ma_array_offset_at(rows.a, rows.i + k);
        const int64_t y_next = ma_array_offset_at(rows.b, rows.j + k);
        if (size != ma_array_size_at(rows.b, rows.j + k)) {
            return false;
        }
        if (size > 0 && (x_next != x + pending || y_next != y + pending)) {
            if (!children_equal(rows, 0, x, y, pending, how)) {
                return false;
            }
            x = x_next;
            y = y_next;
            pending = 0;
        }
        pending += size;
    }
    return children_equal(rows, 0, x, y, pending, how);
}

static bool
fixed_lists_equal(pair rows, how how)
{
    const int64_t size = rows.a->type->list_size;
    return children_equal(rows, 0, (rows.a->offset + rows.i) * size,
                          (rows.b->offset + rows.j) * size, rows.n * size, how);
}

/* ---- structs, unions, runs ---- */

static bool
structs_equal(pair rows, how how)
{
    for (int32_t c = 0; c < rows.a->n_children; c++) {
        if (!children_equal(rows, c, rows.a->offset + rows.i, rows.b->offset + rows.j, rows.n,
                            how)) {
            return false;
        }
    }
    return true;
}

/* Rows of one child that lie side by side in both arrays are compared in one go. */
static bool
unions_equal(pair rows, how how)
{
    int32_t child = 0;
    int64_t x = 0;
    int64_t y = 0;
    int64_t pending = 0;
    if (memcmp(rows.a->buffers[0].data + rows.a->offset + rows.i,
               rows.b->buffers[0].data + rows.b->offset + rows.j, (size_t)rows.n) != 0) {
        return false;
    }
    for (int64_t k = 0; k < rows.n; k++) {
        int64_t x_next;
        int64_t y_next;
        const int32_t next = ma_array_union_at(rows.a, rows.i + k, &x_next);
        ma_array_union_at(rows.b, rows.j + k, &y_next);
        if (next != child || x_next != x + pending || y_next != y + pending) {
            if (pending > 0 && !children_equal(rows, child, x, y, pending, how)) {
                return false;
            }
            child = next;
            x = x_next;
            y = y_next;
            pending = 0;
        }
        pending++;
    }
    return pending == 0 || children_equal(rows, child, x, y, pending, how);
}

/* From one end of a run, in either array, to the next: an array of a few runs may have any number
 * of rows. */
static bool
runs_equal(pair rows, how how)
{
    const ma_array *a_ends = rows.a->children[0];
    const ma_array *b_ends = rows.b->children[0];
    int64_t x = ma_array_run_at(rows.a, rows.i);
    int64_t y = ma_array_run_at(rows.b, rows.j);
    while (rows.n > 0) {
        const int64_t x_left = ma_array_int_at(a_ends, x) - rows.a->offset - rows.i;
        const int64_t y_left = ma_array_int_at(b_ends, y) - rows.b->offset - rows.j;
        const int64_t step = ma_min_i64(rows.n, ma_min_i64(x_left, y_left));
        if (!children_equal(rows, 1, x, y, 1, how)) {
            return false;
        }
        x += step == x_left;
        y += step == y_left;
        rows.i += step;
        rows.j += step;
        rows.n -= step;
    }
    return true;
}

/* ---- dictionaries ---- */

static bool
nulls_equal(pair rows)
{
    const uint8_t *a = ma_array_validity(rows.a);
    const uint8_t *b = ma_array_validity(rows.b);
    const int64_t i = rows.a->offset + rows.i;
    const int64_t j = rows.b->offset + rows.j;
    if (a != NULL && b != NULL) {
        return ma_bitmap_equal(a, i, b, j, rows.n);
    }
    return a != NULL   ? ma_bitmap_run(a, i, rows.n, true) == rows.n
           : b != NULL ? ma_bitmap_run(b, j, rows.n, true) == rows.n
                       : true;
}

/* The row of the dictionary that row `i` stands for; -1 for null. */
static int64_t
entry_at(const ma_array *self, int64_t i)
{
    const int64_t entry = ma_array_is_null(self, i) ? -1 : ma_array_int_at(self, i);
    return entry >= 0 && ma_array_is_null_within(self->dictionary, entry) ? -1 : entry;
}

/* Whether all entries that both dictionaries have are equal, so that equal indices need no look at
 * them. Not worth asking for fewer rows than entries. Flat entries have no level below. */
static bool
entries_equal(pair rows, how how)
{
    const ma_array *a = rows.a->dictionary;
    const ma_array *b = rows.b->dictionary;
    const bool flat = a->n_children == 0 && a->dictionary == NULL;
    const pair entries = {a, b, 0, 0, ma_min_i64(a->length, b->length), true};
    return is_same(entries, how) || (rows.n >= entries.n && (flat || !rows.are_others) &&
                                     is_cheap(entries, (double)rows.n) && rows_equal(entries, how));
}

static bool
indices_equal(pair rows)
{
    const int64_t width = rows.a->type->bits / 8;
    return nulls_equal(rows) && memcmp(rows.a->buffers[1].data + (rows.a->offset + rows.i) * width,
                                       rows.b->buffers[1].data + (rows.b->offset + rows.j) * width,
                                       (size_t)(rows.n * width)) == 0;
}

static bool
dictionaries_equal(pair rows, how how)
{
    const bool shared = entries_equal(rows, how);
    if (shared && indices_equal(rows)) {
        return true;
    }
    for (int64_t k = 0; k < rows.n; k++) {
        const int64_t x = entry_at(rows.a, rows.i + k);
        const int64_t y = entry_at(rows.b, rows.j + k);
        if ((x < 0) != (y < 0)) {
            return false;
        }
        if (x < 0 || (shared && x == y)) {
            continue;
        }
        const pair entry = {rows.a->dictionary, rows.b->dictionary, x, y, 1, rows.are_others};
        if (!rows_equal(entry, how)) {
            return false;
        }
    }
    return true;
}

/* ---- any rows ---- */

/* Rows of which none is null by the array's own bitmap. */
static bool
values_equal(pair rows, how how)
{
    switch (rows.a->type->layout) {
    case MA_LAYOUT_NULL:
        return true;
    case MA_LAYOUT_FIXED:
        return fixed_equal(rows, how);
    case MA_LAYOUT_BINARY32:
    case MA_LAYOUT_BINARY64:
        return binary_equal(rows);
    case MA_LAYOUT_VIEW:
        return views_equal(rows);
    case MA_LAYOUT_LIST32:
    case MA_LAYOUT_LIST64:
        return lists_equal(rows, how);
    case MA_LAYOUT_LIST_VIEW32:
    case MA_LAYOUT_LIST_VIEW64:
        return list_views_equal(rows, how);
    case MA_LAYOUT_FIXED_LIST:
        return fixed_lists_equal(rows, how);
    case MA_LAYOUT_STRUCT:
        return structs_equal(rows, how);
    case MA_LAYOUT_SPARSE_UNION:
    case MA_LAYOUT_DENSE_UNION:
        return unions_equal(rows, how);
    case MA_LAYOUT_RUN_END:
        return runs_equal(rows, how);
    case MA_LAYOUT_DICTIONARY:
        return dictionaries_equal(rows, how);
    }
    return false;
}

/* Whether rows that have nulls at the same places are found to be equal without looking at each. */
static bool
are_equal_at_once(pair rows, how how)
{
    switch (rows.a->type->layout) {
    case MA_LAYOUT_FIXED: /* what lies under nulls is mostly equal, too */
        return ma_array_validity(rows.a) != NULL && fixed_equal(rows, how);
    case MA_LAYOUT_LIST_VIEW32:
    case MA_LAYOUT_LIST_VIEW64:
        return rows.n > 1 && !rows.are_others && shared_items_equal(rows, how);
    default:
        return false;
    }
}

static bool
rows_equal(pair rows, how how)
{
    if (rows.n == 0 || is_same(rows, how)) {
        return true;
    }
    if (rows.a->type->layout == MA_LAYOUT_DICTIONARY) { /* whose values may be null, too */
        return dictionaries_equal(rows, how);
    }
    if (!nulls_equal(rows)) {
        return false;
    }
    if (are_equal_at_once(rows, how)) {
        return true;
    }
    const uint8_t *validity = ma_array_validity(rows.a);
    if (validity == NULL) {
        return values_equal(rows, how);
    }
    for (int64_t k = 0; k < rows.n;) {
        const int64_t at = rows.a->offset + rows.i + k;
        const int64_t valid = ma_bitmap_run(validity, at, rows.n - k, true);
        const pair run = {rows.a, rows.b, rows.i + k, rows.j + k, valid, rows.are_others};
        if (valid > 0 && !values_equal(run, how)) {
            return false;
        }
        k += valid;
        k += ma_bitmap_run(validity, at + valid, rows.n - k, false);
    }
    return true;
}

bool
ma_array_equal_range(const ma_array *a, int64_t a_start, const ma_array *b, int64_t b_start,
                     int64_t length, bool nans_equal)
{
    return ma_type_equal(a->type, b->type, false) &&
           rows_equal((pair){a, b, a_start, b_start, length, false},
                      nans_equal ? BY_NUMBER_OR_NAN : BY_NUMBER);
}

bool
ma_array_equal(const ma_array *a, const ma_array *b, bool nans_equal)
{
    return a->length == b->length && ma_array_equal_range(a, 0, b, 0, a->length, nans_equal);
}

bool
ma_array_identical_range(const ma_array *a, int64_t a_start, const ma_array *b, int64_t b_start,
                         int64_t length)
{
    return ma_type_equal(a->type, b->type, false) &&
           ma_array_extent_fits(a, a_start, length, MA_EXTENT_VISITS) &&
           ma_array_extent_fits(b, b_start, length, MA_EXTENT_VISITS) &&
           rows_equal((pair){a, b, a_start, b_start, length, false}, BY_BITS);
}

bool
ma_array_identical_row(const ma_array *a, int64_t i, const ma_array *b, int64_t j)
{
    return rows_equal((pair){a, b, i, j, 1, false}, BY_BITS);
}
