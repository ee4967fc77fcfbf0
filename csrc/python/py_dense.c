/* Columns as memory that numpy computes with; for the package's own Python code. */
#include "python/py_module.h"

#include <string.h>

#include "core/base/memory.h"
#include "core/data/dense.h"

static bool
form_from(const char *name, ma_dense_form *form)
{
    static const char *const names[] = {
        [MA_DENSE_VALUES] = "values",
        [MA_DENSE_DOUBLES] = "doubles",
        [MA_DENSE_MILLISECONDS] = "milliseconds",
        [MA_DENSE_BYTES] = "bytes",
        [MA_DENSE_NULLS] = "nulls",
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(name, names[i]) == 0) {
            *form = (ma_dense_form)i;
            return true;
        }
    }
    PyErr_Format(PyExc_ValueError, "columns have no dense form %s", name);
    return false;
}

/* The cores of a list's arrays, all of one type that has the form, borrowed, in a new block; NULL
 * with an exception. */
static ma_array **
cores_with_form(pyma_state *state, PyObject *list, ma_dense_form form)
{
    ma_array **cores = ma_calloc(PyList_GET_SIZE(list), sizeof(*cores));
    if (cores == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(list); i++) {
        cores[i] = pyma_array_get(state, PyList_GET_ITEM(list, i));
        if (cores[i] == NULL ||
            pyma_array_check_free_rows(state, cores[i], cores[i]->length) < 0) {
            goto fail;
        }
        if (ma_dense_width(form, cores[i]->type) == 0 ||
            !ma_type_equal(cores[i]->type, cores[0]->type, false)) {
            char name[80];
            PyErr_Format(PyExc_TypeError, "array %zd, of type %s, does not have that form", i,
                         ma_type_name(cores[i]->type, name, sizeof(name)));
            goto fail;
        }
    }
    return cores;

fail:
    ma_free(cores);
    return NULL;
}

static PyObject *
make_dense(pyma_state *state, PyObject *list, ma_dense_form form, Py_buffer *fill)
{
    ma_error err;
    ma_status st;
    ma_buffer buffer;
    ma_array **cores = cores_with_form(state, list, form);
    if (cores == NULL) {
        return NULL;
    }
    const int32_t width = PyList_GET_SIZE(list) > 0 ? ma_dense_width(form, cores[0]->type) : 0;
    if (fill->buf != NULL && width > 0 && fill->len != width) {
        ma_free(cores);
        return PyErr_Format(PyExc_ValueError, "the fill has %zd bytes and a value has %d",
                            fill->len, (int)width);
    }
    ma_error_init(&err);
    Py_BEGIN_ALLOW_THREADS
    st = ma_dense_make(form, cores, PyList_GET_SIZE(list), fill->buf, &buffer, &err);
    Py_END_ALLOW_THREADS
    ma_free(cores);
    return st == MA_OK ? pyma_buffer_wrap(state, buffer) : pyma_raise(state, &err);
}

PyDoc_STRVAR(dense_doc,
             "dense(arrays, form, fill=None, /)\n--\n\n"
             "The rows of all arrays, which are of one type, one behind the other in a Buffer.\n\n"
             "form -- 'values' of fixed width, integers as 'doubles' with NaN for nulls, days as\n"
             "    'milliseconds' with NaT, bools as 'bytes' with 2 for nulls, or where the\n"
             "    'nulls' are, a byte each\n"
             "fill -- bytes of a value, which 'values' puts in place of nulls");

static PyObject *
core_dense(PyObject *module, PyObject *args)
{
    pyma_state *state = pyma_state_of_module(module);
    PyObject *arrays;
    const char *name;
    Py_buffer fill = {0};
    ma_dense_form form;
    if (!PyArg_ParseTuple(args, "Os|z*:dense", &arrays, &name, &fill)) {
        return NULL;
    }
    PyObject *made = NULL;
    PyObject *list = form_from(name, &form) ? PySequence_List(arrays) : NULL;
    if (list != NULL) {
        made = make_dense(state, list, form, &fill);
        Py_DECREF(list);
    }
    PyBuffer_Release(&fill);
    return made;
}

PyDoc_STRVAR(list_slices_doc, "list_slices(array, values, /)\n--\n\n"
                              "For each list the slice of `values`, the items of all of them in\n"
                              "any form that can be sliced; None for a null.");

static PyObject *
core_list_slices(PyObject *module, PyObject *args)
{
    pyma_state *state = pyma_state_of_module(module);
    PyObject *object;
    PyObject *values;
    if (!PyArg_ParseTuple(args, "OO:list_slices", &object, &values)) {
        return NULL;
    }
    ma_array *array = pyma_array_get(state, object);
    if (array == NULL || pyma_array_check(state, array) < 0 ||
        pyma_array_check_free_rows(state, array, array->length) < 0) {
        return NULL;
    }
    if (array->type->id < MA_TYPE_LIST || array->type->id > MA_TYPE_MAP) {
        return PyErr_Format(PyExc_TypeError, "expected an array of lists");
    }
    PyObject *list =
        array->length <= PY_SSIZE_T_MAX ? PyList_New((Py_ssize_t)array->length) : PyErr_NoMemory();
    for (int64_t row = 0; list != NULL && row < array->length; row++) {
        int64_t start;
        int64_t size;
        PyObject *part;
        if (ma_array_is_null(array, row)) {
            part = Py_NewRef(Py_None);
        } else {
            ma_array_list_at(array, row, &start, &size);
            part = PySequence_GetSlice(values, (Py_ssize_t)start, (Py_ssize_t)(start + size));
        }
        if (part == NULL) {
            Py_CLEAR(list);
            break;
        }
        PyList_SET_ITEM(list, (Py_ssize_t)row, part);
    }
    return list;
}

PyMethodDef pyma_dense_functions[] = {
    {"dense", core_dense, METH_VARARGS, dense_doc},
    {"list_slices", core_list_slices, METH_VARARGS, list_slices_doc},
    {0},
};
