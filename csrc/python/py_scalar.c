/* Scalar: a row of an array. */
#include "python/py_array.h"

#include "core/data/equal.h"
#include "python/py_module.h"
#include "python/py_preview.h"
#include "python/py_values.h"

typedef struct ScalarObject {
    PyObject_HEAD
    ma_array *array; /* owned; its values are checked */
    int64_t row;
    PyObject *type; /* owned; the extension type, NULL for a plain scalar */
} ScalarObject;

PyObject *
pyma_scalar_new(pyma_state *state, ma_array *array, int64_t row, PyObject *type)
{
    PyTypeObject *class = state->Scalar;
    const bool extension = type != NULL && pyma_type_is_extension(state, type);
    if (pyma_array_check(state, array) < 0) {
        return NULL;
    }
    if (extension) {
        class = pyma_extension_scalar_class(state, type);
    }
    ScalarObject *self = class != NULL ? (ScalarObject *)class->tp_alloc(class, 0) : NULL;
    if (extension) {
        Py_XDECREF(class);
    }
    if (self == NULL) {
        return NULL;
    }
    self->array = ma_array_ref(array);
    self->row = row;
    self->type = extension ? Py_NewRef(type) : NULL;
    return (PyObject *)self;
}

static void
Scalar_tp_dealloc(PyObject *op)
{
    ScalarObject *self = (ScalarObject *)op;
    PyTypeObject *type = Py_TYPE(op);
    ma_array_unref(self->array);
    Py_XDECREF(self->type);
    type->tp_free(op);
    Py_DECREF(type);
}

static bool
is_null(const ScalarObject *self)
{
    return pyma_array_row_is_null(self->array, self->row);
}

/* ---- the Python object ---- */

PyDoc_STRVAR(as_py_doc, "as_py($self, /, *, maps_as_pydicts=None)\n--\n\n"
                        "The value as a Python object; None for a null.\n\n"
                        "maps_as_pydicts -- as in Array.to_pylist");

static PyObject *
Scalar_as_py(PyObject *op, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"maps_as_pydicts", NULL};
    const ScalarObject *self = (ScalarObject *)op;
    PyObject *maps_object = Py_None;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|$O:as_py", keywords, &maps_object)) {
        return NULL;
    }
    const int maps = pyma_maps_from(maps_object);
    if (maps < 0) {
        return NULL;
    }
    /* of an extension type, its storage's: a class that knows better overrides this */
    return pyma_value_as(pyma_state_of(op), self->array, self->row, NULL, (pyma_maps)maps);
}

static PyObject *
value_of(PyObject *op)
{
    return PyObject_CallMethod(op, "as_py", NULL);
}

/* ---- text, equality ---- */

/* A struct's fields as pairs: their names may repeat. */
static PyObject *
struct_pairs(const ScalarObject *self, pyma_state *state)
{
    const ma_array *array = self->array;
    PyObject *list = PyList_New(0);
    for (int32_t i = 0; list != NULL && i < array->n_children; i++) {
        const ma_field *field = array->type->children[i];
        PyObject *name = pyma_text_to_str(field->name, field->name_size);
        PyObject *type = name != NULL ? pyma_field_type(state, field) : NULL;
        PyObject *value =
            type != NULL ? pyma_value(state, array->children[i], array->offset + self->row, type)
                         : NULL;
        PyObject *pair = value != NULL ? PyTuple_Pack(2, name, value) : NULL;
        if (pair == NULL || PyList_Append(list, pair) < 0) {
            Py_CLEAR(list);
        }
        Py_XDECREF(name);
        Py_XDECREF(type);
        Py_XDECREF(value);
        Py_XDECREF(pair);
    }
    return list;
}

/* What is shown of the value: its Python object where there is one, else the array's own text. */
static PyObject *
shown_value(PyObject *op)
{
    const ScalarObject *self = (ScalarObject *)op;
    pyma_state *state = pyma_state_of(op);
    PyObject *value =
        self->type == NULL && self->array->type->id == MA_TYPE_STRUCT && !is_null(self)
            ? struct_pairs(self, state)
            : value_of(op);
    if (value != NULL || !pyma_is_own_refusal(state)) {
        return value;
    }
    PyErr_Clear();
    ma_text text;
    ma_text_init(&text);
    pyma_preview_row(&text, self->array, self->row);
    return pyma_text_take(&text);
}

static PyObject *
Scalar_tp_str(PyObject *op)
{
    PyObject *value = shown_value(op);
    PyObject *text = value != NULL ? PyObject_Str(value) : NULL;
    Py_XDECREF(value);
    return text;
}

static PyObject *
Scalar_tp_repr(PyObject *op)
{
    const ScalarObject *self = (ScalarObject *)op;
    PyObject *value = shown_value(op);
    if (value == NULL) {
        return NULL;
    }
    const char *name =
        self->type != NULL ? Py_TYPE(op)->tp_name : pyma_type_class_name(self->array->type->id);
    PyObject *repr = PyUnicode_FromFormat("<minarrow.%s%s: %R>", name,
                                          self->type != NULL ? "" : "Scalar", value);
    Py_DECREF(value);
    return repr;
}

/* Of what Python has a hash for; of others, such as sets, their text's. */
static Py_hash_t
hash_of_object(PyObject *value)
{
    Py_hash_t hash = PyObject_Hash(value);
    if (hash == -1 && PyErr_ExceptionMatches(PyExc_TypeError)) {
        PyErr_Clear();
        PyObject *text = PyObject_Repr(value);
        hash = text != NULL ? PyObject_Hash(text) : -1;
        Py_XDECREF(text);
    }
    return hash;
}

/* Equal values have one hash, also where they hold 0.0 and -0.0, whose texts differ. NaN has one,
 * too: Python's own differs from object to object. */
static Py_hash_t
hash_of(PyObject *value)
{
    if (PyFloat_Check(value) && PyFloat_AS_DOUBLE(value) != PyFloat_AS_DOUBLE(value)) {
        return 1;
    }
    if (!PyList_Check(value) && !PyTuple_Check(value) && !PyDict_Check(value)) {
        return hash_of_object(value);
    }
    PyObject *items = PyDict_Check(value) ? PyDict_Items(value) : PySequence_List(value);
    if (items == NULL || Py_EnterRecursiveCall(" while a scalar is hashed") != 0) {
        Py_XDECREF(items);
        return -1;
    }
    Py_uhash_t hash = (Py_uhash_t)PyList_GET_SIZE(items);
    Py_hash_t last = 0;
    for (Py_ssize_t i = 0; last != -1 && i < PyList_GET_SIZE(items); i++) {
        last = hash_of(PyList_GET_ITEM(items, i));
        hash = (hash ^ (Py_uhash_t)last) * (Py_uhash_t)1099511628211u;
    }
    Py_LeaveRecursiveCall();
    Py_DECREF(items);
    return last == -1 ? -1 : (Py_hash_t)hash == -1 ? -2 : (Py_hash_t)hash;
}

static Py_hash_t
Scalar_tp_hash(PyObject *op)
{
    PyObject *value = shown_value(op);
    const Py_hash_t hash = value != NULL ? hash_of(value) : -1;
    Py_XDECREF(value);
    return hash;
}

static int
scalars_equal(PyObject *op, PyObject *other)
{
    const ScalarObject *a = (ScalarObject *)op;
    const ScalarObject *b = (ScalarObject *)other;
    if ((a->type != NULL) != (b->type != NULL)) {
        return 0;
    }
    if (a->type != NULL) {
        const int same = PyObject_RichCompareBool(a->type, b->type, Py_EQ);
        if (same <= 0) {
            return same;
        }
    }
    pyma_state *state = pyma_state_of(op);
    if (!ma_type_equal(a->array->type, b->array->type, false)) {
        return 0;
    }
    if (pyma_array_check_extent(state, a->array, a->row, 1, MA_EXTENT_VISITS) < 0 ||
        pyma_array_check_extent(state, b->array, b->row, 1, MA_EXTENT_VISITS) < 0) {
        return -1;
    }
    return ma_array_equal_range(a->array, a->row, b->array, b->row, 1, false);
}

PyDoc_STRVAR(equals_doc, "equals($self, other, /)\n--\n\n"
                         "Whether another Scalar has the same type and value.");

static PyObject *
Scalar_equals(PyObject *op, PyObject *other)
{
    if (!PyObject_TypeCheck(other, pyma_state_of(op)->Scalar)) {
        return PyErr_Format(PyExc_TypeError, "expected a minarrow.Scalar, not %.200s",
                            Py_TYPE(other)->tp_name);
    }
    const int same = scalars_equal(op, other);
    return same < 0 ? NULL : PyBool_FromLong(same);
}

static PyObject *
Scalar_tp_richcompare(PyObject *op, PyObject *other, int how)
{
    if ((how != Py_EQ && how != Py_NE) || !PyObject_TypeCheck(other, pyma_state_of(op)->Scalar)) {
        Py_RETURN_NOTIMPLEMENTED;
    }
    const int same = scalars_equal(op, other);
    return same < 0 ? NULL : PyBool_FromLong(same == (how == Py_EQ));
}

/* ---- attributes ---- */

static PyObject *
Scalar_get_type(PyObject *op, void *Py_UNUSED(closure))
{
    const ScalarObject *self = (ScalarObject *)op;
    return pyma_array_type(pyma_state_of(op), self->array, self->type);
}

static PyObject *
Scalar_get_is_valid(PyObject *op, void *Py_UNUSED(closure))
{
    return PyBool_FromLong(!is_null((ScalarObject *)op));
}

/* The scalar of another array's row: a dictionary's, a union's or a run's value. */
static PyObject *
inner(pyma_state *state, ma_array *array, int64_t row, const ma_field *field)
{
    PyObject *type = NULL;
    if (field != NULL && pyma_field_extension(state, field, &type) < 0) {
        return NULL;
    }
    PyObject *scalar = pyma_scalar_new(state, array, row, type);
    Py_XDECREF(type);
    return scalar;
}

/* What lies one step below: the storage of an extension type, the value that a dictionary, union or
 * run stands for, the number that a date or time is stored as. */
static PyObject *
Scalar_get_value(PyObject *op, void *Py_UNUSED(closure))
{
    const ScalarObject *self = (ScalarObject *)op;
    ma_array *array = self->array;
    const ma_type *type = array->type;
    pyma_state *state = pyma_state_of(op);
    if (is_null(self)) {
        Py_RETURN_NONE;
    }
    if (self->type != NULL) {
        return inner(state, array, self->row, NULL);
    }
    if (type->id == MA_TYPE_DICTIONARY) {
        return inner(state, array->dictionary, ma_array_int_at(array, self->row), NULL);
    }
    if (ma_type_is_union(type)) {
        int64_t row;
        const int32_t i = ma_array_union_at(array, self->row, &row);
        return inner(state, array->children[i], row, type->children[i]);
    }
    if (type->id == MA_TYPE_RUN_END_ENCODED) {
        return inner(state, array->children[1], ma_array_run_at(array, self->row),
                     type->children[1]);
    }
    if (type->id >= MA_TYPE_DATE32 && type->id <= MA_TYPE_DURATION) {
        const uint8_t *p =
            array->buffers[1].data + (array->offset + self->row) * (int64_t)(type->bits / 8);
        return PyLong_FromLongLong(type->bits == 32 ? ma_load_i32(p) : ma_load_i64(p));
    }
    return pyma_value(state, array, self->row, NULL);
}

/* The items of a list, as an array; None for a null. */
static PyObject *
Scalar_get_values(PyObject *op, void *Py_UNUSED(closure))
{
    const ScalarObject *self = (ScalarObject *)op;
    const ma_type *type = self->array->type;
    pyma_state *state = pyma_state_of(op);
    if (type->id < MA_TYPE_LIST || type->id > MA_TYPE_MAP || self->type != NULL) {
        return PyErr_Format(PyExc_AttributeError, "only scalars of lists have values");
    }
    if (is_null(self)) {
        Py_RETURN_NONE;
    }
    int64_t start;
    int64_t size;
    ma_error err;
    ma_array *slice = NULL;
    ma_error_init(&err);
    ma_array_list_at(self->array, self->row, &start, &size);
    if (ma_array_slice(self->array->children[0], start, size, &slice, &err) != MA_OK) {
        return pyma_raise(state, &err);
    }
    return pyma_array_wrap_child(state, slice, type->children[0]);
}

/* ---- lists and structs as containers ---- */

static PyObject *
items_of(PyObject *op)
{
    PyObject *values = Scalar_get_values(op, NULL);
    if (values == NULL && PyErr_ExceptionMatches(PyExc_AttributeError)) {
        PyErr_Clear();
        PyErr_SetString(PyExc_TypeError, "only scalars of lists and structs hold items");
    }
    if (values == Py_None) {
        Py_DECREF(values);
        PyErr_SetString(PyExc_TypeError, "a null holds no items");
        return NULL;
    }
    return values;
}

static bool
is_struct(PyObject *op)
{
    const ScalarObject *self = (ScalarObject *)op;
    return self->type == NULL && self->array->type->id == MA_TYPE_STRUCT;
}

static PyObject *
struct_item(PyObject *op, PyObject *key)
{
    const ScalarObject *self = (ScalarObject *)op;
    pyma_state *state = pyma_state_of(op);
    const ma_array *array = self->array;
    const Py_ssize_t i = pyma_type_find_child(array->type, key);
    return i < 0 ? NULL
                 : inner(state, array->children[i], array->offset + self->row,
                         array->type->children[i]);
}

static PyObject *
Scalar_mp_subscript(PyObject *op, PyObject *key)
{
    if (is_struct(op)) {
        return struct_item(op, key);
    }
    PyObject *values = items_of(op);
    PyObject *item = values != NULL ? PyObject_GetItem(values, key) : NULL;
    Py_XDECREF(values);
    return item;
}

static Py_ssize_t
Scalar_mp_length(PyObject *op)
{
    if (is_struct(op)) {
        return ((ScalarObject *)op)->array->n_children;
    }
    PyObject *values = items_of(op);
    const Py_ssize_t length = values != NULL ? PyObject_Length(values) : -1;
    Py_XDECREF(values);
    return length;
}

/* Over a struct's names, as over a dict, or a list's items. */
static PyObject *
Scalar_tp_iter(PyObject *op)
{
    PyObject *over = NULL;
    if (is_struct(op)) {
        const ScalarObject *self = (ScalarObject *)op;
        PyObject *type = pyma_type_wrap(pyma_state_of(op), ma_type_ref(self->array->type));
        over = type != NULL ? PyObject_GetAttrString(type, "names") : NULL;
        Py_XDECREF(type);
    } else {
        over = items_of(op);
    }
    PyObject *iterator = over != NULL ? PyObject_GetIter(over) : NULL;
    Py_XDECREF(over);
    return iterator;
}

/* A scalar is true, also one without items. */
static int
Scalar_nb_bool(PyObject *Py_UNUSED(op))
{
    return 1;
}

static PyGetSetDef Scalar_getset[] = {
    {"type", Scalar_get_type, NULL, PyDoc_STR("The DataType."), NULL},
    {"is_valid", Scalar_get_is_valid, NULL, PyDoc_STR("Whether there is a value."), NULL},
    {"value", Scalar_get_value, NULL,
     PyDoc_STR(
         "One step below: an extension's storage, a dictionary's, union's or run's value, the "
         "number that a date or time is stored as; None for a null."),
     NULL},
    {"values", Scalar_get_values, NULL, PyDoc_STR("A list's items, as an Array."), NULL},
    {0},
};

PyDoc_STRVAR(reduce_doc, "__reduce__($self, /)\n--\n\nPickling: of the array, this row.");

static PyObject *
Scalar_reduce(PyObject *op, PyObject *Py_UNUSED(ignored))
{
    const ScalarObject *self = (ScalarObject *)op;
    pyma_state *state = pyma_state_of(op);
    ma_array *row = NULL;
    ma_error err;
    ma_error_init(&err);
    if (ma_array_slice(self->array, self->row, 1, &row, &err) != MA_OK) {
        return pyma_raise(state, &err);
    }
    PyObject *array = pyma_array_wrap(state, row, self->type);
    PyObject *reduced =
        array != NULL ? pyma_call("minarrow._pickle", "reduce_scalar", "(O)", array) : NULL;
    Py_XDECREF(array);
    return reduced;
}

static PyMethodDef Scalar_methods[] = {
    {"as_py", (PyCFunction)(void (*)(void))Scalar_as_py, METH_VARARGS | METH_KEYWORDS, as_py_doc},
    {"equals", Scalar_equals, METH_O, equals_doc},
    {"__reduce__", Scalar_reduce, METH_NOARGS, reduce_doc},
    {0},
};

PyDoc_STRVAR(Scalar_doc, "One value of an array, with its type.");

static PyType_Slot Scalar_slots[] = {
    {Py_tp_doc, (void *)Scalar_doc},
    {Py_tp_dealloc, Scalar_tp_dealloc},
    {Py_tp_repr, Scalar_tp_repr},
    {Py_tp_str, Scalar_tp_str},
    {Py_tp_hash, Scalar_tp_hash},
    {Py_tp_richcompare, Scalar_tp_richcompare},
    {Py_tp_iter, Scalar_tp_iter},
    {Py_mp_subscript, Scalar_mp_subscript},
    {Py_mp_length, Scalar_mp_length},
    {Py_nb_bool, Scalar_nb_bool},
    {Py_tp_getset, Scalar_getset},
    {Py_tp_methods, Scalar_methods},
    {0, NULL},
};

PyType_Spec pyma_Scalar_spec = {
    .name = "minarrow.Scalar",
    .basicsize = sizeof(ScalarObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_IMMUTABLETYPE |
             Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = Scalar_slots,
};
