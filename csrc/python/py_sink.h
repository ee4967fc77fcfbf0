/* Where bytes go: a growing block, a descriptor, a socket, or a Python object with `write`. */
#ifndef PYMA_SINK_H
#define PYMA_SINK_H

#include "core/data/segment.h"
#include "python/py_state.h"

typedef struct pyma_sink pyma_sink;

/* Open what a user hands to a writer: BufferOutputStream, OSFile, a path (created or truncated), a file
 * descriptor (int), a socket, or an object with `write`. NULL with an exception. */
pyma_sink *
pyma_sink_open(pyma_state *state, PyObject *object);

/* Write all segments, in order and whole. Retries short writes and EINTR; a non-blocking end that would
 * block fails with BlockingIOError; a closed sink says so. Gathers segments into few calls (writev,
 * sendmsg; for `write`, small ones are joined, large ones are passed as read-only memoryviews that keep
 * nothing alive after the call: copies where the object might keep them). -1 with an exception;
 * `*written` counts the bytes that are known to have gone out, also then. */
int
pyma_sink_write(pyma_sink *self, const ma_segment *segments, int64_t count, int64_t *written);

/* Pass on what is buffered (`flush` of an object that has one). -1 with an exception. */
int
pyma_sink_flush(pyma_sink *self);

/* Close what pyma_sink_open opened (never the caller's own file). -1 with an exception; closed all the
 * same. */
int
pyma_sink_close(pyma_sink *self);

/* Close without an exception and free; takes NULL. */
void
pyma_sink_free(pyma_sink *self);

/* Whether writing runs Python code (an object's `write`), during which no lock may be held. */
bool
pyma_sink_is_python(const pyma_sink *self);

int
pyma_sink_traverse(pyma_sink *self, visitproc visit, void *arg);

#endif
