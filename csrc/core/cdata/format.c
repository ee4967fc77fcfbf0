#include "core/cdata/format.h"

#include <string.h>

#include "core/base/memory.h"

static const char *const formats[] = {
#define X(id, name, format, bits, layout) format,
    MA_TYPE_TABLE(X)
#undef X
};

static const char units[] = "smun"; /* in the order of ma_unit */

#define COUNT_OF(table) (sizeof(table) / sizeof((table)[0]))

/* ---- writing ---- */

static void
write_decimal(const ma_type *self, ma_text *out)
{
    ma_text_add(out, "d:%d,%d", (int)self->precision, (int)self->scale);
    if (self->id != MA_TYPE_DECIMAL128) {
        ma_text_add(out, ",%d", (int)self->bits);
    }
}

static void
write_union(const ma_type *self, ma_text *out)
{
    ma_text_add(out, self->id == MA_TYPE_DENSE_UNION ? "+ud:" : "+us:");
    for (int32_t i = 0; i < self->n_children; i++) {
        ma_text_add(out, i > 0 ? ",%d" : "%d", (int)self->type_codes[i]);
    }
}

static void
write_timestamp(const ma_type *self, ma_text *out)
{
    ma_text_add(out, "ts%c:", units[self->unit]);
    if (self->timezone != NULL) {
        ma_text_add_bytes(out, self->timezone, (int64_t)strlen(self->timezone));
    }
}

void
ma_cdata_format_write(const ma_type *self, ma_text *out)
{
    switch (self->id) {
    case MA_TYPE_TIME32:
    case MA_TYPE_TIME64:
        ma_text_add(out, "tt%c", units[self->unit]);
        return;
    case MA_TYPE_DURATION:
        ma_text_add(out, "tD%c", units[self->unit]);
        return;
    case MA_TYPE_TIMESTAMP:
        write_timestamp(self, out);
        return;
    case MA_TYPE_DECIMAL32:
    case MA_TYPE_DECIMAL64:
    case MA_TYPE_DECIMAL128:
    case MA_TYPE_DECIMAL256:
        write_decimal(self, out);
        return;
    case MA_TYPE_FIXED_SIZE_BINARY:
        ma_text_add(out, "w:%d", (int)self->byte_width);
        return;
    case MA_TYPE_FIXED_SIZE_LIST:
        ma_text_add(out, "+w:%d", (int)self->list_size);
        return;
    case MA_TYPE_SPARSE_UNION:
    case MA_TYPE_DENSE_UNION:
        write_union(self, out);
        return;
    case MA_TYPE_DICTIONARY:
        ma_cdata_format_write(self->index_type, out);
        return;
    default: /* the type table has it */
        assert(formats[self->id][0] != '\0');
        ma_text_add(out, "%s", formats[self->id]);
        return;
    }
}

/* ---- reading ---- */

static ma_status
fail_format(const char *format, ma_error *err)
{
    return ma_fail(err, MA_INVALID, -1, "the format string '%.80s' describes no type", format);
}

/* The part of `text` behind `prefix`; NULL if it does not begin with it. */
static const char *
behind(const char *text, const char *prefix)
{
    const size_t size = strlen(prefix);
    return strncmp(text, prefix, size) == 0 ? text + size : NULL;
}

/* Read the number at `*at`, and step behind it. */
static bool
read_number(const char **at, int32_t *out)
{
    const bool negative = **at == '-';
    const char *digits = *at + negative;
    int64_t value = 0;
    int n = 0;
    for (; digits[n] >= '0' && digits[n] <= '9'; n++) {
        value = 10 * value + (digits[n] - '0');
        if (value > (int64_t)INT32_MAX + negative) {
            return false;
        }
    }
    *at = digits + n;
    *out = (int32_t)(negative ? -value : value);
    return n > 0;
}

/* Numbers with commas between them, up to the end of the text; how many, or -1. */
static int
read_numbers(const char *text, int32_t *out, int most)
{
    int n = 0;
    if (*text == '\0') {
        return 0;
    }
    for (;;) {
        if (n == most || !read_number(&text, &out[n])) {
            return -1;
        }
        n++;
        if (*text == '\0') {
            return n;
        }
        if (*text++ != ',') {
            return -1;
        }
    }
}

/* The unit that the text begins with: "s", "m", "u" or "n". */
static bool
read_unit(const char *text, ma_unit *out)
{
    const char *found = *text != '\0' ? strchr(units, *text) : NULL;
    if (found == NULL) {
        return false;
    }
    *out = (ma_unit)(found - units);
    return true;
}

static ma_status
new_with_unit(ma_type_id id, ma_unit unit, int32_t n_children, ma_type **out, ma_error *err)
{
    MA_TRY(ma_type_new(id, n_children, out, err));
    (*out)->unit = unit;
    return MA_OK;
}

static ma_status
read_timestamp(const char *format, const char *rest, int32_t n_children, ma_type **out,
               ma_error *err)
{
    ma_unit unit;
    ma_type *type = NULL;
    if (!read_unit(rest, &unit) || rest[1] != ':') {
        return fail_format(format, err);
    }
    MA_TRY(new_with_unit(MA_TYPE_TIMESTAMP, unit, n_children, &type, err));
    const char *zone = rest + 2;
    const int64_t size = (int64_t)strlen(zone);
    if (size > 0) {
        type->timezone = ma_malloc(size + 1);
        if (type->timezone == NULL) {
            ma_type_unref(type);
            return ma_fail_nomem(err, size + 1);
        }
        memcpy(type->timezone, zone, (size_t)size + 1);
    }
    *out = type;
    return MA_OK;
}

static ma_status
read_time(const char *format, const char *rest, int32_t n_children, ma_type **out, ma_error *err)
{
    ma_unit unit;
    if (!read_unit(rest, &unit) || rest[1] != '\0') {
        return fail_format(format, err);
    }
    const ma_type_id id =
        unit == MA_SECOND || unit == MA_MILLISECOND ? MA_TYPE_TIME32 : MA_TYPE_TIME64;
    return new_with_unit(id, unit, n_children, out, err);
}

static ma_status
read_duration(const char *format, const char *rest, int32_t n_children, ma_type **out,
              ma_error *err)
{
    ma_unit unit;
    if (!read_unit(rest, &unit) || rest[1] != '\0') {
        return fail_format(format, err);
    }
    return new_with_unit(MA_TYPE_DURATION, unit, n_children, out, err);
}

/* "precision,scale", and ",bits" where those are not 128. */
static ma_status
read_decimal(const char *format, const char *rest, int32_t n_children, ma_type **out, ma_error *err)
{
    int32_t numbers[3] = {0, 0, 128};
    ma_type_id id;
    if (read_numbers(rest, numbers, 3) < 2) {
        return fail_format(format, err);
    }
    switch (numbers[2]) {
    case 32:
        id = MA_TYPE_DECIMAL32;
        break;
    case 64:
        id = MA_TYPE_DECIMAL64;
        break;
    case 128:
        id = MA_TYPE_DECIMAL128;
        break;
    case 256:
        id = MA_TYPE_DECIMAL256;
        break;
    default:
        return fail_format(format, err);
    }
    MA_TRY(ma_type_new(id, n_children, out, err));
    (*out)->precision = numbers[0];
    (*out)->scale = numbers[1];
    return MA_OK;
}

static ma_status
read_fixed_binary(const char *format, const char *rest, int32_t n_children, ma_type **out,
                  ma_error *err)
{
    int32_t width;
    if (read_numbers(rest, &width, 1) != 1) {
        return fail_format(format, err);
    }
    MA_TRY(ma_type_new(MA_TYPE_FIXED_SIZE_BINARY, n_children, out, err));
    (*out)->byte_width = width;
    return MA_OK;
}

static ma_status
read_fixed_list(const char *format, const char *rest, int32_t n_children, ma_type **out,
                ma_error *err)
{
    int32_t size;
    if (read_numbers(rest, &size, 1) != 1) {
        return fail_format(format, err);
    }
    MA_TRY(ma_type_new(MA_TYPE_FIXED_SIZE_LIST, n_children, out, err));
    (*out)->list_size = size;
    return MA_OK;
}

static ma_status
read_union(ma_type_id id, const char *format, const char *rest, int32_t n_children, ma_type **out,
           ma_error *err)
{
    int32_t codes[128];
    ma_type *type = NULL;
    const int n = read_numbers(rest, codes, 128);
    if (n < 0) {
        return fail_format(format, err);
    }
    if (n != n_children) {
        return ma_fail(err, MA_INVALID, -1, "a union has %d type ids and %d children", n,
                       (int)n_children);
    }
    for (int i = 0; i < n; i++) {
        if (codes[i] < 0 || codes[i] > 127) {
            return ma_fail(err, MA_INVALID, -1, "a union's type ids are 0 to 127, and one is %d",
                           (int)codes[i]);
        }
    }
    MA_TRY(ma_type_new(id, n_children, &type, err));
    type->type_codes = ma_malloc(n);
    if (type->type_codes == NULL) {
        ma_type_unref(type);
        return ma_fail_nomem(err, n);
    }
    for (int i = 0; i < n; i++) {
        type->type_codes[i] = (int8_t)codes[i];
    }
    *out = type;
    return MA_OK;
}

static ma_status
read_sparse_union(const char *format, const char *rest, int32_t n_children, ma_type **out,
                  ma_error *err)
{
    return read_union(MA_TYPE_SPARSE_UNION, format, rest, n_children, out, err);
}

static ma_status
read_dense_union(const char *format, const char *rest, int32_t n_children, ma_type **out,
                 ma_error *err)
{
    return read_union(MA_TYPE_DENSE_UNION, format, rest, n_children, out, err);
}

ma_status
ma_cdata_format_read(const char *format, int32_t n_children, ma_type **out, ma_error *err)
{
    static const struct {
        const char *prefix;
        ma_status (*read)(const char *format, const char *rest, int32_t n_children, ma_type **out,
                          ma_error *err);
    } with_parameters[] = {
        {"ts", read_timestamp},      {"tt", read_time},          {"tD", read_duration},
        {"d:", read_decimal},        {"w:", read_fixed_binary},  {"+w:", read_fixed_list},
        {"+us:", read_sparse_union}, {"+ud:", read_dense_union},
    };

    for (size_t i = 0; *format != '\0' && i < COUNT_OF(formats); i++) {
        if (strcmp(format, formats[i]) == 0) {
            return ma_type_new((ma_type_id)i, n_children, out, err);
        }
    }
    for (size_t i = 0; i < COUNT_OF(with_parameters); i++) {
        const char *rest = behind(format, with_parameters[i].prefix);
        if (rest != NULL) {
            return with_parameters[i].read(format, rest, n_children, out, err);
        }
    }
    return fail_format(format, err);
}
