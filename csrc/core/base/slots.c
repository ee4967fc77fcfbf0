#include "core/base/slots.h"

#include "core/base/memory.h"

#define FIRST_SIZE 64

void
ma_slots_fini(ma_slots *self)
{
    ma_free(self->slots);
}

static void
move(const ma_slots *self, ma_slots *to)
{
    for (int64_t i = 0; i < self->size; i++) {
        const ma_slot slot = self->slots[i];
        if (slot.row != 0) {
            int64_t at = ma_slots_first(to, slot.hash);
            while (to->slots[at].row != 0) {
                at = (at + 1) & (to->size - 1);
            }
            to->slots[at] = slot;
        }
    }
    to->count = self->count;
}

ma_status
ma_slots_grow(ma_slots *self, int64_t count, ma_error *err)
{
    ma_slots grown = {.size = self->size > 0 ? 2 * self->size : FIRST_SIZE};
    while (grown.size / 2 < count) {
        grown.size *= 2;
    }
    grown.slots = ma_calloc(grown.size, sizeof(*grown.slots));
    if (grown.slots == NULL) {
        return ma_fail_nomem(err, grown.size * (int64_t)sizeof(*grown.slots));
    }
    move(self, &grown);
    ma_free(self->slots);
    *self = grown;
    return MA_OK;
}
