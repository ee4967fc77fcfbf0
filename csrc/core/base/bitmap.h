/* Bitmaps: one bit a value, least significant first (Columnar.rst, "Validity bitmaps"). */
#ifndef MA_BASE_BITMAP_H
#define MA_BASE_BITMAP_H

#include <stdbool.h>
#include <stdint.h>

static inline int64_t
ma_bitmap_size(int64_t bits)
{
    return bits / 8 + (bits % 8 != 0);
}

static inline bool
ma_bitmap_get(const uint8_t *bits, int64_t i)
{
    return (bits[i >> 3] >> (i & 7)) & 1;
}

static inline void
ma_bitmap_set(uint8_t *bits, int64_t i)
{
    bits[i >> 3] |= (uint8_t)(1u << (i & 7));
}

static inline void
ma_bitmap_put(uint8_t *bits, int64_t i, bool value)
{
    const uint8_t mask = (uint8_t)(1u << (i & 7));
    bits[i >> 3] = (uint8_t)(value ? bits[i >> 3] | mask : bits[i >> 3] & ~mask);
}

/* How many of the `length` bits from bit `offset` on are set. */
int64_t
ma_bitmap_count(const uint8_t *bits, int64_t offset, int64_t length);

/* How many bits from bit `offset` on, of `length` at most, are `value` before one is not. */
int64_t
ma_bitmap_run(const uint8_t *bits, int64_t offset, int64_t length, bool value);

/* Copy `length` bits from bit `offset` of `source` to bit 0 of `target`, which has
 * ma_bitmap_size(length) bytes; the bits behind the last one become 0. */
void
ma_bitmap_copy(uint8_t *target, const uint8_t *source, int64_t offset, int64_t length);

/* Copy `length` bits to bit `at` of `target`, leaving the bits around them alone. */
void
ma_bitmap_paste(uint8_t *target, int64_t at, const uint8_t *source, int64_t offset,
                int64_t length);

/* Set `length` bits from bit `at` on to `value`, leaving the bits around them alone. */
void
ma_bitmap_fill(uint8_t *target, int64_t at, int64_t length, bool value);

/* Whether two ranges of `length` bits are the same. */
bool
ma_bitmap_equal(const uint8_t *a, int64_t a_offset, const uint8_t *b, int64_t b_offset,
                int64_t length);

#endif
