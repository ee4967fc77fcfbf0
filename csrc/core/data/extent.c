#include "core/data/extent.h"

#include "core/base/limits.h"
#include "core/base/number.h"

/* What may still be counted, and how. */
typedef struct purse {
    int64_t left;
    ma_extent_kind kind;
} purse;

static bool
spend(const ma_array *self, int64_t start, int64_t length, purse *purse);

static bool
take(purse *purse, int64_t count, int64_t each)
{
    if (each > 0 && count > purse->left / each) {
        return false;
    }
    purse->left -= count * each;
    return true;
}

/* ---- rows for nothing ---- */

static bool
are_children_free(const ma_array *self)
{
    for (int32_t i = 0; i < self->n_children; i++) {
        if (!ma_array_is_free(self->children[i])) {
            return false;
        }
    }
    return true;
}

bool
ma_array_is_free(const ma_array *self)
{
    const ma_type *type = self->type;
    if (ma_array_validity(self) != NULL) {
        return false;
    }
    switch (type->layout) {
    case MA_LAYOUT_NULL:
    case MA_LAYOUT_RUN_END:
        return true;
    case MA_LAYOUT_FIXED:
        return type->bits == 0;
    case MA_LAYOUT_STRUCT:
        return are_children_free(self);
    case MA_LAYOUT_FIXED_LIST:
        return type->list_size == 0 || are_children_free(self);
    default:
        return false;
    }
}

/* ---- what lies in memory ---- */

static int64_t
sum(int64_t a, int64_t b)
{
    int64_t total;
    return ma_add_i64(a, b, &total) ? total : INT64_MAX;
}

int64_t
ma_array_extent_stored(const ma_array *self)
{
    int64_t total = 0;
    if (!ma_array_is_free(self) && !ma_mul_i64(self->length, MA_EXTENT_ROW, &total)) {
        total = INT64_MAX;
    }
    for (int32_t i = 0; i < self->n_buffers; i++) {
        total = sum(total, self->buffers[i].size);
    }
    for (int32_t i = 0; i < self->n_children; i++) {
        total = sum(total, ma_array_extent_stored(self->children[i]));
    }
    return self->dictionary != NULL ? sum(total, ma_array_extent_stored(self->dictionary)) : total;
}

/* ---- what rows come to ---- */

/* Bytes up to which a look at a value costs about what its view or index does. */
#define SHORT 4096

/* Some rows at a time, whose sizes have a sum that cannot overflow. */
static bool
spend_views(const ma_array *self, int64_t start, int64_t length, purse *purse)
{
    const int32_t least = purse->kind == MA_EXTENT_VISITS ? SHORT : 0;
    const uint8_t *views = self->buffers[1].data + 16 * self->offset;
    const int64_t end = start + length;
    while (start < end) {
        const int64_t stop = ma_min_i64(end, start + 1024);
        int64_t bytes = 0;
        for (; start < stop; start++) {
            const int32_t size = ma_load_i32(views + 16 * start);
            if (size > least && !ma_array_is_null(self, start)) {
                bytes += size;
            }
        }
        if (!take(purse, bytes, 1)) {
            return false;
        }
    }
    return true;
}

/* The part that the row before refers to, and what it came to: rows mostly repeat that of the row
 * before where they repeat any. */
typedef struct before {
    const ma_array *part;
    int64_t start;
    int64_t length;
    int64_t cost;
} before;

static bool
spend_part(const ma_array *part, int64_t start, int64_t length, before *before, purse *purse)
{
    const int64_t left = purse->left;
    if (part == before->part && start == before->start && length == before->length) {
        return take(purse, 1, before->cost);
    }
    if (!spend(part, start, length, purse)) {
        return false;
    }
    *before = (struct before){part, start, length, left - purse->left};
    return true;
}

static bool
spend_lists(const ma_array *self, int64_t start, int64_t length, purse *purse)
{
    before before = {NULL, 0, 0, 0};
    for (int64_t i = start; i < start + length; i++) {
        int64_t first;
        int64_t size;
        if (ma_array_is_null(self, i)) {
            continue;
        }
        ma_array_list_at(self, i, &first, &size);
        if (!spend_part(self->children[0], first, size, &before, purse)) {
            return false;
        }
    }
    return true;
}

static bool
spend_union(const ma_array *self, int64_t start, int64_t length, purse *purse)
{
    before before = {NULL, 0, 0, 0};
    for (int64_t i = start; i < start + length; i++) {
        int64_t row;
        const int32_t child = ma_array_union_at(self, i, &row);
        if (!spend_part(self->children[child], row, 1, &before, purse)) {
            return false;
        }
    }
    return true;
}

static bool
spend_runs(const ma_array *self, int64_t start, int64_t length, purse *purse)
{
    const ma_array *ends = self->children[0];
    const int64_t end = self->offset + start + length;
    int64_t row = self->offset + start;
    for (int64_t run = ma_array_run_at(self, start); row < end; run++) {
        const int64_t run_end = ma_min_i64(ma_array_int_at(ends, run), end);
        const int64_t before = purse->left;
        if (!spend(self->children[1], run, 1, purse)) {
            return false;
        }
        if (purse->kind != MA_EXTENT_VISITS &&
            !take(purse, run_end - row - 1, before - purse->left)) {
            return false;
        }
        row = run_end;
    }
    return true;
}

/* Whether values of the dictionary are looked at for each row, and not once for all. */
static bool
is_dictionary_repeated(const ma_array *self, ma_extent_kind kind)
{
    const ma_array *values = self->dictionary;
    if (values->n_children > 0 || values->dictionary != NULL || kind == MA_EXTENT_COPIES) {
        return true;
    }
    return kind == MA_EXTENT_OBJECTS ? values->length > self->length
                                     : ma_array_nbytes(values) > 16 * SHORT;
}

static bool
spend_dictionary(const ma_array *self, int64_t start, int64_t length, purse *purse)
{
    if (!is_dictionary_repeated(self, purse->kind)) {
        return true;
    }
    before before = {NULL, 0, 0, 0};
    for (int64_t i = start; i < start + length; i++) {
        if (!ma_array_is_null(self, i) &&
            !spend_part(self->dictionary, ma_array_int_at(self, i), 1, &before, purse)) {
            return false;
        }
    }
    return true;
}

static bool
spend_children(const ma_array *self, int64_t start, int64_t length, purse *purse)
{
    for (int32_t i = 0; i < self->n_children; i++) {
        if (!spend(self->children[i], start, length, purse)) {
            return false;
        }
    }
    return true;
}

static bool
spend_bytes(const ma_array *self, int64_t start, int64_t length, purse *purse)
{
    const int64_t first = ma_array_offset_at(self, start);
    return take(purse, ma_array_offset_at(self, start + length) - first, 1);
}

/* Rows that take no memory are nothing to look at, for they are all alike. */
static bool
spend(const ma_array *self, int64_t start, int64_t length, purse *purse)
{
    const bool counts = purse->kind != MA_EXTENT_VISITS || !ma_array_is_free(self);
    if (length == 0) {
        return true;
    }
    if (!take(purse, counts ? length : 1, MA_EXTENT_ROW)) {
        return false;
    }
    switch (self->type->layout) {
    case MA_LAYOUT_NULL:
        return true;
    case MA_LAYOUT_FIXED:
        return take(purse, length, self->type->bits / 8);
    case MA_LAYOUT_BINARY32:
    case MA_LAYOUT_BINARY64:
        return spend_bytes(self, start, length, purse);
    case MA_LAYOUT_VIEW:
        return spend_views(self, start, length, purse);
    case MA_LAYOUT_LIST32:
    case MA_LAYOUT_LIST64: {
        const int64_t first = ma_array_offset_at(self, start);
        const int64_t last = ma_array_offset_at(self, start + length);
        return spend(self->children[0], first, last - first, purse);
    }
    case MA_LAYOUT_LIST_VIEW32:
    case MA_LAYOUT_LIST_VIEW64:
        return spend_lists(self, start, length, purse);
    case MA_LAYOUT_FIXED_LIST: {
        const int64_t size = self->type->list_size;
        return spend(self->children[0], (self->offset + start) * size, length * size, purse);
    }
    case MA_LAYOUT_STRUCT:
        return spend_children(self, self->offset + start, length, purse);
    case MA_LAYOUT_SPARSE_UNION:
    case MA_LAYOUT_DENSE_UNION:
        return spend_union(self, start, length, purse);
    case MA_LAYOUT_RUN_END:
        return spend_runs(self, start, length, purse);
    case MA_LAYOUT_DICTIONARY:
        return spend_dictionary(self, start, length, purse);
    }
    return true;
}

/* ---- the limit ---- */

/* Whether rows could be more than there are in memory. Mostly not, which is found out at once. */
static bool
may_repeat(const ma_array *self, ma_extent_kind kind)
{
    switch (self->type->layout) {
    case MA_LAYOUT_NULL:
    case MA_LAYOUT_LIST_VIEW32:
    case MA_LAYOUT_LIST_VIEW64:
    case MA_LAYOUT_DENSE_UNION:
    case MA_LAYOUT_RUN_END:
    case MA_LAYOUT_VIEW:
        return true;
    case MA_LAYOUT_FIXED:
        return self->type->bits == 0;
    case MA_LAYOUT_DICTIONARY:
        return is_dictionary_repeated(self, kind);
    default:
        break;
    }
    for (int32_t i = 0; i < self->n_children; i++) {
        if (may_repeat(self->children[i], kind)) {
            return true;
        }
    }
    return ma_array_is_free(self);
}

bool
ma_array_extent_within(const ma_array *self, int64_t start, int64_t length, ma_extent_kind kind,
                       int64_t most)
{
    purse purse = {most, kind};
    return spend(self, start, length, &purse);
}

int64_t
ma_array_extent_limit(const ma_array *self)
{
    return sum(MA_MAX_REPEATED_SIZE, ma_array_extent_stored(self));
}

bool
ma_array_extent_fits(const ma_array *self, int64_t start, int64_t length, ma_extent_kind kind)
{
    return !may_repeat(self, kind) ||
           ma_array_extent_within(self, start, length, kind, ma_array_extent_limit(self));
}

ma_status
ma_extent_fail(int64_t rows, ma_error *err)
{
    return ma_fail(err, MA_LIMIT, -1,
                   "%lld rows come to more than %lld bytes beyond what lies in memory; take fewer "
                   "at a time, with slice()",
                   (long long)rows, (long long)MA_MAX_REPEATED_SIZE);
}

ma_status
ma_array_check_extent(const ma_array *self, int64_t start, int64_t length, ma_extent_kind kind,
                      ma_error *err)
{
    return ma_array_extent_fits(self, start, length, kind) ? MA_OK : ma_extent_fail(length, err);
}

ma_status
ma_arrays_check_extent(ma_array *const *arrays, int64_t n, ma_error *err)
{
    purse purse = {MA_MAX_REPEATED_SIZE, MA_EXTENT_OBJECTS};
    int64_t rows = 0;
    for (int64_t i = 0; i < n; i++) {
        if (may_repeat(arrays[i], purse.kind)) {
            purse.left = sum(purse.left, ma_array_extent_stored(arrays[i]));
        }
    }
    for (int64_t i = 0; i < n; i++) {
        rows = sum(rows, arrays[i]->length);
        if (may_repeat(arrays[i], purse.kind) && !spend(arrays[i], 0, arrays[i]->length, &purse)) {
            return ma_extent_fail(rows, err);
        }
    }
    return MA_OK;
}

ma_status
ma_check_free_rows(int64_t rows, ma_error *err)
{
    return rows <= MA_MAX_REPEATED_SIZE / MA_EXTENT_ROW ? MA_OK : ma_extent_fail(rows, err);
}
