"""BufferReader, BufferOutputStream, memory_map, OSFile, input_stream, output_stream."""

import gc
import io
import os
import threading
import weakref

import pytest

import minarrow as ma

HELLO = b"hello, world"


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "hello"
    path.write_bytes(HELLO)
    return path


READERS = {
    "BufferReader": lambda path: ma.BufferReader(path.read_bytes()),
    "memory_map": ma.memory_map,
    "OSFile": ma.OSFile,
}


@pytest.fixture(params=READERS)
def reader(request, path):
    return READERS[request.param](path)


# ---- reading ----


def test_what_a_readable_file_says_of_itself(reader):
    assert isinstance(reader, ma.NativeFile)
    assert (reader.readable(), reader.writable(), reader.seekable()) == (True, False, True)
    assert (reader.mode, reader.closed, reader.isatty()) == ("rb", False, False)
    assert reader.size() == len(HELLO)
    assert type(reader).__name__ in repr(reader)


def test_reading_moves_the_position(reader):
    assert reader.tell() == 0
    assert (reader.read(5), reader.tell()) == (b"hello", 5)
    assert reader.read(0) == b""
    assert reader.read1(2) == b", "
    assert reader.read_buffer(3).to_pybytes() == b"wor"
    assert reader.read(100) == b"ld"
    assert (reader.read(1), reader.read(), reader.readall(), reader.tell()) == (b"", b"", b"", 12)
    assert reader.read_buffer().size == 0


@pytest.mark.parametrize("size", [None, -1, 10**12, 2**62])
def test_more_than_there_is_means_all(reader, size):
    reader.seek(7)
    assert reader.read(size) == b"world"
    reader.seek(7)
    assert reader.read_buffer(size) == b"world"


def test_seek(reader):
    assert reader.seek(3) == 3
    assert reader.seek(2, 1) == 5
    assert reader.seek(-5, os.SEEK_END) == 7
    assert reader.read() == b"world"
    with pytest.raises(OSError):
        reader.seek(-1)
    with pytest.raises(ValueError, match="whence 7"):
        reader.seek(0, 7)
    with pytest.raises(OSError):
        reader.seek(-100, 1)
    with pytest.raises(OverflowError):
        reader.seek(2**70)
    assert reader.tell() == 12


def test_readinto_fills_what_it_is_given(reader):
    target = bytearray(b"-" * 8)
    assert reader.readinto(memoryview(target)[2:7]) == 5
    assert target == b"--hello-"
    assert reader.readinto(bytearray(100)) == 7
    assert reader.readinto(bytearray(5)) == 0
    assert reader.readinto(bytearray()) == 0
    with pytest.raises((TypeError, BufferError)):
        reader.readinto(b"read-only")
    with pytest.raises((TypeError, BufferError)):
        reader.readinto(memoryview(bytearray(8))[::2])


def test_readinto_its_own_memory():
    memory = bytearray(HELLO)
    reader = ma.BufferReader(memory)
    assert reader.readinto(memoryview(memory)[1:6]) == 5
    assert memory == b"hhello world"


def test_read_at_leaves_the_position(reader):
    reader.seek(3)
    assert reader.read_at(5, 7) == b"world"
    assert reader.read_at(100, 7) == b"world"
    assert reader.read_at(5, 100) == b""
    assert reader.read_at(2, 2**62) == b""
    assert reader.tell() == 3
    for bad in [(-1, 0), (0, -1)]:
        with pytest.raises(ValueError, match="negative"):
            reader.read_at(*bad)


def test_writing_to_a_readable_file_is_refused(reader):
    with pytest.raises(io.UnsupportedOperation, match="for reading"):
        reader.write(b"x")


CALLS = {
    "read": lambda f: f.read(1),
    "readall": lambda f: f.readall(),
    "read_buffer": lambda f: f.read_buffer(),
    "readinto": lambda f: f.readinto(bytearray(1)),
    "read_at": lambda f: f.read_at(1, 0),
    "write": lambda f: f.write(b"x"),
    "writelines": lambda f: f.writelines([b"x"]),
    "seek": lambda f: f.seek(0),
    "tell": lambda f: f.tell(),
    "size": lambda f: f.size(),
    "flush": lambda f: f.flush(),
    "fileno": lambda f: f.fileno(),
    "isatty": lambda f: f.isatty(),
    "readable": lambda f: f.readable(),
    "writable": lambda f: f.writable(),
    "seekable": lambda f: f.seekable(),
    "with": lambda f: f.__enter__(),
}


@pytest.mark.parametrize("call", CALLS)
def test_a_closed_file_says_so(reader, call):
    reader.close()
    reader.close()
    assert reader.closed
    assert "closed=True" in repr(reader)
    with pytest.raises(ValueError, match="closed file"):
        CALLS[call](reader)


def test_a_file_is_closed_by_its_block(reader):
    with reader as inside:
        assert inside is reader
        inside.read(1)
    assert reader.closed
    with pytest.raises(RuntimeError, match="mine"), ma.BufferReader(b"") as other:
        raise RuntimeError("mine")
    assert other.closed


def test_weak_references(reader):
    reference = weakref.ref(reader)
    assert reference() is reader


def test_views_outlive_their_file(path):
    for file in [ma.memory_map(path), ma.BufferReader(bytearray(HELLO))]:
        view = file.read_buffer(5)
        rest = memoryview(file.read_buffer())
        file.close()
        del file
        gc.collect()
        assert view == b"hello"
        assert bytes(rest) == b", world"


def test_views_are_no_copies():
    memory = bytearray(HELLO)
    view = ma.BufferReader(memory).read_buffer()
    memory[0] = ord("J")
    assert view == b"Jello, world"


@pytest.mark.parametrize("bad", [None, 5, "text", object()])
def test_buffer_reader_wants_bytes(bad):
    with pytest.raises(TypeError):
        ma.BufferReader(bad)
    with pytest.raises(BufferError):
        ma.BufferReader(memoryview(HELLO)[::2])


def test_classes_that_others_make():
    for kind in [ma.NativeFile, ma.MemoryMappedFile]:
        with pytest.raises(TypeError):
            kind()
    with pytest.raises(TypeError):
        type("Own", (ma.BufferReader,), {})


# ---- memory_map ----


def test_mapping_what_cannot_be_mapped(tmp_path):
    with pytest.raises(IsADirectoryError) as caught:
        ma.memory_map(tmp_path)
    assert caught.value.filename == str(tmp_path)
    with pytest.raises(FileNotFoundError) as caught:
        ma.memory_map(os.fsencode(tmp_path / "none"))
    assert caught.value.filename == os.fsencode(tmp_path / "none")
    with pytest.raises(ValueError, match="mode 'w'"):
        ma.memory_map(tmp_path / "new", "w")
    with pytest.raises(TypeError):
        ma.memory_map(3)
    with pytest.raises(ValueError, match="null"):
        ma.memory_map("a\0b")
    if os.path.exists("/dev/null"):
        with pytest.raises(OSError, match="regular"):
            ma.memory_map("/dev/null")


def test_an_empty_file_is_mapped(tmp_path):
    path = tmp_path / "empty"
    path.touch()
    with ma.memory_map(path) as file:
        assert (file.size(), file.read(), file.read_buffer().size) == (0, b"", 0)


@pytest.mark.thread_unsafe(reason="removes the file")
def test_a_mapped_file_may_be_replaced_and_removed(path):
    file = ma.memory_map(path)
    try:
        os.unlink(path)
    except PermissionError:
        pytest.skip("this system keeps mapped files")
    assert file.read() == HELLO


@pytest.mark.skipif(os.name == "nt", reason="wants sparse files")
@pytest.mark.thread_unsafe(reason="a file of gibibytes")
def test_a_file_beyond_4_gib_is_mapped(tmp_path):
    path = tmp_path / "sparse"
    size = (5 << 30) + 7
    with open(path, "wb") as file:
        file.truncate(size)
        file.seek((4 << 30) + 1)
        file.write(HELLO)
    for open_ in [ma.memory_map, ma.OSFile]:
        with open_(path) as file:
            assert file.size() == size
            assert file.read_at(len(HELLO), (4 << 30) + 1) == HELLO
            file.seek(-3, 2)
            assert file.read() == b"\0\0\0"


# ---- OSFile ----


def test_os_file_modes(tmp_path):
    path = tmp_path / "new"
    for mode, full in [("w", "wb"), ("wb", "wb")]:
        with ma.OSFile(path, mode) as file:
            assert (file.mode, file.name) == (full, str(path))
            assert (file.readable(), file.writable()) == (False, True)
            assert file.write(b"one") == 3
            assert file.write(memoryview(b"two")) == 3
            assert (file.tell(), file.size()) == (6, 6)
    for mode in ["a", "ab"]:
        with ma.OSFile(path, mode=mode) as file:
            start = file.tell()
            file.writelines([b"thr", bytearray(b"ee")])
            file.flush()
            assert file.tell() == start + 5
    assert path.read_bytes() == b"onetwothreethree"
    for mode in ["", "x", "rw", "r+", "bb", "rbb", "wa"]:
        with pytest.raises(ValueError, match="invalid mode"):
            ma.OSFile(path, mode)
    assert path.read_bytes() == b"onetwothreethree"


def test_os_file_seeks_while_it_writes(tmp_path):
    with ma.OSFile(tmp_path / "new", "w") as file:
        file.write(HELLO)
        file.seek(0)
        file.write(b"J")
    assert (tmp_path / "new").read_bytes() == b"Jello, world"


def test_os_file_that_cannot_be_opened(tmp_path):
    for mode in ["r", "w", "a"]:
        with pytest.raises(IsADirectoryError) as caught:
            ma.OSFile(tmp_path, mode)
        assert caught.value.filename == str(tmp_path)
    with pytest.raises(FileNotFoundError):
        ma.OSFile(tmp_path / "none")
    with pytest.raises(FileNotFoundError):
        ma.OSFile(tmp_path / "none" / "new", "w")


def test_os_file_does_not_read_what_it_writes(tmp_path):
    with ma.OSFile(tmp_path / "new", "w") as file:
        for name in ["read", "readall", "read_buffer", "readinto", "read_at"]:
            with pytest.raises(io.UnsupportedOperation, match="for writing"):
                CALLS[name](file)


def test_os_file_has_a_descriptor_that_is_not_inherited(path):
    with ma.OSFile(path) as file:
        assert os.fstat(file.fileno()).st_size == len(HELLO)
        assert not os.get_inheritable(file.fileno())
        fd = file.fileno()
    with pytest.raises(OSError):
        os.fstat(fd)


def test_an_os_file_that_is_dropped_is_closed(path):
    fd = ma.OSFile(path).fileno()
    with pytest.raises(OSError):
        os.fstat(fd)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="wants named pipes")
def test_os_file_on_a_pipe(tmp_path):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    data = os.urandom(1_000_003)

    def write():
        with ma.OSFile(fifo, "w") as file:
            assert not file.seekable()
            file.write(data)

    writer = threading.Thread(target=write)
    writer.start()
    with ma.OSFile(fifo) as file:
        assert not file.seekable()
        for name in ["seek", "read_at"]:
            with pytest.raises(io.UnsupportedOperation, match="seek"):
                CALLS[name](file)
        with pytest.raises(io.UnsupportedOperation, match="regular"):
            file.size()
        assert file.read(10) == data[:10]
        assert file.read() == data[10:]
        assert file.read(1) == b""
    writer.join()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="wants named pipes")
def test_closing_does_not_pull_the_descriptor_from_under_a_read(tmp_path):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    keeper = os.open(fifo, os.O_RDWR)
    got = []
    file = ma.OSFile(fifo)
    reading = threading.Thread(target=lambda: got.append(file.read(5)))
    reading.start()
    while reading.is_alive() and not got:
        file.close()
        os.write(keeper, b"bytes")
        reading.join(0.05)
    os.close(keeper)
    assert got in ([b"bytes"], [])  # it was closed before the read began


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="wants /dev/full")
def test_a_full_disk():
    file = ma.OSFile("/dev/full", "w")
    with pytest.raises(OSError, match="space") as caught:
        file.write(b"x" * 10)
    assert caught.value.filename == "/dev/full"
    file.close()


@pytest.mark.thread_unsafe(reason="hears of every file that the process opens")
def test_opening_is_audited(path):
    import sys

    seen = []
    on = True

    def hook(event, args):
        if on and event == "open":
            seen.append(args)

    sys.addaudithook(hook)
    ma.OSFile(path).close()
    ma.memory_map(path).close()
    on = False
    assert [args[:2] for args in seen] == [(str(path), "rb")] * 2


# ---- BufferOutputStream ----


def test_buffer_output_stream_gathers():
    sink = ma.BufferOutputStream()
    assert isinstance(sink, ma.NativeFile)
    assert (sink.readable(), sink.writable(), sink.seekable()) == (False, True, False)
    assert (sink.mode, sink.closed, sink.tell()) == ("wb", False, 0)
    assert sink.write(b"hello") == 5
    assert sink.write(bytearray(b", ")) == 2
    assert sink.write(ma.py_buffer(b"world")) == 5
    assert sink.write(b"") == 0
    sink.flush()
    assert sink.tell() == 12
    value = sink.getvalue()
    assert value == HELLO
    assert sink.closed
    assert sink.getvalue().address == sink.get_result().address == value.address
    assert value.address % 64 == 0


def test_buffer_output_stream_grows():
    sink = ma.BufferOutputStream()
    pieces = [os.urandom(n) for n in [1, 63, 64, 65, 4095, 4096, 100_000, 3, 5_000_000, 1]]
    for piece in pieces:
        sink.write(piece)
    assert sink.getvalue().to_pybytes() == b"".join(pieces)


def test_an_empty_buffer_output_stream():
    assert ma.BufferOutputStream().getvalue().size == 0
    with ma.BufferOutputStream() as sink:
        pass
    assert sink.getvalue().to_pybytes() == b""


@pytest.mark.parametrize("call", CALLS)
def test_a_closed_buffer_output_stream_says_so(call):
    with ma.BufferOutputStream() as sink:
        sink.write(HELLO)
    with pytest.raises(ValueError, match="closed file"):
        CALLS[call](sink)
    assert sink.getvalue() == HELLO


@pytest.mark.parametrize(
    "call", ["read", "readall", "read_buffer", "readinto", "read_at", "seek", "size", "fileno"]
)
def test_what_a_buffer_output_stream_cannot_do(call):
    with pytest.raises(io.UnsupportedOperation):
        CALLS[call](ma.BufferOutputStream())


@pytest.mark.parametrize("bad", ["text", 5, None, memoryview(b"abcd")[::2]])
def test_only_bytes_are_written(bad):
    sink = ma.BufferOutputStream()
    with pytest.raises((TypeError, BufferError)):
        sink.write(bad)
    assert sink.getvalue().size == 0


def test_the_value_outlives_the_stream():
    sink = ma.BufferOutputStream()
    sink.write(HELLO * 1000)
    value = sink.getvalue()
    del sink
    gc.collect()
    assert value == HELLO * 1000


def test_many_threads_write_whole_pieces():
    sink = ma.BufferOutputStream()
    pieces = [bytes([i]) * 70_000 for i in range(8)]  # large enough to let go of the GIL

    def write(piece):
        for _ in range(20):
            sink.write(piece)

    threads = [threading.Thread(target=write, args=[piece]) for piece in pieces]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    value = sink.getvalue().to_pybytes()
    assert len(value) == 8 * 20 * 70_000
    found = [value[at : at + 70_000] for at in range(0, len(value), 70_000)]
    assert sorted(found) == sorted(pieces * 20)


# ---- input_stream and output_stream ----


def test_input_stream(path):
    assert ma.input_stream(path).read() == HELLO
    assert ma.input_stream(str(path), compression=None, buffer_size=10).read() == HELLO
    assert ma.input_stream(HELLO).read() == HELLO
    assert isinstance(ma.input_stream(memoryview(HELLO)), ma.BufferReader)
    for file in [io.BytesIO(HELLO), ma.memory_map(path)]:
        assert ma.input_stream(file) is file
    with pytest.raises(FileNotFoundError):
        ma.input_stream(path.with_name("none"))
    for bad in [None, 5, object()]:
        with pytest.raises(TypeError, match="input_stream takes"):
            ma.input_stream(bad)
    with pytest.raises(io.UnsupportedOperation):
        ma.input_stream(ma.BufferOutputStream())


def test_output_stream(tmp_path):
    path = tmp_path / "new"
    for given in [path, str(path), os.fsencode(path)]:
        with ma.output_stream(given, buffer_size=0) as file:
            file.write(HELLO)
        assert path.read_bytes() == HELLO
    for file in [io.BytesIO(), ma.BufferOutputStream()]:
        assert ma.output_stream(file) is file
    for bad in [None, 5, bytearray(5)]:
        with pytest.raises(TypeError, match="output_stream takes"):
            ma.output_stream(bad)
    with pytest.raises(io.UnsupportedOperation):
        ma.output_stream(ma.BufferReader(b""))


@pytest.mark.parametrize("function", [ma.input_stream, ma.output_stream])
def test_compression_is_refused(function, tmp_path):
    path = tmp_path / "data.gz"
    path.write_bytes(HELLO)
    for given in [path, str(path)]:
        with pytest.raises(ma.ArrowNotImplementedError, match="gzip"):
            function(given)
    with pytest.raises(ma.ArrowNotImplementedError, match="zstd"):
        function(tmp_path / "data", compression="zstd")
    with pytest.raises(TypeError, match="compression"):
        function(path, compression=5)
    with pytest.raises(ValueError, match="buffer_size"):
        function(path, buffer_size=-1)
    assert path.read_bytes() == HELLO
    function(path, compression=None).close()
