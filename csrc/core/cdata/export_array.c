#include "core/cdata/export_array.h"

#include <string.h>

#include "core/base/memory.h"
#include "core/base/number.h"
#include "core/validate/values.h"

/* What an ArrowArray of ours has behind `private_data`. Each child is a struct of its own in here
 * and has its own such block, so that it survives being moved out. */
typedef struct exported {
    ma_array *array;              /* owned; NULL for a batch */
    const void **buffers;         /* in this block */
    struct ArrowArray **children; /* in this block; they point to `nodes` */
    int64_t *sizes;               /* in this block; of a view's data buffers */
    struct ArrowArray dictionary;
    struct ArrowArray nodes[];
} exported;

static void
release_if_there(struct ArrowArray *array)
{
    if (array != NULL && array->release != NULL) {
        array->release(array);
    }
}

static void
release_array(struct ArrowArray *self)
{
    exported *owned = self->private_data;
    for (int64_t i = 0; i < self->n_children; i++) {
        release_if_there(self->children[i]);
    }
    release_if_there(self->dictionary);
    ma_array_unref(owned->array);
    ma_free(owned);
    self->release = NULL;
}

/* A node without children yet, which may be released. */
static ma_status
begin_node(int64_t n_buffers, int64_t n_children, int64_t n_sizes, struct ArrowArray *out,
           ma_error *err)
{
    const int64_t child_size = (int64_t)(sizeof(struct ArrowArray) + sizeof(struct ArrowArray *));
    const int64_t size = (int64_t)sizeof(exported) + n_children * child_size +
                         n_sizes * (int64_t)sizeof(int64_t) + n_buffers * (int64_t)sizeof(void *);
    exported *owned = ma_calloc(1, size);
    if (owned == NULL) {
        return ma_fail_nomem(err, size);
    }
    owned->sizes = (int64_t *)(void *)(owned->nodes + n_children);
    owned->children = (struct ArrowArray **)(void *)(owned->sizes + n_sizes);
    owned->buffers = (const void **)(owned->children + n_children);
    for (int64_t i = 0; i < n_children; i++) {
        owned->children[i] = &owned->nodes[i];
    }
    *out = (struct ArrowArray){
        .n_buffers = n_buffers,
        .n_children = n_children,
        .buffers = owned->buffers, /* mandatory, even where there are none */
        .children = n_children > 0 ? owned->children : NULL,
        .release = release_array,
        .private_data = owned,
    };
    return MA_OK;
}

/* CDataInterface.rst, "Binary view arrays": behind the data buffers comes one with their sizes. */
static void
set_buffers(exported *owned, const ma_array *array)
{
    const ma_layout *layout = &ma_layouts[array->type->layout];
    for (int32_t i = 0; i < array->n_buffers; i++) {
        owned->buffers[i] = array->buffers[i].data;
    }
    if (layout->variadic) {
        for (int32_t i = layout->n_buffers; i < array->n_buffers; i++) {
            owned->sizes[i - layout->n_buffers] = array->buffers[i].size;
        }
        owned->buffers[array->n_buffers] = owned->sizes;
    }
}

/* The rows of a sparse union from row 0 on. Its offset is its children's, too, which several
 * libraries overlook; type ids are a byte each, so that leaving it out copies nothing. */
static ma_status
cut_union(ma_array *array, ma_array **out, ma_error *err)
{
    ma_array *cut = NULL;
    ma_status st = MA_OK;
    MA_TRY(ma_array_new(array->type, array->length, 0, &cut, err));
    cut->buffers[0] = ma_buffer_slice(array->buffers[0], array->offset, array->length);
    for (int32_t i = 0; i < array->n_children && st == MA_OK; i++) {
        st = ma_array_slice(array->children[i], array->offset, array->length, &cut->children[i],
                            err);
    }
    if (st != MA_OK) {
        ma_array_unref(cut);
        return st;
    }
    *out = cut;
    return MA_OK;
}

/* The same array with empty views where rows are null. Nothing is said about what stands there, and
 * libraries follow it all the same. */
static ma_status
clear_stray_views(ma_array *array, ma_array **out, ma_error *err)
{
    ma_array *clean = NULL;
    ma_buffer views;
    uint8_t *data;
    MA_TRY(ma_array_slice(array, 0, array->length, &clean, err));
    const ma_status st = ma_buffer_alloc(array->buffers[1].size, &views, &data, err);
    if (st != MA_OK) {
        ma_array_unref(clean);
        return st;
    }
    memcpy(data, array->buffers[1].data, (size_t)views.size);
    for (int64_t i = 0; i < array->length; i++) {
        if (ma_array_is_null(array, i)) {
            memset(data + 16 * (array->offset + i), 0, 16);
        }
    }
    ma_buffer_clear(&clean->buffers[1]);
    clean->buffers[1] = views;
    *out = clean;
    return MA_OK;
}

static ma_status
export_node(ma_array *array, struct ArrowArray *out, ma_error *err);

/* In place of an array that other libraries would stumble over, what `change` makes of it. */
static ma_status
export_changed(ma_array *array, ma_status (*change)(ma_array *, ma_array **, ma_error *),
               struct ArrowArray *out, ma_error *err)
{
    ma_array *changed = NULL;
    out->release = NULL;
    MA_TRY(change(array, &changed, err));
    const ma_status st = export_node(changed, out, err);
    ma_array_unref(changed);
    return st;
}

static ma_status
export_node(ma_array *array, struct ArrowArray *out, ma_error *err)
{
    if (array->type->layout == MA_LAYOUT_SPARSE_UNION && array->offset > 0) {
        return export_changed(array, cut_union, out, err);
    }
    if (ma_array_has_stray_views(array)) {
        return export_changed(array, clear_stray_views, out, err);
    }
    const ma_layout *layout = &ma_layouts[array->type->layout];
    out->release = NULL;
    MA_TRY(begin_node(array->n_buffers + layout->variadic, array->n_children,
                      array->n_buffers - layout->n_buffers, out, err));
    exported *owned = out->private_data;
    owned->array = ma_array_ref(array);
    set_buffers(owned, array);
    out->length = array->length;
    out->offset = array->length > 0 ? array->offset : 0; /* nothing is behind no rows */
    out->null_count = ma_array_null_count(array);

    ma_status st = MA_OK;
    for (int32_t i = 0; i < array->n_children && st == MA_OK; i++) {
        st = export_node(array->children[i], out->children[i], err);
    }
    if (array->dictionary != NULL && st == MA_OK) {
        st = export_node(array->dictionary, &owned->dictionary, err);
        out->dictionary = &owned->dictionary;
    }
    if (st != MA_OK) {
        release_array(out);
    }
    return st;
}

ma_status
ma_cdata_export_array(ma_array *array, struct ArrowArray *out, ma_error *err)
{
    out->release = NULL;
    MA_TRY(ma_array_check_full(array, err));
    return export_node(array, out, err);
}

static ma_status
export_columns(ma_batch *batch, struct ArrowArray *out, ma_error *err)
{
    for (int32_t i = 0; i < out->n_children; i++) {
        ma_array *column;
        MA_TRY(ma_batch_column(batch, i, &column, err));
        const ma_status st = ma_cdata_export_array(column, out->children[i], err);
        if (st != MA_OK) {
            ma_place_name(column->place, ma_batch_schema(batch)->fields[i], err);
            return st;
        }
    }
    return MA_OK;
}

ma_status
ma_cdata_export_batch(ma_batch *batch, struct ArrowArray *out, ma_error *err)
{
    out->release = NULL;
    MA_TRY(ma_batch_load(batch, err)); /* on several threads where that pays */
    MA_TRY(begin_node(1, ma_batch_schema(batch)->n_fields, 0, out, err));
    out->length = ma_batch_length(batch);
    const ma_status st = export_columns(batch, out, err);
    if (st != MA_OK) {
        release_array(out);
    }
    return st;
}
