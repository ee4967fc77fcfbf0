/* Record batches made from columns, and changed copies of them. */
#include "python/py_batch.h"

#include <string.h>

#include "core/base/memory.h"
#include "core/base/number.h"
#include "core/data/extent.h"
#include "python/py_array.h"
#include "python/py_module.h"
#include "python/py_schema.h"

/* Columns on their way to a batch. */
typedef struct gathered {
    pyma_state *state;
    ma_array **columns; /* each owned */
    ma_field **fields;  /* each owned */
    int32_t count;
    int32_t capacity;
} gathered;

static int
gather_init(gathered *self, pyma_state *state, Py_ssize_t capacity)
{
    memset(self, 0, sizeof(*self));
    self->state = state;
    if (capacity > INT32_MAX) {
        PyErr_SetString(PyExc_OverflowError, "too many columns");
        return -1;
    }
    self->capacity = (int32_t)capacity;
    self->columns = ma_calloc(capacity, sizeof(*self->columns));
    self->fields = ma_calloc(capacity, sizeof(*self->fields));
    if (self->columns == NULL || self->fields == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    return 0;
}

static void
gather_fini(gathered *self)
{
    for (int32_t i = 0; i < self->count; i++) {
        ma_array_unref(self->columns[i]);
        ma_field_unref(self->fields[i]);
    }
    ma_free(self->columns);
    ma_free(self->fields);
}

/* Takes new references. */
static void
gather(gathered *self, ma_array *column, ma_field *field)
{
    assert(self->count < self->capacity);
    self->columns[self->count] = ma_array_ref(column);
    self->fields[self->count] = ma_field_ref(field);
    self->count++;
}

static int
gather_column(gathered *self, ma_batch *batch, int32_t i)
{
    ma_array *column = pyma_batch_column(self->state, batch, i);
    if (column == NULL) {
        return -1;
    }
    gather(self, column, ma_batch_schema(batch)->fields[i]);
    return 0;
}

/* Make the batch; `schema_metadata` and `metadata`, the message's own, may be NULL. */
static PyObject *
gather_finish(gathered *self, int64_t rows, ma_metadata *schema_metadata, ma_metadata *metadata)
{
    ma_error err;
    ma_schema *schema = NULL;
    ma_batch *batch = NULL;
    ma_error_init(&err);
    ma_status st = ma_schema_new(self->fields, self->count, schema_metadata, &schema, &err);
    if (st == MA_OK) {
        st = ma_batch_new(schema, rows, self->columns, metadata, &batch, &err);
    }
    ma_schema_unref(schema);
    return st == MA_OK ? pyma_batch_wrap(self->state, batch) : pyma_raise(self->state, &err);
}

/* ---- columns from Python objects ---- */

/* An Array for an Array or for what array() takes; `type` (may be NULL) is asked of it then. */
static PyObject *
ensure_array(pyma_state *state, PyObject *object, PyObject *type)
{
    if (PyObject_TypeCheck(object, state->Array)) {
        return Py_NewRef(object);
    }
    PyObject *module = PyType_GetModuleByDef(state->RecordBatch, &pyma_module); /* borrowed */
    PyObject *make = module != NULL ? PyObject_GetAttrString(module, "array") : NULL;
    PyObject *array = make != NULL ? PyObject_CallFunctionObjArgs(make, object, type, NULL) : NULL;
    Py_XDECREF(make);
    return array;
}

/* A nullable field of an array's type. */
static ma_field *
field_of_array(pyma_state *state, PyObject *name, PyObject *array)
{
    ma_bytes bytes;
    PyObject *owner;
    ma_field *field = NULL;
    if (pyma_text_from(name, "the name of a column", &bytes, &owner) < 0) {
        return NULL;
    }
    PyObject *type = PyObject_GetAttrString(array, "type");
    if (type != NULL) {
        field = pyma_field_new(state, bytes, type, true, NULL);
        Py_DECREF(type);
    }
    Py_DECREF(owner);
    return field;
}

/* Name the column, by its field or else by its name, in the exception that is set. */
static void
raise_in_column(pyma_state *state, const ma_field *field, PyObject *name)
{
    PyObject *error = pyma_error_take();
    PyObject *shown =
        field != NULL ? pyma_text_to_str(field->name, field->name_size) : Py_NewRef(name);
    pyma_error_restore(error);
    if (shown != NULL) {
        pyma_raise_in_column(state, shown);
        Py_DECREF(shown);
    }
}

/* Gather a Python column under a field, or under a name (str) where `field` is NULL. */
static int
gather_object(gathered *self, PyObject *object, ma_field *field, PyObject *name)
{
    PyObject *type = NULL;
    if (field != NULL && !PyObject_TypeCheck(object, self->state->Array)) {
        type = pyma_field_type(self->state, field);
        if (type == NULL) {
            return -1;
        }
    }
    PyObject *array = ensure_array(self->state, object, type);
    Py_XDECREF(type);
    if (array == NULL) {
        raise_in_column(self->state, field, name);
        return -1;
    }
    ma_field *own = field != NULL ? ma_field_ref(field) : field_of_array(self->state, name, array);
    ma_array *core = own != NULL ? pyma_array_get(self->state, array) : NULL;
    if (core != NULL) {
        gather(self, core, own);
    }
    ma_field_unref(own);
    Py_DECREF(array);
    return core != NULL ? 0 : -1;
}

/* ---- from_arrays ---- */

static PyObject *
batch_from_lists(pyma_state *state, PyObject *arrays, PyObject *names, const ma_schema *schema,
                 ma_metadata *metadata)
{
    gathered columns;
    PyObject *batch = NULL;
    const Py_ssize_t count = PyList_GET_SIZE(arrays);
    const Py_ssize_t wanted = schema != NULL ? schema->n_fields : PyList_GET_SIZE(names);
    if (count != wanted) {
        return PyErr_Format(state->ArrowInvalid, "%zd %s for %zd arrays", wanted,
                            schema != NULL ? "fields in the schema" : "names", count);
    }
    if (gather_init(&columns, state, count) < 0) {
        goto done;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        if (gather_object(&columns, PyList_GET_ITEM(arrays, i),
                          schema != NULL ? schema->fields[i] : NULL,
                          schema != NULL ? NULL : PyList_GET_ITEM(names, i)) < 0) {
            goto done;
        }
    }
    batch = gather_finish(&columns, count > 0 ? columns.columns[0]->length : 0, metadata, NULL);

done:
    gather_fini(&columns);
    return batch;
}

PyObject *
Batch_from_arrays(PyObject *type, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"arrays", "names", "schema", "metadata", NULL};
    pyma_state *state = pyma_state_of_type((PyTypeObject *)type);
    PyObject *arrays;
    PyObject *names = Py_None;
    PyObject *schema_object = Py_None;
    PyObject *pairs = Py_None;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|OOO:from_arrays", keywords, &arrays, &names,
                                     &schema_object, &pairs)) {
        return NULL;
    }
    if ((names == Py_None) == (schema_object == Py_None)) {
        PyErr_SetString(PyExc_ValueError, "columns need names, or a schema, and not both");
        return NULL;
    }
    const ma_schema *schema = NULL;
    if (schema_object != Py_None) {
        schema = pyma_schema_get(state, schema_object);
        if (schema == NULL) {
            return NULL;
        }
    }
    ma_metadata *metadata;
    if (pyma_metadata_from(pairs, &metadata) < 0) {
        return NULL;
    }
    PyObject *array_list = PySequence_List(arrays);
    PyObject *name_list = array_list != NULL && schema == NULL ? PySequence_List(names) : NULL;
    PyObject *batch = NULL;
    if (array_list != NULL && (schema != NULL || name_list != NULL)) {
        batch = batch_from_lists(state, array_list, name_list, schema,
                                 schema != NULL && metadata == NULL ? schema->metadata : metadata);
    }
    Py_XDECREF(array_list);
    Py_XDECREF(name_list);
    ma_metadata_unref(metadata);
    return batch;
}

/* ---- by way of Python code that shapes arguments ---- */

PyObject *
Batch_from_pydict(PyObject *type, PyObject *args, PyObject *kwargs)
{
    return pyma_call_with("minarrow._batch", "from_pydict", type, args, kwargs);
}

PyObject *
Batch_from_pylist(PyObject *type, PyObject *args, PyObject *kwargs)
{
    return pyma_call_with("minarrow._batch", "from_pylist", type, args, kwargs);
}

PyObject *
Batch_from_pandas(PyObject *Py_UNUSED(type), PyObject *args, PyObject *kwargs)
{
    return pyma_call_with("minarrow._pandas", "batch_from_pandas", NULL, args, kwargs);
}

/* ---- changed copies ---- */

static ma_batch *
core_of(PyObject *op)
{
    return pyma_batch_get(pyma_state_of(op), op);
}

/* With the metadata of `op` and its schema. */
static PyObject *
finish_like(PyObject *op, gathered *columns)
{
    ma_batch *core = core_of(op);
    return gather_finish(columns, ma_batch_length(core), ma_batch_schema(core)->metadata,
                         ma_batch_metadata(core));
}

PyObject *
Batch_select(PyObject *op, PyObject *columns)
{
    ma_batch *core = core_of(op);
    gathered chosen;
    PyObject *batch = NULL;
    PyObject *keys = PySequence_List(columns);
    if (keys == NULL) {
        return NULL;
    }
    if (gather_init(&chosen, pyma_state_of(op), PyList_GET_SIZE(keys)) < 0) {
        goto done;
    }
    for (Py_ssize_t k = 0; k < chosen.capacity; k++) {
        const int32_t i = pyma_schema_index(ma_batch_schema(core), PyList_GET_ITEM(keys, k));
        if (i < 0 || gather_column(&chosen, core, i) < 0) {
            goto done;
        }
    }
    batch = finish_like(op, &chosen);

done:
    gather_fini(&chosen);
    Py_DECREF(keys);
    return batch;
}

/* Put a dict's values into a list in place of its keys. -1 with an exception. */
static int
replace_names(PyObject *list, PyObject *names)
{
    PyObject *old;
    PyObject *new;
    Py_ssize_t at = 0;
    while (PyDict_Next(names, &at, &old, &new)) {
        const int there = PySequence_Contains(list, old);
        if (there == 0) {
            PyErr_Format(PyExc_KeyError, "column %R does not exist", old);
        }
        if (there <= 0) {
            return -1;
        }
    }
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(list); i++) {
        const int found = pyma_find_item(names, PyList_GET_ITEM(list, i), &new);
        if (found < 0 || (found > 0 && PyList_SetItem(list, i, new) < 0)) {
            return -1;
        }
    }
    return 0;
}

/* The names that the fields of `op` get: those of a list, or the old ones but for a dict's keys. */
static PyObject *
new_names(PyObject *op, PyObject *names)
{
    if (PyUnicode_Check(names)) {
        /* a list of its letters is hardly meant */
        PyErr_SetString(PyExc_TypeError, "names are a list of str or a dict, not one str");
        return NULL;
    }
    if (!PyDict_Check(names)) {
        return PySequence_List(names);
    }
    PyObject *list = PyObject_GetAttrString(op, "column_names");
    PyObject *copy = PyDict_Copy(names); /* comparing its keys may run code that changes it */
    if (list != NULL && (copy == NULL || replace_names(list, copy) < 0)) {
        Py_CLEAR(list);
    }
    Py_XDECREF(copy);
    return list;
}

PyObject *
Batch_rename_columns(PyObject *op, PyObject *names)
{
    ma_batch *core = core_of(op);
    const ma_schema *schema = ma_batch_schema(core);
    pyma_state *state = pyma_state_of(op);
    gathered renamed;
    PyObject *batch = NULL;
    PyObject *list = new_names(op, names);
    if (list == NULL) {
        return NULL;
    }
    if (PyList_GET_SIZE(list) != schema->n_fields) {
        PyErr_Format(state->ArrowInvalid, "%zd names for %d columns", PyList_GET_SIZE(list),
                     (int)schema->n_fields);
        Py_DECREF(list);
        return NULL;
    }
    if (gather_init(&renamed, state, schema->n_fields) < 0) {
        goto done;
    }
    for (int32_t i = 0; i < schema->n_fields; i++) {
        const ma_field *field = schema->fields[i];
        ma_array *column = pyma_batch_column(state, core, i);
        ma_bytes name;
        PyObject *owner;
        ma_field *copy = NULL;
        if (column == NULL ||
            pyma_text_from(PyList_GET_ITEM(list, i), "the name of a column", &name, &owner) < 0) {
            goto done;
        }
        const ma_status st =
            ma_field_new(name, field->type, field->nullable, field->metadata, &copy, NULL);
        Py_DECREF(owner);
        if (st != MA_OK) {
            PyErr_NoMemory();
            goto done;
        }
        gather(&renamed, column, copy);
        ma_field_unref(copy);
    }
    batch = finish_like(op, &renamed);

done:
    gather_fini(&renamed);
    Py_DECREF(list);
    return batch;
}

/* A copy in which `removed` columns at `at` give way to `column` (NULL for none) under `field`, a
 * Field or a name. */
static PyObject *
replace(PyObject *op, Py_ssize_t at, int32_t removed, PyObject *field, PyObject *column)
{
    ma_batch *core = core_of(op);
    const int32_t count = ma_batch_schema(core)->n_fields;
    pyma_state *state = pyma_state_of(op);
    gathered changed;
    PyObject *batch = NULL;
    if (at < 0 || at > count - removed) {
        return PyErr_Format(state->ArrowInvalid, "there is no place %zd in a batch of %d columns",
                            at, (int)count);
    }
    if (gather_init(&changed, state, (Py_ssize_t)count + 1) < 0) {
        goto done;
    }
    for (int32_t i = 0; i <= count; i++) {
        if (i == at && column != NULL) {
            ma_field *given = Py_IS_TYPE(field, state->Field) ? pyma_field_get(state, field) : NULL;
            if (gather_object(&changed, column, given, field) < 0) {
                goto done;
            }
        }
        if (i < count && (i < at || i >= at + removed) && gather_column(&changed, core, i) < 0) {
            goto done;
        }
    }
    batch = count == 0 && column != NULL && ma_batch_length(core) == 0
                ? gather_finish(&changed, changed.columns[0]->length,
                                ma_batch_schema(core)->metadata, NULL)
                : finish_like(op, &changed);

done:
    gather_fini(&changed);
    return batch;
}

PyObject *
Batch_add_column(PyObject *op, PyObject *args)
{
    Py_ssize_t i;
    PyObject *field;
    PyObject *column;
    return PyArg_ParseTuple(args, "nOO:add_column", &i, &field, &column)
               ? replace(op, i, 0, field, column)
               : NULL;
}

PyObject *
Batch_append_column(PyObject *op, PyObject *args)
{
    PyObject *field;
    PyObject *column;
    return PyArg_ParseTuple(args, "OO:append_column", &field, &column)
               ? replace(op, ma_batch_schema(core_of(op))->n_fields, 0, field, column)
               : NULL;
}

PyObject *
Batch_set_column(PyObject *op, PyObject *args)
{
    Py_ssize_t i;
    PyObject *field;
    PyObject *column;
    return PyArg_ParseTuple(args, "nOO:set_column", &i, &field, &column)
               ? replace(op, i, 1, field, column)
               : NULL;
}

PyObject *
Batch_remove_column(PyObject *op, PyObject *number)
{
    const Py_ssize_t i = PyNumber_AsSsize_t(number, PyExc_IndexError);
    return i == -1 && PyErr_Occurred() ? NULL : replace(op, i, 1, NULL, NULL);
}

PyObject *
Batch_drop_columns(PyObject *op, PyObject *columns)
{
    ma_batch *core = core_of(op);
    ma_schema *schema = ma_batch_schema(core);
    gathered kept;
    PyObject *batch = NULL;
    PyObject *names =
        PyUnicode_Check(columns) ? Py_BuildValue("[O]", columns) : PySequence_List(columns);
    bool *dropped = names != NULL ? ma_calloc(schema->n_fields, sizeof(*dropped)) : NULL;
    if (dropped == NULL) {
        if (!PyErr_Occurred()) {
            PyErr_NoMemory();
        }
        Py_XDECREF(names);
        return NULL;
    }
    if (gather_init(&kept, pyma_state_of(op), schema->n_fields) < 0) {
        goto done;
    }
    for (Py_ssize_t k = 0; k < PyList_GET_SIZE(names); k++) {
        const int32_t i = pyma_schema_index(schema, PyList_GET_ITEM(names, k));
        if (i < 0) {
            goto done;
        }
        dropped[i] = true;
    }
    for (int32_t i = 0; i < schema->n_fields; i++) {
        if (!dropped[i] && gather_column(&kept, core, i) < 0) {
            goto done;
        }
    }
    batch = finish_like(op, &kept);

done:
    gather_fini(&kept);
    ma_free(dropped);
    Py_DECREF(names);
    return batch;
}

PyObject *
Batch_replace_schema_metadata(PyObject *op, PyObject *args)
{
    ma_batch *core = core_of(op);
    const int32_t count = ma_batch_schema(core)->n_fields;
    gathered columns;
    ma_metadata *metadata = NULL;
    PyObject *pairs = Py_None;
    PyObject *batch = NULL;
    if (!PyArg_ParseTuple(args, "|O:replace_schema_metadata", &pairs) ||
        pyma_metadata_from(pairs, &metadata) < 0) {
        return NULL;
    }
    if (gather_init(&columns, pyma_state_of(op), count) < 0) {
        goto done;
    }
    for (int32_t i = 0; i < count; i++) {
        if (gather_column(&columns, core, i) < 0) {
            goto done;
        }
    }
    batch = gather_finish(&columns, ma_batch_length(core), metadata, ma_batch_metadata(core));

done:
    gather_fini(&columns);
    ma_metadata_unref(metadata);
    return batch;
}

/* ---- functions ---- */

PyDoc_STRVAR(empty_batch_doc, "empty_batch(schema, num_rows, /)\n--\n\n"
                              "A batch of a schema without fields, which still has rows.");

static PyObject *
core_empty_batch(PyObject *module, PyObject *args)
{
    pyma_state *state = pyma_state_of_module(module);
    PyObject *schema_object;
    long long rows;
    ma_error err;
    ma_batch *batch = NULL;
    if (!PyArg_ParseTuple(args, "OL:empty_batch", &schema_object, &rows)) {
        return NULL;
    }
    ma_schema *schema = pyma_schema_get(state, schema_object);
    if (schema == NULL) {
        return NULL;
    }
    if (schema->n_fields != 0 || rows < 0) {
        PyErr_SetString(PyExc_ValueError, "rows without columns need a schema without fields, and "
                                          "cannot be fewer than 0");
        return NULL;
    }
    ma_error_init(&err);
    return ma_batch_new(schema, rows, NULL, NULL, &batch, &err) == MA_OK
               ? pyma_batch_wrap(state, batch)
               : pyma_raise(state, &err);
}

/* Whether all columns of a batch have rows that take no memory. -1 with an exception. */
static int
is_free(pyma_state *state, ma_batch *batch)
{
    for (int32_t i = 0; i < ma_batch_schema(batch)->n_fields; i++) {
        const ma_array *column = pyma_batch_column(state, batch, i);
        if (column == NULL || !ma_array_is_free(column)) {
            return column != NULL ? 0 : -1;
        }
    }
    return 1;
}

/* How many batches of at most `rows` rows come of those in a list: of all, or only of those whose
 * rows take no memory. -1 with an exception. */
static int64_t
count_cut(pyma_state *state, PyObject *batches, int64_t rows, bool only_free)
{
    int64_t total = 0;
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(batches); i++) {
        /* held, since the list may change where columns are built without the GIL */
        ma_batch *batch = ma_batch_ref(pyma_batch_get(state, PyList_GET_ITEM(batches, i)));
        const int counts = batch == NULL ? -1 : only_free ? is_free(state, batch) : 1;
        const int64_t length = batch != NULL ? ma_batch_length(batch) : 0;
        ma_batch_unref(batch);
        if (counts < 0) {
            return -1;
        }
        const int64_t count = counts ? length / rows + (length % rows > 0) : 0;
        if (!ma_add_i64(total, count, &total)) {
            return INT64_MAX;
        }
    }
    return total;
}

PyDoc_STRVAR(check_cut_doc,
             "check_cut(batches, rows, /)\n--\n\n"
             "Raise ArrowInvalid where batches of at most that many rows each, cut out of\n"
             "those of a list, would be too many for rows that take no memory.");

static PyObject *
core_check_cut(PyObject *module, PyObject *args)
{
    static const int64_t most = MA_MAX_REPEATED_SIZE / MA_EXTENT_ROW;
    pyma_state *state = pyma_state_of_module(module);
    PyObject *batches;
    long long rows;
    if (!PyArg_ParseTuple(args, "O!L:check_cut", &PyList_Type, &batches, &rows)) {
        return NULL;
    }
    if (rows < 1) {
        PyErr_SetString(PyExc_ValueError, "batches of less than a row are none");
        return NULL;
    }
    /* columns are touched only where there are many */
    int64_t count = count_cut(state, batches, rows, false);
    count = count > most ? count_cut(state, batches, rows, true) : count;
    if (count > most) {
        PyErr_Format(state->ArrowInvalid,
                     "%lld batches of rows that take no memory are more than the limit, "
                     "at most %lld; cut larger ones, or take fewer rows with slice()",
                     (long long)count, (long long)most);
    }
    return count >= 0 && count <= most ? Py_NewRef(Py_None) : NULL;
}

PyDoc_STRVAR(column_array_doc, "column_array($module, name, /, *args, **kwargs)\n--\n\n"
                               "array(*args, **kwargs), whose errors say the column's name.");

static PyObject *
core_column_array(PyObject *module, PyObject *args, PyObject *kwargs)
{
    PyObject *make = PyObject_GetAttrString(module, "array");
    PyObject *rest = make != NULL ? PyTuple_GetSlice(args, 1, PY_SSIZE_T_MAX) : NULL;
    PyObject *array = rest != NULL ? PyObject_Call(make, rest, kwargs) : NULL;
    if (array == NULL && PyTuple_GET_SIZE(args) > 0) {
        pyma_raise_in_column(pyma_state_of_module(module), PyTuple_GET_ITEM(args, 0));
    }
    Py_XDECREF(rest);
    Py_XDECREF(make);
    return array;
}

PyMethodDef pyma_batch_functions[] = {
    {"column_array", (PyCFunction)(void (*)(void))core_column_array, METH_VARARGS | METH_KEYWORDS,
     column_array_doc},
    {"check_cut", core_check_cut, METH_VARARGS, check_cut_doc},
    {"empty_batch", core_empty_batch, METH_VARARGS, empty_batch_doc},
    {0},
};
