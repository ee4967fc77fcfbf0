/* The short names of data types, such as pa.array(..., type='int64') takes them. */
#include "python/py_capsule.h"
#include "python/py_module.h"

static const struct {
    const char *alias;
    ma_type_id id;
} aliases[] = {
    {"null", MA_TYPE_NULL},
    {"bool", MA_TYPE_BOOL},
    {"boolean", MA_TYPE_BOOL},
    {"i1", MA_TYPE_INT8},
    {"int8", MA_TYPE_INT8},
    {"i2", MA_TYPE_INT16},
    {"int16", MA_TYPE_INT16},
    {"i4", MA_TYPE_INT32},
    {"int32", MA_TYPE_INT32},
    {"i8", MA_TYPE_INT64},
    {"int64", MA_TYPE_INT64},
    {"u1", MA_TYPE_UINT8},
    {"uint8", MA_TYPE_UINT8},
    {"u2", MA_TYPE_UINT16},
    {"uint16", MA_TYPE_UINT16},
    {"u4", MA_TYPE_UINT32},
    {"uint32", MA_TYPE_UINT32},
    {"u8", MA_TYPE_UINT64},
    {"uint64", MA_TYPE_UINT64},
    {"f2", MA_TYPE_FLOAT16},
    {"halffloat", MA_TYPE_FLOAT16},
    {"float16", MA_TYPE_FLOAT16},
    {"f4", MA_TYPE_FLOAT32},
    {"float", MA_TYPE_FLOAT32},
    {"float32", MA_TYPE_FLOAT32},
    {"f8", MA_TYPE_FLOAT64},
    {"double", MA_TYPE_FLOAT64},
    {"float64", MA_TYPE_FLOAT64},
    {"string", MA_TYPE_UTF8},
    {"str", MA_TYPE_UTF8},
    {"utf8", MA_TYPE_UTF8},
    {"binary", MA_TYPE_BINARY},
    {"large_string", MA_TYPE_LARGE_UTF8},
    {"large_str", MA_TYPE_LARGE_UTF8},
    {"large_utf8", MA_TYPE_LARGE_UTF8},
    {"large_binary", MA_TYPE_LARGE_BINARY},
    {"string_view", MA_TYPE_UTF8_VIEW},
    {"binary_view", MA_TYPE_BINARY_VIEW},
    {"date32", MA_TYPE_DATE32},
    {"date32[day]", MA_TYPE_DATE32},
    {"date64", MA_TYPE_DATE64},
    {"date64[ms]", MA_TYPE_DATE64},
    {"month_interval", MA_TYPE_INTERVAL_MONTHS},
    {"day_time_interval", MA_TYPE_INTERVAL_DAY_TIME},
    {"month_day_nano_interval", MA_TYPE_INTERVAL_MONTH_DAY_NANO},
};

static const struct {
    const char *alias;
    ma_type_id id;
    ma_unit unit;
} timed_aliases[] = {
    {"time32[s]", MA_TYPE_TIME32, MA_SECOND},
    {"time32[ms]", MA_TYPE_TIME32, MA_MILLISECOND},
    {"time64[us]", MA_TYPE_TIME64, MA_MICROSECOND},
    {"time64[ns]", MA_TYPE_TIME64, MA_NANOSECOND},
    {"timestamp[s]", MA_TYPE_TIMESTAMP, MA_SECOND},
    {"timestamp[ms]", MA_TYPE_TIMESTAMP, MA_MILLISECOND},
    {"timestamp[us]", MA_TYPE_TIMESTAMP, MA_MICROSECOND},
    {"timestamp[ns]", MA_TYPE_TIMESTAMP, MA_NANOSECOND},
    {"duration[s]", MA_TYPE_DURATION, MA_SECOND},
    {"duration[ms]", MA_TYPE_DURATION, MA_MILLISECOND},
    {"duration[us]", MA_TYPE_DURATION, MA_MICROSECOND},
    {"duration[ns]", MA_TYPE_DURATION, MA_NANOSECOND},
};

#define COUNT_OF(table) (sizeof(table) / sizeof((table)[0]))

PyObject *
pyma_type_ensure(pyma_state *state, PyObject *object)
{
    if (PyObject_TypeCheck(object, state->DataType)) {
        return pyma_type_get(state, object) != NULL ? Py_NewRef(object) : NULL;
    }
    const int has_schema =
        PyUnicode_Check(object) ? 0 : pyma_has_capsules(object, "__arrow_c_schema__");
    if (has_schema != 0) {
        ma_field *field = has_schema == 1 ? pyma_field_from_capsule(state, object) : NULL;
        PyObject *type = field != NULL ? pyma_field_type(state, field) : NULL;
        ma_field_unref(field);
        return type;
    }
    if (!PyUnicode_Check(object)) {
        return PyErr_Format(PyExc_TypeError,
                            "expected a minarrow.DataType or a name such as 'int64', not %.200s",
                            Py_TYPE(object)->tp_name);
    }
    for (size_t i = 0; i < COUNT_OF(aliases); i++) {
        if (PyUnicode_CompareWithASCIIString(object, aliases[i].alias) == 0) {
            return Py_NewRef(pyma_type_simple(state, aliases[i].id));
        }
    }
    for (size_t i = 0; i < COUNT_OF(timed_aliases); i++) {
        if (PyUnicode_CompareWithASCIIString(object, timed_aliases[i].alias) == 0) {
            return pyma_type_timed(state, timed_aliases[i].id, timed_aliases[i].unit, Py_None);
        }
    }
    return PyErr_Format(PyExc_ValueError,
                        "no type has the name %R; parametric types are made by "
                        "functions such as list_() or decimal128()",
                        object);
}

PyDoc_STRVAR(ensure_type_doc, "ensure_type(type, allow_none=False)\n--\n\n"
                              "The DataType that a DataType or a name such as 'int64' means.");

static PyObject *
core_ensure_type(PyObject *module, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"type", "allow_none", NULL};
    PyObject *object;
    int allow_none = 0;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|p:ensure_type", keywords, &object,
                                     &allow_none)) {
        return NULL;
    }
    return object == Py_None && allow_none ? Py_NewRef(Py_None)
                                           : pyma_type_ensure(pyma_state_of_module(module), object);
}

PyDoc_STRVAR(type_for_alias_doc, "type_for_alias(name, /)\n--\n\nThe DataType of a name.");

static PyObject *
core_type_for_alias(PyObject *module, PyObject *name)
{
    return pyma_type_ensure(pyma_state_of_module(module), name);
}

PyMethodDef pyma_alias_functions[] = {
    {"ensure_type", (PyCFunction)(void (*)(void))core_ensure_type, METH_VARARGS | METH_KEYWORDS,
     ensure_type_doc},
    {"type_for_alias", core_type_for_alias, METH_O, type_for_alias_doc},
    {0},
};
