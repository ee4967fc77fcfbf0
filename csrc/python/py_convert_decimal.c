/* Decimals: from decimal.Decimal and int, exactly or not at all. */
#include "python/py_convert.h"

/* Four words hold the widest; least significant first. */
typedef struct wide {
    uint64_t words[4];
} wide;

/* A number as its text says it: digits, and how many of them stand behind the point. */
typedef struct digits {
    const char *data; /* digits only where `dense`, else with a '.' among them */
    Py_ssize_t size;
    bool negative;
    int64_t scale; /* may be negative: zeros are missing at the end */
    int64_t count; /* from the first digit that is not 0 on; 0 for zero */
} digits;

/* No decimal of Python's has an exponent beyond this, and what a subclass says is cut to it: no sum
 * of two such and of lengths of texts leaves 64 bits. */
#define FARTHEST (INT64_C(1) << 61)

bool
pyma_is_decimal(PyObject *value)
{
    const PyTypeObject *type = Py_TYPE(value);
    for (; type != NULL; type = type->tp_base) {
        if (strcmp(type->tp_name, "decimal.Decimal") == 0 ||
            strcmp(type->tp_name, "Decimal") == 0) {
            return true;
        }
    }
    return false;
}

/* value = value * 10 + digit, or false where that takes more than 256 bits. */
static bool
push_digit(wide *value, unsigned digit)
{
    uint64_t carry = digit;
    for (int i = 0; i < 4; i++) {
        const uint64_t low = (value->words[i] & UINT32_MAX) * 10 + carry;
        const uint64_t high = (value->words[i] >> 32) * 10 + (low >> 32);
        value->words[i] = high << 32 | (low & UINT32_MAX);
        carry = high >> 32;
    }
    return carry == 0;
}

static void
negate(wide *value)
{
    uint64_t carry = 1;
    for (int i = 0; i < 4; i++) {
        value->words[i] = ~value->words[i] + carry;
        carry = carry && value->words[i] == 0;
    }
}

/* Whether a magnitude stays below 2^(bits - 1). */
static bool
has_bits(const wide *value, int bits)
{
    const int at = (bits - 1) / 64;
    for (int i = at + 1; i < 4; i++) {
        if (value->words[i] != 0) {
            return false;
        }
    }
    return value->words[at] >> ((bits - 1) % 64) == 0;
}

/* Read str(Decimal): [-]digits[.digits][E(+|-)digits]. False for NaN and infinity. */
static bool
parse(const char *text, digits *out)
{
    *out = (digits){.negative = *text == '-'};
    text += *text == '-' || *text == '+';
    out->data = text;
    bool behind_point = false;
    for (; (*text >= '0' && *text <= '9') || *text == '.'; text++) {
        if (*text == '.') {
            behind_point = true;
            continue;
        }
        out->scale += behind_point;
        out->count += out->count > 0 || *text != '0';
    }
    out->size = text - out->data;
    if (out->size == 0 || (*text != '\0' && *text != 'E' && *text != 'e')) {
        return false;
    }
    if (*text == '\0') {
        return true;
    }
    char *end;
    const int64_t exponent = strtoll(text + 1, &end, 10);
    out->scale -= exponent < -FARTHEST ? -FARTHEST : exponent > FARTHEST ? FARTHEST : exponent;
    return end > text + 1 && *end == '\0';
}

int
pyma_decimal_is_nan(PyObject *value)
{
    PyObject *nan = PyObject_CallMethod(value, "is_nan", NULL);
    const int result = nan != NULL ? PyObject_IsTrue(nan) : -1;
    Py_XDECREF(nan);
    return result;
}

int
pyma_decimal_size(pyma_conversion *self, PyObject *value, int64_t *whole, int64_t *scale)
{
    PyObject *text = PyObject_Str(value);
    const char *bytes = text != NULL ? PyUnicode_AsUTF8(text) : NULL;
    digits number;
    int result = -1;
    (void)self;
    if (bytes != NULL && !parse(bytes, &number)) {
        result = 0;
    } else if (bytes != NULL) {
        /* As pyarrow counts: all written digits of a number, one at least. */
        int64_t count = number.count > 0 ? number.count : 1;
        *scale = number.scale > 0 ? number.scale : 0;
        if (number.scale < 0) {
            count -= number.scale;
        }
        *whole = count > *scale ? count - *scale : 0;
        result = 1;
    }
    Py_XDECREF(text);
    return result;
}

static int
fail_fit(pyma_conversion *self, const ma_type *type, PyObject *value, const char *why)
{
    char name[96];
    PyObject *repr = pyma_short_repr(value);
    if (repr != NULL) {
        pyma_conversion_fail(self, self->state->ArrowInvalid, "%U does not fit %s: %s", repr,
                             ma_type_name(type, name, sizeof(name)), why);
        Py_DECREF(repr);
    }
    return -1;
}

/* The unscaled number of `type`, its sign left out. NULL, or why there is none. */
static const char *
rescale(const digits *number, const ma_type *type, wide *out)
{
    const int64_t zeros = (int64_t)type->scale - number->scale; /* to append; negative: to drop */
    *out = (wide){{0}};
    if (number->count == 0) {
        return NULL;
    }
    if (number->count + zeros > type->precision) {
        return "too many digits";
    }
    int64_t digits_left = 0;
    for (Py_ssize_t i = 0; i < number->size; i++) {
        digits_left += number->data[i] != '.';
    }
    for (Py_ssize_t i = 0; i < number->size; i++) {
        if (number->data[i] == '.') {
            continue;
        }
        if (zeros < 0 && digits_left <= -zeros) {
            if (number->data[i] != '0') {
                return "digits behind the point would be lost";
            }
        } else if (!push_digit(out, (unsigned)(number->data[i] - '0'))) {
            return "too many digits";
        }
        digits_left--;
    }
    for (int64_t i = 0; i < zeros; i++) {
        if (!push_digit(out, 0)) {
            return "too many digits";
        }
    }
    return has_bits(out, type->bits) ? NULL : "too many digits";
}

static int
append(pyma_conversion *self, ma_builder *builder, const wide *value)
{
    uint8_t bytes[32];
    const int words = (builder->type->bits + 63) / 64;
    ma_error err;
    ma_error_init(&err);
    for (int i = 0; i < words; i++) {
        ma_store_u64(bytes + 8 * (MA_HOST_BIG_ENDIAN ? words - 1 - i : i), value->words[i]);
    }
    if (builder->type->bits == 32) {
        ma_store_u32(bytes, (uint32_t)value->words[0]);
    }
    return ma_builder_append_fixed(builder, bytes, &err) == MA_OK
               ? 0
               : pyma_conversion_fail_core(self, &err);
}

/* The text of an int of sane size, and of a Decimal; a new reference. */
static PyObject *
text_of(pyma_conversion *self, const ma_type *type, PyObject *value)
{
    if (pyma_is_decimal(value)) {
        return PyObject_Str(value);
    }
    PyObject *whole = NULL;
    if (!PyBool_Check(value) && PyIndex_Check(value)) {
        whole = PyNumber_Index(value);
    } else {
        pyma_conversion_fail_kind(self, self->state->ArrowTypeError, type, value);
    }
    if (whole == NULL) {
        return NULL;
    }
    /* Longer ones fit no decimal, and their text takes time. */
    PyObject *bits = PyObject_CallMethod(whole, "bit_length", NULL);
    const long size = bits != NULL ? PyLong_AsLong(bits) : -1;
    PyObject *text = NULL;
    if (size >= 0 && size <= 320) {
        text = PyObject_Str(whole);
    } else if (!PyErr_Occurred() || PyErr_ExceptionMatches(PyExc_OverflowError)) {
        PyErr_Clear();
        char name[96];
        pyma_conversion_fail(self, self->state->ArrowInvalid, "an int of %ld bits does not fit %s",
                             size, ma_type_name(type, name, sizeof(name)));
    }
    Py_XDECREF(bits);
    Py_DECREF(whole);
    return text;
}

int
pyma_convert_decimal(pyma_conversion *self, ma_builder *builder, PyObject *value)
{
    PyObject *text = text_of(self, builder->type, value);
    const char *bytes = text != NULL ? PyUnicode_AsUTF8(text) : NULL;
    digits number;
    wide unscaled;
    int result = -1;
    if (bytes == NULL) {
        Py_XDECREF(text);
        return -1;
    }
    if (!parse(bytes, &number)) {
        /* NaN is null where pandas' meaning was asked for */
        ma_error err;
        ma_error_init(&err);
        const bool nan = strchr(bytes, 'N') != NULL || strchr(bytes, 'n') == bytes;
        if (self->from_pandas && nan) {
            result = ma_builder_append_null(builder, 1, &err) == MA_OK
                         ? 0
                         : pyma_conversion_fail_core(self, &err);
        } else {
            result = fail_fit(self, builder->type, value, "it is no finite number");
        }
    } else {
        const char *why = rescale(&number, builder->type, &unscaled);
        if (why != NULL) {
            result = fail_fit(self, builder->type, value, why);
        } else {
            if (number.negative) {
                negate(&unscaled);
            }
            result = append(self, builder, &unscaled);
        }
    }
    Py_DECREF(text);
    return result;
}
