/* The same work on many items, over several threads. */
#ifndef MA_BASE_PARALLEL_H
#define MA_BASE_PARALLEL_H

#include "core/base/status.h"

/* Work on item `index`; called from any thread, once for each item. Threads have 2 MiB of stack. */
typedef ma_status (*ma_task)(void *context, int64_t index, ma_error *err);

/* Run all items, on at most `threads` threads including this one (0: one for each processor), and
 * wait. Threads that cannot be started are done without. After a failure no further items begin;
 * the failure of the lowest index that fails is reported, in `err` (which may be NULL), however
 * many threads there are. Uses no state between calls, so it is safe after fork. */
MA_NODISCARD ma_status
ma_parallel(ma_task task, void *context, int64_t count, int threads, ma_error *err);

/* Processors that this process may use; at least 1. */
int
ma_processors(void);

#endif
