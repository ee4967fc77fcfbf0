/* The ways from whatever Python has to an array, shared by the files py_make*.c. */
#ifndef PYMA_MAKE_H
#define PYMA_MAKE_H

#include "python/py_convert.h"

/* The arguments of `array`, checked. */
typedef struct pyma_request {
    PyObject *values; /* borrowed */
    PyObject *type;   /* borrowed; a DataType, or NULL */
    PyObject *mask;   /* borrowed; or NULL */
    Py_ssize_t size;  /* of iterators, at most; -1 for all */
    int from_pandas;  /* -1: only when the values are pandas' */
    bool safe;
} pyma_request;

/* The array that is asked for; a new reference. */
PyObject *
pyma_make(pyma_state *state, const pyma_request *wanted);

/* ---- arrays of parts (py_make_parts.c) ---- */

/* pandas' Categorical: codes and categories, with the codes' own memory; `nulls` is a mask. */
PyObject *
pyma_array_of_dictionary(pyma_state *state, const pyma_request *wanted, PyObject *parts,
                         PyObject *nulls, bool ordered);

/* numpy's structured array: names, columns and how many rows there are. */
PyObject *
pyma_array_of_struct(pyma_state *state, const pyma_request *wanted, PyObject *parts,
                     const pyma_mask *nulls);

#endif
