#include "core/ipc/decoder.h"

#include <string.h>

#include "core/base/memory.h"
#include "core/base/number.h"
#include "core/ipc/frame.h"
#include "core/ipc/parts.h"

typedef enum decoder_stage {
    STAGE_PREFIX,
    STAGE_METADATA,
    STAGE_BODY,
    STAGE_END,
    STAGE_FAILED,
} decoder_stage;

struct ma_decoder {
    decoder_stage stage;
    bool legacy;     /* no FFFFFFFF in front: the framing before 0.15 */
    uint8_t head[4]; /* legacy: the metadata's first bytes, which came with the first prefix */
    int64_t head_size;
    ma_limits limits;
    int64_t need;
    int64_t position;   /* of the next piece */
    int64_t message_at; /* where the current message began */
    ma_message message; /* owned; while its body is awaited. Its tables borrow from `metadata` */
    ma_buffer metadata; /* owned; of that message */
    ma_plan *plan;      /* owned; NULL before the schema */
    ma_dict_set *dicts; /* owned; NULL before the first dictionary */
    ma_batch *batch;    /* owned; decoded and not yet taken */
    ma_read_stats stats;
};

ma_status
ma_decoder_new(const ma_limits *limits, int64_t origin, ma_decoder **out, ma_error *err)
{
    ma_decoder *self = ma_calloc(1, sizeof(*self));
    if (self == NULL) {
        return ma_fail_nomem(err, sizeof(*self));
    }
    self->limits = *limits;
    self->need = 8;
    self->position = origin;
    self->message_at = origin;
    *out = self;
    return MA_OK;
}

static void
drop_message(ma_decoder *self)
{
    ma_message_fini(&self->message);
    ma_buffer_clear(&self->metadata);
}

void
ma_decoder_free(ma_decoder *self)
{
    if (self != NULL) {
        drop_message(self);
        ma_batch_unref(self->batch);
        ma_dict_set_unref(self->dicts);
        ma_plan_unref(self->plan);
        ma_free(self);
    }
}

int64_t
ma_decoder_need(const ma_decoder *self)
{
    return self->stage < STAGE_END ? self->need : 0;
}

bool
ma_decoder_wants_body(const ma_decoder *self)
{
    return self->stage == STAGE_BODY;
}

ma_schema *
ma_decoder_schema(const ma_decoder *self)
{
    return self->plan != NULL ? self->plan->schema : NULL;
}

const ma_read_stats *
ma_decoder_stats(const ma_decoder *self)
{
    return &self->stats;
}

ma_batch *
ma_decoder_take_batch(ma_decoder *self)
{
    ma_batch *batch = self->batch;
    self->batch = NULL;
    return batch;
}

ma_batch *
ma_decoder_batch(const ma_decoder *self)
{
    return self->batch;
}

void
ma_decoder_abandon(ma_decoder *self)
{
    drop_message(self);
    self->stage = STAGE_FAILED;
}

ma_status
ma_decoder_project(ma_decoder *self, ma_picks *picks, ma_error *err)
{
    ma_plan *plan = NULL;
    MA_TRY(ma_plan_new(self->plan->full, self->plan->swap != MA_HOST_BIG_ENDIAN, &self->limits,
                       picks, &plan, err));
    ma_plan_unref(self->plan);
    self->plan = plan;
    return MA_OK;
}

/* ---- stages ---- */

static void
await_prefix(ma_decoder *self)
{
    self->stage = STAGE_PREFIX;
    self->message_at = self->position;
    self->need = self->legacy ? 4 : 8;
}

static ma_status
await_metadata(ma_decoder *self, int64_t size, ma_event *event, ma_error *err)
{
    if (size == 0) {
        self->stage = STAGE_END;
        *event = MA_EVENT_END;
        return MA_OK;
    }
    const bool implausible =
        self->legacy && self->stats.messages == 0 && size > self->limits.max_metadata_size;
    if (size < self->head_size || size > INT32_MAX || implausible) {
        return ma_fail(
            err, MA_INVALID, self->message_at,
            "a message says that its metadata has %lld bytes; this is no Arrow stream, or "
            "it is damaged here",
            (long long)(int32_t)size);
    }
    if (size > self->limits.max_metadata_size) {
        return ma_fail(err, MA_LIMIT, self->message_at,
                       "a message has %lld bytes of metadata, over the limit max_metadata_size of "
                       "%lld; raise it to read this",
                       (long long)size, (long long)self->limits.max_metadata_size);
    }
    self->stage = STAGE_METADATA;
    self->need = size - self->head_size;
    return MA_OK;
}

static ma_status
step_prefix(ma_decoder *self, ma_buffer piece, ma_event *event, ma_error *err)
{
    const uint32_t first = ma_load_le32(piece.data);
    self->head_size = 0;
    if (piece.size == 8 && first == MA_CONTINUATION) {
        return await_metadata(self, ma_load_le32(piece.data + 4), event, err);
    }
    if (piece.size == 8 && first == 0) {
        self->stage = STAGE_END; /* the end mark of the older framing, and four bytes behind it */
        *event = MA_EVENT_END;
        return MA_OK;
    }
    if (piece.size == 8 && self->stats.messages == 0 && memcmp(piece.data, MA_MAGIC, 6) == 0) {
        return ma_fail(err, MA_INVALID, self->message_at,
                       "this is an Arrow file, not a stream; open it with open_file");
    }
    if (piece.size == 8) {
        if (self->stats.messages > 0) {
            return ma_fail(err, MA_INVALID, self->message_at,
                           "a message begins with %08lX in place of FFFFFFFF",
                           (unsigned long)first);
        }
        memcpy(self->head, piece.data + 4, 4);
        self->head_size = 4;
        self->legacy = true;
    }
    return await_metadata(self, first, event, err);
}

static ma_status
accept_schema(ma_decoder *self, ma_error *err)
{
    if (self->plan != NULL) {
        return ma_fail(err, MA_INVALID, self->message_at, "the stream has a second schema");
    }
    return ma_plan_new(self->message.schema.schema, self->message.schema.big_endian, &self->limits,
                       NULL, &self->plan, err);
}

static void
count_dictionary(ma_decoder *self, bool was_there)
{
    self->stats.dictionary_batches++;
    self->stats.dictionary_deltas += self->message.is_delta;
    self->stats.replaced_dictionaries += was_there && !self->message.is_delta;
}

static ma_status
accept_encoded(ma_decoder *self, ma_encoded *encoded, ma_event *event, ma_error *err)
{
    MA_TRY(ma_reading_batch(encoded, self->dicts, self->stats.batches, self->message.metadata,
                            &self->batch, err));
    self->stats.batches++;
    *event = MA_EVENT_BATCH;
    return MA_OK;
}

static ma_status
accept_batch(ma_decoder *self, ma_buffer body, ma_event *event, ma_error *err)
{
    ma_encoded *encoded = NULL;
    const ma_status st = ma_encoded_new(self->plan, &self->message, self->stats.messages, body,
                                        body.size, self->position - body.size, &encoded, err);
    if (st != MA_OK) {
        ma_error_prefix(err, "batch %lld", (long long)self->stats.batches);
        return st;
    }
    return accept_encoded(self, encoded, event, err);
}

static ma_status
accept_message(ma_decoder *self, ma_buffer body, ma_event *event, ma_error *err)
{
    if (self->message.kind == MA_MESSAGE_SCHEMA) {
        MA_TRY(accept_schema(self, err));
        *event = MA_EVENT_SCHEMA;
        return MA_OK;
    }
    if (self->message.kind == MA_MESSAGE_BATCH) {
        return accept_batch(self, body, event, err);
    }
    const bool was_there = ma_dict_set_has(self->dicts, self->message.dictionary_id);
    MA_TRY(ma_reading_dictionary(self->plan, &self->dicts, &self->message, self->stats.messages,
                                 false, body, self->position - body.size, err));
    count_dictionary(self, was_there);
    return MA_OK;
}

/* The message is done: on to the next. */
static ma_status
finish_message(ma_decoder *self, ma_status st)
{
    if (st == MA_OK) {
        drop_message(self);
        self->stats.messages++;
        await_prefix(self);
    }
    return st;
}

static ma_status
join_head(ma_decoder *self, ma_buffer piece, ma_error *err)
{
    uint8_t *data;
    MA_TRY(ma_buffer_alloc(self->head_size + piece.size, &self->metadata, &data, err));
    memcpy(data, self->head, (size_t)self->head_size);
    memcpy(data + self->head_size, piece.data, (size_t)piece.size);
    return MA_OK;
}

static ma_status
step_metadata(ma_decoder *self, ma_buffer piece, ma_event *event, ma_error *err)
{
    if (self->head_size > 0) {
        MA_TRY(join_head(self, piece, err));
    } else {
        self->metadata = ma_buffer_ref(piece);
    }
    const ma_span bytes = {self->metadata.data, self->metadata.size,
                           self->position - self->metadata.size};
    MA_TRY(ma_message_read(bytes, &self->limits, &self->message, err));
    if (self->plan == NULL && self->message.kind != MA_MESSAGE_SCHEMA) {
        return ma_fail(err, MA_INVALID, self->message_at,
                       "the stream does not begin with a schema");
    }
    if (self->message.body_size == 0) {
        return finish_message(self, accept_message(self, MA_EMPTY_BUFFER, event, err));
    }
    self->stage = STAGE_BODY;
    self->need = self->message.body_size;
    return MA_OK;
}

static ma_status
step_body(ma_decoder *self, ma_buffer piece, ma_event *event, ma_error *err)
{
    return finish_message(self, accept_message(self, piece, event, err));
}

/* Say which message it was, and stop for good. */
static ma_status
fail_decoder(ma_decoder *self, ma_status st, ma_error *err)
{
    if (err->message < 0) {
        err->message = self->stats.messages;
    }
    if (err->offset < 0) {
        err->offset = self->message_at;
    }
    ma_decoder_abandon(self);
    return st;
}

ma_status
ma_decoder_give(ma_decoder *self, ma_buffer piece, ma_event *event, ma_error *err)
{
    ma_status st = MA_OK;
    *event = MA_EVENT_NONE;
    if (self->stage < STAGE_END) {
        assert(piece.size == self->need);
        self->position += piece.size;
    }
    switch (self->stage) {
    case STAGE_PREFIX:
        st = step_prefix(self, piece, event, err);
        break;
    case STAGE_METADATA:
        st = step_metadata(self, piece, event, err);
        break;
    case STAGE_BODY:
        st = step_body(self, piece, event, err);
        break;
    case STAGE_END:
        *event = MA_EVENT_END;
        return MA_OK;
    case STAGE_FAILED:
        return ma_fail(err, MA_INVALID, self->position,
                       "the stream could not be read before this point; open it again");
    }
    return st == MA_OK ? MA_OK : fail_decoder(self, st, err);
}

ma_status
ma_decoder_end(ma_decoder *self, ma_buffer piece, ma_error *err)
{
    static const char *const parts[] = {"prefix", "metadata", "body"};
    ma_status st = MA_OK;
    if (self->stage == STAGE_END) {
        return MA_OK;
    }
    if (self->stage == STAGE_FAILED) {
        return ma_fail(err, MA_INVALID, self->position,
                       "the stream could not be read before this point; open it again");
    }
    const bool between = self->stage == STAGE_PREFIX &&
                         (piece.size == 0 || (piece.size == 4 && ma_load_le32(piece.data) == 0));
    if (!between) {
        st = ma_fail(err, MA_INVALID, self->position + piece.size,
                     "the stream ends inside a message: %lld of %lld bytes of its %s are there",
                     (long long)piece.size, (long long)self->need, parts[self->stage]);
    } else if (self->plan == NULL) {
        st = ma_fail(err, MA_INVALID, self->position, "the stream is empty: it has no schema");
    }
    if (st != MA_OK) {
        return fail_decoder(self, st, err);
    }
    self->stage = STAGE_END;
    return MA_OK;
}

/* ---- parts ---- */

static ma_status
encode_without_body(const ma_decoder *self, ma_encoded **out, ma_error *err)
{
    const ma_status st =
        ma_encoded_new(self->plan, &self->message, self->stats.messages, MA_EMPTY_BUFFER,
                       self->message.body_size, self->position, out, err);
    if (st != MA_OK) {
        ma_error_prefix(err, "batch %lld", (long long)self->stats.batches);
    }
    return st;
}

ma_status
ma_decoder_parts(const ma_decoder *self, ma_range **out, int64_t *count, ma_error *err)
{
    ma_encoded *encoded = NULL;
    *count = -1;
    if (self->stage != STAGE_BODY || self->plan == NULL || self->plan->picks.items == NULL) {
        return MA_OK;
    }
    if (self->message.kind == MA_MESSAGE_DICTIONARY &&
        ma_reading_skips_dictionary(self->plan, self->message.dictionary_id)) {
        *count = 0;
        *out = NULL;
        return MA_OK;
    }
    if (self->message.kind != MA_MESSAGE_BATCH) {
        return MA_OK;
    }
    MA_TRY(encode_without_body(self, &encoded, err));
    const ma_status st = ma_parts_find(encoded, out, count, err);
    ma_encoded_unref(encoded);
    return st;
}

static ma_status
accept_parts(ma_decoder *self, const ma_range *parts, int64_t count, ma_buffer bytes,
             ma_event *event, ma_error *err)
{
    ma_encoded *encoded = NULL;
    if (self->message.kind == MA_MESSAGE_DICTIONARY) {
        return MA_OK; /* of columns that nobody wants */
    }
    MA_TRY(encode_without_body(self, &encoded, err));
    const ma_status st = ma_parts_settle(encoded, parts, count, bytes, err);
    if (st != MA_OK) {
        ma_encoded_unref(encoded);
        return st;
    }
    return accept_encoded(self, encoded, event, err);
}

ma_status
ma_decoder_give_parts(ma_decoder *self, const ma_range *parts, int64_t count, ma_buffer bytes,
                      ma_event *event, ma_error *err)
{
    assert(self->stage == STAGE_BODY);
    *event = MA_EVENT_NONE;
    const ma_status st = accept_parts(self, parts, count, bytes, event, err);
    self->position += self->message.body_size;
    const ma_status finished = finish_message(self, st);
    return finished == MA_OK ? MA_OK : fail_decoder(self, finished, err);
}

ma_status
ma_decoder_end_in_parts(ma_decoder *self, ma_error *err)
{
    assert(self->stage == STAGE_BODY);
    const ma_status st =
        ma_fail(err, MA_INVALID, self->position,
                "the stream ends inside a message: not all of the %lld bytes of its body are there",
                (long long)self->message.body_size);
    return fail_decoder(self, st, err);
}
