#include "core/flatbuf/fb_read.h"
#include "core/meta/fb_ids.h"
#include "core/meta/old_codec.h"
#include "core/meta/schema_meta.h"

ma_status
ma_version_check(int64_t version, int64_t at, ma_error *err)
{
    if (version < MA_V1 || version > MA_V5) {
        return ma_fail(err, MA_INVALID, at, "the metadata version is %lld, which does not exist",
                       (long long)version);
    }
    if (version < MA_V4) {
        return ma_fail(err, MA_UNSUPPORTED, at,
                       "metadata version V%lld predates Arrow 0.8 and is not read; write the data "
                       "again with a newer version",
                       (long long)version + 1);
    }
    return MA_OK;
}

static ma_status
read_codec(const ma_fb_table *batch, int *codec, ma_error *err)
{
    ma_fb_table compression;
    bool present;
    int64_t method;
    int64_t value;

    *codec = -1;
    MA_TRY(ma_fb_child(batch, FB_BATCH_COMPRESSION, &compression, &present, err));
    if (!present) {
        return MA_OK;
    }
    MA_TRY(ma_fb_int(&compression, FB_COMPRESSION_CODEC, 1, 0, &value, err));
    MA_TRY(ma_fb_int(&compression, FB_COMPRESSION_METHOD, 1, 0, &method, err));
    if (value < 0 || value > 1 || method != 0) {
        return ma_fail(err, MA_INVALID, compression.all.origin + compression.at,
                       "the body is compressed with the unknown codec %lld, method %lld",
                       (long long)value, (long long)method);
    }
    *codec = (int)value;
    return MA_OK;
}

static ma_status
read_batch(const ma_fb_table *table, ma_batch_table *out, ma_error *err)
{
    ma_fb_vector nodes;
    ma_fb_vector buffers;
    ma_fb_vector variadics;
    MA_TRY(ma_fb_int(table, FB_BATCH_LENGTH, 8, 0, &out->length, err));
    if (out->length < 0) {
        return ma_fail(err, MA_INVALID, table->all.origin + table->at,
                       "a batch says that it has %lld rows", (long long)out->length);
    }
    MA_TRY(ma_fb_vector_of(table, FB_BATCH_NODES, FB_NODE_SIZE, &nodes, err));
    MA_TRY(ma_fb_vector_of(table, FB_BATCH_BUFFERS, FB_BUFFER_SIZE, &buffers, err));
    MA_TRY(ma_fb_vector_of(table, FB_BATCH_VARIADICS, 8, &variadics, err));
    out->n_nodes = nodes.count;
    out->nodes = ma_fb_items(&nodes);
    out->n_buffers = buffers.count;
    out->buffers = ma_fb_items(&buffers);
    out->n_variadics = variadics.count;
    out->variadics = ma_fb_items(&variadics);
    out->nodes_at = nodes.all.origin + nodes.at;
    out->buffers_at = buffers.all.origin + buffers.at;
    out->variadics_at = variadics.all.origin + variadics.at;
    return read_codec(table, &out->codec, err);
}

static ma_status
read_dictionary(const ma_fb_table *table, ma_message *out, ma_error *err)
{
    ma_fb_table data;
    bool present;
    int64_t is_delta;
    MA_TRY(ma_fb_int(table, FB_DICTIONARY_ID, 8, 0, &out->dictionary_id, err));
    MA_TRY(ma_fb_int(table, FB_DICTIONARY_IS_DELTA, 1, 0, &is_delta, err));
    out->is_delta = is_delta != 0;
    MA_TRY(ma_fb_child(table, FB_DICTIONARY_DATA, &data, &present, err));
    if (!present) {
        return ma_fail(err, MA_INVALID, table->all.origin + table->at,
                       "a dictionary message has no data");
    }
    return read_batch(&data, &out->batch, err);
}

static ma_status
read_header(const ma_fb_table *root, const ma_limits *limits, ma_message *out, ma_error *err)
{
    ma_fb_table header;
    bool present;
    MA_TRY(ma_fb_child(root, FB_MESSAGE_HEADER, &header, &present, err));
    if (!present) {
        return ma_fail(err, MA_INVALID, root->all.origin + root->at, "a message has no header");
    }
    switch (out->kind) {
    case MA_MESSAGE_SCHEMA:
        return ma_schema_meta_read(&header, limits, &out->schema, err);
    case MA_MESSAGE_DICTIONARY:
        return read_dictionary(&header, out, err);
    case MA_MESSAGE_BATCH:
        return read_batch(&header, &out->batch, err);
    case MA_MESSAGE_TENSOR:
    case MA_MESSAGE_SPARSE_TENSOR:
        return ma_fail(err, MA_UNSUPPORTED, root->all.origin + root->at,
                       "a message holds a tensor, which is no record batch and is not read");
    case MA_MESSAGE_NONE:
        break;
    }
    return ma_fail(err, MA_INVALID, root->all.origin + root->at,
                   "a message is of the unknown kind %d", (int)out->kind);
}

/* A codec that only the metadata names counts where BodyCompression is not there. */
static ma_status
read_old_codec(ma_message *message, int64_t at, ma_error *err)
{
    int codec;
    if (message->version != MA_V4 || message->kind == MA_MESSAGE_SCHEMA) {
        return MA_OK;
    }
    MA_TRY(ma_old_codec_take(&message->metadata, &codec, at, err));
    if (message->batch.codec < 0) {
        message->batch.codec = codec;
    }
    return MA_OK;
}

ma_status
ma_message_read(ma_span bytes, const ma_limits *limits, ma_message *out, ma_error *err)
{
    ma_message message = {.batch = {.codec = -1}};
    ma_fb_table root;
    int64_t version;
    int64_t kind;
    int64_t budget = limits->max_metadata_size;

    MA_TRY(ma_fb_root(bytes, &root, err));
    MA_TRY(ma_fb_int(&root, FB_MESSAGE_VERSION, 2, 0, &version, err));
    MA_TRY(ma_version_check(version, bytes.origin + root.at, err));
    MA_TRY(ma_fb_int(&root, FB_MESSAGE_HEADER_TYPE, 1, 0, &kind, err));
    MA_TRY(ma_fb_int(&root, FB_MESSAGE_BODY_LENGTH, 8, 0, &message.body_size, err));
    if (message.body_size < 0) {
        return ma_fail(err, MA_INVALID, bytes.origin + root.at,
                       "a message says that its body has %lld bytes",
                       (long long)message.body_size);
    }
    message.version = (ma_version)version;
    message.kind = (ma_message_kind)kind;
    MA_TRY(ma_metadata_meta_read(&root, FB_MESSAGE_METADATA, &budget, &message.metadata, err));
    ma_status st = read_header(&root, limits, &message, err);
    if (st == MA_OK) {
        st = read_old_codec(&message, bytes.origin + root.at, err);
    }
    if (st != MA_OK) {
        ma_message_fini(&message);
        return st;
    }
    *out = message;
    return MA_OK;
}

void
ma_message_fini(ma_message *self)
{
    ma_metadata_unref(self->metadata);
    ma_schema_unref(self->schema.schema);
    *self = (ma_message){0};
}
