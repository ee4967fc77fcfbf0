/* What a kind of source does; py_source.c picks one. */
#ifndef PYMA_SOURCE_KIND_H
#define PYMA_SOURCE_KIND_H

#include "python/py_source.h"

/* Functions mean what those of py_source.h mean. */
typedef struct pyma_source_kind {
    bool is_python;
    int (*read)(pyma_source *self, uint8_t *target, int64_t size, int64_t *done);
    int64_t (*read_at)(pyma_source *self, int64_t offset, uint8_t *target, int64_t size);
    int64_t (*size)(const pyma_source *self);
    bool (*can_skip)(const pyma_source *self);
    /* Move the position without a look at whether anything is there. */
    int (*step)(pyma_source *self, int64_t size);
    void (*fini)(pyma_source *self);
    int (*traverse)(const pyma_source *self, visitproc visit, void *arg);
} pyma_source_kind;

/* Each kind's struct begins with this. */
struct pyma_source {
    const pyma_source_kind *kind;
    pyma_state *state;
    bool is_lost; /* a method of an object failed, wherever it had come to */
};

/* A zeroed struct of `size` bytes. NULL with an exception. */
void *
pyma_source_new(pyma_state *state, const pyma_source_kind *kind, size_t size);

/* -1 with io.UnsupportedOperation: reading anywhere was asked for, and the source cannot. */
int
pyma_source_fail_seek(void);

/* Takes over the reference, also on failure. (py_source_descriptor.c) */
struct pyma_descriptor;
pyma_source *
pyma_source_of_descriptor(pyma_state *state, struct pyma_descriptor *descriptor,
                          bool random_access);
/* An OSFile, asked for its descriptor at each call. (py_source_descriptor.c) */
pyma_source *
pyma_source_of_os_file(pyma_state *state, PyObject *file, bool random_access);
/* (py_source_socket.c) `*out` is NULL when the object is no socket. -1 with an exception. */
int
pyma_source_of_socket(pyma_state *state, PyObject *object, bool random_access, pyma_source **out);
/* (py_source_object.c) `*out` is NULL when the object has no method to read with. -1: exception. */
int
pyma_source_of_object(pyma_state *state, PyObject *object, bool random_access, pyma_source **out);

#endif
