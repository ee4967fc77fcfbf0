/* A record batch or dictionary message that was read but not built: its tables, checked against
 * the body, and the body. Columns are made of it one by one. Immutable and shared. */
#ifndef MA_IPC_ENCODED_H
#define MA_IPC_ENCODED_H

#include "core/data/array.h"
#include "core/ipc/plan.h"
#include "core/meta/message.h"

typedef struct ma_dict_set ma_dict_set;

typedef struct ma_encoded {
    ma_refs refs;
    ma_plan *plan;   /* owned */
    ma_buffer body;  /* owned */
    int64_t origin;  /* of the body, from the start of the stream or file */
    int64_t message; /* ordinal, for errors; -1: unknown */
    int codec;       /* -1: not compressed */
    bool is_v4;      /* unions have a validity bitmap */
    int64_t length;
    int64_t overlapping;      /* bytes of all buffers together, where that is more than the body has
                                 and than max_batch_size, so that none may be copied; else 0 */
    _Atomic int64_t inflated; /* bytes that its buffers were inflated to so far, each one once */
    ma_node *nodes;           /* in this block */
    ma_range *buffers;        /* in this block; inside the body */
    int64_t *variadic_sums;   /* in this block; sum of the counts before each */
    _Atomic int64_t *charged; /* in this block, where compressed; what `inflated` has of each */
} ma_encoded;

/* What the tables of one message say, checked against the schema and the size of the body:
 * numbers of nodes and buffers, lengths, ranges. `body` is referenced; `body_size` is what the
 * message says it has, which is more than `body.size` only when the reader fetched a part of it
 * (ma_encoded_ranges): then `body` is set later. Fails with MA_INVALID, MA_NOMEM. */
MA_NODISCARD ma_status
ma_encoded_new(ma_plan *plan, const ma_message *message, int64_t ordinal, ma_buffer body,
               int64_t body_size, int64_t origin, ma_encoded **out, ma_error *err);
ma_encoded *
ma_encoded_ref(ma_encoded *self);
void
ma_encoded_unref(ma_encoded *self);

/* Build column `index` of the plan's schema. Dictionaries come from `dicts` (NULL where the
 * schema has none). Its shape is checked. `err->where` begins with ".", a child, or names a
 * buffer. */
MA_NODISCARD ma_status
ma_encoded_column(ma_encoded *self, ma_dict_set *dicts, int32_t index, ma_array **out,
                  ma_error *err);

/* Whether inflating it all takes so long that several threads pay. */
bool
ma_encoded_is_costly(const ma_encoded *self);

/* The buffers that the wanted columns need, for a reader that fetches only those: indices into
 * `buffers`, ascending, in `*out` (to be released with ma_free). */
MA_NODISCARD ma_status
ma_encoded_wanted(const ma_encoded *self, int64_t **out, int64_t *count, ma_error *err);

#endif
