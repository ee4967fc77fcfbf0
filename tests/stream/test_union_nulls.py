"""Unions of V4, which have a validity buffer of their own, and of V5, which have none."""

import pytest
from oracle import flatbuf, messages, strategies
from oracle.columns import Column
from oracle.layout import raw_values
from oracle.old_unions import dense

import minarrow as ma

IDS = (5, 9)
V4, V5 = messages.V4, messages.V5
INT8 = ("int", 8, True)


def union_sheet(mode, validity, version=V4, codec=None):
    """Rows 5:1, 9:"b", 5:3, 9:"dd", of which the bits say which are null."""
    fields = [strategies.plain_field(INT8, "n"), strategies.plain_field(("utf8",), "t")]
    field = strategies.plain_field(("union", mode, IDS), "u", children=fields)
    ids = bytes([5, 9, 5, 9])
    if mode == "DENSE":
        numbers = Column(INT8, 2, [None, bytes([1, 3])])
        texts = Column(("utf8",), 2, [None, bytes([0, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0]), b"bdd"])
        places = b"".join(i.to_bytes(4, "little") for i in (0, 0, 1, 1))
        buffers = [validity, ids, places]
    else:
        numbers = Column(INT8, 4, [None, bytes([1, 0, 3, 0])])
        ends = b"".join(i.to_bytes(4, "little") for i in (0, 0, 1, 1, 3))
        texts = Column(("utf8",), 4, [None, ends, b"bdd"])
        buffers = [validity, ids]
    column = Column(field["type"], 4, buffers, [numbers, texts], ["n", "t"])
    sheet = messages.Sheet(version=version, codec=codec)
    sheet.add_schema([field])
    sheet.add_batch([column], 4)
    sheet.add_batch([column], 4)
    return sheet


VALUES = [(5, 1), (9, "b"), (5, 3), (9, "dd")]
MODES = pytest.mark.parametrize("mode", ["SPARSE", "DENSE"])


def nulls_at(bits):
    return [(id_, value if bits >> i & 1 else None) for i, (id_, value) in enumerate(VALUES)]


@pytest.mark.parametrize("bits", [0b1111, 0b1010, 0b0001, 0b0000])
@MODES
def test_nulls_of_the_union_become_those_of_its_children(mode, bits):
    sheet = union_sheet(mode, bytes([bits]))
    for batch in ma.open_stream(sheet.stream()):
        batch.validate(full=True)
        assert raw_values(batch.column(0)) == nulls_at(bits)
        values = [value for _, value in nulls_at(bits)]
        assert batch.column(0).to_pylist() == values
        assert batch.column(0).slice(1, 2).to_pylist() == values[1:3]


@pytest.mark.parametrize("written", [V4, V5])
@pytest.mark.parametrize("read", [V4, V5])
@pytest.mark.parametrize("codec", [None, "lz4", "zstd"])
@pytest.mark.parametrize("kind", ["stream", "file"])
@MODES
def test_what_was_read_is_written_with_and_without_compression(
    pyarrow, mode, kind, codec, read, written
):
    """pyarrow ends the process when it writes such a batch with compression."""
    if codec is not None and not ma._core.codec_is_available(codec):
        pytest.skip(f"this build has no {codec}")
    compress = None
    if codec is not None:
        made = pyarrow.Codec(codec)
        compress = ("lz4", "zstd").index(codec), lambda data: made.compress(data, asbytes=True)
    bits = 0b1011 if read == V4 else 0b1111
    sheet = union_sheet(mode, bytes([bits]), read, compress)
    reader = ma.open_stream(sheet.stream()) if kind == "stream" else ma.open_file(sheet.file())
    options = ma.ipc.IpcWriteOptions(written, compression=codec)
    for new, open_, open_theirs in (
        (ma.new_stream, ma.open_stream, pyarrow.ipc.open_stream),
        (ma.new_file, ma.open_file, pyarrow.ipc.open_file),
    ):
        sink = ma.BufferOutputStream()
        with new(sink, reader.schema, options=options) as writer:
            for batch in reader.read_all().to_batches() if kind == "file" else batches(sheet):
                writer.write_batch(batch)
        for batch in open_(sink.getvalue()).read_all().to_batches():
            assert raw_values(batch.column(0)) == nulls_at(bits)
        table = open_theirs(pyarrow.py_buffer(sink.getvalue())).read_all()
        table.validate(full=True)
        values = [value for _, value in nulls_at(bits)]
        assert table.column(0).to_pylist() == values * 2


def batches(sheet):
    return list(ma.open_stream(sheet.stream()))


@pytest.mark.parametrize("rows, size", [(4, 0), (9, 1)])
@MODES
def test_a_validity_that_is_too_short(mode, rows, size):
    data = bytearray(union_sheet(mode, b"\x0b").stream())
    batch = flatbuf.messages(data)[1].batch
    batch.buffers[0].set("size", size)
    for item in (batch, batch.nodes[0]):
        item.set("length", rows)
    first, second = ma.open_stream(bytes(data))
    assert raw_values(second.column(0)) == nulls_at(0b1011)
    with pytest.raises(ma.ArrowInvalid) as caught:
        first.column(0)
    assert caught.value.path.startswith("batch 0, column 'u'")


@MODES
def test_without_a_validity_nothing_is_null(mode):
    for batch in ma.open_stream(union_sheet(mode, None).stream()):
        assert raw_values(batch.column(0)) == VALUES


# -- what null rows of a dense union say, which may be anything


def column_in(data):
    (batch,) = ma.open_stream(data)
    batch.validate(full=True)
    return batch.column(0)


def test_a_null_row_that_points_where_valid_ones_do():
    column = column_in(dense([5, 5, 5], [0, 0, 1], ma.array([5, 6]), bits=b"\x05"))
    assert column.to_pylist() == [5, None, 6]
    assert column.slice(1, 2).to_pylist() == [None, 6]


@pytest.mark.parametrize("id_", [0, 5, 9, 10, 127, -1, -128])
@pytest.mark.parametrize("offset", [0, 1, 2, 2**31 - 1, -1, -(2**31)])
def test_null_rows_say_anything(id_, offset):
    numbers, texts = ma.array([1, 2]), ma.array(["x"])
    data = dense([5, id_, 9, id_], [1, offset, 0, offset], numbers, texts, bits=b"\x05")
    column = column_in(data)
    assert column.to_pylist() == [2, None, "x", None]
    assert raw_values(column)[1] == (9 if id_ == 9 else 5, None)


CHILDREN = {
    "null": ma.nulls(2),
    "bool": ma.array([True, False]),
    "int16": ma.array([1, 2], ma.int16()),
    "zero width": ma.array([b"", b""], ma.binary(0)),
    "string": ma.array(["a", "b" * 20]),
    "string_view": ma.array(["a", "b" * 20], ma.string_view()),
    "list": ma.array([[1], []]),
    "list_view": ma.array([[1], []], ma.list_view(ma.int8())),
    "fixed lists": ma.array([[1, 2], [3, 4]], ma.list_(ma.int8(), 2)),
    "many nulls in a list": ma.nulls(2, ma.list_(ma.null(), 2**31 - 1)),
    "structs": ma.array([{"a": 1, "b": ["x"]}, {"a": 2, "b": []}]),
    "dictionary": ma.array(["a", "b"], ma.dictionary(ma.int8(), ma.string())),
}


@pytest.mark.parametrize("rows", [0, 2])
@pytest.mark.parametrize("kind", CHILDREN)
def test_null_rows_of_any_child(kind, rows):
    """Those that Arrow's C++ library once wrote point at row 0 of the first, which may be empty."""
    child = CHILDREN[kind] if rows else ma.array([], CHILDREN[kind].type)
    numbers = ma.array([7])
    ids, offsets = [5] * rows + [9, 5, 5], [*range(rows), 0, 0, 0]
    data = dense(ids, offsets, child, numbers, bits=bytes([2 ** (rows + 1) - 1]))
    column = column_in(data)
    assert column[rows].as_py() == 7
    assert [column[row].is_valid for row in (rows, rows + 1, rows + 2)] == [True, False, False]
    if kind != "many nulls in a list":
        assert column.to_pylist() == [*child.to_pylist(), 7, None, None]
    sink = ma.BufferOutputStream()
    with ma.new_stream(sink, ma.schema([ma.field("u", column.type)])) as writer:
        writer.write_batch(ma.RecordBatch.from_arrays([column], ["u"]))
    assert column_in(sink.getvalue()).equals(column)


# -- offsets into each child never go back, which pyarrow's full validation asks for

EIGHT = {
    "bool": ma.array([True, False, None, True, False, True, None, True]),
    "int16": ma.array([10, 11, None, 13, 14, 15, 16, 17], ma.int16()),
    "zero width": ma.array([b""] * 8, ma.binary(0)),
    "string": ma.array(["", "bb", None, "d" * 20, "e", "f", "g", "h"]),
    "string_view": ma.array(["", "b" * 30, None, "d" * 20, "e", "f", "g", "h"], ma.string_view()),
    "list": ma.array([[i] * i if i != 2 else None for i in range(8)]),
    "list_view": ma.array([[i] * i for i in range(8)], ma.list_view(ma.int8())),
    "fixed lists": ma.array([[i, None] for i in range(8)], ma.list_(ma.int8(), 2)),
    "structs": ma.array([{"a": i, "b": ["x"] * i} for i in range(8)]),
    "dictionary": ma.array(list("abcdabca"), ma.dictionary(ma.int8(), ma.string())),
    "dense_union": ma.StructArray.from_arrays(
        [
            ma.UnionArray.from_dense(
                ma.array([0, 1] * 4, ma.int8()),
                ma.array([0, 0, 1, 1, 2, 2, 3, 3], ma.int32()),
                [ma.array([1, 2, 3, 4]), ma.array(["a", "b", "c", "d"])],
            )
        ],
        ["u"],
    ),
}
VALID = [(0, 1, 2, 3), (1, 3, 5, 7), (0, 0, 1, 1), (2, 2, 2, 2)]
NULL = [
    (0, 1, 2, 3),
    (1, 3, 5, 7),
    (0, 0, 0, 0),
    (7, 4, 2, 0),
    (7, 7, 7, 7),
    (-1, 8, -9, 2**31 - 1),
]


def same_after_writing(pyarrow, column, values):
    """Lent to pyarrow, and written and read again by both."""
    theirs = pyarrow.array(column)
    theirs.validate(full=True)
    assert column.to_pylist() == theirs.to_pylist() == values
    sink = ma.BufferOutputStream()
    with ma.new_stream(sink, ma.schema([ma.field("u", column.type)])) as writer:
        writer.write_batch(ma.RecordBatch.from_arrays([column], ["u"]))
    (theirs,) = pyarrow.ipc.open_stream(pyarrow.py_buffer(sink.getvalue()))
    theirs.validate(full=True)
    assert column_in(sink.getvalue()).to_pylist() == theirs.column(0).to_pylist() == values


@pytest.mark.parametrize("ids", [(5, 5, 5, 5), (5, 9, 5, 9), (9, 5, 5, 9)])
@pytest.mark.parametrize("valid", VALID)
@pytest.mark.parametrize("kind", EIGHT)
def test_offsets_never_go_back(pyarrow, kind, valid, ids):
    child, numbers = EIGHT[kind], ma.array(range(8))
    said = {5: child.to_pylist(), 9: numbers.to_pylist()}
    for null in NULL:
        for bits in range(16):
            pairs = zip(valid, null, strict=True)
            offsets = [pair[~bits >> i & 1] for i, pair in enumerate(pairs)]
            values = [
                said[id_][offset] if bits >> i & 1 else None
                for i, (id_, offset) in enumerate(zip(ids, offsets, strict=True))
            ]
            column = column_in(dense(ids, offsets, child, numbers, bits=bytes([bits])))
            assert [id_ for id_, _ in raw_values(column)] == list(ids)
            same_after_writing(pyarrow, column, values)


def test_null_rows_that_have_a_row_of_their_own_keep_it():
    """Nothing is laid out anew."""
    column = column_in(dense([5, 9, 5], [0, 0, 1], ma.array([1, 2]), ma.array([3]), bits=b"\x01"))
    assert column.offsets.to_pylist() == [0, 0, 1]
    assert [column.field(i).to_pylist() for i in (0, 1)] == [[1, None], [None]]


@pytest.mark.parametrize("kind", EIGHT)
def test_many_nulls_between_many_rows(pyarrow, kind):
    """All of which point at row 0, as Arrow's C++ library once wrote them."""
    child, rows = ma.concat_arrays([EIGHT[kind]] * 200), 1600
    offsets = [place for i in range(rows) for place in (i, 0, 0)]
    bits = sum(1 << 3 * i for i in range(rows)).to_bytes(3 * rows // 8, "little")
    values = [value for said in child.to_pylist() for value in (said, None, None)]
    same_after_writing(pyarrow, column_in(dense([5] * 3 * rows, offsets, child, bits=bits)), values)


@pytest.mark.parametrize("again", [False, True])
def test_rows_that_share_what_they_hold_are_not_copied_for_each_null(again):
    """A message of a megabyte, of which there would be a gigabyte."""
    rows, size = 1000, 1 << 20
    if again:
        child, places = ma.array(["x" * size]), [0] * rows
    else:
        starts, sizes = (ma.array([n] * rows, ma.int32()) for n in (0, size))
        child = ma.ListViewArray.from_arrays(starts, sizes, ma.array(bytes(size), ma.uint8()))
        places = range(rows)
    offsets = [place for i in places for place in (i, 0)]
    bits = b"\x55" * (2 * rows // 8)
    column = column_in(dense([5] * 2 * rows, offsets, child, bits=bits))
    assert column.nbytes < 4 * size
    assert [column[i].is_valid for i in range(2 * rows)] == [True, False] * rows
    assert all(len(column[i].as_py()) == size for i in (0, rows, 2 * rows - 2))


def test_nulls_go_to_a_child_that_can_have_them():
    runs = ma.RunEndEncodedArray.from_arrays(ma.array([2], ma.int16()), ma.array(["r"]))
    for child in (runs, ma.UnionArray.from_sparse(ma.array([0], ma.int8()), [ma.array([1])])):
        data = dense([5, 9, 5], [0, 0, 0], child, ma.array([3]), bits=b"\x03")
        if child is runs:
            assert column_in(data).to_pylist() == ["r", 3, None]
        (batch,) = ma.open_stream(dense([5], [0], child, bits=b"\x00"))
        with pytest.raises(ma.ArrowNotImplementedError, match="no child of dense_union.*a place"):
            batch.column(0)


@pytest.mark.parametrize("id_, offset", [(5, 2), (5, -1), (9, 1), (9, 2**31 - 1)])
def test_valid_rows_point_at_rows_of_the_message(id_, offset):
    """Not at the null row that is put behind those."""
    data = dense([5, 9, id_], [0, 0, offset], ma.array([1, 2]), ma.array(["x"]), bits=b"\x04")
    (batch,) = ma.open_stream(data)
    with pytest.raises(ma.ArrowInvalid, match=f"row 2 is row {offset} of a child") as caught:
        batch.column(0)
    assert caught.value.path == "batch 0, column 'u', offsets buffer"


@pytest.mark.parametrize("mode", ["SPARSE", "DENSE"])
def test_a_child_of_any_number_of_rows_that_take_no_memory(mode):
    """Only those that the union has need a bitmap."""
    rows = 2**60
    field = strategies.plain_field(
        ("union", mode, (0,)), "u", children=[strategies.plain_field(("fixedsizebinary", 0), "x")]
    )
    child = Column(("fixedsizebinary", 0), rows, [None, b""])
    places = [bytes(8)] if mode == "DENSE" else []
    column = Column(field["type"], 2, [b"\x02", bytes(2), *places], [child], ["x"])
    sheet = messages.Sheet(version=V4)
    sheet.add_schema([field])
    sheet.add_batch([column], 2)
    assert column_in(sheet.stream()).to_pylist() == [None, b""]


def test_a_null_row_that_takes_more_than_all_the_message():
    """Of a child without rows there is nothing to make it of."""
    child = ma.array([], ma.list_(ma.int64(), 2**31 - 1))
    (batch,) = ma.open_stream(dense([5], [0], child, bits=b"\x00"))
    with pytest.raises(ma.ArrowNotImplementedError, match="a place"):
        batch.column(0)
