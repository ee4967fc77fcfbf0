/* The text of a schema, laid out as pyarrow does it. */
#include "python/py_schema.h"

#include <string.h>

#define WIDTH 80 /* of a line of metadata that is cut */

static void
add_indent(ma_text *out, int depth)
{
    for (int i = 0; i < depth; i++) {
        ma_text_add(out, "  ");
    }
}

/* Bytes in quotes, with escapes for what is no plain text. */
static void
add_quoted(ma_text *out, ma_bytes value, int64_t shown)
{
    ma_text_add(out, "'");
    for (int64_t i = 0; i < shown; i++) {
        const unsigned char c = (unsigned char)value.data[i];
        if (c == '\n') {
            ma_text_add(out, "\\n");
        } else if (c < 0x20 || c == 0x7F) {
            ma_text_add(out, "\\x%02x", c);
        } else {
            ma_text_add_bytes(out, value.data + i, 1);
        }
    }
    ma_text_add(out, "'");
}

static void
add_pair(ma_text *out, const ma_pair *pair, int depth, bool truncate)
{
    add_indent(out, depth);
    ma_text_add_bytes(out, pair->key.data, pair->key.size);
    ma_text_add(out, ": ");
    const int64_t room = WIDTH - 2 * depth - pair->key.size - 10;
    const int64_t shown = truncate && pair->value.size > (room > 10 ? room : 10) + 6
                              ? (room > 10 ? room : 10)
                              : pair->value.size;
    add_quoted(out, pair->value, shown);
    if (shown < pair->value.size) {
        ma_text_add(out, " + %lld", (long long)(pair->value.size - shown));
    }
}

static void
add_metadata(ma_text *out, const ma_metadata *metadata, const char *title, int depth, bool truncate)
{
    ma_text_add(out, "\n");
    add_indent(out, depth);
    ma_text_add(out, "-- %s metadata --", title);
    for (int64_t i = 0; i < metadata->count; i++) {
        ma_text_add(out, "\n");
        add_pair(out, &metadata->pairs[i], depth, truncate);
    }
}

/* "name: type", the children's lines and the metadata. An extension type, which the field's
 * metadata names, is shown as its storage. */
static void
add_field(ma_text *out, const ma_field *field, int depth, const pyma_schema_text *options)
{
    ma_text_add_bytes(out, field->name, field->name_size);
    ma_text_add(out, ": ");
    ma_type_describe(field->type, out);
    ma_text_add(out, field->nullable ? "" : " not null");
    for (int32_t i = 0; i < field->type->n_children; i++) {
        ma_text_add(out, "\n");
        add_indent(out, depth + 1);
        ma_text_add(out, "child %d, ", (int)i);
        add_field(out, field->type->children[i], depth + 2, options);
    }
    if (options->fields && field->metadata != NULL) {
        add_metadata(out, field->metadata, "field", depth + 1, options->truncate);
    }
}

PyObject *
pyma_schema_to_text(const ma_schema *schema, const pyma_schema_text *options)
{
    ma_text text;
    ma_text_init(&text);
    for (int32_t i = 0; i < schema->n_fields; i++) {
        ma_text_add(&text, i > 0 ? "\n" : "");
        add_field(&text, schema->fields[i], 0, options);
    }
    if (options->schema && schema->metadata != NULL) {
        add_metadata(&text, schema->metadata, "schema", 0, options->truncate);
    }
    return pyma_text_take(&text);
}
