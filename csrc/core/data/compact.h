/* The smallest array with the same rows: what is written, pickled or handed on. */
#ifndef MA_DATA_COMPACT_H
#define MA_DATA_COMPACT_H

#include "core/data/array.h"

/* `*out` has the rows of `self`, which is checked (validate/values.h), in canonical form, so that
 * two equal slices come out byte for byte the same wherever they were cut:
 *
 * - offset 0; no validity bitmap where nothing is null, else one of exactly the bytes needed with
 *   the
 *   bits behind the last row 0, as in the data of booleans; data buffers of exactly the rows;
 * - offsets that begin at 0 (one 0 for an array without rows), and children cut to what they reach;
 * - list views and dense unions: children cut to the lowest and highest row that is used, and
 *   offsets
 *   shifted; rows of list views that are null or empty, and lie outside of that, become 0 and 0;
 * - runs cut, their ends shifted, the last ending at the length;
 * - views: data buffers are kept as they are when the values are as many bytes as the buffers, or
 *   more, sharing some; else gathered into one new buffer (several where 2 GiB is not enough);
 * - a dictionary is made compact, too, but keeps every value.
 *
 * Nothing is copied that need not change: buffers that stay are shared, and an array that is
 * canonical already is returned itself (with a new reference) after O(1) work in its rows (O(rows)
 * for views, unions and list views). Fails with MA_NOMEM. */
MA_NODISCARD ma_status
ma_array_compact(ma_array *self, ma_array **out, ma_error *err);

#endif
