#include "python/py_memory_file.h"

#include <stdio.h>
#include <string.h>

#include "core/base/number.h"
#include "python/py_descriptor.h"

#define LONG_COPY (64 * 1024) /* takes longer than giving the GIL away and back */

/* ---- parts of the memory ---- */

/* Take hold of up to `size` bytes from `offset` on, or from the position, which then moves, where
 * it is negative. */
static int
take_part(PyObject *op, int64_t offset, int64_t size, ma_buffer *out)
{
    pyma_memory_file *self = (pyma_memory_file *)op;
    pyma_mutex_lock(&self->lock);
    const bool open = self->buffer.data != NULL;
    if (open) {
        const int64_t from = ma_min_i64(offset < 0 ? self->position : offset, self->buffer.size);
        const int64_t part = ma_min_i64(size, self->buffer.size - from);
        *out = ma_buffer_slice(self->buffer, from, part);
        if (offset < 0) {
            self->position = from + part;
        }
    }
    pyma_mutex_unlock(&self->lock);
    return open ? 0 : pyma_file_fail_closed();
}

/* The target may be a part of the very memory that is read. */
static int64_t
copy_part(PyObject *op, int64_t offset, uint8_t *target, int64_t size)
{
    ma_buffer part = MA_NO_BUFFER;
    if (take_part(op, offset, size, &part) < 0) {
        return -1;
    }
    const int64_t got = part.size;
    if (got >= LONG_COPY) {
        Py_BEGIN_ALLOW_THREADS
        memmove(target, part.data, (size_t)got);
        Py_END_ALLOW_THREADS
    } else if (got > 0) {
        memmove(target, part.data, (size_t)got);
    }
    ma_buffer_clear(&part);
    return got;
}

static int64_t
memory_read(PyObject *op, uint8_t *target, int64_t size)
{
    return copy_part(op, -1, target, size);
}

static int64_t
memory_read_at(PyObject *op, int64_t offset, uint8_t *target, int64_t size)
{
    return copy_part(op, offset, target, size);
}

static int
memory_view(PyObject *op, int64_t size, ma_buffer *out)
{
    return take_part(op, -1, size, out);
}

/* ---- state ---- */

typedef struct memory_state {
    bool open;
    int64_t size;
    int64_t position;
} memory_state;

static memory_state
get_state(PyObject *op)
{
    pyma_memory_file *self = (pyma_memory_file *)op;
    pyma_mutex_lock(&self->lock);
    const memory_state state = {
        .open = self->buffer.data != NULL,
        .size = self->buffer.size,
        .position = self->position,
    };
    pyma_mutex_unlock(&self->lock);
    return state;
}

static bool
memory_closed(PyObject *op)
{
    return !get_state(op).open;
}

static int
memory_left(PyObject *op, int64_t *out)
{
    const memory_state state = get_state(op);
    *out = state.size - state.position;
    return state.open ? 0 : pyma_file_fail_closed();
}

static int64_t
memory_size(PyObject *op)
{
    const memory_state state = get_state(op);
    return state.open ? state.size : pyma_file_fail_closed();
}

static int64_t
memory_tell(PyObject *op)
{
    const memory_state state = get_state(op);
    return state.open ? state.position : pyma_file_fail_closed();
}

static int64_t
memory_seek(PyObject *op, int64_t offset, int whence)
{
    const memory_state state = get_state(op);
    if (!state.open) {
        return pyma_file_fail_closed();
    }
    const int64_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? state.position : state.size;
    int64_t position;
    if (!ma_add_i64(base, offset, &position) || position < 0 || position > state.size) {
        PyErr_Format(PyExc_OSError, "a seek by %lld from byte %lld is outside the %lld bytes",
                     (long long)offset, (long long)base, (long long)state.size);
        return -1;
    }
    pyma_memory_file_move(op, position);
    return position;
}

static int
memory_close(PyObject *op)
{
    pyma_memory_file *self = (pyma_memory_file *)op;
    pyma_mutex_lock(&self->lock);
    ma_buffer buffer = self->buffer;
    pyma_descriptor *descriptor = self->descriptor;
    self->buffer = MA_NO_BUFFER;
    self->descriptor = NULL;
    self->position = 0;
    pyma_mutex_unlock(&self->lock);
    ma_buffer_clear(&buffer); /* may run Python code: behind the lock */
    return pyma_descriptor_close(descriptor);
}

/* ---- for others ---- */

static const pyma_file_kind memory_kind = {
    .closed = memory_closed,
    .close = memory_close,
    .read = memory_read,
    .read_at = memory_read_at,
    .view = memory_view,
    .left = memory_left,
    .size = memory_size,
    .tell = memory_tell,
    .seek = memory_seek,
};

PyObject *
pyma_memory_file_new(PyTypeObject *type, ma_buffer buffer, pyma_descriptor *descriptor)
{
    pyma_memory_file *self = (pyma_memory_file *)type->tp_alloc(type, 0);
    if (self == NULL) {
        ma_buffer_clear(&buffer);
        pyma_descriptor_unref(descriptor);
        return NULL;
    }
    self->base.kind = &memory_kind;
    self->base.mode = "rb";
    self->base.seekable = true;
    self->buffer = buffer.data != NULL ? buffer : MA_EMPTY_BUFFER;
    self->descriptor = descriptor;
    return (PyObject *)self;
}

void
pyma_memory_file_tp_dealloc(PyObject *op)
{
    pyma_memory_file *self = (pyma_memory_file *)op;
    ma_buffer_clear(&self->buffer);
    pyma_descriptor_unref(self->descriptor);
    pyma_file_dealloc(op);
}

pyma_descriptor *
pyma_memory_file_take_descriptor(PyObject *op)
{
    pyma_memory_file *self = (pyma_memory_file *)op;
    pyma_descriptor *descriptor = NULL;
    pyma_mutex_lock(&self->lock);
    if (self->descriptor != NULL && !self->has_reader) {
        descriptor = pyma_descriptor_ref(self->descriptor);
        self->has_reader = true;
    }
    pyma_mutex_unlock(&self->lock);
    return descriptor;
}

int
pyma_memory_file_get(PyObject *op, ma_buffer *out, int64_t *position)
{
    pyma_memory_file *self = (pyma_memory_file *)op;
    pyma_mutex_lock(&self->lock);
    *out = ma_buffer_ref(self->buffer);
    *position = self->position;
    pyma_mutex_unlock(&self->lock);
    return out->data != NULL ? 0 : pyma_file_fail_closed();
}

void
pyma_memory_file_move(PyObject *op, int64_t position)
{
    pyma_memory_file *self = (pyma_memory_file *)op;
    pyma_mutex_lock(&self->lock);
    self->position = ma_max_i64(0, ma_min_i64(position, self->buffer.size));
    pyma_mutex_unlock(&self->lock);
}
