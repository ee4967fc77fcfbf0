#include "core/ipc/unify.h"

#include "core/base/memory.h"
#include "core/base/number.h"
#include "core/data/concat.h"
#include "core/data/extent.h"
#include "core/data/gather.h"

/* Bytes of values that share what they hold, however little that is. */
#define MAX_SHARED_SIZE (1 << 20)

/* What was sent, and behind it the new values. */
static ma_status
join_values(ma_array *sent, ma_array *values, const int64_t *added, int64_t n_added, ma_array **out,
            ma_error *err)
{
    ma_array *parts[] = {sent, NULL};
    ma_gather rows;
    if (n_added == 0) {
        *out = ma_array_ref(sent);
        return MA_OK;
    }
    ma_gather_init(&rows, values);
    ma_status st = MA_OK;
    for (int64_t i = 0; i < n_added && st == MA_OK; i++) {
        st = ma_gather_put(&rows, added[i], 1, err);
    }
    if (st == MA_OK) {
        st = ma_gather_finish(&rows, &parts[1], err);
    }
    ma_gather_fini(&rows);
    if (st == MA_OK) {
        st = ma_array_concat(sent->type, parts, 2, out, err);
    }
    ma_array_unref(parts[1]);
    return st;
}

static bool
is_identity(const int64_t *map, int64_t length)
{
    for (int64_t i = 0; i < length; i++) {
        if (map[i] != i) {
            return false;
        }
    }
    return true;
}

static void
store_index(uint8_t *data, int64_t i, int32_t bits, int64_t value)
{
    switch (bits) {
    case 8:
        data[i] = (uint8_t)value;
        return;
    case 16:
        ma_store_u16(data + 2 * i, (uint16_t)value);
        return;
    case 32:
        ma_store_u32(data + 4 * i, (uint32_t)value);
        return;
    default:
        ma_store_i64(data + 8 * i, value);
        return;
    }
}

static bool
index_fits(const ma_type *index_type, int64_t value)
{
    const bool is_unsigned = index_type->id == MA_TYPE_UINT8 || index_type->id == MA_TYPE_UINT16 ||
                             index_type->id == MA_TYPE_UINT32 || index_type->id == MA_TYPE_UINT64;
    const int32_t bits = index_type->bits - !is_unsigned;
    return bits >= 63 || value < (INT64_C(1) << bits);
}

static ma_status
fill_indices(ma_array *target, const ma_array *array, const int64_t *map, ma_error *err)
{
    const ma_type *index_type = array->type->index_type;
    uint8_t *data;
    MA_TRY(
        ma_buffer_alloc(array->length * (index_type->bits / 8), &target->buffers[1], &data, err));
    for (int64_t i = 0; i < array->length; i++) {
        const int64_t value = ma_array_is_null(array, i) ? 0 : map[ma_array_int_at(array, i)];
        if (!index_fits(index_type, value)) {
            char name[32];
            return ma_fail(
                err, MA_INVALID, -1,
                "the united dictionary needs index %lld, which does not fit %s; use a wider "
                "index type",
                (long long)value, ma_type_name(index_type, name, sizeof(name)));
        }
        store_index(data, i, index_type->bits, value);
    }
    return MA_OK;
}

static ma_status
copy_validity(ma_array *target, const ma_array *array, ma_error *err)
{
    const uint8_t *bits = ma_array_validity(array);
    uint8_t *data;
    if (bits == NULL) {
        return MA_OK;
    }
    MA_TRY(ma_buffer_alloc(ma_bitmap_size(array->length), &target->buffers[0], &data, err));
    ma_bitmap_copy(data, bits, array->offset, array->length);
    return MA_OK;
}

static ma_status
remap_array(ma_array *array, ma_array *united, const int64_t *map, ma_array **out, ma_error *err)
{
    ma_array *mapped = NULL;
    MA_TRY(ma_array_new(array->type, array->length, 0, &mapped, err));
    mapped->dictionary = ma_array_ref(united);
    ma_status st = copy_validity(mapped, array, err);
    if (st == MA_OK) {
        st = fill_indices(mapped, array, map, err);
    }
    if (st != MA_OK) {
        ma_array_unref(mapped);
        return st;
    }
    atomic_store(&mapped->checked, MA_CHECKED_VALUES);
    *out = mapped;
    return MA_OK;
}

/* `map` and `added` have room for all of the array's dictionary. */
static ma_status
unify_with(ma_value_table *table, ma_array *array, int64_t *map, int64_t *added, ma_array **out,
           ma_error *err)
{
    ma_array *values = array->dictionary;
    ma_array *united = NULL;
    int64_t n_added;
    MA_TRY(ma_value_table_add(table, values, map, added, &n_added, err));
    if (is_identity(map, values->length)) { /* a part of what was sent, or grown: nothing to map */
        ma_value_table_rename(table, n_added > 0 ? values : table->values);
        *out = ma_array_ref(array);
        return MA_OK;
    }
    MA_TRY(join_values(table->values, values, added, n_added, &united, err));
    ma_value_table_rename(table, united);
    const ma_status st = remap_array(array, united, map, out, err);
    ma_array_unref(united);
    return st;
}

static ma_status
unify_values(ma_value_table *table, ma_array *array, ma_array **out, ma_error *err)
{
    const int64_t size = array->dictionary->length * (int64_t)sizeof(int64_t);
    int64_t *map = ma_malloc(size);
    int64_t *added = ma_malloc(size);
    ma_status st = map != NULL && added != NULL ? MA_OK : ma_fail_nomem(err, size);
    if (st == MA_OK) {
        st = unify_with(table, array, map, added, out, err);
    }
    if (st != MA_OK) { /* what was added is in no array that anybody has */
        ma_value_table_clear(table);
    }
    ma_free(map);
    ma_free(added);
    return st;
}

/* Whether the values, each taken by itself, come to about what lies in memory: that long it takes
 * to look at each, and a batch that brings such values may do so in a few bytes. */
static bool
may_look_at_each(const ma_array *values)
{
    const int64_t stored = ma_min_i64(ma_array_extent_stored(values), INT64_MAX / 32);
    return ma_array_extent_within(values, 0, values->length, MA_EXTENT_OBJECTS,
                                  MAX_SHARED_SIZE + 16 * stored);
}

static ma_status
unify_dictionary(ma_sent *sent, const ma_type *type, ma_array *array, ma_array **out, ma_error *err)
{
    const int32_t number = (int32_t)type->dictionary_id;
    ma_value_table *table = &sent->tables[number];
    ma_array *last = ma_sent_values(sent, number);
    if (last == NULL || last == array->dictionary || type->value_type->has_dictionary ||
        !(table->values == last || may_look_at_each(last)) ||
        !may_look_at_each(array->dictionary)) {
        *out = ma_array_ref(array);
        return MA_OK;
    }
    MA_TRY(ma_value_table_open(table, last, err));
    return unify_values(table, array, out, err);
}

static ma_status
unify_children(ma_sent *sent, const ma_type *type, ma_array *copy, ma_error *err)
{
    for (int32_t i = 0; i < type->n_children; i++) {
        ma_array *child = NULL;
        MA_TRY(ma_unify_column(sent, type->children[i]->type, copy->children[i], &child, err));
        ma_array_unref(copy->children[i]);
        copy->children[i] = child;
    }
    return MA_OK;
}

ma_status
ma_unify_column(ma_sent *sent, const ma_type *type, ma_array *column, ma_array **out, ma_error *err)
{
    ma_array *copy = NULL;
    if (!type->has_dictionary) {
        *out = ma_array_ref(column);
        return MA_OK;
    }
    if (type->id == MA_TYPE_DICTIONARY) {
        return unify_dictionary(sent, type, column, out, err);
    }
    MA_TRY(ma_array_retype(column, column->type, &copy, err));
    const ma_status st = unify_children(sent, type, copy, err);
    if (st != MA_OK) {
        ma_array_unref(copy);
        return st;
    }
    *out = copy;
    return MA_OK;
}
