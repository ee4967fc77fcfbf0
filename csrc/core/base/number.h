/* Arithmetic on sizes that somebody else chose: it says whether the result fits. */
#ifndef MA_BASE_NUMBER_H
#define MA_BASE_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#if defined(__GNUC__) || defined(__clang__)

static inline bool
ma_add_i64(int64_t a, int64_t b, int64_t *out)
{
    return !__builtin_add_overflow(a, b, out);
}

static inline bool
ma_mul_i64(int64_t a, int64_t b, int64_t *out)
{
    return !__builtin_mul_overflow(a, b, out);
}

#else

static inline bool
ma_add_i64(int64_t a, int64_t b, int64_t *out)
{
    if ((b > 0 && a > INT64_MAX - b) || (b < 0 && a < INT64_MIN - b)) {
        return false;
    }
    *out = a + b;
    return true;
}

static inline bool
ma_mul_i64(int64_t a, int64_t b, int64_t *out)
{
    if (a != 0 && b != 0) {
        if ((a == -1 && b == INT64_MIN) || (b == -1 && a == INT64_MIN)) {
            return false;
        }
        if (a != -1 && b != -1 &&
            (a > 0 ? (b > 0 ? a > INT64_MAX / b : b < INT64_MIN / a)
                   : (b > 0 ? a < INT64_MIN / b : b < INT64_MAX / a))) {
            return false;
        }
    }
    *out = a * b;
    return true;
}

#endif

/* Round up to a multiple of `unit`, a power of two; `size` is not within `unit` of INT64_MAX. */
static inline int64_t
ma_round_up(int64_t size, int64_t unit)
{
    return (size + unit - 1) & ~(unit - 1);
}

static inline int64_t
ma_min_i64(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static inline int64_t
ma_max_i64(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

#endif
