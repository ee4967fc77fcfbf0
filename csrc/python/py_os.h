/* What each operating system does in its own way: descriptors, sockets, mapped memory. One file for
 * each system implements all of it (py_os_posix.c, py_os_windows.c).
 *
 * Every function makes one attempt and returns 0 or more, or an errno as a negative number. None
 * raises, and none needs the GIL unless it says so. */
#ifndef PYMA_OS_H
#define PYMA_OS_H

#include "python/py_state.h" /* first */

#include "core/data/segment.h"

#ifdef _WIN32
typedef wchar_t pyma_os_char;
#else
typedef char pyma_os_char;
#endif

typedef intptr_t pyma_os_socket;

typedef enum pyma_os_mode {
    PYMA_OS_READ,
    PYMA_OS_WRITE,  /* created, or emptied */
    PYMA_OS_APPEND, /* created, or written behind what is there */
} pyma_os_mode;

/* What of a list of segments is still to be written: all but the first `skip` bytes. */
typedef struct pyma_unsent {
    const ma_segment *segments; /* borrowed */
    int64_t count;
    int64_t skip; /* less than the first segment has, unless that is empty */
} pyma_unsent;

/* `size` bytes have gone out. Steps over empty segments also. */
static inline void
pyma_unsent_advance(pyma_unsent *self, int64_t size)
{
    self->skip += size;
    while (self->count > 0 && self->skip >= self->segments->size) {
        self->skip -= self->segments->size;
        self->segments++;
        self->count--;
    }
}

/* ---- descriptors ---- */

/* The path as the system takes it, for an object that os.fspath returned: free with PyMem_Free.
 * NULL with an exception. Needs the GIL. */
pyma_os_char *
pyma_os_path_new(PyObject *path);

/* A descriptor that child processes do not inherit. */
int
pyma_os_open(const pyma_os_char *path, pyma_os_mode mode);
int
pyma_os_close(int fd);

typedef struct pyma_os_info {
    bool is_regular; /* a file with a size and a position, not a pipe or a terminal */
    bool is_directory;
    int64_t size; /* of a regular file */
} pyma_os_info;

int
pyma_os_stat(int fd, pyma_os_info *out);
int
pyma_os_is_terminal(int fd);

/* The new position. */
int64_t
pyma_os_seek(int fd, int64_t offset, int whence);

/* Bytes read, at most `size`; 0 at the end. */
int64_t
pyma_os_read(int fd, uint8_t *target, int64_t size);
/* The same from `offset` of a regular file; the position may move. */
int64_t
pyma_os_read_at(int fd, int64_t offset, uint8_t *target, int64_t size);

/* Bytes written of what is unsent, of several segments in one call where that can be. */
int64_t
pyma_os_write(int fd, const pyma_unsent *unsent);

/* ---- sockets ---- */

int64_t
pyma_os_receive(pyma_os_socket socket, uint8_t *target, int64_t size);
/* Never ends the process by a signal. */
int64_t
pyma_os_send(pyma_os_socket socket, const pyma_unsent *unsent);
/* Wait until the socket can be read or written: 1, or 0 after `milliseconds`. */
int
pyma_os_wait(pyma_os_socket socket, bool to_write, int64_t milliseconds);
/* A clock that only goes forward. */
int64_t
pyma_os_milliseconds(void);

/* ---- threads ---- */

/* Sleep, so that any other thread may run; 0 for the shortest time that there is. */
void
pyma_os_nap(int milliseconds);

/* ---- mapped memory ---- */

/* Map the first `size` bytes (at least 1) of a regular file, shared and read-only. The mapping
 * stays when the descriptor is closed. */
int
pyma_os_map(int fd, int64_t size, void **out);
void
pyma_os_unmap(void *memory, int64_t size);

#endif
