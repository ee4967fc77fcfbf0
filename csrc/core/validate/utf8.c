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

int64_t
ma_utf8_find_bad(const uint8_t *data, int64_t size)
{
    int64_t i = 0;
    while (i < size) {
        if (data[i] < 0x80) {
            i += ma_utf8_ascii_prefix(data + i, size - i);
            continue;
        }
        const int step = sequence_size(data + i, size - i);
        if (step == 0) {
            return i;
        }
        i += step;
    }
    return -1;
}
