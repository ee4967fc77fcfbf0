/* Fields and schemas, handed to other libraries (CDataInterface.rst, "The ArrowSchema structure").
 *
 * What comes out owns copies of all that it says, so that nothing of ours needs to live on. It may
 * be moved, and its children may be moved out of it; it is released once, from any thread. After a
 * failure `out` is marked released. */
#ifndef MA_CDATA_EXPORT_SCHEMA_H
#define MA_CDATA_EXPORT_SCHEMA_H

#include "core/cdata/abi.h"
#include "core/types/schema.h"

/* Fails with MA_INVALID where a name or a time zone is no text that the interface can carry (it
 * ends at a NUL, and is UTF-8), with MA_LIMIT where metadata is too long for its sizes of 32 bits,
 * and with MA_NOMEM. */
MA_NODISCARD ma_status
ma_cdata_export_field(const ma_field *field, struct ArrowSchema *out, ma_error *err);

/* The same for a schema: a struct of its fields, not nullable, with the schema's metadata. */
MA_NODISCARD ma_status
ma_cdata_export_schema(const ma_schema *schema, struct ArrowSchema *out, ma_error *err);

#endif
