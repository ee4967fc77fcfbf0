#include "core/ipc/reading.h"

#include "core/base/memory.h"

/* Where a batch's columns come from. */
typedef struct encoded_source {
    ma_batch_source base;
    ma_encoded *encoded; /* owned */
    ma_dict_set *dicts;  /* owned; may be NULL */
    int64_t number;      /* of the batch */
} encoded_source;

/* What the values say may turn out wrong later: then the column knows its place. Plain ones of a
 * fixed width hold nothing that could be wrong. */
static ma_status
keep_place(const ma_place *place, ma_array *array, ma_error *err)
{
    if (array->type->layout == MA_LAYOUT_FIXED) {
        return MA_OK;
    }
    return ma_place_new(place->schema, place->column, place->batch, place->message, place->offset,
                        &array->place, err);
}

static ma_status
build_column(ma_batch_source *base, ma_schema *schema, int32_t index, ma_array **out, ma_error *err)
{
    const encoded_source *self = (encoded_source *)base;
    const ma_encoded *encoded = self->encoded;
    const ma_place place = {.schema = schema,
                            .column = index,
                            .batch = self->number,
                            .message = encoded->message,
                            .offset = encoded->origin};
    ma_array *array = NULL;
    ma_status st = ma_encoded_column(self->encoded, self->dicts, index, &array, err);
    if (st != MA_OK) {
        ma_place_tell(&place, err);
        return st;
    }
    st = keep_place(&place, array, err);
    if (st != MA_OK) {
        ma_array_unref(array);
        return st;
    }
    *out = array;
    return MA_OK;
}

static bool
source_is_costly(const ma_batch_source *base)
{
    return ma_encoded_is_costly(((const encoded_source *)base)->encoded);
}

static void
free_source(ma_batch_source *base)
{
    encoded_source *self = (encoded_source *)base;
    ma_encoded_unref(self->encoded);
    ma_dict_set_unref(self->dicts);
    ma_free(self);
}

ma_status
ma_reading_batch(ma_encoded *encoded, ma_dict_set *dicts, int64_t number, ma_metadata *metadata,
                 ma_batch **out, ma_error *err)
{
    encoded_source *source = ma_malloc(sizeof(*source));
    if (source == NULL) {
        ma_encoded_unref(encoded);
        return ma_fail_nomem(err, sizeof(*source));
    }
    source->base = (ma_batch_source){build_column, source_is_costly, free_source,
                                     encoded->plan->limits.threads};
    source->encoded = encoded;
    source->dicts = ma_dict_set_ref(dicts);
    source->number = number;
    return ma_batch_new_lazy(encoded->plan->schema, encoded->length, metadata, &source->base, out,
                             err);
}

ma_status
ma_reading_dictionary(ma_plan *plan, ma_dict_set **dicts, const ma_message *message,
                      int64_t ordinal, bool keep, ma_buffer body, int64_t origin, ma_error *err)
{
    const int32_t slot = ma_plan_find_dict(plan, message->dictionary_id);
    ma_encoded *encoded = NULL;
    if (*dicts == NULL) {
        MA_TRY(ma_dict_set_new(plan, dicts, err));
    }
    ma_status st = MA_OK;
    if (slot >= 0) {
        st = ma_encoded_new(plan->dict_plans[slot], message, ordinal, body, body.size, origin,
                            &encoded, err);
        if (st != MA_OK) {
            ma_error_prefix(err, "dictionary %lld", (long long)message->dictionary_id);
            return st;
        }
    }
    st = ma_dict_set_put(dicts, message->dictionary_id, message->is_delta, keep, encoded, err);
    ma_encoded_unref(encoded);
    return st;
}

bool
ma_reading_skips_dictionary(const ma_plan *plan, int64_t id)
{
    const int32_t slot = ma_plan_find_dict(plan, id);
    return slot >= 0 && !plan->dicts[slot].is_wanted;
}
