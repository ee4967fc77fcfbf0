"""Nothing is copied or allocated for a column that is read: by address, tracemalloc, memory."""

import gc
import mmap
import os
import subprocess
import sys
import textwrap
import tracemalloc

import pytest

import minarrow as ma

ROWS = 10_000


@pytest.fixture(scope="module")
def batch():
    return ma.record_batch(
        {
            "i": list(range(ROWS)),
            "f": [None if i % 7 == 0 else i / 2 for i in range(ROWS)],
            "s": [f"text {i}" for i in range(ROWS)],
            "l": [[i, i + 1] for i in range(ROWS)],
            "b": [i % 3 == 0 for i in range(ROWS)],
        }
    )


def write(path_or_sink, batch, new=ma.new_file, count=3):
    with new(path_or_sink, batch.schema) as writer:
        for _ in range(count):
            writer.write_batch(batch)


def buffers_of(batch):
    return [b for column in batch.columns for b in column.buffers() if b is not None and b.size]


def assert_inside(batch, address, size):
    buffers = buffers_of(batch)
    assert len(buffers) == 8
    for buffer in buffers:
        assert address <= buffer.address and buffer.address + buffer.size <= address + size


@pytest.mark.parametrize("open_", [ma.open_file, ma.open_stream])
@pytest.mark.parametrize("kind", ["bytes", "buffer", "reader", "map", "mmap"])
def test_columns_lie_inside_the_source(tmp_path, batch, open_, kind):
    new = ma.new_file if open_ is ma.open_file else ma.new_stream
    path = tmp_path / "data"
    write(path, batch, new)
    if kind == "map":
        source = ma.memory_map(str(path))
        whole = source.read_buffer()
        source.seek(0)
    elif kind == "mmap":
        with open(path, "rb") as file:
            source = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        whole = ma.py_buffer(source)
    else:
        source = path.read_bytes()
        whole = ma.py_buffer(source)
        source = {"bytes": source, "buffer": whole, "reader": None}[kind]
        if kind == "reader":
            source = ma.BufferReader(whole)
    reader = open_(source)
    got = reader.get_batch(1) if open_ is ma.open_file else next(reader)
    assert_inside(got, whole.address, whole.size)
    assert got.equals(batch)


def test_a_path_is_mapped(tmp_path, batch):
    path = tmp_path / "data"
    write(path, batch)
    reader = ma.open_file(path)
    got = reader.get_batch(0)
    ranges = []
    if not os.path.exists("/proc/self/maps"):
        pytest.skip("needs /proc/self/maps")
    with open("/proc/self/maps") as maps:
        for line in maps:
            if str(path) in line:
                low, high = (int(x, 16) for x in line.split()[0].split("-"))
                ranges.append((low, high))
    assert ranges
    for buffer in buffers_of(got):
        assert any(a <= buffer.address and buffer.address + buffer.size <= b for a, b in ranges)


@pytest.mark.thread_unsafe(reason="traces what all threads allocate")
@pytest.mark.parametrize("open_", [ma.open_file, ma.open_stream])
def test_reading_allocates_no_column_byte(tmp_path, batch, open_):
    new = ma.new_file if open_ is ma.open_file else ma.new_stream
    path = tmp_path / "data"
    write(path, batch, new)
    source = ma.memory_map(str(path))

    def touch():
        source.seek(0)
        reader = open_(source)
        got = reader.get_batch(1) if open_ is ma.open_file else next(reader)
        for column in got.columns:
            column.buffers()
            column[len(column) - 1]

    touch()
    gc.collect()
    tracemalloc.start()
    try:
        touch()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 20_000 < batch.nbytes / 10


@pytest.mark.undisturbed
def test_one_touched_column_of_a_gibibyte_costs_its_own_pages(tmp_path):
    """A sparse file of 1 GiB, four columns; one is read and summed in a process of its own."""
    if not os.path.exists("/proc/self/status"):
        pytest.skip("needs /proc/self/status")
    path = tmp_path / "sparse"
    rows = (1 << 30) // 8 // 4
    hole = mmap.mmap(-1, rows * 8)
    column = ma.array(memoryview(hole).cast("q"))
    batch = ma.RecordBatch.from_arrays([column] * 4, list("abcd"))

    class Sparse:
        def __init__(self, file):
            self.file = file

        def write(self, data):
            if len(data) > 1 << 20:
                self.file.seek(len(data), 1)
            else:
                self.file.write(data)
            return len(data)

    with open(path, "wb") as file:
        write(Sparse(file), batch, count=1)
    assert path.stat().st_size > 1 << 30

    program = textwrap.dedent(
        """
        import sys
        import minarrow as ma

        def resident():
            with open("/proc/self/status") as status:
                for line in status:
                    if line.startswith("VmRSS"):
                        return int(line.split()[1]) * 1024

        before = resident()
        reader = ma.open_file(sys.argv[1])
        batch = reader.get_batch(0)
        for name in "abcd":
            batch.column(name)
        built = resident()
        view = memoryview(batch.column("b"))
        total = sum(view[::512])            # one value on each page
        touched = resident()
        print(built - before, touched - before, total)
        """
    )
    output = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True
    ).stdout
    built, touched, total = map(int, output.split())
    assert total == 0
    assert built < 16 << 20
    assert touched < (256 << 20) + (32 << 20)


# -- views of columns


def test_fixed_width_columns_are_buffers(batch):
    np = pytest.importorskip("numpy")
    column = batch.column("i")
    view = memoryview(column)
    assert view.format in "ql"
    assert (view.shape, view.itemsize, view.readonly) == ((ROWS,), 8, True)
    array = np.asarray(column)
    assert array.dtype == np.int64 and array.tolist() == list(range(ROWS))
    assert array.__array_interface__["data"][0] == column.buffers()[1].address
    assert not array.flags.writeable
    part = np.asarray(column.slice(10, 5))
    assert part.tolist() == [10, 11, 12, 13, 14]
    assert part.__array_interface__["data"][0] == column.buffers()[1].address + 80


@pytest.mark.parametrize(
    "type_, format_",
    [
        ("int8", "b"),
        ("uint8", "B"),
        ("int16", "h"),
        ("uint16", "H"),
        ("int32", "i"),
        ("uint32", "I"),
        ("int64", "q"),
        ("uint64", "Q"),
        ("float16", "e"),
        ("float32", "f"),
        ("float64", "d"),
    ],
)
def test_formats(type_, format_):
    view = memoryview(ma.array([1, 2, 3], getattr(ma, type_)()))
    assert view.format in (format_, {"q": "l", "Q": "L"}.get(format_))
    if format_ != "e" or sys.version_info >= (3, 12):
        assert view.tolist() == [1, 2, 3]  # memoryview knows halves since 3.12
    assert memoryview(ma.array([], getattr(ma, type_)())).shape == (0,)


def test_what_has_no_buffer_says_so(batch):
    for name in ("s", "l", "b", "f"):
        with pytest.raises(BufferError):
            memoryview(batch.column(name))


@pytest.mark.parametrize("kind", ["path", "bytes"])
def test_a_view_keeps_its_owner_alive(tmp_path, batch, kind):
    np = pytest.importorskip("numpy")
    path = tmp_path / "data"
    write(path, batch)
    reader = ma.open_file(path if kind == "path" else path.read_bytes())
    got = reader.get_batch(0)
    view = memoryview(got.column("i"))
    array = np.asarray(got.column("i"))
    text = got.column("s").buffers()[2]
    del got
    reader.close()
    del reader
    gc.collect()
    os.unlink(path)
    assert view[ROWS - 1] == array[ROWS - 1] == ROWS - 1
    assert text.to_pybytes().endswith(f"text {ROWS - 1}".encode())


def test_a_bytearray_cannot_be_resized_while_columns_point_into_it(batch):
    sink = ma.BufferOutputStream()
    write(sink, batch)
    data = bytearray(sink.getvalue())
    got = ma.open_file(data).get_batch(0)
    with pytest.raises(BufferError):
        data.clear()
    assert got.equals(batch)
    del got
    gc.collect()
    data.clear()


def test_misaligned_columns_are_copied_and_nothing_else(batch):
    sink = ma.BufferOutputStream()
    write(sink, batch)
    shifted = b"x" + sink.getvalue().to_pybytes()
    whole = ma.py_buffer(shifted)
    got = ma.open_file(memoryview(shifted)[1:]).get_batch(0)
    assert got.equals(batch)
    inside = {
        (name, i)
        for name in batch.column_names
        for i, b in enumerate(got.column(name).buffers())
        if b is not None and whole.address <= b.address < whole.address + whole.size
    }
    assert ("s", 2) in inside and ("b", 1) in inside and ("f", 0) in inside
    assert ("i", 1) not in inside or whole.address % 8 == 7
