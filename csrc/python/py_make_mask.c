/* The argument `mask`: which values are to be null. */
#include "python/py_convert.h"

static int
fail_mask(pyma_state *state)
{
    PyErr_SetString(state->ArrowTypeError,
                    "a mask is a boolean array or a list of bool, True where the value is null");
    return -1;
}

static int
mask_alloc(pyma_mask *self, Py_ssize_t count)
{
    self->bytes = PyMem_Malloc(count > 0 ? (size_t)count : 1);
    self->count = count;
    if (self->bytes == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    return 0;
}

static int
mask_from_buffer(pyma_state *state, PyObject *object, pyma_mask *self)
{
    Py_buffer view;
    bool swapped;
    if (PyObject_GetBuffer(object, &view, PyBUF_STRIDED_RO | PyBUF_FORMAT) < 0) {
        return -1;
    }
    int result = -1;
    if (view.ndim != 1 ||
        pyma_memory_format(view.format, view.itemsize, &swapped) != MA_TYPE_BOOL) {
        fail_mask(state);
    } else if (mask_alloc(self, view.shape[0]) == 0) {
        /* ctypes gives no strides, even where they are asked for */
        const Py_ssize_t stride = view.strides != NULL ? view.strides[0] : 1;
        for (Py_ssize_t i = 0; i < self->count; i++) {
            self->bytes[i] = ((const uint8_t *)view.buf)[i * stride];
        }
        result = 0;
    }
    PyBuffer_Release(&view);
    return result;
}

static int
mask_from_items(pyma_state *state, PyObject *object, pyma_mask *self)
{
    const int is_arrow = pyma_has_attribute(object, "to_pylist");
    PyObject *list = is_arrow < 0    ? NULL
                     : is_arrow == 1 ? PyObject_CallMethod(object, "to_pylist", NULL)
                                     : PySequence_List(object);
    if (list == NULL || !PyList_Check(list) || mask_alloc(self, PyList_GET_SIZE(list)) < 0) {
        Py_XDECREF(list);
        return PyErr_Occurred() ? -1 : fail_mask(state);
    }
    int result = 0;
    for (Py_ssize_t i = 0; result == 0 && i < self->count; i++) {
        PyObject *item = pyma_item_held(list, i);
        const bool is_bool =
            item != NULL &&
            (PyBool_Check(item) || pyma_has_prefix(Py_TYPE(item)->tp_name, "numpy.bool"));
        const int truth = is_bool ? PyObject_IsTrue(item) : fail_mask(state);
        self->bytes[i] = truth == 1;
        result = truth < 0 ? -1 : 0;
        Py_XDECREF(item);
    }
    Py_DECREF(list);
    return result;
}

int
pyma_mask_init(pyma_state *state, PyObject *object, pyma_mask *self)
{
    *self = (pyma_mask){.state = state, .bytes = NULL, .count = 0};
    if (object == NULL || object == Py_None) {
        return 0;
    }
    return PyObject_CheckBuffer(object) && !PyObject_TypeCheck(object, state->Array)
               ? mask_from_buffer(state, object, self)
               : mask_from_items(state, object, self);
}

int
pyma_mask_check(const pyma_mask *self, Py_ssize_t count)
{
    if (self->bytes != NULL && self->count != count) {
        PyErr_Format(self->state->ArrowInvalid, "a mask of %zd items for %zd values", self->count,
                     count);
        return -1;
    }
    return 0;
}

int
pyma_mask_join(pyma_mask *self, pyma_mask *other)
{
    if (other->bytes == NULL) {
        return 0;
    }
    if (self->bytes == NULL) {
        *self = *other;
        *other = (pyma_mask){.state = self->state, .bytes = NULL, .count = 0};
        return 0;
    }
    if (pyma_mask_check(self, other->count) < 0) {
        return -1;
    }
    for (Py_ssize_t i = 0; i < self->count; i++) {
        self->bytes[i] |= other->bytes[i];
    }
    return 0;
}
