/* The physical layouts: which buffers an array of a layout has, and how its children hang on it. */
#ifndef MA_TYPES_LAYOUT_H
#define MA_TYPES_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/types/type_table.h"

typedef enum ma_layout_id {
#define X(id, b0, b1, b2, n, variadic, children) MA_LAYOUT_##id,
    MA_LAYOUT_TABLE(X)
#undef X
} ma_layout_id;

typedef enum ma_buffer_kind {
    MA_BUFFER_NONE,
    MA_BUFFER_VALIDITY,
    MA_BUFFER_DATA,           /* one value of the type's width a row */
    MA_BUFFER_OFFSETS32,      /* rows + 1, ascending */
    MA_BUFFER_OFFSETS64,
    MA_BUFFER_LIST_OFFSETS32, /* one a row, in any order */
    MA_BUFFER_LIST_OFFSETS64,
    MA_BUFFER_SIZES32,
    MA_BUFFER_SIZES64,
    MA_BUFFER_TYPE_IDS,
    MA_BUFFER_UNION_OFFSETS,
    MA_BUFFER_VIEWS,
    MA_BUFFER_BYTES,          /* as many as the offsets, or the views, say */
} ma_buffer_kind;

typedef enum ma_child_rule {
    MA_CHILDREN_NONE,
    MA_CHILDREN_ALIGNED,    /* a child's row for each row */
    MA_CHILDREN_MULTIPLIED, /* list_size rows for each row */
    MA_CHILDREN_BY_OFFSETS, /* as the values of a buffer say */
    MA_CHILDREN_RUNS,       /* run ends and values */
} ma_child_rule;

typedef struct ma_layout {
    ma_buffer_kind buffers[3];
    int8_t n_buffers;
    bool variadic; /* any number of data buffers follows */
    ma_child_rule children;
} ma_layout;

extern const ma_layout ma_layouts[];

/* The name of a buffer for people: "validity", "offsets", ... */
const char *
ma_buffer_kind_name(ma_buffer_kind kind);

/* Bits of one item of such a buffer; `data_bits` is the type's, for MA_BUFFER_DATA. 0 for bytes. */
static inline int64_t
ma_buffer_kind_bits(ma_buffer_kind kind, int64_t data_bits)
{
    static const uint8_t bits[] = {
        [MA_BUFFER_NONE] = 0,
        [MA_BUFFER_VALIDITY] = 1,
        [MA_BUFFER_OFFSETS32] = 32,
        [MA_BUFFER_OFFSETS64] = 64,
        [MA_BUFFER_LIST_OFFSETS32] = 32,
        [MA_BUFFER_LIST_OFFSETS64] = 64,
        [MA_BUFFER_SIZES32] = 32,
        [MA_BUFFER_SIZES64] = 64,
        [MA_BUFFER_TYPE_IDS] = 8,
        [MA_BUFFER_UNION_OFFSETS] = 32,
        [MA_BUFFER_VIEWS] = 128,
        [MA_BUFFER_BYTES] = 0,
    };
    return kind == MA_BUFFER_DATA ? data_bits : bits[kind];
}

static inline bool
ma_buffer_kind_is_offsets(ma_buffer_kind kind)
{
    return kind == MA_BUFFER_OFFSETS32 || kind == MA_BUFFER_OFFSETS64;
}

#endif
