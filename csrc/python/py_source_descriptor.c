/* Sources with a descriptor: one of their own, the caller's, or an OSFile's. */
#include "python/py_source_kind.h"

#include <stdio.h>

#include "python/py_native_file.h"
#include "python/py_os_file.h"

typedef struct descriptor_source {
    pyma_source base;
    pyma_descriptor *descriptor; /* owned; NULL for an OSFile */
    PyObject *file;              /* owned; the OSFile, else NULL */
    bool is_regular;
} descriptor_source;

/* The descriptor for one call, a new reference: an OSFile may have been closed meanwhile. */
static pyma_descriptor *
get(const pyma_source *base)
{
    const descriptor_source *self = (const descriptor_source *)base;
    return self->file != NULL ? pyma_os_file_get(self->file)
                              : pyma_descriptor_ref(self->descriptor);
}

static int
descriptor_read(pyma_source *base, uint8_t *target, int64_t size, int64_t *done)
{
    pyma_descriptor *descriptor = get(base);
    if (descriptor == NULL) {
        return -1;
    }
    const int result = pyma_descriptor_read(descriptor, target, size, done);
    pyma_descriptor_unref(descriptor);
    return result;
}

static int64_t
descriptor_read_at(pyma_source *base, int64_t offset, uint8_t *target, int64_t size)
{
    pyma_descriptor *descriptor = get(base);
    if (descriptor == NULL) {
        return -1;
    }
    const int64_t got = pyma_descriptor_read_at(descriptor, offset, target, size);
    pyma_descriptor_unref(descriptor);
    return got;
}

static int64_t
descriptor_size(const pyma_source *base)
{
    pyma_descriptor *descriptor = get(base);
    if (descriptor == NULL) {
        PyErr_Clear(); /* closed: the next read says so */
        return -1;
    }
    const int64_t size = pyma_descriptor_size(descriptor);
    pyma_descriptor_unref(descriptor);
    return size;
}

static bool
descriptor_can_skip(const pyma_source *base)
{
    return ((const descriptor_source *)base)->is_regular;
}

static int
descriptor_step(pyma_source *base, int64_t size)
{
    pyma_descriptor *descriptor = get(base);
    if (descriptor == NULL) {
        return -1;
    }
    const int64_t position = pyma_descriptor_seek(descriptor, size, SEEK_CUR);
    pyma_descriptor_unref(descriptor);
    return position < 0 ? -1 : 0;
}

static void
descriptor_fini(pyma_source *base)
{
    descriptor_source *self = (descriptor_source *)base;
    pyma_descriptor_unref(self->descriptor);
    Py_CLEAR(self->file);
}

static int
descriptor_traverse(const pyma_source *base, visitproc visit, void *arg)
{
    Py_VISIT(((const descriptor_source *)base)->file);
    return 0;
}

static const pyma_source_kind descriptor_kind = {
    .read = descriptor_read,
    .read_at = descriptor_read_at,
    .size = descriptor_size,
    .can_skip = descriptor_can_skip,
    .step = descriptor_step,
    .fini = descriptor_fini,
    .traverse = descriptor_traverse,
};

pyma_source *
pyma_source_of_descriptor(pyma_state *state, pyma_descriptor *descriptor, bool random_access)
{
    descriptor_source *self = NULL;
    if (random_access && !descriptor->is_regular) {
        (void)pyma_source_fail_seek();
    } else {
        self = pyma_source_new(state, &descriptor_kind, sizeof(*self));
    }
    if (self == NULL) {
        pyma_descriptor_unref(descriptor);
        return NULL;
    }
    self->descriptor = descriptor;
    self->is_regular = descriptor->is_regular;
    return &self->base;
}

pyma_source *
pyma_source_of_os_file(pyma_state *state, PyObject *file, bool random_access)
{
    if (!pyma_file_is_readable(file)) {
        (void)pyma_file_fail_unsupported("the file was opened for writing, not for reading");
        return NULL;
    }
    pyma_descriptor *descriptor = pyma_os_file_get(file);
    if (descriptor == NULL) {
        return NULL;
    }
    const bool is_regular = descriptor->is_regular;
    pyma_descriptor_unref(descriptor);
    if (random_access && !is_regular) {
        (void)pyma_source_fail_seek();
        return NULL;
    }
    descriptor_source *self = pyma_source_new(state, &descriptor_kind, sizeof(*self));
    if (self == NULL) {
        return NULL;
    }
    self->file = Py_NewRef(file);
    self->is_regular = is_regular;
    return &self->base;
}
