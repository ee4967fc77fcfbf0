/* The stream decoder: bytes in, a schema and batches out. It does no input of its own: it says
 * how many bytes it needs next, and is given exactly those, from wherever they come.
 *
 *     while ((st = ma_decoder_give(decoder, piece, &event, &err)) == MA_OK) ...
 *
 * One decoder is used by one thread at a time; the batches it gives are free of it. */
#ifndef MA_IPC_DECODER_H
#define MA_IPC_DECODER_H

#include "core/data/batch.h"
#include "core/ipc/reading.h"

typedef struct ma_decoder ma_decoder;

typedef enum ma_event {
    MA_EVENT_NONE,   /* give the next piece */
    MA_EVENT_SCHEMA, /* ma_decoder_schema is known now */
    MA_EVENT_BATCH,  /* ma_decoder_take_batch has one */
    MA_EVENT_END,    /* the stream has ended; nothing is needed any more */
} ma_event;

/* `origin` is the offset of the stream's first byte in its source, which errors count from. */
MA_NODISCARD ma_status
ma_decoder_new(const ma_limits *limits, int64_t origin, ma_decoder **out, ma_error *err);
void
ma_decoder_free(ma_decoder *self); /* takes NULL */

/* Bytes that the next piece must have; 0 after the end or a failure. */
int64_t
ma_decoder_need(const ma_decoder *self);

/* Whether the next piece is a body, which may be large and is kept alive by the batch. */
bool
ma_decoder_wants_body(const ma_decoder *self);

/* Go on with a piece of exactly ma_decoder_need bytes; references to it are taken where they are
 * needed. After a failure (MA_INVALID, MA_LIMIT, MA_UNSUPPORTED, MA_NOMEM) the decoder only
 * repeats that it failed. */
MA_NODISCARD ma_status
ma_decoder_give(ma_decoder *self, ma_buffer piece, ma_event *event, ma_error *err);

/* The input has ended after `piece`, which is shorter than what was needed (or empty). MA_OK
 * where a stream may end; else MA_INVALID, which says what is missing. */
MA_NODISCARD ma_status
ma_decoder_end(ma_decoder *self, ma_buffer piece, ma_error *err);

/* Borrowed; NULL before MA_EVENT_SCHEMA. With a projection, what is wanted of it. */
ma_schema *
ma_decoder_schema(const ma_decoder *self);

/* From now on read only the columns of `picks`, which were chosen from ma_decoder_schema; to be
 * called between MA_EVENT_SCHEMA and the next piece. Takes `picks` over, also on failure. */
MA_NODISCARD ma_status
ma_decoder_project(ma_decoder *self, ma_picks *picks, ma_error *err);

/* The batch of the last MA_EVENT_BATCH, once; NULL when there is none. */
ma_batch *
ma_decoder_take_batch(ma_decoder *self);
/* The same without taking it: borrowed. */
ma_batch *
ma_decoder_batch(const ma_decoder *self);

/* Some of the input is lost, so that nobody knows where the next piece begins: from now on the
 * decoder only says that it failed. */
void
ma_decoder_abandon(ma_decoder *self);

/* What has passed so far. */
typedef struct ma_read_stats {
    int64_t messages;
    int64_t batches;
    int64_t dictionary_batches;
    int64_t dictionary_deltas;
    int64_t replaced_dictionaries;
} ma_read_stats;

const ma_read_stats *
ma_decoder_stats(const ma_decoder *self);

/* ---- a body that need not be fetched whole ---- */

/* With a projection, the parts of the next piece (a body, as ma_decoder_wants_body says) that
 * the wanted columns lie in: ascending and apart, in bytes from the body's start. `*out` is to
 * be released with ma_free; `*count` is -1, and nothing to be released, when the body is wanted
 * whole. The source may then read those parts only and hand them over, one behind the other, each
 * from a multiple of 64 on, in place of the body. */
MA_NODISCARD ma_status
ma_decoder_parts(const ma_decoder *self, ma_range **out, int64_t *count, ma_error *err);
MA_NODISCARD ma_status
ma_decoder_give_parts(ma_decoder *self, const ma_range *parts, int64_t count, ma_buffer bytes,
                      ma_event *event, ma_error *err);
/* In place of ma_decoder_give_parts, where the input has ended before the end of the body; what
 * was left out is not counted, so nobody knows where. Always MA_INVALID. */
MA_NODISCARD ma_status
ma_decoder_end_in_parts(ma_decoder *self, ma_error *err);

#endif
