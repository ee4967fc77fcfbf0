#include "core/base/memory.h"
#include "core/cdata/export_array.h"
#include "core/cdata/export_schema.h"
#include "core/cdata/import_schema.h"
#include "core/cdata/stream.h"
#include "python/py_capsule.h"
#include "python/py_module.h"

/* ---- capsules: what was not taken out of one is released with it ---- */

static void
free_schema_capsule(PyObject *capsule)
{
    struct ArrowSchema *schema = PyCapsule_GetPointer(capsule, "arrow_schema");
    if (schema->release != NULL) {
        schema->release(schema);
    }
    PyMem_Free(schema);
}

static void
free_array_capsule(PyObject *capsule)
{
    struct ArrowArray *array = PyCapsule_GetPointer(capsule, "arrow_array");
    if (array->release != NULL) {
        array->release(array);
    }
    PyMem_Free(array);
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

/* A capsule around a zeroed (released) struct of `size` bytes, at `*content`. */
static PyObject *
new_capsule(size_t size, const char *name, PyCapsule_Destructor destructor, void **content)
{
    *content = PyMem_Calloc(1, size);
    if (*content == NULL) {
        return PyErr_NoMemory();
    }
    PyObject *capsule = PyCapsule_New(*content, name, destructor);
    if (capsule == NULL) {
        PyMem_Free(*content);
    }
    return capsule;
}

/* The capsule, or an exception in its place where `st` is a failure. */
static PyObject *
finish_capsule(pyma_state *state, PyObject *capsule, ma_status st, const ma_error *err)
{
    if (st != MA_OK) {
        Py_DECREF(capsule);
        return pyma_raise(state, err);
    }
    return capsule;
}

static PyObject *
field_capsule(pyma_state *state, const ma_field *field)
{
    void *content;
    ma_error err;
    ma_error_init(&err);
    PyObject *capsule =
        new_capsule(sizeof(struct ArrowSchema), "arrow_schema", free_schema_capsule, &content);
    return capsule != NULL
               ? finish_capsule(state, capsule, ma_cdata_export_field(field, content, &err), &err)
               : NULL;
}

static PyObject *
schema_capsule(pyma_state *state, const ma_schema *schema)
{
    void *content;
    ma_error err;
    ma_error_init(&err);
    PyObject *capsule =
        new_capsule(sizeof(struct ArrowSchema), "arrow_schema", free_schema_capsule, &content);
    return capsule != NULL
               ? finish_capsule(state, capsule, ma_cdata_export_schema(schema, content, &err), &err)
               : NULL;
}

/* ---- schemas ---- */

/* What a type is as a field: without a name, nullable; an extension type says its name in
 * metadata. */
static ma_field *
field_of_type(pyma_state *state, PyObject *type)
{
    return pyma_field_new(state, (ma_bytes){"", 0}, type, true, NULL);
}

PyObject *
pyma_capsule_of_type(PyObject *op, PyObject *ignored)
{
    pyma_state *state = pyma_state_of(op);
    (void)ignored;
    ma_field *field = field_of_type(state, op);
    PyObject *capsule = field != NULL ? field_capsule(state, field) : NULL;
    ma_field_unref(field);
    return capsule;
}

PyObject *
pyma_capsule_of_field(PyObject *op, PyObject *ignored)
{
    pyma_state *state = pyma_state_of(op);
    (void)ignored;
    return field_capsule(state, pyma_field_get(state, op));
}

PyObject *
pyma_capsule_of_schema(PyObject *op, PyObject *ignored)
{
    pyma_state *state = pyma_state_of(op);
    (void)ignored;
    return schema_capsule(state, pyma_schema_get(state, op));
}

/* ---- what a consumer asked for ---- */

static const struct ArrowSchema *
requested_struct(PyObject *requested)
{
    return requested != NULL && requested != Py_None
               ? PyCapsule_GetPointer(requested, "arrow_schema")
               : NULL;
}

/* `*field` is replaced by the requested one where the values are the same under it. A request
 * that would change them, or is no field at all, is not honoured, which the protocol leaves to
 * us. */
static int
apply_field_request(PyObject *requested, ma_field **field)
{
    const struct ArrowSchema *wanted = requested_struct(requested);
    const ma_limits limits = ma_limits_default();
    ma_field *other = NULL;
    if (wanted == NULL) {
        return PyErr_Occurred() ? -1 : 0;
    }
    if (ma_cdata_import_field(wanted, &limits, &other, NULL) == MA_OK) {
        if (ma_type_equal(other->type, (*field)->type, false)) {
            ma_field *old = *field;
            *field = other;
            other = old;
        }
        ma_field_unref(other);
    }
    return 0;
}

static int
parse_request(PyObject *args, PyObject *kwargs, PyObject **requested)
{
    static char *names[] = {"requested_schema", NULL};
    *requested = NULL;
    return PyArg_ParseTupleAndKeywords(args, kwargs, "|O:__arrow_c_array__", names, requested) ? 0
                                                                                               : -1;
}

/* ---- arrays and batches ---- */

static PyObject *
array_capsule(pyma_state *state, ma_array *array)
{
    void *content;
    ma_error err;
    ma_error_init(&err);
    PyObject *capsule =
        new_capsule(sizeof(struct ArrowArray), "arrow_array", free_array_capsule, &content);
    return capsule != NULL
               ? finish_capsule(state, capsule, ma_cdata_export_array(array, content, &err), &err)
               : NULL;
}

static PyObject *
batch_capsule(pyma_state *state, ma_batch *batch)
{
    void *content;
    ma_error err;
    ma_status st;
    ma_error_init(&err);
    PyObject *capsule =
        new_capsule(sizeof(struct ArrowArray), "arrow_array", free_array_capsule, &content);
    if (capsule == NULL) {
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS
    st = ma_cdata_export_batch(batch, content, &err);
    Py_END_ALLOW_THREADS
    return finish_capsule(state, capsule, st, &err);
}

static PyObject *
pair_capsules(PyObject *schema, PyObject *array)
{
    PyObject *pair = schema != NULL && array != NULL ? PyTuple_Pack(2, schema, array) : NULL;
    Py_XDECREF(schema);
    Py_XDECREF(array);
    return pair;
}

static ma_field *
field_of_array(pyma_state *state, PyObject *op, PyObject *requested)
{
    PyObject *type = PyObject_GetAttrString(op, "type");
    ma_field *field = type != NULL ? field_of_type(state, type) : NULL;
    Py_XDECREF(type);
    if (field != NULL && apply_field_request(requested, &field) < 0) {
        ma_field_unref(field);
        return NULL;
    }
    return field;
}

PyObject *
pyma_capsules_of_array(PyObject *op, PyObject *args, PyObject *kwargs)
{
    pyma_state *state = pyma_state_of(op);
    PyObject *requested;
    if (parse_request(args, kwargs, &requested) < 0) {
        return NULL;
    }
    ma_field *field = field_of_array(state, op, requested);
    if (field == NULL) {
        return NULL;
    }
    PyObject *schema = field_capsule(state, field);
    PyObject *array = schema != NULL ? array_capsule(state, pyma_array_get(state, op)) : NULL;
    ma_field_unref(field);
    return pair_capsules(schema, array);
}

/* `*schema` (owned) is replaced as apply_field_request does it. */
static int
apply_schema_request(PyObject *requested, ma_schema **schema)
{
    const struct ArrowSchema *wanted = requested_struct(requested);
    const ma_limits limits = ma_limits_default();
    ma_schema *other = NULL;
    if (wanted == NULL) {
        return PyErr_Occurred() ? -1 : 0;
    }
    if (ma_cdata_import_schema(wanted, &limits, &other, NULL) != MA_OK) {
        return 0;
    }
    bool same = other->n_fields == (*schema)->n_fields;
    for (int32_t i = 0; same && i < other->n_fields; i++) {
        same = ma_type_equal(other->fields[i]->type, (*schema)->fields[i]->type, false);
    }
    if (same) {
        ma_schema *old = *schema;
        *schema = other;
        other = old;
    }
    ma_schema_unref(other);
    return 0;
}

PyObject *
pyma_capsules_of_batch(PyObject *op, PyObject *args, PyObject *kwargs)
{
    pyma_state *state = pyma_state_of(op);
    ma_batch *batch = pyma_batch_get(state, op);
    PyObject *requested;
    if (parse_request(args, kwargs, &requested) < 0) {
        return NULL;
    }
    ma_schema *schema = ma_schema_ref(ma_batch_schema(batch));
    if (apply_schema_request(requested, &schema) < 0) {
        ma_schema_unref(schema);
        return NULL;
    }
    PyObject *first = schema_capsule(state, schema);
    PyObject *second = first != NULL ? batch_capsule(state, batch) : NULL;
    ma_schema_unref(schema);
    return pair_capsules(first, second);
}

/* ---- streams ---- */

/* A stream's contents: arrays that are there, batches that are there, or a Python iterator of
 * batches. */
typedef struct export_source {
    ma_cdata_source base;
    PyInterpreterState *interpreter;
    ma_field *field;   /* owned; of arrays */
    ma_schema *schema; /* owned; of batches */
    ma_array **arrays; /* owned, each of them */
    int64_t n_arrays;
    int64_t next_array;
    pyma_state *state;  /* for the iterator; kept alive by it */
    ma_block *iterator; /* owned; a Python object; NULL for arrays */
    PyObject *object;   /* borrowed from that block */
} export_source;

static ma_status
export_schema(ma_cdata_source *base, struct ArrowSchema *out, ma_error *err)
{
    const export_source *self = (const export_source *)base;
    return self->field != NULL ? ma_cdata_export_field(self->field, out, err)
                               : ma_cdata_export_schema(self->schema, out, err);
}

static ma_status
next_array(ma_cdata_source *base, struct ArrowArray *out, ma_error *err)
{
    export_source *self = (export_source *)base;
    if (self->next_array >= self->n_arrays) {
        return MA_END;
    }
    return ma_cdata_export_array(self->arrays[self->next_array++], out, err);
}

/* The exception that is set, as an error of the core. */
static ma_status
error_from_python(ma_error *err)
{
    PyObject *error = pyma_error_take();
    PyObject *text = error != NULL ? PyObject_Str(error) : NULL;
    const char *utf8 = text != NULL ? PyUnicode_AsUTF8(text) : NULL;
    const ma_status st =
        ma_fail(err, MA_INVALID, -1, "%.200s: %.100s",
                error != NULL ? Py_TYPE(error)->tp_name : "an error", utf8 != NULL ? utf8 : "");
    PyErr_Clear();
    Py_XDECREF(text);
    Py_XDECREF(error);
    return st;
}

static ma_status
next_batch_locked(export_source *self, struct ArrowArray *out, ma_error *err)
{
    PyObject *item = PyIter_Next(self->object);
    if (item == NULL) {
        return PyErr_Occurred() ? error_from_python(err) : MA_END;
    }
    ma_batch *batch = pyma_batch_get(self->state, item);
    ma_status st;
    if (batch == NULL) {
        st = error_from_python(err);
    } else if (!ma_schema_equal(ma_batch_schema(batch), self->schema, false)) {
        st = ma_fail(err, MA_INVALID, -1, "a batch's schema is not that of its stream");
    } else {
        st = ma_cdata_export_batch(batch, out, err);
    }
    Py_DECREF(item);
    return st;
}

/* Called from any thread: with our interpreter's GIL, or without one, which is then taken. */
static ma_status
next_batch(ma_cdata_source *base, struct ArrowArray *out, ma_error *err)
{
    export_source *self = (export_source *)base;
    PyThreadState *here = pyma_thread_state_here();
    if (here != NULL && PyThreadState_GetInterpreter(here) == self->interpreter) {
        return next_batch_locked(self, out, err);
    }
    PyThreadState *made = PyThreadState_New(self->interpreter);
    if (made == NULL) {
        return ma_fail_nomem(err, 0);
    }
    PyThreadState *before = NULL;
    if (here != NULL) {
        before = PyEval_SaveThread();
    }
    PyEval_RestoreThread(made);
    const ma_status st = next_batch_locked(self, out, err);
    PyThreadState_Clear(made);
    PyThreadState_DeleteCurrent();
    if (before != NULL) {
        PyEval_RestoreThread(before);
    }
    return st;
}

static void
free_source(ma_cdata_source *base)
{
    export_source *self = (export_source *)base;
    for (int64_t i = 0; i < self->n_arrays; i++) {
        ma_array_unref(self->arrays[i]);
    }
    ma_free(self->arrays);
    ma_field_unref(self->field);
    ma_schema_unref(self->schema);
    ma_block_unref(self->iterator);
    ma_free(self);
}

static PyObject *
stream_capsule(pyma_state *state, export_source *source)
{
    void *content;
    ma_error err;
    ma_error_init(&err);
    PyObject *capsule = new_capsule(sizeof(struct ArrowArrayStream), "arrow_array_stream",
                                    free_stream_capsule, &content);
    if (capsule == NULL) {
        free_source(&source->base);
        return NULL;
    }
    return finish_capsule(state, capsule, ma_cdata_export_stream(&source->base, content, &err),
                          &err);
}

static export_source *
new_source(pyma_state *state)
{
    export_source *self = ma_calloc(1, sizeof(*self));
    if (self == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    self->base.schema = export_schema;
    self->base.free = free_source;
    self->state = state;
    self->interpreter = PyInterpreterState_Get();
    return self;
}

static int
take_arrays(export_source *self, PyObject *chunks)
{
    const Py_ssize_t n = PyTuple_GET_SIZE(chunks);
    self->arrays = ma_calloc(n, sizeof(*self->arrays));
    if (self->arrays == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t i = 0; i < n; i++) {
        ma_array *array = pyma_array_get(self->state, PyTuple_GET_ITEM(chunks, i));
        if (array == NULL) {
            return -1;
        }
        self->arrays[self->n_arrays++] = ma_array_ref(array);
    }
    self->base.next = next_array;
    return 0;
}

static PyObject *
export_array_stream(PyObject *module, PyObject *args)
{
    pyma_state *state = pyma_state_of_module(module);
    PyObject *chunks;
    PyObject *type;
    PyObject *requested = NULL;
    if (!PyArg_ParseTuple(args, "OO|O:export_array_stream", &chunks, &type, &requested)) {
        return NULL;
    }
    PyObject *fixed = PySequence_Tuple(chunks);
    export_source *source = fixed != NULL ? new_source(state) : NULL;
    if (source != NULL) {
        source->field = field_of_type(state, type);
        if (source->field == NULL || apply_field_request(requested, &source->field) < 0 ||
            take_arrays(source, fixed) < 0) {
            free_source(&source->base);
            source = NULL;
        }
    }
    Py_XDECREF(fixed);
    return source != NULL ? stream_capsule(state, source) : NULL;
}

static PyObject *
export_batch_stream(PyObject *module, PyObject *args)
{
    pyma_state *state = pyma_state_of_module(module);
    PyObject *batches;
    PyObject *schema;
    PyObject *requested = NULL;
    if (!PyArg_ParseTuple(args, "OO|O:export_batch_stream", &batches, &schema, &requested)) {
        return NULL;
    }
    ma_schema *core = pyma_schema_get(state, schema);
    PyObject *iterator = core != NULL ? PyObject_GetIter(batches) : NULL;
    export_source *source = iterator != NULL ? new_source(state) : NULL;
    if (source == NULL) {
        Py_XDECREF(iterator);
        return NULL;
    }
    source->base.next = next_batch;
    source->object = iterator;
    source->iterator = pyma_block_of_object(iterator);
    source->schema = ma_schema_ref(core);
    if (source->iterator == NULL || apply_schema_request(requested, &source->schema) < 0) {
        free_source(&source->base);
        return NULL;
    }
    return stream_capsule(state, source);
}

PyMethodDef pyma_capsule_export_functions[] = {
    {"export_array_stream", export_array_stream, METH_VARARGS,
     PyDoc_STR("export_array_stream(chunks, type, requested_schema=None, /)\n--\n\n"
               "A capsule with a C stream of arrays of one type.")},
    {"export_batch_stream", export_batch_stream, METH_VARARGS,
     PyDoc_STR("export_batch_stream(batches, schema, requested_schema=None, /)\n--\n\n"
               "A capsule with a C stream of the batches that an iterable gives.")},
    {NULL, NULL, 0, NULL},
};
