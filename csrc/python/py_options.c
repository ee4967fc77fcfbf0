#include "python/py_options.h"

#include <limits.h>
#include <string.h>

#include "python/py_module.h"

static int
read_flag(PyObject *options, const char *name, bool *out)
{
    PyObject *value = PyObject_GetAttrString(options, name);
    const int truth = value != NULL ? PyObject_IsTrue(value) : -1;
    Py_XDECREF(value);
    if (truth < 0) {
        return -1;
    }
    *out = truth;
    return 0;
}

/* ---- reading ---- */

static int
read_limit(PyObject *options, const char *name, int64_t *out)
{
    PyObject *value = PyObject_GetAttrString(options, name);
    if (value == NULL) {
        if (PyErr_ExceptionMatches(PyExc_AttributeError)) {
            PyErr_Clear(); /* pyarrow's options have no limits */
            return 0;
        }
        return -1;
    }
    if (value != Py_None) {
        const long long number = PyLong_AsLongLong(value);
        if (number == -1 && PyErr_Occurred()) {
            Py_DECREF(value);
            return -1;
        }
        if (number < 0) {
            PyErr_Format(PyExc_ValueError, "%s is a limit and cannot be negative", name);
            Py_DECREF(value);
            return -1;
        }
        *out = number;
    }
    Py_DECREF(value);
    return 0;
}

static int
read_limits(PyObject *options, ma_limits *limits)
{
#define X(name, value, text)                             \
    if (read_limit(options, #name, &limits->name) < 0) { \
        return -1;                                       \
    }
    MA_LIMIT_TABLE(X)
#undef X
    if (limits->max_nesting_depth > MA_MAX_NESTING_DEPTH) {
        PyErr_Format(PyExc_ValueError, "max_nesting_depth is a limit of at most %d, not %lld",
                     MA_MAX_NESTING_DEPTH, (long long)limits->max_nesting_depth);
        return -1;
    }
    return 0;
}

int
pyma_read_options_from(PyObject *options, PyObject *columns, pyma_read_options *out)
{
    out->limits = ma_limits_default();
    out->columns = columns == Py_None ? NULL : columns;
    out->memory_map = true;
    if (options == NULL || options == Py_None) {
        return 0;
    }
    bool threads = true;
    if (read_limits(options, &out->limits) < 0 || read_flag(options, "use_threads", &threads) < 0) {
        return -1;
    }
    out->limits.threads = threads ? 0 : 1;
    return 0;
}

static int
pick_one(pyma_state *state, PyObject *column, ma_schema *schema, ma_picks *out)
{
    ma_error err;
    ma_status st;
    ma_error_init(&err);
    if (PyUnicode_Check(column)) {
        Py_ssize_t size;
        const char *text = PyUnicode_AsUTF8AndSize(column, &size);
        if (text == NULL) {
            return -1;
        }
        st = ma_picks_add_path(out, schema, (ma_bytes){text, size}, &err);
    } else if (PyIndex_Check(column)) {
        const Py_ssize_t index = PyNumber_AsSsize_t(column, PyExc_OverflowError);
        if (index == -1 && PyErr_Occurred()) {
            return -1;
        }
        st = ma_picks_add_index(out, schema, index < 0 ? index + schema->n_fields : index, &err);
    } else {
        PyErr_Format(PyExc_TypeError, "columns holds names, paths and indices, not %.100s",
                     Py_TYPE(column)->tp_name);
        return -1;
    }
    if (st != MA_OK) {
        pyma_raise(state, &err);
        return -1;
    }
    return 0;
}

int
pyma_picks_from(pyma_state *state, PyObject *columns, ma_schema *schema, ma_picks *out)
{
    *out = (ma_picks){0};
    if (PyUnicode_Check(columns) || PyBytes_Check(columns)) {
        PyErr_SetString(PyExc_TypeError, "columns is a list of names, not one name");
        return -1;
    }
    PyObject *items = PySequence_List(columns); /* a copy: names may run code of their own */
    if (items == NULL) {
        return -1;
    }
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(items); i++) {
        if (pick_one(state, PyList_GET_ITEM(items, i), schema, out) < 0) {
            ma_picks_fini(out);
            Py_DECREF(items);
            return -1;
        }
    }
    Py_DECREF(items);
    return 0;
}

/* ---- writing ---- */

/* `*out` stays as it is for None, and where there is no such option: pyarrow's have fewer. */
static int
read_int(PyObject *options, const char *name, int *out)
{
    PyObject *value;
    if (pyma_find_attribute(options, name, &value) < 0) {
        return -1;
    }
    if (value != NULL && value != Py_None) {
        int overflow;
        const long number = PyLong_AsLongAndOverflow(value, &overflow);
        if (overflow != 0 || number < INT_MIN || number > INT_MAX) {
            PyErr_Format(PyExc_ValueError, "%s cannot be %R", name, value);
        }
        *out = (int)number;
    }
    Py_XDECREF(value);
    return PyErr_Occurred() ? -1 : 0;
}

static int
codec_from_name(PyObject *name, ma_codec_id *out)
{
    static const struct {
        const char *name;
        ma_codec_id id;
    } names[] = {
        {"lz4", MA_CODEC_LZ4_FRAME},
        {"lz4_frame", MA_CODEC_LZ4_FRAME},
        {"zstd", MA_CODEC_ZSTD},
        {"uncompressed", MA_CODEC_NONE},
    };
    PyObject *lower = PyObject_CallMethod(name, "lower", NULL);
    if (lower == NULL) {
        return -1;
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (PyUnicode_Check(lower) && PyUnicode_CompareWithASCIIString(lower, names[i].name) == 0) {
            *out = names[i].id;
            Py_DECREF(lower);
            return 0;
        }
    }
    Py_DECREF(lower);
    PyErr_Format(PyExc_ValueError,
                 "compression is %R; Arrow IPC has 'lz4' and 'zstd' (or None for no compression)",
                 name);
    return -1;
}

/* None, a name, or a codec object with `name` and `compression_level`. */
static int
read_codec(PyObject *options, ma_write_options *out)
{
    PyObject *value = PyObject_GetAttrString(options, "compression");
    if (value == NULL || value == Py_None) {
        Py_XDECREF(value);
        return value == NULL ? -1 : 0;
    }
    int level = MA_CODEC_LEVEL_DEFAULT;
    PyObject *name =
        PyUnicode_Check(value) ? Py_NewRef(value) : PyObject_GetAttrString(value, "name");
    if (name == NULL && PyErr_ExceptionMatches(PyExc_AttributeError)) {
        PyErr_Format(PyExc_TypeError,
                     "compression is a name, an object that has one, or None, and not %R", value);
    }
    int result = name == NULL ? -1 : codec_from_name(name, &out->codec);
    if (result == 0) {
        PyObject *owner = PyUnicode_Check(value) ? options : value;
        result = read_int(owner, "compression_level", &level);
        out->level = level;
    }
    Py_XDECREF(name);
    Py_DECREF(value);
    return result;
}

static int
read_version(PyObject *options, ma_write_options *out)
{
    int version = MA_V5;
    if (read_int(options, "metadata_version", &version) < 0) {
        return -1;
    }
    out->version = (ma_version)version;
    return 0;
}

int
pyma_write_options_from(PyObject *options, ma_write_options *out)
{
    bool threads = true;
    int alignment = 8;
    *out = ma_write_options_default();
    if (options == NULL || options == Py_None) {
        return 0;
    }
    if (read_version(options, out) < 0 || read_codec(options, out) < 0 ||
        read_flag(options, "use_legacy_format", &out->legacy) < 0 ||
        read_flag(options, "use_threads", &threads) < 0 ||
        read_flag(options, "emit_dictionary_deltas", &out->dictionary_deltas) < 0 ||
        read_flag(options, "unify_dictionaries", &out->unify_dictionaries) < 0 ||
        read_int(options, "alignment", &alignment) < 0) {
        return -1;
    }
    out->threads = threads ? 0 : 1;
    out->alignment = alignment;
    return 0;
}

/* ---- what the Python layer asks ---- */

static PyObject *
default_limits(PyObject *module, PyObject *ignored)
{
    (void)module;
    (void)ignored;
    const ma_limits limits = ma_limits_default();
    PyObject *dict = PyDict_New();
#define X(name, value, text)                                                   \
    if (dict != NULL) {                                                        \
        PyObject *number = PyLong_FromLongLong(limits.name);                   \
        if (number == NULL || PyDict_SetItemString(dict, #name, number) < 0) { \
            Py_CLEAR(dict);                                                    \
        }                                                                      \
        Py_XDECREF(number);                                                    \
    }
    MA_LIMIT_TABLE(X)
#undef X
    return dict;
}

static PyObject *
codec_is_available(PyObject *module, PyObject *name)
{
    ma_codec_id codec;
    (void)module;
    if (codec_from_name(name, &codec) < 0) {
        if (PyErr_ExceptionMatches(PyExc_ValueError)) {
            PyErr_Clear();
            Py_RETURN_FALSE;
        }
        return NULL;
    }
    return PyBool_FromLong(codec == MA_CODEC_NONE || ma_codec_available(codec, NULL) == MA_OK);
}

PyMethodDef pyma_option_functions[] = {
    {"default_limits", default_limits, METH_NOARGS,
     PyDoc_STR(
         "default_limits()\n--\n\nThe limits that a reader keeps to unless told otherwise, by "
         "name.")},
    {"codec_is_available", codec_is_available, METH_O,
     PyDoc_STR("codec_is_available(name)\n--\n\nWhether this build reads and writes bodies "
               "compressed with 'lz4' or 'zstd'.")},
    {NULL, NULL, 0, NULL},
};
