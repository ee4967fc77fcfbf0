#include "python/py_reading.h"

#include "core/base/memory.h"
#include "core/base/number.h"
#include "core/ipc/parts.h"

#define FIRST_STEP (1024 * 1024) /* what is taken for a piece before any of it has arrived */

/* Room for the piece so far: at most twice what has arrived, or all of it where the source is
 * known to hold as much. */
static int64_t
next_capacity(pyma_source *source, int64_t need, int64_t arrived)
{
    if (need <= FIRST_STEP) {
        return need;
    }
    const int64_t size = pyma_source_size(source);
    if (size >= 0 && need <= size) {
        return need;
    }
    return ma_min_i64(need, ma_max_i64(FIRST_STEP, 2 * arrived));
}

static int
grow_piece(pyma_piece *self, pyma_source *source, int64_t need)
{
    const int64_t capacity = next_capacity(source, need, self->arrived);
    if (capacity <= self->capacity) {
        return 0;
    }
    uint8_t *grown = ma_aligned_realloc(self->memory, self->arrived, capacity);
    if (grown == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    self->memory = grown;
    self->capacity = capacity;
    return 0;
}

void
pyma_piece_fini(pyma_piece *self)
{
    ma_aligned_free(self->memory);
    *self = (pyma_piece){NULL, 0, 0};
}

/* Read what there is room for: 1 when the source has more, 0 at its end, -1 with an exception. */
static int
fill_piece(pyma_piece *self, pyma_source *source)
{
    int64_t done;
    const int64_t room = self->capacity - self->arrived;
    const int result = pyma_source_read(source, self->memory + self->arrived, room, &done);
    self->arrived += done;
    return result < 0 ? -1 : done == room;
}

int
pyma_read_piece(pyma_source *source, pyma_piece *partial, int64_t need, ma_buffer *out)
{
    ma_error err;
    int more = 1;
    while (more && partial->arrived < need) {
        if (grow_piece(partial, source, need) < 0) {
            return -1;
        }
        more = fill_piece(partial, source);
        if (more < 0) {
            return -1;
        }
    }
    if (partial->memory == NULL) { /* nothing was asked for */
        *out = MA_EMPTY_BUFFER;
        return 0;
    }
    ma_error_init(&err);
    if (ma_buffer_take(partial->memory, partial->arrived, out, &err) != MA_OK) {
        PyErr_NoMemory();
        return -1;
    }
    *partial = (pyma_piece){NULL, 0, 0};
    return 0;
}

static int
read_all_parts(pyma_source *source, const ma_range *parts, int64_t count, int64_t size,
               uint8_t *data)
{
    int64_t from = 0; /* in the input */
    int64_t to = 0;   /* in `data` */
    for (int64_t i = 0; i < count; i++) {
        to = ma_round_up(to, 64);
        if (pyma_source_skip(source, parts[i].offset - from) < 0) {
            return -1;
        }
        int64_t done;
        if (pyma_source_read(source, data + to, parts[i].size, &done) < 0) {
            return -1;
        }
        if (done < parts[i].size) {
            return pyma_source_fail_short(source);
        }
        from = parts[i].offset + parts[i].size;
        to += parts[i].size;
    }
    return pyma_source_skip(source, size - from);
}

int
pyma_read_parts(pyma_source *source, const ma_range *parts, int64_t count, int64_t size,
                ma_buffer *out)
{
    uint8_t *data;
    ma_error err;
    ma_error_init(&err);
    if (ma_buffer_alloc(ma_parts_size(parts, count), out, &data, &err) != MA_OK) {
        PyErr_NoMemory();
        return -1;
    }
    if (read_all_parts(source, parts, count, size, data) < 0) {
        ma_buffer_clear(out);
        return -1;
    }
    return 0;
}

PyObject *
pyma_read_stats_wrap(const ma_read_stats *stats)
{
    return Py_BuildValue("LLLLL", (long long)stats->messages, (long long)stats->batches,
                         (long long)stats->dictionary_batches, (long long)stats->dictionary_deltas,
                         (long long)stats->replaced_dictionaries);
}
