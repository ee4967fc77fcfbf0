/* What a consumer asks to get instead (PyCapsuleInterface.rst, "Schema Requests"): honoured where
 * the values stay what they are (types/holds.h), and otherwise not, which the protocol leaves to
 * us. */
#ifndef MA_CDATA_REQUEST_H
#define MA_CDATA_REQUEST_H

#include "core/data/batch.h"

/* What to lend when `wanted` was asked for and `own` is there: `wanted`, but nullable where there
 * may be nulls; or `own` where the type does not allow it. Fails with MA_NOMEM. */
MA_NODISCARD ma_status
ma_cdata_request_field(ma_field *own, ma_field *wanted, bool may_be_null, ma_field **out,
                       ma_error *err);

/* The same for all fields of a schema, by their own nullability. Another number of fields, or other
 * names, is no other representation but other data: MA_INVALID. */
MA_NODISCARD ma_status
ma_cdata_request_schema(ma_schema *own, ma_schema *wanted, ma_schema **out, ma_error *err);

/* The array, or the batch, as what came out of these functions. Fails as building columns, checking
 * values and laying them out again do. */
MA_NODISCARD ma_status
ma_cdata_lend_array(ma_array *array, ma_type *type, ma_array **out, ma_error *err);
MA_NODISCARD ma_status
ma_cdata_lend_batch(ma_batch *batch, ma_schema *schema, ma_batch **out, ma_error *err);

#endif
