/* Schemas, arrays and batches as C structs, and the capsules around them. */
#include "core/cdata/export_array.h"
#include "core/cdata/export_schema.h"
#include "core/cdata/import_schema.h"
#include "core/validate/values.h"
#include "python/py_array.h"
#include "python/py_capsule.h"

/* Rows that are checked within a few microseconds. */
#define QUICK_ROWS 1000

/* ---- structs ---- */

static int
result_of(pyma_state *state, ma_status st, const ma_error *err)
{
    if (st != MA_OK) {
        pyma_raise(state, err);
        return -1;
    }
    return 0;
}

int
pyma_export_field(pyma_state *state, const ma_field *field, struct ArrowSchema *out)
{
    ma_error err;
    ma_error_init(&err);
    return result_of(state, ma_cdata_export_field(field, out, &err), &err);
}

int
pyma_export_schema(pyma_state *state, const ma_schema *schema, struct ArrowSchema *out)
{
    ma_error err;
    ma_error_init(&err);
    return result_of(state, ma_cdata_export_schema(schema, out, &err), &err);
}

/* Values are checked on the way out, which takes time where they were not before. */
int
pyma_export_array(pyma_state *state, ma_array *array, struct ArrowArray *out)
{
    ma_error err;
    ma_status st;
    ma_error_init(&err);
    if (array->length <= QUICK_ROWS && array->n_children == 0 && array->dictionary == NULL) {
        st = ma_cdata_export_array(array, out, &err);
    } else {
        Py_BEGIN_ALLOW_THREADS
        st = ma_cdata_export_array(array, out, &err);
        Py_END_ALLOW_THREADS
    }
    return result_of(state, st, &err);
}

int
pyma_export_batch(pyma_state *state, ma_batch *batch, struct ArrowArray *out)
{
    ma_error err;
    ma_status st;
    ma_error_init(&err);
    Py_BEGIN_ALLOW_THREADS
    st = ma_cdata_export_batch(batch, out, &err);
    Py_END_ALLOW_THREADS
    return result_of(state, st, &err);
}

ma_field *
pyma_field_of_type(pyma_state *state, PyObject *type)
{
    return pyma_field_new(state, (ma_bytes){"", 0}, type, true, NULL);
}

ma_field *
pyma_field_of_array(pyma_state *state, PyObject *array)
{
    const ma_array *core = pyma_array_get(state, array);
    PyObject *type = pyma_array_type(state, core, pyma_array_extension(array));
    ma_field *field = type != NULL ? pyma_field_of_type(state, type) : NULL;
    Py_XDECREF(type);
    return field;
}

/* ---- capsules ---- */

static void
free_schema_capsule(PyObject *capsule)
{
    struct ArrowSchema *schema = PyCapsule_GetPointer(capsule, "arrow_schema");
    if (schema->release != NULL) {
        schema->release(schema);
    }
    PyMem_Free(schema);
}

PyObject *
pyma_new_capsule(const char *name, size_t size, PyCapsule_Destructor destroy, void **content)
{
    *content = PyMem_Calloc(1, size);
    if (*content == NULL) {
        return PyErr_NoMemory();
    }
    PyObject *capsule = PyCapsule_New(*content, name, destroy);
    if (capsule == NULL) {
        PyMem_Free(*content);
    }
    return capsule;
}

static PyObject *
new_schema_capsule(void **content)
{
    return pyma_new_capsule("arrow_schema", sizeof(struct ArrowSchema), free_schema_capsule,
                            content);
}

PyObject *
pyma_capsule_of_field(pyma_state *state, const ma_field *field)
{
    void *content;
    PyObject *capsule = new_schema_capsule(&content);
    if (capsule != NULL && pyma_export_field(state, field, content) < 0) {
        Py_CLEAR(capsule);
    }
    return capsule;
}

PyObject *
pyma_capsule_of_schema(pyma_state *state, const ma_schema *schema)
{
    void *content;
    PyObject *capsule = new_schema_capsule(&content);
    if (capsule != NULL && pyma_export_schema(state, schema, content) < 0) {
        Py_CLEAR(capsule);
    }
    return capsule;
}

/* ---- what a consumer asked for ---- */

/* The struct of a request, which stays the consumer's; NULL for none. -1 with an exception. */
static int
requested_struct(PyObject *requested, const struct ArrowSchema **out)
{
    *out = NULL;
    if (requested == NULL || requested == Py_None) {
        return 0;
    }
    if (!PyCapsule_CheckExact(requested)) {
        PyErr_Format(PyExc_TypeError,
                     "requested_schema is a capsule with an ArrowSchema, not %.200s",
                     Py_TYPE(requested)->tp_name);
        return -1;
    }
    *out = PyCapsule_GetPointer(requested, "arrow_schema");
    return *out != NULL ? 0 : -1;
}

int
pyma_requested_field(pyma_state *state, PyObject *requested, ma_field **out)
{
    const ma_limits limits = ma_limits_default();
    const struct ArrowSchema *in;
    ma_error err;
    *out = NULL;
    if (requested_struct(requested, &in) < 0 || in == NULL) {
        return in == NULL && !PyErr_Occurred() ? 0 : -1;
    }
    ma_error_init(&err);
    return result_of(state, ma_cdata_import_field(in, &limits, out, &err), &err);
}

int
pyma_requested_schema(pyma_state *state, PyObject *requested, ma_schema **out)
{
    const ma_limits limits = ma_limits_default();
    const struct ArrowSchema *in;
    ma_error err;
    *out = NULL;
    if (requested_struct(requested, &in) < 0 || in == NULL) {
        return in == NULL && !PyErr_Occurred() ? 0 : -1;
    }
    ma_error_init(&err);
    return result_of(state, ma_cdata_import_schema(in, &limits, out, &err), &err);
}
