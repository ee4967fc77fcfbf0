/* The buffer protocol of arrays: numbers without nulls, as they lie in memory. Fixed-size lists of
 * numbers have a dimension more. */
#include "python/py_array.h"

#include "core/base/memory.h"
#include "core/base/number.h"

enum {
    MOST_DIMENSIONS = 8
};

/* The numbers that a view shows, and its shape and strides; owned by the view
 * (Py_buffer.internal). */
typedef struct extent {
    const uint8_t *data; /* borrowed from the array, which the view keeps alive */
    const char *format;
    Py_ssize_t item_size;
    Py_ssize_t size;
    int dimensions;
    Py_ssize_t shape[MOST_DIMENSIONS];
    Py_ssize_t strides[MOST_DIMENSIONS];
} extent;

/* Of the struct module; NULL for what it has no letter for. */
static const char *
format_of(const ma_type *type)
{
    switch (type->id) {
    case MA_TYPE_INT8:
        return "b";
    case MA_TYPE_UINT8:
        return "B";
    case MA_TYPE_INT16:
        return "h";
    case MA_TYPE_UINT16:
        return "H";
    case MA_TYPE_INT32:
        return "i";
    case MA_TYPE_UINT32:
        return "I";
    case MA_TYPE_INT64: /* of 'l' and 'q', numpy's own int64 is the one that C calls long */
        return sizeof(long) == 8 ? "l" : "q";
    case MA_TYPE_UINT64:
        return sizeof(long) == 8 ? "L" : "Q";
    case MA_TYPE_FLOAT16:
        return "e";
    case MA_TYPE_FLOAT32:
        return "f";
    case MA_TYPE_FLOAT64:
        return "d";
    default:
        return NULL;
    }
}

static int
refuse(const ma_array *array, const char *why)
{
    char name[80];
    PyErr_Format(PyExc_BufferError,
                 "no memoryview of an array of type %s: %s; use to_numpy(zero_copy_only=False), or "
                 "buffers() for the memory as it is",
                 ma_type_name(array->type, name, sizeof(name)), why);
    return -1;
}

static bool
has_nulls(const ma_array *array, int64_t start, int64_t length)
{
    const uint8_t *bits = ma_array_validity(array);
    return bits != NULL && ma_bitmap_count(bits, array->offset + start, length) < length;
}

/* False where the lists of an array without rows would hold more than can be counted: of others,
 * the shape of a valid array keeps all products below its buffers' sizes. */
static bool
fill_strides(extent *out)
{
    int64_t stride = out->item_size;
    for (int i = out->dimensions - 1; i >= 0; i--) {
        out->strides[i] = (Py_ssize_t)stride;
        if (!ma_mul_i64(stride, out->shape[i], &stride) || stride > PY_SSIZE_T_MAX) {
            return false;
        }
    }
    out->size = (Py_ssize_t)stride;
    return true;
}

static int
find_extent(const ma_array *array, extent *out)
{
    const ma_array *inner = array;
    int64_t start = 0;
    int64_t length = array->length;
    out->dimensions = 0;
    out->shape[out->dimensions++] = (Py_ssize_t)length;
    while (!has_nulls(inner, start, length) && inner->type->id == MA_TYPE_FIXED_SIZE_LIST) {
        const int32_t list_size = inner->type->list_size;
        if (out->dimensions == MOST_DIMENSIONS) {
            return refuse(array, "too many dimensions");
        }
        out->shape[out->dimensions++] = list_size;
        start = (inner->offset + start) * list_size;
        length *= list_size;
        inner = inner->children[0];
    }
    if (has_nulls(inner, start, length)) {
        return refuse(array, "it has nulls");
    }
    out->format = format_of(inner->type);
    if (out->format == NULL) {
        return refuse(array, "its values are no plain numbers");
    }
    out->item_size = inner->type->bits / 8;
    out->data = inner->buffers[1].data + (inner->offset + start) * out->item_size;
    return fill_strides(out) ? 0 : refuse(array, "its lists hold more than can be counted");
}

int
Array_bf_getbuffer(PyObject *op, Py_buffer *view, int flags)
{
    const ma_array *array = pyma_array_get(pyma_state_of(op), op);
    view->obj = NULL;
    if ((flags & PyBUF_WRITABLE) != 0) {
        PyErr_SetString(PyExc_BufferError, "arrays are read-only");
        return -1;
    }
    extent *found = ma_calloc(1, sizeof(*found));
    if (found == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    if (find_extent(array, found) < 0) {
        ma_free(found);
        return -1;
    }
    view->obj = Py_NewRef(op);
    view->buf = (void *)found->data;
    view->len = found->size;
    view->itemsize = found->item_size;
    view->readonly = 1;
    view->ndim = found->dimensions;
    view->format = (flags & PyBUF_FORMAT) != 0 ? (char *)found->format : NULL;
    view->shape = (flags & PyBUF_ND) != 0 ? found->shape : NULL;
    view->strides = (flags & PyBUF_STRIDES) == PyBUF_STRIDES ? found->strides : NULL;
    view->suboffsets = NULL;
    view->internal = found;
    if ((flags & PyBUF_F_CONTIGUOUS) == PyBUF_F_CONTIGUOUS && !PyBuffer_IsContiguous(view, 'F')) {
        Py_CLEAR(view->obj);
        ma_free(found);
        return refuse(array, "the numbers of each list lie side by side (C order)");
    }
    return 0;
}

void
Array_bf_releasebuffer(PyObject *Py_UNUSED(op), Py_buffer *view)
{
    ma_free(view->internal);
}
