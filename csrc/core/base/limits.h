/* The limits that a reader keeps to, in one place. Every one can be set per reader. */
#ifndef MA_BASE_LIMITS_H
#define MA_BASE_LIMITS_H

#include <stdint.h>

/* One row a limit: name, default, what it bounds. */
#define MA_LIMIT_TABLE(X)                                                                      \
    X(max_metadata_size, INT64_C(256) << 20, "bytes of one message's metadata or of a footer") \
    X(max_nesting_depth, 64, "levels of nesting of a type")                                    \
    X(max_fields, 1000000, "fields of a schema, nested ones included")                         \
    X(max_buffer_size, INT64_C(1) << 30, "bytes that one compressed buffer may inflate to")    \
    X(max_batch_size, INT64_C(4) << 30, "bytes that one message's buffers may inflate to")     \
    X(max_dictionary_size, INT64_C(1) << 30, "bytes that one dictionary with deltas may take")

/* The one limit that is no reader's: how much what is made of an array, or looked at to compare it,
 * may come to beyond what lies in memory (data/extent.h). Whoever needs more takes fewer rows at a
 * time. Fuzzers set it lower. */
#ifndef MA_MAX_REPEATED_SIZE
#define MA_MAX_REPEATED_SIZE (INT64_C(4) << 30)
#endif

typedef struct ma_limits {
#define X(name, value, text) int64_t name;
    MA_LIMIT_TABLE(X)
#undef X
    int threads; /* to inflate on when all columns are asked for; 0: one for each processor */
} ma_limits;

static inline ma_limits
ma_limits_default(void)
{
    const ma_limits limits = {
#define X(name, value, text) .name = (value),
        MA_LIMIT_TABLE(X)
#undef X
    };
    return limits;
}

#endif
