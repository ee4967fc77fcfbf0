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
    PyErr_Format(
        PyExc_RuntimeError,
        "the %s is in use by another thread, inside a Python object's method that cannot be "
        "waited for; give each thread its own, or guard it with a lock",
        noun);
    return -1;
}

int
pyma_guard_enter(pyma_guard *self, const char *noun, bool runs_python)
{
    const unsigned long me = PyThread_get_thread_ident();
    if (!PyThread_acquire_lock(self->lock, NOWAIT_LOCK)) {
        if (atomic_load_explicit(&self->owner, memory_order_relaxed) == me) {
            return refuse_reentry(noun);
        }
        if (runs_python) {
            return refuse_sharing(noun);
        }
        Py_BEGIN_ALLOW_THREADS
        PyThread_acquire_lock(self->lock, WAIT_LOCK);
        Py_END_ALLOW_THREADS
    }
    atomic_store_explicit(&self->owner, me, memory_order_relaxed);
    return 0;
}
