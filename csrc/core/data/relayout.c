#include "core/data/relayout.h"

#include <string.h>

#include "core/base/number.h"
#include "core/data/builder.h"
#include "core/data/extent.h"

/* ---- whether ---- */

static bool
is_binary(const ma_type *type)
{
    return type->id == MA_TYPE_BINARY || type->id == MA_TYPE_LARGE_BINARY ||
           type->id == MA_TYPE_BINARY_VIEW;
}

/* Any layout will do for text and binary, and wider offsets for lists. */
static bool
kinds_allow(const ma_type *from, const ma_type *to)
{
    return from->id == to->id ||
           (ma_type_is_utf8(from) && (ma_type_is_utf8(to) || is_binary(to))) ||
           (is_binary(from) && is_binary(to)) ||
           (from->id == MA_TYPE_LIST && to->id == MA_TYPE_LARGE_LIST) ||
           (from->id == MA_TYPE_LIST_VIEW && to->id == MA_TYPE_LARGE_LIST_VIEW);
}

/* An order that was promised need not be; the other way round nobody has looked. */
static bool
parameters_allow(const ma_type *from, const ma_type *to)
{
    return from->unit == to->unit && from->bits == to->bits && from->list_size == to->list_size &&
           from->scale == to->scale && from->precision <= to->precision &&
           (from->timezone != NULL) == (to->timezone != NULL) && (from->ordered || !to->ordered) &&
           (from->keys_sorted || !to->keys_sorted) && from->n_children == to->n_children &&
           (!ma_type_is_union(from) || from->n_children == 0 ||
            memcmp(from->type_codes, to->type_codes, (size_t)from->n_children) == 0);
}

static bool
child_allows(const ma_type *parent, int32_t index, const ma_field *to)
{
    const ma_field *from = parent->children[index];
    const bool named = parent->id == MA_TYPE_STRUCT || ma_type_is_union(parent);
    const bool never_null = parent->id == MA_TYPE_RUN_END_ENCODED && index == 0;
    return (to->nullable || !from->nullable || never_null) &&
           (!named || (from->name_size == to->name_size &&
                       memcmp(from->name, to->name, (size_t)from->name_size) == 0)) &&
           ma_type_can_relayout(from->type, to->type);
}

/* Keys and entries are never null, and may have any names. */
static bool
map_allows(const ma_type *from, const ma_type *to)
{
    ma_field *const *a = from->children[0]->type->children;
    ma_field *const *b = to->children[0]->type->children;
    return ma_type_can_relayout(a[0]->type, b[0]->type) &&
           ma_type_can_relayout(a[1]->type, b[1]->type) && (b[1]->nullable || !a[1]->nullable);
}

bool
ma_type_can_relayout(const ma_type *from, const ma_type *to)
{
    if (!kinds_allow(from, to) || !parameters_allow(from, to)) {
        return false;
    }
    if (from->id == MA_TYPE_DICTIONARY) {
        return from->index_type->id == to->index_type->id &&
               ma_type_can_relayout(from->value_type, to->value_type);
    }
    if (from->id == MA_TYPE_MAP) {
        return map_allows(from, to);
    }
    for (int32_t i = 0; i < from->n_children; i++) {
        if (!child_allows(from, i, to->children[i])) {
            return false;
        }
    }
    /* run ends are what they are: their type is part of the array's */
    return from->id != MA_TYPE_RUN_END_ENCODED ||
           from->children[0]->type->id == to->children[0]->type->id;
}

/* ---- wider offsets ---- */

/* Items `start` to `end` of a buffer of 32-bit numbers, as 64-bit ones. */
static ma_status
widen_buffer(const ma_buffer *source, int64_t start, int64_t end, ma_buffer *out, ma_error *err)
{
    uint8_t *target;
    MA_TRY(ma_buffer_alloc(8 * (end - start), out, &target, err));
    for (int64_t i = start; i < end; i++) {
        ma_store_u64(target + 8 * (i - start),
                     (uint64_t)(int64_t)ma_load_i32(source->data + 4 * i));
    }
    return MA_OK;
}

/* The same rows, from the beginning of a byte of the validity bitmap on. */
static ma_status
widen_buffers(const ma_array *self, ma_array *wide, ma_error *err)
{
    const ma_layout *layout = &ma_layouts[self->type->layout];
    const int64_t start = self->offset & ~INT64_C(7);
    const int64_t end = self->offset + self->length;
    for (int i = 0; i < layout->n_buffers; i++) {
        const ma_buffer *buffer = &self->buffers[i];
        const ma_buffer_kind kind = layout->buffers[i];
        if (kind == MA_BUFFER_VALIDITY && buffer->data != NULL) {
            wide->buffers[i] = ma_buffer_slice(*buffer, start / 8, buffer->size - start / 8);
        } else if (kind == MA_BUFFER_BYTES) {
            wide->buffers[i] = ma_buffer_ref(*buffer);
        } else if (kind != MA_BUFFER_VALIDITY) {
            MA_TRY(widen_buffer(buffer, start, end + ma_buffer_kind_is_offsets(kind),
                                &wide->buffers[i], err));
        }
    }
    wide->offset = self->offset - start;
    atomic_store_explicit(&wide->nulls, atomic_load_explicit(&self->nulls, memory_order_relaxed),
                          memory_order_relaxed);
    return MA_OK;
}

static ma_status
widen(const ma_array *self, ma_type *type, ma_array **out, ma_error *err)
{
    ma_array *wide = NULL;
    MA_TRY(ma_array_new(type, self->length, 0, &wide, err));
    const ma_status st = widen_buffers(self, wide, err);
    if (st != MA_OK) {
        ma_array_unref(wide);
        return st;
    }
    for (int32_t i = 0; i < self->n_children; i++) {
        wide->children[i] = ma_array_ref(self->children[i]);
    }
    *out = wide;
    return MA_OK;
}

static bool
is_wider(const ma_type *from, const ma_type *to)
{
    return (from->layout == MA_LAYOUT_BINARY32 && to->layout == MA_LAYOUT_BINARY64) ||
           (from->layout == MA_LAYOUT_LIST32 && to->layout == MA_LAYOUT_LIST64) ||
           (from->layout == MA_LAYOUT_LIST_VIEW32 && to->layout == MA_LAYOUT_LIST_VIEW64);
}

/* ---- text and binary, row by row ---- */

static ma_status
append_rows(const ma_array *self, ma_builder *builder, ma_error *err)
{
    MA_TRY(ma_builder_reserve(builder, self->length, err));
    for (int64_t i = 0; i < self->length; i++) {
        if (ma_array_is_null(self, i)) {
            MA_TRY(ma_builder_append_null(builder, 1, err));
        } else {
            const ma_bytes bytes = ma_array_bytes_at(self, i);
            MA_TRY(ma_builder_append_bytes(builder, bytes.data, bytes.size, err));
        }
    }
    return MA_OK;
}

static ma_status
rebuild(const ma_array *self, ma_type *type, ma_array **out, ma_error *err)
{
    ma_builder *builder = NULL;
    MA_TRY(ma_array_check_extent(self, 0, self->length, MA_EXTENT_OBJECTS, err));
    MA_TRY(ma_builder_new(type, &builder, err));
    ma_status st = append_rows(self, builder, err);
    if (st == MA_OK) {
        st = ma_builder_finish(builder, out, err);
    }
    if (st == MA_OK) { /* a builder takes text for UTF-8; these are the bytes that were there */
        atomic_fetch_and(&(*out)->checked, atomic_load(&self->checked));
    }
    ma_builder_free(builder);
    return st;
}

/* ---- arrays ---- */

/* Replace what `*part` points to by itself under `type`. */
static ma_status
relayout_part(ma_array **part, ma_type *type, ma_error *err)
{
    ma_array *changed = NULL;
    MA_TRY(ma_array_relayout(*part, type, &changed, err));
    ma_array_unref(*part);
    *part = changed;
    return MA_OK;
}

static ma_status
relayout_parts(ma_array *self, ma_error *err)
{
    for (int32_t i = 0; i < self->n_children; i++) {
        MA_TRY(relayout_part(&self->children[i], self->type->children[i]->type, err));
    }
    return self->dictionary != NULL ? relayout_part(&self->dictionary, self->type->value_type, err)
                                    : MA_OK;
}

ma_status
ma_array_relayout(ma_array *self, ma_type *type, ma_array **out, ma_error *err)
{
    ma_array *changed = NULL;
    assert(ma_type_can_relayout(self->type, type));
    if (self->type == type) {
        *out = ma_array_ref(self);
        return MA_OK;
    }
    if (self->type->layout == type->layout) {
        MA_TRY(ma_array_retype(self, type, &changed, err));
    } else if (is_wider(self->type, type)) {
        MA_TRY(widen(self, type, &changed, err));
    } else {
        MA_TRY(rebuild(self, type, &changed, err));
    }
    const ma_status st = relayout_parts(changed, err);
    if (st != MA_OK) {
        ma_array_unref(changed);
        return st;
    }
    *out = changed;
    return MA_OK;
}
