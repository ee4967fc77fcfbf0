/* OSFile, for sources and sinks. */
#ifndef PYMA_OS_FILE_H
#define PYMA_OS_FILE_H

#include "python/py_descriptor.h"

/* The open descriptor, a new reference. NULL with ValueError when the file is closed. */
pyma_descriptor *
pyma_os_file_get(PyObject *op);

/* A new OSFile; `mode` is "r", "rb", "w", "wb", "a" or "ab". NULL with an exception. */
PyObject *
pyma_os_file_open(pyma_state *state, PyObject *path, const char *mode);

#endif
