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

/* ---- masks (py_make_mask.c) ---- */

/* A byte for each value, not 0 where it is to be null. */
typedef struct pyma_mask {
    pyma_state *state;
    uint8_t *bytes; /* owned, from PyMem_Malloc; NULL without a mask */
    Py_ssize_t count;
} pyma_mask;

/* From a boolean array or a list of bool; NULL or None for no mask. -1 with an exception; the
 * bytes are to be freed also then. */
int
pyma_mask_init(pyma_state *state, PyObject *object, pyma_mask *self);

/* ArrowInvalid unless there is no mask or it has `count` items. */
int
pyma_mask_check(const pyma_mask *self, Py_ssize_t count);

/* Both masks in the first. */
int
pyma_mask_join(pyma_mask *self, pyma_mask *other);

/* ---- arrays of parts (py_make_parts.c) ---- */

/* pandas' Categorical: codes and categories, with the codes' own memory; `nulls` is a mask. */
PyObject *
pyma_array_of_dictionary(pyma_state *state, const pyma_request *wanted, PyObject *parts,
                         PyObject *nulls, bool ordered);

/* numpy's structured array: names and columns. */
PyObject *
pyma_array_of_struct(pyma_state *state, const pyma_request *wanted, PyObject *parts,
                     const pyma_mask *nulls);

#endif
