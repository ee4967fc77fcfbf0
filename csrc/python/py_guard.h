/* One call at a time on a reader, a writer or an output.
 *
 * A call that runs no Python code in between waits for its turn. One that may run Python code (a
 * source's `read`, a sink's `write`) must not be waited for while that code runs, for it could
 * be waiting itself: there the second caller is told so instead. Either way a call from within a
 * call is refused. Python objects that a call lets go of while others may wait are released after
 * it.
 *
 * A fork copies the thread that forks, and not one that is inside a call: in the copy of the
 * process the thing stays as half-changed as that thread left it, and is refused from then on.
 * Those that wait are not copied either: a queue is of one process only. */
#ifndef PYMA_GUARD_H
#define PYMA_GUARD_H

#include "python/py_state.h" /* first */

#include "core/base/release.h"
#include "python/py_thread.h"

/* Where there is a GIL, who enters or leaves has it, and that orders all that happens. An exchange
 * of a word with other processors would wait for the batch that was just written to arrive in
 * memory. */
#ifdef Py_GIL_DISABLED
#define PYMA_GUARD_ORDER memory_order_seq_cst
#else
#define PYMA_GUARD_ORDER memory_order_relaxed
#endif

typedef struct pyma_queue pyma_queue;

typedef struct pyma_guard {
    _Atomic unsigned long owner; /* number of the thread inside a call, or 0 */
    bool runs_python;            /* a call may run Python code: nobody waits; set between calls */
    _Atomic(pyma_queue *) queue; /* owned; NULL until a thread has to wait for its turn */
} pyma_guard;

/* With `runs_python` set, until the maker knows better. */
void
pyma_guard_init(pyma_guard *self);
/* Takes one that is zeroed, too. */
void
pyma_guard_fini(pyma_guard *self);

/* Begin a call on `noun` ("reader"). -1 with RuntimeError when this thread is inside one
 * already, when another thread is and `runs_python`, or when one was in the process that this one
 * was forked from; or with what a signal handler raised while this thread waited, or for want of
 * memory to wait in. */
int
pyma_guard_enter(pyma_guard *self, const char *noun);

/* Whether a fork left a thread behind inside a call: then what is guarded cannot be taken apart. */
bool
pyma_guard_is_lost(const pyma_guard *self);

/* An attribute of a reader or writer, a new reference. Code that runs while one is made, or taken
 * apart, can find it by the garbage collector's lists: it has none then, a RuntimeError. */
PyObject *
pyma_guard_attribute(PyObject *value, const char *noun);

/* Let one go that waits, if any. */
void
pyma_queue_call(pyma_queue *self);

static inline void
pyma_guard_leave(pyma_guard *self)
{
    const bool paused = !self->runs_python;
    atomic_store_explicit(&self->owner, 0, PYMA_GUARD_ORDER);
    pyma_queue *const queue = atomic_load_explicit(&self->queue, PYMA_GUARD_ORDER);
    if (queue != NULL) {
        pyma_queue_call(queue);
    }
    if (paused) {
        ma_releases_resume();
    }
}

#endif
