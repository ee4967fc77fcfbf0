/* Schema: the fields of a table, in order, and metadata. */
#include "python/py_capsule.h"
#include "python/py_schema.h"

#include <string.h>

#include "core/base/memory.h"
#include "python/py_module.h"

typedef struct SchemaObject {
    PyObject_HEAD
    ma_schema *core; /* owned */
} SchemaObject;

PyObject *
pyma_schema_wrap(pyma_state *state, ma_schema *core)
{
    PyTypeObject *type = state->Schema;
    SchemaObject *self = (SchemaObject *)type->tp_alloc(type, 0);
    if (self == NULL) {
        ma_schema_unref(core);
        return NULL;
    }
    self->core = core;
    return (PyObject *)self;
}

ma_schema *
pyma_schema_get(pyma_state *state, PyObject *object)
{
    if (Py_IS_TYPE(object, state->Schema)) {
        return ((SchemaObject *)object)->core;
    }
    PyErr_Format(PyExc_TypeError, "expected a minarrow.Schema, not %.200s",
                 Py_TYPE(object)->tp_name);
    return NULL;
}

static ma_schema *
core_of(PyObject *op)
{
    return ((SchemaObject *)op)->core;
}

static void
Schema_tp_dealloc(PyObject *op)
{
    PyTypeObject *type = Py_TYPE(op);
    ma_schema_unref(core_of(op));
    type->tp_free(op);
    Py_DECREF(type);
}

/* ---- finding fields ---- */

int
pyma_schema_find(ma_schema *schema, PyObject *name, int32_t *first)
{
    ma_bytes bytes;
    PyObject *owner;
    if (pyma_text_from(name, "the name of a field", &bytes, &owner) < 0) {
        return -1;
    }
    const int found = ma_schema_find(schema, bytes, first);
    Py_DECREF(owner);
    return found;
}

int32_t
pyma_schema_index(ma_schema *schema, PyObject *key)
{
    if (PyUnicode_Check(key) || PyBytes_Check(key)) {
        int32_t first;
        const int found = pyma_schema_find(schema, key, &first);
        if (found == 1) {
            return first;
        }
        if (found >= 0) {
            PyErr_Format(PyExc_KeyError,
                         found == 0 ? "field %R does not exist in schema"
                                    : "field %R exists several times in schema; use its number",
                         key);
        }
        return -1;
    }
    if (!PyIndex_Check(key)) {
        PyErr_Format(PyExc_TypeError, "a column is found by its number or name, not by %.200s",
                     Py_TYPE(key)->tp_name);
        return -1;
    }
    Py_ssize_t i = PyNumber_AsSsize_t(key, PyExc_IndexError);
    if (i == -1 && PyErr_Occurred()) {
        return -1;
    }
    i = i < 0 ? i + schema->n_fields : i;
    if (i < 0 || i >= schema->n_fields) {
        PyErr_Format(PyExc_IndexError, "index out of bounds: the schema has %d fields",
                     (int)schema->n_fields);
        return -1;
    }
    return (int32_t)i;
}

PyDoc_STRVAR(field_doc, "field($self, i, /)\n--\n\nThe field with this number or name.");

static PyObject *
Schema_field(PyObject *op, PyObject *key)
{
    const int32_t i = pyma_schema_index(core_of(op), key);
    return i < 0 ? NULL : pyma_field_wrap(pyma_state_of(op), ma_field_ref(core_of(op)->fields[i]));
}

PyDoc_STRVAR(get_field_index_doc, "get_field_index($self, name, /)\n--\n\n"
                                  "Number of the field with this name; -1 for none or several.");

static PyObject *
Schema_get_field_index(PyObject *op, PyObject *name)
{
    int32_t first;
    const int found = pyma_schema_find(core_of(op), name, &first);
    return found < 0 ? NULL : PyLong_FromLong(found == 1 ? first : -1);
}

PyDoc_STRVAR(get_all_field_indices_doc, "get_all_field_indices($self, name, /)\n--\n\n"
                                        "Numbers of all fields with this name.");

static PyObject *
Schema_get_all_field_indices(PyObject *op, PyObject *name)
{
    const ma_schema *core = core_of(op);
    ma_bytes bytes;
    PyObject *owner;
    if (pyma_text_from(name, "the name of a field", &bytes, &owner) < 0) {
        return NULL;
    }
    PyObject *list = PyList_New(0);
    for (int32_t i = 0; list != NULL && i < core->n_fields; i++) {
        if (!ma_field_is_named(core->fields[i], bytes)) {
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

static Py_ssize_t
Schema_mp_length(PyObject *op)
{
    return core_of(op)->n_fields;
}

static int
Schema_sq_contains(PyObject *op, PyObject *key)
{
    ma_schema *core = core_of(op);
    pyma_state *state = pyma_state_of(op);
    if (PyUnicode_Check(key)) {
        int32_t first;
        const int found = pyma_schema_find(core, key, &first);
        return found < 0 ? -1 : found > 0;
    }
    bool found = false;
    for (int32_t i = 0; Py_IS_TYPE(key, state->Field) && !found && i < core->n_fields; i++) {
        found = ma_field_equal(core->fields[i], pyma_field_get(state, key), false);
    }
    return found;
}

/* A list with one object for each field. */
static PyObject *
list_of(PyObject *op, PyObject *(*make)(pyma_state *state, ma_field *field))
{
    const ma_schema *core = core_of(op);
    pyma_state *state = pyma_state_of(op);
    PyObject *list = PyList_New(core->n_fields);
    for (int32_t i = 0; list != NULL && i < core->n_fields; i++) {
        PyObject *item = make(state, core->fields[i]);
        if (item == NULL) {
            Py_CLEAR(list);
            break;
        }
        PyList_SET_ITEM(list, i, item);
    }
    return list;
}

static PyObject *
field_object(pyma_state *state, ma_field *field)
{
    return pyma_field_wrap(state, ma_field_ref(field));
}

static PyObject *
field_name(pyma_state *Py_UNUSED(state), ma_field *field)
{
    return pyma_text_to_str(field->name, field->name_size);
}

static PyObject *
field_type(pyma_state *state, ma_field *field)
{
    return pyma_field_type(state, field);
}

static PyObject *
Schema_tp_iter(PyObject *op)
{
    PyObject *list = list_of(op, field_object);
    PyObject *iterator = list != NULL ? PyObject_GetIter(list) : NULL;
    Py_XDECREF(list);
    return iterator;
}

static PyObject *
Schema_get_names(PyObject *op, void *Py_UNUSED(closure))
{
    return list_of(op, field_name);
}

static PyObject *
Schema_get_types(PyObject *op, void *Py_UNUSED(closure))
{
    return list_of(op, field_type);
}

static PyObject *
Schema_get_metadata(PyObject *op, void *Py_UNUSED(closure))
{
    return pyma_metadata_to_dict(core_of(op)->metadata);
}

/* ---- text, equality ---- */

PyDoc_STRVAR(to_string_doc, "to_string($self, truncate_metadata=True, show_field_metadata=True, "
                            "show_schema_metadata=True)\n--\n\nThe schema as text.");

static PyObject *
Schema_to_string(PyObject *op, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"truncate_metadata", "show_field_metadata", "show_schema_metadata",
                               NULL};
    int truncate = 1;
    int fields = 1;
    int schema = 1;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|ppp:to_string", keywords, &truncate, &fields,
                                     &schema)) {
        return NULL;
    }
    const pyma_schema_text options = {truncate, fields, schema};
    return pyma_schema_to_text(core_of(op), &options);
}

static PyObject *
Schema_tp_repr(PyObject *op)
{
    const pyma_schema_text options = {true, true, true};
    return pyma_schema_to_text(core_of(op), &options);
}

static Py_hash_t
Schema_tp_hash(PyObject *op)
{
    Py_hash_t hash = 0;
    PyObject *fields = list_of(op, field_object);
    if (fields == NULL) {
        return -1;
    }
    PyObject *tuple = PyList_AsTuple(fields);
    Py_DECREF(fields);
    if (tuple == NULL) {
        return -1;
    }
    hash = PyObject_Hash(tuple);
    Py_DECREF(tuple);
    return hash;
}

/* 1, 0, or -1 with an exception. */
static int
schemas_equal(PyObject *op, PyObject *other, bool check_metadata)
{
    pyma_state *state = pyma_state_of(op);
    const ma_schema *a = core_of(op);
    const ma_schema *b = pyma_schema_get(state, other);
    if (b == NULL) {
        return -1;
    }
    int same = ma_schema_equal(a, b, check_metadata);
    for (int32_t i = 0; same > 0 && i < a->n_fields; i++) {
        same = pyma_field_same_extension(state, a->fields[i], b->fields[i]);
    }
    return same;
}

PyDoc_STRVAR(equals_doc, "equals($self, other, /, check_metadata=False)\n--\n\n"
                         "Whether another Schema has the same fields in the same order.");

static PyObject *
Schema_equals(PyObject *op, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"other", "check_metadata", NULL};
    PyObject *other;
    int check_metadata = 0;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|p:equals", keywords, &other,
                                     &check_metadata)) {
        return NULL;
    }
    const int same = schemas_equal(op, other, check_metadata);
    return same < 0 ? NULL : PyBool_FromLong(same);
}

static PyObject *
Schema_tp_richcompare(PyObject *op, PyObject *other, int how)
{
    if ((how != Py_EQ && how != Py_NE) || !Py_IS_TYPE(other, Py_TYPE(op))) {
        Py_RETURN_NOTIMPLEMENTED;
    }
    const int same = schemas_equal(op, other, false);
    return same < 0 ? NULL : PyBool_FromLong(same == (how == Py_EQ));
}

/* ---- changed copies ---- */

static PyObject *
wrap_new(pyma_state *state, ma_field *const *fields, int32_t count, ma_metadata *metadata)
{
    ma_schema *core = NULL;
    if (ma_schema_new(fields, count, metadata, &core, NULL) != MA_OK) {
        return PyErr_NoMemory();
    }
    return pyma_schema_wrap(state, core);
}

/* A copy in which `removed` fields at `at` give way to `field` (NULL for none). */
static PyObject *
replace(PyObject *op, Py_ssize_t at, int32_t removed, ma_field *field)
{
    const ma_schema *core = core_of(op);
    pyma_state *state = pyma_state_of(op);
    if (at < 0 || at > core->n_fields - removed) {
        return PyErr_Format(state->ArrowInvalid, "there is no place %zd in a schema of %d fields",
                            at, (int)core->n_fields);
    }
    ma_field **fields = ma_malloc((core->n_fields + 1) * (int64_t)sizeof(*fields));
    if (fields == NULL) {
        return PyErr_NoMemory();
    }
    int32_t count = 0;
    for (int32_t i = 0; i < at; i++) {
        fields[count++] = core->fields[i];
    }
    if (field != NULL) {
        fields[count++] = field;
    }
    for (int32_t i = (int32_t)at + removed; i < core->n_fields; i++) {
        fields[count++] = core->fields[i];
    }
    PyObject *copy = wrap_new(state, fields, count, core->metadata);
    ma_free(fields);
    return copy;
}

static PyObject *
replace_with_object(PyObject *op, Py_ssize_t at, int32_t removed, PyObject *object)
{
    ma_field *field = pyma_field_get(pyma_state_of(op), object);
    return field != NULL ? replace(op, at, removed, field) : NULL;
}

PyDoc_STRVAR(append_doc, "append($self, field, /)\n--\n\nA schema with one field more at the end.");
PyDoc_STRVAR(insert_doc, "insert($self, i, field, /)\n--\n\nA schema with one field more, at i.");
PyDoc_STRVAR(set_doc, "set($self, i, field, /)\n--\n\nA schema with another field in place i.");
PyDoc_STRVAR(remove_doc, "remove($self, i, /)\n--\n\nA schema without field i.");

static PyObject *
Schema_append(PyObject *op, PyObject *field)
{
    return replace_with_object(op, core_of(op)->n_fields, 0, field);
}

static PyObject *
Schema_insert(PyObject *op, PyObject *args)
{
    Py_ssize_t i;
    PyObject *field;
    return PyArg_ParseTuple(args, "nO:insert", &i, &field) ? replace_with_object(op, i, 0, field)
                                                           : NULL;
}

static PyObject *
Schema_set(PyObject *op, PyObject *args)
{
    Py_ssize_t i;
    PyObject *field;
    return PyArg_ParseTuple(args, "nO:set", &i, &field) ? replace_with_object(op, i, 1, field)
                                                        : NULL;
}

static PyObject *
Schema_remove(PyObject *op, PyObject *number)
{
    const Py_ssize_t i = PyNumber_AsSsize_t(number, PyExc_IndexError);
    return i == -1 && PyErr_Occurred() ? NULL : replace(op, i, 1, NULL);
}

PyDoc_STRVAR(with_metadata_doc, "with_metadata($self, metadata, /)\n--\n\n"
                                "The same fields with this metadata.\n\n"
                                "metadata -- mapping of str or bytes, pairs of them, or None");

static PyObject *
Schema_with_metadata(PyObject *op, PyObject *pairs)
{
    const ma_schema *core = core_of(op);
    ma_metadata *metadata;
    if (pyma_metadata_from(pairs, &metadata) < 0) {
        return NULL;
    }
    PyObject *copy = wrap_new(pyma_state_of(op), core->fields, core->n_fields, metadata);
    ma_metadata_unref(metadata);
    return copy;
}

PyDoc_STRVAR(remove_metadata_doc, "remove_metadata($self, /)\n--\n\n"
                                  "The same fields without the schema's metadata.");

static PyObject *
Schema_remove_metadata(PyObject *op, PyObject *Py_UNUSED(ignored))
{
    const ma_schema *core = core_of(op);
    return wrap_new(pyma_state_of(op), core->fields, core->n_fields, NULL);
}

PyDoc_STRVAR(reduce_doc, "__reduce__($self, /)\n--\n\nPickling.");

static PyObject *
Schema_reduce(PyObject *op, PyObject *Py_UNUSED(ignored))
{
    return pyma_call("minarrow._pickle", "reduce_schema", "(O)", op);
}

static PyMethodDef Schema_methods[] = {
    PYMA_CAPSULE_SCHEMA_METHODS(schema){"field", Schema_field, METH_O, field_doc},
    {"get_field_index", Schema_get_field_index, METH_O, get_field_index_doc},
    {"get_all_field_indices", Schema_get_all_field_indices, METH_O, get_all_field_indices_doc},
    {"equals", (PyCFunction)(void (*)(void))Schema_equals, METH_VARARGS | METH_KEYWORDS,
     equals_doc},
    {"to_string", (PyCFunction)(void (*)(void))Schema_to_string, METH_VARARGS | METH_KEYWORDS,
     to_string_doc},
    {"append", Schema_append, METH_O, append_doc},
    {"insert", Schema_insert, METH_VARARGS, insert_doc},
    {"set", Schema_set, METH_VARARGS, set_doc},
    {"remove", Schema_remove, METH_O, remove_doc},
    {"with_metadata", Schema_with_metadata, METH_O, with_metadata_doc},
    {"remove_metadata", Schema_remove_metadata, METH_NOARGS, remove_metadata_doc},
    {"__reduce__", Schema_reduce, METH_NOARGS, reduce_doc},
    {0},
};

static PyGetSetDef Schema_getset[] = {
    {"names", Schema_get_names, NULL, PyDoc_STR("List of the fields' names."), NULL},
    {"types", Schema_get_types, NULL, PyDoc_STR("List of the fields' types."), NULL},
    {"metadata", Schema_get_metadata, NULL, PyDoc_STR("dict of bytes, or None."), NULL},
    {0},
};

PyDoc_STRVAR(Schema_doc, "The fields of a table, in order, and metadata; made by schema(...).\n\n"
                         "Iterates over its fields; schema[i] and schema['name'] give one.");

static PyType_Slot Schema_slots[] = {
    {Py_tp_doc, (void *)Schema_doc},
    {Py_tp_dealloc, Schema_tp_dealloc},
    {Py_tp_repr, Schema_tp_repr},
    {Py_tp_hash, Schema_tp_hash},
    {Py_tp_richcompare, Schema_tp_richcompare},
    {Py_tp_iter, Schema_tp_iter},
    {Py_mp_subscript, Schema_field},
    {Py_mp_length, Schema_mp_length},
    {Py_sq_contains, Schema_sq_contains},
    {Py_tp_getset, Schema_getset},
    {Py_tp_methods, Schema_methods},
    {0, NULL},
};

PyType_Spec pyma_Schema_spec = {
    .name = "minarrow.Schema",
    .basicsize = sizeof(SchemaObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = Schema_slots,
};

/* ---- making ---- */

/* From fields, (name, type) pairs, or a mapping of names to types. */
static ma_schema *
schema_from_fields(pyma_state *state, PyObject *fields, ma_metadata *metadata)
{
    PyObject *items = PyDict_Check(fields) ? PyDict_Items(fields) : PySequence_List(fields);
    if (items == NULL) {
        return NULL;
    }
    const Py_ssize_t count = PyList_GET_SIZE(items);
    ma_schema *schema = NULL;
    ma_field **made = count <= INT32_MAX ? ma_calloc(count, sizeof(*made)) : NULL;
    Py_ssize_t filled = 0;
    if (made == NULL) {
        PyErr_NoMemory();
    }
    for (; made != NULL && filled < count; filled++) {
        made[filled] = pyma_field_ensure(state, PyList_GET_ITEM(items, filled), NULL);
        if (made[filled] == NULL) {
            break;
        }
    }
    if (made != NULL && filled == count &&
        ma_schema_new(made, (int32_t)count, metadata, &schema, NULL) != MA_OK) {
        PyErr_NoMemory();
    }
    for (Py_ssize_t i = 0; i < filled; i++) {
        ma_field_unref(made[i]);
    }
    ma_free(made);
    Py_DECREF(items);
    return schema;
}

ma_schema *
pyma_schema_ensure(pyma_state *state, PyObject *object)
{
    if (Py_IS_TYPE(object, state->Schema)) {
        return ma_schema_ref(core_of(object));
    }
    const int has_schema = pyma_has_capsules(object, "__arrow_c_schema__");
    if (has_schema != 0) {
        return has_schema == 1 ? pyma_schema_from_capsule(state, object) : NULL;
    }
    return schema_from_fields(state, object, NULL);
}

PyDoc_STRVAR(schema_doc,
             "schema(fields, metadata=None)\n--\n\n"
             "A schema.\n\n"
             "fields -- Fields, (name, type) pairs, a dict of names to types, or a Schema, also\n"
             "    one of another library (__arrow_c_schema__)\n"
             "metadata -- mapping of str or bytes, or pairs of them");

/* Another library's schema, with other metadata unless `pairs` is None. */
static PyObject *
schema_of_capsule(pyma_state *state, PyObject *object, PyObject *pairs)
{
    ma_schema *core = pyma_schema_from_capsule(state, object);
    PyObject *schema = core != NULL ? pyma_schema_wrap(state, core) : NULL;
    if (schema == NULL || pairs == Py_None) {
        return schema;
    }
    PyObject *changed = Schema_with_metadata(schema, pairs);
    Py_DECREF(schema);
    return changed;
}

static PyObject *
core_schema(PyObject *module, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"fields", "metadata", NULL};
    PyObject *fields;
    PyObject *pairs = Py_None;
    pyma_state *state = pyma_state_of_module(module);
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|O:schema", keywords, &fields, &pairs)) {
        return NULL;
    }
    if (Py_IS_TYPE(fields, state->Schema)) {
        return pairs != Py_None ? Schema_with_metadata(fields, pairs) : Py_NewRef(fields);
    }
    const int has_schema = pyma_has_capsules(fields, "__arrow_c_schema__");
    if (has_schema != 0) {
        return has_schema == 1 ? schema_of_capsule(state, fields, pairs) : NULL;
    }
    ma_metadata *metadata;
    if (pyma_metadata_from(pairs, &metadata) < 0) {
        return NULL;
    }
    ma_schema *core = schema_from_fields(state, fields, metadata);
    ma_metadata_unref(metadata);
    return core != NULL ? pyma_schema_wrap(state, core) : NULL;
}

PyMethodDef pyma_schema_functions[] = {
    {"schema", (PyCFunction)(void (*)(void))core_schema, METH_VARARGS | METH_KEYWORDS, schema_doc},
    {0},
};
