/* The Arrow PyCapsule protocol over the C data and C stream interfaces (PyCapsuleInterface.rst). */
#ifndef PYMA_CAPSULE_H
#define PYMA_CAPSULE_H

#include "python/py_state.h"

/* Methods of the types that export themselves (py_capsule_export.c). */
PyObject *
pyma_capsule_of_type(PyObject *op, PyObject *ignored);
PyObject *
pyma_capsule_of_field(PyObject *op, PyObject *ignored);
PyObject *
pyma_capsule_of_schema(PyObject *op, PyObject *ignored);
PyObject *
pyma_capsules_of_array(PyObject *op, PyObject *args, PyObject *kwargs);
PyObject *
pyma_capsules_of_batch(PyObject *op, PyObject *args, PyObject *kwargs);

#define PYMA_CAPSULE_SCHEMA_METHOD(function)                                                  \
    {                                                                                         \
        "__arrow_c_schema__", function, METH_NOARGS,                                          \
            PyDoc_STR(                                                                        \
                "__arrow_c_schema__($self)\n--\n\nA capsule with a C data interface schema.") \
    }

#define PYMA_CAPSULE_ARRAY_METHOD(function)                                                        \
    {                                                                                              \
        "__arrow_c_array__", (PyCFunction)(void (*)(void))function, METH_VARARGS | METH_KEYWORDS,  \
            PyDoc_STR(                                                                             \
                "__arrow_c_array__($self, requested_schema=None)\n--\n\n"                          \
                "Capsules with a C data interface schema and array, without a copy.\n\n"           \
                "`requested_schema` is honoured where it changes names, nullability or metadata, " \
                "but no value.")                                                                   \
    }

/* Import (py_capsule_import.c): new references; NULL with an exception. An array of an object
 * with `__arrow_c_array__` or `__arrow_c_stream__` (whose chunks are joined); a field or schema
 * of one with `__arrow_c_schema__`. */
PyObject *
pyma_array_from_capsules(pyma_state *state, PyObject *object);
ma_field *
pyma_field_from_capsule(pyma_state *state, PyObject *object);
ma_schema *
pyma_schema_from_capsule(pyma_state *state, PyObject *object);

/* Whether the type of an object has such a method; looks at the type only, so it runs no code. */
static inline bool
pyma_has_capsules(PyObject *object, const char *method)
{
    return PyObject_HasAttrString((PyObject *)Py_TYPE(object), method);
}

#endif
