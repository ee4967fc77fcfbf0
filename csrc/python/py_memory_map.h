/* Files mapped into memory. */
#ifndef PYMA_MEMORY_MAP_H
#define PYMA_MEMORY_MAP_H

#include "python/py_descriptor.h"

/* Map a regular file (`is_regular`) as it is now; one without bytes is an empty buffer. The mapping
 * stays as long as any part of it is referenced, whatever becomes of the file's name or the
 * descriptor.
 *
 * A file that becomes shorter while it is mapped ends the process (SIGBUS) when what was lost is
 * touched, as with every mapping. Who cannot rule that out reads the file instead:
 * memory_map=False. -1 with an exception. */
int
pyma_map(const pyma_descriptor *file, ma_buffer *out);

#endif
