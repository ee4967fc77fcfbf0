/* Unions of V4, which had a validity bitmap of their own (Columnar.rst, "Union Layout", tells
 * the change). */
#ifndef MA_IPC_UNION_NULLS_H
#define MA_IPC_UNION_NULLS_H

#include "core/data/array.h"

/* Make the rows of a union that `validity` calls null null in the children that they point to,
 * where a union has its nulls today. `array` is complete and nobody else has seen it; its
 * children are replaced by copies with bitmaps of their own. Fails with MA_INVALID (type ids or
 * offsets out of range, a bitmap that is too short), MA_UNSUPPORTED (a child that is a union or
 * run-end encoded, and so has no nulls), MA_NOMEM. */
MA_NODISCARD ma_status
ma_union_push_nulls(ma_array *array, ma_buffer validity, ma_error *err);

#endif
