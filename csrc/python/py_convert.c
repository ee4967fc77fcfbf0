/* The walk over Python values: what is null, which family takes a value, and where it went
 * wrong. */
#include "python/py_convert.h"

/* ---- the state of one conversion ---- */

int
pyma_conversion_init(pyma_conversion *self, pyma_state *state, bool from_pandas, bool safe)
{
    *self = (pyma_conversion){.state = state, .from_pandas = from_pandas, .safe = safe};
    /* What was never imported cannot be among the values. */
    if (pyma_find_imported(state, "pandas", "NA", &self->missing[0]) < 0 ||
        pyma_find_imported(state, "pandas", "NaT", &self->missing[1]) < 0) {
        pyma_conversion_fini(self);
        return -1;
    }
    return 0;
}

void
pyma_conversion_fini(pyma_conversion *self)
{
    Py_CLEAR(self->missing[0]);
    Py_CLEAR(self->missing[1]);
    Py_CLEAR(self->dtype);
    ma_growing_fini(&self->scratch);
}

/* ---- failures ---- */

int
pyma_conversion_fail(pyma_conversion *self, PyObject *type, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    PyErr_FormatV(type, format, args);
    va_end(args);
    self->ours = true;
    return -1;
}

int
pyma_conversion_fail_core(pyma_conversion *self, const ma_error *err)
{
    (void)pyma_raise(self->state, err);
    self->ours = err->status == MA_INVALID;
    return -1;
}

PyObject *
pyma_short_repr(PyObject *value)
{
    enum {
        LIMIT = 60
    };
    PyObject *repr = PyObject_Repr(value);
    if (repr == NULL) {
        return pyma_drop_refusal() < 0 ? NULL
                                       : PyUnicode_FromFormat("<%.60s>", Py_TYPE(value)->tp_name);
    }
    if (PyUnicode_GET_LENGTH(repr) > LIMIT) {
        PyObject *head = PyUnicode_Substring(repr, 0, LIMIT - 3);
        Py_SETREF(repr, head != NULL ? PyUnicode_FromFormat("%U...", head) : NULL);
        Py_XDECREF(head);
    }
    return repr;
}

int
pyma_conversion_fail_kind(pyma_conversion *self, PyObject *type, const ma_type *target,
                          PyObject *value)
{
    char name[96];
    PyObject *repr = pyma_short_repr(value);
    if (repr == NULL) {
        return -1;
    }
    pyma_conversion_fail(self, type, "%U is of type %.60s, which %s does not take", repr,
                         Py_TYPE(value)->tp_name, ma_type_name(target, name, sizeof(name)));
    Py_DECREF(repr);
    return -1;
}

int
pyma_conversion_fail_shorter(void)
{
    PyErr_SetString(PyExc_RuntimeError, "the list became shorter while it was converted");
    return -1;
}

static void
prefix(pyma_conversion *self, const char *step, size_t size)
{
    const size_t rest = strlen(self->where);
    if (size + rest < sizeof(self->where)) {
        memmove(self->where + size, self->where, rest + 1);
        memcpy(self->where, step, size);
    }
}

void
pyma_conversion_at_index(pyma_conversion *self, int64_t index)
{
    char step[32];
    const int size = snprintf(step, sizeof(step), "[%lld]", (long long)index);
    prefix(self, step, (size_t)size);
}

void
pyma_conversion_at_name(pyma_conversion *self, const char *name, int64_t size)
{
    char step[80];
    const int cut = size > 64 ? 64 : (int)size;
    const int used = snprintf(step, sizeof(step), "['%.*s']", cut, name);
    prefix(self, step, (size_t)used);
}

void
pyma_conversion_name_behind(pyma_conversion *self, const char *name, int64_t size)
{
    char first[32] = "";
    const char *end = strchr(self->where, ']');
    if (self->where[0] == '[' && end != NULL && end - self->where < 31) {
        const size_t length = (size_t)(end - self->where) + 1;
        memcpy(first, self->where, length);
        memmove(self->where, self->where + length, strlen(self->where + length) + 1);
    }
    pyma_conversion_at_name(self, name, size);
    prefix(self, first, strlen(first));
}

int
pyma_conversion_report(pyma_conversion *self)
{
    if (!self->ours || self->where[0] != '[') {
        return -1;
    }
    PyObject *error = pyma_error_take();
    PyObject *text = error != NULL ? PyObject_Str(error) : NULL;
    if (text != NULL) {
        char place[sizeof(self->where) + 8];
        const size_t digits = strcspn(self->where + 1, "]");
        (void)snprintf(place, sizeof(place), "value %.*s%s", (int)digits, self->where + 1,
                       self->where + 1 + digits + (self->where[1 + digits] == ']'));
        PyObject *full = PyUnicode_FromFormat("%s: %U", place, text);
        PyObject *raised =
            full != NULL ? PyObject_CallOneArg((PyObject *)Py_TYPE(error), full) : NULL;
        PyObject *path = raised != NULL
                             ? PyUnicode_DecodeUTF8(place, (Py_ssize_t)strlen(place), "replace")
                             : NULL;
        if (path != NULL && PyObject_SetAttrString(raised, "path", path) == 0) {
            PyErr_SetObject((PyObject *)Py_TYPE(raised), raised);
        }
        Py_XDECREF(path);
        Py_XDECREF(raised);
        Py_XDECREF(full);
        Py_DECREF(text);
    }
    Py_XDECREF(error);
    return -1;
}

/* ---- containers ---- */

PyObject *
pyma_plain_value(pyma_conversion *self, PyObject *value)
{
    return PyObject_TypeCheck(value, self->state->Scalar)
               ? PyObject_CallMethod(value, "as_py", NULL)
               : Py_NewRef(value);
}

/* Of these, tolist gives the very values; times would lose digits or become numbers. -1 with an
 * exception. */
static int
tolist_is_exact(PyObject *array)
{
    PyObject *dtype = PyObject_GetAttrString(array, "dtype");
    PyObject *kind = dtype != NULL ? PyObject_GetAttrString(dtype, "kind") : NULL;
    int exact = -1;
    if (kind != NULL) {
        exact = PyUnicode_Check(kind) && PyUnicode_GET_LENGTH(kind) == 1 &&
                PyUnicode_FindChar(kind, 'M', 0, 1, 1) < 0 &&
                PyUnicode_FindChar(kind, 'm', 0, 1, 1) < 0;
    }
    Py_XDECREF(dtype);
    Py_XDECREF(kind);
    return exact;
}

/* Whether there is memory for a list of all rows. CPython 3.13 without the GIL does not survive a
 * list that there is none for: it frees another one's items once more. */
static bool
has_room(PyObject *rows)
{
    const Py_ssize_t count = PyObject_Size(rows);
    if (count < 1 << 20) { /* or -1, which tolist() says better */
        PyErr_Clear();
        return true;
    }
    void *room = count <= PY_SSIZE_T_MAX / (Py_ssize_t)sizeof(PyObject *)
                     ? PyMem_RawMalloc((size_t)count * sizeof(PyObject *))
                     : NULL;
    PyMem_RawFree(room);
    return room != NULL;
}

PyObject *
pyma_list_of(PyObject *container, bool *failed)
{
    *failed = false;
    if (PyList_Check(container) || PyTuple_Check(container)) {
        return Py_NewRef(container);
    }
    PyObject *items = NULL;
    if (PyUnicode_Check(container) || PyDict_Check(container) || PyBytes_Check(container)) {
        return NULL;
    }
    const int exact = pyma_is_ndarray(container) ? tolist_is_exact(container) : 0;
    if (exact < 0) {
        *failed = true;
        return NULL;
    }
    if (exact == 1 && !has_room(container)) {
        PyErr_NoMemory();
    } else if (exact == 1) {
        items = PyObject_CallMethod(container, "tolist", NULL);
        if (items != NULL && !PyList_Check(items)) { /* an array without dimensions */
            Py_CLEAR(items);
            return NULL;
        }
    } else if (PyAnySet_Check(container) || PySequence_Check(container) ||
               PyDictKeys_Check(container) || PyDictValues_Check(container)) {
        items = PySequence_List(container);
    } else {
        return NULL;
    }
    *failed = items == NULL;
    return items;
}

/* ---- the walk ---- */

static int
append_null(pyma_conversion *self, ma_builder *builder)
{
    ma_error err;
    ma_error_init(&err);
    return ma_builder_append_null(builder, 1, &err) == MA_OK
               ? 0
               : pyma_conversion_fail_core(self, &err);
}

/* A value of a family whose file works on many at a time. */
static int
convert_one(pyma_conversion *self, ma_builder *builder, PyObject *value,
            int (*convert)(pyma_conversion *, ma_builder *, pyma_items))
{
    PyObject *items = PyTuple_Pack(1, value);
    if (items == NULL) {
        return -1;
    }
    const int result = convert(self, builder, pyma_all_items(items));
    Py_DECREF(items);
    if (result < 0 && pyma_has_prefix(self->where, "[0]")) {
        memmove(self->where, self->where + 3, strlen(self->where + 3) + 1);
    }
    return result;
}

/* The row that was appended to the values becomes one here. */
static int
convert_through(pyma_conversion *self, ma_builder *builder, PyObject *value)
{
    const bool runs = builder->type->id == MA_TYPE_RUN_END_ENCODED;
    ma_builder *values = runs ? builder->children[1] : builder->values;
    ma_error err;
    ma_error_init(&err);
    if (pyma_convert_value(self, values, value) < 0) {
        return -1;
    }
    const ma_status st =
        runs ? ma_builder_end_run(builder, 1, &err) : ma_builder_end_value(builder, &err);
    return st == MA_OK ? 0 : pyma_conversion_fail_core(self, &err);
}

static int
convert_scalar(pyma_conversion *self, ma_builder *builder, PyObject *scalar)
{
    PyObject *value = pyma_plain_value(self, scalar);
    const int result = value != NULL ? pyma_convert_value(self, builder, value) : -1;
    Py_XDECREF(value);
    return result;
}

/* What is null only where pandas' meaning was asked for. */
static int
convert_null(pyma_conversion *self, ma_builder *builder, PyObject *value)
{
    if (self->from_pandas && pyma_is_decimal(value)) {
        const int nan = pyma_decimal_is_nan(value);
        if (nan != 0) {
            return nan < 0 ? -1 : append_null(self, builder);
        }
    }
    return pyma_conversion_fail_kind(self, self->state->ArrowInvalid, builder->type, value);
}

static int
convert_present(pyma_conversion *self, ma_builder *builder, PyObject *value)
{
    switch (builder->type->id) {
    case MA_TYPE_NULL:
        return convert_null(self, builder, value);
    case MA_TYPE_BOOL:
        return convert_one(self, builder, value, pyma_convert_bools);
    case MA_TYPE_INT8:
    case MA_TYPE_UINT8:
    case MA_TYPE_INT16:
    case MA_TYPE_UINT16:
    case MA_TYPE_INT32:
    case MA_TYPE_UINT32:
    case MA_TYPE_INT64:
    case MA_TYPE_UINT64:
        return convert_one(self, builder, value, pyma_convert_integers);
    case MA_TYPE_FLOAT16:
    case MA_TYPE_FLOAT32:
    case MA_TYPE_FLOAT64:
        return convert_one(self, builder, value, pyma_convert_floats);
    case MA_TYPE_DATE32:
    case MA_TYPE_DATE64:
    case MA_TYPE_TIME32:
    case MA_TYPE_TIME64:
    case MA_TYPE_TIMESTAMP:
    case MA_TYPE_DURATION:
    case MA_TYPE_INTERVAL_MONTHS:
    case MA_TYPE_INTERVAL_DAY_TIME:
    case MA_TYPE_INTERVAL_MONTH_DAY_NANO:
        return pyma_convert_temporal(self, builder, value);
    case MA_TYPE_DECIMAL32:
    case MA_TYPE_DECIMAL64:
    case MA_TYPE_DECIMAL128:
    case MA_TYPE_DECIMAL256:
        return pyma_convert_decimal(self, builder, value);
    case MA_TYPE_FIXED_SIZE_BINARY:
    case MA_TYPE_UTF8:
    case MA_TYPE_LARGE_UTF8:
    case MA_TYPE_UTF8_VIEW:
    case MA_TYPE_BINARY:
    case MA_TYPE_LARGE_BINARY:
    case MA_TYPE_BINARY_VIEW:
        return pyma_convert_text(self, builder, value);
    case MA_TYPE_LIST:
    case MA_TYPE_LARGE_LIST:
    case MA_TYPE_LIST_VIEW:
    case MA_TYPE_LARGE_LIST_VIEW:
    case MA_TYPE_FIXED_SIZE_LIST:
        return pyma_convert_list(self, builder, value);
    case MA_TYPE_MAP:
        return pyma_convert_map(self, builder, value);
    case MA_TYPE_STRUCT:
        return convert_one(self, builder, value, pyma_convert_structs);
    case MA_TYPE_SPARSE_UNION:
    case MA_TYPE_DENSE_UNION:
        return pyma_convert_union(self, builder, value);
    case MA_TYPE_RUN_END_ENCODED:
    case MA_TYPE_DICTIONARY:
        return convert_through(self, builder, value);
    }
    Py_UNREACHABLE();
}

int
pyma_convert_value(pyma_conversion *self, ma_builder *builder, PyObject *value)
{
    if (pyma_is_null(self, value)) {
        return append_null(self, builder);
    }
    if (self->depth >= MA_MAX_NESTING_DEPTH) {
        return pyma_conversion_fail(self, self->state->ArrowInvalid,
                                    "values nest deeper than %d levels; does one contain itself?",
                                    MA_MAX_NESTING_DEPTH);
    }
    self->depth++;
    const int result = PyObject_TypeCheck(value, self->state->Scalar)
                           ? convert_scalar(self, builder, value)
                           : convert_present(self, builder, value);
    self->depth--;
    return result;
}

/* One value after the other, for families whose values take long anyway. */
static int
convert_each(pyma_conversion *self, ma_builder *builder, pyma_items items)
{
    ma_error err;
    ma_error_init(&err);
    if (ma_builder_reserve(builder, items.count, &err) != MA_OK) {
        return pyma_conversion_fail_core(self, &err);
    }
    for (Py_ssize_t i = 0; i < items.count; i++) {
        PyObject *value = pyma_item_held(items.list, i);
        if (value == NULL) {
            return pyma_conversion_fail_shorter();
        }
        const int result = pyma_is_masked(items, i) ? append_null(self, builder)
                                                    : pyma_convert_value(self, builder, value);
        Py_DECREF(value);
        if (result < 0) {
            pyma_conversion_at_index(self, i);
            return -1;
        }
    }
    return 0;
}

int
pyma_convert_items(pyma_conversion *self, ma_builder *builder, pyma_items items)
{
    int result;
    switch (builder->type->id) {
    case MA_TYPE_BOOL:
        PYMA_BEGIN_ITEMS(items.list)
        result = pyma_convert_bools(self, builder, items);
        PYMA_END_ITEMS()
        return result;
    case MA_TYPE_INT8:
    case MA_TYPE_UINT8:
    case MA_TYPE_INT16:
    case MA_TYPE_UINT16:
    case MA_TYPE_INT32:
    case MA_TYPE_UINT32:
    case MA_TYPE_INT64:
    case MA_TYPE_UINT64:
        PYMA_BEGIN_ITEMS(items.list)
        result = pyma_convert_integers(self, builder, items);
        PYMA_END_ITEMS()
        return result;
    case MA_TYPE_FLOAT16:
    case MA_TYPE_FLOAT32:
    case MA_TYPE_FLOAT64:
        PYMA_BEGIN_ITEMS(items.list)
        result = pyma_convert_floats(self, builder, items);
        PYMA_END_ITEMS()
        return result;
    case MA_TYPE_UTF8:
    case MA_TYPE_LARGE_UTF8:
    case MA_TYPE_UTF8_VIEW:
    case MA_TYPE_BINARY:
    case MA_TYPE_LARGE_BINARY:
    case MA_TYPE_BINARY_VIEW:
        PYMA_BEGIN_ITEMS(items.list)
        result = pyma_convert_texts(self, builder, items);
        PYMA_END_ITEMS()
        return result;
    case MA_TYPE_STRUCT:
        return pyma_convert_structs(self, builder, items);
    default:
        return convert_each(self, builder, items);
    }
}
