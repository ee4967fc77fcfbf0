#include "core/data/relayout.h"

#include "core/data/builder.h"
#include "core/data/compact.h"
#include "core/data/extent.h"
#include "core/types/holds.h"

/* ---- other offsets to the same bytes or items ---- */

/* The rows' validity bitmap, which is cut where that needs no shifting. */
static ma_status
share_validity(const ma_array *self, ma_array *out, ma_error *err)
{
    const ma_buffer *source = &self->buffers[0];
    const int64_t size = ma_bitmap_size(self->length);
    uint8_t *bits;
    atomic_store(&out->nulls, atomic_load(&self->nulls));
    if (source->data == NULL || size == 0) {
        return MA_OK;
    }
    if ((self->offset & 7) == 0) {
        out->buffers[0] = ma_buffer_slice(*source, self->offset / 8, size);
        return MA_OK;
    }
    MA_TRY(ma_buffer_alloc(size, &out->buffers[0], &bits, err));
    ma_bitmap_copy(bits, source->data, self->offset, self->length);
    return MA_OK;
}

/* Buffer `index` of `out`, for as many 32- or 64-bit numbers as its kind has. */
static ma_status
make_numbers(ma_array *out, int index, uint8_t **numbers, ma_error *err)
{
    const ma_buffer_kind kind = ma_layouts[out->type->layout].buffers[index];
    const int64_t count = out->length + ma_buffer_kind_is_offsets(kind);
    return ma_buffer_alloc(count * (ma_buffer_kind_bits(kind, 0) / 8), &out->buffers[index],
                           numbers, err);
}

/* Number `i`, if it fits. */
static bool
put_number(uint8_t *numbers, bool wide, int64_t i, int64_t number)
{
    if (wide) {
        ma_store_i64(numbers + 8 * i, number);
    } else {
        ma_store_i32(numbers + 4 * i, (int32_t)number);
    }
    return wide || number <= INT32_MAX;
}

static bool
has_byte_offsets(const ma_type *type)
{
    return type->layout == MA_LAYOUT_BINARY32 || type->layout == MA_LAYOUT_BINARY64;
}

static ma_status
share_bytes(const ma_array *self, ma_array *out, bool *fits, ma_error *err)
{
    const bool wide = out->type->layout == MA_LAYOUT_BINARY64;
    uint8_t *offsets;
    MA_TRY(make_numbers(out, 1, &offsets, err));
    out->buffers[2] = ma_buffer_ref(self->buffers[2]);
    *fits = true;
    for (int64_t i = 0; i <= self->length && *fits; i++) {
        *fits = put_number(offsets, wide, i, ma_array_offset_at(self, i));
    }
    return MA_OK;
}

/* Whether a row of a list has items. */
static bool
has_items(const ma_array *self, int64_t i, int64_t *start, int64_t *size)
{
    ma_array_list_at(self, i, start, size);
    return *size > 0 && !ma_array_is_null(self, i);
}

/* Where the items of the first row that has any begin. */
static int64_t
first_item(const ma_array *self)
{
    int64_t start = 0;
    int64_t size;
    int64_t i = 0;
    while (i < self->length && !has_items(self, i, &start, &size)) {
        i++;
    }
    return i < self->length ? start : 0;
}

/* Offsets take items that lie one list behind the other. A null that has items of its own, behind
 * those of the row before, keeps them; one that has others has none then. */
static bool
share_items_in_order(const ma_array *self, bool wide, uint8_t *offsets)
{
    int64_t end = first_item(self);
    bool fits = put_number(offsets, wide, 0, end);
    for (int64_t i = 0; i < self->length && fits; i++) {
        int64_t start;
        int64_t size;
        const bool used = has_items(self, i, &start, &size);
        if (start == end) {
            end += size;
        } else if (used) {
            return false;
        }
        fits = put_number(offsets, wide, i + 1, end);
    }
    return fits;
}

/* Views take them as they lie. */
static bool
share_items_as_views(const ma_array *self, bool wide, uint8_t *offsets, uint8_t *sizes)
{
    bool fits = true;
    for (int64_t i = 0; i < self->length && fits; i++) {
        int64_t start;
        int64_t size;
        ma_array_list_at(self, i, &start, &size);
        fits = put_number(offsets, wide, i, start) && put_number(sizes, wide, i, size) &&
               (wide || start <= INT32_MAX - size);
    }
    return fits;
}

static ma_status
share_items(const ma_array *self, ma_array *out, bool *fits, ma_error *err)
{
    const ma_layout_id layout = out->type->layout;
    const bool wide = layout == MA_LAYOUT_LIST64 || layout == MA_LAYOUT_LIST_VIEW64;
    uint8_t *offsets;
    uint8_t *sizes;
    MA_TRY(make_numbers(out, 1, &offsets, err));
    out->children[0] = ma_array_ref(self->children[0]);
    if (layout == MA_LAYOUT_LIST32 || layout == MA_LAYOUT_LIST64) {
        *fits = share_items_in_order(self, wide, offsets);
        return MA_OK;
    }
    MA_TRY(make_numbers(out, 2, &sizes, err));
    *fits = share_items_as_views(self, wide, offsets, sizes);
    return MA_OK;
}

/* NULL in `*out` where the offsets do not fit. */
static ma_status
share(const ma_array *self, ma_type *type, ma_array **out, ma_error *err)
{
    ma_array *shared = NULL;
    bool fits = false;
    if (ma_array_is_free(self)) { /* lists of no items */
        MA_TRY(ma_check_free_rows(self->length, err));
    }
    MA_TRY(ma_array_new(type, self->length, 0, &shared, err));
    ma_status st = share_validity(self, shared, err);
    if (st == MA_OK) {
        st = has_byte_offsets(type) ? share_bytes(self, shared, &fits, err)
                                    : share_items(self, shared, &fits, err);
    }
    if (st != MA_OK || !fits) {
        ma_array_unref(shared);
        shared = NULL;
    }
    *out = shared;
    return st;
}

/* ---- other indices into the same dictionary ---- */

static ma_status
indices_of(const ma_array *self, ma_array **out, ma_error *err)
{
    ma_array *indices = NULL;
    MA_TRY(ma_array_new(self->type->index_type, self->length, 0, &indices, err));
    indices->offset = self->offset;
    for (int i = 0; i < 2; i++) {
        indices->buffers[i] = ma_buffer_ref(self->buffers[i]);
    }
    *out = indices;
    return MA_OK;
}

static ma_status
rebuild(const ma_array *self, ma_type *type, ma_array **out, ma_error *err);

static ma_status
change_indices(const ma_array *self, ma_type *type, ma_array **out, ma_error *err)
{
    ma_array *narrow = NULL;
    ma_array *wide = NULL;
    MA_TRY(indices_of(self, &narrow, err));
    ma_status st = rebuild(narrow, type->index_type, &wide, err);
    ma_array_unref(narrow);
    MA_TRY(st);
    st = ma_array_new(type, self->length, 0, out, err);
    if (st == MA_OK) {
        for (int i = 0; i < 2; i++) {
            (*out)->buffers[i] = ma_buffer_ref(wide->buffers[i]);
        }
        (*out)->dictionary = ma_array_ref(self->dictionary);
    }
    ma_array_unref(wide);
    return st;
}

/* ---- row by row ---- */

/* A builder takes text for UTF-8; these are the bytes that were there. */
static void
forget_unchecked(ma_array *self, unsigned checked)
{
    atomic_fetch_and(&self->checked, checked);
    for (int32_t i = 0; i < self->n_children; i++) {
        forget_unchecked(self->children[i], checked);
    }
    if (self->dictionary != NULL) {
        forget_unchecked(self->dictionary, checked);
    }
}

static ma_status
rebuild(const ma_array *self, ma_type *type, ma_array **out, ma_error *err)
{
    ma_builder *builder = NULL;
    MA_TRY(ma_builder_new(type, &builder, err));
    ma_status st = ma_builder_copy_rows(builder, self, 0, self->length, err);
    if (st == MA_OK) {
        st = ma_builder_finish(builder, out, err);
    }
    if (st == MA_OK) {
        forget_unchecked(*out, atomic_load(&self->checked));
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

/* Whether all buffers may stay as they are. */
static bool
has_same_buffers(const ma_type *a, const ma_type *b)
{
    return a->layout == b->layout && a->bits == b->bits &&
           (a->layout != MA_LAYOUT_DICTIONARY || a->index_type->id == b->index_type->id);
}

/* The same for all children. */
static bool
have_same_children(const ma_type *a, const ma_type *b)
{
    for (int32_t i = 0; i < a->n_children && i < b->n_children; i++) {
        const ma_type *x = a->children[i]->type;
        const ma_type *y = b->children[i]->type;
        if (x != y && !(has_same_buffers(x, y) && have_same_children(x, y))) {
            return false;
        }
    }
    return true;
}

static bool
may_share(const ma_type *from, const ma_type *to)
{
    return (has_byte_offsets(from) && has_byte_offsets(to)) ||
           (ma_type_is_any_list(to) &&
            (ma_type_is_any_list(from) || from->id == MA_TYPE_FIXED_SIZE_LIST));
}

/* The array's own buffers under `type`; parts that could be shared may still have their type. */
static ma_status
relayout_own(ma_array *self, ma_type *type, ma_array **out, ma_error *err)
{
    *out = NULL;
    if (has_same_buffers(self->type, type)) {
        return ma_array_retype(self, type, out, err);
    }
    if (self->type->layout == MA_LAYOUT_DICTIONARY && type->layout == MA_LAYOUT_DICTIONARY) {
        return change_indices(self, type, out, err);
    }
    if (may_share(self->type, type)) {
        MA_TRY(share(self, type, out, err));
    }
    return *out != NULL ? MA_OK : rebuild(self, type, out, err);
}

static ma_status
relayout_all(ma_array *self, ma_type *type, ma_array **out, ma_error *err)
{
    ma_array *changed = NULL;
    MA_TRY(relayout_own(self, type, &changed, err));
    const ma_status st = relayout_parts(changed, err);
    if (st != MA_OK) {
        ma_array_unref(changed);
        return st;
    }
    *out = changed;
    return MA_OK;
}

ma_status
ma_array_relayout(ma_array *self, ma_type *type, ma_array **out, ma_error *err)
{
    ma_array *shown = NULL;
    if (self->type == type) {
        *out = ma_array_ref(self);
        return MA_OK;
    }
    if (have_same_children(self->type, type)) {
        shown = ma_array_ref(self);
    } else { /* so that no more of the children changes than the rows show */
        MA_TRY(ma_array_compact(self, &shown, err));
    }
    const ma_status st = relayout_all(shown, type, out, err);
    if (st == MA_OK && (*out)->place == NULL) {
        (*out)->place = ma_place_ref(self->place);
    }
    ma_array_unref(shown);
    return st;
}
