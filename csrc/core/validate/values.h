/* What the values of an array must hold before anyone follows them; O(rows), remembered. */
#ifndef MA_VALIDATE_VALUES_H
#define MA_VALIDATE_VALUES_H

#include "core/data/array.h"

/* Check, unless that was done before, that offsets ascend and end inside the data or the child,
 * that sizes, views, dictionary indices (of rows that are not null), type ids, union offsets and
 * run ends are in range, here, in the children and in the dictionary. After MA_OK no function of
 * data/array.h reads outside the array's memory. Fails with MA_INVALID; `err->where` is the path
 * below this array, such as ".item, offsets buffer", and the whole one for a column that was read.
 * Safe from several threads. */
MA_NODISCARD ma_status
ma_array_check_values(ma_array *self, ma_error *err);

/* The same and what other libraries take for granted: that text is UTF-8, that the bytes behind a
 * short view's value are 0, and that no key of a map is null. Fails with MA_NOMEM, too. */
MA_NODISCARD ma_status
ma_array_check_full(ma_array *self, ma_error *err);

/* Whether views of checked text or binary point nowhere in rows that are null, which no function of
 * ours follows, but others' do. */
bool
ma_array_has_stray_views(const ma_array *self);

/* Has ma_array_check_values succeeded? Then nothing needs to be done. */
static inline bool
ma_array_is_checked(const ma_array *self)
{
    return (atomic_load_explicit(&self->checked, memory_order_acquire) & MA_CHECKED_VALUES) != 0;
}

#endif
