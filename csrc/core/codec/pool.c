#include "core/codec/pool.h"

#include <stddef.h>

void
ma_pool_init(ma_pool *self)
{
    for (int i = 0; i < MA_POOL_SLOTS; i++) {
        atomic_init(&self->slots[i], NULL);
    }
}

void *
ma_pool_take(ma_pool *self)
{
    for (int i = 0; i < MA_POOL_SLOTS; i++) {
        /* looks first: an exchange would fetch the cache line from whoever uses it */
        if (atomic_load_explicit(&self->slots[i], memory_order_relaxed) == NULL) {
            continue;
        }
        void *thing = atomic_exchange_explicit(&self->slots[i], NULL, memory_order_acquire);
        if (thing != NULL) {
            return thing;
        }
    }
    return NULL;
}

bool
ma_pool_give(ma_pool *self, void *thing)
{
    for (int i = 0; i < MA_POOL_SLOTS; i++) {
        void *empty = NULL;
        if (atomic_compare_exchange_strong_explicit(&self->slots[i], &empty, thing,
                                                    memory_order_release, memory_order_relaxed)) {
            return true;
        }
    }
    return false;
}
