#include "python/py_preview.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/number.h"
#include "python/py_values.h"

#define LONGEST 98 /* bytes shown of a text or of hexadecimal digits */

typedef struct printer {
    ma_text *out;
    const pyma_preview *options;
    int64_t most; /* size of `out` from which on items are left out, wherever they are */
} printer;

/* Bytes for each value that a window shows. No array of plain values has as many; one whose lists
 * nest may show a few items at every level, and that is a power. */
#define ROOM_OF_VALUE (INT64_C(64) << 10)

static printer
printer_of(ma_text *out, const pyma_preview *options)
{
    int64_t room;
    int64_t shown;
    if (!ma_add_i64(options->window, options->container_window, &shown) ||
        !ma_mul_i64(shown, ROOM_OF_VALUE, &room)) {
        room = INT64_MAX / 2;
    }
    return (printer){out, options, out->size + ma_max_i64(room, ROOM_OF_VALUE)};
}

static bool
is_full(const printer *self)
{
    return self->out->size > self->most;
}

/* Some rows of an array. */
typedef struct rows {
    const ma_array *array;
    int64_t start;
    int64_t length;
} rows;

static void
print_rows(const printer *self, rows some, int indent);

static rows
all_rows(const ma_array *array)
{
    return (rows){array, 0, array->length};
}

static void
add_indent(const printer *self, int indent)
{
    static const char spaces[] = "                                ";
    const int most = (int)sizeof(spaces) - 1;
    for (int left = self->options->one_line ? 0 : indent; left > 0; left -= most) {
        ma_text_add_bytes(self->out, spaces, left < most ? left : most);
    }
}

static void
begin_line(const printer *self, int indent)
{
    if (!self->options->one_line) {
        ma_text_add_bytes(self->out, "\n", 1);
        add_indent(self, indent);
    }
}

/* ---- single values ---- */

static void
add_text(ma_text *out, ma_bytes text)
{
    int64_t shown = text.size;
    if (shown > LONGEST) {
        shown = LONGEST;
        while (shown > LONGEST - 4 && ((unsigned char)text.data[shown] & 0xC0) == 0x80) {
            shown--; /* not amid a character */
        }
    }
    ma_text_add_bytes(out, "\"", 1);
    ma_text_add_bytes(out, text.data, shown);
    if (shown < text.size) {
        ma_text_add(out, " (... %lld chars omitted)", (long long)(text.size - shown));
    }
    ma_text_add_bytes(out, "\"", 1);
}

static void
add_hex(ma_text *out, ma_bytes bytes)
{
    const int64_t shown = bytes.size <= LONGEST / 2 + 1 ? bytes.size : LONGEST / 2 + 1;
    for (int64_t i = 0; i < shown; i++) {
        ma_text_add(out, "%02X", (unsigned char)bytes.data[i]);
    }
    if (shown < bytes.size) {
        ma_text_add(out, " (... %lld chars omitted)", (long long)(2 * (bytes.size - shown)));
    }
}

/* "d.ddde+XX" with the fewest digits that read back as the same number; freed with PyMem_Free.
 * NULL: no memory. (Not printf, which writes the point as the locale has it.) */
static char *
shortest_digits(double value, bool single)
{
    for (int digits = 0;; digits++) {
        char *text = PyOS_double_to_string(value, 'e', digits, 0, NULL);
        const double back = text != NULL ? PyOS_string_to_double(text, NULL, NULL) : 0.0;
        if (text == NULL || digits == 16 ||
            (single ? (float)back == (float)value : back == value)) {
            return text;
        }
        PyMem_Free(text);
    }
}

/* Plain where the exponent is from -5 to 14, else scientific: 1, 0.1, 1e+20, 1e-7. */
static void
add_number(ma_text *out, double value, bool single)
{
    if (isnan(value) || isinf(value)) {
        ma_text_add(out, isnan(value) ? "nan" : value < 0 ? "-inf" : "inf");
        return;
    }
    char *text = shortest_digits(value, single);
    if (text == NULL) {
        PyErr_Clear();
        out->failed = true;
        return;
    }
    char digits[24];
    int size = 0;
    const char *p = text;
    for (; *p != 'e'; p++) {
        if (*p >= '0' && *p <= '9') {
            digits[size++] = *p;
        }
    }
    const int exponent = atoi(p + 1);
    ma_text_add(out, text[0] == '-' ? "-" : "");
    if (exponent < -5 || exponent >= 15) {
        ma_text_add(out, "%c%s%.*se%+d", digits[0], size > 1 ? "." : "", size - 1, digits + 1,
                    exponent);
    } else if (exponent < 0) {
        ma_text_add(out, "0.%.*s%.*s", -exponent - 1, "00000", size, digits);
    } else {
        const int before = exponent + 1;
        ma_text_add(out, "%.*s%.*s", size < before ? size : before, digits,
                    size < before ? before - size : 0, "000000000000000");
        if (size > before) {
            ma_text_add(out, ".%.*s", size - before, digits + before);
        }
    }
    PyMem_Free(text);
}

static void
add_decimal(ma_text *out, const ma_type *type, const uint8_t *number)
{
    char digits[80];
    int size = pyma_decimal_digits(number, type->bits / 8, digits);
    const bool negative = digits[0] == '-';
    const char *first = digits + negative;
    size -= negative;
    ma_text_add(out, negative ? "-" : "");
    if (type->scale <= 0) {
        ma_text_add_bytes(out, first, size);
        if (type->scale < 0) {
            ma_text_add(out, "E+%lld", -(long long)type->scale);
        }
    } else if (type->scale > 100) {
        ma_text_add_bytes(out, first, size);
        ma_text_add(out, "E-%d", (int)type->scale);
    } else if (size <= type->scale) {
        ma_text_add(out, "0.%0*d", (int)type->scale - size, 0);
        if (size == type->scale) {
            out->size--; /* %0*d writes one zero even for a width of 0 */
        }
        ma_text_add_bytes(out, first, size);
    } else {
        ma_text_add_bytes(out, first, size - type->scale);
        ma_text_add(out, ".");
        ma_text_add_bytes(out, first + size - type->scale, type->scale);
    }
}

static void
add_interval(ma_text *out, const ma_type *type, const uint8_t *p)
{
    switch (type->id) {
    case MA_TYPE_INTERVAL_MONTHS:
        ma_text_add(out, "%dM", (int)ma_load_i32(p));
        return;
    case MA_TYPE_INTERVAL_DAY_TIME:
        ma_text_add(out, "%dd%dms", (int)ma_load_i32(p), (int)ma_load_i32(p + 4));
        return;
    default:
        ma_text_add(out, "%dM%dd%lldns", (int)ma_load_i32(p), (int)ma_load_i32(p + 4),
                    (long long)ma_load_i64(p + 8));
        return;
    }
}

static void
add_fixed(ma_text *out, const ma_array *array, int64_t row)
{
    const ma_type *type = array->type;
    if (type->id == MA_TYPE_BOOL) {
        ma_text_add(out,
                    ma_bitmap_get(array->buffers[1].data, array->offset + row) ? "true" : "false");
        return;
    }
    const uint8_t *p = array->buffers[1].data + (array->offset + row) * (type->bits / 8);
    switch (type->id) {
    case MA_TYPE_UINT64:
        ma_text_add(out, "%llu", (unsigned long long)ma_load_u64(p));
        return;
    case MA_TYPE_FLOAT16:
        add_number(out, PyFloat_Unpack2((const char *)p, !MA_HOST_BIG_ENDIAN), false);
        return;
    case MA_TYPE_FLOAT32:
        add_number(out, (double)ma_load_f32(p), true);
        return;
    case MA_TYPE_FLOAT64:
        add_number(out, ma_load_f64(p), false);
        return;
    case MA_TYPE_DECIMAL32:
    case MA_TYPE_DECIMAL64:
    case MA_TYPE_DECIMAL128:
    case MA_TYPE_DECIMAL256:
        add_decimal(out, type, p);
        return;
    case MA_TYPE_INTERVAL_MONTHS:
    case MA_TYPE_INTERVAL_DAY_TIME:
    case MA_TYPE_INTERVAL_MONTH_DAY_NANO:
        add_interval(out, type, p);
        return;
    case MA_TYPE_FIXED_SIZE_BINARY:
        add_hex(out, ma_array_bytes_at(array, row));
        return;
    case MA_TYPE_DATE32:
    case MA_TYPE_DATE64:
    case MA_TYPE_TIME32:
    case MA_TYPE_TIME64:
    case MA_TYPE_TIMESTAMP:
    case MA_TYPE_DURATION:
        pyma_temporal_text(out, type, type->bits == 32 ? ma_load_i32(p) : ma_load_i64(p));
        return;
    default:
        ma_text_add(out, "%lld", (long long)ma_array_int_at(array, row));
        return;
    }
}

/* ---- sequences: one value after the other, in brackets ---- */

static bool
is_sequence(const ma_type *type)
{
    switch (type->layout) {
    case MA_LAYOUT_FIXED:
    case MA_LAYOUT_BINARY32:
    case MA_LAYOUT_BINARY64:
    case MA_LAYOUT_VIEW:
    case MA_LAYOUT_LIST32:
    case MA_LAYOUT_LIST64:
    case MA_LAYOUT_LIST_VIEW32:
    case MA_LAYOUT_LIST_VIEW64:
    case MA_LAYOUT_FIXED_LIST:
        return true;
    default:
        return false;
    }
}

static void
print_map_entry(const printer *self, const ma_array *array, int64_t row, int indent)
{
    const ma_array *entries = array->children[0];
    int64_t start;
    int64_t size;
    ma_array_list_at(array, row, &start, &size);
    start += entries->offset;
    add_indent(self, indent);
    ma_text_add(self->out, "keys:");
    begin_line(self, 0);
    print_rows(self, (rows){entries->children[0], start, size}, indent);
    begin_line(self, indent);
    ma_text_add(self->out, "values:");
    begin_line(self, 0);
    print_rows(self, (rows){entries->children[1], start, size}, indent);
}

static void
print_item(const printer *self, const ma_array *array, int64_t row, int indent)
{
    const ma_type *type = array->type;
    if (ma_array_is_null(array, row)) {
        add_indent(self, indent);
        ma_text_add(self->out, "null");
        return;
    }
    if (type->id == MA_TYPE_MAP) {
        print_map_entry(self, array, row, indent);
        return;
    }
    switch (type->layout) {
    case MA_LAYOUT_FIXED:
        add_indent(self, indent);
        add_fixed(self->out, array, row);
        return;
    case MA_LAYOUT_BINARY32:
    case MA_LAYOUT_BINARY64:
    case MA_LAYOUT_VIEW:
        add_indent(self, indent);
        (ma_type_is_utf8(type) ? add_text : add_hex)(self->out, ma_array_bytes_at(array, row));
        return;
    default: {
        int64_t start;
        int64_t size;
        ma_array_list_at(array, row, &start, &size);
        print_rows(self, (rows){array->children[0], start, size}, indent);
        return;
    }
    }
}

static void
print_sequence(const printer *self, rows some, int indent)
{
    const pyma_preview *options = self->options;
    const int64_t window = some.array->n_children > 0 ? options->container_window : options->window;
    add_indent(self, indent);
    ma_text_add(self->out, "[");
    for (int64_t i = 0; i < some.length; i++) {
        begin_line(self, 0);
        if (is_full(self)) {
            add_indent(self, indent + 2);
            ma_text_add(self->out, "...");
            break;
        }
        if (i == window && i + 1 < some.length - window) {
            add_indent(self, indent + 2);
            ma_text_add(self->out, options->one_line ? "...," : "...");
            i = some.length - window - 1;
            continue;
        }
        print_item(self, some.array, some.start + i, indent + 2);
        ma_text_add(self->out, i + 1 < some.length ? "," : "");
    }
    if (some.length > 0) {
        begin_line(self, indent);
    }
    ma_text_add(self->out, "]");
}

/* ---- all else: its parts, each under a title ---- */

static void
print_bits(const printer *self, rows some, int indent)
{
    const pyma_preview *options = self->options;
    add_indent(self, indent);
    ma_text_add(self->out, "[");
    for (int64_t i = 0; i < some.length; i++) {
        begin_line(self, indent + 2);
        if (i == options->window && i + 1 < some.length - options->window) {
            ma_text_add(self->out, options->one_line ? "...," : "...");
            i = some.length - options->window - 1;
            continue;
        }
        ma_text_add(self->out, ma_array_is_null(some.array, some.start + i) ? "false" : "true");
        ma_text_add(self->out, i + 1 < some.length ? "," : "");
    }
    begin_line(self, indent);
    ma_text_add(self->out, "]");
}

static void
print_validity(const printer *self, rows some, int indent)
{
    const uint8_t *bits = ma_array_validity(some.array);
    const bool all = bits == NULL || ma_bitmap_count(bits, some.array->offset + some.start,
                                                     some.length) == some.length;
    add_indent(self, indent);
    ma_text_add(self->out, "-- is_valid:%s", all ? " all not null" : "");
    if (!all) {
        begin_line(self, 0);
        print_bits(self, some, indent + 2);
    }
}

static void
print_child(const printer *self, rows some, int number, int indent)
{
    begin_line(self, indent);
    ma_text_add(self->out, "-- child %d type: ", number);
    ma_type_describe(some.array->type, self->out);
    ma_text_add(self->out, self->options->one_line ? "\n" : "");
    begin_line(self, 0);
    print_rows(self, some, indent + 2);
}

static void
print_part(const printer *self, const char *title, rows some, int indent)
{
    begin_line(self, indent);
    ma_text_add(self->out, "-- %s:%s", title, self->options->one_line ? "\n" : "");
    begin_line(self, 0);
    print_rows(self, some, indent + 2);
}

static void
print_struct(const printer *self, rows some, int indent)
{
    print_validity(self, some, indent);
    for (int32_t i = 0; i < some.array->n_children && !is_full(self); i++) {
        ma_text_add(self->out, self->options->one_line ? "\n" : "");
        print_child(self,
                    (rows){some.array->children[i], some.array->offset + some.start, some.length},
                    (int)i, indent);
    }
}

/* The integers of a buffer of a union, as an array would show them. */
static void
print_integers(const printer *self, const char *title, rows some, int buffer, int width, int indent)
{
    const uint8_t *data = some.array->buffers[buffer].data;
    const pyma_preview *options = self->options;
    begin_line(self, indent);
    ma_text_add(self->out, "-- %s: ", title);
    add_indent(self, indent + 2);
    ma_text_add(self->out, "[");
    for (int64_t i = 0; i < some.length; i++) {
        const uint8_t *p = data + width * (some.array->offset + some.start + i);
        begin_line(self, indent + 4);
        if (i == options->window && i + 1 < some.length - options->window) {
            ma_text_add(self->out, options->one_line ? "...," : "...");
            i = some.length - options->window - 1;
            continue;
        }
        ma_text_add(self->out, "%d%s", width == 1 ? (int)(int8_t)*p : (int)ma_load_i32(p),
                    i + 1 < some.length ? "," : "");
    }
    begin_line(self, indent + 2);
    ma_text_add(self->out, "]");
}

static void
print_union(const printer *self, rows some, int indent)
{
    const bool dense = some.array->type->id == MA_TYPE_DENSE_UNION;
    add_indent(self, indent);
    ma_text_add(self->out, "-- is_valid: all not null");
    print_integers(self, "type_ids", some, 0, 1, indent);
    if (dense) {
        print_integers(self, "value_offsets", some, 1, 4, indent);
    }
    for (int32_t i = 0; i < some.array->n_children && !is_full(self); i++) {
        const ma_array *child = some.array->children[i];
        print_child(self,
                    dense ? all_rows(child)
                          : (rows){child, some.array->offset + some.start, some.length},
                    (int)i, indent);
    }
}

/* The indices are shown as an array of their own. */
static void
print_indices(const printer *self, rows some, int indent)
{
    const ma_array *array = some.array;
    ma_array indices;
    memset(&indices, 0, sizeof(indices)); /* a view for this call: borrows all, counts nothing */
    indices.type = array->type->index_type;
    indices.length = array->length;
    indices.offset = array->offset;
    indices.n_buffers = array->n_buffers;
    indices.buffers = array->buffers;
    print_part(self, "indices", (rows){&indices, some.start, some.length}, indent);
}

static void
print_rows(const printer *self, rows some, int indent)
{
    const ma_array *array = some.array;
    if (is_sequence(array->type)) {
        print_sequence(self, some, indent);
        return;
    }
    switch (array->type->layout) {
    case MA_LAYOUT_STRUCT:
        print_struct(self, some, indent);
        return;
    case MA_LAYOUT_SPARSE_UNION:
    case MA_LAYOUT_DENSE_UNION:
        print_union(self, some, indent);
        return;
    case MA_LAYOUT_DICTIONARY:
        print_part(self, "dictionary", all_rows(array->dictionary), indent);
        print_indices(self, some, indent);
        return;
    case MA_LAYOUT_RUN_END:
        print_part(self, "run_ends", all_rows(array->children[0]), indent);
        print_part(self, "values", all_rows(array->children[1]), indent);
        return;
    default:
        add_indent(self, indent);
        ma_text_add(self->out, "%lld nulls", (long long)some.length);
        return;
    }
}

void
pyma_preview_array(ma_text *out, const ma_array *array, const pyma_preview *options)
{
    const printer self = printer_of(out, options);
    print_rows(&self, all_rows(array), options->indent);
}

void
pyma_preview_row(ma_text *out, const ma_array *array, int64_t row)
{
    const pyma_preview options = {10, 2, true, 0};
    const printer self = printer_of(out, &options);
    if (is_sequence(array->type)) {
        print_item(&self, array, row, 0);
    } else {
        print_rows(&self, (rows){array, row, 1}, 0);
    }
}
