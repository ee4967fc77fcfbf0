/* Where bytes come from: memory, a descriptor, a socket, or a Python object with `read`. */
#ifndef PYMA_SOURCE_H
#define PYMA_SOURCE_H

#include "python/py_state.h"

typedef struct pyma_source pyma_source;

/* Open what a user hands to a reader: bytes-like, Buffer, BufferReader, MemoryMappedFile, OSFile, a
 * path (str or os.PathLike: mapped when `memory_map` and a regular file, else read), a file
 * descriptor (int), a socket, or an object with `readinto`, `read` or `recv_into` (and `seek`,
 * `tell`). `random_access` asks for a source that can read anywhere (the file format). NULL with an
 * exception that says what is wrong with `object`. */
pyma_source *
pyma_source_open(pyma_state *state, PyObject *object, bool random_access, bool memory_map);

/* Closes what pyma_source_open opened (never the caller's own file); takes NULL. Keeps a current
 * exception. */
void
pyma_source_free(pyma_source *self);

/* The whole content as memory (borrowed; data == NULL when the source is no memory). A reader
 * slices it, and never calls the functions below. For a source with a position (BufferReader,
 * MemoryMappedFile) the stream reader begins at it: `*start` is that position, and lies inside. */
ma_buffer
pyma_source_memory(const pyma_source *self, int64_t *start);

/* Let the position of such a source follow: the next one who reads it begins there. */
void
pyma_source_move(pyma_source *self, int64_t position);

/* Whether the memory is a mapped file that can be read as well, with pyma_source_read_at: the
 * first touch of a page of a map takes ten times as long as reading a few hundred bytes. */
bool
pyma_source_is_mapped(const pyma_source *self);

/* Bytes in all where that is known without reading (regular files, seekable objects opened with
 * `random_access`), else -1. Raises nothing. */
int64_t
pyma_source_size(const pyma_source *self);

/* Read the next `size` bytes into `target`; `*done` says how many have come: fewer only at the end
 * of the input, or before a failure, and those are not given again. Goes on after short reads and
 * EINTR; a non-blocking end that would block fails with BlockingIOError that says so. Called with
 * the GIL, which it lets go of around system calls. -1 with an exception. */
int
pyma_source_read(pyma_source *self, uint8_t *target, int64_t size, int64_t *done);

/* Whether a failure has left the source nobody knows where: what raised was the method of an
 * object, which may have taken bytes and not given them. */
bool
pyma_source_is_lost(const pyma_source *self);

/* Read from byte `offset` of a source opened with `random_access`: fewer than `size` bytes only at
 * its end. The caller's own position in a Python file may move. -1 with an exception. */
int64_t
pyma_source_read_at(pyma_source *self, int64_t offset, uint8_t *target, int64_t size);

/* Whether pyma_source_skip saves reading: the source seeks. */
bool
pyma_source_can_skip(const pyma_source *self);

/* Read all of `size` bytes: 1; 0 when the input ends before. -1 with an exception. */
int
pyma_source_read_whole(pyma_source *self, uint8_t *target, int64_t size);

/* Step over `size` bytes: 1; 0 when the input ends before. -1 with an exception. */
int
pyma_source_skip(pyma_source *self, int64_t size);

/* Whether reading runs Python code (an object's `read`), during which no lock may be held. */
bool
pyma_source_is_python(const pyma_source *self);

/* For tp_traverse. */
int
pyma_source_traverse(const pyma_source *self, visitproc visit, void *arg);

#endif
