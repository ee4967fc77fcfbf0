/* From a message's tables to arrays (Columnar.rst, "RecordBatch message"). */
#include <string.h>

#include "core/base/memory.h"
#include "core/base/number.h"
#include "core/codec/codec.h"
#include "core/ipc/dictionaries.h"
#include "core/ipc/encoded.h"
#include "core/ipc/swap.h"
#include "core/ipc/union_nulls.h"
#include "core/validate/shape.h"

/* A walk over the tables, depth first, as the format lists them. */
typedef struct walk {
    ma_encoded *encoded;
    ma_dict_set *dicts;
    int64_t node;
    int64_t buffer;
    int64_t variadic;
    int64_t *wanted; /* when only the buffers' indices are asked for; else NULL */
    int64_t n_wanted;
} walk;

static void
skip_type(walk *self, const ma_type *type)
{
    const int64_t *sums = self->encoded->variadic_sums + self->variadic;
    self->node += type->counts.nodes;
    self->buffer += type->counts.buffers + sums[type->counts.variadics] - sums[0] +
                    (self->encoded->is_v4 ? type->counts.v4_bitmaps : 0);
    self->variadic += type->counts.variadics;
}

/* ---- one buffer ---- */

/* Count what inflating takes against the limit of the whole message, before it is taken: once for
 * each buffer, also when several threads build its column at the same time. */
static ma_status
charge(ma_encoded *self, int64_t index, int64_t size, ma_error *err)
{
    const ma_limits *limits = &self->plan->limits;
    if (size > limits->max_buffer_size) {
        return ma_fail(err, MA_LIMIT, -1,
                       "the buffer inflates to %lld bytes, over the limit max_buffer_size of %lld; "
                       "raise it to read this",
                       (long long)size, (long long)limits->max_buffer_size);
    }
    int64_t charged = atomic_load(&self->charged[index]);
    do {
        if (size <= charged) {
            return MA_OK;
        }
    } while (!atomic_compare_exchange_weak(&self->charged[index], &charged, size));
    const int64_t more = size - charged;
    if (atomic_fetch_add(&self->inflated, more) > limits->max_batch_size - more) {
        atomic_fetch_sub(&self->inflated, more);
        atomic_fetch_sub(&self->charged[index], more);
        return ma_fail(err, MA_LIMIT, -1,
                       "the batch inflates to more than the limit max_batch_size of %lld bytes; "
                       "raise it to read this",
                       (long long)limits->max_batch_size);
    }
    return MA_OK;
}

/* A compressed buffer begins with its inflated size, -1 for 'stored as it is' (Message.fbs,
 * BodyCompressionMethod). `*owned` says that the result is ours alone. */
static ma_status
inflate(ma_encoded *self, int64_t index, ma_buffer raw, ma_buffer *out, uint8_t **owned,
        ma_error *err)
{
    if (raw.size < 8) {
        return ma_fail(err, MA_INVALID, -1,
                       "a compressed buffer of %lld bytes has no size in front",
                       (long long)raw.size);
    }
    const int64_t size = (int64_t)ma_load_le64(raw.data);
    const uint8_t *packed = raw.data + 8;
    const int64_t packed_size = raw.size - 8;
    const ma_codec_id codec = (ma_codec_id)self->codec;
    *owned = NULL;
    if (size == -1) {
        *out = ma_buffer_slice(raw, 8, packed_size);
        return MA_OK;
    }
    if (size < 0 || size > ma_codec_most_inflated(codec, packed_size)) {
        return ma_fail(err, MA_INVALID, -1,
                       "the buffer says that its %lld bytes inflate to %lld, which is impossible",
                       (long long)packed_size, (long long)size);
    }
    if (size == 0) {
        *out = MA_EMPTY_BUFFER;
        return MA_OK;
    }
    MA_TRY(charge(self, index, size, err));
    MA_TRY(ma_buffer_alloc(size, out, owned, err));
    const ma_status st =
        ma_codec_inflate(&self->plan->pool, codec, packed, packed_size, *owned, size, err);
    if (st != MA_OK) {
        ma_buffer_clear(out);
    }
    return st;
}

/* Many buffers may be the same bytes of the body, of which copies could take any multiple. Buffers
 * that are apart come to no more than the body, and are always copied. */
static ma_status
check_copies(const ma_encoded *self, ma_error *err)
{
    if (self->overlapping == 0) {
        return MA_OK;
    }
    return ma_fail(err, MA_LIMIT, -1,
                   "the message's buffers overlap and come to %lld bytes, over the limit "
                   "max_batch_size of %lld, where some of them have to be copied; raise it to read "
                   "this",
                   (long long)self->overlapping, (long long)self->plan->limits.max_batch_size);
}

/* Copy the bytes where they must change (other byte order) or move (misaligned), and only then. */
static ma_status
settle(const ma_encoded *self, ma_buffer *buffer, uint8_t *owned, ma_buffer_kind kind,
       const ma_type *type, ma_error *err)
{
    const int64_t alignment = ma_buffer_alignment(kind, type);
    const bool misaligned = ((uintptr_t)buffer->data & (uintptr_t)(alignment - 1)) != 0;
    const bool swap = self->plan->swap && ma_swap_needed(kind, type);
    if ((misaligned || swap) && owned == NULL) {
        ma_buffer copy;
        MA_TRY(check_copies(self, err));
        MA_TRY(ma_buffer_alloc(buffer->size, &copy, &owned, err));
        memcpy(owned, buffer->data, (size_t)buffer->size);
        ma_buffer_clear(buffer);
        *buffer = copy;
    }
    if (swap) {
        ma_swap_buffer(kind, type, owned, buffer->size);
    }
    return MA_OK;
}

/* The next buffer of the walk, ready for use. `*out` is an empty one for an absent one. */
static ma_status
take_buffer(walk *self, ma_buffer_kind kind, const ma_type *type, ma_buffer *out, ma_error *err)
{
    ma_encoded *encoded = self->encoded;
    const int64_t index = self->buffer++;
    const ma_range range = encoded->buffers[index];
    uint8_t *owned = NULL;
    ma_buffer buffer;

    if (range.size == 0) {
        return MA_OK;
    }
    ma_buffer raw = {encoded->body.data + range.offset, range.size, encoded->body.block};
    ma_status st = MA_OK;
    if (encoded->codec >= 0) {
        st = inflate(encoded, index, raw, &buffer, &owned, err);
    } else {
        buffer = ma_buffer_ref(raw);
    }
    if (st == MA_OK) {
        st = settle(encoded, &buffer, owned, kind, type, err);
        if (st != MA_OK) {
            ma_buffer_clear(&buffer);
        }
    }
    if (st != MA_OK) {
        err->offset = encoded->origin + range.offset;
        ma_error_prefix(err, "%s buffer", ma_buffer_kind_name(kind));
        return st;
    }
    *out = buffer;
    return MA_OK;
}

/* ---- one array ---- */

static ma_status
build(walk *self, ma_type *full, const ma_pick *pick, ma_type *type, ma_array **out, ma_error *err);

static ma_status
take_buffers(walk *self, const ma_node *node, ma_array *array, ma_error *err)
{
    const ma_type *type = array->type;
    const ma_layout *layout = &ma_layouts[type->layout];
    for (int i = 0; i < layout->n_buffers; i++) {
        if (layout->buffers[i] == MA_BUFFER_VALIDITY && node->nulls == 0) {
            self->buffer++; /* nothing is null: the bitmap need not even be looked at */
            continue;
        }
        MA_TRY(take_buffer(self, layout->buffers[i], type, &array->buffers[i], err));
    }
    for (int32_t i = layout->n_buffers; i < array->n_buffers; i++) {
        MA_TRY(take_buffer(self, MA_BUFFER_BYTES, type, &array->buffers[i], err));
    }
    if (layout->variadic) {
        self->variadic++;
    }
    return MA_OK;
}

static const ma_pick *
find_pick(const ma_pick *pick, int32_t index)
{
    for (int32_t i = 0; i < pick->n_children; i++) {
        if (pick->children[i].index == index) {
            return &pick->children[i];
        }
    }
    return NULL;
}

/* `full` is the type in the message, `array->type` what is wanted of it. */
static ma_status
build_children(walk *self, const ma_type *full, const ma_pick *pick, ma_array *array, ma_error *err)
{
    int32_t n = 0;
    for (int32_t i = 0; i < full->n_children; i++) {
        ma_field *field = full->children[i];
        const ma_pick *wanted = pick != NULL ? find_pick(pick, i) : NULL;
        if (pick != NULL && wanted == NULL && full->id == MA_TYPE_STRUCT) {
            skip_type(self, field->type);
            continue;
        }
        const bool whole = wanted == NULL || wanted->n_children == 0;
        const ma_status st = build(self, field->type, whole ? NULL : wanted,
                                   array->type->children[n]->type, &array->children[n], err);
        if (st != MA_OK) {
            ma_error_prefix(err, ".%.*s", (int)ma_min_i64(field->name_size, 64), field->name);
            return st;
        }
        n++;
    }
    return MA_OK;
}

static ma_status
build_parts(walk *self, const ma_node *node, const ma_type *full, const ma_pick *pick,
            ma_array *array, ma_error *err)
{
    MA_TRY(take_buffers(self, node, array, err));
    MA_TRY(build_children(self, full, pick, array, err));
    if (array->type->id == MA_TYPE_DICTIONARY) {
        MA_TRY(ma_dict_set_values(self->dicts, array->type, &array->dictionary, err));
    }
    atomic_store_explicit(&array->nulls, node->nulls == 0 ? 0 : -1, memory_order_relaxed);
    return ma_array_check_shape(array, err);
}

/* Before V5 the buffers of a union began with a validity bitmap; so they do for run ends in V4,
 * which came later than V5 but are written that way. */
static ma_status
build_with_v4_bitmap(walk *self, const ma_node *node, const ma_type *full, const ma_pick *pick,
                     ma_array *array, ma_error *err)
{
    ma_buffer validity = MA_EMPTY_BUFFER;
    MA_TRY(take_buffer(self, MA_BUFFER_VALIDITY, array->type, &validity, err));
    ma_status st = build_parts(self, node, full, pick, array, err);
    if (st == MA_OK && node->nulls > 0) {
        st = check_copies(self->encoded, err);
    }
    if (st == MA_OK && node->nulls > 0) {
        st = ma_union_push_nulls(array, validity, err);
    }
    ma_buffer_clear(&validity);
    return st;
}

static ma_status
build(walk *self, ma_type *full, const ma_pick *pick, ma_type *type, ma_array **out, ma_error *err)
{
    const ma_encoded *encoded = self->encoded;
    const ma_node *node = &encoded->nodes[self->node++];
    const int64_t *sums = encoded->variadic_sums + self->variadic;
    const int64_t n_variadic = ma_layouts[type->layout].variadic ? sums[1] - sums[0] : 0;
    ma_array *array = NULL;

    MA_TRY(ma_array_new(type, node->length, n_variadic, &array, err));
    const bool has_bitmap = encoded->is_v4 && ma_type_has_v4_bitmap(type);
    const ma_status st = has_bitmap ? build_with_v4_bitmap(self, node, full, pick, array, err)
                                    : build_parts(self, node, full, pick, array, err);
    if (st != MA_OK) {
        ma_array_unref(array);
        return st;
    }
    *out = array;
    return MA_OK;
}

/* A walk that stands at the first table entries of a column. */
static walk
begin_walk(ma_encoded *self, ma_dict_set *dicts, int32_t index)
{
    const ma_counts *before = &self->plan->columns[index].before;
    return (walk){
        .encoded = self,
        .dicts = dicts,
        .node = before->nodes,
        .buffer = before->buffers + self->variadic_sums[before->variadics] +
                  (self->is_v4 ? before->v4_bitmaps : 0),
        .variadic = before->variadics,
    };
}

ma_status
ma_encoded_column(ma_encoded *self, ma_dict_set *dicts, int32_t index, ma_array **out,
                  ma_error *err)
{
    const ma_plan_column *column = &self->plan->columns[index];
    walk walk = begin_walk(self, dicts, index);
    ma_array *array = NULL;

    MA_TRY(build(&walk, self->plan->full->fields[column->field]->type, column->pick,
                 self->plan->schema->fields[index]->type, &array, err));
    if (array->length != self->length) {
        const ma_status st = ma_fail(err, MA_INVALID, self->origin,
                                     "the column has %lld rows and its batch has %lld",
                                     (long long)array->length, (long long)self->length);
        ma_array_unref(array);
        return st;
    }
    *out = array;
    return MA_OK;
}

/* ---- which buffers are wanted ---- */

static void
want_buffers(walk *self, const ma_type *type, const ma_pick *pick)
{
    const ma_layout *layout = &ma_layouts[type->layout];
    const int64_t *sums = self->encoded->variadic_sums + self->variadic;
    const int64_t n = layout->n_buffers + (layout->variadic ? sums[1] - sums[0] : 0) +
                      (self->encoded->is_v4 && ma_type_has_v4_bitmap(type));
    self->node++;
    self->variadic += layout->variadic;
    for (int64_t i = 0; i < n; i++) {
        self->wanted[self->n_wanted++] = self->buffer++;
    }
    for (int32_t i = 0; i < type->n_children; i++) {
        const ma_type *child = type->children[i]->type;
        const ma_pick *wanted = pick != NULL ? find_pick(pick, i) : NULL;
        if (pick != NULL && wanted == NULL && type->id == MA_TYPE_STRUCT) {
            skip_type(self, child);
        } else {
            want_buffers(self, child, wanted != NULL && wanted->n_children > 0 ? wanted : NULL);
        }
    }
}

ma_status
ma_encoded_wanted(const ma_encoded *self, int64_t **out, int64_t *count, ma_error *err)
{
    const ma_plan *plan = self->plan;
    const int64_t most = plan->full->counts.buffers + plan->full->counts.v4_bitmaps +
                         self->variadic_sums[plan->full->counts.variadics];
    int64_t *wanted = ma_malloc(most * (int64_t)sizeof(*wanted));
    int64_t n = 0;
    if (wanted == NULL) {
        return ma_fail_nomem(err, most * (int64_t)sizeof(*wanted));
    }
    for (int32_t i = 0; i < plan->schema->n_fields; i++) {
        const ma_plan_column *column = &plan->columns[i];
        walk walk = begin_walk((ma_encoded *)self, NULL, i);
        walk.wanted = wanted + n;
        want_buffers(&walk, plan->full->fields[column->field]->type, column->pick);
        n += walk.n_wanted;
    }
    *out = wanted;
    *count = n;
    return MA_OK;
}
