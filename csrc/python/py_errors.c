/* Exceptions: pyarrow's hierarchy, and how the core's errors become them. */
#include "python/py_module.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* ---- the classes ---- */

static PyObject *
make_class(PyObject *module, const char *name, const char *doc, PyObject *bases, PyObject *dict)
{
    char full_name[64];
    (void)snprintf(full_name, sizeof(full_name), "minarrow.%s", name);
    PyObject *type = PyErr_NewExceptionWithDoc(full_name, doc, bases, dict);
    if (type != NULL && PyModule_AddObjectRef(module, name, type) < 0) {
        Py_CLEAR(type);
    }
    return type;
}

/* What every exception has, also one that Python code raised without it. KeyError shows the repr of
 * its argument, which is meant for keys; ours hold sentences. */
static PyObject *
class_dict(void)
{
    PyObject *str = PyObject_GetAttrString(PyExc_Exception, "__str__");
    if (str == NULL) {
        return NULL;
    }
    PyObject *dict = Py_BuildValue("{s:N,s:O,s:O,s:O}", "__str__", str, "offset", Py_None, "path",
                                   Py_None, "message_number", Py_None);
    return dict;
}

int
pyma_errors_setup(PyObject *module, pyma_state *state)
{
    PyObject *dict = class_dict();
    if (dict == NULL) {
        return -1;
    }
    state->ArrowException =
        make_class(module, "ArrowException",
                   "Base class of what minarrow raises.\n\n"
                   "offset -- byte, from the first one of the stream or file, or None\n"
                   "path -- which part, such as \"column 'a'.item, offsets buffer\", or None\n"
                   "message_number -- which message of the stream, the schema being 0, or None",
                   NULL, dict);
    Py_DECREF(dict);
    if (state->ArrowException == NULL) {
        return -1;
    }
    const struct {
        PyObject **slot;
        const char *name;
        PyObject *base;
        const char *doc;
    } classes[] = {
        {&state->ArrowInvalid, "ArrowInvalid", PyExc_ValueError,
         "Bytes or values that break the format, or go over a limit."},
        {&state->ArrowTypeError, "ArrowTypeError", PyExc_TypeError, "A value of another type."},
        {&state->ArrowKeyError, "ArrowKeyError", PyExc_KeyError, "A name that is not there."},
        {&state->ArrowIndexError, "ArrowIndexError", PyExc_IndexError, "A place outside."},
        {&state->ArrowNotImplementedError, "ArrowNotImplementedError", PyExc_NotImplementedError,
         "Legal Arrow that this build does not read or write."},
        {&state->ArrowMemoryError, "ArrowMemoryError", PyExc_MemoryError, "Out of memory."},
    };
    for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
        PyObject *bases = PyTuple_Pack(2, classes[i].base, state->ArrowException);
        /* the slot __str__ of the first base would win over the one of ArrowException */
        PyObject *own = class_dict();
        if (bases != NULL && own != NULL) {
            *classes[i].slot = make_class(module, classes[i].name, classes[i].doc, bases, own);
        }
        Py_XDECREF(bases);
        Py_XDECREF(own);
        if (*classes[i].slot == NULL) {
            return -1;
        }
    }
    return 0;
}

/* ---- the column that a value was meant for ---- */

/* "column 'a', value 3" where the path was "value 3". */
static PyObject *
path_in_column(PyObject *path, PyObject *name)
{
    return path != Py_None ? PyUnicode_FromFormat("column %R, %S", name, path)
                           : PyUnicode_FromFormat("column %R", name);
}

/* The text has its path in front, or else none. */
static PyObject *
text_in_column(PyObject *text, PyObject *path, PyObject *name)
{
    if (path == Py_None) {
        return PyUnicode_FromFormat("column %R: %U", name, text);
    }
    return PyUnicode_FromFormat("column %R, %U", name, text);
}

static int
blame_column(PyObject *error, PyObject *name)
{
    PyObject *text = PyObject_Str(error);
    PyObject *path = text != NULL ? PyObject_GetAttrString(error, "path") : NULL;
    PyObject *full = path != NULL ? text_in_column(text, path, name) : NULL;
    PyObject *place = full != NULL ? path_in_column(path, name) : NULL;
    PyObject *args = place != NULL ? PyTuple_Pack(1, full) : NULL;
    const int failed = args == NULL || PyObject_SetAttrString(error, "args", args) < 0 ||
                       PyObject_SetAttrString(error, "path", place) < 0;
    Py_XDECREF(args);
    Py_XDECREF(place);
    Py_XDECREF(full);
    Py_XDECREF(path);
    Py_XDECREF(text);
    return failed ? -1 : 0;
}

void
pyma_raise_in_column(pyma_state *state, PyObject *name)
{
    if (!PyErr_ExceptionMatches(state->ArrowException)) {
        return;
    }
    PyObject *error = pyma_error_take();
    if (blame_column(error, name) == 0) {
        pyma_error_restore(error);
    } else {
        Py_DECREF(error);
    }
}

PyObject *
pyma_refuse_pickling(PyObject *op, PyObject *Py_UNUSED(ignored))
{
    return PyErr_Format(PyExc_TypeError, "cannot pickle '%.200s' object", Py_TYPE(op)->tp_name);
}

/* ---- from Python's code ---- */

void
pyma_raise_from(PyObject *cause, PyObject *type, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    PyErr_FormatV(type, format, args);
    va_end(args);
    PyObject *error = pyma_error_take();
    PyException_SetCause(error, cause);
    pyma_error_restore(error);
}

bool
pyma_is_refusal(void)
{
    return PyErr_ExceptionMatches(PyExc_Exception) && !PyErr_ExceptionMatches(PyExc_MemoryError);
}

bool
pyma_is_own_refusal(pyma_state *state)
{
    return pyma_is_refusal() && PyErr_ExceptionMatches(state->ArrowException);
}

int
pyma_drop_refusal(void)
{
    if (!pyma_is_refusal()) {
        return -1;
    }
    PyErr_Clear();
    return 0;
}

/* ---- from the core's errors ---- */

static PyObject *
class_of(const pyma_state *state, ma_status status)
{
    switch (status) {
    case MA_NOMEM:
        return state->ArrowMemoryError;
    case MA_UNSUPPORTED:
        return state->ArrowNotImplementedError;
    case MA_IO:
        return PyExc_OSError;
    case MA_OK:
    case MA_NEED_MORE:
    case MA_END:
    case MA_INVALID:
    case MA_LIMIT:
        return state->ArrowInvalid;
    }
    return state->ArrowInvalid;
}

/* "text (where; message 3 at byte 8456)", with what is known of it. */
static PyObject *
sentence(const ma_error *err)
{
    ma_text text;
    ma_text_init(&text);
    ma_text_add_bytes(&text, err->text, (int64_t)strlen(err->text));
    const char *before = " (";
    if (err->where[0] != '\0') {
        ma_text_add(&text, "%s", before);
        ma_text_add_bytes(&text, err->where, (int64_t)strlen(err->where));
        before = "; ";
    }
    if (err->message >= 0) {
        ma_text_add(&text, "%smessage %lld", before, (long long)err->message);
        before = " at ";
    }
    if (err->offset >= 0) {
        ma_text_add(&text, "%sbyte %lld", before, (long long)err->offset);
        before = "";
    }
    ma_text_add(&text, before[0] == ' ' && before[1] == '(' ? "" : ")");
    return pyma_text_take(&text);
}

static int
set_number(PyObject *error, const char *name, int64_t number)
{
    if (number < 0) {
        return 0; /* the class says None */
    }
    PyObject *value = PyLong_FromLongLong(number);
    const int failed = value == NULL || PyObject_SetAttrString(error, name, value) < 0;
    Py_XDECREF(value);
    return failed ? -1 : 0;
}

static int
set_path(PyObject *error, const char *where)
{
    if (where[0] == '\0') {
        return 0;
    }
    PyObject *value = PyUnicode_DecodeUTF8(where, (Py_ssize_t)strlen(where), "replace");
    const int failed = value == NULL || PyObject_SetAttrString(error, "path", value) < 0;
    Py_XDECREF(value);
    return failed ? -1 : 0;
}

PyObject *
pyma_raise(pyma_state *state, const ma_error *err)
{
    if (PyErr_Occurred()) {
        return NULL;
    }
    PyObject *type = class_of(state, err->status);
    PyObject *text = sentence(err);
    if (text == NULL) {
        return NULL;
    }
    PyObject *error = err->status == MA_IO ? PyObject_CallFunction(type, "iO", err->sys_errno, text)
                                           : PyObject_CallOneArg(type, text);
    Py_DECREF(text);
    if (error == NULL) {
        return NULL;
    }
    if (err->status == MA_IO || (set_number(error, "offset", err->offset) == 0 &&
                                 set_number(error, "message_number", err->message) == 0 &&
                                 set_path(error, err->where) == 0)) {
        PyErr_SetObject((PyObject *)Py_TYPE(error), error);
    }
    Py_DECREF(error);
    return NULL;
}
