/* What an array uses of its children, and its offsets counted from there: the arithmetic that
 * cutting and joining arrays share. All arrays here are checked (validate/values.h). */
#ifndef MA_DATA_REBASE_H
#define MA_DATA_REBASE_H

#include "core/data/array.h"

/* Rows of a child, or bytes of a data buffer. */
typedef struct ma_used {
    int64_t start;
    int64_t length;
} ma_used;

/* The smallest range of rows of each child that holds all the array's own rows; `used` has room for
 * `n_children`. Rows of list views that are null or empty use nothing. For run-end encoded arrays,
 * the runs. O(rows) for list views and dense unions, O(1) or O(log runs) for all others. */
void
ma_array_used(const ma_array *self, ma_used *used);

/* The bytes that the rows of a binary or text array with offsets use, or the rows of a list's
 * child. */
static inline ma_used
ma_array_span(const ma_array *self)
{
    const int64_t start = ma_array_offset_at(self, 0);
    return (ma_used){start, ma_array_offset_at(self, self->length) - start};
}

/* The `length` + 1 offsets of a binary, text or list array, with `base` for the first one. The
 * caller knows that they fit; so in all functions below. */
void
ma_rebase_offsets(const ma_array *self, int64_t base, uint8_t *target);

/* Whether all rows of a list view, null and empty ones included, lie inside `used`. */
bool
ma_list_view_fits(const ma_array *self, ma_used used);

/* Offsets and sizes of a list view whose child's rows `used` become those from `base` on. Rows that
 * use nothing, and lie outside, become 0 and 0. */
void
ma_rebase_list_view(const ma_array *self, ma_used used, int64_t base, uint8_t *offsets,
                    uint8_t *sizes);

/* Offsets of a dense union whose children's rows `used[c]` become those from `bases[c]` on. */
void
ma_rebase_union(const ma_array *self, const ma_used *used, const int64_t *bases, uint8_t *target);

/* The ends of the runs `used`, cut to the array's rows, which become those from row `base` on. */
void
ma_rebase_run_ends(const ma_array *self, ma_used used, int64_t base, uint8_t *target);

/* The bytes of all values of an array of views that do not lie in the views. */
int64_t
ma_views_long_bytes(const ma_array *self);

#endif
