/* What is known about the thread that runs: a number.
 *
 * Numbers are never given twice, other than the system's names of threads. So it can be told of a
 * thread that began a call whether it still exists after a fork, which copies but one. */
#ifndef PYMA_THREAD_H
#define PYMA_THREAD_H

#include <stdbool.h>

/* Ask to be told of forks, once for the process. -1 with an exception. */
int
pyma_threads_setup(void);

/* The number of this thread, from 1 on. */
unsigned long
pyma_thread_number(void);

/* Whether the thread with this number was left behind when the process was forked. */
bool
pyma_thread_is_lost(unsigned long number);

/* How many forks lie between the process that was started and this one. */
unsigned long
pyma_forks(void);

#endif
