/* What the values seen so far have in common, as a tree like the type that comes of it. */
#ifndef PYMA_INFER_H
#define PYMA_INFER_H

#include "python/py_convert.h"

typedef enum pyma_kind {
    PYMA_KIND_NONE, /* nothing but nulls so far */
    PYMA_KIND_BOOL,
    PYMA_KIND_INT,
    PYMA_KIND_FLOAT,
    PYMA_KIND_TEXT,
    PYMA_KIND_BYTES,
    PYMA_KIND_DATE,
    PYMA_KIND_TIME,
    PYMA_KIND_TIMESTAMP,
    PYMA_KIND_DURATION,
    PYMA_KIND_DECIMAL,
    PYMA_KIND_INTERVAL,
    PYMA_KIND_UUID,
    PYMA_KIND_SCALAR, /* of ours: its own type */
    PYMA_KIND_LIST,
    PYMA_KIND_STRUCT,
} pyma_kind;

typedef struct pyma_finding {
    pyma_kind kind;
    bool negative;   /* integers: one is below 0 */
    bool large;      /* integers: one is above INT64_MAX */
    bool plain;      /* one was no numpy scalar */
    char number;     /* numpy scalars: 'b', 'i', 'u', 'f', or 0 before the first */
    int width;       /* their bytes */
    int unit;        /* times of numpy: as pyma_numpy_unit */
    int64_t whole;   /* decimals: digits before the point */
    int64_t scale;   /* ... and behind it */
    PyObject *zone;  /* owned; the first datetime's: str or None */
    PyObject *type;  /* owned; of scalars */
    PyObject *names; /* owned; dict of a struct's names -> index */
    int32_t n_children;
    struct pyma_finding **children; /* owned, each of them */
} pyma_finding;

void
pyma_finding_free(pyma_finding *self);

/* The core type for what was found, in `*out` a new reference; `*extension` as in pyma_infer. */
int
pyma_finding_type(pyma_conversion *conversion, const pyma_finding *self, ma_type **out,
                  PyObject **extension);

/* How an error's text calls what was found: "int64", "list". */
const char *
pyma_finding_name(const pyma_finding *self);

#endif
