"""Sinks that fill up, sources that end or stop anywhere, and calls that are cut short: what was
written stands, nothing that arrived is lost, and the error says where it broke off."""

import errno
import io
import os
import select
import signal
import socket
import subprocess
import sys
import textwrap
import threading

import pytest
from faults.streams import BATCHES, ENDS, FILE, SCHEMA, STREAM, are, read_whole

import minarrow as ma

posix = pytest.mark.skipif(os.name == "nt", reason="wants POSIX descriptors and signals")


def run(code, *arguments):
    """A process of its own, with what it printed."""
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        timeout=120,
    )


# ---- a stream that ends anywhere ----


def socket_with(data):
    """A socket whose peer sent this and closed."""
    ours, theirs = socket.socketpair()
    theirs.sendall(data)
    theirs.close()
    return ours


@pytest.mark.parametrize("way", ["memory", "object", "socket"])
def test_a_stream_cut_at_every_byte(way):
    """All whole batches are read, and the error names the message and the byte that is missing."""
    sources = {"memory": bytes, "object": io.BytesIO, "socket": socket_with}
    for size in range(ENDS[0], len(STREAM)):
        data = STREAM[:size]
        source = sources[way](data)
        got, error = read_whole(ma.open_stream(source))
        whole = sum(end <= size for end in ENDS) - 1
        assert are(got, BATCHES[:whole])
        if size in ENDS or (size in [end + 4 for end in ENDS] and data[-4:] == b"\0" * 4):
            assert error is None  # a stream may end between messages
        else:
            assert error is not None and "ends inside a message" in str(error)
            assert (error.message_number, error.offset) == (whole + 1, size)
        if way == "socket":
            source.close()


def test_a_file_that_breaks_off_is_a_stream_from_byte_8_on():
    for size in range(ENDS[0] + 8, len(FILE), 7):
        got, _ = read_whole(ma.open_stream(FILE[8:size]))
        whole = min(sum(end + 8 <= size for end in ENDS) - 1, len(BATCHES))
        assert are(got, BATCHES[:whole])


# ---- full disks ----


@posix
@pytest.mark.parametrize("new", [ma.new_stream, ma.new_file])
@pytest.mark.parametrize("kind", ["path", "OSFile", "open", "descriptor"])
def test_a_file_that_may_not_grow(tmp_path, new, kind):
    """A limit at each place stops the writer with the system's own error; the batches before it
    are a stream. One kind of sink is tried at every byte, the others about the end of each
    message. The limit is a process's, so it takes one."""
    code = """
        import errno, os, resource, signal, sys
        import minarrow as ma
        from faults.streams import SCHEMA, SMALL, are, read_whole, written
        path, new, kind = sys.argv[1], getattr(ma, sys.argv[2]), sys.argv[3]
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        sinks = {
            "path": lambda: path,
            "OSFile": lambda: ma.OSFile(path, "w"),
            "open": lambda: open(path, "wb", 0),
            "descriptor": lambda: os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
        }
        most = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        whole, ends = written(new, SMALL)
        size = len(whole)
        limits = range(size + 2)
        if kind != "path":
            limits = sorted({0, *(end + i for end in [*ends, size] for i in (-1, 0, 1))})
        failures = 0
        for limit in limits:
            sink = sinks[kind]()
            wrote = 0
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, most))
            writer = None
            try:
                writer = new(sink, SCHEMA)
                for batch in SMALL:
                    writer.write_batch(batch)
                    wrote += 1
                writer.close()
            except OSError as error:
                assert error.errno == errno.EFBIG, error
                failures += 1
            else:
                wrote = len(SMALL)
            assert os.path.getsize(path) == min(limit, size)  # all that there was room for
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
            if writer is not None:
                writer.close()
                writer.close()
            if isinstance(sink, int):
                os.close(sink)
            if new is ma.new_stream and writer is not None:
                got, error = read_whole(ma.open_stream(path, memory_map=False))
                assert are(got, SMALL[:wrote]), (limit, wrote, len(got))
        assert failures == sum(limit < size for limit in limits), failures
        print("held")
    """
    done = run(code, tmp_path / "new", new.__name__, kind)
    assert (done.stdout, done.returncode) == ("held\n", 0), done.stderr


@posix
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="wants /dev/full")
@pytest.mark.parametrize("new", [ma.new_stream, ma.new_file])
def test_a_full_disk_says_so_whatever_the_sink(new):
    for open_ in [str, lambda p: ma.OSFile(p, "w"), lambda p: open(p, "wb", 0)]:
        sink = open_("/dev/full")
        with pytest.raises(OSError) as caught:
            new(sink, SCHEMA)
        assert caught.value.errno == errno.ENOSPC
        if hasattr(sink, "close"):
            sink.close()


# ---- a little at a time ----


class Short:
    """Takes and gives at most so many bytes at once."""

    def __init__(self, most, data=b""):
        self.most = most
        self.file = io.BytesIO(data)

    def read(self, size):
        return self.file.read(min(size, self.most))

    def write(self, data):
        return self.file.write(bytes(data[: self.most]))


def test_every_size_of_short_reads_and_writes():
    for most in range(1, len(STREAM) + 1):
        sink = Short(most)
        with ma.new_stream(sink, SCHEMA) as writer:
            for batch in BATCHES:
                writer.write_batch(batch)
        assert sink.file.getvalue() == STREAM
        assert are(list(ma.open_stream(Short(most, STREAM))), BATCHES)


# ---- what has arrived is kept ----


@pytest.mark.parametrize("mode", ["timeout", "non-blocking"])
def test_reading_goes_on_after_it_would_have_to_wait(pair, mode):
    """A reader whose socket has no more for now is asked again, at whatever byte that is."""
    ours, theirs = pair
    theirs.sendall(STREAM[: ENDS[0]])
    reader = ma.open_stream(ours)
    ours.settimeout(0.001 if mode == "timeout" else 0)
    got = []
    for at in range(ENDS[0], len(STREAM), 61):
        while True:
            try:
                got.append(next(reader))
            except (TimeoutError, BlockingIOError):
                break
        theirs.sendall(STREAM[at : at + 61])
    theirs.shutdown(socket.SHUT_WR)
    got += list(reader)
    assert are(got, BATCHES)


@pytest.mark.parametrize("mode", ["timeout", "non-blocking"])
@pytest.mark.parametrize("library", ["minarrow", "pyarrow"])
def test_reading_what_is_lent_goes_on_after_it_would_have_to_wait(pair, library, mode):
    ours, theirs = pair
    theirs.sendall(STREAM[: ENDS[0]])
    ours.settimeout(0.001 if mode == "timeout" else 0)
    lent = pytest.importorskip(library).RecordBatchReader.from_stream(ma.open_stream(ours))
    got = []
    for at in range(ENDS[0], len(STREAM), 61):
        while True:
            try:
                got.append(ma.record_batch(lent.read_next_batch()))
            except OSError:
                break
        theirs.sendall(STREAM[at : at + 61])
    theirs.shutdown(socket.SHUT_WR)
    got += map(ma.record_batch, lent)
    assert are(got, BATCHES)


@posix
def test_reading_goes_on_from_a_non_blocking_pipe():
    inner, outer = os.pipe()
    os.write(outer, STREAM[: ENDS[0]])
    reader = ma.open_stream(inner)
    os.set_blocking(inner, False)
    got = []
    for at in range(ENDS[0], len(STREAM), 61):
        os.write(outer, STREAM[at : at + 61])
        try:
            got.append(next(reader))
        except BlockingIOError:
            assert select.select([inner], [], [], 0)[0] == []
    os.close(outer)
    got += list(reader)
    os.close(inner)
    assert are(got, BATCHES)


class MineError(Exception):
    pass


@posix
@pytest.mark.thread_unsafe(reason="signals go to the main thread")
def test_reading_goes_on_after_a_signal_handler_raised(pair):
    if threading.current_thread() is not threading.main_thread():
        pytest.skip("signals go to the main thread")
    ours, theirs = pair

    def handler(*_):
        raise MineError

    before = signal.signal(signal.SIGALRM, handler)
    try:
        theirs.sendall(STREAM[: ENDS[0]])
        reader = ma.open_stream(ours)
        last = ENDS[0]
        for cut in [ENDS[0], ENDS[0] + 3, ENDS[0] + 50, ENDS[1] - 1]:
            theirs.sendall(STREAM[last:cut])
            last = cut
            signal.setitimer(signal.ITIMER_REAL, 0.02)
            with pytest.raises(MineError):
                next(reader)
        theirs.sendall(STREAM[last:])
        assert are(list(reader), BATCHES)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_an_object_that_raised_is_not_asked_for_the_rest():
    """Nobody knows how many bytes it took before: the reader says so, and misreads nothing."""

    class Raising(io.BytesIO):
        calls = 0

        def read(self, size):
            self.calls += 1
            part = super().read(min(size, 100))
            if self.calls == 12:
                raise MineError
            return part

        readinto = None

    reader = ma.open_stream(Raising(STREAM))
    got = []
    with pytest.raises(MineError):
        got.extend(reader)
    for _ in range(2):
        with pytest.raises(ma.ArrowInvalid, match="open it again"):
            next(reader)


# ---- objects that do what they should not ----


@pytest.mark.parametrize("call", ["close", "read_next_batch"])
@pytest.mark.parametrize("open_, data", [(ma.open_stream, STREAM), (ma.open_file, FILE)])
def test_a_source_that_calls_its_reader_or_closes_it(open_, data, call):
    class Calling(io.BytesIO):
        reader = None
        refused = 0

        def readinto(self, memory):
            if self.reader is not None:
                method = getattr(self.reader, call, None) or (lambda: self.reader.get_batch(0))
                with pytest.raises(RuntimeError, match="within a call"):
                    method()
                self.refused += 1
            return super().readinto(memory)

    source = Calling(data)
    reader = source.reader = open_(source)
    got = list(reader) if open_ is ma.open_stream else [reader.get_batch(i) for i in range(4)]
    assert are(got, BATCHES)
    assert source.refused > 0
    reader.close()


@pytest.mark.parametrize("call", ["close", "write_batch"])
@pytest.mark.parametrize("new, data", [(ma.new_stream, STREAM), (ma.new_file, FILE)])
def test_a_sink_that_calls_its_writer_or_closes_it(new, data, call):
    class Calling:
        writer = None
        refused = 0

        def __init__(self):
            self.data = bytearray()

        def write(self, part):
            self.data += part
            if self.writer is not None:
                arguments = [BATCHES[0]] if call == "write_batch" else []
                with pytest.raises(RuntimeError, match="within a call"):
                    getattr(self.writer, call)(*arguments)
                self.refused += 1

    sink = Calling()
    with new(sink, SCHEMA) as writer:
        sink.writer = writer
        for batch in BATCHES:
            writer.write_batch(batch)
    assert sink.refused > 0
    assert sink.data == data


@pytest.mark.parametrize("where", range(1, 6))
def test_a_sink_that_closes_itself(where):
    class Closing(io.BytesIO):
        calls = 0
        kept = b""

        def write(self, part):
            self.calls += 1
            if self.calls == where:
                self.kept = self.getvalue()
                self.close()
            return super().write(part)

    sink = Closing()
    wrote = 0
    with pytest.raises(ValueError, match="closed file"):
        writer = ma.new_stream(sink, SCHEMA)
        for batch in BATCHES:
            writer.write_batch(batch)
            wrote += 1
        writer.close()
    if where > 1:
        assert are(read_whole(ma.open_stream(sink.kept))[0], BATCHES[:wrote])


# ---- files that change while they are read ----


SHRINKING = """
    import os, sys
    import minarrow as ma
    from faults.streams import BATCHES, ENDS, FILE, STREAM, are, read_whole

    def whole_at_first(path, data, open_):
        for size in sorted({*range(0, len(data), 101), *ENDS, len(data)}):
            with open(path, "wb") as file:
                file.write(data)
            yield size, open_(path, memory_map=False)

    def stream(path):
        for size, reader in whole_at_first(path, STREAM, ma.open_stream):
            first = next(reader)
            os.truncate(path, size)
            rest, error = read_whole(reader)
            assert are([first, *rest], BATCHES[: max(1, sum(end <= size for end in ENDS) - 1)])
            # it ends where a message does, and where it is shorter than what was read of it
            if size > ENDS[1] and size not in [*ENDS, len(STREAM)]:
                assert (error.message_number, error.offset) == (len(rest) + 2, size)
            else:
                assert error is None

    def file(path):
        for size, reader in whole_at_first(path, FILE, ma.open_file):
            assert reader.get_batch(0).equals(BATCHES[0])
            os.truncate(path, size)
            for i, batch in enumerate(BATCHES):
                try:
                    assert reader.get_batch(i).equals(batch)
                    assert size >= ENDS[i + 1] + 8
                except ma.ArrowInvalid as error:
                    assert size < ENDS[i + 1] + 8 and error.offset is not None

    {"stream": stream, "file": file}[sys.argv[2]](sys.argv[1])
    print("unhurt")
"""


@posix
@pytest.mark.parametrize("kind", ["stream", "file"])
def test_a_file_that_shrinks_hurts_no_reader_that_does_not_map_it(tmp_path, kind):
    """In a process of its own: touching a page that a mapped file has no more ends it."""
    done = run(SHRINKING, tmp_path / "data", kind)
    assert (done.stdout, done.returncode) == ("unhurt\n", 0), done.stderr
