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
    PyThread_type_lock lock;     /* owned; held during a call */
    _Atomic unsigned long owner; /* thread inside a call, or 0 */
} pyma_guard;

/* -1 with an exception. */
static inline int
pyma_guard_init(pyma_guard *self)
{
    atomic_init(&self->owner, 0);
    self->lock = PyThread_allocate_lock();
    if (self->lock == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    return 0;
}

static inline void
pyma_guard_fini(pyma_guard *self)
{
    if (self->lock != NULL) {
        PyThread_free_lock(self->lock);
        self->lock = NULL;
    }
}

/* Begin a call on `noun` ("reader"). -1 with an exception when this thread is inside one
 * already, or another thread is and `runs_python`. */
int
pyma_guard_enter(pyma_guard *self, const char *noun, bool runs_python);

static inline void
pyma_guard_leave(pyma_guard *self)
{
    atomic_store_explicit(&self->owner, 0, memory_order_relaxed);
    PyThread_release_lock(self->lock);
}

#endif
