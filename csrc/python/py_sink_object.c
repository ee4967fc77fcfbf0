/* Sinks that are Python objects with a method to write with. */
#include "python/py_sink_kind.h"

#include <string.h>

#include "core/base/number.h"
#include "python/py_file_object.h"
#include "python/py_os.h"

/* Bytes that an object is given at once, where they are copied for it. */
#define MOST_AT_ONCE ((int64_t)1024 * 1024)

/* Segments shorter than this are joined also for those who may be given our memory. */
#define WORTH_A_CALL ((int64_t)64 * 1024)

typedef struct object_sink {
    pyma_sink base;
    PyObject *object; /* owned */
    PyObject *method; /* owned; bound: the one that is named */
    const char *name; /* "write" or "send" */
    bool is_raw;      /* None from the method means that nothing could be written now */
    pyma_plain_file plain;
} object_sink;

/* ---- one call ---- */

/* How much of `size` bytes the method's result says it took. Takes over the result; -1 with an
 * exception. */
static int64_t
taken(const object_sink *self, PyObject *result, int64_t size)
{
    if (result == Py_None && !self->is_raw) {
        Py_DECREF(result);
        return size; /* many an object's write() returns nothing */
    }
    const int64_t count = pyma_take_count(result, self->name, size);
    if (count == 0) {
        PyErr_Format(PyExc_OSError, "%s() returned 0: it took none of %lld bytes", self->name,
                     (long long)size);
        return -1;
    }
    return count;
}

/* The next bytes to be written as an object of their own, which is filled across segments. */
static PyObject *
join(const pyma_unsent *unsent, int64_t most)
{
    int64_t size = -unsent->skip;
    for (int64_t i = 0; i < unsent->count && size < most; i++) {
        size += ma_min_i64(unsent->segments[i].size, most - size);
    }
    PyObject *bytes = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)size);
    if (bytes == NULL) {
        return NULL;
    }
    char *target = PyBytes_AS_STRING(bytes);
    int64_t skip = unsent->skip;
    for (int64_t i = 0; size > 0; i++) {
        const ma_segment segment = unsent->segments[i];
        const int64_t part = ma_min_i64(segment.size - skip, size);
        if (part > 0) {
            memcpy(target, segment.data + skip, (size_t)part);
            target += part;
            size -= part;
        }
        skip = 0;
    }
    return bytes;
}

static int64_t
write_joined(const object_sink *self, const pyma_unsent *unsent, int64_t most)
{
    PyObject *bytes = join(unsent, most);
    if (bytes == NULL) {
        return -1;
    }
    const int64_t size = PyBytes_GET_SIZE(bytes);
    PyObject *result = PyObject_CallOneArg(self->method, bytes);
    Py_DECREF(bytes);
    return taken(self, result, size);
}

/* The first segment's rest from where it lies. */
static int64_t
write_in_place(const object_sink *self, const pyma_unsent *unsent)
{
    const int64_t size = ma_min_i64(unsent->segments->size - unsent->skip, PY_SSIZE_T_MAX);
    const uint8_t *data = unsent->segments->data + unsent->skip;
    return taken(self, pyma_call_with_memory(self->method, data, size, false), size);
}

static int64_t
write_some(const object_sink *self, const pyma_unsent *unsent)
{
    if (!self->plain.is_plain) {
        return write_joined(self, unsent, MOST_AT_ONCE);
    }
    if (unsent->segments->size - unsent->skip >= WORTH_A_CALL &&
        pyma_plain_file_can_borrow(&self->plain, self->object, self->name)) {
        return write_in_place(self, unsent);
    }
    return write_joined(self, unsent, WORTH_A_CALL);
}

static int
object_write(pyma_sink *base, const ma_segment *segments, int64_t count, int64_t *written)
{
    pyma_unsent unsent = {segments, count, 0};
    pyma_unsent_advance(&unsent, 0);
    while (unsent.count > 0) {
        const int64_t sent = write_some((object_sink *)base, &unsent);
        if (sent < 0) {
            return -1;
        }
        *written += sent;
        pyma_unsent_advance(&unsent, sent);
    }
    return 0;
}

static int
object_flush(pyma_sink *base)
{
    PyObject *method = pyma_find_method(((object_sink *)base)->object, "flush");
    if (method == NULL) {
        return PyErr_Occurred() ? -1 : 0;
    }
    PyObject *result = PyObject_CallNoArgs(method);
    Py_DECREF(method);
    Py_XDECREF(result);
    return result != NULL ? 0 : -1;
}

/* ---- opening ---- */

static void
object_fini(pyma_sink *base)
{
    object_sink *self = (object_sink *)base;
    pyma_plain_file_fini(&self->plain);
    Py_CLEAR(self->method);
    Py_CLEAR(self->object);
}

static int
object_traverse(const pyma_sink *base, visitproc visit, void *arg)
{
    Py_VISIT(((const object_sink *)base)->method);
    Py_VISIT(((const object_sink *)base)->object);
    Py_VISIT(((const object_sink *)base)->plain.raw);
    return 0;
}

static const pyma_sink_kind object_kind = {
    .is_python = true,
    .write = object_write,
    .flush = object_flush,
    .fini = object_fini,
    .traverse = object_traverse,
};

static int
find_writer(object_sink *self, PyObject *object)
{
    static const char *const names[] = {"write", "send"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && self->method == NULL; i++) {
        self->name = names[i];
        self->method = pyma_find_method(object, names[i]);
        if (PyErr_Occurred()) {
            return -1;
        }
    }
    if (self->method == NULL) {
        return 0;
    }
    if (pyma_plain_file_init(&self->plain, object, self->method) < 0) {
        return -1;
    }
    const int raw = pyma_is_raw_file(object);
    self->is_raw = raw > 0;
    return raw < 0 ? -1 : 0;
}

int
pyma_sink_of_object(PyObject *object, pyma_sink **out)
{
    object_sink *self = pyma_sink_new(&object_kind, sizeof(*self));
    if (self == NULL) {
        return -1;
    }
    self->object = Py_NewRef(object);
    const int result = find_writer(self, object);
    if (result < 0 || self->method == NULL) {
        pyma_sink_free(&self->base);
        return result;
    }
    *out = &self->base;
    return 0;
}
