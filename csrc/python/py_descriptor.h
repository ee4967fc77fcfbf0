/* A descriptor of the operating system: counted, so that whoever closes it does not pull it away
 * from under a thread that is still reading.
 *
 * Functions that read or write let go of the GIL around system calls, go on after interruptions
 * (Python's signal handlers run in between) and short counts, and fail with OSError or its kin,
 * with the file's name where it has one. A descriptor in non-blocking mode that would block fails
 * with BlockingIOError. */
#ifndef PYMA_DESCRIPTOR_H
#define PYMA_DESCRIPTOR_H

#include "python/py_os.h"

typedef struct pyma_descriptor {
    ma_refs refs;
    int fd;
    bool owned;      /* closed with the last reference */
    bool is_regular; /* has a size and positions */
    PyObject *name;  /* owned; what os.fspath gave; NULL for one that came as a number */
} pyma_descriptor;

/* Open a path (str, bytes or os.PathLike). A directory is an IsADirectoryError. NULL with an
 * exception. */
pyma_descriptor *
pyma_descriptor_open(PyObject *path, pyma_os_mode mode);

/* The descriptor that an int stands for, which stays the caller's. NULL with an exception. */
pyma_descriptor *
pyma_descriptor_from_number(PyObject *number);

static inline pyma_descriptor *
pyma_descriptor_ref(pyma_descriptor *self)
{
    ma_refs_add(&self->refs);
    return self;
}

/* Drop a reference; takes NULL. With the last one an owned descriptor is closed: -1 with an
 * exception when that failed (it is closed all the same). */
int
pyma_descriptor_close(pyma_descriptor *self);
/* The same without an exception; keeps a current one. */
void
pyma_descriptor_unref(pyma_descriptor *self);

/* Bytes of a regular file as of now, else -1. Raises nothing. */
int64_t
pyma_descriptor_size(const pyma_descriptor *self);

/* Move the position and return it. -1 with an exception. */
int64_t
pyma_descriptor_seek(const pyma_descriptor *self, int64_t offset, int whence);

/* Read until `*done` is `size`; it stays below only at the end, or where reading fails after some
 * bytes. -1 with an exception. */
int
pyma_descriptor_read(const pyma_descriptor *self, uint8_t *target, int64_t size, int64_t *done);
/* Read `size` bytes at `offset`; fewer only at the end. -1 with an exception. */
int64_t
pyma_descriptor_read_at(const pyma_descriptor *self, int64_t offset, uint8_t *target, int64_t size);

/* Write everything. `*written` grows by what has gone out, also on failure. -1 with an
 * exception. */
int
pyma_descriptor_write(const pyma_descriptor *self, const ma_segment *segments, int64_t count,
                      int64_t *written);

#endif
