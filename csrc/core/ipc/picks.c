#include <string.h>

#include "core/base/bitmap.h"
#include "core/base/memory.h"
#include "core/base/number.h"
#include "core/ipc/plan.h"

static void
fini_pick(ma_pick *pick)
{
    for (int32_t i = 0; i < pick->n_children; i++) {
        fini_pick(&pick->children[i]);
    }
    ma_free(pick->children);
}

void
ma_picks_fini(ma_picks *self)
{
    for (int32_t i = 0; i < self->count; i++) {
        fini_pick(&self->items[i]);
    }
    ma_free(self->items);
    ma_free(self->known);
    *self = (ma_picks){0};
}

/* The pick of `index` in a list of them, added when it is new. `known` has a bit for each index in
 * the list; NULL where nobody keeps them. */
static ma_status
add_pick(ma_pick **items, int32_t *count, uint8_t *known, int32_t index, ma_pick **out,
         bool *is_new, ma_error *err)
{
    const bool may_be_there = known == NULL || ma_bitmap_get(known, index);
    for (int32_t i = 0; may_be_there && i < *count; i++) {
        if ((*items)[i].index == index) {
            *out = &(*items)[i];
            *is_new = false;
            return MA_OK;
        }
    }
    ma_pick *grown = ma_realloc(*items, (*count + 1) * (int64_t)sizeof(**items));
    if (grown == NULL) {
        return ma_fail_nomem(err, (*count + 1) * (int64_t)sizeof(**items));
    }
    *items = grown;
    *out = &grown[*count];
    **out = (ma_pick){.index = index};
    *is_new = true;
    (*count)++;
    if (known != NULL) {
        ma_bitmap_set(known, index);
    }
    return MA_OK;
}

/* The field whose name begins `path`, as much of it as possible; -1 for none, -2 for several.
 * `*used` counts the bytes of the path that the name takes. */
static int32_t
match_name(ma_field *const *fields, int32_t count, ma_bytes path, int64_t *used)
{
    int32_t best = -1;
    *used = -1;
    for (int32_t i = 0; i < count; i++) {
        const int64_t size = fields[i]->name_size;
        const bool matches = size <= path.size &&
                             (size == 0 || memcmp(fields[i]->name, path.data, (size_t)size) == 0) &&
                             (size == path.size || path.data[size] == '.');
        if (matches && size == *used) {
            best = -2;
        } else if (matches && size > *used) {
            best = i;
            *used = size;
        }
    }
    return best;
}

/* The same among the fields of a schema, of which there may be very many. */
static int32_t
match_column(ma_schema *schema, ma_bytes path, int64_t *used)
{
    int32_t first;
    const int found = ma_schema_find(schema, path, &first);
    *used = path.size;
    if (found == 0 && memchr(path.data, '.', (size_t)path.size) != NULL) {
        return match_name(schema->fields, schema->n_fields, path, used);
    }
    return found == 2 ? -2 : first;
}

static MA_COLD ma_status
fail_path(int32_t index, ma_bytes path, ma_error *err)
{
    const int shown = (int)ma_min_i64(path.size, 100);
    return index == -2 ? ma_fail(err, MA_INVALID, -1,
                                 "columns: more than one field is named '%.*s'; give its index "
                                 "instead",
                                 shown, path.data)
                       : ma_fail(err, MA_INVALID, -1, "columns: the schema has no field '%.*s'",
                                 shown, path.data);
}

/* Want all of what was picked. */
static void
widen_pick(ma_pick *pick)
{
    for (int32_t i = 0; i < pick->n_children; i++) {
        fini_pick(&pick->children[i]);
    }
    ma_free(pick->children);
    pick->children = NULL;
    pick->n_children = 0;
}

/* Want what `path` leads to, of which the name of the pick takes `used` bytes. `whole`, which it is
 * the end of, is for the error. */
static ma_status
want(ma_pick *pick, bool is_new, const ma_type *type, ma_bytes path, int64_t used, ma_bytes whole,
     ma_error *err)
{
    ma_pick *child;
    if (used == path.size) {
        widen_pick(pick);
        return MA_OK;
    }
    if (!is_new && pick->n_children == 0) {
        return MA_OK; /* all of it is wanted already */
    }
    const ma_bytes rest = {path.data + used + 1, path.size - used - 1};
    const int32_t index = match_name(type->children, type->n_children, rest, &used);
    if (index < 0) {
        return fail_path(index, whole, err);
    }
    MA_TRY(add_pick(&pick->children, &pick->n_children, NULL, index, &child, &is_new, err));
    return want(child, is_new, type->children[index]->type, rest, used, whole, err);
}

/* A column's pick, added when it is new. */
static ma_status
add_column(ma_picks *self, const ma_schema *schema, int32_t index, ma_pick **out, bool *is_new,
           ma_error *err)
{
    if (self->known == NULL) {
        self->known = ma_calloc(1, ma_bitmap_size(schema->n_fields));
        if (self->known == NULL) {
            return ma_fail_nomem(err, ma_bitmap_size(schema->n_fields));
        }
    }
    return add_pick(&self->items, &self->count, self->known, index, out, is_new, err);
}

ma_status
ma_picks_add_path(ma_picks *self, ma_schema *schema, ma_bytes path, ma_error *err)
{
    int64_t used;
    bool is_new;
    ma_pick *pick;
    const int32_t index = match_column(schema, path, &used);
    if (index < 0) {
        return fail_path(index, path, err);
    }
    MA_TRY(add_column(self, schema, index, &pick, &is_new, err));
    return want(pick, is_new, schema->fields[index]->type, path, used, path, err);
}

ma_status
ma_picks_add_index(ma_picks *self, const ma_schema *schema, int64_t index, ma_error *err)
{
    ma_pick *pick;
    bool is_new;
    if (index < 0 || index >= schema->n_fields) {
        return ma_fail(err, MA_INVALID, -1, "columns: there is no field %lld; the schema has %d",
                       (long long)index, (int)schema->n_fields);
    }
    MA_TRY(add_column(self, schema, (int32_t)index, &pick, &is_new, err));
    widen_pick(pick);
    return MA_OK;
}
