/* Hashing bytes that somebody else chose: SipHash-1-3 (Aumasson and Bernstein), which Python uses.
 * Whoever does not know the key finds no values whose hashes collide. */
#ifndef MA_BASE_HASH_H
#define MA_BASE_HASH_H

#include "core/base/endian.h"

typedef struct ma_hash_key {
    uint64_t words[2];
} ma_hash_key;

/* A hash that is being made of one thing behind the other. */
typedef struct ma_hash {
    uint64_t v[4];
} ma_hash;

/* What keys are made of from now on, in the whole process: two words that nobody can guess. */
void
ma_hash_set_secret(const uint64_t words[2]);

/* A key for one table, which lies at this address: no two need to be the same. */
ma_hash_key
ma_hash_key_for(const void *table);

static inline void
ma_hash_round(uint64_t v[4])
{
#define MA_TURN(word, bits) ((word) << (bits) | (word) >> (64 - (bits)))
    v[0] += v[1];
    v[2] += v[3];
    v[1] = MA_TURN(v[1], 13) ^ v[0];
    v[3] = MA_TURN(v[3], 16) ^ v[2];
    v[0] = MA_TURN(v[0], 32) + v[3];
    v[2] += v[1];
    v[3] = MA_TURN(v[3], 21) ^ v[0];
    v[1] = MA_TURN(v[1], 17) ^ v[2];
    v[2] = MA_TURN(v[2], 32);
#undef MA_TURN
}

static inline ma_hash
ma_hash_begin(ma_hash_key key)
{
    const uint64_t a = key.words[0];
    const uint64_t b = key.words[1];
    return (ma_hash){{a ^ UINT64_C(0x736F6D6570736575), b ^ UINT64_C(0x646F72616E646F6D),
                      a ^ UINT64_C(0x6C7967656E657261), b ^ UINT64_C(0x7465646279746573)}};
}

static inline void
ma_hash_add(ma_hash *self, uint64_t word)
{
    self->v[3] ^= word;
    ma_hash_round(self->v);
    self->v[0] ^= word;
}

/* Bytes, and at their end how many they were. */
static inline void
ma_hash_add_bytes(ma_hash *self, const void *bytes, int64_t size)
{
    const uint8_t *data = bytes;
    uint64_t rest = (uint64_t)size << 56;
    for (; size >= 8; size -= 8, data += 8) {
        ma_hash_add(self, ma_load_u64(data));
    }
    for (int64_t i = 0; i < size; i++) {
        rest |= (uint64_t)data[i] << (8 * i);
    }
    ma_hash_add(self, rest);
}

static inline uint64_t
ma_hash_end(ma_hash self)
{
    self.v[2] ^= 0xFF;
    for (int i = 0; i < 3; i++) {
        ma_hash_round(self.v);
    }
    return self.v[0] ^ self.v[1] ^ self.v[2] ^ self.v[3];
}

static inline uint64_t
ma_hash_of(ma_hash_key key, const void *bytes, int64_t size)
{
    ma_hash hash = ma_hash_begin(key);
    ma_hash_add_bytes(&hash, bytes, size);
    return ma_hash_end(hash);
}

#endif
