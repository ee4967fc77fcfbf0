/* Picks the kind of a sink. All kinds but Python objects are thin, and live here. */
#include "python/py_sink_kind.h"

#include "core/base/memory.h"
#include "python/py_buffer_output.h"
#include "python/py_file_object.h"
#include "python/py_native_file.h"
#include "python/py_os_file.h"
#include "python/py_socket.h"

void *
pyma_sink_new(const pyma_sink_kind *kind, size_t size)
{
    pyma_sink *self = ma_calloc(1, (int64_t)size);
    if (self == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    self->kind = kind;
    return self;
}

/* ---- BufferOutputStream and OSFile ---- */

typedef struct file_sink {
    pyma_sink base;
    PyObject *file; /* owned */
} file_sink;

static int
memory_write(pyma_sink *base, const ma_segment *segments, int64_t count, int64_t *written)
{
    if (pyma_buffer_output_write(((file_sink *)base)->file, segments, count) < 0) {
        return -1;
    }
    for (int64_t i = 0; i < count; i++) {
        *written += segments[i].size;
    }
    return 0;
}

static int
os_file_write(pyma_sink *base, const ma_segment *segments, int64_t count, int64_t *written)
{
    pyma_descriptor *descriptor = pyma_os_file_get(((file_sink *)base)->file);
    if (descriptor == NULL) {
        return -1;
    }
    const int result = pyma_descriptor_write(descriptor, segments, count, written);
    pyma_descriptor_unref(descriptor);
    return result;
}

static void
file_fini(pyma_sink *base)
{
    Py_CLEAR(((file_sink *)base)->file);
}

static int
file_traverse(const pyma_sink *base, visitproc visit, void *arg)
{
    Py_VISIT(((const file_sink *)base)->file);
    return 0;
}

static const pyma_sink_kind memory_kind = {
    .write = memory_write,
    .fini = file_fini,
    .traverse = file_traverse,
};

static const pyma_sink_kind os_file_kind = {
    .write = os_file_write,
    .fini = file_fini,
    .traverse = file_traverse,
};

static pyma_sink *
sink_of_file(const pyma_sink_kind *kind, PyObject *file)
{
    if (((pyma_native_file *)file)->kind->closed(file)) {
        (void)pyma_file_fail_closed();
        return NULL;
    }
    if (pyma_file_is_readable(file)) {
        (void)pyma_file_fail_unsupported("the file was opened for reading, not for writing");
        return NULL;
    }
    file_sink *self = pyma_sink_new(kind, sizeof(*self));
    if (self != NULL) {
        self->file = Py_NewRef(file);
    }
    return (pyma_sink *)self;
}

/* ---- paths and descriptors ---- */

typedef struct descriptor_sink {
    pyma_sink base;
    pyma_descriptor *descriptor; /* owned; NULL once closed */
} descriptor_sink;

static int
descriptor_write(pyma_sink *base, const ma_segment *segments, int64_t count, int64_t *written)
{
    descriptor_sink *self = (descriptor_sink *)base;
    if (self->descriptor == NULL) {
        return pyma_file_fail_closed();
    }
    return pyma_descriptor_write(self->descriptor, segments, count, written);
}

static int
descriptor_close(pyma_sink *base)
{
    descriptor_sink *self = (descriptor_sink *)base;
    pyma_descriptor *descriptor = self->descriptor;
    self->descriptor = NULL;
    return pyma_descriptor_close(descriptor);
}

static void
descriptor_fini(pyma_sink *base)
{
    pyma_descriptor_unref(((descriptor_sink *)base)->descriptor);
}

static const pyma_sink_kind descriptor_kind = {
    .write = descriptor_write,
    .close = descriptor_close,
    .fini = descriptor_fini,
};

/* Takes over the descriptor, also on failure; NULL is passed on. */
static pyma_sink *
sink_of_descriptor(pyma_descriptor *descriptor)
{
    if (descriptor == NULL) {
        return NULL;
    }
    descriptor_sink *self = pyma_sink_new(&descriptor_kind, sizeof(*self));
    if (self == NULL) {
        pyma_descriptor_unref(descriptor);
        return NULL;
    }
    self->descriptor = descriptor;
    return &self->base;
}

/* ---- sockets ---- */

typedef struct socket_sink {
    pyma_sink base;
    pyma_socket socket; /* owned */
} socket_sink;

static int
socket_write(pyma_sink *base, const ma_segment *segments, int64_t count, int64_t *written)
{
    return pyma_socket_write(&((socket_sink *)base)->socket, segments, count, written);
}

static void
socket_fini(pyma_sink *base)
{
    pyma_socket_fini(&((socket_sink *)base)->socket);
}

static int
socket_traverse(const pyma_sink *base, visitproc visit, void *arg)
{
    return pyma_socket_traverse(&((const socket_sink *)base)->socket, visit, arg);
}

static const pyma_sink_kind socket_kind = {
    .write = socket_write,
    .fini = socket_fini,
    .traverse = socket_traverse,
};

/* `*out` is NULL when the object is no socket. -1 with an exception. */
static int
sink_of_socket(pyma_state *state, PyObject *object, pyma_sink **out)
{
    pyma_socket socket;
    const int is_socket = pyma_socket_init(state, &socket, object);
    if (is_socket <= 0) {
        return is_socket;
    }
    socket_sink *self = pyma_sink_new(&socket_kind, sizeof(*self));
    if (self == NULL) {
        pyma_socket_fini(&socket);
        return -1;
    }
    self->socket = socket;
    *out = &self->base;
    return 0;
}

/* ---- picking ---- */

/* Objects that tell by their methods what they are. */
static pyma_sink *
sink_of_methods(pyma_state *state, PyObject *object)
{
    pyma_sink *sink = NULL;
    const int is_path = pyma_is_path(object);
    if (is_path != 0) {
        return is_path == 1 ? sink_of_descriptor(pyma_descriptor_open(object, PYMA_OS_WRITE))
                            : NULL;
    }
    if (sink_of_socket(state, object, &sink) < 0 || sink != NULL) {
        return sink;
    }
    if (pyma_sink_of_object(object, &sink) < 0 || sink != NULL) {
        return sink;
    }
    PyErr_Format(PyExc_TypeError,
                 "cannot write to %.200s: expected a BufferOutputStream, a path, a file or another "
                 "object with write(), a socket or a file descriptor",
                 Py_TYPE(object)->tp_name);
    return NULL;
}

pyma_sink *
pyma_sink_open(pyma_state *state, PyObject *object)
{
    if (Py_IS_TYPE(object, state->BufferOutputStream)) {
        return sink_of_file(&memory_kind, object);
    }
    if (Py_IS_TYPE(object, state->OSFile)) {
        return sink_of_file(&os_file_kind, object);
    }
    if (PyUnicode_Check(object) || PyBytes_Check(object)) {
        return sink_of_descriptor(pyma_descriptor_open(object, PYMA_OS_WRITE));
    }
    if (PyLong_Check(object) && !PyBool_Check(object)) {
        return sink_of_descriptor(pyma_descriptor_from_number(object));
    }
    return sink_of_methods(state, object);
}

/* ---- the calls ---- */

int
pyma_sink_write(pyma_sink *self, const ma_segment *segments, int64_t count, int64_t *written)
{
    return self->kind->write(self, segments, count, written);
}

int
pyma_sink_flush(pyma_sink *self)
{
    return self->kind->flush != NULL ? self->kind->flush(self) : 0;
}

int
pyma_sink_close(pyma_sink *self)
{
    return self->kind->close != NULL ? self->kind->close(self) : 0;
}

void
pyma_sink_free(pyma_sink *self)
{
    if (self == NULL) {
        return;
    }
    PyObject *error = pyma_error_take();
    self->kind->fini(self);
    ma_free(self);
    pyma_error_restore(error);
}

bool
pyma_sink_is_python(const pyma_sink *self)
{
    return self->kind->is_python;
}

int
pyma_sink_traverse(const pyma_sink *self, visitproc visit, void *arg)
{
    return self->kind->traverse != NULL ? self->kind->traverse(self, visit, arg) : 0;
}
