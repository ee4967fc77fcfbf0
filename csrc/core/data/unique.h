/* Which rows of a builder hold distinct values: a hash table over their keys. */
#ifndef MA_DATA_UNIQUE_H
#define MA_DATA_UNIQUE_H

#include "core/data/builder.h"

typedef struct ma_unique ma_unique;

/* Fails with MA_NOMEM. */
MA_NODISCARD ma_status
ma_unique_new(ma_unique **out, ma_error *err);
/* Takes NULL. */
void
ma_unique_free(ma_unique *self);

/* The first row of `builder` that holds what row `row` holds, in `*found`; `row` itself if there
 * was none, remembered from now on if it may be added. Rows are asked for in ascending order. Fails
 * with MA_NOMEM. */
MA_NODISCARD ma_status
ma_unique_find(ma_unique *self, const ma_builder *builder, int64_t row, bool may_add,
               int64_t *found, ma_error *err);

/* How many rows are remembered. */
int64_t
ma_unique_count(const ma_unique *self);

#endif
