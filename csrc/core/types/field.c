#include <string.h>

#include "core/base/memory.h"
#include "core/types/type.h"

ma_status
ma_field_new(ma_bytes name, ma_type *type, bool nullable, ma_metadata *metadata, ma_field **out,
             ma_error *err)
{
    ma_field *self = ma_calloc(1, sizeof(*self) + name.size + 1);
    if (self == NULL) {
        return ma_fail_nomem(err, sizeof(*self) + name.size + 1);
    }
    ma_refs_init(&self->refs);
    self->nullable = nullable;
    self->name = (char *)(self + 1);
    self->name_size = name.size;
    if (name.size > 0) {
        memcpy(self->name, name.data, (size_t)name.size);
    }
    self->type = ma_type_ref(type);
    self->metadata = ma_metadata_ref(metadata);
    *out = self;
    return MA_OK;
}

ma_field *
ma_field_ref(ma_field *self)
{
    if (self != NULL) {
        ma_refs_add(&self->refs);
    }
    return self;
}

void
ma_field_unref(ma_field *self)
{
    if (self != NULL && ma_refs_drop(&self->refs)) {
        ma_type_unref(self->type);
        ma_metadata_unref(self->metadata);
        ma_free(self);
    }
}

bool
ma_field_equal(const ma_field *a, const ma_field *b, bool check_metadata)
{
    return a == b || (a->nullable == b->nullable && a->name_size == b->name_size &&
                      memcmp(a->name, b->name, (size_t)a->name_size) == 0 &&
                      ma_type_equal(a->type, b->type, check_metadata) &&
                      (!check_metadata || ma_metadata_equal(a->metadata, b->metadata)));
}
