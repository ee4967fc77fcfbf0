/* A lock for the few fields of an object that several threads may change: held for some
 * instructions, in which nobody runs Python code, waits, or lets go of the interpreter.
 *
 * Where there is a GIL, that is the lock. Elsewhere it is a flag. A fork copies it free, since the
 * interpreter first stops all other threads, at places where they hold none of these. With PyMutex
 * that is not so: one that others wait for is handed to a thread that has yet to wake up, and a
 * copy without that thread has it locked for ever. */
#ifndef PYMA_MUTEX_H
#define PYMA_MUTEX_H

#include "python/py_os.h"

#define PYMA_MUTEX_LOOKS 100 /* before this thread makes room for the one that it waits for */

typedef struct pyma_mutex {
    atomic_bool taken; /* a zeroed struct is free */
} pyma_mutex;

static inline void
pyma_mutex_lock(pyma_mutex *self)
{
#ifdef Py_GIL_DISABLED
    for (int looks = 1; atomic_exchange_explicit(&self->taken, true, memory_order_acquire);
         looks++) {
        if (looks % PYMA_MUTEX_LOOKS == 0) {
            pyma_os_nap(0);
        }
    }
#else
    (void)self;
#endif
}

static inline void
pyma_mutex_unlock(pyma_mutex *self)
{
#ifdef Py_GIL_DISABLED
    atomic_store_explicit(&self->taken, false, memory_order_release);
#else
    (void)self;
#endif
}

#endif
