#include "core/ipc/union_nulls.h"

#include "core/base/number.h"
#include "core/data/builder.h"
#include "core/data/concat.h"
#include "core/validate/values.h"

#define LARGEST_NULL (64 * 1024) /* bytes of a row that is made where the child has none */

static bool
can_be_null(const ma_type *type)
{
    return type->id == MA_TYPE_NULL || ma_layouts[type->layout].buffers[0] == MA_BUFFER_VALIDITY;
}

/* The child that a null row is put into: the one that its type id says, but that may say anything.
 * -1: none can be null. */
static int32_t
child_of_null(const ma_type *type, uint8_t id)
{
    const int32_t said = id < 128 ? type->child_of_code[id] : -1;
    if (said >= 0 && can_be_null(type->children[said]->type)) {
        return said;
    }
    for (int32_t i = 0; i < type->n_children; i++) {
        if (can_be_null(type->children[i]->type)) {
            return i;
        }
    }
    return -1;
}

static ma_status
fail_place(const ma_type *type, ma_error *err)
{
    char name[64];
    return ma_fail(err, MA_UNSUPPORTED, -1,
                   "a union written before Arrow 1.0 has nulls of its own, for which no child of "
                   "%s has a place",
                   ma_type_name(type, name, sizeof(name)));
}

/* Replace a buffer by a copy of its first `size` bytes, which may be written to. */
static ma_status
own_buffer(ma_buffer *buffer, int64_t size, uint8_t **data, ma_error *err)
{
    ma_buffer copy;
    MA_TRY(ma_buffer_copy(buffer->data, size, &copy, err));
    ma_buffer_clear(buffer);
    *buffer = copy;
    *data = (uint8_t *)copy.data; /* which nobody else has seen */
    return MA_OK;
}

/* Let each null row say a child that can be null; `*ids` is the array's own copy. */
static ma_status
settle_ids(ma_array *array, const uint8_t *validity, uint8_t **ids, ma_error *err)
{
    MA_TRY(own_buffer(&array->buffers[0], array->length, ids, err));
    for (int64_t i = 0; i < array->length; i++) {
        if (!ma_bitmap_get(validity, i)) {
            const int32_t child = child_of_null(array->type, (*ids)[i]);
            if (child < 0) {
                return fail_place(array->type, err);
            }
            (*ids)[i] = (uint8_t)array->type->type_codes[child];
        }
    }
    return MA_OK;
}

/* ---- sparse: the child's row of the same number is nobody else's ---- */

/* Give a child a bitmap that may be written to; `*bits` is it, and stays NULL for nulls. */
static ma_status
own_validity(ma_array **child, int64_t rows, uint8_t **bits, ma_error *err)
{
    ma_array *copy = NULL;
    ma_buffer validity;
    if ((*child)->type->id == MA_TYPE_NULL) {
        return MA_OK;
    }
    MA_TRY(ma_array_slice(*child, 0, rows, &copy, err)); /* it may have any number more */
    const ma_status st = ma_buffer_alloc(ma_bitmap_size(copy->offset + rows), &validity, bits, err);
    if (st != MA_OK) {
        ma_array_unref(copy);
        return st;
    }
    if (ma_array_validity(copy) != NULL) {
        ma_bitmap_copy(*bits, ma_array_validity(copy), 0, copy->offset + rows);
    } else {
        ma_bitmap_fill(*bits, 0, copy->offset + rows, true);
    }
    ma_buffer_clear(&copy->buffers[0]);
    copy->buffers[0] = validity;
    atomic_store(&copy->nulls, -1);
    ma_array_unref(*child);
    *child = copy;
    return MA_OK;
}

static ma_status
push_sparse(ma_array *array, const uint8_t *validity, const uint8_t *ids, ma_error *err)
{
    uint8_t *bits[128] = {NULL}; /* of each child that was given a bitmap */
    for (int64_t i = 0; i < array->length; i++) {
        if (ma_bitmap_get(validity, i)) {
            continue;
        }
        const int32_t child = array->type->child_of_code[ids[i]];
        if (bits[child] == NULL) {
            MA_TRY(own_validity(&array->children[child], array->length, &bits[child], err));
        }
        if (bits[child] != NULL) {
            ma_bitmap_put(bits[child], array->children[child]->offset + i, false);
        }
    }
    return MA_OK;
}

/* ---- dense: a null row may point where a valid one does, or nowhere ---- */

/* Bytes of a null row, LARGEST_NULL + 1 for all that are more: the items of a list of fixed size
 * are there as well. */
static int64_t
size_of_null(const ma_type *type)
{
    const ma_layout *layout = &ma_layouts[type->layout];
    int64_t bits = 0;
    for (int i = 0; i < layout->n_buffers; i++) {
        if (layout->buffers[i] != MA_BUFFER_VALIDITY) {
            bits += ma_buffer_kind_bits(layout->buffers[i], type->bits);
        }
    }
    int64_t size = ma_bitmap_size(bits);
    for (int32_t i = 0; i < type->n_children && size <= LARGEST_NULL; i++) {
        const int64_t each = size_of_null(type->children[i]->type);
        switch (layout->children) {
        case MA_CHILDREN_ALIGNED:
            size += each;
            break;
        case MA_CHILDREN_MULTIPLIED:
            size += each * type->list_size;
            break;
        default:
            break;
        }
    }
    return ma_min_i64(size, LARGEST_NULL + 1);
}

static ma_status
build_null(ma_type *type, ma_array **out, ma_error *err)
{
    ma_builder *builder = NULL;
    if (size_of_null(type) > LARGEST_NULL) {
        return fail_place(type, err);
    }
    MA_TRY(ma_builder_new(type, &builder, err));
    ma_status st = ma_builder_append_null(builder, 1, err);
    if (st == MA_OK) {
        st = ma_builder_finish(builder, out, err);
    }
    ma_builder_free(builder);
    return st;
}

/* An array of one null row. Of a child that has rows it is one of those, so that it takes no more
 * than they do. */
static ma_status
make_null(ma_array *child, ma_array **out, ma_error *err)
{
    if (child->length == 0) {
        return build_null(child->type, out, err);
    }
    MA_TRY(ma_array_slice(child, 0, 1, out, err));
    if (child->type->id != MA_TYPE_NULL) {
        ma_buffer_clear(&(*out)->buffers[0]);
        (*out)->buffers[0] = (ma_buffer){ma_zeros, ma_bitmap_size(child->offset + 1), NULL};
        atomic_store(&(*out)->nulls, 1);
    }
    return MA_OK;
}

/* Put a null row behind the first `rows`, and nothing behind that. */
static ma_status
append_null(ma_array **child, int64_t rows, ma_error *err)
{
    ma_array *parts[2] = {NULL, NULL};
    ma_array *joined = NULL;
    MA_TRY(ma_array_check_values(*child, err));
    ma_status st = ma_array_slice(*child, 0, rows, &parts[0], err);
    if (st == MA_OK) {
        st = make_null(*child, &parts[1], err);
    }
    if (st == MA_OK) {
        st = ma_array_concat((*child)->type, parts, 2, &joined, err);
    }
    ma_array_unref(parts[0]);
    ma_array_unref(parts[1]);
    if (st == MA_OK) {
        ma_array_unref(*child);
        *child = joined;
    }
    return st;
}

/* How many rows of each child valid rows point into. An id that no child has is found later. */
static ma_status
count_used(const ma_array *array, const uint8_t *validity, const uint8_t *ids, int64_t *used,
           ma_error *err)
{
    for (int64_t i = 0; i < array->length; i++) {
        const int32_t child = ids[i] < 128 ? array->type->child_of_code[ids[i]] : -1;
        if (child < 0 || !ma_bitmap_get(validity, i)) {
            continue;
        }
        const int64_t rows = array->children[child]->length;
        const int64_t row = ma_load_i32(array->buffers[1].data + 4 * i);
        if (row < 0 || row >= rows) {
            ma_fail(err, MA_INVALID, -1, "row %lld is row %lld of a child that has %lld rows",
                    (long long)i, (long long)row, (long long)rows);
            ma_error_prefix(err, "offsets buffer");
            return MA_INVALID;
        }
        used[child] = ma_max_i64(used[child], row + 1);
    }
    return MA_OK;
}

static ma_status
push_dense(ma_array *array, const uint8_t *validity, const uint8_t *ids, ma_error *err)
{
    bool has_null[128] = {false}; /* which children need one */
    int64_t used[128] = {0};
    uint8_t *offsets;
    MA_TRY(count_used(array, validity, ids, used, err));
    MA_TRY(own_buffer(&array->buffers[1], 4 * array->length, &offsets, err));
    for (int64_t i = 0; i < array->length; i++) {
        if (ma_bitmap_get(validity, i)) {
            continue;
        }
        const int32_t child = array->type->child_of_code[ids[i]];
        if (used[child] > INT32_MAX) {
            return fail_place(array->type, err);
        }
        ma_store_i32(offsets + 4 * i, (int32_t)used[child]);
        has_null[child] = true;
    }
    for (int32_t i = 0; i < array->n_children; i++) {
        const ma_status st = has_null[i] ? append_null(&array->children[i], used[i], err) : MA_OK;
        if (st != MA_OK) {
            const ma_field *field = array->type->children[i];
            ma_error_prefix(err, ".%.*s", (int)ma_min_i64(field->name_size, 64), field->name);
            return st;
        }
    }
    return MA_OK;
}

ma_status
ma_union_push_nulls(ma_array *array, ma_buffer validity, ma_error *err)
{
    uint8_t *ids;
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
    if (ma_bitmap_count(validity.data, 0, array->length) == array->length) {
        return MA_OK;
    }
    MA_TRY(settle_ids(array, validity.data, &ids, err));
    return array->type->id == MA_TYPE_DENSE_UNION ? push_dense(array, validity.data, ids, err)
                                                  : push_sparse(array, validity.data, ids, err);
}
