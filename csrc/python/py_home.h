/* The interpreter that a Python object belongs to, for code that may run on any thread.
 *
 * The core calls back (a block's release, a stream's next) from whoever happens to hold the thing:
 * a thread of another interpreter, one without any Python, one that outlives Python. Python
 * objects may only be touched while holding their own interpreter. So each interpreter has a home,
 * a small counted thing that survives it and says whether it still takes visitors. */
#ifndef PYMA_HOME_H
#define PYMA_HOME_H

#include "python/py_state.h"

typedef struct pyma_home pyma_home;

/* One stay, on the visitor's stack. */
typedef struct pyma_visit {
    pyma_home *at;         /* borrowed */
    PyThreadState *before; /* what this thread held of another interpreter; NULL for nothing */
    PyThreadState *made;   /* for the stay; NULL where this thread had one */
    PyGILState_STATE gil;
    unsigned long forks; /* when it began */
    bool is_local;       /* the thread was there already */
    bool is_counted;     /* an end of the interpreter waits for it */
} pyma_visit;

/* Make the home of this interpreter, once; called when the module is made. -1 with an exception. */
int
pyma_home_setup(void);

/* The home of the interpreter that runs this; a new reference, NULL with an exception. */
pyma_home *
pyma_home_here(void);
void
pyma_home_unref(pyma_home *self);

/* Hold the interpreter, from any thread, whatever it holds. False: the interpreter has ended, or
 * there is no memory, and nothing of it may be touched. */
bool
pyma_home_enter(pyma_home *self, pyma_visit *visit);

/* Hold again what was held before. */
void
pyma_home_leave(pyma_visit *visit);

#endif
