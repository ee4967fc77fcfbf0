/* From what was found about values to a type. */
#include "core/base/memory.h"
#include "python/py_infer.h"

void
pyma_finding_free(pyma_finding *self)
{
    if (self == NULL) {
        return;
    }
    for (int32_t i = 0; i < self->n_children; i++) {
        pyma_finding_free(self->children[i]);
    }
    PyMem_Free(self->children);
    Py_XDECREF(self->zone);
    Py_XDECREF(self->type);
    Py_XDECREF(self->names);
    PyMem_Free(self);
}

const char *
pyma_finding_name(const pyma_finding *self)
{
    static const char *const names[] = {
        [PYMA_KIND_NONE] = "null",           [PYMA_KIND_BOOL] = "bool",
        [PYMA_KIND_INT] = "int64",           [PYMA_KIND_FLOAT] = "double",
        [PYMA_KIND_TEXT] = "string",         [PYMA_KIND_BYTES] = "binary",
        [PYMA_KIND_DATE] = "date32",         [PYMA_KIND_TIME] = "time64",
        [PYMA_KIND_TIMESTAMP] = "timestamp", [PYMA_KIND_DURATION] = "duration",
        [PYMA_KIND_DECIMAL] = "decimal",     [PYMA_KIND_INTERVAL] = "month_day_nano_interval",
        [PYMA_KIND_UUID] = "uuid",           [PYMA_KIND_SCALAR] = "minarrow scalars",
        [PYMA_KIND_LIST] = "list",           [PYMA_KIND_STRUCT] = "struct",
    };
    return names[self->kind];
}

/* ---- types without children ---- */

/* The type of numpy scalars that are all of one kind. */
static ma_type_id
numpy_id(const pyma_finding *self)
{
    static const ma_type_id integers[] = {MA_TYPE_INT8, MA_TYPE_INT16, MA_TYPE_INT32,
                                          MA_TYPE_INT64};
    const int step = self->width == 1 ? 0 : self->width == 2 ? 1 : self->width == 4 ? 2 : 3;
    switch (self->number) {
    case 'i':
        return integers[step];
    case 'u':
        return (ma_type_id)(integers[step] + 1);
    default:
        return self->width == 2   ? MA_TYPE_FLOAT16
               : self->width == 4 ? MA_TYPE_FLOAT32
                                  : MA_TYPE_FLOAT64;
    }
}

static ma_type_id
flat_id(const pyma_finding *self)
{
    const bool numpy = !self->plain && self->number != 0;
    switch (self->kind) {
    case PYMA_KIND_BOOL:
        return MA_TYPE_BOOL;
    case PYMA_KIND_INT:
        return numpy ? numpy_id(self) : self->large ? MA_TYPE_UINT64 : MA_TYPE_INT64;
    case PYMA_KIND_FLOAT:
        return numpy ? numpy_id(self) : MA_TYPE_FLOAT64;
    case PYMA_KIND_TEXT:
        return MA_TYPE_UTF8;
    case PYMA_KIND_BYTES:
        return MA_TYPE_BINARY;
    case PYMA_KIND_DATE:
        return MA_TYPE_DATE32;
    case PYMA_KIND_INTERVAL:
        return MA_TYPE_INTERVAL_MONTH_DAY_NANO;
    default:
        return MA_TYPE_NULL;
    }
}

static char *
copy_text(const char *text)
{
    const size_t size = strlen(text) + 1;
    char *copy = ma_malloc((int64_t)size);
    return copy != NULL ? memcpy(copy, text, size) : NULL;
}

static ma_status
make_timed(const pyma_finding *self, ma_type **out, ma_error *err)
{
    const ma_type_id id = self->kind == PYMA_KIND_TIME        ? MA_TYPE_TIME64
                          : self->kind == PYMA_KIND_TIMESTAMP ? MA_TYPE_TIMESTAMP
                                                              : MA_TYPE_DURATION;
    ma_type *type = NULL;
    MA_TRY(ma_type_new(id, 0, &type, err));
    type->unit = self->plain || self->kind == PYMA_KIND_TIME ? MA_MICROSECOND : (ma_unit)self->unit;
    ma_status st = MA_OK;
    if (self->zone != NULL && self->zone != Py_None) {
        const char *zone = PyUnicode_AsUTF8(self->zone);
        type->timezone = zone != NULL ? copy_text(zone) : NULL;
        st = type->timezone != NULL ? MA_OK : ma_fail_nomem(err, 64);
    }
    if (st == MA_OK) {
        st = ma_type_seal(type, err);
    }
    if (st != MA_OK) {
        ma_type_unref(type);
        return st;
    }
    *out = type;
    return MA_OK;
}

static ma_status
make_decimal(const pyma_finding *self, ma_type **out, ma_error *err)
{
    const int64_t precision = self->whole + self->scale > 0 ? self->whole + self->scale : 1;
    if (precision > 76) {
        return ma_fail(err, MA_INVALID, -1,
                       "these decimals take %lld digits, and the widest decimal has 76",
                       (long long)precision);
    }
    ma_type *type = NULL;
    MA_TRY(ma_type_new(precision > 38 ? MA_TYPE_DECIMAL256 : MA_TYPE_DECIMAL128, 0, &type, err));
    type->precision = (int32_t)precision;
    type->scale = (int32_t)self->scale;
    const ma_status st = ma_type_seal(type, err);
    if (st != MA_OK) {
        ma_type_unref(type);
        return st;
    }
    *out = type;
    return MA_OK;
}

static ma_status
make_uuid(ma_type **out, ma_error *err)
{
    ma_type *type = NULL;
    MA_TRY(ma_type_new(MA_TYPE_FIXED_SIZE_BINARY, 0, &type, err));
    type->byte_width = 16;
    const ma_status st = ma_type_seal(type, err);
    if (st != MA_OK) {
        ma_type_unref(type);
        return st;
    }
    *out = type;
    return MA_OK;
}

/* ---- types with children ---- */

/* The field for a child of any type, an extension type named in its metadata. */
static ma_field *
make_field(pyma_conversion *conversion, ma_bytes name, const pyma_finding *finding)
{
    ma_type *type = NULL;
    PyObject *extension = NULL;
    ma_field *field = NULL;
    ma_error err;
    ma_error_init(&err);
    if (pyma_finding_type(conversion, finding, &type, &extension) < 0) {
        return NULL;
    }
    if (extension != NULL) {
        field = pyma_field_new(conversion->state, name, extension, true, NULL);
    } else if (ma_field_new(name, type, true, NULL, &field, &err) != MA_OK) {
        pyma_conversion_fail_core(conversion, &err);
    }
    Py_XDECREF(extension);
    ma_type_unref(type);
    return field;
}

static int
seal(pyma_conversion *conversion, ma_type *type, ma_type **out)
{
    ma_error err;
    ma_error_init(&err);
    if (ma_type_seal(type, &err) != MA_OK) {
        ma_type_unref(type);
        return pyma_conversion_fail_core(conversion, &err);
    }
    *out = type;
    return 0;
}

static int
make_list(pyma_conversion *conversion, const pyma_finding *self, ma_type **out)
{
    ma_type *type = NULL;
    ma_error err;
    ma_error_init(&err);
    if (ma_type_new(MA_TYPE_LIST, 1, &type, &err) != MA_OK) {
        return pyma_conversion_fail_core(conversion, &err);
    }
    type->children[0] = make_field(conversion, (ma_bytes){"item", 4}, self->children[0]);
    if (type->children[0] == NULL) {
        ma_type_unref(type);
        return -1;
    }
    return seal(conversion, type, out);
}

static int
make_struct(pyma_conversion *conversion, const pyma_finding *self, ma_type **out)
{
    ma_type *type = NULL;
    ma_error err;
    ma_error_init(&err);
    if (ma_type_new(MA_TYPE_STRUCT, self->n_children, &type, &err) != MA_OK) {
        return pyma_conversion_fail_core(conversion, &err);
    }
    Py_ssize_t at = 0;
    PyObject *name;
    PyObject *index;
    while (PyDict_Next(self->names, &at, &name, &index)) {
        const long i = PyLong_AsLong(index);
        ma_bytes bytes;
        PyObject *owner;
        if (pyma_text_from(name, "a struct's field name", &bytes, &owner) == 0) {
            type->children[i] = make_field(conversion, bytes, self->children[i]);
            Py_DECREF(owner);
        }
        if (type->children[i] == NULL) {
            ma_type_unref(type);
            return -1;
        }
    }
    return seal(conversion, type, out);
}

/* uuid as an extension type, where one is known that is stored as `storage`; else NULL. -1 with an
 * exception. */
static int
find_uuid_type(pyma_conversion *conversion, const ma_type *storage, PyObject **out)
{
    pyma_state *state = conversion->state;
    /* the canonical types are registered when their module is imported, which may be now */
    if (pyma_import(&state->extension, "minarrow.extension", NULL) == NULL ||
        pyma_find_key(state->extension_types, "arrow.uuid", out) < 0) {
        return -1;
    }
    const ma_type *core = *out != NULL ? pyma_type_get(state, *out) : NULL;
    if (*out != NULL && (core == NULL || !ma_type_equal(core, storage, false))) {
        Py_CLEAR(*out);
    }
    return PyErr_Occurred() ? -1 : 0;
}

int
pyma_finding_type(pyma_conversion *conversion, const pyma_finding *self, ma_type **out,
                  PyObject **extension)
{
    ma_error err;
    ma_error_init(&err);
    ma_status st;
    *extension = NULL;
    switch (self->kind) {
    case PYMA_KIND_LIST:
        return make_list(conversion, self, out);
    case PYMA_KIND_STRUCT:
        return make_struct(conversion, self, out);
    case PYMA_KIND_SCALAR:
        *out = ma_type_ref(pyma_type_get(conversion->state, self->type));
        if (*out != NULL && pyma_type_is_extension(conversion->state, self->type)) {
            *extension = Py_NewRef(self->type);
        }
        return *out != NULL ? 0 : -1;
    case PYMA_KIND_TIME:
    case PYMA_KIND_TIMESTAMP:
    case PYMA_KIND_DURATION:
        st = make_timed(self, out, &err);
        break;
    case PYMA_KIND_DECIMAL:
        st = make_decimal(self, out, &err);
        break;
    case PYMA_KIND_UUID:
        st = make_uuid(out, &err);
        if (st == MA_OK && find_uuid_type(conversion, *out, extension) < 0) {
            ma_type_unref(*out);
            *out = NULL;
            return -1;
        }
        break;
    default:
        st = ma_type_simple(flat_id(self), out, &err);
        break;
    }
    return st == MA_OK ? 0 : pyma_conversion_fail_core(conversion, &err);
}
