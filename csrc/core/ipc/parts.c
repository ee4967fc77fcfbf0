#include "core/ipc/parts.h"

#include <stdlib.h>

#include "core/base/memory.h"
#include "core/base/number.h"

#define SMALL_GAP 4096 /* bytes that cost less to read than another seek */

static int
compare_ranges(const void *a, const void *b)
{
    const int64_t x = ((const ma_range *)a)->offset;
    const int64_t y = ((const ma_range *)b)->offset;
    return (x > y) - (x < y);
}

/* Parts keep the alignment of 64 bytes that buffers have in a body. */
static ma_range
widen(ma_range range)
{
    const int64_t before = range.offset % 64;
    return (ma_range){range.offset - before, range.size + before};
}

/* Join what touches or nearly does; returns how many are left. */
static int64_t
merge(ma_range *parts, int64_t count)
{
    int64_t n = 0;
    for (int64_t i = 0; i < count; i++) {
        ma_range *last = n > 0 ? &parts[n - 1] : NULL;
        if (last != NULL && parts[i].offset - (last->offset + last->size) <= SMALL_GAP) {
            const int64_t end = parts[i].offset + parts[i].size;
            last->size = ma_max_i64(last->size, end - last->offset);
        } else {
            parts[n++] = parts[i];
        }
    }
    return n;
}

ma_status
ma_parts_find(const ma_encoded *self, ma_range **out, int64_t *count, ma_error *err)
{
    int64_t *wanted = NULL;
    int64_t n_wanted = 0;
    int64_t n = 0;

    MA_TRY(ma_encoded_wanted(self, &wanted, &n_wanted, err));
    ma_range *parts = ma_malloc(n_wanted * (int64_t)sizeof(*parts));
    if (parts == NULL) {
        ma_free(wanted);
        return ma_fail_nomem(err, n_wanted * (int64_t)sizeof(*parts));
    }
    for (int64_t i = 0; i < n_wanted; i++) {
        if (self->buffers[wanted[i]].size > 0) {
            parts[n++] = widen(self->buffers[wanted[i]]);
        }
    }
    ma_free(wanted);
    qsort(parts, (size_t)n, sizeof(*parts), compare_ranges);
    *out = parts;
    *count = merge(parts, n);
    return MA_OK;
}

/* Each part begins at a multiple of 64 again, so that what was aligned in the body still is. */
int64_t
ma_parts_size(const ma_range *parts, int64_t count)
{
    int64_t size = 0;
    for (int64_t i = 0; i < count; i++) {
        if (size > INT64_MAX - 64 || !ma_add_i64(ma_round_up(size, 64), parts[i].size, &size)) {
            return INT64_MAX; /* of a body that merely claims to be as large */
        }
    }
    return size;
}

/* The last part that begins at or before `offset`; the first one where none does. */
static int64_t
find_part(const ma_range *parts, int64_t count, int64_t offset)
{
    int64_t low = 0;
    int64_t high = count;
    while (high - low > 1) {
        const int64_t middle = low + (high - low) / 2;
        if (parts[middle].offset <= offset) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

/* `starts` says where each part lies among all. */
static void
move_range(ma_range *range, const ma_range *parts, const int64_t *starts, int64_t count)
{
    const int64_t i = find_part(parts, count, range->offset);
    if (count > 0 && range->offset >= parts[i].offset &&
        range->offset - parts[i].offset <= parts[i].size - range->size) {
        range->offset += starts[i] - parts[i].offset;
    } else {
        *range = (ma_range){0, 0}; /* of a column that is not wanted, and so never asked for */
    }
}

ma_status
ma_parts_settle(ma_encoded *self, const ma_range *parts, int64_t count, ma_buffer bytes,
                ma_error *err)
{
    const ma_schema *full = self->plan->full;
    const int64_t n_buffers = full->counts.buffers +
                              (self->is_v4 ? full->counts.v4_bitmaps : 0) +
                              self->variadic_sums[full->counts.variadics];
    int64_t *starts = ma_malloc(count * (int64_t)sizeof(*starts));
    if (starts == NULL) {
        return ma_fail_nomem(err, count * (int64_t)sizeof(*starts));
    }
    for (int64_t i = 0, end = 0; i < count; i++) {
        starts[i] = ma_round_up(end, 64);
        end = starts[i] + parts[i].size;
    }
    for (int64_t i = 0; i < n_buffers; i++) {
        if (self->buffers[i].size > 0) {
            move_range(&self->buffers[i], parts, starts, count);
        }
    }
    ma_free(starts);
    ma_buffer_clear(&self->body);
    self->body = ma_buffer_ref(bytes);
    return MA_OK;
}
