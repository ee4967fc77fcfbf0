/* Hashing bytes that somebody else chose. */
#ifndef MA_BASE_HASH_H
#define MA_BASE_HASH_H

#include "core/base/endian.h"

/* A seed that differs from process to process, by where the system put the table that it is for:
 * nobody can choose bytes that collide. */
static inline uint64_t
ma_hash_seed(const void *table)
{
    return (uint64_t)(uintptr_t)table * UINT64_C(0xD6E8FEB86659FD93);
}

/* Eight bytes at a time: multiply, then fold the high half down, where tables look. */
static inline uint64_t
ma_hash(uint64_t seed, const void *bytes, int64_t size)
{
    const uint64_t factor = UINT64_C(0x9E3779B97F4A7C15);
    const uint8_t *data = bytes;
    uint64_t hash = (seed ^ (uint64_t)size) * factor;
    for (; size >= 8; size -= 8, data += 8) {
        hash = (hash ^ ma_load_u64(data)) * factor;
        hash ^= hash >> 32;
    }
    uint64_t rest = 0;
    for (int64_t i = 0; i < size; i++) {
        rest = rest << 8 | data[i];
    }
    hash = (hash ^ rest) * factor;
    return hash ^ hash >> 29;
}

#endif
