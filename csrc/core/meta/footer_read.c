#include "core/base/endian.h"
#include "core/flatbuf/fb_read.h"
#include "core/meta/fb_ids.h"
#include "core/meta/schema_meta.h"

/* What the root of the footer points to may stand in either part. */
typedef struct footer_parts {
    ma_span head;
    ma_span tail;
    ma_fb_table root;
} footer_parts;

/* Where in `*part` field `id` of the root points; -1 when it is absent. */
static ma_status
find_target(const footer_parts *self, int id, ma_span *part, int64_t *at, ma_error *err)
{
    int64_t target;
    MA_TRY(ma_fb_target(&self->root, id, &target, err));
    const int64_t place = self->head.origin + target;
    *part = place >= self->tail.origin ? self->tail : self->head;
    *at = target != 0 ? place - part->origin : -1;
    return MA_OK;
}

static ma_status
find_schema(const footer_parts *self, ma_fb_table *out, ma_error *err)
{
    ma_span part;
    int64_t at;
    MA_TRY(find_target(self, FB_FOOTER_SCHEMA, &part, &at, err));
    if (at < 0) {
        return ma_fail(err, MA_INVALID, self->head.origin + self->root.at,
                       "the footer has no schema");
    }
    return ma_fb_table_at(part, at, out, err);
}

/* The blocks themselves are not looked at, and need not be there. */
static ma_status
find_blocks(const footer_parts *self, int id, ma_block_range *out, ma_error *err)
{
    ma_span part;
    int64_t at;
    ma_fb_vector blocks;
    MA_TRY(find_target(self, id, &part, &at, err));
    if (at < 0) {
        *out = (ma_block_range){0, 0};
        return MA_OK;
    }
    if (ma_span_has(part, at, 4)) { /* the count is there: the blocks may reach to the end */
        part.size = self->tail.origin + self->tail.size - part.origin;
    }
    MA_TRY(ma_fb_vector_at(part, at, MA_BLOCK_SIZE, &blocks, err));
    *out = (ma_block_range){part.origin + blocks.at, blocks.count};
    return MA_OK;
}

static ma_status
read_metadata(const footer_parts *self, const ma_limits *limits, ma_metadata **out, ma_error *err)
{
    ma_span part;
    int64_t at;
    ma_fb_vector items;
    int64_t budget = limits->max_metadata_size;
    MA_TRY(find_target(self, FB_FOOTER_METADATA, &part, &at, err));
    if (at < 0) {
        *out = NULL;
        return MA_OK;
    }
    MA_TRY(ma_fb_vector_at(part, at, 4, &items, err));
    return ma_metadata_meta_take(&items, &budget, out, err);
}

ma_status
ma_footer_read(ma_span head, ma_span tail, const ma_limits *limits, ma_footer *out, ma_error *err)
{
    footer_parts parts = {.head = head, .tail = tail};
    ma_footer footer = {0};
    ma_fb_table schema;
    int64_t version;

    MA_TRY(ma_fb_root(head, &parts.root, err));
    MA_TRY(ma_fb_int(&parts.root, FB_FOOTER_VERSION, 2, 0, &version, err));
    MA_TRY(ma_version_check(version, head.origin + parts.root.at, err));
    MA_TRY(find_schema(&parts, &schema, err));
    MA_TRY(find_blocks(&parts, FB_FOOTER_DICTIONARIES, &footer.dictionaries, err));
    MA_TRY(find_blocks(&parts, FB_FOOTER_BATCHES, &footer.batches, err));
    footer.version = (ma_version)version;
    MA_TRY(read_metadata(&parts, limits, &footer.metadata, err));
    const ma_status st = ma_schema_meta_read(&schema, limits, &footer.schema, err);
    if (st != MA_OK) {
        ma_footer_fini(&footer);
        return st;
    }
    *out = footer;
    return MA_OK;
}

void
ma_footer_fini(ma_footer *self)
{
    ma_metadata_unref(self->metadata);
    ma_schema_unref(self->schema.schema);
    *self = (ma_footer){0};
}

ma_block_place
ma_footer_block(const uint8_t *block)
{
    return (ma_block_place){(int64_t)ma_load_le64(block), (int32_t)ma_load_le32(block + 8),
                            (int64_t)ma_load_le64(block + 16)};
}
