/* What every array must hold before anyone sees it; O(1) in rows (Columnar.rst). */
#ifndef MA_VALIDATE_SHAPE_H
#define MA_VALIDATE_SHAPE_H

#include "core/data/array.h"

/* Check one array whose buffers, children and dictionary were filled from outside, children first
 * and already checked: number and types of children, lengths, each buffer as long as
 * `offset + length` rows need. An array with rows whose `nulls` is not 0 and that has no validity
 * bitmap is refused, unless its layout has none.
 *
 * Also settles what may come in several forms: a validity bitmap is let go when `nulls` is 0, and
 * other claims about `nulls` become -1, for us to count; an array without rows begins at row 0 and
 * has the one offset that it needs, whatever it came with; buffers without bytes become
 * MA_EMPTY_BUFFER. Fails with MA_INVALID; `err->where` names the buffer, or the child. */
MA_NODISCARD ma_status
ma_array_check_shape(ma_array *self, ma_error *err);

/* Bytes that a buffer of `kind` needs for `rows` rows; -1 where that does not fit 63 bits. */
int64_t
ma_buffer_needed(ma_buffer_kind kind, const ma_type *type, int64_t rows);

/* The bytes that a buffer of `kind` begins at a multiple of, for the numbers in it to be loaded as
 * such: 1 to 8. */
int64_t
ma_buffer_alignment(ma_buffer_kind kind, const ma_type *type);

#endif
