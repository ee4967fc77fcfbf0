/* Functions that make allocations fail, for the tests of a build made for that; in all others the
 * table is empty. */
#include "core/base/fault.h"
#include "python/py_module.h"

#ifdef MA_FAULT_INJECTION

#define DOMAINS 3

/* What was there before us, by PyMemAllocatorDomain. */
static PyMemAllocatorEx before[DOMAINS];
static unsigned long watched_thread;
static int64_t seen_in_call;

/* Other threads of the interpreter (a test runner's) are none of our business. */
static bool
is_due(void)
{
    return PyThread_get_thread_ident() == watched_thread && ma_fault_due();
}

static void *
failing_malloc(void *context, size_t size)
{
    PyMemAllocatorEx *real = context;
    return is_due() ? NULL : real->malloc(real->ctx, size);
}

static void *
failing_calloc(void *context, size_t count, size_t size)
{
    PyMemAllocatorEx *real = context;
    return is_due() ? NULL : real->calloc(real->ctx, count, size);
}

static void *
failing_realloc(void *context, void *block, size_t size)
{
    PyMemAllocatorEx *real = context;
    return is_due() ? NULL : real->realloc(real->ctx, block, size);
}

static void
plain_free(void *context, void *block)
{
    PyMemAllocatorEx *real = context;
    real->free(real->ctx, block);
}

static void
begin_watching(void)
{
    watched_thread = PyThread_get_thread_ident();
    for (int i = 0; i < DOMAINS; i++) {
        PyMem_GetAllocator((PyMemAllocatorDomain)i, &before[i]);
        PyMemAllocatorEx failing = {&before[i], failing_malloc, failing_calloc, failing_realloc,
                                    plain_free};
        PyMem_SetAllocator((PyMemAllocatorDomain)i, &failing);
    }
}

/* Blocks taken meanwhile came from the allocators before ours, and go back to them. */
static void
end_watching(void)
{
    for (int i = 0; i < DOMAINS; i++) {
        PyMem_SetAllocator((PyMemAllocatorDomain)i, &before[i]);
    }
}

static PyObject *
fail_allocations(PyObject *module, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"function", "first", "count", "python", NULL};
    PyObject *function;
    long long first;
    long long count;
    int python;
    (void)module;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OLLp:fail_allocations", names, &function,
                                     &first, &count, &python)) {
        return NULL;
    }
    if (python) {
        begin_watching();
    }
    ma_fault_set(first, count);
    PyObject *result = PyObject_CallNoArgs(function);
    seen_in_call = ma_fault_seen();
    ma_fault_set(0, 0);
    if (python) {
        end_watching();
    }
    return result;
}

static PyObject *
allocations_seen(PyObject *module, PyObject *ignored)
{
    (void)module;
    (void)ignored;
    return PyLong_FromLongLong(seen_in_call);
}

static PyObject *
blocks_live(PyObject *module, PyObject *ignored)
{
    (void)module;
    (void)ignored;
    return PyLong_FromLongLong(ma_fault_live());
}

PyMethodDef pyma_fault_functions[] = {
    {"fail_allocations", (PyCFunction)(void (*)(void))fail_allocations,
     METH_VARARGS | METH_KEYWORDS,
     PyDoc_STR("fail_allocations($module, function, first, count, python)\n--\n\n"
               "Call a function while `count` allocations fail, from number `first` on: the core's "
               "and, where `python` is true, the interpreter's in this thread.")},
    {"allocations_seen", allocations_seen, METH_NOARGS,
     PyDoc_STR("allocations_seen($module)\n--\n\nAllocations in the last such call.")},
    {"blocks_live", blocks_live, METH_NOARGS,
     PyDoc_STR("blocks_live($module)\n--\n\nBlocks that the core has not given back.")},
    {NULL, NULL, 0, NULL},
};

#else

PyMethodDef pyma_fault_functions[] = {{NULL, NULL, 0, NULL}};

#endif
