/* OSFile: a file of the operating system, without a buffer in between. */
#include "python/py_os_file.h"

#include <stdio.h>
#include <string.h>

#include "core/base/number.h"
#include "python/py_module.h"
#include "python/py_mutex.h"
#include "python/py_native_file.h"

typedef struct OSFileObject {
    pyma_native_file base;
    pyma_mutex lock;             /* guards `descriptor` */
    pyma_descriptor *descriptor; /* owned; NULL once closed. The position is the system's. */
    PyObject *name;              /* owned; as opened */
} OSFileObject;

pyma_descriptor *
pyma_os_file_get(PyObject *op)
{
    OSFileObject *self = (OSFileObject *)op;
    pyma_mutex_lock(&self->lock);
    pyma_descriptor *descriptor =
        self->descriptor != NULL ? pyma_descriptor_ref(self->descriptor) : NULL;
    pyma_mutex_unlock(&self->lock);
    if (descriptor == NULL) {
        (void)pyma_file_fail_closed();
    }
    return descriptor;
}

/* ---- what pyma_file_kind asks for ---- */

static bool
os_file_closed(PyObject *op)
{
    OSFileObject *self = (OSFileObject *)op;
    pyma_mutex_lock(&self->lock);
    const bool closed = self->descriptor == NULL;
    pyma_mutex_unlock(&self->lock);
    return closed;
}

static int
os_file_close(PyObject *op)
{
    OSFileObject *self = (OSFileObject *)op;
    pyma_mutex_lock(&self->lock);
    pyma_descriptor *descriptor = self->descriptor;
    self->descriptor = NULL;
    pyma_mutex_unlock(&self->lock);
    return pyma_descriptor_close(descriptor);
}

static int64_t
os_file_read(PyObject *op, uint8_t *target, int64_t size)
{
    pyma_descriptor *descriptor = pyma_os_file_get(op);
    if (descriptor == NULL) {
        return -1;
    }
    int64_t done = 0;
    const int result = pyma_descriptor_read(descriptor, target, size, &done);
    pyma_descriptor_unref(descriptor);
    return result < 0 ? -1 : done;
}

static int64_t
os_file_read_at(PyObject *op, int64_t offset, uint8_t *target, int64_t size)
{
    pyma_descriptor *descriptor = pyma_os_file_get(op);
    if (descriptor == NULL) {
        return -1;
    }
    const int64_t got = pyma_descriptor_read_at(descriptor, offset, target, size);
    pyma_descriptor_unref(descriptor);
    return got;
}

static int
os_file_write(PyObject *op, const uint8_t *data, int64_t size)
{
    const ma_segment segment = {data, size};
    int64_t written = 0;
    pyma_descriptor *descriptor = pyma_os_file_get(op);
    if (descriptor == NULL) {
        return -1;
    }
    const int result = pyma_descriptor_write(descriptor, &segment, 1, &written);
    pyma_descriptor_unref(descriptor);
    return result;
}

static int64_t
os_file_seek(PyObject *op, int64_t offset, int whence)
{
    pyma_descriptor *descriptor = pyma_os_file_get(op);
    if (descriptor == NULL) {
        return -1;
    }
    const int64_t position = pyma_descriptor_seek(descriptor, offset, whence);
    pyma_descriptor_unref(descriptor);
    return position;
}

static int64_t
os_file_tell(PyObject *op)
{
    return os_file_seek(op, 0, SEEK_CUR);
}

static int64_t
os_file_size(PyObject *op)
{
    pyma_descriptor *descriptor = pyma_os_file_get(op);
    if (descriptor == NULL) {
        return -1;
    }
    const int64_t size = pyma_descriptor_size(descriptor);
    pyma_descriptor_unref(descriptor);
    return size >= 0 ? size : pyma_file_fail_unsupported("the file is not regular: it has no size");
}

static int
os_file_left(PyObject *op, int64_t *out)
{
    pyma_descriptor *descriptor = pyma_os_file_get(op);
    if (descriptor == NULL) {
        return -1;
    }
    const int64_t size = pyma_descriptor_size(descriptor);
    const int64_t position = size >= 0 ? pyma_descriptor_seek(descriptor, 0, SEEK_CUR) : 0;
    pyma_descriptor_unref(descriptor);
    *out = size >= 0 ? ma_max_i64(0, size - position) : -1;
    return position < 0 ? -1 : 0;
}

static int64_t
os_file_fileno(PyObject *op)
{
    pyma_descriptor *descriptor = pyma_os_file_get(op);
    if (descriptor == NULL) {
        return -1;
    }
    const int fd = descriptor->fd;
    pyma_descriptor_unref(descriptor);
    return fd;
}

static const pyma_file_kind os_file_kind = {
    .closed = os_file_closed,
    .close = os_file_close,
    .read = os_file_read,
    .read_at = os_file_read_at,
    .write = os_file_write,
    .left = os_file_left,
    .size = os_file_size,
    .tell = os_file_tell,
    .seek = os_file_seek,
    .fileno = os_file_fileno,
};

/* ---- the type ---- */

/* The full name of a mode ("rb"), and what the system is asked for. NULL with ValueError. */
static const char *
parse_mode(const char *mode, pyma_os_mode *out)
{
    static const struct {
        const char *name;
        pyma_os_mode mode;
    } modes[] = {{"rb", PYMA_OS_READ}, {"wb", PYMA_OS_WRITE}, {"ab", PYMA_OS_APPEND}};
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        const bool is_short = mode[0] == modes[i].name[0] && mode[1] == '\0';
        if (is_short || strcmp(mode, modes[i].name) == 0) {
            *out = modes[i].mode;
            return modes[i].name;
        }
    }
    PyErr_Format(PyExc_ValueError, "invalid mode '%s'; it is 'r', 'w' or 'a', with or without 'b'",
                 mode);
    return NULL;
}

static PyObject *
wrap_descriptor(PyTypeObject *type, pyma_descriptor *descriptor, const char *mode)
{
    OSFileObject *self = (OSFileObject *)type->tp_alloc(type, 0);
    if (self == NULL) {
        pyma_descriptor_unref(descriptor);
        return NULL;
    }
    self->base.kind = &os_file_kind;
    self->base.mode = mode;
    self->base.seekable = descriptor->is_regular;
    self->descriptor = descriptor;
    self->name = Py_NewRef(descriptor->name);
    return (PyObject *)self;
}

static PyObject *
open_file(PyTypeObject *type, PyObject *path, const char *mode)
{
    pyma_os_mode os_mode;
    const char *const full_mode = parse_mode(mode, &os_mode);
    pyma_descriptor *descriptor = full_mode != NULL ? pyma_descriptor_open(path, os_mode) : NULL;
    if (descriptor == NULL) {
        return NULL;
    }
    /* so that tell() says so before the first write */
    if (os_mode == PYMA_OS_APPEND && descriptor->is_regular &&
        pyma_descriptor_seek(descriptor, 0, SEEK_END) < 0) {
        pyma_descriptor_unref(descriptor);
        return NULL;
    }
    return wrap_descriptor(type, descriptor, full_mode);
}

PyObject *
pyma_os_file_open(pyma_state *state, PyObject *path, const char *mode)
{
    return open_file(state->OSFile, path, mode);
}

static PyObject *
OSFile_tp_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"path", "mode", "memory_pool", NULL};
    PyObject *path;
    PyObject *pool = Py_None;
    const char *mode = "r";
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|sO:OSFile", names, &path, &mode, &pool)) {
        return NULL;
    }
    return open_file(type, path, mode);
}

static void
OSFile_tp_dealloc(PyObject *op)
{
    OSFileObject *self = (OSFileObject *)op;
    pyma_descriptor_unref(self->descriptor);
    Py_CLEAR(self->name);
    pyma_file_dealloc(op);
}

static PyMemberDef OSFile_members[] = {
    {"name", T_OBJECT, offsetof(OSFileObject, name), READONLY, PyDoc_STR("The path.")},
    {0},
};

PyDoc_STRVAR(OSFile_doc,
             "OSFile(path, mode='r', memory_pool=None)\n--\n\n"
             "A file of the operating system, without a buffer in between.\n\n"
             "mode -- 'r' to read, 'w' to write (what was there is gone), 'a' to write behind it; "
             "a 'b' may follow\n"
             "memory_pool -- there for the sake of pyarrow's signature, and ignored");

static PyType_Slot OSFile_slots[] = {
    {Py_tp_doc, (void *)OSFile_doc},
    {Py_tp_new, OSFile_tp_new},
    {Py_tp_dealloc, OSFile_tp_dealloc},
    {Py_tp_members, OSFile_members},
    {0, NULL},
};

PyType_Spec pyma_OSFile_spec = {
    .name = "minarrow.OSFile",
    .basicsize = sizeof(OSFileObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = OSFile_slots,
};
