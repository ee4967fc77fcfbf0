/* Reading only those parts of a body that the wanted columns lie in. */
#ifndef MA_IPC_PARTS_H
#define MA_IPC_PARTS_H

#include "core/ipc/encoded.h"

/* The parts of the body that `self`, made without one, needs: ascending and apart, small gaps
 * read with them. `*out` is to be released with ma_free. Fails with MA_NOMEM. */
MA_NODISCARD ma_status
ma_parts_find(const ma_encoded *self, ma_range **out, int64_t *count, ma_error *err);

/* Bytes of all parts together. */
int64_t
ma_parts_size(const ma_range *parts, int64_t count);

/* Give `self` its body: `bytes` holds the parts one behind the other, each at the alignment it
 * had. Before anyone else sees `self`. Fails with MA_NOMEM. */
MA_NODISCARD ma_status
ma_parts_settle(ma_encoded *self, const ma_range *parts, int64_t count, ma_buffer bytes,
                ma_error *err);

#endif
