"""Where a DataFrame's values lie: in the source's memory where they can, and safe to write to."""

import gc

import pytest

import minarrow as ma

pd = pytest.importorskip("pandas")
np = pytest.importorskip("numpy")
from pandas.testing import assert_frame_equal  # noqa: E402 - only where pandas is

COPIES_ON_WRITE = int(pd.__version__.split(".")[0]) >= 3
pytestmark = pytest.mark.skipif(not COPIES_ON_WRITE, reason="this pandas does not copy on write")


def numeric_batch(rows=1000):
    numbers = np.arange(rows)
    columns = {
        "int64": numbers,
        "int8": numbers.astype("i1"),
        "float64": numbers * 0.5,
        "float16": numbers.astype("f2"),
        "moments": numbers.astype("M8[us]"),
        "spans": numbers.astype("m8[ns]"),
        "zoned": ma.array(numbers.astype("M8[ns]"), ma.timestamp("ns", "Europe/Paris")),
    }
    return ma.record_batch(columns)


def written(batches):
    sink = ma.BufferOutputStream()
    with ma.new_file(sink, batches[0].schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
    return sink.getvalue()


def address_of(column):
    values = getattr(column.array, "_ndarray", None)
    if values is None:
        values = column.to_numpy(copy=False)
    return values.__array_interface__["data"][0]


@pytest.mark.parametrize("kind", ["file", "stream"])
def test_no_copy_of_a_single_batch(kind):
    batch = numeric_batch()
    sink = ma.BufferOutputStream()
    with getattr(ma, f"new_{kind}")(sink, batch.schema) as writer:
        writer.write_batch(batch)
    source = sink.getvalue()
    frame = getattr(ma, f"open_{kind}")(source).read_pandas()
    for name in frame:
        assert source.address <= address_of(frame[name]) < source.address + source.size, name


def test_no_copy_of_a_mapped_file(tmp_path):
    path = tmp_path / "numbers.arrow"
    path.write_bytes(written([numeric_batch()]))
    with ma.memory_map(str(path)) as source:
        begin = source.read_buffer().address
        frame = ma.open_file(source).read_pandas()
    assert begin <= address_of(frame["float64"]) < begin + path.stat().st_size
    del source
    gc.collect()
    assert frame["float64"].sum() == 0.5 * 1000 * 999 / 2


def test_no_copy_of_nullable_numbers():
    frame = pd.DataFrame({"n": pd.array([1, 2, None], "Int64")})
    source = written([ma.RecordBatch.from_pandas(frame)])
    back = ma.open_file(source).read_pandas()
    assert_frame_equal(back, frame)
    back.loc[0, "n"] = 7
    assert back["n"].tolist()[:2] == [7, 2]
    assert_frame_equal(ma.open_file(source).read_pandas(), frame)


WRITES = {
    "iloc": lambda frame: frame.iloc.__setitem__((0, 0), 5),
    "loc": lambda frame: frame.loc.__setitem__((1, "float64"), 7),
    "at": lambda frame: frame.at.__setitem__((0, "int8"), 3),
    "a slice": lambda frame: frame.loc.__setitem__((slice(0, 3), "int64"), 3),
    "a mask": lambda frame: frame.__setitem__(frame > 4, 1),
    "moments": lambda frame: frame.iloc.__setitem__((0, 4), pd.Timestamp("2020-01-01")),
    "zoned moments": lambda frame: frame.iloc.__setitem__((0, 6), frame.iloc[3, 6]),
    "column": lambda frame: frame.__setitem__("int64", 1),
}


@pytest.mark.parametrize("batches", [1, 3])
@pytest.mark.parametrize("how", WRITES)
def test_written_to_without_touching_the_source(how, batches):
    source = written([numeric_batch(50)] * batches)
    before = source.to_pybytes()
    frame = ma.open_file(source).read_pandas()
    expected = frame.copy()
    if how == "a mask":
        frame, expected = frame.iloc[:, :4], expected.iloc[:, :4]
    WRITES[how](frame)
    WRITES[how](expected)
    assert_frame_equal(frame, expected)
    assert source.to_pybytes() == before


def test_series_are_written_to_likewise():
    array = ma.array([1.0, 2.0])
    series = array.to_pandas()
    series[0] = 9.0
    assert series.tolist() == [9.0, 2.0]
    assert array.to_pylist() == [1.0, 2.0]


def test_outlives_everything():
    frame = ma.open_file(written([numeric_batch()])).read_pandas()
    gc.collect()
    junk = [bytes(100_000) for _ in range(20)]
    assert frame["int64"].tolist() == list(range(1000))
    assert len(junk) == 20


def test_many_batches_make_one_block_of_each_column():
    frame = ma.open_file(written([numeric_batch(10)] * 5)).read_pandas()
    assert frame["int64"].tolist() == list(range(10)) * 5
    assert frame["zoned"].tolist() == list(frame["zoned"][:10]) * 5


def test_many_rows_with_nulls():
    rows = 300_001  # enough for several threads, and no whole number of pieces
    missing = np.arange(rows) % 7 == 3
    for dtype in ("i1", "u2", "i4", "u8", "f2", "f4", "f8"):
        values = (np.arange(rows) % 100).astype(dtype)
        array = ma.array(values, mask=missing).slice(5)
        series = ma.chunked_array([array, array.slice(64, 100)]).to_pandas()
        expected = values.astype("f8" if values.dtype.kind in "iu" else dtype)[5:].copy()
        expected[missing[5:]] = np.nan
        expected = np.concatenate([expected, expected[64:164]])
        assert series.dtype == expected.dtype
        np.testing.assert_array_equal(series.to_numpy(), expected)
    bools = ma.array(np.arange(rows) % 3 == 0, mask=missing).slice(3)
    expected = [None if i % 7 == 3 else i % 3 == 0 for i in range(3, rows)]
    assert bools.to_pandas().tolist() == expected
