/* Large blocks that were let go of, kept for those that are needed next.
 *
 * Memory that the system hands out is zeroed page by page when it is first touched, which takes
 * longer than filling it. So the newest large blocks stay at hand; beyond MA_SPARE_WARM, which is
 * all that an idle process holds for good, they are marked as memory that the system may take back
 * whenever it is short. This is the one place of the core that remembers anything between calls:
 * a few slots that are exchanged atomically, for all threads of the process. */
#ifndef MA_BASE_SPARE_H
#define MA_BASE_SPARE_H

#include <stdint.h>

#define MA_SPARE_SMALLEST ((int64_t)1 << 20)   /* of a block that is kept */
#define MA_SPARE_WARM     ((int64_t)64 << 20)  /* of all of them together, not to be taken back */
#define MA_SPARE_MOST     ((int64_t)256 << 20) /* of all of them together */

/* Take over a block of malloc's with `size` bytes; it is kept or freed. */
void
ma_spare_put(void *raw, int64_t size);

/* A block of malloc's that was kept, of `size` bytes or up to `times` as many, which `*got` says;
 * NULL: there is none. */
void *
ma_spare_take(int64_t size, int64_t times, int64_t *got);

#endif
