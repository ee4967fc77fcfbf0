#include "core/ipc/union_nulls.h"

#include "core/validate/values.h"

/* Give child `index` a bitmap that may be written to; `*bits` is it. */
static ma_status
own_validity(ma_array *array, int32_t index, uint8_t **bits, ma_error *err)
{
    ma_array *child = array->children[index];
    ma_array *copy = NULL;
    ma_buffer validity;
    const int64_t rows = child->offset + child->length;

    MA_TRY(ma_array_retype(child, child->type, &copy, err));
    const ma_status st = ma_buffer_alloc(ma_bitmap_size(rows), &validity, bits, err);
    if (st != MA_OK) {
        ma_array_unref(copy);
        return st;
    }
    if (ma_array_validity(child) != NULL) {
        ma_bitmap_copy(*bits, ma_array_validity(child), 0, rows);
    } else {
        ma_bitmap_fill(*bits, 0, rows, true);
    }
    ma_buffer_clear(&copy->buffers[0]);
    copy->buffers[0] = validity;
    atomic_store(&copy->nulls, -1);
    ma_array_unref(child);
    array->children[index] = copy;
    return MA_OK;
}

static ma_status
prepare_child(ma_array *array, int32_t index, uint8_t **bits, ma_error *err)
{
    const ma_type *type = array->children[index]->type;
    if (type->id == MA_TYPE_NULL || *bits != NULL) {
        return MA_OK;
    }
    if (ma_layouts[type->layout].buffers[0] != MA_BUFFER_VALIDITY) {
        char name[64];
        return ma_fail(
            err, MA_UNSUPPORTED, -1,
            "a union written before Arrow 1.0 has nulls of its own, for which its child of type "
            "%s has no place",
            ma_type_name(type, name, sizeof(name)));
    }
    return own_validity(array, index, bits, err);
}

ma_status
ma_union_push_nulls(ma_array *array, ma_buffer validity, ma_error *err)
{
    uint8_t *bits[128] = {NULL}; /* of each child that was given a bitmap */
    if (validity.size < ma_bitmap_size(array->length)) {
        return ma_fail(err, MA_INVALID, -1,
                       "a union's validity bitmap has %lld bytes for %lld rows",
                       (long long)validity.size, (long long)array->length);
    }
    if (!ma_type_is_union(array->type)) {
        return ma_fail(
            err, MA_UNSUPPORTED, -1,
            "a run-end encoded array has nulls of its own, which only its values can have");
    }
    MA_TRY(ma_array_check_values(array, err));
    for (int64_t i = 0; i < array->length; i++) {
        int64_t row;
        if (ma_bitmap_get(validity.data, i)) {
            continue;
        }
        const int32_t index = ma_array_union_at(array, i, &row);
        MA_TRY(prepare_child(array, index, &bits[index], err));
        if (bits[index] != NULL) {
            ma_bitmap_put(bits[index], array->children[index]->offset + row, false);
        }
    }
    return MA_OK;
}
