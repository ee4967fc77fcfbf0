/* The functions that make data types: pyarrow's names, int64() to dense_union(...). */
#include "python/py_module.h"

#include <string.h>

#include "core/base/memory.h"

/* ---- help ---- */

/* Seal a type whose parameters are filled in, and wrap it; takes it over. */
static PyObject *
seal(pyma_state *state, ma_type *core)
{
    ma_error err;
    ma_error_init(&err);
    if (ma_type_seal(core, &err) != MA_OK) {
        ma_type_unref(core);
        return pyma_raise(state, &err);
    }
    return pyma_type_wrap(state, core);
}

static ma_type *
start(pyma_state *state, ma_type_id id, int32_t n_children)
{
    ma_error err;
    ma_type *core = NULL;
    ma_error_init(&err);
    if (ma_type_new(id, n_children, &core, &err) != MA_OK) {
        pyma_raise(state, &err);
    }
    return core;
}

/* The unit that a text names; -1 with ValueError. */
static int
parse_unit(PyObject *text)
{
    static const char *const units[] = {"s", "ms", "us", "ns"};
    if (!PyUnicode_Check(text)) {
        PyErr_Format(PyExc_TypeError, "a time unit is a str, not %.200s", Py_TYPE(text)->tp_name);
        return -1;
    }
    for (int i = 0; i < 4; i++) {
        if (PyUnicode_CompareWithASCIIString(text, units[i]) == 0) {
            return i;
        }
    }
    PyErr_Format(PyExc_ValueError, "no such time unit: %R; it is 's', 'ms', 'us' or 'ns'", text);
    return -1;
}

/* The field of a child from a Field or a DataType, which is then called `name`. */
static ma_field *
child_field(pyma_state *state, PyObject *object, const char *name, bool nullable)
{
    if (PyObject_TypeCheck(object, state->Field)) {
        return ma_field_ref(pyma_field_get(state, object));
    }
    PyObject *type = pyma_type_ensure(state, object);
    if (type == NULL) {
        return NULL;
    }
    ma_field *field =
        pyma_field_new(state, (ma_bytes){name, (int64_t)strlen(name)}, type, nullable, NULL);
    Py_DECREF(type);
    return field;
}

/* ---- without parameters ---- */

#define SIMPLE_TYPES(X)                     \
    X(null, NULL)                           \
    X(bool_, BOOL)                          \
    X(int8, INT8)                           \
    X(int16, INT16)                         \
    X(int32, INT32)                         \
    X(int64, INT64)                         \
    X(uint8, UINT8)                         \
    X(uint16, UINT16)                       \
    X(uint32, UINT32)                       \
    X(uint64, UINT64)                       \
    X(float16, FLOAT16)                     \
    X(float32, FLOAT32)                     \
    X(float64, FLOAT64)                     \
    X(string, UTF8)                         \
    X(utf8, UTF8)                           \
    X(large_string, LARGE_UTF8)             \
    X(large_utf8, LARGE_UTF8)               \
    X(string_view, UTF8_VIEW)               \
    X(large_binary, LARGE_BINARY)           \
    X(binary_view, BINARY_VIEW)             \
    X(date32, DATE32)                       \
    X(date64, DATE64)                       \
    X(month_interval, INTERVAL_MONTHS)      \
    X(day_time_interval, INTERVAL_DAY_TIME) \
    X(month_day_nano_interval, INTERVAL_MONTH_DAY_NANO)

#define X(name, id)                                                                     \
    static PyObject *make_##name(PyObject *module, PyObject *Py_UNUSED(ignored))        \
    {                                                                                   \
        return Py_NewRef(pyma_type_simple(pyma_state_of_module(module), MA_TYPE_##id)); \
    }
SIMPLE_TYPES(X)
#undef X

/* ---- with a unit ---- */

PyObject *
pyma_type_timed(pyma_state *state, ma_type_id id, ma_unit unit, PyObject *zone)
{
    PyObject *text = zone != Py_None ? pyma_zone_to_text(state, zone) : NULL;
    if (text == NULL && zone != Py_None) {
        return NULL;
    }
    ma_type *core = start(state, id, 0);
    if (core == NULL) {
        Py_XDECREF(text);
        return NULL;
    }
    core->unit = unit;
    if (text != NULL) {
        Py_ssize_t size;
        const char *chars = PyUnicode_AsUTF8AndSize(text, &size);
        core->timezone = chars != NULL ? ma_malloc(size + 1) : NULL;
        if (core->timezone == NULL || strlen(chars) != (size_t)size) {
            if (!PyErr_Occurred()) {
                core->timezone == NULL
                    ? PyErr_NoMemory()
                    : PyErr_Format(PyExc_ValueError, "a time zone cannot hold a NUL: %R", text);
            }
            Py_DECREF(text);
            ma_type_unref(core);
            return NULL;
        }
        memcpy(core->timezone, chars, (size_t)size + 1);
        Py_DECREF(text);
    }
    return seal(state, core);
}

static PyObject *
make_unit_type(PyObject *module, ma_type_id id, PyObject *unit)
{
    const int parsed = parse_unit(unit);
    return parsed < 0 ? NULL
                      : pyma_type_timed(pyma_state_of_module(module), id, (ma_unit)parsed, Py_None);
}

PyDoc_STRVAR(time32_doc, "time32(unit, /)\n--\n\nTime of day in 's' or 'ms'.");
PyDoc_STRVAR(time64_doc, "time64(unit, /)\n--\n\nTime of day in 'us' or 'ns'.");
PyDoc_STRVAR(duration_doc, "duration(unit, /)\n--\n\nA span of time in 's', 'ms', 'us' or 'ns'.");

static PyObject *
make_time32(PyObject *module, PyObject *unit)
{
    return make_unit_type(module, MA_TYPE_TIME32, unit);
}

static PyObject *
make_time64(PyObject *module, PyObject *unit)
{
    return make_unit_type(module, MA_TYPE_TIME64, unit);
}

static PyObject *
make_duration(PyObject *module, PyObject *unit)
{
    return make_unit_type(module, MA_TYPE_DURATION, unit);
}

PyDoc_STRVAR(timestamp_doc, "timestamp(unit, tz=None)\n--\n\n"
                            "A moment, in 's', 'ms', 'us' or 'ns' since 1970.\n\n"
                            "tz -- name of a time zone, '+01:00' or a tzinfo; None: a local time");

static PyObject *
make_timestamp(PyObject *module, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"unit", "tz", NULL};
    PyObject *unit;
    PyObject *zone = Py_None;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|O:timestamp", keywords, &unit, &zone)) {
        return NULL;
    }
    const int parsed = parse_unit(unit);
    return parsed < 0 ? NULL
                      : pyma_type_timed(pyma_state_of_module(module), MA_TYPE_TIMESTAMP,
                                        (ma_unit)parsed, zone);
}

/* ---- decimals, binary ---- */

static PyObject *
make_decimal(PyObject *module, ma_type_id id, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"precision", "scale", NULL};
    int precision;
    int scale = 0;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "i|i", keywords, &precision, &scale)) {
        return NULL;
    }
    pyma_state *state = pyma_state_of_module(module);
    ma_type *core = start(state, id, 0);
    if (core == NULL) {
        return NULL;
    }
    core->precision = precision;
    core->scale = scale;
    return seal(state, core);
}

#define DECIMAL(bits)                                                                       \
    PyDoc_STRVAR(decimal##bits##_doc, "decimal" #bits "(precision, scale=0)\n--\n\n"        \
                                      "Decimal numbers of " #bits " bits, with `scale` "    \
                                      "digits behind the point.");                          \
    static PyObject *make_decimal##bits(PyObject *module, PyObject *args, PyObject *kwargs) \
    {                                                                                       \
        return make_decimal(module, MA_TYPE_DECIMAL##bits, args, kwargs);                   \
    }
DECIMAL(32)
DECIMAL(64)
DECIMAL(128)
DECIMAL(256)
#undef DECIMAL

PyDoc_STRVAR(binary_doc, "binary(length=-1)\n--\n\nBytes, each value of `length` bytes; "
                         "-1 for any length.");

static PyObject *
make_binary(PyObject *module, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"length", NULL};
    int length = -1;
    pyma_state *state = pyma_state_of_module(module);
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|i:binary", keywords, &length)) {
        return NULL;
    }
    if (length == -1) {
        return Py_NewRef(pyma_type_simple(state, MA_TYPE_BINARY));
    }
    ma_type *core = start(state, MA_TYPE_FIXED_SIZE_BINARY, 0);
    if (core == NULL) {
        return NULL;
    }
    core->byte_width = length;
    return seal(state, core);
}

/* ---- lists ---- */

/* A type of one child; takes over the field, which may be NULL. */
static PyObject *
new_list(pyma_state *state, ma_type_id id, ma_field *item, int32_t list_size)
{
    ma_type *core = item != NULL ? start(state, id, 1) : NULL;
    if (core == NULL) {
        ma_field_unref(item);
        return NULL;
    }
    core->children[0] = item;
    core->list_size = list_size;
    return seal(state, core);
}

static PyObject *
make_list_of(PyObject *module, ma_type_id id, PyObject *args, PyObject *kwargs)
{
    const bool sized = id == MA_TYPE_LIST; /* may become a fixed-size list */
    char *keywords[] = {"value_type", sized ? "list_size" : NULL, NULL};
    PyObject *value_type;
    int list_size = -1;
    pyma_state *state = pyma_state_of_module(module);
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, sized ? "O|i" : "O", keywords, &value_type,
                                     &list_size)) {
        return NULL;
    }
    if (list_size < -1) {
        PyErr_Format(PyExc_ValueError, "list_size is not negative (-1: any), not %d", list_size);
        return NULL;
    }
    ma_field *item = child_field(state, value_type, "item", true);
    return list_size >= 0 && sized ? new_list(state, MA_TYPE_FIXED_SIZE_LIST, item, list_size)
                                   : new_list(state, id, item, 0);
}

PyDoc_STRVAR(list__doc, "list_(value_type, list_size=-1)\n--\n\n"
                        "Lists of a DataType's values, or a Field's; all of `list_size` items, "
                        "or of any number.");
PyDoc_STRVAR(large_list_doc, "large_list(value_type)\n--\n\nLists with 64-bit offsets.");
PyDoc_STRVAR(list_view_doc,
             "list_view(value_type)\n--\n\nLists with offsets and sizes, in any order.");
PyDoc_STRVAR(large_list_view_doc, "large_list_view(value_type)\n--\n\nList views of 64 bits.");

#define LIST(name, id)                                                               \
    static PyObject *make_##name(PyObject *module, PyObject *args, PyObject *kwargs) \
    {                                                                                \
        return make_list_of(module, MA_TYPE_##id, args, kwargs);                     \
    }
LIST(list_, LIST)
LIST(large_list, LARGE_LIST)
LIST(list_view, LIST_VIEW)
LIST(large_list_view, LARGE_LIST_VIEW)
#undef LIST

/* ---- maps, structs, unions, run ends, dictionaries ---- */

/* A struct of `fields`, which it takes over. */
static ma_type *
new_struct(pyma_state *state, ma_field **fields, int32_t count)
{
    ma_type *core = start(state, MA_TYPE_STRUCT, count);
    for (int32_t i = 0; i < count; i++) {
        if (core != NULL) {
            core->children[i] = fields[i];
        } else {
            ma_field_unref(fields[i]);
        }
    }
    ma_error err;
    ma_error_init(&err);
    if (core != NULL && ma_type_seal(core, &err) != MA_OK) {
        ma_type_unref(core);
        core = NULL;
        pyma_raise(state, &err);
    }
    return core;
}

PyDoc_STRVAR(map__doc, "map_(key_type, item_type, keys_sorted=False)\n--\n\n"
                       "Lists of pairs of a key and a value.");

static PyObject *
make_map_(PyObject *module, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"key_type", "item_type", "keys_sorted", NULL};
    PyObject *key_type;
    PyObject *item_type;
    int keys_sorted = 0;
    pyma_state *state = pyma_state_of_module(module);
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OO|p:map_", keywords, &key_type, &item_type,
                                     &keys_sorted)) {
        return NULL;
    }
    ma_field *pair[2] = {child_field(state, key_type, "key", false), NULL};
    pair[1] = pair[0] != NULL ? child_field(state, item_type, "value", true) : NULL;
    if (pair[1] == NULL || pair[0]->nullable) {
        if (pair[1] != NULL) {
            PyErr_SetString(PyExc_TypeError, "the keys of a map cannot be nullable");
        }
        ma_field_unref(pair[0]);
        ma_field_unref(pair[1]);
        return NULL;
    }
    ma_type *entries = new_struct(state, pair, 2);
    ma_field *field = NULL;
    if (entries != NULL &&
        ma_field_new((ma_bytes){"entries", 7}, entries, false, NULL, &field, NULL) != MA_OK) {
        PyErr_NoMemory();
    }
    ma_type_unref(entries);
    ma_type *core = field != NULL ? start(state, MA_TYPE_MAP, 1) : NULL;
    if (core == NULL) {
        ma_field_unref(field);
        return NULL;
    }
    core->children[0] = field;
    core->keys_sorted = keys_sorted;
    return seal(state, core);
}

/* Put the fields of an iterable, or of a mapping of names to types, under a new type of `id`. */
static ma_type *
start_with_fields(pyma_state *state, ma_type_id id, PyObject *fields)
{
    PyObject *items = PyDict_Check(fields) ? PyDict_Items(fields) : PySequence_List(fields);
    if (items == NULL) {
        return NULL;
    }
    const Py_ssize_t count = PyList_GET_SIZE(items);
    ma_type *core = NULL;
    if (count > INT32_MAX) {
        PyErr_SetString(PyExc_OverflowError, "too many fields");
    } else {
        core = start(state, id, (int32_t)count);
    }
    for (int32_t i = 0; core != NULL && i < core->n_children; i++) {
        core->children[i] = pyma_field_ensure(state, PyList_GET_ITEM(items, i), NULL);
        if (core->children[i] == NULL) {
            ma_type_unref(core);
            core = NULL;
        }
    }
    Py_DECREF(items);
    return core;
}

PyDoc_STRVAR(struct_doc, "struct(fields, /)\n--\n\n"
                         "Structs of fields: Fields, (name, type) pairs, or a dict of types.");

static PyObject *
make_struct(PyObject *module, PyObject *fields)
{
    pyma_state *state = pyma_state_of_module(module);
    ma_type *core = start_with_fields(state, MA_TYPE_STRUCT, fields);
    return core != NULL ? seal(state, core) : NULL;
}

/* Fill in a union's type codes from a sequence, or 0, 1, 2 ... for None. */
static int
fill_type_codes(ma_type *core, PyObject *codes)
{
    core->type_codes = ma_calloc(core->n_children, 1);
    if (core->type_codes == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    PyObject *items = codes != Py_None ? PySequence_List(codes) : NULL;
    if (items == NULL && codes != Py_None) {
        return -1;
    }
    if (items != NULL && PyList_GET_SIZE(items) != core->n_children) {
        PyErr_Format(PyExc_ValueError, "a union of %d fields needs as many type codes, not %zd",
                     (int)core->n_children, PyList_GET_SIZE(items));
        Py_DECREF(items);
        return -1;
    }
    for (int32_t i = 0; i < core->n_children; i++) {
        const long code = items != NULL ? PyLong_AsLong(PyList_GET_ITEM(items, i)) : i;
        if (code < 0 || code > 127) {
            if (!PyErr_Occurred()) {
                PyErr_Format(PyExc_ValueError, "type codes are 0 to 127, and one is %ld", code);
            }
            Py_XDECREF(items);
            return -1;
        }
        core->type_codes[i] = (int8_t)code;
    }
    Py_XDECREF(items);
    return 0;
}

static PyObject *
new_union(pyma_state *state, ma_type_id id, PyObject *fields, PyObject *codes)
{
    ma_type *core = start_with_fields(state, id, fields);
    if (core == NULL || fill_type_codes(core, codes) < 0) {
        ma_type_unref(core);
        return NULL;
    }
    return seal(state, core);
}

static PyObject *
make_union_of(PyObject *module, ma_type_id id, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"child_fields", "type_codes", NULL};
    PyObject *fields;
    PyObject *codes = Py_None;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|O", keywords, &fields, &codes)) {
        return NULL;
    }
    return new_union(pyma_state_of_module(module), id, fields, codes);
}

PyDoc_STRVAR(sparse_union_doc, "sparse_union(child_fields, type_codes=None)\n--\n\n"
                               "One of several fields in each row; every child has all rows.");
PyDoc_STRVAR(dense_union_doc, "dense_union(child_fields, type_codes=None)\n--\n\n"
                              "One of several fields in each row; children hold only theirs.");
PyDoc_STRVAR(union_doc, "union(child_fields, mode, type_codes=None)\n--\n\n"
                        "A union whose mode is 'sparse' or 'dense'.");

static PyObject *
make_sparse_union(PyObject *module, PyObject *args, PyObject *kwargs)
{
    return make_union_of(module, MA_TYPE_SPARSE_UNION, args, kwargs);
}

static PyObject *
make_dense_union(PyObject *module, PyObject *args, PyObject *kwargs)
{
    return make_union_of(module, MA_TYPE_DENSE_UNION, args, kwargs);
}

static PyObject *
make_union(PyObject *module, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"child_fields", "mode", "type_codes", NULL};
    PyObject *fields;
    const char *mode;
    PyObject *codes = Py_None;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "Os|O:union", keywords, &fields, &mode,
                                     &codes)) {
        return NULL;
    }
    const bool dense = strcmp(mode, "dense") == 0;
    if (!dense && strcmp(mode, "sparse") != 0) {
        return PyErr_Format(PyExc_ValueError, "a union's mode is 'sparse' or 'dense', not '%s'",
                            mode);
    }
    return new_union(pyma_state_of_module(module),
                     dense ? MA_TYPE_DENSE_UNION : MA_TYPE_SPARSE_UNION, fields, codes);
}

PyDoc_STRVAR(run_end_encoded_doc, "run_end_encoded(run_end_type, value_type)\n--\n\n"
                                  "Runs of equal values; the run ends are int16, int32 or int64.");

static PyObject *
make_run_end_encoded(PyObject *module, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"run_end_type", "value_type", NULL};
    PyObject *ends;
    PyObject *values;
    pyma_state *state = pyma_state_of_module(module);
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OO:run_end_encoded", keywords, &ends,
                                     &values)) {
        return NULL;
    }
    ma_type *core = start(state, MA_TYPE_RUN_END_ENCODED, 2);
    if (core == NULL) {
        return NULL;
    }
    core->children[0] = child_field(state, ends, "run_ends", false);
    core->children[1] =
        core->children[0] != NULL ? child_field(state, values, "values", true) : NULL;
    if (core->children[1] == NULL) {
        ma_type_unref(core);
        return NULL;
    }
    return seal(state, core);
}

PyDoc_STRVAR(dictionary_doc, "dictionary(index_type, value_type, ordered=False)\n--\n\n"
                             "Indices into a dictionary of values (a categorical).");

static PyObject *
make_dictionary(PyObject *module, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"index_type", "value_type", "ordered", NULL};
    PyObject *index;
    PyObject *value;
    int ordered = 0;
    pyma_state *state = pyma_state_of_module(module);
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OO|p:dictionary", keywords, &index, &value,
                                     &ordered)) {
        return NULL;
    }
    PyObject *index_type = pyma_type_ensure(state, index);
    PyObject *value_type = index_type != NULL ? pyma_type_ensure(state, value) : NULL;
    ma_type *core = NULL;
    if (value_type != NULL && !ma_type_is_integer(pyma_type_get(state, index_type))) {
        PyErr_Format(PyExc_TypeError, "the indices of a dictionary are integers, not %S",
                     index_type);
    } else if (value_type != NULL) {
        core = start(state, MA_TYPE_DICTIONARY, 0);
    }
    if (core != NULL) {
        core->index_type = ma_type_ref(pyma_type_get(state, index_type));
        core->value_type = ma_type_ref(pyma_type_get(state, value_type));
        core->ordered = ordered;
    }
    Py_XDECREF(index_type);
    Py_XDECREF(value_type);
    return core != NULL ? seal(state, core) : NULL;
}

/* ---- the table ---- */

#define PARAMETRIC(name)                                                                          \
    {                                                                                             \
#name, (PyCFunction)(void (*)(void))make_##name, METH_VARARGS | METH_KEYWORDS, name##_doc \
    }

PyMethodDef pyma_type_functions[] = {
#define X(name, id) \
    {#name, make_##name, METH_NOARGS, PyDoc_STR(#name "()\n--\n\nThe type ``" #name "``.")},
    SIMPLE_TYPES(X)
#undef X
        {"time32", make_time32, METH_O, time32_doc},
    {"time64", make_time64, METH_O, time64_doc},
    {"duration", make_duration, METH_O, duration_doc},
    {"struct", make_struct, METH_O, struct_doc},
    PARAMETRIC(timestamp),
    PARAMETRIC(decimal32),
    PARAMETRIC(decimal64),
    PARAMETRIC(decimal128),
    PARAMETRIC(decimal256),
    PARAMETRIC(binary),
    PARAMETRIC(list_),
    PARAMETRIC(large_list),
    PARAMETRIC(list_view),
    PARAMETRIC(large_list_view),
    PARAMETRIC(map_),
    PARAMETRIC(sparse_union),
    PARAMETRIC(dense_union),
    PARAMETRIC(union),
    PARAMETRIC(run_end_encoded),
    PARAMETRIC(dictionary),
    {0},
};
