#include "core/base/memory.h"
#include "core/data/builder.h"

/* The buffers behind the validity bitmap, or all where there is none. */
static ma_status
move_buffers(ma_builder *self, ma_array *array, ma_error *err)
{
    const ma_layout *layout = &ma_layouts[self->type->layout];
    const int at = layout->buffers[0] == MA_BUFFER_VALIDITY;
    if (at == 1 && self->nulls > 0) {
        MA_TRY(ma_growing_finish(&self->validity, &array->buffers[0], err));
    }
    if (layout->n_buffers > at) {
        MA_TRY(ma_growing_finish(&self->first, &array->buffers[at], err));
    }
    if (layout->n_buffers > at + 1) {
        MA_TRY(ma_growing_finish(&self->second, &array->buffers[at + 1], err));
    }
    if (layout->variadic) {
        for (int64_t i = 0; i < self->n_blocks; i++) {
            array->buffers[layout->n_buffers + i] = self->blocks[i];
            self->blocks[i] = MA_NO_BUFFER;
        }
        if (self->second.size > 0) {
            MA_TRY(ma_growing_finish(&self->second,
                                     &array->buffers[layout->n_buffers + self->n_blocks], err));
        }
    }
    return MA_OK;
}

ma_status
ma_builder_finish(ma_builder *self, ma_array **out, ma_error *err)
{
    const bool variadic = ma_layouts[self->type->layout].variadic;
    const int64_t n_variadic = variadic ? self->n_blocks + (self->second.size > 0) : 0;
    ma_array *array = NULL;
    MA_TRY(ma_array_new(self->type, self->length, n_variadic, &array, err));

    ma_status st = move_buffers(self, array, err);
    for (int32_t i = 0; st == MA_OK && i < self->n_children; i++) {
        st = ma_builder_finish(self->children[i], &array->children[i], err);
    }
    if (st == MA_OK && self->values != NULL) {
        st = ma_builder_finish(self->values, &array->dictionary, err);
    }
    if (st != MA_OK) {
        ma_array_unref(array);
        return st;
    }
    const bool has_validity = ma_layouts[self->type->layout].buffers[0] == MA_BUFFER_VALIDITY;
    atomic_store(&array->nulls, has_validity ? self->nulls : -1);
    /* What was appended one by one is in order, in range and UTF-8. */
    atomic_store(&array->checked, MA_CHECKED_VALUES | MA_CHECKED_UTF8);
    *out = array;
    return MA_OK;
}
