/* A schema: the fields of a table, in order, and metadata. Immutable and shared. */
#ifndef MA_TYPES_SCHEMA_H
#define MA_TYPES_SCHEMA_H

#include "core/base/limits.h"
#include "core/types/names.h"
#include "core/types/type.h"

typedef struct ma_schema {
    ma_refs refs;
    atomic_int lookups;        /* of names, which went through all fields */
    _Atomic(ma_names *) names; /* owned; made when there were several of those, else NULL */
    ma_metadata *metadata; /* owned; may be NULL */
    ma_counts counts;      /* all fields together */
    bool has_dictionary;
    int32_t n_fields;
    ma_field *fields[];    /* owned */
} ma_schema;

/* Takes new references to the fields and the metadata (NULL for none). Fails with MA_NOMEM. */
MA_NODISCARD ma_status
ma_schema_new(ma_field *const *fields, int32_t n_fields, ma_metadata *metadata, ma_schema **out,
              ma_error *err);
ma_schema *
ma_schema_ref(ma_schema *self);
void
ma_schema_unref(ma_schema *self);

/* How many fields have this name: 0, 1, or 2 for several; the first of them in `*first`. Safe from
 * several threads. */
int
ma_schema_find(ma_schema *self, ma_bytes name, int32_t *first);

bool
ma_schema_equal(const ma_schema *a, const ma_schema *b, bool check_metadata);

#endif
