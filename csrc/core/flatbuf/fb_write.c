#include "core/flatbuf/fb_write.h"

#include <string.h>

#include "core/base/endian.h"
#include "core/base/memory.h"
#include "core/base/number.h"

void
ma_fb_writer_init(ma_fb_writer *self)
{
    *self = (ma_fb_writer){0};
}

void
ma_fb_writer_fini(ma_fb_writer *self)
{
    ma_free(self->data);
    *self = (ma_fb_writer){0};
}

static bool
reserve(ma_fb_writer *self, int64_t more)
{
    if (self->failed) {
        return false;
    }
    if (self->data != NULL && more <= self->capacity - self->size) {
        return true; /* the first piece may be empty, and still needs a place */
    }
    const int64_t capacity = ma_round_up(ma_max_i64(512, 2 * self->capacity + more), 8);
    uint8_t *grown = ma_malloc(capacity);
    if (grown == NULL) {
        self->failed = true;
        return false;
    }
    if (self->size > 0) {
        memcpy(grown + capacity - self->size, ma_fb_bytes(self), (size_t)self->size);
    }
    ma_free(self->data);
    self->data = grown;
    self->capacity = capacity;
    return true;
}

/* Room for `size` bytes such that, with `before` more in front, the start is aligned. NULL:
 * failed. */
static uint8_t *
push(ma_fb_writer *self, int64_t size, int64_t before, int64_t alignment)
{
    const int64_t end = ma_round_up(self->size + size + before, alignment) - before;
    if (!reserve(self, end - self->size)) {
        return NULL;
    }
    uint8_t *at = self->data + self->capacity - end;
    const int64_t padding = end - size - self->size;
    if (padding > 0) {
        memset(at + size, 0, (size_t)padding);
    }
    self->size = end;
    return at;
}

static void
push_u32(ma_fb_writer *self, uint32_t value)
{
    uint8_t *at = push(self, 4, 0, 4);
    if (at != NULL) {
        ma_store_le32(at, value);
    }
}

ma_fb_ref
ma_fb_write_vector(ma_fb_writer *self, const void *items, int64_t count, int64_t item_size,
                   int64_t alignment, ma_fb_ref *first)
{
    uint8_t *at = push(self, count * item_size, 0, alignment < 4 ? 4 : alignment);
    if (at != NULL && count > 0) {
        memcpy(at, items, (size_t)(count * item_size));
    }
    if (first != NULL) {
        *first = self->size;
    }
    push_u32(self, (uint32_t)count);
    return self->size;
}

ma_fb_ref
ma_fb_write_string(ma_fb_writer *self, const char *data, int64_t size)
{
    /* A string is a vector of bytes with a NUL behind that does not count. */
    uint8_t *at = push(self, size + 1, 0, 4);
    if (at != NULL) {
        if (size > 0) {
            memcpy(at, data, (size_t)size);
        }
        at[size] = 0;
    }
    push_u32(self, (uint32_t)size);
    return self->size;
}

ma_fb_ref
ma_fb_write_refs(ma_fb_writer *self, const ma_fb_ref *refs, int64_t count)
{
    uint8_t *at = push(self, 4 * count, 0, 4);
    const int64_t start = self->size;
    for (int64_t i = 0; at != NULL && i < count; i++) {
        ma_store_le32(at + 4 * i, (uint32_t)(start - 4 * i - refs[i]));
    }
    push_u32(self, (uint32_t)count);
    return self->size;
}

void
ma_fb_begin(ma_fb_writer *self)
{
    memset(self->fields, 0, sizeof(self->fields));
    self->table_end = self->size;
}

ma_fb_ref
ma_fb_put_int(ma_fb_writer *self, int id, int bytes, int64_t value)
{
    uint8_t *at = push(self, bytes, 0, bytes);
    if (at != NULL) {
        const uint64_t v = (uint64_t)value;
        for (int i = 0; i < bytes; i++) {
            at[i] = (uint8_t)(v >> (8 * i));
        }
    }
    self->fields[id] = self->size;
    return self->size;
}

void
ma_fb_put_ref(ma_fb_writer *self, int id, ma_fb_ref ref)
{
    if (ref == 0) {
        return;
    }
    uint8_t *at = push(self, 4, 0, 4);
    if (at != NULL) {
        ma_store_le32(at, (uint32_t)(self->size - ref));
    }
    self->fields[id] = self->size;
}

ma_fb_ref
ma_fb_end(ma_fb_writer *self)
{
    push_u32(self, 0); /* the way to the vtable, once that is known */
    if (self->failed) {
        return 0;
    }
    const int64_t table = self->size;

    uint8_t vtable[4 + 2 * MA_FB_MOST_FIELDS];
    int count = MA_FB_MOST_FIELDS;
    while (count > 0 && self->fields[count - 1] == 0) {
        count--;
    }
    const int size = 4 + 2 * count;
    ma_store_le16(vtable, (uint16_t)size);
    ma_store_le16(vtable + 2, (uint16_t)(table - self->table_end));
    for (int i = 0; i < count; i++) {
        const int64_t field = self->fields[i];
        ma_store_le16(vtable + 4 + 2 * i, (uint16_t)(field != 0 ? table - field : 0));
    }

    const uint8_t *end = self->data + self->capacity;
    const bool same = self->vtable != 0 && self->vtable >= size &&
                      memcmp(end - self->vtable, vtable, (size_t)size) == 0;
    if (!same) {
        uint8_t *at = push(self, size, 0, 2);
        if (at == NULL) {
            return 0;
        }
        memcpy(at, vtable, (size_t)size);
        self->vtable = self->size;
    }
    /* table position - vtable position, both counted from the end: the sign turns around */
    ma_store_le32(self->data + self->capacity - table, (uint32_t)(int32_t)(self->vtable - table));
    return table;
}

ma_status
ma_fb_done(ma_fb_writer *self, ma_fb_ref root, ma_error *err)
{
    uint8_t *at = push(self, 4, 0, 8);
    if (at == NULL) {
        return ma_fail_nomem(err, self->size);
    }
    ma_store_le32(at, (uint32_t)(self->size - root));
    if (self->size > INT32_MAX) {
        return ma_fail(err, MA_LIMIT, -1,
                       "the metadata takes %lld bytes and the format allows 2 GiB",
                       (long long)self->size);
    }
    return MA_OK;
}
