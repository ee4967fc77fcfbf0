/* The one place where versions of CPython differ; all else is written for the newest. */
#ifndef PYMA_COMPAT_H
#define PYMA_COMPAT_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h> /* T_PYSSIZET, READONLY: 3.12 has them in Python.h under other names */

#if PY_VERSION_HEX < 0x030B0000
#error "minarrow needs Python 3.11 or later"
#endif

/* Slots of a module that states what it is ready for. */
#if PY_VERSION_HEX >= 0x030C0000
#define PYMA_SLOT_INTERPRETERS {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#else
#define PYMA_SLOT_INTERPRETERS
#endif
#if PY_VERSION_HEX >= 0x030D0000
#define PYMA_SLOT_GIL {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#else
#define PYMA_SLOT_GIL
#endif

/* Between the two an object is locked where there is no GIL; elsewhere there is nothing to lock. */
#if PY_VERSION_HEX >= 0x030D0000
#define PYMA_BEGIN_LOCKED(object) Py_BEGIN_CRITICAL_SECTION(object);
#define PYMA_END_LOCKED()         Py_END_CRITICAL_SECTION();
#else
#define PYMA_BEGIN_LOCKED(object) {
#define PYMA_END_LOCKED()         }
#endif

/* The thread state that this thread holds right now (with its interpreter's GIL), or NULL; also
 * before and after Python is there. */
static inline PyThreadState *
pyma_thread_state_here(void)
{
    if (!Py_IsInitialized()) {
        return NULL;
    }
#if PY_VERSION_HEX >= 0x030D0000
    return PyThreadState_GetUnchecked();
#elif PY_VERSION_HEX >= 0x030C0000
    return _PyThreadState_UncheckedGet();
#else
    /* 3.11 tells which thread state is current in the process, whoever's it is. One that is not
     * this thread's may be gone before it is looked at, so that is done only where this thread may
     * have several: one for each interpreter. */
    PyThreadState *current = _PyThreadState_UncheckedGet();
    const PyThreadState *own = PyGILState_GetThisThreadState();
    if (current == NULL || current == own) {
        return current;
    }
    if (own == NULL || PyInterpreterState_Head() == PyInterpreterState_Main()) {
        return NULL;
    }
    return current->thread_id == PyThread_get_thread_ident() ? current : NULL;
#endif
}

static inline int
pyma_is_finalizing(void)
{
#if PY_VERSION_HEX >= 0x030D0000
    return Py_IsFinalizing();
#else
    return _Py_IsFinalizing();
#endif
}

/* The exception that is set, taken away (NULL for none), and put back. */
static inline PyObject *
pyma_error_take(void)
{
#if PY_VERSION_HEX >= 0x030C0000
    return PyErr_GetRaisedException();
#else
    PyObject *type, *value, *trace;
    PyErr_Fetch(&type, &value, &trace);
    if (type == NULL) {
        return NULL;
    }
    PyErr_NormalizeException(&type, &value, &trace);
    if (trace != NULL) {
        (void)PyException_SetTraceback(value, trace);
    }
    Py_XDECREF(type);
    Py_XDECREF(trace);
    return value;
#endif
}

/* Takes over the reference; NULL clears. */
static inline void
pyma_error_restore(PyObject *error)
{
#if PY_VERSION_HEX >= 0x030C0000
    PyErr_SetRaisedException(error);
#else
    if (error == NULL) {
        PyErr_Clear();
        return;
    }
    PyErr_Restore(Py_NewRef((PyObject *)Py_TYPE(error)), error, PyException_GetTraceback(error));
#endif
}

/* The attribute `name`, a new reference, where the object has it: 1. 0 with NULL where it has not;
 * -1 with NULL and an exception where asking failed. PyObject_HasAttrString would take any failure
 * for a no. */
static inline int
pyma_find_attribute(PyObject *object, const char *name, PyObject **out)
{
#if PY_VERSION_HEX >= 0x030D0000
    return PyObject_GetOptionalAttrString(object, name, out);
#else
    *out = PyObject_GetAttrString(object, name);
    if (*out != NULL) {
        return 1;
    }
    if (!PyErr_ExceptionMatches(PyExc_AttributeError)) {
        return -1;
    }
    PyErr_Clear();
    return 0;
#endif
}

/* The same without the attribute itself. */
static inline int
pyma_has_attribute(PyObject *object, const char *name)
{
    PyObject *found;
    const int result = pyma_find_attribute(object, name, &found);
    Py_XDECREF(found);
    return result;
}

/* What a dict has under a key, in the same way: a new reference, which no other thread can take
 * away between look and use. */
static inline int
pyma_find_item(PyObject *dict, PyObject *key, PyObject **out)
{
#if PY_VERSION_HEX >= 0x030D0000
    return PyDict_GetItemRef(dict, key, out);
#else
    *out = Py_XNewRef(PyDict_GetItemWithError(dict, key));
    return *out != NULL ? 1 : PyErr_Occurred() ? -1 : 0;
#endif
}

/* The same for a name. PyDict_GetItemString would print failures, and go on. */
static inline int
pyma_find_key(PyObject *dict, const char *key, PyObject **out)
{
    *out = NULL;
    PyObject *name = PyUnicode_FromString(key);
    const int found = name != NULL ? pyma_find_item(dict, name, out) : -1;
    Py_XDECREF(name);
    return found;
}

#endif
