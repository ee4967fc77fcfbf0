/* Rows of fixed width as plain C arrays, one behind the other, with a value in place of each null:
 * what numpy and pandas compute with. */
#ifndef MA_DATA_DENSE_H
#define MA_DATA_DENSE_H

#include "core/data/array.h"

typedef enum ma_dense_form {
    MA_DENSE_VALUES,       /* as they are stored, 8 to 64 bits; a null becomes the fill */
    MA_DENSE_DOUBLES,      /* integers as double; a null becomes NaN */
    MA_DENSE_MILLISECONDS, /* days of date32 as int64; a null becomes INT64_MIN */
    MA_DENSE_BYTES,        /* bools, a byte each; a null becomes 2 */
    MA_DENSE_NULLS,        /* any type: 1 where the row is null by the array's own bitmap, else 0 */
} ma_dense_form;

/* A new buffer with the rows of all `n` arrays in that form. The arrays are of one type, which has
 * the form (ma_dense_width is not 0). `fill` points to as many bytes as a value has, for
 * MA_DENSE_VALUES only; with NULL there, nulls keep whatever is stored for them. Uses several
 * threads where there is much to do. Fails with MA_NOMEM, and with MA_INVALID for more bytes than
 * memory can have. */
MA_NODISCARD ma_status
ma_dense_make(ma_dense_form form, ma_array *const *arrays, int64_t n, const uint8_t *fill,
              ma_buffer *out, ma_error *err);

/* Bytes of a row in that form; 0: the type has no such form. */
int32_t
ma_dense_width(ma_dense_form form, const ma_type *type);

#endif
