/* Columns that lie in memory as one block already: what speaks the buffer protocol (PEP 3118). */
#include "core/base/number.h"
#include "python/py_cast.h"

/* ---- formats ---- */

/* What items of so many bytes are under a code. Others may use the same for what is no number: to
 * ctypes a union is a "B" of any size. */
static const struct {
    const char *codes;
    int64_t size;
    ma_type_id id;
} kinds[] = {
    {"?", 1, MA_TYPE_BOOL},     {"b", 1, MA_TYPE_INT8},    {"B", 1, MA_TYPE_UINT8},
    {"h", 2, MA_TYPE_INT16},    {"H", 2, MA_TYPE_UINT16},  {"iln", 4, MA_TYPE_INT32},
    {"ILN", 4, MA_TYPE_UINT32}, {"lnq", 8, MA_TYPE_INT64}, {"LNQ", 8, MA_TYPE_UINT64},
    {"e", 2, MA_TYPE_FLOAT16},  {"f", 4, MA_TYPE_FLOAT32}, {"d", 8, MA_TYPE_FLOAT64},
};

int
pyma_memory_format(const char *format, int64_t size, bool *swapped)
{
    const char *code = format != NULL ? format : "B";
    *swapped = false;
    if (strchr("@=<>!", *code) != NULL && *code != '\0') {
        const bool big = *code == '>' || *code == '!';
        const bool given = big || *code == '<';
        *swapped = given && size > 1 && big != (MA_HOST_BIG_ENDIAN != 0);
        code++;
    }
    if (code[0] == '\0' || code[1] != '\0') {
        return -1;
    }
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (kinds[i].size == size && strchr(kinds[i].codes, *code) != NULL) {
            return kinds[i].id;
        }
    }
    return -1;
}

/* Whether `from` lies in memory just as values of `to` do: an int64 as a timestamp, say. */
static bool
same_bits(ma_type_id from, const ma_type *to)
{
    switch (to->id) {
    case MA_TYPE_DATE32:
    case MA_TYPE_TIME32:
    case MA_TYPE_INTERVAL_MONTHS:
        return from == MA_TYPE_INT32;
    case MA_TYPE_DATE64:
    case MA_TYPE_TIME64:
    case MA_TYPE_TIMESTAMP:
    case MA_TYPE_DURATION:
        return from == MA_TYPE_INT64;
    default:
        return from == to->id;
    }
}

/* ---- an export, opened and understood ---- */

typedef struct memory {
    Py_buffer view;
    pyma_numbers numbers;
} memory;

/* Exporters refuse in many ways: what they cannot say as a buffer goes the way over values. */
static int
refused(void)
{
    if (PyErr_ExceptionMatches(PyExc_BufferError) || PyErr_ExceptionMatches(PyExc_ValueError) ||
        PyErr_ExceptionMatches(PyExc_TypeError) || PyErr_ExceptionMatches(PyExc_RuntimeError) ||
        PyErr_ExceptionMatches(PyExc_NotImplementedError)) {
        PyErr_Clear();
        return 0;
    }
    return -1;
}

/* Whether an item is a run of bytes, however many. */
static bool
is_bytes(const char *format)
{
    const size_t length = format != NULL ? strlen(format) : 0;
    return length > 0 && format[length - 1] == 's';
}

/* 1: `out` is to be closed; 0 and -1 as in pyma_memory_array. `fixed` says how wide bytes may be
 * that come as bytes (-1: may not). */
static int
open_memory(PyObject *object, int32_t fixed, memory *out)
{
    if (PyObject_GetBuffer(object, &out->view, PyBUF_STRIDED_RO | PyBUF_FORMAT) < 0) {
        return refused();
    }
    bool swapped = false;
    const Py_buffer *view = &out->view;
    int type = pyma_memory_format(view->format, view->itemsize, &swapped);
    if (type < 0 && fixed > 0 && view->itemsize == fixed && is_bytes(view->format)) {
        type = MA_TYPE_FIXED_SIZE_BINARY;
    }
    if (type < 0 || view->ndim != 1) {
        PyBuffer_Release(&out->view);
        return 0;
    }
    out->numbers = (pyma_numbers){
        .data = view->buf,
        .count = view->shape != NULL ? view->shape[0] : view->len / view->itemsize,
        .stride = view->strides != NULL ? view->strides[0] : view->itemsize,
        .type = (ma_type_id)type,
        .width = (int)view->itemsize,
        .swapped = swapped,
    };
    return 1;
}

static bool
is_float(ma_type_id id)
{
    return id == MA_TYPE_FLOAT16 || id == MA_TYPE_FLOAT32 || id == MA_TYPE_FLOAT64;
}

/* ---- arrays ---- */

static bool
is_null_at(const pyma_conversion *self, const pyma_numbers *numbers, const uint8_t *mask, int64_t i)
{
    if (mask != NULL && mask[i]) {
        return true;
    }
    if (!self->from_pandas || !is_float(numbers->type)) {
        return false;
    }
    const double value = pyma_number_double(numbers, i);
    return value != value;
}

/* How many doubles in front are not NaN: most columns need no closer look. */
static int64_t
leading_numbers(const pyma_numbers *numbers)
{
    int64_t i = 0;
    for (; i < numbers->count; i++) {
        const double value = ma_load_f64(numbers->data + i * numbers->stride);
        if (value != value) {
            break;
        }
    }
    return i;
}

/* A validity bitmap where something is null, else none. */
static ma_status
find_nulls(const pyma_conversion *self, const pyma_numbers *numbers, const uint8_t *mask,
           ma_buffer *out, int64_t *nulls, ma_error *err)
{
    int64_t i = 0;
    uint8_t *bits = NULL;
    *nulls = 0;
    if (mask == NULL && !(self->from_pandas && is_float(numbers->type))) {
        return MA_OK;
    }
    if (mask == NULL && numbers->width == 8 && !numbers->swapped) {
        i = leading_numbers(numbers);
    }
    while (i < numbers->count && !is_null_at(self, numbers, mask, i)) {
        i++;
    }
    if (i == numbers->count) {
        return MA_OK;
    }
    const int64_t size = ma_bitmap_size(numbers->count);
    MA_TRY(ma_buffer_alloc(size, out, &bits, err));
    memset(bits, 0, (size_t)size);
    ma_bitmap_fill(bits, 0, i, true);
    for (; i < numbers->count; i++) {
        if (is_null_at(self, numbers, mask, i)) {
            ++*nulls;
        } else {
            ma_bitmap_set(bits, i);
        }
    }
    return MA_OK;
}

/* Nothing stands between the object's memory and a column's: no gaps, no swapping, and each
 * value at a multiple of its size. */
static bool
is_column(const pyma_numbers *numbers, const ma_type *type)
{
    return type->bits != 1 && same_bits(numbers->type, type) && !numbers->swapped &&
           (numbers->stride == numbers->width || numbers->count <= 1) &&
           (numbers->type == MA_TYPE_FIXED_SIZE_BINARY ||
            (uintptr_t)numbers->data % (uintptr_t)numbers->width == 0);
}

/* The array takes over the export itself: another one may be of other memory. */
static int
keep_memory(memory *from, ma_array *array)
{
    if (from->numbers.count == 0) {
        return 0;
    }
    ma_block *block = pyma_block_of_view(&from->view);
    if (block == NULL) {
        return -1;
    }
    const int64_t size = from->numbers.count * from->numbers.width;
    array->buffers[1] = (ma_buffer){from->numbers.data, size, block};
    return 0;
}

/* Room for the values, before anyone looks at them: numpy's memory may show one item any number of
 * times. */
static ma_status
alloc_data(const pyma_numbers *numbers, ma_array *array, uint8_t **target, ma_error *err)
{
    const ma_type *type = array->type;
    int64_t size = ma_bitmap_size(array->length);
    if (type->bits != 1 && !ma_mul_i64(array->length, type->bits / 8, &size)) {
        return ma_fail_nomem(err, INT64_MAX);
    }
    MA_TRY(ma_buffer_alloc(size, &array->buffers[1], target, err));
    if (type->bits == 1 || !same_bits(numbers->type, type)) { /* of nulls, nothing is written */
        memset(*target, 0, (size_t)size);
    }
    return MA_OK;
}

static int
fill_data(pyma_conversion *self, const pyma_numbers *numbers, const ma_array *array,
          uint8_t *target)
{
    if (array->type->bits != 1 && same_bits(numbers->type, array->type)) {
        pyma_numbers_copy(numbers, target);
        return 0;
    }
    return pyma_cast(self, numbers, array->type, array->buffers[0].data, target);
}

static int
make_array(pyma_conversion *self, memory *from, ma_type *type, const uint8_t *mask, ma_array **out)
{
    const pyma_numbers *numbers = &from->numbers;
    const bool keep = numbers->count == 0 || is_column(numbers, type);
    ma_array *array = NULL;
    uint8_t *target = NULL;
    int64_t nulls;
    ma_error err;
    ma_error_init(&err);
    ma_status st = ma_array_new(type, numbers->count, 0, &array, &err);
    if (st == MA_OK && !keep) {
        st = alloc_data(numbers, array, &target, &err);
    }
    if (st == MA_OK) {
        st = find_nulls(self, numbers, mask, &array->buffers[0], &nulls, &err);
    }
    if (st != MA_OK) {
        ma_array_unref(array);
        return pyma_conversion_fail_core(self, &err);
    }
    atomic_store(&array->nulls, nulls);
    atomic_store(&array->checked, MA_CHECKED_VALUES | MA_CHECKED_UTF8);
    if ((keep ? keep_memory(from, array) : fill_data(self, numbers, array, target)) < 0) {
        ma_array_unref(array);
        return -1;
    }
    *out = array;
    return 1;
}

int
pyma_memory_array(pyma_conversion *self, PyObject *object, ma_type *type, const pyma_mask *nulls,
                  ma_array **out)
{
    memory found;
    ma_type *own = NULL;
    ma_error err;
    const bool fixed = type != NULL && type->id == MA_TYPE_FIXED_SIZE_BINARY;
    int result = open_memory(object, fixed ? type->byte_width : -1, &found);
    if (result != 1) {
        return result;
    }
    ma_error_init(&err);
    if (type == NULL && ma_type_simple(found.numbers.type, &own, &err) != MA_OK) {
        result = pyma_conversion_fail_core(self, &err);
    } else if (type != NULL && !same_bits(found.numbers.type, type) &&
               !pyma_can_cast(found.numbers.type, type->id)) {
        result = 0;
    } else if (pyma_mask_check(nulls, (Py_ssize_t)found.numbers.count) < 0) {
        result = -1;
    } else {
        result = make_array(self, &found, type != NULL ? type : own, nulls->bytes, out);
    }
    ma_type_unref(own);
    PyBuffer_Release(&found.view);
    return result;
}

int
pyma_memory_append(pyma_conversion *self, ma_builder *builder, PyObject *object)
{
    memory found;
    uint8_t *target;
    ma_error err;
    if (builder->type->layout != MA_LAYOUT_FIXED || builder->type->bits < 8) {
        return 0;
    }
    int result = open_memory(object, -1, &found);
    if (result != 1) {
        return result;
    }
    ma_error_init(&err);
    const pyma_numbers *numbers = &found.numbers;
    const int64_t start = builder->length;
    if (!same_bits(numbers->type, builder->type)) {
        result = 0;
    } else if (ma_builder_extend(builder, numbers->count, &target, &err) != MA_OK) {
        result = pyma_conversion_fail_core(self, &err);
    } else {
        pyma_numbers_copy(numbers, target);
        for (int64_t i = 0; result == 1 && self->from_pandas && i < numbers->count; i++) {
            if (is_null_at(self, numbers, NULL, i) &&
                ma_builder_set_null(builder, start + i, &err) != MA_OK) {
                result = pyma_conversion_fail_core(self, &err);
            }
        }
    }
    PyBuffer_Release(&found.view);
    return result;
}
