/* Blocks of the core that own a Python object.
 *
 * The last reference to a block is dropped by whoever happens to hold it: a thread of another
 * interpreter, one without any Python, one that outlives Python. The object behind it may only be
 * let go of while holding its own interpreter. So each interpreter has a home, a small counted
 * thing that its blocks share and that survives it, which says whether the interpreter still takes
 * visitors. An interpreter that is ending closes its home and waits for those who are on their way;
 * what is released later, from outside, is leaked: there is nobody left to give it to. */
#include "core/base/memory.h"
#include "python/py_state.h"

#define HOME_KEY "minarrow.home"

/* The bound of the wait, for a process that was forked while another thread was on its way. */
#define CLOSING_ROUNDS 10000

typedef struct home {
    ma_refs refs;
    PyInterpreterState *interpreter; /* borrowed; valid while open */
    int64_t id;                      /* of the interpreter: addresses are used again, ids are not */
    atomic_bool open;
    atomic_int visitors;
} home;

typedef struct object_block {
    ma_block base;
    home *at;         /* owned */
    PyObject *object; /* owned; NULL when the view owns it */
    Py_buffer view;   /* held when `object` is NULL */
} object_block;

/* ---- homes ---- */

static void
home_unref(home *self)
{
    if (ma_refs_drop(&self->refs)) {
        ma_free(self);
    }
}

/* At exit of the interpreter, while its other threads may still run. */
static PyObject *
home_close(PyObject *capsule, PyObject *Py_UNUSED(ignored))
{
    home *self = PyCapsule_GetPointer(capsule, HOME_KEY);
    if (self == NULL) {
        return NULL;
    }
    atomic_store(&self->open, false);
    for (int i = 0; i < CLOSING_ROUNDS && atomic_load(&self->visitors) > 0; i++) {
        Py_BEGIN_ALLOW_THREADS
        Py_END_ALLOW_THREADS
    }
    Py_RETURN_NONE;
}

static PyMethodDef close_method = {"close_home", home_close, METH_NOARGS, NULL};

static void
capsule_destroy(PyObject *capsule)
{
    home *self = PyCapsule_GetPointer(capsule, HOME_KEY);
    atomic_store(&self->open, false);
    home_unref(self);
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
pyma_block_setup(void)
{
    PyInterpreterState *interpreter = PyInterpreterState_Get();
    PyObject *dict = PyInterpreterState_GetDict(interpreter); /* borrowed */
    if (dict == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    if (PyDict_GetItemString(dict, HOME_KEY) != NULL) {
        return 0; /* the module is made a second time in this interpreter */
    }
    home *self = ma_calloc(1, sizeof(*self));
    if (self == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    ma_refs_init(&self->refs);
    self->interpreter = interpreter;
    self->id = PyInterpreterState_GetID(interpreter);
    atomic_init(&self->open, true);
    PyObject *capsule = PyCapsule_New(self, HOME_KEY, capsule_destroy);
    if (capsule == NULL) {
        ma_free(self);
        return -1;
    }
    const int failed =
        register_at_exit(capsule) < 0 || PyDict_SetItemString(dict, HOME_KEY, capsule) < 0;
    Py_DECREF(capsule);
    return failed ? -1 : 0;
}

/* The home of the interpreter that runs this; a new reference. */
static home *
home_here(void)
{
    PyObject *dict = PyInterpreterState_GetDict(PyInterpreterState_Get());          /* borrowed */
    PyObject *capsule = dict != NULL ? PyDict_GetItemString(dict, HOME_KEY) : NULL; /* borrowed */
    home *self = capsule != NULL ? PyCapsule_GetPointer(capsule, HOME_KEY) : NULL;
    if (self == NULL) {
        if (!PyErr_Occurred()) {
            PyErr_SetString(PyExc_RuntimeError, "the interpreter is shutting down");
        }
        return NULL;
    }
    ma_refs_add(&self->refs);
    return self;
}

static bool
home_is_here(const home *self, PyThreadState *here)
{
    PyInterpreterState *interpreter = PyThreadState_GetInterpreter(here);
    return interpreter == self->interpreter && PyInterpreterState_GetID(interpreter) == self->id;
}

/* ---- letting go ---- */

static void
let_go(object_block *self)
{
    if (self->object != NULL) {
        Py_CLEAR(self->object);
    } else {
        PyBuffer_Release(&self->view);
    }
}

/* With a thread state of the interpreter made for the purpose; what was held before is put
 * aside. */
static void
let_go_elsewhere(object_block *self, PyThreadState *here)
{
    PyThreadState *visitor = PyThreadState_New(self->at->interpreter);
    if (visitor == NULL) {
        return; /* no memory: leak rather than crash */
    }
    if (here != NULL) {
        (void)PyEval_SaveThread();
    }
    PyEval_RestoreThread(visitor);
    let_go(self);
    PyThreadState_Clear(visitor);
    PyThreadState_DeleteCurrent();
    if (here != NULL) {
        PyEval_RestoreThread(here);
    }
}

static void
let_go_as_visitor(object_block *self, PyThreadState *here)
{
    if (here == NULL && self->at->interpreter == PyInterpreterState_Main()) {
        const PyGILState_STATE gil = PyGILState_Ensure();
        let_go(self);
        PyGILState_Release(gil);
        return;
    }
    let_go_elsewhere(self, here);
}

static void
object_block_release(ma_block *base)
{
    object_block *self = (object_block *)base;
    home *at = self->at;
    PyThreadState *here = Py_IsInitialized() ? pyma_thread_state_here() : NULL;

    if (here != NULL && home_is_here(at, here)) {
        let_go(self);
    } else {
        /* announced before looking, so that home_close either sees us or has closed */
        atomic_fetch_add(&at->visitors, 1);
        if (atomic_load(&at->open) && !pyma_is_finalizing()) {
            let_go_as_visitor(self, here);
        }
        atomic_fetch_sub(&at->visitors, 1);
    }
    home_unref(at);
    ma_free(self);
}

/* ---- making ---- */

static object_block *
object_block_new(void)
{
    object_block *self = ma_calloc(1, sizeof(*self));
    if (self == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    ma_refs_init(&self->base.refs);
    self->base.release = object_block_release;
    self->at = home_here();
    if (self->at == NULL) {
        ma_free(self);
        return NULL;
    }
    return self;
}

ma_block *
pyma_block_of_object(PyObject *object)
{
    object_block *self = object_block_new();
    if (self == NULL) {
        Py_DECREF(object);
        return NULL;
    }
    self->object = object;
    return &self->base;
}

int
pyma_buffer_from_object(PyObject *object, ma_buffer *out)
{
    object_block *self = object_block_new();
    if (self == NULL) {
        return -1;
    }
    if (PyObject_GetBuffer(object, &self->view, PyBUF_SIMPLE) < 0) {
        home_unref(self->at);
        ma_free(self);
        return -1;
    }
    if (self->view.len == 0) {
        /* an empty export may have no address at all */
        *out = MA_EMPTY_BUFFER;
        ma_block_unref(&self->base);
        return 0;
    }
    *out = (ma_buffer){self->view.buf, self->view.len, &self->base};
    return 0;
}
