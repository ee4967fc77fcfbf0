/* Field: a column's name, type, nullability and metadata. */
#include "python/py_capsule.h"
#include "python/py_module.h"

#include <string.h>

typedef struct FieldObject {
    PyObject_HEAD
    ma_field *core; /* owned */
} FieldObject;

PyObject *
pyma_field_wrap(pyma_state *state, ma_field *core)
{
    PyTypeObject *type = state->Field;
    FieldObject *self = (FieldObject *)type->tp_alloc(type, 0);
    if (self == NULL) {
        ma_field_unref(core);
        return NULL;
    }
    self->core = core;
    return (PyObject *)self;
}

ma_field *
pyma_field_get(pyma_state *state, PyObject *object)
{
    if (Py_IS_TYPE(object, state->Field)) {
        return ((FieldObject *)object)->core;
    }
    PyErr_Format(PyExc_TypeError, "expected a minarrow.Field, not %.200s",
                 Py_TYPE(object)->tp_name);
    return NULL;
}

/* ---- making ---- */

ma_field *
pyma_field_new(pyma_state *state, ma_bytes name, PyObject *type, bool nullable,
               ma_metadata *metadata)
{
    ma_metadata *with_extension = NULL;
    ma_field *field = NULL;
    ma_type *core = pyma_type_get(state, type);
    if (core == NULL) {
        return NULL;
    }
    if (pyma_type_is_extension(state, type)) {
        if (pyma_extension_metadata(type, metadata, &with_extension) < 0) {
            return NULL;
        }
        metadata = with_extension;
    }
    if (ma_field_new(name, core, nullable, metadata, &field, NULL) != MA_OK) {
        PyErr_NoMemory();
    }
    ma_metadata_unref(with_extension);
    return field;
}

/* The same with a Python name, and a type or alias. */
static ma_field *
field_from_parts(pyma_state *state, PyObject *name, PyObject *type, bool nullable,
                 ma_metadata *metadata)
{
    ma_bytes bytes;
    PyObject *owner;
    if (pyma_text_from(name, "the name of a field", &bytes, &owner) < 0) {
        return NULL;
    }
    PyObject *ensured = pyma_type_ensure(state, type);
    ma_field *field =
        ensured != NULL ? pyma_field_new(state, bytes, ensured, nullable, metadata) : NULL;
    Py_XDECREF(ensured);
    Py_DECREF(owner);
    return field;
}

static ma_field *
field_from_tuple(pyma_state *state, PyObject *tuple)
{
    const Py_ssize_t size = PyTuple_GET_SIZE(tuple);
    if (size < 2 || size > 4) {
        PyErr_Format(
            PyExc_TypeError,
            "a field is a (name, type[, nullable[, metadata]]) tuple, not one of %zd items", size);
        return NULL;
    }
    const int nullable = size > 2 ? PyObject_IsTrue(PyTuple_GET_ITEM(tuple, 2)) : 1;
    ma_metadata *metadata = NULL;
    if (nullable < 0 ||
        (size > 3 && pyma_metadata_from(PyTuple_GET_ITEM(tuple, 3), &metadata) < 0)) {
        return NULL;
    }
    ma_field *field = field_from_parts(state, PyTuple_GET_ITEM(tuple, 0),
                                       PyTuple_GET_ITEM(tuple, 1), nullable, metadata);
    ma_metadata_unref(metadata);
    return field;
}

/* A Field, or another library's: 1, 0, or -1 with an exception. */
static int
is_field_like(pyma_state *state, PyObject *object)
{
    return Py_IS_TYPE(object, state->Field) ? 1 : pyma_has_capsules(object, "__arrow_c_schema__");
}

ma_field *
pyma_field_ensure(pyma_state *state, PyObject *object, const char *name)
{
    if (Py_IS_TYPE(object, state->Field)) {
        return ma_field_ref(((FieldObject *)object)->core);
    }
    const int is_like = name == NULL ? is_field_like(state, object) : 0;
    if (is_like != 0) {
        return is_like == 1 ? pyma_field_from_capsule(state, object) : NULL;
    }
    if (PyTuple_Check(object)) {
        return field_from_tuple(state, object);
    }
    if (name == NULL) {
        PyErr_Format(PyExc_TypeError,
                     "expected a minarrow.Field or a (name, type) tuple, not %.200s",
                     Py_TYPE(object)->tp_name);
        return NULL;
    }
    PyObject *type = pyma_type_ensure(state, object);
    if (type == NULL) {
        return NULL;
    }
    ma_field *field =
        pyma_field_new(state, (ma_bytes){name, (int64_t)strlen(name)}, type, true, NULL);
    Py_DECREF(type);
    return field;
}

PyDoc_STRVAR(field_doc, "field(name, type=None, nullable=None, metadata=None)\n--\n\n"
                        "A field.\n\n"
                        "name -- str; or a Field, of which a copy is made\n"
                        "type -- DataType or a name such as 'int64'\n"
                        "nullable -- whether values may be missing, True by default\n"
                        "metadata -- mapping of str or bytes, or pairs of them");

static PyObject *
core_field(PyObject *module, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"name", "type", "nullable", "metadata", NULL};
    PyObject *name;
    PyObject *type = Py_None;
    PyObject *nullable_or_none = Py_None;
    PyObject *pairs = Py_None;
    pyma_state *state = pyma_state_of_module(module);
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|OOO:field", keywords, &name, &type,
                                     &nullable_or_none, &pairs)) {
        return NULL;
    }
    ma_field *given = NULL;
    const int is_like = is_field_like(state, name);
    if (is_like < 0) {
        return NULL;
    }
    if (is_like) {
        if (type != Py_None) {
            PyErr_SetString(PyExc_ValueError, "a Field has a type already: give no second one");
            return NULL;
        }
        given = pyma_field_ensure(state, name, NULL);
        if (given == NULL) {
            return NULL;
        }
    }
    int nullable = given != NULL ? given->nullable : 1;
    if (nullable_or_none != Py_None) {
        nullable = PyObject_IsTrue(nullable_or_none);
    }
    ma_metadata *metadata = NULL;
    if (nullable < 0 || pyma_metadata_from(pairs, &metadata) < 0) {
        ma_field_unref(given);
        return NULL;
    }
    ma_field *core = NULL;
    if (given == NULL) {
        core = field_from_parts(state, name, type, nullable, metadata);
    } else if (ma_field_new((ma_bytes){given->name, given->name_size}, given->type, nullable,
                            pairs != Py_None ? metadata : given->metadata, &core, NULL) != MA_OK) {
        PyErr_NoMemory();
    }
    ma_field_unref(given);
    ma_metadata_unref(metadata);
    return core != NULL ? pyma_field_wrap(state, core) : NULL;
}

/* ---- methods ---- */

static void
Field_tp_dealloc(PyObject *op)
{
    PyTypeObject *type = Py_TYPE(op);
    ma_field_unref(((FieldObject *)op)->core);
    type->tp_free(op);
    Py_DECREF(type);
}

static PyObject *
Field_get_name(PyObject *op, void *Py_UNUSED(closure))
{
    const ma_field *core = ((FieldObject *)op)->core;
    return pyma_text_to_str(core->name, core->name_size);
}

static PyObject *
Field_get_type(PyObject *op, void *Py_UNUSED(closure))
{
    return pyma_field_type(pyma_state_of(op), ((FieldObject *)op)->core);
}

static PyObject *
Field_get_nullable(PyObject *op, void *Py_UNUSED(closure))
{
    return PyBool_FromLong(((FieldObject *)op)->core->nullable);
}

static PyObject *
Field_get_metadata(PyObject *op, void *Py_UNUSED(closure))
{
    return pyma_metadata_to_dict(((FieldObject *)op)->core->metadata);
}

static PyObject *
Field_tp_repr(PyObject *op)
{
    PyObject *name = Field_get_name(op, NULL);
    PyObject *type = name != NULL ? Field_get_type(op, NULL) : NULL;
    PyObject *repr =
        type != NULL ? PyUnicode_FromFormat("minarrow.Field<%U: %S%s>", name, type,
                                            ((FieldObject *)op)->core->nullable ? "" : " not null")
                     : NULL;
    Py_XDECREF(name);
    Py_XDECREF(type);
    return repr;
}

static Py_hash_t
Field_tp_hash(PyObject *op)
{
    const ma_field *core = ((FieldObject *)op)->core;
    PyObject *name = Field_get_name(op, NULL);
    PyObject *type =
        name != NULL ? pyma_type_wrap(pyma_state_of(op), ma_type_ref(core->type)) : NULL;
    Py_hash_t hash = -1;
    if (type != NULL) {
        const Py_uhash_t of_type = (Py_uhash_t)PyObject_Hash(type);
        hash = (Py_hash_t)((Py_uhash_t)PyObject_Hash(name) ^ (of_type * 31) ^ core->nullable);
        hash = hash == -1 ? -2 : hash;
    }
    Py_XDECREF(name);
    Py_XDECREF(type);
    return hash;
}

/* 1, 0, or -1 with an exception. */
static int
fields_equal(PyObject *op, PyObject *other, bool check_metadata)
{
    pyma_state *state = pyma_state_of(op);
    const ma_field *a = ((FieldObject *)op)->core;
    const ma_field *b = pyma_field_get(state, other);
    if (b == NULL) {
        return -1;
    }
    return ma_field_equal(a, b, check_metadata) ? pyma_field_same_extension(state, a, b) : 0;
}

PyDoc_STRVAR(equals_doc, "equals($self, other, /, check_metadata=False)\n--\n\n"
                         "Whether another Field has the same name, type and nullability.");

static PyObject *
Field_equals(PyObject *op, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"other", "check_metadata", NULL};
    PyObject *other;
    int check_metadata = 0;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|p:equals", keywords, &other,
                                     &check_metadata)) {
        return NULL;
    }
    const int same = fields_equal(op, other, check_metadata);
    return same < 0 ? NULL : PyBool_FromLong(same);
}

static PyObject *
Field_tp_richcompare(PyObject *op, PyObject *other, int how)
{
    if ((how != Py_EQ && how != Py_NE) || !Py_IS_TYPE(other, Py_TYPE(op))) {
        Py_RETURN_NOTIMPLEMENTED;
    }
    const int same = fields_equal(op, other, false);
    return same < 0 ? NULL : PyBool_FromLong(same == (how == Py_EQ));
}

PyDoc_STRVAR(with_name_doc, "with_name($self, name, /)\n--\n\nThe same field under another name.");

static PyObject *
Field_with_name(PyObject *op, PyObject *name)
{
    const ma_field *core = ((FieldObject *)op)->core;
    ma_bytes bytes;
    PyObject *owner;
    ma_field *copy = NULL;
    if (pyma_text_from(name, "the name of a field", &bytes, &owner) < 0) {
        return NULL;
    }
    const ma_status st =
        ma_field_new(bytes, core->type, core->nullable, core->metadata, &copy, NULL);
    Py_DECREF(owner);
    return st == MA_OK ? pyma_field_wrap(pyma_state_of(op), copy) : PyErr_NoMemory();
}

PyDoc_STRVAR(with_type_doc, "with_type($self, new_type, /)\n--\n\nThe same field of another type.");

static PyObject *
Field_with_type(PyObject *op, PyObject *new_type)
{
    pyma_state *state = pyma_state_of(op);
    const ma_field *core = ((FieldObject *)op)->core;
    ma_metadata *metadata;
    PyObject *type = pyma_type_ensure(state, new_type);
    if (type == NULL || pyma_extension_metadata(NULL, core->metadata, &metadata) < 0) {
        Py_XDECREF(type);
        return NULL;
    }
    ma_field *copy = pyma_field_new(state, (ma_bytes){core->name, core->name_size}, type,
                                    core->nullable, metadata);
    ma_metadata_unref(metadata);
    Py_DECREF(type);
    return copy != NULL ? pyma_field_wrap(state, copy) : NULL;
}

PyDoc_STRVAR(with_nullable_doc, "with_nullable($self, nullable, /)\n--\n\n"
                                "The same field with another nullability.");

static PyObject *
Field_with_nullable(PyObject *op, PyObject *value)
{
    const ma_field *core = ((FieldObject *)op)->core;
    const int nullable = PyObject_IsTrue(value);
    ma_field *copy = NULL;
    if (nullable < 0) {
        return NULL;
    }
    if (ma_field_new((ma_bytes){core->name, core->name_size}, core->type, nullable, core->metadata,
                     &copy, NULL) != MA_OK) {
        return PyErr_NoMemory();
    }
    return pyma_field_wrap(pyma_state_of(op), copy);
}

/* A copy of `op` with other metadata, and of the same extension type where it is of one. */
static PyObject *
copy_with_metadata(PyObject *op, ma_metadata *metadata)
{
    pyma_state *state = pyma_state_of(op);
    const ma_field *core = ((FieldObject *)op)->core;
    PyObject *type = pyma_field_type(state, core);
    if (type == NULL) {
        return NULL;
    }
    ma_field *copy = pyma_field_new(state, (ma_bytes){core->name, core->name_size}, type,
                                    core->nullable, metadata);
    Py_DECREF(type);
    return copy != NULL ? pyma_field_wrap(state, copy) : NULL;
}

PyDoc_STRVAR(with_metadata_doc, "with_metadata($self, metadata, /)\n--\n\n"
                                "The same field with this metadata in place of its own.");

static PyObject *
Field_with_metadata(PyObject *op, PyObject *pairs)
{
    ma_metadata *metadata;
    if (pyma_metadata_from(pairs, &metadata) < 0) {
        return NULL;
    }
    PyObject *copy = copy_with_metadata(op, metadata);
    ma_metadata_unref(metadata);
    return copy;
}

PyDoc_STRVAR(remove_metadata_doc, "remove_metadata($self, /)\n--\n\n"
                                  "The same field without metadata.");

static PyObject *
Field_remove_metadata(PyObject *op, PyObject *Py_UNUSED(ignored))
{
    return copy_with_metadata(op, NULL);
}

PyDoc_STRVAR(reduce_doc, "__reduce__($self, /)\n--\n\nPickling.");

static PyObject *
Field_reduce(PyObject *op, PyObject *Py_UNUSED(ignored))
{
    return pyma_call("minarrow._pickle", "reduce_field", "(O)", op);
}

static PyMethodDef Field_methods[] = {
    PYMA_CAPSULE_SCHEMA_METHODS(field){"equals", (PyCFunction)(void (*)(void))Field_equals,
                                       METH_VARARGS | METH_KEYWORDS, equals_doc},
    {"with_name", Field_with_name, METH_O, with_name_doc},
    {"with_type", Field_with_type, METH_O, with_type_doc},
    {"with_nullable", Field_with_nullable, METH_O, with_nullable_doc},
    {"with_metadata", Field_with_metadata, METH_O, with_metadata_doc},
    {"remove_metadata", Field_remove_metadata, METH_NOARGS, remove_metadata_doc},
    {"__reduce__", Field_reduce, METH_NOARGS, reduce_doc},
    {0},
};

static PyGetSetDef Field_getset[] = {
    {"name", Field_get_name, NULL, PyDoc_STR("The name; may be empty, and need not be unique."),
     NULL},
    {"type", Field_get_type, NULL, PyDoc_STR("The DataType."), NULL},
    {"nullable", Field_get_nullable, NULL, PyDoc_STR("Whether values may be missing."), NULL},
    {"metadata", Field_get_metadata, NULL, PyDoc_STR("dict of bytes, or None."), NULL},
    {0},
};

PyDoc_STRVAR(Field_doc, "A column's name, type, nullability and metadata; made by field(...).");

static PyType_Slot Field_slots[] = {
    {Py_tp_doc, (void *)Field_doc},
    {Py_tp_dealloc, Field_tp_dealloc},
    {Py_tp_repr, Field_tp_repr},
    {Py_tp_hash, Field_tp_hash},
    {Py_tp_richcompare, Field_tp_richcompare},
    {Py_tp_getset, Field_getset},
    {Py_tp_methods, Field_methods},
    {0, NULL},
};

PyType_Spec pyma_Field_spec = {
    .name = "minarrow.Field",
    .basicsize = sizeof(FieldObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = Field_slots,
};

PyMethodDef pyma_field_functions[] = {
    {"field", (PyCFunction)(void (*)(void))core_field, METH_VARARGS | METH_KEYWORDS, field_doc},
    {0},
};
