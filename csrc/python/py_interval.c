/* MonthDayNano: the value of a month_day_nano_interval, a tuple with names. */
#include "python/py_module.h"
#include "python/py_values.h"

int
pyma_interval_setup(PyObject *module, pyma_state *state)
{
    static PyStructSequence_Field fields[] = {
        {"months", "The months in the interval"},
        {"days", "The days in the interval"},
        {"nanoseconds", "The nanoseconds in the interval"},
        {NULL, NULL},
    };
    static PyStructSequence_Desc description = {
        "minarrow.MonthDayNano",
        "A calendar interval of months, days and nanoseconds.",
        fields,
        3,
    };
    PyTypeObject *type = PyStructSequence_NewType(&description);
    if (type == NULL) {
        return -1;
    }
    atomic_store(&state->MonthDayNano, (PyObject *)type);
    return PyModule_AddObjectRef(module, "MonthDayNano", (PyObject *)type);
}

PyObject *
pyma_month_day_nano_make(const pyma_converter *self, int64_t row)
{
    const uint8_t *p = self->data + 16 * row;
    PyObject *type = atomic_load_explicit(&self->state->MonthDayNano, memory_order_acquire);
    PyObject *value = PyStructSequence_New((PyTypeObject *)type);
    if (value == NULL) {
        return NULL;
    }
    PyObject *parts[3] = {
        PyLong_FromLong(ma_load_i32(p)),
        PyLong_FromLong(ma_load_i32(p + 4)),
        PyLong_FromLongLong(ma_load_i64(p + 8)),
    };
    bool failed = false;
    for (int i = 0; i < 3; i++) {
        failed = failed || parts[i] == NULL;
        PyStructSequence_SetItem(value, i, parts[i]);
    }
    if (failed) {
        Py_DECREF(value);
        return NULL;
    }
    return value;
}
