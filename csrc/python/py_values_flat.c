/* Values of one buffer, and text: numbers, str, bytes, decimals, intervals. */
#include "core/base/number.h"
#include "python/py_values.h"

#define DEFINE_INTEGER(name, type, load, make)                             \
    static PyObject *make_##name(const pyma_converter *self, int64_t row)  \
    {                                                                      \
        return make((type)load(self->data + row * (int64_t)sizeof(type))); \
    }

#define LOAD_BYTE(p) (*(p))

DEFINE_INTEGER(int8, int8_t, LOAD_BYTE, PyLong_FromLong)
DEFINE_INTEGER(uint8, uint8_t, LOAD_BYTE, PyLong_FromLong)
DEFINE_INTEGER(int16, int16_t, ma_load_i16, PyLong_FromLong)
DEFINE_INTEGER(uint16, uint16_t, ma_load_u16, PyLong_FromLong)
DEFINE_INTEGER(int32, int32_t, ma_load_i32, PyLong_FromLong)
DEFINE_INTEGER(uint32, uint32_t, ma_load_u32, PyLong_FromUnsignedLong)
DEFINE_INTEGER(int64, int64_t, ma_load_i64, PyLong_FromLongLong)
DEFINE_INTEGER(uint64, uint64_t, ma_load_u64, PyLong_FromUnsignedLongLong)
DEFINE_INTEGER(float32, float, ma_load_f32, PyFloat_FromDouble)
DEFINE_INTEGER(float64, double, ma_load_f64, PyFloat_FromDouble)

static PyObject *
make_none(const pyma_converter *Py_UNUSED(self), int64_t Py_UNUSED(row))
{
    Py_RETURN_NONE;
}

static PyObject *
make_bool(const pyma_converter *self, int64_t row)
{
    return PyBool_FromLong(ma_bitmap_get(self->array->buffers[1].data, self->array->offset + row));
}

static PyObject *
make_half(const pyma_converter *self, int64_t row)
{
    const double value = PyFloat_Unpack2((const char *)self->data + 2 * row, !MA_HOST_BIG_ENDIAN);
    return value == -1.0 && PyErr_Occurred() ? NULL : PyFloat_FromDouble(value);
}

static PyObject *
make_bytes(const pyma_converter *self, int64_t row)
{
    const ma_bytes bytes = ma_array_bytes_at(self->array, row);
    return PyBytes_FromStringAndSize(bytes.data, (Py_ssize_t)bytes.size);
}

static void
prefix_field(ma_error *err, const ma_field *field)
{
    ma_error_prefix(err, ".%.*s", (int)ma_min_i64(field->name_size, 64), field->name);
}

/* Text that turned out not to be UTF-8: say so, and where, as for all bytes that break the
 * format. */
static PyObject *
refuse_text(const pyma_converter *self, int64_t row)
{
    if (!PyErr_ExceptionMatches(PyExc_UnicodeDecodeError)) {
        return NULL;
    }
    PyErr_Clear();
    ma_error err;
    ma_error_init(&err);
    (void)ma_fail(&err, MA_INVALID, -1,
                  "the text in row %lld is no UTF-8; its bytes are to be had from buffers()",
                  (long long)row);
    ma_error_prefix(&err, "data buffer");
    for (; self->parent != NULL; self = self->parent) {
        const ma_type *type = self->parent->array->type;
        if (self->field == NULL) {
            ma_place_tell(self->array->place, &err);
            ma_error_prefix(&err, ".dictionary");
            continue;
        }
        prefix_field(&err, self->field);
        if (type->id == MA_TYPE_MAP) { /* whose entries have no converter of their own */
            prefix_field(&err, type->children[0]);
        }
    }
    ma_place_tell(self->array->place, &err);
    return pyma_raise(self->state, &err);
}

static PyObject *
make_text(const pyma_converter *self, int64_t row)
{
    const ma_bytes bytes = ma_array_bytes_at(self->array, row);
    PyObject *text = PyUnicode_DecodeUTF8(bytes.data, (Py_ssize_t)bytes.size, NULL);
    return text != NULL ? text : refuse_text(self, row);
}

/* The same without asking for the layout each time. */
static PyObject *
make_text32(const pyma_converter *self, int64_t row)
{
    const uint8_t *offsets = self->data + 4 * row;
    const int32_t start = ma_load_i32(offsets);
    const int32_t size = ma_load_i32(offsets + 4) - start;
    PyObject *text =
        PyUnicode_DecodeUTF8((const char *)self->array->buffers[2].data + start, size, NULL);
    return text != NULL ? text : refuse_text(self, row);
}

static PyObject *
make_day_time(const pyma_converter *self, int64_t row)
{
    const uint8_t *p = self->data + 8 * row;
    return Py_BuildValue("(ii)", (int)ma_load_i32(p), (int)ma_load_i32(p + 4));
}

int
pyma_flat_open(pyma_converter *self)
{
    static PyObject *(*const makers[])(const pyma_converter *, int64_t) = {
        [MA_TYPE_NULL] = make_none,
        [MA_TYPE_BOOL] = make_bool,
        [MA_TYPE_INT8] = make_int8,
        [MA_TYPE_UINT8] = make_uint8,
        [MA_TYPE_INT16] = make_int16,
        [MA_TYPE_UINT16] = make_uint16,
        [MA_TYPE_INT32] = make_int32,
        [MA_TYPE_UINT32] = make_uint32,
        [MA_TYPE_INT64] = make_int64,
        [MA_TYPE_UINT64] = make_uint64,
        [MA_TYPE_FLOAT16] = make_half,
        [MA_TYPE_FLOAT32] = make_float32,
        [MA_TYPE_FLOAT64] = make_float64,
        [MA_TYPE_INTERVAL_MONTHS] = make_int32,
        [MA_TYPE_INTERVAL_DAY_TIME] = make_day_time,
        [MA_TYPE_INTERVAL_MONTH_DAY_NANO] = pyma_month_day_nano_make,
        [MA_TYPE_DECIMAL32] = pyma_decimal_make,
        [MA_TYPE_DECIMAL64] = pyma_decimal_make,
        [MA_TYPE_DECIMAL128] = pyma_decimal_make,
        [MA_TYPE_DECIMAL256] = pyma_decimal_make,
        [MA_TYPE_FIXED_SIZE_BINARY] = make_bytes,
        [MA_TYPE_UTF8] = make_text32,
        [MA_TYPE_LARGE_UTF8] = make_text,
        [MA_TYPE_UTF8_VIEW] = make_text,
        [MA_TYPE_BINARY] = make_bytes,
        [MA_TYPE_LARGE_BINARY] = make_bytes,
        [MA_TYPE_BINARY_VIEW] = make_bytes,
        [MA_TYPE_DICTIONARY] = NULL,
    };
    const ma_array *array = self->array;
    const ma_layout *layout = &ma_layouts[array->type->layout];
    self->make = makers[array->type->id];
    if (layout->n_buffers > 1) {
        const ma_buffer_kind kind = layout->buffers[1];
        const int64_t bits = ma_buffer_kind_bits(kind, array->type->bits);
        self->data = array->buffers[1].data + array->offset * (bits / 8);
    }
    return self->make != NULL;
}
