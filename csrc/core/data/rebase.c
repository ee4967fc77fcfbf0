#include "core/data/rebase.h"

#include <string.h>

#include "core/base/number.h"

/* ---- what is used ---- */

static void
extend(ma_used *used, int64_t start, int64_t length)
{
    const int64_t end = ma_max_i64(used->start + used->length, start + length);
    if (used->length == 0) {
        *used = (ma_used){start, length};
    } else {
        used->start = ma_min_i64(used->start, start);
        used->length = end - used->start;
    }
}

static ma_used
list_view_used(const ma_array *self)
{
    ma_used used = {0, 0};
    for (int64_t i = 0; i < self->length; i++) {
        const int64_t size = ma_array_size_at(self, i);
        if (size > 0 && !ma_array_is_null(self, i)) {
            extend(&used, ma_array_offset_at(self, i), size);
        }
    }
    return used;
}

static void
union_used(const ma_array *self, ma_used *used)
{
    for (int32_t c = 0; c < self->n_children; c++) {
        used[c] = (ma_used){0, 0};
    }
    for (int64_t i = 0; i < self->length; i++) {
        int64_t row;
        const int32_t child = ma_array_union_at(self, i, &row);
        extend(&used[child], row, 1);
    }
}

static ma_used
runs_used(const ma_array *self)
{
    if (self->length == 0) {
        return (ma_used){0, 0};
    }
    const int64_t first = ma_array_run_at(self, 0);
    return (ma_used){first, ma_array_run_at(self, self->length - 1) - first + 1};
}

void
ma_array_used(const ma_array *self, ma_used *used)
{
    ma_used all = {self->offset, self->length};
    switch (self->type->layout) {
    case MA_LAYOUT_DENSE_UNION:
        union_used(self, used);
        return;
    case MA_LAYOUT_LIST32:
    case MA_LAYOUT_LIST64:
        all = ma_array_span(self);
        break;
    case MA_LAYOUT_LIST_VIEW32:
    case MA_LAYOUT_LIST_VIEW64:
        all = list_view_used(self);
        break;
    case MA_LAYOUT_FIXED_LIST:
        all.start *= self->type->list_size;
        all.length *= self->type->list_size;
        break;
    case MA_LAYOUT_RUN_END:
        all = runs_used(self);
        break;
    case MA_LAYOUT_NULL:
    case MA_LAYOUT_FIXED:
    case MA_LAYOUT_BINARY32:
    case MA_LAYOUT_BINARY64:
    case MA_LAYOUT_VIEW:
    case MA_LAYOUT_STRUCT:
    case MA_LAYOUT_SPARSE_UNION:
    case MA_LAYOUT_DICTIONARY:
        break;
    }
    for (int32_t c = 0; c < self->n_children; c++) {
        used[c] = all;
    }
}

int64_t
ma_views_long_bytes(const ma_array *self)
{
    const uint8_t *views = self->buffers[1].data + 16 * self->offset;
    int64_t bytes = 0;
    for (int64_t i = 0; i < self->length; i++) {
        const int32_t size = ma_load_i32(views + 16 * i);
        if (size > 12 && !ma_array_is_null(self, i)) {
            bytes += size;
        }
    }
    return bytes;
}

/* ---- counting from elsewhere ---- */

void
ma_rebase_offsets(const ma_array *self, int64_t base, uint8_t *target)
{
    const ma_buffer_kind kind = ma_layouts[self->type->layout].buffers[1];
    const int64_t shift = base - ma_array_offset_at(self, 0);
    if (ma_buffer_kind_bits(kind, 0) == 64) {
        const uint8_t *source = self->buffers[1].data + 8 * self->offset;
        for (int64_t i = 0; i <= self->length; i++) {
            ma_store_i64(target + 8 * i, ma_load_i64(source + 8 * i) + shift);
        }
        return;
    }
    const uint8_t *source = self->buffers[1].data + 4 * self->offset;
    for (int64_t i = 0; i <= self->length; i++) {
        ma_store_i32(target + 4 * i, (int32_t)(ma_load_i32(source + 4 * i) + shift));
    }
}

static bool
row_fits(ma_used used, int64_t start, int64_t size)
{
    return start >= used.start && start + size <= used.start + used.length;
}

bool
ma_list_view_fits(const ma_array *self, ma_used used)
{
    bool fits = true;
    for (int64_t i = 0; i < self->length; i++) {
        fits &= row_fits(used, ma_array_offset_at(self, i), ma_array_size_at(self, i));
    }
    return fits;
}

void
ma_rebase_list_view(const ma_array *self, ma_used used, int64_t base, uint8_t *offsets,
                    uint8_t *sizes)
{
    const bool wide = self->type->layout == MA_LAYOUT_LIST_VIEW64;
    for (int64_t i = 0; i < self->length; i++) {
        int64_t start = ma_array_offset_at(self, i);
        int64_t size = ma_array_size_at(self, i);
        if (row_fits(used, start, size)) {
            start += base - used.start;
        } else {
            start = 0;
            size = 0;
        }
        if (wide) {
            ma_store_i64(offsets + 8 * i, start);
            ma_store_i64(sizes + 8 * i, size);
        } else {
            ma_store_i32(offsets + 4 * i, (int32_t)start);
            ma_store_i32(sizes + 4 * i, (int32_t)size);
        }
    }
}

void
ma_rebase_union(const ma_array *self, const ma_used *used, const int64_t *bases, uint8_t *target)
{
    for (int64_t i = 0; i < self->length; i++) {
        int64_t row;
        const int32_t child = ma_array_union_at(self, i, &row);
        ma_store_i32(target + 4 * i, (int32_t)(row - used[child].start + bases[child]));
    }
}

void
ma_rebase_run_ends(const ma_array *self, ma_used used, int64_t base, uint8_t *target)
{
    const ma_array *ends = self->children[0];
    const int32_t bits = ends->type->bits;
    for (int64_t i = 0; i < used.length; i++) {
        const int64_t own = ma_array_int_at(ends, used.start + i) - self->offset;
        const int64_t end = base + ma_min_i64(own, self->length);
        if (bits == 64) {
            ma_store_i64(target + 8 * i, end);
        } else if (bits == 32) {
            ma_store_i32(target + 4 * i, (int32_t)end);
        } else {
            ma_store_i16(target + 2 * i, (int16_t)end);
        }
    }
}
