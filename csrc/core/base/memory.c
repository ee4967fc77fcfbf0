#include "core/base/memory.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/number.h"

#ifdef MA_FAULT_INJECTION
#include <stdatomic.h>

static _Atomic int64_t fault_at;
static _Atomic int64_t fault_seen;

void
ma_fault_set(int64_t nth)
{
    atomic_store(&fault_seen, 0);
    atomic_store(&fault_at, nth);
}

int64_t
ma_fault_count(void)
{
    return atomic_load(&fault_seen);
}

static bool
must_fail(void)
{
    const int64_t seen = atomic_fetch_add(&fault_seen, 1) + 1;
    return seen == atomic_load(&fault_at);
}
#else
static inline bool
must_fail(void)
{
    return false;
}
#endif

static bool
fits(int64_t size)
{
    return size >= 0 && (uint64_t)size <= (uint64_t)(PTRDIFF_MAX - 4 * MA_ALIGNMENT);
}

void *
ma_malloc(int64_t size)
{
    return fits(size) && !must_fail() ? malloc(size > 0 ? (size_t)size : 1) : NULL;
}

void *
ma_calloc(int64_t count, int64_t size)
{
    int64_t total;
    if (!ma_mul_i64(count, size, &total) || !fits(total) || must_fail()) {
        return NULL;
    }
    return calloc(1, total > 0 ? (size_t)total : 1);
}

void *
ma_realloc(void *block, int64_t size)
{
    return fits(size) && !must_fail() ? realloc(block, size > 0 ? (size_t)size : 1) : NULL;
}

void
ma_free(void *block)
{
    free(block);
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

/* What malloc is asked for, for `size` bytes. */
static size_t
raw_size(int64_t size)
{
    return (size_t)size + MA_ALIGNMENT + sizeof(void *);
}

/* An aligned block lies inside one of malloc's; the pointer to that one stands right before it.
 * realloc may then move large blocks by remapping pages, which aligned_alloc has no way to do. */
static void *
place(void *raw, int64_t size)
{
    const uintptr_t at =
        ((uintptr_t)raw + sizeof(void *) + MA_ALIGNMENT - 1) & ~(uintptr_t)(MA_ALIGNMENT - 1);
    uint8_t *end = (uint8_t *)at + size;
    memcpy((void *)(at - sizeof(void *)), &raw, sizeof(raw));
    ASAN_POISON_MEMORY_REGION(end, raw_size(size) - (size_t)(end - (uint8_t *)raw));
    return (void *)at;
}

static void *
raw_of(const void *block)
{
    void *raw;
    memcpy(&raw, (const uint8_t *)block - sizeof(void *), sizeof(raw));
    return raw;
}

void *
ma_aligned_malloc(int64_t size)
{
    if (!fits(size) || must_fail()) {
        return NULL;
    }
    void *raw = malloc(raw_size(size));
    return raw != NULL ? place(raw, size) : NULL;
}

void *
ma_aligned_realloc(void *block, int64_t used, int64_t size)
{
    if (block == NULL) {
        return ma_aligned_malloc(size);
    }
    if (!fits(size) || must_fail()) {
        return NULL;
    }
    void *old_raw = raw_of(block);
    const size_t shift = (size_t)((uint8_t *)block - (uint8_t *)old_raw);
    uint8_t *raw = realloc(old_raw, raw_size(size));
    if (raw == NULL) {
        return NULL;
    }
    const uintptr_t at =
        ((uintptr_t)raw + sizeof(void *) + MA_ALIGNMENT - 1) & ~(uintptr_t)(MA_ALIGNMENT - 1);
    ASAN_UNPOISON_MEMORY_REGION(raw, raw_size(size));
    if (at != (uintptr_t)raw + shift) {
        memmove((void *)at, raw + shift, (size_t)used);
    }
    return place(raw, size);
}

void
ma_aligned_free(void *block)
{
    if (block != NULL) {
        free(raw_of(block));
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
