#include "core/data/concat.h"

#include <string.h>

#include "core/base/memory.h"
#include "core/base/number.h"
#include "core/data/concat_dictionary.h"
#include "core/data/extent.h"
#include "core/data/rebase.h"

/* What is put together, and into what. */
typedef struct join {
    ma_array *const *arrays;
    int64_t n;
    ma_array *out;  /* of the length of all; its buffers and children are filled one by one */
    ma_used *used;  /* owned; what array k uses of child c, at k * n_children + c */
    int64_t *bases; /* owned; what to add to array k's indices of dictionary rows or data buffers */
} join;

static ma_used
used_of(const join *self, int64_t k, int32_t child)
{
    return self->used[k * self->out->n_children + child];
}

/* How many rows of a child are used by all arrays together. */
static ma_status
count_used(const join *self, int32_t child, int64_t *total, ma_error *err)
{
    *total = 0;
    for (int64_t k = 0; k < self->n; k++) {
        if (!ma_add_i64(*total, used_of(self, k, child).length, total)) {
            return ma_fail(err, MA_INVALID, -1, "more rows than an array can have");
        }
    }
    return MA_OK;
}

/* Whether offsets of 32 bits reach as far as they must; most is what they can say. */
static ma_status
check_reach(const join *self, int64_t total, int64_t most, const char *what, ma_error *err)
{
    char name[80];
    if (total <= most) {
        return MA_OK;
    }
    return ma_fail(
        err, MA_INVALID, -1,
        "together the arrays have %lld %s, more than %s can say; use its large form (such "
        "as large_string or large_list), or join fewer",
        (long long)total, what, ma_type_name(self->out->type, name, sizeof(name)));
}

/* ---- buffers ---- */

static ma_status
join_bits(const join *self, int index, ma_error *err)
{
    const int64_t size = ma_bitmap_size(self->out->length);
    uint8_t *bits;
    int64_t at = 0;
    MA_TRY(ma_buffer_alloc(size, &self->out->buffers[index], &bits, err));
    memset(bits, 0, (size_t)size);
    for (int64_t k = 0; k < self->n; k++) {
        const ma_array *array = self->arrays[k];
        const uint8_t *source = array->buffers[index].data;
        if (source == NULL) { /* a validity bitmap that was not needed */
            ma_bitmap_fill(bits, at, array->length, true);
        } else {
            ma_bitmap_paste(bits, at, source, array->offset, array->length);
        }
        at += array->length;
    }
    return MA_OK;
}

/* Rows that take no memory take some beside rows that may be null: a bit each. */
static ma_status
join_validity(const join *self, ma_error *err)
{
    int64_t nulls = 0;
    int64_t rows = 0;
    for (int64_t k = 0; k < self->n; k++) {
        nulls += ma_array_null_count(self->arrays[k]);
        rows += ma_array_is_free(self->arrays[k]) ? self->arrays[k]->length : 0;
    }
    atomic_store(&self->out->nulls, nulls);
    if (nulls == 0) {
        return MA_OK;
    }
    MA_TRY(ma_check_free_rows(rows, err));
    return join_bits(self, 0, err);
}

static ma_status
join_fixed(const join *self, int index, int64_t width, ma_error *err)
{
    int64_t size;
    uint8_t *target;
    if (!ma_mul_i64(self->out->length, width, &size)) {
        return ma_fail_nomem(err, INT64_MAX);
    }
    MA_TRY(ma_buffer_alloc(size, &self->out->buffers[index], &target, err));
    for (int64_t k = 0; k < self->n; k++) {
        const ma_array *array = self->arrays[k];
        const int64_t bytes = array->length * width;
        if (bytes > 0) {
            memcpy(target, array->buffers[index].data + array->offset * width, (size_t)bytes);
            target += bytes;
        }
    }
    return MA_OK;
}

/* Memory for one number for each row, and `extra` more. */
static ma_status
alloc_numbers(const join *self, int index, int64_t extra, int64_t bits, uint8_t **target,
              ma_error *err)
{
    int64_t items;
    int64_t size;
    if (!ma_add_i64(self->out->length, extra, &items) || !ma_mul_i64(items, bits / 8, &size)) {
        return ma_fail_nomem(err, INT64_MAX);
    }
    return ma_buffer_alloc(size, &self->out->buffers[index], target, err);
}

static ma_status
join_offsets(const join *self, int64_t bits, ma_error *err)
{
    const char *what = self->out->n_children > 0 ? "items" : "bytes";
    int64_t base = 0;
    uint8_t *target;
    for (int64_t k = 0; k < self->n; k++) {
        if (!ma_add_i64(base, ma_array_span(self->arrays[k]).length, &base)) {
            return ma_fail(err, MA_INVALID, -1, "more %s than an array can have", what);
        }
    }
    MA_TRY(check_reach(self, base, bits == 64 ? INT64_MAX : INT32_MAX, what, err));
    MA_TRY(alloc_numbers(self, 1, 1, bits, &target, err));
    base = 0;
    for (int64_t k = 0; k < self->n; k++) { /* each begins with what the one before ended with */
        ma_rebase_offsets(self->arrays[k], base, target);
        base += ma_array_span(self->arrays[k]).length;
        target += self->arrays[k]->length * (bits / 8);
    }
    return MA_OK;
}

static ma_status
join_bytes(const join *self, int index, ma_error *err)
{
    uint8_t *target;
    const int64_t size = ma_array_offset_at(self->out, self->out->length);
    MA_TRY(ma_buffer_alloc(size, &self->out->buffers[index], &target, err));
    for (int64_t k = 0; k < self->n; k++) {
        const ma_used span = ma_array_span(self->arrays[k]);
        if (span.length > 0) {
            memcpy(target, self->arrays[k]->buffers[index].data + span.start, (size_t)span.length);
            target += span.length;
        }
    }
    return MA_OK;
}

static ma_status
join_list_views(const join *self, int64_t bits, ma_error *err)
{
    int64_t base = 0;
    uint8_t *offsets;
    uint8_t *sizes;
    MA_TRY(count_used(self, 0, &base, err));
    MA_TRY(check_reach(self, base, bits == 64 ? INT64_MAX : INT32_MAX, "items", err));
    MA_TRY(alloc_numbers(self, 1, 0, bits, &offsets, err));
    MA_TRY(alloc_numbers(self, 2, 0, bits, &sizes, err));
    base = 0;
    for (int64_t k = 0; k < self->n; k++) {
        const ma_used used = used_of(self, k, 0);
        ma_rebase_list_view(self->arrays[k], used, base, offsets, sizes);
        base += used.length;
        offsets += self->arrays[k]->length * (bits / 8);
        sizes += self->arrays[k]->length * (bits / 8);
    }
    return MA_OK;
}

static ma_status
join_union_offsets(const join *self, ma_error *err)
{
    const int32_t n_children = self->out->n_children;
    int64_t bases[128] = {0};
    uint8_t *target;
    for (int32_t c = 0; c < n_children; c++) {
        int64_t total;
        MA_TRY(count_used(self, c, &total, err));
        if (total > (int64_t)INT32_MAX + 1) {
            return ma_fail(
                err, MA_INVALID, -1,
                "together the arrays use %lld rows of one child, more than a dense union "
                "can; join fewer",
                (long long)total);
        }
    }
    MA_TRY(alloc_numbers(self, 1, 0, 32, &target, err));
    for (int64_t k = 0; k < self->n; k++) {
        ma_rebase_union(self->arrays[k], self->used + k * n_children, bases, target);
        target += 4 * self->arrays[k]->length;
        for (int32_t c = 0; c < n_children; c++) {
            bases[c] += used_of(self, k, c).length;
        }
    }
    return MA_OK;
}

static ma_status
join_indices(const join *self, ma_error *err)
{
    const int64_t bits = self->out->type->bits;
    uint8_t *target;
    MA_TRY(alloc_numbers(self, 1, 0, bits, &target, err));
    for (int64_t k = 0; k < self->n; k++) {
        MA_TRY(ma_rebase_indices(self->arrays[k], self->bases[k], target, err));
        target += self->arrays[k]->length * (bits / 8);
    }
    return MA_OK;
}

/* ---- views ---- */

/* Whether two arrays point into the same data buffers, as slices of one array do. */
static bool
shares_data(const ma_array *a, const ma_array *b)
{
    if (a->n_buffers != b->n_buffers) {
        return false;
    }
    for (int32_t i = 2; i < a->n_buffers; i++) {
        if (a->buffers[i].data != b->buffers[i].data || a->buffers[i].size != b->buffers[i].size) {
            return false;
        }
    }
    return true;
}

/* Where the data buffers of each array begin among all of them, and how many there are. */
static ma_status
count_data(ma_array *const *arrays, int64_t n, int64_t *bases, int64_t *total, ma_error *err)
{
    *total = 0;
    for (int64_t k = 0; k < n; k++) {
        if (k > 0 && shares_data(arrays[k - 1], arrays[k])) {
            bases[k] = bases[k - 1];
            continue;
        }
        bases[k] = *total;
        *total += arrays[k]->n_buffers - 2;
        if (*total > INT32_MAX - 2) {
            return ma_fail(err, MA_INVALID, -1,
                           "together the arrays have more data buffers than one can have");
        }
    }
    return MA_OK;
}

static void
shift_views(const ma_array *self, int64_t base, uint8_t *target)
{
    const uint8_t *source = self->buffers[1].data + 16 * self->offset;
    for (int64_t i = 0; i < self->length; i++) {
        uint8_t *view = target + 16 * i;
        memcpy(view, source + 16 * i, 16);
        if ((uint32_t)ma_load_i32(view) <= 12) {
            continue;
        }
        if (ma_array_is_null(self, i)) { /* it may say anything */
            memset(view, 0, 16);
        } else {
            ma_store_i32(view + 8, (int32_t)(ma_load_i32(view + 8) + base));
        }
    }
}

static ma_status
join_views(const join *self, ma_error *err)
{
    uint8_t *target;
    MA_TRY(alloc_numbers(self, 1, 0, 128, &target, err));
    for (int64_t k = 0; k < self->n; k++) {
        const ma_array *array = self->arrays[k];
        ma_buffer *data = self->out->buffers + 2 + self->bases[k];
        shift_views(array, self->bases[k], target);
        target += 16 * array->length;
        if (k > 0 && shares_data(self->arrays[k - 1], array)) {
            continue; /* whose buffers are there */
        }
        for (int32_t i = 2; i < array->n_buffers; i++) {
            data[i - 2] = ma_buffer_ref(array->buffers[i]);
        }
    }
    return MA_OK;
}

/* ---- children ---- */

/* Of what uses no rows, one piece will do, and only where nothing else is there: below each there
 * may be many children more. */
static ma_status
join_pieces(const join *self, int32_t child, ma_array **pieces, ma_error *err)
{
    int64_t n = 0;
    for (int64_t k = 0; k < self->n; k++) {
        const ma_used used = used_of(self, k, child);
        if (used.length > 0 || (n == 0 && k == self->n - 1)) {
            MA_TRY(ma_array_slice(self->arrays[k]->children[child], used.start, used.length,
                                  &pieces[n], err));
            n++;
        }
    }
    return ma_array_concat(self->out->type->children[child]->type, pieces, n,
                           &self->out->children[child], err);
}

static ma_status
join_child(const join *self, int32_t child, ma_error *err)
{
    const ma_field *field = self->out->type->children[child];
    ma_array **pieces = ma_calloc(self->n, sizeof(*pieces));
    if (pieces == NULL) {
        return ma_fail_nomem(err, self->n * (int64_t)sizeof(*pieces));
    }
    const ma_status st = join_pieces(self, child, pieces, err);
    for (int64_t k = 0; k < self->n; k++) {
        ma_array_unref(pieces[k]);
    }
    ma_free(pieces);
    if (st != MA_OK) {
        ma_error_prefix(err, ".%.*s", (int)ma_min_i64(field->name_size, 64), field->name);
    }
    return st;
}

static ma_status
join_run_ends(const join *self, ma_error *err)
{
    ma_type *type = self->out->type->children[0]->type;
    ma_array *ends = NULL;
    uint8_t *target;
    int64_t runs;
    int64_t base = 0;
    if ((uint64_t)self->out->length > ma_type_greatest(type)) {
        char name[80];
        return ma_fail(
            err, MA_INVALID, -1,
            "together the arrays have %lld rows, which run ends of type %s cannot count; "
            "use a wider type for them",
            (long long)self->out->length, ma_type_name(type, name, sizeof(name)));
    }
    MA_TRY(count_used(self, 0, &runs, err));
    MA_TRY(ma_array_new(type, runs, 0, &ends, err));
    self->out->children[0] = ends;
    MA_TRY(ma_buffer_alloc(runs * (type->bits / 8), &ends->buffers[1], &target, err));
    for (int64_t k = 0; k < self->n; k++) {
        const ma_used used = used_of(self, k, 0);
        ma_rebase_run_ends(self->arrays[k], used, base, target);
        target += used.length * (type->bits / 8);
        base += self->arrays[k]->length;
    }
    atomic_store(&ends->nulls, 0);
    atomic_store(&ends->checked, MA_CHECKED_VALUES | MA_CHECKED_UTF8 | MA_CHECKED_RUN_ENDS);
    return MA_OK;
}

/* ---- all together ---- */

static ma_status
join_buffer(const join *self, int index, ma_error *err)
{
    const ma_type *type = self->out->type;
    const ma_buffer_kind kind = ma_layouts[type->layout].buffers[index];
    const int64_t bits = ma_buffer_kind_bits(kind, type->bits);
    switch (kind) {
    case MA_BUFFER_NONE:
    case MA_BUFFER_SIZES32: /* with the offsets before them */
    case MA_BUFFER_SIZES64:
        return MA_OK;
    case MA_BUFFER_VALIDITY:
        return join_validity(self, err);
    case MA_BUFFER_DATA:
        return type->layout == MA_LAYOUT_DICTIONARY ? join_indices(self, err)
               : bits == 1                          ? join_bits(self, index, err)
                                                    : join_fixed(self, index, bits / 8, err);
    case MA_BUFFER_TYPE_IDS:
        return join_fixed(self, index, 1, err);
    case MA_BUFFER_OFFSETS32:
    case MA_BUFFER_OFFSETS64:
        return join_offsets(self, bits, err);
    case MA_BUFFER_BYTES:
        return join_bytes(self, index, err);
    case MA_BUFFER_LIST_OFFSETS32:
    case MA_BUFFER_LIST_OFFSETS64:
        return join_list_views(self, bits, err);
    case MA_BUFFER_UNION_OFFSETS:
        return join_union_offsets(self, err);
    case MA_BUFFER_VIEWS:
        return join_views(self, err);
    }
    return MA_OK;
}

static ma_status
join_parts(const join *self, ma_error *err)
{
    const ma_layout *layout = &ma_layouts[self->out->type->layout];
    const bool has_runs = layout->children == MA_CHILDREN_RUNS;
    for (int i = 0; i < layout->n_buffers; i++) {
        MA_TRY(join_buffer(self, i, err));
    }
    for (int32_t c = 0; c < self->out->n_children; c++) {
        MA_TRY(has_runs && c == 0 ? join_run_ends(self, err) : join_child(self, c, err));
    }
    return MA_OK;
}

/* What holds for every row of every array. */
static unsigned
common_checks(ma_array *const *arrays, int64_t n)
{
    unsigned checked = MA_CHECKED_VALUES | MA_CHECKED_UTF8;
    for (int64_t k = 0; k < n; k++) {
        checked &= atomic_load_explicit(&arrays[k]->checked, memory_order_acquire);
    }
    return checked;
}

/* The new array, without its parts, and what is found out about the old ones beforehand. */
static ma_status
prepare(join *self, ma_type *type, int64_t length, ma_error *err)
{
    ma_array *dictionary = NULL;
    int64_t n_variadic = 0;
    self->bases = ma_calloc(self->n, sizeof(*self->bases));
    self->used = ma_calloc(self->n * type->n_children, sizeof(*self->used));
    if (self->bases == NULL || self->used == NULL) {
        return ma_fail_nomem(err, self->n * (1 + type->n_children) * (int64_t)sizeof(ma_used));
    }
    for (int64_t k = 0; k < self->n; k++) {
        ma_array_used(self->arrays[k], self->used + k * type->n_children);
    }
    if (type->layout == MA_LAYOUT_VIEW) {
        MA_TRY(count_data(self->arrays, self->n, self->bases, &n_variadic, err));
    }
    if (type->layout == MA_LAYOUT_DICTIONARY) {
        MA_TRY(ma_join_dictionaries(type, self->arrays, self->n, self->bases, &dictionary, err));
    }
    const ma_status st = ma_array_new(type, length, n_variadic, &self->out, err);
    if (st != MA_OK) {
        ma_array_unref(dictionary);
        return st;
    }
    self->out->dictionary = dictionary;
    return MA_OK;
}

static ma_status
join_arrays(ma_type *type, ma_array *const *arrays, int64_t n, ma_array **out, ma_error *err)
{
    join join = {.arrays = arrays, .n = n};
    int64_t length = 0;
    for (int64_t k = 0; k < n; k++) {
        if (!ma_add_i64(length, arrays[k]->length, &length)) {
            return ma_fail(err, MA_INVALID, -1, "more rows than an array can have");
        }
    }
    ma_status st = prepare(&join, type, length, err);
    if (st == MA_OK) {
        st = join_parts(&join, err);
    }
    if (st == MA_OK) {
        atomic_store(&join.out->checked, common_checks(arrays, n));
        *out = join.out;
        join.out = NULL;
    }
    ma_array_unref(join.out);
    ma_free(join.used);
    ma_free(join.bases);
    return st;
}

static ma_status
make_empty(ma_type *type, ma_array **out, ma_error *err)
{
    ma_array *empty = NULL;
    MA_TRY(ma_array_new(type, 0, 0, &empty, err));
    ma_status st = MA_OK;
    for (int32_t c = 0; c < type->n_children && st == MA_OK; c++) {
        st = make_empty(type->children[c]->type, &empty->children[c], err);
    }
    if (type->value_type != NULL && st == MA_OK) {
        st = make_empty(type->value_type, &empty->dictionary, err);
    }
    if (st != MA_OK) {
        ma_array_unref(empty);
        return st;
    }
    atomic_store(&empty->nulls, 0);
    atomic_store(&empty->checked, MA_CHECKED_VALUES | MA_CHECKED_UTF8);
    *out = empty;
    return MA_OK;
}

ma_status
ma_array_concat(ma_type *type, ma_array *const *arrays, int64_t n, ma_array **out, ma_error *err)
{
    if (n == 0) {
        return make_empty(type, out, err);
    }
    if (n == 1) {
        *out = ma_array_ref(arrays[0]);
        return MA_OK;
    }
    return join_arrays(type, arrays, n, out, err);
}
