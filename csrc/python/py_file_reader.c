/* FileReader: any record batch of a file, in any order. */
#include "core/ipc/file.h"
#include "python/py_guard.h"
#include "python/py_module.h"
#include "python/py_options.h"
#include "python/py_reading.h"
#include "python/py_source.h"

typedef struct FileReaderObject {
    PyObject_HEAD
    pyma_state *state;   /* of the type's module */
    pyma_guard guard;    /* for everything below */
    pyma_source *source; /* owned; NULL once closed */
    ma_file *file;       /* owned; NULL once closed */
    int64_t n_batches;
    PyObject *schema;    /* owned; a Schema */
    PyObject *metadata;  /* owned; the footer's, a dict or None */
    ma_read_stats stats; /* as of closing */
} FileReaderObject;

static int
reader_enter(FileReaderObject *self)
{
    if (pyma_guard_enter(&self->guard, "reader") < 0) {
        return -1;
    }
    if (self->file == NULL) {
        pyma_guard_leave(&self->guard);
        PyErr_SetString(self->state->ArrowInvalid, "the reader is closed");
        return -1;
    }
    return 0;
}

static void
reader_leave(FileReaderObject *self)
{
    pyma_guard_leave(&self->guard);
}

/* ---- making ---- */

/* ma_file_source.read: the core asks, with the GIL held. */
static ma_status
read_at(void *context, int64_t offset, uint8_t *target, int64_t size, ma_error *err)
{
    const int64_t got = pyma_source_read_at(context, offset, target, size);
    if (got < 0) {
        return ma_fail(err, MA_IO, offset,
                       "the file could not be read"); /* the exception says more */
    }
    if (got < size) {
        return ma_fail(err, MA_INVALID, offset + got,
                       "the file ended here while it was read; it has become shorter");
    }
    return MA_OK;
}

static int
check_status(FileReaderObject *self, ma_status st, const ma_error *err)
{
    if (st == MA_OK) {
        return 0;
    }
    pyma_raise(self->state, err);
    return -1;
}

static int
describe_source(FileReaderObject *self, ma_file_source *out)
{
    int64_t start;
    out->memory = pyma_source_memory(self->source, &start);
    out->size = out->memory.data != NULL ? out->memory.size : pyma_source_size(self->source);
    out->context = self->source;
    const bool reads = out->memory.data == NULL || pyma_source_is_mapped(self->source);
    out->read = reads ? read_at : NULL;
    if (out->size < 0) {
        if (!PyErr_Occurred()) {
            PyErr_SetString(PyExc_TypeError,
                            "an Arrow file is read from its end, and this source cannot seek; read "
                            "it into memory first, or write a stream");
        }
        return -1;
    }
    return 0;
}

static int
project(FileReaderObject *self, PyObject *columns)
{
    ma_picks picks;
    ma_error err;
    if (columns == NULL) {
        return 0;
    }
    if (pyma_picks_from(self->state, columns, ma_file_schema(self->file), &picks) < 0) {
        return -1;
    }
    ma_error_init(&err);
    return check_status(self, ma_file_project(self->file, &picks, &err), &err);
}

static int
start_reader(FileReaderObject *self, PyObject *source, const pyma_read_options *options)
{
    ma_error err;
    ma_file_source file_source;
    self->source = pyma_source_open(self->state, source, true, options->memory_map);
    if (self->source == NULL || describe_source(self, &file_source) < 0) {
        return -1;
    }
    ma_error_init(&err);
    if (check_status(self, ma_file_open(&file_source, &options->limits, &self->file, &err), &err) <
            0 ||
        project(self, options->columns) < 0) {
        return -1;
    }
    self->n_batches = ma_file_batch_count(self->file);
    self->schema = pyma_schema_wrap(self->state, ma_schema_ref(ma_file_schema(self->file)));
    self->metadata = pyma_metadata_to_dict(ma_file_metadata(self->file));
    return self->schema != NULL && self->metadata != NULL ? 0 : -1;
}

static PyObject *
FileReader_tp_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"source", "footer_offset", "options", "columns", "memory_map", NULL};
    PyObject *source;
    PyObject *footer_offset = Py_None;
    PyObject *options = NULL;
    PyObject *columns = Py_None;
    int memory_map = 1;
    pyma_read_options read_options;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|O$OOp:FileReader", names, &source,
                                     &footer_offset, &options, &columns, &memory_map) ||
        pyma_read_options_from(options, columns, &read_options) < 0) {
        return NULL;
    }
    if (footer_offset != Py_None) {
        PyErr_SetString(
            PyExc_NotImplementedError,
            "footer_offset is not taken; slice the source's buffer so that it ends where "
            "the file does");
        return NULL;
    }
    read_options.memory_map = memory_map;
    FileReaderObject *self = (FileReaderObject *)type->tp_alloc(type, 0);
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
close_reader(FileReaderObject *self)
{
    pyma_source *source = self->source;
    if (self->file != NULL) {
        self->stats = *ma_file_stats(self->file);
    }
    ma_file_free(self->file); /* before the source, whose memory it points into */
    self->file = NULL;
    self->source = NULL;
    return source;
}

static int
FileReader_tp_traverse(PyObject *op, visitproc visit, void *arg)
{
    FileReaderObject *self = (FileReaderObject *)op;
    Py_VISIT(Py_TYPE(op));
    Py_VISIT(self->schema);
    Py_VISIT(self->metadata);
    return self->source != NULL ? pyma_source_traverse(self->source, visit, arg) : 0;
}

static int
FileReader_tp_clear(PyObject *op)
{
    FileReaderObject *self = (FileReaderObject *)op;
    if (!pyma_guard_is_lost(&self->guard)) {
        pyma_source_free(close_reader(self));
    }
    Py_CLEAR(self->schema);
    Py_CLEAR(self->metadata);
    return 0;
}

static void
FileReader_tp_dealloc(PyObject *op)
{
    PyTypeObject *type = Py_TYPE(op);
    PyObject_GC_UnTrack(op);
    (void)FileReader_tp_clear(op);
    pyma_guard_fini(&((FileReaderObject *)op)->guard);
    type->tp_free(op);
    Py_DECREF(type);
}

/* ---- reading ---- */

static ma_batch *
read_batch(FileReaderObject *self, PyObject *number)
{
    ma_error err;
    ma_batch *batch = NULL;
    const Py_ssize_t index = PyNumber_AsSsize_t(number, NULL); /* one too large is the largest */
    if ((index == -1 && PyErr_Occurred()) || reader_enter(self) < 0) {
        return NULL;
    }
    const bool exists = index >= 0 && index < self->n_batches;
    ma_error_init(&err);
    const ma_status st = exists ? ma_file_batch(self->file, index, &batch, &err) : MA_OK;
    reader_leave(self);
    if (!exists) {
        PyErr_Format(self->state->ArrowIndexError,
                     "batch %S does not exist; the file has %lld, numbered from 0", number,
                     (long long)self->n_batches);
        return NULL;
    }
    if (st != MA_OK) {
        pyma_raise(self->state, &err);
        return NULL;
    }
    return batch;
}

static PyObject *
FileReader_get_batch(PyObject *op, PyObject *number)
{
    FileReaderObject *self = (FileReaderObject *)op;
    ma_batch *batch = read_batch(self, number);
    return batch != NULL ? pyma_batch_wrap(self->state, batch) : NULL;
}

static PyObject *
FileReader_get_batch_with_custom_metadata(PyObject *op, PyObject *number)
{
    FileReaderObject *self = (FileReaderObject *)op;
    ma_batch *batch = read_batch(self, number);
    if (batch == NULL) {
        return NULL;
    }
    PyObject *metadata = pyma_metadata_to_dict(ma_batch_metadata(batch));
    PyObject *wrapped = pyma_batch_wrap(self->state, batch);
    PyObject *pair =
        metadata != NULL && wrapped != NULL ? PyTuple_Pack(2, wrapped, metadata) : NULL;
    Py_XDECREF(wrapped);
    Py_XDECREF(metadata);
    return pair;
}

static PyObject *
FileReader_close(PyObject *op, PyObject *ignored)
{
    FileReaderObject *self = (FileReaderObject *)op;
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
FileReader_enter(PyObject *op, PyObject *ignored)
{
    (void)ignored;
    return Py_NewRef(op);
}

static PyObject *
FileReader_exit(PyObject *op, PyObject *args)
{
    (void)args;
    return FileReader_close(op, NULL);
}

static PyObject *
FileReader_get_schema(PyObject *op, void *closure)
{
    (void)closure;
    return pyma_guard_attribute(((FileReaderObject *)op)->schema, "reader");
}

static PyObject *
FileReader_get_metadata(PyObject *op, void *closure)
{
    (void)closure;
    return pyma_guard_attribute(((FileReaderObject *)op)->metadata, "reader");
}

static PyObject *
FileReader_get_num_record_batches(PyObject *op, void *closure)
{
    (void)closure;
    return PyLong_FromLongLong(((FileReaderObject *)op)->n_batches);
}

static PyObject *
FileReader_get_stats(PyObject *op, void *closure)
{
    FileReaderObject *self = (FileReaderObject *)op;
    (void)closure;
    if (pyma_guard_enter(&self->guard, "reader") < 0) {
        return NULL;
    }
    const ma_read_stats stats = self->file != NULL ? *ma_file_stats(self->file) : self->stats;
    reader_leave(self);
    return pyma_read_stats_wrap(&stats);
}

static PyObject *
FileReader_get_closed(PyObject *op, void *closure)
{
    (void)closure;
    return PyBool_FromLong(((FileReaderObject *)op)->file == NULL);
}

static PyMethodDef FileReader_methods[] = {
    {"get_batch", FileReader_get_batch, METH_O,
     PyDoc_STR("get_batch($self, i, /)\n--\n\n"
               "Record batch `i` of the file, counted from 0.\n\n"
               "Its columns are built when they are touched. ArrowIndexError when there is no such "
               "batch, ArrowInvalid, with .offset, where the file is damaged.")},
    {"get_record_batch", FileReader_get_batch, METH_O,
     PyDoc_STR("get_record_batch($self, i, /)\n--\n\nThe same as get_batch.")},
    {"get_batch_with_custom_metadata", FileReader_get_batch_with_custom_metadata, METH_O,
     PyDoc_STR("get_batch_with_custom_metadata($self, i, /)\n--\n\n"
               "Record batch `i` and its message's metadata (a dict of bytes, or None).")},
    {"close", FileReader_close, METH_NOARGS,
     PyDoc_STR("close($self)\n--\n\n"
               "Let go of the source. Batches that were read stay valid. May be called again.")},
    {"__enter__", FileReader_enter, METH_NOARGS, NULL},
    {"__exit__", FileReader_exit, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef FileReader_getset[] = {
    {"schema", FileReader_get_schema, NULL, PyDoc_STR("The Schema of every batch."), NULL},
    {"metadata", FileReader_get_metadata, NULL,
     PyDoc_STR("The footer's own metadata: a dict of bytes, or None."), NULL},
    {"num_record_batches", FileReader_get_num_record_batches, NULL,
     PyDoc_STR("How many record batches the file has."), NULL},
    {"stats", FileReader_get_stats, NULL,
     PyDoc_STR("What was read so far: (num_messages, num_record_batches, num_dictionary_batches, "
               "num_dictionary_deltas, num_replaced_dictionaries)."),
     NULL},
    {"closed", FileReader_get_closed, NULL, PyDoc_STR("Whether close() was called."), NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot FileReader_slots[] = {
    {Py_tp_doc, PyDoc_STR("FileReader(source, footer_offset=None, *, options=None, columns=None, "
                          "memory_map=True)\n"
                          "--\n\n"
                          "Reads any record batch of an Arrow IPC file (Columnar.rst, \"IPC File "
                          "Format\").")},
    {Py_tp_new, FileReader_tp_new},
    {Py_tp_dealloc, FileReader_tp_dealloc},
    {Py_tp_traverse, FileReader_tp_traverse},
    {Py_tp_clear, FileReader_tp_clear},
    {Py_tp_methods, FileReader_methods},
    {Py_tp_getset, FileReader_getset},
    {0, NULL},
};

PyType_Spec pyma_FileReader_spec = {
    .name = "minarrow._core.FileReader",
    .basicsize = sizeof(FileReaderObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .slots = FileReader_slots,
};
