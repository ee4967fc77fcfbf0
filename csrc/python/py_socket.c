#include "python/py_socket.h"

#include <errno.h>
#include <math.h>

#include "python/py_failure.h"
#include "python/py_os.h"

/* ---- which objects are sockets ---- */

/* Whether two classes share a method: 1, 0, or -1 with an exception. */
static int
share_method(PyObject *class, PyObject *base, const char *name)
{
    PyObject *a = PyObject_GetAttrString(class, name);
    PyObject *b = a != NULL ? PyObject_GetAttrString(base, name) : NULL;
    const int same = b != NULL ? a == b : -1;
    Py_XDECREF(a);
    Py_XDECREF(b);
    return same;
}

static int
is_plain(PyObject *object, PyObject *base)
{
    static const char *const moving[] = {"recv", "recv_into", "send", "sendall"};
    int same = PyType_Check(base) && PyObject_TypeCheck(object, (PyTypeObject *)base);
    for (size_t i = 0; same > 0 && i < sizeof(moving) / sizeof(moving[0]); i++) {
        same = share_method((PyObject *)Py_TYPE(object), base, moving[i]);
    }
    return same;
}

int
pyma_socket_init(pyma_state *state, pyma_socket *out, PyObject *object)
{
    /* The C class that all sockets derive from: if nobody imported it, nothing is a socket. */
    PyObject *class;
    const int found = pyma_find_imported(state, "_socket", "socket", &class);
    if (found <= 0) {
        return found;
    }
    int result = is_plain(object, class);
    if (result > 0) {
        *out = (pyma_socket){.object = Py_NewRef(object)};
        /* one after the other: an attribute is not asked for while an exception is set, which may
         * get lost */
        out->fileno = PyObject_GetAttrString(class, "fileno");
        if (out->fileno != NULL) {
            out->gettimeout = PyObject_GetAttrString(class, "gettimeout");
        }
        if (out->gettimeout == NULL) {
            pyma_socket_fini(out);
            result = -1;
        }
    }
    Py_DECREF(class);
    return result;
}

void
pyma_socket_fini(pyma_socket *self)
{
    Py_CLEAR(self->fileno);
    Py_CLEAR(self->gettimeout);
    Py_CLEAR(self->object);
}

int
pyma_socket_traverse(const pyma_socket *self, visitproc visit, void *arg)
{
    Py_VISIT(self->object);
    Py_VISIT(self->fileno);
    Py_VISIT(self->gettimeout);
    return 0;
}

/* ---- one transfer ---- */

typedef struct transfer {
    pyma_os_socket handle;
    bool to_write;
    bool blocks;          /* the system waits; else `milliseconds` says how long we do */
    int64_t milliseconds; /* 0 for a socket in non-blocking mode */
} transfer;

static int
get_handle(const pyma_socket *self, pyma_os_socket *out)
{
    PyObject *number = PyObject_CallOneArg(self->fileno, self->object);
    if (number == NULL) {
        return -1;
    }
    *out = (pyma_os_socket)PyLong_AsLongLong(number);
    Py_DECREF(number);
    if (*out == -1 && !PyErr_Occurred()) {
        PyErr_SetString(PyExc_ValueError, "I/O operation on closed socket");
    }
    return *out == -1 ? -1 : 0;
}

static int
get_timeout(const pyma_socket *self, transfer *out)
{
    PyObject *seconds = PyObject_CallOneArg(self->gettimeout, self->object);
    if (seconds == NULL) {
        return -1;
    }
    out->blocks = seconds == Py_None;
    if (!out->blocks) {
        const double value = PyFloat_AsDouble(seconds);
        /* rounded up: a short timeout is not none at all */
        out->milliseconds = value < 1e12 ? (int64_t)ceil(value * 1000) : INT64_MAX / 2;
    }
    Py_DECREF(seconds);
    return PyErr_Occurred() ? -1 : 0;
}

/* For one call of the system: behind it, a signal handler or another thread may have closed the
 * socket, whose number then is soon another file's. */
static int
transfer_begin(transfer *self, const pyma_socket *socket, bool to_write)
{
    *self = (transfer){.to_write = to_write};
    return get_handle(socket, &self->handle) < 0 || get_timeout(socket, self) < 0 ? -1 : 0;
}

/* Wait until the socket is ready. -1 with TimeoutError or what a signal handler raised. */
static int
wait_ready(const transfer *self)
{
    const int64_t until = pyma_os_milliseconds() + self->milliseconds;
    do {
        const int64_t left = until - pyma_os_milliseconds();
        int ready;
        Py_BEGIN_ALLOW_THREADS
        ready = pyma_os_wait(self->handle, self->to_write, left > 0 ? left : 0);
        Py_END_ALLOW_THREADS
        if (ready > 0) {
            return 0;
        }
        if (ready < 0 && ready != -EINTR) {
            pyma_raise_errno(-ready, NULL);
            return -1;
        }
        if (ready == 0 && left <= 0) {
            PyErr_Format(PyExc_TimeoutError, "the socket's timeout passed before it could be %s",
                         self->to_write ? "written to" : "read from");
            return -1;
        }
    } while (PyErr_CheckSignals() == 0);
    return -1;
}

static const char would_block_to_read[] =
    "the socket is non-blocking and would block now; use socket.setblocking(True) or settimeout(), "
    "or receive the bytes by hand and read them from memory";

static const char would_block_to_write[] =
    "the socket is non-blocking and would block now; use socket.setblocking(True) or settimeout(), "
    "or write to memory and send the bytes by hand";

/* After a call that failed: 0 to try again, -1 with an exception. */
static int
recover(const transfer *self, int64_t failure)
{
    const int code = (int)-failure;
    if (code == EINTR) {
        return PyErr_CheckSignals();
    }
    if (!pyma_is_would_block(code)) {
        pyma_raise_errno(code, NULL);
        return -1;
    }
    if (!self->blocks && self->milliseconds > 0) {
        return wait_ready(self);
    }
    pyma_raise_would_block(code, self->to_write ? would_block_to_write : would_block_to_read);
    return -1;
}

int
pyma_socket_read(const pyma_socket *self, uint8_t *target, int64_t size, int64_t *done)
{
    while (*done < size) {
        transfer way;
        int64_t got;
        if (transfer_begin(&way, self, false) < 0) {
            return -1;
        }
        Py_BEGIN_ALLOW_THREADS
        got = pyma_os_receive(way.handle, target + *done, size - *done);
        Py_END_ALLOW_THREADS
        if (got == 0) {
            break;
        }
        if (got > 0) {
            *done += got;
        } else if (recover(&way, got) < 0) {
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
pyma_socket_write(const pyma_socket *self, const ma_segment *segments, int64_t count,
                  int64_t *written)
{
    pyma_unsent unsent = {segments, count, 0};
    pyma_unsent_advance(&unsent, 0);
    while (unsent.count > 0) {
        transfer way;
        int64_t sent;
        if (transfer_begin(&way, self, true) < 0) {
            return -1;
        }
        Py_BEGIN_ALLOW_THREADS
        sent = pyma_os_send(way.handle, &unsent);
        Py_END_ALLOW_THREADS
        if (sent >= 0) {
            *written += sent;
            pyma_unsent_advance(&unsent, sent);
        } else if (recover(&way, sent) < 0) {
            return -1;
        }
        if (unsent.count > 0 && PyErr_CheckSignals() < 0) {
            return -1;
        }
    }
    return 0;
}
