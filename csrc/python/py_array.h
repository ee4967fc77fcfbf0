/* What the files of the array type share. */
#ifndef PYMA_ARRAY_H
#define PYMA_ARRAY_H

#include "python/py_state.h"

/* The extension type of an Array object; borrowed, NULL for a plain one. */
PyObject *
pyma_array_extension(PyObject *array);

/* The DataType of an array whose extension type is `type` (NULL for none): a new reference. */
PyObject *
pyma_array_type(pyma_state *state, const ma_array *array, PyObject *type);

/* Wrap a child, whose field may name an extension type; takes over the array. */
PyObject *
pyma_array_wrap_child(pyma_state *state, ma_array *array, const ma_field *field);

/* Whether a row is null, also by way of a union's child or a run's value. */
bool
pyma_array_row_is_null(const ma_array *array, int64_t row);

/* Bytes of the buffers that the rows of a checked array take. */
int64_t
pyma_array_nbytes(const ma_array *array);

/* Wrap rows [offset, offset + length) under the same type as `op`. */
PyObject *
pyma_array_slice(PyObject *op, int64_t offset, int64_t length);

/* pyarrow's name of the class for a type, without "Array" or "Scalar": "Int64", "LargeList". */
const char *
pyma_type_class_name(ma_type_id id);

/* The buffer protocol (py_array_view.c). */
int
Array_bf_getbuffer(PyObject *op, Py_buffer *view, int flags);
void
Array_bf_releasebuffer(PyObject *op, Py_buffer *view);

/* Parse slice(offset=0, length=None) for something of `rows` rows: a range inside it. False:
 * exception. */
bool
pyma_slice_args(PyObject *args, PyObject *kwargs, char **keywords, int64_t rows, int64_t *offset,
                int64_t *length);

#endif
