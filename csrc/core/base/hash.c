#include "core/base/hash.h"

#include <stdatomic.h>

static _Atomic uint64_t secret[2];

void
ma_hash_set_secret(const uint64_t words[2])
{
    atomic_store(&secret[0], words[0]);
    atomic_store(&secret[1], words[1]);
}

ma_hash_key
ma_hash_key_for(const void *table)
{
    const uint64_t place = (uint64_t)(uintptr_t)table;
    return (ma_hash_key){{atomic_load(&secret[0]) ^ place, atomic_load(&secret[1])}};
}
