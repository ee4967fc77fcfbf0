/* array, nulls, scalar and repeat: from whatever Python has to arrays. */
#include "core/data/relayout.h"
#include "core/types/holds.h"
#include "core/validate/values.h"
#include "python/py_array.h"
#include "python/py_capsule.h"
#include "python/py_make.h"
#include "python/py_module.h"

/* ---- from Python values ---- */

/* The type that a list of one class alone would have, going by its first value that is not null;
 * -1 for classes that take a closer look. */
static int
likely_type(pyma_items items)
{
    int id = -1;
    PYMA_BEGIN_ITEMS(items.list)
    for (Py_ssize_t i = 0; i < items.count; i++) {
        PyObject *value = pyma_item(items.list, i);
        if (value != NULL && value != Py_None && !pyma_is_masked(items, i)) {
            id = PyLong_CheckExact(value)      ? MA_TYPE_INT64
                 : PyFloat_CheckExact(value)   ? MA_TYPE_FLOAT64
                 : PyUnicode_CheckExact(value) ? MA_TYPE_UTF8
                 : PyBytes_CheckExact(value)   ? MA_TYPE_BINARY
                 : PyBool_Check(value)         ? MA_TYPE_BOOL
                                               : -1;
            break;
        }
    }
    PYMA_END_ITEMS()
    return id;
}

static int
build(pyma_conversion *self, ma_type *type, pyma_items items, ma_array **out)
{
    ma_builder *builder = NULL;
    ma_error err;
    ma_error_init(&err);
    if (ma_builder_new(type, &builder, &err) != MA_OK) {
        return pyma_conversion_fail_core(self, &err);
    }
    int result = pyma_convert_items(self, builder, items);
    if (result == 0 && ma_builder_finish(builder, out, &err) != MA_OK) {
        result = pyma_conversion_fail_core(self, &err);
    }
    ma_builder_free(builder);
    return result;
}

/* Most lists hold one class of values and None: then looking and converting are one. */
static int
build_guessing(pyma_conversion *self, pyma_items items, ma_array **out)
{
    const int id = likely_type(items);
    if (id < 0) {
        return 1;
    }
    ma_type *type = pyma_type_get(self->state, pyma_type_simple(self->state, (ma_type_id)id));
    self->exact = true;
    const int result = build(self, type, items, out);
    self->exact = false;
    if (result < 0 && self->mismatch && !PyErr_Occurred()) {
        self->mismatch = false;
        self->where[0] = '\0';
        return 1;
    }
    return result;
}

/* Whether `type` (may be NULL) is arrow.bool8; -1 with an exception. */
static int
is_bool8(pyma_state *state, PyObject *type)
{
    if (type == NULL || !pyma_type_is_extension(state, type)) {
        return 0;
    }
    PyObject *name = PyObject_GetAttrString(type, "extension_name");
    const int result =
        name == NULL
            ? -1
            : PyUnicode_Check(name) && PyUnicode_CompareWithASCIIString(name, "arrow.bool8") == 0;
    Py_XDECREF(name);
    return result;
}

static PyObject *
array_of_items(pyma_state *state, const pyma_request *wanted, PyObject *list,
               const pyma_mask *nulls)
{
    pyma_conversion conversion;
    ma_array *array = NULL;
    if (!PyList_Check(list) && !PyTuple_Check(list)) { /* a subclass may give anything */
        return PyErr_Format(PyExc_TypeError, "to_pylist and tolist give a list, and not a %.100s",
                            Py_TYPE(list)->tp_name);
    }
    const pyma_items items = {list, PySequence_Fast_GET_SIZE(list), nulls->bytes};
    if (pyma_mask_check(nulls, items.count) < 0) {
        return NULL;
    }
    PyObject *type = Py_XNewRef(wanted->type);
    const int bool8 = is_bool8(state, type);
    if (bool8 < 0 ||
        pyma_conversion_init(&conversion, state, wanted->from_pandas == 1, wanted->safe) < 0) {
        Py_XDECREF(type);
        return NULL;
    }
    conversion.bool8 = bool8 == 1;
    int result;
    if (type != NULL) {
        result = build(&conversion, pyma_type_get(state, type), items, &array);
    } else {
        result = build_guessing(&conversion, items, &array);
        if (result > 0) {
            ma_type *found = NULL;
            result = pyma_infer(&conversion, items, &found, &type);
            if (result == 0) {
                result = build(&conversion, found, items, &array);
            }
            ma_type_unref(found);
        }
    }
    if (result < 0) {
        pyma_conversion_report(&conversion);
    }
    pyma_conversion_fini(&conversion);
    PyObject *wrapped = result == 0 ? pyma_array_wrap(state, array, type) : NULL;
    Py_XDECREF(type);
    return wrapped;
}

/* ---- from memory ---- */

/* NULL without an exception: not this way. */
static PyObject *
array_of_memory(pyma_state *state, const pyma_request *wanted, PyObject *object,
                const pyma_mask *nulls)
{
    pyma_conversion conversion;
    ma_array *array = NULL;
    ma_type *type = wanted->type != NULL ? pyma_type_get(state, wanted->type) : NULL;
    if (pyma_conversion_init(&conversion, state, wanted->from_pandas == 1, wanted->safe) < 0) {
        return NULL;
    }
    const int result = pyma_memory_array(&conversion, object, type, nulls, &array);
    if (result < 0) {
        pyma_conversion_report(&conversion);
    }
    pyma_conversion_fini(&conversion);
    return result == 1 ? pyma_array_wrap(state, array, wanted->type) : NULL;
}

/* ---- which way ---- */

/* The array under a type that lays the same values out otherwise. NULL without an exception for
 * a type that is more than that. */
static PyObject *
array_of_layout(pyma_state *state, PyObject *array, PyObject *type)
{
    ma_array *core = pyma_array_get(state, array);
    ma_type *wanted = pyma_type_get(state, type);
    ma_array *changed = NULL;
    ma_error err;
    ma_status st;
    if (pyma_type_is_extension(state, type) || pyma_array_extension(array) != NULL ||
        !ma_type_holds(wanted, core->type)) {
        return NULL;
    }
    ma_error_init(&err);
    Py_BEGIN_ALLOW_THREADS
    st = ma_array_check_values(core, &err);
    if (st == MA_OK) {
        st = ma_array_relayout(core, wanted, &changed, &err);
    }
    Py_END_ALLOW_THREADS
    return st == MA_OK ? pyma_array_wrap(state, changed, NULL) : pyma_raise(state, &err);
}

/* Values that are Arrow already; a type that asks for other ones goes over Python values. */
static PyObject *
array_of_arrow(pyma_state *state, const pyma_request *wanted, PyObject *object,
               const pyma_mask *nulls)
{
    if (nulls->bytes != NULL) {
        PyErr_SetString(PyExc_ValueError,
                        "a mask cannot be put on Arrow data, which has its own nulls");
        return NULL;
    }
    PyObject *array = PyObject_TypeCheck(object, state->Array)
                          ? Py_NewRef(object)
                          : pyma_array_from_capsules(state, object, wanted->type);
    if (array == NULL || wanted->type == NULL) {
        return array;
    }
    PyObject *type = PyObject_GetAttrString(array, "type");
    const int same = type != NULL ? PyObject_RichCompareBool(type, wanted->type, Py_EQ) : -1;
    Py_XDECREF(type);
    PyObject *result = same == 1 ? Py_NewRef(array) : NULL;
    if (same == 0) {
        result = array_of_layout(state, array, wanted->type);
    }
    if (same == 0 && result == NULL && !PyErr_Occurred()) {
        PyObject *items = PyObject_CallMethod(array, "to_pylist", NULL);
        result = items != NULL ? array_of_items(state, wanted, items, nulls) : NULL;
        Py_XDECREF(items);
    }
    Py_DECREF(array);
    return result;
}

/* What minarrow/_convert.py says about numpy's and pandas' objects; None for all others. */
static PyObject *
parts_of(const pyma_request *wanted)
{
    return pyma_call("minarrow._convert", "parts", "(OOO)", wanted->values,
                     wanted->type != NULL ? wanted->type : Py_None,
                     wanted->safe ? Py_True : Py_False);
}

/* By the way that the parts say; `nulls` is the caller's mask. */
static PyObject *
array_of_parts(pyma_state *state, const pyma_request *wanted, PyObject *parts, pyma_mask *nulls)
{
    const char *way;
    PyObject *values, *own_mask, *type;
    int is_pandas;
    if (!PyArg_ParseTuple(parts, "sOOOp", &way, &values, &own_mask, &type, &is_pandas)) {
        return NULL;
    }
    pyma_request found = *wanted;
    found.from_pandas = wanted->from_pandas >= 0 ? wanted->from_pandas : is_pandas;
    const bool has_type = strcmp(way, "dictionary") != 0;
    if (has_type) {
        found.type = type != Py_None ? type : NULL;
    }
    pyma_mask own;
    if (pyma_mask_init(state, own_mask, &own) < 0 || pyma_mask_join(nulls, &own) < 0) {
        PyMem_Free(own.bytes);
        return NULL;
    }
    PyMem_Free(own.bytes);
    PyObject *result = NULL;
    if (strcmp(way, "arrow") == 0) {
        result = array_of_arrow(state, &found, values, nulls);
    } else if (strcmp(way, "items") == 0) {
        result = array_of_items(state, &found, values, nulls);
    } else if (strcmp(way, "dictionary") == 0) {
        PyObject *joined = Py_NewRef(Py_None);
        if (nulls->bytes != NULL) {
            Py_SETREF(joined, PyList_New(nulls->count));
            for (Py_ssize_t i = 0; joined != NULL && i < nulls->count; i++) {
                PyList_SET_ITEM(joined, i, PyBool_FromLong(nulls->bytes[i]));
            }
        }
        result = joined != NULL
                     ? pyma_array_of_dictionary(state, &found, values, joined, type == Py_True)
                     : NULL;
        Py_XDECREF(joined);
    } else if (strcmp(way, "struct") == 0) {
        result = pyma_array_of_struct(state, &found, values, nulls);
    } else {
        result = array_of_memory(state, &found, values, nulls);
        if (result == NULL && !PyErr_Occurred()) {
            PyObject *items = PyObject_CallMethod(values, "tolist", NULL);
            result = items != NULL ? array_of_items(state, &found, items, nulls) : NULL;
            Py_XDECREF(items);
        }
    }
    return result;
}

/* All of an iterable, or `size` of an iterator. */
static PyObject *
items_of_iterable(const pyma_request *wanted)
{
    if (Py_TYPE(wanted->values)->tp_iter == NULL && !PySequence_Check(wanted->values)) {
        return PyErr_Format(PyExc_TypeError, "array takes an iterable of values, not %.200s",
                            Py_TYPE(wanted->values)->tp_name);
    }
    if (wanted->size < 0 || !PyIter_Check(wanted->values)) {
        return PySequence_List(wanted->values);
    }
    PyObject *list = PyList_New(0);
    while (list != NULL && PyList_GET_SIZE(list) < wanted->size) {
        PyObject *item = PyIter_Next(wanted->values);
        if (item == NULL) {
            if (PyErr_Occurred()) {
                Py_CLEAR(list);
            }
            break;
        }
        if (PyList_Append(list, item) < 0) {
            Py_CLEAR(list);
        }
        Py_DECREF(item);
    }
    return list;
}

static PyObject *
array_of_iterable(pyma_state *state, const pyma_request *wanted, const pyma_mask *nulls)
{
    PyObject *items = items_of_iterable(wanted);
    PyObject *result = items != NULL ? array_of_items(state, wanted, items, nulls) : NULL;
    Py_XDECREF(items);
    return result;
}

/* Objects of the buffer protocol that mean nothing beside it. */
static bool
says_all(PyObject *values)
{
    return pyma_is_ndarray_exact(values) || PyMemoryView_Check(values) || PyBytes_Check(values) ||
           PyByteArray_Check(values) || strcmp(Py_TYPE(values)->tp_name, "array.array") == 0;
}

/* Objects of other libraries, in the order in which pyarrow asks them. NULL without an exception
 * for objects that are just values. */
static PyObject *
array_of_foreign(pyma_state *state, const pyma_request *wanted, pyma_mask *nulls)
{
    PyObject *values = wanted->values;
    if (PyObject_TypeCheck(values, state->Array)) {
        return array_of_arrow(state, wanted, values, nulls);
    }
    if (says_all(values)) {
        PyObject *array = array_of_memory(state, wanted, values, nulls);
        if (array != NULL || PyErr_Occurred()) {
            return array;
        }
    }
    PyObject *parts = parts_of(wanted);
    if (parts == NULL || parts != Py_None) {
        PyObject *array = parts != NULL ? array_of_parts(state, wanted, parts, nulls) : NULL;
        Py_XDECREF(parts);
        return array;
    }
    Py_DECREF(parts);
    int has = pyma_has_attribute(values, "__arrow_array__");
    if (has == 1) {
        PyObject *array = PyObject_CallMethod(values, "__arrow_array__", NULL);
        PyObject *result = array != NULL ? array_of_arrow(state, wanted, array, nulls) : NULL;
        Py_XDECREF(array);
        return result;
    }
    has = has == 0 ? pyma_has_attribute(values, "__arrow_c_array__") : has;
    has = has == 0 ? pyma_has_attribute(values, "__arrow_c_stream__") : has;
    if (has != 0) {
        return has == 1 ? array_of_arrow(state, wanted, values, nulls) : NULL;
    }
    return PyObject_CheckBuffer(values) ? array_of_memory(state, wanted, values, nulls) : NULL;
}

static bool
is_plain(PyObject *values)
{
    return PyList_CheckExact(values) || PyTuple_CheckExact(values) || PyUnicode_Check(values) ||
           PyDict_CheckExact(values) || PyRange_Check(values) || PyAnySet_CheckExact(values) ||
           PyGen_CheckExact(values);
}

PyObject *
pyma_make(pyma_state *state, const pyma_request *wanted)
{
    pyma_mask nulls;
    PyObject *result = NULL;
    if (pyma_mask_init(state, wanted->mask, &nulls) < 0) {
        PyMem_Free(nulls.bytes);
        return NULL;
    }
    if (PyList_Check(wanted->values) || PyTuple_Check(wanted->values)) {
        result = array_of_items(state, wanted, wanted->values, &nulls);
    } else {
        if (!is_plain(wanted->values)) {
            result = array_of_foreign(state, wanted, &nulls);
        }
        if (result == NULL && !PyErr_Occurred()) {
            result = array_of_iterable(state, wanted, &nulls);
        }
    }
    PyMem_Free(nulls.bytes);
    return result;
}

/* ---- the functions ---- */

PyDoc_STRVAR(
    array_doc,
    "array(obj, type=None, mask=None, size=None, from_pandas=None, safe=True)\n--\n\n"
    "Make an array of the values of an iterable, or of an array of another library.\n\n"
    "obj -- list, tuple, set, iterator; numpy array or other object of the buffer\n"
    "    protocol, whose memory is used as it is where its layout allows that; pandas\n"
    "    Series, Index or array; object with __arrow_c_array__ or __arrow_c_stream__\n"
    "type -- DataType or its name; without it, the type that all values fit\n"
    "mask -- booleans, True where the value is to be null\n"
    "size -- how many values to take of an iterator\n"
    "from_pandas -- whether NaN means null; by default for pandas objects only\n"
    "safe -- refuse what would lose digits; if false, cut it\n\n"
    "For a union, the value goes to the first child of its own kind, or else to the first\n"
    "one that takes it. Raises ArrowInvalid or ArrowTypeError, which begin with the position\n"
    "of the value that does not fit.");

static PyObject *
make_array(PyObject *module, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"obj",         "type", "mask",        "size",
                            "from_pandas", "safe", "memory_pool", NULL};
    pyma_state *state = pyma_state_of_module(module);
    PyObject *values;
    PyObject *type = Py_None, *nulls = Py_None, *size = Py_None, *pandas = Py_None;
    PyObject *pool = Py_None;
    int safe = 1;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|OOOOpO:array", names, &values, &type, &nulls,
                                     &size, &pandas, &safe, &pool)) {
        return NULL;
    }
    pyma_request wanted = {.values = values, .mask = nulls, .size = -1, .safe = safe};
    wanted.from_pandas = pandas == Py_None ? -1 : PyObject_IsTrue(pandas);
    if (size != Py_None && !PyErr_Occurred()) {
        wanted.size = PyNumber_AsSsize_t(size, PyExc_OverflowError);
        if (wanted.size < 0 && !PyErr_Occurred()) {
            PyErr_SetString(state->ArrowInvalid, "size cannot be negative");
        }
    }
    if (PyErr_Occurred()) {
        return NULL;
    }
    if (type != Py_None && (wanted.type = pyma_type_ensure(state, type)) == NULL) {
        return NULL;
    }
    PyObject *result = pyma_make(state, &wanted);
    Py_XDECREF(wanted.type);
    return result;
}

PyDoc_STRVAR(nulls_doc, "nulls(size, type=None, memory_pool=None)\n--\n\n"
                        "An array of `size` nulls of a type, by default the null type.");

static PyObject *
make_nulls(PyObject *module, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"size", "type", "memory_pool", NULL};
    pyma_state *state = pyma_state_of_module(module);
    Py_ssize_t size;
    PyObject *type = Py_None, *pool = Py_None;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "n|OO:nulls", names, &size, &type, &pool)) {
        return NULL;
    }
    if (size < 0) {
        PyErr_SetString(state->ArrowInvalid, "size cannot be negative");
        return NULL;
    }
    type = type == Py_None ? Py_NewRef(pyma_type_simple(state, MA_TYPE_NULL))
                           : pyma_type_ensure(state, type);
    if (type == NULL) {
        return NULL;
    }
    ma_builder *builder = NULL;
    ma_array *array = NULL;
    ma_error err;
    ma_error_init(&err);
    ma_status st = ma_builder_new(pyma_type_get(state, type), &builder, &err);
    if (st == MA_OK) {
        st = ma_builder_append_null(builder, size, &err);
    }
    if (st == MA_OK) {
        st = ma_builder_finish(builder, &array, &err);
    }
    ma_builder_free(builder);
    PyObject *result = st == MA_OK ? pyma_array_wrap(state, array, type) : pyma_raise(state, &err);
    Py_DECREF(type);
    return result;
}

PyDoc_STRVAR(scalar_doc, "scalar(value, type=None, *, from_pandas=None, memory_pool=None)\n--\n\n"
                         "A single value with its Arrow type.");

static PyObject *
make_scalar(PyObject *module, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"value", "type", "from_pandas", "memory_pool", NULL};
    pyma_state *state = pyma_state_of_module(module);
    PyObject *value, *type = Py_None, *pandas = Py_None, *pool = Py_None;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|O$OO:scalar", names, &value, &type, &pandas,
                                     &pool)) {
        return NULL;
    }
    const int from_pandas = pandas == Py_None ? 0 : PyObject_IsTrue(pandas);
    PyObject *items = from_pandas >= 0 ? PyTuple_Pack(1, value) : NULL;
    pyma_request wanted = {.values = items, .size = -1, .from_pandas = from_pandas, .safe = true};
    if (items == NULL ||
        (type != Py_None && (wanted.type = pyma_type_ensure(state, type)) == NULL)) {
        Py_XDECREF(items);
        return NULL;
    }
    PyObject *array = pyma_make(state, &wanted);
    PyObject *scalar = array != NULL ? PySequence_GetItem(array, 0) : NULL;
    Py_XDECREF(array);
    Py_XDECREF(wanted.type);
    Py_DECREF(items);
    return scalar;
}

PyDoc_STRVAR(repeat_doc, "repeat(value, size, memory_pool=None)\n--\n\n"
                         "An array that holds a value, or a Scalar's, `size` times.");

static PyObject *
make_repeat(PyObject *module, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"value", "size", "memory_pool", NULL};
    pyma_state *state = pyma_state_of_module(module);
    PyObject *value, *pool = Py_None;
    Py_ssize_t size;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "On|O:repeat", names, &value, &size, &pool)) {
        return NULL;
    }
    if (size < 0) {
        PyErr_SetString(state->ArrowInvalid, "size cannot be negative");
        return NULL;
    }
    pyma_request wanted = {.size = -1, .safe = true};
    if (PyObject_TypeCheck(value, state->Scalar)) {
        wanted.type = PyObject_GetAttrString(value, "type");
        if (wanted.type == NULL || pyma_type_get(state, wanted.type) == NULL) {
            Py_XDECREF(wanted.type);
            return NULL;
        }
    }
    PyObject *one = PyTuple_Pack(1, value);
    PyObject *items = one != NULL ? PySequence_Repeat(one, size) : NULL;
    wanted.values = items;
    PyObject *result = items != NULL ? pyma_make(state, &wanted) : NULL;
    Py_XDECREF(one);
    Py_XDECREF(items);
    Py_XDECREF(wanted.type);
    return result;
}

#define KEYWORDS(function) (PyCFunction)(void (*)(void))(function), METH_VARARGS | METH_KEYWORDS

PyMethodDef pyma_make_functions[] = {
    {"array", KEYWORDS(make_array), array_doc},
    {"nulls", KEYWORDS(make_nulls), nulls_doc},
    {"scalar", KEYWORDS(make_scalar), scalar_doc},
    {"repeat", KEYWORDS(make_repeat), repeat_doc},
    {0},
};
