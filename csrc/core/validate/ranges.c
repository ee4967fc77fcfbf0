#include "core/validate/ranges.h"

#include <stdbool.h>
#include <stddef.h>

#include "core/base/bitmap.h"
#include "core/base/endian.h"
#include "core/base/number.h"

/* Rows of a block. It is a constant so that the loops inside are of a known length, which is when
 * compilers vectorise them without asking what it costs. */
enum {
    BLOCK = 256
};

/* A sum of bits, one of which is the sign of what must not be negative. Numbers that are all not
 * negative have differences that cannot overflow, and a negative number shows itself. */
#define IS_NEGATIVE(type, bits) ((type)(bits) >> (8 * sizeof(type) - 1) != 0)

static uint8_t
load_u8(const void *p)
{
    return *(const uint8_t *)p;
}

/* ---- ascending offsets ---- */

#define DEFINE_FIND_DESCENT(suffix, type)                                   \
    static int64_t find_descent_##suffix(const uint8_t *data, int64_t rows) \
    {                                                                       \
        const int64_t width = sizeof(type);                                 \
        int64_t i = 0;                                                      \
        for (; i + BLOCK <= rows; i += BLOCK) {                             \
            const uint8_t *block = data + i * width;                        \
            type bad = 0;                                                   \
            for (int j = 0; j < BLOCK; j++) {                               \
                const type start = ma_load_##suffix(block + j * width);     \
                const type end = ma_load_##suffix(block + (j + 1) * width); \
                bad |= end | (type)(end - start);                           \
            }                                                               \
            if (IS_NEGATIVE(type, bad)) {                                   \
                break;                                                      \
            }                                                               \
        }                                                                   \
        for (; i < rows; i++) {                                             \
            const type start = ma_load_##suffix(data + i * width);          \
            const type end = ma_load_##suffix(data + (i + 1) * width);      \
            if (IS_NEGATIVE(type, end | (type)(end - start))) {             \
                return i;                                                   \
            }                                                               \
        }                                                                   \
        return -1;                                                          \
    }

DEFINE_FIND_DESCENT(u32, uint32_t)
DEFINE_FIND_DESCENT(u64, uint64_t)

int64_t
ma_find_descent(const uint8_t *offsets, int32_t bits, int64_t rows)
{
    return bits == 64 ? find_descent_u64(offsets, rows) : find_descent_u32(offsets, rows);
}

/* ---- run ends ---- */

#define DEFINE_FIND_RUN_END(suffix, type)                                    \
    static int64_t find_run_end_##suffix(const uint8_t *data, int64_t count) \
    {                                                                        \
        const int64_t width = sizeof(type);                                  \
        int64_t i = 1;                                                       \
        if (count > 0 && IS_NEGATIVE(type, ma_load_##suffix(data) - 1)) {    \
            return 0;                                                        \
        }                                                                    \
        for (; i + BLOCK <= count; i += BLOCK) {                             \
            const uint8_t *block = data + (i - 1) * width;                   \
            type bad = 0;                                                    \
            for (int j = 0; j < BLOCK; j++) {                                \
                const type before = ma_load_##suffix(block + j * width);     \
                const type end = ma_load_##suffix(block + (j + 1) * width);  \
                bad |= (type)(end | (type)(end - before - 1));               \
            }                                                                \
            if (IS_NEGATIVE(type, bad)) {                                    \
                break;                                                       \
            }                                                                \
        }                                                                    \
        for (; i < count; i++) {                                             \
            const type before = ma_load_##suffix(data + (i - 1) * width);    \
            const type end = ma_load_##suffix(data + i * width);             \
            if (IS_NEGATIVE(type, end | (type)(end - before - 1))) {         \
                return i;                                                    \
            }                                                                \
        }                                                                    \
        return -1;                                                           \
    }

DEFINE_FIND_RUN_END(u16, uint16_t)
DEFINE_FIND_RUN_END(u32, uint32_t)
DEFINE_FIND_RUN_END(u64, uint64_t)

int64_t
ma_find_bad_run_end(const uint8_t *ends, int32_t bits, int64_t count)
{
    return bits == 16   ? find_run_end_u16(ends, count)
           : bits == 32 ? find_run_end_u32(ends, count)
                        : find_run_end_u64(ends, count);
}

/* ---- list views ---- */

/* Negative in the highest bit if the row is bad; also where `limit - offset - size` overflows,
 * because then `limit - offset` is negative already. */
static inline uint64_t
list_badness(int64_t offset, int64_t size, int64_t limit)
{
    const uint64_t rest = (uint64_t)limit - (uint64_t)offset;
    return (uint64_t)offset | (uint64_t)size | rest | (rest - (uint64_t)size);
}

#define DEFINE_FIND_LIST(suffix, type)                                                            \
    static int64_t find_list_##suffix(const uint8_t *offsets, const uint8_t *sizes, int64_t rows, \
                                      int64_t limit)                                              \
    {                                                                                             \
        const int64_t width = sizeof(type);                                                       \
        int64_t i = 0;                                                                            \
        for (; i + BLOCK <= rows; i += BLOCK) {                                                   \
            uint64_t bad = 0;                                                                     \
            for (int j = 0; j < BLOCK; j++) {                                                     \
                bad |= list_badness(ma_load_##suffix(offsets + (i + j) * width),                  \
                                    ma_load_##suffix(sizes + (i + j) * width), limit);            \
            }                                                                                     \
            if (IS_NEGATIVE(uint64_t, bad)) {                                                     \
                break;                                                                            \
            }                                                                                     \
        }                                                                                         \
        for (; i < rows; i++) {                                                                   \
            const uint64_t bad = list_badness(ma_load_##suffix(offsets + i * width),              \
                                              ma_load_##suffix(sizes + i * width), limit);        \
            if (IS_NEGATIVE(uint64_t, bad)) {                                                     \
                return i;                                                                         \
            }                                                                                     \
        }                                                                                         \
        return -1;                                                                                \
    }

DEFINE_FIND_LIST(i32, int32_t)
DEFINE_FIND_LIST(i64, int64_t)

int64_t
ma_find_bad_list(const uint8_t *offsets, const uint8_t *sizes, int32_t bits, int64_t rows,
                 int64_t limit)
{
    return bits == 64 ? find_list_i64(offsets, sizes, rows, limit)
                      : find_list_i32(offsets, sizes, rows, limit);
}

/* ---- dictionary indices ---- */

/* 64-bit numbers have no quick comparison everywhere, and need none: `top` is not negative. */
#define IS_ABOVE_SMALL(type, value, top) ((type)((value) > (top)))
#define IS_ABOVE_LARGE(type, value, top) (((value) | ((top) - (value))) >> 63)

/* Nulls are looked at only in blocks that have an index out of range. */
#define DEFINE_FIND_INDEX(suffix, type, load, is_above)                               \
    static int64_t find_index_##suffix(const uint8_t *data, int64_t rows, type top,   \
                                       const uint8_t *validity, int64_t first_bit)    \
    {                                                                                 \
        const int64_t width = sizeof(type);                                           \
        for (int64_t i = 0; i < rows; i += BLOCK) {                                   \
            const uint8_t *block = data + i * width;                                  \
            const int64_t end = ma_min_i64(rows, i + BLOCK);                          \
            if (end - i == BLOCK) {                                                   \
                type bad = 0;                                                         \
                for (int j = 0; j < BLOCK; j++) {                                     \
                    bad |= is_above(type, load(block + j * width), top);              \
                }                                                                     \
                if (bad == 0) {                                                       \
                    continue;                                                         \
                }                                                                     \
            }                                                                         \
            for (int64_t row = i; row < end; row++) {                                 \
                if (load(data + row * width) > top &&                                 \
                    (validity == NULL || ma_bitmap_get(validity, first_bit + row))) { \
                    return row;                                                       \
                }                                                                     \
            }                                                                         \
        }                                                                             \
        return -1;                                                                    \
    }

DEFINE_FIND_INDEX(u8, uint8_t, load_u8, IS_ABOVE_SMALL)
DEFINE_FIND_INDEX(u16, uint16_t, ma_load_u16, IS_ABOVE_SMALL)
DEFINE_FIND_INDEX(u32, uint32_t, ma_load_u32, IS_ABOVE_SMALL)
DEFINE_FIND_INDEX(u64, uint64_t, ma_load_u64, IS_ABOVE_LARGE)

int64_t
ma_find_bad_index(const uint8_t *indices, int32_t bits, int64_t rows, uint64_t top,
                  const uint8_t *validity, int64_t first_bit)
{
    switch (bits) {
    case 8:
        return find_index_u8(indices, rows, (uint8_t)top, validity, first_bit);
    case 16:
        return find_index_u16(indices, rows, (uint16_t)top, validity, first_bit);
    case 32:
        return find_index_u32(indices, rows, (uint32_t)top, validity, first_bit);
    default:
        return find_index_u64(indices, rows, top, validity, first_bit);
    }
}

/* ---- unions ---- */

int64_t
ma_find_bad_type_id(const uint8_t *ids, int64_t rows, const int8_t children[128])
{
    for (int64_t i = 0; i < rows; i++) {
        if (ids[i] > 127 || children[ids[i]] < 0) {
            return i;
        }
    }
    return -1;
}

int64_t
ma_find_bad_union_offset(const uint8_t *offsets, const uint8_t *ids, int64_t rows,
                         const uint32_t limits[128])
{
    for (int64_t i = 0; i < rows; i++) {
        if (ma_load_u32(offsets + 4 * i) >= limits[ids[i]]) {
            return i;
        }
    }
    return -1;
}
