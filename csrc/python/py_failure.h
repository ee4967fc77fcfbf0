/* What is said when a system call failed. */
#ifndef PYMA_FAILURE_H
#define PYMA_FAILURE_H

#include "python/py_compat.h"

#include <errno.h>
#include <stdbool.h>

static inline bool
pyma_is_would_block(int code)
{
    return code == EAGAIN || code == EWOULDBLOCK;
}

/* Whether the same may succeed later. */
static inline bool
pyma_is_for_now(int code)
{
    return pyma_is_would_block(code) || code == ETIMEDOUT || code == EINTR;
}

/* Raise the OSError of an errno; `name`, which may be NULL, is the file's. */
static inline void
pyma_raise_errno(int code, PyObject *name)
{
    errno = code;
    (void)PyErr_SetFromErrnoWithFilenameObject(PyExc_OSError, name);
}

/* BlockingIOError with a text that says how to go on. */
static inline void
pyma_raise_would_block(int code, const char *text)
{
    PyObject *error = PyObject_CallFunction(PyExc_BlockingIOError, "is", code, text);
    if (error != NULL) {
        PyErr_SetObject(PyExc_BlockingIOError, error);
        Py_DECREF(error);
    }
}

#endif
