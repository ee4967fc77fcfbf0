#include "core/types/names.h"

#include "core/base/hash.h"
#include "core/base/memory.h"

typedef struct slot {
    int32_t first; /* plus 1; 0 is a free slot */
    bool several;
} slot;

struct ma_names {
    ma_hash_key key;
    uint64_t mask;
    slot slots[]; /* a power of two of them, at most half full */
};

/* The slot of the name, or the free one where it belongs. */
static uint64_t
find_slot(const ma_names *self, ma_field *const *fields, ma_bytes name)
{
    uint64_t at = ma_hash_of(self->key, name.data, name.size) & self->mask;
    while (self->slots[at].first != 0 &&
           !ma_field_is_named(fields[self->slots[at].first - 1], name)) {
        at = (at + 1) & self->mask;
    }
    return at;
}

ma_status
ma_names_new(ma_field *const *fields, int32_t count, ma_names **out, ma_error *err)
{
    int64_t capacity = 16;
    while (capacity < 2 * (int64_t)count) {
        capacity *= 2;
    }
    const int64_t size = (int64_t)sizeof(ma_names) + capacity * (int64_t)sizeof(slot);
    ma_names *self = ma_calloc(1, size);
    if (self == NULL) {
        return ma_fail_nomem(err, size);
    }
    self->key = ma_hash_key_for(self);
    self->mask = (uint64_t)capacity - 1;
    for (int32_t i = 0; i < count; i++) {
        slot *found = &self->slots[find_slot(
            self, fields, (ma_bytes){fields[i]->name, fields[i]->name_size})];
        if (found->first != 0) {
            found->several = true;
        } else {
            found->first = i + 1;
        }
    }
    *out = self;
    return MA_OK;
}

void
ma_names_free(ma_names *self)
{
    ma_free(self);
}

int
ma_names_find(const ma_names *self, ma_field *const *fields, ma_bytes name, int32_t *first)
{
    const slot *found = &self->slots[find_slot(self, fields, name)];
    *first = found->first - 1;
    return found->first == 0 ? 0 : 1 + found->several;
}
