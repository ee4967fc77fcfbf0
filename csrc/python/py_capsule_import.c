#include "core/base/memory.h"
#include "core/cdata/import_array.h"
#include "core/cdata/import_schema.h"
#include "core/cdata/stream.h"
#include "core/data/concat.h"
#include "core/validate/values.h"
#include "python/py_array.h"
#include "python/py_capsule.h"
#include "python/py_guard.h"
#include "python/py_module.h"

/* The struct in a capsule that a method of `object` gave; the capsule (in `*capsule`) keeps it
 * alive. */
static void *
call_for_struct(PyObject *object, const char *method, const char *name, PyObject **capsule)
{
    *capsule = PyObject_CallMethod(object, method, NULL);
    if (*capsule == NULL) {
        return NULL;
    }
    void *content = PyCapsule_GetPointer(*capsule, name);
    if (content == NULL) {
        Py_CLEAR(*capsule);
    }
    return content;
}

/* ---- schemas ---- */

ma_field *
pyma_field_from_capsule(pyma_state *state, PyObject *object)
{
    const ma_limits limits = ma_limits_default();
    ma_field *field = NULL;
    PyObject *capsule;
    ma_error err;
    ma_error_init(&err);
    const struct ArrowSchema *schema =
        call_for_struct(object, "__arrow_c_schema__", "arrow_schema", &capsule);
    if (schema == NULL) {
        return NULL;
    }
    if (ma_cdata_import_field(schema, &limits, &field, &err) != MA_OK) {
        pyma_raise(state, &err);
    }
    Py_DECREF(capsule);
    return field;
}

ma_schema *
pyma_schema_from_capsule(pyma_state *state, PyObject *object)
{
    const ma_limits limits = ma_limits_default();
    ma_schema *schema = NULL;
    PyObject *capsule;
    ma_error err;
    ma_error_init(&err);
    const struct ArrowSchema *in =
        call_for_struct(object, "__arrow_c_schema__", "arrow_schema", &capsule);
    if (in == NULL) {
        return NULL;
    }
    if (ma_cdata_import_schema(in, &limits, &schema, &err) != MA_OK) {
        pyma_raise(state, &err);
    }
    Py_DECREF(capsule);
    return schema;
}

/* ---- arrays and batches ---- */

typedef struct capsule_pair {
    PyObject *owner; /* owned; the tuple */
    struct ArrowSchema *schema;
    struct ArrowArray *array;
} capsule_pair;

static int
take_pair(PyObject *object, capsule_pair *out)
{
    out->owner = PyObject_CallMethod(object, "__arrow_c_array__", NULL);
    if (out->owner == NULL) {
        return -1;
    }
    if (!PyTuple_Check(out->owner) || PyTuple_GET_SIZE(out->owner) != 2) {
        PyErr_Format(PyExc_TypeError, "__arrow_c_array__ of %.100s gave no pair of capsules",
                     Py_TYPE(object)->tp_name);
        Py_CLEAR(out->owner);
        return -1;
    }
    out->schema = PyCapsule_GetPointer(PyTuple_GET_ITEM(out->owner, 0), "arrow_schema");
    out->array = out->schema != NULL
                     ? PyCapsule_GetPointer(PyTuple_GET_ITEM(out->owner, 1), "arrow_array")
                     : NULL;
    if (out->array == NULL) {
        Py_CLEAR(out->owner);
        return -1;
    }
    return 0;
}

static PyObject *
array_from_pair(pyma_state *state, const capsule_pair *pair)
{
    const ma_limits limits = ma_limits_default();
    ma_field *field = NULL;
    ma_array *array = NULL;
    ma_error err;
    ma_error_init(&err);
    ma_status st = ma_cdata_import_field(pair->schema, &limits, &field, &err);
    if (st == MA_OK) {
        st = ma_cdata_import_array(pair->array, field->type, &array, &err);
    }
    if (st != MA_OK) {
        ma_field_unref(field);
        return pyma_raise(state, &err);
    }
    PyObject *result = pyma_array_wrap_child(state, array, field);
    ma_field_unref(field);
    return result;
}

static PyObject *
import_record_batch(PyObject *module, PyObject *args)
{
    pyma_state *state = pyma_state_of_module(module);
    const ma_limits limits = ma_limits_default();
    PyObject *object;
    PyObject *wanted = Py_None;
    capsule_pair pair;
    ma_schema *schema = NULL;
    ma_batch *batch = NULL;
    ma_error err;
    if (!PyArg_ParseTuple(args, "O|O:import_record_batch", &object, &wanted) ||
        take_pair(object, &pair) < 0) {
        return NULL;
    }
    ma_error_init(&err);
    ma_status st = ma_cdata_import_schema(pair.schema, &limits, &schema, &err);
    if (st == MA_OK) {
        st = ma_cdata_import_batch(pair.array, schema, &batch, &err);
    }
    Py_DECREF(pair.owner);
    ma_schema_unref(schema);
    if (st != MA_OK) {
        return pyma_raise(state, &err);
    }
    if (wanted != Py_None) {
        ma_schema *core = pyma_schema_get(state, wanted);
        if (core == NULL || !ma_schema_equal(core, ma_batch_schema(batch), false)) {
            ma_batch_unref(batch);
            return PyErr_Occurred() ? NULL
                                    : PyErr_Format(state->ArrowInvalid,
                                                   "the data's schema is not the one asked for");
        }
    }
    return pyma_batch_wrap(state, batch);
}

/* ---- streams ---- */

/* A C stream that is read; the capsule releases it. */
typedef struct import_stream {
    PyObject *capsule; /* owned */
    struct ArrowArrayStream *stream;
} import_stream;

static int
open_stream(PyObject *object, import_stream *out)
{
    out->stream =
        call_for_struct(object, "__arrow_c_stream__", "arrow_array_stream", &out->capsule);
    return out->stream != NULL ? 0 : -1;
}

/* The next chunk; the producer may take long, and takes the GIL itself if it needs it. 1: there
 * is one, 0: the end. */
static int
next_chunk(pyma_state *state, const import_stream *in, ma_type *type, ma_array **out)
{
    ma_error err;
    ma_status st;
    ma_error_init(&err);
    Py_BEGIN_ALLOW_THREADS
    st = ma_cdata_stream_next_array(in->stream, type, out, &err);
    Py_END_ALLOW_THREADS
    if (st == MA_OK) {
        return 1;
    }
    if (st == MA_END) {
        return 0;
    }
    pyma_raise(state, &err);
    return -1;
}

static PyObject *
read_chunks(pyma_state *state, const import_stream *in, const ma_field *field)
{
    PyObject *chunks = PyList_New(0);
    ma_array *array = NULL;
    int more = chunks != NULL ? next_chunk(state, in, field->type, &array) : -1;
    while (more > 0) {
        PyObject *chunk = pyma_array_wrap_child(state, array, field);
        more = chunk != NULL ? PyList_Append(chunks, chunk) : -1;
        Py_XDECREF(chunk);
        if (more == 0) {
            more = next_chunk(state, in, field->type, &array);
        }
    }
    if (more < 0) {
        Py_CLEAR(chunks);
    }
    return chunks;
}

static PyObject *
array_stream_from(pyma_state *state, PyObject *object)
{
    const ma_limits limits = ma_limits_default();
    import_stream in;
    ma_field *field = NULL;
    ma_error err;
    ma_error_init(&err);
    if (open_stream(object, &in) < 0) {
        return NULL;
    }
    PyObject *result = NULL;
    if (ma_cdata_stream_field(in.stream, &limits, &field, &err) != MA_OK) {
        pyma_raise(state, &err);
    } else {
        PyObject *type = pyma_field_type(state, field);
        PyObject *chunks = type != NULL ? read_chunks(state, &in, field) : NULL;
        result = chunks != NULL ? PyTuple_Pack(2, chunks, type) : NULL;
        Py_XDECREF(chunks);
        Py_XDECREF(type);
    }
    ma_field_unref(field);
    Py_DECREF(in.capsule);
    return result;
}

static PyObject *
import_array_stream(PyObject *module, PyObject *object)
{
    return array_stream_from(pyma_state_of_module(module), object);
}

PyObject *
pyma_array_from_capsules(pyma_state *state, PyObject *object)
{
    capsule_pair pair;
    if (pyma_has_capsules(object, "__arrow_c_array__")) {
        if (take_pair(object, &pair) < 0) {
            return NULL;
        }
        PyObject *array = array_from_pair(state, &pair);
        Py_DECREF(pair.owner);
        return array;
    }
    PyObject *stream = array_stream_from(state, object);
    if (stream == NULL) {
        return NULL;
    }
    PyObject *package = PyImport_ImportModule("minarrow._core");
    PyObject *joined = package != NULL ? PyObject_CallMethod(package, "concat_arrays", "OO",
                                                             PyTuple_GET_ITEM(stream, 0),
                                                             PyTuple_GET_ITEM(stream, 1))
                                       : NULL;
    Py_XDECREF(package);
    Py_DECREF(stream);
    return joined;
}

/* ---- batches of a stream, one by one ---- */

typedef struct BatchStreamObject {
    PyObject_HEAD
    pyma_state *state; /* of the type's module */
    pyma_guard guard;  /* for everything below */
    import_stream in;  /* owned; capsule == NULL at the end */
    ma_schema *schema; /* owned */
} BatchStreamObject;

static void
BatchStream_tp_dealloc(PyObject *op)
{
    BatchStreamObject *self = (BatchStreamObject *)op;
    PyTypeObject *type = Py_TYPE(op);
    Py_CLEAR(self->in.capsule);
    ma_schema_unref(self->schema);
    pyma_guard_fini(&self->guard);
    type->tp_free(op);
    Py_DECREF(type);
}

/* The producer may take long, and takes the GIL itself if it needs it. */
static PyObject *
next_batch(BatchStreamObject *self)
{
    ma_batch *batch = NULL;
    ma_error err;
    ma_status st;
    if (self->in.capsule == NULL) {
        return NULL;
    }
    ma_error_init(&err);
    Py_BEGIN_ALLOW_THREADS
    st = ma_cdata_stream_next_batch(self->in.stream, self->schema, &batch, &err);
    Py_END_ALLOW_THREADS
    if (st == MA_OK) {
        return pyma_batch_wrap(self->state, batch);
    }
    Py_CLEAR(self->in.capsule);
    return st == MA_END ? NULL : pyma_raise(self->state, &err);
}

static PyObject *
BatchStream_tp_iternext(PyObject *op)
{
    BatchStreamObject *self = (BatchStreamObject *)op;
    if (pyma_guard_enter(&self->guard, "reader", true) < 0) {
        return NULL;
    }
    PyObject *batch = next_batch(self);
    pyma_guard_leave(&self->guard);
    return batch;
}

static PyType_Slot BatchStream_slots[] = {
    {Py_tp_doc, PyDoc_STR("The batches of another library's stream, one after the other.")},
    {Py_tp_dealloc, BatchStream_tp_dealloc},
    {Py_tp_iter, PyObject_SelfIter},
    {Py_tp_iternext, BatchStream_tp_iternext},
    {0, NULL},
};

PyType_Spec pyma_BatchStream_spec = {
    .name = "minarrow._core.BatchStream",
    .basicsize = sizeof(BatchStreamObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = BatchStream_slots,
};

static PyObject *
import_batch_stream(PyObject *module, PyObject *args)
{
    pyma_state *state = pyma_state_of_module(module);
    const ma_limits limits = ma_limits_default();
    PyObject *object;
    PyObject *wanted = Py_None;
    ma_error err;
    if (!PyArg_ParseTuple(args, "O|O:import_batch_stream", &object, &wanted)) {
        return NULL;
    }
    BatchStreamObject *self =
        (BatchStreamObject *)state->BatchStream->tp_alloc(state->BatchStream, 0);
    if (self == NULL) {
        return NULL;
    }
    self->state = state;
    ma_error_init(&err);
    PyObject *schema = NULL;
    PyObject *pair = NULL;
    if (pyma_guard_init(&self->guard) == 0 && open_stream(object, &self->in) == 0) {
        if (ma_cdata_stream_schema(self->in.stream, &limits, &self->schema, &err) != MA_OK) {
            pyma_raise(state, &err);
        } else {
            schema = pyma_schema_wrap(state, ma_schema_ref(self->schema));
        }
    }
    if (schema != NULL && wanted != Py_None) {
        ma_schema *core = pyma_schema_get(state, wanted);
        if (core != NULL && !ma_schema_equal(core, self->schema, false)) {
            PyErr_SetString(state->ArrowInvalid, "the stream's schema is not the one asked for");
        }
        if (PyErr_Occurred()) {
            Py_CLEAR(schema);
        }
    }
    if (schema != NULL) {
        pair = PyTuple_Pack(2, schema, (PyObject *)self);
    }
    Py_XDECREF(schema);
    Py_DECREF(self);
    return pair;
}

PyMethodDef pyma_capsule_import_functions[] = {
    {"import_record_batch", import_record_batch, METH_VARARGS,
     PyDoc_STR("import_record_batch(object, schema=None, /)\n--\n\n"
               "A RecordBatch of an object with __arrow_c_array__, without a copy.")},
    {"import_array_stream", import_array_stream, METH_O,
     PyDoc_STR("import_array_stream(object, /)\n--\n\n"
               "(list of Arrays, DataType) of an object with __arrow_c_stream__, without a copy.")},
    {"import_batch_stream", import_batch_stream, METH_VARARGS,
     PyDoc_STR("import_batch_stream(object, schema=None, /)\n--\n\n"
               "(Schema, iterator of RecordBatches) of an object with __arrow_c_stream__.")},
    {NULL, NULL, 0, NULL},
};
