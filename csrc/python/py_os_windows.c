/* Windows. Descriptors are those of the C library, which Python's own are as well. */
#include "python/py_os.h"

#ifdef _WIN32

#include <winsock2.h> /* before windows.h */
#include <windows.h>

#include <errno.h>
#include <fcntl.h>
#include <io.h>
#include <share.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "core/base/number.h"

#define MOST          ((int64_t)1 << 30)
#define MOST_SEGMENTS 1024

/* What the kernel and the socket library say, as an errno. */
static int
from_system(DWORD code)
{
    switch (code) {
    case ERROR_ACCESS_DENIED:
    case ERROR_SHARING_VIOLATION:
        return -EACCES;
    case ERROR_BROKEN_PIPE:
    case ERROR_NO_DATA:
        return -EPIPE;
    case ERROR_DISK_FULL:
    case ERROR_HANDLE_DISK_FULL:
        return -ENOSPC;
    case ERROR_INVALID_HANDLE:
    case WSAENOTSOCK:
        return -EBADF;
    case ERROR_NOT_ENOUGH_MEMORY:
    case ERROR_COMMITMENT_LIMIT:
    case WSAENOBUFS:
        return -ENOMEM;
    case WSAEINTR:
        return -EINTR;
    case WSAEWOULDBLOCK:
        return -EWOULDBLOCK;
    case WSAECONNABORTED:
        return -ECONNABORTED;
    case WSAECONNRESET:
        return -ECONNRESET;
    case WSAENOTCONN:
        return -ENOTCONN;
    case WSAESHUTDOWN:
        return -EPIPE;
    case WSAETIMEDOUT:
        return -ETIMEDOUT;
    default:
        return -EIO;
    }
}

/* The C library ends the process over a descriptor that is not open, unless it is told to
 * return. */
static void
ignore_parameter(const wchar_t *expression, const wchar_t *function, const wchar_t *file,
                 unsigned line, uintptr_t reserved)
{
    (void)expression;
    (void)function;
    (void)file;
    (void)line;
    (void)reserved;
}

#define BEGIN_QUIET                                    \
    const _invalid_parameter_handler handler_before_ = \
        _set_thread_local_invalid_parameter_handler(ignore_parameter);
#define END_QUIET _set_thread_local_invalid_parameter_handler(handler_before_);

static HANDLE
handle_of(int fd)
{
    BEGIN_QUIET
    const HANDLE handle = (HANDLE)_get_osfhandle(fd);
    END_QUIET
    return handle;
}

/* ---- descriptors ---- */

pyma_os_char *
pyma_os_path_new(PyObject *path)
{
    PyObject *text = NULL;
    if (!PyUnicode_FSDecoder(path, &text)) {
        return NULL;
    }
    wchar_t *wide = PyUnicode_AsWideCharString(text, NULL); /* refuses embedded NULs */
    Py_DECREF(text);
    return wide;
}

int
pyma_os_open(const pyma_os_char *path, pyma_os_mode mode)
{
    int flags = _O_BINARY | _O_NOINHERIT;
    int fd;
    switch (mode) {
    case PYMA_OS_READ:
        flags |= _O_RDONLY;
        break;
    case PYMA_OS_WRITE:
        flags |= _O_WRONLY | _O_CREAT | _O_TRUNC;
        break;
    case PYMA_OS_APPEND:
        flags |= _O_WRONLY | _O_CREAT | _O_APPEND;
        break;
    }
    const DWORD attributes = GetFileAttributesW(path);
    if (attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0) {
        return -EISDIR; /* the C library would speak of a permission */
    }
    const errno_t code = _wsopen_s(&fd, path, flags, _SH_DENYNO, _S_IREAD | _S_IWRITE);
    return code == 0 ? fd : -code;
}

int
pyma_os_close(int fd)
{
    BEGIN_QUIET
    const int result = _close(fd) == 0 ? 0 : -errno;
    END_QUIET
    return result;
}

int
pyma_os_stat(int fd, pyma_os_info *out)
{
    struct _stat64 info;
    BEGIN_QUIET
    const int result = _fstat64(fd, &info) < 0 ? -errno : 0;
    END_QUIET
    if (result < 0) {
        return result;
    }
    *out = (pyma_os_info){
        .is_regular = (info.st_mode & _S_IFMT) == _S_IFREG,
        .is_directory = (info.st_mode & _S_IFMT) == _S_IFDIR,
        .size = (info.st_mode & _S_IFMT) == _S_IFREG ? (int64_t)info.st_size : 0,
    };
    return 0;
}

int
pyma_os_is_terminal(int fd)
{
    BEGIN_QUIET
    const int result = _isatty(fd) != 0;
    END_QUIET
    return result;
}

int64_t
pyma_os_seek(int fd, int64_t offset, int whence)
{
    BEGIN_QUIET
    const int64_t result = _lseeki64(fd, offset, whence);
    END_QUIET
    return result >= 0 ? result : -errno;
}

int64_t
pyma_os_read(int fd, uint8_t *target, int64_t size)
{
    BEGIN_QUIET
    const int64_t result = _read(fd, target, (unsigned)ma_min_i64(size, MOST));
    END_QUIET
    return result >= 0 ? result : -errno;
}

int64_t
pyma_os_read_at(int fd, int64_t offset, uint8_t *target, int64_t size)
{
    const HANDLE handle = handle_of(fd);
    OVERLAPPED place = {0};
    DWORD got = 0;
    if (handle == INVALID_HANDLE_VALUE) {
        return -EBADF;
    }
    place.Offset = (DWORD)(uint64_t)offset;
    place.OffsetHigh = (DWORD)((uint64_t)offset >> 32);
    if (!ReadFile(handle, target, (DWORD)ma_min_i64(size, MOST), &got, &place)) {
        const DWORD code = GetLastError();
        return code == ERROR_HANDLE_EOF ? 0 : from_system(code);
    }
    return got;
}

int64_t
pyma_os_write(int fd, const pyma_unsent *unsent)
{
    /* there is no gathered write for descriptors */
    const ma_segment first = unsent->segments[0];
    const int64_t size = ma_min_i64(first.size - unsent->skip, MOST);
    BEGIN_QUIET
    const int64_t result = _write(fd, first.data + unsent->skip, (unsigned)size);
    END_QUIET
    return result >= 0 ? result : -errno;
}

/* ---- sockets ---- */

int64_t
pyma_os_receive(pyma_os_socket socket, uint8_t *target, int64_t size)
{
    const int got = recv((SOCKET)socket, (char *)target, (int)ma_min_i64(size, MOST), 0);
    return got >= 0 ? got : from_system((DWORD)WSAGetLastError());
}

int64_t
pyma_os_send(pyma_os_socket socket, const pyma_unsent *unsent)
{
    WSABUF parts[MOST_SEGMENTS];
    int64_t total = 0;
    int64_t skip = unsent->skip;
    DWORD n = 0;
    DWORD sent = 0;
    for (int64_t i = 0; i < unsent->count && n < MOST_SEGMENTS && total < MOST; i++) {
        const ma_segment segment = unsent->segments[i];
        const int64_t size = ma_min_i64(segment.size - skip, MOST - total);
        if (size > 0) {
            parts[n].buf = (char *)(segment.data + skip);
            parts[n].len = (ULONG)size;
            total += size;
            n++;
        }
        skip = 0;
    }
    if (WSASend((SOCKET)socket, parts, n, &sent, 0, NULL, NULL) != 0) {
        return from_system((DWORD)WSAGetLastError());
    }
    return sent;
}

int
pyma_os_wait(pyma_os_socket socket, bool to_write, int64_t milliseconds)
{
    WSAPOLLFD item = {.fd = (SOCKET)socket, .events = to_write ? POLLWRNORM : POLLRDNORM};
    const int ready = WSAPoll(&item, 1, (INT)ma_min_i64(milliseconds, INT32_MAX));
    return ready >= 0 ? ready : from_system((DWORD)WSAGetLastError());
}

int64_t
pyma_os_milliseconds(void)
{
    return (int64_t)GetTickCount64();
}

/* ---- threads ---- */

void
pyma_os_nap(int milliseconds)
{
    Sleep(milliseconds > 0 ? (DWORD)milliseconds : 1);
}

/* ---- mapped memory ---- */

int
pyma_os_map(int fd, int64_t size, void **out)
{
    const HANDLE file = handle_of(fd);
    if (file == INVALID_HANDLE_VALUE) {
        return -EBADF;
    }
    if ((uint64_t)size > SIZE_MAX) {
        return -EFBIG;
    }
    const HANDLE mapping = CreateFileMappingW(
        file, NULL, PAGE_READONLY, (DWORD)((uint64_t)size >> 32), (DWORD)(uint64_t)size, NULL);
    if (mapping == NULL) {
        return from_system(GetLastError());
    }
    void *memory = MapViewOfFile(mapping, FILE_MAP_READ, 0, 0, (SIZE_T)size);
    const int result = memory != NULL ? 0 : from_system(GetLastError());
    CloseHandle(mapping); /* the view keeps it */
    if (result == 0) {
        *out = memory;
    }
    return result;
}

void
pyma_os_unmap(void *memory, int64_t size)
{
    (void)size;
    (void)UnmapViewOfFile(memory);
}

#endif
