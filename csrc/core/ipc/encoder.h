/* The encoder: batches in, segments out, for streams and files. It does no output of its own:
 * what it made is written by the caller, who then commits it, so that a batch whose writing
 * failed is not in the footer.
 *
 *     st = ma_encoder_batch(encoder, batch, NULL, &output, &err);
 *     ... write output.segments ...
 *     ma_encoder_commit(encoder, &output);
 *
 * One encoder is used by one thread at a time. */
#ifndef MA_IPC_ENCODER_H
#define MA_IPC_ENCODER_H

#include "core/data/batch.h"
#include "core/ipc/options.h"
#include "core/ipc/output.h"

typedef struct ma_encoder ma_encoder;

/* Fails with MA_INVALID (an option out of range), MA_UNSUPPORTED (a codec that is not built in),
 * MA_NOMEM. */
MA_NODISCARD ma_status
ma_encoder_new(ma_schema *schema, const ma_write_options *options, bool is_file, ma_encoder **out,
               ma_error *err);
void
ma_encoder_free(ma_encoder *self); /* takes NULL */

/* Each of these fills `output`, which was reset, and changes nothing else until
 * ma_encoder_commit; a failure leaves the encoder as it was. */

/* What a stream or file begins with, up to its schema. */
MA_NODISCARD ma_status
ma_encoder_begin(ma_encoder *self, ma_output *output, ma_error *err);
/* A batch of the same schema (its metadata may differ), and the dictionaries it needs first.
 * `metadata` is the message's own; may be NULL. */
MA_NODISCARD ma_status
ma_encoder_batch(ma_encoder *self, ma_batch *batch, const ma_metadata *metadata, ma_output *output,
                 ma_error *err);
/* The end mark, and a file's footer with `metadata` (may be NULL). */
MA_NODISCARD ma_status
ma_encoder_finish(ma_encoder *self, const ma_metadata *metadata, ma_output *output, ma_error *err);

/* All of the last output was written: count it in. */
void
ma_encoder_commit(ma_encoder *self);

typedef struct ma_write_stats {
    int64_t messages;
    int64_t batches;
    int64_t dictionary_batches;
    int64_t dictionary_deltas;
    int64_t replaced_dictionaries;
    int64_t raw_body_size;        /* bytes of bodies before compression */
    int64_t serialized_body_size; /* and as written */
} ma_write_stats;

const ma_write_stats *
ma_encoder_stats(const ma_encoder *self);

/* Bytes committed so far. */
int64_t
ma_encoder_position(const ma_encoder *self);

#endif
