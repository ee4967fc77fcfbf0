/* Building flatbuffers, back to front: what is pointed at is written before what points to it, and
 * positions are counted from the end, where they do not change.
 *
 * A failed allocation is remembered; ma_fb_done reports it, so that nothing in between needs to. */
#ifndef MA_FLATBUF_FB_WRITE_H
#define MA_FLATBUF_FB_WRITE_H

#include "core/base/status.h"

#define MA_FB_MOST_FIELDS 8 /* more than any table of the Arrow schemas has */

/* Bytes from the start of a thing to the end of the buffer; 0 for nothing. */
typedef int64_t ma_fb_ref;

typedef struct ma_fb_writer {
    uint8_t *data; /* owned; what is written lies at its end */
    int64_t capacity;
    int64_t size;
    bool failed;
    /* the table under construction */
    int64_t fields[MA_FB_MOST_FIELDS];
    int64_t table_end;
    /* the last vtable, which the next table shares if it has the same */
    int64_t vtable;
} ma_fb_writer;

void
ma_fb_writer_init(ma_fb_writer *self);
void
ma_fb_writer_fini(ma_fb_writer *self);

ma_fb_ref
ma_fb_write_string(ma_fb_writer *self, const char *data, int64_t size);
/* A vector of `count` items of `item_size` bytes, in the format's byte order already; `*items`,
 * if asked for, is the ref of item 0. */
ma_fb_ref
ma_fb_write_vector(ma_fb_writer *self, const void *items, int64_t count, int64_t item_size,
                   int64_t alignment, ma_fb_ref *first);
ma_fb_ref
ma_fb_write_refs(ma_fb_writer *self, const ma_fb_ref *refs, int64_t count);

/* One table at a time: begin, fields in any order, end. A field left out has its default. */
void
ma_fb_begin(ma_fb_writer *self);
/* Returns the field's own ref, so that it can be patched later. */
ma_fb_ref
ma_fb_put_int(ma_fb_writer *self, int id, int bytes, int64_t value);
/* Nothing when `ref` is 0. */
void
ma_fb_put_ref(ma_fb_writer *self, int id, ma_fb_ref ref);
ma_fb_ref
ma_fb_end(ma_fb_writer *self);

/* Write the root offset. The flatbuffer is then the last `size` bytes of `data`, and a ref
 * stands `size - ref` bytes from its start. Its size is a multiple of 8. Fails with MA_NOMEM, or
 * MA_LIMIT where it outgrew the format's 2 GiB. */
MA_NODISCARD ma_status
ma_fb_done(ma_fb_writer *self, ma_fb_ref root, ma_error *err);

static inline const uint8_t *
ma_fb_bytes(const ma_fb_writer *self)
{
    return self->data + self->capacity - self->size;
}

#endif
