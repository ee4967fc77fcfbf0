#include "core/ipc/file.h"

#include <string.h>

#include "core/base/memory.h"
#include "core/base/number.h"
#include "core/ipc/frame.h"
#include "core/ipc/parts.h"

#define PEEK_SIZE 4096 /* bytes that are read faster than a page is mapped */
#define PEEKS     16   /* opening takes three, a batch two */

struct ma_file {
    ma_file_source source; /* memory owned */
    ma_limits limits;
    int64_t footer_at;
    int64_t footer_size;
    ma_footer footer;   /* owned */
    ma_buffer end;      /* owned; the file's last bytes: the whole footer, or what was peeked at */
    ma_plan *plan;      /* owned */
    ma_dict_set *dicts; /* owned; NULL until loaded, or when there are none */
    bool dicts_loaded;
    int peeks; /* small reads of a mapped file so far */
    ma_read_stats stats;
};

/* ---- bytes ---- */

/* `size` bytes at `offset`, which lie inside the file, in a new block. */
static ma_status
read_block(const ma_file *self, int64_t offset, int64_t size, ma_buffer *out, ma_error *err)
{
    const ma_file_source *source = &self->source;
    uint8_t *data;
    MA_TRY(ma_buffer_alloc(size, out, &data, err));
    const ma_status st = source->read(source->context, offset, data, size, err);
    if (st != MA_OK) {
        ma_buffer_clear(out);
    }
    return st;
}

/* The same as a view where the file is memory. */
static ma_status
fetch(const ma_file *self, int64_t offset, int64_t size, ma_buffer *out, ma_error *err)
{
    const ma_buffer memory = self->source.memory;
    if (memory.data == NULL) {
        return read_block(self, offset, size, out, err);
    }
    *out = ma_buffer_slice(memory, offset, size);
    return MA_OK;
}

/* The same for a few bytes of which nothing stays: those of a mapped file are read, not touched,
 * as long as the file is new. The first touch of a page takes ten times as long as such a read,
 * but it brings its neighbours with it, so that who goes on reading is better off with the map. */
static ma_status
peek(ma_file *self, int64_t offset, int64_t size, ma_buffer *out, ma_error *err)
{
    const ma_file_source *source = &self->source;
    if (source->memory.data == NULL || source->read == NULL || size > PEEK_SIZE ||
        self->peeks >= PEEKS) {
        return fetch(self, offset, size, out, err);
    }
    self->peeks++;
    return read_block(self, offset, size, out, err);
}

/* ---- opening ---- */

static ma_status
check_ends(const ma_file *self, const uint8_t *head, const uint8_t *magic, ma_error *err)
{
    if (memcmp(head, MA_MAGIC, MA_MAGIC_SIZE) != 0) {
        const bool is_stream = ma_load_le32(head) == MA_CONTINUATION;
        return ma_fail(err, MA_INVALID, 0,
                       is_stream ? "this is an Arrow stream, not a file; open it with open_stream"
                                 : "this is no Arrow file: it does not begin with ARROW1");
    }
    if (memcmp(magic, MA_MAGIC, MA_MAGIC_SIZE) != 0) {
        return ma_fail(err, MA_INVALID, self->source.size - MA_MAGIC_SIZE,
                       "the file does not end with ARROW1: it was cut off, or its writer was not "
                       "closed; open_stream may read what is there, from byte 8 on");
    }
    return MA_OK;
}

static ma_status
check_footer_size(ma_file *self, int64_t size, ma_error *err)
{
    const int64_t end = self->source.size - MA_FILE_TAIL;
    if (size <= 0 || size > end - MA_FILE_HEAD) {
        return ma_fail(err, MA_INVALID, end,
                       "the footer says that it has %lld bytes, in a file of %lld", (long long)size,
                       (long long)self->source.size);
    }
    if (size > self->limits.max_metadata_size) {
        return ma_fail(err, MA_LIMIT, end,
                       "the footer has %lld bytes, over the limit max_metadata_size of %lld; "
                       "raise it to read this",
                       (long long)size, (long long)self->limits.max_metadata_size);
    }
    self->footer_size = size;
    self->footer_at = end - size;
    return MA_OK;
}

/* Take the file's last bytes, in which there often is all of the footer. */
static ma_status
find_footer(ma_file *self, ma_error *err)
{
    ma_buffer head = MA_NO_BUFFER;
    const int64_t total = self->source.size;
    if (total < MA_FILE_HEAD + MA_FILE_TAIL) {
        return ma_fail(err, MA_INVALID, 0, "an Arrow file has at least %d bytes and this has %lld",
                       MA_FILE_HEAD + MA_FILE_TAIL, (long long)total);
    }
    const int64_t size = ma_min_i64(total, PEEK_SIZE);
    MA_TRY(peek(self, total - size, size, &self->end, err));
    MA_TRY(peek(self, 0, MA_FILE_HEAD, &head, err));
    const uint8_t *tail = self->end.data + size - MA_FILE_TAIL;
    const ma_status st = check_ends(self, head.data, tail + 4, err);
    ma_buffer_clear(&head);
    return st == MA_OK ? check_footer_size(self, (int32_t)ma_load_le32(tail), err) : st;
}

static int64_t
end_at(const ma_file *self)
{
    return self->source.size - self->end.size;
}

/* The footer from its first bytes, `head`, and what of it is in `end`. */
static ma_status
parse_footer(ma_file *self, const uint8_t *head, int64_t head_size, ma_error *err)
{
    const int64_t tail_at = ma_max_i64(self->footer_at, end_at(self));
    const ma_span first = {head, head_size, self->footer_at};
    const ma_span last = {self->end.data + (tail_at - end_at(self)),
                          self->source.size - MA_FILE_TAIL - tail_at, tail_at};
    return ma_footer_read(first, last, &self->limits, &self->footer, err);
}

/* A footer that begins before `end`, without the middle, which is full of blocks: in the map, it
 * would be touched. */
static bool
parse_long_footer(ma_file *self)
{
    ma_buffer head;
    ma_error err;
    ma_error_init(&err);
    if (self->footer_at >= end_at(self) || self->source.memory.data == NULL ||
        peek(self, self->footer_at, PEEK_SIZE, &head, &err) != MA_OK) {
        return false;
    }
    const ma_status st = parse_footer(self, head.data, PEEK_SIZE, &err);
    ma_buffer_clear(&head);
    return st == MA_OK;
}

/* Let `end` begin with the footer. */
static ma_status
take_whole_footer(ma_file *self, ma_error *err)
{
    ma_buffer end;
    MA_TRY(fetch(self, self->footer_at, self->source.size - self->footer_at, &end, err));
    ma_buffer_clear(&self->end);
    self->end = end;
    return MA_OK;
}

static ma_status
parse_whole_footer(ma_file *self, ma_error *err)
{
    if (self->footer_at < end_at(self)) {
        MA_TRY(take_whole_footer(self, err));
    }
    const uint8_t *footer = self->end.data + (self->footer_at - end_at(self));
    const ma_status st = parse_footer(self, footer, self->footer_size, err);
    if (st != MA_OK) {
        ma_error_prefix(err, "footer");
    }
    return st;
}

static ma_status
read_footer(ma_file *self, ma_error *err)
{
    MA_TRY(find_footer(self, err));
    if (!parse_long_footer(self)) {
        MA_TRY(parse_whole_footer(self, err));
    }
    return ma_plan_new(self->footer.schema.schema, self->footer.schema.big_endian, &self->limits,
                       NULL, &self->plan, err);
}

ma_status
ma_file_open(const ma_file_source *source, const ma_limits *limits, ma_file **out, ma_error *err)
{
    ma_file *self = ma_calloc(1, sizeof(*self));
    if (self == NULL) {
        return ma_fail_nomem(err, sizeof(*self));
    }
    self->source = *source;
    self->source.memory = ma_buffer_ref(source->memory);
    self->limits = *limits;
    const ma_status st = read_footer(self, err);
    if (st != MA_OK) {
        ma_file_free(self);
        return st;
    }
    *out = self;
    return MA_OK;
}

void
ma_file_free(ma_file *self)
{
    if (self != NULL) {
        ma_dict_set_unref(self->dicts);
        ma_plan_unref(self->plan);
        ma_footer_fini(&self->footer);
        ma_buffer_clear(&self->end);
        ma_buffer_clear(&self->source.memory);
        ma_free(self);
    }
}

ma_status
ma_file_project(ma_file *self, ma_picks *picks, ma_error *err)
{
    ma_plan *plan = NULL;
    MA_TRY(ma_plan_new(self->plan->full, self->footer.schema.big_endian, &self->limits, picks,
                       &plan, err));
    ma_plan_unref(self->plan);
    self->plan = plan;
    return MA_OK;
}

ma_schema *
ma_file_schema(const ma_file *self)
{
    return self->plan->schema;
}

ma_metadata *
ma_file_metadata(const ma_file *self)
{
    return self->footer.metadata;
}

int64_t
ma_file_batch_count(const ma_file *self)
{
    return self->footer.batches.count;
}

const ma_read_stats *
ma_file_stats(const ma_file *self)
{
    return &self->stats;
}

/* ---- messages ---- */

/* One message of the file, as far as it is read. */
typedef struct file_message {
    ma_buffer metadata; /* owned; the block's prefix, flatbuffer and padding */
    ma_message message; /* owned; its tables borrow from `metadata` */
    int64_t body_at;    /* in the file */
} file_message;

static void
fini_message(file_message *message)
{
    ma_message_fini(&message->message);
    ma_buffer_clear(&message->metadata);
}

/* Block `index` of the footer. */
static ma_status
find_block(ma_file *self, ma_block_range blocks, int64_t index, ma_block_place *out, ma_error *err)
{
    const int64_t at = blocks.at + MA_BLOCK_SIZE * index;
    ma_buffer block;
    if (at >= end_at(self)) {
        *out = ma_footer_block(self->end.data + (at - end_at(self)));
        return MA_OK;
    }
    MA_TRY(peek(self, at, MA_BLOCK_SIZE, &block, err));
    *out = ma_footer_block(block.data);
    ma_buffer_clear(&block);
    return MA_OK;
}

static ma_status
check_block(const ma_file *self, const ma_block_place *block, ma_error *err)
{
    const int64_t end = self->footer_at;
    const bool inside = block->offset >= 0 && block->metadata_size >= 4 && block->body_size >= 0 &&
                        block->offset <= end && block->metadata_size <= end - block->offset &&
                        block->body_size <= end - block->offset - block->metadata_size;
    if (!inside) {
        return ma_fail(
            err, MA_INVALID, self->footer_at,
            "the footer places it at byte %lld with %lld bytes of metadata and %lld of body, "
            "but the footer itself begins at byte %lld",
            (long long)block->offset, (long long)block->metadata_size, (long long)block->body_size,
            (long long)end);
    }
    return MA_OK;
}

/* The flatbuffer in a block: behind FFFFFFFF and the size, or in older files behind the size
 * alone. */
static ma_status
find_flatbuffer(const ma_block_place *block, ma_buffer metadata, ma_span *out, ma_error *err)
{
    int64_t skip = 4;
    int64_t size = (int32_t)ma_load_le32(metadata.data);
    if ((uint32_t)size == MA_CONTINUATION && metadata.size >= 8) {
        skip = 8;
        size = (int32_t)ma_load_le32(metadata.data + 4);
    }
    if (size <= 0 || size > metadata.size - skip) {
        return ma_fail(err, MA_INVALID, block->offset,
                       "the message says that its metadata has %lld bytes, and the footer %lld",
                       (long long)size, (long long)block->metadata_size);
    }
    *out = (ma_span){metadata.data + skip, size, block->offset + skip};
    return MA_OK;
}

static ma_status
open_message(ma_file *self, const ma_block_place *block, ma_message_kind kind, file_message *out,
             ma_error *err)
{
    ma_span bytes;
    MA_TRY(check_block(self, block, err));
    if (block->metadata_size > self->limits.max_metadata_size) {
        return ma_fail(
            err, MA_LIMIT, block->offset,
            "the message has %lld bytes of metadata, over the limit max_metadata_size of "
            "%lld; raise it to read this",
            (long long)block->metadata_size, (long long)self->limits.max_metadata_size);
    }
    MA_TRY(peek(self, block->offset, block->metadata_size, &out->metadata, err));
    MA_TRY(find_flatbuffer(block, out->metadata, &bytes, err));
    MA_TRY(ma_message_read(bytes, &self->limits, &out->message, err));
    out->body_at = block->offset + block->metadata_size;
    if (out->message.kind != kind) {
        return ma_fail(err, MA_INVALID, block->offset,
                       "the footer points to a message of another kind (%d)",
                       (int)out->message.kind);
    }
    if (out->message.body_size > block->body_size) {
        return ma_fail(err, MA_INVALID, block->offset,
                       "the message says that its body has %lld bytes, and the footer %lld",
                       (long long)out->message.body_size, (long long)block->body_size);
    }
    return MA_OK;
}

/* ---- dictionaries ---- */

static ma_status
read_dictionary(ma_file *self, const ma_block_place *block, ma_error *err)
{
    file_message in = {0};
    ma_buffer body = MA_NO_BUFFER;
    ma_status st = open_message(self, block, MA_MESSAGE_DICTIONARY, &in, err);
    if (st == MA_OK && ma_reading_skips_dictionary(self->plan, in.message.dictionary_id)) {
        fini_message(&in);
        return MA_OK;
    }
    if (st == MA_OK) {
        st = fetch(self, in.body_at, in.message.body_size, &body, err);
    }
    if (st == MA_OK) {
        st = ma_reading_dictionary(self->plan, &self->dicts, &in.message, -1, true, body,
                                   in.body_at, err);
    }
    if (st == MA_OK) {
        self->stats.messages++;
        self->stats.dictionary_batches++;
        self->stats.dictionary_deltas += in.message.is_delta;
    }
    ma_buffer_clear(&body);
    fini_message(&in);
    return st;
}

/* A file's dictionaries, deltas included, hold for all of its batches. */
static ma_status
load_dictionaries(ma_file *self, ma_error *err)
{
    if (self->dicts_loaded) {
        return MA_OK;
    }
    for (int64_t i = 0; i < self->footer.dictionaries.count; i++) {
        ma_block_place block = {.offset = -1};
        ma_status st = find_block(self, self->footer.dictionaries, i, &block, err);
        if (st == MA_OK) {
            st = read_dictionary(self, &block, err);
        }
        if (st != MA_OK) {
            ma_error_prefix(err, "dictionary %lld of the file", (long long)i);
            if (err->offset < 0) {
                err->offset = block.offset;
            }
            ma_dict_set_unref(self->dicts);
            self->dicts = NULL;
            return st;
        }
    }
    self->dicts_loaded = true;
    return MA_OK;
}

/* ---- batches ---- */

static ma_status
fetch_parts(const ma_file *self, int64_t body_at, const ma_range *parts, int64_t count,
            ma_buffer *out, ma_error *err)
{
    uint8_t *data;
    int64_t at = 0;
    MA_TRY(ma_buffer_alloc(ma_parts_size(parts, count), out, &data, err));
    for (int64_t i = 0; i < count; i++) {
        at = ma_round_up(at, 64);
        const ma_status st = self->source.read(self->source.context, body_at + parts[i].offset,
                                               data + at, parts[i].size, err);
        if (st != MA_OK) {
            ma_buffer_clear(out);
            return st;
        }
        at += parts[i].size;
    }
    return MA_OK;
}

/* Only what the wanted columns need of the body. */
static ma_status
fetch_wanted(const ma_file *self, const file_message *in, ma_encoded *encoded, ma_error *err)
{
    ma_range *parts = NULL;
    int64_t count = 0;
    ma_buffer bytes = MA_NO_BUFFER;
    MA_TRY(ma_parts_find(encoded, &parts, &count, err));
    ma_status st = fetch_parts(self, in->body_at, parts, count, &bytes, err);
    if (st == MA_OK) {
        st = ma_parts_settle(encoded, parts, count, bytes, err);
        ma_buffer_clear(&bytes);
    }
    ma_free(parts);
    return st;
}

/* Which message of the file it is, nobody counts: the footer leads to it. */
static ma_status
encode_batch(ma_file *self, const file_message *in, ma_encoded **out, ma_error *err)
{
    const bool in_parts = self->source.memory.data == NULL && self->plan->picks.items != NULL;
    const int64_t body_size = in->message.body_size;
    ma_buffer body = MA_EMPTY_BUFFER;
    if (!in_parts) {
        MA_TRY(fetch(self, in->body_at, body_size, &body, err));
    }
    ma_status st =
        ma_encoded_new(self->plan, &in->message, -1, body, body_size, in->body_at, out, err);
    ma_buffer_clear(&body);
    if (st == MA_OK && in_parts) {
        st = fetch_wanted(self, in, *out, err);
        if (st != MA_OK) {
            ma_encoded_unref(*out);
        }
    }
    return st;
}

static ma_status
read_batch(ma_file *self, const ma_block_place *block, int64_t index, ma_batch **out, ma_error *err)
{
    file_message in = {0};
    ma_encoded *encoded = NULL;
    ma_status st = open_message(self, block, MA_MESSAGE_BATCH, &in, err);
    if (st == MA_OK) {
        st = encode_batch(self, &in, &encoded, err);
    }
    if (st == MA_OK) {
        st = ma_reading_batch(encoded, self->dicts, index, in.message.metadata, out, err);
    }
    fini_message(&in);
    return st;
}

ma_status
ma_file_batch(ma_file *self, int64_t index, ma_batch **out, ma_error *err)
{
    assert(index >= 0 && index < self->footer.batches.count);
    ma_block_place block;
    MA_TRY(find_block(self, self->footer.batches, index, &block, err));
    MA_TRY(load_dictionaries(self, err));
    const ma_status st = read_batch(self, &block, index, out, err);
    if (st != MA_OK) {
        ma_error_prefix(err, "batch %lld", (long long)index);
        if (err->offset < 0) {
            err->offset = block.offset;
        }
        return st;
    }
    self->stats.messages++;
    self->stats.batches++;
    return MA_OK;
}
