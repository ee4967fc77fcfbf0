/* What other libraries lend: schemas, arrays and batches from C structs and capsules. */
#include "core/cdata/import_array.h"
#include "core/cdata/import_schema.h"
#include "core/cdata/request.h"
#include "core/cdata/stream.h"
#include "core/data/relayout.h"
#include "python/py_array.h"
#include "python/py_batch_stream.h"
#include "python/py_capsule.h"
#include "python/py_module.h"
#include "python/py_schema.h"

/* ---- from structs ---- */

static void
release_schema(struct ArrowSchema *schema)
{
    if (schema->release != NULL) {
        schema->release(schema);
    }
}

ma_field *
pyma_import_field(pyma_state *state, PyObject *owner, struct ArrowSchema *in)
{
    struct ArrowSchema taken;
    const ma_limits limits = ma_limits_default();
    ma_field *field = NULL;
    ma_error err;
    ma_error_init(&err);
    PYMA_TAKE(owner, in, &taken);
    const ma_status st = ma_cdata_import_field(&taken, &limits, &field, &err);
    release_schema(&taken); /* before there is an exception: the producer may run Python code */
    if (st != MA_OK) {
        pyma_raise(state, &err);
    }
    return field;
}

ma_schema *
pyma_import_schema(pyma_state *state, PyObject *owner, struct ArrowSchema *in)
{
    struct ArrowSchema taken;
    const ma_limits limits = ma_limits_default();
    ma_schema *schema = NULL;
    ma_error err;
    ma_error_init(&err);
    PYMA_TAKE(owner, in, &taken);
    const ma_status st = ma_cdata_import_schema(&taken, &limits, &schema, &err);
    release_schema(&taken);
    if (st != MA_OK) {
        pyma_raise(state, &err);
    }
    return schema;
}

PyObject *
pyma_import_array(pyma_state *state, PyObject *owner, struct ArrowArray *in, const ma_field *field)
{
    struct ArrowArray taken;
    ma_array *array = NULL;
    ma_error err;
    ma_error_init(&err);
    PYMA_TAKE(owner, in, &taken);
    if (ma_cdata_import_array(&taken, field->type, &array, &err) != MA_OK) {
        return pyma_raise(state, &err);
    }
    return pyma_array_wrap_child(state, array, field);
}

ma_batch *
pyma_import_batch(pyma_state *state, PyObject *owner, struct ArrowArray *in, ma_schema *schema)
{
    struct ArrowArray taken;
    ma_batch *batch = NULL;
    ma_error err;
    ma_error_init(&err);
    PYMA_TAKE(owner, in, &taken);
    if (ma_cdata_import_batch(&taken, schema, &batch, &err) != MA_OK) {
        pyma_raise(state, &err);
        return NULL;
    }
    return batch;
}

/* ---- asking an object ---- */

/* Call one of the protocol's methods, with the capsule of a request (NULL for none, else taken
 * over). A producer that does not take requests is asked without. */
static PyObject *
ask(PyObject *object, const char *method, PyObject *request)
{
    if (request == NULL) {
        return PyObject_CallMethod(object, method, NULL);
    }
    PyObject *answer = PyObject_CallMethod(object, method, "(O)", request);
    Py_DECREF(request);
    if (answer == NULL && (PyErr_ExceptionMatches(PyExc_NotImplementedError) ||
                           PyErr_ExceptionMatches(PyExc_TypeError))) {
        PyErr_Clear();
        return PyObject_CallMethod(object, method, NULL);
    }
    return answer;
}

/* The capsule of a request for a type, or a schema; NULL without an exception for none. */
static PyObject *
request_of_type(pyma_state *state, PyObject *type)
{
    ma_field *field = type != NULL ? pyma_field_of_type(state, type) : NULL;
    PyObject *capsule = field != NULL ? pyma_capsule_of_field(state, field) : NULL;
    ma_field_unref(field);
    return capsule;
}

/* The struct in a capsule that an object gave. */
static void *
content_of(PyObject *capsule, const char *name, const char *method)
{
    if (!PyCapsule_IsValid(capsule, name)) {
        return PyErr_Format(PyExc_TypeError, "%s gave no capsule named '%s'", method, name);
    }
    return PyCapsule_GetPointer(capsule, name);
}

ma_field *
pyma_field_from_capsule(pyma_state *state, PyObject *object)
{
    PyObject *capsule = ask(object, "__arrow_c_schema__", NULL);
    struct ArrowSchema *in =
        capsule != NULL ? content_of(capsule, "arrow_schema", "__arrow_c_schema__") : NULL;
    ma_field *field = in != NULL ? pyma_import_field(state, capsule, in) : NULL;
    Py_XDECREF(capsule);
    return field;
}

ma_schema *
pyma_schema_from_capsule(pyma_state *state, PyObject *object)
{
    PyObject *capsule = ask(object, "__arrow_c_schema__", NULL);
    struct ArrowSchema *in =
        capsule != NULL ? content_of(capsule, "arrow_schema", "__arrow_c_schema__") : NULL;
    ma_schema *schema = in != NULL ? pyma_import_schema(state, capsule, in) : NULL;
    Py_XDECREF(capsule);
    return schema;
}

/* ---- arrays and batches ---- */

typedef struct capsule_pair {
    PyObject *owner;     /* owned; the tuple */
    PyObject *of_schema; /* borrowed from it, as the next one; the capsules */
    PyObject *of_array;
    struct ArrowSchema *schema;
    struct ArrowArray *array;
} capsule_pair;

/* Takes over the request. */
static int
ask_for_pair(PyObject *object, PyObject *request, capsule_pair *out)
{
    static const char method[] = "__arrow_c_array__";
    out->owner = ask(object, method, request);
    if (out->owner == NULL) {
        return -1;
    }
    if (!PyTuple_Check(out->owner) || PyTuple_GET_SIZE(out->owner) != 2) {
        PyErr_Format(PyExc_TypeError, "%s of %.100s gave no pair of capsules", method,
                     Py_TYPE(object)->tp_name);
        Py_CLEAR(out->owner);
        return -1;
    }
    out->of_schema = PyTuple_GET_ITEM(out->owner, 0);
    out->of_array = PyTuple_GET_ITEM(out->owner, 1);
    out->schema = content_of(out->of_schema, "arrow_schema", method);
    out->array = out->schema != NULL ? content_of(out->of_array, "arrow_array", method) : NULL;
    if (out->array == NULL) {
        Py_CLEAR(out->owner);
        return -1;
    }
    return 0;
}

static PyObject *
array_of_pair(pyma_state *state, PyObject *object, PyObject *type)
{
    capsule_pair pair;
    PyObject *request = request_of_type(state, type);
    if (PyErr_Occurred() || ask_for_pair(object, request, &pair) < 0) {
        return NULL;
    }
    ma_field *field = pyma_import_field(state, pair.of_schema, pair.schema);
    PyObject *array =
        field != NULL ? pyma_import_array(state, pair.of_array, pair.array, field) : NULL;
    ma_field_unref(field);
    Py_DECREF(pair.owner);
    return array;
}

/* `*batch` as one of `wanted`, which the producer has not given. */
static int
settle_batch(pyma_state *state, ma_schema *wanted, ma_batch **batch)
{
    ma_schema *schema = NULL;
    ma_batch *lent = NULL;
    ma_error err;
    ma_error_init(&err);
    ma_status st = ma_cdata_request_schema(ma_batch_schema(*batch), wanted, &schema, &err);
    if (st == MA_OK && !ma_schema_equal(schema, wanted, false)) {
        st = ma_fail(&err, MA_INVALID, -1,
                     "the data is not of the schema asked for, and a conversion would change "
                     "values");
    }
    if (st == MA_OK) {
        st = ma_cdata_lend_batch(*batch, schema, &lent, &err);
    }
    ma_schema_unref(schema);
    if (st != MA_OK) {
        pyma_raise(state, &err);
        return -1;
    }
    ma_batch_unref(*batch);
    *batch = lent;
    return 0;
}

static PyObject *
batch_of_pair(pyma_state *state, const capsule_pair *pair, ma_schema *wanted)
{
    ma_schema *schema = pyma_import_schema(state, pair->of_schema, pair->schema);
    ma_batch *batch =
        schema != NULL ? pyma_import_batch(state, pair->of_array, pair->array, schema) : NULL;
    ma_schema_unref(schema);
    if (batch == NULL) {
        return NULL;
    }
    if (wanted != NULL && settle_batch(state, wanted, &batch) < 0) {
        ma_batch_unref(batch);
        return NULL;
    }
    return pyma_batch_wrap(state, batch);
}

/* The core's schema of an argument that may be None; a new reference, NULL without an exception for
 * none. */
static ma_schema *
wanted_schema(pyma_state *state, PyObject *object)
{
    return object != Py_None ? pyma_schema_ensure(state, object) : NULL;
}

static PyObject *
core_import_record_batch(PyObject *module, PyObject *args)
{
    pyma_state *state = pyma_state_of_module(module);
    PyObject *object;
    PyObject *schema = Py_None;
    capsule_pair pair;
    if (!PyArg_ParseTuple(args, "O|O:import_record_batch", &object, &schema)) {
        return NULL;
    }
    ma_schema *wanted = wanted_schema(state, schema);
    PyObject *request = wanted != NULL ? pyma_capsule_of_schema(state, wanted) : NULL;
    PyObject *batch = NULL;
    if (!PyErr_Occurred() && ask_for_pair(object, request, &pair) == 0) {
        batch = batch_of_pair(state, &pair, wanted);
        Py_DECREF(pair.owner);
    }
    ma_schema_unref(wanted);
    return batch;
}

/* ---- streams ---- */

/* Ask for a stream and move it out of its capsule. Takes over the request. */
static int
ask_for_stream(PyObject *object, PyObject *request, struct ArrowArrayStream *out)
{
    static const char method[] = "__arrow_c_stream__";
    PyObject *capsule = ask(object, method, request);
    struct ArrowArrayStream *stream =
        capsule != NULL ? content_of(capsule, "arrow_array_stream", method) : NULL;
    if (stream != NULL) {
        PYMA_TAKE(capsule, stream, out);
    }
    Py_XDECREF(capsule);
    return stream != NULL ? 0 : -1;
}

/* The next chunk of a stream of arrays: 1; 0 at the end; -1 with an exception. The producer may
 * take long, and takes the GIL itself if it needs it. */
static int
next_chunk(pyma_state *state, struct ArrowArrayStream *in, ma_type *type, ma_array **out)
{
    ma_error err;
    ma_status st;
    ma_error_init(&err);
    Py_BEGIN_ALLOW_THREADS
    st = ma_cdata_stream_next_array(in, type, out, &err);
    Py_END_ALLOW_THREADS
    if (st != MA_OK && st != MA_END) {
        pyma_raise(state, &err);
        return -1;
    }
    return st == MA_OK;
}

/* All chunks, in a new list. */
static PyObject *
read_chunks(pyma_state *state, struct ArrowArrayStream *in, const ma_field *field)
{
    PyObject *chunks = PyList_New(0);
    ma_array *array = NULL;
    int more = chunks != NULL ? next_chunk(state, in, field->type, &array) : -1;
    while (more > 0) {
        PyObject *chunk = pyma_array_wrap_child(state, array, field);
        const int failed = chunk == NULL || PyList_Append(chunks, chunk) < 0;
        Py_XDECREF(chunk);
        more = failed ? -1 : next_chunk(state, in, field->type, &array);
    }
    if (more < 0) {
        Py_CLEAR(chunks);
    }
    return chunks;
}

/* A tuple of the chunks' list and their DataType. */
static PyObject *
read_array_stream(pyma_state *state, struct ArrowArrayStream *in)
{
    const ma_limits limits = ma_limits_default();
    ma_field *field = NULL;
    ma_error err;
    ma_status st;
    ma_error_init(&err);
    Py_BEGIN_ALLOW_THREADS
    st = ma_cdata_stream_field(in, &limits, &field, &err);
    Py_END_ALLOW_THREADS
    if (st != MA_OK) {
        return pyma_raise(state, &err);
    }
    PyObject *type = pyma_field_type(state, field);
    PyObject *chunks = type != NULL ? read_chunks(state, in, field) : NULL;
    ma_field_unref(field);
    PyObject *result = chunks != NULL ? PyTuple_Pack(2, chunks, type) : NULL;
    Py_XDECREF(chunks);
    Py_XDECREF(type);
    return result;
}

static PyObject *
import_array_stream(pyma_state *state, PyObject *object, PyObject *type)
{
    struct ArrowArrayStream in;
    PyObject *request = request_of_type(state, type);
    if (PyErr_Occurred() || ask_for_stream(object, request, &in) < 0) {
        return NULL;
    }
    PyObject *result = read_array_stream(state, &in);
    pyma_release_stream(&in);
    return result;
}

PyObject *
pyma_array_from_capsules(pyma_state *state, PyObject *object, PyObject *type)
{
    const int has_array = pyma_has_capsules(object, "__arrow_c_array__");
    if (has_array != 0) {
        return has_array == 1 ? array_of_pair(state, object, type) : NULL;
    }
    PyObject *stream = import_array_stream(state, object, type);
    if (stream == NULL) {
        return NULL;
    }
    PyObject *module = PyType_GetModule(state->Array); /* borrowed */
    PyObject *joined = module != NULL ? PyObject_CallMethod(module, "concat_arrays", "OO",
                                                            PyTuple_GET_ITEM(stream, 0),
                                                            PyTuple_GET_ITEM(stream, 1))
                                      : NULL;
    Py_DECREF(stream);
    return joined;
}

static PyObject *
core_import_array_stream(PyObject *module, PyObject *args)
{
    PyObject *object;
    PyObject *type = Py_None;
    return PyArg_ParseTuple(args, "O|O:import_array_stream", &object, &type)
               ? import_array_stream(pyma_state_of_module(module), object,
                                     type != Py_None ? type : NULL)
               : NULL;
}

static PyObject *
core_import_batch_stream(PyObject *module, PyObject *args)
{
    pyma_state *state = pyma_state_of_module(module);
    struct ArrowArrayStream in;
    PyObject *object;
    PyObject *schema = Py_None;
    if (!PyArg_ParseTuple(args, "O|O:import_batch_stream", &object, &schema)) {
        return NULL;
    }
    ma_schema *wanted = wanted_schema(state, schema);
    PyObject *request = wanted != NULL ? pyma_capsule_of_schema(state, wanted) : NULL;
    PyObject *result = NULL;
    if (!PyErr_Occurred() && ask_for_stream(object, request, &in) == 0) {
        result = pyma_batch_stream_new(state, &in, wanted);
    }
    ma_schema_unref(wanted);
    return result;
}

/* From the struct at an address, or in a capsule. */
static PyObject *
core_import_batch_stream_from(PyObject *module, PyObject *object)
{
    struct ArrowArrayStream *stream =
        PyCapsule_CheckExact(object)
            ? content_of(object, "arrow_array_stream", "_import_from_c_capsule")
            : PyLong_AsVoidPtr(object);
    if (stream == NULL) {
        return PyErr_Occurred()
                   ? NULL
                   : PyErr_Format(PyExc_ValueError, "the address of a C struct is not 0");
    }
    struct ArrowArrayStream in;
    PYMA_TAKE(object, stream, &in);
    return pyma_batch_stream_new(pyma_state_of_module(module), &in, NULL);
}

PyMethodDef pyma_capsule_import_functions[] = {
    {"import_record_batch", core_import_record_batch, METH_VARARGS,
     PyDoc_STR("import_record_batch(object, schema=None, /)\n--\n\n"
               "A RecordBatch of an object with __arrow_c_array__, without a copy.")},
    {"import_array_stream", core_import_array_stream, METH_VARARGS,
     PyDoc_STR("import_array_stream(object, type=None, /)\n--\n\n"
               "(list of Arrays, DataType) of an object with __arrow_c_stream__, without a copy.")},
    {"import_batch_stream", core_import_batch_stream, METH_VARARGS,
     PyDoc_STR("import_batch_stream(object, schema=None, /)\n--\n\n"
               "(Schema, iterator of RecordBatches) of an object with __arrow_c_stream__.")},
    {"import_batch_stream_from", core_import_batch_stream_from, METH_O,
     PyDoc_STR("import_batch_stream_from(stream, /)\n--\n\n"
               "The same of the ArrowArrayStream in a capsule, or at an address.")},
    {NULL, NULL, 0, NULL},
};
