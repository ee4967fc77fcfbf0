/* Python values to arrays: what the files of the conversion share.
 *
 * py_make.c takes the arguments of `array`; py_infer.c finds a type for values; py_convert.c
 * walks them, with a file for each family of types behind it; py_memory.c takes what lies in
 * memory as one block already (numpy, the buffer protocol). No lock is held and no list is
 * trusted to stay as it is while a value's own Python code (__index__, __float__, __iter__ ...)
 * may run. */
#ifndef PYMA_CONVERT_H
#define PYMA_CONVERT_H

#include "core/data/builder.h"
#include "python/py_compat.h"
#include "python/py_state.h"

/* Around the time in which items of a list are borrowed. */
#define PYMA_BEGIN_ITEMS(object) PYMA_BEGIN_LOCKED(object)
#define PYMA_END_ITEMS()         PYMA_END_LOCKED()

typedef struct pyma_conversion {
    pyma_state *state;
    bool from_pandas; /* NaN means null, too */
    bool safe;        /* no digit may be lost */
    bool exact;       /* only the type's very own Python class, and None; else `mismatch` */
    bool mismatch;    /* a value was of another class: nothing was raised */
    bool ours;        /* the exception that is set is ours and wants the place in front */
    bool bool8;       /* what is made is an arrow.bool8 itself */
    bool takes_bools; /* the int8 in hand are an arrow.bool8's */
    int depth;
    PyObject *missing[2]; /* owned; pandas' NA and NaT where pandas was imported, else NULL */
    PyTypeObject *seen;   /* borrowed from the value in hand; the class met last in inference */
    int seen_temporal;    /* ... and which kind of time it is */
    PyTypeObject *numpy;  /* the same for numpy's scalars, with the text of their dtype */
    char numpy_text[16];
    PyObject *dtype; /* owned; of the array met last, with its text */
    char dtype_text[16];
    ma_growing scratch;
    char where[256]; /* the place below the outermost values: "[3]['a'][0]" */
} pyma_conversion;

/* -1 with an exception; then there is nothing to release. */
int
pyma_conversion_init(pyma_conversion *self, pyma_state *state, bool from_pandas, bool safe);
void
pyma_conversion_fini(pyma_conversion *self);

/* ---- failures: each returns -1 ---- */

/* Raise `type` with this text, in front of which the place will stand. */
int
pyma_conversion_fail(pyma_conversion *self, PyObject *type, const char *format, ...);

/* The same from a builder's error. */
int
pyma_conversion_fail_core(pyma_conversion *self, const ma_error *err);

/* "'abc' is a str, and int8 does not take it". */
int
pyma_conversion_fail_kind(pyma_conversion *self, PyObject *type, const ma_type *target,
                          PyObject *value);

/* For an item that is no longer there. */
int
pyma_conversion_fail_shorter(void);

/* Put a step in front of the place. */
void
pyma_conversion_at_index(pyma_conversion *self, int64_t index);
void
pyma_conversion_at_name(pyma_conversion *self, const char *name, int64_t size);
/* Put a name behind the place's first step, which is an index. */
void
pyma_conversion_name_behind(pyma_conversion *self, const char *name, int64_t size);

/* Rewrite the exception so that it begins with the place, "value 3['a']: ..."; -1 always. */
int
pyma_conversion_report(pyma_conversion *self);

/* A value for an error's text: its repr, cut, or where that raises an Exception, its class's name.
 * A new str; NULL where something else was raised, which goes before the caller's error. */
PyObject *
pyma_short_repr(PyObject *value);

/* ---- values ---- */

/* Whether a value means null. Never runs Python code. */
static inline bool
pyma_is_null(const pyma_conversion *self, PyObject *value)
{
    return value == Py_None || (value == self->missing[0] && value != NULL) ||
           (value == self->missing[1] && value != NULL) ||
           (self->from_pandas && PyFloat_Check(value) &&
            PyFloat_AS_DOUBLE(value) != PyFloat_AS_DOUBLE(value));
}

/* What a Scalar of ours says that it holds; anything else is itself. New reference. */
PyObject *
pyma_plain_value(pyma_conversion *self, PyObject *value);

/* Values to convert: the first `count` items of a list or tuple. The count is taken once, by who
 * has the list: a value's own code may make it longer, which changes nothing, or shorter, which is
 * an error. */
typedef struct pyma_items {
    PyObject *list; /* borrowed */
    Py_ssize_t count;
    const uint8_t *mask; /* a byte for each item, not 0 where it is null; or NULL */
} pyma_items;

static inline pyma_items
pyma_all_items(PyObject *list)
{
    return (pyma_items){list, PySequence_Fast_GET_SIZE(list), NULL};
}

static inline bool
pyma_is_masked(pyma_items items, Py_ssize_t i)
{
    return MA_UNLIKELY(items.mask != NULL) && items.mask[i];
}

/* Item `i` of a list or tuple, borrowed; NULL when a list has become shorter meanwhile. */
static inline PyObject *
pyma_item(PyObject *list, Py_ssize_t i)
{
    return i < PySequence_Fast_GET_SIZE(list) ? PySequence_Fast_GET_ITEM(list, i) : NULL;
}

/* The same as a new reference. */
static inline PyObject *
pyma_item_held(PyObject *list, Py_ssize_t i)
{
    PyObject *item;
    PYMA_BEGIN_ITEMS(list)
    item = Py_XNewRef(pyma_item(list, i));
    PYMA_END_ITEMS()
    return item;
}

static inline bool
pyma_has_prefix(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* numpy's array class itself, of which the buffer protocol says all; subclasses may mean more. */
static inline bool
pyma_is_ndarray_exact(PyObject *value)
{
    return strcmp(Py_TYPE(value)->tp_name, "numpy.ndarray") == 0;
}

static inline bool
pyma_is_ndarray(PyObject *value)
{
    const PyTypeObject *type = Py_TYPE(value);
    while (type != NULL && strcmp(type->tp_name, "numpy.ndarray") != 0) {
        type = type->tp_base;
    }
    return type != NULL;
}

/* A scalar of numpy; arrays are not. */
static inline bool
pyma_is_numpy(PyObject *value)
{
    return pyma_has_prefix(Py_TYPE(value)->tp_name, "numpy.") && !pyma_is_ndarray(value);
}

/* Append the items, those that are masked as null. -1 with an exception, or `mismatch`; the builder
 * then holds something. */
int
pyma_convert_items(pyma_conversion *self, ma_builder *builder, pyma_items items);

/* Append one value, or null. */
int
pyma_convert_value(pyma_conversion *self, ma_builder *builder, PyObject *value);

/* The type that the items fit, as pyarrow finds it; in `*out` a new reference. `*extension` is a
 * new reference to the DataType where that is more than the core's type, else NULL. */
int
pyma_infer(pyma_conversion *self, pyma_items items, ma_type **out, PyObject **extension);

/* A list or tuple of what is in a container (a list or tuple itself, a set, a 1-D array ...); NULL
 * without an exception for what is no container of values. New reference. `*failed` tells. */
PyObject *
pyma_list_of(PyObject *container, bool *failed);

/* ---- numbers (py_convert_number.c) ---- */

int
pyma_convert_bools(pyma_conversion *self, ma_builder *builder, pyma_items items);
int
pyma_convert_integers(pyma_conversion *self, ma_builder *builder, pyma_items items);
int
pyma_convert_floats(pyma_conversion *self, ma_builder *builder, pyma_items items);

/* The int64 that a Python number stands for, for `target` in messages. 1 for a value, -1:
 * exception. */
int
pyma_integer_of(pyma_conversion *self, const ma_type *target, PyObject *value, int64_t *out);

/* The value of an exact int that fits int64. */
static inline bool
pyma_long_value(PyObject *value, int64_t *out)
{
#if PY_VERSION_HEX >= 0x030C0000
    if (PyUnstable_Long_IsCompact((PyLongObject *)value)) {
        *out = PyUnstable_Long_CompactValue((PyLongObject *)value);
        return true;
    }
#endif
    int overflow;
    *out = PyLong_AsLongLongAndOverflow(value, &overflow);
    return overflow == 0;
}

/* ---- text and bytes (py_convert_text.c) ---- */

/* Append one value that is not null. */
int
pyma_convert_text(pyma_conversion *self, ma_builder *builder, PyObject *value);

int
pyma_convert_texts(pyma_conversion *self, ma_builder *builder, pyma_items items);

/* ---- times (py_convert_temporal.c) ---- */

int
pyma_convert_temporal(pyma_conversion *self, ma_builder *builder, PyObject *value);

typedef enum pyma_temporal_kind {
    PYMA_NO_TEMPORAL,
    PYMA_DATE,
    PYMA_DATETIME,
    PYMA_TIME,
    PYMA_TIMEDELTA,
    PYMA_INTERVAL,
} pyma_temporal_kind;

/* What kind of time a value is; -1 with an exception. */
int
pyma_temporal_kind_of(pyma_conversion *self, PyObject *value);

/* The text of an aware datetime's zone, a new str; None for a naive one; NULL with an exception. */
PyObject *
pyma_zone_of(pyma_conversion *self, PyObject *value);

/* The unit of a numpy dtype's text such as "<M8[us]": an ma_unit, 'D', or -1 for what Arrow has
 * not. */
int
pyma_numpy_unit(const char *text);

/* ---- decimals (py_convert_decimal.c) ---- */

int
pyma_convert_decimal(pyma_conversion *self, ma_builder *builder, PyObject *value);
bool
pyma_is_decimal(PyObject *value);
/* Whether a Decimal is NaN, quiet or not; -1 with an exception. */
int
pyma_decimal_is_nan(PyObject *value);
/* Digits before and behind the point that a Decimal has; 0 for NaN and infinity, 1 for a number,
 * -1: exception. */
int
pyma_decimal_size(pyma_conversion *self, PyObject *value, int64_t *whole, int64_t *scale);

/* ---- values with children (py_convert_nested.c) ---- */

int
pyma_convert_list(pyma_conversion *self, ma_builder *builder, PyObject *value);
int
pyma_convert_map(pyma_conversion *self, ma_builder *builder, PyObject *value);
int
pyma_convert_structs(pyma_conversion *self, ma_builder *builder, pyma_items items);
int
pyma_convert_union(pyma_conversion *self, ma_builder *builder, PyObject *value);

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

/* ---- memory (py_memory.c) ---- */

/* An array over a one-dimensional object of the buffer protocol, its own memory where it can be;
 * `type` NULL for the one that its format says. `nulls` must have as many items as are exported,
 * whatever the object's length says. In `*out` a new reference. Returns 1, 0 without an exception
 * when its format or the type asked for needs the way over Python values, and -1 with an
 * exception. */
int
pyma_memory_array(pyma_conversion *self, PyObject *object, ma_type *type, const pyma_mask *nulls,
                  ma_array **out);

/* Append the items of such an object to a builder of the same type: 1, or 0 and -1 as above. */
int
pyma_memory_append(pyma_conversion *self, ma_builder *builder, PyObject *object);

/* The type of a PEP 3118 format for items of `size` bytes, of which `*swapped` tells whether
 * they are in the other byte order; -1 for a format that is none of Arrow's. */
int
pyma_memory_format(const char *format, int64_t size, bool *swapped);

#endif
