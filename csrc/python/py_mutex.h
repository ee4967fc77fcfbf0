/* A lock for the few fields of an object that several threads may change: held for a moment, never
 * while Python code runs. Whoever finds it taken waits without the GIL, so its holder may let go of
 * the GIL. */
#ifndef PYMA_MUTEX_H
#define PYMA_MUTEX_H

#include "python/py_compat.h"

#if PY_VERSION_HEX >= 0x030D0000

typedef PyMutex pyma_mutex;

/* -1 with an exception. */
static inline int
pyma_mutex_init(pyma_mutex *self)
{
    *self = (pyma_mutex){0};
    return 0;
}

static inline void
pyma_mutex_fini(pyma_mutex *self)
{
    (void)self;
}

static inline void
pyma_mutex_lock(pyma_mutex *self)
{
    PyMutex_Lock(self);
}

static inline void
pyma_mutex_unlock(pyma_mutex *self)
{
    PyMutex_Unlock(self);
}

#else

typedef PyThread_type_lock pyma_mutex;

static inline int
pyma_mutex_init(pyma_mutex *self)
{
    *self = PyThread_allocate_lock();
    if (*self == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    return 0;
}

static inline void
pyma_mutex_fini(pyma_mutex *self)
{
    if (*self != NULL) {
        PyThread_free_lock(*self);
        *self = NULL;
    }
}

static inline void
pyma_mutex_lock(pyma_mutex *self)
{
    if (!PyThread_acquire_lock(*self, NOWAIT_LOCK)) {
        Py_BEGIN_ALLOW_THREADS
        PyThread_acquire_lock(*self, WAIT_LOCK);
        Py_END_ALLOW_THREADS
    }
}

static inline void
pyma_mutex_unlock(pyma_mutex *self)
{
    PyThread_release_lock(*self);
}

#endif

#endif
