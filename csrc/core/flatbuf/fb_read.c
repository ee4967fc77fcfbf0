#include "core/flatbuf/fb_read.h"

#include "core/base/endian.h"

static ma_status
outside(ma_span all, int64_t at, const char *what, ma_error *err)
{
    return ma_fail(err, MA_INVALID, all.origin + at,
                   "the metadata's %s points outside its %lld bytes", what, (long long)all.size);
}

ma_status
ma_fb_table_at(ma_span all, int64_t at, ma_fb_table *out, ma_error *err)
{
    if (!ma_span_has(all, at, 4)) {
        return outside(all, at, "table", err);
    }
    const int64_t vtable = at - (int32_t)ma_load_le32(all.data + at);
    if (!ma_span_has(all, vtable, 4)) {
        return outside(all, at, "vtable", err);
    }
    const int32_t vtable_size = ma_load_le16(all.data + vtable);
    const int32_t size = ma_load_le16(all.data + vtable + 2);
    if (vtable_size < 4 || vtable_size % 2 != 0 || !ma_span_has(all, vtable, vtable_size) ||
        size < 4 || !ma_span_has(all, at, size)) {
        return outside(all, vtable, "vtable", err);
    }
    *out = (ma_fb_table){all, at, vtable, vtable_size, size};
    return MA_OK;
}

/* Where a field of `bytes` stands in the buffer; 0 when it is absent (no field stands at 0). */
static ma_status
find_field(const ma_fb_table *table, int id, int64_t bytes, int64_t *at, ma_error *err)
{
    const int32_t slot = 4 + 2 * id;
    const int32_t offset =
        slot + 2 <= table->vtable_size ? ma_load_le16(table->all.data + table->vtable + slot) : 0;
    if (offset == 0) {
        *at = 0;
        return MA_OK;
    }
    if (offset < 4 || offset > table->size || bytes > table->size - offset) {
        return outside(table->all, table->vtable + slot, "field", err);
    }
    *at = table->at + offset;
    return MA_OK;
}

/* What an offset at `at` points to, with room for `bytes`. */
static ma_status
follow(ma_span all, int64_t at, int64_t bytes, int64_t *target, ma_error *err)
{
    *target = at + ma_load_le32(all.data + at);
    return ma_span_has(all, *target, bytes) ? MA_OK : outside(all, at, "offset", err);
}

ma_status
ma_fb_root(ma_span all, ma_fb_table *out, ma_error *err)
{
    int64_t at = 0;
    if (all.size < 4) {
        return outside(all, 0, "root", err);
    }
    MA_TRY(follow(all, 0, 4, &at, err));
    return ma_fb_table_at(all, at, out, err);
}

ma_status
ma_fb_int(const ma_fb_table *table, int id, int bytes, int64_t missing, int64_t *out, ma_error *err)
{
    int64_t at = 0;
    MA_TRY(find_field(table, id, bytes, &at, err));
    const uint8_t *p = table->all.data + at;
    if (at == 0) {
        *out = missing;
    } else if (bytes == 1) {
        *out = (int8_t)*p;
    } else if (bytes == 2) {
        *out = (int16_t)ma_load_le16(p);
    } else if (bytes == 4) {
        *out = (int32_t)ma_load_le32(p);
    } else {
        *out = (int64_t)ma_load_le64(p);
    }
    return MA_OK;
}

ma_status
ma_fb_child(const ma_fb_table *table, int id, ma_fb_table *out, bool *present, ma_error *err)
{
    int64_t at = 0;
    int64_t target;
    MA_TRY(find_field(table, id, 4, &at, err));
    *present = at != 0;
    if (at == 0) {
        return MA_OK;
    }
    MA_TRY(follow(table->all, at, 4, &target, err));
    return ma_fb_table_at(table->all, target, out, err);
}

ma_status
ma_fb_target(const ma_fb_table *table, int id, int64_t *out, ma_error *err)
{
    int64_t at = 0;
    MA_TRY(find_field(table, id, 4, &at, err));
    *out = at != 0 ? at + ma_load_le32(table->all.data + at) : 0;
    return MA_OK;
}

ma_status
ma_fb_vector_at(ma_span all, int64_t at, int64_t item_size, ma_fb_vector *out, ma_error *err)
{
    if (!ma_span_has(all, at, 4)) {
        return outside(all, at, "vector", err);
    }
    const int64_t count = ma_load_le32(all.data + at);
    if (count > (all.size - at - 4) / item_size) {
        return outside(all, at, "vector", err);
    }
    *out = (ma_fb_vector){all, at + 4, count};
    return MA_OK;
}

ma_status
ma_fb_vector_of(const ma_fb_table *table, int id, int64_t item_size, ma_fb_vector *out,
                ma_error *err)
{
    int64_t at = 0;
    int64_t target;
    MA_TRY(find_field(table, id, 4, &at, err));
    if (at == 0) {
        *out = (ma_fb_vector){table->all, 0, 0};
        return MA_OK;
    }
    MA_TRY(follow(table->all, at, 4, &target, err));
    return ma_fb_vector_at(table->all, target, item_size, out, err);
}

ma_status
ma_fb_string(const ma_fb_table *table, int id, ma_bytes *out, ma_error *err)
{
    ma_fb_vector bytes;
    MA_TRY(ma_fb_vector_of(table, id, 1, &bytes, err));
    *out = bytes.at == 0 ? (ma_bytes){NULL, 0}
                         : (ma_bytes){(const char *)ma_fb_items(&bytes), bytes.count};
    return MA_OK;
}

ma_status
ma_fb_item(const ma_fb_vector *vector, int64_t i, ma_fb_table *out, ma_error *err)
{
    int64_t target;
    MA_TRY(follow(vector->all, vector->at + 4 * i, 4, &target, err));
    return ma_fb_table_at(vector->all, target, out, err);
}
