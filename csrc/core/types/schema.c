#include "core/types/schema.h"

#include "core/base/memory.h"

enum {
    MANY_FIELDS = 16, /* among which a table finds a name sooner than a look at each */
    MANY_LOOKUPS = 8  /* that cost about as much as making one */
};

ma_status
ma_schema_new(ma_field *const *fields, int32_t n_fields, ma_metadata *metadata, ma_schema **out,
              ma_error *err)
{
    const int64_t size = (int64_t)sizeof(ma_schema) + n_fields * (int64_t)sizeof(ma_field *);
    ma_schema *self = ma_calloc(1, size);
    if (self == NULL) {
        return ma_fail_nomem(err, size);
    }
    ma_refs_init(&self->refs);
    self->metadata = ma_metadata_ref(metadata);
    self->n_fields = n_fields;
    for (int32_t i = 0; i < n_fields; i++) {
        const ma_type *type = fields[i]->type;
        self->fields[i] = ma_field_ref(fields[i]);
        self->counts.nodes += type->counts.nodes;
        self->counts.buffers += type->counts.buffers;
        self->counts.variadics += type->counts.variadics;
        self->counts.v4_bitmaps += type->counts.v4_bitmaps;
        self->has_dictionary = self->has_dictionary || type->has_dictionary;
    }
    *out = self;
    return MA_OK;
}

ma_schema *
ma_schema_ref(ma_schema *self)
{
    if (self != NULL) {
        ma_refs_add(&self->refs);
    }
    return self;
}

void
ma_schema_unref(ma_schema *self)
{
    if (self != NULL && ma_refs_drop(&self->refs)) {
        for (int32_t i = 0; i < self->n_fields; i++) {
            ma_field_unref(self->fields[i]);
        }
        ma_metadata_unref(self->metadata);
        ma_names_free(atomic_load(&self->names));
        ma_free(self);
    }
}

/* The table of names, if it is there or worth being made now. */
static ma_names *
names_of(ma_schema *self)
{
    ma_names *names = atomic_load_explicit(&self->names, memory_order_acquire);
    ma_names *first = NULL;
    if (names != NULL || self->n_fields < MANY_FIELDS ||
        atomic_fetch_add_explicit(&self->lookups, 1, memory_order_relaxed) < MANY_LOOKUPS ||
        ma_names_new(self->fields, self->n_fields, &names, NULL) != MA_OK) {
        return names;
    }
    if (!atomic_compare_exchange_strong(&self->names, &first, names)) {
        ma_names_free(names);
        return first;
    }
    return names;
}

int
ma_schema_find(ma_schema *self, ma_bytes name, int32_t *first)
{
    const ma_names *names = names_of(self);
    int found = 0;
    *first = -1;
    if (names != NULL) {
        return ma_names_find(names, self->fields, name, first);
    }
    for (int32_t i = 0; i < self->n_fields && found < 2; i++) {
        if (ma_field_is_named(self->fields[i], name)) {
            *first = found == 0 ? i : *first;
            found++;
        }
    }
    return found;
}

bool
ma_schema_equal(const ma_schema *a, const ma_schema *b, bool check_metadata)
{
    if (a == b) {
        return true;
    }
    if (a->n_fields != b->n_fields ||
        (check_metadata && !ma_metadata_equal(a->metadata, b->metadata))) {
        return false;
    }
    for (int32_t i = 0; i < a->n_fields; i++) {
        if (!ma_field_equal(a->fields[i], b->fields[i], check_metadata)) {
            return false;
        }
    }
    return true;
}
