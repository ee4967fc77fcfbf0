/* Extension types: a name and bytes in a field's metadata, and the Python class that reads them. */
#include "python/py_module.h"

#include <string.h>

#include "core/base/memory.h"

#define NAME_KEY     "ARROW:extension:name"
#define METADATA_KEY "ARROW:extension:metadata"

/* What a registered class raised, as the bytes' fault that it is: ArrowInvalid, with it as the
 * cause. */
static void
blame_metadata(pyma_state *state, PyObject *name)
{
    if (!pyma_is_refusal() || PyErr_ExceptionMatches(state->ArrowException)) {
        return;
    }
    PyObject *cause = pyma_error_take();
    pyma_raise_from(cause, state->ArrowInvalid,
                    "extension type %R refuses the field's metadata or storage (%S); "
                    "after unregister_extension_type the field is read as its storage",
                    name, cause);
}

/* The extension type that the registered `known` makes of a storage type and serialized bytes. */
static PyObject *
deserialize(pyma_state *state, PyObject *known, ma_type *core, const ma_bytes *bytes)
{
    PyObject *storage = pyma_type_wrap(state, ma_type_ref(core));
    PyObject *serialized = bytes != NULL
                               ? PyBytes_FromStringAndSize(bytes->data, (Py_ssize_t)bytes->size)
                               : PyBytes_FromStringAndSize(NULL, 0);
    PyObject *type =
        storage != NULL && serialized != NULL
            ? PyObject_CallMethod(known, "__arrow_ext_deserialize__", "OO", storage, serialized)
            : NULL;
    Py_XDECREF(storage);
    Py_XDECREF(serialized);
    return type;
}

/* After `known` refused a dictionary: whether it takes the values, so that the field has values of
 * the extension type which are dictionary-encoded. No type of ours says so. The exception goes if
 * they are, and stays if not, but for one that is no refusal. */
static bool
takes_values(pyma_state *state, PyObject *known, const ma_type *type, const ma_bytes *bytes)
{
    if (type->id != MA_TYPE_DICTIONARY || !pyma_is_refusal()) {
        return false;
    }
    PyObject *refusal = pyma_error_take();
    PyObject *values = deserialize(state, known, type->value_type, bytes);
    if (values == NULL) {
        if (pyma_drop_refusal() == 0) {
            pyma_error_restore(refusal);
        } else {
            Py_DECREF(refusal);
        }
        return false;
    }
    Py_DECREF(values);
    Py_DECREF(refusal);
    return true;
}

int
pyma_field_extension(pyma_state *state, const ma_field *field, PyObject **out)
{
    *out = NULL;
    const ma_bytes *name = ma_metadata_get(field->metadata, NAME_KEY);
    if (name == NULL) {
        return 0;
    }
    /* the first extension type that turns up brings the canonical ones with it */
    if (pyma_import(&state->extension, "minarrow.extension", NULL) == NULL) {
        return -1;
    }
    PyObject *key = pyma_text_to_str(name->data, name->size);
    if (key == NULL) {
        return -1;
    }
    PyObject *known;
    const int found = pyma_find_item(state->extension_types, key, &known);
    if (found <= 0) {
        Py_DECREF(key);
        return found;
    }
    const ma_bytes *bytes = ma_metadata_get(field->metadata, METADATA_KEY);
    PyObject *type = deserialize(state, known, field->type, bytes);
    const bool encoded = type == NULL && takes_values(state, known, field->type, bytes);
    if (type == NULL && !encoded) {
        blame_metadata(state, key);
    }
    Py_DECREF(known);
    Py_DECREF(key);
    if (type == NULL) {
        return encoded ? 0 : -1;
    }
    const ma_type *core = pyma_type_get(state, type);
    if (core == NULL || !ma_type_equal(core, field->type, false)) {
        if (core != NULL) {
            PyErr_Format(PyExc_TypeError,
                         "%R was made from another storage type than the field has; "
                         "__arrow_ext_deserialize__ must refuse what it cannot take",
                         type);
        }
        Py_DECREF(type);
        return -1;
    }
    *out = type;
    return 0;
}

/* Whether the fields name the same extension type in the same bytes, or none. */
static bool
names_alike(const ma_field *a, const ma_field *b)
{
    static const char *const keys[] = {NAME_KEY, METADATA_KEY};
    for (int i = 0; i < 2; i++) {
        const ma_bytes *x = ma_metadata_get(a->metadata, keys[i]);
        const ma_bytes *y = ma_metadata_get(b->metadata, keys[i]);
        if (x == NULL || y == NULL) {
            if (x != y) {
                return false;
            }
        } else if (x->size != y->size || memcmp(x->data, y->data, (size_t)x->size) != 0) {
            return false;
        }
    }
    return true;
}

/* Whether they are of the same registered extension type, or of none. */
static int
resolve_alike(pyma_state *state, const ma_field *a, const ma_field *b)
{
    PyObject *x;
    PyObject *y;
    if (pyma_field_extension(state, a, &x) < 0) {
        return -1;
    }
    if (pyma_field_extension(state, b, &y) < 0) {
        Py_XDECREF(x);
        return -1;
    }
    const int same = x == NULL || y == NULL ? x == y : PyObject_RichCompareBool(x, y, Py_EQ);
    Py_XDECREF(x);
    Py_XDECREF(y);
    return same;
}

int
pyma_field_same_extension(pyma_state *state, const ma_field *a, const ma_field *b)
{
    if (a == b) {
        return 1;
    }
    const int same = names_alike(a, b) ? 1 : resolve_alike(state, a, b);
    return same > 0 ? pyma_type_same_extensions(state, a->type, b->type) : same;
}

int
pyma_type_same_extensions(pyma_state *state, const ma_type *a, const ma_type *b)
{
    int same = 1;
    if (a != b && a->value_type != NULL) {
        same = pyma_type_same_extensions(state, a->value_type, b->value_type);
    }
    for (int32_t i = 0; a != b && same > 0 && i < a->n_children; i++) {
        same = pyma_field_same_extension(state, a->children[i], b->children[i]);
    }
    return same;
}

PyObject *
pyma_field_type(pyma_state *state, const ma_field *field)
{
    PyObject *type;
    if (pyma_field_extension(state, field, &type) < 0) {
        return NULL;
    }
    return type != NULL ? type : pyma_type_wrap(state, ma_type_ref(field->type));
}

/* The class that `hook` of an extension type gives, which must derive from `base`. */
static PyTypeObject *
class_from_hook(PyObject *type, const char *hook, PyTypeObject *base)
{
    PyObject *method = PyObject_GetAttrString(type, hook);
    if (method == NULL) {
        if (!PyErr_ExceptionMatches(PyExc_AttributeError)) {
            return NULL;
        }
        PyErr_Clear();
        return (PyTypeObject *)Py_NewRef(base);
    }
    PyObject *class = PyObject_CallNoArgs(method);
    Py_DECREF(method);
    if (class == NULL) {
        return NULL;
    }
    if (!PyType_Check(class) || !PyType_IsSubtype((PyTypeObject *)class, base)) {
        PyErr_Format(PyExc_TypeError, "%s of %R must give a subclass of %s, and gave %R", hook,
                     type, base->tp_name, class);
        Py_DECREF(class);
        return NULL;
    }
    return (PyTypeObject *)class;
}

PyTypeObject *
pyma_extension_array_class(pyma_state *state, PyObject *type)
{
    return class_from_hook(type, "__arrow_ext_class__", state->Array);
}

PyTypeObject *
pyma_extension_scalar_class(pyma_state *state, PyObject *type)
{
    return class_from_hook(type, "__arrow_ext_scalar_class__", state->Scalar);
}

static bool
names_extension(const ma_pair *pair)
{
    const ma_bytes key = pair->key;
    return (key.size == (int64_t)strlen(NAME_KEY) &&
            memcmp(key.data, NAME_KEY, strlen(NAME_KEY)) == 0) ||
           (key.size == (int64_t)strlen(METADATA_KEY) &&
            memcmp(key.data, METADATA_KEY, strlen(METADATA_KEY)) == 0);
}

int
pyma_extension_metadata(PyObject *type, ma_metadata *metadata, ma_metadata **out)
{
    PyObject *name = NULL;
    PyObject *serialized = NULL;
    PyObject *owners[2] = {NULL, NULL};
    int st = -1;
    const int64_t before = ma_metadata_count(metadata);
    int64_t count = 0;
    ma_pair *pairs = ma_calloc(before + 2, sizeof(*pairs));
    if (pairs == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    for (int64_t i = 0; i < before; i++) {
        if (!names_extension(&metadata->pairs[i])) {
            pairs[count++] = metadata->pairs[i];
        }
    }
    if (type != NULL) {
        name = PyObject_GetAttrString(type, "extension_name");
        serialized =
            name != NULL ? PyObject_CallMethod(type, "__arrow_ext_serialize__", NULL) : NULL;
        pairs[count].key = (ma_bytes){NAME_KEY, (int64_t)strlen(NAME_KEY)};
        pairs[count + 1].key = (ma_bytes){METADATA_KEY, (int64_t)strlen(METADATA_KEY)};
        if (serialized == NULL ||
            pyma_text_from(name, "extension_name", &pairs[count].value, &owners[0]) < 0 ||
            pyma_text_from(serialized, "what __arrow_ext_serialize__ gives",
                           &pairs[count + 1].value, &owners[1]) < 0) {
            goto done;
        }
        count += 2;
    }
    *out = NULL;
    if (count > 0 && ma_metadata_new(pairs, count, out, NULL) != MA_OK) {
        PyErr_NoMemory();
        goto done;
    }
    st = 0;

done:
    ma_free(pairs);
    Py_XDECREF(owners[0]);
    Py_XDECREF(owners[1]);
    Py_XDECREF(name);
    Py_XDECREF(serialized);
    return st;
}

/* ---- the registry ---- */

PyDoc_STRVAR(register_doc, "register_extension_type(ext_type, /)\n--\n\n"
                           "Read fields that name this extension type as such.\n\n"
                           "ext_type -- an instance, whose class reads back what it serialized");

static PyObject *
core_register(PyObject *module, PyObject *type)
{
    pyma_state *state = pyma_state_of_module(module);
    if (pyma_type_get(state, type) == NULL) {
        return NULL;
    }
    if (!pyma_type_is_extension(state, type)) {
        return PyErr_Format(PyExc_TypeError, "%R is no extension type", type);
    }
    PyObject *name = PyObject_GetAttrString(type, "extension_name");
    if (name == NULL) {
        return NULL;
    }
    PyObject *there = PyDict_SetDefault(state->extension_types, name, type); /* borrowed */
    if (there != NULL && there != type) {
        PyErr_Format(state->ArrowKeyError,
                     "an extension type named %R is registered already; unregister it first", name);
        there = NULL;
    }
    Py_DECREF(name);
    if (there == NULL) {
        return NULL;
    }
    Py_RETURN_NONE;
}

PyDoc_STRVAR(unregister_doc, "unregister_extension_type(type_name, /)\n--\n\n"
                             "Read fields that name this extension type as their storage again.");

static PyObject *
core_unregister(PyObject *module, PyObject *name)
{
    pyma_state *state = pyma_state_of_module(module);
    if (PyDict_DelItem(state->extension_types, name) < 0) {
        if (PyErr_ExceptionMatches(PyExc_KeyError)) {
            PyErr_Format(state->ArrowKeyError, "no extension type named %R is registered", name);
        }
        return NULL;
    }
    Py_RETURN_NONE;
}

PyMethodDef pyma_extension_functions[] = {
    {"register_extension_type", core_register, METH_O, register_doc},
    {"unregister_extension_type", core_unregister, METH_O, unregister_doc},
    {0},
};
