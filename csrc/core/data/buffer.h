/* Buffers: immutable bytes with an owner.
 *
 * A block is the shared owner of some memory: ours, a Python object's, a mapped file's, another
 * library's. A buffer is a plain value that points into a block, so that cutting a message body
 * into a hundred columns allocates nothing. Whoever stores a buffer holds a reference to its block.
 * */
#ifndef MA_DATA_BUFFER_H
#define MA_DATA_BUFFER_H

#include "core/base/refs.h"
#include "core/base/status.h"

typedef struct ma_block ma_block;

struct ma_block {
    ma_refs refs;
    /* Free the memory and the block itself. Called once, from whatever thread dropped the last
     * reference; one that needs the GIL takes it. */
    void (*release)(ma_block *self);
};

typedef struct ma_buffer {
    const uint8_t *data; /* NULL only for a validity bitmap that an array does without */
    int64_t size;
    ma_block *block; /* NULL for memory that lives forever, or no buffer */
} ma_buffer;

#define MA_NO_BUFFER ((ma_buffer){NULL, 0, NULL})

/* 64 zeros that live forever. A buffer without bytes points here, so that no code adds to NULL and
 * the first offset of an array without rows can be read, and is 0. */
extern const uint8_t ma_zeros[64];

#define MA_EMPTY_BUFFER ((ma_buffer){ma_zeros, 0, NULL})

static inline ma_block *
ma_block_ref(ma_block *self)
{
    if (self != NULL) {
        ma_refs_add(&self->refs);
    }
    return self;
}

static inline void
ma_block_unref(ma_block *self)
{
    if (self != NULL && ma_refs_drop(&self->refs)) {
        self->release(self);
    }
}

/* The same bytes, with a reference of their own. */
static inline ma_buffer
ma_buffer_ref(ma_buffer buffer)
{
    ma_block_ref(buffer.block);
    return buffer;
}

/* Drop the reference and forget the bytes. */
static inline void
ma_buffer_clear(ma_buffer *buffer)
{
    ma_block *block = buffer->block;
    *buffer = MA_NO_BUFFER;
    ma_block_unref(block);
}

/* A part of a buffer, with a reference of its own; the range lies inside. */
static inline ma_buffer
ma_buffer_slice(ma_buffer buffer, int64_t offset, int64_t size)
{
    assert(offset >= 0 && size >= 0 && offset <= buffer.size && size <= buffer.size - offset);
    return (ma_buffer){buffer.data + offset, size, ma_block_ref(buffer.block)};
}

/* A new aligned block of `size` bytes, not zeroed: `*out` owns it, `*data` is where to write before
 * anyone else sees it. Fails with MA_NOMEM. */
MA_NODISCARD ma_status
ma_buffer_alloc(int64_t size, ma_buffer *out, uint8_t **data, ma_error *err);

/* Make a buffer of memory from ma_aligned_malloc, which it takes over; not on failure
 * (MA_NOMEM). */
MA_NODISCARD ma_status
ma_buffer_take(void *memory, int64_t size, ma_buffer *out, ma_error *err);

/* A copy of bytes in an aligned block. Fails with MA_NOMEM. */
MA_NODISCARD ma_status
ma_buffer_copy(const void *data, int64_t size, ma_buffer *out, ma_error *err);

/* Replace a buffer that does not begin at a multiple of `alignment`, a power of two up to
 * MA_ALIGNMENT, by a copy that does. Untouched on failure (MA_NOMEM). */
MA_NODISCARD ma_status
ma_buffer_align(ma_buffer *self, int64_t alignment, ma_error *err);

#endif
