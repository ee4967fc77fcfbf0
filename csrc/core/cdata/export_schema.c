#include "core/cdata/export_schema.h"

#include <string.h>

#include "core/base/endian.h"
#include "core/base/memory.h"
#include "core/base/number.h"
#include "core/cdata/format.h"
#include "core/validate/utf8.h"

/* What an ArrowSchema of ours has behind `private_data`. Children and dictionary are structs of
 * their own in here; each has its own such block, and so survives being moved out. */
typedef struct exported {
    char *format;   /* owned */
    char *metadata; /* owned; may be NULL */
    char *name;     /* in this block */
    struct ArrowSchema dictionary;
    struct ArrowSchema **children; /* in this block */
    struct ArrowSchema nodes[];    /* what `children` points to */
} exported;

/* One node of the tree that comes out: a field, a schema, or the values of a dictionary. */
typedef struct source {
    ma_bytes name;
    const ma_type *type; /* NULL for a schema, which is a struct */
    ma_field *const *fields;
    int32_t n_fields;
    int64_t flags;
    const ma_metadata *metadata;
} source;

static void
release_if_there(struct ArrowSchema *schema)
{
    if (schema != NULL && schema->release != NULL) {
        schema->release(schema);
    }
}

static void
release_schema(struct ArrowSchema *self)
{
    exported *owned = self->private_data;
    for (int64_t i = 0; i < self->n_children; i++) {
        release_if_there(self->children[i]);
    }
    release_if_there(self->dictionary);
    ma_free(owned->format);
    ma_free(owned->metadata);
    ma_free(owned);
    self->release = NULL;
}

static ma_status
check_name(ma_bytes name, ma_error *err)
{
    if (name.size > 0 && memchr(name.data, 0, (size_t)name.size) != NULL) {
        return ma_fail(err, MA_INVALID, -1,
                       "the field's name has a NUL in it, where the C data interface would cut it");
    }
    if (ma_utf8_find_bad((const uint8_t *)name.data, name.size) >= 0) {
        return ma_fail(err, MA_INVALID, -1,
                       "the field's name is not UTF-8, which the C data interface asks for");
    }
    return MA_OK;
}

static ma_status
write_format(const ma_type *type, char **out, ma_error *err)
{
    ma_text text;
    ma_text_init(&text);
    if (type != NULL) {
        ma_cdata_format_write(type, &text);
    } else {
        ma_text_add(&text, "+s");
    }
    if (text.failed) {
        ma_text_fini(&text);
        return ma_fail_nomem(err, text.size);
    }
    if (ma_utf8_find_bad((const uint8_t *)text.data, text.size) >= 0) {
        ma_text_fini(&text);
        return ma_fail(err, MA_INVALID, -1,
                       "the time zone is not UTF-8, which the C data interface asks for");
    }
    *out = text.data;
    return MA_OK;
}

/* ---- metadata: a count, then each key and value with its size before it; all sizes int32 ---- */

static char *
put_bytes(char *end, ma_bytes bytes)
{
    ma_store_u32(end, (uint32_t)bytes.size);
    if (bytes.size > 0) {
        memcpy(end + 4, bytes.data, (size_t)bytes.size);
    }
    return end + 4 + bytes.size;
}

static ma_status
write_metadata(const ma_metadata *metadata, char **out, ma_error *err)
{
    const int64_t count = ma_metadata_count(metadata);
    int64_t size = 4;
    if (count == 0) {
        return MA_OK;
    }
    bool fits = count <= INT32_MAX;
    for (int64_t i = 0; i < count; i++) {
        const ma_pair *pair = &metadata->pairs[i];
        fits = fits && pair->key.size <= INT32_MAX && pair->value.size <= INT32_MAX;
        size += 8 + pair->key.size + pair->value.size;
    }
    if (!fits) {
        return ma_fail(err, MA_LIMIT, -1,
                       "the C data interface carries 2 GiB of a metadata value at most");
    }
    char *block = ma_malloc(size);
    if (block == NULL) {
        return ma_fail_nomem(err, size);
    }
    ma_store_u32(block, (uint32_t)count);
    char *end = block + 4;
    for (int64_t i = 0; i < count; i++) {
        end = put_bytes(end, metadata->pairs[i].key);
        end = put_bytes(end, metadata->pairs[i].value);
    }
    *out = block;
    return MA_OK;
}

/* ---- nodes ---- */

static source
source_of_type(ma_bytes name, const ma_type *type, bool nullable, const ma_metadata *metadata)
{
    int64_t flags = nullable ? ARROW_FLAG_NULLABLE : 0;
    flags |= type->id == MA_TYPE_DICTIONARY && type->ordered ? ARROW_FLAG_DICTIONARY_ORDERED : 0;
    flags |= type->id == MA_TYPE_MAP && type->keys_sorted ? ARROW_FLAG_MAP_KEYS_SORTED : 0;
    return (source){name, type, type->children, type->n_children, flags, metadata};
}

static source
source_of_field(const ma_field *field)
{
    const ma_bytes name = {field->name, field->name_size};
    return source_of_type(name, field->type, field->nullable, field->metadata);
}

/* A node without children yet, which may be released. */
static ma_status
begin_node(const source *in, struct ArrowSchema *out, ma_error *err)
{
    const int64_t each = (int64_t)(sizeof(struct ArrowSchema) + sizeof(struct ArrowSchema *));
    const int64_t size = (int64_t)sizeof(exported) + in->n_fields * each + in->name.size + 1;
    exported *owned = ma_calloc(1, size);
    if (owned == NULL) {
        return ma_fail_nomem(err, size);
    }
    owned->children = (struct ArrowSchema **)(owned->nodes + in->n_fields);
    owned->name = (char *)(owned->children + in->n_fields);
    if (in->name.size > 0) {
        memcpy(owned->name, in->name.data, (size_t)in->name.size);
    }
    for (int32_t i = 0; i < in->n_fields; i++) {
        owned->children[i] = &owned->nodes[i];
    }
    *out = (struct ArrowSchema){
        .name = owned->name,
        .flags = in->flags,
        .n_children = in->n_fields,
        .children = in->n_fields > 0 ? owned->children : NULL,
        .release = release_schema,
        .private_data = owned,
    };
    return MA_OK;
}

static ma_status
export_node(const source *in, struct ArrowSchema *out, ma_error *err);

static ma_status
export_children(const source *in, struct ArrowSchema *out, ma_error *err)
{
    for (int32_t i = 0; i < in->n_fields; i++) {
        const ma_field *field = in->fields[i];
        const source child = source_of_field(field);
        const ma_status st = export_node(&child, out->children[i], err);
        if (st != MA_OK) {
            ma_error_prefix(err, in->type != NULL ? ".%.*s" : "field '%.*s'",
                            (int)ma_min_i64(field->name_size, 64), field->name);
            return st;
        }
    }
    return MA_OK;
}

static ma_status
fill_node(const source *in, struct ArrowSchema *out, ma_error *err)
{
    exported *owned = out->private_data;
    MA_TRY(check_name(in->name, err));
    MA_TRY(write_format(in->type, &owned->format, err));
    out->format = owned->format;
    MA_TRY(write_metadata(in->metadata, &owned->metadata, err));
    out->metadata = owned->metadata;
    MA_TRY(export_children(in, out, err));
    if (in->type != NULL && in->type->id == MA_TYPE_DICTIONARY) {
        const source values = source_of_type((ma_bytes){"", 0}, in->type->value_type, true, NULL);
        const ma_status st = export_node(&values, &owned->dictionary, err);
        if (st != MA_OK) {
            ma_error_prefix(err, ".dictionary");
            return st;
        }
        out->dictionary = &owned->dictionary;
    }
    return MA_OK;
}

static ma_status
export_node(const source *in, struct ArrowSchema *out, ma_error *err)
{
    out->release = NULL;
    MA_TRY(begin_node(in, out, err));
    const ma_status st = fill_node(in, out, err);
    if (st != MA_OK) {
        release_schema(out);
    }
    return st;
}

ma_status
ma_cdata_export_field(const ma_field *field, struct ArrowSchema *out, ma_error *err)
{
    const source in = source_of_field(field);
    const ma_status st = export_node(&in, out, err);
    if (st != MA_OK) {
        ma_error_prefix(err, "field '%.*s'", (int)ma_min_i64(field->name_size, 64), field->name);
    }
    return st;
}

ma_status
ma_cdata_export_schema(const ma_schema *schema, struct ArrowSchema *out, ma_error *err)
{
    const source in = {{"", 0}, NULL, schema->fields, schema->n_fields, 0, schema->metadata};
    return export_node(&in, out, err);
}
