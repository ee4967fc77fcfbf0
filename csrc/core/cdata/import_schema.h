/* Fields and schemas of other libraries (CDataInterface.rst, "The ArrowSchema structure").
 *
 * All that is needed is copied out of the struct, which stays the caller's to release. What it
 * says is checked as far as it can be: a pointer that is not NULL is taken to point to what it
 * should. */
#ifndef MA_CDATA_IMPORT_SCHEMA_H
#define MA_CDATA_IMPORT_SCHEMA_H

#include "core/base/limits.h"
#include "core/cdata/abi.h"
#include "core/types/schema.h"

/* The field that `in` describes. Fails with MA_INVALID (released, pointers that are missing, format
 * strings that nobody defines, numbers of children that do not fit them), with MA_LIMIT
 * (max_nesting_depth, max_fields, max_metadata_size) and with MA_NOMEM. */
MA_NODISCARD ma_status
ma_cdata_import_field(const struct ArrowSchema *in, const ma_limits *limits, ma_field **out,
                      ma_error *err);

/* The schema whose fields are the children of `in`, which must be a struct. Fails the same way. */
MA_NODISCARD ma_status
ma_cdata_import_schema(const struct ArrowSchema *in, const ma_limits *limits, ma_schema **out,
                       ma_error *err);

#endif
