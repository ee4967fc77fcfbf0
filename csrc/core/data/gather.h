/* Rows of an array in any order, any number of times, as an array of their own. */
#ifndef MA_DATA_GATHER_H
#define MA_DATA_GATHER_H

#include "core/data/growing.h"
#include "core/data/rebase.h"

/* Slices that are joined at once: each takes more than most rows do. */
#define MA_GATHER_PIECES 1024

typedef struct ma_gather {
    ma_array *array;                    /* borrowed; checked (validate/values.h) */
    ma_array *bare;                     /* owned; the same without its views' data buffers, of which
                                           there may be many, and each slice would have them all */
    int64_t length;                     /* of all rows until now */
    ma_used next;                       /* the last of them, which lie side by side */
    ma_array *pieces[MA_GATHER_PIECES]; /* owned; slices with the rows before */
    int64_t n_pieces;
    ma_growing groups; /* of ma_array *, owned; pieces that were joined, before all these */
} ma_gather;

void
ma_gather_init(ma_gather *self, ma_array *array);
void
ma_gather_fini(ma_gather *self);

/* Rows [start, start + length) come next. Fails as ma_gather_finish does. */
MA_NODISCARD ma_status
ma_gather_put(ma_gather *self, int64_t start, int64_t length, ma_error *err);

/* All rows that were put. Fails as ma_array_concat does (data/concat.h). */
MA_NODISCARD ma_status
ma_gather_finish(ma_gather *self, ma_array **out, ma_error *err);

#endif
