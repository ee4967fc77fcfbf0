#include "core/data/compact_view.h"

#include <string.h>

#include "core/base/number.h"
#include "core/data/rebase.h"

static bool
is_long(const ma_array *self, int64_t row, int32_t size)
{
    return size > 12 && !ma_array_is_null(self, row);
}

static int32_t
size_at(const ma_array *self, int64_t row)
{
    return ma_load_i32(self->buffers[1].data + 16 * (self->offset + row));
}

static bool
is_worth_keeping(const ma_array *self, int64_t long_bytes)
{
    int64_t bytes = 0;
    for (int32_t i = 2; i < self->n_buffers; i++) {
        bytes += self->buffers[i].size;
    }
    return self->n_buffers == 2 || (long_bytes > 0 && long_bytes >= bytes);
}

bool
ma_views_are_compact(const ma_array *self)
{
    return is_worth_keeping(self, ma_views_long_bytes(self));
}

/* The row behind those, from row `row` on, whose values go into one data buffer, whose offsets are
 * 32-bit; and how many bytes these have. */
static int64_t
end_of_block(const ma_array *self, int64_t row, int64_t *bytes)
{
    *bytes = 0;
    for (; row < self->length; row++) {
        const int32_t size = size_at(self, row);
        if (!is_long(self, row, size)) {
            continue;
        }
        if (*bytes > INT32_MAX - size) {
            break;
        }
        *bytes += size;
    }
    return row;
}

static int64_t
count_blocks(const ma_array *self)
{
    int64_t n = 0;
    for (int64_t row = 0; row < self->length;) {
        int64_t bytes;
        row = end_of_block(self, row, &bytes);
        n += bytes > 0;
    }
    return n;
}

/* Rows [row, end), whose values become those of data buffer `block`, at `data`. Views under nulls
 * that point somewhere lead nowhere now. */
static void
gather_rows(const ma_array *self, int64_t row, int64_t end, int32_t block, uint8_t *data,
            uint8_t *views)
{
    int32_t at = 0;
    for (; row < end; row++) {
        const uint8_t *source = self->buffers[1].data + 16 * (self->offset + row);
        uint8_t *view = views + 16 * row;
        const int32_t size = ma_load_i32(source);
        if ((uint32_t)size <= 12) {
            memcpy(view, source, 16);
        } else if (ma_array_is_null(self, row)) {
            memset(view, 0, 16);
        } else {
            const ma_bytes value = ma_array_bytes_at(self, row);
            memcpy(data + at, value.data, (size_t)size);
            memcpy(view, source, 8); /* size and prefix */
            ma_store_i32(view + 8, block);
            ma_store_i32(view + 12, at);
            at += size;
        }
    }
}

static ma_status
gather(const ma_array *self, ma_array *copy, ma_error *err)
{
    uint8_t *views;
    int32_t block = 0;
    MA_TRY(ma_buffer_alloc(16 * self->length, &copy->buffers[1], &views, err));
    for (int64_t row = 0; row < self->length;) {
        int64_t bytes;
        const int64_t end = end_of_block(self, row, &bytes);
        uint8_t *data = views; /* nothing is put there when there are no bytes */
        if (bytes > 0) {
            MA_TRY(ma_buffer_alloc(bytes, &copy->buffers[2 + block], &data, err));
        }
        gather_rows(self, row, end, block, data, views);
        block += bytes > 0;
        row = end;
    }
    return MA_OK;
}

/* Whether a view under a null points at data; then views without data buffers must be rewritten. */
static bool
has_dangling(const ma_array *self)
{
    for (int64_t i = 0; i < self->length; i++) {
        if ((uint32_t)size_at(self, i) > 12) {
            return true;
        }
    }
    return false;
}

static void
share(const ma_array *self, ma_array *copy)
{
    if (self->length > 0) {
        copy->buffers[1] = ma_buffer_slice(self->buffers[1], 16 * self->offset, 16 * self->length);
    }
    for (int32_t i = 2; i < copy->n_buffers; i++) {
        copy->buffers[i] = ma_buffer_ref(self->buffers[i]);
    }
}

ma_status
ma_views_compact(const ma_array *self, ma_array **out, ma_error *err)
{
    const int64_t long_bytes = ma_views_long_bytes(self);
    const bool keep = is_worth_keeping(self, long_bytes);
    const int64_t n_blocks = keep ? self->n_buffers - 2 : long_bytes > 0 ? count_blocks(self) : 0;
    ma_array *copy = NULL;

    MA_TRY(ma_array_new(self->type, self->length, n_blocks, &copy, err));
    if (keep || (long_bytes == 0 && !has_dangling(self))) {
        share(self, copy);
    } else {
        const ma_status st = gather(self, copy, err);
        if (st != MA_OK) {
            ma_array_unref(copy);
            return st;
        }
    }
    *out = copy;
    return MA_OK;
}
