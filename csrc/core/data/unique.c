#include "core/data/unique.h"

#include "core/base/hash.h"
#include "core/base/memory.h"
#include "core/base/number.h"

typedef struct slot {
    uint64_t hash;
    int64_t row; /* plus 1; 0 is a free slot */
} slot;

struct ma_unique {
    ma_hash_key hash_key;
    slot *slots; /* owned; a power of two of them */
    int64_t capacity;
    int64_t used;
    ma_growing key;   /* of the row that is looked for */
    ma_growing other; /* of the row that it may be equal to */
};

enum {
    FIRST_CAPACITY = 64
};

ma_status
ma_unique_new(ma_unique **out, ma_error *err)
{
    ma_unique *self = ma_calloc(1, sizeof(*self));
    if (self == NULL) {
        return ma_fail_nomem(err, sizeof(*self));
    }
    self->hash_key = ma_hash_key_for(self);
    self->capacity = FIRST_CAPACITY;
    self->slots = ma_calloc(self->capacity, sizeof(slot));
    if (self->slots == NULL) {
        ma_free(self);
        return ma_fail_nomem(err, FIRST_CAPACITY * (int64_t)sizeof(slot));
    }
    *out = self;
    return MA_OK;
}

void
ma_unique_free(ma_unique *self)
{
    if (self != NULL) {
        ma_growing_fini(&self->key);
        ma_growing_fini(&self->other);
        ma_free(self->slots);
        ma_free(self);
    }
}

int64_t
ma_unique_count(const ma_unique *self)
{
    return self->used;
}

static ma_status
grow(ma_unique *self, ma_error *err)
{
    const int64_t capacity = self->capacity * 2;
    slot *slots = ma_calloc(capacity, sizeof(slot));
    if (slots == NULL) {
        return ma_fail_nomem(err, capacity * (int64_t)sizeof(slot));
    }
    const uint64_t mask = (uint64_t)capacity - 1;
    for (int64_t i = 0; i < self->capacity; i++) {
        if (self->slots[i].row != 0) {
            uint64_t at = self->slots[i].hash & mask;
            while (slots[at].row != 0) {
                at = (at + 1) & mask;
            }
            slots[at] = self->slots[i];
        }
    }
    ma_free(self->slots);
    self->slots = slots;
    self->capacity = capacity;
    return MA_OK;
}

ma_status
ma_unique_find(ma_unique *self, const ma_builder *builder, int64_t row, bool may_add,
               int64_t *found, ma_error *err)
{
    if (self->used >= self->capacity / 2) {
        MA_TRY(grow(self, err));
    }
    self->key.size = 0;
    MA_TRY(ma_builder_key(builder, row, &self->key, err));
    const uint64_t hash = ma_hash_of(self->hash_key, self->key.data, self->key.size);
    const uint64_t mask = (uint64_t)self->capacity - 1;
    uint64_t at = hash & mask;
    for (; self->slots[at].row != 0; at = (at + 1) & mask) {
        if (self->slots[at].hash != hash) {
            continue;
        }
        self->other.size = 0;
        MA_TRY(ma_builder_key(builder, self->slots[at].row - 1, &self->other, err));
        if (self->other.size == self->key.size &&
            memcmp(self->other.data, self->key.data, (size_t)self->key.size) == 0) {
            *found = self->slots[at].row - 1;
            return MA_OK;
        }
    }
    if (may_add) {
        self->slots[at] = (slot){hash, row + 1};
        self->used++;
    }
    *found = row;
    return MA_OK;
}
