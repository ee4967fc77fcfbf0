/* Booleans, integers and floating-point numbers. */
#include <float.h>
#include <math.h>

#include "python/py_convert.h"

#if defined(__GNUC__) || defined(__clang__)
#define ALWAYS_INLINE inline __attribute__((always_inline))
#else
#define ALWAYS_INLINE inline
#endif

/* What a value that was no quick case turned out to be. */
enum {
    FAILED = -1,
    IS_NULL = 0,
    IS_VALUE = 1
};

/* The common beginning of the slow cases: null, no longer there, or not to be looked at closely.
 * IS_VALUE means: look at it. */
static int
sort_out(pyma_conversion *self, PyObject *value, bool masked)
{
    if (value == NULL) {
        return pyma_conversion_fail_shorter();
    }
    if (masked || value == Py_None) {
        return IS_NULL;
    }
    if (self->exact) {
        self->mismatch = true;
        return FAILED;
    }
    return pyma_is_null(self, value) ? IS_NULL : IS_VALUE;
}

static int
set_null(pyma_conversion *self, ma_builder *builder, int64_t row)
{
    ma_error err;
    ma_error_init(&err);
    return ma_builder_set_null(builder, row, &err) == MA_OK ? 0
                                                            : pyma_conversion_fail_core(self, &err);
}

static int
extend(pyma_conversion *self, ma_builder *builder, int64_t count, uint8_t **target)
{
    ma_error err;
    ma_error_init(&err);
    return ma_builder_extend(builder, count, target, &err) == MA_OK
               ? 0
               : pyma_conversion_fail_core(self, &err);
}

/* ---- booleans ---- */

static int
bool_of(pyma_conversion *self, const ma_type *target, PyObject *value, bool *out)
{
    if (PyBool_Check(value)) {
        *out = value == Py_True;
        return IS_VALUE;
    }
    if (pyma_has_prefix(Py_TYPE(value)->tp_name, "numpy.bool")) {
        const int truth = PyObject_IsTrue(value);
        *out = truth == 1;
        return truth < 0 ? FAILED : IS_VALUE;
    }
    return pyma_conversion_fail_kind(self, self->state->ArrowInvalid, target, value);
}

static int
slow_bool(pyma_conversion *self, const ma_type *target, PyObject *value, bool masked, bool *out)
{
    int result = sort_out(self, value, masked);
    if (result == IS_VALUE) {
        PyObject *held = Py_NewRef(value);
        PyObject *plain = pyma_plain_value(self, held);
        result = plain == NULL               ? FAILED
                 : pyma_is_null(self, plain) ? IS_NULL
                                             : bool_of(self, target, plain, out);
        Py_XDECREF(plain);
        Py_DECREF(held);
    }
    return result;
}

int
pyma_convert_bools(pyma_conversion *self, ma_builder *builder, pyma_items items)
{
    const int64_t start = builder->length;
    uint8_t *target;
    if (extend(self, builder, items.count, &target) < 0) {
        return -1;
    }
    for (Py_ssize_t i = 0; i < items.count; i++) {
        PyObject *value = pyma_item(items.list, i);
        const bool masked = pyma_is_masked(items, i);
        bool truth = value == Py_True;
        if (MA_UNLIKELY(masked || (!truth && value != Py_False))) {
            const int result = slow_bool(self, builder->type, value, masked, &truth);
            if (result == FAILED || (result == IS_NULL && set_null(self, builder, start + i) < 0)) {
                pyma_conversion_at_index(self, i);
                return -1;
            }
            truth = truth && result == IS_VALUE;
        }
        if (truth) {
            ma_bitmap_set(target, start % 8 + i);
        }
    }
    return 0;
}

/* ---- integers ---- */

static int64_t
lowest(const ma_type *type)
{
    switch (type->id) {
    case MA_TYPE_INT8:
        return INT8_MIN;
    case MA_TYPE_INT16:
        return INT16_MIN;
    case MA_TYPE_INT32:
        return INT32_MIN;
    case MA_TYPE_UINT8:
    case MA_TYPE_UINT16:
    case MA_TYPE_UINT32:
    case MA_TYPE_UINT64:
        return 0;
    default:
        return INT64_MIN;
    }
}

static uint64_t
highest(const ma_type *type)
{
    switch (type->id) {
    case MA_TYPE_INT8:
        return INT8_MAX;
    case MA_TYPE_INT16:
        return INT16_MAX;
    case MA_TYPE_INT32:
        return INT32_MAX;
    case MA_TYPE_UINT8:
        return UINT8_MAX;
    case MA_TYPE_UINT16:
        return UINT16_MAX;
    case MA_TYPE_UINT32:
        return UINT32_MAX;
    case MA_TYPE_UINT64:
        return UINT64_MAX;
    default:
        return INT64_MAX;
    }
}

static int
fail_range(pyma_conversion *self, const ma_type *target, PyObject *value)
{
    char name[96];
    PyObject *repr = pyma_short_repr(value);
    if (repr != NULL) {
        pyma_conversion_fail(self, self->state->ArrowInvalid, "%U does not fit %s (%lld to %llu)",
                             repr, ma_type_name(target, name, sizeof(name)),
                             (long long)lowest(target), (unsigned long long)highest(target));
        Py_DECREF(repr);
    }
    return FAILED;
}

/* An int's value; above INT64_MAX, its bits as an unsigned number. */
static int
long_bits(pyma_conversion *self, const ma_type *target, PyObject *value, int64_t *out)
{
    int overflow;
    *out = PyLong_AsLongLongAndOverflow(value, &overflow);
    if (overflow == 0) {
        if (*out == -1 && PyErr_Occurred()) {
            return FAILED;
        }
        const bool fits = *out >= lowest(target) && (*out < 0 || (uint64_t)*out <= highest(target));
        return fits ? IS_VALUE : fail_range(self, target, value);
    }
    if (overflow > 0 && target->id == MA_TYPE_UINT64) {
        const unsigned long long large = PyLong_AsUnsignedLongLong(value);
        if (large != (unsigned long long)-1 || !PyErr_Occurred()) {
            *out = (int64_t)large;
            return IS_VALUE;
        }
        PyErr_Clear();
    }
    return fail_range(self, target, value);
}

/* A number that is no int: cut to one, which may lose digits only when the caller said so. */
static int
rounded_bits(pyma_conversion *self, const ma_type *target, PyObject *value, int64_t *out)
{
    PyObject *whole = PyNumber_Long(value);
    if (whole == NULL) { /* NaN and infinity */
        if (PyErr_ExceptionMatches(PyExc_ValueError) ||
            PyErr_ExceptionMatches(PyExc_OverflowError)) {
            PyErr_Clear();
            return pyma_conversion_fail_kind(self, self->state->ArrowInvalid, target, value);
        }
        return FAILED;
    }
    const int same = self->safe ? PyObject_RichCompareBool(whole, value, Py_EQ) : 1;
    int result = FAILED;
    if (same == 1) {
        result = long_bits(self, target, whole, out);
    } else if (same == 0) {
        PyObject *repr = pyma_short_repr(value);
        char name[96];
        if (repr != NULL) {
            pyma_conversion_fail(self, self->state->ArrowInvalid,
                                 "%U is no whole number, and %s holds only those", repr,
                                 ma_type_name(target, name, sizeof(name)));
            Py_DECREF(repr);
        }
    }
    Py_DECREF(whole);
    return result;
}

/* Some of numpy's times are numbers to Python and others are not: it depends on their unit. */
static bool
is_numpy_time(PyObject *value)
{
    return pyma_has_prefix(Py_TYPE(value)->tp_name, "numpy.datetime64") ||
           pyma_has_prefix(Py_TYPE(value)->tp_name, "numpy.timedelta64");
}

int
pyma_integer_of(pyma_conversion *self, const ma_type *target, PyObject *value, int64_t *out)
{
    const PyNumberMethods *number = Py_TYPE(value)->tp_as_number;
    if (PyBool_Check(value)) {
        if (self->takes_bools && target->id == MA_TYPE_INT8) {
            *out = value == Py_True;
            return IS_VALUE;
        }
        return pyma_conversion_fail_kind(self, self->state->ArrowTypeError, target, value);
    }
    if (PyLong_Check(value)) {
        return long_bits(self, target, value, out);
    }
    if (PyIndex_Check(value)) {
        PyObject *index = PyNumber_Index(value);
        const int result = index != NULL ? long_bits(self, target, index, out) : FAILED;
        Py_XDECREF(index);
        return result;
    }
    if (number != NULL && number->nb_int != NULL && !PyUnicode_Check(value) &&
        !is_numpy_time(value)) {
        return rounded_bits(self, target, value, out);
    }
    return pyma_conversion_fail_kind(self, self->state->ArrowInvalid, target, value);
}

static MA_COLD int
slow_integer(pyma_conversion *self, const ma_type *target, PyObject *value, bool masked,
             int64_t *out)
{
    int result = sort_out(self, value, masked);
    *out = 0;
    if (result == IS_VALUE) {
        PyObject *held = Py_NewRef(value);
        PyObject *plain = pyma_plain_value(self, held);
        result = plain == NULL               ? FAILED
                 : pyma_is_null(self, plain) ? IS_NULL
                                             : pyma_integer_of(self, target, plain, out);
        Py_XDECREF(plain);
        Py_DECREF(held);
    }
    return result;
}

/* Made anew by the compiler for each width, which it knows then. */
static ALWAYS_INLINE int
convert_integers(pyma_conversion *self, ma_builder *builder, pyma_items items, const int width,
                 const int64_t low, const int64_t high)
{
    const int64_t start = builder->length;
    uint8_t *target;
    if (extend(self, builder, items.count, &target) < 0) {
        return -1;
    }
    for (Py_ssize_t i = 0; i < items.count; i++, target += width) {
        PyObject *value = pyma_item(items.list, i);
        const bool masked = pyma_is_masked(items, i);
        int64_t bits;
        if (MA_UNLIKELY(masked || value == NULL || !PyLong_CheckExact(value) ||
                        !pyma_long_value(value, &bits) || bits < low || bits > high)) {
            const int result = slow_integer(self, builder->type, value, masked, &bits);
            if (result == FAILED || (result == IS_NULL && set_null(self, builder, start + i) < 0)) {
                pyma_conversion_at_index(self, i);
                return -1;
            }
        }
        switch (width) {
        case 1:
            *target = (uint8_t)bits;
            break;
        case 2:
            ma_store_u16(target, (uint16_t)bits);
            break;
        case 4:
            ma_store_u32(target, (uint32_t)bits);
            break;
        default:
            ma_store_i64(target, bits);
        }
    }
    return 0;
}

/* Whether these int8 are the storage of arrow.bool8, whose Python values are bools
 * (CanonicalExtensions.rst, "8-bit Boolean"). */
static bool
stores_bools(const pyma_conversion *self, const ma_builder *builder)
{
    static const char bool8[] = "arrow.bool8";
    if (builder->type->id != MA_TYPE_INT8 || builder->field == NULL) {
        return self->bool8;
    }
    const ma_bytes *name = ma_metadata_get(builder->field->metadata, "ARROW:extension:name");
    return name != NULL && name->size == (int64_t)strlen(bool8) &&
           memcmp(name->data, bool8, strlen(bool8)) == 0;
}

int
pyma_convert_integers(pyma_conversion *self, ma_builder *builder, pyma_items items)
{
    self->takes_bools = stores_bools(self, builder);
    switch (builder->type->id) {
    case MA_TYPE_INT8:
        return convert_integers(self, builder, items, 1, INT8_MIN, INT8_MAX);
    case MA_TYPE_UINT8:
        return convert_integers(self, builder, items, 1, 0, UINT8_MAX);
    case MA_TYPE_INT16:
        return convert_integers(self, builder, items, 2, INT16_MIN, INT16_MAX);
    case MA_TYPE_UINT16:
        return convert_integers(self, builder, items, 2, 0, UINT16_MAX);
    case MA_TYPE_INT32:
        return convert_integers(self, builder, items, 4, INT32_MIN, INT32_MAX);
    case MA_TYPE_UINT32:
        return convert_integers(self, builder, items, 4, 0, UINT32_MAX);
    case MA_TYPE_UINT64:
        return convert_integers(self, builder, items, 8, 0, INT64_MAX);
    default:
        return convert_integers(self, builder, items, 8, INT64_MIN, INT64_MAX);
    }
}

/* ---- floating point ---- */

/* Up to here every integer has a floating-point number of its own. */
static int64_t
exact_limit(const ma_type *target)
{
    return target->id == MA_TYPE_FLOAT64   ? INT64_C(1) << 53
           : target->id == MA_TYPE_FLOAT32 ? INT64_C(1) << 24
                                           : INT64_C(1) << 11;
}

static int
float_of_long(pyma_conversion *self, const ma_type *target, PyObject *value, double *out)
{
    const int64_t limit = exact_limit(target);
    int64_t whole;
    char name[96];
    if (pyma_long_value(value, &whole) && (!self->safe || (whole >= -limit && whole <= limit))) {
        *out = (double)whole;
        return IS_VALUE;
    }
    if (!self->safe) {
        *out = PyLong_AsDouble(value);
        return *out == -1.0 && PyErr_Occurred() ? FAILED : IS_VALUE;
    }
    PyObject *repr = pyma_short_repr(value);
    if (repr != NULL) {
        pyma_conversion_fail(self, self->state->ArrowInvalid,
                             "%U is outside the integers that %s holds exactly (%lld to %lld)",
                             repr, ma_type_name(target, name, sizeof(name)), (long long)-limit,
                             (long long)limit);
        Py_DECREF(repr);
    }
    return FAILED;
}

static int
float_of(pyma_conversion *self, const ma_type *target, PyObject *value, double *out)
{
    const PyNumberMethods *number = Py_TYPE(value)->tp_as_number;
    if (PyLong_Check(value)) {
        return float_of_long(self, target, value, out);
    }
    if (!PyFloat_Check(value) && PyIndex_Check(value)) {
        PyObject *index = PyNumber_Index(value);
        const int result = index != NULL ? float_of_long(self, target, index, out) : FAILED;
        Py_XDECREF(index);
        return result;
    }
    if (number == NULL || number->nb_float == NULL || pyma_is_decimal(value) ||
        is_numpy_time(value)) {
        return pyma_conversion_fail_kind(self, self->state->ArrowInvalid, target, value);
    }
    *out = PyFloat_AsDouble(value);
    return *out == -1.0 && PyErr_Occurred() ? FAILED : IS_VALUE;
}

static MA_COLD int
slow_float(pyma_conversion *self, const ma_type *target, PyObject *value, bool masked, double *out)
{
    int result = sort_out(self, value, masked);
    *out = 0;
    if (result == IS_VALUE) {
        PyObject *held = Py_NewRef(value);
        PyObject *plain = pyma_plain_value(self, held);
        result = plain == NULL               ? FAILED
                 : pyma_is_null(self, plain) ? IS_NULL
                                             : float_of(self, target, plain, out);
        Py_XDECREF(plain);
        Py_DECREF(held);
    }
    return result;
}

/* Half precision; what is too large becomes infinite, as in float32. */
static int
store_half(uint8_t *target, double value)
{
    if (PyFloat_Pack2(value, (char *)target, !MA_HOST_BIG_ENDIAN) == 0) {
        return 0;
    }
    if (!PyErr_ExceptionMatches(PyExc_OverflowError)) {
        return -1;
    }
    PyErr_Clear();
    ma_store_u16(target, value < 0 ? 0xFC00 : 0x7C00);
    return 0;
}

static ALWAYS_INLINE int
convert_floats(pyma_conversion *self, ma_builder *builder, pyma_items items, const int width)
{
    const int64_t start = builder->length;
    uint8_t *target;
    if (extend(self, builder, items.count, &target) < 0) {
        return -1;
    }
    for (Py_ssize_t i = 0; i < items.count; i++, target += width) {
        PyObject *value = pyma_item(items.list, i);
        const bool masked = pyma_is_masked(items, i);
        double number;
        if (MA_LIKELY(!masked && value != NULL && PyFloat_CheckExact(value))) {
            number = PyFloat_AS_DOUBLE(value);
        }
        if (MA_UNLIKELY(masked || value == NULL || !PyFloat_CheckExact(value) ||
                        (self->from_pandas && number != number))) {
            const int result = slow_float(self, builder->type, value, masked, &number);
            if (result == FAILED || (result == IS_NULL && set_null(self, builder, start + i) < 0)) {
                pyma_conversion_at_index(self, i);
                return -1;
            }
        }
        if (width == 8) {
            ma_store_f64(target, number);
        } else if (width == 4) {
            ma_store_f32(target, (float)number);
        } else if (store_half(target, number) < 0) {
            return -1;
        }
    }
    return 0;
}

int
pyma_convert_floats(pyma_conversion *self, ma_builder *builder, pyma_items items)
{
    switch (builder->type->id) {
    case MA_TYPE_FLOAT16:
        return convert_floats(self, builder, items, 2);
    case MA_TYPE_FLOAT32:
        return convert_floats(self, builder, items, 4);
    default:
        return convert_floats(self, builder, items, 8);
    }
}
