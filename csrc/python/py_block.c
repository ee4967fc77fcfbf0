/* Blocks of the core that own a Python object. Whoever drops the last reference lets go of it
 * while holding its interpreter, and no guard that others wait for; once that has ended the object
 * is leaked, for there is nobody left to give it to. */
#include <stddef.h>

#include "core/base/memory.h"
#include "core/base/release.h"
#include "python/py_home.h"

/* Deallocators let go of things while an exception is on its way, which is not for the code that
 * may run then. */
static void
run_release(ma_release *release)
{
    PyObject *error = pyma_thread_state_here() != NULL ? pyma_error_take() : NULL;
    release->run(release);
    if (error != NULL) {
        pyma_error_restore(error);
    }
}

void
pyma_blocks_setup(void)
{
    ma_releases_setup(run_release);
}

typedef struct view_block {
    ma_block base;
    ma_release release;
    pyma_home *at; /* owned */
    Py_buffer view;
} view_block;

static void
view_block_free(ma_release *release)
{
    view_block *self = (view_block *)((char *)release - offsetof(view_block, release));
    pyma_visit visit;
    if (pyma_home_enter(self->at, &visit)) {
        PyBuffer_Release(&self->view);
        pyma_home_leave(&visit);
    }
    pyma_home_unref(self->at);
    ma_free(self);
}

static void
view_block_release(ma_block *base)
{
    ma_release_soon(&((view_block *)base)->release);
}

/* Exporters let a view point into itself, for its only shape and stride. */
static void
move_view(Py_buffer *from, Py_buffer *to)
{
    *to = *from;
    if (from->shape == &from->len) {
        to->shape = &to->len;
    }
    if (from->strides == &from->itemsize) {
        to->strides = &to->itemsize;
    }
    from->obj = NULL;
}

ma_block *
pyma_block_of_view(Py_buffer *view)
{
    view_block *self = ma_calloc(1, sizeof(*self));
    if (self == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    ma_refs_init(&self->base.refs);
    self->base.release = view_block_release;
    self->release.run = view_block_free;
    self->at = pyma_home_here();
    if (self->at == NULL) {
        ma_free(self);
        return NULL;
    }
    move_view(view, &self->view);
    return &self->base;
}

int
pyma_buffer_from_object(PyObject *object, ma_buffer *out)
{
    Py_buffer view;
    if (PyObject_GetBuffer(object, &view, PyBUF_SIMPLE) < 0) {
        return -1;
    }
    /* an empty export may have no address at all */
    ma_block *block = view.len > 0 ? pyma_block_of_view(&view) : NULL;
    PyBuffer_Release(&view); /* unless it moved */
    if (block == NULL) {
        *out = MA_EMPTY_BUFFER;
        return view.len > 0 ? -1 : 0;
    }
    *out = (ma_buffer){view.buf, view.len, block};
    return 0;
}
