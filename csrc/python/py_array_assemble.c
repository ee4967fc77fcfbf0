/* Arrays put together from their parts: buffers, children, a dictionary. */
#include "python/py_array.h"

#include "core/base/memory.h"
#include "core/data/compact.h"
#include "core/data/concat.h"
#include "core/validate/shape.h"
#include "core/validate/values.h"
#include "python/py_array_parts.h"
#include "python/py_module.h"

/* Whether pyarrow has a place for a validity bitmap that this layout does without. */
static bool
has_idle_validity(const ma_layout *layout)
{
    return layout->buffers[0] != MA_BUFFER_VALIDITY;
}

static int
fill_buffers(pyma_state *state, ma_array *array, PyObject *buffers)
{
    const ma_layout *layout = &ma_layouts[array->type->layout];
    const Py_ssize_t skip = has_idle_validity(layout);
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(buffers); i++) {
        PyObject *item = PyList_GET_ITEM(buffers, i);
        if (item == Py_None) {
            continue;
        }
        if (i < skip) {
            PyErr_SetString(PyExc_ValueError,
                            "this type has no validity bitmap: the first buffer is None");
            return -1;
        }
        const ma_buffer *buffer = pyma_buffer_get(state, item);
        if (buffer == NULL) {
            return -1;
        }
        array->buffers[i - skip] = ma_buffer_ref(*buffer);
    }
    return 0;
}

static int
fill_children(pyma_state *state, ma_array *array, PyObject *children)
{
    const Py_ssize_t count = children != NULL ? PyList_GET_SIZE(children) : 0;
    if (count != array->n_children) {
        PyErr_Format(PyExc_ValueError, "the type has %d children, and %zd were given",
                     (int)array->n_children, count);
        return -1;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        ma_array *child = pyma_array_get(state, PyList_GET_ITEM(children, i));
        if (child == NULL) {
            return -1;
        }
        array->children[i] = ma_array_ref(child);
    }
    return 0;
}

static int
fill_dictionary(pyma_state *state, ma_array *array, PyObject *dictionary)
{
    if ((dictionary != Py_None) != (array->type->id == MA_TYPE_DICTIONARY)) {
        PyErr_SetString(PyExc_ValueError, "a dictionary type, and no other, needs a dictionary");
        return -1;
    }
    if (dictionary == Py_None) {
        return 0;
    }
    ma_array *values = pyma_array_get(state, dictionary);
    array->dictionary = ma_array_ref(values);
    return values != NULL ? 0 : -1;
}

/* The buffers that a type takes, in pyarrow's count; views take any number more. */
static int64_t
variadic_count(const ma_type *type, Py_ssize_t given)
{
    const ma_layout *layout = &ma_layouts[type->layout];
    const Py_ssize_t wanted = layout->n_buffers + has_idle_validity(layout);
    if (given == wanted || (given > wanted && layout->variadic)) {
        return given - wanted;
    }
    PyErr_Format(PyExc_ValueError, "the type has %zd buffers, and %zd were given", wanted, given);
    return -1;
}

static int
check(pyma_state *state, ma_array *array, int full)
{
    ma_error err;
    ma_error_init(&err);
    ma_status st = ma_array_check_shape(array, &err);
    if (st == MA_OK && full) {
        st = ma_array_check_full(array, &err);
    }
    if (st != MA_OK) {
        pyma_raise(state, &err);
        return -1;
    }
    return 0;
}

typedef struct parts {
    PyObject *type;
    long long length;
    long long null_count;
    long long offset;
    PyObject *buffers;    /* list */
    PyObject *children;   /* list, or NULL */
    PyObject *dictionary; /* Array, or None */
    int full;
} parts;

static PyObject *
assemble(pyma_state *state, const parts *given)
{
    ma_error err;
    ma_array *array = NULL;
    ma_type *type = pyma_type_get(state, given->type);
    if (type == NULL) {
        return NULL;
    }
    if (given->length < 0 || given->offset < 0 || given->null_count < -1 ||
        given->length > INT64_MAX - given->offset) {
        PyErr_SetString(PyExc_ValueError, "length, offset and null_count cannot be negative");
        return NULL;
    }
    const int64_t variadic = variadic_count(type, PyList_GET_SIZE(given->buffers));
    if (variadic < 0) {
        return NULL;
    }
    ma_error_init(&err);
    if (ma_array_new(type, given->length, variadic, &array, &err) != MA_OK) {
        return pyma_raise(state, &err);
    }
    array->offset = given->offset;
    if (fill_buffers(state, array, given->buffers) < 0 ||
        fill_children(state, array, given->children) < 0 ||
        fill_dictionary(state, array, given->dictionary) < 0) {
        ma_array_unref(array);
        return NULL;
    }
    /* a count is taken at its word where there is nothing to count: then it must be 0 */
    if (ma_array_validity(array) == NULL && type->id != MA_TYPE_NULL && given->null_count <= 0) {
        atomic_store(&array->nulls, 0);
    } else {
        atomic_store(&array->nulls, given->null_count == 0 ? 0 : -1);
    }
    if (check(state, array, given->full) < 0) {
        ma_array_unref(array);
        return NULL;
    }
    return pyma_array_wrap(state, array, given->type);
}

PyDoc_STRVAR(
    assemble_doc,
    "array_from_parts(type, length, buffers, *, null_count=-1, offset=0, children=None, "
    "dictionary=None, full=False)\n--\n\n"
    "An array over buffers (Buffer or None, in the order of Array.buffers()), children and "
    "dictionary that are there.\n\n"
    "full -- check what the values point to now, not on first use");

/* Both ways to say it: `format` and `keywords` differ, the values they fill are the same. */
static PyObject *
assemble_args(pyma_state *state, PyObject *args, PyObject *kwargs, const char *format)
{
    static char *keywords[] = {"type",     "length",     "buffers", "null_count", "offset",
                               "children", "dictionary", "full",    NULL};
    PyObject *type;
    PyObject *buffers;
    PyObject *children = Py_None;
    parts given = {.null_count = -1, .dictionary = Py_None};
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, format, keywords, &type, &given.length, &buffers,
                                     &given.null_count, &given.offset, &children, &given.dictionary,
                                     &given.full)) {
        return NULL;
    }
    PyObject *array = NULL;
    given.type = pyma_type_ensure(state, type);
    given.buffers = given.type != NULL ? PySequence_List(buffers) : NULL;
    if (given.buffers != NULL && children != Py_None) {
        given.children = PySequence_List(children);
    }
    if (given.buffers != NULL && (given.children != NULL || children == Py_None)) {
        array = assemble(state, &given);
    }
    Py_XDECREF(given.type);
    Py_XDECREF(given.buffers);
    Py_XDECREF(given.children);
    return array;
}

static PyObject *
core_array_from_parts(PyObject *module, PyObject *args, PyObject *kwargs)
{
    return assemble_args(pyma_state_of_module(module), args, kwargs, "OLO|$LLOOp:array_from_parts");
}

PyObject *
Array_from_buffers(PyObject *class, PyObject *args, PyObject *kwargs)
{
    return assemble_args(pyma_state_of_type((PyTypeObject *)class), args, kwargs,
                         "OLO|LLOOp:from_buffers");
}

PyDoc_STRVAR(with_type_doc, "array_with_type(array, type, /)\n--\n\n"
                            "The same array under another type of the same storage: an extension "
                            "type, or other names of children.");

static PyObject *
core_array_with_type(PyObject *module, PyObject *args)
{
    pyma_state *state = pyma_state_of_module(module);
    PyObject *object;
    PyObject *type;
    ma_error err;
    ma_array *retyped = NULL;
    if (!PyArg_ParseTuple(args, "OO:array_with_type", &object, &type)) {
        return NULL;
    }
    ma_array *array = pyma_array_get(state, object);
    ma_type *core = array != NULL ? pyma_type_get(state, type) : NULL;
    if (core == NULL) {
        return NULL;
    }
    if (!ma_type_equal(array->type, core, false)) {
        PyObject *have = pyma_type_wrap(state, ma_type_ref(array->type));
        PyObject *want = pyma_type_wrap(state, ma_type_ref(core));
        if (have != NULL && want != NULL) {
            PyErr_Format(state->ArrowTypeError, "an array of %S cannot be stored as %S", have,
                         want);
        }
        Py_XDECREF(have);
        Py_XDECREF(want);
        return NULL;
    }
    ma_error_init(&err);
    if (ma_array_retype(array, core, &retyped, &err) != MA_OK) {
        return pyma_raise(state, &err);
    }
    return pyma_array_wrap(state, retyped, type);
}

PyDoc_STRVAR(concat_doc, "concat_arrays(arrays, type=None)\n--\n\n"
                         "One array of the rows of all arrays, which are of one type.\n\n"
                         "type -- their type, needed where there are none");

/* The cores of a list's arrays, checked, borrowed, in a new block; NULL with an exception. */
static ma_array **
checked_cores(pyma_state *state, PyObject *list)
{
    ma_array **cores = ma_calloc(PyList_GET_SIZE(list), sizeof(*cores));
    if (cores == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(list); i++) {
        cores[i] = pyma_array_get(state, PyList_GET_ITEM(list, i));
        if (cores[i] == NULL || pyma_array_check(state, cores[i]) < 0) {
            ma_free(cores);
            return NULL;
        }
    }
    return cores;
}

/* The same where all must be of one type. */
static ma_array **
cores_of(pyma_state *state, PyObject *list, const ma_type *type)
{
    ma_array **cores = checked_cores(state, list);
    for (Py_ssize_t i = 0; cores != NULL && i < PyList_GET_SIZE(list); i++) {
        if (!ma_type_equal(cores[i]->type, type, false)) {
            char have[80];
            char want[80];
            PyErr_Format(state->ArrowInvalid,
                         "array %zd is of type %s and the others are of type %s", i,
                         ma_type_name(cores[i]->type, have, sizeof(have)),
                         ma_type_name(type, want, sizeof(want)));
            ma_free(cores);
            return NULL;
        }
    }
    return cores;
}

static PyObject *
concat_list(pyma_state *state, PyObject *list, PyObject *type)
{
    ma_error err;
    ma_status st;
    ma_array *joined = NULL;
    ma_type *core = pyma_type_get(state, type);
    ma_array **cores = core != NULL ? cores_of(state, list, core) : NULL;
    if (cores == NULL) {
        return NULL;
    }
    ma_error_init(&err);
    Py_BEGIN_ALLOW_THREADS
    st = ma_array_concat(core, cores, PyList_GET_SIZE(list), &joined, &err);
    Py_END_ALLOW_THREADS
    ma_free(cores);
    return st == MA_OK ? pyma_array_wrap(state, joined, type) : pyma_raise(state, &err);
}

static PyObject *
core_concat_arrays(PyObject *module, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"arrays", "type", NULL};
    pyma_state *state = pyma_state_of_module(module);
    PyObject *arrays;
    PyObject *type = Py_None;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|O:concat_arrays", keywords, &arrays, &type)) {
        return NULL;
    }
    PyObject *list = PySequence_List(arrays);
    if (list == NULL) {
        return NULL;
    }
    PyObject *joined = NULL;
    PyObject *ensured = NULL;
    if (type != Py_None) {
        ensured = pyma_type_ensure(state, type);
    } else if (PyList_GET_SIZE(list) == 0) {
        PyErr_SetString(state->ArrowInvalid, "no arrays to put together, and no type was given");
    } else if (pyma_array_get(state, PyList_GET_ITEM(list, 0)) != NULL) {
        ensured = PyObject_GetAttrString(PyList_GET_ITEM(list, 0), "type");
    }
    if (ensured != NULL) {
        joined = concat_list(state, list, ensured);
        Py_DECREF(ensured);
    }
    Py_DECREF(list);
    return joined;
}

/* ---- for the package's own Python code ---- */

PyDoc_STRVAR(compact_doc, "compact_array(array, /)\n--\n\n"
                          "The same rows in as little memory as they need, from offset 0 on.");

static PyObject *
core_compact_array(PyObject *module, PyObject *object)
{
    pyma_state *state = pyma_state_of_module(module);
    ma_array *array = pyma_array_get(state, object);
    ma_array *compact = NULL;
    ma_error err;
    ma_status st;
    if (array == NULL || pyma_array_check(state, array) < 0) {
        return NULL;
    }
    ma_error_init(&err);
    Py_BEGIN_ALLOW_THREADS
    st = ma_array_compact(array, &compact, &err);
    Py_END_ALLOW_THREADS
    return st == MA_OK ? pyma_array_wrap(state, compact, pyma_array_extension(object))
                       : pyma_raise(state, &err);
}

PyDoc_STRVAR(own_buffers_doc, "own_buffers(array, /)\n--\n\n"
                              "The buffers of the array without those of its children.");

static PyObject *
core_own_buffers(PyObject *module, PyObject *object)
{
    pyma_state *state = pyma_state_of_module(module);
    const ma_array *array = pyma_array_get(state, object);
    PyObject *all = array != NULL ? Array_buffers(object, NULL) : NULL;
    if (all == NULL) {
        return NULL;
    }
    const Py_ssize_t own = array->n_buffers + has_idle_validity(&ma_layouts[array->type->layout]);
    PyObject *list = PyList_GetSlice(all, 0, own);
    Py_DECREF(all);
    return list;
}

PyDoc_STRVAR(check_extent_doc, "check_extent(arrays, /)\n--\n\n"
                               "Raise ArrowInvalid where the rows of all arrays, each made by "
                               "itself, would come to\nmuch more than what lies in memory.");

static PyObject *
core_check_extent(PyObject *module, PyObject *arrays)
{
    pyma_state *state = pyma_state_of_module(module);
    PyObject *list = PySequence_List(arrays);
    if (list == NULL) {
        return NULL;
    }
    ma_error err;
    ma_status st = MA_NOMEM;
    ma_array **cores = checked_cores(state, list);
    if (cores != NULL) {
        ma_error_init(&err);
        st = ma_arrays_check_extent(cores, PyList_GET_SIZE(list), &err);
        if (st != MA_OK) {
            pyma_raise(state, &err);
        }
        ma_free(cores);
    }
    Py_DECREF(list);
    return st == MA_OK ? Py_NewRef(Py_None) : NULL;
}

PyDoc_STRVAR(children_doc, "children(array, /)\n--\n\n"
                           "The array's children as they are stored; its values are checked.");

static PyObject *
core_children(PyObject *module, PyObject *object)
{
    pyma_state *state = pyma_state_of_module(module);
    ma_array *array = pyma_array_get(state, object);
    if (array == NULL || pyma_array_check(state, array) < 0) {
        return NULL;
    }
    PyObject *list = PyList_New(array->n_children);
    for (int32_t i = 0; list != NULL && i < array->n_children; i++) {
        PyObject *child = pyma_array_wrap(state, ma_array_ref(array->children[i]), NULL);
        if (child == NULL) {
            Py_CLEAR(list);
            break;
        }
        PyList_SET_ITEM(list, i, child);
    }
    return list;
}

PyDoc_STRVAR(list_bounds_doc, "list_bounds(array, /)\n--\n\n"
                              "For each list (start, stop) in `values`, (None, None) for a null.");

static PyObject *
core_list_bounds(PyObject *module, PyObject *object)
{
    pyma_state *state = pyma_state_of_module(module);
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
        int64_t start = 0;
        int64_t size = 0;
        const bool null = ma_array_is_null(array, row);
        if (!null) {
            ma_array_list_at(array, row, &start, &size);
        }
        PyObject *pair = null ? Py_BuildValue("(OO)", Py_None, Py_None)
                              : Py_BuildValue("(LL)", (long long)start, (long long)(start + size));
        if (pair == NULL) {
            Py_CLEAR(list);
            break;
        }
        PyList_SET_ITEM(list, (Py_ssize_t)row, pair);
    }
    return list;
}

PyMethodDef pyma_array_functions[] = {
    {"array_from_parts", (PyCFunction)(void (*)(void))core_array_from_parts,
     METH_VARARGS | METH_KEYWORDS, assemble_doc},
    {"array_with_type", core_array_with_type, METH_VARARGS, with_type_doc},
    {"concat_arrays", (PyCFunction)(void (*)(void))core_concat_arrays, METH_VARARGS | METH_KEYWORDS,
     concat_doc},
    {"compact_array", core_compact_array, METH_O, compact_doc},
    {"own_buffers", core_own_buffers, METH_O, own_buffers_doc},
    {"check_extent", core_check_extent, METH_O, check_extent_doc},
    {"children", core_children, METH_O, children_doc},
    {"list_bounds", core_list_bounds, METH_O, list_bounds_doc},
    {0},
};
