/* Allocations that fail when a test wants it, in builds made for that (MA_FAULT_INJECTION); in all
 * others nothing of this is left. Every allocation of the core passes here, and those of the
 * interpreter that a test adds; they are counted in the order in which they come, of all threads.
 */
#ifndef MA_BASE_FAULT_H
#define MA_BASE_FAULT_H

#include "core/base/status.h"

#ifdef MA_FAULT_INJECTION

/* Make `count` allocations from now on fail, beginning with the `first` (1 is the next). 0 and 0
 * switch this off. */
void
ma_fault_set(int64_t first, int64_t count);
/* Allocations since ma_fault_set. */
int64_t
ma_fault_seen(void);
/* Blocks that the core has taken and not given back yet. */
int64_t
ma_fault_live(void);

/* Count an allocation that is about to be made; whether it is to fail. */
bool
ma_fault_due(void);
/* Note that the core took this block, or gives it back; the block itself. NULL is not counted. */
void *
ma_fault_taken(void *block);
void *
ma_fault_given(void *block);

#else

static inline bool
ma_fault_due(void)
{
    return false;
}

static inline void *
ma_fault_taken(void *block)
{
    return block;
}

static inline void *
ma_fault_given(void *block)
{
    return block;
}

#endif

#endif
