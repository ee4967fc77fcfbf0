/* The hash of tables over what others chose. */
#include "make.h"

#include "core/base/hash.h"

static int
compare(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a;
    const uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void
require_distinct(uint64_t *hashes, int n)
{
    qsort(hashes, (size_t)n, sizeof(*hashes), compare);
    for (int i = 1; i < n; i++) {
        CHECK(hashes[i] != hashes[i - 1]);
    }
}

enum {
    PAIRS = 10,
    SIZE = 16 * PAIRS
};

/* Of two words, the highest bit of the one and two bits of the other, or not: what multiplying and
 * folding does not tell apart. */
static void
test_words_made_to_collide(ma_hash_key key)
{
    static uint64_t hashes[1 << PAIRS];
    for (int n = 0; n < 1 << PAIRS; n++) {
        uint8_t bytes[SIZE];
        memset(bytes, 'a', SIZE);
        for (int k = 0; k < PAIRS; k++) {
            const uint8_t flip = (uint8_t)((n >> k & 1) << 7);
            bytes[16 * k + 7] ^= flip;
            bytes[16 * k + 8 + 3] ^= flip;
            bytes[16 * k + 8 + 7] ^= flip;
        }
        hashes[n] = ma_hash_of(key, bytes, SIZE);
    }
    require_distinct(hashes, 1 << PAIRS);
}

static void
test_zeros_of_any_number(ma_hash_key key)
{
    static const uint8_t zeros[300];
    uint64_t hashes[300];
    for (int n = 0; n < 300; n++) {
        hashes[n] = ma_hash_of(key, zeros, n);
    }
    require_distinct(hashes, 300);
}

int
main(void)
{
    const uint64_t secrets[][2] = {{0, 0}, {1, 0}, {0, 1}, {UINT64_MAX, UINT64_MAX}};
    uint64_t hashes[COUNT(secrets)];
    for (int i = 0; i < COUNT(secrets); i++) {
        ma_hash_set_secret(secrets[i]);
        const ma_hash_key key = ma_hash_key_for(secrets);
        test_words_made_to_collide(key);
        test_zeros_of_any_number(key);
        hashes[i] = ma_hash_of(key, "abc", 3);
    }
    require_distinct(hashes, COUNT(secrets));
    printf("hash: ok\n");
    return 0;
}
