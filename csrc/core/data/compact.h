/* The smallest array with the same rows: what is written, pickled or handed on. */
#ifndef MA_DATA_COMPACT_H
#define MA_DATA_COMPACT_H

#include "core/data/array.h"

/* `*out` has the rows of `self`, which is checked (validate/values.h), in canonical form, so that two
 * equal slices come out byte for byte the same wherever they were cut: offset 0; no validity bitmap
 * where nothing is null, else one of exactly the bytes needed with the bits behind the last row 0;
 * data buffers of exactly the rows; offsets that begin at 0 (one 0 for an array without rows) and
 * children cut to what they reach; list views, dense unions: children cut to the lowest and highest
 * row that is used, and offsets shifted; runs cut, their ends shifted, the last ending at the length;
 * views: data buffers are kept as they are when the views use all of their bytes (or more, sharing),
 * else gathered into one new buffer (several where 2 GiB is not enough). A dictionary is made compact too (its own slices), but keeps every value.
 * Nothing is copied that need not change: buffers that stay are shared, and an array that is canonical
 * already is returned itself (with a new reference) after O(1) work in its rows (O(rows) for views, unions and
 * list views). Fails with MA_NOMEM. */
MA_NODISCARD ma_status
ma_array_compact(ma_array *self, ma_array **out, ma_error *err);

#endif
