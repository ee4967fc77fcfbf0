#include "python/py_descriptor.h"

#include <errno.h>
#include <limits.h>

#include "core/base/memory.h"
#include "python/py_failure.h"

/* ---- opening and closing ---- */

static pyma_descriptor *
new_descriptor(int fd, bool owned, bool is_regular, PyObject *name)
{
    pyma_descriptor *self = ma_calloc(1, sizeof(*self));
    if (self == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    ma_refs_init(&self->refs);
    self->fd = fd;
    self->owned = owned;
    self->is_regular = is_regular;
    self->name = Py_XNewRef(name);
    return self;
}

/* What stands behind an open descriptor; directories are refused. -1 with an exception. */
static int
inspect(int fd, PyObject *name, pyma_os_info *info)
{
    const int result = pyma_os_stat(fd, info);
    if (result < 0) {
        pyma_raise_errno(-result, name);
        return -1;
    }
    if (info->is_directory) {
        pyma_raise_errno(EISDIR, name);
        return -1;
    }
    return 0;
}

/* As open() reports itself to sys.addaudithook. */
static int
audit(PyObject *name, pyma_os_mode mode)
{
    const char *const text = mode == PYMA_OS_READ ? "rb" : mode == PYMA_OS_WRITE ? "wb" : "ab";
    return PySys_Audit("open", "Osi", name, text, 0);
}

static int
open_path(PyObject *name, pyma_os_mode mode)
{
    pyma_os_char *path = pyma_os_path_new(name);
    if (path == NULL) {
        return -1;
    }
    int fd;
    do {
        Py_BEGIN_ALLOW_THREADS
        fd = pyma_os_open(path, mode);
        Py_END_ALLOW_THREADS
    } while (fd == -EINTR && PyErr_CheckSignals() == 0);
    PyMem_Free(path);
    if (fd < 0 && !PyErr_Occurred()) {
        pyma_raise_errno(-fd, name);
    }
    return fd < 0 ? -1 : fd;
}

pyma_descriptor *
pyma_descriptor_open(PyObject *path, pyma_os_mode mode)
{
    PyObject *name = PyOS_FSPath(path);
    if (name == NULL) {
        return NULL;
    }
    pyma_descriptor *self = NULL;
    pyma_os_info info;
    const int fd = audit(name, mode) == 0 ? open_path(name, mode) : -1;
    if (fd >= 0) {
        if (inspect(fd, name, &info) == 0) {
            self = new_descriptor(fd, true, info.is_regular, name);
        }
        if (self == NULL) {
            (void)pyma_os_close(fd);
        }
    }
    Py_DECREF(name);
    return self;
}

pyma_descriptor *
pyma_descriptor_from_number(PyObject *number)
{
    pyma_os_info info;
    int overflow;
    const long value = PyLong_AsLongAndOverflow(number, &overflow);
    if (value == -1 && PyErr_Occurred()) {
        return NULL;
    }
    if (overflow != 0 || value < 0 || value > INT_MAX) {
        PyErr_Format(PyExc_ValueError, "%R is no file descriptor", number);
        return NULL;
    }
    if (inspect((int)value, NULL, &info) < 0) {
        return NULL;
    }
    return new_descriptor((int)value, false, info.is_regular, NULL);
}

int
pyma_descriptor_close(pyma_descriptor *self)
{
    int result = 0;
    if (self == NULL || !ma_refs_drop(&self->refs)) {
        return 0;
    }
    if (self->owned) {
        const int fd = self->fd;
        Py_BEGIN_ALLOW_THREADS
        result = pyma_os_close(fd);
        Py_END_ALLOW_THREADS
    }
    if (result < 0) {
        pyma_raise_errno(-result, self->name);
    }
    Py_XDECREF(self->name);
    ma_free(self);
    return result < 0 ? -1 : 0;
}

void
pyma_descriptor_unref(pyma_descriptor *self)
{
    PyObject *error = pyma_error_take();
    (void)pyma_descriptor_close(self);
    pyma_error_restore(error);
}

/* ---- size and position ---- */

int64_t
pyma_descriptor_size(const pyma_descriptor *self)
{
    pyma_os_info info;
    return self->is_regular && pyma_os_stat(self->fd, &info) == 0 ? info.size : -1;
}

int64_t
pyma_descriptor_seek(const pyma_descriptor *self, int64_t offset, int whence)
{
    const int64_t position = pyma_os_seek(self->fd, offset, whence);
    if (position < 0) {
        pyma_raise_errno((int)-position, self->name);
        return -1;
    }
    return position;
}

/* ---- reading and writing ---- */

static const char would_block_text[] =
    "the descriptor is non-blocking and would block now; use os.set_blocking(fd, True), or wait "
    "and pass the bytes on by hand";

/* After a call that failed: 0 to try again, -1 with an exception. */
static int
recover(const pyma_descriptor *self, int64_t failure)
{
    const int code = (int)-failure;
    if (code == EINTR) {
        return PyErr_CheckSignals();
    }
    if (pyma_is_would_block(code)) {
        pyma_raise_would_block(code, would_block_text);
    } else {
        pyma_raise_errno(code, self->name);
    }
    return -1;
}

/* Read at `offset`, or from the position where it is negative. */
static int
read_whole(const pyma_descriptor *self, int64_t offset, uint8_t *target, int64_t size,
           int64_t *done)
{
    const int fd = self->fd;
    while (*done < size) {
        uint8_t *at = target + *done;
        const int64_t left = size - *done;
        int64_t got;
        Py_BEGIN_ALLOW_THREADS
        got =
            offset < 0 ? pyma_os_read(fd, at, left) : pyma_os_read_at(fd, offset + *done, at, left);
        Py_END_ALLOW_THREADS
        if (got == 0) {
            break;
        }
        if (got > 0) {
            *done += got;
        } else if (recover(self, got) < 0) {
            return -1;
        }
        /* a signal that cut the count short must be seen before the next call waits */
        if (*done < size && PyErr_CheckSignals() < 0) {
            return -1;
        }
    }
    return 0;
}

int
pyma_descriptor_read(const pyma_descriptor *self, uint8_t *target, int64_t size, int64_t *done)
{
    return read_whole(self, -1, target, size, done);
}

int64_t
pyma_descriptor_read_at(const pyma_descriptor *self, int64_t offset, uint8_t *target, int64_t size)
{
    int64_t done = 0;
    assert(offset >= 0);
    if (size > INT64_MAX - offset) {
        size = INT64_MAX - offset;
    }
    return read_whole(self, offset, target, size, &done) < 0 ? -1 : done;
}

int
pyma_descriptor_write(const pyma_descriptor *self, const ma_segment *segments, int64_t count,
                      int64_t *written)
{
    pyma_unsent unsent = {segments, count, 0};
    const int fd = self->fd;
    pyma_unsent_advance(&unsent, 0);
    while (unsent.count > 0) {
        int64_t sent;
        Py_BEGIN_ALLOW_THREADS
        sent = pyma_os_write(fd, &unsent);
        Py_END_ALLOW_THREADS
        if (sent > 0) {
            *written += sent;
            pyma_unsent_advance(&unsent, sent);
        } else if (recover(self, sent < 0 ? sent : -EIO) < 0) {
            return -1; /* a device that takes nothing, and does not say why, would take forever */
        }
        if (unsent.count > 0 && PyErr_CheckSignals() < 0) {
            return -1;
        }
    }
    return 0;
}
