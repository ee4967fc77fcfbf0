/* Lists, maps, structs and unions. */
#include "python/py_convert.h"

static int
core(pyma_conversion *self, ma_status st, const ma_error *err)
{
    return st == MA_OK ? 0 : pyma_conversion_fail_core(self, err);
}

/* ---- lists ---- */

static int
end_list(pyma_conversion *self, ma_builder *builder)
{
    ma_error err;
    ma_error_init(&err);
    return core(self, ma_builder_end_list(builder, &err), &err);
}

int
pyma_convert_list(pyma_conversion *self, ma_builder *builder, PyObject *value)
{
    bool failed;
    ma_builder *child = builder->children[0];
    if (pyma_is_ndarray_exact(value)) {
        const int done = pyma_memory_append(self, child, value);
        if (done != 0) {
            return done < 0 ? -1 : end_list(self, builder);
        }
    }
    PyObject *list = pyma_list_of(value, &failed);
    if (list == NULL) {
        return failed ? -1
                      : pyma_conversion_fail_kind(self, self->state->ArrowTypeError, builder->type,
                                                  value);
    }
    int result;
    const pyma_items items = pyma_all_items(list);
    if (builder->type->id == MA_TYPE_FIXED_SIZE_LIST && items.count != builder->type->list_size) {
        result = pyma_conversion_fail(self, self->state->ArrowInvalid,
                                      "a list of %zd items where each has %d", items.count,
                                      (int)builder->type->list_size);
    } else {
        result = pyma_convert_items(self, child, items);
    }
    Py_DECREF(list);
    return result < 0 ? -1 : end_list(self, builder);
}

/* ---- maps ---- */

/* An entry that is a pair, or a dict under the names of the entries' two fields. Both borrowed
 * from what `*owner` holds. 1 for an entry, 0 for something else, -1 with an exception. */
static int
pair_of(const ma_type *entries, PyObject *entry, PyObject **key, PyObject **item, PyObject **owner)
{
    *owner = NULL;
    if (PyDict_Check(entry)) {
        const ma_field *const *fields = (const ma_field *const *)entries->children;
        PyObject *found[2];
        for (int i = 0; i < 2; i++) {
            PyObject *name = pyma_text_to_str(fields[i]->name, fields[i]->name_size);
            found[i] = NULL;
            if (name != NULL) {
                (void)pyma_find_item(entry, name, &found[i]);
            }
            Py_XDECREF(name);
        }
        if (found[0] != NULL && found[1] != NULL) {
            *owner = PyTuple_Pack(2, found[0], found[1]);
        }
        Py_XDECREF(found[0]);
        Py_XDECREF(found[1]);
        if (*owner == NULL) {
            return PyErr_Occurred() ? -1 : 0;
        }
    } else if (PyTuple_Check(entry) && PyTuple_GET_SIZE(entry) == 2) {
        *owner = Py_NewRef(entry);
    } else if (PyList_Check(entry) && PyList_GET_SIZE(entry) == 2) {
        *owner = PyList_AsTuple(entry);
        if (*owner == NULL || PyTuple_GET_SIZE(*owner) != 2) {
            Py_CLEAR(*owner);
            return PyErr_Occurred() ? -1 : 0;
        }
    } else {
        return 0;
    }
    *key = PyTuple_GET_ITEM(*owner, 0);
    *item = PyTuple_GET_ITEM(*owner, 1);
    return 1;
}

static int
fail_null_key(pyma_conversion *self)
{
    return pyma_conversion_fail(self, self->state->ArrowInvalid, "a map's key cannot be null");
}

static int
add_pair(pyma_conversion *self, const ma_type *type, PyObject *entry, Py_ssize_t i, PyObject *keys,
         PyObject *values)
{
    PyObject *key;
    PyObject *item;
    PyObject *owner;
    const int found = pair_of(type->children[0]->type, entry, &key, &item, &owner);
    int result = -1;
    if (found == 0) {
        PyObject *repr = pyma_short_repr(entry);
        if (repr != NULL) {
            pyma_conversion_fail(self, self->state->ArrowTypeError,
                                 "%U is no (key, value) pair, which a map is made of", repr);
            Py_DECREF(repr);
        }
    } else if (found > 0 && pyma_is_null(self, key)) {
        fail_null_key(self);
    } else if (found > 0) {
        result = PyList_Append(keys, key) < 0 || PyList_Append(values, item) < 0 ? -1 : 0;
    }
    Py_XDECREF(owner);
    if (result < 0) {
        pyma_conversion_at_index(self, i);
    }
    return result;
}

/* Two lists, of the keys and of the values. */
static int
split_pairs(pyma_conversion *self, const ma_type *type, pyma_items pairs, PyObject *keys,
            PyObject *values)
{
    for (Py_ssize_t i = 0; i < pairs.count; i++) {
        PyObject *entry = pyma_item_held(pairs.list, i);
        const int result = entry != NULL ? add_pair(self, type, entry, i, keys, values)
                                         : pyma_conversion_fail_shorter();
        Py_XDECREF(entry);
        if (result < 0) {
            return -1;
        }
    }
    return 0;
}

/* A value may turn out to be null only when it is converted: a Scalar, numpy's NaT. */
static int
check_keys(pyma_conversion *self, const ma_builder *keys, int64_t start)
{
    for (int64_t row = start; row < keys->length && keys->nulls > 0; row++) {
        if (ma_builder_is_null(keys, row)) {
            fail_null_key(self);
            pyma_conversion_at_index(self, row - start);
            return -1;
        }
    }
    return 0;
}

static int
convert_pairs(pyma_conversion *self, ma_builder *builder, PyObject *keys, PyObject *values)
{
    ma_builder *entries = builder->children[0];
    ma_error err;
    ma_error_init(&err);
    const int64_t start = entries->children[0]->length;
    const pyma_items all_keys = pyma_all_items(keys);
    const pyma_items all_values = pyma_all_items(values); /* as many, whatever keys do */
    if (pyma_convert_items(self, entries->children[0], all_keys) < 0 ||
        check_keys(self, entries->children[0], start) < 0 ||
        pyma_convert_items(self, entries->children[1], all_values) < 0) {
        return -1;
    }
    for (Py_ssize_t i = 0; i < all_keys.count; i++) {
        if (core(self, ma_builder_end_struct(entries, &err), &err) < 0) {
            return -1;
        }
    }
    return end_list(self, builder);
}

int
pyma_convert_map(pyma_conversion *self, ma_builder *builder, PyObject *value)
{
    bool failed = false;
    PyObject *pairs = PyDict_Check(value) ? PyDict_Items(value) : pyma_list_of(value, &failed);
    if (pairs == NULL) {
        return failed || PyErr_Occurred()
                   ? -1
                   : pyma_conversion_fail_kind(self, self->state->ArrowTypeError, builder->type,
                                               value);
    }
    PyObject *keys = PyList_New(0);
    PyObject *values = PyList_New(0);
    int result = -1;
    if (keys != NULL && values != NULL &&
        split_pairs(self, builder->type, pyma_all_items(pairs), keys, values) == 0) {
        result = convert_pairs(self, builder, keys, values);
    }
    Py_XDECREF(keys);
    Py_XDECREF(values);
    Py_DECREF(pairs);
    return result;
}

/* ---- structs ----
 *
 * A column at a time: the values of one field are gathered from all rows and then converted
 * together, so that they go the quick ways of their types. */

/* The dict or tuple that row `value`, no Scalar, stands for (a new reference, in `*row`; None for
 * null), or -1. */
static int
row_of_plain(pyma_conversion *self, const ma_type *type, PyObject *value, PyObject **row)
{
    PyObject *fields = NULL;
    if (pyma_is_null(self, value)) {
        *row = Py_NewRef(Py_None);
        return 0;
    }
    if (PyDict_Check(value)) {
        *row = Py_NewRef(value);
        return 0;
    }
    if (PyTuple_Check(value)) {
        if (PyTuple_GET_SIZE(value) != type->n_children) {
            return pyma_conversion_fail(self, self->state->ArrowInvalid,
                                        "a tuple of %zd items where the struct has %d fields",
                                        PyTuple_GET_SIZE(value), (int)type->n_children);
        }
        *row = Py_NewRef(value);
        return 0;
    }
    if (PyList_Check(value)) { /* of (name, value) pairs */
        fields = PyDict_New();
        if (fields != NULL && PyDict_MergeFromSeq2(fields, value, 0) < 0) {
            Py_CLEAR(fields);
            if (pyma_drop_refusal() < 0) {
                return -1;
            }
        }
    } else if (PyMapping_Check(value)) {
        const int has_keys = pyma_has_attribute(value, "keys");
        fields = has_keys == 1 ? PyDict_New() : NULL;
        if (has_keys < 0 || (fields != NULL && PyDict_Update(fields, value) < 0)) {
            Py_XDECREF(fields);
            return -1;
        }
    }
    if (fields == NULL) {
        return PyErr_Occurred()
                   ? -1
                   : pyma_conversion_fail_kind(self, self->state->ArrowTypeError, type, value);
    }
    *row = fields;
    return 0;
}

/* The same for any value. */
static int
row_of(pyma_conversion *self, const ma_type *type, PyObject *value, PyObject **row)
{
    PyObject *plain = pyma_plain_value(self, value);
    const int result = plain != NULL ? row_of_plain(self, type, plain, row) : -1;
    Py_XDECREF(plain);
    return result;
}

/* All rows as dicts, tuples or None, in a new list; `nulls` gets a byte for each, 1 for null. */
static PyObject *
rows_of(pyma_conversion *self, const ma_type *type, pyma_items items, uint8_t *nulls)
{
    PyObject *rows = PyList_New(items.count);
    for (Py_ssize_t i = 0; rows != NULL && i < items.count; i++) {
        PyObject *value =
            pyma_is_masked(items, i) ? Py_NewRef(Py_None) : pyma_item_held(items.list, i);
        PyObject *row = NULL;
        if (value == NULL) {
            pyma_conversion_fail_shorter();
        } else if (row_of(self, type, value, &row) < 0) {
            pyma_conversion_at_index(self, i);
        }
        Py_XDECREF(value);
        if (row == NULL) {
            Py_CLEAR(rows);
            break;
        }
        nulls[i] = row == Py_None;
        PyList_SET_ITEM(rows, i, row);
    }
    return rows;
}

/* What the rows hold for one field, in a new list. */
static PyObject *
column_of(PyObject *rows, const ma_field *field, int32_t index)
{
    const Py_ssize_t count = PyList_GET_SIZE(rows);
    PyObject *name = pyma_text_to_str(field->name, field->name_size);
    PyObject *bytes = PyBytes_FromStringAndSize(field->name, (Py_ssize_t)field->name_size);
    PyObject *column = name != NULL && bytes != NULL ? PyList_New(count) : NULL;
    for (Py_ssize_t i = 0; column != NULL && i < count; i++) {
        PyObject *row = PyList_GET_ITEM(rows, i); /* nobody else has this list */
        PyObject *value = NULL;
        if (PyTuple_Check(row)) {
            value = Py_NewRef(PyTuple_GET_ITEM(row, index));
        } else if (row != Py_None) {
            int found = pyma_find_item(row, name, &value);
            if (found == 0) {
                found = pyma_find_item(row, bytes, &value);
            }
            if (found < 0) {
                Py_CLEAR(column);
                break;
            }
        }
        PyList_SET_ITEM(column, i, value != NULL ? value : Py_NewRef(Py_None));
    }
    Py_XDECREF(name);
    Py_XDECREF(bytes);
    return column;
}

/* Under a null row lies a value that nobody looks at; a null only says so twice. */
static int
end_structs(pyma_conversion *self, ma_builder *builder, Py_ssize_t count, const uint8_t *nulls)
{
    ma_error err;
    ma_error_init(&err);
    const int64_t start = builder->length;
    for (Py_ssize_t i = 0; i < count; i++) {
        if (core(self, ma_builder_end_struct(builder, &err), &err) < 0) {
            return -1;
        }
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        if (nulls[i] && core(self, ma_builder_set_null(builder, start + i, &err), &err) < 0) {
            return -1;
        }
    }
    return 0;
}

static int
convert_columns(pyma_conversion *self, ma_builder *builder, PyObject *rows)
{
    for (int32_t i = 0; i < builder->n_children; i++) {
        const ma_field *field = builder->type->children[i];
        PyObject *column = column_of(rows, field, i);
        const int result =
            column != NULL ? pyma_convert_items(self, builder->children[i], pyma_all_items(column))
                           : -1;
        if (column != NULL && result < 0) {
            pyma_conversion_name_behind(self, field->name, field->name_size);
        }
        Py_XDECREF(column);
        if (result < 0) {
            return -1;
        }
    }
    return 0;
}

int
pyma_convert_structs(pyma_conversion *self, ma_builder *builder, pyma_items items)
{
    uint8_t *nulls = PyMem_Malloc(items.count > 0 ? (size_t)items.count : 1);
    if (nulls == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    PyObject *rows = rows_of(self, builder->type, items, nulls);
    int result = -1;
    if (rows != NULL) {
        result = convert_columns(self, builder, rows);
    }
    if (result == 0) {
        result = end_structs(self, builder, items.count, nulls);
    }
    Py_XDECREF(rows);
    PyMem_Free(nulls);
    return result;
}

/* ---- unions ----
 *
 * pyarrow does not convert to unions. Here the value goes to the first child whose kind of type is
 * the value's own, and failing that to the first child that takes it; a null goes to the first
 * child. */

static bool
is_kind(const ma_type *type, PyObject *value)
{
    switch (type->id) {
    case MA_TYPE_DICTIONARY:
        return is_kind(type->value_type, value);
    case MA_TYPE_RUN_END_ENCODED:
        return is_kind(type->children[1]->type, value);
    case MA_TYPE_BOOL:
        return PyBool_Check(value);
    case MA_TYPE_FLOAT16:
    case MA_TYPE_FLOAT32:
    case MA_TYPE_FLOAT64:
        return PyFloat_Check(value);
    case MA_TYPE_UTF8:
    case MA_TYPE_LARGE_UTF8:
    case MA_TYPE_UTF8_VIEW:
        return PyUnicode_Check(value);
    case MA_TYPE_BINARY:
    case MA_TYPE_LARGE_BINARY:
    case MA_TYPE_BINARY_VIEW:
    case MA_TYPE_FIXED_SIZE_BINARY:
        return PyBytes_Check(value);
    case MA_TYPE_STRUCT:
        return PyDict_Check(value);
    case MA_TYPE_DECIMAL32:
    case MA_TYPE_DECIMAL64:
    case MA_TYPE_DECIMAL128:
    case MA_TYPE_DECIMAL256:
        return pyma_is_decimal(value);
    case MA_TYPE_LIST:
    case MA_TYPE_LARGE_LIST:
    case MA_TYPE_LIST_VIEW:
    case MA_TYPE_LARGE_LIST_VIEW:
    case MA_TYPE_FIXED_SIZE_LIST:
        return PyList_Check(value);
    default:
        return ma_type_is_integer(type) && PyLong_Check(value) && !PyBool_Check(value);
    }
}

/* 1 when the child took the value, 0 when it did not, -1 for failures that are no matter of
 * type. */
static int
try_child(pyma_conversion *self, ma_builder *builder, int32_t i, PyObject *value)
{
    ma_builder *child = builder->children[i];
    const int64_t before = child->length;
    ma_error err;
    ma_error_init(&err);
    if (pyma_convert_value(self, child, value) < 0) {
        if (!self->ours || pyma_drop_refusal() < 0) {
            return -1;
        }
        self->ours = false;
        self->where[0] = '\0';
        ma_builder_truncate(child, before);
        return 0;
    }
    return core(self, ma_builder_end_union(builder, i, &err), &err) < 0 ? -1 : 1;
}

int
pyma_convert_union(pyma_conversion *self, ma_builder *builder, PyObject *value)
{
    for (int pass = 0; pass < 2; pass++) {
        for (int32_t i = 0; i < builder->n_children; i++) {
            if (is_kind(builder->children[i]->type, value) == (pass == 0)) {
                const int done = try_child(self, builder, i, value);
                if (done != 0) {
                    return done < 0 ? -1 : 0;
                }
            }
        }
    }
    return pyma_conversion_fail_kind(self, self->state->ArrowTypeError, builder->type, value);
}
