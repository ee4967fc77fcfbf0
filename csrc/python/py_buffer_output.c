/* BufferOutputStream: bytes gathered in memory. */
#include "python/py_buffer_output.h"

#include <string.h>

#include "core/base/memory.h"
#include "core/base/number.h"
#include "python/py_guard.h"
#include "python/py_module.h"
#include "python/py_native_file.h"

#define FIRST_CAPACITY 4096
#define PREFETCHED     (4 * 1024)
#define LONG_COPY      (64 * 1024) /* takes longer than giving the GIL away and back */
#define WORTH_CUTTING  (64 * 1024) /* room behind the last byte that is given back at the end */

/* The owner of the bytes is there from the start, so that closing cannot fail. */
typedef struct output_block {
    ma_block base;
    uint8_t *memory; /* owned; from ma_aligned_malloc; NULL until written to */
    int64_t capacity;
} output_block;

typedef struct BufferOutputStreamObject {
    pyma_native_file base;
    pyma_guard guard;    /* for the block's memory, and the size */
    output_block *block; /* owned; its memory stays as it is once closed */
    int64_t size;
    atomic_bool closed;
} BufferOutputStreamObject;

static void
output_release(ma_block *base)
{
    output_block *self = (output_block *)base;
    ma_aligned_free(self->memory);
    ma_free(self);
}

static int
output_enter(BufferOutputStreamObject *self)
{
    return pyma_guard_enter(&self->guard, "output stream");
}

/* ---- writing ---- */

/* Make room for `more` bytes. Whoever writes a lot gets just that: the pages are not touched
 * before. */
static int
reserve(BufferOutputStreamObject *self, int64_t more)
{
    int64_t needed;
    if (!ma_add_i64(self->size, more, &needed)) {
        return -1;
    }
    const int64_t now = self->block->capacity;
    if (needed <= now) {
        return 0;
    }
    const int64_t doubled = now > INT64_MAX / 2 ? INT64_MAX : now * 2;
    const int64_t capacity = ma_max_i64(needed, ma_max_i64(doubled, FIRST_CAPACITY));
    uint8_t *grown = ma_aligned_realloc(self->block->memory, self->size, capacity);
    if (grown == NULL) {
        return -1;
    }
    self->block->memory = grown;
    self->block->capacity = ma_aligned_room(grown);
    return 0;
}

/* Ask for the memory that the next batch is going to fill, if it is as large as this one and small:
 * else the unlocking behind it waits until that memory has come to the processor. */
static void
prefetch_next(const BufferOutputStreamObject *self, int64_t size)
{
    const int64_t room = self->block->capacity - self->size;
    for (int64_t at = 0; at < ma_min_i64(size, room) && size <= PREFETCHED; at += 64) {
        MA_PREFETCH_TO_WRITE(self->block->memory + self->size + at);
    }
}

static int
append(BufferOutputStreamObject *self, const ma_segment *segments, int64_t count, int64_t total)
{
    if (reserve(self, total) < 0) {
        return -1;
    }
    for (int64_t i = 0; i < count; i++) {
        if (segments[i].size > 0) {
            memcpy(self->block->memory + self->size, segments[i].data, (size_t)segments[i].size);
            self->size += segments[i].size;
        }
    }
    prefetch_next(self, total);
    return 0;
}

int
pyma_buffer_output_write(PyObject *op, const ma_segment *segments, int64_t count)
{
    BufferOutputStreamObject *self = (BufferOutputStreamObject *)op;
    int64_t total = 0;
    int result = 0;
    for (int64_t i = 0; i < count; i++) {
        if (!ma_add_i64(total, segments[i].size, &total)) {
            PyErr_NoMemory();
            return -1;
        }
    }
    if (output_enter(self) < 0) {
        return -1;
    }
    const bool closed = self->closed;
    if (!closed && total >= LONG_COPY) {
        Py_BEGIN_ALLOW_THREADS
        result = append(self, segments, count, total);
        Py_END_ALLOW_THREADS
    } else if (!closed) {
        result = append(self, segments, count, total);
    }
    pyma_guard_leave(&self->guard);
    if (closed) {
        return pyma_file_fail_closed();
    }
    if (result < 0) {
        PyErr_NoMemory();
    }
    return result;
}

static int
output_write(PyObject *op, const uint8_t *data, int64_t size)
{
    const ma_segment segment = {data, size};
    return pyma_buffer_output_write(op, &segment, 1);
}

/* ---- closing ---- */

static int
output_close(PyObject *op)
{
    BufferOutputStreamObject *self = (BufferOutputStreamObject *)op;
    if (output_enter(self) < 0) {
        return -1;
    }
    output_block *block = self->block;
    if (!self->closed && block->capacity - self->size >= WORTH_CUTTING) {
        block->memory = ma_aligned_cut(block->memory, self->size);
        block->capacity = self->size;
    }
    self->closed = true;
    pyma_guard_leave(&self->guard);
    return 0;
}

static bool
output_closed(PyObject *op)
{
    return ((BufferOutputStreamObject *)op)->closed;
}

static int64_t
output_tell(PyObject *op)
{
    BufferOutputStreamObject *self = (BufferOutputStreamObject *)op;
    if (output_enter(self) < 0) {
        return -1;
    }
    const int64_t size = self->closed ? -1 : self->size;
    pyma_guard_leave(&self->guard);
    return size >= 0 ? size : pyma_file_fail_closed();
}

PyDoc_STRVAR(getvalue_doc, "getvalue($self, /)\n--\n\n"
                           "What was written as a Buffer, without a copy; closes the stream.");

static PyObject *
BufferOutputStream_getvalue(PyObject *op, PyObject *Py_UNUSED(ignored))
{
    BufferOutputStreamObject *self = (BufferOutputStreamObject *)op;
    if (output_close(op) < 0) {
        return NULL;
    }
    /* nothing changes any more */
    const ma_buffer all = {self->block->memory, self->size, &self->block->base};
    return pyma_buffer_wrap(pyma_state_of(op),
                            self->size > 0 ? ma_buffer_ref(all) : MA_EMPTY_BUFFER);
}

/* ---- the type ---- */

static const pyma_file_kind output_kind = {
    .closed = output_closed,
    .close = output_close,
    .write = output_write,
    .tell = output_tell,
};

static PyObject *
BufferOutputStream_tp_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"memory_pool", NULL};
    PyObject *pool = Py_None;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|O:BufferOutputStream", names, &pool)) {
        return NULL;
    }
    BufferOutputStreamObject *self = (BufferOutputStreamObject *)type->tp_alloc(type, 0);
    if (self == NULL) {
        return NULL;
    }
    pyma_guard_init(&self->guard);
    self->guard.runs_python = false;
    self->block = ma_calloc(1, sizeof(*self->block));
    if (self->block == NULL) {
        Py_DECREF(self);
        return PyErr_NoMemory();
    }
    ma_refs_init(&self->block->base.refs);
    self->block->base.release = output_release;
    self->base.kind = &output_kind;
    self->base.mode = "wb";
    return (PyObject *)self;
}

static void
BufferOutputStream_tp_dealloc(PyObject *op)
{
    BufferOutputStreamObject *self = (BufferOutputStreamObject *)op;
    if (self->block != NULL && !pyma_guard_is_lost(&self->guard)) {
        ma_block_unref(&self->block->base);
    }
    pyma_guard_fini(&self->guard);
    pyma_file_dealloc(op);
}

static PyMethodDef BufferOutputStream_methods[] = {
    {"getvalue", BufferOutputStream_getvalue, METH_NOARGS, getvalue_doc},
    {"get_result", BufferOutputStream_getvalue, METH_NOARGS,
     PyDoc_STR("get_result($self, /)\n--\n\nThe older name of getvalue.")},
    {0},
};

PyDoc_STRVAR(BufferOutputStream_doc,
             "BufferOutputStream(memory_pool=None)\n--\n\n"
             "Gathers what is written to it in memory; getvalue() gives it as a Buffer.\n\n"
             "memory_pool is there for the sake of pyarrow's signature, and ignored.");

static PyType_Slot BufferOutputStream_slots[] = {
    {Py_tp_doc, (void *)BufferOutputStream_doc},
    {Py_tp_new, BufferOutputStream_tp_new},
    {Py_tp_dealloc, BufferOutputStream_tp_dealloc},
    {Py_tp_methods, BufferOutputStream_methods},
    {0, NULL},
};

PyType_Spec pyma_BufferOutputStream_spec = {
    .name = "minarrow.BufferOutputStream",
    .basicsize = sizeof(BufferOutputStreamObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = BufferOutputStream_slots,
};
