/* From the rows of an array to Python objects: what is found out once for an array, and then used
 * for every row of it. */
#ifndef PYMA_VALUES_H
#define PYMA_VALUES_H

#include "python/py_state.h"

typedef struct pyma_converter pyma_converter;

typedef enum pyma_maps {
    PYMA_MAPS_AS_PAIRS, /* list of (key, value) */
    PYMA_MAPS_LOSSY,    /* dict; of equal keys the last counts */
    PYMA_MAPS_STRICT,   /* dict; equal keys are an error */
} pyma_maps;

struct pyma_converter {
    pyma_state *state;
    ma_array *array;         /* borrowed; checked */
    const uint8_t *validity; /* borrowed; NULL when nothing is null */
    const uint8_t *data;     /* borrowed; of row 0 in the data or offsets buffer */
    /* The object of a row that is not null. */
    PyObject *(*make)(const pyma_converter *self, int64_t row);
    PyObject *extra;          /* owned; names of a struct, tzinfo, extension type, ... or NULL */
    PyObject **cache;         /* owned; dictionaries: an object for each value, NULL until made */
    pyma_converter *children; /* owned */
    int32_t n_children;
    pyma_maps maps;
    /* for errors: what this is a child of, and under which field; NULL for the outermost, and for
     * the field of a dictionary's values */
    const pyma_converter *parent;
    const ma_field *field;
};

/* The object of a row, None for a null. */
static inline PyObject *
pyma_convert(const pyma_converter *self, int64_t row)
{
    if (self->validity != NULL && !ma_bitmap_get(self->validity, self->array->offset + row)) {
        Py_RETURN_NONE;
    }
    return self->make(self, row);
}

/* Get ready for a type of one buffer of values, or text. False when the type is another's. -1:
 * exception. */
int
pyma_flat_open(pyma_converter *self);
int
pyma_temporal_open(pyma_converter *self);
/* The same for types with children or a dictionary. */
int
pyma_nested_open(pyma_converter *self);

/* Get ready for an array; `field` (may be NULL) tells of an extension type, which `type` (may be
 * NULL) overrides. Close it also after a failure. */
int
pyma_converter_open(pyma_converter *self, pyma_state *state, ma_array *array, const ma_field *field,
                    PyObject *type, pyma_maps maps);
void
pyma_converter_close(pyma_converter *self);

/* A list of `length` rows from `start` on. */
PyObject *
pyma_converter_list(const pyma_converter *self, int64_t start, int64_t length);

/* A list of the objects of some rows, and the object of one, with a say in what becomes of maps. */
PyObject *
pyma_values_as(pyma_state *state, ma_array *array, int64_t start, int64_t length, PyObject *type,
               pyma_maps maps);
PyObject *
pyma_value_as(pyma_state *state, ma_array *array, int64_t row, PyObject *type, pyma_maps maps);
/* What the argument `maps_as_pydicts` says: None, 'lossy' or 'strict'. -1 with ValueError. */
int
pyma_maps_from(PyObject *object);

/* One value of each kind (py_decimal.c, py_interval.c). */
PyObject *
pyma_decimal_make(const pyma_converter *self, int64_t row);
PyObject *
pyma_month_day_nano_make(const pyma_converter *self, int64_t row);

/* Decimal digits of a two's complement number of `width` bytes in the host's order, sign included,
 * for a buffer of 80 chars. Returns their number. */
int
pyma_decimal_digits(const uint8_t *number, int width, char *digits);

/* Append the text of a date, time, timestamp or duration; never fails. */
void
pyma_temporal_text(ma_text *out, const ma_type *type, int64_t value);

/* Days since 1970 to year, month, day, for any day less than 2^62 away. */
void
pyma_civil_from_days(int64_t days, int64_t *year, int *month, int *day);

#endif
