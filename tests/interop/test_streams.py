"""Tables and readers to other libraries and back, batch by batch."""

import datetime as dt
import errno
from decimal import Decimal

import pytest
from interop.columns import share_memory

import minarrow as ma

COLUMNS = {
    "flag": (ma.bool_(), [True, None, False]),
    "small": (ma.int8(), [1, None, -3]),
    "big": (ma.uint64(), [2**64 - 1, None, 0]),
    "real": (ma.float64(), [1.5, None, -2.0]),
    "day": (ma.date32(), [dt.date(2020, 1, 2), None, dt.date(1969, 12, 31)]),
    "time": (ma.time64("us"), [dt.time(1, 2, 3), None, dt.time(0)]),
    "at": (ma.timestamp("us"), [dt.datetime(2020, 1, 2, 3, 4), None, dt.datetime(1969, 12, 31)]),
    "price": (ma.decimal128(7, 2), [Decimal("1.25"), None, Decimal("-99999.99")]),
    "text": (ma.string(), ["a", None, "more than twelve bytes"]),
    "view": (ma.string_view(), ["a", None, "more than twelve bytes"]),
    "bytes": (ma.binary(), [b"a", None, b"more than twelve bytes"]),
    "list": (ma.list_(ma.int32()), [[1, None], None, []]),
    "pair": (ma.list_(ma.int16(), 2), [[1, 2], None, [3, None]]),
    "row": (ma.struct([("a", ma.int8()), ("b", ma.string())]), [{"a": 1, "b": "x"}, None, {}]),
    "word": (ma.dictionary(ma.int8(), ma.string()), ["a", None, "b"]),
}


def make_table(copies=3):
    columns = [ma.array(values, type=type_) for type_, values in COLUMNS.values()]
    fields = [ma.field(name, type_) for name, (type_, _) in COLUMNS.items()]
    schema = ma.schema(fields, metadata={"who": "wer"})
    batch = ma.RecordBatch.from_arrays(columns, schema=schema)
    return ma.Table.from_batches([batch, batch.slice(1, 1), batch.slice(1)][:copies], schema)


class Stream:
    """An object that offers nothing but a stream."""

    def __init__(self, source):
        self.source = source

    def __arrow_c_stream__(self, requested_schema=None):
        return self.source.__arrow_c_stream__(requested_schema)


def test_table_to_pyarrow_and_back():
    pyarrow = pytest.importorskip("pyarrow")
    table = make_table()
    theirs = pyarrow.table(table)
    theirs.validate(full=True)
    assert theirs.to_pylist() == table.to_pylist()
    assert theirs.schema.metadata == {b"who": b"wer"}
    back = ma.table(theirs)
    assert back.schema.equals(table.schema, check_metadata=True)
    assert back.equals(table)
    for ours, other in zip(table.to_batches(), back.to_batches(), strict=True):
        assert all(map(share_memory, ours.columns, other.columns))


def test_reader_to_pyarrow_and_back():
    pyarrow = pytest.importorskip("pyarrow")
    table = make_table()
    theirs = pyarrow.RecordBatchReader.from_stream(table.to_reader())
    assert theirs.schema.names == list(COLUMNS)
    back = ma.RecordBatchReader.from_stream(theirs)
    assert isinstance(back, ma.RecordBatchReader)
    assert back.schema == table.schema
    assert back.read_all().equals(table)


LIBRARIES = {
    "pyarrow.Table": lambda: pytest.importorskip("pyarrow").table({"a": [1, 2], "t": ["x", None]}),
    "pyarrow.RecordBatch": lambda: LIBRARIES["pyarrow.Table"]().to_batches()[0],
    "pyarrow.RecordBatchReader": lambda: LIBRARIES["pyarrow.Table"]().to_reader(),
    "polars": lambda: pytest.importorskip("polars").DataFrame({"a": [1, 2], "t": ["x", None]}),
    "pandas": lambda: pytest.importorskip("pandas").DataFrame({"a": [1, 2], "t": ["x", None]}),
    "arro3": lambda: pytest.importorskip("arro3.core").Table.from_arrow(
        LIBRARIES["pyarrow.Table"]()
    ),
}


@pytest.mark.parametrize("name", LIBRARIES)
@pytest.mark.parametrize("new", [ma.ipc.new_stream, ma.ipc.new_file])
@pytest.mark.parametrize("method", ["write", "write_table"])
def test_written_as_they_come(name, new, method):
    """Another library's rows, laid out as the writer's schema says."""
    schema = ma.schema([("a", ma.int64()), ("t", ma.string())])
    sink = ma.BufferOutputStream()
    with new(sink, schema) as writer:
        getattr(writer, method)(LIBRARIES[name]())
    opened = ma.ipc.open_stream if new is ma.ipc.new_stream else ma.ipc.open_file
    table = opened(sink.getvalue()).read_all()
    assert table.schema == schema
    assert table.to_pydict() == {"a": [1, 2], "t": ["x", None]}


@pytest.mark.parametrize("method", ["write", "write_table"])
def test_what_cannot_be_written(method):
    pyarrow = pytest.importorskip("pyarrow")
    sink = ma.BufferOutputStream()
    with ma.ipc.new_stream(sink, ma.schema([("a", ma.int8())])) as writer:
        write = getattr(writer, method)
        with pytest.raises(ma.ArrowInvalid, match="change values|truncated"):
            write(pyarrow.table({"a": [1.5]}))
        with pytest.raises(ValueError, match="'a'"):
            write(pyarrow.table({"b": pyarrow.array([1], pyarrow.int8())}))
        for wrong in {"a": [1]}, [1], None:
            with pytest.raises(TypeError, match=f"Arrow data, not {type(wrong).__name__}"):
                write(wrong)
    assert ma.ipc.open_stream(sink.getvalue()).read_all().num_rows == 0


def test_stream_reader_to_pyarrow():
    """Straight from a file of ours to a reader of theirs, one batch at a time."""
    pyarrow = pytest.importorskip("pyarrow")
    table = make_table()
    sink = ma.BufferOutputStream()
    with ma.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    theirs = pyarrow.RecordBatchReader.from_stream(ma.ipc.open_stream(sink.getvalue()))
    assert theirs.read_all().to_pylist() == table.to_pylist()


def test_file_reader_to_others():
    """A file is read batch by batch, as the other library asks."""
    table = make_table()
    sink = ma.BufferOutputStream()
    with ma.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    reader = ma.ipc.open_file(sink.getvalue())
    assert ma.table(Stream(reader)).equals(table)
    assert ma.schema(reader) == table.schema
    pyarrow = pytest.importorskip("pyarrow")
    assert pyarrow.table(reader).to_pylist() == table.to_pylist()


def test_batch_to_pyarrow_and_back():
    pyarrow = pytest.importorskip("pyarrow")
    batch = make_table().to_batches()[0]
    theirs = pyarrow.record_batch(batch)
    theirs.validate(full=True)
    assert theirs.schema.metadata == {b"who": b"wer"}
    back = ma.record_batch(theirs)
    assert back.equals(batch)
    assert all(map(share_memory, batch.columns, back.columns))
    assert ma.table(Stream(batch)).to_batches()[0].equals(batch)


def test_chunked_array_to_pyarrow_and_back():
    pyarrow = pytest.importorskip("pyarrow")
    chunks = [ma.array([1, None]), ma.array([], type=ma.int64()), ma.array([3])]
    ours = ma.chunked_array(chunks)
    theirs = pyarrow.chunked_array(ours)
    theirs.validate(full=True)
    assert theirs.num_chunks == 3
    assert theirs.to_pylist() == [1, None, 3]
    back = ma.chunked_array(theirs)
    assert back.equals(ours)
    assert all(map(share_memory, ours.chunks, back.chunks))
    assert ma.array(theirs).to_pylist() == [1, None, 3]  # joined


def test_table_to_polars_and_back():
    polars = pytest.importorskip("polars")
    table = make_table()
    table = table.select([name for name in COLUMNS if name != "pair"])  # slices of which it refuses
    frame = polars.DataFrame(table)
    assert frame.columns == table.column_names
    assert frame.rows(named=True) == table.to_pylist()
    assert ma.table(frame).to_pylist() == table.to_pylist()
    assert ma.table(frame.slice(2, 3)).to_pylist() == table.slice(2, 3).to_pylist()
    assert ma.record_batch(frame).to_pylist() == table.to_pylist()


def test_table_to_duckdb_and_back():
    duckdb = pytest.importorskip("duckdb")
    table = make_table()
    names = [name for name in COLUMNS if name != "word"]
    with duckdb.connect() as connection:
        connection.register("ours", table)
        rows = connection.sql("select * from ours")
        back = ma.table(rows)
        assert back.select(names).to_pylist() == table.select(names).to_pylist()
        assert back.column("word").to_pylist() == table.column("word").to_pylist()
        total = connection.sql("select sum(big) from ours where text = 'a'").fetchall()
        assert total == [(2**64 - 1,)]


@pytest.mark.parametrize(
    "sql",
    [
        "null", "true", "1::tinyint", "1::hugeint", "1.5::float", "'x'", "'\\xAA'::blob",
        "date '2020-01-02'", "time '01:02:03'", "timestamp '2020-01-02 03:04:05'",
        "timestamptz '2020-01-02 03:04:05+00'", "interval '1 month 2 days'", "1.25::decimal(7, 2)",
        "[1, null, 3]", "[1, 2]::integer[2]", "{'a': 1, 'b': 'x'}", "map {'a': 1}",
        "'b'::enum('a', 'b')", "union_value(num := 2)", "uuid()", "'1010'::bit",
    ],
)  # fmt: skip
def test_duckdb_gives(sql):
    """Each type that DuckDB has, with its own ideas of layout: taken over, checked, printed."""
    duckdb = pytest.importorskip("duckdb")
    with duckdb.connect() as connection:
        query = f"select {sql} as x union all select null"
        table = ma.table(connection.sql(query))
        table.validate(full=True)
        assert table.num_rows == 2
        assert table.column("x").to_pylist()[1] is None
        assert str(table)
        sink = ma.BufferOutputStream()
        with ma.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        assert ma.ipc.open_stream(sink.getvalue()).read_all().equals(table)


def test_table_to_nanoarrow_and_back():
    nanoarrow = pytest.importorskip("nanoarrow")
    table = make_table().select(["small", "real", "text", "list", "row"])
    theirs = nanoarrow.ArrayStream(table).read_all()
    assert len(theirs) == table.num_rows
    assert ma.table(nanoarrow.ArrayStream(table)).equals(table)


def test_table_to_arro3_and_back():
    arro3 = pytest.importorskip("arro3.core")
    table = make_table()
    theirs = arro3.Table.from_arrow(table)
    assert theirs.num_rows == table.num_rows
    assert ma.table(theirs).equals(table)
    reader = arro3.RecordBatchReader.from_arrow(table.to_reader())
    assert ma.table(reader).equals(table)


def test_table_to_pandas_through_capsules():
    pandas = pytest.importorskip("pandas")
    if not hasattr(pandas.DataFrame, "from_arrow"):
        pytest.skip("this pandas takes no streams")
    pytest.importorskip("pyarrow")
    frame = pandas.DataFrame.from_arrow(make_table().select(["small", "text"]))
    assert frame["text"].isna().tolist() == [False, True, False, True, True, False]


def test_no_batches_and_no_columns():
    schema = ma.schema([("a", ma.int8())])
    empty = ma.Table.from_batches([], schema)
    assert ma.table(Stream(empty)).equals(empty)
    bare = ma.Table.from_batches([_rows_without_columns()])
    assert ma.table(Stream(bare)).num_rows == 7


def test_one_batch_of_a_stream():
    """Chunks are joined, and none are an empty batch."""
    table = make_table()
    assert ma.record_batch(Stream(table)).to_pylist() == table.to_pylist()
    empty = ma.record_batch(Stream(ma.Table.from_batches([], table.schema)))
    assert (empty.num_rows, empty.schema) == (0, table.schema)
    bare = _rows_without_columns()
    assert ma.record_batch(Stream(ma.Table.from_batches([bare, bare]))).num_rows == 14


def _rows_without_columns():
    return ma.record_batch({"a": [None] * 7}).select([])


def test_stream_of_other_things():
    """What a stream of arrays carries is no table, unless it carries structs."""
    with pytest.raises(ma.ArrowInvalid, match="comes as a struct"):
        ma.table(ma.chunked_array([[1, 2]]))
    rows = ma.chunked_array([[{"a": 1}, {"a": 2}]])
    assert ma.table(rows).to_pydict() == {"a": [1, 2]}


# ---- failures on the way


def test_errors_of_an_iterator_arrive():
    pyarrow = pytest.importorskip("pyarrow")
    batch = ma.record_batch({"a": [1]})

    def batches():
        yield batch
        raise KeyError("the well is dry")

    reader = ma.RecordBatchReader.from_batches(batch.schema, batches())
    theirs = pyarrow.RecordBatchReader.from_stream(reader)
    assert theirs.read_next_batch().to_pydict() == {"a": [1]}
    with pytest.raises(ValueError, match="KeyError: 'the well is dry'"):
        theirs.read_next_batch()


@pytest.mark.parametrize(
    "error, becomes",
    [
        (OSError(5, "gone"), OSError),
        (MemoryError(), MemoryError),
        (NotImplementedError("no"), NotImplementedError),
        (ZeroDivisionError("0"), ma.ArrowInvalid),
    ],
)
def test_kinds_of_errors_stay(error, becomes):
    def batches():
        raise error
        yield

    reader = ma.RecordBatchReader.from_batches(ma.schema([]), batches())
    back = ma.RecordBatchReader.from_stream(Stream(reader))
    with pytest.raises(becomes, match=type(error).__name__) as caught:
        next(back)
    if becomes is OSError:
        assert caught.value.errno == 5
    # its end would look as if all had come
    for _ in range(2):
        with pytest.raises(ma.ArrowInvalid, match="ask its producer for another"):
            next(back)


def test_a_stream_that_failed_is_lent_no_further():
    """What comes after a batch that could not be lent is not given in its place."""
    batches = [ma.record_batch({"a": [row]}) for row in range(3)]
    rows = iter(range(3))

    class Failing:
        def __iter__(self):
            return self

        def __next__(self):
            row = next(rows)
            if row == 1:
                raise ValueError("this one is lost")
            return batches[row]

    reader = ma.RecordBatchReader.from_batches(batches[0].schema, Failing())
    theirs = pytest.importorskip("pyarrow").RecordBatchReader.from_stream(reader)
    assert theirs.read_next_batch().to_pydict() == {"a": [0]}
    for _ in range(2):
        with pytest.raises(ValueError, match="this one is lost"):
            theirs.read_next_batch()


def test_an_iterator_that_would_block_may_have_ended():
    """As generators have that raised. What is lent does not end as if all had come."""
    batch = ma.record_batch({"a": [1]})

    def batches():
        yield batch
        raise BlockingIOError(errno.EAGAIN, "not now")
        yield batch

    reader = ma.RecordBatchReader.from_batches(batch.schema, batches())
    theirs = pytest.importorskip("pyarrow").RecordBatchReader.from_stream(reader)
    assert theirs.read_next_batch().num_rows == 1
    for _ in range(2):
        with pytest.raises(OSError, match="not now"):
            theirs.read_next_batch()


def test_batches_of_another_schema():
    first = ma.record_batch({"a": [1]})
    other = ma.record_batch({"a": ["x"]})
    with pytest.raises(ma.ArrowInvalid, match="schema of batch 1"):
        ma._core.export_batch_stream([first, other], first.schema)
    capsule = ma._core.export_batch_stream(iter([first, other]), first.schema)
    _, batches = ma._core.import_batch_stream_from(capsule)
    assert next(batches).equals(first)
    with pytest.raises(ma.ArrowInvalid, match="schema of batch 1"):
        next(batches)
    capsule = ma._core.export_batch_stream(iter([first, "batch"]), first.schema)
    _schema, batches = ma._core.import_batch_stream_from(capsule)
    next(batches)
    with pytest.raises(ma.ArrowInvalid, match="expected a minarrow.RecordBatch, not str"):
        next(batches)


def test_damaged_batch_in_a_stream():
    text = ma.Array.from_buffers(
        ma.string(), 1, [None, ma.py_buffer(b"\0\0\0\0\2\0\0\0"), ma.py_buffer(b"\xc3\x28")]
    )
    batch = ma.RecordBatch.from_arrays([text], ["t"])
    _, batches = ma._core.import_batch_stream_from(batch.__arrow_c_stream__())
    with pytest.raises(ma.ArrowInvalid, match=r"not UTF-8 .*column 't', data buffer"):
        next(batches)


def test_reader_of_a_stream_is_closed():
    reader = ma.RecordBatchReader.from_stream(make_table())
    with reader:
        batch = next(reader)
    assert list(reader) == []
    assert batch.num_rows == 3  # lives on
