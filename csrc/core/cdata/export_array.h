/* Arrays and batches, lent to other libraries without a copy (CDataInterface.rst, "The ArrowArray
 * structure").
 *
 * What comes out holds references of its own to the arrays that it shows; it may be moved, its
 * children may be moved out of it, and it is released once, from any thread: what the memory's own
 * release needs (data/buffer.h) it takes itself. After a failure `out` is marked released. */
#ifndef MA_CDATA_EXPORT_ARRAY_H
#define MA_CDATA_EXPORT_ARRAY_H

#include "core/cdata/abi.h"
#include "core/data/batch.h"

/* The array with its offset and its children as they are (but for sparse unions, whose offset is
 * applied, and arrays without rows, which have none). Its values are checked first, text
 * included (validate/values.h, once), since others take them for granted. Fails with MA_INVALID
 * where they break the format, and with MA_NOMEM. */
MA_NODISCARD ma_status
ma_cdata_export_array(ma_array *array, struct ArrowArray *out, ma_error *err);

/* The columns of a batch, all built now, as the children of a struct without nulls. Fails in the
 * same way, and as building the columns does. */
MA_NODISCARD ma_status
ma_cdata_export_batch(ma_batch *batch, struct ArrowArray *out, ma_error *err);

#endif
