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
grow_piece(uint8_t **memory, int64_t arrived, int64_t capacity)
{
    uint8_t *grown = ma_aligned_realloc(*memory, arrived, capacity);
    if (grown == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    *memory = grown;
    return 0;
}

int
pyma_read_piece(pyma_source *source, int64_t need, ma_buffer *out)
{
    uint8_t *memory = NULL;
    int64_t arrived = 0;
    ma_error err;
    do {
        const int64_t capacity = next_capacity(source, need, arrived);
        if (grow_piece(&memory, arrived, capacity) < 0) {
            break;
        }
        const int64_t got = pyma_source_read(source, memory + arrived, capacity - arrived);
        if (got < 0) {
            break;
        }
        const bool ended = got < capacity - arrived;
        arrived += got;
        if (ended || arrived == need) {
            ma_error_init(&err);
            if (ma_buffer_take(memory, arrived, out, &err) == MA_OK) {
                return 0;
            }
            PyErr_NoMemory();
            return -1;
        }
    } while (true);
    ma_aligned_free(memory);
    return -1;
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
        const int64_t got = pyma_source_read(source, data + to, parts[i].size);
        if (got < 0) {
            return -1;
        }
        if (got < parts[i].size) {
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
