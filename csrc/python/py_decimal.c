/* Decimals: two's complement numbers of 32 to 256 bits as decimal.Decimal, exactly. */
#include "python/py_values.h"

#include <stdio.h>
#include <string.h>

/* The magnitude in 32-bit limbs, lowest first. Returns whether the number is negative. */
static bool
load_magnitude(const uint8_t *number, int width, uint32_t *limbs)
{
    const int count = width / 4;
    for (int i = 0; i < count; i++) {
        const int at = MA_HOST_BIG_ENDIAN ? count - 1 - i : i;
        limbs[i] = ma_load_u32(number + 4 * at);
    }
    const bool negative = (limbs[count - 1] >> 31) != 0;
    uint64_t carry = negative;
    for (int i = 0; negative && i < count; i++) {
        carry += (uint32_t)~limbs[i];
        limbs[i] = (uint32_t)carry;
        carry >>= 32;
    }
    return negative;
}

/* Divide in place by 10^9 and return the rest. */
static uint32_t
divide_billion(uint32_t *limbs, int count)
{
    uint64_t rest = 0;
    for (int i = count - 1; i >= 0; i--) {
        rest = (rest << 32) | limbs[i];
        limbs[i] = (uint32_t)(rest / 1000000000u);
        rest %= 1000000000u;
    }
    return (uint32_t)rest;
}

int
pyma_decimal_digits(const uint8_t *number, int width, char *digits)
{
    uint32_t limbs[8] = {0};
    uint32_t parts[9]; /* 256 bits are 78 digits */
    int n_parts = 0;
    int count = width / 4;
    const bool negative = load_magnitude(number, width, limbs);
    do {
        while (count > 0 && limbs[count - 1] == 0) {
            count--;
        }
        parts[n_parts++] = divide_billion(limbs, count);
    } while (count > 1 || (count == 1 && limbs[0] != 0));

    int size = negative ? 1 : 0;
    digits[0] = '-';
    size += sprintf(digits + size, "%u", (unsigned)parts[n_parts - 1]);
    for (int i = n_parts - 2; i >= 0; i--) {
        size += sprintf(digits + size, "%09u", (unsigned)parts[i]);
    }
    return size;
}

PyObject *
pyma_decimal_make(const pyma_converter *self, int64_t row)
{
    const ma_type *type = self->array->type;
    const int width = type->bits / 8;
    char text[100];
    PyObject *Decimal = pyma_import(&self->state->Decimal, "decimal", "Decimal");
    if (Decimal == NULL) {
        return NULL;
    }
    int size = pyma_decimal_digits(self->data + row * width, width, text);
    if (type->scale != 0) {
        size += sprintf(text + size, "E%lld", -(long long)type->scale);
    }
    PyObject *str = PyUnicode_FromStringAndSize(text, size);
    PyObject *decimal = str != NULL ? PyObject_CallOneArg(Decimal, str) : NULL;
    Py_XDECREF(str);
    if (decimal == NULL && PyErr_ExceptionMatches(PyExc_ArithmeticError)) {
        PyErr_Clear();
        PyErr_Format(self->state->ArrowInvalid, "a decimal with a scale of %d is beyond Python's",
                     (int)type->scale);
    }
    return decimal;
}
