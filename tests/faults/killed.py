"""Writers that are killed: run by test_killed.py, in processes that have no other threads.

python -m faults.killed each PATH stream|file     writers killed after each number of bytes
python -m faults.killed many PATH|-               a writer that is killed before its end
"""

import os
import signal
import sys

from faults.streams import SCHEMA, SMALL, are, read_whole, written

import minarrow as ma

NEW = {"stream": (ma.new_stream, 0), "file": (ma.new_file, 8)}  # and where its stream begins


END = b"\xff\xff\xff\xff\0\0\0\0"  # what a stream has after its last message


class Ending:
    """Writes so many bytes to a descriptor, and ends the process with the last of them."""

    def __init__(self, descriptor, left):
        self.descriptor = descriptor
        self.left = left

    def write(self, data):
        wrote = os.write(self.descriptor, data[: self.left])
        self.left -= wrote
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return wrote


def write_until_killed(path, new, size):
    """What a process left that was killed as it had written `size` bytes."""
    child = os.fork()
    if child == 0:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        with new(Ending(descriptor, size), SCHEMA) as writer:
            for batch in SMALL:
                writer.write_batch(batch)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    with open(path, "rb") as file:
        return file.read()


def require_all_that_was_whole(data, ends):
    """As a stream it gives the batches that are whole, and says which message breaks off where."""
    size = len(data)
    whole = sum(end <= size for end in ends) - 1
    try:
        got, error = read_whole(ma.open_stream(data))
    except ma.ArrowInvalid as refused:  # not even the schema is there
        got, error = [], refused
    assert are(got, SMALL[: max(whole, 0)]), size
    if size in ends or size >= ends[-1] + len(END):
        assert error is None, size  # it ends between messages, or has its mark of the end
    elif size > 0:
        assert "ends inside a message" in str(error), size
        assert (error.message_number, error.offset) == (whole + 1, size)


def each(path, kind):
    """Kill a writer after each number of bytes that it writes."""
    new, start = NEW[kind]
    complete, ends = written(new, SMALL)
    ends = [end - start for end in ends]
    assert complete[start:][ends[-1] :].startswith(END)
    for size in range(1, len(complete) + 1):
        data = write_until_killed(path, new, size)
        assert data == complete[:size]
        require_all_that_was_whole(data[start:], ends)
        if kind == "file" and size < len(complete):
            try:
                ma.open_file(data)
            except ma.ArrowInvalid:
                continue
            raise AssertionError(f"{size} of {len(complete)} bytes were taken for a file")
    print("held")


# Large enough that a kill finds the writer amid a batch, more often than not.
LARGE = 1 << 20


def large_batch(i):
    """One of a few large batches, of which no two are equal."""
    data = ma.py_buffer(bytes([i]) * LARGE)
    return ma.record_batch({"n": ma.Array.from_buffers(ma.int64(), LARGE // 8, [None, data])})


LARGE_ONES = [large_batch(i) for i in range(3)]
MANY = 50  # of them are all that is written, wherever to


def many(path):
    """Write the large batches again and again, and say so on stderr after each."""
    sink = 1 if path == "-" else ma.OSFile(path, "w")
    writer = ma.new_stream(sink, LARGE_ONES[0].schema)
    for i in range(MANY):
        writer.write_batch(LARGE_ONES[i % 3])
        if sink != 1:
            sink.flush()
        os.write(2, b"%d\n" % i)
    signal.pause()


if __name__ == "__main__":
    {"each": each, "many": many}[sys.argv[1]](*sys.argv[2:])
