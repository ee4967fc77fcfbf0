/* MemoryMappedFile: a file's bytes as memory. */
#include "python/py_memory_map.h"

#include <string.h>

#include "core/base/memory.h"
#include "python/py_failure.h"
#include "python/py_memory_file.h"
#include "python/py_module.h"

typedef struct map_block {
    ma_block base;
    void *memory;
    int64_t size;
} map_block;

static void
map_release(ma_block *base)
{
    map_block *self = (map_block *)base;
    pyma_os_unmap(self->memory, self->size);
    ma_free(self);
}

int
pyma_map(const pyma_descriptor *file, ma_buffer *out)
{
    const int64_t size = pyma_descriptor_size(file);
    if (size <= 0) {
        *out = MA_EMPTY_BUFFER; /* no system maps nothing */
        return 0;
    }
    map_block *block = ma_calloc(1, sizeof(*block));
    if (block == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    int result;
    Py_BEGIN_ALLOW_THREADS
    result = pyma_os_map(file->fd, size, &block->memory);
    Py_END_ALLOW_THREADS
    if (result < 0) {
        ma_free(block);
        pyma_raise_errno(-result, file->name);
        return -1;
    }
    ma_refs_init(&block->base.refs);
    block->base.release = map_release;
    block->size = size;
    *out = (ma_buffer){block->memory, size, &block->base};
    return 0;
}

/* ---- the type ---- */

static PyObject *
map_path(PyTypeObject *type, PyObject *path)
{
    ma_buffer buffer;
    pyma_descriptor *file = pyma_descriptor_open(path, PYMA_OS_READ);
    if (file == NULL) {
        return NULL;
    }
    int result = -1;
    if (file->is_regular) {
        result = pyma_map(file, &buffer);
    } else {
        PyErr_Format(PyExc_OSError,
                     "%R is not a regular file, and only those can be mapped; read it with OSFile",
                     file->name);
    }
    if (result < 0) {
        pyma_descriptor_unref(file);
        return NULL;
    }
    return pyma_memory_file_new(type, buffer, file);
}

PyDoc_STRVAR(memory_map_doc,
             "memory_map(path, mode='r')\n--\n\n"
             "Map a file into memory for reading; returns a MemoryMappedFile.\n\n"
             "What is read is a view of the file, and stays valid when the file object is closed. "
             "The file must not become shorter meanwhile: touching what was cut off ends the "
             "process.");

static PyObject *
core_memory_map(PyObject *module, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"path", "mode", NULL};
    PyObject *path;
    const char *mode = "r";
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|s:memory_map", names, &path, &mode)) {
        return NULL;
    }
    if (strcmp(mode, "r") != 0 && strcmp(mode, "rb") != 0) {
        PyErr_Format(PyExc_ValueError,
                     "mode '%s': files are mapped for reading ('r'); write with OSFile", mode);
        return NULL;
    }
    return map_path(pyma_state_of_module(module)->MemoryMappedFile, path);
}

PyMethodDef pyma_memory_map_functions[] = {
    {"memory_map", (PyCFunction)(void (*)(void))core_memory_map, METH_VARARGS | METH_KEYWORDS,
     memory_map_doc},
    {0},
};

PyDoc_STRVAR(MemoryMappedFile_doc,
             "A file whose bytes are mapped into memory; made by memory_map.\n\n"
             "read_buffer gives views, which keep the mapping alive also when this is closed.");

static PyType_Slot MemoryMappedFile_slots[] = {
    {Py_tp_doc, (void *)MemoryMappedFile_doc},
    {Py_tp_dealloc, pyma_memory_file_tp_dealloc},
    {0, NULL},
};

PyType_Spec pyma_MemoryMappedFile_spec = {
    .name = "minarrow.MemoryMappedFile",
    .basicsize = sizeof(pyma_memory_file),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = MemoryMappedFile_slots,
};
