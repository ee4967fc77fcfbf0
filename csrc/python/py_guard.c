#include "python/py_guard.h"

#include "core/base/memory.h"

static int
refuse_reentry(const char *noun)
{
    PyErr_Format(PyExc_RuntimeError,
                 "the %s was called from within a call of its own (by its source or sink)", noun);
    return -1;
}

static int
refuse_sharing(const char *noun)
{
    PyErr_Format(PyExc_RuntimeError,
                 "the %s is in use by another thread, in a call that may run Python code and so "
                 "cannot be waited for; give each thread its own, or guard it with a lock",
                 noun);
    return -1;
}

static int
refuse_lost(const char *noun)
{
    PyErr_Format(PyExc_RuntimeError,
                 "the %s was in use by another thread when this process was forked, and is left "
                 "half-way; open it anew",
                 noun);
    return -1;
}

/* ---- where threads wait ---- */

/* In a copy of the process nobody waits here, and the lock may be in either state: it is left as it
 * is, and who has to wait there makes another queue. */
struct pyma_queue {
    PyThread_type_lock turn; /* owned; the waiting ones block on it; held until one may go */
    atomic_int waiting;      /* threads that wait for their turn */
    atomic_bool called;      /* `turn` was released, and no thread has taken it yet */
    unsigned long forks;     /* tells the process that this is of */
    pyma_queue *before;      /* owned; one of the process that this one was forked from, or NULL */
};

static bool
is_of_this_process(const pyma_queue *self)
{
    return self->forks == pyma_forks();
}

static void
queue_free(pyma_queue *self)
{
    if (self->turn != NULL && is_of_this_process(self)) {
        if (!self->called) {
            PyThread_release_lock(self->turn);
        }
        PyThread_free_lock(self->turn);
    }
    ma_free(self);
}

/* NULL without memory. */
static pyma_queue *
queue_new(pyma_queue *before)
{
    pyma_queue *self = ma_calloc(1, sizeof(*self));
    if (self == NULL) {
        return NULL;
    }
    self->forks = pyma_forks();
    self->before = before;
    self->turn = PyThread_allocate_lock();
    if (self->turn == NULL) {
        ma_free(self);
        return NULL;
    }
    (void)PyThread_acquire_lock(self->turn, NOWAIT_LOCK);
    return self;
}

/* This process's own. NULL with an exception. */
static pyma_queue *
get_queue(pyma_guard *self)
{
    pyma_queue *found = atomic_load(&self->queue);
    if (found != NULL && is_of_this_process(found)) {
        return found;
    }
    pyma_queue *made = queue_new(found);
    if (made == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    if (!atomic_compare_exchange_strong(&self->queue, &found, made)) { /* another was quicker */
        queue_free(made);
        return found;
    }
    return made;
}

void
pyma_queue_call(pyma_queue *self)
{
    if (atomic_load_explicit(&self->waiting, PYMA_GUARD_ORDER) > 0 && is_of_this_process(self) &&
        !atomic_exchange(&self->called, true)) {
        PyThread_release_lock(self->turn);
    }
}

/* ---- one call at a time ---- */

void
pyma_guard_init(pyma_guard *self)
{
    atomic_init(&self->owner, 0);
    atomic_init(&self->queue, NULL);
    self->runs_python = true;
}

void
pyma_guard_fini(pyma_guard *self)
{
    pyma_queue *queue = atomic_exchange(&self->queue, NULL);
    while (queue != NULL) {
        pyma_queue *const before = queue->before;
        queue_free(queue);
        queue = before;
    }
}

static bool
try_enter(pyma_guard *self, unsigned long me)
{
#ifdef Py_GIL_DISABLED
    unsigned long nobody = 0;
    return atomic_compare_exchange_strong(&self->owner, &nobody, me);
#else
    if (atomic_load_explicit(&self->owner, PYMA_GUARD_ORDER) != 0) {
        return false;
    }
    atomic_store_explicit(&self->owner, me, PYMA_GUARD_ORDER);
    return true;
#endif
}

/* Whoever leaves looks for waiting ones after it has left, and whoever waits tries again after it
 * has said so: one of the two sees the other. -1 with an exception: no memory, or what a signal
 * handler raised. */
static int
wait_for_turn(pyma_guard *self, unsigned long me)
{
    pyma_queue *const queue = get_queue(self);
    int result = 0;
    if (queue == NULL) {
        return -1;
    }
    atomic_fetch_add(&queue->waiting, 1);
    while (result == 0 && !try_enter(self, me)) {
        PyLockStatus status;
        Py_BEGIN_ALLOW_THREADS
        status = PyThread_acquire_lock_timed(queue->turn, -1, 1);
        Py_END_ALLOW_THREADS
        if (status == PY_LOCK_ACQUIRED) {
            atomic_store(&queue->called, false);
        } else {
            result = PyErr_CheckSignals();
        }
    }
    atomic_fetch_sub(&queue->waiting, 1);
    return result;
}

bool
pyma_guard_is_lost(const pyma_guard *self)
{
    const unsigned long owner = atomic_load(&self->owner);
    return owner != 0 && pyma_thread_is_lost(owner);
}

int
pyma_guard_enter(pyma_guard *self, const char *noun)
{
    const unsigned long me = pyma_thread_number();
    if (MA_UNLIKELY(!try_enter(self, me))) {
        if (atomic_load(&self->owner) == me) {
            return refuse_reentry(noun);
        }
        if (pyma_guard_is_lost(self)) {
            return refuse_lost(noun);
        }
        if (self->runs_python) {
            return refuse_sharing(noun);
        }
        if (wait_for_turn(self, me) < 0) {
            return -1;
        }
    }
    if (!self->runs_python) {
        ma_releases_pause();
    }
    return 0;
}

PyObject *
pyma_guard_attribute(PyObject *value, const char *noun)
{
    return value != NULL ? Py_NewRef(value)
                         : PyErr_Format(PyExc_RuntimeError,
                                        "the %s is half-made: it is still being opened, "
                                        "or already taken apart",
                                        noun);
}
