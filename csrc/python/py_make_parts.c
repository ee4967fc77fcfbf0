/* Arrays put together from parts that were made one by one. */
#include "core/validate/shape.h"
#include "python/py_make.h"

/* `array` with nulls where a mask says so; takes over the array. Only for arrays without nulls of
 * their own and without an offset, which were made here. */
static ma_array *
with_nulls(pyma_state *state, ma_array *array, const pyma_mask *nulls)
{
    uint8_t *bits;
    ma_error err;
    ma_error_init(&err);
    const int64_t size = ma_bitmap_size(array->length);
    if (nulls->bytes == NULL) {
        atomic_store(&array->nulls, 0);
        return array;
    }
    if (pyma_mask_check(nulls, (Py_ssize_t)array->length) < 0 ||
        (ma_buffer_alloc(size, &array->buffers[0], &bits, &err) != MA_OK &&
         pyma_raise(state, &err) == NULL)) {
        ma_array_unref(array);
        return NULL;
    }
    memset(bits, 0, (size_t)size);
    int64_t count = 0;
    for (int64_t i = 0; i < array->length; i++) {
        if (nulls->bytes[i]) {
            count++;
        } else {
            ma_bitmap_set(bits, i);
        }
    }
    atomic_store(&array->nulls, count);
    return array;
}

/* The parts were asked for one by one, and each may have another length than it said. Takes over
 * the array. */
static ma_array *
with_shape(pyma_state *state, ma_array *array)
{
    ma_error err;
    ma_error_init(&err);
    if (ma_array_check_shape(array, &err) != MA_OK) {
        ma_array_unref(array);
        (void)pyma_raise(state, &err);
        return NULL;
    }
    return array;
}

/* An array of `values` under the type that a part has; NULL type: its own. */
static PyObject *
make_part(pyma_state *state, const pyma_request *wanted, PyObject *values, PyObject *type,
          PyObject *nulls)
{
    const pyma_request part = {.values = values,
                               .type = type,
                               .mask = nulls,
                               .size = -1,
                               .from_pandas = wanted->from_pandas,
                               .safe = wanted->safe};
    return pyma_make(state, &part);
}

static ma_type *
dictionary_type(pyma_state *state, const ma_array *indices, const ma_array *values, bool ordered)
{
    ma_type *type = NULL;
    ma_error err;
    ma_error_init(&err);
    ma_status st = ma_type_new(MA_TYPE_DICTIONARY, 0, &type, &err);
    if (st == MA_OK) {
        type->index_type = ma_type_ref(indices->type);
        type->value_type = ma_type_ref(values->type);
        type->ordered = ordered;
        st = ma_type_seal(type, &err);
    }
    if (st != MA_OK) {
        ma_type_unref(type);
        (void)pyma_raise(state, &err);
        return NULL;
    }
    return type;
}

/* An array over what both parts hold. */
static ma_array *
join_dictionary(pyma_state *state, ma_array *indices, ma_array *values, ma_type *type)
{
    ma_array *array = NULL;
    ma_error err;
    ma_error_init(&err);
    if (ma_array_new(type, indices->length, 0, &array, &err) != MA_OK) {
        (void)pyma_raise(state, &err);
        return NULL;
    }
    array->offset = indices->offset;
    atomic_store(&array->nulls, atomic_load(&indices->nulls));
    for (int i = 0; i < 2; i++) {
        array->buffers[i] = ma_buffer_ref(indices->buffers[i]);
    }
    array->dictionary = ma_array_ref(values);
    return with_shape(state, array);
}

PyObject *
pyma_array_of_dictionary(pyma_state *state, const pyma_request *wanted, PyObject *parts,
                         PyObject *nulls, bool ordered)
{
    ma_type *core = wanted->type != NULL ? pyma_type_get(state, wanted->type) : NULL;
    PyObject *types[2] = {NULL, NULL};
    PyObject *made[2] = {NULL, NULL};
    PyObject *result = NULL;
    if (core != NULL && core->id != MA_TYPE_DICTIONARY) {
        return PyErr_Format(state->ArrowTypeError, "a Categorical is no %S", wanted->type);
    }
    if (core != NULL) {
        types[0] = pyma_type_wrap(state, ma_type_ref(core->index_type));
        types[1] = pyma_type_wrap(state, ma_type_ref(core->value_type));
    }
    for (int i = 0; i < 2 && !PyErr_Occurred(); i++) {
        made[i] =
            make_part(state, wanted, PyTuple_GET_ITEM(parts, i), types[i], i == 0 ? nulls : NULL);
    }
    if (made[0] != NULL && made[1] != NULL) {
        ma_array *indices = pyma_array_get(state, made[0]);
        ma_array *values = pyma_array_get(state, made[1]);
        ma_type *type =
            core != NULL ? ma_type_ref(core) : dictionary_type(state, indices, values, ordered);
        ma_array *array = type != NULL ? join_dictionary(state, indices, values, type) : NULL;
        result = array != NULL ? pyma_array_wrap(state, array, wanted->type) : NULL;
        ma_type_unref(type);
    }
    for (int i = 0; i < 2; i++) {
        Py_XDECREF(types[i]);
        Py_XDECREF(made[i]);
    }
    return result;
}

/* A struct type of the columns under their names. */
static ma_type *
struct_type(pyma_state *state, PyObject *names, PyObject *columns)
{
    const Py_ssize_t count = PyList_GET_SIZE(columns);
    ma_type *type = NULL;
    ma_error err;
    ma_error_init(&err);
    if (ma_type_new(MA_TYPE_STRUCT, (int32_t)count, &type, &err) != MA_OK) {
        (void)pyma_raise(state, &err);
        return NULL;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        Py_ssize_t size;
        const char *name = PyUnicode_AsUTF8AndSize(PyList_GET_ITEM(names, i), &size);
        ma_array *column = pyma_array_get(state, PyList_GET_ITEM(columns, i));
        if (name == NULL || column == NULL ||
            (ma_field_new((ma_bytes){name, size}, column->type, true, NULL, &type->children[i],
                          &err) != MA_OK &&
             pyma_raise(state, &err) == NULL)) {
            ma_type_unref(type);
            return NULL;
        }
    }
    if (ma_type_seal(type, &err) != MA_OK) {
        ma_type_unref(type);
        (void)pyma_raise(state, &err);
        return NULL;
    }
    return type;
}

/* A column for each field of a structured array, in the order of the type asked for. */
static PyObject *
struct_columns(pyma_state *state, const pyma_request *wanted, PyObject *names, PyObject *values)
{
    ma_type *core = wanted->type != NULL ? pyma_type_get(state, wanted->type) : NULL;
    const Py_ssize_t count = PyList_GET_SIZE(names);
    PyObject *columns = PyList_New(0);
    if (core != NULL && (core->id != MA_TYPE_STRUCT || core->n_children != count)) {
        PyErr_Format(state->ArrowTypeError, "a structured array of %zd fields is no %S", count,
                     wanted->type);
        Py_CLEAR(columns);
    }
    for (Py_ssize_t i = 0; columns != NULL && i < count; i++) {
        PyObject *type = core != NULL ? pyma_field_type(state, core->children[i]) : NULL;
        PyObject *column = core == NULL || type != NULL
                               ? make_part(state, wanted, PyList_GET_ITEM(values, i), type, NULL)
                               : NULL;
        Py_XDECREF(type);
        if (column == NULL || PyList_Append(columns, column) < 0) {
            Py_CLEAR(columns);
        }
        Py_XDECREF(column);
    }
    return columns;
}

/* The first column's, or as many as the structured array says where it has no fields; -1 with an
 * exception. */
static int64_t
count_rows(pyma_state *state, PyObject *columns, PyObject *said)
{
    return PyList_GET_SIZE(columns) > 0 ? pyma_array_get(state, PyList_GET_ITEM(columns, 0))->length
                                        : PyLong_AsLongLong(said);
}

PyObject *
pyma_array_of_struct(pyma_state *state, const pyma_request *wanted, PyObject *parts,
                     const pyma_mask *nulls)
{
    PyObject *names = PyTuple_GET_ITEM(parts, 0);
    PyObject *columns = struct_columns(state, wanted, names, PyTuple_GET_ITEM(parts, 1));
    ma_type *type = columns == NULL        ? NULL
                    : wanted->type != NULL ? ma_type_ref(pyma_type_get(state, wanted->type))
                                           : struct_type(state, names, columns);
    const int64_t rows = type != NULL ? count_rows(state, columns, PyTuple_GET_ITEM(parts, 2)) : -1;
    ma_array *array = NULL;
    ma_error err;
    ma_error_init(&err);
    if (rows >= 0) {
        if (ma_array_new(type, rows, 0, &array, &err) != MA_OK) {
            (void)pyma_raise(state, &err);
        }
        for (int32_t i = 0; array != NULL && i < array->n_children; i++) {
            array->children[i] = ma_array_ref(pyma_array_get(state, PyList_GET_ITEM(columns, i)));
        }
    }
    if (array != NULL) {
        array = with_nulls(state, array, nulls);
    }
    if (array != NULL) {
        array = with_shape(state, array);
    }
    ma_type_unref(type);
    Py_XDECREF(columns);
    return array != NULL ? pyma_array_wrap(state, array, wanted->type) : NULL;
}
