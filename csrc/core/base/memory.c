#include "core/base/memory.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/fault.h"
#include "core/base/number.h"
#include "core/base/pages.h"
#include "core/base/spare.h"

static bool
fits(int64_t size)
{
    return size >= 0 && (uint64_t)size <= (uint64_t)(PTRDIFF_MAX - 4 * MA_ALIGNMENT);
}

void *
ma_malloc(int64_t size)
{
    return fits(size) && !ma_fault_due() ? ma_fault_taken(malloc(size > 0 ? (size_t)size : 1))
                                         : NULL;
}

void *
ma_calloc(int64_t count, int64_t size)
{
    int64_t total;
    if (!ma_mul_i64(count, size, &total) || !fits(total) || ma_fault_due()) {
        return NULL;
    }
    return ma_fault_taken(calloc(1, total > 0 ? (size_t)total : 1));
}

void *
ma_realloc(void *block, int64_t size)
{
    if (block == NULL) {
        return ma_malloc(size);
    }
    return fits(size) && !ma_fault_due() ? realloc(block, size > 0 ? (size_t)size : 1) : NULL;
}

void
ma_free(void *block)
{
    free(ma_fault_given(block));
}

/* AddressSanitizer sees malloc's blocks only; we tell it where ours end. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MA_ADDRESS_SANITIZER
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define MA_ADDRESS_SANITIZER
#endif

#ifdef MA_ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(start, size)   ((void)(start), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(start, size) ((void)(start), (void)(size))
#endif

/* An aligned block lies inside one of malloc's. Right before it stands how far that one
 * begins before it, and how many bytes it has. */
typedef struct block_head {
    int64_t before;
    int64_t raw_size;
} block_head;

#define SLACK ((int64_t)(MA_ALIGNMENT + sizeof(block_head)))

/* Blocks of this size are taken in large pages, and kept when they are let go of. Not where
 * every block is watched: a kept one would hide that it is used after its end. */
#if defined(MA_ADDRESS_SANITIZER) || defined(MA_FAULT_INJECTION)
#define LARGE INT64_MAX
#else
#define LARGE MA_SPARE_SMALLEST
#endif

/* Of a large block's end, that asking the system to take it is worth a call. */
#define WORTH_GIVING_BACK ((int64_t)4 << 20)

static void *
place(void *raw, int64_t raw_size, int64_t size)
{
    const uintptr_t at =
        ((uintptr_t)raw + sizeof(block_head) + MA_ALIGNMENT - 1) & ~(uintptr_t)(MA_ALIGNMENT - 1);
    const block_head head = {(int64_t)(at - (uintptr_t)raw), raw_size};
    uint8_t *end = (uint8_t *)at + size;
    memcpy((void *)(at - sizeof(head)), &head, sizeof(head));
    ASAN_POISON_MEMORY_REGION(end, (size_t)raw_size - (size_t)(end - (uint8_t *)raw));
    return (void *)at;
}

static block_head
head_of(const void *block)
{
    block_head head;
    memcpy(&head, (const uint8_t *)block - sizeof(head), sizeof(head));
    return head;
}

static void *
take_large(int64_t size, int64_t times)
{
    int64_t raw_size = size + SLACK;
    void *raw = ma_spare_take(raw_size, times, &raw_size);
    if (raw == NULL) {
        raw_size = size + SLACK;
        raw = malloc((size_t)raw_size);
        if (raw != NULL) {
            ma_pages_will_be_filled(raw, raw_size);
        }
    }
    return raw != NULL ? place(raw, raw_size, size) : NULL;
}

void *
ma_aligned_malloc(int64_t size)
{
    if (!fits(size) || ma_fault_due()) {
        return NULL;
    }
    if (size >= LARGE) {
        return take_large(size, 2);
    }
    void *raw = ma_fault_taken(malloc((size_t)(size + SLACK)));
    return raw != NULL ? place(raw, size + SLACK, size) : NULL;
}

int64_t
ma_aligned_room(const void *block)
{
    const block_head head = head_of(block);
    const int64_t room = head.raw_size - head.before;
    ASAN_UNPOISON_MEMORY_REGION(block, (size_t)room); /* who asks is going to use it */
    return room;
}

/* Large pages that are moved fall apart, at more cost than copying them. What has grown once
 * will grow again, so a kept block may be a good deal larger than it needs to be. */
static void *
grow_large(void *block, int64_t used, int64_t size)
{
    if (size <= ma_aligned_room(block)) {
        return block;
    }
    void *grown = take_large(size, 16);
    if (grown != NULL) {
        memcpy(grown, block, (size_t)used);
        ma_aligned_free(block);
    }
    return grown;
}

void *
ma_aligned_realloc(void *block, int64_t used, int64_t size)
{
    if (block == NULL) {
        return ma_aligned_malloc(size);
    }
    if (!fits(size) || ma_fault_due()) {
        return NULL;
    }
    if (size >= LARGE && size > used) {
        return grow_large(block, used, size);
    }
    const block_head old = head_of(block);
    uint8_t *raw = realloc((uint8_t *)block - old.before, (size_t)(size + SLACK));
    if (raw == NULL) {
        return NULL;
    }
    const uintptr_t at =
        ((uintptr_t)raw + sizeof(block_head) + MA_ALIGNMENT - 1) & ~(uintptr_t)(MA_ALIGNMENT - 1);
    ASAN_UNPOISON_MEMORY_REGION(raw, (size_t)(size + SLACK));
    if (at != (uintptr_t)raw + (uintptr_t)old.before) {
        memmove((void *)at, raw + old.before, (size_t)used);
    }
    return place(raw, size + SLACK, size);
}

/* A large block keeps its address range, which costs nothing, and so can be taken whole when it is
 * needed again. */
void *
ma_aligned_cut(void *block, int64_t used)
{
    const int64_t room = ma_aligned_room(block);
    if (head_of(block).raw_size >= LARGE) {
        if (room - used >= WORTH_GIVING_BACK) {
            ma_pages_may_go((uint8_t *)block + used, room - used);
        }
        return block;
    }
    void *cut = ma_aligned_realloc(block, used, used);
    return cut != NULL ? cut : block;
}

void
ma_aligned_free(void *block)
{
    if (block == NULL) {
        return;
    }
    const block_head head = head_of(block);
    uint8_t *raw = ma_fault_given((uint8_t *)block - head.before);
    if (head.raw_size >= LARGE) {
        ma_spare_put(raw, head.raw_size);
    } else {
        free(raw);
    }
}

ma_status
ma_grow_now(void **items, int64_t *capacity, int64_t needed, int64_t item_size, ma_error *err)
{
    const int64_t wanted = ma_max_i64(needed, ma_max_i64(16, *capacity + *capacity / 2));
    int64_t bytes;
    void *grown = ma_mul_i64(wanted, item_size, &bytes) ? ma_realloc(*items, bytes) : NULL;
    if (grown == NULL) {
        return ma_fail_nomem(err, needed);
    }
    *items = grown;
    *capacity = wanted;
    return MA_OK;
}
