/* What batches share with the schema's own file. */
#ifndef PYMA_SCHEMA_H
#define PYMA_SCHEMA_H

#include "python/py_state.h"

typedef struct pyma_schema_text {
    bool truncate; /* long values of metadata */
    bool fields;   /* show their metadata */
    bool schema;   /* show its metadata */
} pyma_schema_text;

PyObject *
pyma_schema_to_text(const ma_schema *schema, const pyma_schema_text *options);

/* How many fields have this name, and the number of the first. -1 with TypeError for no name at
 * all. */
int
pyma_schema_find(ma_schema *schema, PyObject *name, int32_t *first);

/* The number of the field that an int (from the end where negative) or a name means. -1 with
 * IndexError, KeyError (also for a name that several fields have) or TypeError. */
int32_t
pyma_schema_index(ma_schema *schema, PyObject *key);

/* A schema from a Schema, or fields as `schema` takes them. A new reference; NULL with an
 * exception. */
ma_schema *
pyma_schema_ensure(pyma_state *state, PyObject *object);

#endif
