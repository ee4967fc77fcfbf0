"""The largest and the smallest: what is wide, long, deep or nothing at all.

Memory and files of gibibytes are holes, which take no room until somebody looks into them.
"""

import mmap
import struct

import pytest
from oracle import reading

import minarrow as ma

pytestmark = [
    pytest.mark.skipif(
        not hasattr(mmap, "MAP_PRIVATE"), reason="needs memory and files that may be holes"
    ),
    pytest.mark.thread_unsafe(reason="files and memory of gibibytes"),
]
both = pytest.mark.parametrize(
    "new, open_", [(ma.new_stream, ma.open_stream), (ma.new_file, ma.open_file)]
)
GIB = 1 << 30
MEBIBYTE = bytes(1 << 20)
FAR = (1 << 32) + 8  # behind what 32 bits can number
WIDEST = (1 << 31) - 1


def hole(size, tail=b""):
    """A Buffer of zeros, the last of which are replaced."""
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | getattr(mmap, "MAP_NORESERVE", 0)
    memory = mmap.mmap(-1, size, flags=flags)
    memory[size - len(tail) :] = tail
    return ma.py_buffer(memory)


def packed(form, *numbers):
    return ma.py_buffer(struct.pack(f"<{len(numbers)}{form}", *numbers))


def int8s(count, tail=b""):
    return ma.Array.from_buffers(ma.int8(), count, [None, hole(count, tail)])


def large(type_, tail, children=()):
    """Two values, the second of three bytes or items behind the first's 4 GiB."""
    offsets = packed("q", 0, FAR - 3, FAR)
    if children:
        return ma.Array.from_buffers(type_, 2, [None, offsets], children=children)
    return ma.Array.from_buffers(type_, 2, [None, offsets, hole(FAR, tail)])


def far_list_view():
    parts = [packed("q", FAR - 3, 0), packed("q", 3, FAR - 2)]
    return ma.Array.from_buffers(
        ma.large_list_view(ma.int8()), 2, [None, *parts], children=[int8s(FAR, b"\1\2\3")]
    )


def far_struct():
    type_ = ma.struct([ma.field("x", ma.int8())])
    return ma.Array.from_buffers(type_, FAR, [None], children=[int8s(FAR, b"\1\2\3")])


def wide_list():
    type_ = ma.list_(ma.int8(), WIDEST)
    return ma.Array.from_buffers(type_, 3, [None], children=[int8s(3 * WIDEST, b"\1\2\3")])


def far_runs(values):
    type_ = ma.run_end_encoded(ma.int64(), values.type)
    ends = ma.array([5, FAR - 3, 1 << 40], ma.int64())
    return ma.Array.from_buffers(type_, 1 << 40, [None], children=[ends, values])


# array, where to look, and what is there
FARAWAY = {
    "int8": lambda: (int8s(FAR, b"\1\2\3"), FAR - 3, [1, 2, 3]),
    "large_binary": lambda: (large(ma.large_binary(), b"abc"), 1, [b"abc"]),
    "large_list": lambda: (
        large(ma.large_list(ma.int8()), b"", [int8s(FAR, b"\1\2\3")]), 1, [[1, 2, 3]]
    ),
    "struct": lambda: (far_struct(), FAR - 3, [{"x": 1}, {"x": 2}, {"x": 3}]),
    "bool": lambda: (
        ma.Array.from_buffers(ma.bool_(), 8 * FAR, [None, hole(FAR, b"\x05")]),
        8 * FAR - 8,
        [True, False, True, *5 * [False]],
    ),
    "validity": lambda: (
        ma.Array.from_buffers(ma.int8(), FAR, [hole(FAR // 8, b"\xa0"), hole(FAR, b"\1\2\3")]),
        FAR - 3,
        [1, None, 3],
    ),
}  # fmt: skip


class Sparse:
    """Writes a file in which zeros are a hole."""

    def __init__(self, file):
        self._file = file

    def write(self, data):
        if len(data) == len(MEBIBYTE) and data == MEBIBYTE:
            self._file.seek(len(data), 1)
        else:
            self._file.write(data)
        return len(data)


def write_sparse(path, *batches):
    """A file of the batches, which takes next to no room."""
    with open(path, "wb") as file, ma.new_file(Sparse(file), batches[0].schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
    assert path.stat().st_blocks * 512 < 16 << 20


@pytest.mark.undisturbed
@pytest.mark.parametrize("name", FARAWAY)
def test_beyond_32_bits(tmp_path, pyarrow, name):
    """Written, read, sliced there, and written again as three rows."""
    array, start, values = FARAWAY[name]()
    assert array.slice(start).to_pylist() == values
    path = tmp_path / "large.arrow"
    batch = ma.RecordBatch.from_arrays([array], ["a"])
    write_sparse(path, batch.slice(0, 0), batch, batch.slice(start))
    assert path.stat().st_size > 4 * GIB
    with ma.open_file(path) as reader:
        assert reader.num_record_batches == 3
        got = reader.get_batch(1).column(0)
        assert len(got) == len(array)
        part = got.slice(start)
        assert part.to_pylist() == values
        assert reader.get_batch(2).column(0).to_pylist() == values
    with pyarrow.memory_map(str(path)) as source:
        reader = pyarrow.ipc.open_file(source)
        assert reader.get_batch(1).column(0).slice(start).to_pylist() == values
        assert reader.get_batch(2).column(0).to_pylist() == values
    sink = ma.BufferOutputStream()
    with ma.new_stream(sink, ma.schema([("a", part.type)])) as writer:
        writer.write_batch(ma.RecordBatch.from_arrays([part], ["a"]))
    assert sink.getvalue().size < 1000
    [again] = ma.open_stream(sink.getvalue())
    assert again.column(0).to_pylist() == values


def test_lists_that_begin_beyond_32_bits():
    array = far_list_view()
    assert array.slice(0, 1).to_pylist() == [[1, 2, 3]]
    array.validate(full=True)
    sink = ma.BufferOutputStream()
    with ma.new_stream(sink, ma.schema([("a", array.type)])) as writer:
        writer.write_batch(ma.RecordBatch.from_arrays([array.slice(0, 1)], ["a"]))
    assert sink.getvalue().size < 1000
    assert next(ma.open_stream(sink.getvalue())).column(0).to_pylist() == [[1, 2, 3]]


def stream_of(*batches):
    sink = ma.BufferOutputStream()
    with ma.new_stream(sink, batches[0].schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
    return sink.getvalue()


def fields_of(batch):
    """What the oracle reads of a schema."""
    return reading.read_stream(stream_of(batch).to_pybytes()).fields


@pytest.mark.parametrize("make", [lambda: ma.nulls(1 << 40), lambda: far_runs(ma.array([1, 2, 3]))])
def test_rows_that_take_no_room(pyarrow, make):
    array = make()
    start = FAR - 5
    values = array.slice(start, 5).to_pylist()
    data = stream_of(*(ma.RecordBatch.from_arrays([a], ["a"]) for a in (array, array.slice(start))))
    assert data.size < 2000
    first, second = (batch.column(0) for batch in ma.open_stream(data))
    assert (len(first), len(second)) == (1 << 40, (1 << 40) - start)
    assert first.slice(start, 5).to_pylist() == second.slice(0, 5).to_pylist() == values
    first, second = (batch.column(0) for batch in pyarrow.ipc.open_stream(pyarrow.py_buffer(data)))
    assert first.slice(start, 5).to_pylist() == second.slice(0, 5).to_pylist() == values


@pytest.mark.undisturbed
def test_the_widest_binary(tmp_path, pyarrow):
    """A width is an int32; so its bits do not fit in one."""
    type_ = ma.binary(WIDEST)
    assert (type_.byte_width, type_.bit_width) == (WIDEST, 8 * WIDEST)
    assert str(type_) == str(pyarrow.binary(WIDEST))
    array = ma.Array.from_buffers(type_, 2, [None, hole(2 * WIDEST, b"abc")])
    array.validate(full=True)
    assert array.nbytes == 2 * WIDEST
    assert memoryview(array.buffers()[1])[array.offset + 2 * WIDEST - 3 :] == b"abc"
    path = tmp_path / "wide.arrow"
    write_sparse(path, ma.RecordBatch.from_arrays([array.slice(1)], ["a"]))
    assert WIDEST < path.stat().st_size < WIDEST + 2000
    with ma.open_file(path) as reader:
        got = reader.get_batch(0).column(0)
        assert got.type == type_ and len(got) == 1
        assert memoryview(got.buffers()[1])[WIDEST - 3 : WIDEST] == b"abc"
    # pyarrow refuses to read more than its int32 of bits can say, and takes it through capsules
    assert fields_of(ma.RecordBatch.from_arrays([array.slice(0, 0)], ["a"]))[0]["type"] == (
        "fixedsizebinary", WIDEST,
    )  # fmt: skip
    assert ma.array(pyarrow.array(array)).type == type_
    with pytest.raises((ma.ArrowInvalid, OverflowError)):
        ma.binary(WIDEST + 1)
    with pytest.raises(ma.ArrowInvalid, match="buffer"):
        ma.Array.from_buffers(type_, 3, [None, hole(2 * WIDEST)]).validate()


def test_the_widest_list():
    array = wide_list()
    array.validate(full=True)
    with pytest.raises(ma.ArrowInvalid, match="child"):
        ma.Array.from_buffers(array.type, 4, [None], children=[int8s(3 * WIDEST)])
    assert memoryview(array.slice(2).flatten().buffers()[1])[3 * WIDEST - 3 :] == b"\1\2\3"


def test_together_too_large_for_32_bits():
    text = ma.Array.from_buffers(ma.string(), 1, [None, packed("i", 0, WIDEST), hole(WIDEST)])
    with pytest.raises(ma.ArrowInvalid, match="large_string"):
        ma.concat_arrays([text, text])


@both
def test_ten_thousand_columns(pyarrow, new, open_):
    arrays = [ma.array([i, None, -i]) if i % 2 else ma.array([str(i), "", None]) for i in range(9)]
    columns = [arrays[i % 9] for i in range(10_000)]
    batch = ma.RecordBatch.from_arrays(columns, [f"column {i}" for i in range(10_000)])
    sink = ma.BufferOutputStream()
    with new(sink, batch.schema) as writer:
        writer.write_batch(batch)
        writer.write_batch(batch.slice(1))
    table = open_(sink.getvalue()).read_all()
    assert (table.num_columns, table.num_rows) == (10_000, 5)
    assert table.to_batches()[0].equals(batch)
    last = columns[-1].to_pylist()
    one = open_(sink.getvalue(), columns=["column 9999"]).read_all()
    assert one.to_pydict() == {"column 9999": last + last[1:]}
    source = pyarrow.py_buffer(sink.getvalue())
    theirs = (pyarrow.ipc.open_stream if new is ma.new_stream else pyarrow.ipc.open_file)(source)
    assert theirs.read_all().equals(pyarrow.table(table))


def nested(kind, depth):
    """An array of one row, whose type has that many levels, and its value."""
    array, value = ma.array([7], ma.int8()), 7
    for _ in range(depth - 1):
        if kind == "struct":
            array, value = ma.StructArray.from_arrays([array], ["x"]), {"x": value}
        else:
            offsets = ma.array([0, 1], ma.int32())
            array, value = ma.ListArray.from_arrays(offsets, array), [value]
    return array, value


@pytest.mark.parametrize("kind", ["list", "struct"])
def test_sixty_four_levels(pyarrow, kind):
    array, value = nested(kind, 64)
    data = stream_of(ma.RecordBatch.from_arrays([array], ["a"]))
    [batch] = ma.open_stream(data)
    assert batch.column(0).to_pylist() == [value]
    assert batch.column(0).equals(array)
    batch.validate(full=True)
    options = pyarrow.ipc.IpcReadOptions()
    theirs = pyarrow.ipc.open_stream(pyarrow.py_buffer(data), options=options).read_next_batch
    try:
        assert theirs().column(0).to_pylist() == [value]
    except pyarrow.ArrowInvalid as error:
        assert "Max recursion depth" in str(error)


@pytest.mark.parametrize("kind", ["list", "struct"])
def test_one_level_more_is_refused_unless_allowed(kind):
    array, value = nested(kind, 65)
    data = stream_of(ma.RecordBatch.from_arrays([array], ["a"]))
    with pytest.raises(ma.ArrowInvalid, match="max_nesting_depth"):
        ma.open_stream(data)
    options = ma.ipc.IpcReadOptions(max_nesting_depth=65)
    assert next(ma.open_stream(data, options=options)).column(0).to_pylist() == [value]


@both
@pytest.mark.parametrize("columns", [0, 1, 3])
@pytest.mark.parametrize("rows", [[], [0], [0, 0], [0, 2, 0]])
def test_nothing(pyarrow, new, open_, columns, rows):
    """No rows, no columns, no batches, in all ways."""
    schema = ma.schema([(f"c{i}", ma.list_(ma.string())) for i in range(columns)])
    data = [[["x"], None]] * columns
    whole = ma.RecordBatch.from_arrays(data, schema=schema) if columns else None
    sink = ma.BufferOutputStream()
    with new(sink, schema) as writer:
        for count in rows:
            writer.write_batch(
                whole.slice(0, count) if columns else ma.RecordBatch.from_pylist([{}] * count)
            )
    table = open_(sink.getvalue()).read_all()
    assert table.schema.equals(schema)
    assert [batch.num_rows for batch in table.to_batches()] == rows
    assert table.num_rows == sum(rows)
    source = pyarrow.py_buffer(sink.getvalue())
    reader = (pyarrow.ipc.open_stream if new is ma.new_stream else pyarrow.ipc.open_file)(source)
    theirs = reader.read_all()
    theirs.validate(full=True)
    assert theirs.num_columns == columns
    if columns:
        assert theirs.to_pydict() == table.to_pydict()
