"""Streams: what is written is read again, in order, whole, and by pyarrow too."""

import io
from contextlib import nullcontext

import pytest

import minarrow as ma


@pytest.fixture
def batch():
    data = [
        ma.array([1, 2, 3, 4]),
        ma.array(["foo", "bar", "baz", None]),
        ma.array([True, None, False, True]),
    ]
    return ma.RecordBatch.from_arrays(data, ["f0", "f1", "f2"])


def stream_of(batches, schema=None, **options):
    sink = ma.BufferOutputStream()
    options = ma.ipc.IpcWriteOptions(**options)
    with ma.RecordBatchStreamWriter(sink, schema or batches[0].schema, options=options) as writer:
        for batch in batches:
            writer.write_batch(batch)
    return sink.getvalue()


def test_batches_come_back_in_order_and_equal(batch):
    batches = [batch, batch.slice(1, 2), batch.slice(4, 0)]
    got = list(ma.open_stream(stream_of(batches)))
    assert [b.num_rows for b in got] == [4, 2, 0]
    assert all(a.equals(b) for a, b in zip(got, batches))
    assert [b.to_pydict() for b in got] == [b.to_pydict() for b in batches]


def test_pyarrow_reads_what_we_write(batch):
    pa = pytest.importorskip("pyarrow")
    table = pa.ipc.open_stream(stream_of([batch, batch.slice(2)]).to_pybytes()).read_all()
    table.validate(full=True)
    assert table.to_pylist() == batch.to_pylist() + batch.slice(2).to_pylist()


def test_we_read_what_pyarrow_writes(batch):
    pa = pytest.importorskip("pyarrow")
    theirs = pa.record_batch(batch.to_pydict())
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, theirs.schema) as writer:
        writer.write_batch(theirs)
        writer.write_batch(theirs.slice(1))
    got = list(ma.open_stream(sink.getvalue()))
    assert [b.to_pydict() for b in got] == [theirs.to_pydict(), theirs.slice(1).to_pydict()]


def test_a_stream_without_batches_has_a_schema(batch):
    reader = ma.open_stream(stream_of([], batch.schema))
    assert reader.schema.equals(batch.schema)
    assert list(reader) == []
    with pytest.raises(StopIteration):
        reader.read_next_batch()


def test_rows_without_columns_are_counted():
    empty = ma.RecordBatch.from_pylist([{}, {}, {}])
    (got,) = ma.open_stream(stream_of([empty]))
    assert (got.num_rows, got.num_columns) == (3, 0)


@pytest.mark.parametrize("alignment", [8, 64])
@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("version", [ma.ipc.MetadataVersion.V4, ma.ipc.MetadataVersion.V5])
def test_every_framing_is_read_again(batch, alignment, legacy, version):
    data = stream_of(
        [batch, batch],
        alignment=alignment,
        use_legacy_format=legacy,
        metadata_version=version,
    )
    assert [b.equals(batch) for b in ma.open_stream(data)] == [True, True]
    if alignment == 64:
        for got in ma.open_stream(data):
            offset = got.column(0).buffers()[1].address - data.address
            assert offset % 64 == 0


def test_the_framing_is_the_one_that_was_asked_for(batch):
    assert stream_of([batch]).to_pybytes()[:4] == b"\xff\xff\xff\xff"
    assert stream_of([batch], use_legacy_format=True).to_pybytes()[:4] != b"\xff\xff\xff\xff"


@pytest.mark.parametrize("codec", ["lz4", "zstd", "LZ4", "ZSTD"])
def test_compressed_bodies(codec):
    if not ma.ipc._core.codec_is_available(codec):
        pytest.skip(f"this build has no {codec}")
    numbers = ma.record_batch({"a": [7] * 5000, "b": [b"x" * 100] * 5000, "c": [1, 2] * 2500})
    data = stream_of([numbers, numbers.slice(3, 1)], compression=codec)
    assert data.size < numbers.nbytes / 10
    got = list(ma.open_stream(data))
    assert got[0].equals(numbers) and got[1].equals(numbers.slice(3, 1))
    pa = pytest.importorskip("pyarrow")
    assert pa.ipc.open_stream(data.to_pybytes()).read_all().slice(0, 5000).to_pydict() == (
        numbers.to_pydict()
    )


def test_levels_change_the_size():
    if not ma.ipc._core.codec_is_available("zstd"):
        pytest.skip("this build has no zstd")
    text = ma.record_batch({"a": [f"line {i * i} of the text" for i in range(3000)]})
    fast = stream_of([text], compression="zstd", compression_level=1)
    small = stream_of([text], compression="zstd", compression_level=19)
    assert small.size < fast.size
    with pytest.raises(ma.ArrowInvalid, match="level"):
        stream_of([text], compression="zstd", compression_level=1000)


def test_incompressible_buffers_are_stored():
    if not ma.ipc._core.codec_is_available("lz4"):
        pytest.skip("this build has no lz4")
    import random

    noise = ma.record_batch({"a": [random.Random(1).randbytes(4000)]})
    data = stream_of([noise], compression="lz4")
    assert noise.column(0).to_pylist()[0] in data.to_pybytes()
    assert next(ma.open_stream(data)).equals(noise)


def test_message_metadata(batch):
    sink = ma.BufferOutputStream()
    with ma.RecordBatchStreamWriter(sink, batch.schema) as writer:
        writer.write_batch(batch, custom_metadata={"n": "1"})
        writer.write_batch(batch, {b"\x00key": b"\xff\x00"})
        writer.write_batch(batch)
    reader = ma.open_stream(sink.getvalue())
    got = [metadata for _, metadata in reader.iter_batches_with_custom_metadata()]
    assert got == [{b"n": b"1"}, {b"\x00key": b"\xff\x00"}, None]


def test_schema_and_field_metadata_survive_byte_for_byte():
    field = ma.field("a", ma.int64(), metadata={"": "", "k": b"\x00\xff"})
    schema = ma.schema([field], metadata={b"x\x00": b""})
    got = ma.open_stream(stream_of([], schema)).schema
    assert got.metadata == {b"x\x00": b""}
    assert got.field(0).metadata == {b"": b"", b"k": b"\x00\xff"}


def test_statistics(batch):
    sink = ma.BufferOutputStream()
    writer = ma.RecordBatchStreamWriter(sink, batch.schema)
    writer.write_batch(batch)
    writer.write_batch(batch)
    assert (writer.stats.num_messages, writer.stats.num_record_batches) == (3, 2)
    writer.close()
    assert writer.stats.total_raw_body_size == writer.stats.total_serialized_body_size > 0
    reader = ma.open_stream(sink.getvalue())
    reader.read_next_batch()
    assert (reader.stats.num_messages, reader.stats.num_record_batches) == (2, 1)


# -- what goes wrong


def test_a_stream_cut_at_any_byte_gives_whole_batches_and_an_error(batch):
    data = stream_of([batch, batch]).to_pybytes()
    whole = [len(stream_of([batch] * n, batch.schema).to_pybytes()) - 8 for n in range(3)]
    for size in range(len(data)):
        batches = []
        outcome = "ended"
        try:
            for got in ma.open_stream(data[:size]):
                batches.append(got)
        except ma.ArrowInvalid as error:
            outcome = "error"
            assert isinstance(error, ValueError)
            assert 0 <= error.offset <= size
        assert all(got.equals(batch) for got in batches)
        assert len(batches) == max(sum(size >= end for end in whole) - 1, 0)
        assert outcome == ("ended" if size in whole else "error")


def test_bytes_behind_the_end_are_left_alone(batch):
    data = stream_of([batch]).to_pybytes()
    source = io.BytesIO(data + data)
    for _ in range(2):
        assert [b.equals(batch) for b in ma.open_stream(source)] == [True]
    assert source.read() == b""


@pytest.mark.parametrize(
    "bytes_, says",
    [
        (b"", "empty"),
        (b"ARROW1\0\0", "file"),
        (b"hello, world", "no Arrow stream"),
        (b"\xff\xff\xff\xff\0\0\0\0", "schema"),
        (b"\xff\xff\xff\xff\xff\xff\xff\x7f", "metadata"),
        (b"\xff\xff\xff\xff\x00\x00\x00\x80", "metadata"),
    ],
)
def test_what_is_no_stream_says_so(bytes_, says):
    with pytest.raises(ma.ArrowInvalid, match=says):
        ma.open_stream(bytes_)


def test_a_batch_of_another_schema_is_refused_and_nothing_is_lost(batch):
    sink = ma.BufferOutputStream()
    writer = ma.RecordBatchStreamWriter(sink, batch.schema)
    writer.write_batch(batch)
    with pytest.raises(ma.ArrowInvalid, match="'f0': int64.*'x'|column 0|columns"):
        writer.write_batch(ma.record_batch({"x": [1.0], "f1": ["a"], "f2": [True]}))
    with pytest.raises(TypeError):
        writer.write_batch([1, 2])
    writer.write_batch(batch)
    writer.close()
    assert [b.equals(batch) for b in ma.open_stream(sink.getvalue())] == [True, True]


def test_use_after_close(batch):
    sink = ma.BufferOutputStream()
    writer = ma.RecordBatchStreamWriter(sink, batch.schema)
    writer.close()
    writer.close()
    with pytest.raises(ma.ArrowInvalid, match="closed"):
        writer.write_batch(batch)
    reader = ma.open_stream(sink.getvalue())
    reader.close()
    reader.close()
    with pytest.raises(ma.ArrowInvalid, match="closed"):
        reader.read_next_batch()
    with pytest.raises(ma.ArrowInvalid, match="closed"):
        next(reader)
    assert reader.schema.equals(batch.schema)


def test_batches_outlive_reader_and_source(batch):
    reader = ma.open_stream(bytearray(stream_of([batch])))
    got = next(reader)
    reader.close()
    del reader
    assert got.equals(batch)


def test_a_writer_dropped_unclosed_warns(batch):
    sink = ma.BufferOutputStream()
    with pytest.warns(ResourceWarning, match="unclosed"):
        writer = ma.RecordBatchStreamWriter(sink, batch.schema)
        del writer


def test_limits_are_named_and_can_be_raised():
    nested = ma.array([1]).type
    for _ in range(70):
        nested = ma.list_(nested)
    data = stream_of([], ma.schema([("a", nested)]))
    with pytest.raises(ma.ArrowInvalid, match="max_nesting_depth"):
        ma.open_stream(data)
    options = ma.ipc.IpcReadOptions(max_nesting_depth=80)
    assert ma.open_stream(data, options=options).schema.field(0).type == nested


def test_a_small_stream_that_inflates_to_much_is_refused_first():
    if not ma.ipc._core.codec_is_available("zstd"):
        pytest.skip("this build has no zstd")
    zeros = ma.record_batch({"a": ma.array(bytearray(8 << 20))})
    data = stream_of([zeros], compression="zstd")
    assert data.size < 10_000
    tight = ma.ipc.IpcReadOptions(max_buffer_size=1 << 20)
    got = next(ma.open_stream(data, options=tight))
    with pytest.raises(ma.ArrowInvalid, match="max_buffer_size"):
        got.column(0)
    total = ma.ipc.IpcReadOptions(max_batch_size=1 << 20)
    with pytest.raises(ma.ArrowInvalid, match="max_batch_size"):
        next(ma.open_stream(data, options=total)).column(0)
    assert next(ma.open_stream(data)).equals(zeros)


# -- some columns only


def test_columns_by_name_path_and_index():
    rows = ma.record_batch(
        {
            "a": [1, 2],
            "s": [{"x": 1, "y": "one"}, {"x": 2, "y": None}],
            "l": [[{"p": 1, "q": 2}], []],
            "s.x": ["dotted", "name"],
        }
    )
    data = stream_of([rows])

    def read(*columns):
        return next(ma.open_stream(data, columns=list(columns))).to_pydict()

    assert read("a") == {"a": [1, 2]}
    assert read(1, "a") == {"s": rows.to_pydict()["s"], "a": [1, 2]}
    assert read("s.y") == {"s": [{"y": "one"}, {"y": None}]}
    assert read("s.x") == {"s.x": ["dotted", "name"]}
    assert read("l.item.q") == {"l": [[{"q": 2}], []]}
    assert read(-1) == {"s.x": ["dotted", "name"]}
    for wrong in (["z"], ["a.b"], [9], ["s.z"]):
        with pytest.raises(ma.ArrowInvalid, match="columns"):
            ma.open_stream(data, columns=wrong)
    with pytest.raises(TypeError):
        ma.open_stream(data, columns="a")


@pytest.mark.parametrize(
    "type_",
    [
        ma.dense_union([ma.field("x", ma.int8())], [3]),
        ma.sparse_union([ma.field("x", ma.int8())]),
        ma.map_(ma.string(), ma.int8()),
        ma.run_end_encoded(ma.int16(), ma.int8()),
    ],
    ids=str,
)
def test_columns_cannot_be_parts_of_what_has_none(type_):
    sink = ma.BufferOutputStream()
    with ma.new_stream(sink, ma.schema([ma.field("s", ma.struct([ma.field("c", type_)]))])):
        pass
    path = f"s.c.{type_.field(0).name}"
    with pytest.raises(ma.ArrowInvalid, match="'c' is neither"):
        ma.open_stream(sink.getvalue(), columns=[path])


# -- fed by hand


@pytest.mark.parametrize("step", [1, 3, 7, 64, 10_000])
def test_any_cut_of_the_input_gives_the_same_batches(batch, step):
    for options in ({}, {"use_legacy_format": True}):
        data = stream_of([batch, batch.slice(1)], **options).to_pybytes()
        decoder = ma.ipc.StreamDecoder()
        got = []
        for start in range(0, len(data), step):
            got += decoder.feed(data[start : start + step])
        decoder.finish()
        assert decoder.ended and decoder.schema.equals(batch.schema)
        assert [b.to_pydict() for b in got] == [batch.to_pydict(), batch.slice(1).to_pydict()]


def test_a_fed_decoder_gives_whole_batches_before_the_error(batch):
    data = stream_of([batch, batch]).to_pybytes()
    decoder = ma.ipc.StreamDecoder()
    assert len(decoder.feed(data[:-8] + b"\x01" * 8)) == 2
    with pytest.raises(ma.ArrowInvalid):
        decoder.feed(b"")
    unfinished = ma.ipc.StreamDecoder()
    unfinished.feed(data[:-20])
    with pytest.raises(ma.ArrowInvalid, match="ends inside"):
        unfinished.finish()


@pytest.mark.parametrize("batches, missing", [(2, 0), (2, 8), (1, 8), (1, 20)])
def test_a_decoder_that_was_finished_takes_no_more(batch, batches, missing):
    """Chunks that come after all are not ignored: they may be batches."""
    data = stream_of([batch] * 2).to_pybytes()
    size = len(stream_of([batch] * batches)) - missing
    decoder = ma.ipc.StreamDecoder()
    decoder.feed(data[:size])
    whole = missing in (0, 8)  # up to the end mark, or all of it
    for _ in range(2):
        with nullcontext() if whole else pytest.raises(ma.ArrowInvalid, match="could not|inside"):
            decoder.finish()
        with pytest.raises(ma.ArrowInvalid, match=r"finish\(\) has said"):
            decoder.feed(data[size:])
        assert decoder.ended is whole
