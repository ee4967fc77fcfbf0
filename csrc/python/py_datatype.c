/* DataType: what the values of an array are. */
#include "python/py_capsule.h"
#include "python/py_module.h"

#include <string.h>

typedef struct DataTypeObject {
    PyObject_HEAD
    ma_type *core; /* owned; NULL only in a subclass whose __init__ did not come here yet */
} DataTypeObject;

typedef struct type_names {
    const char *class_name; /* of pyarrow, for repr */
    int8_t number;          /* pyarrow's id */
} type_names;

static const type_names names[] = {
    [MA_TYPE_NULL] = {"DataType", 0},
    [MA_TYPE_BOOL] = {"DataType", 1},
    [MA_TYPE_UINT8] = {"DataType", 2},
    [MA_TYPE_INT8] = {"DataType", 3},
    [MA_TYPE_UINT16] = {"DataType", 4},
    [MA_TYPE_INT16] = {"DataType", 5},
    [MA_TYPE_UINT32] = {"DataType", 6},
    [MA_TYPE_INT32] = {"DataType", 7},
    [MA_TYPE_UINT64] = {"DataType", 8},
    [MA_TYPE_INT64] = {"DataType", 9},
    [MA_TYPE_FLOAT16] = {"DataType", 10},
    [MA_TYPE_FLOAT32] = {"DataType", 11},
    [MA_TYPE_FLOAT64] = {"DataType", 12},
    [MA_TYPE_UTF8] = {"DataType", 13},
    [MA_TYPE_BINARY] = {"DataType", 14},
    [MA_TYPE_FIXED_SIZE_BINARY] = {"FixedSizeBinaryType", 15},
    [MA_TYPE_DATE32] = {"DataType", 16},
    [MA_TYPE_DATE64] = {"DataType", 17},
    [MA_TYPE_TIMESTAMP] = {"TimestampType", 18},
    [MA_TYPE_TIME32] = {"Time32Type", 19},
    [MA_TYPE_TIME64] = {"Time64Type", 20},
    [MA_TYPE_INTERVAL_MONTHS] = {"DataType", 21},
    [MA_TYPE_INTERVAL_DAY_TIME] = {"DataType", 22},
    [MA_TYPE_DECIMAL128] = {"Decimal128Type", 23},
    [MA_TYPE_DECIMAL256] = {"Decimal256Type", 24},
    [MA_TYPE_LIST] = {"ListType", 25},
    [MA_TYPE_STRUCT] = {"StructType", 26},
    [MA_TYPE_SPARSE_UNION] = {"SparseUnionType", 27},
    [MA_TYPE_DENSE_UNION] = {"DenseUnionType", 28},
    [MA_TYPE_DICTIONARY] = {"DictionaryType", 29},
    [MA_TYPE_MAP] = {"MapType", 30},
    [MA_TYPE_FIXED_SIZE_LIST] = {"FixedSizeListType", 32},
    [MA_TYPE_DURATION] = {"DurationType", 33},
    [MA_TYPE_LARGE_UTF8] = {"DataType", 34},
    [MA_TYPE_LARGE_BINARY] = {"DataType", 35},
    [MA_TYPE_LARGE_LIST] = {"LargeListType", 36},
    [MA_TYPE_INTERVAL_MONTH_DAY_NANO] = {"DataType", 37},
    [MA_TYPE_RUN_END_ENCODED] = {"RunEndEncodedType", 38},
    [MA_TYPE_UTF8_VIEW] = {"DataType", 39},
    [MA_TYPE_BINARY_VIEW] = {"DataType", 40},
    [MA_TYPE_LIST_VIEW] = {"ListViewType", 41},
    [MA_TYPE_LARGE_LIST_VIEW] = {"LargeListViewType", 42},
    [MA_TYPE_DECIMAL32] = {"Decimal32Type", 43},
    [MA_TYPE_DECIMAL64] = {"Decimal64Type", 44},
};

enum {
    EXTENSION_NUMBER = 31
};

/* ---- making and taking apart ---- */

static PyObject *
wrap_new(pyma_state *state, ma_type *core)
{
    PyTypeObject *type = state->DataType;
    DataTypeObject *self = (DataTypeObject *)type->tp_alloc(type, 0);
    if (self == NULL) {
        ma_type_unref(core);
        return NULL;
    }
    self->core = core;
    return (PyObject *)self;
}

PyObject *
pyma_type_wrap(pyma_state *state, ma_type *core)
{
    PyObject *simple = state->simple_types[core->id];
    if (simple != NULL) {
        ma_type_unref(core);
        return Py_NewRef(simple);
    }
    return wrap_new(state, core);
}

static bool
has_parameters(ma_type_id id)
{
    switch (id) {
    case MA_TYPE_TIME32:
    case MA_TYPE_TIME64:
    case MA_TYPE_TIMESTAMP:
    case MA_TYPE_DURATION:
    case MA_TYPE_DECIMAL32:
    case MA_TYPE_DECIMAL64:
    case MA_TYPE_DECIMAL128:
    case MA_TYPE_DECIMAL256:
    case MA_TYPE_FIXED_SIZE_BINARY:
        return true;
    default:
        return id >= MA_TYPE_LIST;
    }
}

int
pyma_types_setup(pyma_state *state)
{
    for (ma_type_id id = 0; id <= MA_TYPE_DICTIONARY; id++) {
        ma_error err;
        ma_type *core = NULL;
        if (has_parameters(id)) {
            continue;
        }
        ma_error_init(&err);
        if (ma_type_simple(id, &core, &err) != MA_OK) {
            pyma_raise(state, &err);
            return -1;
        }
        state->simple_types[id] = wrap_new(state, core);
        if (state->simple_types[id] == NULL) {
            return -1;
        }
    }
    return 0;
}

ma_type *
pyma_type_get(pyma_state *state, PyObject *object)
{
    if (!PyObject_TypeCheck(object, state->DataType)) {
        PyErr_Format(PyExc_TypeError, "expected a minarrow.DataType, not %.200s",
                     Py_TYPE(object)->tp_name);
        return NULL;
    }
    ma_type *core = ((DataTypeObject *)object)->core;
    if (core == NULL) {
        PyErr_Format(PyExc_TypeError,
                     "%.200s has no storage type yet: its __init__ must call "
                     "super().__init__(storage_type, extension_name) first",
                     Py_TYPE(object)->tp_name);
    }
    return core;
}

/* The core of `self`, for its own methods. */
static ma_type *
core_of(PyObject *op)
{
    ma_type *core = ((DataTypeObject *)op)->core;
    return core != NULL ? core : pyma_type_get(pyma_state_of(op), op);
}

static PyObject *
wrap_ref(PyObject *op, ma_type *core)
{
    return pyma_type_wrap(pyma_state_of(op), ma_type_ref(core));
}

static PyObject *
wrap_field(PyObject *op, ma_field *field)
{
    return pyma_field_wrap(pyma_state_of(op), ma_field_ref(field));
}

static PyObject *
DataType_tp_new(PyTypeObject *type, PyObject *Py_UNUSED(args), PyObject *Py_UNUSED(kwargs))
{
    pyma_state *state = pyma_state_of_type(type);
    if (state == NULL) {
        return NULL;
    }
    if (type == state->DataType) {
        PyErr_SetString(PyExc_TypeError, "a DataType is made by functions such as minarrow.int64() "
                                         "or minarrow.list_(...), not by calling the class");
        return NULL;
    }
    return type->tp_alloc(type, 0);
}

/* For extension types: what their values are stored as. */
static int
DataType_tp_init(PyObject *op, PyObject *args, PyObject *kwargs)
{
    DataTypeObject *self = (DataTypeObject *)op;
    pyma_state *state = pyma_state_of(op);
    static char *keywords[] = {"storage_type", NULL};
    PyObject *storage;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O:__init__", keywords, &storage)) {
        return -1;
    }
    ma_type *core = pyma_type_get(state, storage);
    if (core == NULL) {
        return -1;
    }
    if (self->core != NULL && self->core != core) {
        PyErr_SetString(PyExc_TypeError, "a data type cannot change once it was made");
        return -1;
    }
    if (self->core == NULL) {
        self->core = ma_type_ref(core);
    }
    return 0;
}

static void
DataType_tp_dealloc(PyObject *op)
{
    PyTypeObject *type = Py_TYPE(op);
    ma_type_unref(((DataTypeObject *)op)->core);
    type->tp_free(op);
    Py_DECREF(type);
}

/* ---- text, equality ---- */

static PyObject *
DataType_tp_str(PyObject *op)
{
    const ma_type *core = core_of(op);
    if (core == NULL) {
        return NULL;
    }
    ma_text text;
    ma_text_init(&text);
    ma_type_describe(core, &text);
    return pyma_text_take(&text);
}

static PyObject *
DataType_tp_repr(PyObject *op)
{
    const ma_type *core = core_of(op);
    PyObject *str = core != NULL ? PyObject_Str(op) : NULL;
    if (str == NULL) {
        return NULL;
    }
    const pyma_state *state = pyma_state_of(op);
    PyObject *repr = Py_IS_TYPE(op, state->DataType)
                         ? PyUnicode_FromFormat("%s(%U)", names[core->id].class_name, str)
                         : PyUnicode_FromFormat("%s(%U)", Py_TYPE(op)->tp_name, str);
    Py_DECREF(str);
    return repr;
}

static Py_uhash_t
mix(Py_uhash_t hash, Py_uhash_t with)
{
    return (hash ^ with) * (Py_uhash_t)1099511628211u;
}

/* Of what ma_type_equal looks at, names of children aside. */
static Py_uhash_t
hash_core(const ma_type *core)
{
    Py_uhash_t hash = mix((Py_uhash_t)1469598103u, (Py_uhash_t)core->id);
    hash = mix(hash, (Py_uhash_t)core->unit);
    hash = mix(hash, (Py_uhash_t)core->bits);
    hash = mix(hash, (Py_uhash_t)core->list_size);
    hash = mix(hash, (Py_uhash_t)core->precision);
    hash = mix(hash, (Py_uhash_t)core->scale);
    for (const char *p = core->timezone; p != NULL && *p != '\0'; p++) {
        hash = mix(hash, (unsigned char)*p);
    }
    if (core->value_type != NULL) {
        hash = mix(hash, hash_core(core->value_type));
    }
    for (int32_t i = 0; i < core->n_children; i++) {
        hash = mix(hash, hash_core(core->children[i]->type));
    }
    return hash;
}

static Py_hash_t
DataType_tp_hash(PyObject *op)
{
    const ma_type *core = core_of(op);
    if (core == NULL) {
        return -1;
    }
    const Py_hash_t hash = (Py_hash_t)hash_core(core);
    return hash == -1 ? -2 : hash;
}

/* 1, 0, or -1 with an exception. An extension type equals none but itself here; its class knows
 * better and overrides __eq__ or `equals`. */
static int
types_equal(PyObject *op, PyObject *other, bool check_metadata)
{
    pyma_state *state = pyma_state_of(op);
    const ma_type *a = ((DataTypeObject *)op)->core;
    const ma_type *b = ((DataTypeObject *)other)->core;
    if (op == other || a == NULL || b == NULL) {
        return op == other;
    }
    return Py_IS_TYPE(op, state->DataType) && Py_IS_TYPE(other, state->DataType) &&
                   ma_type_equal(a, b, check_metadata)
               ? pyma_type_same_extensions(state, a, b)
               : 0;
}

PyDoc_STRVAR(equals_doc, "equals($self, other, /, *, check_metadata=False)\n--\n\n"
                         "Whether `other`, a DataType or its alias, is the same type.\n\n"
                         "With check_metadata the metadata of fields within counts, too.");

static PyObject *
DataType_equals(PyObject *op, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"other", "check_metadata", NULL};
    PyObject *other;
    int check_metadata = 0;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|$p:equals", keywords, &other,
                                     &check_metadata)) {
        return NULL;
    }
    other = pyma_type_ensure(pyma_state_of(op), other);
    if (other == NULL) {
        return NULL;
    }
    const int same = types_equal(op, other, check_metadata);
    Py_DECREF(other);
    return same < 0 ? NULL : PyBool_FromLong(same);
}

static PyObject *
DataType_tp_richcompare(PyObject *op, PyObject *other, int how)
{
    pyma_state *state = pyma_state_of(op);
    if ((how != Py_EQ && how != Py_NE) ||
        !(PyObject_TypeCheck(other, state->DataType) || PyUnicode_Check(other))) {
        Py_RETURN_NOTIMPLEMENTED;
    }
    PyObject *type = pyma_type_ensure(state, other);
    if (type == NULL) {
        if (!PyErr_ExceptionMatches(PyExc_ValueError)) {
            return NULL;
        }
        PyErr_Clear(); /* a str that names no type */
        return PyBool_FromLong(how == Py_NE);
    }
    const int same = types_equal(op, type, false);
    Py_DECREF(type);
    return same < 0 ? NULL : PyBool_FromLong(same == (how == Py_EQ));
}

/* ---- fields ---- */

Py_ssize_t
pyma_type_find_child(const ma_type *type, PyObject *key)
{
    if (PyUnicode_Check(key)) {
        ma_bytes name;
        PyObject *owner;
        Py_ssize_t found = -1;
        if (pyma_text_from(key, "a field's name", &name, &owner) < 0) {
            return -1;
        }
        for (int32_t i = 0; found < 0 && i < type->n_children; i++) {
            if (ma_field_is_named(type->children[i], name)) {
                found = i;
            }
        }
        Py_DECREF(owner);
        if (found < 0) {
            PyErr_SetObject(PyExc_KeyError, key);
        }
        return found;
    }
    if (!PyIndex_Check(key)) {
        PyErr_Format(PyExc_TypeError, "a field is found by its number or name, not by %.200s",
                     Py_TYPE(key)->tp_name);
        return -1;
    }
    Py_ssize_t i = PyNumber_AsSsize_t(key, PyExc_IndexError);
    if (i == -1 && PyErr_Occurred()) {
        return -1;
    }
    i = i < 0 ? i + type->n_children : i;
    if (i < 0 || i >= type->n_children) {
        PyErr_Format(PyExc_IndexError, "index out of bounds: the type has %d fields",
                     (int)type->n_children);
        return -1;
    }
    return i;
}

PyDoc_STRVAR(field_doc,
             "field($self, i, /)\n--\n\nThe child with this number or, of a struct, name.");

static PyObject *
DataType_field(PyObject *op, PyObject *key)
{
    const ma_type *core = core_of(op);
    const Py_ssize_t i = core != NULL ? pyma_type_find_child(core, key) : -1;
    return i < 0 ? NULL : wrap_field(op, core->children[i]);
}

PyDoc_STRVAR(get_all_field_indices_doc, "get_all_field_indices($self, name, /)\n--\n\n"
                                        "Numbers of all fields with this name.");

static PyObject *
DataType_get_all_field_indices(PyObject *op, PyObject *key)
{
    const ma_type *core = core_of(op);
    ma_bytes name;
    PyObject *owner;
    if (core == NULL || pyma_text_from(key, "a field's name", &name, &owner) < 0) {
        return NULL;
    }
    PyObject *list = PyList_New(0);
    for (int32_t i = 0; list != NULL && i < core->n_children; i++) {
        if (!ma_field_is_named(core->children[i], name)) {
            continue;
        }
        PyObject *number = PyLong_FromLong(i);
        if (number == NULL || PyList_Append(list, number) < 0) {
            Py_CLEAR(list);
        }
        Py_XDECREF(number);
    }
    Py_DECREF(owner);
    return list;
}

PyDoc_STRVAR(get_field_index_doc, "get_field_index($self, name, /)\n--\n\n"
                                  "Number of the field with this name; -1 for none or several.");

static PyObject *
DataType_get_field_index(PyObject *op, PyObject *key)
{
    PyObject *found = DataType_get_all_field_indices(op, key);
    if (found == NULL) {
        return NULL;
    }
    PyObject *number =
        PyList_GET_SIZE(found) == 1 ? Py_NewRef(PyList_GET_ITEM(found, 0)) : PyLong_FromLong(-1);
    Py_DECREF(found);
    return number;
}

static PyObject *
DataType_get_fields(PyObject *op, void *Py_UNUSED(closure))
{
    const ma_type *core = core_of(op);
    PyObject *list = core != NULL ? PyList_New(core->n_children) : NULL;
    for (int32_t i = 0; list != NULL && i < core->n_children; i++) {
        PyObject *field = wrap_field(op, core->children[i]);
        if (field == NULL) {
            Py_CLEAR(list);
            break;
        }
        PyList_SET_ITEM(list, i, field);
    }
    return list;
}

static int
require_struct(PyObject *op)
{
    const ma_type *core = core_of(op);
    if (core == NULL) {
        return -1;
    }
    if (core->id != MA_TYPE_STRUCT && !ma_type_is_union(core)) {
        PyErr_Format(PyExc_TypeError, "only structs and unions hold fields; this is %S", op);
        return -1;
    }
    return 0;
}

static PyObject *
DataType_mp_subscript(PyObject *op, PyObject *key)
{
    return require_struct(op) < 0 ? NULL : DataType_field(op, key);
}

static Py_ssize_t
DataType_mp_length(PyObject *op)
{
    return require_struct(op) < 0 ? -1 : core_of(op)->n_children;
}

static PyObject *
DataType_tp_iter(PyObject *op)
{
    PyObject *list = require_struct(op) < 0 ? NULL : DataType_get_fields(op, NULL);
    PyObject *iterator = list != NULL ? PyObject_GetIter(list) : NULL;
    Py_XDECREF(list);
    return iterator;
}

/* A type is true, also one without fields. */
static int
DataType_nb_bool(PyObject *Py_UNUSED(op))
{
    return 1;
}

/* ---- attributes ---- */

PyDoc_STRVAR(to_pandas_dtype_doc, "to_pandas_dtype($self, /)\n--\n\n"
                                  "The numpy or pandas dtype whose values these become.");

static PyObject *
DataType_to_pandas_dtype(PyObject *op, PyObject *Py_UNUSED(ignored))
{
    return pyma_call("minarrow._numpy", "pandas_dtype", "(O)", op);
}

static PyObject *
DataType_get_id(PyObject *op, void *Py_UNUSED(closure))
{
    const ma_type *core = core_of(op);
    if (core == NULL) {
        return NULL;
    }
    return PyLong_FromLong(pyma_type_is_extension(pyma_state_of(op), op) ? EXTENSION_NUMBER
                                                                         : names[core->id].number);
}

static PyObject *
DataType_get_bit_width(PyObject *op, void *Py_UNUSED(closure))
{
    const ma_type *core = core_of(op);
    if (core == NULL) {
        return NULL;
    }
    if (core->layout != MA_LAYOUT_FIXED && core->layout != MA_LAYOUT_DICTIONARY) {
        return PyErr_Format(PyExc_ValueError, "values of type %S have no fixed width", op);
    }
    return PyLong_FromLongLong(core->bits);
}

static PyObject *
DataType_get_byte_width(PyObject *op, void *closure)
{
    const ma_type *core = core_of(op);
    if (core == NULL || (core->layout != MA_LAYOUT_FIXED && core->layout != MA_LAYOUT_DICTIONARY)) {
        return core == NULL ? NULL : DataType_get_bit_width(op, closure);
    }
    if (core->id == MA_TYPE_BOOL) {
        PyErr_SetString(PyExc_ValueError, "a bool takes less than one byte");
        return NULL;
    }
    return PyLong_FromLongLong(core->bits / 8);
}

static PyObject *
DataType_get_num_fields(PyObject *op, void *Py_UNUSED(closure))
{
    const ma_type *core = core_of(op);
    return core != NULL ? PyLong_FromLong(core->n_children) : NULL;
}

/* As pyarrow counts: a place for a validity bitmap even where the layout has none. */
static PyObject *
DataType_get_num_buffers(PyObject *op, void *Py_UNUSED(closure))
{
    const ma_type *core = core_of(op);
    if (core == NULL) {
        return NULL;
    }
    const ma_layout *layout = &ma_layouts[core->layout];
    return PyLong_FromLong(layout->n_buffers + (layout->buffers[0] != MA_BUFFER_VALIDITY));
}

static PyObject *
DataType_get_has_variadic_buffers(PyObject *op, void *Py_UNUSED(closure))
{
    const ma_type *core = core_of(op);
    return core != NULL ? PyBool_FromLong(ma_layouts[core->layout].variadic) : NULL;
}

PyDoc_STRVAR(storage_doc,
             "What the values are stored as: the type itself but for an extension type.");

static PyObject *
DataType_get_storage_type(PyObject *op, void *Py_UNUSED(closure))
{
    ma_type *core = core_of(op);
    return core != NULL ? wrap_ref(op, core) : NULL;
}

/* What only some types have; `hasattr` tells which (py_type_attributes.c). */
static PyObject *
DataType_get_attribute(PyObject *op, void *name)
{
    pyma_state *state = pyma_state_of(op);
    if (pyma_type_is_extension(state, op)) {
        PyObject *own = PyObject_GenericGetDict(op, NULL);
        PyObject *value = own != NULL ? PyMapping_GetItemString(own, name) : NULL;
        Py_XDECREF(own);
        if (value != NULL || !PyErr_ExceptionMatches(PyExc_KeyError)) {
            return value;
        }
        PyErr_Clear();
    }
    const ma_type *core = core_of(op);
    return core != NULL ? pyma_type_attribute(state, op, core, name) : NULL;
}

/* An extension type may have parameters under these names that are its own, such as a unit. */
static int
DataType_set_attribute(PyObject *op, PyObject *value, void *name)
{
    if (!pyma_type_is_extension(pyma_state_of(op), op)) {
        PyErr_Format(PyExc_AttributeError, "'%s' of a type cannot be changed", (const char *)name);
        return -1;
    }
    PyObject *own = PyObject_GenericGetDict(op, NULL);
    if (own == NULL) {
        return -1;
    }
    const int st = value != NULL ? PyMapping_SetItemString(own, name, value)
                                 : PyMapping_DelItemString(own, name);
    Py_DECREF(own);
    return st;
}

#define ATTRIBUTE(name, doc)                                                       \
    {                                                                              \
        name, DataType_get_attribute, DataType_set_attribute, PyDoc_STR(doc), name \
    }

static PyGetSetDef DataType_getset[] = {
    {"id", DataType_get_id, NULL, PyDoc_STR("pyarrow's number of the kind of type."), NULL},
    {"bit_width", DataType_get_bit_width, NULL, PyDoc_STR("Bits of a value."), NULL},
    {"byte_width", DataType_get_byte_width, NULL, PyDoc_STR("Bytes of a value."), NULL},
    {"num_fields", DataType_get_num_fields, NULL, PyDoc_STR("How many children."), NULL},
    {"num_buffers", DataType_get_num_buffers, NULL,
     PyDoc_STR("Buffers of an array, children's excepted."), NULL},
    {"has_variadic_buffers", DataType_get_has_variadic_buffers, NULL,
     PyDoc_STR("Whether any number of buffers may follow, as in views."), NULL},
    {"fields", DataType_get_fields, NULL, PyDoc_STR("List of the children's fields."), NULL},
    {"storage_type", DataType_get_storage_type, NULL, storage_doc, NULL},
    ATTRIBUTE("unit", "'s', 'ms', 'us' or 'ns'."),
    ATTRIBUTE("tz", "Time zone, or None."),
    ATTRIBUTE("precision", "Decimal digits."),
    ATTRIBUTE("scale", "Digits behind the point."),
    ATTRIBUTE("list_size", "Items of every list."),
    ATTRIBUTE("value_type", "Type of the items or values."),
    ATTRIBUTE("value_field", "Field of the items."),
    ATTRIBUTE("key_type", "Type of a map's keys."),
    ATTRIBUTE("key_field", "Field of a map's keys."),
    ATTRIBUTE("item_type", "Type of a map's values."),
    ATTRIBUTE("item_field", "Field of a map's values."),
    ATTRIBUTE("keys_sorted", "Whether each map's keys are sorted."),
    ATTRIBUTE("index_type", "Type of a dictionary array's indices."),
    ATTRIBUTE("ordered", "Whether the dictionary's order means something."),
    ATTRIBUTE("mode", "'sparse' or 'dense'."),
    ATTRIBUTE("type_codes", "The number that stands for each child."),
    ATTRIBUTE("run_end_type", "Type of the run ends."),
    ATTRIBUTE("names", "Names of the fields."),
    {0},
};

PyDoc_STRVAR(reduce_doc, "__reduce__($self, /)\n--\n\nPickling.");

static PyObject *
DataType_reduce(PyObject *op, PyObject *Py_UNUSED(ignored))
{
    return pyma_call("minarrow._pickle", "reduce_type", "(O)", op);
}

static PyMethodDef DataType_methods[] = {
    PYMA_CAPSULE_SCHEMA_METHODS(type)
    {"field", DataType_field, METH_O, field_doc},
    {"get_field_index", DataType_get_field_index, METH_O, get_field_index_doc},
    {"get_all_field_indices", DataType_get_all_field_indices, METH_O, get_all_field_indices_doc},
    {"equals", (PyCFunction)(void (*)(void))DataType_equals, METH_VARARGS | METH_KEYWORDS,
     equals_doc},
    {"to_pandas_dtype", DataType_to_pandas_dtype, METH_NOARGS, to_pandas_dtype_doc},
    {"__reduce__", DataType_reduce, METH_NOARGS, reduce_doc},
    {0},
};

PyDoc_STRVAR(DataType_doc, "What the values of an array are; made by functions such as int64() or "
                           "list_(...).");

static PyType_Slot DataType_slots[] = {
    {Py_tp_doc, (void *)DataType_doc},
    {Py_tp_new, DataType_tp_new},
    {Py_tp_init, DataType_tp_init},
    {Py_tp_dealloc, DataType_tp_dealloc},
    {Py_tp_repr, DataType_tp_repr},
    {Py_tp_str, DataType_tp_str},
    {Py_tp_hash, DataType_tp_hash},
    {Py_tp_richcompare, DataType_tp_richcompare},
    {Py_tp_iter, DataType_tp_iter},
    {Py_mp_subscript, DataType_mp_subscript},
    {Py_mp_length, DataType_mp_length},
    {Py_nb_bool, DataType_nb_bool},
    {Py_tp_getset, DataType_getset},
    {Py_tp_methods, DataType_methods},
    {0, NULL},
};

PyType_Spec pyma_DataType_spec = {
    .name = "minarrow.DataType",
    .basicsize = sizeof(DataTypeObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = DataType_slots,
};
