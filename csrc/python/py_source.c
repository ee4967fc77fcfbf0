/* Picks the kind of a source; memory is a kind of its own, which needs no functions. */
#include "python/py_source_kind.h"

#include "core/base/memory.h"
#include "core/base/number.h"
#include "python/py_descriptor.h"
#include "python/py_file_object.h"
#include "python/py_memory_file.h"
#include "python/py_memory_map.h"

#define STEP_BUFFER 4096 /* gaps up to this size are read: cheaper than a seek */

/* A size may be a mere claim, and a place that no file can have is refused in words of the source's
 * own: so it is gone there in steps, and the first one that nothing is behind is the last. */
#define MOST_OF_A_STEP ((int64_t)256 * 1024 * 1024)

typedef struct memory_source {
    pyma_source base;
    ma_buffer buffer; /* owned */
    int64_t start;
    PyObject *file; /* owned; the BufferReader or MemoryMappedFile; NULL for plain memory */
    pyma_descriptor *descriptor; /* owned; what the memory is mapped from; NULL for other memory */
} memory_source;

/* ---- memory ---- */

static void
memory_fini(pyma_source *base)
{
    memory_source *self = (memory_source *)base;
    ma_buffer_clear(&self->buffer);
    pyma_descriptor_unref(self->descriptor);
    Py_CLEAR(self->file);
}

static int64_t
memory_read_at(pyma_source *base, int64_t offset, uint8_t *target, int64_t size)
{
    const memory_source *self = (const memory_source *)base;
    return pyma_descriptor_read_at(self->descriptor, offset, target, size);
}

static int
memory_traverse(const pyma_source *base, visitproc visit, void *arg)
{
    Py_VISIT(((const memory_source *)base)->file);
    return 0;
}

static const pyma_source_kind memory_kind = {
    .read_at = memory_read_at,
    .fini = memory_fini,
    .traverse = memory_traverse,
};

/* Takes over the buffer and the descriptor, also on failure. */
static pyma_source *
source_of_memory(pyma_state *state, ma_buffer buffer, int64_t start, PyObject *file,
                 pyma_descriptor *descriptor)
{
    memory_source *self = pyma_source_new(state, &memory_kind, sizeof(*self));
    if (self == NULL) {
        ma_buffer_clear(&buffer);
        pyma_descriptor_unref(descriptor);
        return NULL;
    }
    self->descriptor = descriptor;
    self->buffer = buffer.data != NULL ? buffer : MA_EMPTY_BUFFER;
    self->start = ma_min_i64(start, buffer.size);
    self->file = Py_XNewRef(file);
    return &self->base;
}

static pyma_source *
source_of_memory_file(pyma_state *state, PyObject *file)
{
    ma_buffer buffer;
    int64_t position;
    if (pyma_memory_file_get(file, &buffer, &position) < 0) {
        return NULL;
    }
    return source_of_memory(state, buffer, position, file, pyma_memory_file_take_descriptor(file));
}

/* Say what to do about memory in pieces; other failures stay as they are. */
static void
explain_buffer_error(void)
{
    if (!PyErr_ExceptionMatches(PyExc_BufferError) && !PyErr_ExceptionMatches(PyExc_ValueError)) {
        return;
    }
    PyObject *cause = pyma_error_take();
    pyma_raise_from(
        cause, PyExc_BufferError,
        "the source is not one block of readable memory (%S); pass a copy, bytes(source)", cause);
}

static pyma_source *
source_of_bytes(pyma_state *state, PyObject *object)
{
    ma_buffer buffer;
    if (pyma_buffer_from_object(object, &buffer) < 0) {
        explain_buffer_error();
        return NULL;
    }
    return source_of_memory(state, buffer, 0, NULL, NULL);
}

/* ---- picking ---- */

static pyma_source *
source_of_path(pyma_state *state, PyObject *path, bool random_access, bool memory_map)
{
    ma_buffer buffer;
    pyma_descriptor *descriptor = pyma_descriptor_open(path, PYMA_OS_READ);
    if (descriptor == NULL) {
        return NULL;
    }
    if (!memory_map || !descriptor->is_regular) {
        return pyma_source_of_descriptor(state, descriptor, random_access);
    }
    if (pyma_map(descriptor, &buffer) < 0) {
        pyma_descriptor_unref(descriptor);
        return NULL;
    }
    return source_of_memory(state, buffer, 0, NULL, descriptor);
}

static pyma_source *
source_of_number(pyma_state *state, PyObject *number, bool random_access)
{
    pyma_descriptor *descriptor = pyma_descriptor_from_number(number);
    return descriptor != NULL ? pyma_source_of_descriptor(state, descriptor, random_access) : NULL;
}

/* Objects that tell by their methods what they are. */
static pyma_source *
source_of_methods(pyma_state *state, PyObject *object, bool random_access, bool memory_map)
{
    pyma_source *source = NULL;
    const int is_path = pyma_is_path(object);
    if (is_path != 0) {
        return is_path == 1 ? source_of_path(state, object, random_access, memory_map) : NULL;
    }
    if (pyma_source_of_socket(state, object, random_access, &source) < 0 || source != NULL) {
        return source;
    }
    if (pyma_source_of_object(state, object, random_access, &source) < 0 || source != NULL) {
        return source;
    }
    PyErr_Format(PyExc_TypeError,
                 "cannot read from %.200s: expected a bytes-like object, a path, a file or another "
                 "object with read(), a socket or a file descriptor",
                 Py_TYPE(object)->tp_name);
    return NULL;
}

pyma_source *
pyma_source_open(pyma_state *state, PyObject *object, bool random_access, bool memory_map)
{
    if (Py_IS_TYPE(object, state->BufferReader) || Py_IS_TYPE(object, state->MemoryMappedFile)) {
        return source_of_memory_file(state, object);
    }
    if (Py_IS_TYPE(object, state->OSFile)) {
        return pyma_source_of_os_file(state, object, random_access);
    }
    if (PyUnicode_Check(object)) {
        return source_of_path(state, object, random_access, memory_map);
    }
    if (PyObject_CheckBuffer(object)) {
        return source_of_bytes(state, object);
    }
    if (PyLong_Check(object) && !PyBool_Check(object)) {
        return source_of_number(state, object, random_access);
    }
    return source_of_methods(state, object, random_access, memory_map);
}

/* ---- for the kinds ---- */

void *
pyma_source_new(pyma_state *state, const pyma_source_kind *kind, size_t size)
{
    pyma_source *self = ma_calloc(1, (int64_t)size);
    if (self == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    self->kind = kind;
    self->state = state;
    return self;
}

int
pyma_source_fail_seek(void)
{
    return pyma_file_fail_unsupported(
        "the source cannot seek, and a file in Arrow's file format is read from its end; read it "
        "into memory first, or use the stream format");
}

/* ---- the calls ---- */

void
pyma_source_free(pyma_source *self)
{
    if (self == NULL) {
        return;
    }
    PyObject *error = pyma_error_take();
    self->kind->fini(self);
    ma_free(self);
    pyma_error_restore(error);
}

ma_buffer
pyma_source_memory(const pyma_source *self, int64_t *start)
{
    if (self->kind != &memory_kind) {
        *start = 0;
        return MA_NO_BUFFER;
    }
    const memory_source *memory = (const memory_source *)self;
    *start = memory->start;
    return memory->buffer;
}

bool
pyma_source_is_mapped(const pyma_source *self)
{
    return self->kind == &memory_kind && ((const memory_source *)self)->descriptor != NULL;
}

void
pyma_source_move(pyma_source *self, int64_t position)
{
    assert(self->kind == &memory_kind);
    PyObject *file = ((memory_source *)self)->file;
    if (file != NULL) {
        pyma_memory_file_move(file, position);
    }
}

int64_t
pyma_source_size(const pyma_source *self)
{
    if (self->kind == &memory_kind) {
        return ((const memory_source *)self)->buffer.size;
    }
    return self->kind->size != NULL ? self->kind->size(self) : -1;
}

int
pyma_source_read(pyma_source *self, uint8_t *target, int64_t size, int64_t *done)
{
    *done = 0;
    return self->kind->read(self, target, size, done);
}

bool
pyma_source_is_lost(const pyma_source *self)
{
    return self->is_lost;
}

int64_t
pyma_source_read_at(pyma_source *self, int64_t offset, uint8_t *target, int64_t size)
{
    return self->kind->read_at(self, offset, target, size);
}

bool
pyma_source_can_skip(const pyma_source *self)
{
    return self->kind->can_skip != NULL && self->kind->can_skip(self);
}

int
pyma_source_read_whole(pyma_source *self, uint8_t *target, int64_t size)
{
    int64_t done;
    if (pyma_source_read(self, target, size, &done) < 0) {
        return -1;
    }
    return done == size;
}

/* Seeking goes past the end without a word, so the last byte is read. */
static int
step_over(pyma_source *self, int64_t size)
{
    uint8_t last;
    return self->kind->step(self, size - 1) < 0 ? -1 : pyma_source_read_whole(self, &last, 1);
}

int
pyma_source_skip(pyma_source *self, int64_t size)
{
    uint8_t scratch[STEP_BUFFER];
    const bool seeks = pyma_source_can_skip(self);
    int more = 1;
    while (size > 0 && more > 0) {
        const bool steps = seeks && size > STEP_BUFFER;
        const int64_t part = ma_min_i64(size, steps ? MOST_OF_A_STEP : STEP_BUFFER);
        more = steps ? step_over(self, part) : pyma_source_read_whole(self, scratch, part);
        size -= part;
    }
    return more;
}

bool
pyma_source_is_python(const pyma_source *self)
{
    return self->kind->is_python;
}

int
pyma_source_traverse(const pyma_source *self, visitproc visit, void *arg)
{
    return self->kind->traverse != NULL ? self->kind->traverse(self, visit, arg) : 0;
}
