#include "core/types/metadata.h"

#include <string.h>

#include "core/base/memory.h"

static bool
bytes_equal(ma_bytes a, ma_bytes b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, (size_t)a.size) == 0);
}

static ma_bytes
store(char **end, ma_bytes source)
{
    const ma_bytes stored = {*end, source.size};
    if (source.size > 0) {
        memcpy(*end, source.data, (size_t)source.size);
    }
    *end += source.size;
    return stored;
}

ma_status
ma_metadata_new(const ma_pair *pairs, int64_t count, ma_metadata **out, ma_error *err)
{
    if (count == 0) {
        *out = NULL;
        return MA_OK;
    }
    int64_t size = (int64_t)sizeof(ma_metadata) + count * (int64_t)sizeof(ma_pair);
    for (int64_t i = 0; i < count; i++) {
        size += pairs[i].key.size + pairs[i].value.size;
    }
    ma_metadata *self = ma_malloc(size);
    if (self == NULL) {
        return ma_fail_nomem(err, size);
    }
    ma_refs_init(&self->refs);
    self->count = count;
    char *end = (char *)(self->pairs + count);
    for (int64_t i = 0; i < count; i++) {
        self->pairs[i].key = store(&end, pairs[i].key);
        self->pairs[i].value = store(&end, pairs[i].value);
    }
    *out = self;
    return MA_OK;
}

ma_metadata *
ma_metadata_ref(ma_metadata *self)
{
    if (self != NULL) {
        ma_refs_add(&self->refs);
    }
    return self;
}

void
ma_metadata_unref(ma_metadata *self)
{
    if (self != NULL && ma_refs_drop(&self->refs)) {
        ma_free(self);
    }
}

const ma_bytes *
ma_metadata_get(const ma_metadata *self, const char *key)
{
    const ma_bytes wanted = {key, (int64_t)strlen(key)};
    for (int64_t i = 0; i < ma_metadata_count(self); i++) {
        if (bytes_equal(self->pairs[i].key, wanted)) {
            return &self->pairs[i].value;
        }
    }
    return NULL;
}

bool
ma_metadata_equal(const ma_metadata *a, const ma_metadata *b)
{
    if (a == b) {
        return true;
    }
    if (a == NULL || b == NULL || a->count != b->count) {
        return false;
    }
    for (int64_t i = 0; i < a->count; i++) {
        if (!bytes_equal(a->pairs[i].key, b->pairs[i].key) ||
            !bytes_equal(a->pairs[i].value, b->pairs[i].value)) {
            return false;
        }
    }
    return true;
}
