#include "core/ipc/value_table.h"

#include "core/base/hash.h"
#include "core/data/equal.h"

/* Rows of two arrays seen as one: those of a table, and behind them some of what comes. */
typedef struct row_list {
    const ma_array *values;
    const ma_array *coming;
    const int64_t *added; /* the rows of `coming` */
} row_list;

/* ---- hashing ---- */

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

/* ---- the table ---- */

void
ma_value_table_clear(ma_value_table *self)
{
    ma_array_unref(self->values);
    ma_slots_fini(&self->rows);
    *self = (ma_value_table){0};
}

static bool
is_row(const row_list *rows, int64_t row, const ma_array *array, int64_t i)
{
    const int64_t n = rows->values->length;
    return row < n ? ma_array_identical_row(array, i, rows->values, row)
                   : ma_array_identical_row(array, i, rows->coming, rows->added[row - n]);
}

/* `*found` is the first row that holds what row `i` of `array` does: `row`, put into the table, if
 * there was none. */
static ma_status
find_or_add(ma_value_table *self, const row_list *rows, const ma_array *array, int64_t i,
            int64_t row, int64_t *found, ma_error *err)
{
    ma_hash hash = ma_hash_begin(self->key);
    MA_TRY(ma_slots_reserve(&self->rows, self->rows.count + 1, err));
    add_value(&hash, array, i);
    const uint64_t key = ma_hash_end(hash);
    int64_t at = ma_slots_first(&self->rows, key);
    while (ma_slots_next(&self->rows, key, &at, found)) {
        if (is_row(rows, *found, array, i)) {
            return MA_OK;
        }
    }
    ma_slots_put(&self->rows, at, key, row);
    *found = row;
    return MA_OK;
}

/* ---- the values ---- */

static ma_status
add_all(ma_value_table *self, ma_array *values, ma_error *err)
{
    const row_list rows = {values, NULL, NULL};
    int64_t found;
    MA_TRY(ma_slots_reserve(&self->rows, values->length + 1, err));
    self->key = ma_hash_key_for(self->rows.slots);
    for (int64_t i = 0; i < values->length; i++) {
        MA_TRY(find_or_add(self, &rows, values, i, i, &found, err));
    }
    self->values = ma_array_ref(values);
    return MA_OK;
}

ma_status
ma_value_table_open(ma_value_table *self, ma_array *values, ma_error *err)
{
    if (self->values == values) {
        return MA_OK;
    }
    ma_value_table_clear(self);
    const ma_status st = add_all(self, values, err);
    if (st != MA_OK) {
        ma_value_table_clear(self);
    }
    return st;
}

ma_status
ma_value_table_add(ma_value_table *self, const ma_array *coming, int64_t *map, int64_t *added,
                   int64_t *n_added, ma_error *err)
{
    const row_list rows = {self->values, coming, added};
    int64_t n = 0;
    for (int64_t i = 0; i < coming->length; i++) {
        const int64_t next = self->values->length + n;
        MA_TRY(find_or_add(self, &rows, coming, i, next, &map[i], err));
        if (map[i] == next) {
            added[n++] = i;
        }
    }
    *n_added = n;
    return MA_OK;
}

void
ma_value_table_rename(ma_value_table *self, ma_array *values)
{
    ma_array_ref(values);
    ma_array_unref(self->values);
    self->values = values;
}
