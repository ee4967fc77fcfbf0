"""Writers on a disk of a few pages that fills up: run by test_full_disk.py, in a process that has
the folder as a file system of its own.

    python -m faults.full_disk FOLDER CASE ARGUMENTS...
"""

import errno
import os
import sys
from contextlib import suppress
from mmap import PAGESIZE

from faults.streams import written

import minarrow as ma

SCHEMA = ma.schema({"n": ma.int64(), "b": ma.binary()})
NEW = {"stream": ma.new_stream, "file": ma.new_file}
SINKS = {
    "path": lambda path: path,
    "OSFile": lambda path: ma.OSFile(path, "w"),
    "descriptor": lambda path: os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
    "raw": lambda path: open(path, "wb", 0),
    "buffered": lambda path: open(path, "wb"),
}
KNOW_THEIR_PATH = ["path", "OSFile"]


def make_batch(i, size):
    return ma.record_batch({"n": [i, None], "b": [b"%d" % i, b"x" * size]})


SIZES = [PAGESIZE * 5 // 4, 100, PAGESIZE * 9 // 4, 300, PAGESIZE * 7 // 4]
# Their ends lie in the midst of pages, and two of them within one.
BATCHES = [make_batch(i, size) for i, size in enumerate(SIZES)]


class Disk:
    """The file system, whose room another file takes or leaves."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "data")
        self.ballast = os.path.join(folder, "ballast")
        self.page = os.statvfs(folder).f_frsize

    def free(self):
        return os.statvfs(self.ballast).f_bavail

    def leave(self, pages):
        """Make so many pages free."""
        with suppress(FileNotFoundError):
            os.remove(self.path)
        with open(self.ballast, "wb", 0) as file:
            file.write(b"\1" * self.page * (self.free() - pages))
        assert self.free() == pages

    def make_room(self):
        os.truncate(self.ballast, 0)

    def data(self):
        with open(self.path, "rb") as file:
            return file.read()


def padded(new, page):
    """Batches of which the last ends where a page does."""
    for size in range(page):
        batches = [*BATCHES[:2], make_batch(2, size)]
        if written(NEW[new], batches)[1][-1] % page == 0:
            return batches
    raise AssertionError("no size makes a whole page")


def close_sink(sink):
    if isinstance(sink, int):
        os.close(sink)
    elif not isinstance(sink, str):
        sink.close()


def check_full(call, disk, kind):
    """A call fails since the disk is full, and says which file's it is where that is known."""
    try:
        call()
    except OSError as error:
        assert error.errno == errno.ENOSPC, error
        assert error.filename == (disk.path if kind in KNOW_THEIR_PATH else None), error
        return
    raise AssertionError("the disk was not full")


def check_readable(data, new, ends, batches):
    """All that is whole is read as a stream; the error says what is missing of the rest."""
    start = 8 if new == "file" else 0
    got, error = [], None
    try:
        for batch in ma.open_stream(data[start:]):
            got.append(batch)
    except ma.ArrowInvalid as told:
        error = told
    assert len(got) == len(batches), (len(got), len(batches))
    assert all(map(ma.RecordBatch.equals, got, batches))
    if len(data) in ends:
        assert error is None, error  # a stream may end between messages
    else:
        assert "ends inside a message" in str(error), error
        place = (error.message_number, error.offset)
        assert place == (len(batches) + 1, len(data) - start), place


def check_writes_again(disk, new, kind):
    """With room, a new writer finds nothing in its way."""
    disk.make_room()
    sink = SINKS[kind](disk.path)
    with NEW[new](sink, SCHEMA) as writer:
        for batch in BATCHES:
            writer.write_batch(batch)
    close_sink(sink)
    assert disk.data() == written(NEW[new], BATCHES)[0]


# ---- what is tested ----


def fill(disk, new, kind):
    """Every number of pages that do not suffice."""
    whole, ends = written(NEW[new], BATCHES)
    pages = -(-len(whole) // disk.page)
    assert pages > 5
    for free in range(pages):
        disk.leave(free)
        sink = SINKS[kind](disk.path)
        done = []

        def write(sink=sink, done=done):
            writer = NEW[new](sink, SCHEMA)
            done.append(writer)
            for batch in BATCHES:
                writer.write_batch(batch)
                if kind in ["OSFile", "raw", "buffered"]:
                    sink.flush()
                done.append(batch)
            writer.close()

        check_full(write, disk, kind)
        for writer in done[:1]:
            with suppress(ma.ArrowInvalid, OSError):
                writer.write_batch(BATCHES[0])
                raise AssertionError("there was no room")
            with suppress(OSError):  # where the end has no room either
                writer.close()
            writer.close()
        with suppress(OSError):  # what a buffer still holds has no room
            close_sink(sink)
        data = disk.data()
        assert data == whole[: free * disk.page]
        if free:
            check_readable(data, new, ends, done[1:])
        check_writes_again(disk, new, kind)


def go_on(disk, new, kind):
    """A batch of which nothing had room is written by the same writer once there is some."""
    batches = padded(new, disk.page)
    whole, ends = written(NEW[new], [*batches, *BATCHES])
    disk.leave(ends[len(batches)] // disk.page)
    sink = SINKS[kind](disk.path)
    with NEW[new](sink, SCHEMA) as writer:
        for batch in batches:
            writer.write_batch(batch)
        for _ in range(2):
            check_full(lambda: writer.write_batch(BATCHES[0]), disk, kind)
        check_readable(disk.data(), new, ends, batches)
        disk.make_room()
        for batch in BATCHES:
            writer.write_batch(batch)
    close_sink(sink)
    assert disk.data() == whole


def end(disk, new, kind):
    """An end mark or footer without room: its absence is told, and no batch is lost."""
    batches = padded(new, disk.page)
    ends = written(NEW[new], batches)[1]
    disk.leave(ends[-1] // disk.page)
    sink = SINKS[kind](disk.path)
    writer = NEW[new](sink, SCHEMA)
    for batch in batches:
        writer.write_batch(batch)
    if kind == "buffered":
        sink.flush()
    check_full(writer.close, disk, kind)
    assert writer.closed
    writer.close()
    with suppress(OSError):
        close_sink(sink)
    assert len(disk.data()) == ends[-1]
    check_readable(disk.data(), new, ends, batches)
    check_writes_again(disk, new, kind)


def buffered(disk, new):
    """What a file object of Python holds back is not lost: it has it, and writes it later."""
    disk.leave(0)
    small = [make_batch(i, 10) for i in range(3)]
    with open(disk.path, "wb") as sink:
        writer = NEW[new](sink, SCHEMA)
        for batch in small:
            writer.write_batch(batch)
        check_full(writer.close, disk, "buffered")
        assert disk.data() == b""
        disk.make_room()
    assert disk.data() == written(NEW[new], small)[0]


def no_file(disk, new, kind):
    """A file that cannot be made at all: the disk has no more names to give."""
    taken = []
    folder = os.path.dirname(disk.path)
    while os.statvfs(folder).f_favail:
        taken.append(os.path.join(folder, str(len(taken))))
        open(taken[-1], "wb").close()
    check_full(lambda: NEW[new](SINKS[kind](disk.path), SCHEMA), disk, kind)
    assert not os.path.exists(disk.path)
    for path in taken:
        os.remove(path)
    disk.leave(1)
    check_writes_again(disk, new, kind)


CASES = {"fill": fill, "go_on": go_on, "end": end, "buffered": buffered, "no_file": no_file}


def main():
    folder, case, *arguments = sys.argv[1:]
    CASES[case](Disk(folder), *arguments)
    print("held")


if __name__ == "__main__":
    main()
