#include <string.h>

#include "core/types/type.h"

static const char *const names[] = {
#define X(id, name, format, bits, layout) name,
    MA_TYPE_TABLE(X)
#undef X
};

static const char *const units[] = {"s", "ms", "us", "ns"};

static void
describe_fields(const ma_type *self, bool with_codes, ma_text *out)
{
    for (int32_t i = 0; i < self->n_children; i++) {
        const ma_field *child = self->children[i];
        ma_text_add(out, i > 0 ? ", " : "");
        ma_text_add_bytes(out, child->name, child->name_size);
        ma_text_add(out, ": ");
        ma_type_describe(child->type, out);
        /* run ends are never null, and pyarrow does not say so */
        const bool says = !child->nullable && self->id != MA_TYPE_RUN_END_ENCODED;
        ma_text_add(out, says ? " not null" : "");
        if (with_codes) {
            ma_text_add(out, "=%d", self->type_codes[i]);
        }
    }
}

static void
describe_timestamp(const ma_type *self, ma_text *out)
{
    ma_text_add(out, "timestamp[%s", units[self->unit]);
    if (self->timezone != NULL) {
        ma_text_add(out, ", tz=");
        ma_text_add_bytes(out, self->timezone, (int64_t)strlen(self->timezone));
    }
    ma_text_add(out, "]");
}

static void
describe_map(const ma_type *self, ma_text *out)
{
    const ma_type *entries = self->children[0]->type;
    ma_text_add(out, "map<");
    ma_type_describe(entries->children[0]->type, out);
    ma_text_add(out, ", ");
    ma_type_describe(entries->children[1]->type, out);
    ma_text_add(out, self->keys_sorted ? ", keys_sorted>" : ">");
}

static void
describe_dictionary(const ma_type *self, ma_text *out)
{
    ma_text_add(out, "dictionary<values=");
    ma_type_describe(self->value_type, out);
    ma_text_add(out, ", indices=");
    ma_type_describe(self->index_type, out);
    ma_text_add(out, ", ordered=%d>", self->ordered);
}

void
ma_type_describe(const ma_type *self, ma_text *out)
{
    switch (self->id) {
    case MA_TYPE_TIMESTAMP:
        describe_timestamp(self, out);
        return;
    case MA_TYPE_TIME32:
    case MA_TYPE_TIME64:
    case MA_TYPE_DURATION:
        ma_text_add(out, "%s[%s]", names[self->id], units[self->unit]);
        return;
    case MA_TYPE_DATE32:
        ma_text_add(out, "date32[day]");
        return;
    case MA_TYPE_DATE64:
        ma_text_add(out, "date64[ms]");
        return;
    case MA_TYPE_DECIMAL32:
    case MA_TYPE_DECIMAL64:
    case MA_TYPE_DECIMAL128:
    case MA_TYPE_DECIMAL256:
        ma_text_add(out, "%s(%d, %d)", names[self->id], (int)self->precision, (int)self->scale);
        return;
    case MA_TYPE_FIXED_SIZE_BINARY:
        ma_text_add(out, "fixed_size_binary[%d]", (int)self->byte_width);
        return;
    case MA_TYPE_FIXED_SIZE_LIST:
    case MA_TYPE_LIST:
    case MA_TYPE_LARGE_LIST:
    case MA_TYPE_LIST_VIEW:
    case MA_TYPE_LARGE_LIST_VIEW:
    case MA_TYPE_STRUCT:
    case MA_TYPE_RUN_END_ENCODED:
        ma_text_add(out, "%s<", names[self->id]);
        describe_fields(self, false, out);
        ma_text_add(out, ">");
        if (self->id == MA_TYPE_FIXED_SIZE_LIST) {
            ma_text_add(out, "[%d]", (int)self->list_size);
        }
        return;
    case MA_TYPE_SPARSE_UNION:
    case MA_TYPE_DENSE_UNION:
        ma_text_add(out, "%s<", names[self->id]);
        describe_fields(self, true, out);
        ma_text_add(out, ">");
        return;
    case MA_TYPE_MAP:
        describe_map(self, out);
        return;
    case MA_TYPE_DICTIONARY:
        describe_dictionary(self, out);
        return;
    case MA_TYPE_NULL:
    case MA_TYPE_BOOL:
    case MA_TYPE_INT8:
    case MA_TYPE_UINT8:
    case MA_TYPE_INT16:
    case MA_TYPE_UINT16:
    case MA_TYPE_INT32:
    case MA_TYPE_UINT32:
    case MA_TYPE_INT64:
    case MA_TYPE_UINT64:
    case MA_TYPE_FLOAT16:
    case MA_TYPE_FLOAT32:
    case MA_TYPE_FLOAT64:
    case MA_TYPE_INTERVAL_MONTHS:
    case MA_TYPE_INTERVAL_DAY_TIME:
    case MA_TYPE_INTERVAL_MONTH_DAY_NANO:
    case MA_TYPE_UTF8:
    case MA_TYPE_LARGE_UTF8:
    case MA_TYPE_UTF8_VIEW:
    case MA_TYPE_BINARY:
    case MA_TYPE_LARGE_BINARY:
    case MA_TYPE_BINARY_VIEW:
        ma_text_add_bytes(out, names[self->id], (int64_t)strlen(names[self->id]));
        return;
    }
}

const char *
ma_type_name(const ma_type *self, char *buffer, int64_t size)
{
    ma_text text;
    ma_text_init(&text);
    ma_type_describe(self, &text);
    const int64_t kept = text.size < size ? text.size : size - 1;
    if (kept > 0) {
        memcpy(buffer, text.data, (size_t)kept);
    }
    buffer[kept] = '\0';
    ma_text_fini(&text);
    return buffer;
}
