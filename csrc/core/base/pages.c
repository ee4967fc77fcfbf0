#ifdef __linux__
#define _GNU_SOURCE /* madvise */
#endif

#include "core/base/pages.h"

#ifdef __linux__

#include <sys/mman.h>
#include <unistd.h>

#define LARGE_PAGE ((uintptr_t)2 << 20)

/* Only pages that lie wholly inside: what is beside the block is none of our business. */
static void
advise(void *memory, int64_t size, uintptr_t page, int advice)
{
    const uintptr_t from = ((uintptr_t)memory + page - 1) & ~(page - 1);
    const uintptr_t to = ((uintptr_t)memory + (uintptr_t)size) & ~(page - 1);
    if (from < to) {
        (void)madvise((void *)from, to - from, advice);
    }
}

void
ma_pages_will_be_filled(void *memory, int64_t size)
{
    advise(memory, size, LARGE_PAGE, MADV_HUGEPAGE);
}

void
ma_pages_may_go(void *memory, int64_t size)
{
    advise(memory, size, (uintptr_t)sysconf(_SC_PAGESIZE), MADV_FREE);
}

#else

void
ma_pages_will_be_filled(void *memory, int64_t size)
{
    (void)memory;
    (void)size;
}

void
ma_pages_may_go(void *memory, int64_t size)
{
    (void)memory;
    (void)size;
}

#endif
