#include "core/validate/characters.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/memory.h"
#include "core/base/number.h"
#include "core/validate/utf8.h"

static ma_status
fail_row(int64_t row, ma_error *err)
{
    ma_fail(err, MA_INVALID, -1, "the text in row %lld is not UTF-8", (long long)row);
    ma_error_prefix(err, "data buffer");
    return MA_INVALID;
}

static ma_status
check_row(const ma_array *self, int64_t row, ma_error *err)
{
    const ma_bytes text = ma_array_bytes_at(self, row);
    return ma_utf8_find_bad((const uint8_t *)text.data, text.size) < 0 ? MA_OK : fail_row(row, err);
}

/* ---- text with offsets: its rows lie side by side ---- */

/* Whether no row begins or ends inside a character. The first `ascii` bytes from the first row's on
 * have none to be inside of. */
static bool
rows_are_whole(const ma_array *self, int64_t first, int64_t last, int64_t ascii)
{
    const uint8_t *data = self->buffers[2].data;
    bool whole = true;
    for (int64_t i = 0; i <= self->length; i++) {
        const int64_t at = ma_array_offset_at(self, i);
        whole &= at - first < ascii || at == last || !ma_utf8_continues(data[at]);
    }
    return whole;
}

/* All bytes in one go, which nearly always is all there is to do. What lies under nulls may be
 * anything, and an empty row may lie anywhere, so that only the rows themselves can tell then. */
static ma_status
check_offset_text(const ma_array *self, ma_error *err)
{
    const int64_t first = ma_array_offset_at(self, 0);
    const int64_t last = ma_array_offset_at(self, self->length);
    const uint8_t *data = self->buffers[2].data + first;
    const int64_t ascii = ma_utf8_ascii_prefix(data, last - first);
    if (ascii == last - first || (ma_utf8_find_bad(data + ascii, last - first - ascii) < 0 &&
                                  rows_are_whole(self, first, last, ascii))) {
        return MA_OK;
    }
    for (int64_t i = 0; i < self->length; i++) {
        if (!ma_array_is_null(self, i)) {
            MA_TRY(check_row(self, i, err));
        }
    }
    return MA_OK;
}

/* ---- views: rows may share bytes, any number of times ---- */

typedef struct place {
    uint64_t at; /* buffer and offset */
    int64_t row;
    int32_t size;
} place;

static int
compare_places(const void *a, const void *b)
{
    const place *x = a;
    const place *y = b;
    return x->at != y->at ? (x->at < y->at ? -1 : 1) : 0;
}

static ma_status
check_padding(const uint8_t *view, int32_t size, int64_t row, ma_error *err)
{
    for (int32_t i = size; i < 12; i++) {
        if (view[4 + i] != 0) {
            ma_fail(err, MA_INVALID, -1,
                    "row %lld has %d bytes, and what follows in its view is not 0", (long long)row,
                    (int)size);
            ma_error_prefix(err, "views buffer");
            return MA_INVALID;
        }
    }
    return MA_OK;
}

/* The rows whose values lie in their views. Counts the others, and their bytes. */
static ma_status
check_short(const ma_array *self, int64_t *n_long, int64_t *long_bytes, ma_error *err)
{
    const uint8_t *views = self->buffers[1].data + 16 * self->offset;
    const bool is_text = ma_type_is_utf8(self->type);
    for (int64_t i = 0; i < self->length; i++) {
        const int32_t size = ma_load_i32(views + 16 * i);
        if (ma_array_is_null(self, i)) {
            continue;
        }
        if (size > 12) {
            *n_long += 1;
            *long_bytes += size;
            continue;
        }
        MA_TRY(check_padding(views + 16 * i, size, i, err));
        if (is_text) {
            MA_TRY(check_row(self, i, err));
        }
    }
    return MA_OK;
}

/* In the order of their bytes, none of which is then looked at twice. `[begin, reach)` of a buffer
 * is known to be whole characters. */
static ma_status
sweep(const ma_array *self, const place *places, int64_t count, ma_error *err)
{
    int64_t buffer = -1;
    int64_t reach = 0;
    for (int64_t i = 0; i < count; i++) {
        const int64_t start = (int64_t)(places[i].at & UINT32_MAX);
        const int64_t end = start + places[i].size;
        if ((int64_t)(places[i].at >> 32) != buffer || start > reach) {
            buffer = (int64_t)(places[i].at >> 32);
            reach = start;
        }
        const uint8_t *data = self->buffers[2 + buffer].data;
        if (ma_utf8_continues(data[start])) {
            return fail_row(places[i].row, err);
        }
        if (end > reach ? ma_utf8_find_bad(data + reach, end - reach) >= 0
                        : end < reach && ma_utf8_continues(data[end])) {
            return fail_row(places[i].row, err);
        }
        reach = ma_max_i64(reach, end);
    }
    return MA_OK;
}

static ma_status
check_shared(const ma_array *self, int64_t n_long, ma_error *err)
{
    const uint8_t *views = self->buffers[1].data + 16 * self->offset;
    place *places = ma_calloc(n_long, sizeof(*places));
    int64_t n = 0;
    if (places == NULL) {
        return ma_fail_nomem(err, n_long * (int64_t)sizeof(*places));
    }
    for (int64_t i = 0; i < self->length; i++) {
        const uint8_t *view = views + 16 * i;
        const int32_t size = ma_load_i32(view);
        if (size > 12 && !ma_array_is_null(self, i)) {
            const uint64_t at = (uint64_t)ma_load_u32(view + 8) << 32 | ma_load_u32(view + 12);
            places[n++] = (place){at, i, size};
        }
    }
    qsort(places, (size_t)n, sizeof(*places), compare_places);
    const ma_status st = sweep(self, places, n, err);
    ma_free(places);
    return st;
}

static ma_status
check_views(const ma_array *self, ma_error *err)
{
    const uint8_t *views = self->buffers[1].data + 16 * self->offset;
    int64_t n_long = 0;
    int64_t long_bytes = 0;
    int64_t bytes = 0;
    MA_TRY(check_short(self, &n_long, &long_bytes, err));
    if (!ma_type_is_utf8(self->type)) {
        return MA_OK;
    }
    for (int32_t i = 2; i < self->n_buffers; i++) {
        bytes += self->buffers[i].size;
    }
    if (long_bytes / 4 > bytes) { /* shared so much that each row on its own might never end */
        return check_shared(self, n_long, err);
    }
    for (int64_t i = 0; n_long > 0 && i < self->length; i++) {
        if (ma_load_i32(views + 16 * i) > 12 && !ma_array_is_null(self, i)) {
            MA_TRY(check_row(self, i, err));
        }
    }
    return MA_OK;
}

ma_status
ma_array_check_characters(const ma_array *self, ma_error *err)
{
    if (self->type->layout == MA_LAYOUT_VIEW) {
        return check_views(self, err);
    }
    return ma_type_is_utf8(self->type) ? check_offset_text(self, err) : MA_OK;
}
