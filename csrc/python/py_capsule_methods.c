/* The methods that the types have for the C data interface: capsules, and addresses. */
#include "core/cdata/request.h"
#include "python/py_array.h"
#include "python/py_capsule.h"
#include "python/py_schema.h"

/* ---- __arrow_c_schema__ ---- */

PyObject *
pyma_type_arrow_c_schema(PyObject *op, PyObject *ignored)
{
    pyma_state *state = pyma_state_of(op);
    (void)ignored;
    ma_field *field = pyma_field_of_type(state, op);
    PyObject *capsule = field != NULL ? pyma_capsule_of_field(state, field) : NULL;
    ma_field_unref(field);
    return capsule;
}

PyObject *
pyma_field_arrow_c_schema(PyObject *op, PyObject *ignored)
{
    pyma_state *state = pyma_state_of(op);
    (void)ignored;
    return pyma_capsule_of_field(state, pyma_field_get(state, op));
}

PyObject *
pyma_schema_arrow_c_schema(PyObject *op, PyObject *ignored)
{
    pyma_state *state = pyma_state_of(op);
    (void)ignored;
    return pyma_capsule_of_schema(state, pyma_schema_get(state, op));
}

PyObject *
pyma_batch_arrow_c_schema(PyObject *op, PyObject *ignored)
{
    pyma_state *state = pyma_state_of(op);
    (void)ignored;
    return pyma_capsule_of_schema(state, ma_batch_schema(pyma_batch_get(state, op)));
}

/* ---- __arrow_c_array__ ---- */

static void
free_array_capsule(PyObject *capsule)
{
    struct ArrowArray *array = PyCapsule_GetPointer(capsule, "arrow_array");
    if (array->release != NULL) {
        array->release(array);
    }
    PyMem_Free(array);
}

static PyObject *
new_array_capsule(void **content)
{
    return pyma_new_capsule("arrow_array", sizeof(struct ArrowArray), free_array_capsule, content);
}

/* Both references are taken over; NULL for one that could not be made. */
static PyObject *
pair_of(PyObject *schema, PyObject *array)
{
    PyObject *pair = schema != NULL && array != NULL ? PyTuple_Pack(2, schema, array) : NULL;
    Py_XDECREF(schema);
    Py_XDECREF(array);
    return pair;
}

static PyObject *
capsules_of_array(pyma_state *state, ma_array *array, const ma_field *field)
{
    void *content;
    PyObject *capsule = new_array_capsule(&content);
    if (capsule != NULL && pyma_export_array(state, array, content) < 0) {
        Py_CLEAR(capsule);
    }
    return pair_of(capsule != NULL ? pyma_capsule_of_field(state, field) : NULL, capsule);
}

static PyObject *
capsules_of_batch(pyma_state *state, ma_batch *batch)
{
    void *content;
    PyObject *capsule = new_array_capsule(&content);
    if (capsule != NULL && pyma_export_batch(state, batch, content) < 0) {
        Py_CLEAR(capsule);
    }
    return pair_of(capsule != NULL ? pyma_capsule_of_schema(state, ma_batch_schema(batch)) : NULL,
                   capsule);
}

static PyObject *
capsules_as_requested(pyma_state *state, ma_array *array, ma_field *own, ma_field *wanted)
{
    ma_field *field = NULL;
    ma_array *lent = NULL;
    ma_error err;
    ma_status st;
    ma_error_init(&err);
    Py_BEGIN_ALLOW_THREADS
    st = ma_cdata_request_field(own, wanted, ma_array_null_count(array) > 0, &field, &err);
    if (st == MA_OK) {
        st = ma_cdata_lend_array(array, field->type, &lent, &err);
    }
    Py_END_ALLOW_THREADS
    PyObject *pair = st == MA_OK ? capsules_of_array(state, lent, field) : pyma_raise(state, &err);
    ma_array_unref(lent);
    ma_field_unref(field);
    return pair;
}

static int
parse_request(PyObject *args, PyObject *kwargs, PyObject **requested)
{
    static char *names[] = {"requested_schema", NULL};
    *requested = Py_None;
    return PyArg_ParseTupleAndKeywords(args, kwargs, "|O", names, requested) ? 0 : -1;
}

PyObject *
pyma_array_arrow_c_array(PyObject *op, PyObject *args, PyObject *kwargs)
{
    pyma_state *state = pyma_state_of(op);
    ma_array *array = pyma_array_get(state, op);
    PyObject *requested;
    ma_field *wanted;
    if (parse_request(args, kwargs, &requested) < 0 ||
        pyma_requested_field(state, requested, &wanted) < 0) {
        return NULL;
    }
    ma_field *own = pyma_field_of_array(state, op);
    PyObject *pair = NULL;
    if (own != NULL) {
        pair = wanted != NULL ? capsules_as_requested(state, array, own, wanted)
                              : capsules_of_array(state, array, own);
    }
    ma_field_unref(own);
    ma_field_unref(wanted);
    return pair;
}

PyObject *
pyma_batch_arrow_c_array(PyObject *op, PyObject *args, PyObject *kwargs)
{
    pyma_state *state = pyma_state_of(op);
    ma_batch *batch = pyma_batch_get(state, op);
    PyObject *requested;
    ma_schema *wanted;
    ma_schema *schema = NULL;
    ma_batch *lent = NULL;
    ma_error err;
    ma_status st;
    if (parse_request(args, kwargs, &requested) < 0 ||
        pyma_requested_schema(state, requested, &wanted) < 0) {
        return NULL;
    }
    if (wanted == NULL) {
        return capsules_of_batch(state, batch);
    }
    ma_error_init(&err);
    Py_BEGIN_ALLOW_THREADS
    st = ma_cdata_request_schema(ma_batch_schema(batch), wanted, &schema, &err);
    if (st == MA_OK) {
        st = ma_cdata_lend_batch(batch, schema, &lent, &err);
    }
    Py_END_ALLOW_THREADS
    PyObject *pair = st == MA_OK ? capsules_of_batch(state, lent) : pyma_raise(state, &err);
    ma_batch_unref(lent);
    ma_schema_unref(schema);
    ma_schema_unref(wanted);
    return pair;
}

PyObject *
pyma_batch_arrow_c_stream(PyObject *op, PyObject *args, PyObject *kwargs)
{
    PyObject *requested;
    if (parse_request(args, kwargs, &requested) < 0) {
        return NULL;
    }
    pyma_state *state = pyma_state_of(op);
    PyObject *batches = PyTuple_Pack(1, op);
    PyObject *capsule =
        batches != NULL ? pyma_capsule_of_batches(
                              state, batches, ma_batch_schema(pyma_batch_get(state, op)), requested)
                        : NULL;
    Py_XDECREF(batches);
    return capsule;
}

/* ---- addresses ---- */

/* The struct at an address, or in a capsule of this name. */
static void *
struct_at(PyObject *object, const char *name)
{
    if (PyCapsule_CheckExact(object)) {
        return PyCapsule_GetPointer(object, name);
    }
    void *address = PyLong_AsVoidPtr(object);
    if (address == NULL && !PyErr_Occurred()) {
        PyErr_SetString(PyExc_ValueError, "the address of a C struct is not 0");
    }
    return address;
}

PyObject *
pyma_type_export_to_c(PyObject *op, PyObject *address)
{
    pyma_state *state = pyma_state_of(op);
    struct ArrowSchema *out = struct_at(address, "arrow_schema");
    ma_field *field = out != NULL ? pyma_field_of_type(state, op) : NULL;
    const int failed = field == NULL || pyma_export_field(state, field, out) < 0;
    ma_field_unref(field);
    return failed ? NULL : Py_NewRef(Py_None);
}

PyObject *
pyma_field_export_to_c(PyObject *op, PyObject *address)
{
    pyma_state *state = pyma_state_of(op);
    struct ArrowSchema *out = struct_at(address, "arrow_schema");
    if (out == NULL || pyma_export_field(state, pyma_field_get(state, op), out) < 0) {
        return NULL;
    }
    Py_RETURN_NONE;
}

PyObject *
pyma_schema_export_to_c(PyObject *op, PyObject *address)
{
    pyma_state *state = pyma_state_of(op);
    struct ArrowSchema *out = struct_at(address, "arrow_schema");
    if (out == NULL || pyma_export_schema(state, pyma_schema_get(state, op), out) < 0) {
        return NULL;
    }
    Py_RETURN_NONE;
}

/* The two addresses of an export; `*schema` is NULL where it is not asked for. */
static int
parse_addresses(PyObject *args, PyObject *kwargs, struct ArrowArray **array,
                struct ArrowSchema **schema)
{
    static char *names[] = {"out_ptr", "out_schema_ptr", NULL};
    PyObject *out;
    PyObject *out_schema = NULL;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|O:_export_to_c", names, &out, &out_schema)) {
        return -1;
    }
    *schema = NULL;
    *array = struct_at(out, "arrow_array");
    if (*array != NULL && out_schema != NULL) {
        *schema = PyLong_AsVoidPtr(out_schema);
    }
    return PyErr_Occurred() ? -1 : 0;
}

PyObject *
pyma_array_export_to_c(PyObject *op, PyObject *args, PyObject *kwargs)
{
    pyma_state *state = pyma_state_of(op);
    struct ArrowArray *array;
    struct ArrowSchema *schema;
    if (parse_addresses(args, kwargs, &array, &schema) < 0) {
        return NULL;
    }
    ma_field *field = pyma_field_of_array(state, op);
    int result = field != NULL ? pyma_export_array(state, pyma_array_get(state, op), array) : -1;
    if (result == 0 && schema != NULL) {
        result = pyma_export_field(state, field, schema);
        if (result < 0) {
            array->release(array);
        }
    }
    ma_field_unref(field);
    return result == 0 ? Py_NewRef(Py_None) : NULL;
}

PyObject *
pyma_batch_export_to_c(PyObject *op, PyObject *args, PyObject *kwargs)
{
    pyma_state *state = pyma_state_of(op);
    ma_batch *batch = pyma_batch_get(state, op);
    struct ArrowArray *array;
    struct ArrowSchema *schema;
    if (parse_addresses(args, kwargs, &array, &schema) < 0 ||
        pyma_export_batch(state, batch, array) < 0) {
        return NULL;
    }
    if (schema != NULL && pyma_export_schema(state, ma_batch_schema(batch), schema) < 0) {
        array->release(array);
        return NULL;
    }
    Py_RETURN_NONE;
}

static ma_field *
field_at(pyma_state *state, PyObject *in)
{
    struct ArrowSchema *schema = struct_at(in, "arrow_schema");
    return schema != NULL ? pyma_import_field(state, in, schema) : NULL;
}

PyObject *
pyma_type_import_from_c(PyObject *type, PyObject *in)
{
    pyma_state *state = pyma_state_of_type((PyTypeObject *)type);
    ma_field *field = field_at(state, in);
    PyObject *result = field != NULL ? pyma_field_type(state, field) : NULL;
    ma_field_unref(field);
    return result;
}

PyObject *
pyma_field_import_from_c(PyObject *type, PyObject *in)
{
    pyma_state *state = pyma_state_of_type((PyTypeObject *)type);
    ma_field *field = field_at(state, in);
    return field != NULL ? pyma_field_wrap(state, field) : NULL;
}

PyObject *
pyma_schema_import_from_c(PyObject *type, PyObject *in)
{
    pyma_state *state = pyma_state_of_type((PyTypeObject *)type);
    struct ArrowSchema *schema = struct_at(in, "arrow_schema");
    ma_schema *core = schema != NULL ? pyma_import_schema(state, in, schema) : NULL;
    return core != NULL ? pyma_schema_wrap(state, core) : NULL;
}

/* The array first, so that of all who take both structs at once one gets both. */
static int
take_array(pyma_state *state, PyObject *in, struct ArrowArray *taken)
{
    struct ArrowArray *array = struct_at(in, "arrow_array");
    if (array == NULL) {
        return -1;
    }
    PYMA_TAKE(in, array, taken);
    if (taken->release == NULL) {
        PyErr_SetString(state->ArrowInvalid, "the ArrowArray was released, or used already");
        return -1;
    }
    return 0;
}

/* An array whose type could not be read was taken over all the same. */
static void
release_untyped(struct ArrowArray *taken)
{
    PyObject *error = pyma_error_take(); /* the producer may run Python code */
    taken->release(taken);
    pyma_error_restore(error);
}

/* `in` and a DataType, or both structs. */
PyObject *
pyma_array_import_from_c(PyObject *type, PyObject *args)
{
    pyma_state *state = pyma_state_of_type((PyTypeObject *)type);
    struct ArrowArray taken;
    PyObject *in;
    PyObject *of;
    if (!PyArg_ParseTuple(args, "OO:_import_from_c", &in, &of) ||
        take_array(state, in, &taken) < 0) {
        return NULL;
    }
    ma_field *field = PyObject_TypeCheck(of, state->DataType) ? pyma_field_of_type(state, of)
                                                              : field_at(state, of);
    if (field == NULL) {
        release_untyped(&taken);
        return NULL;
    }
    PyObject *result = pyma_import_array(state, in, &taken, field);
    ma_field_unref(field);
    return result;
}

PyObject *
pyma_batch_import_from_c(PyObject *type, PyObject *args)
{
    pyma_state *state = pyma_state_of_type((PyTypeObject *)type);
    struct ArrowArray taken;
    PyObject *in;
    PyObject *of;
    if (!PyArg_ParseTuple(args, "OO:_import_from_c", &in, &of) ||
        take_array(state, in, &taken) < 0) {
        return NULL;
    }
    ma_schema *schema = NULL;
    if (PyObject_TypeCheck(of, state->Schema)) {
        schema = ma_schema_ref(pyma_schema_get(state, of));
    } else {
        struct ArrowSchema *given = struct_at(of, "arrow_schema");
        schema = given != NULL ? pyma_import_schema(state, of, given) : NULL;
    }
    if (schema == NULL) {
        release_untyped(&taken);
        return NULL;
    }
    ma_batch *batch = pyma_import_batch(state, in, &taken, schema);
    ma_schema_unref(schema);
    return batch != NULL ? pyma_batch_wrap(state, batch) : NULL;
}

/* pyarrow has the capsules in the other order than the addresses. */
static PyObject *
swapped(PyObject *args)
{
    PyObject *schema;
    PyObject *array;
    return PyArg_ParseTuple(args, "OO:_import_from_c_capsule", &schema, &array)
               ? PyTuple_Pack(2, array, schema)
               : NULL;
}

PyObject *
pyma_array_import_from_c_capsule(PyObject *type, PyObject *args)
{
    PyObject *pair = swapped(args);
    PyObject *result = pair != NULL ? pyma_array_import_from_c(type, pair) : NULL;
    Py_XDECREF(pair);
    return result;
}

PyObject *
pyma_batch_import_from_c_capsule(PyObject *type, PyObject *args)
{
    PyObject *pair = swapped(args);
    PyObject *result = pair != NULL ? pyma_batch_import_from_c(type, pair) : NULL;
    Py_XDECREF(pair);
    return result;
}
