/* Joining arrays end to end. */
#ifndef MA_DATA_CONCAT_H
#define MA_DATA_CONCAT_H

#include "core/data/array.h"

/* One array of `type` with the rows of all `n` arrays, each of an equal type and checked
 * (validate/values.h). One array gives itself, none an empty array. Dictionaries: one that all
 * share (same object, or equal values) is kept; where the longer ones begin with the shorter ones
 * the longest is kept; otherwise they are put one behind the other and indices shifted, which fails
 * with MA_INVALID where they no longer fit the index type. Offsets that outgrow 32 bits fail with
 * MA_INVALID and say to use the large type. Fails with MA_LIMIT for many rows that take no memory
 * beside some that are null, and with MA_NOMEM, too. */
MA_NODISCARD ma_status
ma_array_concat(ma_type *type, ma_array *const *arrays, int64_t n, ma_array **out, ma_error *err);

#endif
