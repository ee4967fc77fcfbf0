#include <string.h>

#include "core/base/memory.h"
#include "core/base/number.h"
#include "core/meta/fb_ids.h"
#include "core/meta/old_codec.h"
#include "core/meta/schema_meta.h"

/* Hand the finished flatbuffer over, and let go of the rest. */
static ma_status
take_flat(ma_fb_writer *out, ma_fb_ref root, ma_flat *flat, ma_error *err)
{
    ma_status st = ma_fb_done(out, root, err);
    if (st == MA_OK) {
        uint8_t *data = ma_malloc(out->size);
        if (data == NULL) {
            st = ma_fail_nomem(err, out->size);
        } else {
            memcpy(data, ma_fb_bytes(out), (size_t)out->size);
            *flat = (ma_flat){data, out->size};
        }
    }
    ma_fb_writer_fini(out);
    return st;
}

/* The Message around a header; `*body_size` is where its body's size stands. */
static ma_fb_ref
write_message(ma_fb_writer *out, ma_version version, ma_message_kind kind, ma_fb_ref header,
              ma_fb_ref metadata, ma_fb_ref *body_size)
{
    ma_fb_begin(out);
    *body_size = ma_fb_put_int(out, FB_MESSAGE_BODY_LENGTH, 8, 0);
    ma_fb_put_ref(out, FB_MESSAGE_METADATA, metadata);
    ma_fb_put_ref(out, FB_MESSAGE_HEADER, header);
    ma_fb_put_int(out, FB_MESSAGE_VERSION, 2, version);
    ma_fb_put_int(out, FB_MESSAGE_HEADER_TYPE, 1, kind);
    return ma_fb_end(out);
}

ma_status
ma_schema_message_write(const ma_schema *schema, ma_version version, ma_flat *flat, ma_error *err)
{
    ma_fb_writer out;
    ma_fb_ref body_size;
    ma_fb_writer_init(&out);
    const ma_fb_ref header = ma_schema_meta_write(&out, schema);
    const ma_fb_ref root = write_message(&out, version, MA_MESSAGE_SCHEMA, header, 0, &body_size);
    return take_flat(&out, root, flat, err);
}

/* A vector of `count` structs, all zero. */
static ma_fb_ref
write_zeros(ma_fb_writer *out, int64_t count, int64_t item_size, ma_fb_ref *first)
{
    uint8_t *zeros = ma_calloc(count, item_size);
    if (zeros == NULL) {
        out->failed = true;
        *first = 0;
        return 0;
    }
    const ma_fb_ref vector = ma_fb_write_vector(out, zeros, count, item_size, 8, first);
    ma_free(zeros);
    return vector;
}

/* The message's own pairs and, in V4, the one that names the codec. */
static ma_fb_ref
write_metadata(ma_fb_writer *out, const ma_batch_shape *shape)
{
    ma_error err;
    ma_metadata *both = NULL;
    if (shape->version != MA_V4 || shape->codec < 0) {
        return ma_metadata_meta_write(out, shape->metadata);
    }
    ma_error_init(&err);
    if (ma_old_codec_add(shape->metadata, shape->codec, &both, &err) != MA_OK) {
        out->failed = true;
        return 0;
    }
    const ma_fb_ref metadata = ma_metadata_meta_write(out, both);
    ma_metadata_unref(both);
    return metadata;
}

ma_status
ma_batch_message_write(const ma_batch_shape *shape, ma_flat *flat, ma_batch_slots *slots,
                       ma_error *err)
{
    ma_fb_writer out;
    ma_fb_ref nodes_at;
    ma_fb_ref buffers_at;
    ma_fb_ref variadics_at = 0;
    ma_fb_ref variadics = 0;
    ma_fb_ref compression = 0;
    ma_fb_ref body_at;

    ma_fb_writer_init(&out);
    const ma_fb_ref metadata = write_metadata(&out, shape);
    if (shape->n_variadics > 0) {
        variadics = write_zeros(&out, shape->n_variadics, 8, &variadics_at);
    }
    if (shape->codec >= 0) {
        ma_fb_begin(&out);
        ma_fb_put_int(&out, FB_COMPRESSION_CODEC, 1, shape->codec);
        ma_fb_put_int(&out, FB_COMPRESSION_METHOD, 1, 0);
        compression = ma_fb_end(&out);
    }
    const ma_fb_ref buffers = write_zeros(&out, shape->n_buffers, FB_BUFFER_SIZE, &buffers_at);
    const ma_fb_ref nodes = write_zeros(&out, shape->n_nodes, FB_NODE_SIZE, &nodes_at);
    ma_fb_begin(&out);
    const ma_fb_ref length_at = ma_fb_put_int(&out, FB_BATCH_LENGTH, 8, 0);
    ma_fb_put_ref(&out, FB_BATCH_VARIADICS, variadics);
    ma_fb_put_ref(&out, FB_BATCH_COMPRESSION, compression);
    ma_fb_put_ref(&out, FB_BATCH_BUFFERS, buffers);
    ma_fb_put_ref(&out, FB_BATCH_NODES, nodes);
    ma_fb_ref header = ma_fb_end(&out);
    ma_message_kind kind = MA_MESSAGE_BATCH;
    if (shape->is_dictionary) {
        const ma_fb_ref data = header;
        ma_fb_begin(&out);
        ma_fb_put_int(&out, FB_DICTIONARY_ID, 8, shape->dictionary_id);
        ma_fb_put_ref(&out, FB_DICTIONARY_DATA, data);
        ma_fb_put_int(&out, FB_DICTIONARY_IS_DELTA, 1, shape->is_delta);
        header = ma_fb_end(&out);
        kind = MA_MESSAGE_DICTIONARY;
    }
    const ma_fb_ref root = write_message(&out, shape->version, kind, header, metadata, &body_at);
    MA_TRY(take_flat(&out, root, flat, err));
    slots->body_size = flat->size - body_at;
    slots->length = flat->size - length_at;
    slots->nodes = flat->size - nodes_at;
    slots->buffers = flat->size - buffers_at;
    slots->variadics = variadics_at != 0 ? flat->size - variadics_at : 0;
    return MA_OK;
}

static ma_fb_ref
write_blocks(ma_fb_writer *out, const ma_block_place *places, int64_t count)
{
    uint8_t *blocks = ma_calloc(count, MA_BLOCK_SIZE);
    if (blocks == NULL) {
        out->failed = true;
        return 0;
    }
    for (int64_t i = 0; i < count; i++) {
        uint8_t *block = blocks + MA_BLOCK_SIZE * i;
        ma_store_le64(block, (uint64_t)places[i].offset);
        ma_store_le32(block + 8, (uint32_t)places[i].metadata_size);
        ma_store_le64(block + 16, (uint64_t)places[i].body_size);
    }
    const ma_fb_ref vector = ma_fb_write_vector(out, blocks, count, MA_BLOCK_SIZE, 8, NULL);
    ma_free(blocks);
    return vector;
}

ma_status
ma_footer_write(const ma_schema *schema, ma_version version, const ma_block_place *dictionaries,
                int64_t n_dictionaries, const ma_block_place *batches, int64_t n_batches,
                const ma_metadata *metadata, ma_flat *flat, ma_error *err)
{
    ma_fb_writer out;
    ma_fb_writer_init(&out);
    const ma_fb_ref pairs = ma_metadata_meta_write(&out, metadata);
    const ma_fb_ref batch_blocks = write_blocks(&out, batches, n_batches);
    const ma_fb_ref dictionary_blocks = write_blocks(&out, dictionaries, n_dictionaries);
    const ma_fb_ref header = ma_schema_meta_write(&out, schema);
    ma_fb_begin(&out);
    ma_fb_put_ref(&out, FB_FOOTER_METADATA, pairs);
    ma_fb_put_ref(&out, FB_FOOTER_BATCHES, batch_blocks);
    ma_fb_put_ref(&out, FB_FOOTER_DICTIONARIES, dictionary_blocks);
    ma_fb_put_ref(&out, FB_FOOTER_SCHEMA, header);
    ma_fb_put_int(&out, FB_FOOTER_VERSION, 2, version);
    return take_flat(&out, ma_fb_end(&out), flat, err);
}
