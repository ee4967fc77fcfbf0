#include "core/data/array.h"

#include "core/base/memory.h"
#include "core/base/number.h"

ma_status
ma_array_new(ma_type *type, int64_t length, int64_t n_variadic, ma_array **out, ma_error *err)
{
    const int64_t n_buffers = ma_layouts[type->layout].n_buffers + n_variadic;
    const int64_t size = (int64_t)sizeof(ma_array) + n_buffers * (int64_t)sizeof(ma_buffer) +
                         type->n_children * (int64_t)sizeof(ma_array *);
    ma_array *self = ma_calloc(1, size);
    if (self == NULL) {
        return ma_fail_nomem(err, size);
    }
    ma_refs_init(&self->refs);
    self->type = ma_type_ref(type);
    self->length = length;
    atomic_init(&self->nulls, -1);
    self->n_buffers = (int32_t)n_buffers;
    self->n_children = type->n_children;
    self->buffers = (ma_buffer *)(self + 1);
    self->children = (ma_array **)(self->buffers + n_buffers);
    for (int32_t i = 0; i < self->n_buffers; i++) {
        self->buffers[i] = MA_EMPTY_BUFFER;
    }
    if (ma_layouts[type->layout].buffers[0] == MA_BUFFER_VALIDITY) {
        self->buffers[0] = MA_NO_BUFFER;
    }
    *out = self;
    return MA_OK;
}

ma_array *
ma_array_ref(ma_array *self)
{
    if (self != NULL) {
        ma_refs_add(&self->refs);
    }
    return self;
}

void
ma_array_unref(ma_array *self)
{
    if (self == NULL || !ma_refs_drop(&self->refs)) {
        return;
    }
    for (int32_t i = 0; i < self->n_buffers; i++) {
        ma_block_unref(self->buffers[i].block);
    }
    for (int32_t i = 0; i < self->n_children; i++) {
        ma_array_unref(self->children[i]);
    }
    ma_array_unref(self->dictionary);
    ma_place_unref(self->place);
    ma_type_unref(self->type);
    ma_free(self);
}

ma_status
ma_array_retype(ma_array *self, ma_type *type, ma_array **out, ma_error *err)
{
    const int64_t n_variadic = self->n_buffers - ma_layouts[type->layout].n_buffers;
    ma_array *copy = NULL;

    assert(type->layout == self->type->layout && type->n_children == self->n_children);
    MA_TRY(ma_array_new(type, self->length, n_variadic, &copy, err));
    copy->offset = self->offset;
    atomic_store(&copy->nulls, atomic_load(&self->nulls));
    unsigned checked = atomic_load(&self->checked) & ~(unsigned)MA_CHECKED_COMPACT;
    if (ma_type_is_utf8(type) != ma_type_is_utf8(self->type)) {
        checked &= ~(unsigned)MA_CHECKED_UTF8; /* nobody looked whether these bytes are text */
    }
    atomic_store(&copy->checked, checked);
    for (int32_t i = 0; i < self->n_buffers; i++) {
        copy->buffers[i] = ma_buffer_ref(self->buffers[i]);
    }
    for (int32_t i = 0; i < self->n_children; i++) {
        copy->children[i] = ma_array_ref(self->children[i]);
    }
    copy->dictionary = ma_array_ref(self->dictionary);
    copy->place = ma_place_ref(self->place);
    *out = copy;
    return MA_OK;
}

ma_status
ma_array_slice(ma_array *self, int64_t offset, int64_t length, ma_array **out, ma_error *err)
{
    assert(offset >= 0 && length >= 0 && offset <= self->length && length <= self->length - offset);
    ma_array *slice = NULL;
    MA_TRY(ma_array_retype(self, self->type, &slice, err));
    slice->offset = self->offset + offset;
    slice->length = length;
    if (length != self->length && atomic_load(&self->nulls) != 0) {
        atomic_store(&slice->nulls, -1);
    }
    *out = slice;
    return MA_OK;
}

int64_t
ma_array_null_count(ma_array *self)
{
    int64_t nulls = atomic_load_explicit(&self->nulls, memory_order_relaxed);
    if (nulls < 0) {
        const uint8_t *bits = ma_array_validity(self);
        nulls = bits != NULL
                    ? self->length - ma_bitmap_count(bits, self->offset, self->length)
                    : (self->type->id == MA_TYPE_NULL ? self->length : 0);
        atomic_store_explicit(&self->nulls, nulls, memory_order_relaxed);
    }
    return nulls;
}

int64_t
ma_array_int_at(const ma_array *self, int64_t i)
{
    const ma_type *type = self->type->id == MA_TYPE_DICTIONARY ? self->type->index_type
                                                               : self->type;
    const uint8_t *p = self->buffers[1].data + (self->offset + i) * (type->bits / 8);
    switch (type->bits) {
    case 8:
        return type->id == MA_TYPE_UINT8 ? (int64_t)*p : (int64_t)(int8_t)*p;
    case 16:
        return type->id == MA_TYPE_UINT16 ? (int64_t)ma_load_u16(p) : (int64_t)ma_load_i16(p);
    case 32:
        return type->id == MA_TYPE_UINT32 ? (int64_t)ma_load_u32(p) : (int64_t)ma_load_i32(p);
    default:
        return ma_load_i64(p);
    }
}

/* A view is 16 bytes: int32 size, then either up to 12 bytes of the value itself, or 4 bytes of
 * prefix, int32 buffer and int32 offset (Columnar.rst, "Variable-size Binary View Layout"). */
static ma_bytes
view_at(const ma_array *self, int64_t i)
{
    const uint8_t *view = self->buffers[1].data + 16 * (self->offset + i);
    const int32_t size = ma_load_i32(view);
    if (size <= 12) {
        return (ma_bytes){(const char *)view + 4, size};
    }
    const ma_buffer *data = &self->buffers[2 + ma_load_i32(view + 8)];
    return (ma_bytes){(const char *)data->data + ma_load_i32(view + 12), size};
}

ma_bytes
ma_array_bytes_at(const ma_array *self, int64_t i)
{
    if (self->type->layout == MA_LAYOUT_VIEW) {
        return view_at(self, i);
    }
    if (self->type->layout == MA_LAYOUT_FIXED) {
        const int64_t width = self->type->bits / 8;
        return (ma_bytes){(const char *)self->buffers[1].data + (self->offset + i) * width, width};
    }
    const int64_t start = ma_array_offset_at(self, i);
    return (ma_bytes){(const char *)self->buffers[2].data + start,
                      ma_array_offset_at(self, i + 1) - start};
}

void
ma_array_list_at(const ma_array *self, int64_t i, int64_t *start, int64_t *size)
{
    switch (self->type->layout) {
    case MA_LAYOUT_FIXED_LIST:
        *size = self->type->list_size;
        *start = (self->offset + i) * *size;
        return;
    case MA_LAYOUT_LIST_VIEW32:
    case MA_LAYOUT_LIST_VIEW64:
        *start = ma_array_offset_at(self, i);
        *size = ma_array_size_at(self, i);
        return;
    default:
        *start = ma_array_offset_at(self, i);
        *size = ma_array_offset_at(self, i + 1) - *start;
        return;
    }
}

int64_t
ma_array_run_at(const ma_array *self, int64_t i)
{
    const ma_array *ends = self->children[0];
    const int64_t row = self->offset + i;
    int64_t low = 0;
    int64_t high = ends->length;
    while (low < high) { /* the first run that ends behind the row */
        const int64_t middle = low + (high - low) / 2;
        if (ma_array_int_at(ends, middle) <= row) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

const ma_array *
ma_array_decode(const ma_array *self, int64_t *i)
{
    const bool is_index = self->type->layout == MA_LAYOUT_DICTIONARY;
    *i = is_index ? ma_array_int_at(self, *i) : ma_array_run_at(self, *i);
    return is_index ? self->dictionary : self->children[1];
}

bool
ma_array_is_null_within(const ma_array *self, int64_t i)
{
    while (ma_type_is_encoded(self->type) && !ma_array_is_null(self, i)) {
        self = ma_array_decode(self, &i);
    }
    return ma_array_is_null(self, i);
}

int32_t
ma_array_union_at(const ma_array *self, int64_t i, int64_t *row)
{
    const int8_t code = (int8_t)self->buffers[0].data[self->offset + i];
    *row = self->type->id == MA_TYPE_DENSE_UNION
               ? ma_load_i32(self->buffers[1].data + 4 * (self->offset + i))
               : self->offset + i;
    return self->type->child_of_code[code];
}

int64_t
ma_array_nbytes(const ma_array *self)
{
    int64_t total = self->dictionary != NULL ? ma_array_nbytes(self->dictionary) : 0;
    for (int32_t i = 0; i < self->n_buffers; i++) {
        total += self->buffers[i].size;
    }
    for (int32_t i = 0; i < self->n_children; i++) {
        total += ma_array_nbytes(self->children[i]);
    }
    return total;
}
