#include "core/ipc/body.h"

#include <string.h>

#include "core/base/memory.h"
#include "core/base/number.h"
#include "core/base/parallel.h"
#include "core/data/compact.h"
#include "core/validate/shape.h"
#include "core/validate/values.h"

#define PARALLEL_BYTES (128 * 1024) /* that take about as long to compress as a thread to start */
#define SMALL_BODY     (16 * 1024)  /* that is rather copied than written in pieces */
#define PREFIX_SIZE    8            /* in front of a compressed buffer */

void
ma_body_init(ma_body *self)
{
    *self = (ma_body){0};
}

void
ma_body_fini(ma_body *self)
{
    ma_free(self->nodes);
    ma_free(self->buffers);
    ma_free(self->variadics);
    *self = (ma_body){0};
}

void
ma_body_reset(ma_body *self, ma_version version)
{
    self->n_nodes = 0;
    self->n_buffers = 0;
    self->n_variadics = 0;
    self->is_v4 = version == MA_V4;
}

/* ---- adding columns ---- */

static ma_status
add_buffer(ma_body *self, const uint8_t *data, int64_t size, ma_error *err)
{
    MA_TRY(ma_grow((void **)&self->buffers, &self->buffer_capacity, self->n_buffers + 1,
                   sizeof(*self->buffers), err));
    self->buffers[self->n_buffers++] = (ma_body_buffer){data, size, 0, data, size};
    return MA_OK;
}

static ma_status
add_node(ma_body *self, ma_array *array, ma_error *err)
{
    MA_TRY(ma_grow((void **)&self->nodes, &self->node_capacity, self->n_nodes + 1,
                   sizeof(*self->nodes), err));
    self->nodes[self->n_nodes++] = (ma_node){array->length, ma_array_null_count(array)};
    return MA_OK;
}

/* Bytes of a compact array's buffer that count. */
static int64_t
used_size(const ma_array *array, ma_buffer_kind kind, int i)
{
    if (kind != MA_BUFFER_BYTES) {
        return ma_buffer_needed(kind, array->type, array->length);
    }
    return array->length > 0 ? ma_array_offset_at(array, array->length) : array->buffers[i].size;
}

static ma_status
add_buffers(ma_body *self, ma_array *array, ma_error *err)
{
    const ma_layout *layout = &ma_layouts[array->type->layout];
    if (self->is_v4 && ma_type_has_v4_bitmap(array->type)) {
        MA_TRY(add_buffer(self, ma_zeros, 0, err)); /* the validity bitmap of V4 */
    }
    for (int i = 0; i < layout->n_buffers; i++) {
        const ma_buffer_kind kind = layout->buffers[i];
        const bool absent = kind == MA_BUFFER_VALIDITY && array->buffers[i].data == NULL;
        MA_TRY(absent ? add_buffer(self, ma_zeros, 0, err)
                      : add_buffer(self, array->buffers[i].data, used_size(array, kind, i), err));
    }
    for (int32_t i = layout->n_buffers; i < array->n_buffers; i++) {
        MA_TRY(add_buffer(self, array->buffers[i].data, array->buffers[i].size, err));
    }
    if (layout->variadic) {
        MA_TRY(ma_grow((void **)&self->variadics, &self->variadic_capacity, self->n_variadics + 1,
                       sizeof(*self->variadics), err));
        self->variadics[self->n_variadics++] = array->n_buffers - layout->n_buffers;
    }
    return MA_OK;
}

static ma_status
add_compact(ma_body *self, ma_array *array, ma_error *err)
{
    MA_TRY(add_node(self, array, err));
    MA_TRY(add_buffers(self, array, err));
    for (int32_t i = 0; i < array->n_children; i++) {
        MA_TRY(add_compact(self, array->children[i], err));
    }
    return MA_OK;
}

/* Whole values without nulls or an offset, the most common column by far: there is nothing to
 * check or to cut, and seeing so here makes small batches a third faster. */
static bool
is_plain(const ma_array *array)
{
    return array->type->layout == MA_LAYOUT_FIXED && array->offset == 0 && array->type->bits >= 8 &&
           array->buffers[0].data == NULL &&
           array->buffers[1].size == array->length * (array->type->bits / 8);
}

static ma_status
add_plain(ma_body *self, const ma_array *array, ma_error *err)
{
    const ma_buffer *data = &array->buffers[1];
    MA_TRY(ma_grow((void **)&self->nodes, &self->node_capacity, self->n_nodes + 1,
                   sizeof(*self->nodes), err));
    MA_TRY(ma_grow((void **)&self->buffers, &self->buffer_capacity, self->n_buffers + 2,
                   sizeof(*self->buffers), err));
    ma_body_buffer *buffers = &self->buffers[self->n_buffers];
    buffers[0] = (ma_body_buffer){ma_zeros, 0, 0, ma_zeros, 0};
    buffers[1] = (ma_body_buffer){data->data, data->size, 0, data->data, data->size};
    self->n_buffers += 2;
    self->nodes[self->n_nodes++] = (ma_node){array->length, 0};
    return MA_OK;
}

ma_status
ma_body_add_column(ma_body *self, ma_array *column, ma_output *output, ma_error *err)
{
    ma_array *compact = NULL;
    if (is_plain(column)) {
        return add_plain(self, column, err);
    }
    const unsigned done = MA_CHECKED_VALUES | MA_CHECKED_COMPACT;
    if ((atomic_load_explicit(&column->checked, memory_order_acquire) & done) == done) {
        return add_compact(self, column, err); /* it was written before */
    }
    MA_TRY(ma_array_check_values(column, err));
    MA_TRY(ma_array_compact(column, &compact, err));
    if (compact == column) { /* kept alive by whoever gave it */
        atomic_fetch_or_explicit(&column->checked, MA_CHECKED_COMPACT, memory_order_release);
        ma_array_unref(compact);
    } else {
        MA_TRY(ma_output_keep_array(output, compact, err));
    }
    return add_compact(self, compact, err);
}

/* ---- compressing ---- */

typedef struct packer {
    ma_body *body;
    ma_codec_pool *pool;
    const ma_write_options *options;
    ma_buffer *packed; /* one for each buffer of the body */
} packer;

static ma_status
pack_one(void *context, int64_t i, ma_error *err)
{
    const packer *self = context;
    ma_body_buffer *buffer = &self->body->buffers[i];
    uint8_t *target;
    int64_t written = -1;

    if (buffer->size == 0) {
        return MA_OK;
    }
    /* More than it has, and it is better stored: so the target need not be larger. */
    MA_TRY(ma_buffer_alloc(buffer->size, &self->packed[i], &target, err));
    MA_TRY(ma_codec_compress(self->pool, self->options->codec, self->options->level, buffer->data,
                             buffer->size, target, buffer->size - 1, &written, err));
    if (written < 0) {
        ma_buffer_clear(&self->packed[i]);
        buffer->prefix = -1;
        return MA_OK;
    }
    buffer->prefix = buffer->size;
    buffer->packed = target;
    buffer->packed_size = written;
    return MA_OK;
}

ma_status
ma_body_compress(ma_body *self, ma_codec_pool *pool, const ma_write_options *options,
                 ma_output *output, ma_error *err)
{
    int64_t total = 0;
    for (int64_t i = 0; i < self->n_buffers; i++) {
        total += self->buffers[i].size;
    }
    packer packer = {self, pool, options, ma_calloc(self->n_buffers, sizeof(ma_buffer))};
    if (packer.packed == NULL) {
        return ma_fail_nomem(err, self->n_buffers * (int64_t)sizeof(ma_buffer));
    }
    ma_status st = ma_parallel(pack_one, &packer, self->n_buffers,
                               total >= PARALLEL_BYTES ? options->threads : 1, err);
    for (int64_t i = 0; i < self->n_buffers; i++) {
        if (st == MA_OK && packer.packed[i].block != NULL) {
            st = ma_output_keep_buffer(output, packer.packed[i], err);
        } else {
            ma_buffer_clear(&packer.packed[i]);
        }
    }
    ma_free(packer.packed);
    return st;
}

/* ---- laying out ---- */

static int64_t
written_size(const ma_body_buffer *buffer, const ma_write_options *options)
{
    const bool has_prefix = options->codec != MA_CODEC_NONE && buffer->size > 0;
    return buffer->packed_size + (has_prefix ? PREFIX_SIZE : 0);
}

int64_t
ma_body_size(const ma_body *self, const ma_write_options *options)
{
    int64_t size = 0;
    for (int64_t i = 0; i < self->n_buffers; i++) {
        size += ma_round_up(written_size(&self->buffers[i], options), options->alignment);
    }
    return size;
}

static void
fill_nodes(const ma_body *self, uint8_t *at)
{
    if (!MA_HOST_BIG_ENDIAN && self->n_nodes > 0) { /* they are what the format has */
        memcpy(at, self->nodes, (size_t)self->n_nodes * sizeof(*self->nodes));
        return;
    }
    for (int64_t i = 0; i < self->n_nodes; i++, at += 16) {
        ma_store_le64(at, (uint64_t)self->nodes[i].length);
        ma_store_le64(at + 8, (uint64_t)self->nodes[i].nulls);
    }
}

int64_t
ma_body_fill(const ma_body *self, const ma_write_options *options, const ma_batch_slots *slots,
             int64_t length, uint8_t *message)
{
    int64_t offset = 0;
    uint8_t *at = message + slots->buffers;
    fill_nodes(self, message + slots->nodes);
    for (int64_t i = 0; i < self->n_buffers; i++, at += 16) {
        const int64_t size = written_size(&self->buffers[i], options);
        ma_store_le64(at, (uint64_t)offset);
        ma_store_le64(at + 8, (uint64_t)size);
        offset += ma_round_up(size, options->alignment);
    }
    at = message + slots->variadics;
    for (int64_t i = 0; i < self->n_variadics; i++, at += 8) {
        ma_store_le64(at, (uint64_t)self->variadics[i]);
    }
    ma_store_le64(message + slots->length, (uint64_t)length);
    ma_store_le64(message + slots->body_size, (uint64_t)offset);
    return offset;
}

static ma_status
write_prefix(const ma_body_buffer *buffer, ma_output *output, ma_error *err)
{
    uint8_t *prefix = ma_output_scratch(output, PREFIX_SIZE, err);
    if (prefix == NULL) {
        return MA_NOMEM;
    }
    ma_store_le64(prefix, (uint64_t)buffer->prefix);
    return ma_output_add(output, prefix, PREFIX_SIZE, err);
}

/* A small body is put together here: one segment then takes the place of two for each buffer, which
 * would cost more than the bytes do. */
static ma_status
write_joined(const ma_body *self, const ma_write_options *options, int64_t total,
             ma_output *output, ma_error *err)
{
    uint8_t *body = ma_output_scratch(output, total, err);
    uint8_t *at = body;
    if (body == NULL) {
        return MA_NOMEM;
    }
    for (int64_t i = 0; i < self->n_buffers; i++) {
        const ma_body_buffer *buffer = &self->buffers[i];
        const int64_t size = written_size(buffer, options);
        if (size == 0) {
            continue;
        }
        if (size > buffer->packed_size) {
            ma_store_le64(at, (uint64_t)buffer->prefix);
            at += PREFIX_SIZE;
        }
        memcpy(at, buffer->packed, (size_t)buffer->packed_size);
        at += buffer->packed_size;
        for (int64_t pad = ma_round_up(size, options->alignment) - size; pad > 0; pad--) {
            *at++ = 0;
        }
    }
    return ma_output_add(output, body, total, err);
}

ma_status
ma_body_write(const ma_body *self, const ma_write_options *options, int64_t total,
              ma_output *output, ma_error *err)
{
    if (total <= SMALL_BODY) {
        return write_joined(self, options, total, output, err);
    }
    for (int64_t i = 0; i < self->n_buffers; i++) {
        const ma_body_buffer *buffer = &self->buffers[i];
        const int64_t size = written_size(buffer, options);
        if (size > buffer->packed_size) {
            MA_TRY(write_prefix(buffer, output, err));
        }
        MA_TRY(ma_output_add(output, buffer->packed, buffer->packed_size, err));
        MA_TRY(ma_output_pad(output, ma_round_up(size, options->alignment) - size, err));
    }
    return MA_OK;
}
