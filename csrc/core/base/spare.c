#include "core/base/spare.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "core/base/endian.h"
#include "core/base/pages.h"

#define SLOTS 16

/* A kept block says in its first bytes how many it has; they are not among those that may go. */
#define HEAD 4096

static _Atomic(void *) slots[SLOTS];
static _Atomic int64_t kept;

void
ma_spare_put(void *raw, int64_t size)
{
    if (size < MA_SPARE_SMALLEST || atomic_fetch_add(&kept, size) > MA_SPARE_MOST - size) {
        if (size >= MA_SPARE_SMALLEST) {
            atomic_fetch_sub(&kept, size);
        }
        free(raw);
        return;
    }
    ma_store_i64(raw, size);
    if (atomic_load(&kept) > MA_SPARE_WARM) {
        ma_pages_may_go((uint8_t *)raw + HEAD, size - HEAD);
    }
    for (int i = 0; i < SLOTS; i++) {
        void *empty = NULL;
        if (atomic_compare_exchange_strong(&slots[i], &empty, raw)) {
            return;
        }
    }
    atomic_fetch_sub(&kept, size);
    free(raw);
}

/* What slot `i` keeps, if its size fits; else it stays. */
static void *
take_slot(int i, int64_t size, int64_t times, int64_t *got)
{
    void *raw = atomic_load(&slots[i]) != NULL ? atomic_exchange(&slots[i], NULL) : NULL;
    if (raw == NULL) {
        return NULL;
    }
    *got = ma_load_i64(raw);
    if (*got >= size && *got / times <= size) {
        atomic_fetch_sub(&kept, *got);
        return raw;
    }
    void *empty = NULL;
    if (!atomic_compare_exchange_strong(&slots[i], &empty, raw)) { /* filled meanwhile */
        atomic_fetch_sub(&kept, *got);
        free(raw);
    }
    return NULL;
}

void *
ma_spare_take(int64_t size, int64_t times, int64_t *got)
{
    for (int i = 0; i < SLOTS && atomic_load(&kept) > 0; i++) {
        void *raw = take_slot(i, size, times, got);
        if (raw != NULL) {
            return raw;
        }
    }
    return NULL;
}
