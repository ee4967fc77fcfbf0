/* Turning the bytes of values around, for messages of the other byte order (Schema.fbs,
 * Endianness). */
#ifndef MA_IPC_SWAP_H
#define MA_IPC_SWAP_H

#include "core/types/type.h"

/* Whether a buffer of that kind has anything to turn around. */
bool
ma_swap_needed(ma_buffer_kind kind, const ma_type *type);

/* Turn around every number in `data`, in place; a number cut off at the end stays as it is. */
void
ma_swap_buffer(ma_buffer_kind kind, const ma_type *type, uint8_t *data, int64_t size);

#endif
