/* What belongs to one interpreter: the heap types, the exceptions, and what was imported for use.
 * Every file of the binding includes this first; it brings Python.h and the core's nouns. */
#ifndef PYMA_STATE_H
#define PYMA_STATE_H

#include "python/py_compat.h" /* first: Python.h sets what system headers offer */

#include <stdatomic.h>

#include "core/base/status.h"
#include "core/base/text.h"
#include "core/data/array.h"
#include "core/data/batch.h"
#include "core/data/extent.h"
#include "core/types/schema.h"

/* A slot that is filled once, by whichever thread comes first, and read without a lock. */
typedef _Atomic(PyObject *) pyma_slot;

typedef struct pyma_state {
    /* heap types, one file each */
    PyTypeObject *Buffer;
    PyTypeObject *DataType;
    PyTypeObject *Field;
    PyTypeObject *Schema;
    PyTypeObject *Array;
    PyTypeObject *Scalar;
    PyTypeObject *RecordBatch;
    PyTypeObject *NativeFile;
    PyTypeObject *BufferReader;
    PyTypeObject *BufferOutputStream;
    PyTypeObject *MemoryMappedFile;
    PyTypeObject *OSFile;
    PyTypeObject *StreamReader;
    PyTypeObject *FileReader;
    PyTypeObject *StreamWriter;
    PyTypeObject *FileWriter;
    PyTypeObject *StreamDecoder;
    PyTypeObject *BatchStream;

    /* exceptions */
    PyObject *ArrowException;
    PyObject *ArrowInvalid;
    PyObject *ArrowTypeError;
    PyObject *ArrowKeyError;
    PyObject *ArrowIndexError;
    PyObject *ArrowNotImplementedError;
    PyObject *ArrowMemoryError;

    PyObject *modules; /* sys.modules, which may not be asked for once the interpreter ends */
    PyObject *extension_types; /* dict: name (str) -> registered instance of an extension type */
    PyObject *simple_types[MA_TYPE_DICTIONARY + 1]; /* DataType of each type without parameters */

    /* things of other modules, imported when they are first needed (pyma_import) */
    pyma_slot datetime;     /* the module */
    pyma_slot Decimal;      /* decimal.Decimal */
    pyma_slot ZoneInfo;     /* zoneinfo.ZoneInfo */
    pyma_slot MonthDayNano; /* the named tuple, made by py_interval.c */
    pyma_slot extension;    /* the module minarrow.extension, which registers the canonical types */
    _Atomic(void *) datetime_api; /* PyDateTime_CAPI of this interpreter (py_temporal.c) */
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

/* The thing in `slot`; on first use it is imported: attribute `name` of `module`, or the module
 * itself where `name` is NULL. Borrowed from the slot; NULL with an exception. */
PyObject *
pyma_import(pyma_slot *slot, const char *module, const char *name);

/* What `function` of a module gives; `format` is that of a tuple, as for Py_BuildValue. */
PyObject *
pyma_call(const char *module, const char *function, const char *format, ...);

/* The same with `first` (NULL: without it) before the positional arguments of a method's own. */
PyObject *
pyma_call_with(const char *module, const char *function, PyObject *first, PyObject *args,
               PyObject *kwargs);

/* What a module has under a name if somebody imported it: 1, with a new reference, or 0. One that
 * is being imported is looked at as far as it is, and never waited for. -1 with an exception. */
int
pyma_find_imported(pyma_state *state, const char *module, const char *name, PyObject **out);

/* ---- errors (py_errors.c) ---- */

/* Let the exception that is set, if it is one of ours, say which column (its name, a str or bytes)
 * the values were meant for. */
void
pyma_raise_in_column(pyma_state *state, PyObject *name);

/* Raise what `err` says: ArrowInvalid, ArrowNotImplementedError, MemoryError, OSError ..., with the
 * attributes `offset`, `path` and `message_number` (None where unknown). If a Python exception is
 * set already (a callback's), that one stays. Always returns NULL. */
PyObject *
pyma_raise(pyma_state *state, const ma_error *err);

/* Raise an exception whose cause is `cause` (taken over), which may be among what is formatted. */
void
pyma_raise_from(PyObject *cause, PyObject *type, const char *format, ...);

/* Whether what is set says that something was refused: an Exception, and no lack of memory. What
 * ends the program, such as KeyboardInterrupt, is none, and must reach the caller. */
bool
pyma_is_refusal(void);
/* Whether it is one by an exception of ours. */
bool
pyma_is_own_refusal(pyma_state *state);

/* `__reduce__` of what is open or runs: without it, the oldest protocols would write what nothing
 * can be made of. */
PyObject *
pyma_refuse_pickling(PyObject *op, PyObject *ignored);

#define PYMA_NO_PICKLING                                   \
    {                                                      \
        "__reduce__", pyma_refuse_pickling, METH_NOARGS,   \
            PyDoc_STR("__reduce__($self, /)\n--\n\nRefuses.") \
    }

/* Let go of such an exception, whatever its class: 0. All others stay: -1. */
int
pyma_drop_refusal(void);

/* ---- text (py_text.c) ---- */

/* str of UTF-8 bytes that nobody vouched for (names, time zones): what is no UTF-8 becomes lone
 * surrogates, as os.fsdecode does it, and pyma_text_from turns it back. */
PyObject *
pyma_text_to_str(const char *data, int64_t size);

/* The bytes of a str or bytes object. They live as long as `*owner`, a new reference. -1 with a
 * TypeError that begins with `what`. */
int
pyma_text_from(PyObject *object, const char *what, ma_bytes *out, PyObject **owner);

/* str of what a text has gathered, with U+FFFD for what is no UTF-8; releases the text. */
PyObject *
pyma_text_take(ma_text *text);

/* ---- wrapping: each takes over its argument's reference, also on failure (NULL) ---- */

PyObject *
pyma_buffer_wrap(pyma_state *state, ma_buffer buffer);
PyObject *
pyma_type_wrap(pyma_state *state, ma_type *type);
PyObject *
pyma_field_wrap(pyma_state *state, ma_field *field);
PyObject *
pyma_schema_wrap(pyma_state *state, ma_schema *schema);
/* `type` is borrowed: the Python DataType, where it is more than the core's (an extension type);
 * NULL to make it from the array. */
PyObject *
pyma_array_wrap(pyma_state *state, ma_array *array, PyObject *type);
PyObject *
pyma_batch_wrap(pyma_state *state, ma_batch *batch);
/* A (bytes -> bytes) dict of metadata, as pyarrow shows it; None for NULL. Borrows. */
PyObject *
pyma_metadata_to_dict(const ma_metadata *metadata);

/* The DataType of a field: the registered extension type that its metadata names, else the type of
 * its storage. Borrows. */
PyObject *
pyma_field_type(pyma_state *state, const ma_field *field);
/* The same for those who wrap an array: `*out` is NULL for a field without a registered extension
 * type. -1 with an exception. */
int
pyma_field_extension(pyma_state *state, const ma_field *field, PyObject **out);

/* ---- making (new references; NULL with an exception) ---- */

/* The DataType for a DataType or a string such as "int64" or "timestamp[us]". TypeError or
 * ValueError. */
PyObject *
pyma_type_ensure(pyma_state *state, PyObject *object);
/* The DataType of a type without parameters; borrowed from the state. */
static inline PyObject *
pyma_type_simple(pyma_state *state, ma_type_id id)
{
    return state->simple_types[id];
}
/* A field of a DataType; an extension type adds the two metadata entries that name it. */
ma_field *
pyma_field_new(pyma_state *state, ma_bytes name, PyObject *type, bool nullable,
               ma_metadata *metadata);
/* A field from a Field, a (name, type[, nullable]) tuple, or, when `name` is not NULL, a DataType
 * or its alias. */
ma_field *
pyma_field_ensure(pyma_state *state, PyObject *object, const char *name);
/* Whether a DataType is an extension type, that is, an instance of a Python subclass. */
static inline bool
pyma_type_is_extension(pyma_state *state, PyObject *type)
{
    return !Py_IS_TYPE(type, state->DataType);
}
/* A scalar: row `row` of `array`, whose `type` is as in pyma_array_wrap. Borrows. */
PyObject *
pyma_scalar_new(pyma_state *state, ma_array *array, int64_t row, PyObject *type);

/* ---- values (py_values.c) ---- */

/* Check the array's values once (validate/values.h), without the GIL where that may take long. -1
 * with an exception. */
int
pyma_array_check(pyma_state *state, ma_array *array);
/* 0 if these rows of a checked array, each made or looked at by itself, do not come to much more
 * than what lies in memory (core/data/extent.h); -1 with ArrowInvalid. */
int
pyma_array_check_extent(pyma_state *state, const ma_array *array, int64_t start, int64_t length,
                        ma_extent_kind kind);
/* The same for so many rows of which nothing is made but one small thing each. */
int
pyma_array_check_free_rows(pyma_state *state, const ma_array *array, int64_t rows);
/* Whether two arrays of one type have equal values: 1, 0, or -1 with an exception. */
int
pyma_arrays_equal(pyma_state *state, ma_array *a, ma_array *b);
/* The Python object in a row of a checked array. `type` as in pyma_array_wrap, NULL for a plain
 * type. */
PyObject *
pyma_value(pyma_state *state, ma_array *array, int64_t row, PyObject *type);

/* ---- unwrapping: borrowed from the object; NULL with TypeError when it is something else ---- */

const ma_buffer *
pyma_buffer_get(pyma_state *state, PyObject *object);
ma_type *
pyma_type_get(pyma_state *state, PyObject *object);
/* Number of the child that an index or a name means; -1 with an exception. */
Py_ssize_t
pyma_type_find_child(const ma_type *type, PyObject *key);
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

/* Have releases run with no exception set; called when the module is made. */
void
pyma_blocks_setup(void);

/* A buffer over an object that speaks the buffer protocol (C-contiguous bytes, whatever its
 * format); it keeps the object's export alive, and lets go of it from any thread, with or without
 * the GIL, also after the interpreter has ended. -1 with an exception. */
int
pyma_buffer_from_object(PyObject *object, ma_buffer *out);

/* A block that owns a view, which is moved into it: to release it again does nothing. NULL with an
 * exception, and the view is as it was. */
ma_block *
pyma_block_of_view(Py_buffer *view);

/* Extension types (py_extension.c), which Python code defines as subclasses of DataType. Such a
 * type has
 *     extension_name                                 str
 *     __arrow_ext_serialize__(self)                  bytes
 *     __arrow_ext_deserialize__(cls, storage_type, serialized)   classmethod, of the registered one
 *     __arrow_ext_class__(self)                      subclass of Array, may be missing
 *     __arrow_ext_scalar_class__(self)               subclass of Scalar, may be missing
 * The class of arrays, or scalars, of `type`: a new reference, NULL with an exception. */
PyTypeObject *
pyma_extension_array_class(pyma_state *state, PyObject *type);
PyTypeObject *
pyma_extension_scalar_class(pyma_state *state, PyObject *type);
/* Whether two fields, or types, that are equal without their metadata are so with the extension
 * types that it names, themselves and at any depth. 1, 0, or -1 with an exception. */
int
pyma_field_same_extension(pyma_state *state, const ma_field *a, const ma_field *b);
int
pyma_type_same_extensions(pyma_state *state, const ma_type *a, const ma_type *b);
/* `metadata` with the two entries that name the extension type `type` in place of others, or
 * without such where that is NULL; a new reference. -1: exception. */
int
pyma_extension_metadata(PyObject *type, ma_metadata *metadata, ma_metadata **out);

/* ---- time zones (py_zone.c) ---- */

/* tzinfo for the text of a timestamp's type; NULL with ArrowInvalid when nobody knows the zone. */
PyObject *
pyma_zone_from_text(pyma_state *state, const char *text);
/* Text (str) for a str or a tzinfo. */
PyObject *
pyma_zone_to_text(pyma_state *state, PyObject *zone);

#endif
