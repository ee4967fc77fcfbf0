/* NativeFile: what BufferReader, BufferOutputStream, MemoryMappedFile and OSFile have in common.
 *
 * The class has pyarrow's methods; they take their arguments apart and leave the work to the
 * functions that each kind of file lists. */
#ifndef PYMA_NATIVE_FILE_H
#define PYMA_NATIVE_FILE_H

#include "python/py_state.h"

/* What a kind of file does. One that is closed answers ValueError (pyma_file_fail_closed). -1 is
 * always a failure with an exception. NULL: such a file can't do that. All are called with the
 * GIL. */
typedef struct pyma_file_kind {
    bool (*closed)(PyObject *op);
    int (*close)(PyObject *op); /* idempotent */

    /* Bytes from the position on, which moves behind them: fewer than `size` only at the end. */
    int64_t (*read)(PyObject *op, uint8_t *target, int64_t size);
    int64_t (*read_at)(PyObject *op, int64_t offset, uint8_t *target, int64_t size);
    /* The same as a new reference to memory that is there already. */
    int (*view)(PyObject *op, int64_t size, ma_buffer *out);
    int (*write)(PyObject *op, const uint8_t *data, int64_t size);

    /* Bytes between the position and the end in `*out`, -1 when nobody knows. */
    int (*left)(PyObject *op, int64_t *out);
    int64_t (*size)(PyObject *op);
    int64_t (*tell)(PyObject *op);
    int64_t (*seek)(PyObject *op, int64_t offset, int whence);
    int64_t (*fileno)(PyObject *op);
} pyma_file_kind;

/* Each kind's struct begins with this. Set when it is made, and never changed. */
typedef struct pyma_native_file {
    PyObject_HEAD
    const pyma_file_kind *kind;
    const char *mode; /* "rb", "wb" or "ab" */
    bool seekable;
    PyObject *weakrefs;
} pyma_native_file;

static inline bool
pyma_file_is_readable(PyObject *op)
{
    return ((pyma_native_file *)op)->mode[0] == 'r';
}

/* ValueError, as Python's own files have it; -1. */
int
pyma_file_fail_closed(void);
/* io.UnsupportedOperation; -1. */
int
pyma_file_fail_unsupported(const char *text);

/* For tp_dealloc of a kind, after it has let go of what is its own. */
void
pyma_file_dealloc(PyObject *op);

#endif
