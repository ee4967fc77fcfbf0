/* A message's body in the making: the buffers of some columns, in the order of the format, and
 * the numbers that its tables hold. Used again for the next message. */
#ifndef MA_IPC_BODY_H
#define MA_IPC_BODY_H

#include "core/ipc/options.h"
#include "core/ipc/output.h"

typedef struct ma_body_buffer {
    const uint8_t *data; /* borrowed from what the output keeps alive */
    int64_t size;
    /* filled when it is laid out */
    int64_t prefix;        /* of a compressed body: the inflated size, -1 for 'stored' */
    const uint8_t *packed; /* what is written */
    int64_t packed_size;
} ma_body_buffer;

typedef struct ma_body {
    ma_node *nodes; /* owned */
    int64_t n_nodes;
    int64_t node_capacity;
    ma_body_buffer *buffers; /* owned */
    int64_t n_buffers;
    int64_t buffer_capacity;
    int64_t *variadics; /* owned */
    int64_t n_variadics;
    int64_t variadic_capacity;
    bool is_v4;
} ma_body;

void
ma_body_init(ma_body *self);
void
ma_body_fini(ma_body *self);
void
ma_body_reset(ma_body *self, ma_version version);

/* Add a column, depth first; it outlives the message's writing. Its values are checked and it is
 * made compact (data/compact.h); `output` keeps alive what is made for it. Fails with MA_INVALID
 * when its values break the format, MA_NOMEM. */
MA_NODISCARD ma_status
ma_body_add_column(ma_body *self, ma_array *column, ma_output *output, ma_error *err);

/* Compress every buffer, on several threads where it pays; those that would not shrink are
 * stored. */
MA_NODISCARD ma_status
ma_body_compress(ma_body *self, ma_codec_pool *pool, const ma_write_options *options,
                 ma_output *output, ma_error *err);

/* Bytes of the body when each buffer is padded to the alignment. */
int64_t
ma_body_size(const ma_body *self, const ma_write_options *options);

/* Fill the tables of a message at `message` (a copy of its template). Returns the body's size,
 * which is ma_body_size. */
int64_t
ma_body_fill(const ma_body *self, const ma_write_options *options, const ma_batch_slots *slots,
             int64_t length, uint8_t *message);

/* Add the padded buffers, `total` bytes (ma_body_size), to the output. */
MA_NODISCARD ma_status
ma_body_write(const ma_body *self, const ma_write_options *options, int64_t total,
              ma_output *output, ma_error *err);

#endif
