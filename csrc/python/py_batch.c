/* RecordBatch: a schema and its columns, each built when it is touched. */
#include "python/py_capsule.h"
#include "python/py_batch.h"

#include "core/base/memory.h"
#include "core/data/equal.h"
#include "core/validate/values.h"
#include "python/py_array.h"
#include "python/py_module.h"
#include "python/py_preview.h"
#include "python/py_schema.h"
#include "python/py_values.h"

/* Columns whose values a batch's text shows. */
#define SHOWN_COLUMNS 10

typedef struct BatchObject {
    PyObject_HEAD
    ma_batch *core; /* owned */
    PyObject *weakrefs;
} BatchObject;

PyObject *
pyma_batch_wrap(pyma_state *state, ma_batch *core)
{
    PyTypeObject *type = state->RecordBatch;
    BatchObject *self = (BatchObject *)type->tp_alloc(type, 0);
    if (self == NULL) {
        ma_batch_unref(core);
        return NULL;
    }
    self->core = core;
    return (PyObject *)self;
}

ma_batch *
pyma_batch_get(pyma_state *state, PyObject *object)
{
    if (Py_IS_TYPE(object, state->RecordBatch)) {
        return ((BatchObject *)object)->core;
    }
    PyErr_Format(PyExc_TypeError, "expected a minarrow.RecordBatch, not %.200s",
                 Py_TYPE(object)->tp_name);
    return NULL;
}

static ma_batch *
core_of(PyObject *op)
{
    return ((BatchObject *)op)->core;
}

static ma_schema *
schema_of(PyObject *op)
{
    return ma_batch_schema(core_of(op));
}

static void
Batch_tp_dealloc(PyObject *op)
{
    BatchObject *self = (BatchObject *)op;
    PyTypeObject *type = Py_TYPE(op);
    if (self->weakrefs != NULL) {
        PyObject_ClearWeakRefs(op);
    }
    ma_batch_unref(self->core);
    type->tp_free(op);
    Py_DECREF(type);
}

/* ---- columns ---- */

ma_array *
pyma_batch_column(pyma_state *state, ma_batch *batch, int32_t i)
{
    ma_error err;
    ma_array *column = NULL;
    ma_status st;
    ma_error_init(&err);
    if (ma_batch_has_column(batch, i) || !ma_batch_is_costly(batch)) {
        st = ma_batch_column(batch, i, &column, &err);
    } else {
        Py_BEGIN_ALLOW_THREADS
        st = ma_batch_column(batch, i, &column, &err);
        Py_END_ALLOW_THREADS
    }
    if (st != MA_OK) {
        pyma_raise(state, &err);
        return NULL;
    }
    return column;
}

/* Before all columns are asked for: build those that take long on several threads. -1 with an
 * exception. */
static int
load_all(pyma_state *state, ma_batch *batch)
{
    ma_error err;
    ma_status st;
    if (!ma_batch_is_costly(batch)) {
        return 0;
    }
    ma_error_init(&err);
    Py_BEGIN_ALLOW_THREADS
    st = ma_batch_load(batch, &err);
    Py_END_ALLOW_THREADS
    if (st != MA_OK) {
        pyma_raise(state, &err);
        return -1;
    }
    return 0;
}

PyObject *
pyma_batch_column_wrap(pyma_state *state, ma_batch *batch, int32_t i)
{
    ma_array *column = pyma_batch_column(state, batch, i);
    return column != NULL ? pyma_array_wrap_child(state, ma_array_ref(column),
                                                  ma_batch_schema(batch)->fields[i])
                          : NULL;
}

PyDoc_STRVAR(column_doc, "column($self, i, /)\n--\n\nThe column with this number or name.");

static PyObject *
Batch_column(PyObject *op, PyObject *key)
{
    const int32_t i = pyma_schema_index(schema_of(op), key);
    return i < 0 ? NULL : pyma_batch_column_wrap(pyma_state_of(op), core_of(op), i);
}

PyDoc_STRVAR(field_doc, "field($self, i, /)\n--\n\nThe schema's field with this number or name.");

static PyObject *
Batch_field(PyObject *op, PyObject *key)
{
    const int32_t i = pyma_schema_index(schema_of(op), key);
    return i < 0 ? NULL
                 : pyma_field_wrap(pyma_state_of(op), ma_field_ref(schema_of(op)->fields[i]));
}

static PyObject *
Batch_get_columns(PyObject *op, void *Py_UNUSED(closure))
{
    const int32_t count = schema_of(op)->n_fields;
    pyma_state *state = pyma_state_of(op);
    PyObject *list = load_all(state, core_of(op)) == 0 ? PyList_New(count) : NULL;
    for (int32_t i = 0; list != NULL && i < count; i++) {
        PyObject *column = pyma_batch_column_wrap(state, core_of(op), i);
        if (column == NULL) {
            Py_CLEAR(list);
            break;
        }
        PyList_SET_ITEM(list, i, column);
    }
    return list;
}

PyDoc_STRVAR(itercolumns_doc, "itercolumns($self, /)\n--\n\nAn iterator over the columns.");

static PyObject *
Batch_itercolumns(PyObject *op, PyObject *Py_UNUSED(ignored))
{
    PyObject *columns = Batch_get_columns(op, NULL);
    PyObject *iterator = columns != NULL ? PyObject_GetIter(columns) : NULL;
    Py_XDECREF(columns);
    return iterator;
}

static PyObject *
Batch_tp_iter(PyObject *op)
{
    return Batch_itercolumns(op, NULL);
}

/* ---- rows ---- */

static PyObject *
cut(PyObject *op, int64_t offset, int64_t length)
{
    pyma_state *state = pyma_state_of(op);
    ma_error err;
    ma_batch *slice = NULL;
    ma_status st;
    ma_error_init(&err);
    Py_BEGIN_ALLOW_THREADS
    st = ma_batch_slice(core_of(op), offset, length, &slice, &err);
    Py_END_ALLOW_THREADS
    return st == MA_OK ? pyma_batch_wrap(state, slice) : pyma_raise(state, &err);
}

PyDoc_STRVAR(slice_doc, "slice($self, /, offset=0, length=None)\n--\n\n"
                        "The rows from `offset` on, at most `length` of them, without a copy.");

static PyObject *
Batch_slice(PyObject *op, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"offset", "length", NULL};
    int64_t offset;
    int64_t length;
    return pyma_slice_args(args, kwargs, keywords, ma_batch_length(core_of(op)), &offset, &length)
               ? cut(op, offset, length)
               : NULL;
}

static Py_ssize_t
Batch_mp_length(PyObject *op)
{
    const int64_t length = ma_batch_length(core_of(op));
    if (length > PY_SSIZE_T_MAX) {
        PyErr_SetString(PyExc_OverflowError, "the batch has more rows than Python can count");
        return -1;
    }
    return (Py_ssize_t)length;
}

static PyObject *
Batch_mp_subscript(PyObject *op, PyObject *key)
{
    if (!PySlice_Check(key)) {
        return Batch_column(op, key);
    }
    Py_ssize_t start, stop, step;
    const Py_ssize_t length = Batch_mp_length(op);
    if (length < 0 || PySlice_Unpack(key, &start, &stop, &step) < 0) {
        return NULL;
    }
    if (step != 1) {
        PyErr_SetString(PyExc_IndexError, "a record batch is sliced with step 1 only");
        return NULL;
    }
    const Py_ssize_t count = PySlice_AdjustIndices(length, &start, &stop, step);
    return cut(op, count > 0 ? start : 0, count);
}

/* ---- Python objects ---- */

static PyObject *
column_list(PyObject *op, int32_t i, pyma_maps maps)
{
    pyma_state *state = pyma_state_of(op);
    PyObject *type;
    ma_array *column = pyma_batch_column(state, core_of(op), i);
    if (column == NULL || pyma_array_check(state, column) < 0 ||
        pyma_field_extension(state, schema_of(op)->fields[i], &type) < 0) {
        return NULL;
    }
    PyObject *list = pyma_values_as(state, column, 0, column->length, type, maps);
    Py_XDECREF(type);
    return list;
}

static PyObject *
name_of(PyObject *op, int32_t i)
{
    const ma_field *field = schema_of(op)->fields[i];
    return pyma_text_to_str(field->name, field->name_size);
}

static int
parse_maps(PyObject *args, PyObject *kwargs, const char *format)
{
    static char *keywords[] = {"maps_as_pydicts", NULL};
    PyObject *maps = Py_None;
    return PyArg_ParseTupleAndKeywords(args, kwargs, format, keywords, &maps) ? pyma_maps_from(maps)
                                                                              : -1;
}

/* Whether objects of all rows, and `dicts` for them, are not too much. Reads and checks all
 * columns, so that nothing is made where one is damaged. */
static bool
may_make_rows(PyObject *op, bool dicts)
{
    pyma_state *state = pyma_state_of(op);
    const int32_t n = schema_of(op)->n_fields;
    bool for_nothing = true; /* whether no row takes memory */
    ma_error err;
    ma_status st;
    ma_array **columns = load_all(state, core_of(op)) == 0 ? ma_calloc(n, sizeof(*columns)) : NULL;
    if (columns == NULL) {
        if (!PyErr_Occurred()) {
            PyErr_NoMemory();
        }
        return false;
    }
    for (int32_t i = 0; i < n; i++) {
        columns[i] = pyma_batch_column(state, core_of(op), i);
        if (columns[i] == NULL || pyma_array_check(state, columns[i]) < 0) {
            ma_free(columns);
            return false;
        }
        for_nothing = for_nothing && ma_array_is_free(columns[i]);
    }
    ma_error_init(&err);
    st = ma_arrays_check_extent(columns, n, &err);
    ma_free(columns);
    if (st == MA_OK && dicts && for_nothing) {
        st = ma_check_free_rows(ma_batch_length(core_of(op)), &err);
    }
    if (st != MA_OK) {
        pyma_raise(state, &err);
    }
    return st == MA_OK;
}

PyDoc_STRVAR(to_pydict_doc, "to_pydict($self, /, *, maps_as_pydicts=None)\n--\n\n"
                            "A dict of names to lists of Python objects.");

static PyObject *
Batch_to_pydict(PyObject *op, PyObject *args, PyObject *kwargs)
{
    const int maps = parse_maps(args, kwargs, "|$O:to_pydict");
    PyObject *dict = maps >= 0 && may_make_rows(op, false) ? PyDict_New() : NULL;
    for (int32_t i = 0; dict != NULL && i < schema_of(op)->n_fields; i++) {
        PyObject *name = name_of(op, i);
        PyObject *list = name != NULL ? column_list(op, i, (pyma_maps)maps) : NULL;
        if (list == NULL || PyDict_SetItem(dict, name, list) < 0) {
            Py_CLEAR(dict);
        }
        Py_XDECREF(name);
        Py_XDECREF(list);
    }
    return dict;
}

PyDoc_STRVAR(to_pylist_doc, "to_pylist($self, /, *, maps_as_pydicts=None)\n--\n\n"
                            "A list of dicts, one for each row.");

static PyObject *
empty_dicts(Py_ssize_t count)
{
    PyObject *list = PyList_New(count);
    for (Py_ssize_t row = 0; list != NULL && row < count; row++) {
        PyObject *dict = PyDict_New();
        if (dict == NULL) {
            Py_CLEAR(list);
            break;
        }
        PyList_SET_ITEM(list, row, dict);
    }
    return list;
}

static PyObject *
Batch_to_pylist(PyObject *op, PyObject *args, PyObject *kwargs)
{
    const int maps = parse_maps(args, kwargs, "|$O:to_pylist");
    const Py_ssize_t count = maps < 0 ? -1 : Batch_mp_length(op);
    PyObject *rows = count >= 0 && may_make_rows(op, true) ? empty_dicts(count) : NULL;
    for (int32_t i = 0; rows != NULL && i < schema_of(op)->n_fields; i++) {
        PyObject *name = name_of(op, i);
        PyObject *values = name != NULL ? column_list(op, i, (pyma_maps)maps) : NULL;
        for (Py_ssize_t row = 0; values != NULL && row < count; row++) {
            if (PyDict_SetItem(PyList_GET_ITEM(rows, row), name, PyList_GET_ITEM(values, row)) <
                0) {
                Py_CLEAR(values);
            }
        }
        if (values == NULL) {
            Py_CLEAR(rows);
        }
        Py_XDECREF(name);
        Py_XDECREF(values);
    }
    return rows;
}

PyDoc_STRVAR(to_pandas_doc, "to_pandas($self, /, **options)\n--\n\n"
                            "A pandas DataFrame; the options are those of Table.to_pandas.");

static PyObject *
Batch_to_pandas(PyObject *op, PyObject *args, PyObject *kwargs)
{
    if (PyTuple_GET_SIZE(args) != 0) {
        PyErr_SetString(PyExc_TypeError, "to_pandas takes its options by name");
        return NULL;
    }
    PyObject *module = PyImport_ImportModule("minarrow._table");
    PyObject *type = module != NULL ? PyObject_GetAttrString(module, "Table") : NULL;
    PyObject *table = type != NULL ? PyObject_CallMethod(type, "from_batches", "[O]", op) : NULL;
    PyObject *method = table != NULL ? PyObject_GetAttrString(table, "to_pandas") : NULL;
    PyObject *frame = method != NULL ? PyObject_Call(method, args, kwargs) : NULL;
    Py_XDECREF(module);
    Py_XDECREF(type);
    Py_XDECREF(table);
    Py_XDECREF(method);
    return frame;
}

/* ---- equality, checks ---- */

/* 1, 0, or -1 with an exception. */
static int
columns_equal(pyma_state *state, ma_batch *a, ma_batch *b, int32_t i)
{
    ma_array *x = pyma_batch_column(state, a, i);
    ma_array *y = x != NULL ? pyma_batch_column(state, b, i) : NULL;
    return y != NULL ? pyma_arrays_equal(state, x, y) : -1;
}

static int
batches_equal(PyObject *op, PyObject *other, bool check_metadata)
{
    ma_batch *a = core_of(op);
    ma_batch *b = core_of(other);
    int same = ma_batch_length(a) == ma_batch_length(b) &&
               ma_schema_equal(ma_batch_schema(a), ma_batch_schema(b), check_metadata);
    if (same > 0 && (load_all(pyma_state_of(op), a) < 0 || load_all(pyma_state_of(op), b) < 0)) {
        return -1;
    }
    for (int32_t i = 0; same > 0 && i < ma_batch_schema(a)->n_fields; i++) {
        same = columns_equal(pyma_state_of(op), a, b, i);
    }
    return same;
}

PyDoc_STRVAR(equals_doc, "equals($self, other, /, check_metadata=False)\n--\n\n"
                         "Whether another RecordBatch has the same schema and values.");

static PyObject *
Batch_equals(PyObject *op, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"other", "check_metadata", NULL};
    PyObject *other;
    int check_metadata = 0;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|p:equals", keywords, &other,
                                     &check_metadata)) {
        return NULL;
    }
    const int same = Py_IS_TYPE(other, Py_TYPE(op)) ? batches_equal(op, other, check_metadata) : 0;
    return same < 0 ? NULL : PyBool_FromLong(same);
}

static PyObject *
Batch_tp_richcompare(PyObject *op, PyObject *other, int how)
{
    if ((how != Py_EQ && how != Py_NE) || !Py_IS_TYPE(other, Py_TYPE(op))) {
        Py_RETURN_NOTIMPLEMENTED;
    }
    const int same = batches_equal(op, other, false);
    return same < 0 ? NULL : PyBool_FromLong(same == (how == Py_EQ));
}

PyDoc_STRVAR(validate_doc, "validate($self, /, *, full=False)\n--\n\n"
                           "Raise ArrowInvalid if a column breaks the format; see Array.validate.");

static PyObject *
Batch_validate(PyObject *op, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"full", NULL};
    pyma_state *state = pyma_state_of(op);
    int full = 0;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|$p:validate", keywords, &full) ||
        load_all(state, core_of(op)) < 0) {
        return NULL;
    }
    for (int32_t i = 0; i < schema_of(op)->n_fields; i++) {
        ma_error err;
        ma_status st;
        ma_array *column = pyma_batch_column(state, core_of(op), i);
        if (column == NULL) {
            return NULL;
        }
        ma_error_init(&err);
        Py_BEGIN_ALLOW_THREADS
        st = full ? ma_array_check_full(column, &err) : ma_array_check_values(column, &err);
        Py_END_ALLOW_THREADS
        if (st != MA_OK) {
            ma_place_name(column->place, schema_of(op)->fields[i], &err);
            return pyma_raise(state, &err);
        }
    }
    Py_RETURN_NONE;
}

/* ---- text ---- */

/* "name: [1,2,...]" of a column; one that is broken says so in its place. */
static int
add_column(PyObject *op, int32_t i, ma_text *out)
{
    pyma_state *state = pyma_state_of(op);
    const ma_field *field = schema_of(op)->fields[i];
    const pyma_preview options = {10, 2, true, 0};
    ma_text_add_bytes(out, field->name, field->name_size);
    ma_text_add(out, ": ");
    ma_array *column = pyma_batch_column(state, core_of(op), i);
    if (column != NULL && pyma_array_check(state, column) == 0) {
        pyma_preview_array(out, column, &options);
        return 0;
    }
    if (!pyma_is_own_refusal(state)) {
        return -1;
    }
    PyErr_Clear();
    ma_text_add(out, "<invalid; validate() says why>");
    return 0;
}

PyDoc_STRVAR(to_string_doc, "to_string($self, /, show_metadata=False, preview_cols=0)\n--\n\n"
                            "The schema, and the values of the first columns, as text.");

static PyObject *
text_of(PyObject *op, bool show_metadata, int32_t preview)
{
    const ma_schema *schema = schema_of(op);
    const pyma_schema_text options = {true, show_metadata, show_metadata};
    PyObject *head = pyma_schema_to_text(schema, &options);
    if (head == NULL) {
        return NULL;
    }
    ma_text text;
    ma_text_init(&text);
    for (int32_t i = 0; i < schema->n_fields && i < preview; i++) {
        ma_text_add(&text, "\n");
        if (add_column(op, i, &text) < 0) {
            ma_text_fini(&text);
            Py_DECREF(head);
            return NULL;
        }
    }
    ma_text_add(&text, preview > 0 && schema->n_fields > preview ? "\n..." : "");
    PyObject *columns = pyma_text_take(&text);
    PyObject *all = columns != NULL ? PyUnicode_FromFormat("minarrow.RecordBatch\n%U%s%U", head,
                                                           preview > 0 ? "\n----" : "", columns)
                                    : NULL;
    Py_DECREF(head);
    Py_XDECREF(columns);
    return all;
}

static PyObject *
Batch_to_string(PyObject *op, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"show_metadata", "preview_cols", NULL};
    int show_metadata = 0;
    int preview = 0;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|pi:to_string", keywords, &show_metadata,
                                     &preview)) {
        return NULL;
    }
    return text_of(op, show_metadata, preview);
}

static PyObject *
Batch_tp_repr(PyObject *op)
{
    return text_of(op, false, SHOWN_COLUMNS);
}

/* ---- attributes ---- */

static PyObject *
Batch_get_schema(PyObject *op, void *Py_UNUSED(closure))
{
    return pyma_schema_wrap(pyma_state_of(op), ma_schema_ref(schema_of(op)));
}

static PyObject *
Batch_get_num_rows(PyObject *op, void *Py_UNUSED(closure))
{
    return PyLong_FromLongLong(ma_batch_length(core_of(op)));
}

static PyObject *
Batch_get_num_columns(PyObject *op, void *Py_UNUSED(closure))
{
    return PyLong_FromLong(schema_of(op)->n_fields);
}

static PyObject *
Batch_get_shape(PyObject *op, void *Py_UNUSED(closure))
{
    return Py_BuildValue("(Li)", (long long)ma_batch_length(core_of(op)),
                         (int)schema_of(op)->n_fields);
}

static PyObject *
Batch_get_column_names(PyObject *op, void *Py_UNUSED(closure))
{
    const int32_t count = schema_of(op)->n_fields;
    PyObject *list = PyList_New(count);
    for (int32_t i = 0; list != NULL && i < count; i++) {
        PyObject *name = name_of(op, i);
        if (name == NULL) {
            Py_CLEAR(list);
            break;
        }
        PyList_SET_ITEM(list, i, name);
    }
    return list;
}

static PyObject *
Batch_get_nbytes(PyObject *op, void *Py_UNUSED(closure))
{
    pyma_state *state = pyma_state_of(op);
    int64_t total = 0;
    if (load_all(state, core_of(op)) < 0) {
        return NULL;
    }
    for (int32_t i = 0; i < schema_of(op)->n_fields; i++) {
        ma_array *column = pyma_batch_column(state, core_of(op), i);
        if (column == NULL || pyma_array_check(state, column) < 0) {
            return NULL;
        }
        total += pyma_array_nbytes(column);
    }
    return PyLong_FromLongLong(total);
}

PyDoc_STRVAR(total_doc, "get_total_buffer_size($self, /)\n--\n\n"
                        "Bytes of all buffers, also of what a slice leaves out.");

static PyObject *
Batch_get_total_buffer_size(PyObject *op, PyObject *Py_UNUSED(ignored))
{
    int64_t total = 0;
    for (int32_t i = 0; i < schema_of(op)->n_fields; i++) {
        const ma_array *column = pyma_batch_column(pyma_state_of(op), core_of(op), i);
        if (column == NULL) {
            return NULL;
        }
        total += ma_array_nbytes(column);
    }
    return PyLong_FromLongLong(total);
}

PyDoc_STRVAR(reduce_doc, "__reduce_ex__($self, protocol, /)\n--\n\n"
                         "Pickling: of a slice, the slice; out-of-band from protocol 5 on.");

static PyObject *
Batch_reduce_ex(PyObject *op, PyObject *protocol)
{
    return pyma_call("minarrow._pickle", "reduce_batch", "(OO)", op, protocol);
}

static PyGetSetDef Batch_getset[] = {
    {"schema", Batch_get_schema, NULL, PyDoc_STR("The Schema."), NULL},
    {"num_rows", Batch_get_num_rows, NULL, PyDoc_STR("How many rows."), NULL},
    {"num_columns", Batch_get_num_columns, NULL, PyDoc_STR("How many columns."), NULL},
    {"shape", Batch_get_shape, NULL, PyDoc_STR("(num_rows, num_columns)."), NULL},
    {"columns", Batch_get_columns, NULL, PyDoc_STR("List of all columns."), NULL},
    {"column_names", Batch_get_column_names, NULL, PyDoc_STR("List of the columns' names."), NULL},
    {"nbytes", Batch_get_nbytes, NULL, PyDoc_STR("Bytes that the rows take."), NULL},
    {0},
};

static PyMethodDef Batch_methods[] = {
    /* clang-format off */
    PYMA_CAPSULE_SCHEMA_ROW(batch)
    PYMA_CAPSULE_DATA_METHODS(batch)
    PYMA_CAPSULE_STREAM_ROW(batch)
    /* clang-format on */
    {"column", Batch_column, METH_O, column_doc},
    {"field", Batch_field, METH_O, field_doc},
    {"itercolumns", Batch_itercolumns, METH_NOARGS, itercolumns_doc},
    {"slice", PYMA_BATCH_KEYWORDS(Batch_slice, 0), slice_doc},
    {"equals", PYMA_BATCH_KEYWORDS(Batch_equals, 0), equals_doc},
    {"validate", PYMA_BATCH_KEYWORDS(Batch_validate, 0), validate_doc},
    {"to_pydict", PYMA_BATCH_KEYWORDS(Batch_to_pydict, 0), to_pydict_doc},
    {"to_pylist", PYMA_BATCH_KEYWORDS(Batch_to_pylist, 0), to_pylist_doc},
    {"to_pandas", PYMA_BATCH_KEYWORDS(Batch_to_pandas, 0), to_pandas_doc},
    {"to_string", PYMA_BATCH_KEYWORDS(Batch_to_string, 0), to_string_doc},
    {"get_total_buffer_size", Batch_get_total_buffer_size, METH_NOARGS, total_doc},
    {"__reduce_ex__", Batch_reduce_ex, METH_O, reduce_doc},
    PYMA_BATCH_MAKE_METHODS{0},
};

static PyMemberDef Batch_members[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(BatchObject, weakrefs), READONLY, NULL},
    {0},
};

PyDoc_STRVAR(Batch_doc,
             "A schema and columns of the same length.\n\n"
             "Made by from_arrays, from_pydict, from_pylist, from_pandas, or read from a\n"
             "stream or file; there, a column is built when it is first touched.");

static PyType_Slot Batch_slots[] = {
    {Py_tp_doc, (void *)Batch_doc},
    {Py_tp_dealloc, Batch_tp_dealloc},
    {Py_tp_repr, Batch_tp_repr},
    {Py_tp_hash, PyObject_HashNotImplemented},
    {Py_tp_richcompare, Batch_tp_richcompare},
    {Py_tp_iter, Batch_tp_iter},
    {Py_mp_length, Batch_mp_length},
    {Py_mp_subscript, Batch_mp_subscript},
    {Py_tp_getset, Batch_getset},
    {Py_tp_methods, Batch_methods},
    {Py_tp_members, Batch_members},
    {0, NULL},
};

PyType_Spec pyma_RecordBatch_spec = {
    .name = "minarrow.RecordBatch",
    .basicsize = sizeof(BatchObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = Batch_slots,
};
