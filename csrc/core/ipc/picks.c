#include <string.h>

#include "core/base/memory.h"
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
    *self = (ma_picks){0};
}

/* The pick of `index` in a list of them, added when it is new. */
static ma_status
add_pick(ma_pick **items, int32_t *count, int32_t index, ma_pick **out, bool *is_new, ma_error *err)
{
    for (int32_t i = 0; i < *count; i++) {
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

/* `path` is what is left of `whole`; both end at the same byte. */
static ma_status
pick_path(ma_pick **items, int32_t *count, ma_field *const *fields, int32_t n_fields, ma_bytes path,
          ma_bytes whole, ma_error *err)
{
    int64_t used;
    bool is_new;
    ma_pick *pick;
    const int32_t index = match_name(fields, n_fields, path, &used);
    const int shown = (int)(whole.size < 100 ? whole.size : 100);
    if (index == -2) {
        return ma_fail(err, MA_INVALID, -1,
                       "columns: more than one field is named '%.*s'; give its index instead",
                       shown, whole.data);
    }
    if (index < 0) {
        return ma_fail(err, MA_INVALID, -1, "columns: the schema has no field '%.*s'", shown,
                       whole.data);
    }
    MA_TRY(add_pick(items, count, index, &pick, &is_new, err));
    if (used == path.size) {
        for (int32_t i = 0; i < pick->n_children; i++) {
            fini_pick(&pick->children[i]);
        }
        ma_free(pick->children);
        pick->children = NULL;
        pick->n_children = 0; /* the whole of it */
        return MA_OK;
    }
    const bool whole_already = !is_new && pick->n_children == 0;
    const ma_type *type = fields[index]->type;
    const ma_bytes rest = {path.data + used + 1, path.size - used - 1};
    if (whole_already) {
        return MA_OK;
    }
    return pick_path(&pick->children, &pick->n_children, type->children, type->n_children, rest,
                     whole, err);
}

ma_status
ma_picks_add_path(ma_picks *self, const ma_schema *schema, ma_bytes path, ma_error *err)
{
    return pick_path(&self->items, &self->count, schema->fields, schema->n_fields, path, path, err);
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
    return add_pick(&self->items, &self->count, (int32_t)index, &pick, &is_new, err);
}
