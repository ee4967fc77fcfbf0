/* Key-value metadata between the core and Python's mappings. */
#include "python/py_state.h"

#include "core/base/memory.h"

/* A dict that knows all pairs. */
static PyObject *
with_all_pairs(const ma_metadata *metadata)
{
    PyObject *pairs = PyList_New((Py_ssize_t)metadata->count);
    for (int64_t i = 0; pairs != NULL && i < metadata->count; i++) {
        const ma_pair *pair = &metadata->pairs[i];
        PyObject *item = Py_BuildValue("y#y#", pair->key.data, (Py_ssize_t)pair->key.size,
                                       pair->value.data, (Py_ssize_t)pair->value.size);
        if (item == NULL) {
            Py_CLEAR(pairs);
            break;
        }
        PyList_SET_ITEM(pairs, (Py_ssize_t)i, item);
    }
    PyObject *dict =
        pairs != NULL ? pyma_call("minarrow._metadata", "KeyValueMetadata", "(O)", pairs) : NULL;
    Py_XDECREF(pairs);
    return dict;
}

PyObject *
pyma_metadata_to_dict(const ma_metadata *metadata)
{
    if (metadata == NULL) {
        Py_RETURN_NONE;
    }
    PyObject *dict = PyDict_New();
    for (int64_t i = 0; dict != NULL && i < metadata->count; i++) {
        const ma_pair *pair = &metadata->pairs[i];
        PyObject *key = PyBytes_FromStringAndSize(pair->key.data, (Py_ssize_t)pair->key.size);
        PyObject *value = PyBytes_FromStringAndSize(pair->value.data, (Py_ssize_t)pair->value.size);
        /* of repeated keys the first counts, as everywhere in Arrow */
        if (key == NULL || value == NULL || PyDict_SetDefault(dict, key, value) == NULL) {
            Py_CLEAR(dict);
        }
        Py_XDECREF(key);
        Py_XDECREF(value);
    }
    if (dict != NULL && PyDict_GET_SIZE(dict) < metadata->count) {
        Py_SETREF(dict, with_all_pairs(metadata));
    }
    return dict;
}

/* Point `pair` into the objects of a Python pair, which `owners` keeps alive. */
static int
read_pair(PyObject *item, ma_pair *pair, PyObject *owners)
{
    PyObject *parts = PySequence_Tuple(item); /* a list may change meanwhile */
    if (parts == NULL) {
        if (PyErr_ExceptionMatches(PyExc_TypeError)) {
            PyErr_SetString(PyExc_TypeError, "metadata is a mapping or an iterable of pairs");
        }
        return -1;
    }
    int st = -1;
    if (PyTuple_GET_SIZE(parts) != 2) {
        PyErr_SetString(PyExc_TypeError, "an item of metadata is a pair of a key and a value");
    } else {
        PyObject *key = NULL;
        PyObject *value = NULL;
        if (pyma_text_from(PyTuple_GET_ITEM(parts, 0), "a key of metadata", &pair->key, &key) ==
                0 &&
            pyma_text_from(PyTuple_GET_ITEM(parts, 1), "a value of metadata", &pair->value,
                           &value) == 0 &&
            PyList_Append(owners, key) == 0 && PyList_Append(owners, value) == 0) {
            st = 0;
        }
        Py_XDECREF(key);
        Py_XDECREF(value);
    }
    Py_DECREF(parts);
    return st;
}

/* The pairs of a mapping, or of an iterable of pairs, as a list. */
static PyObject *
list_pairs(PyObject *object)
{
    if (PyDict_CheckExact(object)) {
        return PyDict_Items(object);
    }
    const int has_pairs = PyDict_Check(object) ? pyma_has_attribute(object, "pairs") : 0;
    if (has_pairs != 0) {
        /* a dict from here, whose keys are repeated */
        PyObject *pairs = has_pairs > 0 ? PyObject_GetAttrString(object, "pairs") : NULL;
        PyObject *list = pairs != NULL ? PySequence_List(pairs) : NULL;
        Py_XDECREF(pairs);
        return list;
    }
    const int is_mapping = pyma_has_attribute(object, "items");
    return is_mapping < 0    ? NULL
           : is_mapping == 1 ? PyMapping_Items(object)
                             : PySequence_List(object);
}

int
pyma_metadata_from(PyObject *object, ma_metadata **out)
{
    *out = NULL;
    if (object == NULL || object == Py_None) {
        return 0;
    }
    PyObject *items = list_pairs(object);
    PyObject *owners = items != NULL ? PyList_New(0) : NULL;
    ma_pair *pairs = NULL;
    int st = -1;
    if (owners == NULL) {
        goto done;
    }
    const Py_ssize_t count = PyList_GET_SIZE(items);
    pairs = ma_calloc(count, sizeof(*pairs));
    if (pairs == NULL) {
        PyErr_NoMemory();
        goto done;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        if (read_pair(PyList_GET_ITEM(items, i), &pairs[i], owners) < 0) {
            goto done;
        }
    }
    if (ma_metadata_new(pairs, count, out, NULL) != MA_OK) {
        PyErr_NoMemory();
        goto done;
    }
    st = 0;

done:
    ma_free(pairs);
    Py_XDECREF(owners);
    Py_XDECREF(items);
    return st;
}
