"""What to_pandas and read_pandas can be told."""

import datetime as dt

import pytest

import minarrow as ma

pd = pytest.importorskip("pandas")
np = pytest.importorskip("numpy")
from pandas.testing import assert_frame_equal  # noqa: E402 - only where pandas is

OPTIONS = [
    {"date_as_object": False},
    {"timestamp_as_object": True},
    {"integer_object_nulls": True},
    {"strings_to_categorical": True},
    {"categories": ["text", "number"]},
    {"ignore_metadata": True},
    {"use_threads": False, "split_blocks": True, "self_destruct": True, "safe": False},
]


def table():
    moments = ma.array([dt.datetime(2020, 1, 1), None, dt.datetime(2021, 1, 1)])
    return ma.table(
        {
            "number": [3, None, 3],
            "text": ["b", None, "a"],
            "bytes": [b"b", b"a", None],
            "date": [dt.date(2020, 1, 1), None, dt.date(1960, 1, 1)],
            "moment": moments,
            "nanoseconds": ma.array([1, None, 3], ma.timestamp("ns")),
            "zoned": ma.array(moments.to_pylist(), ma.timestamp("s", "Europe/Paris")),
            "dates": [[dt.date(2020, 1, 1)], None, []],
            "numbers": [[1, None], [], None],
        }
    )


@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: next(iter(options)))
def test_as_pyarrow(options):
    pa = pytest.importorskip("pyarrow")
    ours = table().to_pandas(**options)
    theirs = pa.table(table()).to_pandas(**options)
    assert_frame_equal(ours, theirs)
    for name in ours:
        assert list(map(type, ours[name])) == list(map(type, theirs[name]))


def test_readers_take_them():
    sink = ma.BufferOutputStream()
    with ma.new_stream(sink, table().schema) as writer:
        writer.write_table(table())
    frame = ma.open_stream(sink.getvalue()).read_pandas(date_as_object=False)
    assert frame["date"].dtype == "M8[ms]"


@pytest.mark.parametrize("make", [table, lambda: table()["text"], lambda: ma.array([1])])
def test_unknown_ones(make):
    with pytest.raises(TypeError, match="no_such"):
        make().to_pandas(no_such=1)


def test_types_mapper():
    mapper = {ma.int64(): pd.Int64Dtype(), ma.string(): pd.StringDtype("python")}.get
    numbers = ma.array([2**60 + 1, None])
    frame = ma.table({"n": numbers, "s": ["a", None]}).to_pandas(types_mapper=mapper)
    assert frame["n"].dtype == "Int64"
    assert frame["n"][0] == 2**60 + 1  # not by way of a float
    assert frame["s"].dtype == pd.StringDtype("python")


def test_arrow_dtypes():
    pytest.importorskip("pyarrow")
    frame = ma.table({"n": [1, None], "s": ["a", "b"]}).to_pandas(types_mapper=pd.ArrowDtype)
    assert [str(dtype) for dtype in frame.dtypes] == ["int64[pyarrow]", "string[pyarrow]"]
    again = ma.Table.from_pandas(frame[["n"]]).to_pandas()
    assert_frame_equal(again, frame[["n"]])


def test_zero_copy_only():
    assert ma.array([1, 2]).to_pandas(zero_copy_only=True).tolist() == [1, 2]
    for column in (ma.array([1, None]), ma.array([True]), ma.chunked_array([[1], [2]])):
        with pytest.raises(ma.ArrowInvalid, match="zero_copy_only"):
            column.to_pandas(zero_copy_only=True)


def test_a_series_has_its_columns_name():
    assert table()["text"].to_pandas().name == "text"
