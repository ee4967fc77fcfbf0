/* What is inside an array: buffers, children, offsets, dictionaries. These are methods of Array,
 * listed here for its tables. */
#ifndef PYMA_ARRAY_PARTS_H
#define PYMA_ARRAY_PARTS_H

#include "python/py_array.h"

/* In py_array_assemble.c. */
PyObject *
Array_from_buffers(PyObject *class, PyObject *args, PyObject *kwargs);
PyObject *
Array_buffers(PyObject *op, PyObject *ignored);
PyObject *
Array_get_total_buffer_size(PyObject *op, PyObject *ignored);
PyObject *
Array_field(PyObject *op, PyObject *key);
PyObject *
Array_flatten(PyObject *op, PyObject *args, PyObject *kwargs);
PyObject *
Array_get_nbytes(PyObject *op, void *closure);
/* The parts that only some types have; `name` says which. */
PyObject *
Array_get_part(PyObject *op, void *name);

#define PYMA_ARRAY_PARTS_METHODS                                                                  \
    {"from_buffers", (PyCFunction)(void (*)(void))Array_from_buffers,                             \
     METH_VARARGS | METH_KEYWORDS | METH_CLASS,                                                   \
     PyDoc_STR("from_buffers($type, /, type, length, buffers, null_count=-1, offset=0, "          \
               "children=None, dictionary=None, full=False)\n--\n\n"                              \
               "An array over Buffers (None for a validity bitmap that is not there), in the "    \
               "order of buffers().\n\nfull -- check what the values point to now, not on "       \
               "first use")},                                                                     \
        {"buffers", Array_buffers, METH_NOARGS,                                                   \
         PyDoc_STR("buffers($self, /)\n--\n\nThe buffers of the array and, behind them, its "     \
                   "children's; None for a validity bitmap that is not there.")},                 \
        {"get_total_buffer_size", Array_get_total_buffer_size, METH_NOARGS,                       \
         PyDoc_STR("get_total_buffer_size($self, /)\n--\n\nBytes of all buffers, also of what a " \
                   "slice leaves out.")},                                                         \
        {"field", Array_field, METH_O,                                                            \
         PyDoc_STR("field($self, index, /)\n--\n\nThe child with this number or, of a struct, "   \
                   "name.")},                                                                     \
        {"flatten", (PyCFunction)(void (*)(void))Array_flatten, METH_VARARGS | METH_KEYWORDS,     \
         PyDoc_STR(                                                                               \
             "flatten($self, /)\n--\n\nThe items of all lists that are not null, one behind "     \
             "the other; of a struct, the list of its fields with the struct's nulls.")},

#define PYMA_ARRAY_PART(name, doc) {name, Array_get_part, NULL, PyDoc_STR(doc), name},

#define PYMA_ARRAY_PARTS_GETSET                                                                    \
    {"nbytes", Array_get_nbytes, NULL, PyDoc_STR("Bytes that the rows take."), NULL},              \
        PYMA_ARRAY_PART("values",                                                                  \
                        "The child of lists, or the values of runs, slices disregarded.")          \
            PYMA_ARRAY_PART("offsets", "Where each list, or each row of a dense union, begins.")   \
                PYMA_ARRAY_PART("sizes", "How long each list of a list view is.")                  \
                    PYMA_ARRAY_PART("keys", "The keys of all maps.")                               \
                        PYMA_ARRAY_PART("items", "The values of all maps.") PYMA_ARRAY_PART(       \
                            "type_codes", "Which child of a union each row is in, by its number.") \
                            PYMA_ARRAY_PART("run_ends", "Where each run ends.")                    \
                                PYMA_ARRAY_PART("indices", "Indices into the dictionary.")         \
                                    PYMA_ARRAY_PART("dictionary", "The dictionary's values.")      \
                                        PYMA_ARRAY_PART(                                           \
                                            "storage",                                             \
                                            "The array that an extension array is stored as.")

#endif
