/* Record batches from another library's C stream. */
#ifndef PYMA_BATCH_STREAM_H
#define PYMA_BATCH_STREAM_H

#include "core/cdata/abi.h"
#include "python/py_state.h"

/* A tuple of the Schema and an iterator over the batches of a stream, which it takes over, also on
 * failure. `wanted` (NULL for none) is what they are to be, if that changes no value. */
PyObject *
pyma_batch_stream_new(pyma_state *state, struct ArrowArrayStream *in, ma_schema *wanted);

/* Release a stream, without the GIL: its producer may wait for a thread that needs it. */
void
pyma_release_stream(struct ArrowArrayStream *stream);

#endif
