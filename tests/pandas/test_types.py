"""Columns of every type as pandas holds them, beside what pyarrow makes of them."""

import datetime as dt
import uuid
from decimal import Decimal

import pytest

import minarrow as ma

pd = pytest.importorskip("pandas")
np = pytest.importorskip("numpy")

UNITS = ("s", "ms", "us", "ns")
ZONES = (None, "UTC", "Europe/Paris", "+01:30", "-07:00")
NUMBERS = [
    *(ma.int8(), ma.int16(), ma.int32(), ma.int64()),
    *(ma.uint8(), ma.uint16(), ma.uint32(), ma.uint64()),
    *(ma.float16(), ma.float32(), ma.float64()),
]
LISTS = {
    "list": ma.list_(ma.int32()),
    "large": ma.large_list(ma.int32()),
    "fixed": ma.list_(ma.int32(), 2),
    "view": ma.list_view(ma.int32()),
    "large view": ma.large_list_view(ma.int32()),
}


def columns():
    for number in NUMBERS:
        yield f"{number}", ma.array([1, 2, 3], number)
        yield f"{number} with null", ma.array([1, None, 3], number)
        yield f"{number} all null", ma.array([None, None], number)
    yield "bool", ma.array([True, False, True])
    yield "bool with null", ma.array([True, None, False])
    for text in (ma.string(), ma.large_string(), ma.string_view()):
        yield f"{text}", ma.array(["a", "ü" * 20, None, ""], text)
    for data in (ma.binary(), ma.large_binary(), ma.binary_view()):
        yield f"{data}", ma.array([b"a", b"\xff" * 20, None, b""], data)
    yield "fixed binary", ma.array([b"abc", None], ma.binary(3))
    for unit in UNITS:
        yield f"duration {unit}", ma.array([0, 5, None], ma.duration(unit))
        for zone in ZONES:
            moments = ma.array([0, 1_700_000_000, None], ma.timestamp(unit, zone))
            yield f"timestamp {unit} {zone}", moments
    yield "date32", ma.array([dt.date(1970, 1, 1), dt.date(2024, 2, 29), None])
    yield "date64", ma.array([dt.date(1970, 1, 1), None], ma.date64())
    many = [dt.date(2020, 1, 1) + dt.timedelta(days=i % 7) for i in range(50)]
    yield "many dates", ma.array([*many, None])
    for time in (ma.time32("s"), ma.time32("ms"), ma.time64("us")):
        yield f"{time}", ma.array([dt.time(1, 2, 3), None], time)
    for width in (32, 64, 128, 256):
        decimal = getattr(ma, f"decimal{width}")(5, 2)
        yield f"{decimal}", ma.array([Decimal("1.50"), Decimal("-1.50"), None], decimal)
    for name, kind in LISTS.items():
        yield name, ma.array([[1, 2], None, [3, 4]], kind)
        yield f"{name} with null", ma.array([[1, None], None, [3, 4]], kind)
    yield "list of text", ma.array([["a", None], [], None])
    yield "list of lists", ma.array([[[1], [2, 3]], [], None])
    yield "list of structs", ma.array([[{"a": 1}], [], None])
    yield "list of bools", ma.array([[True, False], [], None])
    yield "list of moments", ma.array([[dt.datetime(2020, 1, 1)], [], None])
    zoned = ma.list_(ma.timestamp("us", "Europe/Paris"))
    yield "list of moments with a zone", ma.array([[dt.datetime(2020, 1, 1)], None], zoned)
    yield "list of dates", ma.array([[dt.date(2020, 1, 1)], [], None])
    yield "struct", ma.array([{"a": 1, "b": "x"}, {"a": 2, "b": None}])
    yield "map", ma.array([[("a", 1)], None, []], ma.map_(ma.string(), ma.int32()))
    yield "null", ma.nulls(3)
    yield "interval", ma.array([(1, 2, 3), None], ma.month_day_nano_interval())
    yield "run ends", ma.array([7, 7, None], ma.run_end_encoded(ma.int32(), ma.int64()))
    for index in (ma.int8(), ma.uint8(), ma.int32(), ma.uint32(), ma.int64(), ma.uint64()):
        indices = ma.array([0, 1, None], index)
        made = ma.arrays.DictionaryArray.from_arrays(indices, ["a", "b"])
        yield f"dictionary of {index}", made
    make = ma.arrays.DictionaryArray.from_arrays
    yield "ordered dictionary", make(ma.array([0, 1], ma.int8()), ["a", "b"], ordered=True)
    yield "dictionary of numbers", make(ma.array([0, 1, None], ma.int8()), [1, 2])
    yield (
        "dictionary of moments",
        make(ma.array([0, None], ma.int8()), ma.array([dt.datetime(2020, 1, 1)])),
    )
    yield "uuid", ma.array([uuid.UUID(int=5), None], ma.uuid())
    yield "json", ma.array(['{"a":1}', None], ma.json_())
    yield "bool8", ma.ExtensionArray.from_storage(ma.bool8(), ma.array([1, 0, None], ma.int8()))


COLUMNS = dict(columns())


# What pyarrow gives in another way, or refuses, before version 26.
LATELY = {"uuid", "interval", "dictionary of uint64"}


def assert_same_values(ours, theirs):
    """Equal, and of the same Python types, all the way down."""
    assert type(ours) is type(theirs)
    if isinstance(ours, np.ndarray):
        assert ours.dtype == theirs.dtype
    if isinstance(ours, (np.ndarray, list, tuple)):
        assert len(ours) == len(theirs)
        for a, b in zip(ours, theirs):
            assert_same_values(a, b)
    elif isinstance(ours, dict):
        assert list(ours) == list(theirs)
        for key in ours:
            assert_same_values(ours[key], theirs[key])
    else:
        assert ours is theirs or ours == theirs or (ours != ours and theirs != theirs)


def read_frame(kind, column, count):
    """The frame of `count` batches of one column, as the reader of streams or files gives it."""
    schema = ma.schema([ma.field("column", column.type)])
    batch = ma.RecordBatch.from_arrays([column], schema=schema)
    sink = ma.BufferOutputStream()
    with getattr(ma, f"new_{kind}")(sink, schema) as writer:
        for _ in range(count):
            writer.write_batch(batch)
    return getattr(ma, f"open_{kind}")(sink.getvalue()).read_pandas()


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("kind", ["stream", "file"])
@pytest.mark.parametrize("name", COLUMNS)
def test_as_pyarrow(kind, name, count):
    pa = pytest.importorskip("pyarrow")
    if name in LATELY and int(pa.__version__.split(".")[0]) < 26:
        pytest.skip(f"pyarrow {pa.__version__} gives other values")
    column = COLUMNS[name]
    frame = read_frame(kind, column, count)
    their_column = pa.chunked_array([pa.array(column)] * count)
    theirs = pa.table({"column": their_column}).to_pandas()
    assert frame["column"].dtype == theirs["column"].dtype
    assert_same_values(list(frame["column"]), list(theirs["column"]))


@pytest.mark.parametrize("kind", ["stream", "file"])
@pytest.mark.parametrize("name", COLUMNS)
def test_no_batches(kind, name):
    frame = read_frame(kind, COLUMNS[name], 0)
    assert frame.shape == (0, 1)
    assert list(frame.columns) == ["column"]


@pytest.mark.parametrize("name", COLUMNS)
def test_slices(name):
    column = COLUMNS[name]
    whole = list(column.to_pandas())
    for start in range(len(column)):
        part = list(column.slice(start, 2).to_pandas())
        if not any(isinstance(value, float) for value in part + whole):
            assert_same_values(part, whole[start : start + 2])


def test_integers_with_nulls_are_floats():
    frame = read_frame("stream", ma.array([1, None, 3]), 2)
    assert frame["column"].dtype == np.float64
    assert frame["column"].isna().tolist() == [False, True, False] * 2
    assert frame["column"].dropna().tolist() == [1.0, 3.0, 1.0, 3.0]


def test_dictionaries_that_differ():
    make = ma.arrays.DictionaryArray.from_arrays
    chunks = [make(ma.array([0, 1], ma.int8()), words) for words in (["a", "b"], ["c", "b"])]
    series = ma.chunked_array(chunks).to_pandas()
    assert series.tolist() == ["a", "b", "c", "b"]
    assert series.cat.categories.tolist() == ["a", "b", "c"]


def test_dictionary_with_null_and_repeated_values():
    make = ma.arrays.DictionaryArray.from_arrays
    indices = ma.array([0, 1, 2, 3, None], ma.int8())
    series = make(indices, ["a", None, "a", "b"]).to_pandas()
    assert series.dtype == "category"
    assert series.cat.categories.tolist() == ["a", "b"]
    assert series.cat.codes.tolist() == [0, -1, 0, 1, -1]


def test_intervals_without_a_pandas_form():
    months = ma.array([3, None], ma.month_interval()).to_pandas()
    days = ma.array([(1, 2), None], ma.day_time_interval()).to_pandas()
    assert months.dtype == object and days.dtype == object
    assert months[1] is None and days[1] is None


def test_text_that_runs():
    series = ma.array(["x", "x", None], ma.run_end_encoded(ma.int16(), ma.string())).to_pandas()
    assert series.tolist()[:2] == ["x", "x"]
    assert series.isna().tolist() == [False, False, True]


def test_structs_keep_their_values():
    rows = [{"a": 1, "b": "x"}, None, {"a": None, "b": "y"}]
    assert ma.array(rows).to_pandas().tolist() == rows  # no 1 turns into 1.0 beside a null


def test_unions():
    make = ma.arrays.UnionArray
    sparse = make.from_sparse([0, 1], [[1, 2], ["a", "b"]])
    dense = make.from_dense([0, 1, 0], [0, 0, 1], [[1, None], ["b"]])
    assert read_frame("stream", sparse, 2)["column"].tolist() == [1, "b"] * 2
    assert read_frame("file", dense, 1)["column"].tolist() == [1, "b", None]
