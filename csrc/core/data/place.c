#include "core/data/place.h"

#include "core/base/memory.h"
#include "core/base/number.h"

ma_status
ma_place_new(ma_schema *schema, int32_t column, int64_t batch, int64_t message, int64_t offset,
             ma_place **out, ma_error *err)
{
    ma_place *self = ma_malloc(sizeof(*self));
    if (self == NULL) {
        return ma_fail_nomem(err, sizeof(*self));
    }
    ma_refs_init(&self->refs);
    self->schema = ma_schema_ref(schema);
    self->column = column;
    self->batch = batch;
    self->message = message;
    self->offset = offset;
    *out = self;
    return MA_OK;
}

ma_place *
ma_place_ref(ma_place *self)
{
    if (self != NULL) {
        ma_refs_add(&self->refs);
    }
    return self;
}

void
ma_place_unref(ma_place *self)
{
    if (self != NULL && ma_refs_drop(&self->refs)) {
        ma_schema_unref(self->schema);
        ma_free(self);
    }
}

void
ma_place_tell(const ma_place *self, ma_error *err)
{
    if (self == NULL || err == NULL) {
        return;
    }
    if (self->schema != NULL) {
        const ma_field *field = self->schema->fields[self->column];
        ma_error_prefix(err, "batch %lld, column '%.*s'", (long long)self->batch,
                        (int)ma_min_i64(field->name_size, 64), field->name);
    }
    if (err->offset < 0) {
        err->offset = self->offset;
    }
    if (err->message < 0) {
        err->message = self->message;
    }
}

void
ma_place_name(const ma_place *self, const ma_field *column, ma_error *err)
{
    if (self == NULL) {
        ma_error_prefix(err, "column '%.*s'", (int)ma_min_i64(column->name_size, 64),
                        column->name);
    }
}
