/* What the files of the record batch share; its methods that make other batches are listed here for
 * the type's tables (py_batch_make.c). */
#ifndef PYMA_BATCH_H
#define PYMA_BATCH_H

#include "python/py_state.h"

/* Column `i` (0 <= i < n_fields), built if need be without the GIL: borrowed from the batch, NULL
 * with an exception. */
ma_array *
pyma_batch_column(pyma_state *state, ma_batch *batch, int32_t i);

/* The same as a Python Array. */
PyObject *
pyma_batch_column_wrap(pyma_state *state, ma_batch *batch, int32_t i);

PyObject *
Batch_from_arrays(PyObject *type, PyObject *args, PyObject *kwargs);
PyObject *
Batch_from_pydict(PyObject *type, PyObject *args, PyObject *kwargs);
PyObject *
Batch_from_pylist(PyObject *type, PyObject *args, PyObject *kwargs);
PyObject *
Batch_from_pandas(PyObject *type, PyObject *args, PyObject *kwargs);
PyObject *
Batch_select(PyObject *op, PyObject *columns);
PyObject *
Batch_rename_columns(PyObject *op, PyObject *names);
PyObject *
Batch_add_column(PyObject *op, PyObject *args);
PyObject *
Batch_append_column(PyObject *op, PyObject *args);
PyObject *
Batch_set_column(PyObject *op, PyObject *args);
PyObject *
Batch_remove_column(PyObject *op, PyObject *i);
PyObject *
Batch_drop_columns(PyObject *op, PyObject *columns);
PyObject *
Batch_replace_schema_metadata(PyObject *op, PyObject *args);

#define PYMA_BATCH_KEYWORDS(function, flags) \
    (PyCFunction)(void (*)(void)) function, METH_VARARGS | METH_KEYWORDS | (flags)

#define PYMA_BATCH_MAKE_METHODS                                                                   \
    {"from_arrays", PYMA_BATCH_KEYWORDS(Batch_from_arrays, METH_CLASS),                           \
     PyDoc_STR("from_arrays($type, /, arrays, names=None, schema=None, metadata=None)\n--\n\n"    \
               "A batch of Arrays (or what array() takes) of the same length.\n\n"                \
               "names -- their names; or\n"                                                       \
               "schema -- a Schema with names, types and metadata\n"                              \
               "metadata -- of the schema, if names are given")},                                 \
        {"from_pydict", PYMA_BATCH_KEYWORDS(Batch_from_pydict, METH_CLASS),                       \
         PyDoc_STR("from_pydict($type, /, mapping, schema=None, metadata=None)\n--\n\n"           \
                   "A batch of a dict of names to columns.")},                                    \
        {"from_pylist", PYMA_BATCH_KEYWORDS(Batch_from_pylist, METH_CLASS),                       \
         PyDoc_STR(                                                                               \
             "from_pylist($type, /, mapping, schema=None, metadata=None)\n--\n\n"                 \
             "A batch of a list of dicts, one a row; the first one's keys, or the schema, are "   \
             "the columns.")},                                                                    \
        {"from_pandas", PYMA_BATCH_KEYWORDS(Batch_from_pandas, METH_CLASS),                       \
         PyDoc_STR("from_pandas($type, /, df, schema=None, preserve_index=None, nthreads=None, "  \
                   "columns=None)\n--\n\nA batch of a pandas DataFrame.")},                       \
        {"select", Batch_select, METH_O,                                                          \
         PyDoc_STR("select($self, columns, /)\n--\n\nA batch of these columns, given by name or " \
                   "number, in this order.")},                                                    \
        {"rename_columns", Batch_rename_columns, METH_O,                                          \
         PyDoc_STR(                                                                               \
             "rename_columns($self, names, /)\n--\n\nThe same columns under other names: a list " \
             "of all, or a dict of old to new.")},                                                \
        {"add_column", Batch_add_column, METH_VARARGS,                                            \
         PyDoc_STR(                                                                               \
             "add_column($self, i, field, column, /)\n--\n\nA batch with one column more, at i; " \
             "field is a name or a Field.")},                                                     \
        {"append_column", Batch_append_column, METH_VARARGS,                                      \
         PyDoc_STR(                                                                               \
             "append_column($self, field, column, /)\n--\n\nA batch with one column more at the " \
             "end.")},                                                                            \
        {"set_column", Batch_set_column, METH_VARARGS,                                            \
         PyDoc_STR(                                                                               \
             "set_column($self, i, field, column, /)\n--\n\nA batch with another column at i.")}, \
        {"remove_column", Batch_remove_column, METH_O,                                            \
         PyDoc_STR("remove_column($self, i, /)\n--\n\nA batch without column i.")},               \
        {"drop_columns", Batch_drop_columns, METH_O,                                              \
         PyDoc_STR("drop_columns($self, columns, /)\n--\n\nA batch without the columns of these " \
                   "names.")},                                                                    \
        {"replace_schema_metadata", Batch_replace_schema_metadata, METH_VARARGS,                  \
         PyDoc_STR(                                                                               \
             "replace_schema_metadata($self, metadata=None, /)\n--\n\nThe same columns under a "  \
             "schema with this metadata.")},

#endif
