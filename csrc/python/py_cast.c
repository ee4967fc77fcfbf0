/* Numbers in memory to numbers of another type. */
#include "python/py_cast.h"

#include <math.h>

/* One number, of whichever kind its type is. */
typedef struct number {
    enum {
        SIGNED,
        UNSIGNED,
        FLOATING
    } kind;
    int64_t bits; /* of integers */
    double value; /* of floats */
} number;

static bool
is_float(ma_type_id id)
{
    return id == MA_TYPE_FLOAT16 || id == MA_TYPE_FLOAT32 || id == MA_TYPE_FLOAT64;
}

static bool
is_unsigned(ma_type_id id)
{
    return id == MA_TYPE_UINT8 || id == MA_TYPE_UINT16 || id == MA_TYPE_UINT32 ||
           id == MA_TYPE_UINT64;
}

static bool
is_number(ma_type_id id)
{
    return id == MA_TYPE_BOOL || (id >= MA_TYPE_INT8 && id <= MA_TYPE_FLOAT64);
}

bool
pyma_can_cast(ma_type_id from, ma_type_id to)
{
    return is_number(from) && is_number(to);
}

/* ---- loading ---- */

static void
load_bytes(const pyma_numbers *from, int64_t index, uint8_t *bytes)
{
    const uint8_t *source = from->data + index * from->stride;
    if (MA_LIKELY(!from->swapped)) {
        switch (from->width) { /* known widths are single instructions */
        case 1:
            *bytes = *source;
            return;
        case 2:
            memcpy(bytes, source, 2);
            return;
        case 4:
            memcpy(bytes, source, 4);
            return;
        default:
            memcpy(bytes, source, 8);
            return;
        }
    }
    for (int i = 0; i < from->width; i++) {
        bytes[i] = source[from->swapped ? from->width - 1 - i : i];
    }
}

double
pyma_number_double(const pyma_numbers *from, int64_t index)
{
    uint8_t bytes[8];
    load_bytes(from, index, bytes);
    return from->width == 8   ? ma_load_f64(bytes)
           : from->width == 4 ? (double)ma_load_f32(bytes)
                              : PyFloat_Unpack2((const char *)bytes, !MA_HOST_BIG_ENDIAN);
}

static int64_t
load_integer(const pyma_numbers *from, int64_t index)
{
    uint8_t bytes[8];
    load_bytes(from, index, bytes);
    const bool plain = is_unsigned(from->type);
    if (from->type == MA_TYPE_BOOL) { /* whatever byte the truth is */
        return bytes[0] != 0;
    }
    switch (from->width) {
    case 1:
        return plain ? (int64_t)bytes[0] : (int64_t)(int8_t)bytes[0];
    case 2:
        return plain ? (int64_t)ma_load_u16(bytes) : (int64_t)ma_load_i16(bytes);
    case 4:
        return plain ? (int64_t)ma_load_u32(bytes) : (int64_t)ma_load_i32(bytes);
    default:
        return ma_load_i64(bytes);
    }
}

static number
load(const pyma_numbers *from, int64_t index)
{
    if (is_float(from->type)) {
        return (number){FLOATING, 0, pyma_number_double(from, index)};
    }
    return (number){is_unsigned(from->type) ? UNSIGNED : SIGNED, load_integer(from, index), 0};
}

void
pyma_numbers_copy(const pyma_numbers *from, uint8_t *target)
{
    if (!from->swapped && from->stride == from->width) {
        if (from->count > 0) {
            memcpy(target, from->data, (size_t)(from->count * from->width));
        }
        return;
    }
    for (int64_t i = 0; i < from->count; i++) {
        uint8_t bytes[8];
        if (from->type == MA_TYPE_FIXED_SIZE_BINARY) { /* bytes, which have no order */
            memcpy(target + i * from->width, from->data + i * from->stride, (size_t)from->width);
            continue;
        }
        load_bytes(from, i, bytes);
        memcpy(target + i * from->width, bytes, (size_t)from->width);
    }
}

/* ---- storing ---- */

/* The value as a Python object, for the text of an error. */
static PyObject *
to_object(number value)
{
    return value.kind == FLOATING   ? PyFloat_FromDouble(value.value)
           : value.kind == UNSIGNED ? PyLong_FromUnsignedLongLong((uint64_t)value.bits)
                                    : PyLong_FromLongLong(value.bits);
}

/* Let the conversion of single values say why it does not take this one; it does not. */
static int
refuse(pyma_conversion *self, const ma_type *to, number value)
{
    PyObject *object = to_object(value);
    if (object == NULL) {
        return -1;
    }
    PyObject *repr = pyma_short_repr(object);
    char name[96];
    Py_DECREF(object);
    if (repr != NULL) {
        pyma_conversion_fail(self, self->state->ArrowInvalid, "%U does not fit %s%s", repr,
                             ma_type_name(to, name, sizeof(name)),
                             is_float(to->id) ? " exactly (safe=False rounds)"
                                              : " (safe=False cuts what does not fit)");
        Py_DECREF(repr);
    }
    return -1;
}

/* Whether bits that stand for `value` are the same number in an integer type. */
static bool
fits_integer(number value, const ma_type *to)
{
    const bool positive = value.kind == UNSIGNED || value.bits >= 0;
    const bool plain = is_unsigned(to->id);
    if (to->bits == 64) {
        return value.kind == UNSIGNED ? plain || value.bits >= 0 : !plain || positive;
    }
    const int64_t high = (INT64_C(1) << (plain ? to->bits : to->bits - 1)) - 1;
    const int64_t low = plain ? 0 : -high - 1;
    return (value.kind != UNSIGNED || value.bits >= 0) && value.bits >= low && value.bits <= high;
}

/* A float as bits of a 64-bit integer; false for one that is none. */
static bool
whole_bits(double value, bool plain, int64_t *bits)
{
    if (plain && value > -1.0 && value < 18446744073709551616.0) {
        *bits = (int64_t)(uint64_t)value;
    } else if (value >= -9223372036854775808.0 && value < 9223372036854775808.0) {
        *bits = (int64_t)value;
    } else {
        *bits = 0;
        return false;
    }
    return value == floor(value);
}

static int
store_integer(pyma_conversion *self, const ma_type *to, number value, uint8_t *target)
{
    bool fits = true;
    number whole = value;
    if (value.kind == FLOATING) {
        whole.kind = is_unsigned(to->id) && value.value >= 0 ? UNSIGNED : SIGNED;
        fits = whole_bits(value.value, whole.kind == UNSIGNED, &whole.bits);
    }
    if (self->safe && !(fits && fits_integer(whole, to))) {
        return refuse(self, to, value);
    }
    switch (to->bits) {
    case 8:
        *target = (uint8_t)whole.bits;
        break;
    case 16:
        ma_store_u16(target, (uint16_t)whole.bits);
        break;
    case 32:
        ma_store_u32(target, (uint32_t)whole.bits);
        break;
    default:
        ma_store_i64(target, whole.bits);
    }
    return 0;
}

static int
store_float(pyma_conversion *self, const ma_type *to, number value, uint8_t *target)
{
    double as_double = value.value;
    if (value.kind != FLOATING) {
        const int digits = to->bits == 64 ? 53 : to->bits == 32 ? 24 : 11;
        const int64_t limit = INT64_C(1) << digits;
        const bool large = value.kind == UNSIGNED && value.bits < 0;
        if (self->safe && (large || value.bits > limit || value.bits < -limit)) {
            return refuse(self, to, value);
        }
        as_double = value.kind == UNSIGNED ? (double)(uint64_t)value.bits : (double)value.bits;
    }
    if (to->bits == 64) {
        ma_store_f64(target, as_double);
    } else if (to->bits == 32) {
        ma_store_f32(target, (float)as_double);
    } else if (PyFloat_Pack2(as_double, (char *)target, !MA_HOST_BIG_ENDIAN) < 0) {
        PyErr_Clear(); /* too large */
        ma_store_u16(target, as_double < 0 ? 0xFC00 : 0x7C00);
    }
    return 0;
}

int
pyma_cast(pyma_conversion *self, const pyma_numbers *from, const ma_type *to,
          const uint8_t *validity, uint8_t *target)
{
    const int width = to->bits / 8;
    for (int64_t i = 0; i < from->count; i++) {
        number value = {SIGNED, 0, 0};
        int result = 0;
        if (validity == NULL || ma_bitmap_get(validity, i)) {
            value = load(from, i);
        }
        if (to->id == MA_TYPE_BOOL) {
            if (value.kind == FLOATING ? value.value != 0 : value.bits != 0) {
                ma_bitmap_set(target, i);
            }
        } else if (is_float(to->id)) {
            result = store_float(self, to, value, target + i * width);
        } else {
            result = store_integer(self, to, value, target + i * width);
        }
        if (result < 0) {
            pyma_conversion_at_index(self, i);
            return -1;
        }
    }
    return 0;
}
