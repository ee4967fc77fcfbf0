#include "core/base/spare.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "core/base/endian.h"
#include "core/base/pages.h"

#define SLOTS 16u /* a power of two, so that counting slots may overflow */

/* A kept block says in its first bytes how many it has, and whether the rest may go already. */
#define HEAD 4096

/* A ring: blocks are put in one slot after the other, so that the one behind the newest is the
 * oldest. Whoever looks at a block takes it out of its slot first. */
static _Atomic(void *) slots[SLOTS];
static atomic_uint next;
static _Atomic int64_t kept;

static int64_t
size_of(const void *raw)
{
    return ma_load_i64(raw);
}

static void
drop(void *raw)
{
    if (raw != NULL) {
        atomic_fetch_sub(&kept, size_of(raw));
        free(raw);
    }
}

static void *
take_out(unsigned slot)
{
    _Atomic(void *) *at = &slots[slot % SLOTS];
    return atomic_load(at) != NULL ? atomic_exchange(at, NULL) : NULL;
}

/* Back where it was, unless the slot was filled meanwhile. */
static void
put_back(unsigned slot, void *raw)
{
    void *empty = NULL;
    if (!atomic_compare_exchange_strong(&slots[slot % SLOTS], &empty, raw)) {
        drop(raw);
    }
}

static void
let_go(void *raw)
{
    uint8_t *may_go = (uint8_t *)raw + 8;
    if (*may_go == 0) {
        *may_go = 1;
        ma_pages_may_go((uint8_t *)raw + HEAD, size_of(raw) - HEAD);
    }
}

/* What is older than the block in `slot`, from the newest on, may go beyond MA_SPARE_WARM, and is
 * dropped beyond MA_SPARE_MOST. */
static void
make_room(unsigned slot, int64_t size)
{
    int64_t total = size;
    for (unsigned k = 1; k < SLOTS && atomic_load(&kept) > MA_SPARE_WARM; k++) {
        void *raw = take_out(slot - k);
        if (raw == NULL) {
            continue;
        }
        total += size_of(raw);
        if (total > MA_SPARE_MOST) {
            drop(raw);
            continue;
        }
        if (total > MA_SPARE_WARM) {
            let_go(raw);
        }
        put_back(slot - k, raw);
    }
}

void
ma_spare_put(void *raw, int64_t size)
{
    if (size < MA_SPARE_SMALLEST || size > MA_SPARE_MOST) {
        free(raw);
        return;
    }
    ma_store_i64(raw, size);
    *((uint8_t *)raw + 8) = 0;
    if (size > MA_SPARE_WARM) {
        let_go(raw);
    }
    const unsigned slot = atomic_fetch_add(&next, 1);
    atomic_fetch_add(&kept, size);
    drop(atomic_exchange(&slots[slot % SLOTS], raw));
    make_room(slot, size);
}

void *
ma_spare_take(int64_t size, int64_t times, int64_t *got)
{
    for (unsigned slot = 0; slot < SLOTS && atomic_load(&kept) > 0; slot++) {
        void *raw = take_out(slot);
        if (raw == NULL) {
            continue;
        }
        *got = size_of(raw);
        if (*got >= size && *got / times <= size) {
            atomic_fetch_sub(&kept, *got);
            return raw;
        }
        put_back(slot, raw);
    }
    return NULL;
}
