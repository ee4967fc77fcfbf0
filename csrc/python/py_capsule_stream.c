/* C streams of what Python holds: arrays or batches that are there, or an iterator of batches. */
#include <errno.h>

#include "core/base/memory.h"
#include "core/base/release.h"
#include "core/cdata/export_array.h"
#include "core/cdata/export_schema.h"
#include "core/cdata/request.h"
#include "core/cdata/stream.h"
#include "python/py_capsule.h"
#include "python/py_home.h"
#include "python/py_module.h"

/* ---- chunks that are there: nothing of Python is needed ---- */

typedef struct listed_source {
    ma_cdata_source base;
    ma_field *field;    /* owned; as which arrays are lent; NULL for batches */
    ma_schema *schema;  /* owned; as which batches are lent; NULL for arrays */
    ma_array **arrays;  /* owned, each of them */
    ma_batch **batches; /* owned, each of them */
    int64_t count;
    int64_t next;
} listed_source;

static ma_status
listed_schema(ma_cdata_source *base, struct ArrowSchema *out, ma_error *err)
{
    const listed_source *self = (const listed_source *)base;
    return self->field != NULL ? ma_cdata_export_field(self->field, out, err)
                               : ma_cdata_export_schema(self->schema, out, err);
}

static ma_status
listed_next_array(ma_cdata_source *base, struct ArrowArray *out, ma_error *err)
{
    listed_source *self = (listed_source *)base;
    ma_array *lent = NULL;
    if (self->next == self->count) {
        return MA_END;
    }
    MA_TRY(ma_cdata_lend_array(self->arrays[self->next++], self->field->type, &lent, err));
    const ma_status st = ma_cdata_export_array(lent, out, err);
    ma_array_unref(lent);
    return st;
}

static ma_status
export_batch_as(ma_batch *batch, ma_schema *schema, struct ArrowArray *out, ma_error *err)
{
    ma_batch *lent = NULL;
    MA_TRY(ma_cdata_lend_batch(batch, schema, &lent, err));
    const ma_status st = ma_cdata_export_batch(lent, out, err);
    ma_batch_unref(lent);
    return st;
}

static ma_status
listed_next_batch(ma_cdata_source *base, struct ArrowArray *out, ma_error *err)
{
    listed_source *self = (listed_source *)base;
    return self->next == self->count
               ? MA_END
               : export_batch_as(self->batches[self->next++], self->schema, out, err);
}

static void
listed_free(ma_cdata_source *base)
{
    listed_source *self = (listed_source *)base;
    for (int64_t i = 0; i < self->count; i++) {
        if (self->arrays != NULL) {
            ma_array_unref(self->arrays[i]);
        } else {
            ma_batch_unref(self->batches[i]);
        }
    }
    ma_free(self->arrays);
    ma_free(self->batches);
    ma_field_unref(self->field);
    ma_schema_unref(self->schema);
    ma_free(self);
}

/* ---- an iterator of batches ---- */

typedef struct iterated_source {
    ma_cdata_source base;
    ma_release release;
    pyma_home *home;    /* owned */
    PyObject *iterator; /* owned; touched in the home only, as the next one */
    PyObject *type;     /* owned; RecordBatch, which keeps `state` alive */
    pyma_state *state;
    ma_schema *own;    /* owned; of the batches that come */
    ma_schema *schema; /* owned; as which they are lent */
    int64_t count;     /* batches that came */
} iterated_source;

static ma_status
iterated_schema(ma_cdata_source *base, struct ArrowSchema *out, ma_error *err)
{
    return ma_cdata_export_schema(((iterated_source *)base)->schema, out, err);
}

static ma_status
status_of_exception(const PyObject *error)
{
    PyObject *type = (PyObject *)Py_TYPE(error);
    return PyErr_GivenExceptionMatches(type, PyExc_MemoryError)           ? MA_NOMEM
           : PyErr_GivenExceptionMatches(type, PyExc_NotImplementedError) ? MA_UNSUPPORTED
           : PyErr_GivenExceptionMatches(type, PyExc_OSError)             ? MA_IO
                                                                          : MA_INVALID;
}

static int
errno_of_exception(PyObject *error)
{
    PyObject *number = PyObject_GetAttrString(error, "errno");
    const long value = number != NULL && PyLong_Check(number) ? PyLong_AsLong(number) : 0;
    Py_XDECREF(number);
    PyErr_Clear();
    if (value > 0 && value < 100000) {
        return (int)value;
    }
    /* that of a socket says it by its class alone */
    return PyErr_GivenExceptionMatches(error, PyExc_TimeoutError) ? ETIMEDOUT : 0;
}

/* The exception that is set, as an error of the core: all that a C stream can say. */
static ma_status
error_of_exception(ma_error *err)
{
    PyObject *error = pyma_error_take();
    if (error == NULL) {
        return ma_fail(err, MA_INVALID, -1, "a call into Python failed without an exception");
    }
    PyObject *text = PyObject_Str(error);
    const char *utf8 = text != NULL ? PyUnicode_AsUTF8(text) : NULL;
    const ma_status st = ma_fail(err, status_of_exception(error), -1, "%.80s: %.230s",
                                 Py_TYPE(error)->tp_name, utf8 != NULL ? utf8 : "");
    PyErr_Clear();
    if (st == MA_IO) {
        err->sys_errno = errno_of_exception(error);
    }
    Py_XDECREF(text);
    Py_DECREF(error);
    return st;
}

/* The iterator's next batch; a new reference. */
static ma_status
take_next(iterated_source *self, ma_batch **out, ma_error *err)
{
    PyObject *item = PyIter_Next(self->iterator);
    if (item == NULL) {
        /* a reader of ours goes on where it was, or says itself that it cannot; others may be at
         * their end once they raised, as generators are, which would look like the stream's */
        self->base.lost_nothing = PyObject_TypeCheck(self->iterator, self->state->StreamReader);
        return PyErr_Occurred() ? error_of_exception(err) : MA_END;
    }
    ma_batch *batch = pyma_batch_get(self->state, item);
    ma_status st = MA_OK;
    if (batch == NULL) {
        st = error_of_exception(err);
    } else if (!ma_schema_equal(ma_batch_schema(batch), self->own, false)) {
        st = ma_fail(err, MA_INVALID, -1, "the schema of batch %lld is not that of its stream",
                     (long long)self->count);
    } else {
        *out = ma_batch_ref(batch);
        self->count++;
    }
    Py_DECREF(item);
    return st;
}

/* Under the stream's schema as such, which the batch's own equals but for metadata. */
static ma_status
iterated_next(ma_cdata_source *base, struct ArrowArray *out, ma_error *err)
{
    iterated_source *self = (iterated_source *)base;
    pyma_visit visit;
    ma_batch *batch = NULL;
    if (!pyma_home_enter(self->home, &visit)) {
        return ma_fail(err, MA_INVALID, -1,
                       "the Python interpreter that this stream belongs to has ended");
    }
    ma_status st = take_next(self, &batch, err);
    if (st == MA_OK) {
        Py_BEGIN_ALLOW_THREADS
        st = self->schema == self->own ? ma_cdata_export_batch(batch, out, err)
                                       : export_batch_as(batch, self->schema, out, err);
        ma_batch_unref(batch);
        Py_END_ALLOW_THREADS
    }
    pyma_home_leave(&visit);
    return st;
}

/* Once the interpreter has ended its objects are leaked. */
static void
iterated_let_go(ma_release *release)
{
    iterated_source *self =
        (iterated_source *)((char *)release - offsetof(iterated_source, release));
    pyma_visit visit;
    if (pyma_home_enter(self->home, &visit)) {
        Py_CLEAR(self->iterator);
        Py_CLEAR(self->type);
        pyma_home_leave(&visit);
    }
    pyma_home_unref(self->home);
    ma_schema_unref(self->own);
    ma_schema_unref(self->schema);
    ma_free(self);
}

static void
iterated_free(ma_cdata_source *base)
{
    ma_release_soon(&((iterated_source *)base)->release);
}

/* ---- making ---- */

/* Of a tuple of Arrays or RecordBatches. */
static listed_source *
listed_new(pyma_state *state, PyObject *items, bool of_arrays)
{
    const Py_ssize_t count = PyTuple_GET_SIZE(items);
    listed_source *self = ma_calloc(1, sizeof(*self));
    void *space = ma_calloc(count, sizeof(void *));
    if (self == NULL || space == NULL) {
        ma_free(self);
        ma_free(space);
        PyErr_NoMemory();
        return NULL;
    }
    self->base = (ma_cdata_source){
        .schema = listed_schema,
        .next = of_arrays ? listed_next_array : listed_next_batch,
        .free = listed_free,
    };
    *(of_arrays ? (void **)&self->arrays : (void **)&self->batches) = space;
    for (; self->count < count; self->count++) {
        PyObject *item = PyTuple_GET_ITEM(items, self->count);
        if (of_arrays) {
            self->arrays[self->count] = ma_array_ref(pyma_array_get(state, item));
        } else {
            self->batches[self->count] = ma_batch_ref(pyma_batch_get(state, item));
        }
        if (PyErr_Occurred()) {
            listed_free(&self->base);
            return NULL;
        }
    }
    return self;
}

/* As which schema batches of `own` are lent; a new reference. */
static ma_schema *
schema_as_requested(pyma_state *state, ma_schema *own, PyObject *requested)
{
    ma_schema *wanted;
    ma_schema *schema = NULL;
    ma_error err;
    if (pyma_requested_schema(state, requested, &wanted) < 0) {
        return NULL;
    }
    if (wanted == NULL) {
        return ma_schema_ref(own);
    }
    ma_error_init(&err);
    if (ma_cdata_request_schema(own, wanted, &schema, &err) != MA_OK) {
        pyma_raise(state, &err);
    }
    ma_schema_unref(wanted);
    return schema;
}

static ma_cdata_source *
source_of_list(pyma_state *state, PyObject *list, ma_schema *own, ma_schema *schema)
{
    PyObject *items = PySequence_Tuple(list); /* a list may change meanwhile */
    listed_source *self = items != NULL ? listed_new(state, items, false) : NULL;
    Py_XDECREF(items);
    if (self == NULL) {
        return NULL;
    }
    self->schema = ma_schema_ref(schema);
    for (int64_t i = 0; i < self->count; i++) {
        if (!ma_schema_equal(ma_batch_schema(self->batches[i]), own, false)) {
            PyErr_Format(state->ArrowInvalid, "the schema of batch %lld is not that of its stream",
                         (long long)i);
            listed_free(&self->base);
            return NULL;
        }
    }
    return &self->base;
}

static ma_cdata_source *
source_of_iterable(pyma_state *state, PyObject *iterable, ma_schema *own, ma_schema *schema)
{
    PyObject *iterator = PyObject_GetIter(iterable);
    pyma_home *home = iterator != NULL ? pyma_home_here() : NULL;
    if (home == NULL) {
        Py_XDECREF(iterator);
        return NULL;
    }
    iterated_source *self = ma_calloc(1, sizeof(*self));
    if (self == NULL) {
        Py_DECREF(iterator);
        pyma_home_unref(home);
        PyErr_NoMemory();
        return NULL;
    }
    *self = (iterated_source){
        .base = {.schema = iterated_schema, .next = iterated_next, .free = iterated_free},
        .release = {.run = iterated_let_go},
        .home = home,
        .iterator = iterator,
        .type = Py_NewRef((PyObject *)state->RecordBatch),
        .state = state,
        .own = ma_schema_ref(own),
        .schema = ma_schema_ref(schema),
    };
    return &self->base;
}

static int
export_source(pyma_state *state, ma_cdata_source *source, struct ArrowArrayStream *out)
{
    ma_error err;
    ma_error_init(&err);
    if (ma_cdata_export_stream(source, out, &err) != MA_OK) {
        pyma_raise(state, &err);
        return -1;
    }
    return 0;
}

/* Fill `out` with a stream of batches. -1 with an exception. */
static int
export_batches(pyma_state *state, PyObject *batches, ma_schema *own, PyObject *requested,
               struct ArrowArrayStream *out)
{
    ma_schema *schema = schema_as_requested(state, own, requested);
    if (schema == NULL) {
        return -1;
    }
    const bool is_list = PyList_CheckExact(batches) || PyTuple_CheckExact(batches);
    ma_cdata_source *source = is_list ? source_of_list(state, batches, own, schema)
                                      : source_of_iterable(state, batches, own, schema);
    ma_schema_unref(schema);
    return source != NULL ? export_source(state, source, out) : -1;
}

static void
free_stream_capsule(PyObject *capsule)
{
    struct ArrowArrayStream *stream = PyCapsule_GetPointer(capsule, "arrow_array_stream");
    if (stream->release != NULL) {
        stream->release(stream);
    }
    PyMem_Free(stream);
}

static PyObject *
new_stream_capsule(void **content)
{
    return pyma_new_capsule("arrow_array_stream", sizeof(struct ArrowArrayStream),
                            free_stream_capsule, content);
}

PyObject *
pyma_capsule_of_batches(pyma_state *state, PyObject *batches, ma_schema *schema,
                        PyObject *requested)
{
    void *content;
    PyObject *capsule = new_stream_capsule(&content);
    if (capsule != NULL && export_batches(state, batches, schema, requested, content) < 0) {
        Py_CLEAR(capsule);
    }
    return capsule;
}

/* ---- functions of the module, for the classes that are made of batches or chunks ---- */

static PyObject *
core_export_batch_stream(PyObject *module, PyObject *args)
{
    pyma_state *state = pyma_state_of_module(module);
    PyObject *batches;
    PyObject *schema;
    PyObject *requested = Py_None;
    if (!PyArg_ParseTuple(args, "OO|O:export_batch_stream", &batches, &schema, &requested)) {
        return NULL;
    }
    ma_schema *core = pyma_schema_get(state, schema);
    return core != NULL ? pyma_capsule_of_batches(state, batches, core, requested) : NULL;
}

static PyObject *
core_export_batch_stream_to(PyObject *module, PyObject *args)
{
    pyma_state *state = pyma_state_of_module(module);
    PyObject *batches;
    PyObject *schema;
    PyObject *address;
    if (!PyArg_ParseTuple(args, "OOO:export_batch_stream_to", &batches, &schema, &address)) {
        return NULL;
    }
    ma_schema *core = pyma_schema_get(state, schema);
    struct ArrowArrayStream *out = core != NULL ? PyLong_AsVoidPtr(address) : NULL;
    if (out == NULL) {
        return PyErr_Occurred()
                   ? NULL
                   : PyErr_Format(PyExc_ValueError, "the address of a C struct is not 0");
    }
    return export_batches(state, batches, core, Py_None, out) == 0 ? Py_NewRef(Py_None) : NULL;
}

static bool
has_nulls(const listed_source *self)
{
    bool found = false;
    for (int64_t i = 0; i < self->count; i++) {
        found = found || ma_array_null_count(self->arrays[i]) > 0;
    }
    return found;
}

/* As which field arrays of `type` are lent; a new reference. */
static ma_field *
field_as_requested(pyma_state *state, PyObject *type, const listed_source *arrays,
                   PyObject *requested)
{
    ma_field *wanted;
    ma_field *field = NULL;
    ma_error err;
    if (pyma_requested_field(state, requested, &wanted) < 0) {
        return NULL;
    }
    ma_field *own = pyma_field_of_type(state, type);
    if (own == NULL || wanted == NULL) {
        ma_field_unref(wanted);
        return own;
    }
    ma_error_init(&err);
    if (ma_cdata_request_field(own, wanted, has_nulls(arrays), &field, &err) != MA_OK) {
        pyma_raise(state, &err);
    }
    ma_field_unref(own);
    ma_field_unref(wanted);
    return field;
}

static listed_source *
source_of_arrays(pyma_state *state, PyObject *chunks, PyObject *type, PyObject *requested)
{
    const ma_type *core = pyma_type_get(state, type);
    listed_source *self = core != NULL ? listed_new(state, chunks, true) : NULL;
    if (self == NULL) {
        return NULL;
    }
    for (int64_t i = 0; i < self->count; i++) {
        if (!ma_type_equal(self->arrays[i]->type, core, false)) {
            PyErr_Format(state->ArrowInvalid, "the type of chunk %lld is not that of its stream",
                         (long long)i);
        }
    }
    self->field = !PyErr_Occurred() ? field_as_requested(state, type, self, requested) : NULL;
    if (self->field == NULL) {
        listed_free(&self->base);
        return NULL;
    }
    return self;
}

static PyObject *
core_export_array_stream(PyObject *module, PyObject *args)
{
    pyma_state *state = pyma_state_of_module(module);
    PyObject *chunks;
    PyObject *type;
    PyObject *requested = Py_None;
    void *content;
    if (!PyArg_ParseTuple(args, "OO|O:export_array_stream", &chunks, &type, &requested)) {
        return NULL;
    }
    chunks = PySequence_Tuple(chunks);
    if (chunks == NULL) {
        return NULL;
    }
    listed_source *source = source_of_arrays(state, chunks, type, requested);
    Py_DECREF(chunks);
    PyObject *capsule = source != NULL ? new_stream_capsule(&content) : NULL;
    if (capsule == NULL) {
        if (source != NULL) {
            listed_free(&source->base);
        }
        return NULL;
    }
    if (export_source(state, &source->base, content) < 0) {
        Py_CLEAR(capsule);
    }
    return capsule;
}

PyMethodDef pyma_capsule_export_functions[] = {
    {"export_array_stream", core_export_array_stream, METH_VARARGS,
     PyDoc_STR("export_array_stream(chunks, type, requested_schema=None, /)\n--\n\n"
               "A capsule with a C stream of arrays of one type.")},
    {"export_batch_stream", core_export_batch_stream, METH_VARARGS,
     PyDoc_STR("export_batch_stream(batches, schema, requested_schema=None, /)\n--\n\n"
               "A capsule with a C stream of the batches that an iterable gives.")},
    {"export_batch_stream_to", core_export_batch_stream_to, METH_VARARGS,
     PyDoc_STR("export_batch_stream_to(batches, schema, address, /)\n--\n\n"
               "The same in an ArrowArrayStream at this address.")},
    {NULL, NULL, 0, NULL},
};
