#include "core/ipc/union_nulls.h"

#include "core/base/memory.h"
#include "core/base/number.h"
#include "core/data/builder.h"
#include "core/data/extent.h"
#include "core/data/gather.h"
#include "core/validate/values.h"

#define LARGEST_NULL (64 * 1024)        /* bytes of a row that is made where the child has none */
#define LARGEST_COPY (64 * 1024 * 1024) /* of rows that have to be copied more than once */

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

/* ---- a null row where the child has none ---- */

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

/* ---- dense: a null row may point where a valid one does, or nowhere ---- */

/* The rows of a union that point into one of its children. */
typedef struct dense {
    ma_array *array;
    const uint8_t *validity;
    const uint8_t *ids; /* those of valid rows are not checked yet */
    uint8_t *offsets;   /* the array's own; of valid rows, in range */
    int32_t child;
} dense;

static int32_t
child_at(const dense *self, int64_t i)
{
    return self->ids[i] < 128 ? self->array->type->child_of_code[self->ids[i]] : -1;
}

/* Whether row `i` of the union is one of the child, and where it points. */
static bool
points_at(const dense *self, int64_t i, int64_t *row)
{
    *row = ma_load_i32(self->offsets + 4 * i);
    return child_at(self, i) == self->child;
}

static bool
is_valid(const dense *self, int64_t i)
{
    return ma_bitmap_get(self->validity, i);
}

/* How many of the child's rows, from the first on, hold all that the union points at. */
static int64_t
rows_used(const dense *self, bool by_valid_rows)
{
    int64_t used = 0;
    int64_t row;
    for (int64_t i = 0; i < self->array->length; i++) {
        if (points_at(self, i, &row) && (!by_valid_rows || is_valid(self, i))) {
            used = ma_max_i64(used, row + 1);
        }
    }
    return used;
}

/* Whether each null row points at one that no valid row does, and none before a row before. */
static bool
is_settled(const dense *self, uint8_t *taken)
{
    const int64_t rows = self->array->children[self->child]->length;
    int64_t last = 0;
    int64_t row;
    for (int64_t i = 0; i < self->array->length; i++) {
        if (points_at(self, i, &row) && is_valid(self, i)) {
            ma_bitmap_set(taken, row);
        }
    }
    for (int64_t i = 0; i < self->array->length; i++) {
        if (!points_at(self, i, &row)) {
            continue;
        }
        if (row < last || row >= rows || (!is_valid(self, i) && ma_bitmap_get(taken, row))) {
            return false;
        }
        last = row;
    }
    return true;
}

/* Whether rows of a list view or a dense union come before what rows before them point at. */
static bool
goes_back(const ma_array *self)
{
    int64_t next[128] = {0};
    for (int64_t i = 0; i < self->length; i++) {
        int32_t child = 0;
        int64_t start;
        int64_t size = 1;
        if (self->type->layout == MA_LAYOUT_DENSE_UNION) {
            child = ma_array_union_at(self, i, &start);
        } else if (!ma_array_is_null(self, i)) {
            ma_array_list_at(self, i, &start, &size);
        } else {
            continue;
        }
        if (size > 0 && start < next[child]) {
            return true;
        }
        next[child] = ma_max_i64(next[child], size > 0 ? start + size : 0);
    }
    return false;
}

/* Whether a copy of some rows, here or below, may take others along. */
static bool
shares_rows(const ma_array *self)
{
    switch (self->type->layout) {
    case MA_LAYOUT_LIST_VIEW32:
    case MA_LAYOUT_LIST_VIEW64:
    case MA_LAYOUT_DENSE_UNION:
        if (goes_back(self)) {
            return true;
        }
        break;
    default:
        break;
    }
    for (int32_t i = 0; i < self->n_children; i++) {
        if (shares_rows(self->children[i])) {
            return true;
        }
    }
    return false;
}

/* Whether the child's rows can be put in the order of the union's for what they take, or little
 * more: each once, and once more for the nulls behind it. */
static bool
can_be_ordered(const dense *self)
{
    const ma_array *child = self->array->children[self->child];
    const int64_t size = ma_array_nbytes(child);
    bool once = size <= INT32_MAX / 2 && !shares_rows(child);
    int64_t rows = 0;
    int64_t last = -1;
    int64_t row;
    for (int64_t i = 0; i < self->array->length; i++) {
        if (points_at(self, i, &row)) {
            rows++;
            if (is_valid(self, i)) {
                once = once && row > last;
                last = row;
            }
        }
    }
    return once || size <= LARGEST_COPY / rows;
}

/* Put the child's rows in the order of the union's. A null is made of the row before, so that it
 * takes no more than that. */
static ma_status
put_in_order(dense *self, ma_gather *rows, ma_error *err)
{
    int64_t last = -1;
    bool after_null = false;
    int64_t row;
    for (int64_t i = 0; i < self->array->length; i++) {
        if (!points_at(self, i, &row)) {
            continue;
        }
        if (!is_valid(self, i)) {
            if (!after_null) {
                MA_TRY(ma_gather_put(rows, ma_max_i64(last, 0), 1, err));
            }
            after_null = true;
        } else {
            if (row != last || after_null) {
                MA_TRY(ma_gather_put(rows, row, 1, err));
            }
            after_null = false;
            last = row;
        }
        ma_store_i32(self->offsets + 4 * i, (int32_t)(rows->length - 1));
    }
    return MA_OK;
}

/* Put one row for all nulls behind those that valid rows point at. */
static ma_status
put_behind(dense *self, ma_gather *rows, ma_error *err)
{
    const int64_t used = rows_used(self, true);
    int64_t row;
    MA_TRY(ma_gather_put(rows, 0, used, err));
    MA_TRY(ma_gather_put(rows, 0, 1, err));
    for (int64_t i = 0; i < self->array->length; i++) {
        if (points_at(self, i, &row) && !is_valid(self, i)) {
            ma_store_i32(self->offsets + 4 * i, (int32_t)used);
        }
    }
    return MA_OK;
}

/* Give each null row a place in the child that no valid row points at. */
static ma_status
make_places(dense *self, ma_error *err)
{
    ma_array **child = &self->array->children[self->child];
    ma_array *out = NULL;
    ma_gather rows;
    MA_TRY(ma_array_check_values(*child, err));
    ma_gather_init(&rows, *child);
    ma_status st =
        can_be_ordered(self) ? put_in_order(self, &rows, err) : put_behind(self, &rows, err);
    if (st == MA_OK && rows.length > (int64_t)INT32_MAX + 1) {
        st = fail_place((*child)->type, err);
    }
    if (st == MA_OK) {
        st = ma_gather_finish(&rows, &out, err);
    }
    ma_gather_fini(&rows);
    if (st == MA_OK) {
        ma_array_unref(*child);
        *child = out;
    }
    return st;
}

/* Clear the bits of the child's rows that null rows point at, and no valid row does. */
static ma_status
clear_bits(const dense *self, ma_error *err)
{
    ma_array **child = &self->array->children[self->child];
    const int64_t used = rows_used(self, false);
    uint8_t *bits = NULL;
    int64_t row;
    if (ma_array_is_free(*child) && (*child)->type->id != MA_TYPE_NULL) {
        MA_TRY(ma_check_free_rows(used, err));
    }
    MA_TRY(own_validity(child, used, &bits, err));
    for (int64_t i = 0; i < self->array->length && bits != NULL; i++) {
        if (points_at(self, i, &row) && !is_valid(self, i)) {
            ma_bitmap_put(bits, (*child)->offset + row, false);
        }
    }
    return MA_OK;
}

/* A child without rows, which no valid row points into, gets one for all nulls. */
static ma_status
fill_child(dense *self, ma_error *err)
{
    ma_array **child = &self->array->children[self->child];
    ma_array *null = NULL;
    int64_t row;
    MA_TRY(build_null((*child)->type, &null, err));
    ma_array_unref(*child);
    *child = null;
    for (int64_t i = 0; i < self->array->length; i++) {
        if (points_at(self, i, &row)) {
            ma_store_i32(self->offsets + 4 * i, 0);
        }
    }
    return MA_OK;
}

/* Of rows that take no memory there may be too many to mark them, and nothing to copy. */
static ma_status
push_into_child(dense *self, ma_error *err)
{
    const ma_array *child = self->array->children[self->child];
    bool settled = false;
    if (child->length == 0) {
        return fill_child(self, err);
    }
    if (!ma_array_is_free(child)) {
        const int64_t size = ma_bitmap_size(child->length);
        uint8_t *taken = ma_calloc(size, 1);
        if (taken == NULL) {
            return ma_fail_nomem(err, size);
        }
        settled = is_settled(self, taken);
        ma_free(taken);
    }
    if (!settled) {
        MA_TRY(make_places(self, err));
    }
    return clear_bits(self, err);
}

/* An id that no child has is found later. */
static ma_status
check_valid_rows(const dense *self, ma_error *err)
{
    for (int64_t i = 0; i < self->array->length; i++) {
        const int32_t child = child_at(self, i);
        if (child < 0 || !is_valid(self, i)) {
            continue;
        }
        const int64_t rows = self->array->children[child]->length;
        const int64_t row = ma_load_i32(self->offsets + 4 * i);
        if (row < 0 || row >= rows) {
            ma_fail(err, MA_INVALID, -1, "row %lld is row %lld of a child that has %lld rows",
                    (long long)i, (long long)row, (long long)rows);
            ma_error_prefix(err, "offsets buffer");
            return MA_INVALID;
        }
    }
    return MA_OK;
}

static ma_status
push_dense(ma_array *array, const uint8_t *validity, const uint8_t *ids, ma_error *err)
{
    bool has_null[128] = {false}; /* which children get some */
    dense rows = {.array = array, .validity = validity, .ids = ids};
    MA_TRY(own_buffer(&array->buffers[1], 4 * array->length, &rows.offsets, err));
    MA_TRY(check_valid_rows(&rows, err));
    for (int64_t i = 0; i < array->length; i++) {
        if (!is_valid(&rows, i)) {
            has_null[child_at(&rows, i)] = true;
        }
    }
    for (rows.child = 0; rows.child < array->n_children; rows.child++) {
        const ma_status st = has_null[rows.child] ? push_into_child(&rows, err) : MA_OK;
        if (st != MA_OK) {
            const ma_field *field = array->type->children[rows.child];
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
