/* Unions of V4, which had a validity bitmap of their own (Columnar.rst, "Union Layout", tells
 * the change). */
#ifndef MA_IPC_UNION_NULLS_H
#define MA_IPC_UNION_NULLS_H

#include "core/data/array.h"

/* Make the rows of a union that `validity` calls null null in a child, where a union has its
 * nulls today: in the one that their type id says or, where that is none or cannot be null, in
 * the first that can. What else those rows say is not trusted: writers left there what they
 * liked. Of a dense union they keep the row of the child that they point at if no valid row
 * points there; else the child's rows are laid out anew, with nulls between them, so that the
 * offsets into each child never go back, as the format asks. Where that would copy rows many
 * times, for some of them share what they hold, all nulls of the child become one row behind the
 * others instead. `array` is complete and nobody else has seen it; its children are replaced by
 * copies. Fails with MA_INVALID (offsets of other rows out of range, a bitmap that is too short,
 * values of a child that are wrong), MA_UNSUPPORTED (no child can be null, for all are unions or
 * run-end encoded), MA_LIMIT (a child has too many rows that take no memory), MA_NOMEM. */
MA_NODISCARD ma_status
ma_union_push_nulls(ma_array *array, ma_buffer validity, ma_error *err);

#endif
