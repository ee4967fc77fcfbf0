#include "core/data/concat_dictionary.h"

#include <string.h>

#include "core/base/memory.h"
#include "core/base/number.h"
#include "core/data/concat.h"
#include "core/data/equal.h"

static ma_array *
find_longest(ma_array *const *arrays, int64_t n)
{
    ma_array *longest = arrays[0]->dictionary;
    for (int64_t k = 1; k < n; k++) {
        if (arrays[k]->dictionary->length > longest->length) {
            longest = arrays[k]->dictionary;
        }
    }
    return longest;
}

/* Whether the longest dictionary begins with every other one. Arrays of one stream mostly share
 * theirs, and then nothing is compared. */
static bool
begins_with_all(const ma_array *longest, ma_array *const *arrays, int64_t n)
{
    const ma_array *known = longest;
    for (int64_t k = 0; k < n; k++) {
        const ma_array *other = arrays[k]->dictionary;
        if (other == longest || other == known) {
            continue;
        }
        if (!ma_array_identical_range(longest, 0, other, 0, other->length)) {
            return false;
        }
        known = other;
    }
    return true;
}

/* How far to look back for an array with the same dictionary. Few arrays alternate between more,
 * and looking at all of them would take the square of their number. */
enum {
    LOOK_BACK = 64
};

/* The dictionaries that are put one behind the other, and where that of each array begins then.
 * Returns their number. */
static int64_t
line_up(ma_array *const *arrays, int64_t n, ma_array **parts, int64_t *bases)
{
    int64_t count = 0;
    int64_t rows = 0;
    for (int64_t k = 0; k < n; k++) {
        int64_t same = k - 1;
        while (same >= 0 && k - same <= LOOK_BACK &&
               arrays[same]->dictionary != arrays[k]->dictionary) {
            same--;
        }
        if (same >= 0 && k - same <= LOOK_BACK) {
            bases[k] = bases[same];
        } else {
            bases[k] = rows;
            parts[count++] = arrays[k]->dictionary;
            /* A sum that does not fit makes joining them fail. */
            (void)ma_add_i64(rows, arrays[k]->dictionary->length, &rows);
        }
    }
    return count;
}

ma_status
ma_join_dictionaries(ma_type *type, ma_array *const *arrays, int64_t n, int64_t *bases,
                     ma_array **out, ma_error *err)
{
    ma_array *longest = find_longest(arrays, n);
    if (begins_with_all(longest, arrays, n)) {
        memset(bases, 0, (size_t)n * sizeof(*bases));
        *out = ma_array_ref(longest);
        return MA_OK;
    }
    ma_array **parts = ma_malloc(n * (int64_t)sizeof(*parts));
    if (parts == NULL) {
        return ma_fail_nomem(err, n * (int64_t)sizeof(*parts));
    }
    const int64_t count = line_up(arrays, n, parts, bases);
    const ma_status st = ma_array_concat(type->value_type, parts, count, out, err);
    ma_free(parts);
    if (st != MA_OK) {
        ma_error_prefix(err, ".dictionary");
    }
    return st;
}

static void
store_integer(uint8_t *target, int64_t row, int32_t bits, uint64_t value)
{
    switch (bits) {
    case 8:
        target[row] = (uint8_t)value;
        return;
    case 16:
        ma_store_u16(target + 2 * row, (uint16_t)value);
        return;
    case 32:
        ma_store_u32(target + 4 * row, (uint32_t)value);
        return;
    default:
        ma_store_u64(target + 8 * row, value);
        return;
    }
}

ma_status
ma_rebase_indices(const ma_array *self, int64_t base, uint8_t *target, ma_error *err)
{
    const int32_t bits = self->type->bits;
    const uint64_t most = ma_type_greatest(self->type->index_type);
    if (base == 0) {
        if (self->length > 0) {
            memcpy(target, self->buffers[1].data + self->offset * (bits / 8),
                   (size_t)(self->length * (bits / 8)));
        }
        return MA_OK;
    }
    for (int64_t i = 0; i < self->length; i++) {
        const bool is_null = ma_array_is_null(self, i);
        const uint64_t index = is_null ? 0 : (uint64_t)ma_array_int_at(self, i) + (uint64_t)base;
        if (index > most) {
            char name[80];
            return ma_fail(err, MA_INVALID, -1,
                           "the dictionaries differ, and put one behind the other they need index "
                           "%llu, which %s cannot hold; use a wider index type",
                           (unsigned long long)index,
                           ma_type_name(self->type->index_type, name, sizeof(name)));
        }
        store_integer(target, i, bits, index);
    }
    return MA_OK;
}
