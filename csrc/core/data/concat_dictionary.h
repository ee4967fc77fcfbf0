/* One dictionary for arrays that came with several. */
#ifndef MA_DATA_CONCAT_DICTIONARY_H
#define MA_DATA_CONCAT_DICTIONARY_H

#include "core/data/array.h"

/* A dictionary for the rows of all `n` (at least 1) arrays of a dictionary type, in `*out`, and in
 * `bases[k]` what to add to the indices of array k. The arrays' own is kept where it can be
 * (data/concat.h). Fails with MA_NOMEM, and as joining the values does. */
MA_NODISCARD ma_status
ma_join_dictionaries(ma_type *type, ma_array *const *arrays, int64_t n, int64_t *bases,
                     ma_array **out, ma_error *err);

/* The indices of `self` with `base` added, and 0 where it is null. Fails with MA_INVALID where one
 * does not fit the index type. */
MA_NODISCARD ma_status
ma_rebase_indices(const ma_array *self, int64_t base, uint8_t *target, ma_error *err);

#endif
