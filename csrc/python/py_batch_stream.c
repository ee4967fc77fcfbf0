/* BatchStream: the batches of another library's C stream, one after the other. */
#include "python/py_batch_stream.h"

#include "core/cdata/request.h"
#include "core/cdata/stream.h"
#include "python/py_failure.h"
#include "python/py_guard.h"
#include "python/py_module.h"

typedef struct BatchStreamObject {
    PyObject_HEAD
    pyma_state *state;              /* of the type's module */
    pyma_guard guard;               /* for everything below; a producer may run Python code */
    struct ArrowArrayStream stream; /* owned; released at the end */
    ma_schema *own;                 /* owned; of what comes */
    ma_schema *schema;              /* owned; of what is given on */
    bool failed;                    /* whether a batch may be lost, so that the next is not it */
} BatchStreamObject;

void
pyma_release_stream(struct ArrowArrayStream *stream)
{
    if (stream->release != NULL) {
        PyObject *error = pyma_error_take(); /* the producer may run Python code */
        Py_BEGIN_ALLOW_THREADS
        stream->release(stream);
        Py_END_ALLOW_THREADS
        stream->release = NULL;
        pyma_error_restore(error);
    }
}

static void
BatchStream_tp_dealloc(PyObject *op)
{
    BatchStreamObject *self = (BatchStreamObject *)op;
    PyTypeObject *type = Py_TYPE(op);
    pyma_release_stream(&self->stream);
    ma_schema_unref(self->own);
    ma_schema_unref(self->schema);
    pyma_guard_fini(&self->guard);
    type->tp_free(op);
    Py_DECREF(type);
}

/* ---- making ---- */

static ma_status
settle_schema(BatchStreamObject *self, ma_schema *wanted, ma_error *err)
{
    const ma_limits limits = ma_limits_default();
    MA_TRY(ma_cdata_stream_schema(&self->stream, &limits, &self->own, err));
    if (wanted == NULL) {
        self->schema = ma_schema_ref(self->own);
        return MA_OK;
    }
    MA_TRY(ma_cdata_request_schema(self->own, wanted, &self->schema, err));
    return ma_schema_equal(self->schema, wanted, false)
               ? MA_OK
               : ma_fail(err, MA_INVALID, -1,
                         "the stream is not of the schema asked for, and a conversion would change "
                         "values");
}

static BatchStreamObject *
new_object(pyma_state *state)
{
    BatchStreamObject *self =
        (BatchStreamObject *)state->BatchStream->tp_alloc(state->BatchStream, 0);
    if (self == NULL) {
        return NULL;
    }
    self->state = state;
    pyma_guard_init(&self->guard);
    return self;
}

PyObject *
pyma_batch_stream_new(pyma_state *state, struct ArrowArrayStream *in, ma_schema *wanted)
{
    ma_error err;
    ma_status st;
    BatchStreamObject *self = new_object(state);
    if (self == NULL) {
        pyma_release_stream(in);
        return NULL;
    }
    self->stream = *in;
    in->release = NULL;
    ma_error_init(&err);
    Py_BEGIN_ALLOW_THREADS
    st = settle_schema(self, wanted, &err);
    Py_END_ALLOW_THREADS
    PyObject *schema = st == MA_OK ? pyma_schema_wrap(state, ma_schema_ref(self->schema))
                                   : pyma_raise(state, &err);
    PyObject *pair = schema != NULL ? PyTuple_Pack(2, schema, (PyObject *)self) : NULL;
    Py_XDECREF(schema);
    Py_DECREF(self);
    return pair;
}

/* ---- reading ---- */

static ma_status
take_next(BatchStreamObject *self, ma_batch **out, ma_error *err)
{
    ma_batch *batch = NULL;
    MA_TRY(ma_cdata_stream_next_batch(&self->stream, self->own, &batch, err));
    if (self->schema == self->own) {
        *out = batch;
        return MA_OK;
    }
    const ma_status st = ma_cdata_lend_batch(batch, self->schema, out, err);
    ma_batch_unref(batch);
    return st;
}

/* The producer may take long, and takes the GIL itself if it needs it. */
static PyObject *
next_batch(BatchStreamObject *self)
{
    ma_batch *batch = NULL;
    ma_error err;
    ma_status st;
    if (self->failed) {
        PyErr_SetString(self->state->ArrowInvalid, "the stream could not be read before this "
                                                   "point; ask its producer for another");
        return NULL;
    }
    if (self->stream.release == NULL) {
        return NULL;
    }
    ma_error_init(&err);
    Py_BEGIN_ALLOW_THREADS
    st = take_next(self, &batch, &err);
    Py_END_ALLOW_THREADS
    PyObject *wrapped = st == MA_OK    ? pyma_batch_wrap(self->state, batch)
                        : st == MA_END ? NULL
                                       : pyma_raise(self->state, &err);
    const bool goes_on = st == MA_IO && pyma_is_for_now(err.sys_errno);
    if (wrapped == NULL && !goes_on) {
        self->failed = st != MA_END;
        pyma_release_stream(&self->stream);
    }
    return wrapped;
}

static PyObject *
BatchStream_tp_iternext(PyObject *op)
{
    BatchStreamObject *self = (BatchStreamObject *)op;
    if (pyma_guard_enter(&self->guard, "reader") < 0) {
        return NULL;
    }
    PyObject *batch = next_batch(self);
    pyma_guard_leave(&self->guard);
    return batch;
}

static PyMethodDef BatchStream_methods[] = {
    PYMA_NO_PICKLING,
    {0},
};

static PyType_Slot BatchStream_slots[] = {
    {Py_tp_doc, PyDoc_STR("The batches of another library's stream, one after the other.")},
    {Py_tp_dealloc, BatchStream_tp_dealloc},
    {Py_tp_iter, PyObject_SelfIter},
    {Py_tp_iternext, BatchStream_tp_iternext},
    {Py_tp_methods, BatchStream_methods},
    {0, NULL},
};

PyType_Spec pyma_BatchStream_spec = {
    .name = "minarrow._core.BatchStream",
    .basicsize = sizeof(BatchStreamObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = BatchStream_slots,
};
