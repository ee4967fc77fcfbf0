"""Wherever bytes go, all of them arrive in order, or the writer says clearly why not."""

import errno
import gc
import io
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
import weakref

import pytest

import minarrow as ma

posix = pytest.mark.skipif(os.name == "nt", reason="wants POSIX descriptors")


def make_batch(rows):
    number = ma.array([None if i % 5 == 3 else i for i in range(rows)], ma.int64())
    text = ma.array([f"text {i}" for i in range(rows)], ma.string())
    return ma.RecordBatch.from_arrays([number, text], ["number", "text"])


BATCHES = [make_batch(rows) for rows in [3, 0, 100, 20_000]]
SCHEMA = BATCHES[0].schema


def write(sink, new=ma.new_stream):
    with new(sink, SCHEMA) as writer:
        for batch in BATCHES:
            writer.write_batch(batch)


def expected(new=ma.new_stream):
    sink = ma.BufferOutputStream()
    write(sink, new)
    return sink.getvalue().to_pybytes()


STREAM = expected()
FILE = expected(ma.new_file)


class Taking:
    """An object with `write` alone; takes at most `most` bytes at a time and says how many."""

    def __init__(self, most=1 << 30):
        self.data = bytearray()
        self.most = most
        self.calls = 0

    def write(self, data):
        assert len(data) > 0
        self.calls += 1
        part = bytes(data[: self.most])
        self.data += part
        return len(part)


# ---- memory, paths, files ----


def test_the_bytes_are_arrow():
    assert [b.num_rows for b in ma.open_stream(STREAM)] == [3, 0, 100, 20_000]
    assert ma.open_file(FILE).get_batch(3).equals(BATCHES[3])


class Path:
    def __init__(self, path):
        self.path = path

    def __fspath__(self):
        return self.path


@pytest.mark.parametrize("new, data", [(ma.new_stream, STREAM), (ma.new_file, FILE)])
def test_paths(tmp_path, new, data):
    path = tmp_path / "new"
    for given in [path, str(path), os.fsencode(path), Path(str(path))]:
        path.write_bytes(b"something longer" * 1_000_000)
        write(given, new)
        assert path.read_bytes() == data


def test_paths_that_cannot_be_written(tmp_path):
    with pytest.raises(IsADirectoryError) as caught:
        ma.new_stream(tmp_path, SCHEMA)
    assert caught.value.filename == str(tmp_path)
    with pytest.raises(FileNotFoundError) as caught:
        ma.new_file(tmp_path / "none" / "new", SCHEMA)
    assert caught.value.filename == str(tmp_path / "none" / "new")


def test_os_files(tmp_path):
    path = tmp_path / "new"
    with ma.OSFile(path, "w") as file:
        file.write(b"head")
        write(file)
        assert not file.closed
        file.write(b"tail")
    assert path.read_bytes() == b"head" + STREAM + b"tail"
    with ma.OSFile(path, "a") as file:
        write(file)
    assert path.read_bytes() == b"head" + STREAM + b"tail" + STREAM


def test_streams_behind_each_other_in_memory():
    sink = ma.BufferOutputStream()
    write(sink)
    assert not sink.closed
    write(sink)
    assert sink.getvalue() == STREAM + STREAM


def test_closed_sinks_are_refused(tmp_path):
    memory = ma.BufferOutputStream()
    file = ma.OSFile(tmp_path / "new", "w")
    for sink in [memory, file]:
        sink.close()
        with pytest.raises(ValueError, match="closed file"):
            ma.new_stream(sink, SCHEMA)
    for sink in [ma.BufferOutputStream(), ma.OSFile(tmp_path / "new", "w"), io.BytesIO()]:
        writer = ma.new_stream(sink, SCHEMA)
        sink.close()
        with pytest.raises(ValueError, match="closed file"):
            writer.write_batch(BATCHES[2])
        try:
            writer.close()
        except ValueError as error:
            assert "closed file" in str(error)


def test_files_for_reading_are_refused(tmp_path):
    path = tmp_path / "data"
    path.write_bytes(b"data")
    with ma.OSFile(path) as file, pytest.raises(io.UnsupportedOperation, match="for reading"):
        ma.new_stream(file, SCHEMA)
    for sink in [ma.memory_map(path), ma.BufferReader(b"")]:
        with pytest.raises(io.UnsupportedOperation, match="for reading"):
            ma.new_stream(sink, SCHEMA)
    assert path.read_bytes() == b"data"


@pytest.mark.parametrize(
    "bad", [None, 1.5, object(), [], bytearray(8), memoryview(b""), True, ma, int]
)
def test_what_is_no_sink(bad):
    with pytest.raises(TypeError, match="cannot write to"):
        ma.new_stream(bad, SCHEMA)


# ---- descriptors ----


def test_descriptors(tmp_path):
    fd = os.open(tmp_path / "new", os.O_WRONLY | os.O_CREAT | getattr(os, "O_BINARY", 0))
    write(fd)
    write(fd)
    os.close(fd)
    assert (tmp_path / "new").read_bytes() == STREAM + STREAM


def test_numbers_that_are_no_descriptors():
    for bad in [-1, 2**31, 2**70]:
        with pytest.raises(ValueError, match="no file descriptor"):
            ma.new_stream(bad, SCHEMA)
    fd = os.open(os.devnull, os.O_RDONLY)
    os.close(fd)
    with pytest.raises(OSError, match="descriptor"):
        ma.new_stream(fd, SCHEMA)


def drain(read, into, step=4096, wait=0.0):
    def run():
        if hasattr(signal, "pthread_sigmask") and hasattr(signal, "SIGALRM"):
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
        while part := read(step):
            into.extend(part)
            if wait:
                time.sleep(wait)

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@posix
@pytest.mark.parametrize("step", [997, 1 << 20])
def test_a_pipe_that_takes_a_little_at_a_time(step):
    inner, outer = os.pipe()
    got = bytearray()
    reading = drain(lambda n: os.read(inner, n), got, step)
    write(outer)
    os.close(outer)
    reading.join()
    os.close(inner)
    assert got == STREAM


@posix
def test_a_non_blocking_pipe():
    inner, outer = os.pipe()
    os.set_blocking(outer, False)
    writer = ma.new_stream(outer, SCHEMA)
    with pytest.raises(BlockingIOError, match="set_blocking"):
        writer.write_batch(BATCHES[3])
    os.close(inner)
    with pytest.raises(ma.ArrowInvalid, match="earlier write"):
        writer.write_batch(BATCHES[0])
    writer.close()
    os.close(outer)


@posix
def test_a_broken_pipe():
    inner, outer = os.pipe()
    os.close(inner)
    with pytest.raises(BrokenPipeError):
        ma.new_stream(outer, SCHEMA)
    os.close(outer)


@posix
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="wants /dev/full")
def test_a_full_disk():
    with pytest.raises(OSError) as caught:
        ma.new_stream("/dev/full", SCHEMA)
    assert (caught.value.errno, caught.value.filename) == (errno.ENOSPC, "/dev/full")
    for buffering in [0, -1]:
        file = open("/dev/full", "wb", buffering)
        with pytest.raises(OSError) as caught:
            write(file)
        assert caught.value.errno == errno.ENOSPC
        try:
            file.close()
        except OSError as error:
            assert error.errno == errno.ENOSPC


@posix
def test_more_segments_than_one_call_takes(tmp_path):
    """Thousands of columns make thousands of segments."""
    column = ma.array([1, None, 3], ma.int64())
    batch = ma.RecordBatch.from_arrays([column] * 3000, [f"c{i}" for i in range(3000)])
    memory = ma.BufferOutputStream()
    for sink in [memory, tmp_path / "new"]:
        with ma.new_stream(sink, batch.schema) as writer:
            writer.write_batch(batch)
    data = memory.getvalue().to_pybytes()
    assert (tmp_path / "new").read_bytes() == data
    a, b = socket.socketpair()
    got = bytearray()
    reading = drain(b.recv, got)
    with ma.new_stream(a, batch.schema) as writer:
        writer.write_batch(batch)
    a.close()
    reading.join()
    b.close()
    assert got == data


# ---- sockets ----


@pytest.mark.parametrize("timeout", [None, 30])
def test_sockets(pair, timeout):
    a, b = pair
    a.settimeout(timeout)
    got = bytearray()
    reading = drain(b.recv, got, 3001)
    write(a)
    a.shutdown(socket.SHUT_WR)
    reading.join()
    assert got == STREAM


def test_a_socket_whose_peer_is_gone(pair):
    a, b = pair
    b.close()
    with pytest.raises(ConnectionError):
        for _ in range(3):
            ma.new_stream(a, SCHEMA).close()


def test_the_timeout_of_a_socket(pair):
    a, _ = pair
    a.settimeout(0.05)
    writer = ma.new_stream(a, SCHEMA)
    began = time.monotonic()
    with pytest.raises(TimeoutError, match="written to"):
        for _ in range(100):
            writer.write_batch(BATCHES[3])
    assert 0.04 < time.monotonic() - began < 20
    writer.close()


def test_a_non_blocking_socket(pair):
    a, _ = pair
    a.setblocking(False)
    writer = ma.new_stream(a, SCHEMA)
    with pytest.raises(BlockingIOError, match=r"setblocking\(True\)"):
        for _ in range(100):
            writer.write_batch(BATCHES[3])
    writer.close()


def test_a_socket_that_is_closed(pair):
    a, _ = pair
    writer = ma.new_stream(a, SCHEMA)
    a.close()
    with pytest.raises(ValueError, match="closed socket"):
        writer.write_batch(BATCHES[0])


@posix
def test_no_signal_ends_the_process_over_a_socket():
    """Not even where Python's own ignoring of SIGPIPE was undone."""
    if not hasattr(socket, "MSG_NOSIGNAL"):
        pytest.skip("this system cannot do it for one call")
    code = """
        import signal, socket, minarrow as ma
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        a, b = socket.socketpair()
        b.close()
        try:
            ma.new_stream(a, ma.schema([("a", ma.int8())]))
        except BrokenPipeError:
            print("told")
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        cwd=os.path.dirname(os.path.dirname(ma.__file__)),
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "told\n", "")


def test_a_socket_that_sends_in_its_own_way_is_asked(pair):
    class Counting(socket.socket):
        calls = 0

        def send(self, data, *args):
            type(self).calls += 1
            return super().send(data, *args)

    a, b = pair
    got = bytearray()
    reading = drain(b.recv, got)
    with Counting(fileno=a.detach()) as own:
        write(own)
    reading.join()
    assert Counting.calls > 0
    assert got == STREAM


# ---- Python objects ----


@pytest.mark.parametrize("most", [1, 2, 3, 7, 64, 1000, 4096, 1 << 30])
def test_objects_that_take_a_little_at_a_time(most):
    sink = Taking(most)
    if most > 7:
        write(sink)
        assert sink.data == STREAM
    else:
        writer = ma.new_stream(sink, SCHEMA)
        writer.write_batch(BATCHES[2])
        writer.close()
        assert next(ma.open_stream(sink.data)).equals(BATCHES[2])


def test_small_pieces_are_joined():
    sink = Taking()
    writer = ma.new_stream(sink, SCHEMA)
    before = sink.calls
    writer.write_batch(BATCHES[2])
    assert sink.calls == before + 1
    writer.close()


def test_objects_that_return_nothing_from_write():
    class Silent:
        def __init__(self):
            self.pieces = []

        def write(self, data):
            self.pieces.append(data)

    sink = Silent()
    write(sink)
    gc.collect()
    assert b"".join(sink.pieces) == STREAM  # what they keep stays as it was


def test_other_objects(tmp_path):
    class Sending:
        def __init__(self):
            self.taking = Taking(1000)

        def send(self, data):
            return self.taking.write(data)

    sink = Sending()
    write(sink)
    assert sink.taking.data == STREAM
    memory = io.BytesIO()
    write(memory)
    assert memory.getvalue() == STREAM
    buffered = io.BufferedWriter(memory, 100)
    write(buffered)
    assert memory.getvalue() == STREAM * 2  # the writer flushed it
    path = tmp_path / "new"
    for buffering in [-1, 0, 100]:
        with open(path, "wb", buffering) as file:
            write(file, ma.new_file)
            assert not file.closed
        assert path.read_bytes() == FILE
    with open(path, "w+b") as file:
        write(file)
        file.seek(0)
        assert [b.num_rows for b in ma.open_stream(file)] == [3, 0, 100, 20_000]


def test_socket_files(pair):
    a, b = pair
    got = bytearray()
    reading = drain(b.recv, got)
    with a.makefile("wb") as file:
        write(file)
    a.shutdown(socket.SHUT_WR)
    reading.join()
    assert got == STREAM


@pytest.mark.parametrize(
    "answer, error, match",
    [
        (-1, ValueError, r"write\(\) returned -1"),
        (10**9, ValueError, "returned 1000000000"),
        (2**80, ValueError, "returned 12089"),
        ("5", TypeError, r"write\(\) returned str"),
        (b"", TypeError, r"write\(\) returned bytes"),
        (3.0, TypeError, r"write\(\) returned float"),
        (0, OSError, "took none"),
    ],
)
def test_nonsense_from_write(answer, error, match):
    class Nonsense:
        def write(self, data):
            return answer

    with pytest.raises(error, match=match):
        ma.new_stream(Nonsense(), SCHEMA)


def test_a_raw_file_that_would_block():
    class Full(io.RawIOBase):
        room = 100

        def writable(self):
            return True

        def write(self, data):
            if not self.room:
                return None
            part = min(self.room, len(data))
            self.room -= part
            return part

    with pytest.raises(BlockingIOError, match=r"write.*would block"):
        ma.new_stream(Full(), SCHEMA)


def test_text_files_are_refused(tmp_path):
    with (
        open(tmp_path / "new", "w", encoding="utf-8") as file,
        pytest.raises(TypeError, match="str"),
    ):
        ma.new_stream(file, SCHEMA)
    with pytest.raises(TypeError):
        ma.new_stream(io.StringIO(), SCHEMA)


class MineError(Exception):
    pass


class Failing(Taking):
    """Raises once `after` calls have gone well; `flush` too."""

    def __init__(self, after):
        super().__init__()
        self.after = after

    def check(self):
        self.after -= 1
        if self.after < 0:
            raise MineError

    def write(self, data):
        self.check()
        return super().write(data)

    def flush(self):
        self.check()


@pytest.mark.parametrize("after", range(8))
@pytest.mark.parametrize("new", [ma.new_stream, ma.new_file])
def test_what_an_object_raises_comes_through(new, after):
    sink = Failing(after)
    try:
        write(sink, new)
    except MineError:
        pass
    else:
        assert after >= 7
    # what was written whole before is a stream
    data = bytes(sink.data)
    if new is ma.new_stream and len(data) > 500:
        rows = [b.num_rows for b in ma.open_stream(data)]
        assert rows == [3, 0, 100, 20_000][: len(rows)]


def test_an_object_that_calls_back_into_the_writer():
    class Calling(Taking):
        writer = None
        errors = 0

        def write(self, data):
            for call in [lambda w: w.close(), lambda w: w.write_batch(BATCHES[0])]:
                if self.writer is not None:
                    with pytest.raises(RuntimeError, match="within"):
                        call(self.writer)
                    self.errors += 1
            return super().write(data)

    sink = Calling()
    writer = sink.writer = ma.new_stream(sink, SCHEMA)
    for batch in BATCHES:
        writer.write_batch(batch)
    writer.close()
    assert sink.data == STREAM
    assert sink.errors


def test_an_object_that_closes_itself():
    class Closing(io.BytesIO):
        def write(self, data):
            super().write(data)
            if self.tell() > 1000:
                self.close()
            return len(data)

    with pytest.raises(ValueError, match="closed file"):
        write(Closing())


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_writer_and_its_sink_in_a_circle_are_collected():
    sink = Taking()
    sink.writer = ma.new_stream(sink, SCHEMA)
    reference = weakref.ref(sink)
    del sink
    gc.collect()
    assert reference() is None


def test_an_attribute_that_raises():
    class Raising:
        def __getattr__(self, name):
            if name == "write":
                raise MineError
            raise AttributeError(name)

    with pytest.raises(MineError):
        ma.new_stream(Raising(), SCHEMA)


# ---- signals ----


@posix
@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="wants interval timers")
@pytest.mark.thread_unsafe(reason="signals come to the whole process")
class TestSignals:
    @pytest.fixture(autouse=True)
    def timer(self):
        if threading.current_thread() is not threading.main_thread():
            pytest.skip("signals go to the main thread")
        self.count = 0
        self.fails_at = None

        def count(*_):
            self.count += 1
            if self.count == self.fails_at:
                raise MineError

        before = signal.signal(signal.SIGALRM, count)
        signal.setitimer(signal.ITIMER_REAL, 0.005, 0.001)
        yield
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)

    def test_a_pipe(self):
        inner, outer = os.pipe()
        got = bytearray()
        reading = drain(lambda n: os.read(inner, n), got, 20_000, wait=0.003)
        write(outer)
        os.close(outer)
        reading.join()
        os.close(inner)
        assert got == STREAM
        assert self.count > 0

    @pytest.mark.parametrize("timeout", [None, 30])
    def test_a_socket(self, pair, timeout):
        a, b = pair
        a.settimeout(timeout)
        a.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        got = bytearray()
        reading = drain(b.recv, got, 20_000, wait=0.003)
        write(a)
        a.shutdown(socket.SHUT_WR)
        reading.join()
        assert got == STREAM
        assert self.count > 0

    @pytest.mark.parametrize("timeout", [None, 60])
    def test_a_handler_that_raises_ends_the_wait(self, pair, timeout):
        self.fails_at = self.count + 20
        pair[0].settimeout(timeout)
        with pytest.raises(MineError):
            for _ in range(100):
                write(pair[0])
