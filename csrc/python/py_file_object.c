#include "python/py_file_object.h"

#include <errno.h>

#include "python/py_failure.h"

/* Whether the object's class is exactly (or, with `derived`, derives from) `name` of the module
 * _io. */
static int
is_of_class(PyObject *module, PyObject *object, const char *name, bool derived)
{
    PyObject *class = PyObject_GetAttrString(module, name);
    if (class == NULL) {
        return -1;
    }
    const int answer =
        derived ? PyObject_IsInstance(object, class) : (PyObject *)Py_TYPE(object) == class;
    Py_DECREF(class);
    return answer;
}

/* Whether the object is of one of these classes; a list that ends with NULL. */
static int
is_of_classes(PyObject *module, PyObject *object, const char *const *names)
{
    int answer = 0;
    for (; answer == 0 && *names != NULL; names++) {
        answer = is_of_class(module, object, *names, false);
    }
    return answer;
}

/* Whether it is the object's own method in C, which no attribute of the same name hides. */
static bool
is_builtin_of(PyObject *method, PyObject *object)
{
    return PyCFunction_Check(method) && PyCFunction_GetSelf(method) == object;
}

static int
find_plain(PyObject *module, PyObject *object, pyma_plain_file *out)
{
    static const char *const innermost[] = {"BytesIO", "FileIO", NULL};
    static const char *const around[] = {"BufferedReader", "BufferedWriter", "BufferedRandom",
                                         NULL};
    int answer = is_of_classes(module, object, innermost);
    if (answer != 0) {
        out->is_plain = answer > 0;
        return answer < 0 ? -1 : 0;
    }
    answer = is_of_classes(module, object, around);
    if (answer <= 0) {
        return answer;
    }
    out->raw = PyObject_GetAttrString(object, "raw");
    if (out->raw == NULL) {
        PyErr_Clear(); /* detached: its methods tell */
        return 0;
    }
    answer = is_of_classes(module, out->raw, innermost);
    out->is_plain = answer > 0;
    return answer < 0 ? -1 : 0;
}

int
pyma_is_path(PyObject *object)
{
    if (PyUnicode_Check(object)) {
        return 1;
    }
    const int knows_path = pyma_has_attribute(object, "__fspath__");
    if (knows_path != 1) {
        return knows_path;
    }
    const int is_file = pyma_has_attribute(object, "close");
    return is_file < 0 ? -1 : !is_file;
}

int
pyma_plain_file_init(pyma_plain_file *out, PyObject *object, PyObject *method)
{
    *out = (pyma_plain_file){false, NULL};
    if (!is_builtin_of(method, object)) {
        return 0;
    }
    PyObject *module = PyImport_ImportModule("_io");
    const int result = module != NULL ? find_plain(module, object, out) : -1;
    Py_XDECREF(module);
    return result;
}

void
pyma_plain_file_fini(pyma_plain_file *self)
{
    Py_CLEAR(self->raw);
}

/* Another raw file can be put behind a buffered one, and another method before the raw file's. */
bool
pyma_plain_file_can_borrow(const pyma_plain_file *self, PyObject *object, const char *name)
{
    if (!self->is_plain || self->raw == NULL) {
        return self->is_plain;
    }
    PyObject *raw = PyObject_GetAttrString(object, "raw");
    PyObject *method = raw != NULL ? PyObject_GetAttrString(raw, name) : NULL;
    const bool same = method != NULL && raw == self->raw && is_builtin_of(method, raw);
    Py_XDECREF(method);
    Py_XDECREF(raw);
    PyErr_Clear(); /* the call itself tells what is wrong */
    return same;
}

int
pyma_is_raw_file(PyObject *object)
{
    PyObject *module = PyImport_ImportModule("io"); /* its RawIOBase knows of registered classes */
    if (module == NULL) {
        return -1;
    }
    const int answer = is_of_class(module, object, "RawIOBase", true);
    Py_DECREF(module);
    return answer;
}

PyObject *
pyma_find_method(PyObject *object, const char *name)
{
    PyObject *method = PyObject_GetAttrString(object, name);
    if (method == NULL) {
        if (PyErr_ExceptionMatches(PyExc_AttributeError)) {
            PyErr_Clear();
        }
        return NULL;
    }
    if (method == Py_None) {
        Py_CLEAR(method);
    }
    return method;
}

static int64_t
fail_would_block(const char *name)
{
    char text[160];
    (void)PyOS_snprintf(text, sizeof(text),
                        "%s() returned None: the file is non-blocking and would block now; make it "
                        "blocking, or pass the bytes on by hand",
                        name);
    pyma_raise_would_block(EAGAIN, text);
    return -1;
}

int64_t
pyma_take_count(PyObject *result, const char *name, int64_t most)
{
    if (result == NULL) {
        return -1;
    }
    if (result == Py_None) {
        Py_DECREF(result);
        return fail_would_block(name);
    }
    if (!PyIndex_Check(result)) {
        PyErr_Format(PyExc_TypeError, "%s() returned %.200s, not the number of bytes", name,
                     Py_TYPE(result)->tp_name);
        Py_DECREF(result);
        return -1;
    }
    int overflow;
    int64_t count = PyLong_AsLongLongAndOverflow(result, &overflow);
    if (count == -1 && PyErr_Occurred()) {
        Py_DECREF(result);
        return -1;
    }
    if (overflow != 0 || count < 0 || count > most) {
        PyErr_Format(PyExc_ValueError, "%s() returned %R, which is outside 0 to %lld", name, result,
                     (long long)most);
        count = -1;
    }
    Py_DECREF(result);
    return count;
}

PyObject *
pyma_call_with_memory(PyObject *method, const uint8_t *memory, int64_t size, bool writable)
{
    PyObject *view = PyMemoryView_FromMemory((char *)memory, (Py_ssize_t)size,
                                             writable ? PyBUF_WRITE : PyBUF_READ);
    if (view == NULL) {
        return NULL;
    }
    PyObject *result = PyObject_CallOneArg(method, view);
    PyObject *error = pyma_error_take();
    PyObject *released = PyObject_CallMethod(view, "release", NULL);
    if (released == NULL) {
        PyErr_Clear(); /* only plain files are called, which keep no view */
    }
    Py_XDECREF(released);
    Py_DECREF(view);
    pyma_error_restore(error);
    return result;
}

int
pyma_ask_seekable(PyObject *object, bool otherwise)
{
    PyObject *method = pyma_find_method(object, "seekable");
    if (method == NULL) {
        return PyErr_Occurred() ? -1 : otherwise;
    }
    PyObject *answer = PyObject_CallNoArgs(method);
    Py_DECREF(method);
    const int seekable = answer != NULL ? PyObject_IsTrue(answer) : -1;
    Py_XDECREF(answer);
    return seekable;
}
