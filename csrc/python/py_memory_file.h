/* A file whose bytes are memory: BufferReader and MemoryMappedFile. */
#ifndef PYMA_MEMORY_FILE_H
#define PYMA_MEMORY_FILE_H

#include "python/py_mutex.h"
#include "python/py_native_file.h"

/* The struct of such objects; its fields are for py_memory_file.c. */
typedef struct pyma_memory_file {
    pyma_native_file base;
    pyma_mutex lock;                    /* guards what follows */
    ma_buffer buffer;                   /* owned; without an address once closed */
    int64_t position;                   /* inside the buffer */
    struct pyma_descriptor *descriptor; /* owned; of a mapped file, until it is closed; else NULL */
    bool has_reader;                    /* a reader was opened on it */
} pyma_memory_file;

/* A new object of `type` over `buffer`, and over the descriptor that it was mapped from (NULL:
 * none); it takes both over, also on failure (NULL). */
PyObject *
pyma_memory_file_new(PyTypeObject *type, ma_buffer buffer, struct pyma_descriptor *descriptor);

void
pyma_memory_file_tp_dealloc(PyObject *op);

/* The descriptor behind a mapped file, as a new reference, for the first reader that asks: later
 * ones find the pages that they look at in the map. NULL for those, and for other memory. */
struct pyma_descriptor *
pyma_memory_file_take_descriptor(PyObject *op);

/* The memory, as a new reference, and the position in it. -1 with an exception when it is
 * closed. */
int
pyma_memory_file_get(PyObject *op, ma_buffer *out, int64_t *position);

/* Move the position; one that is outside goes to the end. */
void
pyma_memory_file_move(PyObject *op, int64_t position);

#endif
