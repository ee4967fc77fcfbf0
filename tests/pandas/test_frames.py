"""DataFrames to Arrow and back: index, labels, dtypes, and the metadata that pyarrow also reads."""

import datetime as dt
import json
from decimal import Decimal

import pytest

import minarrow as ma

pd = pytest.importorskip("pandas")
np = pytest.importorskip("numpy")
from pandas.testing import assert_frame_equal  # noqa: E402 - only where pandas is

PARIS = "Europe/Paris"


def plain(**index):
    frame = pd.DataFrame({"a": [1, 2], "b": [1.5, np.nan], "s": ["x", None], "t": [True, False]})
    return frame.set_axis(pd.Index(**index)) if index else frame


def numbers(labels):
    return pd.DataFrame(np.arange(2 * len(labels)).reshape(2, -1), columns=labels)


def without_frequency(index):
    index.freq = None  # Arrow has no place for it, and pyarrow does not keep it either
    return index


DAYS = without_frequency(pd.date_range("2020-01-01", periods=2))
ZONED_DAYS = without_frequency(pd.date_range("2020-01-01", periods=2, tz=PARIS, name="when"))

FRAMES = {
    "plain": plain(),
    "no rows": plain().iloc[:0],
    "sliced": plain().iloc[1:],
    "range": plain().set_axis(pd.RangeIndex(4, 0, -2, name="r")),
    "index of text": plain(data=["p", "q"]),
    "index of numbers": plain(data=[7, 5], name="number"),
    "index named as a column": plain(data=[5, 6], name="a"),
    "index of categories": plain().set_axis(pd.CategoricalIndex(["u", "v"], name="k")),
    "index of days": plain().set_axis(DAYS),
    "index of moments": plain().set_axis(ZONED_DAYS),
    "index of spans": plain().set_axis(pd.to_timedelta([1, 2], unit="s")),
    "named levels": plain().set_index(["a", "s"]),
    "levels": plain().set_axis(pd.MultiIndex.from_tuples([(1, "a"), (2, "b")])),
    "numbers as labels": numbers([0, 1, 2]),
    "floats as labels": numbers([1.5, 2.5]),
    "bools as labels": numbers([True, False]),
    "days as labels": numbers(DAYS),
    "moments as labels": numbers(ZONED_DAYS.rename(None)),
    "levels of labels": numbers(pd.MultiIndex.from_tuples([("a", 1), ("b", 2)], names=["x", "y"])),
    "named labels": plain().rename_axis(columns="labels"),
    "labels of any text": numbers(["", "ü", "a b"]),
    "repeated labels": numbers(["a", "a"]),
    "no columns": pd.DataFrame(index=range(3)),
    "no columns, labelled rows": pd.DataFrame(index=["a", "b"]),
    "nothing": pd.DataFrame(),
    "nullable": pd.DataFrame(
        {
            "Int64": pd.array([2**60 + 1, None], "Int64"),
            "UInt8": pd.array([1, None], "UInt8"),
            "boolean": pd.array([True, None], "boolean"),
            "Float32": pd.array([1.5, None], "Float32"),
            "string": pd.array(["a", None], "string"),
        }
    ),
    "objects": pd.DataFrame(
        {
            "date": [dt.date(2020, 1, 1), None],
            "time": [dt.time(1, 2), None],
            "bytes": [b"x", None],
            "decimal": [Decimal("1.5"), None],
        }
    ),
    "categories": pd.DataFrame(
        {
            "text": pd.Categorical(["a", None, "b"]),
            "ordered": pd.Categorical(["a", "b", "c"], categories=["c", "b", "a"], ordered=True),
            "numbers": pd.Categorical([1, 2, 1]),
        }
    ),
    "times": pd.DataFrame(
        {
            "moment": pd.to_datetime(["2020-01-01", None]),
            "UTC": pd.to_datetime(["2020-01-01", None], utc=True),
            "zone": pd.date_range("2020-01-01", periods=2, tz=PARIS).as_unit("s"),
            "span": pd.to_timedelta([1, None], unit="s"),
        }
    ),
    "periods": pd.DataFrame(
        {
            "months": pd.PeriodIndex(["2020-01", None], freq="M"),
            "hours": pd.period_range("1969-12-31 23:00", periods=2, freq="h"),
        }
    ),
    "intervals": pd.DataFrame(
        {
            "numbers": pd.interval_range(0, 2),
            "floats": pd.arrays.IntervalArray.from_tuples([(0.5, 1.5), None], closed="both"),
            "days": pd.interval_range(pd.Timestamp("2020-01-01"), periods=2, closed="left"),
            "spans": pd.interval_range(pd.Timedelta(0), periods=2),
        }
    ),
    "zoned intervals": pd.DataFrame(
        {"zone": pd.interval_range(pd.Timestamp("2020-01-01", tz=PARIS), periods=2)}
    ),
    "index of periods": plain().set_axis(pd.period_range("2020-01", periods=2, freq="Q")),
    "index of intervals": plain().set_axis(pd.interval_range(0, 2, name="between")),
    "half floats": pd.DataFrame({"x": np.array([1, 2], "f2")}),
}


def through_stream(table):
    sink = ma.BufferOutputStream()
    with ma.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return ma.open_stream(sink.getvalue()).read_pandas()


@pytest.mark.parametrize("name", FRAMES)
def test_comes_back(name):
    frame = FRAMES[name]
    assert_frame_equal(through_stream(ma.Table.from_pandas(frame)), frame)


# pyarrow makes no table of repeated labels, and does not read back bools and zoned moments
KNOWN_TO_PYARROW = [name for name in FRAMES if name != "repeated labels"]
if tuple(map(int, pd.__version__.split(".")[:2])) < (3, 1):
    KNOWN_TO_PYARROW.remove("zoned intervals")  # pandas did not hand them over before
READ_BY_PYARROW = [n for n in KNOWN_TO_PYARROW if n not in ("bools as labels", "moments as labels")]


@pytest.mark.parametrize("name", READ_BY_PYARROW)
def test_pyarrow_reads_ours(name):
    pa = pytest.importorskip("pyarrow")
    frame = FRAMES[name]
    pa.Table.from_pandas(frame)  # only then does pandas register its extension types
    assert_frame_equal(pa.table(ma.Table.from_pandas(frame)).to_pandas(), frame)


@pytest.mark.parametrize("preserve_index", [None, True, False])
@pytest.mark.parametrize("name", KNOWN_TO_PYARROW)
def test_we_read_pyarrows(name, preserve_index):
    pa = pytest.importorskip("pyarrow")
    theirs = pa.Table.from_pandas(FRAMES[name], preserve_index=preserve_index)
    expected = theirs.to_pandas()
    if name != "bools as labels":  # of which pyarrow makes True and True
        assert_frame_equal(ma.table(theirs).to_pandas(), expected)


def parts_that_matter(table):
    metadata = json.loads(table.schema.metadata[b"pandas"])
    columns = [
        {key: column[key] for key in ("name", "field_name", "numpy_type", "metadata")}
        for column in metadata["columns"]
    ]
    return metadata["index_columns"], columns, metadata["attributes"]


@pytest.mark.parametrize("preserve_index", [None, True, False])
@pytest.mark.parametrize("name", KNOWN_TO_PYARROW)
def test_metadata_as_pyarrows(name, preserve_index):
    pa = pytest.importorskip("pyarrow")
    ours = ma.Table.from_pandas(FRAMES[name], preserve_index=preserve_index)
    theirs = pa.Table.from_pandas(FRAMES[name], preserve_index=preserve_index)
    assert pa.table(ours).schema.equals(theirs.schema)
    assert [f.metadata for f in ours.schema] == [f.metadata for f in ma.table(theirs).schema]
    assert parts_that_matter(ours) == parts_that_matter(theirs)


def test_attributes():
    frame = plain()
    frame.attrs = {"source": "a page", "pages": [1, 2]}
    assert through_stream(ma.table(frame)).attrs == frame.attrs
    frame.attrs = {"not": object()}
    assert through_stream(ma.table(frame)).attrs == {}


def test_batch_from_pandas():
    batch = ma.RecordBatch.from_pandas(plain())
    assert batch.num_rows == 2
    assert_frame_equal(batch.to_pandas(), plain())
    assert ma.record_batch(plain()).equals(batch)


def test_columns_to_take():
    assert ma.Table.from_pandas(plain(), columns=["t", "a"]).column_names == ["t", "a"]


def test_schema_to_follow():
    schema = ma.schema([("s", ma.large_string()), ("a", ma.int8())], metadata={"k": "v"})
    table = ma.Table.from_pandas(plain(), schema=schema)
    assert table.schema.equals(schema)
    assert table.schema.metadata[b"k"] == b"v"
    assert table.to_pydict() == {"s": ["x", None], "a": [1, 2]}


def test_schema_with_a_dictionary():
    schema = ma.schema([("s", ma.dictionary(ma.int8(), ma.string()))])
    frame = ma.Table.from_pandas(plain(), schema=schema).to_pandas()
    assert frame["s"].cat.categories.tolist() == ["x"]


def test_schema_with_what_is_not_there():
    with pytest.raises(KeyError, match="'missing'"):
        ma.Table.from_pandas(plain(), schema=ma.schema([("missing", ma.int8())]))


def test_metadata_of_somebody_else():
    table = ma.table({"a": [1]}).replace_schema_metadata({"pandas": "not JSON"})
    assert table.to_pandas()["a"].tolist() == [1]


def test_columns_renamed_since():
    table = ma.Table.from_pandas(numbers([0, 1])).rename_columns(["x", "1"])
    assert table.to_pandas().columns.tolist() == ["x", "1"]


def test_values_that_do_not_fit_are_named_with_their_column():
    frame = pd.DataFrame({"a": [1, 2], "b": [1, "x"]})
    with pytest.raises(ma.ArrowInvalid, match="^column 'b', value 1: 'x' is of type str"):
        ma.RecordBatch.from_pandas(frame)
