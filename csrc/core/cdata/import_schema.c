#include "core/cdata/import_schema.h"

#include <string.h>

#include "core/base/endian.h"
#include "core/base/memory.h"
#include "core/base/number.h"
#include "core/cdata/format.h"

typedef struct importer {
    const ma_limits *limits;
    int64_t fields; /* that may still come */
    int64_t budget; /* bytes of names and metadata that may still be copied */
} importer;

static importer
importer_of(const ma_limits *limits)
{
    return (importer){limits, ma_min_i64(limits->max_fields, INT32_MAX), limits->max_metadata_size};
}

/* What must hold before anything else of a struct is looked at. */
static ma_status
check_node(importer *self, const struct ArrowSchema *in, int64_t depth, ma_error *err)
{
    if (in == NULL || in->release == NULL) {
        return ma_fail(err, MA_INVALID, -1, "the ArrowSchema %s",
                       in == NULL ? "is missing" : "was released, or used already");
    }
    if (in->format == NULL) {
        return ma_fail(err, MA_INVALID, -1, "the ArrowSchema has no format string");
    }
    if (in->n_children < 0 || (in->n_children > 0 && in->children == NULL)) {
        return ma_fail(err, MA_INVALID, -1, "the ArrowSchema has %lld children%s",
                       (long long)in->n_children,
                       in->children == NULL ? " and no pointer to them" : "");
    }
    const int64_t deepest =
        ma_min_i64(self->limits->max_nesting_depth, (int64_t)MA_MAX_NESTING_DEPTH);
    if (depth > deepest) {
        return ma_fail(err, MA_LIMIT, -1,
                       "the schema nests deeper than the limit max_nesting_depth of %lld; raise it "
                       "to import this (up to %d)",
                       (long long)deepest, MA_MAX_NESTING_DEPTH);
    }
    if (in->n_children > self->fields) {
        return ma_fail(err, MA_LIMIT, -1,
                       "the schema has more fields than the limit max_fields of %lld; raise it to "
                       "import this",
                       (long long)self->limits->max_fields);
    }
    self->fields -= in->n_children;
    return MA_OK;
}

/* ---- metadata ---- */

static ma_status
charge(importer *self, int64_t size, ma_error *err)
{
    if (size > self->budget) {
        return ma_fail(err, MA_LIMIT, -1,
                       "names and key-value metadata take more than the limit max_metadata_size of "
                       "%lld bytes; raise it to import this",
                       (long long)self->limits->max_metadata_size);
    }
    self->budget -= size;
    return MA_OK;
}

/* The bytes at `*at`, with their size before them; steps behind them. */
static ma_status
read_bytes(importer *self, const char **at, ma_bytes *out, ma_error *err)
{
    const int32_t size = ma_load_i32(*at);
    if (size < 0) {
        return ma_fail(err, MA_INVALID, -1, "the metadata has a key or value of %d bytes",
                       (int)size);
    }
    MA_TRY(charge(self, size, err));
    *out = (ma_bytes){*at + 4, size};
    *at += 4 + (int64_t)size;
    return MA_OK;
}

static ma_status
read_metadata(importer *self, const char *in, ma_metadata **out, ma_error *err)
{
    if (in == NULL) {
        return MA_OK;
    }
    const int32_t count = ma_load_i32(in);
    const int64_t size = count * (int64_t)sizeof(ma_pair);
    if (count < 0) {
        return ma_fail(err, MA_INVALID, -1, "the metadata has %d pairs", (int)count);
    }
    MA_TRY(charge(self, size, err));
    ma_pair *pairs = ma_malloc(size);
    if (pairs == NULL) {
        return ma_fail_nomem(err, size);
    }
    const char *at = in + 4;
    ma_status st = MA_OK;
    for (int32_t i = 0; i < count && st == MA_OK; i++) {
        st = read_bytes(self, &at, &pairs[i].key, err);
        if (st == MA_OK) {
            st = read_bytes(self, &at, &pairs[i].value, err);
        }
    }
    if (st == MA_OK) {
        st = ma_metadata_new(pairs, count, out, err);
    }
    ma_free(pairs);
    return st;
}

/* ---- types and fields ---- */

static const char *
name_of(const struct ArrowSchema *in)
{
    return in->name != NULL ? in->name : "";
}

static ma_status
import_field(importer *self, const struct ArrowSchema *in, int64_t depth, ma_field **out,
             ma_error *err);

/* The same with its name put in front of the error's path. */
static ma_status
import_named(importer *self, const struct ArrowSchema *in, int64_t depth, bool is_child,
             ma_field **out, ma_error *err)
{
    const ma_status st = import_field(self, in, depth, out, err);
    if (st != MA_OK) {
        const char *name = in != NULL && in->release != NULL ? name_of(in) : "";
        ma_error_prefix(err, is_child ? ".%.64s" : "field '%.64s'", name);
    }
    return st;
}

/* The type without its dictionary encoding. */
static ma_status
import_plain_type(importer *self, const struct ArrowSchema *in, int64_t depth, ma_type **out,
                  ma_error *err)
{
    ma_type *type = NULL;
    MA_TRY(ma_cdata_format_read(in->format, (int32_t)in->n_children, &type, err));
    type->keys_sorted = type->id == MA_TYPE_MAP && (in->flags & ARROW_FLAG_MAP_KEYS_SORTED) != 0;
    ma_status st = MA_OK;
    for (int32_t i = 0; i < type->n_children && st == MA_OK; i++) {
        st = import_named(self, in->children[i], depth + 1, true, &type->children[i], err);
    }
    if (st == MA_OK) {
        st = ma_type_seal(type, err);
    }
    if (st != MA_OK) {
        ma_type_unref(type);
        return st;
    }
    *out = type;
    return MA_OK;
}

static ma_status
import_type(importer *self, const struct ArrowSchema *in, int64_t depth, ma_type **out,
            ma_error *err);

/* A dictionary of `indices`, which it takes over. */
static ma_status
import_dictionary(importer *self, const struct ArrowSchema *in, int64_t depth, ma_type *indices,
                  ma_type **out, ma_error *err)
{
    ma_type *type = NULL;
    ma_status st = ma_type_new(MA_TYPE_DICTIONARY, 0, &type, err);
    if (st != MA_OK) {
        ma_type_unref(indices);
        return st;
    }
    type->index_type = indices;
    type->ordered = (in->flags & ARROW_FLAG_DICTIONARY_ORDERED) != 0;
    st = import_type(self, in->dictionary, depth + 1, &type->value_type, err);
    if (st != MA_OK) {
        ma_error_prefix(err, ".dictionary");
    } else {
        st = ma_type_seal(type, err);
    }
    if (st != MA_OK) {
        ma_type_unref(type);
        return st;
    }
    *out = type;
    return MA_OK;
}

static ma_status
import_type(importer *self, const struct ArrowSchema *in, int64_t depth, ma_type **out,
            ma_error *err)
{
    ma_type *type = NULL;
    MA_TRY(check_node(self, in, depth, err));
    MA_TRY(import_plain_type(self, in, depth, &type, err));
    if (in->dictionary != NULL) {
        return import_dictionary(self, in, depth, type, out, err);
    }
    *out = type;
    return MA_OK;
}

static ma_status
import_field(importer *self, const struct ArrowSchema *in, int64_t depth, ma_field **out,
             ma_error *err)
{
    ma_type *type = NULL;
    ma_metadata *metadata = NULL;
    MA_TRY(import_type(self, in, depth, &type, err));
    const ma_bytes name = {name_of(in), (int64_t)strlen(name_of(in))};
    ma_status st = charge(self, name.size, err);
    if (st == MA_OK) {
        st = read_metadata(self, in->metadata, &metadata, err);
    }
    if (st == MA_OK) {
        st = ma_field_new(name, type, (in->flags & ARROW_FLAG_NULLABLE) != 0, metadata, out, err);
    }
    ma_metadata_unref(metadata);
    ma_type_unref(type);
    return st;
}

ma_status
ma_cdata_import_field(const struct ArrowSchema *in, const ma_limits *limits, ma_field **out,
                      ma_error *err)
{
    importer self = importer_of(limits);
    return import_named(&self, in, 1, false, out, err);
}

static ma_status
import_fields(importer *self, const struct ArrowSchema *in, ma_field **fields, ma_schema **out,
              ma_error *err)
{
    ma_metadata *metadata = NULL;
    ma_status st = read_metadata(self, in->metadata, &metadata, err);
    for (int64_t i = 0; i < in->n_children && st == MA_OK; i++) {
        st = import_named(self, in->children[i], 1, false, &fields[i], err);
    }
    if (st == MA_OK) {
        st = ma_schema_new(fields, (int32_t)in->n_children, metadata, out, err);
    }
    ma_metadata_unref(metadata);
    return st;
}

ma_status
ma_cdata_import_schema(const struct ArrowSchema *in, const ma_limits *limits, ma_schema **out,
                       ma_error *err)
{
    importer self = importer_of(limits);
    MA_TRY(check_node(&self, in, 0, err));
    if (strcmp(in->format, "+s") != 0 || in->dictionary != NULL) {
        return ma_fail(err, MA_INVALID, -1,
                       "a schema comes as a struct, '+s', and this is %s'%.80s'",
                       in->dictionary != NULL ? "a dictionary with indices " : "", in->format);
    }
    ma_field **fields = ma_calloc(in->n_children, sizeof(*fields));
    if (fields == NULL) {
        return ma_fail_nomem(err, in->n_children * (int64_t)sizeof(*fields));
    }
    const ma_status st = import_fields(&self, in, fields, out, err);
    for (int64_t i = 0; i < in->n_children; i++) {
        ma_field_unref(fields[i]);
    }
    ma_free(fields);
    return st;
}
