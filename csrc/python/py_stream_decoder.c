/* StreamDecoder: a stream that is fed by hand, in chunks cut anywhere. */
#include "core/ipc/feeder.h"
#include "python/py_guard.h"
#include "python/py_module.h"
#include "python/py_options.h"
#include "python/py_reading.h"

typedef struct StreamDecoderObject {
    PyObject_HEAD
    pyma_state *state;   /* of the type's module */
    pyma_guard guard;    /* for everything below; chunks have an order, so nobody waits */
    ma_decoder *decoder; /* owned */
    ma_feeder feeder;
    PyObject *columns; /* owned; NULL for all */
    pyma_slot schema;  /* owned; NULL until it has come; read without the guard */
    PyObject *failure; /* owned; an exception to raise in the next call */
    bool finished;     /* no more chunks were to come */
    atomic_bool ended; /* read without the guard */
} StreamDecoderObject;

static int
check_status(StreamDecoderObject *self, ma_status st, const ma_error *err)
{
    if (st == MA_OK || st == MA_NEED_MORE) {
        return 0;
    }
    pyma_raise(self->state, err);
    return -1;
}

static PyObject *
StreamDecoder_tp_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"options", "columns", NULL};
    PyObject *options = NULL;
    PyObject *columns = Py_None;
    pyma_read_options read_options;
    ma_error err;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|$OO:StreamDecoder", names, &options,
                                     &columns) ||
        pyma_read_options_from(options, columns, &read_options) < 0) {
        return NULL;
    }
    StreamDecoderObject *self = (StreamDecoderObject *)type->tp_alloc(type, 0);
    if (self == NULL) {
        return NULL;
    }
    self->state = pyma_state_of_type(type);
    self->columns = Py_XNewRef(read_options.columns);
    pyma_guard_init(&self->guard);
    ma_error_init(&err);
    if (self->state == NULL ||
        check_status(self, ma_decoder_new(&read_options.limits, 0, &self->decoder, &err), &err) <
            0) {
        Py_DECREF(self);
        return NULL;
    }
    ma_feeder_init(&self->feeder, self->decoder);
    return (PyObject *)self;
}

static int
StreamDecoder_tp_traverse(PyObject *op, visitproc visit, void *arg)
{
    StreamDecoderObject *self = (StreamDecoderObject *)op;
    Py_VISIT(Py_TYPE(op));
    Py_VISIT(self->columns);
    PyObject *schema = atomic_load(&self->schema);
    Py_VISIT(schema);
    Py_VISIT(self->failure);
    return 0;
}

static int
StreamDecoder_tp_clear(PyObject *op)
{
    StreamDecoderObject *self = (StreamDecoderObject *)op;
    Py_CLEAR(self->columns);
    Py_XDECREF(atomic_exchange(&self->schema, NULL));
    Py_CLEAR(self->failure);
    return 0;
}

static void
StreamDecoder_tp_dealloc(PyObject *op)
{
    StreamDecoderObject *self = (StreamDecoderObject *)op;
    PyTypeObject *type = Py_TYPE(op);
    PyObject_GC_UnTrack(op);
    ma_feeder_fini(&self->feeder);
    ma_decoder_free(self->decoder);
    (void)StreamDecoder_tp_clear(op);
    pyma_guard_fini(&self->guard);
    type->tp_free(op);
    Py_DECREF(type);
}

/* ---- feeding ---- */

static int
accept_schema(StreamDecoderObject *self)
{
    ma_picks picks;
    ma_error err;
    ma_error_init(&err);
    if (self->columns != NULL) {
        if (pyma_picks_from(self->state, self->columns, ma_decoder_schema(self->decoder), &picks) <
                0 ||
            check_status(self, ma_decoder_project(self->decoder, &picks, &err), &err) < 0) {
            return -1;
        }
    }
    PyObject *schema =
        pyma_schema_wrap(self->state, ma_schema_ref(ma_decoder_schema(self->decoder)));
    atomic_store(&self->schema, schema);
    return schema != NULL ? 0 : -1;
}

static int
append_batch(StreamDecoderObject *self, PyObject *batches)
{
    PyObject *batch = pyma_batch_wrap(self->state, ma_decoder_take_batch(self->decoder));
    if (batch == NULL) {
        return -1;
    }
    const int result = PyList_Append(batches, batch);
    Py_DECREF(batch);
    return result;
}

/* Bytes behind the end of the stream belong to somebody else: `*used` says where they begin. */
static int
feed_chunk(StreamDecoderObject *self, ma_buffer chunk, PyObject *batches, int64_t *used)
{
    ma_error err;
    ma_event event;
    ma_error_init(&err);
    while (!self->ended) {
        const ma_status st = ma_feeder_feed(&self->feeder, chunk, used, &event, &err);
        if (st == MA_NEED_MORE) {
            return 0;
        }
        if (check_status(self, st, &err) < 0) {
            return -1;
        }
        self->ended = event == MA_EVENT_END;
        if ((event == MA_EVENT_SCHEMA && accept_schema(self) < 0) ||
            (event == MA_EVENT_BATCH && append_batch(self, batches) < 0)) {
            return -1;
        }
    }
    return 0;
}

/* Raise what went wrong at the end of an earlier call, which had batches to give first. */
static int
raise_failure(StreamDecoderObject *self)
{
    if (self->failure == NULL) {
        return 0;
    }
    pyma_error_restore(self->failure);
    self->failure = NULL;
    return -1;
}

/* What is left of the chunk is not kept: the stream cannot go on from here. */
static int
feed_or_abandon(StreamDecoderObject *self, ma_buffer chunk, PyObject *batches)
{
    int64_t used = 0;
    if (feed_chunk(self, chunk, batches, &used) < 0) {
        ma_decoder_abandon(self->decoder);
        return -1;
    }
    return 0;
}

static int
feed_locked(StreamDecoderObject *self, ma_buffer chunk, PyObject *batches)
{
    if (self->finished) {
        PyErr_SetString(self->state->ArrowInvalid,
                        "finish() has said that no more chunks come; begin with a new decoder");
        return -1;
    }
    if (raise_failure(self) < 0) {
        return -1;
    }
    if (feed_or_abandon(self, chunk, batches) == 0) {
        return 0;
    }
    if (PyList_GET_SIZE(batches) == 0) {
        return -1;
    }
    self->failure = pyma_error_take();
    return 0;
}

static PyObject *
StreamDecoder_feed(PyObject *op, PyObject *data)
{
    StreamDecoderObject *self = (StreamDecoderObject *)op;
    ma_buffer chunk;
    PyObject *batches = PyList_New(0);
    if (batches == NULL || pyma_buffer_from_object(data, &chunk) < 0) {
        Py_XDECREF(batches);
        return NULL;
    }
    int result = pyma_guard_enter(&self->guard, "decoder");
    if (result == 0) {
        result = feed_locked(self, chunk, batches);
        pyma_guard_leave(&self->guard);
    }
    ma_buffer_clear(&chunk);
    if (result < 0) {
        Py_DECREF(batches);
        return NULL;
    }
    return batches;
}

static int
finish_locked(StreamDecoderObject *self)
{
    ma_error err;
    ma_error_init(&err);
    self->finished = true;
    if (raise_failure(self) < 0 ||
        check_status(self, ma_feeder_end(&self->feeder, &err), &err) < 0) {
        return -1;
    }
    self->ended = true;
    return 0;
}

static PyObject *
StreamDecoder_finish(PyObject *op, PyObject *ignored)
{
    StreamDecoderObject *self = (StreamDecoderObject *)op;
    (void)ignored;
    if (pyma_guard_enter(&self->guard, "decoder") < 0) {
        return NULL;
    }
    const int result = finish_locked(self);
    pyma_guard_leave(&self->guard);
    if (result < 0) {
        return NULL;
    }
    Py_RETURN_NONE;
}

static PyObject *
StreamDecoder_get_schema(PyObject *op, void *closure)
{
    PyObject *schema = atomic_load(&((StreamDecoderObject *)op)->schema);
    (void)closure;
    return Py_NewRef(schema != NULL ? schema : Py_None);
}

static PyObject *
StreamDecoder_get_ended(PyObject *op, void *closure)
{
    (void)closure;
    return PyBool_FromLong(((StreamDecoderObject *)op)->ended);
}

static PyMethodDef StreamDecoder_methods[] = {
    {"feed", StreamDecoder_feed, METH_O,
     PyDoc_STR(
         "feed($self, data, /)\n--\n\n"
         "Go on with a chunk of the stream (bytes-like); the list of RecordBatches that it "
         "completed.\n\n"
         "Messages that lie in one chunk are used where they are, so the chunk must not change "
         "while their batches live. ArrowInvalid, with .offset, where the stream is damaged: after "
         "batches that the same chunk completed, in the next call. After any failure the stream "
         "does not go on: begin again with a new decoder.")},
    {"finish", StreamDecoder_finish, METH_NOARGS,
     PyDoc_STR(
         "finish($self)\n--\n\n"
         "Say that no more chunks come; feed() takes none from then on. ArrowInvalid when the "
         "stream ends inside a message.")},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef StreamDecoder_getset[] = {
    {"schema", StreamDecoder_get_schema, NULL,
     PyDoc_STR("The Schema, or None while it has not come."), NULL},
    {"ended", StreamDecoder_get_ended, NULL, PyDoc_STR("Whether the stream's end has come."), NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot StreamDecoder_slots[] = {
    {Py_tp_doc,
     PyDoc_STR("StreamDecoder(*, options=None, columns=None)\n"
               "--\n\n"
               "Decodes an Arrow IPC stream that is fed to it in chunks, cut anywhere.")},
    {Py_tp_new, StreamDecoder_tp_new},
    {Py_tp_dealloc, StreamDecoder_tp_dealloc},
    {Py_tp_traverse, StreamDecoder_tp_traverse},
    {Py_tp_clear, StreamDecoder_tp_clear},
    {Py_tp_methods, StreamDecoder_methods},
    {Py_tp_getset, StreamDecoder_getset},
    {0, NULL},
};

PyType_Spec pyma_StreamDecoder_spec = {
    .name = "minarrow._core.StreamDecoder",
    .basicsize = sizeof(StreamDecoderObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .slots = StreamDecoder_slots,
};
