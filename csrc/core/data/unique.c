#include "core/data/unique.h"

#include "core/base/hash.h"
#include "core/base/memory.h"
#include "core/base/slots.h"

struct ma_unique {
    ma_hash_key hash_key;
    ma_slots rows;
    ma_growing key;   /* of the row that is looked for */
    ma_growing other; /* of the row that it may be equal to */
};

ma_status
ma_unique_new(ma_unique **out, ma_error *err)
{
    ma_unique *self = ma_calloc(1, sizeof(*self));
    if (self == NULL) {
        return ma_fail_nomem(err, sizeof(*self));
    }
    self->hash_key = ma_hash_key_for(self);
    *out = self;
    return MA_OK;
}

void
ma_unique_free(ma_unique *self)
{
    if (self != NULL) {
        ma_growing_fini(&self->key);
        ma_growing_fini(&self->other);
        ma_slots_fini(&self->rows);
        ma_free(self);
    }
}

int64_t
ma_unique_count(const ma_unique *self)
{
    return self->rows.count;
}

static bool
is_key(const ma_unique *self)
{
    return self->other.size == self->key.size &&
           memcmp(self->other.data, self->key.data, (size_t)self->key.size) == 0;
}

ma_status
ma_unique_find(ma_unique *self, const ma_builder *builder, int64_t row, bool may_add,
               int64_t *found, ma_error *err)
{
    self->key.size = 0;
    MA_TRY(ma_builder_key(builder, row, &self->key, err));
    MA_TRY(ma_slots_reserve(&self->rows, self->rows.count + 1, err));
    const uint64_t hash = ma_hash_of(self->hash_key, self->key.data, self->key.size);
    int64_t at = ma_slots_first(&self->rows, hash);
    while (ma_slots_next(&self->rows, hash, &at, found)) {
        self->other.size = 0;
        MA_TRY(ma_builder_key(builder, *found, &self->other, err));
        if (is_key(self)) {
            return MA_OK;
        }
    }
    if (may_add) {
        ma_slots_put(&self->rows, at, hash, row);
    }
    *found = row;
    return MA_OK;
}
