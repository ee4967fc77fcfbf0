/* Messages and footers as structs: the one place, with schema_meta, that knows how the format lays
 * them out in flatbuffers (Columnar.rst, "Serialization and Interprocess Communication"). */
#ifndef MA_META_MESSAGE_H
#define MA_META_MESSAGE_H

#include "core/base/endian.h"
#include "core/base/limits.h"
#include "core/base/span.h"
#include "core/types/schema.h"

typedef enum ma_message_kind { /* the union MessageHeader of Message.fbs */
    MA_MESSAGE_NONE,
    MA_MESSAGE_SCHEMA,
    MA_MESSAGE_DICTIONARY,
    MA_MESSAGE_BATCH,
    MA_MESSAGE_TENSOR,
    MA_MESSAGE_SPARSE_TENSOR,
} ma_message_kind;

typedef enum ma_version {
    MA_V1,
    MA_V2,
    MA_V3,
    MA_V4,
    MA_V5
} ma_version;

/* A record batch's tables, as they stand in the message's bytes. */
typedef struct ma_batch_table {
    int64_t length;
    int codec; /* -1: not compressed; else the number of Message.fbs */
    int64_t n_nodes;
    int64_t n_buffers;
    int64_t n_variadics;
    const uint8_t *nodes; /* borrowed from the message */
    const uint8_t *buffers;
    const uint8_t *variadics;
    int64_t nodes_at; /* where they stand, from the start of the stream or file */
    int64_t buffers_at;
    int64_t variadics_at;
} ma_batch_table;

typedef struct ma_schema_meta {
    ma_schema *schema; /* owned */
    bool big_endian;
} ma_schema_meta;

typedef struct ma_message {
    ma_message_kind kind;
    ma_version version;
    int64_t body_size;
    ma_metadata *metadata; /* owned; may be NULL */
    ma_schema_meta schema; /* schemas only */
    int64_t dictionary_id; /* dictionaries only */
    bool is_delta;
    ma_batch_table batch; /* dictionaries and record batches; borrows from the message */
} ma_message;

/* Read a message's flatbuffer. `*out` is to be released with ma_message_fini; untouched on
 * failure. Fails with MA_INVALID, MA_UNSUPPORTED (V1 to V3), MA_LIMIT, MA_NOMEM. */
MA_NODISCARD ma_status
ma_message_read(ma_span bytes, const ma_limits *limits, ma_message *out, ma_error *err);
void
ma_message_fini(ma_message *self);

typedef struct ma_node {
    int64_t length;
    int64_t nulls;
} ma_node;

typedef struct ma_range {
    int64_t offset;
    int64_t size;
} ma_range;

#define MA_BLOCK_SIZE 24 /* bytes of a Block */

/* Where a message lies in a file (File.fbs, Block). */
typedef struct ma_block_place {
    int64_t offset;
    int64_t metadata_size; /* prefix and padding included */
    int64_t body_size;
} ma_block_place;

/* Blocks that stand one after the other in the footer. */
typedef struct ma_block_range {
    int64_t at; /* of the first, from the start of the file */
    int64_t count;
} ma_block_range;

typedef struct ma_footer {
    ma_version version;
    ma_schema_meta schema;
    ma_metadata *metadata; /* owned; may be NULL */
    ma_block_range dictionaries;
    ma_block_range batches;
} ma_footer;

/* The footer [head.origin, tail.origin + tail.size) of a file, from its first bytes and its last:
 * both are the whole footer, or something is between them that is not at hand, which can be most
 * of the blocks of a long file. Then it may fail with MA_INVALID although nothing is wrong, and
 * with the whole it tells. Costs the schema, not the blocks; else like ma_message_read. */
MA_NODISCARD ma_status
ma_footer_read(ma_span head, ma_span tail, const ma_limits *limits, ma_footer *out, ma_error *err);
void
ma_footer_fini(ma_footer *self);

/* From the MA_BLOCK_SIZE bytes of a block. */
ma_block_place
ma_footer_block(const uint8_t *block);

/* ---- writing: each gives a flatbuffer in `*out`, to be released with ma_free ---- */

typedef struct ma_flat {
    uint8_t *data; /* owned */
    int64_t size;  /* a multiple of 8 */
} ma_flat;

MA_NODISCARD ma_status
ma_schema_message_write(const ma_schema *schema, ma_version version, ma_flat *out, ma_error *err);

/* Where the numbers stand in a batch's message, in bytes from its start. A batch of the same
 * schema has the same message but for these, so a writer makes it once and patches it. */
typedef struct ma_batch_slots {
    int64_t body_size;
    int64_t length;
    int64_t nodes;
    int64_t buffers;
    int64_t variadics;
} ma_batch_slots;

typedef struct ma_batch_shape {
    ma_version version;
    int codec; /* -1: none */
    int64_t n_nodes;
    int64_t n_buffers;
    int64_t n_variadics;
    const ma_metadata *metadata; /* of the message; borrowed; may be NULL */
    bool is_dictionary;
    bool is_delta;
    int64_t dictionary_id;
} ma_batch_shape;

/* A message of that shape with all its numbers 0. */
MA_NODISCARD ma_status
ma_batch_message_write(const ma_batch_shape *shape, ma_flat *out, ma_batch_slots *slots,
                       ma_error *err);

MA_NODISCARD ma_status
ma_footer_write(const ma_schema *schema, ma_version version, const ma_block_place *dictionaries,
                int64_t n_dictionaries, const ma_block_place *batches, int64_t n_batches,
                const ma_metadata *metadata, ma_flat *out, ma_error *err);

#endif
