/* Where bytes go: a growing block, a descriptor, a socket, or a Python object with `write`. */
#ifndef PYMA_SINK_H
#define PYMA_SINK_H

#include "python/py_state.h" /* first */

#include "core/data/segment.h"

typedef struct pyma_sink pyma_sink;

/* Open what a user hands to a writer: BufferOutputStream, OSFile, a path (str, bytes or
 * os.PathLike: created or emptied), a file descriptor (int), a socket, or an object with `write` or
 * `send`. NULL with an exception. */
pyma_sink *
pyma_sink_open(pyma_state *state, PyObject *object);

/* Write all segments, in order and whole. Goes on after short writes and EINTR; a non-blocking end
 * that would block fails with BlockingIOError; a closed sink says so. Gathers segments into few
 * calls (writev, sendmsg, large pieces for `write`); an object that might keep what it is given is
 * given copies. Called with the GIL, which it lets go of around system calls and large copies. -1
 * with an exception; `*written` counts the bytes that are known to have gone out, also then. */
int
pyma_sink_write(pyma_sink *self, const ma_segment *segments, int64_t count, int64_t *written);

/* Pass on what is buffered (`flush` of an object that has one). -1 with an exception. */
int
pyma_sink_flush(pyma_sink *self);

/* Close what pyma_sink_open opened (never the caller's own file). -1 with an exception; closed all
 * the same. Writing afterwards fails. */
int
pyma_sink_close(pyma_sink *self);

/* Close without an exception and free; takes NULL. Keeps a current exception. */
void
pyma_sink_free(pyma_sink *self);

/* Whether writing runs Python code (an object's `write`), during which no lock may be held. */
bool
pyma_sink_is_python(const pyma_sink *self);

int
pyma_sink_traverse(const pyma_sink *self, visitproc visit, void *arg);

#endif
