#include "core/validate/utf8.h"

#include "core/base/endian.h"

static const uint64_t HIGH_BITS = UINT64_C(0x8080808080808080);

int64_t
ma_utf8_ascii_prefix(const uint8_t *data, int64_t size)
{
    int64_t i = 0;
    for (; size - i >= 32; i += 32) {
        const uint64_t all = ma_load_u64(data + i) | ma_load_u64(data + i + 8) |
                             ma_load_u64(data + i + 16) | ma_load_u64(data + i + 24);
        if ((all & HIGH_BITS) != 0) {
            break;
        }
    }
    while (size - i >= 8 && (ma_load_u64(data + i) & HIGH_BITS) == 0) {
        i += 8;
    }
    while (i < size && data[i] < 0x80) {
        i++;
    }
    return i;
}

/* The size of the sequence of two to four bytes that `p` begins with, or 0 if it is malformed. The
 * first byte narrows what the second may be, which rules out longer forms than needed (after E0,
 * F0), surrogates (after ED) and what lies above U+10FFFF (after F4). */
static int
sequence_size(const uint8_t *p, int64_t left)
{
    const uint8_t lead = p[0];
    if (lead < 0xC2 || lead > 0xF4) {
        return 0;
    }
    if (lead < 0xE0) {
        return left >= 2 && ma_utf8_continues(p[1]) ? 2 : 0;
    }
    const int size = lead < 0xF0 ? 3 : 4;
    if (left < size) {
        return 0;
    }
    const uint8_t low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    const uint8_t high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    const bool good = p[1] >= low && p[1] <= high && ma_utf8_continues(p[2]) &&
                      (size == 3 || ma_utf8_continues(p[3]));
    return good ? size : 0;
}

/* How many bytes come before the first that has its high bit set; one has. */
static inline int
bytes_before(uint64_t high)
{
#if defined(__GNUC__) || defined(__clang__)
    return __builtin_ctzll(high) / 8;
#else
    int n = 0;
    for (; (high & 0x80) == 0; high >>= 8) {
        n++;
    }
    return n;
#endif
}

/* sequence_size for at least four bytes, which are compared at once: each case is the bits that
 * mark the bytes, and those that would make a longer form than needed, a surrogate, or too much. */
static inline int
quick_sequence_size(const uint8_t *p)
{
    const uint32_t word = ma_load_le32(p);
    if ((word & 0x00C0C0F0) == 0x008080E0) {
        const uint32_t high = word & 0x200F;
        return high != 0 && high != 0x200D ? 3 : 0;
    }
    if ((word & 0xC0E0) == 0x80C0) {
        return (word & 0x1E) != 0 ? 2 : 0;
    }
    if ((word & 0xC0C0C0F8) == 0x808080F0) {
        return (word & 0x3007) != 0 && ((word & 0x04) == 0 || (word & 0x3003) == 0) ? 4 : 0;
    }
    return 0;
}

int64_t
ma_utf8_find_bad(const uint8_t *data, int64_t size)
{
    int64_t i = ma_utf8_ascii_prefix(data, size);
    while (size - i >= 8) {
        const uint64_t high = ma_load_le64(data + i) & HIGH_BITS;
        if (high == 0) {
            i += 8;
            continue;
        }
        i += bytes_before(high);
        if (size - i < 4) {
            break;
        }
        const int step = quick_sequence_size(data + i);
        if (step == 0) {
            return i;
        }
        i += step;
    }
    while (i < size) {
        const int step = data[i] < 0x80 ? 1 : sequence_size(data + i, size - i);
        if (step == 0) {
            return i;
        }
        i += step;
    }
    return -1;
}
