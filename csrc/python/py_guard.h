/* One call at a time on a reader or writer.
 *
 * A call that runs no Python code in between waits for its turn. One that may run Python code (a
 * source's `read`, a sink's `write`) must not be waited for while that code runs, for it could
 * be waiting itself: there the second caller is told so instead. Either way a call from within a
 * call is refused. */
#ifndef PYMA_GUARD_H
#define PYMA_GUARD_H

#include "python/py_state.h"

typedef struct pyma_guard {
    _Atomic unsigned long owner; /* thread inside a call, or 0 */
    atomic_int waiting;          /* threads that wait for their turn */
    atomic_bool called;          /* `turn` was released, and no thread has taken it yet */
    PyThread_type_lock turn;     /* owned; the waiting ones block on it; held until one may go */
} pyma_guard;

/* -1 with an exception. */
int
pyma_guard_init(pyma_guard *self);
void
pyma_guard_fini(pyma_guard *self);

/* Begin a call on `noun` ("reader"). -1 with an exception when this thread is inside one
 * already, or another thread is and `runs_python`. */
int
pyma_guard_enter(pyma_guard *self, const char *noun, bool runs_python);

/* Let the next one go. */
void
pyma_guard_call(pyma_guard *self);

static inline void
pyma_guard_leave(pyma_guard *self)
{
    atomic_store(&self->owner, 0);
    if (atomic_load(&self->waiting) > 0) {
        pyma_guard_call(self);
    }
}

#endif
