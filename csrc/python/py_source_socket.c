/* Sources that are sockets. */
#include "python/py_source_kind.h"

#include "python/py_socket.h"

typedef struct socket_source {
    pyma_source base;
    pyma_socket socket; /* owned */
} socket_source;

static int
socket_read(pyma_source *base, uint8_t *target, int64_t size, int64_t *done)
{
    return pyma_socket_read(&((socket_source *)base)->socket, target, size, done);
}

static void
socket_fini(pyma_source *base)
{
    pyma_socket_fini(&((socket_source *)base)->socket);
}

static int
socket_traverse(const pyma_source *base, visitproc visit, void *arg)
{
    return pyma_socket_traverse(&((const socket_source *)base)->socket, visit, arg);
}

static const pyma_source_kind socket_kind = {
    .read = socket_read,
    .fini = socket_fini,
    .traverse = socket_traverse,
};

int
pyma_source_of_socket(pyma_state *state, PyObject *object, bool random_access, pyma_source **out)
{
    pyma_socket socket;
    const int is_socket = pyma_socket_init(state, &socket, object);
    if (is_socket <= 0) {
        return is_socket;
    }
    if (random_access) {
        pyma_socket_fini(&socket);
        return pyma_source_fail_seek();
    }
    socket_source *self = pyma_source_new(state, &socket_kind, sizeof(*self));
    if (self == NULL) {
        pyma_socket_fini(&socket);
        return -1;
    }
    self->socket = socket;
    *out = &self->base;
    return 0;
}
