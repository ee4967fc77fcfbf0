/* The attributes that only some data types have: what a type's parameters are. */
#include "python/py_module.h"

#include <string.h>

typedef enum attribute {
    ATTR_UNIT,
    ATTR_TZ,
    ATTR_PRECISION,
    ATTR_SCALE,
    ATTR_LIST_SIZE,
    ATTR_VALUE_TYPE,
    ATTR_VALUE_FIELD,
    ATTR_KEY_TYPE,
    ATTR_KEY_FIELD,
    ATTR_ITEM_TYPE,
    ATTR_ITEM_FIELD,
    ATTR_KEYS_SORTED,
    ATTR_INDEX_TYPE,
    ATTR_ORDERED,
    ATTR_MODE,
    ATTR_TYPE_CODES,
    ATTR_RUN_END_TYPE,
    ATTR_NAMES,
} attribute;

#define ID(name) (UINT64_C(1) << MA_TYPE_##name)
#define DECIMALS (ID(DECIMAL32) | ID(DECIMAL64) | ID(DECIMAL128) | ID(DECIMAL256))
#define LISTS \
    (ID(LIST) | ID(LARGE_LIST) | ID(LIST_VIEW) | ID(LARGE_LIST_VIEW) | ID(FIXED_SIZE_LIST))
#define UNIONS (ID(SPARSE_UNION) | ID(DENSE_UNION))

static const struct {
    const char *name;
    uint64_t types; /* which have it */
} attributes[] = {
    [ATTR_UNIT] = {"unit", ID(TIME32) | ID(TIME64) | ID(TIMESTAMP) | ID(DURATION)},
    [ATTR_TZ] = {"tz", ID(TIMESTAMP)},
    [ATTR_PRECISION] = {"precision", DECIMALS},
    [ATTR_SCALE] = {"scale", DECIMALS},
    [ATTR_LIST_SIZE] = {"list_size", ID(FIXED_SIZE_LIST)},
    [ATTR_VALUE_TYPE] = {"value_type", LISTS | ID(DICTIONARY) | ID(RUN_END_ENCODED)},
    [ATTR_VALUE_FIELD] = {"value_field", LISTS},
    [ATTR_KEY_TYPE] = {"key_type", ID(MAP)},
    [ATTR_KEY_FIELD] = {"key_field", ID(MAP)},
    [ATTR_ITEM_TYPE] = {"item_type", ID(MAP)},
    [ATTR_ITEM_FIELD] = {"item_field", ID(MAP)},
    [ATTR_KEYS_SORTED] = {"keys_sorted", ID(MAP)},
    [ATTR_INDEX_TYPE] = {"index_type", ID(DICTIONARY)},
    [ATTR_ORDERED] = {"ordered", ID(DICTIONARY)},
    [ATTR_MODE] = {"mode", UNIONS},
    [ATTR_TYPE_CODES] = {"type_codes", UNIONS},
    [ATTR_RUN_END_TYPE] = {"run_end_type", ID(RUN_END_ENCODED)},
    [ATTR_NAMES] = {"names", ID(STRUCT) | UNIONS},
};

static PyObject *
type_codes(const ma_type *core)
{
    PyObject *list = PyList_New(core->n_children);
    for (int32_t i = 0; list != NULL && i < core->n_children; i++) {
        PyObject *code = PyLong_FromLong(core->type_codes[i]);
        if (code == NULL) {
            Py_CLEAR(list);
            break;
        }
        PyList_SET_ITEM(list, i, code);
    }
    return list;
}

static PyObject *
child_names(const ma_type *core)
{
    PyObject *list = PyList_New(core->n_children);
    for (int32_t i = 0; list != NULL && i < core->n_children; i++) {
        const ma_field *child = core->children[i];
        PyObject *name = pyma_text_to_str(child->name, child->name_size);
        if (name == NULL) {
            Py_CLEAR(list);
            break;
        }
        PyList_SET_ITEM(list, i, name);
    }
    return list;
}

static PyObject *
wrap_type(pyma_state *state, ma_type *core)
{
    return pyma_type_wrap(state, ma_type_ref(core));
}

static PyObject *
wrap_field(pyma_state *state, ma_field *field)
{
    return pyma_field_wrap(state, ma_field_ref(field));
}

static PyObject *
get(pyma_state *state, const ma_type *core, attribute which)
{
    static const char *const units[] = {"s", "ms", "us", "ns"};
    ma_field *const *children = core->children;
    switch (which) {
    case ATTR_UNIT:
        return PyUnicode_FromString(units[core->unit]);
    case ATTR_TZ:
        if (core->timezone == NULL) {
            Py_RETURN_NONE;
        }
        return pyma_text_to_str(core->timezone, (int64_t)strlen(core->timezone));
    case ATTR_PRECISION:
        return PyLong_FromLong(core->precision);
    case ATTR_SCALE:
        return PyLong_FromLong(core->scale);
    case ATTR_LIST_SIZE:
        return PyLong_FromLong(core->list_size);
    case ATTR_VALUE_TYPE:
        return core->id == MA_TYPE_DICTIONARY
                   ? wrap_type(state, core->value_type)
                   : pyma_field_type(state, children[core->n_children - 1]);
    case ATTR_VALUE_FIELD:
        return wrap_field(state, children[0]);
    case ATTR_KEY_TYPE:
        return pyma_field_type(state, children[0]->type->children[0]);
    case ATTR_KEY_FIELD:
        return wrap_field(state, children[0]->type->children[0]);
    case ATTR_ITEM_TYPE:
        return pyma_field_type(state, children[0]->type->children[1]);
    case ATTR_ITEM_FIELD:
        return wrap_field(state, children[0]->type->children[1]);
    case ATTR_KEYS_SORTED:
        return PyBool_FromLong(core->keys_sorted);
    case ATTR_INDEX_TYPE:
        return wrap_type(state, core->index_type);
    case ATTR_ORDERED:
        return PyBool_FromLong(core->ordered);
    case ATTR_MODE:
        return PyUnicode_FromString(core->id == MA_TYPE_DENSE_UNION ? "dense" : "sparse");
    case ATTR_TYPE_CODES:
        return type_codes(core);
    case ATTR_RUN_END_TYPE:
        return wrap_type(state, children[0]->type);
    case ATTR_NAMES:
        return child_names(core);
    }
    Py_UNREACHABLE();
}

PyObject *
pyma_type_attribute(pyma_state *state, PyObject *op, const ma_type *core, const char *name)
{
    for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++) {
        if (strcmp(attributes[i].name, name) == 0 &&
            (attributes[i].types & (UINT64_C(1) << core->id)) != 0) {
            return get(state, core, (attribute)i);
        }
    }
    return PyErr_Format(PyExc_AttributeError, "a type %S has no attribute '%s'", op, name);
}
