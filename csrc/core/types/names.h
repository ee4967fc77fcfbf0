/* Finding fields by their names: a hash table over them. Immutable. */
#ifndef MA_TYPES_NAMES_H
#define MA_TYPES_NAMES_H

#include "core/types/type.h"

typedef struct ma_names ma_names;

/* The names of `count` fields, which the caller keeps. Fails with MA_NOMEM. */
MA_NODISCARD ma_status
ma_names_new(ma_field *const *fields, int32_t count, ma_names **out, ma_error *err);
/* Takes NULL. */
void
ma_names_free(ma_names *self);

/* How many fields have this name: 0, 1, or 2 for several; the first of them in `*first`. */
int
ma_names_find(const ma_names *self, ma_field *const *fields, ma_bytes name, int32_t *first);

#endif
