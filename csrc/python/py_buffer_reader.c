/* BufferReader: a bytes-like object read as a file. */
#include "python/py_memory_file.h"
#include "python/py_module.h"

static PyObject *
BufferReader_tp_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"obj", NULL};
    PyObject *object;
    ma_buffer buffer;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O:BufferReader", names, &object) ||
        pyma_buffer_from_object(object, &buffer) < 0) {
        return NULL;
    }
    return pyma_memory_file_new(type, buffer, NULL);
}

PyDoc_STRVAR(BufferReader_doc,
             "BufferReader(obj)\n--\n\n"
             "Reads a bytes-like object as a file, without a copy where a view is asked for.\n\n"
             "The object is kept alive, and must not be changed meanwhile.");

static PyType_Slot BufferReader_slots[] = {
    {Py_tp_doc, (void *)BufferReader_doc},
    {Py_tp_new, BufferReader_tp_new},
    {Py_tp_dealloc, pyma_memory_file_tp_dealloc},
    {0, NULL},
};

PyType_Spec pyma_BufferReader_spec = {
    .name = "minarrow.BufferReader",
    .basicsize = sizeof(pyma_memory_file),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = BufferReader_slots,
};
