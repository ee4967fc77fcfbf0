/* The same values under a type that lays them out, or names them, in another way. */
#ifndef MA_DATA_RELAYOUT_H
#define MA_DATA_RELAYOUT_H

#include "core/data/array.h"

/* The array under `type`, which holds the values of its type (types/holds.h). Shares all memory
 * that can stay. The array is checked (validate/values.h). Fails with MA_NOMEM, with MA_INVALID
 * where the layout is too narrow (32-bit offsets, indices, run ends), and with MA_LIMIT where rows
 * that few bytes stand for come to too much (data/extent.h). */
MA_NODISCARD ma_status
ma_array_relayout(ma_array *self, ma_type *type, ma_array **out, ma_error *err);

#endif
