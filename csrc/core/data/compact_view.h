/* The smallest array of views with the same rows. */
#ifndef MA_DATA_COMPACT_VIEW_H
#define MA_DATA_COMPACT_VIEW_H

#include "core/data/array.h"

/* ma_array_compact for arrays of views, from row 0 on: `*out` has all buffers but the validity
 * bitmap. */
MA_NODISCARD ma_status
ma_views_compact(const ma_array *self, ma_array **out, ma_error *err);

/* Whether the data buffers stay as they are: the values are as many bytes, or more. */
bool
ma_views_are_compact(const ma_array *self);

#endif
