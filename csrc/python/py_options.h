/* What a user tells readers and writers, as the core takes it. */
#ifndef PYMA_OPTIONS_H
#define PYMA_OPTIONS_H

#include "core/ipc/options.h"
#include "core/ipc/plan.h"
#include "python/py_state.h"

typedef struct pyma_read_options {
    ma_limits limits;
    PyObject *columns; /* borrowed; NULL for all */
    bool memory_map;
} pyma_read_options;

/* From `options` (None, or an object with the attributes of minarrow.ipc.IpcReadOptions) and
 * `columns` (None, or an iterable of names, paths and indices). -1 with an exception. */
int
pyma_read_options_from(PyObject *options, PyObject *columns, pyma_read_options *out);

/* The picks that `columns` names in the schema. -1 with an exception. */
int
pyma_picks_from(pyma_state *state, PyObject *columns, ma_schema *schema, ma_picks *out);

/* From None, or an object with the attributes of minarrow.ipc.IpcWriteOptions. -1 with an
 * exception. */
int
pyma_write_options_from(PyObject *options, ma_write_options *out);

#endif
