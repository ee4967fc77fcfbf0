/* Array rows as Python objects: whole arrays, single values, and what nests. */
#include "python/py_values.h"

#include <string.h>

#include "core/base/memory.h"
#include "core/validate/values.h"

/* Rows up to which a check is too short to let go of the GIL for. */
#define QUICK_ROWS 4096

int
pyma_array_check(pyma_state *state, ma_array *array)
{
    ma_error err;
    ma_status st;
    if (ma_array_is_checked(array)) {
        return 0;
    }
    ma_error_init(&err);
    if (array->length <= QUICK_ROWS && array->n_children == 0 && array->dictionary == NULL) {
        st = ma_array_check_values(array, &err);
    } else {
        Py_BEGIN_ALLOW_THREADS
        st = ma_array_check_values(array, &err);
        Py_END_ALLOW_THREADS
    }
    if (st != MA_OK) {
        pyma_raise(state, &err);
        return -1;
    }
    return 0;
}

int
pyma_array_check_extent(pyma_state *state, const ma_array *array, int64_t start, int64_t length,
                        ma_extent_kind kind)
{
    ma_error err;
    ma_error_init(&err);
    if (ma_array_check_extent(array, start, length, kind, &err) != MA_OK) {
        pyma_raise(state, &err);
        return -1;
    }
    return 0;
}

int
pyma_array_check_free_rows(pyma_state *state, const ma_array *array, int64_t rows)
{
    ma_error err;
    ma_error_init(&err);
    if (ma_array_is_free(array) && ma_check_free_rows(rows, &err) != MA_OK) {
        pyma_raise(state, &err);
        return -1;
    }
    return 0;
}

/* ---- types with children ---- */

static int
open_children(pyma_converter *self, int32_t count)
{
    self->children = ma_calloc(count, sizeof(*self->children));
    if (self->children == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    self->n_children = count;
    return 0;
}

static int
open_child(pyma_converter *self, int32_t i, ma_array *array, const ma_field *field)
{
    pyma_converter *child = &self->children[i];
    const int result = pyma_converter_open(child, self->state, array, field, NULL, self->maps);
    child->parent = self;
    child->field = field;
    return result;
}

static PyObject *
make_list(const pyma_converter *self, int64_t row)
{
    int64_t start;
    int64_t size;
    ma_array_list_at(self->array, row, &start, &size);
    return pyma_converter_list(&self->children[0], start, size);
}

/* The entries of a map as a dict. */
static PyObject *
make_dict(const pyma_converter *self, int64_t start, int64_t size)
{
    PyObject *dict = PyDict_New();
    for (int64_t i = start; dict != NULL && i < start + size; i++) {
        PyObject *key = pyma_convert(&self->children[0], i);
        PyObject *value = key != NULL ? pyma_convert(&self->children[1], i) : NULL;
        const int twice =
            value != NULL && self->maps == PYMA_MAPS_STRICT ? PyDict_Contains(dict, key) : 0;
        if (twice > 0) {
            PyErr_Format(self->state->ArrowKeyError, "the key %R occurs twice in a map", key);
        }
        if (value == NULL || twice != 0 || PyDict_SetItem(dict, key, value) < 0) {
            Py_CLEAR(dict);
        }
        Py_XDECREF(key);
        Py_XDECREF(value);
    }
    return dict;
}

static PyObject *
make_map(const pyma_converter *self, int64_t row)
{
    int64_t start;
    int64_t size;
    ma_array_list_at(self->array, row, &start, &size);
    start += self->array->children[0]->offset; /* the entries' rows are those of key and value */
    if (self->maps != PYMA_MAPS_AS_PAIRS) {
        return make_dict(self, start, size);
    }
    PyObject *list = PyList_New((Py_ssize_t)size);
    for (int64_t i = 0; list != NULL && i < size; i++) {
        PyObject *pair = PyTuple_New(2);
        PyObject *key = pair != NULL ? pyma_convert(&self->children[0], start + i) : NULL;
        PyObject *value = key != NULL ? pyma_convert(&self->children[1], start + i) : NULL;
        if (value == NULL) {
            Py_XDECREF(key);
            Py_XDECREF(pair);
            Py_CLEAR(list);
            break;
        }
        PyTuple_SET_ITEM(pair, 0, key);
        PyTuple_SET_ITEM(pair, 1, value);
        PyList_SET_ITEM(list, (Py_ssize_t)i, pair);
    }
    return list;
}

static PyObject *
make_struct(const pyma_converter *self, int64_t row)
{
    if (self->extra == NULL) {
        PyErr_SetString(self->state->ArrowInvalid,
                        "a struct with a field name that occurs twice has no dict; "
                        "take its fields one by one with field(i)");
        return NULL;
    }
    PyObject *dict = PyDict_New();
    for (int32_t i = 0; dict != NULL && i < self->n_children; i++) {
        PyObject *value = pyma_convert(&self->children[i], self->array->offset + row);
        if (value == NULL || PyDict_SetItem(dict, PyTuple_GET_ITEM(self->extra, i), value) < 0) {
            Py_CLEAR(dict);
        }
        Py_XDECREF(value);
    }
    return dict;
}

static PyObject *
make_union(const pyma_converter *self, int64_t row)
{
    int64_t child_row;
    const int32_t child = ma_array_union_at(self->array, row, &child_row);
    return pyma_convert(&self->children[child], child_row);
}

static PyObject *
make_run(const pyma_converter *self, int64_t row)
{
    return pyma_convert(&self->children[0], ma_array_run_at(self->array, row));
}

static PyObject *
make_from_dictionary(const pyma_converter *self, int64_t row)
{
    const int64_t index = ma_array_int_at(self->array, row);
    if (self->cache == NULL) {
        return pyma_convert(&self->children[0], index);
    }
    if (self->cache[index] == NULL) {
        self->cache[index] = pyma_convert(&self->children[0], index);
    }
    return Py_XNewRef(self->cache[index]);
}

/* The names of a struct's fields, in `extra`; nothing there when two are the same. */
static int
open_names(pyma_converter *self)
{
    const ma_type *type = self->array->type;
    PyObject *names = PyTuple_New(type->n_children);
    PyObject *seen = names != NULL ? PySet_New(NULL) : NULL;
    for (int32_t i = 0; seen != NULL && i < type->n_children; i++) {
        const ma_field *field = type->children[i];
        PyObject *name = pyma_text_to_str(field->name, field->name_size);
        if (name != NULL) {
            PyUnicode_InternInPlace(&name);
        }
        if (name == NULL || PySet_Add(seen, name) < 0) {
            Py_XDECREF(name);
            Py_CLEAR(seen);
            break;
        }
        PyTuple_SET_ITEM(names, i, name);
    }
    const bool failed = seen == NULL;
    if (failed || PySet_GET_SIZE(seen) != type->n_children) {
        Py_CLEAR(names);
    }
    Py_XDECREF(seen);
    self->extra = names;
    return failed ? -1 : 0;
}

/* All children, each with its field. */
static int
open_all(pyma_converter *self)
{
    const ma_type *type = self->array->type;
    if (open_children(self, type->n_children) < 0) {
        return -1;
    }
    for (int32_t i = 0; i < type->n_children; i++) {
        if (open_child(self, i, self->array->children[i], type->children[i]) < 0) {
            return -1;
        }
    }
    return 0;
}

static int
open_map(pyma_converter *self)
{
    ma_array *entries = self->array->children[0];
    if (open_children(self, 2) < 0 ||
        open_child(self, 0, entries->children[0], entries->type->children[0]) < 0) {
        return -1;
    }
    return open_child(self, 1, entries->children[1], entries->type->children[1]);
}

static int
open_dictionary(pyma_converter *self)
{
    const int64_t length = self->array->dictionary->length;
    if (open_children(self, 1) < 0 || open_child(self, 0, self->array->dictionary, NULL) < 0) {
        return -1;
    }
    /* Objects are shared between rows when they cannot be changed, and there are fewer of them. */
    if (length <= self->array->length && self->children[0].n_children == 0) {
        self->cache = ma_calloc(length, sizeof(*self->cache));
        if (self->cache == NULL) {
            PyErr_NoMemory();
            return -1;
        }
    }
    return 0;
}

int
pyma_nested_open(pyma_converter *self)
{
    const ma_type *type = self->array->type;
    switch (type->layout) {
    case MA_LAYOUT_LIST32:
    case MA_LAYOUT_LIST64:
    case MA_LAYOUT_LIST_VIEW32:
    case MA_LAYOUT_LIST_VIEW64:
    case MA_LAYOUT_FIXED_LIST:
        self->make = type->id == MA_TYPE_MAP ? make_map : make_list;
        return type->id == MA_TYPE_MAP ? open_map(self) : open_all(self);
    case MA_LAYOUT_STRUCT:
        self->make = make_struct;
        return open_names(self) < 0 ? -1 : open_all(self);
    case MA_LAYOUT_SPARSE_UNION:
    case MA_LAYOUT_DENSE_UNION:
        self->make = make_union;
        return open_all(self);
    case MA_LAYOUT_RUN_END:
        self->make = make_run;
        return open_children(self, 1) < 0
                   ? -1
                   : open_child(self, 0, self->array->children[1], type->children[1]);
    case MA_LAYOUT_DICTIONARY:
        self->make = make_from_dictionary;
        return open_dictionary(self);
    case MA_LAYOUT_NULL:
    case MA_LAYOUT_FIXED:
    case MA_LAYOUT_BINARY32:
    case MA_LAYOUT_BINARY64:
    case MA_LAYOUT_VIEW:
        break;
    }
    PyErr_SetString(PyExc_SystemError, "a type that nests nothing");
    return -1;
}

/* ---- extension types ---- */

/* By the type's own class of scalars, which knows what Python object a value is. */
static PyObject *
make_extension(const pyma_converter *self, int64_t row)
{
    PyObject *scalar = pyma_scalar_new(self->state, self->array, row, self->extra);
    PyObject *value = scalar != NULL ? PyObject_CallMethod(scalar, "as_py", NULL) : NULL;
    Py_XDECREF(scalar);
    return value;
}

/* 1 when values of this extension type are made by its own class, 0 when they are its storage's. */
static int
open_extension(pyma_converter *self, const ma_field *field, PyObject *type)
{
    PyObject *found = Py_XNewRef(type);
    if (found == NULL && field != NULL && field->metadata != NULL &&
        pyma_field_extension(self->state, field, &found) < 0) {
        return -1;
    }
    if (found == NULL || !pyma_type_is_extension(self->state, found)) {
        Py_XDECREF(found);
        return 0;
    }
    PyTypeObject *class = pyma_extension_scalar_class(self->state, found);
    if (class == NULL || class == self->state->Scalar) {
        Py_DECREF(found);
        const int st = class == NULL ? -1 : 0;
        Py_XDECREF(class);
        return st;
    }
    Py_DECREF(class);
    self->extra = found;
    self->make = make_extension;
    return 1;
}

/* ---- the converter ---- */

int
pyma_converter_open(pyma_converter *self, pyma_state *state, ma_array *array, const ma_field *field,
                    PyObject *type, pyma_maps maps)
{
    memset(self, 0, sizeof(*self));
    self->state = state;
    self->array = array;
    self->maps = maps;
    self->validity = ma_array_validity(array);
    if (type != NULL || (field != NULL && field->metadata != NULL)) {
        const int found = open_extension(self, field, type);
        if (found != 0) {
            return found < 0 ? -1 : 0;
        }
    }
    switch (array->type->layout) {
    case MA_LAYOUT_NULL:
    case MA_LAYOUT_FIXED:
    case MA_LAYOUT_BINARY32:
    case MA_LAYOUT_BINARY64:
    case MA_LAYOUT_VIEW: {
        const int found = pyma_flat_open(self);
        return found != 0 ? (found < 0 ? -1 : 0) : pyma_temporal_open(self);
    }
    default:
        return pyma_nested_open(self);
    }
}

void
pyma_converter_close(pyma_converter *self)
{
    if (self->cache != NULL) {
        for (int64_t i = 0; i < self->array->dictionary->length; i++) {
            Py_XDECREF(self->cache[i]);
        }
        ma_free(self->cache);
    }
    for (int32_t i = 0; i < self->n_children; i++) {
        pyma_converter_close(&self->children[i]);
    }
    ma_free(self->children);
    Py_XDECREF(self->extra);
}

PyObject *
pyma_converter_list(const pyma_converter *self, int64_t start, int64_t length)
{
    if (length > PY_SSIZE_T_MAX / (int64_t)sizeof(PyObject *)) {
        return PyErr_NoMemory();
    }
    PyObject *list = PyList_New((Py_ssize_t)length);
    if (list == NULL) {
        return NULL;
    }
    for (int64_t i = 0; i < length; i++) {
        PyObject *value = pyma_convert(self, start + i);
        if (value == NULL) {
            Py_DECREF(list);
            return NULL;
        }
        PyList_SET_ITEM(list, (Py_ssize_t)i, value);
    }
    return list;
}

PyObject *
pyma_values_as(pyma_state *state, ma_array *array, int64_t start, int64_t length, PyObject *type,
               pyma_maps maps)
{
    pyma_converter converter;
    PyObject *list = NULL;
    if (pyma_array_check_extent(state, array, start, length, MA_EXTENT_OBJECTS) < 0) {
        return NULL;
    }
    if (pyma_converter_open(&converter, state, array, NULL, type, maps) == 0) {
        list = pyma_converter_list(&converter, start, length);
    }
    pyma_converter_close(&converter);
    return list;
}

PyObject *
pyma_value_as(pyma_state *state, ma_array *array, int64_t row, PyObject *type, pyma_maps maps)
{
    pyma_converter converter;
    PyObject *value = NULL;
    if (pyma_array_check_extent(state, array, row, 1, MA_EXTENT_OBJECTS) < 0) {
        return NULL;
    }
    if (pyma_converter_open(&converter, state, array, NULL, type, maps) == 0) {
        value = pyma_convert(&converter, row);
    }
    pyma_converter_close(&converter);
    return value;
}

PyObject *
pyma_value(pyma_state *state, ma_array *array, int64_t row, PyObject *type)
{
    return pyma_value_as(state, array, row, type, PYMA_MAPS_AS_PAIRS);
}

int
pyma_maps_from(PyObject *object)
{
    if (object == NULL || object == Py_None) {
        return PYMA_MAPS_AS_PAIRS;
    }
    if (PyUnicode_Check(object) && PyUnicode_CompareWithASCIIString(object, "lossy") == 0) {
        return PYMA_MAPS_LOSSY;
    }
    if (PyUnicode_Check(object) && PyUnicode_CompareWithASCIIString(object, "strict") == 0) {
        return PYMA_MAPS_STRICT;
    }
    PyErr_Format(PyExc_ValueError, "maps_as_pydicts is None, 'lossy' or 'strict', not %R", object);
    return -1;
}
