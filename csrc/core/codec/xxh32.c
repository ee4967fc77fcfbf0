#include "core/codec/xxh32.h"

#include "core/base/endian.h"

#define PRIME_1 UINT32_C(2654435761)
#define PRIME_2 UINT32_C(2246822519)
#define PRIME_3 UINT32_C(3266489917)
#define PRIME_4 UINT32_C(668265263)
#define PRIME_5 UINT32_C(374761393)

#define STRIPE 16 /* bytes that the four lanes take together */

static inline uint32_t
rotate(uint32_t v, int bits)
{
    return (v << bits) | (v >> (32 - bits));
}

static inline uint32_t
mix_lane(uint32_t lane, uint32_t word)
{
    return rotate(lane + word * PRIME_2, 13) * PRIME_1;
}

/* The whole stripes; `*data` and `*size` are left with the rest. */
static uint32_t
hash_stripes(const uint8_t **data, int64_t *size)
{
    uint32_t lane[4] = {PRIME_1 + PRIME_2, PRIME_2, 0, 0u - PRIME_1};
    const uint8_t *at = *data;
    for (; *size >= STRIPE; at += STRIPE, *size -= STRIPE) {
        lane[0] = mix_lane(lane[0], ma_load_le32(at));
        lane[1] = mix_lane(lane[1], ma_load_le32(at + 4));
        lane[2] = mix_lane(lane[2], ma_load_le32(at + 8));
        lane[3] = mix_lane(lane[3], ma_load_le32(at + 12));
    }
    *data = at;
    return rotate(lane[0], 1) + rotate(lane[1], 7) + rotate(lane[2], 12) + rotate(lane[3], 18);
}

uint32_t
ma_xxh32(const uint8_t *data, int64_t size)
{
    const uint32_t total = (uint32_t)size; /* as the hash has it: modulo 2^32 */
    uint32_t hash = size >= STRIPE ? hash_stripes(&data, &size) : PRIME_5;
    hash += total;
    for (; size >= 4; data += 4, size -= 4) {
        hash = rotate(hash + ma_load_le32(data) * PRIME_3, 17) * PRIME_4;
    }
    for (; size > 0; data++, size--) {
        hash = rotate(hash + *data * PRIME_5, 11) * PRIME_1;
    }
    hash = (hash ^ (hash >> 15)) * PRIME_2;
    hash = (hash ^ (hash >> 13)) * PRIME_3;
    return hash ^ (hash >> 16);
}
