/* Record batches: a schema and its columns, which are built when they are touched. */
#ifndef MA_DATA_BATCH_H
#define MA_DATA_BATCH_H

#include "core/data/array.h"

typedef struct ma_batch ma_batch;

/* Where the columns of a batch come from that was read but not yet built. Implemented by ipc/. */
typedef struct ma_batch_source {
    /* Build column `index` in full; a new reference. Called from any thread, perhaps twice for one
     * column at the same time; one of the two results is kept. */
    ma_status (*build)(struct ma_batch_source *self, ma_schema *schema, int32_t index,
                       ma_array **out, ma_error *err);
    /* Whether building takes so long (inflating much) that several threads pay. */
    bool (*is_costly)(const struct ma_batch_source *self);
    void (*free)(struct ma_batch_source *self);
    int threads; /* to build on where it is costly; 0: one for each processor */
} ma_batch_source;

/* A batch of columns that are there. Takes new references. Every column has `length` rows and its
 * field's type, else MA_INVALID. `metadata` is the message's own, may be NULL. */
MA_NODISCARD ma_status
ma_batch_new(ma_schema *schema, int64_t length, ma_array *const *columns, ma_metadata *metadata,
             ma_batch **out, ma_error *err);

/* A batch of columns to be built from `source`, which it takes over (also on failure). */
MA_NODISCARD ma_status
ma_batch_new_lazy(ma_schema *schema, int64_t length, ma_metadata *metadata,
                  ma_batch_source *source, ma_batch **out, ma_error *err);

ma_batch *
ma_batch_ref(ma_batch *self);
void
ma_batch_unref(ma_batch *self);

ma_schema *
ma_batch_schema(const ma_batch *self); /* borrowed */
int64_t
ma_batch_length(const ma_batch *self);
ma_metadata *
ma_batch_metadata(const ma_batch *self); /* borrowed; may be NULL */

/* Column `index` (0 <= index < n_fields), built now if it was not; borrowed from the batch. Its
 * shape is checked, its values are not (validate/values.h). Fails as the source's build does;
 * `err->where` then begins with "batch N, column 'name'". Safe from several threads. */
MA_NODISCARD ma_status
ma_batch_column(ma_batch *self, int32_t index, ma_array **out, ma_error *err);

/* Whether the column is there without work, so that ma_batch_column is quick and cannot fail. */
bool
ma_batch_has_column(const ma_batch *self, int32_t index);

/* Whether building a column that is missing takes long: a compressed body of some size. Asked
 * for every column that is touched, so it looks at none of the others. */
bool
ma_batch_is_costly(const ma_batch *self);

/* Ask for the memory of the columns that are there, which are all going to be looked at. */
void
ma_batch_prefetch(const ma_batch *self);

/* Build all columns, on several threads where that pays. */
MA_NODISCARD ma_status
ma_batch_load(ma_batch *self, ma_error *err);

/* Rows [offset, offset + length) of every column (which builds them all). */
MA_NODISCARD ma_status
ma_batch_slice(ma_batch *self, int64_t offset, int64_t length, ma_batch **out, ma_error *err);

#endif
