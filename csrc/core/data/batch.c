#include "core/data/batch.h"

#include "core/base/memory.h"
#include "core/base/parallel.h"

struct ma_batch {
    ma_refs refs;
    ma_schema *schema;       /* owned */
    int64_t length;
    ma_metadata *metadata;   /* owned; may be NULL */
    ma_batch_source *source; /* owned; NULL when all columns were given */
    _Atomic(ma_array *) columns[]; /* each owned; NULL until it is built */
};

static ma_status
new_batch(ma_schema *schema, int64_t length, ma_metadata *metadata, ma_batch **out, ma_error *err)
{
    const int64_t size =
        (int64_t)sizeof(ma_batch) + schema->n_fields * (int64_t)sizeof(_Atomic(ma_array *));
    ma_batch *self = ma_malloc(size);
    if (self == NULL) {
        return ma_fail_nomem(err, size);
    }
    ma_refs_init(&self->refs);
    self->schema = ma_schema_ref(schema);
    self->length = length;
    self->metadata = ma_metadata_ref(metadata);
    self->source = NULL;
    for (int32_t i = 0; i < schema->n_fields; i++) {
        atomic_init(&self->columns[i], NULL);
    }
    *out = self;
    return MA_OK;
}

static ma_status
check_column(const ma_field *field, const ma_array *column, int64_t length, ma_error *err)
{
    if (column->length != length) {
        return ma_fail(err, MA_INVALID, -1, "the column has %lld rows and the batch has %lld",
                       (long long)column->length, (long long)length);
    }
    if (!ma_type_equal(column->type, field->type, false)) {
        char have[80];
        char want[80];
        return ma_fail(err, MA_INVALID, -1, "the column is of type %s and the schema says %s",
                       ma_type_name(column->type, have, sizeof(have)),
                       ma_type_name(field->type, want, sizeof(want)));
    }
    return MA_OK;
}

static void
name_column(const ma_batch *self, int32_t index, ma_error *err)
{
    const ma_field *field = self->schema->fields[index];
    ma_error_prefix(err, "column '%.*s'", (int)(field->name_size < 64 ? field->name_size : 64),
                    field->name);
}

ma_status
ma_batch_new(ma_schema *schema, int64_t length, ma_array *const *columns, ma_metadata *metadata,
             ma_batch **out, ma_error *err)
{
    ma_batch *self = NULL;
    MA_TRY(new_batch(schema, length, metadata, &self, err));
    for (int32_t i = 0; i < schema->n_fields; i++) {
        const ma_status st = check_column(schema->fields[i], columns[i], length, err);
        if (st != MA_OK) {
            name_column(self, i, err);
            ma_batch_unref(self);
            return st;
        }
        atomic_init(&self->columns[i], ma_array_ref(columns[i]));
    }
    *out = self;
    return MA_OK;
}

ma_status
ma_batch_new_lazy(ma_schema *schema, int64_t length, ma_metadata *metadata,
                  ma_batch_source *source, ma_batch **out, ma_error *err)
{
    const ma_status st = new_batch(schema, length, metadata, out, err);
    if (st != MA_OK) {
        source->free(source);
        return st;
    }
    (*out)->source = source;
    return MA_OK;
}

ma_batch *
ma_batch_ref(ma_batch *self)
{
    if (self != NULL) {
        ma_refs_add(&self->refs);
    }
    return self;
}

void
ma_batch_unref(ma_batch *self)
{
    if (self == NULL || !ma_refs_drop(&self->refs)) {
        return;
    }
    for (int32_t i = 0; i < self->schema->n_fields; i++) {
        ma_array_unref(atomic_load_explicit(&self->columns[i], memory_order_relaxed));
    }
    if (self->source != NULL) {
        self->source->free(self->source);
    }
    ma_metadata_unref(self->metadata);
    ma_schema_unref(self->schema);
    ma_free(self);
}

ma_schema *
ma_batch_schema(const ma_batch *self)
{
    return self->schema;
}

int64_t
ma_batch_length(const ma_batch *self)
{
    return self->length;
}

ma_metadata *
ma_batch_metadata(const ma_batch *self)
{
    return self->metadata;
}

bool
ma_batch_has_column(const ma_batch *self, int32_t index)
{
    return atomic_load_explicit(&self->columns[index], memory_order_acquire) != NULL;
}

ma_status
ma_batch_column(ma_batch *self, int32_t index, ma_array **out, ma_error *err)
{
    ma_array *column = atomic_load_explicit(&self->columns[index], memory_order_acquire);
    if (column == NULL) {
        ma_array *built = NULL;
        const ma_status st = self->source->build(self->source, self->schema, index, &built, err);
        if (st != MA_OK) {
            return st;
        }
        if (atomic_compare_exchange_strong(&self->columns[index], &column, built)) {
            column = built;
        } else {
            ma_array_unref(built); /* another thread was first; `column` is what it made */
        }
    }
    *out = column;
    return MA_OK;
}

static int64_t
count_missing(const ma_batch *self)
{
    int64_t missing = 0;
    for (int32_t i = 0; i < self->schema->n_fields; i++) {
        missing += !ma_batch_has_column(self, i);
    }
    return missing;
}

bool
ma_batch_is_costly(const ma_batch *self)
{
    return self->source != NULL && self->source->is_costly(self->source);
}

void
ma_batch_prefetch(const ma_batch *self)
{
    for (int32_t i = 0; i < self->schema->n_fields; i++) {
        const uint8_t *column =
            (const uint8_t *)atomic_load_explicit(&self->columns[i], memory_order_relaxed);
        for (int line = 0; line < 3 && column != NULL; line++) { /* the struct, and its buffers */
            MA_PREFETCH(column + 64 * line);
        }
    }
}

static ma_status
load_one(void *context, int64_t index, ma_error *err)
{
    ma_array *column;
    return ma_batch_column(context, (int32_t)index, &column, err);
}

ma_status
ma_batch_load(ma_batch *self, ma_error *err)
{
    const int64_t missing = count_missing(self);
    if (missing == 0) {
        return MA_OK;
    }
    const int threads = missing > 1 && ma_batch_is_costly(self) ? self->source->threads : 1;
    return ma_parallel(load_one, self, self->schema->n_fields, threads, err);
}

ma_status
ma_batch_slice(ma_batch *self, int64_t offset, int64_t length, ma_batch **out, ma_error *err)
{
    ma_batch *slice = NULL;
    MA_TRY(ma_batch_load(self, err));
    MA_TRY(new_batch(self->schema, length, self->metadata, &slice, err));
    for (int32_t i = 0; i < self->schema->n_fields; i++) {
        ma_array *column = NULL;
        const ma_status st = ma_array_slice(atomic_load(&self->columns[i]), offset, length, &column,
                                            err);
        if (st != MA_OK) {
            ma_batch_unref(slice);
            return st;
        }
        atomic_init(&slice->columns[i], column);
    }
    *out = slice;
    return MA_OK;
}
