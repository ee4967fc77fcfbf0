/* The core's only way to memory; column bytes lie in aligned blocks. */
#ifndef MA_BASE_MEMORY_H
#define MA_BASE_MEMORY_H

#include "core/base/status.h"

#define MA_ALIGNMENT 64 /* of every block that holds column bytes */

/* Small things: structs, tables, text. Sizes are counted in 64 bits and refused where they do not
 * fit a size_t. The result is NULL on failure, and zeroed where the name says so; a size of 0 gives
 * a valid pointer. Release with ma_free, which takes NULL. */
void *
ma_malloc(int64_t size);
void *
ma_calloc(int64_t count, int64_t size);
void *
ma_realloc(void *block, int64_t size);
void
ma_free(void *block);

/* Column bytes: aligned to MA_ALIGNMENT, not zeroed. `ma_aligned_realloc` keeps the first
 * `used` bytes. Release with ma_aligned_free. Safe from any thread. */
void *
ma_aligned_malloc(int64_t size);
void *
ma_aligned_realloc(void *block, int64_t used, int64_t size);
void
ma_aligned_free(void *block);
/* Give back what is behind the first `used` bytes, where that pays; the block may move. */
void *
ma_aligned_cut(void *block, int64_t used);
/* Bytes that the block has: a large one may be given more than it was asked for. */
int64_t
ma_aligned_room(const void *block);

/* Move `*items`, an array of `*capacity` items of `item_size`, to where it has room for `needed`
 * and some more. Untouched on failure (MA_NOMEM). */
MA_NODISCARD ma_status
ma_grow_now(void **items, int64_t *capacity, int64_t needed, int64_t item_size, ma_error *err);

/* The same, where it has no room for `needed` yet. */
MA_NODISCARD static inline ma_status
ma_grow(void **items, int64_t *capacity, int64_t needed, int64_t item_size, ma_error *err)
{
    return MA_LIKELY(needed <= *capacity) ? MA_OK
                                          : ma_grow_now(items, capacity, needed, item_size, err);
}

#endif
