/* Text between the core's bytes and Python's str. */
#include "python/py_state.h"

PyObject *
pyma_text_to_str(const char *data, int64_t size)
{
    return PyUnicode_DecodeUTF8(data, (Py_ssize_t)size, "surrogateescape");
}

int
pyma_text_from(PyObject *object, const char *what, ma_bytes *out, PyObject **owner)
{
    if (PyBytes_Check(object)) {
        *out = (ma_bytes){PyBytes_AS_STRING(object), PyBytes_GET_SIZE(object)};
        *owner = Py_NewRef(object);
        return 0;
    }
    if (!PyUnicode_Check(object)) {
        PyErr_Format(PyExc_TypeError, "%s is a str or bytes, not %.200s", what,
                     Py_TYPE(object)->tp_name);
        return -1;
    }
    if (PyUnicode_IS_ASCII(object)) {
        *out = (ma_bytes){PyUnicode_DATA(object), PyUnicode_GET_LENGTH(object)};
        *owner = Py_NewRef(object);
        return 0;
    }
    PyObject *bytes = PyUnicode_AsEncodedString(object, "utf-8", "surrogateescape");
    if (bytes == NULL) {
        return -1;
    }
    *out = (ma_bytes){PyBytes_AS_STRING(bytes), PyBytes_GET_SIZE(bytes)};
    *owner = bytes;
    return 0;
}

PyObject *
pyma_text_take(ma_text *text)
{
    PyObject *str = text->failed ? PyErr_NoMemory()
                                 : PyUnicode_DecodeUTF8(text->data != NULL ? text->data : "",
                                                        (Py_ssize_t)text->size, "replace");
    ma_text_fini(text);
    return str;
}
