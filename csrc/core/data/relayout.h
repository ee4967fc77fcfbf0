/* The same values under a type that lays them out, or names them, in another way. */
#ifndef MA_DATA_RELAYOUT_H
#define MA_DATA_RELAYOUT_H

#include "core/data/array.h"

/* Whether values of `from` are values of `to` as they are: text and binary whatever their offsets
 * or views (text is binary, too), lists with wider offsets, time stamps in another zone, decimals
 * of a greater precision, and all that differs in names that mean nothing, in metadata, or by
 * allowing nulls. Names of a struct's fields, and units, mean something. */
bool
ma_type_can_relayout(const ma_type *from, const ma_type *to);

/* The array under such a type. Shares all memory that can stay. The array is checked
 * (validate/values.h). Fails with MA_NOMEM, and with MA_INVALID where text outgrows 32-bit
 * offsets, and with MA_LIMIT where views share so many bytes that their rows come to too
 * much (data/extent.h). */
MA_NODISCARD ma_status
ma_array_relayout(ma_array *self, ma_type *type, ma_array **out, ma_error *err);

#endif
