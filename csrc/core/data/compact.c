#include "core/data/compact.h"

#include "core/base/memory.h"
#include "core/data/compact_view.h"
#include "core/data/rebase.h"

static bool
has_validity(const ma_array *self)
{
    return ma_layouts[self->type->layout].buffers[0] == MA_BUFFER_VALIDITY;
}

static int64_t
needed(const ma_array *self, ma_buffer_kind kind)
{
    const int64_t bits = ma_buffer_kind_bits(kind, self->type->bits);
    const int64_t items = self->length + ma_buffer_kind_is_offsets(kind);
    return bits == 1 ? ma_bitmap_size(items) : items * (bits / 8);
}

/* ---- is there anything to do? ---- */

/* Whether the bits behind the last one, up to the end of its byte, are 0. */
static bool
ends_in_zeros(const uint8_t *bits, int64_t end)
{
    return (end & 7) == 0 || (bits[end >> 3] >> (end & 7)) == 0;
}

static bool
is_buffer_compact(const ma_array *self, int index)
{
    const ma_buffer_kind kind = ma_layouts[self->type->layout].buffers[index];
    const ma_buffer *buffer = &self->buffers[index];
    switch (kind) {
    case MA_BUFFER_NONE:
        return true;
    case MA_BUFFER_VALIDITY:
        return buffer->data == NULL ||
               (ma_array_null_count((ma_array *)self) > 0 && buffer->size == needed(self, kind) &&
                ends_in_zeros(buffer->data, self->length));
    case MA_BUFFER_BYTES:
        return buffer->size == ma_array_offset_at(self, self->length);
    case MA_BUFFER_OFFSETS32:
    case MA_BUFFER_OFFSETS64:
        return buffer->size == needed(self, kind) && ma_array_offset_at(self, 0) == 0;
    case MA_BUFFER_DATA:
        return buffer->size == needed(self, kind) &&
               (self->type->bits != 1 || ends_in_zeros(buffer->data, self->length));
    case MA_BUFFER_VIEWS:
        return buffer->size == needed(self, kind) && ma_views_are_compact(self);
    case MA_BUFFER_LIST_OFFSETS32:
    case MA_BUFFER_LIST_OFFSETS64:
    case MA_BUFFER_SIZES32:
    case MA_BUFFER_SIZES64:
    case MA_BUFFER_TYPE_IDS:
    case MA_BUFFER_UNION_OFFSETS:
        return buffer->size == needed(self, kind);
    }
    return false;
}

/* Whether the children are no longer than what is used of them, which is also when no offset needs
 * to be shifted. */
static bool
are_children_cut(const ma_array *self, const ma_used *used)
{
    for (int32_t i = 0; i < self->n_children; i++) {
        if (used[i].start != 0 || used[i].length != self->children[i]->length) {
            return false;
        }
    }
    return self->type->layout != MA_LAYOUT_RUN_END || self->length == 0 ||
           ma_array_int_at(self->children[0], self->children[0]->length - 1) == self->length;
}

static bool
are_own_buffers_compact(const ma_array *self, const ma_used *used)
{
    if (self->offset != 0) {
        return false;
    }
    for (int i = 0; i < ma_layouts[self->type->layout].n_buffers; i++) {
        if (!is_buffer_compact(self, i)) {
            return false;
        }
    }
    return are_children_cut(self, used);
}

/* ---- cutting buffers ---- */

/* A part of a buffer; a part without bytes holds on to nothing. */
static ma_buffer
cut(ma_buffer buffer, int64_t start, int64_t size)
{
    return size > 0 ? ma_buffer_slice(buffer, start, size) : MA_EMPTY_BUFFER;
}

static ma_status
cut_bits(const ma_array *self, int index, ma_buffer *out, ma_error *err)
{
    const ma_buffer source = self->buffers[index];
    const int64_t size = ma_bitmap_size(self->length);
    uint8_t *bits;
    if (size == 0) {
        *out = MA_EMPTY_BUFFER;
        return MA_OK;
    }
    if ((self->offset & 7) == 0 && ends_in_zeros(source.data, self->offset + self->length)) {
        *out = cut(source, self->offset / 8, size);
        return MA_OK;
    }
    MA_TRY(ma_buffer_alloc(size, out, &bits, err));
    ma_bitmap_copy(bits, source.data, self->offset, self->length);
    return MA_OK;
}

static ma_status
cut_offsets(const ma_array *self, ma_buffer_kind kind, ma_buffer *out, ma_error *err)
{
    const int64_t size = needed(self, kind);
    uint8_t *offsets;
    if (self->length == 0) {
        *out = (ma_buffer){ma_zeros, size, NULL};
        return MA_OK;
    }
    if (ma_array_offset_at(self, 0) == 0) {
        *out = ma_buffer_slice(self->buffers[1], self->offset * (ma_buffer_kind_bits(kind, 0) / 8),
                               size);
        return MA_OK;
    }
    MA_TRY(ma_buffer_alloc(size, out, &offsets, err));
    ma_rebase_offsets(self, 0, offsets);
    return MA_OK;
}

static ma_status
cut_buffer(const ma_array *self, int index, ma_buffer *out, ma_error *err)
{
    const ma_buffer_kind kind = ma_layouts[self->type->layout].buffers[index];
    const int64_t bits = ma_buffer_kind_bits(kind, self->type->bits);
    if (kind == MA_BUFFER_VALIDITY && ma_array_null_count((ma_array *)self) == 0) {
        *out = MA_NO_BUFFER;
        return MA_OK;
    }
    if (kind == MA_BUFFER_BYTES) {
        const ma_used span = ma_array_span(self);
        *out = cut(self->buffers[index], span.start, span.length);
        return MA_OK;
    }
    if (ma_buffer_kind_is_offsets(kind)) {
        return cut_offsets(self, kind, out, err);
    }
    if (bits == 1) {
        return cut_bits(self, index, out, err);
    }
    *out = cut(self->buffers[index], self->offset * (bits / 8), needed(self, kind));
    return MA_OK;
}

static ma_status
shift_list_view(const ma_array *self, ma_used used, ma_array *copy, ma_error *err)
{
    const int64_t size = needed(self, ma_layouts[self->type->layout].buffers[1]);
    uint8_t *offsets;
    uint8_t *sizes;
    if (used.start == 0 && ma_list_view_fits(self, used)) {
        return MA_OK; /* as they were cut */
    }
    ma_buffer_clear(&copy->buffers[1]);
    MA_TRY(ma_buffer_alloc(size, &copy->buffers[1], &offsets, err));
    ma_buffer_clear(&copy->buffers[2]);
    MA_TRY(ma_buffer_alloc(size, &copy->buffers[2], &sizes, err));
    ma_rebase_list_view(self, used, 0, offsets, sizes);
    return MA_OK;
}

static ma_status
shift_union(const ma_array *self, const ma_used *used, ma_array *copy, ma_error *err)
{
    const int64_t bases[128] = {0};
    bool shifted = false;
    uint8_t *offsets;
    for (int32_t i = 0; i < self->n_children; i++) {
        shifted = shifted || used[i].start != 0;
    }
    if (!shifted) {
        return MA_OK;
    }
    ma_buffer_clear(&copy->buffers[1]);
    MA_TRY(ma_buffer_alloc(4 * self->length, &copy->buffers[1], &offsets, err));
    ma_rebase_union(self, used, bases, offsets);
    return MA_OK;
}

static ma_status
cut_buffers(const ma_array *self, const ma_used *used, ma_array *copy, ma_error *err)
{
    const ma_layout_id layout = self->type->layout;
    for (int i = 0; i < ma_layouts[layout].n_buffers; i++) {
        if (layout == MA_LAYOUT_VIEW && i > 0) {
            break; /* which ma_views_compact did */
        }
        MA_TRY(cut_buffer(self, i, &copy->buffers[i], err));
    }
    switch (layout) {
    case MA_LAYOUT_LIST_VIEW32:
    case MA_LAYOUT_LIST_VIEW64:
        return shift_list_view(self, used[0], copy, err);
    case MA_LAYOUT_DENSE_UNION:
        return shift_union(self, used, copy, err);
    default:
        return MA_OK;
    }
}

/* ---- cutting children ---- */

static ma_status
cut_child(ma_array *child, ma_used used, ma_array **out, ma_error *err)
{
    ma_array *slice = NULL;
    if (used.start == 0 && used.length == child->length) {
        return ma_array_compact(child, out, err);
    }
    MA_TRY(ma_array_slice(child, used.start, used.length, &slice, err));
    const ma_status st = ma_array_compact(slice, out, err);
    ma_array_unref(slice);
    return st;
}

static ma_status
cut_run_ends(const ma_array *self, ma_used used, ma_array **out, ma_error *err)
{
    ma_array *ends = self->children[0];
    ma_array *copy = NULL;
    uint8_t *data;
    if (self->length == 0 || (self->offset == 0 && ma_array_int_at(ends, used.start + used.length -
                                                                             1) == self->length)) {
        return cut_child(ends, used, out, err);
    }
    MA_TRY(ma_array_new(ends->type, used.length, 0, &copy, err));
    const ma_status st =
        ma_buffer_alloc(used.length * (ends->type->bits / 8), &copy->buffers[1], &data, err);
    if (st != MA_OK) {
        ma_array_unref(copy);
        return st;
    }
    ma_rebase_run_ends(self, used, 0, data);
    atomic_store(&copy->nulls, 0);
    atomic_store(&copy->checked, MA_CHECKED_VALUES | MA_CHECKED_UTF8 | MA_CHECKED_RUN_ENDS);
    *out = copy;
    return MA_OK;
}

/* In place of what is there in `copy`. */
static ma_status
cut_children(const ma_array *self, const ma_used *used, ma_array *copy, ma_error *err)
{
    for (int32_t i = 0; i < self->n_children; i++) {
        ma_array *child = NULL;
        MA_TRY(self->type->layout == MA_LAYOUT_RUN_END && i == 0
                   ? cut_run_ends(self, used[0], &child, err)
                   : cut_child(self->children[i], used[i], &child, err));
        ma_array_unref(copy->children[i]);
        copy->children[i] = child;
    }
    if (self->dictionary != NULL) {
        ma_array *dictionary = NULL;
        MA_TRY(ma_array_compact(self->dictionary, &dictionary, err));
        ma_array_unref(copy->dictionary);
        copy->dictionary = dictionary;
    }
    return MA_OK;
}

/* ---- all together ---- */

static ma_status
cut_own_buffers(ma_array *self, const ma_used *used, ma_array **out, ma_error *err)
{
    ma_array *copy = NULL;
    MA_TRY(self->type->layout == MA_LAYOUT_VIEW
               ? ma_views_compact(self, &copy, err)
               : ma_array_new(self->type, self->length, 0, &copy, err));
    const ma_status st = cut_buffers(self, used, copy, err);
    if (st != MA_OK) {
        ma_array_unref(copy);
        return st;
    }
    atomic_store(&copy->nulls, has_validity(self) ? ma_array_null_count(self) : -1);
    atomic_store(&copy->checked, atomic_load(&self->checked));
    *out = copy;
    return MA_OK;
}

static bool
has_same_parts(const ma_array *a, const ma_array *b)
{
    for (int32_t i = 0; i < a->n_children; i++) {
        if (a->children[i] != b->children[i]) {
            return false;
        }
    }
    return a->dictionary == b->dictionary;
}

static ma_status
compact_with(ma_array *self, const ma_used *used, ma_array **out, ma_error *err)
{
    const bool own = are_own_buffers_compact(self, used);
    ma_array *copy = NULL;
    if (own && self->n_children == 0 && self->dictionary == NULL) {
        *out = ma_array_ref(self);
        return MA_OK;
    }
    MA_TRY(own ? ma_array_retype(self, self->type, &copy, err)
               : cut_own_buffers(self, used, &copy, err));
    const ma_status st = cut_children(self, used, copy, err);
    if (st != MA_OK) {
        ma_array_unref(copy);
        return st;
    }
    if (own && has_same_parts(self, copy)) {
        ma_array_unref(copy);
        copy = ma_array_ref(self);
    }
    *out = copy;
    return MA_OK;
}

ma_status
ma_array_compact(ma_array *self, ma_array **out, ma_error *err)
{
    ma_used few[8];
    ma_used *used = few;
    if (self->n_children > 8) {
        used = ma_calloc(self->n_children, sizeof(*used));
        if (used == NULL) {
            return ma_fail_nomem(err, self->n_children * (int64_t)sizeof(*used));
        }
    }
    ma_array_used(self, used);
    const ma_status st = compact_with(self, used, out, err);
    if (used != few) {
        ma_free(used);
    }
    return st;
}
