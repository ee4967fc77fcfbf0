/* What belongs to one interpreter: the heap types, the exceptions, and what was imported for use.
 * Every file of the binding includes this first; it brings Python.h and the core's nouns. */
#ifndef PYMA_STATE_H
#define PYMA_STATE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "core/base/status.h"
#include "core/data/array.h"
#include "core/data/batch.h"
#include "core/types/schema.h"

typedef struct pyma_state {
    /* heap types, one file each */
    PyTypeObject *Buffer;
    PyTypeObject *DataType;
    PyTypeObject *Field;
    PyTypeObject *Schema;
    PyTypeObject *Array;
    PyTypeObject *Scalar;
    PyTypeObject *RecordBatch;
    PyTypeObject *BufferReader;
    PyTypeObject *BufferOutputStream;
    PyTypeObject *MemoryMappedFile;
    PyTypeObject *OSFile;
    PyTypeObject *StreamReader;
    PyTypeObject *FileReader;
    PyTypeObject *StreamWriter;
    PyTypeObject *FileWriter;
    PyTypeObject *StreamDecoder;

    /* exceptions */
    PyObject *ArrowException;
    PyObject *ArrowInvalid;
    PyObject *ArrowTypeError;
    PyObject *ArrowKeyError;
    PyObject *ArrowIndexError;
    PyObject *ArrowNotImplementedError;
    PyObject *ArrowMemoryError;

    PyObject *extension_types; /* dict: name (str) -> registered ExtensionType subclass or instance */
    PyObject *simple_types[MA_TYPE_DICTIONARY + 1]; /* DataType of each type without parameters */

    /* modules and things from them, imported when they are first needed (pyma_import) */
    PyObject *datetime;
    PyObject *Decimal;
    PyObject *zoneinfo;
    PyObject *MonthDayNano;
} pyma_state;

extern struct PyModuleDef pyma_module;

static inline pyma_state *
pyma_state_of_module(PyObject *module)
{
    return (pyma_state *)PyModule_GetState(module);
}

/* The state behind a type of ours, or of a Python class derived from one. */
static inline pyma_state *
pyma_state_of_type(PyTypeObject *type)
{
    PyObject *module = PyType_GetModuleByDef(type, &pyma_module); /* borrowed */
    return module != NULL ? pyma_state_of_module(module) : NULL;
}

static inline pyma_state *
pyma_state_of(PyObject *object)
{
    return pyma_state_of_type(Py_TYPE(object));
}

/* ---- errors (py_errors.c) ---- */

/* Raise what `err` says: ArrowInvalid, ArrowNotImplementedError, MemoryError, OSError ..., with the
 * attributes `offset`, `path` and `message_number` (None where unknown). If a Python exception is set
 * already (a callback's), that one stays. Always returns NULL. */
PyObject *
pyma_raise(pyma_state *state, const ma_error *err);

/* ---- wrapping: each takes over its argument's reference, also on failure (NULL) ---- */

PyObject *
pyma_buffer_wrap(pyma_state *state, ma_buffer buffer);
PyObject *
pyma_type_wrap(pyma_state *state, ma_type *type);
PyObject *
pyma_field_wrap(pyma_state *state, ma_field *field);
PyObject *
pyma_schema_wrap(pyma_state *state, ma_schema *schema);
/* `type` is borrowed: the Python DataType, where it is more than the core's (an extension type); NULL
 * to make it from the array. */
PyObject *
pyma_array_wrap(pyma_state *state, ma_array *array, PyObject *type);
PyObject *
pyma_batch_wrap(pyma_state *state, ma_batch *batch);
/* A (bytes -> bytes) dict of metadata, as pyarrow shows it; None for NULL. Borrows. */
PyObject *
pyma_metadata_to_dict(const ma_metadata *metadata);

/* The DataType of a field: the registered extension type that its metadata names, else the type of its
 * storage. Borrows. */
PyObject *
pyma_field_type(pyma_state *state, const ma_field *field);

/* ---- unwrapping: borrowed from the object; NULL with TypeError when it is something else ---- */

ma_type *
pyma_type_get(pyma_state *state, PyObject *object);
ma_field *
pyma_field_get(pyma_state *state, PyObject *object);
ma_schema *
pyma_schema_get(pyma_state *state, PyObject *object);
ma_array *
pyma_array_get(pyma_state *state, PyObject *object);
ma_batch *
pyma_batch_get(pyma_state *state, PyObject *object);
/* Metadata from None, a mapping or an iterable of pairs of str or bytes. -1 with an exception. */
int
pyma_metadata_from(PyObject *object, ma_metadata **out);

/* ---- memory of Python objects (py_block.c) ---- */

/* A buffer over an object that speaks the buffer protocol (C-contiguous bytes, whatever its format); it
 * keeps the object's export alive, and lets go of it from any thread, with or without the GIL, also after
 * the interpreter has ended. -1 with an exception. */
int
pyma_buffer_from_object(PyObject *object, ma_buffer *out);

/* A reference to `object` (taken over) as a block, released in the same safe way. NULL: exception. */
ma_block *
pyma_block_of_object(PyObject *object);

#endif
