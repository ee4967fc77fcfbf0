#include "core/types/schema.h"

#include "core/base/memory.h"

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
        ma_free(self);
    }
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
