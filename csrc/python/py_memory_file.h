/* A file whose bytes are memory: BufferReader and MemoryMappedFile. */
#ifndef PYMA_MEMORY_FILE_H
#define PYMA_MEMORY_FILE_H

#include "python/py_mutex.h"
#include "python/py_native_file.h"

/* A new object of `type` over `buffer`, which it takes over, also on failure (NULL). */
PyObject *
pyma_memory_file_new(PyTypeObject *type, ma_buffer buffer);

/* The memory, as a new reference, and the position in it. -1 with an exception when it is closed. */
int
pyma_memory_file_get(PyObject *op, ma_buffer *out, int64_t *position);

/* Move the position, which lies inside; nothing if the file was closed meanwhile. */
void
pyma_memory_file_move(PyObject *op, int64_t position);

#endif
