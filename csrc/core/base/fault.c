#include "core/base/fault.h"

#ifdef MA_FAULT_INJECTION
#include <stdatomic.h>

static _Atomic int64_t first_to_fail;
static _Atomic int64_t last_to_fail;
static _Atomic int64_t seen;
static _Atomic int64_t live;

void
ma_fault_set(int64_t first, int64_t count)
{
    atomic_store(&seen, 0);
    atomic_store(&first_to_fail, first);
    atomic_store(&last_to_fail, count < INT64_MAX - first ? first + count - 1 : INT64_MAX);
}

int64_t
ma_fault_seen(void)
{
    return atomic_load(&seen);
}

int64_t
ma_fault_live(void)
{
    return atomic_load(&live);
}

bool
ma_fault_due(void)
{
    const int64_t nth = atomic_fetch_add(&seen, 1) + 1;
    return nth >= atomic_load(&first_to_fail) && nth <= atomic_load(&last_to_fail);
}

void *
ma_fault_taken(void *block)
{
    if (block != NULL) {
        atomic_fetch_add(&live, 1);
    }
    return block;
}

void *
ma_fault_given(void *block)
{
    if (block != NULL) {
        atomic_fetch_sub(&live, 1);
    }
    return block;
}
#endif
