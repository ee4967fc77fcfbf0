#include "core/data/dense.h"

#include <math.h>
#include <string.h>

#include "core/base/memory.h"
#include "core/base/number.h"
#include "core/base/parallel.h"

#define PIECE_ROWS     32768       /* rows that a thread takes at a time: the caches hold them */
#define ROWS_TO_SHARE  (1 << 18)   /* fewer are done before another thread has started */
#define MS_OF_DAY      INT64_C(86400000)

/* Rows [start, start + length) of an array, and where their values go. */
typedef struct piece {
    const ma_array *array;
    int64_t start;
    int64_t length;
    uint8_t *out;
} piece;

typedef struct work {
    ma_dense_form form;
    int32_t width;
    const uint8_t *fill; /* NULL: nothing is put in place of nulls */
    const piece *pieces;
} work;

int32_t
ma_dense_width(ma_dense_form form, const ma_type *type)
{
    const bool fixed = type->layout == MA_LAYOUT_FIXED;
    switch (form) {
    case MA_DENSE_VALUES:
        return fixed && (type->bits == 8 || type->bits == 16 || type->bits == 32 ||
                         type->bits == 64)
                   ? type->bits / 8
                   : 0;
    case MA_DENSE_DOUBLES:
        return type->id >= MA_TYPE_INT8 && type->id <= MA_TYPE_UINT64 ? 8 : 0;
    case MA_DENSE_MILLISECONDS:
        return type->id == MA_TYPE_DATE32 ? 8 : 0;
    case MA_DENSE_BYTES:
        return type->id == MA_TYPE_BOOL;
    case MA_DENSE_NULLS:
        return 1;
    }
    return 0;
}

/* ---- bits as bytes ---- */

/* Eight bits as eight bytes of 0 or 1, the lowest bit first in memory. */
static inline uint64_t
spread_bits(uint8_t bits)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    const uint64_t each = (bits * ones) & UINT64_C(0x8040201008040201);
    return ((each + 0x7F * ones) >> 7) & ones;
}

/* `length` bits from bit `offset` on as bytes, turned around with `flip` 1. */
static void
put_bits(uint8_t *out, const uint8_t *bits, int64_t offset, int64_t length, uint8_t flip)
{
    uint8_t aligned[PIECE_ROWS / 8];
    const uint8_t mask = (uint8_t)-flip;
    assert(length <= PIECE_ROWS);
    ma_bitmap_copy(aligned, bits, offset, length);
    for (int64_t i = 0; i < length / 8; i++) {
        ma_store_le64(out + 8 * i, spread_bits(aligned[i] ^ mask));
    }
    for (int64_t i = length & ~INT64_C(7); i < length; i++) {
        out[i] = (uint8_t)ma_bitmap_get(aligned, i) ^ flip;
    }
}

static void
put_nulls(uint8_t *out, const ma_array *array, int64_t start, int64_t length)
{
    const uint8_t *bits = ma_array_validity(array);
    if (bits != NULL) {
        put_bits(out, bits, array->offset + start, length, 1);
    } else {
        memset(out, array->type->id == MA_TYPE_NULL, (size_t)length);
    }
}

/* ---- values ---- */

/* Every width of integers at once. Values lie at any address: memcpy is how to read them. */
#define PUT_AS(name, from, to, expression)                                        \
    static void put_##name(uint8_t *out, const uint8_t *data, int64_t length)      \
    {                                                                             \
        for (int64_t i = 0; i < length; i++) {                                    \
            from value;                                                           \
            memcpy(&value, data + i * (int64_t)sizeof(value), sizeof(value));     \
            const to result = (expression);                                       \
            memcpy(out + i * (int64_t)sizeof(result), &result, sizeof(result));   \
        }                                                                         \
    }

PUT_AS(int8, int8_t, double, (double)value)
PUT_AS(uint8, uint8_t, double, (double)value)
PUT_AS(int16, int16_t, double, (double)value)
PUT_AS(uint16, uint16_t, double, (double)value)
PUT_AS(int32, int32_t, double, (double)value)
PUT_AS(uint32, uint32_t, double, (double)value)
PUT_AS(int64, int64_t, double, (double)value)
PUT_AS(uint64, uint64_t, double, (double)value)
PUT_AS(days, int32_t, int64_t, (int64_t)value * MS_OF_DAY)

static void
put_doubles(uint8_t *out, const ma_type *type, const uint8_t *data, int64_t length)
{
    static void (*const by_type[])(uint8_t *, const uint8_t *, int64_t) = {
        [MA_TYPE_INT8] = put_int8,     [MA_TYPE_UINT8] = put_uint8,
        [MA_TYPE_INT16] = put_int16,   [MA_TYPE_UINT16] = put_uint16,
        [MA_TYPE_INT32] = put_int32,   [MA_TYPE_UINT32] = put_uint32,
        [MA_TYPE_INT64] = put_int64,   [MA_TYPE_UINT64] = put_uint64,
    };
    by_type[type->id](out, data, length);
}

/* ---- nulls ---- */

static inline int
lowest_bit(uint64_t word)
{
#if defined(__GNUC__) || defined(__clang__)
    return __builtin_ctzll(word);
#else
    int at = 0;
    for (; !(word & 1); word >>= 1) {
        at++;
    }
    return at;
#endif
}

/* Put `fill` where one of 64 rows, whose nulls are the set bits of `missing`, is null. The width is
 * a constant wherever this is called, so each copy is one store. */
static inline void
fill_word(uint8_t *out, uint64_t missing, const uint8_t *fill, int32_t width)
{
    for (; missing != 0; missing &= missing - 1) {
        memcpy(out + (int64_t)lowest_bit(missing) * width, fill, (size_t)width);
    }
}

static void
fill_nulls(uint8_t *out, const piece *at, const uint8_t *fill, int32_t width)
{
    uint8_t valid[PIECE_ROWS / 8];
    const uint8_t *bits = ma_array_validity(at->array);
    assert(at->length <= PIECE_ROWS);
    if (bits == NULL) {
        return;
    }
    ma_bitmap_copy(valid, bits, at->array->offset + at->start, at->length);
    for (int64_t row = 0; row < at->length; row += 64) {
        const int64_t rows = ma_min_i64(at->length - row, 64);
        uint64_t missing;
        if (rows == 64) {
            missing = ~ma_load_le64(valid + row / 8);
        } else {
            missing = 0;
            for (int64_t i = 0; i < rows; i++) {
                missing |= (uint64_t)!ma_bitmap_get(valid, row + i) << i;
            }
        }
        uint8_t *const first = out + row * width;
        switch (width) {
        case 1: fill_word(first, missing, fill, 1); break;
        case 2: fill_word(first, missing, fill, 2); break;
        case 4: fill_word(first, missing, fill, 4); break;
        default: fill_word(first, missing, fill, 8); break;
        }
    }
}

/* ---- all of it ---- */

static ma_status
put_piece(void *context, int64_t index, ma_error *err)
{
    const work *self = context;
    const piece *at = &self->pieces[index];
    const ma_array *array = at->array;
    const int64_t first = array->offset + at->start;
    (void)err;
    switch (self->form) {
    case MA_DENSE_VALUES:
        memcpy(at->out, array->buffers[1].data + first * self->width,
               (size_t)(at->length * self->width));
        break;
    case MA_DENSE_DOUBLES:
        put_doubles(at->out, array->type, array->buffers[1].data + first * (array->type->bits / 8),
                    at->length);
        break;
    case MA_DENSE_MILLISECONDS:
        put_days(at->out, array->buffers[1].data + first * 4, at->length);
        break;
    case MA_DENSE_BYTES:
        put_bits(at->out, array->buffers[1].data, first, at->length, 0);
        break;
    case MA_DENSE_NULLS:
        put_nulls(at->out, array, at->start, at->length);
        break;
    }
    if (self->fill != NULL) {
        fill_nulls(at->out, at, self->fill, self->width);
    }
    return MA_OK;
}

/* Cut the arrays into pieces; `*pieces` is the caller's to free. */
static ma_status
cut_pieces(ma_array *const *arrays, int64_t n, int32_t width, uint8_t *out, piece **pieces,
           int64_t *count, ma_error *err)
{
    *count = 0;
    for (int64_t k = 0; k < n; k++) {
        *count += (arrays[k]->length + PIECE_ROWS - 1) / PIECE_ROWS;
    }
    piece *next = *pieces = ma_calloc(*count, sizeof(**pieces));
    if (next == NULL) {
        return ma_fail_nomem(err, *count * (int64_t)sizeof(**pieces));
    }
    for (int64_t k = 0; k < n; k++) {
        for (int64_t start = 0; start < arrays[k]->length; start += PIECE_ROWS) {
            const int64_t length = ma_min_i64(arrays[k]->length - start, PIECE_ROWS);
            *next++ = (piece){arrays[k], start, length, out};
            out += length * width;
        }
    }
    return MA_OK;
}

/* What a form puts in place of nulls by itself. */
static const uint8_t *
fill_of(ma_dense_form form, const uint8_t *given)
{
    static const double nan_value = NAN;
    static const int64_t least = INT64_MIN;
    static const uint8_t two = 2;
    switch (form) {
    case MA_DENSE_VALUES:
        return given;
    case MA_DENSE_DOUBLES:
        return (const uint8_t *)&nan_value;
    case MA_DENSE_MILLISECONDS:
        return (const uint8_t *)&least;
    case MA_DENSE_BYTES:
        return &two;
    case MA_DENSE_NULLS:
        return NULL;
    }
    return NULL;
}

ma_status
ma_dense_make(ma_dense_form form, ma_array *const *arrays, int64_t n, const uint8_t *fill,
              ma_buffer *out, ma_error *err)
{
    const int32_t width = n > 0 ? ma_dense_width(form, arrays[0]->type) : 1;
    ma_buffer buffer = MA_NO_BUFFER;
    uint8_t *data;
    piece *pieces = NULL;
    int64_t rows = 0;
    int64_t size;
    int64_t count;
    ma_status st;
    assert(width > 0);
    for (int64_t k = 0; k < n; k++) {
        if (!ma_add_i64(rows, arrays[k]->length, &rows)) {
            return ma_fail(err, MA_INVALID, -1, "more rows than an array can have");
        }
    }
    if (!ma_mul_i64(rows, width, &size)) {
        return ma_fail(err, MA_INVALID, -1, "more rows than memory can have");
    }
    MA_TRY(ma_buffer_alloc(size, &buffer, &data, err));
    st = cut_pieces(arrays, n, width, data, &pieces, &count, err);
    if (st != MA_OK) {
        goto done;
    }
    work job = {form, width, fill_of(form, fill), pieces};
    st = ma_parallel(put_piece, &job, count, rows < ROWS_TO_SHARE ? 1 : 0, err);
    if (st != MA_OK) {
        goto done;
    }
    *out = buffer;
    buffer = MA_NO_BUFFER;

done:
    ma_free(pieces);
    ma_buffer_clear(&buffer);
    return st;
}
