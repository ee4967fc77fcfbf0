/* The atomic reference count that every shared thing of the core begins with. */
#ifndef MA_BASE_REFS_H
#define MA_BASE_REFS_H

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>

typedef struct ma_refs {
    atomic_int count;
} ma_refs;

static inline void
ma_refs_init(ma_refs *refs)
{
    atomic_init(&refs->count, 1);
}

static inline void
ma_refs_add(ma_refs *refs)
{
    const int before = atomic_fetch_add_explicit(&refs->count, 1, memory_order_relaxed);
    assert(before > 0);
    (void)before;
}

/* True for the one caller who dropped the last reference and must free. */
static inline bool
ma_refs_drop(ma_refs *refs)
{
    const int before = atomic_fetch_sub_explicit(&refs->count, 1, memory_order_acq_rel);
    assert(before > 0);
    return before == 1;
}

/* True for who has the only reference: nobody else sees the thing, or will. */
static inline bool
ma_refs_is_last(ma_refs *refs)
{
    return atomic_load_explicit(&refs->count, memory_order_acquire) == 1;
}

#endif
