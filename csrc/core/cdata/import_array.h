/* Arrays and batches of other libraries, taken over without a copy (CDataInterface.rst, "The
 * ArrowArray structure").
 *
 * Both functions take over `in`, also when they fail: it is then marked released, and what it was
 * is released when the last buffer that points into it goes, from whatever thread that is. Sizes
 * are not part of the interface: those that the layout tells are computed, and the producer is
 * believed to have as many bytes there. All that can be wrong beyond that is checked: the shape
 * now, values when they are first used (data/array.h). Buffers that are not aligned for their type
 * are copied; no others are. */
#ifndef MA_CDATA_IMPORT_ARRAY_H
#define MA_CDATA_IMPORT_ARRAY_H

#include "core/cdata/abi.h"
#include "core/data/batch.h"

/* An array of `type`. Fails with MA_INVALID (released, pointers that are missing, numbers of
 * buffers or children that do not fit the type, negative lengths) and MA_NOMEM; `err->where` is
 * the path below the array. */
MA_NODISCARD ma_status
ma_cdata_import_array(struct ArrowArray *in, ma_type *type, ma_array **out, ma_error *err);

/* A batch, which comes as a struct array; rows of it that are null as a whole, which no batch can
 * hold, fail with MA_INVALID. */
MA_NODISCARD ma_status
ma_cdata_import_batch(struct ArrowArray *in, ma_schema *schema, ma_batch **out, ma_error *err);

#endif
