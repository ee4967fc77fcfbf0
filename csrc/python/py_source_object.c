/* Sources that are Python objects with a method to read with. */
#include "python/py_source_kind.h"

#include <stdio.h>
#include <string.h>

#include "core/base/number.h"
#include "python/py_file_object.h"

/* Bytes that an object is asked for at once, where they are copied from memory of its own. */
#define MOST_AT_ONCE ((int64_t)256 * 1024)

/* Fewer bytes are copied for all: that is quicker than to lend memory and take it back. */
#define WORTH_LENDING ((int64_t)16 * 1024)

typedef struct object_source {
    pyma_source base;
    PyObject *object; /* owned */
    PyObject *method; /* owned; bound: the one that is named */
    const char *name; /* "readinto", "read" or "recv_into" */
    bool fills;       /* the method fills memory; else it returns bytes */
    bool can_skip;
    int64_t size; /* -1 if not opened for random access */
    pyma_plain_file plain;
} object_source;

/* ---- one call ---- */

/* Let the object fill memory of its own, which it may keep, and copy what it put there. */
static int64_t
fill_copy(object_source *self, uint8_t *target, int64_t size)
{
    Py_buffer view; /* held meanwhile, so that the memory cannot be resized */
    PyObject *memory = PyByteArray_FromStringAndSize(NULL, (Py_ssize_t)size);
    if (memory == NULL) {
        return -1;
    }
    if (PyObject_GetBuffer(memory, &view, PyBUF_SIMPLE) < 0) {
        Py_DECREF(memory);
        return -1;
    }
    PyObject *result = PyObject_CallOneArg(self->method, memory);
    const int64_t got = pyma_take_count(result, self->name, size);
    if (got > 0) {
        memcpy(target, view.buf, (size_t)got);
    }
    PyBuffer_Release(&view);
    Py_DECREF(memory);
    return got;
}

static int64_t
fail_kind(const object_source *self, PyObject *result)
{
    PyErr_Format(PyExc_TypeError, "%s() returned %.200s, not bytes%s", self->name,
                 Py_TYPE(result)->tp_name,
                 PyUnicode_Check(result) ? "; open the file in binary mode ('rb')" : "");
    return -1;
}

/* Copy what the object returned. */
static int64_t
copy_result(const object_source *self, PyObject *result, uint8_t *target, int64_t size)
{
    Py_buffer view;
    if (result == Py_None) {
        return pyma_take_count(Py_NewRef(result), self->name, size);
    }
    if (!PyObject_CheckBuffer(result)) {
        return fail_kind(self, result);
    }
    if (PyObject_GetBuffer(result, &view, PyBUF_SIMPLE) < 0) {
        return -1;
    }
    int64_t got = view.len;
    if (got > size) {
        PyErr_Format(PyExc_ValueError, "%s(%lld) returned %lld bytes", self->name, (long long)size,
                     (long long)got);
        got = -1;
    } else if (got > 0) {
        memcpy(target, view.buf, (size_t)got);
    }
    PyBuffer_Release(&view);
    return got;
}

static int64_t
read_some(object_source *self, uint8_t *target, int64_t size)
{
    if (self->fills && size >= WORTH_LENDING &&
        pyma_plain_file_can_borrow(&self->plain, self->object, self->name)) {
        const int64_t most = ma_min_i64(size, PY_SSIZE_T_MAX);
        return pyma_take_count(pyma_call_with_memory(self->method, target, most, true), self->name,
                               most);
    }
    const int64_t most = ma_min_i64(size, MOST_AT_ONCE);
    if (self->fills) {
        return fill_copy(self, target, most);
    }
    PyObject *result = PyObject_CallFunction(self->method, "n", (Py_ssize_t)most);
    if (result == NULL) {
        return -1;
    }
    const int64_t got = copy_result(self, result, target, most);
    Py_DECREF(result);
    return got;
}

static int
object_read(pyma_source *base, uint8_t *target, int64_t size, int64_t *done)
{
    while (*done < size) {
        const int64_t got = read_some((object_source *)base, target + *done, size - *done);
        if (got < 0) {
            base->is_lost = !PyErr_ExceptionMatches(PyExc_BlockingIOError);
            return -1;
        }
        if (got == 0) {
            break;
        }
        *done += got;
    }
    return 0;
}

/* ---- seeking ---- */

static int
seek(PyObject *object, int64_t offset, int whence)
{
    PyObject *result = PyObject_CallMethod(object, "seek", "Li", (long long)offset, whence);
    Py_XDECREF(result);
    return result != NULL ? 0 : -1;
}

static int64_t
object_read_at(pyma_source *base, int64_t offset, uint8_t *target, int64_t size)
{
    if (seek(((object_source *)base)->object, offset, SEEK_SET) < 0) {
        return -1;
    }
    int64_t done = 0;
    return object_read(base, target, size, &done) < 0 ? -1 : done;
}

static int64_t
object_size(const pyma_source *base)
{
    return ((const object_source *)base)->size;
}

static bool
object_can_skip(const pyma_source *base)
{
    return ((const object_source *)base)->can_skip;
}

static int
object_step(pyma_source *base, int64_t size)
{
    return seek(((object_source *)base)->object, size, SEEK_CUR);
}

/* Where the object ends; it then stands there. -1 with an exception. */
static int64_t
measure(PyObject *object)
{
    if (seek(object, 0, SEEK_END) < 0) {
        return -1;
    }
    return pyma_take_count(PyObject_CallMethod(object, "tell", NULL), "tell", INT64_MAX);
}

/* ---- opening ---- */

static void
object_fini(pyma_source *base)
{
    object_source *self = (object_source *)base;
    pyma_plain_file_fini(&self->plain);
    Py_CLEAR(self->method);
    Py_CLEAR(self->object);
}

static int
object_traverse(const pyma_source *base, visitproc visit, void *arg)
{
    Py_VISIT(((const object_source *)base)->method);
    Py_VISIT(((const object_source *)base)->object);
    Py_VISIT(((const object_source *)base)->plain.raw);
    return 0;
}

static const pyma_source_kind object_kind = {
    .is_python = true,
    .read = object_read,
    .read_at = object_read_at,
    .size = object_size,
    .can_skip = object_can_skip,
    .step = object_step,
    .fini = object_fini,
    .traverse = object_traverse,
};

static int
find_reader(object_source *self, PyObject *object)
{
    static const struct {
        const char *name;
        bool fills;
    } methods[] = {{"readinto", true}, {"read", false}, {"recv_into", true}};
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        self->method = pyma_find_method(object, methods[i].name);
        if (self->method != NULL) {
            self->name = methods[i].name;
            self->fills = methods[i].fills;
            return 0;
        }
        if (PyErr_Occurred()) {
            return -1;
        }
    }
    return 0;
}

static int
find_seek(object_source *self, PyObject *object, bool random_access)
{
    PyObject *method = pyma_find_method(object, "seek");
    int seeks = method != NULL ? pyma_ask_seekable(object, random_access) : 0;
    Py_XDECREF(method);
    if (seeks < 0 || PyErr_Occurred()) {
        return -1;
    }
    self->can_skip = seeks;
    self->size = -1;
    if (!random_access) {
        return 0;
    }
    if (!seeks) {
        return pyma_source_fail_seek();
    }
    self->size = measure(object);
    return self->size < 0 ? -1 : 0;
}

int
pyma_source_of_object(pyma_state *state, PyObject *object, bool random_access, pyma_source **out)
{
    object_source *self = pyma_source_new(state, &object_kind, sizeof(*self));
    if (self == NULL) {
        return -1;
    }
    self->object = Py_NewRef(object);
    int result = find_reader(self, object);
    if (result == 0 && self->method != NULL) {
        result = pyma_plain_file_init(&self->plain, object, self->method);
        result = result < 0 ? -1 : find_seek(self, object, random_access);
    }
    if (result < 0 || self->method == NULL) {
        pyma_source_free(&self->base);
        return result;
    }
    *out = &self->base;
    return 0;
}
