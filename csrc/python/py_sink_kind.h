/* What a kind of sink does; py_sink.c picks one. */
#ifndef PYMA_SINK_KIND_H
#define PYMA_SINK_KIND_H

#include "python/py_sink.h"

/* Functions mean what those of py_sink.h mean; NULL where there is nothing to do. */
typedef struct pyma_sink_kind {
    bool is_python;
    int (*write)(pyma_sink *self, const ma_segment *segments, int64_t count, int64_t *written);
    int (*flush)(pyma_sink *self);
    int (*close)(pyma_sink *self);
    void (*fini)(pyma_sink *self);
    int (*traverse)(const pyma_sink *self, visitproc visit, void *arg);
} pyma_sink_kind;

/* Each kind's struct begins with this. */
struct pyma_sink {
    const pyma_sink_kind *kind;
};

/* A zeroed struct of `size` bytes. NULL with an exception. */
void *
pyma_sink_new(const pyma_sink_kind *kind, size_t size);

/* (py_sink_object.c) `*out` is NULL when the object has no method to write with. -1: exception. */
int
pyma_sink_of_object(PyObject *object, pyma_sink **out);

#endif
