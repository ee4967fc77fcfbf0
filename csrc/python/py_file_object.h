/* Python objects that are read or written by their methods: what sources and sinks know about
 * them. */
#ifndef PYMA_FILE_OBJECT_H
#define PYMA_FILE_OBJECT_H

#include "python/py_state.h"

/* Whether the object is a path (a str, or with __fspath__), as opposed to an open file that knows
 * its path: 1, 0, or -1 with an exception. */
int
pyma_is_path(PyObject *object);

/* Whether an object is a file of Python's own io module, in C all the way down (open(path, "rb"),
 * io.BytesIO): its methods keep no reference to the memory that they are given, so it can be ours.
 * Any other object might keep one, and is given memory of its own; so might one of those, if any
 * of its methods was replaced. */
typedef struct pyma_plain_file {
    bool is_plain;
    PyObject *raw; /* owned; the file behind a buffered one, NULL for others */
} pyma_plain_file;

/* Of an object and the method that is to be called. -1 with an exception; pyma_plain_file_fini
 * takes it then, too. */
int
pyma_plain_file_init(pyma_plain_file *out, PyObject *object, PyObject *method);
void
pyma_plain_file_fini(pyma_plain_file *self);

/* Whether the method, whose name this is, can be given our memory now. */
bool
pyma_plain_file_can_borrow(const pyma_plain_file *self, PyObject *object, const char *name);

/* Whether the object derives from io.RawIOBase: 1, 0, or -1 with an exception. */
int
pyma_is_raw_file(PyObject *object);

/* The bound method, a new reference, or NULL: without an exception if there is none (or it is
 * None). */
PyObject *
pyma_find_method(PyObject *object, const char *name);

/* The count that `name`() returned, 0 to `most`; takes over `result`. None is a BlockingIOError:
 * nothing could be moved now. -1 with an exception. */
int64_t
pyma_take_count(PyObject *result, const char *name, int64_t most);

/* Call a method with a view of our memory that is gone afterwards. A new reference. */
PyObject *
pyma_call_with_memory(PyObject *method, const uint8_t *memory, int64_t size, bool writable);

/* The object's answer to seekable(); `otherwise` where it has no such method. -1 with an
 * exception. */
int
pyma_ask_seekable(PyObject *object, bool otherwise);

#endif
