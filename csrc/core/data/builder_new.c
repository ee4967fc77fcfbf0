/* Making and freeing builders, and room for rows. */
#include "core/base/memory.h"
#include "core/base/number.h"
#include "core/data/builder.h"
#include "core/data/unique.h"

/* What a layout needs before its first row. */
static ma_status
init_layout(ma_builder *self, ma_error *err)
{
    const ma_layout *layout = &ma_layouts[self->type->layout];
    if (self->type->id == MA_TYPE_DICTIONARY) {
        MA_TRY(ma_unique_new(&self->unique, err));
        return ma_builder_new(self->type->value_type, &self->values, err);
    }
    if (layout->n_buffers > 1 && ma_buffer_kind_is_offsets(layout->buffers[1])) {
        return ma_growing_add_zeros(&self->first, ma_buffer_kind_bits(layout->buffers[1], 0) / 8,
                                    err);
    }
    return MA_OK;
}

ma_status
ma_builder_new(ma_type *type, ma_builder **out, ma_error *err)
{
    const int64_t size =
        (int64_t)sizeof(ma_builder) + type->n_children * (int64_t)sizeof(ma_builder *);
    ma_builder *self = ma_calloc(1, size);
    if (self == NULL) {
        return ma_fail_nomem(err, size);
    }
    self->type = ma_type_ref(type);
    self->n_children = type->n_children;
    ma_status st = init_layout(self, err);
    for (int32_t i = 0; st == MA_OK && i < self->n_children; i++) {
        st = ma_builder_new(type->children[i]->type, &self->children[i], err);
        if (st == MA_OK) {
            self->children[i]->field = type->children[i]; /* which `self->type` holds */
        }
    }
    if (st != MA_OK) {
        ma_builder_free(self);
        return st;
    }
    *out = self;
    return MA_OK;
}

void
ma_builder_free(ma_builder *self)
{
    if (self == NULL) {
        return;
    }
    for (int32_t i = 0; i < self->n_children; i++) {
        ma_builder_free(self->children[i]);
    }
    ma_builder_free(self->values);
    ma_unique_free(self->unique);
    for (int64_t i = 0; i < self->n_blocks; i++) {
        ma_buffer_clear(&self->blocks[i]);
    }
    ma_free(self->blocks);
    ma_growing_fini(&self->validity);
    ma_growing_fini(&self->first);
    ma_growing_fini(&self->second);
    ma_type_unref(self->type);
    ma_free(self);
}

ma_status
ma_builder_reserve(ma_builder *self, int64_t rows, ma_error *err)
{
    int64_t first;
    int64_t second;
    if (!ma_mul_i64(rows, ma_builder_row_bits(self, 0), &first) ||
        !ma_mul_i64(rows, ma_builder_row_bits(self, 1), &second)) {
        return ma_fail_nomem(err, INT64_MAX);
    }
    if (first > 0) {
        MA_TRY(ma_growing_reserve(&self->first, ma_bitmap_size(first), err));
    }
    if (second > 0) {
        MA_TRY(ma_growing_reserve(&self->second, ma_bitmap_size(second), err));
    }
    for (int32_t i = 0; i < self->n_children; i++) {
        const ma_child_rule rule = ma_layouts[self->type->layout].children;
        if (rule == MA_CHILDREN_ALIGNED) {
            MA_TRY(ma_builder_reserve(self->children[i], rows, err));
        }
    }
    return MA_OK;
}
