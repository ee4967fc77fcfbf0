/* The schema as a writer sends it: the same, with a number of its own for each dictionary. */
#ifndef MA_IPC_WIRE_SCHEMA_H
#define MA_IPC_WIRE_SCHEMA_H

#include "core/types/schema.h"

/* A copy in which every dictionary type has its number from 0 on, inner ones before those that
 * contain them; `*count` is how many. A schema without dictionaries gives itself. Fails with
 * MA_NOMEM. */
MA_NODISCARD ma_status
ma_wire_schema_new(ma_schema *schema, ma_schema **out, int32_t *count, ma_error *err);

#endif
