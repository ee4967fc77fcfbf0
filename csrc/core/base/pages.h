/* What the system can be told about large blocks of memory; where it cannot, these do nothing. */
#ifndef MA_BASE_PAGES_H
#define MA_BASE_PAGES_H

#include <stdint.h>

/* The block is going to be filled: with large pages, taking it is several times as fast. */
void
ma_pages_will_be_filled(void *memory, int64_t size);

/* The bytes mean nothing any more: the system may take their pages whenever it is short of
 * memory, and until then writing to them is as quick as ever. */
void
ma_pages_may_go(void *memory, int64_t size);

#endif
