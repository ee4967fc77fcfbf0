/* input_stream and output_stream: a file for whatever a user has. */
#include "python/py_module.h"

#include <string.h>

#include "python/py_file_object.h"
#include "python/py_memory_file.h"
#include "python/py_native_file.h"
#include "python/py_os_file.h"

typedef struct stream_args {
    PyObject *source;      /* borrowed */
    PyObject *compression; /* borrowed; NULL for 'detect' */
    PyObject *buffer_size; /* borrowed */
} stream_args;

/* ---- compression, which there is none of ---- */

static const struct {
    const char *suffix;
    const char *codec;
} suffixes[] = {
    {".gz", "gzip"}, {".bz2", "bz2"}, {".lz4", "lz4"}, {".zst", "zstd"}, {".br", "brotli"},
};

static int
fail_compression(pyma_state *state, const char *codec)
{
    PyErr_Format(state->ArrowNotImplementedError,
                 "files compressed as a whole (%s) are not unpacked or packed here; pass the file "
                 "of a module that does it (gzip.open, ...), or compression=None to take the bytes "
                 "as they are",
                 codec);
    return -1;
}

/* Whether a path's name, str or bytes, ends like this: 1, 0, or -1 with an exception. */
static int
name_ends_with(PyObject *name, const char *suffix)
{
    const char *const format = PyBytes_Check(name) ? "y" : "s";
    PyObject *answer = PyObject_CallMethod(name, "endswith", format, suffix);
    const int ends = answer != NULL ? PyObject_IsTrue(answer) : -1;
    Py_XDECREF(answer);
    return ends;
}

/* Refuse compression that was asked for, or that the name of a path (NULL for other things) tells
 * of. */
static int
check_compression(pyma_state *state, PyObject *compression, PyObject *name)
{
    if (compression == Py_None) {
        return 0;
    }
    if (compression != NULL && !PyUnicode_Check(compression)) {
        PyErr_Format(PyExc_TypeError, "compression is None or a str, not %.200s",
                     Py_TYPE(compression)->tp_name);
        return -1;
    }
    if (compression != NULL && PyUnicode_CompareWithASCIIString(compression, "detect") != 0) {
        const char *const codec = PyUnicode_AsUTF8(compression);
        return codec != NULL ? fail_compression(state, codec) : -1;
    }
    for (size_t i = 0; name != NULL && i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        const int ends = name_ends_with(name, suffixes[i].suffix);
        if (ends != 0) {
            return ends < 0 ? -1 : fail_compression(state, suffixes[i].codec);
        }
    }
    return 0;
}

/* ---- arguments ---- */

static int
check_buffer_size(PyObject *size)
{
    if (size == Py_None) {
        return 0;
    }
    const Py_ssize_t value = PyNumber_AsSsize_t(size, PyExc_OverflowError);
    if (value < 0 && !PyErr_Occurred()) {
        PyErr_SetString(PyExc_ValueError, "buffer_size is not negative");
    }
    return value < 0 ? -1 : 0;
}

static int
parse_args(PyObject *args, PyObject *kwargs, const char *format, stream_args *out)
{
    static char *names[] = {"source", "compression", "buffer_size", NULL};
    *out = (stream_args){NULL, NULL, Py_None};
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, format, names, &out->source, &out->compression,
                                     &out->buffer_size)) {
        return -1;
    }
    return check_buffer_size(out->buffer_size);
}

static PyObject *
open_path(pyma_state *state, const stream_args *args, const char *mode)
{
    PyObject *name = PyOS_FSPath(args->source);
    PyObject *file = NULL;
    if (name != NULL && check_compression(state, args->compression, name) == 0) {
        file = pyma_os_file_open(state, name, mode);
    }
    Py_XDECREF(name);
    return file;
}

/* ---- the functions ---- */

PyDoc_STRVAR(input_stream_doc,
             "input_stream(source, compression='detect', buffer_size=None)\n--\n\n"
             "A readable file: an OSFile for a path, a BufferReader for a bytes-like object; what "
             "is a file already is returned as it is.\n\n"
             "compression -- None, or 'detect', which refuses paths that look compressed\n"
             "buffer_size -- accepted, and without effect: readers ask for whole messages");

static PyObject *
core_input_stream(PyObject *module, PyObject *args, PyObject *kwargs)
{
    pyma_state *state = pyma_state_of_module(module);
    stream_args given;
    ma_buffer buffer;
    if (parse_args(args, kwargs, "O|OO:input_stream", &given) < 0) {
        return NULL;
    }
    PyObject *source = given.source;
    const int is_path = pyma_is_path(source);
    if (is_path != 0) {
        return is_path == 1 ? open_path(state, &given, "rb") : NULL;
    }
    if (check_compression(state, given.compression, NULL) < 0) {
        return NULL;
    }
    if (PyObject_CheckBuffer(source)) {
        return pyma_buffer_from_object(source, &buffer) == 0
                   ? pyma_memory_file_new(state->BufferReader, buffer, NULL)
                   : NULL;
    }
    if (PyObject_TypeCheck(source, state->NativeFile) && !pyma_file_is_readable(source)) {
        (void)pyma_file_fail_unsupported("the file was opened for writing, not for reading");
        return NULL;
    }
    const int is_file = pyma_has_attribute(source, "read");
    if (is_file != 0) {
        return is_file == 1 ? Py_NewRef(source) : NULL;
    }
    PyErr_Format(PyExc_TypeError,
                 "input_stream takes a path, a bytes-like object or a file, not %.200s",
                 Py_TYPE(source)->tp_name);
    return NULL;
}

PyDoc_STRVAR(output_stream_doc,
             "output_stream(source, compression='detect', buffer_size=None)\n--\n\n"
             "A writable file: an OSFile for a path; what is a file already is returned as it "
             "is.\n\n"
             "compression -- None, or 'detect', which refuses paths that look compressed\n"
             "buffer_size -- accepted, and without effect: writers write whole messages");

static PyObject *
core_output_stream(PyObject *module, PyObject *args, PyObject *kwargs)
{
    pyma_state *state = pyma_state_of_module(module);
    stream_args given;
    if (parse_args(args, kwargs, "O|OO:output_stream", &given) < 0) {
        return NULL;
    }
    PyObject *sink = given.source;
    const int is_path = PyBytes_Check(sink) ? 1 : pyma_is_path(sink);
    if (is_path != 0) {
        return is_path == 1 ? open_path(state, &given, "wb") : NULL;
    }
    if (check_compression(state, given.compression, NULL) < 0) {
        return NULL;
    }
    if (PyObject_TypeCheck(sink, state->NativeFile) && pyma_file_is_readable(sink)) {
        (void)pyma_file_fail_unsupported("the file was opened for reading, not for writing");
        return NULL;
    }
    const int is_file = pyma_has_attribute(sink, "write");
    if (is_file != 0) {
        return is_file == 1 ? Py_NewRef(sink) : NULL;
    }
    PyErr_Format(PyExc_TypeError,
                 "output_stream takes a path or a file, not %.200s; to write to memory, use "
                 "BufferOutputStream",
                 Py_TYPE(sink)->tp_name);
    return NULL;
}

PyMethodDef pyma_stream_functions[] = {
    {"input_stream", (PyCFunction)(void (*)(void))core_input_stream, METH_VARARGS | METH_KEYWORDS,
     input_stream_doc},
    {"output_stream", (PyCFunction)(void (*)(void))core_output_stream, METH_VARARGS | METH_KEYWORDS,
     output_stream_doc},
    {0},
};
