"""Whatever bytes come from, a reader gets the same batches, or says clearly why not."""

import array
import gc
import io
import mmap
import os
import signal
import socket
import sys
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


BATCHES = [make_batch(rows) for rows in [3, 0, 100, 5000]]


def written(new):
    sink = ma.BufferOutputStream()
    with new(sink, BATCHES[0].schema) as writer:
        for batch in BATCHES:
            writer.write_batch(batch)
    return sink.getvalue().to_pybytes()


STREAM = written(ma.new_stream)
FILE = written(ma.new_file)


def check_stream(source, **options):
    with ma.open_stream(source, **options) as reader:
        batches = list(reader)
    assert len(batches) == len(BATCHES)
    for got, wanted in zip(batches, BATCHES, strict=True):
        assert got.equals(wanted)


def check_file(source, **options):
    with ma.open_file(source, **options) as reader:
        assert reader.num_record_batches == len(BATCHES)
        for i in [3, 0, 2, 1, 3]:
            assert reader.get_batch(i).equals(BATCHES[i])


class Reading:
    """An object with `read` alone; gives at most `most` bytes at a time."""

    def __init__(self, data=STREAM, most=1 << 30):
        self.data = data
        self.at = 0
        self.most = most
        self.calls = 0

    def read(self, size):
        assert size > 0
        self.calls += 1
        part = self.data[self.at : self.at + min(size, self.most)]
        self.at += len(part)
        return part


class Filling(Reading):
    """An object that prefers to fill memory."""

    def readinto(self, memory):
        part = super().read(len(memory))
        memory[: len(part)] = part
        return len(part)

    def read(self, size):
        raise AssertionError("readinto is preferred")


class Receiving:
    """A socket of another kind: only recv_into."""

    def __init__(self, data=STREAM):
        self.inner = Filling(data, 1000)

    def recv_into(self, memory):
        return self.inner.readinto(memory)


class Seeking(Filling):
    """An object that can seek."""

    def __init__(self, data=FILE, most=1 << 30):
        super().__init__(data, most)
        self.seeks = 0

    def seek(self, offset, whence=0):
        self.seeks += 1
        self.at = [0, self.at, len(self.data)][whence] + offset
        assert self.at >= 0

    def tell(self):
        return self.at


# ---- memory ----


def memory_of(kind, data, tmp_path):
    if kind == "mmap":
        (tmp_path / "mmap").write_bytes(data)
        with open(tmp_path / "mmap", "rb") as file:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    kinds = {
        "bytes": bytes,
        "bytearray": bytearray,
        "memoryview": memoryview,
        "array": lambda data: array.array("b", data),
        "Buffer": ma.py_buffer,
        "BufferReader": ma.BufferReader,
        "unaligned": lambda data: memoryview(b"---" + data)[3:],
    }
    return kinds[kind](data)


@pytest.mark.parametrize(
    "kind",
    ["bytes", "bytearray", "memoryview", "array", "Buffer", "BufferReader", "mmap", "unaligned"],
)
def test_memory(kind, tmp_path):
    check_stream(memory_of(kind, STREAM, tmp_path))
    check_file(memory_of(kind, FILE, tmp_path))


def test_numpy_memory():
    np = pytest.importorskip("numpy")
    check_stream(np.frombuffer(STREAM, np.uint8))
    with pytest.raises(BufferError, match="one block"):
        ma.open_stream(np.frombuffer(STREAM, np.uint8)[::2])


def test_memory_in_pieces_is_refused():
    for open_ in [ma.open_stream, ma.open_file]:
        with pytest.raises(BufferError, match=r"one block.*bytes\(source\)"):
            open_(memoryview(STREAM)[::2])


def test_a_stream_begins_at_the_position_of_a_buffer_reader(tmp_path):
    reader = ma.BufferReader(b"head" + STREAM)
    assert reader.read(4) == b"head"
    check_stream(reader)
    (tmp_path / "data").write_bytes(b"head" + STREAM)
    file = ma.memory_map(tmp_path / "data")
    file.seek(4)
    check_stream(file)


def test_closed_files_are_refused(tmp_path):
    path = tmp_path / "data"
    path.write_bytes(FILE)
    for file in [ma.BufferReader(FILE), ma.memory_map(path), ma.OSFile(path), io.BytesIO(FILE)]:
        file.close()
        for open_ in [ma.open_stream, ma.open_file]:
            with pytest.raises(ValueError, match="closed file"):
                open_(file)


def test_files_for_writing_are_refused(tmp_path):
    with ma.OSFile(tmp_path / "new", "w") as file:
        for open_ in [ma.open_stream, ma.open_file]:
            with pytest.raises(io.UnsupportedOperation, match="for writing"):
                open_(file)


# ---- paths ----


class Path:
    def __init__(self, path):
        self.path = path

    def __fspath__(self):
        return self.path


@pytest.mark.parametrize("memory_map", [True, False])
def test_paths(tmp_path, memory_map):
    (tmp_path / "stream").write_bytes(STREAM)
    (tmp_path / "file").write_bytes(FILE)
    for make in [
        lambda path: path,
        str,
        lambda path: Path(str(path)),
        lambda path: Path(os.fsencode(path)),
    ]:
        check_stream(make(tmp_path / "stream"), memory_map=memory_map)
        check_file(make(tmp_path / "file"), memory_map=memory_map)


@pytest.mark.parametrize("memory_map", [True, False])
def test_paths_that_cannot_be_read(tmp_path, memory_map):
    for open_ in [ma.open_stream, ma.open_file]:
        with pytest.raises(IsADirectoryError) as caught:
            open_(tmp_path, memory_map=memory_map)
        assert caught.value.filename == str(tmp_path)
        with pytest.raises(FileNotFoundError) as caught:
            open_(str(tmp_path / "none"), memory_map=memory_map)
        assert caught.value.filename == str(tmp_path / "none")
        (tmp_path / "empty").touch()
        with pytest.raises(ma.ArrowInvalid):
            open_(tmp_path / "empty", memory_map=memory_map)


def test_a_path_is_closed_with_its_reader(tmp_path):
    if not os.path.isdir("/proc/self/fd"):
        pytest.skip("wants /proc")
    path = tmp_path / "file"
    path.write_bytes(FILE)

    def is_open():
        links = (f"/proc/self/fd/{fd}" for fd in os.listdir("/proc/self/fd"))
        return any(os.path.exists(link) and os.readlink(link) == str(path) for link in links)

    reader = ma.open_file(path, memory_map=False)
    assert is_open()
    reader.close()
    assert not is_open()
    ma.open_file(path)
    assert not is_open()
    with pytest.raises(ma.ArrowInvalid):
        ma.open_stream(path, memory_map=False, columns=["no such column"])
    gc.collect()
    assert not is_open()


@posix
@pytest.mark.parametrize("memory_map", [True, False])
def test_a_named_pipe_is_read_as_a_stream(tmp_path, memory_map):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    writer = threading.Thread(target=fifo.write_bytes, args=[STREAM])
    writer.start()
    check_stream(fifo, memory_map=memory_map)
    writer.join()
    keeper = os.open(fifo, os.O_RDWR)
    with pytest.raises(io.UnsupportedOperation, match="seek"):
        ma.open_file(fifo, memory_map=memory_map)
    os.close(keeper)


# ---- OSFile and descriptors ----


def test_os_files(tmp_path):
    path = tmp_path / "data"
    path.write_bytes(b"head" + STREAM)
    with ma.OSFile(path) as file:
        file.seek(4)
        check_stream(file)
        assert not file.closed
    path.write_bytes(FILE)
    with ma.OSFile(path) as file:
        file.seek(7)
        check_file(file)
        assert (file.closed, file.tell() == 7 or os.name == "nt") == (False, True)


def test_an_os_file_that_is_closed_under_its_reader(tmp_path):
    path = tmp_path / "data"
    path.write_bytes(STREAM)
    file = ma.OSFile(path)
    reader = ma.open_stream(file)
    file.close()
    with pytest.raises(ValueError, match="closed file"):
        next(reader)


def test_descriptors(tmp_path):
    path = tmp_path / "data"
    path.write_bytes(STREAM + STREAM)
    fd = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    check_stream(fd)
    check_stream(fd)  # from where the first one ended
    os.close(fd)
    path.write_bytes(FILE)
    fd = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    check_file(fd)
    os.close(fd)


@posix
@pytest.mark.parametrize("most", [1, 7, 1000])
def test_a_pipe_gives_a_little_at_a_time(most):
    inner, outer = os.pipe()

    def write():
        for at in range(0, len(STREAM), most if most > 1 else 251):
            os.write(outer, STREAM[at : at + (most if most > 1 else 251)])
        os.close(outer)

    writer = threading.Thread(target=write)
    writer.start()
    check_stream(inner)
    writer.join()
    os.close(inner)


def test_numbers_that_are_no_descriptors():
    for bad in [-1, 2**31, 2**70, -(2**70)]:
        with pytest.raises(ValueError, match="no file descriptor"):
            ma.open_stream(bad)
    for bad in [True, False, 1.0]:
        with pytest.raises(TypeError, match="cannot read from"):
            ma.open_stream(bad)
    fd = os.open(os.devnull, os.O_RDONLY)
    os.close(fd)
    with pytest.raises(OSError, match="descriptor"):
        ma.open_stream(fd)


@posix
def test_descriptors_that_cannot_be_read(tmp_path):
    fd = os.open(tmp_path, os.O_RDONLY)
    with pytest.raises(IsADirectoryError):
        ma.open_stream(fd)
    os.close(fd)
    fd = os.open(tmp_path / "new", os.O_WRONLY | os.O_CREAT)
    with pytest.raises(OSError, match="descriptor"):
        ma.open_stream(fd)
    os.close(fd)
    inner, outer = os.pipe()
    with pytest.raises(io.UnsupportedOperation, match="seek"):
        ma.open_file(inner)
    os.set_blocking(inner, False)
    os.write(outer, STREAM[:100])
    with pytest.raises(BlockingIOError, match="set_blocking"):
        ma.open_stream(inner)
    os.close(inner)
    os.close(outer)


@posix
def test_the_caller_keeps_the_descriptor(tmp_path):
    path = tmp_path / "data"
    path.write_bytes(STREAM)
    fd = os.open(path, os.O_RDONLY)
    ma.open_stream(fd).close()
    os.fstat(fd)
    os.close(fd)


# ---- sockets ----


def send_slowly(sock, data=STREAM, step=997, end=True):
    def send():
        for at in range(0, len(data), step):
            sock.sendall(data[at : at + step])
        if end:
            sock.shutdown(socket.SHUT_WR)

    thread = threading.Thread(target=send)
    thread.start()
    return thread


@pytest.mark.parametrize("timeout", [None, 30])
def test_sockets(pair, timeout):
    a, b = pair
    b.settimeout(timeout)
    sending = send_slowly(a)
    check_stream(b)
    sending.join()
    assert b.fileno() >= 0


def test_a_socket_file(pair):
    sending = send_slowly(pair[0])
    with pair[1].makefile("rb") as file:
        check_stream(file)
    sending.join()


def test_a_peer_that_closes_inside_a_message(pair):
    a, b = pair
    sending = send_slowly(a, STREAM[:-500])
    reader = ma.open_stream(b)
    with pytest.raises(ma.ArrowInvalid):
        list(reader)
    sending.join()


def test_a_socket_has_no_random_access(pair):
    with pytest.raises(io.UnsupportedOperation, match="seek"):
        ma.open_file(pair[1])


def test_the_timeout_of_a_socket(pair):
    a, b = pair
    a.sendall(STREAM[:100])
    b.settimeout(0.05)
    began = time.monotonic()
    with pytest.raises(TimeoutError, match="read from"):
        ma.open_stream(b)
    assert 0.04 < time.monotonic() - began < 5


def test_a_non_blocking_socket(pair):
    a, b = pair
    b.setblocking(False)
    with pytest.raises(BlockingIOError, match=r"setblocking\(True\)"):
        ma.open_stream(b)
    a.sendall(STREAM[:100])
    with pytest.raises(BlockingIOError):
        ma.open_stream(b)


def test_a_socket_that_is_closed(pair):
    a, b = pair
    sending = send_slowly(a, STREAM[:2000], end=False)
    sending.join()
    reader = ma.open_stream(b)
    b.close()
    with pytest.raises(ValueError, match="closed socket"):
        list(reader)
    with pytest.raises(ValueError, match="closed socket"):
        ma.open_stream(b)


def test_a_socket_that_receives_in_its_own_way_is_asked(pair):
    class Counting(socket.socket):
        calls = 0

        def recv_into(self, memory, *args):
            type(self).calls += 1
            return super().recv_into(memory, *args)

    a, b = pair
    own = Counting(fileno=os.dup(b.fileno()) if os.name != "nt" else b.detach())
    with own:
        sending = send_slowly(a)
        check_stream(own)
        sending.join()
        assert Counting.calls > 0


# ---- Python objects ----


@pytest.mark.parametrize("most", [1, 2, 3, 5, 8, 13, 100, 4096, 1 << 20])
@pytest.mark.parametrize("kind", [Reading, Filling])
def test_objects_that_give_a_little_at_a_time(kind, most):
    data = STREAM if most > 8 else STREAM[: len(STREAM) // 2]
    source = kind(data, most)
    if most > 8:
        check_stream(source)
    else:
        reader = ma.open_stream(source)
        with pytest.raises(ma.ArrowInvalid):
            list(reader)
        assert source.at == len(data)


def test_other_objects():
    check_stream(Receiving())
    check_stream(io.BytesIO(STREAM))
    check_stream(io.BufferedReader(io.BytesIO(STREAM), 10))
    check_file(io.BytesIO(FILE))
    check_file(io.BufferedReader(io.BytesIO(FILE)))


def test_python_files(tmp_path):
    path = tmp_path / "data"
    for buffering in [-1, 0, 16]:
        path.write_bytes(b"head" + STREAM + STREAM)
        with open(path, "rb", buffering) as file:
            file.read(4)
            check_stream(file)
            if buffering == 0:
                check_stream(file)
            assert not file.closed
        path.write_bytes(FILE)
        with open(path, "rb", buffering) as file:
            check_file(file)


def test_files_of_pyarrow(tmp_path):
    pa = pytest.importorskip("pyarrow")
    path = tmp_path / "data"
    path.write_bytes(FILE)
    check_file(pa.OSFile(str(path)))
    check_file(pa.BufferReader(FILE))
    check_stream(pa.py_buffer(STREAM))


@pytest.mark.parametrize("most", [1000, 1 << 30])
def test_a_seekable_object(most):
    source = Seeking(FILE, most)
    check_file(source)
    assert source.seeks > 0


def test_a_stream_is_read_without_seeking():
    source = Seeking(STREAM)
    check_stream(source)
    assert source.seeks == 0


def test_an_object_that_says_it_cannot_seek():
    class Stuck(Seeking):
        def seekable(self):
            return False

    check_stream(Stuck(STREAM))
    for source in [Stuck(FILE), Reading(FILE)]:
        with pytest.raises(io.UnsupportedOperation, match="cannot seek"):
            ma.open_file(source)


class Odd(Seeking):
    """Gives nonsense where a test puts it."""

    def __init__(self, data=FILE, **answers):
        super().__init__(data)
        self.answers = answers

    def answer(self, name, otherwise):
        answer = self.answers.get(name, otherwise)
        return answer() if callable(answer) else answer

    def readinto(self, memory):
        return self.answer("readinto", super().readinto(memory))

    def tell(self):
        return self.answer("tell", super().tell())

    def seekable(self):
        return self.answer("seekable", True)


@pytest.mark.parametrize(
    "answer, error, match",
    [
        (None, BlockingIOError, "readinto.*would block"),
        (-1, ValueError, r"readinto\(\) returned -1"),
        (10**30, ValueError, "returned 1000"),
        (10**9, ValueError, "returned 1000000000"),
        ("4", TypeError, r"readinto\(\) returned str"),
        (4.0, TypeError, r"readinto\(\) returned float"),
        (b"1234", TypeError, r"readinto\(\) returned bytes"),
    ],
)
def test_nonsense_from_readinto(answer, error, match):
    for open_ in [ma.open_stream, ma.open_file]:
        with pytest.raises(error, match=match):
            open_(Odd(readinto=answer))


@pytest.mark.parametrize(
    "answer, error, match",
    [
        (None, BlockingIOError, "read.*would block"),
        ("text", TypeError, "read.*str.*binary mode"),
        (5, TypeError, r"read\(\) returned int, not bytes"),
        ([1, 2], TypeError, r"read\(\) returned list"),
        (b"x" * 1_000_000, ValueError, "returned 1000000 bytes"),
        (memoryview(bytes(8))[::2], BufferError, "contiguous"),
    ],
)
def test_nonsense_from_read(answer, error, match):
    class Nonsense:
        def read(self, size):
            return answer

    with pytest.raises(error, match=match):
        ma.open_stream(Nonsense())


def test_all_that_read_may_return():
    for kind in [bytes, bytearray, memoryview, ma.py_buffer]:

        class Other(Reading):
            def read(self, size, kind=kind):
                return kind(super().read(size))

        check_stream(Other())


def test_text_files_are_refused(tmp_path):
    path = tmp_path / "data"
    path.write_bytes(STREAM)
    with (
        open(path, encoding="latin-1") as file,
        pytest.raises(TypeError, match="binary mode"),
    ):
        ma.open_stream(file)
    with pytest.raises(TypeError, match="binary mode"):
        ma.open_stream(io.StringIO("text"))


@pytest.mark.parametrize(
    "answers, error",
    [
        ({"tell": None}, BlockingIOError),
        ({"tell": -5}, ValueError),
        ({"tell": "5"}, TypeError),
        ({"tell": 10}, ma.ArrowInvalid),
        ({"tell": 1 << 40}, ma.ArrowInvalid),
        ({"seekable": False}, io.UnsupportedOperation),
    ],
)
def test_nonsense_from_seeking(answers, error):
    with pytest.raises(error):
        ma.open_file(Odd(**answers))


class MineError(Exception):
    pass


def fail():
    raise MineError


@pytest.mark.parametrize("name", ["readinto", "tell", "seekable"])
def test_what_an_object_raises_comes_through(name):
    with pytest.raises(MineError):
        ma.open_file(Odd(**{name: fail}))


READ_TO_THE_END = [
    list,
    ma.RecordBatchStreamReader.read_all,
    lambda reader: list(reader.iter_batches_with_custom_metadata()),
    lambda reader: list(iter(reader.read_next_batch, None)),
]


@pytest.mark.parametrize("read", READ_TO_THE_END)
@pytest.mark.parametrize("columns", [None, ["text"]])
def test_an_object_that_raises_stop_iteration_does_not_end_the_stream(read, columns):
    """`return next(parts)` in a source does so; to go on with less would be to lose batches."""

    class Stopping(Seeking):
        stops = False

        def readinto(self, memory):
            if self.stops:
                raise StopIteration("mine")
            return super().readinto(memory)

    source = Stopping(STREAM)
    reader = ma.open_stream(source, columns=columns)
    reader.read_next_batch()
    source.stops = True
    with pytest.raises(RuntimeError, match="StopIteration") as caught:
        read(reader)
    assert caught.value.__cause__.value == "mine"
    with pytest.raises(ma.ArrowInvalid, match="open it again"):
        read(reader)


def test_attributes_that_raise():
    class Raising:
        def __getattr__(self, name):
            if name in ("readinto", "read"):
                raise MineError
            raise AttributeError(name)

    with pytest.raises(MineError):
        ma.open_stream(Raising())


@pytest.mark.parametrize("bad", [None, 1.5, object(), [], {}, ma, int])
def test_what_is_no_source(bad):
    for open_ in [ma.open_stream, ma.open_file]:
        with pytest.raises(TypeError, match="cannot read from"):
            open_(bad)


def test_an_object_may_keep_the_memory_it_filled():
    kept = []

    class Keeping(Filling):
        def readinto(self, memory):
            kept.append(memory)
            kept.append(memoryview(memory))
            return super().readinto(memory)

    check_stream(Keeping())
    for memory in kept:
        memory[:] = b"\0" * len(memory)


def test_an_object_cannot_resize_the_memory_it_fills():
    class Resizing(Filling):
        def readinto(self, memory):
            with pytest.raises(BufferError):
                memory.clear()
            return super().readinto(memory)

    check_stream(Resizing())


def test_an_object_that_calls_back_into_the_reader():
    class Calling(Filling):
        reader = None
        errors = 0

        def readinto(self, memory):
            for call in ["close", "read_next_batch"]:
                if self.reader is not None:
                    with pytest.raises(RuntimeError, match="within"):
                        getattr(self.reader, call)()
                    self.errors += 1
            return super().readinto(memory)

    source = Calling()
    reader = source.reader = ma.open_stream(source)
    assert sum(1 for _ in reader) == len(BATCHES)
    assert source.errors
    reader.close()


def test_an_object_that_closes_itself(tmp_path):
    class Closing(io.BytesIO):
        def readinto(self, memory):
            got = super().readinto(memory)
            if self.tell() > 1000:
                self.close()
            return got

    reader = ma.open_stream(Closing(STREAM))
    with pytest.raises(ValueError, match="closed file"):
        list(reader)


def test_a_reader_and_its_source_in_a_circle_are_collected():
    source = Reading()
    source.reader = ma.open_stream(source)
    reference = weakref.ref(source)
    del source
    gc.collect()
    assert reference() is None


def test_open_files_that_know_their_path(tmp_path):
    path = tmp_path / "data"
    path.write_bytes(b"something else")

    class Known(Reading):
        def __fspath__(self):
            return str(path)

        def close(self):
            pass

    check_stream(Known())


# ---- skipping ----


def test_what_is_not_wanted_is_not_read():
    class Counting(Seeking):
        count = 0

        def seekable(self):
            return True

        def readinto(self, memory):
            got = super().readinto(memory)
            self.count += got
            return got

    batch = ma.record_batch({"a": list(range(50_000)), "b": list(range(50_000))})
    sink = ma.BufferOutputStream()
    with ma.new_stream(sink, batch.schema) as writer:
        for _ in range(3):
            writer.write_batch(batch)
    data = sink.getvalue().to_pybytes()
    source = Counting(data)
    got = list(ma.open_stream(source, columns=["b"]))
    assert [b.column(0).equals(batch.column("b")) for b in got] == [True] * 3
    assert source.count < len(data) * 0.51
    for cut in [len(data) - 100_000, len(data) - 500_000]:
        with pytest.raises((ma.ArrowInvalid, EOFError)):
            list(ma.open_stream(Counting(data[:cut]), columns=["b"]))


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

        def count(*_):
            self.count += 1
            if self.count == self.fails_at:
                raise MineError

        self.fails_at = None
        before = signal.signal(signal.SIGALRM, count)
        signal.setitimer(signal.ITIMER_REAL, 0.01, 0.001)
        yield
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)

    def test_a_pipe(self):
        inner, outer = os.pipe()

        def write():
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
            for at in range(0, len(STREAM), 4000):
                os.write(outer, STREAM[at : at + 4000])
                time.sleep(0.003)
            os.close(outer)

        writer = threading.Thread(target=write)
        writer.start()
        check_stream(inner)
        writer.join()
        os.close(inner)
        assert self.count > 0

    @pytest.mark.parametrize("timeout", [None, 30])
    def test_a_socket(self, pair, timeout):
        a, b = pair
        b.settimeout(timeout)

        def write():
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
            for at in range(0, len(STREAM), 4000):
                a.sendall(STREAM[at : at + 4000])
                time.sleep(0.003)

        writer = threading.Thread(target=write)
        writer.start()
        check_stream(b)
        writer.join()
        assert self.count > 0

    def test_a_handler_that_raises_ends_the_wait(self, pair):
        self.fails_at = self.count + 20
        with pytest.raises(MineError):
            ma.open_stream(pair[1])

    def test_a_handler_that_raises_ends_the_wait_for_a_timeout(self, pair):
        self.fails_at = self.count + 20
        pair[1].settimeout(60)
        with pytest.raises(MineError):
            ma.open_stream(pair[1])

    def test_a_timeout_lasts_as_long_with_signals(self, pair):
        pair[1].settimeout(0.1)
        began = time.monotonic()
        with pytest.raises(TimeoutError):
            ma.open_stream(pair[1])
        assert 0.09 < time.monotonic() - began < 5


def test_other_threads_run_while_one_waits(pair):
    a, b = pair
    got = []
    reading = threading.Thread(target=lambda: got.extend(ma.open_stream(b)))
    reading.start()
    a.sendall(STREAM[:50])
    assert sum(range(1000)) == 499500  # this thread has the GIL
    a.sendall(STREAM[50:])
    reading.join()
    assert len(got) == len(BATCHES)
    assert sys.getrefcount(b) < 20
