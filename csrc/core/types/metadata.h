/* Key-value metadata of a schema, a field, a message or a footer. Keys may repeat, and both keys
 * and values may hold any bytes; the order is kept (Schema.fbs, KeyValue). Immutable and shared. */
#ifndef MA_TYPES_METADATA_H
#define MA_TYPES_METADATA_H

#include "core/base/bytes.h"
#include "core/base/refs.h"
#include "core/base/status.h"

typedef struct ma_pair {
    ma_bytes key;
    ma_bytes value;
} ma_pair;

typedef struct ma_metadata {
    ma_refs refs;
    int64_t count;
    const ma_pair **sorted; /* the same pairs by key, then value; behind them in the same block */
    ma_pair pairs[];        /* their bytes lie behind, in the same block */
} ma_metadata;

/* A copy of `count` pairs, in `*out`; NULL there when `count` is 0. Fails with MA_NOMEM. */
MA_NODISCARD ma_status
ma_metadata_new(const ma_pair *pairs, int64_t count, ma_metadata **out, ma_error *err);

/* Both take NULL. */
ma_metadata *
ma_metadata_ref(ma_metadata *self);
void
ma_metadata_unref(ma_metadata *self);

/* The first value under `key`, or NULL. `self` may be NULL. */
const ma_bytes *
ma_metadata_get(const ma_metadata *self, const char *key);

/* Same pairs, repeated ones as often, in whatever order: the C data interface and IPC do not have
 * to agree on one. NULL equals NULL only. */
bool
ma_metadata_equal(const ma_metadata *a, const ma_metadata *b);

static inline int64_t
ma_metadata_count(const ma_metadata *self)
{
    return self != NULL ? self->count : 0;
}

#endif
