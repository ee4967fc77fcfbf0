/* StreamReader: record batches from a stream, one after the other. */
#include "core/base/memory.h"
#include "core/base/number.h"
#include "core/ipc/decoder.h"
#include "python/py_guard.h"
#include "python/py_module.h"
#include "python/py_options.h"
#include "python/py_reading.h"
#include "python/py_source.h"

typedef struct StreamReaderObject {
    PyObject_HEAD
    pyma_state *state;   /* of the type's module */
    pyma_guard guard;    /* for everything below */
    pyma_source *source; /* owned; NULL once closed */
    ma_decoder *decoder; /* owned; NULL once closed */
    ma_buffer memory;    /* borrowed from the source, when it is memory */
    int64_t cursor;      /* in that memory */
    pyma_piece partial;  /* of the next piece, when reading it failed half-way */
    bool projects;       /* columns were chosen: bodies may be read in part */
    PyObject *schema;    /* owned; a Schema */
    ma_read_stats stats; /* as of closing */
} StreamReaderObject;

static int
reader_enter(StreamReaderObject *self)
{
    if (pyma_guard_enter(&self->guard, "reader") < 0) {
        return -1;
    }
    if (self->decoder == NULL) {
        pyma_guard_leave(&self->guard);
        PyErr_SetString(self->state->ArrowInvalid, "the reader is closed");
        return -1;
    }
    return 0;
}

static void
reader_leave(StreamReaderObject *self)
{
    pyma_guard_leave(&self->guard);
}

/* ---- the next event ---- */

/* Failures of the decoder come back as an exception. */
static int
check_status(StreamReaderObject *self, ma_status st, const ma_error *err)
{
    if (st == MA_OK) {
        return 0;
    }
    pyma_raise(self->state, err);
    return -1;
}

static int
end_input(StreamReaderObject *self, ma_buffer piece, ma_event *event)
{
    ma_error err;
    ma_error_init(&err);
    *event = MA_EVENT_END;
    return check_status(self, ma_decoder_end(self->decoder, piece, &err), &err);
}

/* A piece of memory is a view of it. */
static int
give_view(StreamReaderObject *self, int64_t need, ma_event *event)
{
    ma_error err;
    const int64_t left = self->memory.size - self->cursor;
    const ma_buffer piece = {self->memory.data + self->cursor, ma_min_i64(need, left),
                             self->memory.block};
    if (left < need) {
        self->cursor = self->memory.size;
        return end_input(self, piece, event);
    }
    ma_error_init(&err);
    self->cursor += need;
    return check_status(self, ma_decoder_give(self->decoder, piece, event, &err), &err);
}

/* Read a piece; where the input ends inside of it, say so. */
static int
give_read(StreamReaderObject *self, int64_t need, ma_event *event)
{
    ma_error err;
    ma_buffer piece;
    if (pyma_read_piece(self->source, &self->partial, need, &piece) < 0) {
        if (pyma_source_is_lost(self->source)) {
            ma_decoder_abandon(self->decoder);
        }
        return -1;
    }
    int result;
    if (piece.size < need) {
        result = end_input(self, piece, event);
    } else {
        ma_error_init(&err);
        result = check_status(self, ma_decoder_give(self->decoder, piece, event, &err), &err);
    }
    ma_buffer_clear(&piece);
    return result;
}

/* Read a body's wanted parts only, where the source can step over the rest. 1: done, 0: it
 * can't, or all of it is wanted. */
static int
give_parts(StreamReaderObject *self, int64_t need, ma_event *event)
{
    ma_error err;
    ma_range *parts = NULL;
    int64_t count;
    ma_buffer bytes;
    if (!pyma_source_can_skip(self->source)) {
        return 0;
    }
    ma_error_init(&err);
    if (check_status(self, ma_decoder_parts(self->decoder, &parts, &count, &err), &err) < 0) {
        return -1;
    }
    if (count < 0) {
        return 0;
    }
    int result = pyma_read_parts(self->source, parts, count, need, &bytes);
    if (result > 0) {
        result = check_status(
            self, ma_decoder_give_parts(self->decoder, parts, count, bytes, event, &err), &err);
        ma_buffer_clear(&bytes);
    } else if (result == 0) {
        result = check_status(self, ma_decoder_end_in_parts(self->decoder, &err), &err);
    } else {
        ma_decoder_abandon(self->decoder);
    }
    ma_free(parts);
    return result < 0 ? -1 : 1;
}

/* Go on until something happened. */
static int
next_event(StreamReaderObject *self, ma_event *event)
{
    do {
        const int64_t need = ma_decoder_need(self->decoder);
        if (self->memory.data != NULL) {
            if (give_view(self, need, event) < 0) {
                return -1;
            }
            continue;
        }
        if (self->projects && ma_decoder_wants_body(self->decoder)) {
            const int done = give_parts(self, need, event);
            if (done < 0) {
                return -1;
            }
            if (done > 0) {
                continue;
            }
        }
        if (give_read(self, need, event) < 0) {
            return -1;
        }
    } while (*event == MA_EVENT_NONE);
    if (self->memory.data != NULL) {
        pyma_source_move(self->source, self->cursor); /* a file object's position moves along */
    }
    return 0;
}

/* ---- making ---- */

static int
project(StreamReaderObject *self, PyObject *columns)
{
    ma_picks picks;
    ma_error err;
    if (columns == NULL) {
        return 0;
    }
    if (pyma_picks_from(self->state, columns, ma_decoder_schema(self->decoder), &picks) < 0) {
        return -1;
    }
    ma_error_init(&err);
    self->projects = true;
    return check_status(self, ma_decoder_project(self->decoder, &picks, &err), &err);
}

/* A reader knows its schema from the start, so the first message is read at once. */
static int
start_reader(StreamReaderObject *self, PyObject *source, const pyma_read_options *options)
{
    ma_error err;
    ma_event event;
    self->source = pyma_source_open(self->state, source, false, options->memory_map);
    if (self->source == NULL) {
        return -1;
    }
    self->memory = pyma_source_memory(self->source, &self->cursor);
    ma_error_init(&err);
    if (check_status(self, ma_decoder_new(&options->limits, self->cursor, &self->decoder, &err),
                     &err) < 0 ||
        next_event(self, &event) < 0) {
        return -1;
    }
    if (event != MA_EVENT_SCHEMA) {
        PyErr_SetString(self->state->ArrowInvalid, "the stream ends where its schema should be");
        return -1;
    }
    if (project(self, options->columns) < 0) {
        return -1;
    }
    self->schema = pyma_schema_wrap(self->state, ma_schema_ref(ma_decoder_schema(self->decoder)));
    return self->schema != NULL ? 0 : -1;
}

static PyObject *
StreamReader_tp_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"source", "options", "columns", "memory_map", NULL};
    PyObject *source;
    PyObject *options = NULL;
    PyObject *columns = Py_None;
    int memory_map = 1;
    pyma_read_options read_options;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|$OOp:StreamReader", names, &source, &options,
                                     &columns, &memory_map) ||
        pyma_read_options_from(options, columns, &read_options) < 0) {
        return NULL;
    }
    read_options.memory_map = memory_map;
    StreamReaderObject *self = (StreamReaderObject *)type->tp_alloc(type, 0);
    if (self == NULL) {
        return NULL;
    }
    self->state = pyma_state_of_type(type);
    pyma_guard_init(&self->guard);
    if (self->state == NULL || pyma_guard_enter(&self->guard, "reader") < 0) {
        Py_DECREF(self);
        return NULL;
    }
    const int result = start_reader(self, source, &read_options);
    reader_leave(self);
    if (result < 0) {
        Py_DECREF(self);
        return NULL;
    }
    self->guard.runs_python = pyma_source_is_python(self->source);
    return (PyObject *)self;
}

/* Gives the source, which is freed last: that may run code that looks at the reader. */
static pyma_source *
close_reader(StreamReaderObject *self)
{
    pyma_source *source = self->source;
    if (self->decoder != NULL) {
        self->stats = *ma_decoder_stats(self->decoder);
    }
    ma_decoder_free(self->decoder);
    self->decoder = NULL;
    pyma_piece_fini(&self->partial);
    self->memory = MA_NO_BUFFER;
    self->source = NULL;
    return source;
}

static int
StreamReader_tp_traverse(PyObject *op, visitproc visit, void *arg)
{
    StreamReaderObject *self = (StreamReaderObject *)op;
    Py_VISIT(Py_TYPE(op));
    Py_VISIT(self->schema);
    return self->source != NULL ? pyma_source_traverse(self->source, visit, arg) : 0;
}

static int
StreamReader_tp_clear(PyObject *op)
{
    StreamReaderObject *self = (StreamReaderObject *)op;
    if (!pyma_guard_is_lost(&self->guard)) {
        pyma_source_free(close_reader(self));
    }
    Py_CLEAR(self->schema);
    return 0;
}

static void
StreamReader_tp_dealloc(PyObject *op)
{
    PyTypeObject *type = Py_TYPE(op);
    PyObject_GC_UnTrack(op);
    (void)StreamReader_tp_clear(op);
    pyma_guard_fini(&((StreamReaderObject *)op)->guard);
    type->tp_free(op);
    Py_DECREF(type);
}

/* ---- reading ---- */

/* What a call gives for a batch: the batch, and with `pairs` its metadata beside it. */
static PyObject *
wrap_batch(StreamReaderObject *self, ma_batch *core, bool pairs)
{
    PyObject *batch = pyma_batch_wrap(self->state, ma_batch_ref(core));
    if (batch == NULL || !pairs) {
        return batch;
    }
    PyObject *metadata = pyma_metadata_to_dict(ma_batch_metadata(core));
    PyObject *pair = metadata != NULL ? PyTuple_Pack(2, batch, metadata) : NULL;
    Py_XDECREF(metadata);
    Py_DECREF(batch);
    return pair;
}

/* A batch is the decoder's until its object is made: if that fails, the next call gives it. */
static PyObject *
next_batch_locked(StreamReaderObject *self, bool pairs)
{
    ma_event event = MA_EVENT_BATCH;
    if (ma_decoder_batch(self->decoder) == NULL && next_event(self, &event) < 0) {
        return NULL;
    }
    if (event != MA_EVENT_BATCH) {
        return NULL;
    }
    PyObject *result = wrap_batch(self, ma_decoder_batch(self->decoder), pairs);
    if (result != NULL) {
        ma_batch_unref(ma_decoder_take_batch(self->decoder));
    }
    return result;
}

/* Who iterates takes StopIteration for the stream's end. One that a source lets slip is none: a
 * table would be made of what came before it, and nobody told. Python does so with generators. */
static void
refuse_stop(void)
{
    if (PyErr_Occurred() == NULL || !PyErr_ExceptionMatches(PyExc_StopIteration)) {
        return;
    }
    pyma_raise_from(pyma_error_take(), PyExc_RuntimeError,
                    "the source raised StopIteration, which is not the end of the stream");
}

/* NULL without an exception at the end. */
static PyObject *
next_batch(StreamReaderObject *self, bool pairs)
{
    if (reader_enter(self) < 0) {
        return NULL;
    }
    PyObject *result = next_batch_locked(self, pairs);
    reader_leave(self);
    if (result == NULL) {
        refuse_stop();
    }
    return result;
}

static PyObject *
StreamReader_tp_iternext(PyObject *op)
{
    return next_batch((StreamReaderObject *)op, false);
}

static PyObject *
end_of_stream(void)
{
    if (!PyErr_Occurred()) {
        PyErr_SetNone(PyExc_StopIteration);
    }
    return NULL;
}

static PyObject *
StreamReader_read_next_batch(PyObject *op, PyObject *ignored)
{
    (void)ignored;
    PyObject *batch = next_batch((StreamReaderObject *)op, false);
    return batch != NULL ? batch : end_of_stream();
}

static PyObject *
StreamReader_read_next_batch_with_custom_metadata(PyObject *op, PyObject *ignored)
{
    (void)ignored;
    PyObject *pair = next_batch((StreamReaderObject *)op, true);
    return pair != NULL ? pair : end_of_stream();
}

static PyObject *
StreamReader_close(PyObject *op, PyObject *ignored)
{
    StreamReaderObject *self = (StreamReaderObject *)op;
    (void)ignored;
    if (pyma_guard_enter(&self->guard, "reader") < 0) {
        return NULL;
    }
    pyma_source *source = close_reader(self);
    reader_leave(self);
    pyma_source_free(source);
    Py_RETURN_NONE;
}

static PyObject *
StreamReader_enter(PyObject *op, PyObject *ignored)
{
    (void)ignored;
    return Py_NewRef(op);
}

static PyObject *
StreamReader_exit(PyObject *op, PyObject *args)
{
    (void)args;
    return StreamReader_close(op, NULL);
}

static PyObject *
StreamReader_get_schema(PyObject *op, void *closure)
{
    (void)closure;
    return pyma_guard_attribute(((StreamReaderObject *)op)->schema, "reader");
}

static PyObject *
StreamReader_get_stats(PyObject *op, void *closure)
{
    StreamReaderObject *self = (StreamReaderObject *)op;
    (void)closure;
    if (pyma_guard_enter(&self->guard, "reader") < 0) {
        return NULL;
    }
    const ma_read_stats stats =
        self->decoder != NULL ? *ma_decoder_stats(self->decoder) : self->stats;
    reader_leave(self);
    return pyma_read_stats_wrap(&stats);
}

static PyObject *
StreamReader_get_closed(PyObject *op, void *closure)
{
    (void)closure;
    return PyBool_FromLong(((StreamReaderObject *)op)->decoder == NULL);
}

static PyMethodDef StreamReader_methods[] = {
    {"read_next_batch", StreamReader_read_next_batch, METH_NOARGS,
     PyDoc_STR("read_next_batch($self)\n--\n\n"
               "The next RecordBatch of the stream; StopIteration at its end.\n\n"
               "Its columns are built when they are touched. ArrowInvalid, with .offset, where the "
               "stream is damaged or cut off; batches that came before stay valid.")},
    {"read_next_batch_with_custom_metadata", StreamReader_read_next_batch_with_custom_metadata,
     METH_NOARGS,
     PyDoc_STR("read_next_batch_with_custom_metadata($self)\n--\n\n"
               "The next RecordBatch and its message's metadata (a dict of bytes, or None).")},
    {"close", StreamReader_close, METH_NOARGS,
     PyDoc_STR("close($self)\n--\n\n"
               "Let go of the source. Batches that were read stay valid. May be called again.")},
    {"__enter__", StreamReader_enter, METH_NOARGS, NULL},
    {"__exit__", StreamReader_exit, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef StreamReader_getset[] = {
    {"schema", StreamReader_get_schema, NULL, PyDoc_STR("The Schema of every batch."), NULL},
    {"stats", StreamReader_get_stats, NULL,
     PyDoc_STR("What was read so far: (num_messages, num_record_batches, num_dictionary_batches, "
               "num_dictionary_deltas, num_replaced_dictionaries)."),
     NULL},
    {"closed", StreamReader_get_closed, NULL, PyDoc_STR("Whether close() was called."), NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot StreamReader_slots[] = {
    {Py_tp_doc, PyDoc_STR("StreamReader(source, *, options=None, columns=None, memory_map=True)\n"
                          "--\n\n"
                          "Reads record batches from an Arrow IPC stream (Columnar.rst, \"IPC "
                          "Streaming Format\").")},
    {Py_tp_new, StreamReader_tp_new},
    {Py_tp_dealloc, StreamReader_tp_dealloc},
    {Py_tp_traverse, StreamReader_tp_traverse},
    {Py_tp_clear, StreamReader_tp_clear},
    {Py_tp_iter, PyObject_SelfIter},
    {Py_tp_iternext, StreamReader_tp_iternext},
    {Py_tp_methods, StreamReader_methods},
    {Py_tp_getset, StreamReader_getset},
    {0, NULL},
};

PyType_Spec pyma_StreamReader_spec = {
    .name = "minarrow._core.StreamReader",
    .basicsize = sizeof(StreamReaderObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .slots = StreamReader_slots,
};
