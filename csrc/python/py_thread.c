#include "python/py_thread.h"

#include "python/py_compat.h" /* first */

#include <stdatomic.h>

#include "core/base/status.h"

#ifdef HAVE_FORK
#include <pthread.h>
#endif

static _Atomic unsigned long last_number;
static MA_THREAD_LOCAL unsigned long own_number;

unsigned long
pyma_thread_number(void)
{
    if (own_number == 0) {
        own_number = atomic_fetch_add(&last_number, 1) + 1;
    }
    return own_number;
}

/* ---- forks ---- */

static unsigned long last_before_fork; /* numbers up to this one are the parent's */
static unsigned long forking_number;   /* ... and this thread alone was copied */
static unsigned long forks;

bool
pyma_thread_is_lost(unsigned long number)
{
    return number <= last_before_fork && number != forking_number;
}

unsigned long
pyma_forks(void)
{
    return forks;
}

#ifdef HAVE_FORK

static void
note_fork(void)
{
    forks++;
    last_before_fork = atomic_load(&last_number);
    forking_number = own_number;
}

int
pyma_threads_setup(void)
{
    static atomic_bool done;
    if (!atomic_exchange(&done, true) && pthread_atfork(NULL, NULL, note_fork) != 0) {
        atomic_store(&done, false);
        PyErr_NoMemory();
        return -1;
    }
    return 0;
}

#else

int
pyma_threads_setup(void)
{
    return 0;
}

#endif
