#include "python/py_guard.h"

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

int
pyma_guard_init(pyma_guard *self)
{
    atomic_init(&self->owner, 0);
    atomic_init(&self->waiting, 0);
    atomic_init(&self->called, false);
    self->runs_python = true;
    self->turn = PyThread_allocate_lock();
    if (self->turn == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    (void)PyThread_acquire_lock(self->turn, NOWAIT_LOCK);
    return 0;
}

void
pyma_guard_fini(pyma_guard *self)
{
    if (self->turn != NULL) {
        pyma_guard_call(self);
        PyThread_free_lock(self->turn);
        self->turn = NULL;
    }
}

void
pyma_guard_call(pyma_guard *self)
{
    if (!atomic_exchange(&self->called, true)) {
        PyThread_release_lock(self->turn);
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
 * has said so: one of the two sees the other. -1 with what a signal handler raised. */
static int
wait_for_turn(pyma_guard *self, unsigned long me)
{
    int result = 0;
    atomic_fetch_add(&self->waiting, 1);
    while (result == 0 && !try_enter(self, me)) {
        PyLockStatus status;
        Py_BEGIN_ALLOW_THREADS
        status = PyThread_acquire_lock_timed(self->turn, -1, 1);
        Py_END_ALLOW_THREADS
        if (status == PY_LOCK_ACQUIRED) {
            atomic_store(&self->called, false);
        } else {
            result = PyErr_CheckSignals();
        }
    }
    atomic_fetch_sub(&self->waiting, 1);
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
        pyma_releases_pause();
    }
    return 0;
}
