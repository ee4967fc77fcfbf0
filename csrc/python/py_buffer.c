/* Buffer: a part of immutable memory, whoever owns it. */
#include "python/py_module.h"

#include <string.h>

typedef struct BufferObject {
    PyObject_HEAD
    ma_buffer buffer; /* owned; never without bytes' address */
    PyObject *weakrefs;
} BufferObject;

PyObject *
pyma_buffer_wrap(pyma_state *state, ma_buffer buffer)
{
    PyTypeObject *type = state->Buffer;
    BufferObject *self = (BufferObject *)type->tp_alloc(type, 0);
    if (self == NULL) {
        ma_buffer_clear(&buffer);
        return NULL;
    }
    self->buffer = buffer.data != NULL ? buffer : MA_EMPTY_BUFFER;
    return (PyObject *)self;
}

const ma_buffer *
pyma_buffer_get(pyma_state *state, PyObject *object)
{
    if (Py_IS_TYPE(object, state->Buffer)) {
        return &((BufferObject *)object)->buffer;
    }
    PyErr_Format(PyExc_TypeError, "expected a minarrow.Buffer, not %.200s",
                 Py_TYPE(object)->tp_name);
    return NULL;
}

static void
Buffer_tp_dealloc(PyObject *op)
{
    BufferObject *self = (BufferObject *)op;
    PyTypeObject *type = Py_TYPE(op);
    if (self->weakrefs != NULL) {
        PyObject_ClearWeakRefs(op);
    }
    ma_buffer_clear(&self->buffer);
    type->tp_free(op);
    Py_DECREF(type);
}

static PyObject *
Buffer_tp_repr(PyObject *op)
{
    const BufferObject *self = (BufferObject *)op;
    return PyUnicode_FromFormat("<minarrow.Buffer address=%p size=%zd is_cpu=True "
                                "is_mutable=False>",
                                self->buffer.data, (Py_ssize_t)self->buffer.size);
}

static Py_ssize_t
Buffer_sq_length(PyObject *op)
{
    return (Py_ssize_t)((BufferObject *)op)->buffer.size;
}

/* The rest from `offset` on, at most `size` bytes; both lie inside. */
static PyObject *
cut(PyObject *op, int64_t offset, int64_t size)
{
    BufferObject *self = (BufferObject *)op;
    return pyma_buffer_wrap(pyma_state_of(op), ma_buffer_slice(self->buffer, offset, size));
}

static PyObject *
Buffer_mp_subscript(PyObject *op, PyObject *key)
{
    const BufferObject *self = (BufferObject *)op;
    const Py_ssize_t length = (Py_ssize_t)self->buffer.size;
    if (PySlice_Check(key)) {
        Py_ssize_t start, stop, step;
        if (PySlice_Unpack(key, &start, &stop, &step) < 0) {
            return NULL;
        }
        if (step != 1) {
            PyErr_SetString(PyExc_IndexError, "a buffer is sliced with step 1 only");
            return NULL;
        }
        const Py_ssize_t size = PySlice_AdjustIndices(length, &start, &stop, step);
        return cut(op, start, size);
    }
    Py_ssize_t i = PyNumber_AsSsize_t(key, PyExc_IndexError);
    if (i == -1 && PyErr_Occurred()) {
        return NULL;
    }
    i = i < 0 ? i + length : i;
    if (i < 0 || i >= length) {
        PyErr_Format(PyExc_IndexError, "index out of bounds: the buffer has %zd bytes", length);
        return NULL;
    }
    return PyLong_FromLong(self->buffer.data[i]);
}

PyDoc_STRVAR(slice_doc, "slice($self, /, offset=0, length=None)\n--\n\n"
                        "The `length` bytes from `offset` on, without a copy.");

static PyObject *
Buffer_slice(PyObject *op, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"offset", "length", NULL};
    Py_ssize_t offset = 0;
    PyObject *length_or_none = Py_None;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|nO:slice", names, &offset, &length_or_none)) {
        return NULL;
    }
    const Py_ssize_t size = (Py_ssize_t)((BufferObject *)op)->buffer.size;
    if (offset < 0 || offset > size) {
        return PyErr_Format(offset < 0 ? PyExc_IndexError : pyma_state_of(op)->ArrowIndexError,
                            "offset %zd is outside a buffer of %zd bytes", offset, size);
    }
    Py_ssize_t length = size - offset;
    if (length_or_none != Py_None) {
        length = PyNumber_AsSsize_t(length_or_none, PyExc_OverflowError);
        if (length == -1 && PyErr_Occurred()) {
            return NULL;
        }
        if (length < 0 || length > size - offset) {
            return PyErr_Format(pyma_state_of(op)->ArrowIndexError,
                                "a slice of %zd bytes from byte %zd on is outside a buffer of %zd "
                                "bytes",
                                length, offset, size);
        }
    }
    return cut(op, offset, length);
}

PyDoc_STRVAR(to_pybytes_doc, "to_pybytes($self, /)\n--\n\nA copy as bytes.");

static PyObject *
Buffer_to_pybytes(PyObject *op, PyObject *Py_UNUSED(ignored))
{
    const ma_buffer *buffer = &((BufferObject *)op)->buffer;
    return PyBytes_FromStringAndSize((const char *)buffer->data, (Py_ssize_t)buffer->size);
}

PyDoc_STRVAR(hex_doc,
             "hex($self, /)\n--\n\nThe bytes as hexadecimal digits in upper case, as bytes.");

static PyObject *
Buffer_hex(PyObject *op, PyObject *Py_UNUSED(ignored))
{
    static const char digits[] = "0123456789ABCDEF";
    const ma_buffer *buffer = &((BufferObject *)op)->buffer;
    if (buffer->size > PY_SSIZE_T_MAX / 2) {
        return PyErr_NoMemory();
    }
    PyObject *hex = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)buffer->size * 2);
    if (hex == NULL) {
        return NULL;
    }
    char *out = PyBytes_AS_STRING(hex);
    for (int64_t i = 0; i < buffer->size; i++) {
        out[2 * i] = digits[buffer->data[i] >> 4];
        out[2 * i + 1] = digits[buffer->data[i] & 15];
    }
    return hex;
}

/* Compares a buffer with anything bytes-like: 1, 0, or -1 with an exception. */
static int
bytes_equal(PyObject *op, PyObject *other)
{
    const ma_buffer *buffer = &((BufferObject *)op)->buffer;
    Py_buffer view;
    if (PyObject_GetBuffer(other, &view, PyBUF_SIMPLE) < 0) {
        return -1;
    }
    const int same =
        view.len == buffer->size && (view.len == 0 || view.buf == buffer->data ||
                                     memcmp(view.buf, buffer->data, (size_t)view.len) == 0);
    PyBuffer_Release(&view);
    return same;
}

PyDoc_STRVAR(equals_doc,
             "equals($self, other, /)\n--\n\nWhether another buffer has the same bytes.");

static PyObject *
Buffer_equals(PyObject *op, PyObject *other)
{
    if (pyma_buffer_get(pyma_state_of(op), other) == NULL) {
        return NULL;
    }
    const int same = bytes_equal(op, other);
    return same < 0 ? NULL : PyBool_FromLong(same);
}

static PyObject *
Buffer_tp_richcompare(PyObject *op, PyObject *other, int how)
{
    if ((how != Py_EQ && how != Py_NE) || !PyObject_CheckBuffer(other)) {
        Py_RETURN_NOTIMPLEMENTED;
    }
    const int same = bytes_equal(op, other);
    return same < 0 ? NULL : PyBool_FromLong(same == (how == Py_EQ));
}

/* As pyarrow's: signed bytes, read-only. */
static int
Buffer_bf_getbuffer(PyObject *op, Py_buffer *view, int flags)
{
    BufferObject *self = (BufferObject *)op;
    if (PyBuffer_FillInfo(view, op, (void *)self->buffer.data, (Py_ssize_t)self->buffer.size, 1,
                          flags) < 0) {
        return -1;
    }
    if ((flags & PyBUF_FORMAT) != 0) {
        view->format = "b";
    }
    return 0;
}

PyDoc_STRVAR(reduce_doc,
             "__reduce_ex__($self, protocol, /)\n--\n\nPickling; out-of-band from 5 on.");

static PyObject *
Buffer_reduce_ex(PyObject *op, PyObject *protocol)
{
    const long number = PyLong_AsLong(protocol);
    if (number == -1 && PyErr_Occurred()) {
        return NULL;
    }
    PyObject *bytes = number >= 5 ? PyPickleBuffer_FromObject(op) : Buffer_to_pybytes(op, NULL);
    PyObject *package = bytes != NULL ? PyImport_ImportModule("minarrow._core") : NULL;
    PyObject *make = package != NULL ? PyObject_GetAttrString(package, "py_buffer") : NULL;
    Py_XDECREF(package);
    if (make == NULL) {
        Py_XDECREF(bytes);
        return NULL;
    }
    return Py_BuildValue("N(N)", make, bytes);
}

static PyObject *
Buffer_get_size(PyObject *op, void *Py_UNUSED(closure))
{
    return PyLong_FromLongLong(((BufferObject *)op)->buffer.size);
}

static PyObject *
Buffer_get_address(PyObject *op, void *Py_UNUSED(closure))
{
    return PyLong_FromVoidPtr((void *)((BufferObject *)op)->buffer.data);
}

static PyObject *
Buffer_get_flag(PyObject *Py_UNUSED(op), void *closure)
{
    return PyBool_FromLong(closure != NULL);
}

static PyObject *
Buffer_get_parent(PyObject *Py_UNUSED(op), void *Py_UNUSED(closure))
{
    Py_RETURN_NONE;
}

static PyGetSetDef Buffer_getset[] = {
    {"size", Buffer_get_size, NULL, PyDoc_STR("Bytes."), NULL},
    {"address", Buffer_get_address, NULL, PyDoc_STR("Where the bytes lie."), NULL},
    {"is_cpu", Buffer_get_flag, NULL, PyDoc_STR("True: all buffers lie in main memory."), ""},
    {"is_mutable", Buffer_get_flag, NULL, PyDoc_STR("False: buffers are read-only."), NULL},
    {"parent", Buffer_get_parent, NULL, PyDoc_STR("None: a slice shares its owner's memory."),
     NULL},
    {0},
};

static PyMethodDef Buffer_methods[] = {
    {"slice", (PyCFunction)(void (*)(void))Buffer_slice, METH_VARARGS | METH_KEYWORDS, slice_doc},
    {"to_pybytes", Buffer_to_pybytes, METH_NOARGS, to_pybytes_doc},
    {"hex", Buffer_hex, METH_NOARGS, hex_doc},
    {"equals", Buffer_equals, METH_O, equals_doc},
    {"__reduce_ex__", Buffer_reduce_ex, METH_O, reduce_doc},
    {0},
};

static PyMemberDef Buffer_members[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(BufferObject, weakrefs), READONLY, NULL},
    {0},
};

PyDoc_STRVAR(
    Buffer_doc,
    "Immutable memory with an owner; made by py_buffer, slicing, or taken from an array.\n\n"
    "Speaks the buffer protocol, so memoryview(buffer) and bytes(buffer) work.");

static PyType_Slot Buffer_slots[] = {
    {Py_tp_doc, (void *)Buffer_doc},
    {Py_tp_dealloc, Buffer_tp_dealloc},
    {Py_tp_repr, Buffer_tp_repr},
    {Py_tp_richcompare, Buffer_tp_richcompare},
    {Py_tp_hash, PyObject_HashNotImplemented},
    {Py_sq_length, Buffer_sq_length},
    {Py_mp_length, Buffer_sq_length},
    {Py_mp_subscript, Buffer_mp_subscript},
    {Py_bf_getbuffer, Buffer_bf_getbuffer},
    {Py_tp_getset, Buffer_getset},
    {Py_tp_methods, Buffer_methods},
    {Py_tp_members, Buffer_members},
    {0, NULL},
};

PyType_Spec pyma_Buffer_spec = {
    .name = "minarrow.Buffer",
    .basicsize = sizeof(BufferObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = Buffer_slots,
};

PyDoc_STRVAR(py_buffer_doc, "py_buffer(obj, /)\n--\n\n"
                            "A Buffer over a bytes-like object, without a copy.\n\n"
                            "The object is kept alive, and must not be changed meanwhile.");

static PyObject *
core_py_buffer(PyObject *module, PyObject *object)
{
    pyma_state *state = pyma_state_of_module(module);
    if (Py_IS_TYPE(object, state->Buffer)) {
        return Py_NewRef(object);
    }
    ma_buffer buffer;
    if (pyma_buffer_from_object(object, &buffer) < 0) {
        return NULL;
    }
    return pyma_buffer_wrap(state, buffer);
}

PyMethodDef pyma_buffer_functions[] = {
    {"py_buffer", core_py_buffer, METH_O, py_buffer_doc},
    {0},
};
