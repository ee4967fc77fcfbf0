/* StreamWriter and FileWriter: record batches to a sink. They differ in what the core's encoder
 * is told. */
#include "core/ipc/encoder.h"
#include "python/py_guard.h"
#include "python/py_module.h"
#include "python/py_options.h"
#include "python/py_sink.h"

#define LONG_WORK \
    (32 * 1024) /* values that take longer to encode than giving the GIL away and back */

typedef struct WriterObject {
    PyObject_HEAD
    pyma_state *state;     /* of the type's module */
    pyma_guard guard;      /* for everything below */
    pyma_sink *sink;       /* owned; NULL once closed */
    ma_encoder *encoder;   /* owned; NULL once closed */
    ma_output output;      /* what is being written */
    ma_metadata *metadata; /* owned; a file's footer's; may be NULL */
    PyObject *schema;      /* owned; a Schema */
    bool compresses;
    bool is_file;
    bool failed;          /* a write failed half-way: nothing may follow it */
    ma_write_stats stats; /* as of closing */
} WriterObject;

static int
writer_enter(WriterObject *self)
{
    return pyma_guard_enter(&self->guard, "writer");
}

static void
writer_leave(WriterObject *self)
{
    pyma_guard_leave(&self->guard);
}

static int
check_usable(WriterObject *self)
{
    if (self->encoder == NULL) {
        PyErr_SetString(self->state->ArrowInvalid, "the writer is closed");
        return -1;
    }
    if (self->failed) {
        PyErr_SetString(self->state->ArrowInvalid,
                        "an earlier write to this sink failed part-way, so nothing can follow it; "
                        "what was written whole before it stays readable as a stream");
        return -1;
    }
    return 0;
}

/* ---- writing what the encoder made ---- */

static int
send_output(WriterObject *self)
{
    int64_t written = 0;
    if (pyma_sink_write(self->sink, self->output.segments, self->output.count, &written) < 0) {
        /* Nothing went out: the sink is where it was, and the call may be tried again. */
        self->failed = written != 0 || pyma_sink_is_python(self->sink);
        return -1;
    }
    ma_encoder_commit(self->encoder);
    return 0;
}

/* Send what `st` says was made, and let go of it either way. */
static int
finish_output(WriterObject *self, ma_status st, const ma_error *err)
{
    int result = -1;
    if (st == MA_OK) {
        result = send_output(self);
    } else {
        pyma_raise(self->state, err);
    }
    ma_output_reset(&self->output);
    return result;
}

static int
write_begin(WriterObject *self)
{
    ma_error err;
    ma_error_init(&err);
    const ma_status st = ma_encoder_begin(self->encoder, &self->output, &err);
    return finish_output(self, st, &err);
}

static int
write_end(WriterObject *self)
{
    ma_error err;
    ma_error_init(&err);
    const ma_status st = ma_encoder_finish(self->encoder, self->metadata, &self->output, &err);
    return finish_output(self, st, &err);
}

static bool
is_long_work(const WriterObject *self, const ma_batch *batch)
{
    const int64_t columns = ma_batch_schema(batch)->n_fields;
    return self->compresses || ma_batch_length(batch) > LONG_WORK ||
           ma_batch_length(batch) * columns > LONG_WORK;
}

static int
write_one(WriterObject *self, ma_batch *batch, const ma_metadata *metadata)
{
    ma_error err;
    ma_status st;
    ma_error_init(&err);
    if (is_long_work(self, batch)) {
        Py_BEGIN_ALLOW_THREADS
        st = ma_encoder_batch(self->encoder, batch, metadata, &self->output, &err);
        Py_END_ALLOW_THREADS
    } else {
        st = ma_encoder_batch(self->encoder, batch, metadata, &self->output, &err);
    }
    return finish_output(self, st, &err);
}

/* ---- making ---- */

static int
start_writer(WriterObject *self, PyObject *sink, PyObject *schema, const ma_write_options *options)
{
    ma_error err;
    ma_schema *core = pyma_schema_get(self->state, schema);
    if (core == NULL) {
        return -1;
    }
    self->schema = Py_NewRef(schema);
    self->compresses = options->codec != MA_CODEC_NONE;
    ma_error_init(&err);
    /* Before the sink: a file is not truncated for options that are wrong. */
    if (ma_encoder_new(core, options, self->is_file, &self->encoder, &err) != MA_OK) {
        pyma_raise(self->state, &err);
        return -1;
    }
    self->sink = pyma_sink_open(self->state, sink);
    return self->sink != NULL ? write_begin(self) : -1;
}

/* Let go of everything without writing. Gives the sink, which is freed last: that may run code that
 * looks at the writer. */
static pyma_sink *
drop_writer(WriterObject *self)
{
    pyma_sink *sink = self->sink;
    if (self->encoder != NULL) {
        self->stats = *ma_encoder_stats(self->encoder);
    }
    ma_encoder_free(self->encoder);
    self->encoder = NULL;
    self->sink = NULL;
    ma_output_fini(&self->output);
    ma_metadata_unref(self->metadata);
    self->metadata = NULL;
    return sink;
}

static PyObject *
new_writer(PyTypeObject *type, PyObject *sink, PyObject *schema, PyObject *options,
           PyObject *metadata, bool is_file)
{
    ma_write_options write_options;
    if (pyma_write_options_from(options, &write_options) < 0) {
        return NULL;
    }
    WriterObject *self = (WriterObject *)type->tp_alloc(type, 0);
    if (self == NULL) {
        return NULL;
    }
    self->is_file = is_file;
    ma_output_init(&self->output);
    self->state = pyma_state_of_type(type);
    pyma_guard_init(&self->guard);
    if (self->state == NULL || pyma_metadata_from(metadata, &self->metadata) < 0 ||
        writer_enter(self) < 0) {
        Py_DECREF(self);
        return NULL;
    }
    const int result = start_writer(self, sink, schema, &write_options);
    pyma_sink *unused = result < 0 ? drop_writer(self) : NULL;
    writer_leave(self);
    if (result < 0) {
        pyma_sink_free(unused);
        Py_DECREF(self);
        return NULL;
    }
    self->guard.runs_python = pyma_sink_is_python(self->sink);
    return (PyObject *)self;
}

static PyObject *
StreamWriter_tp_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"sink", "schema", "options", NULL};
    PyObject *sink;
    PyObject *schema;
    PyObject *options = NULL;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OO|$O:StreamWriter", names, &sink, &schema,
                                     &options)) {
        return NULL;
    }
    return new_writer(type, sink, schema, options, Py_None, false);
}

static PyObject *
FileWriter_tp_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"sink", "schema", "options", "metadata", NULL};
    PyObject *sink;
    PyObject *schema;
    PyObject *options = NULL;
    PyObject *metadata = Py_None;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OO|$OO:FileWriter", names, &sink, &schema,
                                     &options, &metadata)) {
        return NULL;
    }
    return new_writer(type, sink, schema, options, metadata, true);
}

static int
Writer_tp_traverse(PyObject *op, visitproc visit, void *arg)
{
    WriterObject *self = (WriterObject *)op;
    Py_VISIT(Py_TYPE(op));
    Py_VISIT(self->schema);
    return self->sink != NULL ? pyma_sink_traverse(self->sink, visit, arg) : 0;
}

static int
Writer_tp_clear(PyObject *op)
{
    WriterObject *self = (WriterObject *)op;
    if (!pyma_guard_is_lost(&self->guard)) {
        pyma_sink_free(drop_writer(self));
    }
    Py_CLEAR(self->schema);
    return 0;
}

/* A writer that is dropped unclosed has no end mark, and a file no footer: somebody should hear
 * of it. */
static void
Writer_tp_finalize(PyObject *op)
{
    WriterObject *self = (WriterObject *)op;
    if (self->encoder == NULL || self->failed) {
        return;
    }
    PyObject *error = pyma_error_take();
    if (PyErr_ResourceWarning(op, 1, "unclosed %s; what it wrote has no end",
                              self->is_file ? "file writer" : "stream writer") < 0) {
        PyErr_WriteUnraisable(op);
    }
    pyma_error_restore(error);
}

static void
Writer_tp_dealloc(PyObject *op)
{
    PyTypeObject *type = Py_TYPE(op);
    if (PyObject_CallFinalizerFromDealloc(op) < 0) {
        return; /* brought back to life */
    }
    PyObject_GC_UnTrack(op);
    (void)Writer_tp_clear(op);
    pyma_guard_fini(&((WriterObject *)op)->guard);
    type->tp_free(op);
    Py_DECREF(type);
}

/* ---- methods ---- */

static int
write_locked(WriterObject *self, PyObject *batch, const ma_metadata *metadata)
{
    ma_batch *core = pyma_batch_get(self->state, batch);
    if (core == NULL || check_usable(self) < 0) {
        return -1;
    }
    return write_one(self, core, metadata);
}

static PyObject *
Writer_write_batch(PyObject *op, PyObject *const *args, Py_ssize_t n_args, PyObject *names)
{
    WriterObject *self = (WriterObject *)op;
    ma_metadata *metadata = NULL;
    const Py_ssize_t n_names = names != NULL ? PyTuple_GET_SIZE(names) : 0;
    if (n_args < 1 || n_args + n_names > 2 ||
        (n_names == 1 &&
         PyUnicode_CompareWithASCIIString(PyTuple_GET_ITEM(names, 0), "custom_metadata") != 0)) {
        PyErr_SetString(PyExc_TypeError, "write_batch(batch, custom_metadata=None)");
        return NULL;
    }
    if (n_args + n_names == 2 && pyma_metadata_from(args[1], &metadata) < 0) {
        return NULL;
    }
    int result = writer_enter(self);
    if (result == 0) {
        result = write_locked(self, args[0], metadata);
        writer_leave(self);
    }
    ma_metadata_unref(metadata);
    if (result < 0) {
        return NULL;
    }
    Py_RETURN_NONE;
}

/* Write the end, unless a write failed before, and close the sink if it is ours. `*sink` is what is
 * left to free. */
static int
close_locked(WriterObject *self, pyma_sink **sink)
{
    if (self->encoder == NULL) {
        return 0;
    }
    int result = self->failed ? 0 : write_end(self);
    if (result == 0 && !self->failed) {
        result = pyma_sink_flush(self->sink);
    }
    PyObject *error = pyma_error_take();
    const int closed = pyma_sink_close(self->sink);
    if (error != NULL) {
        pyma_error_restore(error); /* the first thing that went wrong is the one to tell */
    }
    *sink = drop_writer(self);
    return result < 0 ? result : closed;
}

static PyObject *
Writer_close(PyObject *op, PyObject *ignored)
{
    WriterObject *self = (WriterObject *)op;
    (void)ignored;
    if (writer_enter(self) < 0) {
        return NULL;
    }
    pyma_sink *sink = NULL;
    const int result = close_locked(self, &sink);
    writer_leave(self);
    pyma_sink_free(sink);
    if (result < 0) {
        return NULL;
    }
    Py_RETURN_NONE;
}

static PyObject *
Writer_enter(PyObject *op, PyObject *ignored)
{
    (void)ignored;
    return Py_NewRef(op);
}

static PyObject *
Writer_exit(PyObject *op, PyObject *args)
{
    (void)args;
    return Writer_close(op, NULL);
}

static PyObject *
Writer_get_schema(PyObject *op, void *closure)
{
    (void)closure;
    return pyma_guard_attribute(((WriterObject *)op)->schema, "writer");
}

static PyObject *
Writer_get_stats(PyObject *op, void *closure)
{
    WriterObject *self = (WriterObject *)op;
    (void)closure;
    if (writer_enter(self) < 0) {
        return NULL;
    }
    const ma_write_stats stats =
        self->encoder != NULL ? *ma_encoder_stats(self->encoder) : self->stats;
    writer_leave(self);
    return Py_BuildValue("LLLLLLL", (long long)stats.messages, (long long)stats.batches,
                         (long long)stats.dictionary_batches, (long long)stats.dictionary_deltas,
                         (long long)stats.replaced_dictionaries, (long long)stats.raw_body_size,
                         (long long)stats.serialized_body_size);
}

static PyObject *
Writer_get_closed(PyObject *op, void *closure)
{
    (void)closure;
    return PyBool_FromLong(((WriterObject *)op)->encoder == NULL);
}

static PyMethodDef Writer_methods[] = {
    {"write_batch", (PyCFunction)(void (*)(void))Writer_write_batch, METH_FASTCALL | METH_KEYWORDS,
     PyDoc_STR(
         "write_batch($self, batch, custom_metadata=None)\n--\n\n"
         "Write a RecordBatch of the writer's schema, whose rows all go out before this "
         "returns.\n\n"
         "`custom_metadata` (a mapping, or pairs, of str or bytes) goes with this message. "
         "ArrowInvalid when the batch does not fit the schema or its values break the format; then "
         "nothing of it was written. OSError as the sink raises it.")},
    {"close", Writer_close, METH_NOARGS,
     PyDoc_STR("close($self)\n--\n\n"
               "Write the end mark (and a file's footer), and close the sink if the writer opened "
               "it. May be "
               "called again. After a write that failed part-way nothing more is written.")},
    {"__enter__", Writer_enter, METH_NOARGS, NULL},
    {"__exit__", Writer_exit, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef Writer_getset[] = {
    {"schema", Writer_get_schema, NULL, PyDoc_STR("The Schema that is written."), NULL},
    {"stats", Writer_get_stats, NULL,
     PyDoc_STR(
         "What was written so far: (num_messages, num_record_batches, num_dictionary_batches, "
         "num_dictionary_deltas, num_replaced_dictionaries, total_raw_body_size, "
         "total_serialized_body_size)."),
     NULL},
    {"closed", Writer_get_closed, NULL, PyDoc_STR("Whether close() was called."), NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot StreamWriter_slots[] = {
    {Py_tp_doc,
     PyDoc_STR("StreamWriter(sink, schema, *, options=None)\n"
               "--\n\n"
               "Writes record batches as an Arrow IPC stream (Columnar.rst, \"IPC Streaming "
               "Format\").")},
    {Py_tp_new, StreamWriter_tp_new},
    {Py_tp_dealloc, Writer_tp_dealloc},
    {Py_tp_finalize, Writer_tp_finalize},
    {Py_tp_traverse, Writer_tp_traverse},
    {Py_tp_clear, Writer_tp_clear},
    {Py_tp_methods, Writer_methods},
    {Py_tp_getset, Writer_getset},
    {0, NULL},
};

static PyType_Slot FileWriter_slots[] = {
    {Py_tp_doc, PyDoc_STR("FileWriter(sink, schema, *, options=None, metadata=None)\n"
                          "--\n\n"
                          "Writes record batches as an Arrow IPC file (Columnar.rst, \"IPC File "
                          "Format\").")},
    {Py_tp_new, FileWriter_tp_new},
    {Py_tp_dealloc, Writer_tp_dealloc},
    {Py_tp_finalize, Writer_tp_finalize},
    {Py_tp_traverse, Writer_tp_traverse},
    {Py_tp_clear, Writer_tp_clear},
    {Py_tp_methods, Writer_methods},
    {Py_tp_getset, Writer_getset},
    {0, NULL},
};

PyType_Spec pyma_StreamWriter_spec = {
    .name = "minarrow._core.StreamWriter",
    .basicsize = sizeof(WriterObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .slots = StreamWriter_slots,
};

PyType_Spec pyma_FileWriter_spec = {
    .name = "minarrow._core.FileWriter",
    .basicsize = sizeof(WriterObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .slots = FileWriter_slots,
};
