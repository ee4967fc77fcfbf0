/* How the messages of one schema are read: which columns, where each lies in a message's tables,
 * which dictionaries there are, within which limits. Made once for a reader; immutable and
 * shared by all of its batches. */
#ifndef MA_IPC_PLAN_H
#define MA_IPC_PLAN_H

#include "core/base/limits.h"
#include "core/codec/codec.h"
#include "core/types/schema.h"

/* A part of a nested type that is wanted. An absent pick (NULL) wants all. */
typedef struct ma_pick {
    int32_t index;            /* of the child, or of the field of the schema */
    int32_t n_children;       /* 0: the whole of it */
    struct ma_pick *children; /* owned */
} ma_pick;

typedef struct ma_picks {
    int32_t count;
    ma_pick *items; /* owned */
    uint8_t *known; /* owned; a bit for each field of the schema that there is an item of */
} ma_picks;

/* Want the field at `path`: a name, or names joined by '.' that lead to a child. A name with
 * dots in it wins over a path. Fails with MA_INVALID when no field, or more than one, answers to
 * it. */
MA_NODISCARD ma_status
ma_picks_add_path(ma_picks *self, ma_schema *schema, ma_bytes path, ma_error *err);
/* Want field `index` of the schema. */
MA_NODISCARD ma_status
ma_picks_add_index(ma_picks *self, const ma_schema *schema, int64_t index, ma_error *err);
void
ma_picks_fini(ma_picks *self);

typedef struct ma_plan_column {
    int32_t field;    /* of the full schema */
    ma_counts before; /* what the fields before it take of a message's tables */
    ma_pick *pick;    /* borrowed from the plan; NULL for all */
} ma_plan_column;

/* The dictionaries of a schema: one slot for each id, whoever shares it. */
typedef struct ma_dict_slot {
    int64_t id;
    ma_type *value_type; /* owned */
    bool is_wanted;      /* a field of the plan's `schema` uses it */
    bool is_inside;      /* ... in the values of another dictionary */
} ma_dict_slot;

typedef struct ma_plan {
    ma_refs refs;
    ma_limits limits;
    ma_codec_pool pool; /* what inflating works in; the one part that changes, and guards itself */
    bool swap;          /* the messages' byte order is not the host's */
    ma_schema *full;    /* owned; as in the messages */
    ma_schema *schema;  /* owned; what is wanted of it */
    ma_plan_column *columns; /* owned; one for each field of `schema` */
    ma_picks picks;          /* owned */
    int32_t n_dicts;
    ma_dict_slot *dicts;         /* owned; ascending by id */
    struct ma_plan **dict_plans; /* owned; how each dictionary's messages are read */
} ma_plan;

/* `picks` may be NULL for everything; it is taken over (left empty), also on failure. Fails with
 * MA_INVALID when a dictionary id stands for two different types. */
MA_NODISCARD ma_status
ma_plan_new(ma_schema *schema, bool big_endian, const ma_limits *limits, ma_picks *picks,
            ma_plan **out, ma_error *err);
ma_plan *
ma_plan_ref(ma_plan *self);
void
ma_plan_unref(ma_plan *self);

/* The slot of a dictionary id, or -1. */
int32_t
ma_plan_find_dict(const ma_plan *self, int64_t id);

#endif
