/* Finding values: where an array holds what another one does. */
#ifndef MA_IPC_VALUE_TABLE_H
#define MA_IPC_VALUE_TABLE_H

#include "core/base/hash.h"
#include "core/base/slots.h"
#include "core/data/array.h"

/* A hash table from the values of an array to the first row that holds each. All zero is an empty
 * one. */
typedef struct ma_value_table {
    ma_array *values; /* owned; what it is for, or NULL */
    ma_hash_key key;
    ma_slots rows;
} ma_value_table;

void
ma_value_table_clear(ma_value_table *self);

/* Make it a table for `values`, which are checked, contain no dictionaries and come to little each,
 * unless it is. Empty on failure (MA_NOMEM). */
MA_NODISCARD ma_status
ma_value_table_open(ma_value_table *self, ma_array *values, ma_error *err);

/* `map[i]` is the row of what `coming`, which is such values of the same type, holds in row i: of
 * the table's values, or behind them of the `*n_added` rows of `coming` that `added` lists, for the
 * values that are new. `map` and `added` have room for all rows. The table then is for both
 * together, so the caller says which array that is, or clears it: also on failure (MA_NOMEM). */
MA_NODISCARD ma_status
ma_value_table_add(ma_value_table *self, const ma_array *coming, int64_t *map, int64_t *added,
                   int64_t *n_added, ma_error *err);

/* The table's values, and what was added behind them, are what `values` holds. */
void
ma_value_table_rename(ma_value_table *self, ma_array *values);

#endif
