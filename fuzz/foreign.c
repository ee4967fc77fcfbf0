#include "foreign.h"

#include <string.h>

#include "core/base/bitmap.h"

#define MOST_DEPTH 6
#define MOST_BYTES (16 * 1024) /* of one buffer */
#define ODD        0xF0        /* bytes from here on ask for something that is wrong */

uint8_t
fuzz_take(fuzz_input *self)
{
    if (self->size == 0) {
        return 0;
    }
    self->size--;
    return *self->data++;
}

/* Whether what comes next is to be wrong, and in which of `n` ways: 0 for right. */
static int
take_odd(fuzz_input *in, int n)
{
    const uint8_t byte = fuzz_take(in);
    return byte < ODD ? 0 : 1 + byte % n;
}

static int64_t
take_extreme(fuzz_input *in)
{
    static const int64_t extremes[] = {
        -1,        INT64_MIN,        INT64_MAX,     INT64_MAX / 2,  INT64_C(1) << 32,
        INT32_MAX, INT64_C(1) << 31, INT64_MAX / 8, INT64_MAX - 63, 65535,
    };
    return extremes[fuzz_take(in) % (sizeof(extremes) / sizeof(extremes[0]))];
}

/* ---- memory of one struct: a list of all that it holds ---- */

typedef struct piece {
    struct piece *next;
    void *memory;
} piece;

typedef struct holder {
    piece *pieces;
    int *released; /* of an array; may be NULL */
} holder;

static void *
hold(holder *self, size_t size)
{
    piece *made = malloc(sizeof(*made));
    void *memory = malloc(size);
    FUZZ_REQUIRE(made != NULL && memory != NULL);
    memset(memory, 0, size);
    *made = (piece){self->pieces, memory};
    self->pieces = made;
    return memory;
}

static holder *
new_holder(int *released)
{
    holder *self = malloc(sizeof(*self));
    FUZZ_REQUIRE(self != NULL);
    *self = (holder){NULL, released};
    return self;
}

static void
free_holder(holder *self)
{
    for (piece *at = self->pieces; at != NULL;) {
        piece *next = at->next;
        free(at->memory);
        free(at);
        at = next;
    }
    if (self->released != NULL) {
        (*self->released)++;
    }
    free(self);
}

static void
release_schema(struct ArrowSchema *self)
{
    free_holder(self->private_data);
    self->release = NULL;
}

static void
release_array(struct ArrowArray *self)
{
    free_holder(self->private_data);
    self->release = NULL;
}

/* Parts go with the whole: nobody may release them before. */
static void
release_schema_part(struct ArrowSchema *self)
{
    (void)self;
    FUZZ_REQUIRE(!"a part of a schema is released");
}

static void
release_array_part(struct ArrowArray *self)
{
    (void)self;
    FUZZ_REQUIRE(!"a part of an array is released");
}

/* ---- schemas ---- */

/* Each beside another layout of the same values; narrower integers matter as indices. */
static const char *const formats[][2] = {
    {"+s", "+s"},
    {"+l", "+vL"},
    {"+L", "+vl"},
    {"+vl", "+l"},
    {"+vL", "+L"},
    {"+w:2", "+l"},
    {"+w:0", "+w:0"},
    {"+m", "+m"},
    {"+us:0,1", "+ud:0,1"},
    {"+ud:5,2", "+us:5,2"},
    {"+us:", "+us:"},
    {"+ud:7", "+ud:7"},
    {"+r", "+r"},
    {"n", "u"},
    {"n", "w:70000"},
    {"n", "+w:9000"},
    {"b", "b"},
    {"c", "i"},
    {"C", "s"},
    {"s", "l"},
    {"S", "I"},
    {"i", "i"},
    {"I", "I"},
    {"l", "c"},
    {"L", "S"},
    {"e", "g"},
    {"f", "g"},
    {"g", "g"},
    {"z", "vz"},
    {"Z", "z"},
    {"vz", "Z"},
    {"u", "vu"},
    {"U", "z"},
    {"vu", "U"},
    {"d:5,2", "d:9,2"},
    {"d:5,2,32", "d:9,2"},
    {"d:9,0,64", "d:70,0,256"},
    {"d:70,-3,256", "d:76,-3,256"},
    {"w:3", "z"},
    {"w:900", "w:900"},
    {"w:0", "w:0"},
    {"tdD", "tdD"},
    {"tdm", "tdm"},
    {"tts", "tts"},
    {"ttm", "ttm"},
    {"ttu", "ttu"},
    {"ttn", "ttn"},
    {"tss:", "tss:UTC"},
    {"tsn:UTC", "tsn:"},
    {"tDu", "tDu"},
    {"tiM", "tiM"},
    {"tiD", "tiD"},
    {"tin", "tin"},
};

/* Text from the input, up to a NUL. */
static char *
take_text(fuzz_input *in, holder *owner, size_t most)
{
    size_t size = 0;
    char buffer[64];
    while (size < most && size < sizeof(buffer) - 1) {
        buffer[size] = (char)fuzz_take(in);
        if (buffer[size] == '\0') {
            break;
        }
        size++;
    }
    char *text = hold(owner, size + 1);
    memcpy(text, buffer, size);
    return text;
}

static const char *
take_format(fuzz_input *in, holder *owner, bool other_layout)
{
    const uint8_t byte = fuzz_take(in);
    if (byte == 0xFF) {
        return NULL;
    }
    if (byte >= ODD) {
        return take_text(in, owner, 40);
    }
    return formats[byte % (sizeof(formats) / sizeof(formats[0]))][other_layout];
}

/* As many as the format has. */
static int64_t
natural_children(fuzz_input *in, const char *format)
{
    int64_t count = 1;
    if (format == NULL || format[0] != '+') {
        return 0;
    }
    if (format[1] == 's') {
        return fuzz_take(in) % 4;
    }
    for (const char *at = format; *at != '\0'; at++) {
        count += *at == ',';
    }
    if (format[1] == 'r') {
        return 2;
    }
    return strcmp(format, "+us:") == 0 ? 0 : count;
}

/* Two int32 sizes and two texts, or a number that is wrong. */
static const char *
take_metadata(fuzz_input *in, holder *owner)
{
    const int odd = take_odd(in, 2);
    const int32_t numbers[] = {odd == 1 ? -1 : 1, odd == 2 ? -5 : 3};
    char *data = hold(owner, 4 + 4 + 3 + 4 + 1);
    memcpy(data, numbers, sizeof(numbers));
    for (int i = 8; i < 11; i++) {
        data[i] = (char)fuzz_take(in);
    }
    memcpy(data + 11, &(const int32_t){1}, 4);
    data[15] = (char)fuzz_take(in);
    return data;
}

/* The schema of a dictionary's values in place of that of its indices. */
static void
decode(struct ArrowSchema *self)
{
    const struct ArrowSchema *values = self->dictionary;
    self->format = values->format;
    self->n_children = values->n_children;
    self->children = values->children;
    self->dictionary = values->dictionary;
}

static void
fill_schema(fuzz_input *in, bool other_layout, holder *owner, int depth, struct ArrowSchema *out)
{
    const uint8_t switches = fuzz_take(in);
    out->format = take_format(in, owner, other_layout);
    out->name = switches & 1 ? take_text(in, owner, 8) : NULL;
    out->metadata = switches & 2 ? take_metadata(in, owner) : NULL;
    out->flags = switches >> 4 & 7;
    out->release = depth == 0 ? release_schema : release_schema_part;
    out->private_data = depth == 0 ? owner : NULL;
    const int64_t count = depth < MOST_DEPTH ? natural_children(in, out->format) : 0;
    out->children = hold(owner, (size_t)count * sizeof(*out->children) + 1);
    out->n_children = count;
    for (int64_t i = 0; i < count; i++) {
        out->children[i] = hold(owner, sizeof(struct ArrowSchema));
        fill_schema(in, other_layout, owner, depth + 1, out->children[i]);
    }
    if ((switches & 4) && depth < MOST_DEPTH) {
        out->dictionary = hold(owner, sizeof(struct ArrowSchema));
        fill_schema(in, other_layout, owner, depth + 1, out->dictionary);
    }
    switch (switches & 8 ? take_odd(in, 5) : 0) {
    case 1:
        out->n_children = count - 1;
        break;
    case 2:
        out->children = NULL;
        break;
    case 3:
        out->n_children = count > 0 ? 0 : take_extreme(in);
        out->children = NULL;
        break;
    case 4:
        if (count > 0) {
            out->children[0] = NULL;
        }
        break;
    case 5:
        if (count > 0) {
            out->children[0]->release = NULL;
        }
        break;
    default:
        break;
    }
    if (other_layout && out->dictionary != NULL && (switches & 128)) {
        decode(out);
    }
}

void
fuzz_make_schema(fuzz_input *in, bool other_layout, struct ArrowSchema *out)
{
    *out = (struct ArrowSchema){0};
    fill_schema(in, other_layout, new_holder(NULL), 0, out);
}

/* ---- the buffers of arrays ---- */

/* What is known when the values of a buffer are made. */
typedef struct making {
    fuzz_input *in;
    holder *owner;
    const ma_type *type;
    int64_t rows;     /* offset and length together */
    int64_t referred; /* rows of what offsets or indices point into */
    bool is_run_ends;
    const uint8_t *data; /* of views: 32 bytes */
} making;

/* The `i`th number of a buffer whose values mean something. */
static int64_t
take_number(const making *self, ma_buffer_kind kind, int64_t before)
{
    const uint8_t byte = fuzz_take(self->in);
    const int64_t referred = self->referred > 0 ? self->referred : 1;
    switch (kind) {
    case MA_BUFFER_OFFSETS32:
    case MA_BUFFER_OFFSETS64:
        return byte >= ODD ? byte - 0xF8 : before + byte % 3;
    case MA_BUFFER_SIZES32:
    case MA_BUFFER_SIZES64:
        return byte % 3;
    case MA_BUFFER_TYPE_IDS:
        return byte >= ODD || self->type->n_children == 0
                   ? byte
                   : self->type->type_codes[byte % self->type->n_children];
    default:
        return self->is_run_ends && byte < ODD ? before + 1 + byte % 4
               : byte < ODD                    ? byte % referred
                                               : (int8_t)byte;
    }
}

static void
fill_numbers(const making *self, ma_buffer_kind kind, int32_t bits, int64_t count, uint8_t *out)
{
    int64_t value = 0;
    for (int64_t i = 0; i < count; i++) {
        value = i == 0 && kind != MA_BUFFER_TYPE_IDS && !self->is_run_ends
                    ? fuzz_take(self->in) % 2
                    : take_number(self, kind, value);
        memcpy(out + i * (bits / 8), &value, (size_t)bits / 8);
    }
}

static void
fill_views(const making *self, int64_t count, uint8_t *out)
{
    for (int64_t i = 0; i < count; i++) {
        const uint8_t byte = fuzz_take(self->in);
        const int32_t size = byte % 20;
        const int32_t place[] = {byte >= ODD ? (int8_t)fuzz_take(self->in) : 0, byte % 12};
        memcpy(out + 16 * i, &size, 4);
        if (size <= 12) {
            memset(out + 16 * i + 4, 'a' + byte % 7, (size_t)size);
        } else {
            memcpy(out + 16 * i + 4, self->data + place[1], 4);
            memcpy(out + 16 * i + 8, place, 8);
        }
    }
}

static void
fill_buffer(const making *self, ma_buffer_kind kind, int64_t size, uint8_t *out)
{
    const int32_t bits = ma_buffer_kind_bits(kind, self->type->bits);
    const bool has_meaning =
        kind != MA_BUFFER_VALIDITY && kind != MA_BUFFER_BYTES &&
        (kind != MA_BUFFER_DATA || self->type->id == MA_TYPE_DICTIONARY || self->is_run_ends);
    if (kind == MA_BUFFER_VIEWS) {
        fill_views(self, size / 16, out);
    } else if (has_meaning) {
        fill_numbers(self, kind, bits, size / (bits / 8), out);
    } else {
        for (int64_t i = 0; i < size; i++) {
            out[i] = fuzz_take(self->in);
        }
    }
}

/* Bytes of a buffer; -1 where nobody could have them. Those before it are there. */
static int64_t
size_of(const making *self, ma_buffer_kind kind, const void *const *buffers)
{
    const int32_t bits = ma_buffer_kind_bits(kind, self->type->bits);
    int64_t size = 0;
    if (self->rows < 0 || self->rows > MOST_BYTES) {
        return -1;
    }
    const int64_t count = self->rows + ma_buffer_kind_is_offsets(kind);
    if (kind == MA_BUFFER_BYTES && buffers[1] != NULL) {
        const bool wide = self->type->layout == MA_LAYOUT_BINARY64;
        int32_t narrow = 0;
        memcpy(wide ? (void *)&size : (void *)&narrow,
               (const uint8_t *)buffers[1] + (wide ? 8 : 4) * self->rows, wide ? 8 : 4);
        size += narrow;
    } else if (kind != MA_BUFFER_BYTES) {
        size = (count * bits + 7) / 8;
    }
    return size <= MOST_BYTES ? size : -1;
}

/* In a block that ends where the buffer does, and may begin anywhere before. */
static const void *
make_buffer(const making *self, ma_buffer_kind kind, const void *const *buffers)
{
    const int64_t size = size_of(self, kind, buffers);
    const uint8_t switches = fuzz_take(self->in);
    const size_t shift = switches >= ODD ? switches & 7 : 0;
    const bool is_absent = kind == MA_BUFFER_VALIDITY ? switches % 2 == 0 : switches == 0xEF;
    if (size < 0 || is_absent) {
        return NULL;
    }
    uint8_t *data = hold(self->owner, (size_t)size + shift);
    fill_buffer(self, kind, size, data + shift);
    return data + shift;
}

/* ---- arrays ---- */

static void
fill_array(making self, const ma_type *type, int64_t length, int depth, struct ArrowArray *out);

/* Rows that a child needs at least, so that all may be right. */
static int64_t
child_rows(const making *self, int32_t child)
{
    const ma_type *type = self->type;
    const int64_t some = 1 + fuzz_take(self->in) % 16;
    switch (ma_layouts[type->layout].children) {
    case MA_CHILDREN_ALIGNED:
        return self->rows;
    case MA_CHILDREN_MULTIPLIED:
        return self->rows < MOST_BYTES ? self->rows * type->list_size : some;
    case MA_CHILDREN_RUNS:
        return child == 0 ? some : 16;
    default:
        return some;
    }
}

static void
fill_children(making *self, int depth, struct ArrowArray *out)
{
    const ma_type *type = self->type;
    out->children = hold(self->owner, (size_t)type->n_children * sizeof(*out->children) + 1);
    out->n_children = type->n_children;
    for (int32_t i = 0; i < type->n_children; i++) {
        making inner = *self;
        const int64_t rows = child_rows(self, i);
        inner.is_run_ends = type->id == MA_TYPE_RUN_END_ENCODED && i == 0;
        out->children[i] = hold(self->owner, sizeof(struct ArrowArray));
        fill_array(inner, type->children[i]->type, rows, depth + 1, out->children[i]);
        self->referred = rows;
    }
    if (type->value_type != NULL) {
        self->referred = 1 + fuzz_take(self->in) % 8;
        out->dictionary = hold(self->owner, sizeof(struct ArrowArray));
        fill_array(*self, type->value_type, self->referred, depth + 1, out->dictionary);
    }
}

static void
fill_buffers(making *self, struct ArrowArray *out)
{
    const ma_layout *layout = &ma_layouts[self->type->layout];
    const int n = layout->n_buffers + 2 * layout->variadic;
    const void **buffers = hold(self->owner, (size_t)n * sizeof(*buffers) + 1);
    if (layout->variadic) {
        int64_t *sizes = hold(self->owner, sizeof(*sizes));
        uint8_t *data = hold(self->owner, 32);
        fill_buffer(self, MA_BUFFER_BYTES, 32, data);
        *sizes = take_odd(self->in, 1) ? -1 : 32;
        buffers[n - 2] = data;
        buffers[n - 1] = sizes;
        self->data = data;
    }
    out->buffers = buffers;
    out->n_buffers = n;
    for (int i = 0; i < layout->n_buffers; i++) {
        buffers[i] = make_buffer(self, layout->buffers[i], buffers);
    }
}

static void
spoil(fuzz_input *in, struct ArrowArray *out)
{
    switch (take_odd(in, 9)) {
    case 1:
        out->buffers = NULL;
        break;
    case 2:
        out->n_buffers--;
        break;
    case 3:
        out->children = NULL;
        break;
    case 4:
        out->n_children--;
        break;
    case 5:
        out->dictionary = out->dictionary == NULL ? out : NULL;
        break;
    case 6:
        out->null_count = take_extreme(in);
        break;
    case 7:
        if (out->n_children > 0) {
            out->children[0] = NULL;
        }
        break;
    case 8:
        if (out->n_children > 0) {
            out->children[0]->release = NULL;
        }
        break;
    case 9:
        if (out->n_buffers > 0) {
            out->buffers[out->n_buffers - 1] = NULL;
        }
        break;
    default:
        break;
    }
}

static void
fill_array(making self, const ma_type *type, int64_t length, int depth, struct ArrowArray *out)
{
    const int odd = take_odd(self.in, 3);
    self.type = type;
    out->length = odd == 1 ? take_extreme(self.in) : length;
    out->offset = odd == 2 ? take_extreme(self.in) : odd == 3 ? fuzz_take(self.in) : 0;
    out->null_count = fuzz_take(self.in) % 2 - 1;
    out->release = depth == 0 ? release_array : release_array_part;
    out->private_data = depth == 0 ? self.owner : NULL;
    self.rows = out->length < 0 || out->offset < 0 || out->length > INT64_MAX - out->offset
                    ? -1
                    : out->length + out->offset;
    self.referred = 0;
    fill_children(&self, depth, out);
    fill_buffers(&self, out);
    spoil(self.in, out);
}

void
fuzz_make_array(fuzz_input *in, const ma_type *type, int *released, struct ArrowArray *out)
{
    const making self = {.in = in, .owner = new_holder(released)};
    *out = (struct ArrowArray){0};
    fill_array(self, type, 1 + fuzz_take(in) % 32, 0, out);
}
