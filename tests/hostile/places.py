"""Sources and sinks of every kind, in a folder of their own that goes when they do."""

import io
import mmap
import os
import socket
import tempfile
import time
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path

import minarrow as ma

POSIX = os.name == "posix"


class Giving:
    """A source that gives a little at a time, and lets other threads run meanwhile."""

    def __init__(self, data):
        self.file = io.BytesIO(data)

    def readinto(self, target):
        time.sleep(0)
        return self.file.readinto(memoryview(target)[:100])

    def seek(self, *args):
        return self.file.seek(*args)

    def tell(self):
        return self.file.tell()


class Taking:
    """A sink that takes a little at a time, and lets other threads run meanwhile."""

    def __init__(self):
        self.data = bytearray()

    def write(self, data):
        time.sleep(0)
        self.data += data[:100]
        return min(len(data), 100)


def _map_of(path):
    with open(path, "rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _pipe_of(data, opened):
    inner, outer = os.pipe()
    opened.callback(os.close, inner)
    assert os.write(outer, data) == len(data)
    os.close(outer)
    return inner


def _socket_of(data, opened):
    ours, theirs = socket.socketpair()
    theirs.sendall(data)
    theirs.close()
    return opened.enter_context(ours)


def _descriptor_of(path, flags, opened):
    number = os.open(path, flags | getattr(os, "O_BINARY", 0))
    opened.callback(os.close, number)
    return number


# By name, what makes it of a Place that has the bytes.
_SOURCES = {
    "bytes": lambda at: at.data,
    "BufferReader": lambda at: ma.BufferReader(at.data),
    "path": lambda at: at.path,
    "path that is read": lambda at: at.path,
    "MemoryMappedFile": lambda at: at.opened.enter_context(ma.memory_map(str(at.path))),
    "mmap": lambda at: _map_of(at.path),
    "OSFile": lambda at: at.opened.enter_context(ma.OSFile(str(at.path))),
    "descriptor": lambda at: _descriptor_of(at.path, os.O_RDONLY, at.opened),
    "pipe": lambda at: _pipe_of(at.data, at.opened),
    "socket": lambda at: _socket_of(at.data, at.opened),
    "file": lambda at: at.opened.enter_context(open(at.path, "rb")),
    "raw file": lambda at: at.opened.enter_context(open(at.path, "rb", buffering=0)),
    "BytesIO": lambda at: io.BytesIO(at.data),
    "object": lambda at: Giving(at.data),
}
if not POSIX:
    del _SOURCES["pipe"]
SOURCES = list(_SOURCES)
CANNOT_SEEK = {"pipe", "socket"}
RUN_PYTHON = {"file", "raw file", "BytesIO", "object"}  # there other threads are refused


class Place:
    """What was opened to read from or write to, and a file for those that want one."""

    def __init__(self, name, data=b""):
        self.name = name
        self.data = data
        self.opened = ExitStack()
        self.runs_python = name in RUN_PYTHON

    @cached_property
    def path(self):
        path = Path(self.opened.enter_context(tempfile.TemporaryDirectory()), "data")
        path.write_bytes(self.data)
        return path

    def close(self):
        self.given = None
        self.opened.close()


class Source(Place):
    """Some bytes behind a source; `given` is what a reader opens."""

    def __init__(self, name, data):
        super().__init__(name, data)
        self.given = _SOURCES[name](self)
        self.options = {"memory_map": False} if name == "path that is read" else {}


class _Drain:
    """What arrives at the other end of a pipe or socket, which is never full."""

    def __init__(self, read):
        self.read = read
        self.data = b""

    def __call__(self):
        while True:
            try:
                part = self.read(1 << 16)
            except BlockingIOError:
                return self.data
            if not part:
                return self.data
            self.data += part


def _to_pipe(at):
    inner, outer = os.pipe()
    at.opened.callback(os.close, inner)
    at.opened.callback(os.close, outer)
    os.set_blocking(inner, False)
    return outer, _Drain(lambda size: os.read(inner, size))


def _to_socket(at):
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    return at.opened.enter_context(ours), _Drain(at.opened.enter_context(theirs).recv)


def _to_memory(at):
    sink = ma.BufferOutputStream()
    return sink, lambda: sink.getvalue().to_pybytes()


def _to_file(at, buffering):
    file = at.opened.enter_context(open(at.path, "wb", buffering=buffering))

    def read():
        file.flush()
        return at.path.read_bytes()

    return file, read


def _to_bytes_io(at):
    file = io.BytesIO()
    return file, file.getvalue


def _to_object(at):
    sink = Taking()
    return sink, lambda: bytes(sink.data)


def _to_descriptor(at):
    flags = os.O_CREAT | os.O_WRONLY | os.O_TRUNC
    return _descriptor_of(at.path, flags, at.opened), at.path.read_bytes


def _to_os_file(at):
    return at.opened.enter_context(ma.OSFile(str(at.path), "wb")), at.path.read_bytes


# By name, what makes it and what shows its bytes.
_SINKS = {
    "BufferOutputStream": _to_memory,
    "path": lambda at: (at.path, at.path.read_bytes),
    "OSFile": _to_os_file,
    "descriptor": _to_descriptor,
    "pipe": _to_pipe,
    "socket": _to_socket,
    "file": lambda at: _to_file(at, -1),
    "raw file": lambda at: _to_file(at, 0),
    "BytesIO": _to_bytes_io,
    "object": _to_object,
}
if not POSIX:
    del _SINKS["pipe"]
SINKS = list(_SINKS)


class Sink(Place):
    """Where a writer writes; `given` is what it opens, and `read()` gives what has arrived."""

    def __init__(self, name):
        super().__init__(name)
        self.given, self.read = _SINKS[name](self)
