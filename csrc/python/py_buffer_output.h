/* BufferOutputStream, for the sink. */
#ifndef PYMA_BUFFER_OUTPUT_H
#define PYMA_BUFFER_OUTPUT_H

#include "python/py_state.h" /* first */

#include "core/data/segment.h"

/* Append all segments, or nothing. -1 with an exception: MemoryError, or ValueError when it is
 * closed. */
int
pyma_buffer_output_write(PyObject *op, const ma_segment *segments, int64_t count);

#endif
