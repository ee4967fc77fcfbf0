#include "reading.h"

#include <string.h>

#include "core/base/number.h"
#include "core/ipc/file.h"
#include "core/ipc/parts.h"
#include "touch.h"

#define CHOSEN_FIELDS  7
#define FIRST_CHILDREN 0x80

/* ---- bytes ---- */

typedef struct copied_block {
    ma_block base;
    uint8_t *memory; /* owned */
} copied_block;

static void
release_copy(ma_block *base)
{
    free(((copied_block *)base)->memory);
    free(base);
}

/* A block of exactly `size` bytes, which malloc watches both ends of. */
static ma_buffer
new_block(size_t size, uint8_t **data)
{
    copied_block *block = malloc(sizeof(*block));
    *data = malloc(size);
    FUZZ_REQUIRE(block != NULL && (*data != NULL || size == 0));
    ma_refs_init(&block->base.refs);
    block->base.release = release_copy;
    block->memory = *data;
    return (ma_buffer){size > 0 ? *data : ma_zeros, (int64_t)size, &block->base};
}

ma_buffer
fuzz_copy(const uint8_t *data, size_t size)
{
    uint8_t *target;
    ma_buffer copy = new_block(size, &target);
    if (size > 0) {
        memcpy(target, data, size);
    }
    return copy;
}

ma_buffer
fuzz_borrow(const uint8_t *data, size_t size)
{
    return (ma_buffer){size > 0 ? data : ma_zeros, (int64_t)size, NULL};
}

/* ---- choosing columns ---- */

static void
choose_child(const ma_field *field, ma_schema *schema, ma_picks *out)
{
    const ma_field *child = field->type->children[0];
    char path[256];
    if (field->name_size + child->name_size + 1 < (int64_t)sizeof(path)) {
        memcpy(path, field->name, (size_t)field->name_size);
        path[field->name_size] = '.';
        memcpy(path + field->name_size + 1, child->name, (size_t)child->name_size);
        /* several fields may have that name, which is refused */
        (void)!ma_picks_add_path(out, schema,
                                 (ma_bytes){path, field->name_size + child->name_size + 1}, NULL);
    }
}

void
fuzz_choose(ma_schema *schema, uint8_t wanted, ma_picks *out)
{
    *out = (ma_picks){0};
    for (int32_t i = 0; i < CHOSEN_FIELDS && i < schema->n_fields; i++) {
        const ma_field *field = schema->fields[i];
        if (!(wanted >> i & 1)) {
            continue;
        }
        if ((wanted & FIRST_CHILDREN) && field->type->n_children > 0) {
            choose_child(field, schema, out);
        } else {
            FUZZ_REQUIRE(ma_picks_add_index(out, schema, i, NULL) == MA_OK);
        }
    }
}

void
fuzz_require_part(const fuzz_reading *whole, const fuzz_reading *part, uint8_t wanted)
{
    if (whole->schema == NULL || part->schema == NULL || (wanted & FIRST_CHILDREN)) {
        return;
    }
    FUZZ_REQUIRE(part->count >= whole->count);
    for (int32_t b = 0; b < whole->count; b++) {
        int32_t n = 0;
        for (int32_t i = 0; i < CHOSEN_FIELDS && i < whole->schema->n_fields; i++) {
            if (wanted >> i & 1) {
                ma_error err = fuzz_no_error();
                ma_array *column;
                const bool had = ma_batch_column(whole->batches[b], i, &column, &err) == MA_OK;
                FUZZ_REQUIRE(!had || fuzz_columns_equal(whole->batches[b], i, part->batches[b], n));
                n++;
            }
        }
    }
}

void
fuzz_reading_fini(fuzz_reading *self)
{
    ma_schema_unref(self->schema);
    ma_metadata_unref(self->metadata);
    for (int32_t i = 0; i < self->count; i++) {
        ma_batch_unref(self->batches[i]);
    }
    *self = (fuzz_reading){0};
}

/* ---- streams ---- */

typedef struct stream {
    ma_decoder *decoder;
    const uint8_t *data; /* what is left of the input */
    size_t size;
} stream;

static ma_status
give_piece(stream *self, size_t need, ma_event *event, ma_error *err)
{
    ma_buffer piece = fuzz_copy(self->data, need);
    const ma_status st = ma_decoder_give(self->decoder, piece, event, err);
    ma_buffer_clear(&piece);
    return st;
}

/* As a source that can seek does it. */
static ma_status
give_parts(stream *self, const ma_range *parts, int64_t count, ma_event *event, ma_error *err)
{
    uint8_t *target;
    ma_buffer bytes = new_block((size_t)ma_parts_size(parts, count), &target);
    const int64_t need = ma_decoder_need(self->decoder);
    int64_t at = 0;
    int64_t end = 0;
    for (int64_t i = 0; i < count; i++) {
        const ma_range part = parts[i];
        FUZZ_REQUIRE(part.offset >= end && part.size >= 0 && part.offset <= need &&
                     part.size <= need - part.offset);
        at = ma_round_up(at, 64);
        if (part.size > 0) {
            memcpy(target + at, self->data + part.offset, (size_t)part.size);
        }
        at += part.size;
        end = part.offset + part.size;
    }
    const ma_status st = ma_decoder_give_parts(self->decoder, parts, count, bytes, event, err);
    ma_buffer_clear(&bytes);
    return st;
}

static ma_status
give(stream *self, ma_event *event, ma_error *err)
{
    const size_t need = (size_t)ma_decoder_need(self->decoder);
    ma_range *parts = NULL;
    int64_t count = -1;
    if (need > self->size) {
        *event = MA_EVENT_END;
        return ma_decoder_end(self->decoder, fuzz_borrow(self->data, self->size), err);
    }
    ma_status st = ma_decoder_parts(self->decoder, &parts, &count, err);
    if (st == MA_OK && count >= 0) {
        st = give_parts(self, parts, count, event, err);
        ma_free(parts);
    } else if (st == MA_OK) {
        st = give_piece(self, need, event, err);
    }
    self->data += need;
    self->size -= need;
    return st;
}

static ma_status
project(ma_decoder *decoder, uint8_t wanted, ma_error *err)
{
    ma_picks picks;
    if (wanted == 0) {
        return MA_OK;
    }
    fuzz_choose(ma_decoder_schema(decoder), wanted, &picks);
    return ma_decoder_project(decoder, &picks, err);
}

void
fuzz_read_stream(const uint8_t *data, size_t size, uint8_t wanted, fuzz_reading *out)
{
    const ma_limits limits = fuzz_limits();
    stream self = {NULL, data, size};
    ma_event event = MA_EVENT_NONE;
    *out = (fuzz_reading){.err = fuzz_no_error()};
    out->status = ma_decoder_new(&limits, 0, &self.decoder, &out->err);
    while (out->status == MA_OK && event != MA_EVENT_END && out->count < FUZZ_MOST_BATCHES) {
        out->status = give(&self, &event, &out->err);
        if (out->status == MA_OK && event == MA_EVENT_SCHEMA) {
            out->status = project(self.decoder, wanted, &out->err);
            out->schema = ma_schema_ref(ma_decoder_schema(self.decoder));
        } else if (out->status == MA_OK && event == MA_EVENT_BATCH) {
            out->batches[out->count++] = ma_decoder_take_batch(self.decoder);
        }
    }
    if (out->status != MA_OK) {
        fuzz_require_failure(out->status, &out->err);
    }
    ma_decoder_free(self.decoder);
}

/* ---- files ---- */

typedef struct calls {
    const uint8_t *data;
    int64_t size;
    int failing; /* how many more until one fails; 0 for never */
} calls;

static ma_status
read_range(void *context, int64_t offset, uint8_t *target, int64_t size, ma_error *err)
{
    calls *self = context;
    FUZZ_REQUIRE(offset >= 0 && size >= 0 && offset <= self->size && size <= self->size - offset);
    if (self->failing > 0 && --self->failing == 0) {
        return ma_fail(err, MA_IO, offset, "the fourth read");
    }
    if (size > 0) {
        memcpy(target, self->data + offset, (size_t)size);
    }
    return MA_OK;
}

static void
read_batches(ma_file *file, uint8_t wanted, fuzz_reading *out)
{
    ma_picks picks;
    if (wanted != 0) {
        fuzz_choose(ma_file_schema(file), wanted, &picks);
        out->status = ma_file_project(file, &picks, &out->err);
    }
    out->schema = ma_schema_ref(ma_file_schema(file));
    out->metadata = ma_metadata_ref(ma_file_metadata(file));
    const int64_t count = ma_file_batch_count(file);
    while (out->status == MA_OK && out->count < FUZZ_MOST_BATCHES && out->count < count) {
        ma_batch **batch = &out->batches[out->count];
        out->status = ma_file_batch(file, out->count, batch, &out->err);
        out->count += out->status == MA_OK;
    }
    if (count > 0 && out->status == MA_OK) { /* any of them may be asked for, and again */
        ma_error err = fuzz_no_error();
        ma_batch *last = NULL;
        if (ma_file_batch(file, count - 1, &last, &err) == MA_OK) {
            fuzz_touch_batch(last);
            ma_batch_unref(last);
        }
    }
}

void
fuzz_read_file(const uint8_t *data, size_t size, fuzz_access access, uint8_t wanted,
               fuzz_reading *out)
{
    const ma_limits limits = fuzz_limits();
    calls calls = {data, (int64_t)size, access == FUZZ_FAILING_CALLS ? 4 : 0};
    const bool in_memory = access == FUZZ_MEMORY || access == FUZZ_MEMORY_AND_CALLS;
    const ma_file_source source = {
        .memory = in_memory ? fuzz_borrow(data, size) : MA_NO_BUFFER,
        .size = (int64_t)size,
        .context = &calls,
        .read = access == FUZZ_MEMORY ? NULL : read_range,
    };
    ma_file *file = NULL;
    *out = (fuzz_reading){.err = fuzz_no_error()};
    out->status = ma_file_open(&source, &limits, &file, &out->err);
    if (out->status == MA_OK) {
        read_batches(file, wanted, out);
    }
    if (out->status != MA_OK && out->status != MA_IO) {
        fuzz_require_failure(out->status, &out->err);
    }
    FUZZ_REQUIRE(out->status != MA_IO || access == FUZZ_FAILING_CALLS);
    ma_file_free(file);
}
