/* An interpreter that is ending closes its home and waits for those who are on their way; whoever
 * comes later finds it closed. */
#include "python/py_home.h"

#include "core/base/memory.h"
#include "python/py_os.h"
#include "python/py_thread.h"

#define HOME_KEY "minarrow.home"

/* What the main interpreter gives those who are inside when it ends. */
#define PATIENCE_MILLISECONDS 5000

struct pyma_home {
    ma_refs refs;
    PyInterpreterState *interpreter; /* borrowed; valid while open */
    int64_t id;                      /* of the interpreter: addresses are used again, ids are not */
    atomic_bool open;
    _Atomic uint64_t visitors; /* see no_visitors */
};

void
pyma_home_unref(pyma_home *self)
{
    if (ma_refs_drop(&self->refs)) {
        ma_free(self);
    }
}

/* ---- visitors ---- */

/* A fork leaves visitors behind in the parent, who are never seen to leave in the copy. So they are
 * counted from each fork on, above its number, and whoever came before it leaves uncounted. */
static uint64_t
no_visitors(void)
{
    return (uint64_t)pyma_forks() << 32;
}

static void
count_visitor(pyma_visit *visit)
{
    const uint64_t none = no_visitors();
    _Atomic uint64_t *visitors = &visit->at->visitors;
    uint64_t now = atomic_load(visitors);
    while (!atomic_compare_exchange_weak(visitors, &now, (now < none ? none : now) + 1)) {
    }
    visit->is_counted = true;
}

static void
uncount_visitor(pyma_visit *visit)
{
    if (visit->is_counted && visit->forks == pyma_forks()) {
        atomic_fetch_sub(&visit->at->visitors, 1);
    }
    visit->is_counted = false;
}

static bool
has_visitors(pyma_home *self)
{
    return atomic_load(&self->visitors) > no_visitors();
}

/* ---- one for each interpreter ---- */

/* Whether an interpreter that ends has to wait for its visitors. The main one does for a while: its
 * end stops them, and a library may then wait for a thread of its own for ever. Any other does for
 * as long as it takes, since its end with a visitor inside would end the process; but once Python
 * as a whole is ending nobody gets out, and there it does no harm. */
static bool
must_wait(pyma_home *self, int64_t began)
{
    const bool is_main = self->interpreter == PyInterpreterState_Main();
    return has_visitors(self) && !pyma_is_finalizing() &&
           (!is_main || pyma_os_milliseconds() - began < PATIENCE_MILLISECONDS);
}

/* At exit of the interpreter, while its other threads may still run. */
static PyObject *
home_close(PyObject *capsule, PyObject *Py_UNUSED(ignored))
{
    pyma_home *self = PyCapsule_GetPointer(capsule, HOME_KEY);
    if (self == NULL) {
        return NULL;
    }
    const int64_t began = pyma_os_milliseconds();
    atomic_store(&self->open, false);
    while (must_wait(self, began)) {
        Py_BEGIN_ALLOW_THREADS
        pyma_os_nap(1);
        Py_END_ALLOW_THREADS
        if (PyErr_CheckSignals() < 0) {
            return NULL;
        }
    }
    Py_RETURN_NONE;
}

static PyMethodDef close_method = {"close_home", home_close, METH_NOARGS, NULL};

static void
capsule_destroy(PyObject *capsule)
{
    pyma_home *self = PyCapsule_GetPointer(capsule, HOME_KEY);
    atomic_store(&self->open, false);
    pyma_home_unref(self);
}

static int
register_at_exit(PyObject *capsule)
{
    PyObject *close = PyCFunction_New(&close_method, capsule);
    PyObject *atexit = PyImport_ImportModule("atexit");
    PyObject *done = close != NULL && atexit != NULL
                         ? PyObject_CallMethod(atexit, "register", "O", close)
                         : NULL;
    Py_XDECREF(close);
    Py_XDECREF(atexit);
    Py_XDECREF(done);
    return done != NULL ? 0 : -1;
}

int
pyma_home_setup(void)
{
    PyInterpreterState *interpreter = PyInterpreterState_Get();
    PyObject *dict = PyInterpreterState_GetDict(interpreter); /* borrowed */
    if (dict == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    PyObject *capsule;
    const int found = pyma_find_key(dict, HOME_KEY, &capsule);
    if (found != 0) { /* the module is made a second time in this interpreter */
        Py_XDECREF(capsule);
        return found < 0 ? -1 : 0;
    }
    pyma_home *self = ma_calloc(1, sizeof(*self));
    if (self == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    ma_refs_init(&self->refs);
    self->interpreter = interpreter;
    self->id = PyInterpreterState_GetID(interpreter);
    atomic_init(&self->open, true);
    capsule = PyCapsule_New(self, HOME_KEY, capsule_destroy);
    if (capsule == NULL) {
        ma_free(self);
        return -1;
    }
    const int failed =
        register_at_exit(capsule) < 0 || PyDict_SetItemString(dict, HOME_KEY, capsule) < 0;
    Py_DECREF(capsule);
    return failed ? -1 : 0;
}

pyma_home *
pyma_home_here(void)
{
    PyObject *dict = PyInterpreterState_GetDict(PyInterpreterState_Get()); /* borrowed */
    PyObject *capsule = NULL;
    if (dict != NULL && pyma_find_key(dict, HOME_KEY, &capsule) < 0) {
        return NULL;
    }
    pyma_home *self = capsule != NULL ? PyCapsule_GetPointer(capsule, HOME_KEY) : NULL;
    if (self != NULL) {
        ma_refs_add(&self->refs);
    } else if (!PyErr_Occurred()) {
        PyErr_SetString(PyExc_RuntimeError, "the interpreter is shutting down");
    }
    Py_XDECREF(capsule);
    return self;
}

/* ---- visits ---- */

static bool
is_here(const pyma_home *self, PyThreadState *here)
{
    PyInterpreterState *interpreter = PyThreadState_GetInterpreter(here);
    return interpreter == self->interpreter && PyInterpreterState_GetID(interpreter) == self->id;
}

/* Whether PyGILState_Ensure enters this interpreter: it takes the state that the thread had last,
 * of whatever interpreter, and the main one for a thread without any. */
static bool
may_ensure(const pyma_home *self)
{
    PyThreadState *last = PyGILState_GetThisThreadState();
    return self->interpreter == PyInterpreterState_Main() &&
           (last == NULL || PyThreadState_GetInterpreter(last) == self->interpreter);
}

/* With the state that this thread may have put aside. Those who have one are threads of the
 * interpreter itself, whom CPython stops wherever they are when it ends: none waits for them. */
static void
enter_with_own_state(pyma_visit *visit)
{
    const bool has_one = PyGILState_GetThisThreadState() != NULL;
    visit->gil = PyGILState_Ensure();
    if (has_one) {
        uncount_visitor(visit);
    }
}

/* With a thread state of the interpreter made for the purpose; what was held before is put aside.
 */
static bool
enter_with_new_state(pyma_visit *visit, PyThreadState *here)
{
    visit->made = PyThreadState_New(visit->at->interpreter);
    if (visit->made == NULL) {
        return false;
    }
    if (here != NULL) {
        visit->before = PyEval_SaveThread();
    }
    PyEval_RestoreThread(visit->made);
    return true;
}

bool
pyma_home_enter(pyma_home *self, pyma_visit *visit)
{
    PyThreadState *here = pyma_thread_state_here();
    *visit = (pyma_visit){.at = self, .forks = pyma_forks()};
    if (here != NULL && is_here(self, here)) {
        visit->is_local = true;
        return true;
    }
    /* announced before looking, so that home_close either sees us or has closed */
    count_visitor(visit);
    bool entered = atomic_load(&self->open) && !pyma_is_finalizing();
    if (entered && here == NULL && may_ensure(self)) {
        enter_with_own_state(visit);
    } else if (entered) {
        entered = enter_with_new_state(visit, here);
    }
    if (!entered) {
        uncount_visitor(visit);
    }
    return entered;
}

void
pyma_home_leave(pyma_visit *visit)
{
    if (visit->is_local) {
        return;
    }
    if (visit->made == NULL) {
        PyGILState_Release(visit->gil);
    } else {
        PyThreadState_Clear(visit->made);
        PyThreadState_DeleteCurrent();
        if (visit->before != NULL) {
            PyEval_RestoreThread(visit->before);
        }
    }
    uncount_visitor(visit);
}
