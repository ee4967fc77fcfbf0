/* Array: a column. */
#include "python/py_capsule.h"
#include "python/py_array.h"

#include "core/data/equal.h"
#include "core/data/gather.h"
#include "core/validate/values.h"
#include "python/py_array_parts.h"
#include "python/py_module.h"
#include "python/py_preview.h"
#include "python/py_values.h"

typedef struct ArrayObject {
    PyObject_HEAD
    ma_array *core; /* owned */
    PyObject *type; /* owned; the extension type, NULL for a plain array */
    PyObject *weakrefs;
} ArrayObject;

static const char *const class_names[] = {
    [MA_TYPE_NULL] = "Null",
    [MA_TYPE_BOOL] = "Boolean",
    [MA_TYPE_INT8] = "Int8",
    [MA_TYPE_UINT8] = "UInt8",
    [MA_TYPE_INT16] = "Int16",
    [MA_TYPE_UINT16] = "UInt16",
    [MA_TYPE_INT32] = "Int32",
    [MA_TYPE_UINT32] = "UInt32",
    [MA_TYPE_INT64] = "Int64",
    [MA_TYPE_UINT64] = "UInt64",
    [MA_TYPE_FLOAT16] = "HalfFloat",
    [MA_TYPE_FLOAT32] = "Float",
    [MA_TYPE_FLOAT64] = "Double",
    [MA_TYPE_DATE32] = "Date32",
    [MA_TYPE_DATE64] = "Date64",
    [MA_TYPE_TIME32] = "Time32",
    [MA_TYPE_TIME64] = "Time64",
    [MA_TYPE_TIMESTAMP] = "Timestamp",
    [MA_TYPE_DURATION] = "Duration",
    [MA_TYPE_INTERVAL_MONTHS] = "MonthInterval",
    [MA_TYPE_INTERVAL_DAY_TIME] = "DayTimeInterval",
    [MA_TYPE_INTERVAL_MONTH_DAY_NANO] = "MonthDayNanoInterval",
    [MA_TYPE_DECIMAL32] = "Decimal32",
    [MA_TYPE_DECIMAL64] = "Decimal64",
    [MA_TYPE_DECIMAL128] = "Decimal128",
    [MA_TYPE_DECIMAL256] = "Decimal256",
    [MA_TYPE_FIXED_SIZE_BINARY] = "FixedSizeBinary",
    [MA_TYPE_UTF8] = "String",
    [MA_TYPE_LARGE_UTF8] = "LargeString",
    [MA_TYPE_UTF8_VIEW] = "StringView",
    [MA_TYPE_BINARY] = "Binary",
    [MA_TYPE_LARGE_BINARY] = "LargeBinary",
    [MA_TYPE_BINARY_VIEW] = "BinaryView",
    [MA_TYPE_LIST] = "List",
    [MA_TYPE_LARGE_LIST] = "LargeList",
    [MA_TYPE_LIST_VIEW] = "ListView",
    [MA_TYPE_LARGE_LIST_VIEW] = "LargeListView",
    [MA_TYPE_FIXED_SIZE_LIST] = "FixedSizeList",
    [MA_TYPE_MAP] = "Map",
    [MA_TYPE_STRUCT] = "Struct",
    [MA_TYPE_SPARSE_UNION] = "Union",
    [MA_TYPE_DENSE_UNION] = "Union",
    [MA_TYPE_RUN_END_ENCODED] = "RunEndEncoded",
    [MA_TYPE_DICTIONARY] = "Dictionary",
};

const char *
pyma_type_class_name(ma_type_id id)
{
    return class_names[id];
}

/* ---- making and taking apart ---- */

PyObject *
pyma_array_wrap(pyma_state *state, ma_array *core, PyObject *type)
{
    PyTypeObject *class = state->Array;
    const bool extension = type != NULL && pyma_type_is_extension(state, type);
    if (extension) {
        class = pyma_extension_array_class(state, type);
    }
    ArrayObject *self = class != NULL ? (ArrayObject *)class->tp_alloc(class, 0) : NULL;
    if (extension) {
        Py_XDECREF(class);
    }
    if (self == NULL) {
        ma_array_unref(core);
        return NULL;
    }
    self->core = core;
    self->type = extension ? Py_NewRef(type) : NULL;
    return (PyObject *)self;
}

PyObject *
pyma_array_wrap_child(pyma_state *state, ma_array *core, const ma_field *field)
{
    PyObject *type;
    if (pyma_field_extension(state, field, &type) < 0) {
        ma_array_unref(core);
        return NULL;
    }
    PyObject *array = pyma_array_wrap(state, core, type);
    Py_XDECREF(type);
    return array;
}

ma_array *
pyma_array_get(pyma_state *state, PyObject *object)
{
    if (PyObject_TypeCheck(object, state->Array)) {
        return ((ArrayObject *)object)->core;
    }
    PyErr_Format(PyExc_TypeError, "expected a minarrow.Array, not %.200s",
                 Py_TYPE(object)->tp_name);
    return NULL;
}

PyObject *
pyma_array_extension(PyObject *op)
{
    return ((ArrayObject *)op)->type;
}

PyObject *
pyma_array_type(pyma_state *state, const ma_array *array, PyObject *type)
{
    return type != NULL ? Py_NewRef(type) : pyma_type_wrap(state, ma_type_ref(array->type));
}

PyObject *
pyma_array_slice(PyObject *op, int64_t offset, int64_t length)
{
    ArrayObject *self = (ArrayObject *)op;
    pyma_state *state = pyma_state_of(op);
    ma_error err;
    ma_array *slice = NULL;
    ma_error_init(&err);
    if (ma_array_slice(self->core, offset, length, &slice, &err) != MA_OK) {
        return pyma_raise(state, &err);
    }
    return pyma_array_wrap(state, slice, self->type);
}

static void
Array_tp_dealloc(PyObject *op)
{
    ArrayObject *self = (ArrayObject *)op;
    PyTypeObject *type = Py_TYPE(op);
    if (self->weakrefs != NULL) {
        PyObject_ClearWeakRefs(op);
    }
    ma_array_unref(self->core);
    Py_XDECREF(self->type);
    type->tp_free(op);
    Py_DECREF(type);
}

/* ---- rows ---- */

static Py_ssize_t
Array_sq_length(PyObject *op)
{
    const int64_t length = ((ArrayObject *)op)->core->length;
    if (length > PY_SSIZE_T_MAX) {
        PyErr_SetString(PyExc_OverflowError, "the array has more rows than Python can count");
        return -1;
    }
    return (Py_ssize_t)length;
}

static PyObject *
Array_sq_item(PyObject *op, Py_ssize_t i)
{
    ArrayObject *self = (ArrayObject *)op;
    if (i < 0 || i >= self->core->length) {
        return PyErr_Format(PyExc_IndexError, "index out of bounds: the array has %lld rows",
                            (long long)self->core->length);
    }
    return pyma_scalar_new(pyma_state_of(op), self->core, i, self->type);
}

static ma_status
gather_steps(ma_array *array, Py_ssize_t start, Py_ssize_t step, Py_ssize_t count, ma_array **out,
             ma_error *err)
{
    ma_gather rows;
    ma_status st = MA_OK;
    ma_gather_init(&rows, array);
    for (Py_ssize_t i = 0; i < count && st == MA_OK; i++) {
        st = ma_gather_put(&rows, start + i * step, 1, err);
    }
    if (st == MA_OK) {
        st = ma_gather_finish(&rows, out, err);
    }
    ma_gather_fini(&rows);
    return st;
}

/* Every `step`-th row, as an array of its own: rows are put together one by one. */
static PyObject *
take_steps(PyObject *op, Py_ssize_t start, Py_ssize_t step, Py_ssize_t count)
{
    ArrayObject *self = (ArrayObject *)op;
    pyma_state *state = pyma_state_of(op);
    ma_error err;
    ma_array *taken = NULL;
    if (pyma_array_check(state, self->core) < 0 ||
        pyma_array_check_free_rows(state, self->core, count) < 0) {
        return NULL;
    }
    ma_error_init(&err);
    return gather_steps(self->core, start, step, count, &taken, &err) == MA_OK
               ? pyma_array_wrap(state, taken, self->type)
               : pyma_raise(state, &err);
}

static PyObject *
Array_mp_subscript(PyObject *op, PyObject *key)
{
    const Py_ssize_t length = Array_sq_length(op);
    if (length < 0) {
        return NULL;
    }
    if (PySlice_Check(key)) {
        Py_ssize_t start, stop, step;
        if (PySlice_Unpack(key, &start, &stop, &step) < 0) {
            return NULL;
        }
        const Py_ssize_t count = PySlice_AdjustIndices(length, &start, &stop, step);
        return step == 1 || count <= 1 ? pyma_array_slice(op, count > 0 ? start : 0, count)
                                       : take_steps(op, start, step, count);
    }
    const Py_ssize_t i = PyNumber_AsSsize_t(key, PyExc_IndexError);
    if (i == -1 && PyErr_Occurred()) {
        return NULL;
    }
    return Array_sq_item(op, i < 0 ? i + length : i);
}

bool
pyma_slice_args(PyObject *args, PyObject *kwargs, char **keywords, int64_t rows, int64_t *offset,
                int64_t *length)
{
    long long from = 0;
    PyObject *count = Py_None;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|LO:slice", keywords, &from, &count)) {
        return false;
    }
    if (from < 0) {
        PyErr_SetString(PyExc_IndexError, "the offset of a slice cannot be negative");
        return false;
    }
    *offset = from < rows ? from : rows;
    *length = rows - *offset;
    if (count != Py_None) {
        const long long wanted = PyLong_AsLongLong(count);
        if (wanted < 0) {
            if (!PyErr_Occurred()) {
                PyErr_SetString(PyExc_ValueError, "the length of a slice cannot be negative");
            }
            return false;
        }
        *length = wanted < *length ? wanted : *length;
    }
    return true;
}

PyDoc_STRVAR(slice_doc, "slice($self, /, offset=0, length=None)\n--\n\n"
                        "The rows from `offset` on, at most `length` of them, without a copy.");

static PyObject *
Array_slice(PyObject *op, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"offset", "length", NULL};
    const int64_t rows = ((ArrayObject *)op)->core->length;
    int64_t offset;
    int64_t length;
    if (!pyma_slice_args(args, kwargs, keywords, rows, &offset, &length)) {
        return NULL;
    }
    return pyma_array_slice(op, offset, length);
}

#define TO_PYLIST_DOC(name)                                           \
    name "($self, /, *, maps_as_pydicts=None)\n--\n\n"                \
         "A list of Python objects, None for nulls.\n\n"              \
         "maps_as_pydicts -- None: lists of pairs; 'lossy': dicts;\n" \
         "    'strict': dicts, and a key that occurs twice is an error"

static PyObject *
Array_to_pylist(PyObject *op, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"maps_as_pydicts", NULL};
    ArrayObject *self = (ArrayObject *)op;
    pyma_state *state = pyma_state_of(op);
    PyObject *maps_object = Py_None;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|$O:to_pylist", keywords, &maps_object)) {
        return NULL;
    }
    const int maps = pyma_maps_from(maps_object);
    if (maps < 0 || pyma_array_check(state, self->core) < 0) {
        return NULL;
    }
    return pyma_values_as(state, self->core, 0, self->core->length, self->type, (pyma_maps)maps);
}

/* ---- nulls ---- */

bool
pyma_array_row_is_null(const ma_array *array, int64_t row)
{
    for (;;) {
        if (ma_type_is_union(array->type)) {
            int64_t child_row;
            const int32_t child = ma_array_union_at(array, row, &child_row);
            array = array->children[child];
            row = child_row;
        } else if (array->type->id == MA_TYPE_RUN_END_ENCODED) {
            row = ma_array_run_at(array, row);
            array = array->children[1];
        } else {
            return ma_array_is_null(array, row);
        }
    }
}

static bool
is_nan(const ma_array *array, int64_t row)
{
    const int64_t i = array->offset + row;
    double value = 0.0;
    switch (array->type->id) {
    case MA_TYPE_FLOAT16:
        value = PyFloat_Unpack2((const char *)array->buffers[1].data + 2 * i, !MA_HOST_BIG_ENDIAN);
        break;
    case MA_TYPE_FLOAT32:
        value = (double)ma_load_f32(array->buffers[1].data + 4 * i);
        break;
    case MA_TYPE_FLOAT64:
        value = ma_load_f64(array->buffers[1].data + 8 * i);
        break;
    default:
        break;
    }
    return value != value;
}

/* An array of bool with `true` where a row's being null is `wanted`. */
static PyObject *
null_mask(PyObject *op, bool wanted, bool nan_is_null)
{
    ma_array *core = ((ArrayObject *)op)->core;
    pyma_state *state = pyma_state_of(op);
    ma_error err;
    ma_buffer bits;
    uint8_t *data;
    ma_array *mask = NULL;
    ma_type *type = pyma_type_get(state, pyma_type_simple(state, MA_TYPE_BOOL));
    if (pyma_array_check(state, core) < 0 ||
        pyma_array_check_free_rows(state, core, core->length) < 0) {
        return NULL;
    }
    ma_error_init(&err);
    if (ma_buffer_alloc(ma_bitmap_size(core->length), &bits, &data, &err) != MA_OK) {
        return pyma_raise(state, &err);
    }
    ma_bitmap_fill(data, 0, 8 * bits.size, false);
    for (int64_t i = 0; i < core->length; i++) {
        const bool null = pyma_array_row_is_null(core, i) || (nan_is_null && is_nan(core, i));
        if (null == wanted) {
            ma_bitmap_set(data, i);
        }
    }
    if (ma_array_new(type, core->length, 0, &mask, &err) != MA_OK) {
        ma_buffer_clear(&bits);
        return pyma_raise(state, &err);
    }
    atomic_store(&mask->nulls, 0);
    mask->buffers[1] = bits;
    return pyma_array_wrap(state, mask, NULL);
}

PyDoc_STRVAR(is_null_doc, "is_null($self, /, *, nan_is_null=False)\n--\n\n"
                          "An Array of bool: whether each row is null.");

static PyObject *
Array_is_null(PyObject *op, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"nan_is_null", NULL};
    int nan_is_null = 0;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|$p:is_null", keywords, &nan_is_null)) {
        return NULL;
    }
    return null_mask(op, true, nan_is_null);
}

PyDoc_STRVAR(is_valid_doc, "is_valid($self, /)\n--\n\n"
                           "An Array of bool: whether each row holds a value.");

static PyObject *
Array_is_valid(PyObject *op, PyObject *Py_UNUSED(ignored))
{
    return null_mask(op, false, false);
}

/* ---- equality, checks ---- */

int
pyma_arrays_equal(pyma_state *state, ma_array *a, ma_array *b)
{
    bool same;
    if (a->length != b->length) {
        return 0;
    }
    if (pyma_array_check(state, a) < 0 || pyma_array_check(state, b) < 0 ||
        pyma_array_check_extent(state, a, 0, a->length, MA_EXTENT_VISITS) < 0 ||
        pyma_array_check_extent(state, b, 0, b->length, MA_EXTENT_VISITS) < 0) {
        return -1;
    }
    Py_BEGIN_ALLOW_THREADS
    same = ma_array_equal(a, b, false);
    Py_END_ALLOW_THREADS
    return same;
}

/* 1, 0, or -1 with an exception. */
static int
arrays_equal(PyObject *op, PyObject *other)
{
    ArrayObject *a = (ArrayObject *)op;
    ArrayObject *b = (ArrayObject *)other;
    pyma_state *state = pyma_state_of(op);
    if ((a->type != NULL) != (b->type != NULL)) {
        return 0;
    }
    if (a->type != NULL) {
        const int same = PyObject_RichCompareBool(a->type, b->type, Py_EQ);
        if (same <= 0) {
            return same;
        }
    }
    if (a->core->length != b->core->length || !ma_type_equal(a->core->type, b->core->type, false)) {
        return 0;
    }
    return pyma_arrays_equal(state, a->core, b->core);
}

PyDoc_STRVAR(equals_doc, "equals($self, other, /)\n--\n\n"
                         "Whether another Array has the same type and values; nulls equal nulls.");

static PyObject *
Array_equals(PyObject *op, PyObject *other)
{
    if (pyma_array_get(pyma_state_of(op), other) == NULL) {
        return NULL;
    }
    const int same = arrays_equal(op, other);
    return same < 0 ? NULL : PyBool_FromLong(same);
}

static PyObject *
Array_tp_richcompare(PyObject *op, PyObject *other, int how)
{
    if ((how != Py_EQ && how != Py_NE) || !PyObject_TypeCheck(other, pyma_state_of(op)->Array)) {
        Py_RETURN_NOTIMPLEMENTED;
    }
    const int same = arrays_equal(op, other);
    return same < 0 ? NULL : PyBool_FromLong(same == (how == Py_EQ));
}

PyDoc_STRVAR(validate_doc,
             "validate($self, /, *, full=False)\n--\n\n"
             "Raise ArrowInvalid if the array breaks the format.\n\n"
             "What values point to (offsets, indices ...) is checked on first use in any case;\n"
             "full -- check also that text is UTF-8");

static PyObject *
Array_validate(PyObject *op, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"full", NULL};
    ma_array *core = ((ArrayObject *)op)->core;
    int full = 0;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|$p:validate", keywords, &full)) {
        return NULL;
    }
    ma_error err;
    ma_status st;
    ma_error_init(&err);
    Py_BEGIN_ALLOW_THREADS
    st = full ? ma_array_check_full(core, &err) : ma_array_check_values(core, &err);
    Py_END_ALLOW_THREADS
    if (st != MA_OK) {
        return pyma_raise(pyma_state_of(op), &err);
    }
    Py_RETURN_NONE;
}

/* ---- text ---- */

PyDoc_STRVAR(to_string_doc,
             "to_string($self, /, *, indent=2, top_level_indent=0, window=10, container_window=2, "
             "skip_new_lines=False)\n--\n\nThe values as text, those amid a long array left out.");

enum {
    MOST_INDENT = 1024 /* of each line: more is no text that anyone reads */
};

static PyObject *
preview(PyObject *op, const pyma_preview *options)
{
    ma_array *core = ((ArrayObject *)op)->core;
    if (pyma_array_check(pyma_state_of(op), core) < 0) {
        return NULL;
    }
    ma_text text;
    ma_text_init(&text);
    pyma_preview_array(&text, core, options);
    return pyma_text_take(&text);
}

static PyObject *
Array_to_string(PyObject *op, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"indent",           "top_level_indent", "window",
                               "container_window", "skip_new_lines",   NULL};
    pyma_preview options = PYMA_PREVIEW_DEFAULT;
    int indent = 2;
    int top_level_indent = 0;
    int one_line = 0;
    long long window = 10;
    long long container_window = 2;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|$iiLLp:to_string", keywords, &indent,
                                     &top_level_indent, &window, &container_window, &one_line)) {
        return NULL;
    }
    if (top_level_indent > MOST_INDENT) {
        return PyErr_Format(PyExc_ValueError, "top_level_indent is %d, and at most %d",
                            top_level_indent, MOST_INDENT);
    }
    options.window = window > 0 ? window : 0;
    options.container_window = container_window > 0 ? container_window : 0;
    options.one_line = one_line;
    options.indent = top_level_indent > 0 ? top_level_indent : 0;
    return preview(op, &options);
}

static PyObject *
Array_tp_str(PyObject *op)
{
    const pyma_preview options = PYMA_PREVIEW_DEFAULT;
    return preview(op, &options);
}

static PyObject *
Array_tp_repr(PyObject *op)
{
    const ArrayObject *self = (ArrayObject *)op;
    PyObject *text = Array_tp_str(op);
    if (text == NULL) {
        return NULL;
    }
    const char *name =
        self->type != NULL ? Py_TYPE(op)->tp_name : class_names[self->core->type->id];
    PyObject *repr = PyUnicode_FromFormat("<minarrow.%s%s object at %p>\n%U", name,
                                          self->type != NULL ? "" : "Array", op, text);
    Py_DECREF(text);
    return repr;
}

/* ---- numpy and pandas ---- */

/* Call a function of the package's own Python with the array, whose values are checked, before the
 * given arguments. */
static PyObject *
call_with_self(PyObject *op, const char *module, const char *function, PyObject *args,
               PyObject *kwargs)
{
    return pyma_array_check(pyma_state_of(op), ((ArrayObject *)op)->core) == 0
               ? pyma_call_with(module, function, op, args, kwargs)
               : NULL;
}

PyDoc_STRVAR(to_numpy_doc,
             "to_numpy($self, /, zero_copy_only=True, writable=False)\n--\n\n"
             "A numpy array.\n\n"
             "zero_copy_only -- raise ArrowInvalid where the values would have to be copied\n"
             "writable -- make a copy that may be written to");

static PyObject *
Array_to_numpy(PyObject *op, PyObject *args, PyObject *kwargs)
{
    return call_with_self(op, "minarrow._numpy", "to_numpy", args, kwargs);
}

PyDoc_STRVAR(to_pandas_doc, "to_pandas($self, /, **options)\n--\n\n"
                            "A pandas Series; the options are those of Table.to_pandas.");

static PyObject *
Array_to_pandas(PyObject *op, PyObject *args, PyObject *kwargs)
{
    return call_with_self(op, "minarrow._pandas", "series_of_array", args, kwargs);
}

PyDoc_STRVAR(array_doc, "__array__($self, /, dtype=None, copy=None)\n--\n\nFor numpy.asarray.");

static PyObject *
Array_array(PyObject *op, PyObject *args, PyObject *kwargs)
{
    return call_with_self(op, "minarrow._numpy", "to_array", args, kwargs);
}

/* ---- attributes ---- */

static PyObject *
Array_get_type(PyObject *op, void *Py_UNUSED(closure))
{
    const ArrayObject *self = (ArrayObject *)op;
    return pyma_array_type(pyma_state_of(op), self->core, self->type);
}

static PyObject *
Array_get_null_count(PyObject *op, void *Py_UNUSED(closure))
{
    return PyLong_FromLongLong(ma_array_null_count(((ArrayObject *)op)->core));
}

static PyObject *
Array_get_offset(PyObject *op, void *Py_UNUSED(closure))
{
    return PyLong_FromLongLong(((ArrayObject *)op)->core->offset);
}

static PyObject *
Array_get_true(PyObject *Py_UNUSED(op), void *Py_UNUSED(closure))
{
    Py_RETURN_TRUE;
}

static PyGetSetDef Array_getset[] = {
    {"type", Array_get_type, NULL, PyDoc_STR("The DataType."), NULL},
    {"null_count", Array_get_null_count, NULL,
     PyDoc_STR("Nulls by the array's own validity bitmap."), NULL},
    {"offset", Array_get_offset, NULL, PyDoc_STR("Rows of the buffers before the first one."),
     NULL},
    {"is_cpu", Array_get_true, NULL, PyDoc_STR("True: all arrays lie in main memory."), NULL},
    PYMA_ARRAY_PARTS_GETSET{0},
};

PyDoc_STRVAR(reduce_doc, "__reduce_ex__($self, protocol, /)\n--\n\n"
                         "Pickling: of a slice, the slice; out-of-band from protocol 5 on.");

static PyObject *
Array_reduce_ex(PyObject *op, PyObject *protocol)
{
    return pyma_call("minarrow._pickle", "reduce_array", "(OO)", op, protocol);
}

#define WITH_KEYWORDS(function) (PyCFunction)(void (*)(void)) function, METH_VARARGS | METH_KEYWORDS

static PyMethodDef Array_methods[] = {
    PYMA_CAPSULE_DATA_METHODS(array)
    {"slice", WITH_KEYWORDS(Array_slice), slice_doc},
    {"to_pylist", WITH_KEYWORDS(Array_to_pylist), PyDoc_STR(TO_PYLIST_DOC("to_pylist"))},
    {"tolist", WITH_KEYWORDS(Array_to_pylist), PyDoc_STR(TO_PYLIST_DOC("tolist"))},
    {"is_null", WITH_KEYWORDS(Array_is_null), is_null_doc},
    {"is_valid", Array_is_valid, METH_NOARGS, is_valid_doc},
    {"equals", Array_equals, METH_O, equals_doc},
    {"validate", WITH_KEYWORDS(Array_validate), validate_doc},
    {"to_string", WITH_KEYWORDS(Array_to_string), to_string_doc},
    {"to_numpy", WITH_KEYWORDS(Array_to_numpy), to_numpy_doc},
    {"to_pandas", WITH_KEYWORDS(Array_to_pandas), to_pandas_doc},
    {"__array__", WITH_KEYWORDS(Array_array), array_doc},
    {"__reduce_ex__", Array_reduce_ex, METH_O, reduce_doc},
    PYMA_ARRAY_PARTS_METHODS{0},
};

static PyMemberDef Array_members[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(ArrayObject, weakrefs), READONLY, NULL},
    {0},
};

PyDoc_STRVAR(Array_doc,
             "A column: immutable values of one type, each of which may be null.\n\n"
             "Made by array(...), taken from a record batch, or put together from buffers.\n"
             "Where its values are plain numbers and none is null it speaks the buffer\n"
             "protocol, so that memoryview(array) and numpy.asarray(array) copy nothing.");

static PyType_Slot Array_slots[] = {
    {Py_tp_doc, (void *)Array_doc},
    {Py_tp_dealloc, Array_tp_dealloc},
    {Py_tp_repr, Array_tp_repr},
    {Py_tp_str, Array_tp_str},
    {Py_tp_hash, PyObject_HashNotImplemented},
    {Py_tp_richcompare, Array_tp_richcompare},
    {Py_tp_iter, PySeqIter_New},
    {Py_sq_length, Array_sq_length},
    {Py_sq_item, Array_sq_item},
    {Py_mp_length, Array_sq_length},
    {Py_mp_subscript, Array_mp_subscript},
    {Py_bf_getbuffer, Array_bf_getbuffer},
    {Py_bf_releasebuffer, Array_bf_releasebuffer},
    {Py_tp_getset, Array_getset},
    {Py_tp_methods, Array_methods},
    {Py_tp_members, Array_members},
    {0, NULL},
};

PyType_Spec pyma_Array_spec = {
    .name = "minarrow.Array",
    .basicsize = sizeof(ArrayObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_IMMUTABLETYPE |
             Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = Array_slots,
};
