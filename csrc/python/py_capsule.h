/* The Arrow C data and C stream interfaces in Python: the PyCapsule protocol
 * (PyCapsuleInterface.rst), and pyarrow's older methods that take addresses of structs. */
#ifndef PYMA_CAPSULE_H
#define PYMA_CAPSULE_H

#include "core/cdata/abi.h"
#include "python/py_state.h"

/* ---- out (py_capsule_export.c, py_capsule_stream.c); `out` is released after a failure, which
 * raises and returns -1 ---- */

int
pyma_export_field(pyma_state *state, const ma_field *field, struct ArrowSchema *out);
int
pyma_export_schema(pyma_state *state, const ma_schema *schema, struct ArrowSchema *out);
int
pyma_export_array(pyma_state *state, ma_array *array, struct ArrowArray *out);
int
pyma_export_batch(pyma_state *state, ma_batch *batch, struct ArrowArray *out);

/* A field without a name, nullable, for a DataType or an Array object; an extension type adds its
 * metadata. */
ma_field *
pyma_field_of_type(pyma_state *state, PyObject *type);
ma_field *
pyma_field_of_array(pyma_state *state, PyObject *array);

/* Capsules: what nobody took out of one is released with it. */
PyObject *
pyma_capsule_of_field(pyma_state *state, const ma_field *field);
PyObject *
pyma_capsule_of_schema(pyma_state *state, const ma_schema *schema);

/* The field or schema in the capsule of a request; `*out` is NULL for None and NULL. -1 with an
 * exception. */
int
pyma_requested_field(pyma_state *state, PyObject *requested, ma_field **out);
int
pyma_requested_schema(pyma_state *state, PyObject *requested, ma_schema **out);

/* A capsule with a stream of the RecordBatches that a list, a tuple or an iterable gives. */
PyObject *
pyma_capsule_of_batches(pyma_state *state, PyObject *batches, ma_schema *schema,
                        PyObject *requested);

/* A capsule around a released struct of `size` bytes, which is put at `*content`. */
PyObject *
pyma_new_capsule(const char *name, size_t size, PyCapsule_Destructor destroy, void **content);

/* ---- in (py_capsule_import.c): new references; NULL with an exception. What the structs hold is
 * taken over, also on failure. `owner` is the capsule, or the address, that one comes from ---- */

/* Move a struct, whose place is then marked as released: of all who take it at the same time, one
 * gets it, be they threads or what runs when it is released. */
#define PYMA_TAKE(owner, from, to) \
    do {                           \
        (void)(owner);             \
        PYMA_BEGIN_LOCKED(owner)   \
        *(to) = *(from);           \
        (from)->release = NULL;    \
        PYMA_END_LOCKED()          \
    } while (0)

ma_field *
pyma_import_field(pyma_state *state, PyObject *owner, struct ArrowSchema *in);
ma_schema *
pyma_import_schema(pyma_state *state, PyObject *owner, struct ArrowSchema *in);
PyObject *
pyma_import_array(pyma_state *state, PyObject *owner, struct ArrowArray *in, const ma_field *field);
ma_batch *
pyma_import_batch(pyma_state *state, PyObject *owner, struct ArrowArray *in, ma_schema *schema);

/* Of an object with `__arrow_c_schema__`. */
ma_field *
pyma_field_from_capsule(pyma_state *state, PyObject *object);
ma_schema *
pyma_schema_from_capsule(pyma_state *state, PyObject *object);

/* An array of an object with `__arrow_c_array__`, or `__arrow_c_stream__`, whose chunks are joined.
 * The producer is asked for `type` (a DataType, NULL for none), and may give another one. */
PyObject *
pyma_array_from_capsules(pyma_state *state, PyObject *object, PyObject *type);

/* Whether the type of an object has such a method: 1, 0, or -1 with an exception. Looks at the type
 * only, so it runs no code of the object's. */
static inline int
pyma_has_capsules(PyObject *object, const char *method)
{
    return PyType_Check(object) ? 0 : pyma_has_attribute((PyObject *)Py_TYPE(object), method);
}

/* ---- methods of the types that speak all this (py_capsule_methods.c) ---- */

PyObject *
pyma_type_arrow_c_schema(PyObject *op, PyObject *ignored);
PyObject *
pyma_field_arrow_c_schema(PyObject *op, PyObject *ignored);
PyObject *
pyma_schema_arrow_c_schema(PyObject *op, PyObject *ignored);
PyObject *
pyma_batch_arrow_c_schema(PyObject *op, PyObject *ignored);
PyObject *
pyma_array_arrow_c_array(PyObject *op, PyObject *args, PyObject *kwargs);
PyObject *
pyma_batch_arrow_c_array(PyObject *op, PyObject *args, PyObject *kwargs);
PyObject *
pyma_batch_arrow_c_stream(PyObject *op, PyObject *args, PyObject *kwargs);

PyObject *
pyma_type_export_to_c(PyObject *op, PyObject *address);
PyObject *
pyma_field_export_to_c(PyObject *op, PyObject *address);
PyObject *
pyma_schema_export_to_c(PyObject *op, PyObject *address);
PyObject *
pyma_array_export_to_c(PyObject *op, PyObject *args, PyObject *kwargs);
PyObject *
pyma_batch_export_to_c(PyObject *op, PyObject *args, PyObject *kwargs);

PyObject *
pyma_type_import_from_c(PyObject *type, PyObject *in);
PyObject *
pyma_field_import_from_c(PyObject *type, PyObject *in);
PyObject *
pyma_schema_import_from_c(PyObject *type, PyObject *in);
PyObject *
pyma_array_import_from_c(PyObject *type, PyObject *args);
PyObject *
pyma_batch_import_from_c(PyObject *type, PyObject *args);
PyObject *
pyma_array_import_from_c_capsule(PyObject *type, PyObject *args);
PyObject *
pyma_batch_import_from_c_capsule(PyObject *type, PyObject *args);

#define PYMA_CAPSULE_SCHEMA_ROW(noun)                                                         \
    {"__arrow_c_schema__", pyma_##noun##_arrow_c_schema, METH_NOARGS,                         \
     PyDoc_STR(                                                                               \
         "__arrow_c_schema__($self)\n--\n\nA capsule with an ArrowSchema that says the same " \
         "(the Arrow PyCapsule protocol).")},

#define PYMA_CAPSULE_STREAM_ROW(noun)                                                          \
    {"__arrow_c_stream__", PYMA_CAPSULE_KEYWORDS(pyma_##noun##_arrow_c_stream),                \
     PyDoc_STR("__arrow_c_stream__($self, requested_schema=None)\n--\n\n"                      \
               "A capsule with an ArrowArrayStream that gives this once (the Arrow PyCapsule " \
               "protocol).")},

#define PYMA_CAPSULE_KEYWORDS(function) \
    (PyCFunction)(void (*)(void)) function, METH_VARARGS | METH_KEYWORDS

#define PYMA_CAPSULE_ARRAY_ROW(noun)                                                           \
    {"__arrow_c_array__", PYMA_CAPSULE_KEYWORDS(pyma_##noun##_arrow_c_array),                  \
     PyDoc_STR("__arrow_c_array__($self, requested_schema=None)\n--\n\n"                       \
               "Capsules with an ArrowSchema and an ArrowArray, without a copy (the Arrow "    \
               "PyCapsule protocol).\n\n"                                                      \
               "`requested_schema` is honoured as far as no value changes: another layout of " \
               "text, binary and lists, another time zone, names and metadata.")},

/* Each is followed by other rows, or by the one that ends the table. */
#define PYMA_CAPSULE_SCHEMA_METHODS(noun)                                                         \
    PYMA_CAPSULE_SCHEMA_ROW(noun){                                                                \
        "_export_to_c", pyma_##noun##_export_to_c, METH_O,                                        \
        PyDoc_STR(                                                                                \
            "_export_to_c($self, out_ptr, /)\n--\n\nFill the ArrowSchema at this address.")},     \
        {"_import_from_c", pyma_##noun##_import_from_c, METH_O | METH_CLASS,                      \
         PyDoc_STR("_import_from_c($type, in_ptr, /)\n--\n\nTake over the ArrowSchema at this "   \
                   "address.")},                                                                  \
        {"_import_from_c_capsule", pyma_##noun##_import_from_c, METH_O | METH_CLASS,              \
         PyDoc_STR(                                                                               \
             "_import_from_c_capsule($type, schema, /)\n--\n\nTake over the ArrowSchema in this " \
             "capsule.")},

#define PYMA_CAPSULE_DATA_METHODS(noun)                                                            \
    PYMA_CAPSULE_ARRAY_ROW(noun){                                                                  \
        "_export_to_c", PYMA_CAPSULE_KEYWORDS(pyma_##noun##_export_to_c),                          \
        PyDoc_STR("_export_to_c($self, out_ptr, out_schema_ptr=0)\n--\n\n"                         \
                  "Fill the ArrowArray, and the ArrowSchema, at these addresses.")},               \
        {"_import_from_c", pyma_##noun##_import_from_c, METH_VARARGS | METH_CLASS,                 \
         PyDoc_STR(                                                                                \
             "_import_from_c($type, in_ptr, type, /)\n--\n\n"                                      \
             "Take over the ArrowArray at this address; `type` is a DataType (of a batch, a "      \
             "Schema), or the address of an ArrowSchema.")},                                       \
        {"_import_from_c_capsule", pyma_##noun##_import_from_c_capsule, METH_VARARGS | METH_CLASS, \
         PyDoc_STR("_import_from_c_capsule($type, schema, array, /)\n--\n\n"                       \
                   "Take over the structs in these capsules.")},

#endif
