#include "core/ipc/encoder.h"

#include <string.h>

#include "core/base/memory.h"
#include "core/base/number.h"
#include "core/ipc/body.h"
#include "core/ipc/frame.h"
#include "core/ipc/sent.h"
#include "core/ipc/unify.h"
#include "core/ipc/wire_schema.h"
#include "core/validate/values.h"

/* Columns that lie all over memory are asked for this many columns before they are needed. */
#define AHEAD 4

/* Where the messages of a file lie, for its footer. Those behind `committed` belong to the
 * output that is not written yet. */
typedef struct block_list {
    ma_block_place *items; /* owned */
    int64_t count;
    int64_t capacity;
    int64_t committed;
} block_list;

/* A message without its numbers, for all batches of the same shape. */
typedef struct message_template {
    ma_flat flat; /* owned; data == NULL: none yet */
    ma_batch_slots slots;
    int64_t n_buffers; /* the one part of the shape that differs from batch to batch: views */
} message_template;

struct ma_encoder {
    ma_write_options options;
    bool is_file;
    ma_schema *schema;  /* owned; the user's */
    ma_schema *wire;    /* owned; as it is sent */
    int64_t position;   /* bytes committed */
    int64_t pending;    /* bytes of the output that is not written yet */
    ma_body body;       /* used for each message in turn */
    ma_array **columns; /* owned, the columns not; of the batch that is being written */
    int64_t column_capacity;
    message_template batches;
    ma_codec_pool pool; /* what compressing works in */
    ma_sent sent;
    block_list dictionary_blocks;
    block_list batch_blocks;
    ma_write_stats stats;
    ma_write_stats pending_stats;
};

/* ---- making ---- */

static ma_status
check_options(const ma_write_options *options, ma_error *err)
{
    if (options->version != MA_V4 && options->version != MA_V5) {
        return ma_fail(err, MA_INVALID, -1, "metadata is written as V4 or V5");
    }
    if (options->alignment != 8 && options->alignment != 64) {
        return ma_fail(err, MA_INVALID, -1, "buffers are aligned to 8 or 64 bytes, not to %d",
                       (int)options->alignment);
    }
    if (options->codec == MA_CODEC_NONE) {
        return MA_OK;
    }
    return ma_codec_available(options->codec, err);
}

ma_status
ma_encoder_new(ma_schema *schema, const ma_write_options *options, bool is_file, ma_encoder **out,
               ma_error *err)
{
    int32_t n_dictionaries = 0;
    ma_encoder *self = NULL;

    MA_TRY(check_options(options, err));
    self = ma_calloc(1, sizeof(*self));
    if (self == NULL) {
        return ma_fail_nomem(err, sizeof(*self));
    }
    self->options = *options;
    self->is_file = is_file;
    self->schema = ma_schema_ref(schema);
    ma_body_init(&self->body);
    ma_codec_pool_init(&self->pool);
    ma_status st = ma_wire_schema_new(schema, &self->wire, &n_dictionaries, err);
    if (st == MA_OK) {
        st = ma_sent_init(&self->sent, n_dictionaries, err);
    }
    if (st != MA_OK) {
        ma_encoder_free(self);
        return st;
    }
    *out = self;
    return MA_OK;
}

void
ma_encoder_free(ma_encoder *self)
{
    if (self != NULL) {
        ma_sent_fini(&self->sent);
        ma_body_fini(&self->body);
        ma_codec_pool_fini(&self->pool);
        ma_free(self->columns);
        ma_free(self->batches.flat.data);
        ma_free(self->dictionary_blocks.items);
        ma_free(self->batch_blocks.items);
        ma_schema_unref(self->wire);
        ma_schema_unref(self->schema);
        ma_free(self);
    }
}

const ma_write_stats *
ma_encoder_stats(const ma_encoder *self)
{
    return &self->stats;
}

int64_t
ma_encoder_position(const ma_encoder *self)
{
    return self->position;
}

/* ---- committing ---- */

/* Begin an output: what an earlier one left pending was never written. */
static void
begin_output(ma_encoder *self)
{
    ma_sent_rollback(&self->sent);
    self->dictionary_blocks.count = self->dictionary_blocks.committed;
    self->batch_blocks.count = self->batch_blocks.committed;
    self->pending_stats = self->stats;
    self->pending = 0;
}

void
ma_encoder_commit(ma_encoder *self)
{
    ma_sent_commit(&self->sent);
    self->dictionary_blocks.committed = self->dictionary_blocks.count;
    self->batch_blocks.committed = self->batch_blocks.count;
    self->stats = self->pending_stats;
    self->position += self->pending;
    self->pending = 0;
}

static ma_status
end_output(ma_encoder *self, const ma_output *output)
{
    self->pending = output->total;
    return MA_OK;
}

/* ---- messages ---- */

/* The prefix and padding around a flatbuffer; `*message` is where its copy stands. The body that
 * follows begins at a multiple of the alignment, counted from the start of the stream. */
static ma_status
write_metadata(const ma_encoder *self, ma_flat flat, uint8_t **message, int64_t *written,
               ma_output *output, ma_error *err)
{
    const int64_t prefix = self->options.legacy ? 4 : 8;
    const int64_t start = self->position + output->total;
    const int64_t end = ma_round_up(start + prefix + flat.size, self->options.alignment);
    const int64_t size = end - start;
    uint8_t *at = ma_output_scratch(output, size, err);
    if (at == NULL) {
        return MA_NOMEM;
    }
    if (!self->options.legacy) {
        ma_store_le32(at, MA_CONTINUATION);
    }
    ma_store_le32(at + prefix - 4, (uint32_t)(size - prefix));
    memcpy(at + prefix, flat.data, (size_t)flat.size);
    memset(at + prefix + flat.size, 0, (size_t)(size - prefix - flat.size));
    *message = at + prefix;
    *written = size;
    return ma_output_add(output, at, size, err);
}

/* The template that fits the body: the one from before, where it can be. */
static ma_status
find_template(ma_encoder *self, ma_error *err)
{
    message_template *template = &self->batches;
    if (template->flat.data != NULL && template->n_buffers == self->body.n_buffers) {
        return MA_OK;
    }
    const ma_batch_shape shape = {
        .version = self->options.version,
        .codec = self->options.codec,
        .n_nodes = self->body.n_nodes,
        .n_buffers = self->body.n_buffers,
        .n_variadics = self->body.n_variadics,
    };
    ma_free(template->flat.data);
    template->flat = (ma_flat){NULL, 0};
    template->n_buffers = self->body.n_buffers;
    return ma_batch_message_write(&shape, &template->flat, &template->slots, err);
}

static ma_status
add_block(block_list *list, ma_block_place place, ma_error *err)
{
    MA_TRY(ma_grow((void **)&list->items, &list->capacity, list->count + 1, sizeof(*list->items),
                   err));
    list->items[list->count++] = place;
    return MA_OK;
}

/* The message for the body that was collected. `list` takes its place in a file. */
static ma_status
write_body(ma_encoder *self, ma_flat flat, const ma_batch_slots *slots, int64_t length,
           block_list *list, ma_output *output, ma_error *err)
{
    uint8_t *message;
    ma_block_place place = {.offset = self->position + output->total};

    MA_TRY(write_metadata(self, flat, &message, &place.metadata_size, output, err));
    place.body_size = ma_body_fill(&self->body, &self->options, slots, length, message);
    MA_TRY(ma_body_write(&self->body, &self->options, place.body_size, output, err));
    if (self->is_file) {
        MA_TRY(add_block(list, place, err));
    }
    self->pending_stats.messages++;
    self->pending_stats.serialized_body_size += place.body_size;
    if (self->options.codec == MA_CODEC_NONE) {
        self->pending_stats.raw_body_size += place.body_size;
    }
    return MA_OK;
}

static ma_status
pack_body(ma_encoder *self, ma_output *output, ma_error *err)
{
    const ma_write_options raw = {.alignment = self->options.alignment, .codec = MA_CODEC_NONE};
    if (self->options.codec == MA_CODEC_NONE) {
        return MA_OK;
    }
    self->pending_stats.raw_body_size += ma_body_size(&self->body, &raw);
    return ma_body_compress(&self->body, &self->pool, &self->options, output, err);
}

/* ---- dictionaries ---- */

static ma_status
write_dictionary(ma_encoder *self, const ma_type *type, ma_array *values, bool is_delta,
                 ma_output *output, ma_error *err)
{
    ma_flat flat = {NULL, 0};
    ma_batch_slots slots;

    ma_body_reset(&self->body, self->options.version);
    MA_TRY(ma_body_add_column(&self->body, values, output, err));
    MA_TRY(pack_body(self, output, err));
    const ma_batch_shape shape = {
        .version = self->options.version,
        .codec = self->options.codec,
        .n_nodes = self->body.n_nodes,
        .n_buffers = self->body.n_buffers,
        .n_variadics = self->body.n_variadics,
        .is_dictionary = true,
        .is_delta = is_delta,
        .dictionary_id = type->dictionary_id,
    };
    MA_TRY(ma_batch_message_write(&shape, &flat, &slots, err));
    const ma_status st =
        write_body(self, flat, &slots, values->length, &self->dictionary_blocks, output, err);
    ma_free(flat.data);
    self->pending_stats.dictionary_batches++;
    self->pending_stats.dictionary_deltas += is_delta;
    return st;
}

static ma_status
write_delta(ma_encoder *self, const ma_type *type, ma_array *values, int64_t sent_length,
            ma_output *output, ma_error *err)
{
    ma_array *grown_by = NULL;
    MA_TRY(ma_array_slice(values, sent_length, values->length - sent_length, &grown_by, err));
    const ma_status st = write_dictionary(self, type, grown_by, true, output, err);
    ma_array_unref(grown_by);
    return st;
}

static ma_status
refuse_replacement(const ma_encoder *self, ma_send send, ma_error *err)
{
    if (self->options.unify_dictionaries) {
        return ma_fail(err, MA_INVALID, -1,
                       "the dictionary is not the one that was written, a file may not replace "
                       "it, and one whose values contain dictionaries, or share most of their "
                       "bytes, cannot be unified; write a stream");
    }
    return ma_fail(
        err, MA_INVALID, -1,
        send == MA_SEND_DELTA
            ? "the dictionary has grown since it was written, and a file may not replace it; "
              "use the option emit_dictionary_deltas, or write a stream"
            : "the dictionary is not the one that was written, and a file may not replace it; "
              "use the option unify_dictionaries, or write a stream");
}

static ma_status
send_dictionary(ma_encoder *self, const ma_type *type, ma_array *values, bool inner_renewed,
                ma_output *output, ma_error *err)
{
    const int32_t number = (int32_t)type->dictionary_id;
    const ma_array *sent = ma_sent_values(&self->sent, number);
    const int64_t sent_length = sent != NULL ? sent->length : 0;
    const ma_send send = ma_sent_decide(&self->sent, number, values, inner_renewed);
    const bool deltas = self->options.dictionary_deltas || self->options.unify_dictionaries;

    if (send == MA_SEND_NOTHING) {
        return MA_OK;
    }
    if (send == MA_SEND_FIRST) {
        return write_dictionary(self, type, values, false, output, err);
    }
    if (send == MA_SEND_DELTA && deltas) {
        return write_delta(self, type, values, sent_length, output, err);
    }
    if (self->is_file) {
        return refuse_replacement(self, send, err);
    }
    self->sent.renewed[number] = true;
    self->pending_stats.replaced_dictionaries++;
    return write_dictionary(self, type, values, false, output, err);
}

/* Send what the dictionaries in `array` need, inner ones first. `*renewed` is set when one was
 * sent again. */
static ma_status
send_dictionaries(ma_encoder *self, const ma_type *type, ma_array *array, bool *renewed,
                  ma_output *output, ma_error *err)
{
    if (!type->has_dictionary) {
        return MA_OK;
    }
    for (int32_t i = 0; i < type->n_children; i++) {
        MA_TRY(send_dictionaries(self, type->children[i]->type, array->children[i], renewed, output,
                                 err));
    }
    if (type->id == MA_TYPE_DICTIONARY) {
        bool inner_renewed = false;
        MA_TRY(send_dictionaries(self, type->value_type, array->dictionary, &inner_renewed, output,
                                 err));
        MA_TRY(send_dictionary(self, type, array->dictionary, inner_renewed, output, err));
        *renewed = *renewed || self->sent.renewed[type->dictionary_id];
    }
    return MA_OK;
}

/* ---- batches ---- */

static ma_status
check_schema(const ma_encoder *self, const ma_schema *schema, ma_error *err)
{
    if (ma_schema_equal(self->schema, schema, false)) {
        return MA_OK;
    }
    if (schema->n_fields != self->schema->n_fields) {
        return ma_fail(err, MA_INVALID, -1,
                       "the batch has %d columns and the schema that is being written %d",
                       (int)schema->n_fields, (int)self->schema->n_fields);
    }
    for (int32_t i = 0; i < schema->n_fields; i++) {
        const ma_field *have = schema->fields[i];
        const ma_field *want = self->schema->fields[i];
        if (!ma_field_equal(have, want, false)) {
            char have_type[64];
            char want_type[64];
            return ma_fail(
                err, MA_INVALID, -1,
                "column %d of the batch is '%.*s': %s%s, and the schema that is being written "
                "says '%.*s': %s%s",
                (int)i, (int)ma_min_i64(have->name_size, 40), have->name,
                ma_type_name(have->type, have_type, sizeof(have_type)),
                have->nullable ? "" : " not null", (int)ma_min_i64(want->name_size, 40), want->name,
                ma_type_name(want->type, want_type, sizeof(want_type)),
                want->nullable ? "" : " not null");
        }
    }
    return MA_OK;
}

static ma_status
name_column(ma_status st, const ma_schema *schema, int32_t index, ma_error *err)
{
    if (st != MA_OK && strncmp(err->where, "batch ", 6) != 0) {
        const ma_field *field = schema->fields[index];
        ma_error_prefix(err, "column '%.*s'", (int)ma_min_i64(field->name_size, 64), field->name);
    }
    return st;
}

/* Column `index`, checked, and with its dictionaries mapped to those that were sent if the
 * options ask for it. `*out` is borrowed from the batch or kept alive by the output. */
static ma_status
prepare_column(ma_encoder *self, ma_batch *batch, int32_t index, ma_output *output, ma_array **out,
               ma_error *err)
{
    const ma_type *type = self->wire->fields[index]->type;
    MA_TRY(ma_batch_column(batch, index, out, err));
    if (!type->has_dictionary) {
        return MA_OK;
    }
    MA_TRY(ma_array_check_values(*out, err));
    if (self->options.unify_dictionaries) {
        MA_TRY(ma_unify_column(&self->sent, type, *out, out, err));
        MA_TRY(ma_output_keep_array(output, *out, err));
    }
    return MA_OK;
}

/* The columns as they are to be written, after the dictionaries that they need. */
static ma_status
prepare_columns(ma_encoder *self, ma_batch *batch, ma_output *output, ma_error *err)
{
    const int32_t n = self->wire->n_fields;
    if (ma_batch_is_costly(batch)) {
        MA_TRY(ma_batch_load(batch, err));
    }
    MA_TRY(
        ma_grow((void **)&self->columns, &self->column_capacity, n, sizeof(*self->columns), err));
    ma_batch_prefetch(batch);
    for (int32_t i = 0; i < n; i++) {
        const ma_type *type = self->wire->fields[i]->type;
        bool renewed = false;
        ma_status st = prepare_column(self, batch, i, output, &self->columns[i], err);
        if (st == MA_OK && type->has_dictionary) {
            st = send_dictionaries(self, type, self->columns[i], &renewed, output, err);
        }
        if (MA_UNLIKELY(st != MA_OK)) {
            return name_column(st, self->schema, i, err);
        }
    }
    return MA_OK;
}

static ma_status
collect_columns(ma_encoder *self, ma_output *output, ma_error *err)
{
    ma_body_reset(&self->body, self->options.version);
    const int32_t n = self->wire->n_fields;
    for (int32_t i = 0; i < n; i++) {
        if (i + AHEAD < n) {
            ma_array_prefetch(self->columns[i + AHEAD]);
        }
        const ma_status st = ma_body_add_column(&self->body, self->columns[i], output, err);
        if (MA_UNLIKELY(st != MA_OK)) {
            return name_column(st, self->schema, i, err);
        }
    }
    return MA_OK;
}

static ma_status
write_batch(ma_encoder *self, ma_batch *batch, const ma_metadata *metadata, ma_output *output,
            ma_error *err)
{
    const int64_t length = ma_batch_length(batch);
    MA_TRY(prepare_columns(self, batch, output, err));
    MA_TRY(collect_columns(self, output, err));
    MA_TRY(pack_body(self, output, err));
    self->pending_stats.batches++;
    if (ma_metadata_count(metadata) == 0) {
        MA_TRY(find_template(self, err));
        return write_body(self, self->batches.flat, &self->batches.slots, length,
                          &self->batch_blocks, output, err);
    }
    const ma_batch_shape shape = {
        .version = self->options.version,
        .codec = self->options.codec,
        .n_nodes = self->body.n_nodes,
        .n_buffers = self->body.n_buffers,
        .n_variadics = self->body.n_variadics,
        .metadata = metadata,
    };
    ma_flat flat = {NULL, 0};
    ma_batch_slots slots;
    MA_TRY(ma_batch_message_write(&shape, &flat, &slots, err));
    const ma_status st = write_body(self, flat, &slots, length, &self->batch_blocks, output, err);
    ma_free(flat.data);
    return st;
}

ma_status
ma_encoder_batch(ma_encoder *self, ma_batch *batch, const ma_metadata *metadata, ma_output *output,
                 ma_error *err)
{
    begin_output(self);
    MA_TRY(check_schema(self, ma_batch_schema(batch), err));
    MA_TRY(write_batch(self, batch, metadata, output, err));
    return end_output(self, output);
}

/* ---- ends ---- */

ma_status
ma_encoder_begin(ma_encoder *self, ma_output *output, ma_error *err)
{
    static const uint8_t magic[MA_FILE_HEAD] = MA_MAGIC;
    ma_flat flat = {NULL, 0};
    uint8_t *message;
    int64_t written;

    begin_output(self);
    if (self->is_file) {
        MA_TRY(ma_output_add(output, magic, MA_FILE_HEAD, err));
    }
    MA_TRY(ma_schema_message_write(self->wire, self->options.version, &flat, err));
    const ma_status st = write_metadata(self, flat, &message, &written, output, err);
    ma_free(flat.data);
    self->pending_stats.messages++;
    return st == MA_OK ? end_output(self, output) : st;
}

static ma_status
write_end_mark(const ma_encoder *self, ma_output *output, ma_error *err)
{
    static const uint8_t mark[8] = {0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0};
    return self->options.legacy ? ma_output_add(output, mark + 4, 4, err)
                                : ma_output_add(output, mark, 8, err);
}

static ma_status
write_footer(const ma_encoder *self, const ma_metadata *metadata, ma_output *output, ma_error *err)
{
    ma_flat flat = {NULL, 0};
    MA_TRY(ma_footer_write(self->wire, self->options.version, self->dictionary_blocks.items,
                           self->dictionary_blocks.count, self->batch_blocks.items,
                           self->batch_blocks.count, metadata, &flat, err));
    uint8_t *at = ma_output_scratch(output, flat.size + MA_FILE_TAIL, err);
    if (at == NULL) {
        ma_free(flat.data);
        return MA_NOMEM;
    }
    memcpy(at, flat.data, (size_t)flat.size);
    ma_store_le32(at + flat.size, (uint32_t)flat.size);
    memcpy(at + flat.size + 4, MA_MAGIC, MA_MAGIC_SIZE);
    const ma_status st = ma_output_add(output, at, flat.size + MA_FILE_TAIL, err);
    ma_free(flat.data);
    return st;
}

ma_status
ma_encoder_finish(ma_encoder *self, const ma_metadata *metadata, ma_output *output, ma_error *err)
{
    begin_output(self);
    MA_TRY(write_end_mark(self, output, err));
    if (self->is_file) {
        MA_TRY(write_footer(self, metadata, output, err));
    }
    return end_output(self, output);
}
