/* Rows that are found by the hash of what they hold: the open addressing of a hash table, whose
 * user knows what makes two rows equal:
 *
 *     at = ma_slots_first(table, hash);
 *     while (ma_slots_next(table, hash, &at, &row)) { if (is the same) return row; }
 *     ma_slots_put(table, at, hash, new_row);          after ma_slots_reserve, above
 */
#ifndef MA_BASE_SLOTS_H
#define MA_BASE_SLOTS_H

#include "core/base/status.h"

typedef struct ma_slot {
    uint64_t hash;
    int64_t row; /* plus 1; 0 is a free slot */
} ma_slot;

/* All zero is an empty table, in which nothing may be looked for yet. */
typedef struct ma_slots {
    ma_slot *slots; /* owned */
    int64_t size;   /* a power of two; at least half of the slots are free */
    int64_t count;  /* of slots that are taken */
} ma_slots;

void
ma_slots_fini(ma_slots *self);

/* The slow half of ma_slots_reserve. */
MA_NODISCARD ma_status
ma_slots_grow(ma_slots *self, int64_t count, ma_error *err);

/* Room for `count` rows in all. Fails with MA_NOMEM. */
MA_NODISCARD static inline ma_status
ma_slots_reserve(ma_slots *self, int64_t count, ma_error *err)
{
    return MA_LIKELY(count <= self->size / 2) ? MA_OK : ma_slots_grow(self, count, err);
}

/* Where a search begins. */
static inline int64_t
ma_slots_first(const ma_slots *self, uint64_t hash)
{
    return (int64_t)(hash & (uint64_t)(self->size - 1));
}

/* The next row with this hash; false, and `*at` the slot where it would be, if there is none. */
static inline bool
ma_slots_next(const ma_slots *self, uint64_t hash, int64_t *at, int64_t *row)
{
    bool found = false;
    for (; self->slots[*at].row != 0 && !found; *at = (*at + 1) & (self->size - 1)) {
        found = self->slots[*at].hash == hash;
        *row = self->slots[*at].row - 1;
    }
    return found;
}

/* Put a row into the slot at which a search ended in vain. */
static inline void
ma_slots_put(ma_slots *self, int64_t at, uint64_t hash, int64_t row)
{
    self->slots[at] = (ma_slot){hash, row + 1};
    self->count++;
}

#endif
