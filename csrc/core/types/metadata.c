#include "core/types/metadata.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/memory.h"

static bool
bytes_equal(ma_bytes a, ma_bytes b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, (size_t)a.size) == 0);
}

static int
compare_bytes(ma_bytes a, ma_bytes b)
{
    const int64_t size = a.size < b.size ? a.size : b.size;
    const int order = size > 0 ? memcmp(a.data, b.data, (size_t)size) : 0;
    return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

/* qsort's order of two elements of `sorted`. */
static int
compare_pairs(const void *left, const void *right)
{
    const ma_pair *a = *(const ma_pair *const *)left;
    const ma_pair *b = *(const ma_pair *const *)right;
    const int order = compare_bytes(a->key, b->key);
    return order != 0 ? order : compare_bytes(a->value, b->value);
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
    int64_t size = (int64_t)sizeof(ma_metadata) +
                   count * (int64_t)(sizeof(ma_pair) + sizeof(*(*out)->sorted));
    for (int64_t i = 0; i < count; i++) {
        size += pairs[i].key.size + pairs[i].value.size;
    }
    ma_metadata *self = ma_malloc(size);
    if (self == NULL) {
        return ma_fail_nomem(err, size);
    }
    ma_refs_init(&self->refs);
    self->count = count;
    self->sorted = (const ma_pair **)(self->pairs + count);
    char *end = (char *)(self->sorted + count);
    for (int64_t i = 0; i < count; i++) {
        self->pairs[i].key = store(&end, pairs[i].key);
        self->pairs[i].value = store(&end, pairs[i].value);
        self->sorted[i] = &self->pairs[i];
    }
    if (count > 1) {
        qsort(self->sorted, (size_t)count, sizeof(*self->sorted), compare_pairs);
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
        if (compare_pairs(&a->sorted[i], &b->sorted[i]) != 0) {
            return false;
        }
    }
    return true;
}
