#include "core/base/memory.h"
#include "core/meta/fb_ids.h"
#include "core/meta/schema_meta.h"

ma_status
ma_metadata_meta_charge(const ma_fb_table *table, int64_t size, int64_t *budget, ma_error *err)
{
    if (size > *budget) {
        return ma_fail(err, MA_LIMIT, table->all.origin + table->at,
                       "names and key-value metadata take more than the limit max_metadata_size; "
                       "raise it to read this");
    }
    *budget -= size;
    return MA_OK;
}

ma_status
ma_metadata_meta_take(const ma_fb_vector *items, int64_t *budget, ma_metadata **out, ma_error *err)
{
    if (items->count == 0) {
        *out = NULL;
        return MA_OK;
    }
    ma_pair *pairs = ma_calloc(items->count, sizeof(*pairs));
    if (pairs == NULL) {
        return ma_fail_nomem(err, items->count * (int64_t)sizeof(*pairs));
    }
    ma_status st = MA_OK;
    for (int64_t i = 0; i < items->count && st == MA_OK; i++) {
        ma_fb_table item;
        st = ma_fb_item(items, i, &item, err);
        if (st == MA_OK) {
            st = ma_fb_string(&item, FB_KEY_VALUE_KEY, &pairs[i].key, err);
        }
        if (st == MA_OK) {
            st = ma_fb_string(&item, FB_KEY_VALUE_VALUE, &pairs[i].value, err);
        }
        if (st == MA_OK) {
            const ma_pair *pair = &pairs[i];
            st = ma_metadata_meta_charge(
                &item, (int64_t)sizeof(*pair) + pair->key.size + pair->value.size, budget, err);
        }
    }
    if (st == MA_OK) {
        st = ma_metadata_new(pairs, items->count, out, err);
    }
    ma_free(pairs);
    return st;
}

ma_status
ma_metadata_meta_read(const ma_fb_table *table, int id, int64_t *budget, ma_metadata **out,
                      ma_error *err)
{
    ma_fb_vector items;
    MA_TRY(ma_fb_vector_of(table, id, 4, &items, err));
    return ma_metadata_meta_take(&items, budget, out, err);
}

ma_fb_ref
ma_metadata_meta_write(ma_fb_writer *out, const ma_metadata *metadata)
{
    const int64_t count = ma_metadata_count(metadata);
    if (count == 0) {
        return 0;
    }
    ma_fb_ref *refs = ma_malloc(count * (int64_t)sizeof(*refs));
    if (refs == NULL) {
        out->failed = true;
        return 0;
    }
    for (int64_t i = 0; i < count; i++) {
        const ma_pair *pair = &metadata->pairs[i];
        const ma_fb_ref value = ma_fb_write_string(out, pair->value.data, pair->value.size);
        const ma_fb_ref key = ma_fb_write_string(out, pair->key.data, pair->key.size);
        ma_fb_begin(out);
        ma_fb_put_ref(out, FB_KEY_VALUE_VALUE, value);
        ma_fb_put_ref(out, FB_KEY_VALUE_KEY, key);
        refs[i] = ma_fb_end(out);
    }
    const ma_fb_ref vector = ma_fb_write_refs(out, refs, count);
    ma_free(refs);
    return vector;
}
