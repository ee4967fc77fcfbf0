/* Which part of which column a field node or a buffer of a message belongs to, for errors. */
#ifndef MA_IPC_LOCATE_H
#define MA_IPC_LOCATE_H

#include "core/ipc/encoded.h"

/* Put the path of field node `index` into `err`, such as "column 'a'.item". */
void
ma_locate_node(const ma_encoded *encoded, int64_t index, ma_error *err) MA_COLD;

/* The same for a buffer, such as "column 'a'.item, offsets buffer". The counts of variadic buffers
 * are there already. */
void
ma_locate_buffer(const ma_encoded *encoded, int64_t index, ma_error *err) MA_COLD;

#endif
