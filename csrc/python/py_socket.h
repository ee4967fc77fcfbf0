/* Sockets: socket.socket objects, whose descriptor is used directly.
 *
 * An object of a class that receives or sends in its own way (ssl.SSLSocket) is none: it is read
 * and written by its methods. The object stays the caller's; it is asked for its descriptor and its
 * timeout at each call, so that a socket closed meanwhile is noticed. No Python code runs in these
 * calls, but for signal handlers. */
#ifndef PYMA_SOCKET_H
#define PYMA_SOCKET_H

#include "python/py_state.h" /* first */

#include "core/data/segment.h"

typedef struct pyma_socket {
    PyObject *object;     /* owned */
    PyObject *fileno;     /* owned; the method of the class */
    PyObject *gettimeout; /* owned; the method of the class */
} pyma_socket;

/* Fill `*out` if `object` is a socket: 1, else 0. -1 with an exception. */
int
pyma_socket_init(pyma_state *state, pyma_socket *out, PyObject *object);
void
pyma_socket_fini(pyma_socket *self);
int
pyma_socket_traverse(const pyma_socket *self, visitproc visit, void *arg);

/* Read until `*done` is `size`; it stays below only when the peer has closed its side, or where
 * reading fails after some bytes. The socket's timeout bounds each wait: TimeoutError. A
 * non-blocking one that would block fails with BlockingIOError. -1 with an exception. */
int
pyma_socket_read(const pyma_socket *self, uint8_t *target, int64_t size, int64_t *done);

/* Write everything. `*written` grows by what has gone out, also on failure. -1 with an
 * exception. */
int
pyma_socket_write(const pyma_socket *self, const ma_segment *segments, int64_t count,
                  int64_t *written);

#endif
