/* Type inference, as pyarrow does it: one walk over the values, which says what they have in
 * common and names the first one that has nothing in common with those before it. */
#include "python/py_infer.h"

static int
visit(pyma_conversion *conversion, pyma_finding *self, PyObject *value);

/* ---- merging ---- */

/* Which error pyarrow raises when `kind` comes behind what was found. */
static PyObject *
error_class(const pyma_conversion *conversion, const pyma_finding *self, pyma_kind kind)
{
    const bool wants_own = (self->kind >= PYMA_KIND_TEXT && self->kind <= PYMA_KIND_UUID) ||
                           (self->kind == PYMA_KIND_INT && kind == PYMA_KIND_BOOL);
    return wants_own && kind < PYMA_KIND_LIST ? conversion->state->ArrowTypeError
                                              : conversion->state->ArrowInvalid;
}

/* The kind that holds both; -1 when there is none. */
static int
common_kind(pyma_kind a, pyma_kind b)
{
    if (a == b || b == PYMA_KIND_NONE) {
        return a;
    }
    switch (a) {
    case PYMA_KIND_NONE:
        return b;
    case PYMA_KIND_INT:
        return b == PYMA_KIND_FLOAT || b == PYMA_KIND_DECIMAL ? (int)b : -1;
    case PYMA_KIND_FLOAT:
        return b == PYMA_KIND_INT ? (int)a : -1;
    case PYMA_KIND_TEXT:
        return b == PYMA_KIND_BYTES ? (int)b : -1;
    case PYMA_KIND_BYTES:
        return b == PYMA_KIND_TEXT ? (int)a : -1;
    case PYMA_KIND_DECIMAL:
        return b == PYMA_KIND_INT ? (int)a : -1;
    case PYMA_KIND_DATE:
        return b == PYMA_KIND_TIMESTAMP ? (int)a : -1;
    default:
        return -1;
    }
}

static int
merge(pyma_conversion *conversion, pyma_finding *self, pyma_kind kind, PyObject *value)
{
    const int common = common_kind(self->kind, kind);
    if (common >= 0) {
        self->kind = (pyma_kind)common;
        return 0;
    }
    PyObject *repr = pyma_short_repr(value);
    if (repr != NULL) {
        pyma_conversion_fail(conversion, error_class(conversion, self, kind),
                             "%U is of type %.60s, but the values before it are %s", repr,
                             Py_TYPE(value)->tp_name, pyma_finding_name(self));
        Py_DECREF(repr);
    }
    return -1;
}

static int
add_child(pyma_finding *self)
{
    const size_t size = ((size_t)self->n_children + 1) * sizeof(*self->children);
    pyma_finding **grown = PyMem_Realloc(self->children, size);
    if (grown == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    self->children = grown;
    grown[self->n_children] = PyMem_Calloc(1, sizeof(pyma_finding));
    if (grown[self->n_children] == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    self->n_children++;
    return 0;
}

/* ---- numbers ---- */

static int
visit_long(pyma_conversion *conversion, pyma_finding *self, PyObject *value)
{
    int64_t number;
    self->plain = true;
    if (MA_LIKELY(pyma_long_value(value, &number))) {
        self->negative = self->negative || number < 0;
    } else if (PyErr_Occurred()) {
        return -1;
    } else if (self->kind != PYMA_KIND_DECIMAL) {
        const unsigned long long large = PyLong_AsUnsignedLongLong(value);
        const bool fits = large != (unsigned long long)-1 || !PyErr_Occurred();
        PyErr_Clear();
        self->large = true;
        if (!fits) {
            PyObject *repr = pyma_short_repr(value);
            if (repr != NULL) {
                pyma_conversion_fail(conversion, conversion->state->ArrowInvalid,
                                     "%U fits neither int64 nor uint64; give type=, a decimal "
                                     "type for instance",
                                     repr);
                Py_DECREF(repr);
            }
            return -1;
        }
    }
    if (self->large && self->negative) {
        return pyma_conversion_fail(conversion, conversion->state->ArrowInvalid,
                                    "some integers are below 0 and some above "
                                    "9223372036854775807: no integer type holds both");
    }
    /* A decimal's digits in front of the point count with an int's; what does not fit says so
     * later. */
    return merge(conversion, self, PYMA_KIND_INT, value);
}

static int
visit_decimal(pyma_conversion *conversion, pyma_finding *self, PyObject *value)
{
    int64_t whole;
    int64_t scale;
    const int found = pyma_decimal_size(conversion, value, &whole, &scale);
    if (found < 0) {
        return -1;
    }
    if (found == 0 && conversion->from_pandas) {
        const int nan = pyma_decimal_is_nan(value);
        if (nan != 0) {
            return nan < 0 ? -1 : 0;
        }
    }
    if (found == 1) {
        self->whole = whole > self->whole ? whole : self->whole;
        self->scale = scale > self->scale ? scale : self->scale;
    }
    self->plain = true;
    return merge(conversion, self, PYMA_KIND_DECIMAL, value);
}

/* ---- numpy ---- */

/* The wider of two kinds of number, as numpy promotes them. */
static void
promote(pyma_finding *self, char number, int width)
{
    if (self->number == 0 || (self->number == number && self->width < width)) {
        self->width = width;
        self->number = number;
    } else if (self->number != number) {
        const char other = self->number;
        const int a = self->width;
        if (number == 'f' || other == 'f') {
            /* a float that holds the integers: half of them fit a float of twice their width */
            const int needed = number == 'f' ? 2 * a : 2 * width;
            const int have = number == 'f' ? width : a;
            self->number = 'f';
            self->width = needed > 8 ? 8 : needed > have ? needed : have;
        } else {
            const int of_unsigned = number == 'u' ? width : a;
            const int of_signed = number == 'u' ? a : width;
            const int wider = of_unsigned >= of_signed ? 2 * of_unsigned : of_signed;
            self->number = 'i';
            self->width = wider > 8 ? 8 : wider;
        }
    }
}

/* The text of a numpy scalar's or array's dtype, such as "<i4", in `text`; most share one dtype. */
static int
dtype_text(pyma_conversion *conversion, PyObject *value, char text[16])
{
    PyObject *dtype = PyObject_GetAttrString(value, "dtype");
    if (dtype == NULL) {
        return -1;
    }
    if (dtype != conversion->dtype) {
        PyObject *str = PyObject_GetAttrString(dtype, "str");
        const char *bytes = str != NULL ? PyUnicode_AsUTF8(str) : NULL;
        if (bytes == NULL) {
            Py_XDECREF(str);
            Py_DECREF(dtype);
            return -1;
        }
        memset(conversion->dtype_text, 0, sizeof(conversion->dtype_text));
        (void)snprintf(conversion->dtype_text, sizeof(conversion->dtype_text), "%s", bytes);
        Py_XSETREF(conversion->dtype, Py_NewRef(dtype));
        Py_DECREF(str);
    }
    memcpy(text, conversion->dtype_text, 16);
    Py_DECREF(dtype);
    return 0;
}

/* Bytes of a dtype's numbers that Arrow has as well; 0 for others. */
static int
number_width(const char *text)
{
    return text[2] != '\0' && text[3] == '\0' && strchr("1248", text[2]) != NULL ? text[2] - '0'
                                                                                 : 0;
}

static int
fail_dtype(pyma_conversion *conversion, const char *text)
{
    return pyma_conversion_fail(conversion, conversion->state->ArrowNotImplementedError,
                                "numpy's dtype '%s' is none of Arrow's types", text);
}

static int
visit_numpy_time(pyma_conversion *conversion, pyma_finding *self, PyObject *value, const char *text)
{
    const int unit = pyma_numpy_unit(text);
    const bool duration = text[1] == 'm';
    const bool first = self->kind == PYMA_KIND_NONE;
    if (unit < 0 || (duration && unit == 'D')) {
        return fail_dtype(conversion, text);
    }
    if (!first && !self->plain && self->kind != PYMA_KIND_DATE && unit != self->unit &&
        unit != 'D') {
        return pyma_conversion_fail(conversion, conversion->state->ArrowInvalid,
                                    "numpy times of different units cannot be mixed; give type=");
    }
    self->unit = unit;
    return merge(conversion, self,
                 duration      ? PYMA_KIND_DURATION
                 : unit == 'D' ? PYMA_KIND_DATE
                               : PYMA_KIND_TIMESTAMP,
                 value);
}

static int
visit_dtype(pyma_conversion *conversion, pyma_finding *self, PyObject *value, const char *text)
{
    const char kind = text[1];
    const int width = number_width(text);
    if (width == 0 && kind != '\0' && strchr("iuf", kind) != NULL) {
        return fail_dtype(conversion, text);
    }
    switch (kind) {
    case 'b':
        return merge(conversion, self, PYMA_KIND_BOOL, value);
    case 'i':
    case 'u':
        promote(self, kind, width);
        return merge(conversion, self, PYMA_KIND_INT, value);
    case 'f':
        promote(self, kind, width);
        return merge(conversion, self, PYMA_KIND_FLOAT, value);
    case 'U':
    case 'T':
        return merge(conversion, self, PYMA_KIND_TEXT, value);
    case 'S':
        return merge(conversion, self, PYMA_KIND_BYTES, value);
    case 'M':
    case 'm':
        return visit_numpy_time(conversion, self, value, text);
    default:
        return fail_dtype(conversion, text);
    }
}

static int
visit_numpy(pyma_conversion *conversion, pyma_finding *self, PyObject *value)
{
    char text[16];
    if (conversion->numpy == Py_TYPE(value)) {
        memcpy(text, conversion->numpy_text, sizeof(text));
    } else if (dtype_text(conversion, value, text) < 0) {
        return -1;
    } else if (strchr("biuf", text[1]) != NULL) { /* a class of numbers has one dtype */
        conversion->numpy = Py_TYPE(value);
        memcpy(conversion->numpy_text, text, sizeof(text));
    }
    if (visit_dtype(conversion, self, value, text) < 0) {
        return -1;
    }
    if (text[1] == 'u' && number_width(text) == 8) { /* the one that may not fit int64 */
        PyObject *number = PyNumber_Index(value);
        const bool plain = self->plain;
        const int result = number != NULL ? visit_long(conversion, self, number) : -1;
        self->plain = plain;
        Py_XDECREF(number);
        return result;
    }
    return 0;
}

/* ---- containers ---- */

static int
visit_items(pyma_conversion *conversion, pyma_finding *self, pyma_items items)
{
    if (++conversion->depth > MA_MAX_NESTING_DEPTH) {
        conversion->depth--;
        return pyma_conversion_fail(conversion, conversion->state->ArrowInvalid,
                                    "values nest deeper than %d levels; does one contain itself?",
                                    MA_MAX_NESTING_DEPTH);
    }
    int result = 0;
    for (Py_ssize_t i = 0; result == 0 && i < items.count; i++) {
        PyObject *value = pyma_item_held(items.list, i);
        if (value == NULL) {
            break;
        }
        result = pyma_is_masked(items, i) ? 0 : visit(conversion, self, value);
        Py_DECREF(value);
        if (result < 0) {
            pyma_conversion_at_index(conversion, i);
        }
    }
    conversion->depth--;
    return result;
}

static int
visit_list(pyma_conversion *conversion, pyma_finding *self, PyObject *value, PyObject *items)
{
    if (merge(conversion, self, PYMA_KIND_LIST, value) < 0 ||
        (self->n_children == 0 && add_child(self) < 0)) {
        return -1;
    }
    return visit_items(conversion, self->children[0], pyma_all_items(items));
}

/* An array of numbers or times says by its dtype what its items are. */
static int
visit_array(pyma_conversion *conversion, pyma_finding *self, PyObject *value)
{
    char text[16];
    bool failed;
    PyObject *dimensions = PyObject_GetAttrString(value, "ndim");
    const long count = dimensions != NULL ? PyLong_AsLong(dimensions) : -1;
    Py_XDECREF(dimensions);
    if ((count < 0 && PyErr_Occurred()) || dtype_text(conversion, value, text) < 0) {
        return -1;
    }
    if (count == 1 && strchr("biufMm", text[1]) != NULL) {
        if (merge(conversion, self, PYMA_KIND_LIST, value) < 0 ||
            (self->n_children == 0 && add_child(self) < 0)) {
            return -1;
        }
        if (strcmp(text + 1, "u8") != 0) {
            return visit_dtype(conversion, self->children[0], value, text);
        }
    }
    PyObject *items = count <= 0                                    ? NULL
                      : count == 1 && strchr("OT", text[1]) == NULL ? PySequence_List(value)
                                                                    : pyma_list_of(value, &failed);
    if (items == NULL) {
        return PyErr_Occurred()
                   ? -1
                   : pyma_conversion_fail(conversion, conversion->state->ArrowInvalid,
                                          "an array without dimensions is no list of values");
    }
    const int result = visit_list(conversion, self, value, items);
    Py_DECREF(items);
    return result;
}

/* The finding for a struct's field, made when its name is met first; a str is what names have in
 * common. */
static pyma_finding *
field_of(pyma_conversion *conversion, pyma_finding *self, PyObject *key)
{
    PyObject *name = NULL;
    if (PyUnicode_Check(key)) {
        name = PyUnicode_FromObject(key); /* a subclass may say that it equals what it likes */
    } else if (PyBytes_Check(key)) {
        name = pyma_text_to_str(PyBytes_AS_STRING(key), PyBytes_GET_SIZE(key));
    } else {
        PyObject *repr = pyma_short_repr(key);
        if (repr != NULL) {
            pyma_conversion_fail(conversion, conversion->state->ArrowTypeError,
                                 "a dict becomes a struct, whose names are str, and the key %U is "
                                 "of type %.60s; for a map, give type=",
                                 repr, Py_TYPE(key)->tp_name);
            Py_DECREF(repr);
        }
    }
    if (name == NULL) {
        return NULL;
    }
    pyma_finding *found = NULL;
    PyObject *index = PyDict_GetItemWithError(self->names, name); /* borrowed */
    if (index != NULL) {
        found = self->children[PyLong_AsLong(index)];
    } else if (!PyErr_Occurred() && add_child(self) == 0) {
        index = PyLong_FromLong(self->n_children - 1);
        if (index != NULL && PyDict_SetItem(self->names, name, index) == 0) {
            found = self->children[self->n_children - 1];
        }
        Py_XDECREF(index);
    }
    Py_DECREF(name);
    return found;
}

static int
visit_dict(pyma_conversion *conversion, pyma_finding *self, PyObject *value)
{
    if (merge(conversion, self, PYMA_KIND_STRUCT, value) < 0) {
        return -1;
    }
    if (self->names == NULL && (self->names = PyDict_New()) == NULL) {
        return -1;
    }
    if (++conversion->depth > MA_MAX_NESTING_DEPTH) {
        conversion->depth--;
        return pyma_conversion_fail(conversion, conversion->state->ArrowInvalid,
                                    "values nest deeper than %d levels; does one contain itself?",
                                    MA_MAX_NESTING_DEPTH);
    }
    PyObject *items = PyDict_Items(value); /* holds keys and values, whatever happens to the dict */
    int result = items != NULL ? 0 : -1;
    for (Py_ssize_t i = 0; result == 0 && i < PyList_GET_SIZE(items); i++) {
        PyObject *pair = PyList_GET_ITEM(items, i);
        PyObject *key = PyTuple_GET_ITEM(pair, 0);
        pyma_finding *field = field_of(conversion, self, key);
        result = field != NULL ? visit(conversion, field, PyTuple_GET_ITEM(pair, 1)) : -1;
        if (field != NULL && result < 0 && PyUnicode_Check(key)) {
            Py_ssize_t size;
            const char *name = PyUnicode_AsUTF8AndSize(key, &size);
            if (name != NULL) {
                pyma_conversion_at_name(conversion, name, size);
            }
        }
    }
    Py_XDECREF(items);
    conversion->depth--;
    return result;
}

/* ---- all others ---- */

static int
visit_scalar(pyma_conversion *conversion, pyma_finding *self, PyObject *value)
{
    PyObject *type = PyObject_GetAttrString(value, "type");
    if (type == NULL || merge(conversion, self, PYMA_KIND_SCALAR, value) < 0) {
        Py_XDECREF(type);
        return -1;
    }
    int same = 1;
    if (self->type == NULL) {
        self->type = Py_NewRef(type);
    } else {
        same = PyObject_RichCompareBool(self->type, type, Py_EQ);
    }
    Py_DECREF(type);
    if (same == 0) {
        pyma_conversion_fail(conversion, conversion->state->ArrowInvalid,
                             "scalars of different types cannot be mixed; give type=");
    }
    return same == 1 ? 0 : -1;
}

static int
visit_temporal(pyma_conversion *conversion, pyma_finding *self, PyObject *value, int kind)
{
    static const pyma_kind kinds[] = {
        [PYMA_DATE] = PYMA_KIND_DATE,         [PYMA_DATETIME] = PYMA_KIND_TIMESTAMP,
        [PYMA_TIME] = PYMA_KIND_TIME,         [PYMA_TIMEDELTA] = PYMA_KIND_DURATION,
        [PYMA_INTERVAL] = PYMA_KIND_INTERVAL,
    };
    if (kind == PYMA_DATETIME && self->zone == NULL) {
        self->zone = pyma_zone_of(conversion, value);
        if (self->zone == NULL) {
            return -1;
        }
    }
    self->plain = true;
    return merge(conversion, self, kinds[kind], value);
}

static int
fail_unknown(pyma_conversion *conversion, PyObject *value)
{
    PyObject *repr = pyma_short_repr(value);
    if (repr != NULL) {
        pyma_conversion_fail(conversion, conversion->state->ArrowInvalid,
                             "%U is of type %.60s, which no Arrow type can be inferred for", repr,
                             Py_TYPE(value)->tp_name);
        Py_DECREF(repr);
    }
    return -1;
}

static int
visit_other(pyma_conversion *conversion, pyma_finding *self, PyObject *value)
{
    if (conversion->seen == Py_TYPE(value)) {
        return visit_temporal(conversion, self, value, conversion->seen_temporal);
    }
    if (PyObject_TypeCheck(value, conversion->state->Scalar)) {
        return visit_scalar(conversion, self, value);
    }
    if (pyma_is_numpy(value)) {
        return visit_numpy(conversion, self, value);
    }
    if (PyLong_Check(value)) {
        return visit_long(conversion, self, value);
    }
    if (PyFloat_Check(value)) {
        self->plain = true;
        return merge(conversion, self, PYMA_KIND_FLOAT, value);
    }
    if (PyUnicode_Check(value)) {
        return merge(conversion, self, PYMA_KIND_TEXT, value);
    }
    if (PyBytes_Check(value) || PyByteArray_Check(value) || PyMemoryView_Check(value)) {
        return merge(conversion, self, PYMA_KIND_BYTES, value);
    }
    if (PyDict_Check(value)) {
        return visit_dict(conversion, self, value);
    }
    if (pyma_is_decimal(value)) {
        return visit_decimal(conversion, self, value);
    }
    const int temporal = pyma_temporal_kind_of(conversion, value);
    if (temporal != PYMA_NO_TEMPORAL) {
        conversion->seen = temporal > 0 ? Py_TYPE(value) : NULL;
        conversion->seen_temporal = temporal;
        return temporal < 0 ? -1 : visit_temporal(conversion, self, value, temporal);
    }
    if (pyma_is_ndarray(value)) {
        return visit_array(conversion, self, value);
    }
    if (strcmp(Py_TYPE(value)->tp_name, "UUID") == 0) {
        return merge(conversion, self, PYMA_KIND_UUID, value);
    }
    if (PyList_Check(value) || PyTuple_Check(value) || PyAnySet_Check(value) ||
        PyDictValues_Check(value) || PyObject_TypeCheck(value, conversion->state->Array)) {
        bool failed;
        PyObject *items = pyma_list_of(value, &failed);
        const int result = items != NULL ? visit_list(conversion, self, value, items) : -1;
        Py_XDECREF(items);
        return result;
    }
    return fail_unknown(conversion, value);
}

/* The most common classes first; what is of no class here may be a subclass. */
static int
visit(pyma_conversion *conversion, pyma_finding *self, PyObject *value)
{
    if (pyma_is_null(conversion, value)) {
        return 0;
    }
    if (PyLong_CheckExact(value)) {
        return visit_long(conversion, self, value);
    }
    if (PyFloat_CheckExact(value)) {
        self->plain = true;
        return merge(conversion, self, PYMA_KIND_FLOAT, value);
    }
    if (PyUnicode_CheckExact(value)) {
        return merge(conversion, self, PYMA_KIND_TEXT, value);
    }
    if (PyBool_Check(value)) {
        self->plain = true;
        return merge(conversion, self, PYMA_KIND_BOOL, value);
    }
    if (PyList_CheckExact(value)) {
        return visit_list(conversion, self, value, value);
    }
    if (PyDict_CheckExact(value)) {
        return visit_dict(conversion, self, value);
    }
    return visit_other(conversion, self, value);
}

int
pyma_infer(pyma_conversion *self, pyma_items items, ma_type **out, PyObject **extension)
{
    pyma_finding *found = PyMem_Calloc(1, sizeof(*found));
    int result = -1;
    if (found == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    if (visit_items(self, found, items) == 0) {
        result = pyma_finding_type(self, found, out, extension);
    }
    pyma_finding_free(found);
    return result;
}
