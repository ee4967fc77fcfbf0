/* A few things at rest that any thread may take, use alone and give back. */
#ifndef MA_CODEC_POOL_H
#define MA_CODEC_POOL_H

#include <stdatomic.h>
#include <stdbool.h>

#define MA_POOL_SLOTS 8 /* as many threads as can find one that another made before */

typedef struct ma_pool {
    _Atomic(void *) slots[MA_POOL_SLOTS]; /* owned; NULL where nothing rests */
} ma_pool;

void
ma_pool_init(ma_pool *self);

/* A thing that is the caller's from now on; NULL when none rests here. */
void *
ma_pool_take(ma_pool *self);

/* False when there is no room: then it is still the caller's. */
bool
ma_pool_give(ma_pool *self, void *thing);

#endif
