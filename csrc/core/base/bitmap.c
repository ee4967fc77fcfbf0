#include "core/base/bitmap.h"

#include <string.h>

#include "core/base/endian.h"
#include "core/base/number.h"

static inline int
count_u64(uint64_t word)
{
#if defined(__GNUC__) || defined(__clang__)
    return __builtin_popcountll(word);
#else
    word = word - ((word >> 1) & UINT64_C(0x5555555555555555));
    word = (word & UINT64_C(0x3333333333333333)) + ((word >> 2) & UINT64_C(0x3333333333333333));
    word = (word + (word >> 4)) & UINT64_C(0x0F0F0F0F0F0F0F0F);
    return (int)((word * UINT64_C(0x0101010101010101)) >> 56);
#endif
}

/* The `count` (1 to 64) bits from bit `offset` on, in the low bits of a word; reads only the bytes
 * that hold them. */
static uint64_t
load_bits(const uint8_t *bits, int64_t offset, int64_t count)
{
    const uint8_t *p = bits + (offset >> 3);
    const int shift = (int)(offset & 7);
    const int64_t bytes = ma_bitmap_size(shift + count);
    uint64_t low = 0;
    if (bytes >= 8) {
        low = ma_load_le64(p);
    } else {
        for (int64_t i = 0; i < bytes; i++) {
            low |= (uint64_t)p[i] << (8 * i);
        }
    }
    low >>= shift;
    if (bytes == 9) { /* only with shift > 0 */
        low |= (uint64_t)p[8] << (64 - shift);
    }
    return count == 64 ? low : low & ((UINT64_C(1) << count) - 1);
}

int64_t
ma_bitmap_count(const uint8_t *bits, int64_t offset, int64_t length)
{
    int64_t total = 0;
    while (length > 0) {
        const int64_t step = ma_min_i64(length, 64);
        total += count_u64(load_bits(bits, offset, step));
        offset += step;
        length -= step;
    }
    return total;
}

int64_t
ma_bitmap_run(const uint8_t *bits, int64_t offset, int64_t length, bool value)
{
    const uint64_t wanted = value ? UINT64_MAX : 0;
    const int64_t end = offset + length;
    int64_t at = offset;
    while (at < end && (at & 7) != 0) {
        if (ma_bitmap_get(bits, at) != value) {
            return at - offset;
        }
        at++;
    }
    while (end - at >= 64 && ma_load_u64(bits + (at >> 3)) == wanted) {
        at += 64;
    }
    while (at < end && ma_bitmap_get(bits, at) == value) {
        at++;
    }
    return at - offset;
}

void
ma_bitmap_copy(uint8_t *target, const uint8_t *source, int64_t offset, int64_t length)
{
    if ((offset & 7) == 0) {
        const int64_t whole = length / 8;
        if (whole > 0) {
            memcpy(target, source + (offset >> 3), (size_t)whole);
        }
        target += whole;
        offset += whole * 8;
        length -= whole * 8;
    }
    while (length > 0) {
        const int64_t step = ma_min_i64(length, 64);
        const uint64_t word = load_bits(source, offset, step);
        if (step == 64) {
            ma_store_le64(target, word);
            target += 8;
        } else {
            for (int64_t i = 0; i < ma_bitmap_size(step); i++) {
                *target++ = (uint8_t)(word >> (8 * i));
            }
        }
        offset += step;
        length -= step;
    }
}

void
ma_bitmap_paste(uint8_t *target, int64_t at, const uint8_t *source, int64_t offset, int64_t length)
{
    while (length > 0 && (at & 7) != 0) {
        ma_bitmap_put(target, at++, ma_bitmap_get(source, offset++));
        length--;
    }
    const int64_t whole = length & ~INT64_C(7);
    if (whole > 0) {
        ma_bitmap_copy(target + (at >> 3), source, offset, whole);
    }
    for (int64_t i = whole; i < length; i++) {
        ma_bitmap_put(target, at + i, ma_bitmap_get(source, offset + i));
    }
}

void
ma_bitmap_fill(uint8_t *target, int64_t at, int64_t length, bool value)
{
    while (length > 0 && (at & 7) != 0) {
        ma_bitmap_put(target, at++, value);
        length--;
    }
    if (length >= 8) {
        memset(target + (at >> 3), value ? 0xFF : 0, (size_t)(length / 8));
    }
    for (int64_t i = length & ~INT64_C(7); i < length; i++) {
        ma_bitmap_put(target, at + i, value);
    }
}

bool
ma_bitmap_equal(const uint8_t *a, int64_t a_offset, const uint8_t *b, int64_t b_offset,
                int64_t length)
{
    while (length > 0) {
        const int64_t step = ma_min_i64(length, 64);
        if (load_bits(a, a_offset, step) != load_bits(b, b_offset, step)) {
            return false;
        }
        a_offset += step;
        b_offset += step;
        length -= step;
    }
    return true;
}
