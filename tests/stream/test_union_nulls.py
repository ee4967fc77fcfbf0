"""Unions of V4, which have a validity buffer of their own, and of V5, which have none."""

import pytest
from oracle import flatbuf, messages, strategies
from oracle.columns import Column
from oracle.layout import raw_values

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
