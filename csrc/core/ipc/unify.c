#include "core/ipc/unify.h"

#include <string.h>

#include "core/base/hash.h"
#include "core/base/memory.h"
#include "core/base/number.h"
#include "core/data/concat.h"
#include "core/data/equal.h"
#include "core/data/extent.h"

typedef struct slot {
    uint64_t hash;
    int64_t row; /* plus 1; 0 is a free slot */
} slot;

/* A hash table from values to their first row, over two arrays seen as one: what was sent, and
 * what comes. */
typedef struct value_table {
    const ma_array *sent;
    const ma_array *values;
    ma_hash_key key;
    slot *slots; /* owned; a power of two of them */
    uint64_t mask;
} value_table;

static const ma_array *
locate(const value_table *self, int64_t row, int64_t *at)
{
    const bool is_sent = row < self->sent->length;
    *at = is_sent ? row : row - self->sent->length;
    return is_sent ? self->sent : self->values;
}

static void
add_value(ma_hash *hash, const ma_array *array, int64_t i);

static void
add_items(ma_hash *hash, const ma_array *array, int64_t i)
{
    int64_t start;
    int64_t size;
    ma_array_list_at(array, i, &start, &size);
    ma_hash_add(hash, (uint64_t)size);
    for (int64_t k = 0; k < size; k++) {
        add_value(hash, array->children[0], start + k);
    }
}

static void
add_union(ma_hash *hash, const ma_array *array, int64_t i)
{
    int64_t row;
    const int32_t child = ma_array_union_at(array, i, &row);
    ma_hash_add(hash, (uint64_t)child);
    add_value(hash, array->children[child], row);
}

static void
add_bytes(ma_hash *hash, ma_bytes bytes)
{
    ma_hash_add(hash, (uint64_t)bytes.size);
    ma_hash_add_bytes(hash, bytes.data, bytes.size);
}

static void
add_present(ma_hash *hash, const ma_array *array, int64_t i)
{
    switch (array->type->layout) {
    case MA_LAYOUT_FIXED:
        if (array->type->bits == 1) {
            ma_hash_add(hash, ma_bitmap_get(array->buffers[1].data, array->offset + i));
            return;
        } /* fall through */
    case MA_LAYOUT_BINARY32:
    case MA_LAYOUT_BINARY64:
    case MA_LAYOUT_VIEW:
        add_bytes(hash, ma_array_bytes_at(array, i));
        return;
    case MA_LAYOUT_LIST32:
    case MA_LAYOUT_LIST64:
    case MA_LAYOUT_LIST_VIEW32:
    case MA_LAYOUT_LIST_VIEW64:
    case MA_LAYOUT_FIXED_LIST:
        add_items(hash, array, i);
        return;
    case MA_LAYOUT_STRUCT:
        for (int32_t c = 0; c < array->n_children; c++) {
            add_value(hash, array->children[c], array->offset + i);
        }
        return;
    case MA_LAYOUT_SPARSE_UNION:
    case MA_LAYOUT_DENSE_UNION:
        add_union(hash, array, i);
        return;
    case MA_LAYOUT_RUN_END:
        add_value(hash, array->children[1], ma_array_run_at(array, i));
        return;
    case MA_LAYOUT_NULL:
    case MA_LAYOUT_DICTIONARY: /* such values are left as they are */
        return;
    }
}

/* Identical values hash alike, and values hash alike only by chance: all that they hold counts. */
static void
add_value(ma_hash *hash, const ma_array *array, int64_t i)
{
    const bool is_null = ma_array_is_null(array, i);
    ma_hash_add(hash, is_null);
    if (!is_null) {
        add_present(hash, array, i);
    }
}

static uint64_t
hash_row(const value_table *self, const ma_array *array, int64_t i)
{
    ma_hash hash = ma_hash_begin(self->key);
    add_value(&hash, array, i);
    return ma_hash_end(hash);
}

/* The first row that holds what `row` holds: `row` itself, put into the table, if there was
 * none. */
static int64_t
find_or_add(value_table *self, int64_t row)
{
    int64_t at;
    const ma_array *array = locate(self, row, &at);
    const uint64_t hash = hash_row(self, array, at);
    uint64_t place = hash & self->mask;
    for (; self->slots[place].row != 0; place = (place + 1) & self->mask) {
        const int64_t other_row = self->slots[place].row - 1;
        int64_t other_at;
        const ma_array *other = locate(self, other_row, &other_at);
        if (self->slots[place].hash == hash &&
            ma_array_identical_range(array, at, other, other_at, 1)) {
            return other_row;
        }
    }
    self->slots[place] = (slot){hash, row + 1};
    return row;
}

static ma_status
open_table(value_table *self, const ma_array *sent, const ma_array *values, ma_error *err)
{
    const int64_t rows = sent->length + values->length;
    int64_t size = 16;
    while (size < 2 * rows) {
        size *= 2;
    }
    slot *slots = ma_calloc(size, sizeof(*slots));
    *self = (value_table){sent, values, ma_hash_key_for(slots), slots, (uint64_t)size - 1};
    return slots != NULL ? MA_OK : ma_fail_nomem(err, size * (int64_t)sizeof(*slots));
}

/* Where each incoming value stands in the united dictionary; `fresh[i]` says that it is new
 * there. */
static int64_t
map_values(value_table *table, int64_t *map, bool *fresh)
{
    const int64_t n_sent = table->sent->length;
    int64_t next = n_sent;
    for (int64_t i = 0; i < n_sent; i++) {
        (void)find_or_add(table, i);
    }
    for (int64_t i = 0; i < table->values->length; i++) {
        const int64_t first = find_or_add(table, n_sent + i);
        fresh[i] = first == n_sent + i;
        map[i] = fresh[i] ? next++ : (first < n_sent ? first : map[first - n_sent]);
    }
    return next;
}

/* What was sent, and behind it the new values, in runs that lie together. */
static ma_status
join_values(ma_array *sent, ma_array *values, const bool *fresh, ma_array **out, ma_error *err)
{
    ma_array **parts = ma_calloc(values->length + 1, sizeof(*parts));
    int64_t n = 1;
    ma_status st = MA_OK;
    if (parts == NULL) {
        return ma_fail_nomem(err, (values->length + 1) * (int64_t)sizeof(*parts));
    }
    parts[0] = ma_array_ref(sent);
    for (int64_t i = 0; i < values->length && st == MA_OK; i++) {
        const int64_t start = i;
        while (i < values->length && fresh[i]) {
            i++;
        }
        if (i > start) {
            st = ma_array_slice(values, start, i - start, &parts[n], err);
            n += st == MA_OK;
        }
    }
    if (st == MA_OK) {
        st = ma_array_concat(sent->type, parts, n, out, err);
    }
    for (int64_t i = 0; i < n; i++) {
        ma_array_unref(parts[i]);
    }
    ma_free(parts);
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

static ma_status
unify_with(ma_array *sent, ma_array *array, int64_t *map, bool *fresh, ma_array **out,
           ma_error *err)
{
    ma_array *values = array->dictionary;
    ma_array *united = NULL;
    value_table table;
    MA_TRY(open_table(&table, sent, values, err));
    (void)map_values(&table, map, fresh);
    ma_free(table.slots);
    if (is_identity(map, values->length)) {
        *out = ma_array_ref(array); /* the same one, a part of it, or grown: nothing to map */
        return MA_OK;
    }
    MA_TRY(join_values(sent, values, fresh, &united, err));
    const ma_status st = remap_array(array, united, map, out, err);
    ma_array_unref(united);
    return st;
}

/* Whether the values, each taken by itself, come to about what lies in memory. */
static bool
may_look_at_each(const ma_array *values)
{
    return ma_array_extent_fits(values, 0, values->length, MA_EXTENT_OBJECTS);
}

static ma_status
unify_dictionary(const ma_sent *sent, const ma_type *type, ma_array *array, ma_array **out,
                 ma_error *err)
{
    ma_array *last = ma_sent_values(sent, (int32_t)type->dictionary_id);
    const int64_t n = array->dictionary->length;
    if (last == NULL || last == array->dictionary || type->value_type->has_dictionary ||
        !may_look_at_each(last) || !may_look_at_each(array->dictionary)) {
        *out = ma_array_ref(array);
        return MA_OK;
    }
    int64_t *map = ma_malloc(n * (int64_t)sizeof(*map));
    bool *fresh = ma_malloc(n * (int64_t)sizeof(*fresh));
    ma_status st = map != NULL && fresh != NULL ? MA_OK : ma_fail_nomem(err, n);
    if (st == MA_OK) {
        st = unify_with(last, array, map, fresh, out, err);
    }
    ma_free(map);
    ma_free(fresh);
    return st;
}

static ma_status
unify_children(const ma_sent *sent, const ma_type *type, ma_array *copy, ma_error *err)
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
ma_unify_column(const ma_sent *sent, const ma_type *type, ma_array *column, ma_array **out,
                ma_error *err)
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
