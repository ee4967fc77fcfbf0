/* Linux, macOS and other POSIX systems. */
#include "python/py_os.h"

#ifndef _WIN32

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "core/base/number.h"

/* Some systems refuse calls of 2 GiB and more, others do a part of it; a part is all we ask for. */
#define MOST ((int64_t)1 << 30)

/* Segments in one call. POSIX promises 16 (_XOPEN_IOV_MAX); this is what all current systems
 * take. */
#define MOST_SEGMENTS 1024
#if defined(IOV_MAX) && IOV_MAX < MOST_SEGMENTS
#undef MOST_SEGMENTS
#define MOST_SEGMENTS IOV_MAX
#endif

/* Of Linux on all processors but a few; where it is another size, the advice just covers less. */

/* Where it is missing (macOS), Python's own ignoring of SIGPIPE has to do. */
#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0
#endif

static inline int64_t
or_error(int64_t result)
{
    return result >= 0 ? result : -errno;
}

/* ---- descriptors ---- */

pyma_os_char *
pyma_os_path_new(PyObject *path)
{
    PyObject *bytes = NULL;
    if (!PyUnicode_FSConverter(path, &bytes)) {
        return NULL;
    }
    const size_t size = (size_t)PyBytes_GET_SIZE(bytes) + 1;
    char *copy = PyMem_Malloc(size);
    if (copy == NULL) {
        PyErr_NoMemory();
    } else {
        memcpy(copy, PyBytes_AS_STRING(bytes), size);
    }
    Py_DECREF(bytes);
    return copy;
}

int
pyma_os_open(const pyma_os_char *path, pyma_os_mode mode)
{
    int flags = O_CLOEXEC | O_NOCTTY;
    switch (mode) {
    case PYMA_OS_READ:
        flags |= O_RDONLY;
        break;
    case PYMA_OS_WRITE:
        flags |= O_WRONLY | O_CREAT | O_TRUNC;
        break;
    case PYMA_OS_APPEND:
        flags |= O_WRONLY | O_CREAT | O_APPEND;
        break;
    }
    return (int)or_error(open(path, flags, 0666));
}

int
pyma_os_close(int fd)
{
    const int result = (int)or_error(close(fd));
    return result == -EINTR ? 0 : result; /* closed all the same, on the systems that say so */
}

int
pyma_os_stat(int fd, pyma_os_info *out)
{
    struct stat info;
    if (fstat(fd, &info) < 0) {
        return -errno;
    }
    *out = (pyma_os_info){
        .is_regular = S_ISREG(info.st_mode),
        .is_directory = S_ISDIR(info.st_mode),
        .size = S_ISREG(info.st_mode) ? (int64_t)info.st_size : 0,
    };
    return 0;
}

int
pyma_os_is_terminal(int fd)
{
    return isatty(fd) == 1;
}

int64_t
pyma_os_seek(int fd, int64_t offset, int whence)
{
    return or_error(lseek(fd, (off_t)offset, whence));
}

int64_t
pyma_os_read(int fd, uint8_t *target, int64_t size)
{
    return or_error(read(fd, target, (size_t)ma_min_i64(size, MOST)));
}

int64_t
pyma_os_read_at(int fd, int64_t offset, uint8_t *target, int64_t size)
{
    return or_error(pread(fd, target, (size_t)ma_min_i64(size, MOST), (off_t)offset));
}

/* ---- gathered writes ---- */

/* Describe as much of what is unsent as one call may take; how many vectors that needs. */
static int
gather(const pyma_unsent *unsent, struct iovec *vectors)
{
    int64_t total = 0;
    int64_t skip = unsent->skip;
    int n = 0;
    for (int64_t i = 0; i < unsent->count && n < MOST_SEGMENTS && total < MOST; i++) {
        const ma_segment segment = unsent->segments[i];
        const int64_t size = ma_min_i64(segment.size - skip, MOST - total);
        if (size > 0) {
            vectors[n].iov_base = (void *)(segment.data + skip);
            vectors[n].iov_len = (size_t)size;
            total += size;
            n++;
        }
        skip = 0;
    }
    return n;
}

int64_t
pyma_os_write(int fd, const pyma_unsent *unsent)
{
    struct iovec vectors[MOST_SEGMENTS];
    const int n = gather(unsent, vectors);
    return or_error(writev(fd, vectors, n));
}

/* ---- sockets ---- */

int64_t
pyma_os_receive(pyma_os_socket socket, uint8_t *target, int64_t size)
{
    return or_error(recv((int)socket, target, (size_t)ma_min_i64(size, MOST), 0));
}

int64_t
pyma_os_send(pyma_os_socket socket, const pyma_unsent *unsent)
{
    struct iovec vectors[MOST_SEGMENTS];
    struct msghdr message = {0};
    message.msg_iov = vectors;
    message.msg_iovlen = (unsigned)gather(unsent, vectors);
    return or_error(sendmsg((int)socket, &message, MSG_NOSIGNAL));
}

int
pyma_os_wait(pyma_os_socket socket, bool to_write, int64_t milliseconds)
{
    struct pollfd item = {.fd = (int)socket, .events = to_write ? POLLOUT : POLLIN};
    return (int)or_error(poll(&item, 1, (int)ma_min_i64(milliseconds, INT_MAX)));
}

int64_t
pyma_os_milliseconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- threads ---- */

void
pyma_os_nap(int milliseconds)
{
    const long nanoseconds = milliseconds % 1000 * 1000000L;
    const struct timespec time = {milliseconds / 1000, nanoseconds > 0 ? nanoseconds : 1};
    (void)nanosleep(&time, NULL);
}

/* ---- mapped memory ---- */

int
pyma_os_map(int fd, int64_t size, void **out)
{
    if ((uint64_t)size > SIZE_MAX) {
        return -EFBIG;
    }
    void *memory = mmap(NULL, (size_t)size, PROT_READ, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED) {
        return -errno;
    }
    *out = memory;
    return 0;
}

void
pyma_os_unmap(void *memory, int64_t size)
{
    (void)munmap(memory, (size_t)size);
}

#endif
