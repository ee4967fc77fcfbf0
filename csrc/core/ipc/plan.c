#include "core/ipc/plan.h"

#include <stdlib.h>

#include "core/base/endian.h"
#include "core/base/memory.h"

static void
add_counts(ma_counts *sum, const ma_counts *more)
{
    sum->nodes += more->nodes;
    sum->buffers += more->buffers;
    sum->variadics += more->variadics;
    sum->v4_bitmaps += more->v4_bitmaps;
}

/* ---- what is wanted of a type ---- */

static ma_status
pick_field(ma_field *field, const ma_pick *pick, ma_field **out, ma_error *err);

/* The type with only the picked children, in the order of the type. A type whose children have
 * fixed roles (all but structs) keeps all of those that were not picked as they are. */
static ma_status
pick_type(const ma_type *type, const ma_pick *pick, ma_type **out, ma_error *err)
{
    const bool drops = type->id == MA_TYPE_STRUCT;
    ma_type *picked = NULL;
    int32_t n = 0;

    MA_TRY(ma_type_new(type->id, drops ? pick->n_children : type->n_children, &picked, err));
    picked->keys_sorted = type->keys_sorted;
    picked->list_size = type->list_size;
    ma_status st = MA_OK;
    for (int32_t i = 0; i < type->n_children && st == MA_OK; i++) {
        const ma_pick *wanted = NULL;
        for (int32_t k = 0; k < pick->n_children; k++) {
            wanted = pick->children[k].index == i ? &pick->children[k] : wanted;
        }
        if (wanted != NULL) {
            st = pick_field(type->children[i], wanted, &picked->children[n++], err);
        } else if (!drops) {
            picked->children[n++] = ma_field_ref(type->children[i]);
        }
    }
    if (st == MA_OK) {
        st = ma_type_seal(picked, err);
    }
    if (st != MA_OK) {
        ma_type_unref(picked);
        return st;
    }
    *out = picked;
    return MA_OK;
}

/* Structs lose fields, lists pass the wish on; elsewhere (maps, unions, runs) a part is nothing. */
static bool
has_parts(const ma_type *type)
{
    const bool is_list =
        type->n_children == 1 && type->id != MA_TYPE_MAP && !ma_type_is_union(type);
    return type->id == MA_TYPE_STRUCT || is_list;
}

static ma_status
pick_field(ma_field *field, const ma_pick *pick, ma_field **out, ma_error *err)
{
    if (pick->n_children == 0) {
        *out = ma_field_ref(field);
        return MA_OK;
    }
    if (!has_parts(field->type)) {
        return ma_fail(err, MA_INVALID, -1,
                       "columns: parts of structs, and of structs in lists, can be chosen, and "
                       "'%.*s' is neither",
                       (int)(field->name_size < 64 ? field->name_size : 64), field->name);
    }
    ma_type *type = NULL;
    MA_TRY(pick_type(field->type, pick, &type, err));
    const ma_status st = ma_field_new((ma_bytes){field->name, field->name_size}, type,
                                      field->nullable, field->metadata, out, err);
    ma_type_unref(type);
    return st;
}

static ma_status
pick_schema(ma_plan *self, ma_error *err)
{
    ma_field **fields = ma_calloc(self->picks.count, sizeof(*fields));
    if (fields == NULL) {
        return ma_fail_nomem(err, self->picks.count * (int64_t)sizeof(*fields));
    }
    ma_status st = MA_OK;
    for (int32_t i = 0; i < self->picks.count && st == MA_OK; i++) {
        const ma_pick *pick = &self->picks.items[i];
        st = pick_field(self->full->fields[pick->index], pick, &fields[i], err);
    }
    if (st == MA_OK) {
        st = ma_schema_new(fields, self->picks.count, self->full->metadata, &self->schema, err);
    }
    for (int32_t i = 0; i < self->picks.count; i++) {
        ma_field_unref(fields[i]);
    }
    ma_free(fields);
    return st;
}

static ma_status
place_columns(ma_plan *self, bool all, ma_error *err)
{
    const int32_t n_full = self->full->n_fields;
    const int32_t n = self->schema->n_fields;
    ma_counts *before = ma_calloc(n_full, sizeof(*before));
    self->columns = ma_calloc(n, sizeof(*self->columns));
    if (before == NULL || self->columns == NULL) {
        ma_free(before);
        return ma_fail_nomem(err, n * (int64_t)sizeof(*self->columns));
    }
    ma_counts sum = {0, 0, 0, 0};
    for (int32_t i = 0; i < n_full; i++) {
        before[i] = sum;
        add_counts(&sum, &self->full->fields[i]->type->counts);
    }
    for (int32_t i = 0; i < n; i++) {
        ma_pick *pick = all ? NULL : &self->picks.items[i];
        const int32_t field = all ? i : pick->index;
        self->columns[i] = (ma_plan_column){field, before[field],
                                            pick != NULL && pick->n_children > 0 ? pick : NULL};
    }
    ma_free(before);
    return MA_OK;
}

/* ---- dictionaries ---- */

typedef struct slot_list {
    ma_dict_slot *items; /* value types borrowed */
    int64_t count;
    int64_t capacity;
} slot_list;

static ma_status
collect_dicts(const ma_type *type, slot_list *list, ma_error *err)
{
    if (!type->has_dictionary) {
        return MA_OK;
    }
    if (type->id == MA_TYPE_DICTIONARY) {
        MA_TRY(ma_grow((void **)&list->items, &list->capacity, list->count + 1,
                       sizeof(*list->items), err));
        list->items[list->count++] =
            (ma_dict_slot){.id = type->dictionary_id, .value_type = type->value_type};
        return collect_dicts(type->value_type, list, err);
    }
    for (int32_t i = 0; i < type->n_children; i++) {
        MA_TRY(collect_dicts(type->children[i]->type, list, err));
    }
    return MA_OK;
}

static int
compare_slots(const void *a, const void *b)
{
    const int64_t x = ((const ma_dict_slot *)a)->id;
    const int64_t y = ((const ma_dict_slot *)b)->id;
    return (x > y) - (x < y);
}

static ma_status
unite_slots(ma_plan *self, slot_list *list, ma_error *err)
{
    qsort(list->items, (size_t)list->count, sizeof(*list->items), compare_slots);
    self->dicts = ma_calloc(list->count, sizeof(*self->dicts));
    if (self->dicts == NULL) {
        return ma_fail_nomem(err, list->count * (int64_t)sizeof(*self->dicts));
    }
    for (int64_t i = 0; i < list->count; i++) {
        const ma_dict_slot *slot = &list->items[i];
        const ma_dict_slot *last = self->n_dicts > 0 ? &self->dicts[self->n_dicts - 1] : NULL;
        if (last == NULL || last->id != slot->id) {
            self->dicts[self->n_dicts++] =
                (ma_dict_slot){.id = slot->id, .value_type = ma_type_ref(slot->value_type)};
        } else if (!ma_type_equal(last->value_type, slot->value_type, false)) {
            return ma_fail(err, MA_INVALID, -1,
                           "the schema uses dictionary id %lld for values of two different types",
                           (long long)slot->id);
        }
    }
    return MA_OK;
}

int32_t
ma_plan_find_dict(const ma_plan *self, int64_t id)
{
    int32_t low = 0;
    int32_t high = self->n_dicts;
    while (low < high) {
        const int32_t middle = low + (high - low) / 2;
        if (self->dicts[middle].id < id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < self->n_dicts && self->dicts[low].id == id ? low : -1;
}

static void
want_dicts(ma_plan *self, const ma_type *type, bool is_inside)
{
    if (!type->has_dictionary) {
        return;
    }
    if (type->id == MA_TYPE_DICTIONARY) {
        ma_dict_slot *slot = &self->dicts[ma_plan_find_dict(self, type->dictionary_id)];
        slot->is_wanted = true;
        slot->is_inside = slot->is_inside || is_inside;
        want_dicts(self, type->value_type, true);
    }
    for (int32_t i = 0; i < type->n_children; i++) {
        want_dicts(self, type->children[i]->type, is_inside);
    }
}

static ma_status
find_dicts(ma_plan *self, ma_error *err)
{
    slot_list list = {0};
    ma_status st = MA_OK;
    for (int32_t i = 0; i < self->full->n_fields && st == MA_OK; i++) {
        st = collect_dicts(self->full->fields[i]->type, &list, err);
    }
    if (st == MA_OK && list.count > 0) {
        st = unite_slots(self, &list, err);
    }
    for (int32_t i = 0; i < self->schema->n_fields && st == MA_OK; i++) {
        want_dicts(self, self->schema->fields[i]->type, false);
    }
    ma_free(list.items);
    return st;
}

/* A plan without its dictionaries. */
static ma_status
new_plan(ma_schema *schema, bool swap, const ma_limits *limits, ma_picks *picks, ma_plan **out,
         ma_error *err)
{
    ma_plan *self = ma_calloc(1, sizeof(*self));
    if (self == NULL) {
        return ma_fail_nomem(err, sizeof(*self));
    }
    ma_refs_init(&self->refs);
    self->limits = *limits;
    ma_codec_pool_init(&self->pool);
    self->swap = swap;
    self->full = ma_schema_ref(schema);
    ma_status st = MA_OK;
    if (picks != NULL) {
        self->picks = *picks;
        *picks = (ma_picks){0};
        st = pick_schema(self, err);
    } else {
        self->schema = ma_schema_ref(schema);
    }
    if (st == MA_OK) {
        st = place_columns(self, picks == NULL, err);
    }
    if (st != MA_OK) {
        ma_plan_unref(self);
        return st;
    }
    *out = self;
    return MA_OK;
}

/* A dictionary's messages hold one column, of its values. What is encoded inside of them is
 * looked up in the plan of the whole schema, so this one knows no dictionaries: nesting costs no
 * more than its depth. */
static ma_status
plan_dict(const ma_plan *self, int32_t slot, ma_plan **out, ma_error *err)
{
    ma_field *field = NULL;
    ma_schema *schema = NULL;
    ma_status st = ma_field_new((ma_bytes){"values", 6}, self->dicts[slot].value_type, true, NULL,
                                &field, err);
    if (st == MA_OK) {
        st = ma_schema_new(&field, 1, NULL, &schema, err);
    }
    if (st == MA_OK) {
        st = new_plan(schema, self->swap, &self->limits, NULL, out, err);
    }
    ma_field_unref(field);
    ma_schema_unref(schema);
    return st;
}

ma_status
ma_plan_new(ma_schema *schema, bool big_endian, const ma_limits *limits, ma_picks *picks,
            ma_plan **out, ma_error *err)
{
    ma_plan *self = NULL;
    ma_status st = new_plan(schema, big_endian != MA_HOST_BIG_ENDIAN, limits, picks, &self, err);
    if (picks != NULL) {
        ma_picks_fini(picks);
    }
    if (st == MA_OK && schema->has_dictionary) {
        st = find_dicts(self, err);
    }
    if (st == MA_OK && self->n_dicts > 0) {
        self->dict_plans = ma_calloc(self->n_dicts, sizeof(*self->dict_plans));
        if (self->dict_plans == NULL) {
            st = ma_fail_nomem(err, self->n_dicts * (int64_t)sizeof(*self->dict_plans));
        }
        for (int32_t i = 0; i < self->n_dicts && st == MA_OK; i++) {
            st = plan_dict(self, i, &self->dict_plans[i], err);
        }
    }
    if (st != MA_OK) {
        ma_plan_unref(self);
        return st;
    }
    *out = self;
    return MA_OK;
}

ma_plan *
ma_plan_ref(ma_plan *self)
{
    ma_refs_add(&self->refs);
    return self;
}

void
ma_plan_unref(ma_plan *self)
{
    if (self == NULL || !ma_refs_drop(&self->refs)) {
        return;
    }
    for (int32_t i = 0; i < self->n_dicts; i++) {
        ma_type_unref(self->dicts[i].value_type);
        if (self->dict_plans != NULL) {
            ma_plan_unref(self->dict_plans[i]);
        }
    }
    ma_free(self->dict_plans);
    ma_free(self->dicts);
    ma_picks_fini(&self->picks);
    ma_free(self->columns);
    ma_schema_unref(self->schema);
    ma_schema_unref(self->full);
    ma_codec_pool_fini(&self->pool);
    ma_free(self);
}
