#include "python/py_array_parts.h"

#include <string.h>

#include "core/base/memory.h"
#include "core/data/compact.h"
#include "core/data/concat.h"
#include "core/data/extent.h"

static ma_array *
core_of(PyObject *op)
{
    return pyma_array_get(pyma_state_of(op), op);
}

/* ---- buffers ---- */

static int
append_buffer(pyma_state *state, PyObject *list, const ma_buffer *buffer)
{
    PyObject *item = buffer == NULL || buffer->data == NULL
                         ? Py_NewRef(Py_None)
                         : pyma_buffer_wrap(state, ma_buffer_ref(*buffer));
    const int st = item != NULL ? PyList_Append(list, item) : -1;
    Py_XDECREF(item);
    return st;
}

static int
append_buffers(pyma_state *state, PyObject *list, const ma_array *array)
{
    /* pyarrow has a place for a validity bitmap also in layouts that have none */
    if (ma_layouts[array->type->layout].buffers[0] != MA_BUFFER_VALIDITY &&
        append_buffer(state, list, NULL) < 0) {
        return -1;
    }
    for (int32_t i = 0; i < array->n_buffers; i++) {
        if (append_buffer(state, list, &array->buffers[i]) < 0) {
            return -1;
        }
    }
    for (int32_t i = 0; i < array->n_children; i++) {
        if (append_buffers(state, list, array->children[i]) < 0) {
            return -1;
        }
    }
    return 0;
}

PyObject *
Array_buffers(PyObject *op, PyObject *Py_UNUSED(ignored))
{
    PyObject *list = PyList_New(0);
    if (list != NULL && append_buffers(pyma_state_of(op), list, core_of(op)) < 0) {
        Py_CLEAR(list);
    }
    return list;
}

PyObject *
Array_get_total_buffer_size(PyObject *op, PyObject *Py_UNUSED(ignored))
{
    return PyLong_FromLongLong(ma_array_nbytes(core_of(op)));
}

/* Bytes of the buffers that rows [start, start + length) of a checked array need. */
static int64_t
size_of_rows(const ma_array *array, int64_t start, int64_t length)
{
    const ma_type *type = array->type;
    const ma_layout *layout = &ma_layouts[type->layout];
    const int64_t first = array->offset + start;
    int64_t total = 0;
    for (int32_t i = 0; i < array->n_buffers; i++) {
        const ma_buffer_kind kind = i < layout->n_buffers ? layout->buffers[i] : MA_BUFFER_BYTES;
        const int64_t bits = ma_buffer_kind_bits(kind, type->bits);
        if (array->buffers[i].data == NULL) {
            continue;
        }
        if (kind == MA_BUFFER_BYTES && ma_buffer_kind_is_offsets(layout->buffers[1])) {
            total += length > 0 ? ma_array_offset_at(array, start + length) -
                                      ma_array_offset_at(array, start)
                                : 0;
        } else if (kind == MA_BUFFER_BYTES) {
            total += array->buffers[i].size; /* of views: who knows which */
        } else if (bits == 1) {
            total += length > 0 ? ma_bitmap_size(first % 8 + length) : 0;
        } else {
            total += length * (bits / 8); /* of offsets, too: as pyarrow counts */
        }
    }
    for (int32_t i = 0; i < array->n_children; i++) {
        const ma_array *child = array->children[i];
        switch (layout->children) {
        case MA_CHILDREN_ALIGNED:
            total += size_of_rows(child, first, length);
            break;
        case MA_CHILDREN_MULTIPLIED:
            total += size_of_rows(child, first * type->list_size, length * type->list_size);
            break;
        default:
            if (ma_buffer_kind_is_offsets(layout->buffers[1])) {
                const int64_t from = length > 0 ? ma_array_offset_at(array, start) : 0;
                const int64_t to = length > 0 ? ma_array_offset_at(array, start + length) : 0;
                total += size_of_rows(child, from, to - from);
            } else {
                total += size_of_rows(child, 0, child->length);
            }
            break;
        }
    }
    if (array->dictionary != NULL) {
        total += size_of_rows(array->dictionary, 0, array->dictionary->length);
    }
    return total;
}

int64_t
pyma_array_nbytes(const ma_array *array)
{
    return size_of_rows(array, 0, array->length);
}

PyObject *
Array_get_nbytes(PyObject *op, void *Py_UNUSED(closure))
{
    ma_array *core = core_of(op);
    return pyma_array_check(pyma_state_of(op), core) < 0
               ? NULL
               : PyLong_FromLongLong(pyma_array_nbytes(core));
}

/* ---- arrays made of a part ---- */

/* A child's rows [start, start + length), wrapped. */
static PyObject *
wrap_slice(pyma_state *state, ma_array *child, int64_t start, int64_t length, const ma_field *field)
{
    ma_error err;
    ma_array *slice = NULL;
    ma_error_init(&err);
    if (ma_array_slice(child, start, length, &slice, &err) != MA_OK) {
        return pyma_raise(state, &err);
    }
    return pyma_array_wrap_child(state, slice, field);
}

static PyObject *
wrap_whole(pyma_state *state, ma_array *child, const ma_field *field)
{
    return pyma_array_wrap_child(state, ma_array_ref(child), field);
}

/* `length` values of a buffer from row `offset` on, as an array of a simple type. */
static PyObject *
wrap_buffer(pyma_state *state, ma_type *type, ma_buffer data, ma_buffer validity, int64_t offset,
            int64_t length)
{
    ma_error err;
    ma_array *array = NULL;
    ma_error_init(&err);
    if (ma_array_new(type, length, 0, &array, &err) != MA_OK) {
        return pyma_raise(state, &err);
    }
    array->offset = offset;
    array->buffers[0] = ma_buffer_ref(validity);
    array->buffers[1] = ma_buffer_ref(data);
    atomic_store(&array->nulls, validity.data != NULL ? -1 : 0);
    return pyma_array_wrap(state, array, NULL);
}

static PyObject *
wrap_integers(pyma_state *state, ma_type_id id, const ma_array *array, int buffer, int64_t length)
{
    ma_type *type = pyma_type_get(state, pyma_type_simple(state, id));
    return wrap_buffer(state, type, array->buffers[buffer], MA_NO_BUFFER, array->offset, length);
}

/* Offsets of an array without rows may be absent; they are one 0 then. */
static PyObject *
wrap_offsets(pyma_state *state, const ma_array *array)
{
    const ma_buffer_kind kind = ma_layouts[array->type->layout].buffers[1];
    const ma_type_id id = ma_buffer_kind_bits(kind, 0) == 64 ? MA_TYPE_INT64 : MA_TYPE_INT32;
    const int64_t rows = array->length + ma_buffer_kind_is_offsets(kind);
    if (array->length == 0 && array->buffers[1].size == 0 && rows == 1) {
        ma_type *type = pyma_type_get(state, pyma_type_simple(state, id));
        return wrap_buffer(state, type, (ma_buffer){ma_zeros, 8, NULL}, MA_NO_BUFFER, 0, 1);
    }
    return wrap_integers(state, id, array, 1, rows);
}

static PyObject *
wrap_indices(pyma_state *state, const ma_array *array)
{
    return wrap_buffer(state, array->type->index_type, array->buffers[1], array->buffers[0],
                       array->offset, array->length);
}

static bool
is_list(const ma_type *type)
{
    return type->id >= MA_TYPE_LIST && type->id <= MA_TYPE_MAP;
}

static bool
is_list_view(const ma_type *type)
{
    return type->id == MA_TYPE_LIST_VIEW || type->id == MA_TYPE_LARGE_LIST_VIEW;
}

/* Whether the array has the part; if so it is put into `*out` (NULL: exception). */
static bool
find_part(pyma_state *state, PyObject *op, const ma_array *core, const char *name, PyObject **out)
{
    const ma_type *type = core->type;
    if (strcmp(name, "values") == 0 && is_list(type)) {
        *out = wrap_whole(state, core->children[0], type->children[0]);
    } else if (strcmp(name, "values") == 0 && type->id == MA_TYPE_RUN_END_ENCODED) {
        *out = wrap_whole(state, core->children[1], type->children[1]);
    } else if (strcmp(name, "offsets") == 0 && is_list(type) &&
               type->id != MA_TYPE_FIXED_SIZE_LIST) {
        *out = wrap_offsets(state, core);
    } else if (strcmp(name, "offsets") == 0 && type->id == MA_TYPE_DENSE_UNION) {
        *out = wrap_integers(state, MA_TYPE_INT32, core, 1, core->length);
    } else if (strcmp(name, "sizes") == 0 && is_list_view(type)) {
        *out = wrap_integers(state, type->id == MA_TYPE_LIST_VIEW ? MA_TYPE_INT32 : MA_TYPE_INT64,
                             core, 2, core->length);
    } else if ((strcmp(name, "keys") == 0 || strcmp(name, "items") == 0) &&
               type->id == MA_TYPE_MAP) {
        const ma_array *entries = core->children[0];
        const int which = name[0] == 'i';
        *out = wrap_slice(state, entries->children[which], entries->offset, entries->length,
                          entries->type->children[which]);
    } else if (strcmp(name, "type_codes") == 0 && ma_type_is_union(type)) {
        *out = wrap_integers(state, MA_TYPE_INT8, core, 0, core->length);
    } else if (strcmp(name, "run_ends") == 0 && type->id == MA_TYPE_RUN_END_ENCODED) {
        *out = wrap_whole(state, core->children[0], type->children[0]);
    } else if (strcmp(name, "indices") == 0 && type->id == MA_TYPE_DICTIONARY) {
        *out = wrap_indices(state, core);
    } else if (strcmp(name, "dictionary") == 0 && type->id == MA_TYPE_DICTIONARY) {
        *out = pyma_array_wrap(state, ma_array_ref(core->dictionary), NULL);
    } else if (strcmp(name, "storage") == 0 && pyma_array_extension(op) != NULL) {
        *out = pyma_array_wrap(state, ma_array_ref((ma_array *)core), NULL);
    } else {
        return false;
    }
    return true;
}

PyObject *
Array_get_part(PyObject *op, void *name)
{
    pyma_state *state = pyma_state_of(op);
    const ma_array *core = core_of(op);
    PyObject *part = NULL;
    if (!find_part(state, op, core, name, &part)) {
        char type[80];
        PyErr_Format(PyExc_AttributeError, "an array of type %s has no attribute '%s'",
                     ma_type_name(core->type, type, sizeof(type)), (const char *)name);
    }
    return part;
}

/* ---- fields ---- */

PyObject *
Array_field(PyObject *op, PyObject *key)
{
    pyma_state *state = pyma_state_of(op);
    const ma_array *core = core_of(op);
    const ma_type *type = core->type;
    if (type->id != MA_TYPE_STRUCT && !ma_type_is_union(type)) {
        return PyErr_Format(PyExc_TypeError, "only structs and unions have fields");
    }
    const Py_ssize_t i = pyma_type_find_child(type, key);
    if (i < 0) {
        return NULL;
    }
    return type->id == MA_TYPE_DENSE_UNION ? wrap_whole(state, core->children[i], type->children[i])
                                           : wrap_slice(state, core->children[i], core->offset,
                                                        core->length, type->children[i]);
}

/* ---- flattening ---- */

/* A struct's child whose rows are null where the struct's are, too. */
static PyObject *
flatten_field(pyma_state *state, const ma_array *core, int32_t i)
{
    ma_error err;
    ma_array *slice = NULL;
    ma_array *child = core->children[i];
    const uint8_t *outer = ma_array_validity(core);
    ma_error_init(&err);
    if (ma_array_slice(child, core->offset, core->length, &slice, &err) != MA_OK) {
        return pyma_raise(state, &err);
    }
    if (outer == NULL || ma_layouts[child->type->layout].buffers[0] != MA_BUFFER_VALIDITY) {
        return pyma_array_wrap_child(state, slice, core->type->children[i]);
    }
    if (ma_array_is_free(slice)) { /* which may begin at any row, and a bitmap may not */
        ma_array *compact = NULL;
        const ma_status st = ma_array_compact(slice, &compact, &err);
        ma_array_unref(slice);
        if (st != MA_OK) {
            return pyma_raise(state, &err);
        }
        slice = compact;
    }
    uint8_t *bits;
    ma_buffer both;
    const int64_t offset = slice->offset;
    if (ma_buffer_alloc(ma_bitmap_size(offset + core->length), &both, &bits, &err) != MA_OK) {
        ma_array_unref(slice);
        return pyma_raise(state, &err);
    }
    memset(bits, 0, (size_t)both.size);
    for (int64_t row = 0; row < core->length; row++) {
        if (ma_bitmap_get(outer, core->offset + row) && !ma_array_is_null(slice, row)) {
            ma_bitmap_set(bits, offset + row);
        }
    }
    ma_buffer_clear(&slice->buffers[0]);
    slice->buffers[0] = both;
    atomic_store(&slice->nulls, -1);
    return pyma_array_wrap_child(state, slice, core->type->children[i]);
}

static PyObject *
flatten_struct(pyma_state *state, const ma_array *core)
{
    PyObject *list = PyList_New(core->n_children);
    for (int32_t i = 0; list != NULL && i < core->n_children; i++) {
        PyObject *field = flatten_field(state, core, i);
        if (field == NULL) {
            Py_CLEAR(list);
            break;
        }
        PyList_SET_ITEM(list, i, field);
    }
    return list;
}

/* The ranges of the child that lists which are not null hold, in runs as long as they come. Fills
 * `pieces` (a list's range at most each) and returns their number; -1 with `err`. */
static int64_t
cut_pieces(const ma_array *core, ma_array **pieces, ma_error *err)
{
    int64_t count = 0;
    int64_t from = 0;
    int64_t to = 0;
    for (int64_t row = 0; row <= core->length; row++) {
        int64_t start = -1;
        int64_t size = 0;
        if (row < core->length) {
            if (ma_array_is_null(core, row)) {
                continue;
            }
            ma_array_list_at(core, row, &start, &size);
            if (size == 0) {
                continue;
            }
            if (start == to && to > from) {
                to += size;
                continue;
            }
        }
        if (to > from) {
            if (ma_array_slice(core->children[0], from, to - from, &pieces[count], err) != MA_OK) {
                return -1 - count;
            }
            count++;
        }
        from = start;
        to = start + size;
    }
    return count;
}

static PyObject *
flatten_list(pyma_state *state, ma_array *core)
{
    ma_error err;
    ma_array *joined = NULL;
    const ma_field *field = core->type->children[0];
    ma_array **pieces = ma_calloc(core->length, sizeof(*pieces));
    if (pieces == NULL) {
        return PyErr_NoMemory();
    }
    ma_error_init(&err);
    const int64_t count = cut_pieces(core, pieces, &err);
    ma_status st = count < 0 ? MA_NOMEM : MA_OK;
    if (st == MA_OK) {
        st = ma_array_concat(core->children[0]->type, pieces, count, &joined, &err);
    }
    for (int64_t i = 0; i < core->length && pieces[i] != NULL; i++) {
        ma_array_unref(pieces[i]);
    }
    ma_free(pieces);
    return st == MA_OK ? pyma_array_wrap_child(state, joined, field) : pyma_raise(state, &err);
}

PyObject *
Array_flatten(PyObject *op, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {NULL};
    pyma_state *state = pyma_state_of(op);
    ma_array *core = core_of(op);
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, ":flatten", keywords) ||
        pyma_array_check(state, core) < 0) {
        return NULL;
    }
    if (core->type->id == MA_TYPE_STRUCT) {
        return flatten_struct(state, core);
    }
    if (is_list(core->type)) {
        if (pyma_array_check_extent(state, core, 0, core->length, MA_EXTENT_OBJECTS) < 0) {
            return NULL;
        }
        return flatten_list(state, core);
    }
    return PyErr_Format(PyExc_TypeError, "only lists and structs can be flattened");
}
