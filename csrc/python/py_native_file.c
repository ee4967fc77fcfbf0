#include "python/py_native_file.h"

#include <stdio.h>

#include "core/base/memory.h"
#include "core/base/number.h"
#include "python/py_module.h"
#include "python/py_os.h"

#define FIRST_PIECE (64 * 1024) /* taken before anything of unknown length has arrived */

static inline const pyma_file_kind *
kind_of(PyObject *op)
{
    return ((pyma_native_file *)op)->kind;
}

/* ---- failures ---- */

int
pyma_file_fail_closed(void)
{
    PyErr_SetString(PyExc_ValueError, "I/O operation on closed file");
    return -1;
}

int
pyma_file_fail_unsupported(const char *text)
{
    PyObject *io = PyImport_ImportModule("io");
    PyObject *class = io != NULL ? PyObject_GetAttrString(io, "UnsupportedOperation") : NULL;
    Py_XDECREF(io);
    if (class != NULL) {
        PyErr_SetString(class, text);
        Py_DECREF(class);
    }
    return -1;
}

static int
check_open(PyObject *op)
{
    return kind_of(op)->closed(op) ? pyma_file_fail_closed() : 0;
}

static int
check_readable(PyObject *op)
{
    if (check_open(op) < 0) {
        return -1;
    }
    return pyma_file_is_readable(op)
               ? 0
               : pyma_file_fail_unsupported("the file was opened for writing, not for reading");
}

static int
check_writable(PyObject *op)
{
    if (check_open(op) < 0) {
        return -1;
    }
    return pyma_file_is_readable(op)
               ? pyma_file_fail_unsupported("the file was opened for reading, not for writing")
               : 0;
}

static int
check_seekable(PyObject *op)
{
    if (check_open(op) < 0) {
        return -1;
    }
    return ((pyma_native_file *)op)->seekable ? 0
                                              : pyma_file_fail_unsupported("the file cannot seek");
}

/* ---- reading ---- */

/* A size as an argument: None, or nothing at all, and negative ones mean all there is
 * (INT64_MAX). */
static int
parse_size(PyObject *object, int64_t *out)
{
    *out = INT64_MAX;
    if (object == NULL || object == Py_None) {
        return 0;
    }
    const Py_ssize_t size = PyNumber_AsSsize_t(object, PyExc_OverflowError);
    if (size == -1 && PyErr_Occurred()) {
        return -1;
    }
    if (size >= 0) {
        *out = size;
    }
    return 0;
}

/* Make `*bytes`, which has room for `*capacity`, larger. Drops it on failure. */
static int
grow_bytes(PyObject **bytes, int64_t *capacity, int64_t most)
{
    if (*capacity > PY_SSIZE_T_MAX / 2) {
        Py_CLEAR(*bytes);
        PyErr_NoMemory();
        return -1;
    }
    *capacity = ma_min_i64(most, *capacity * 2);
    return _PyBytes_Resize(bytes, (Py_ssize_t)*capacity);
}

/* Read `most` bytes of a file whose end nobody knows; memory grows with what arrives. */
static PyObject *
read_growing(PyObject *op, int64_t most, int64_t first)
{
    int64_t capacity = ma_min_i64(most, first);
    int64_t done = 0;
    PyObject *bytes = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)capacity);
    while (bytes != NULL) {
        uint8_t *target = (uint8_t *)PyBytes_AS_STRING(bytes) + done;
        const int64_t got = kind_of(op)->read(op, target, capacity - done);
        if (got < 0) {
            Py_CLEAR(bytes);
            break;
        }
        done += got;
        if (done < capacity || done == most) {
            break;
        }
        if (grow_bytes(&bytes, &capacity, most) < 0) {
            break;
        }
    }
    if (bytes != NULL && done < capacity) {
        (void)_PyBytes_Resize(&bytes, (Py_ssize_t)done);
    }
    return bytes;
}

static PyObject *
read_bytes(PyObject *op, int64_t most)
{
    int64_t left;
    if (check_readable(op) < 0 || kind_of(op)->left(op, &left) < 0) {
        return NULL;
    }
    if (left < 0) {
        return read_growing(op, most, FIRST_PIECE);
    }
    if (left > PY_SSIZE_T_MAX && most > PY_SSIZE_T_MAX) {
        return PyErr_NoMemory();
    }
    /* a file may have grown meanwhile: what is read is what was there */
    most = ma_min_i64(most, left);
    return read_growing(op, most, most);
}

PyDoc_STRVAR(read_doc,
             "read($self, nbytes=None, /)\n--\n\n"
             "Up to nbytes as bytes, fewer only at the end; without it all that is left.");

static PyObject *
NativeFile_read(PyObject *op, PyObject *args)
{
    PyObject *size = NULL;
    int64_t most;
    if (!PyArg_UnpackTuple(args, "read", 0, 1, &size) || parse_size(size, &most) < 0) {
        return NULL;
    }
    return read_bytes(op, most);
}

static PyObject *
NativeFile_readall(PyObject *op, PyObject *Py_UNUSED(ignored))
{
    return read_bytes(op, INT64_MAX);
}

static PyObject *
view_or_copy(PyObject *op, int64_t most)
{
    ma_buffer buffer;
    if (check_readable(op) < 0) {
        return NULL;
    }
    if (kind_of(op)->view != NULL) {
        if (kind_of(op)->view(op, most, &buffer) < 0) {
            return NULL;
        }
    } else {
        PyObject *bytes = read_bytes(op, most);
        if (bytes == NULL) {
            return NULL;
        }
        const int result = pyma_buffer_from_object(bytes, &buffer);
        Py_DECREF(bytes);
        if (result < 0) {
            return NULL;
        }
    }
    return pyma_buffer_wrap(pyma_state_of(op), buffer);
}

PyDoc_STRVAR(read_buffer_doc,
             "read_buffer($self, nbytes=None, /)\n--\n\n"
             "As read, but a Buffer; of memory and mapped files a view, without a copy.");

static PyObject *
NativeFile_read_buffer(PyObject *op, PyObject *args)
{
    PyObject *size = NULL;
    int64_t most;
    if (!PyArg_UnpackTuple(args, "read_buffer", 0, 1, &size) || parse_size(size, &most) < 0) {
        return NULL;
    }
    return view_or_copy(op, most);
}

PyDoc_STRVAR(readinto_doc, "readinto($self, b, /)\n--\n\n"
                           "Fill a writable bytes-like object; the number of bytes read.");

static PyObject *
NativeFile_readinto(PyObject *op, PyObject *object)
{
    Py_buffer view;
    if (check_readable(op) < 0) {
        return NULL;
    }
    if (PyObject_GetBuffer(object, &view, PyBUF_WRITABLE) < 0) {
        return NULL;
    }
    const int64_t got = view.len > 0 ? kind_of(op)->read(op, view.buf, view.len) : 0;
    PyBuffer_Release(&view);
    return got < 0 ? NULL : PyLong_FromLongLong(got);
}

PyDoc_STRVAR(read_at_doc, "read_at($self, nbytes, offset, /)\n--\n\n"
                          "Up to nbytes from byte offset on; the position stays (on Windows it may "
                          "move).");

static PyObject *
NativeFile_read_at(PyObject *op, PyObject *args)
{
    Py_ssize_t size;
    long long offset;
    if (!PyArg_ParseTuple(args, "nL:read_at", &size, &offset)) {
        return NULL;
    }
    if (size < 0 || offset < 0) {
        PyErr_SetString(PyExc_ValueError, "neither the size nor the offset may be negative");
        return NULL;
    }
    if (check_readable(op) < 0 || check_seekable(op) < 0) {
        return NULL;
    }
    const int64_t total = kind_of(op)->size(op);
    if (total < 0) {
        return NULL;
    }
    const int64_t most = ma_min_i64(size, ma_max_i64(0, total - offset));
    PyObject *bytes = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)most);
    if (bytes == NULL) {
        return NULL;
    }
    const int64_t got = kind_of(op)->read_at(op, offset, (uint8_t *)PyBytes_AS_STRING(bytes), most);
    if (got < 0) {
        Py_DECREF(bytes);
        return NULL;
    }
    if (got < most) {
        (void)_PyBytes_Resize(&bytes, (Py_ssize_t)got);
    }
    return bytes;
}

/* ---- writing ---- */

static int64_t
write_object(PyObject *op, PyObject *object)
{
    Py_buffer view;
    if (check_writable(op) < 0) {
        return -1;
    }
    if (PyUnicode_Check(object)) {
        PyErr_SetString(PyExc_TypeError, "a bytes-like object is required, not 'str'");
        return -1;
    }
    if (PyObject_GetBuffer(object, &view, PyBUF_SIMPLE) < 0) {
        return -1;
    }
    const int64_t size = view.len;
    const int result = kind_of(op)->write(op, view.buf, size);
    PyBuffer_Release(&view);
    return result < 0 ? -1 : size;
}

PyDoc_STRVAR(write_doc, "write($self, data, /)\n--\n\n"
                        "Write all of a bytes-like object; the number of bytes.");

static PyObject *
NativeFile_write(PyObject *op, PyObject *object)
{
    const int64_t size = write_object(op, object);
    return size < 0 ? NULL : PyLong_FromLongLong(size);
}

static PyObject *
NativeFile_writelines(PyObject *op, PyObject *lines)
{
    PyObject *items = PyObject_GetIter(lines);
    PyObject *item;
    int64_t size = 0;
    if (items == NULL) {
        return NULL;
    }
    while (size >= 0 && (item = PyIter_Next(items)) != NULL) {
        size = write_object(op, item);
        Py_DECREF(item);
    }
    Py_DECREF(items);
    if (PyErr_Occurred()) {
        return NULL;
    }
    Py_RETURN_NONE;
}

static PyObject *
NativeFile_flush(PyObject *op, PyObject *Py_UNUSED(ignored))
{
    if (check_open(op) < 0) {
        return NULL;
    }
    Py_RETURN_NONE; /* nothing is held back */
}

/* ---- position ---- */

PyDoc_STRVAR(seek_doc, "seek($self, position, whence=0, /)\n--\n\n"
                       "Move to a byte counted from the start (0), from here (1) or from the end "
                       "(2); the new position.");

static PyObject *
NativeFile_seek(PyObject *op, PyObject *args)
{
    long long offset;
    int whence = SEEK_SET;
    if (!PyArg_ParseTuple(args, "L|i:seek", &offset, &whence)) {
        return NULL;
    }
    if (whence != SEEK_SET && whence != SEEK_CUR && whence != SEEK_END) {
        PyErr_Format(PyExc_ValueError, "invalid whence %d; it is 0, 1 or 2", whence);
        return NULL;
    }
    if (check_seekable(op) < 0) {
        return NULL;
    }
    const int64_t position = kind_of(op)->seek(op, offset, whence);
    return position < 0 ? NULL : PyLong_FromLongLong(position);
}

static PyObject *
NativeFile_tell(PyObject *op, PyObject *Py_UNUSED(ignored))
{
    const int64_t position = kind_of(op)->tell(op);
    return position < 0 ? NULL : PyLong_FromLongLong(position);
}

static PyObject *
NativeFile_size(PyObject *op, PyObject *Py_UNUSED(ignored))
{
    if (check_open(op) < 0) {
        return NULL;
    }
    if (kind_of(op)->size == NULL) {
        (void)pyma_file_fail_unsupported("the file was opened for writing; tell() says its size");
        return NULL;
    }
    const int64_t size = kind_of(op)->size(op);
    return size < 0 ? NULL : PyLong_FromLongLong(size);
}

/* ---- what it is ---- */

static PyObject *
NativeFile_fileno(PyObject *op, PyObject *Py_UNUSED(ignored))
{
    if (check_open(op) < 0) {
        return NULL;
    }
    if (kind_of(op)->fileno == NULL) {
        (void)pyma_file_fail_unsupported("the file is memory: it has no descriptor");
        return NULL;
    }
    const int64_t fd = kind_of(op)->fileno(op);
    return fd < 0 ? NULL : PyLong_FromLongLong(fd);
}

static PyObject *
NativeFile_isatty(PyObject *op, PyObject *Py_UNUSED(ignored))
{
    if (check_open(op) < 0) {
        return NULL;
    }
    const int64_t fd = kind_of(op)->fileno != NULL ? kind_of(op)->fileno(op) : -1;
    if (fd < 0 && PyErr_Occurred()) {
        return NULL;
    }
    return PyBool_FromLong(fd >= 0 && pyma_os_is_terminal((int)fd));
}

static PyObject *
NativeFile_readable(PyObject *op, PyObject *Py_UNUSED(ignored))
{
    return check_open(op) < 0 ? NULL : PyBool_FromLong(pyma_file_is_readable(op));
}

static PyObject *
NativeFile_writable(PyObject *op, PyObject *Py_UNUSED(ignored))
{
    return check_open(op) < 0 ? NULL : PyBool_FromLong(!pyma_file_is_readable(op));
}

static PyObject *
NativeFile_seekable(PyObject *op, PyObject *Py_UNUSED(ignored))
{
    return check_open(op) < 0 ? NULL : PyBool_FromLong(((pyma_native_file *)op)->seekable);
}

/* ---- closing ---- */

PyDoc_STRVAR(close_doc, "close($self, /)\n--\n\n"
                        "Close the file; may be called again. Views that were read stay valid.");

static PyObject *
NativeFile_close(PyObject *op, PyObject *Py_UNUSED(ignored))
{
    if (kind_of(op)->close(op) < 0) {
        return NULL;
    }
    Py_RETURN_NONE;
}

static PyObject *
NativeFile_enter(PyObject *op, PyObject *Py_UNUSED(ignored))
{
    return check_open(op) < 0 ? NULL : Py_NewRef(op);
}

static PyObject *
NativeFile_exit(PyObject *op, PyObject *Py_UNUSED(args))
{
    return NativeFile_close(op, NULL);
}

void
pyma_file_dealloc(PyObject *op)
{
    PyTypeObject *type = Py_TYPE(op);
    if (((pyma_native_file *)op)->weakrefs != NULL) {
        PyObject_ClearWeakRefs(op);
    }
    type->tp_free(op);
    Py_DECREF(type);
}

/* ---- the type ---- */

static PyObject *
NativeFile_get_closed(PyObject *op, void *Py_UNUSED(closure))
{
    return PyBool_FromLong(kind_of(op)->closed(op));
}

static PyObject *
NativeFile_get_mode(PyObject *op, void *Py_UNUSED(closure))
{
    return PyUnicode_FromString(((pyma_native_file *)op)->mode);
}

static PyObject *
NativeFile_tp_repr(PyObject *op)
{
    return PyUnicode_FromFormat("<%s mode='%s' closed=%s>", Py_TYPE(op)->tp_name,
                                ((pyma_native_file *)op)->mode,
                                kind_of(op)->closed(op) ? "True" : "False");
}

static PyMethodDef NativeFile_methods[] = {
    {"read", NativeFile_read, METH_VARARGS, read_doc},
    {"read1", NativeFile_read, METH_VARARGS,
     PyDoc_STR("read1($self, nbytes=None, /)\n--\n\nThe same as read.")},
    {"readall", NativeFile_readall, METH_NOARGS,
     PyDoc_STR("readall($self, /)\n--\n\nAll that is left, as bytes.")},
    {"read_buffer", NativeFile_read_buffer, METH_VARARGS, read_buffer_doc},
    {"readinto", NativeFile_readinto, METH_O, readinto_doc},
    {"read_at", NativeFile_read_at, METH_VARARGS, read_at_doc},
    {"write", NativeFile_write, METH_O, write_doc},
    {"writelines", NativeFile_writelines, METH_O,
     PyDoc_STR("writelines($self, lines, /)\n--\n\nWrite several bytes-like objects.")},
    {"flush", NativeFile_flush, METH_NOARGS,
     PyDoc_STR("flush($self, /)\n--\n\nNothing to do: nothing is held back.")},
    {"seek", NativeFile_seek, METH_VARARGS, seek_doc},
    {"tell", NativeFile_tell, METH_NOARGS, PyDoc_STR("tell($self, /)\n--\n\nThe position.")},
    {"size", NativeFile_size, METH_NOARGS, PyDoc_STR("size($self, /)\n--\n\nBytes in all.")},
    {"fileno", NativeFile_fileno, METH_NOARGS,
     PyDoc_STR("fileno($self, /)\n--\n\nThe descriptor of an OSFile.")},
    {"isatty", NativeFile_isatty, METH_NOARGS,
     PyDoc_STR("isatty($self, /)\n--\n\nWhether it is a terminal.")},
    {"readable", NativeFile_readable, METH_NOARGS,
     PyDoc_STR("readable($self, /)\n--\n\nWhether it can be read.")},
    {"writable", NativeFile_writable, METH_NOARGS,
     PyDoc_STR("writable($self, /)\n--\n\nWhether it can be written.")},
    {"seekable", NativeFile_seekable, METH_NOARGS,
     PyDoc_STR("seekable($self, /)\n--\n\nWhether the position can be moved.")},
    {"close", NativeFile_close, METH_NOARGS, close_doc},
    {"__enter__", NativeFile_enter, METH_NOARGS, NULL},
    {"__exit__", NativeFile_exit, METH_VARARGS, NULL},
    PYMA_NO_PICKLING,
    {0},
};

static PyGetSetDef NativeFile_getset[] = {
    {"closed", NativeFile_get_closed, NULL, PyDoc_STR("Whether it was closed."), NULL},
    {"mode", NativeFile_get_mode, NULL, PyDoc_STR("'rb', 'wb' or 'ab'."), NULL},
    {0},
};

static PyMemberDef NativeFile_members[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(pyma_native_file, weakrefs), READONLY, NULL},
    {0},
};

PyDoc_STRVAR(NativeFile_doc,
             "What BufferReader, BufferOutputStream, MemoryMappedFile and OSFile have in common.");

static PyType_Slot NativeFile_slots[] = {
    {Py_tp_doc, (void *)NativeFile_doc},
    {Py_tp_dealloc, pyma_file_dealloc},
    {Py_tp_repr, NativeFile_tp_repr},
    {Py_tp_methods, NativeFile_methods},
    {Py_tp_getset, NativeFile_getset},
    {Py_tp_members, NativeFile_members},
    {0, NULL},
};

PyType_Spec pyma_NativeFile_spec = {
    .name = "minarrow.NativeFile",
    .basicsize = sizeof(pyma_native_file),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_BASETYPE |
             Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = NativeFile_slots,
};
