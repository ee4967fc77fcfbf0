"""pandas' columns: pandas' own meaning of missing, and no pyarrow where pandas needs none."""

import datetime as dt
from decimal import Decimal

import pytest

import minarrow as ma

pd = pytest.importorskip("pandas")
np = pytest.importorskip("numpy")


def columns():
    yield pd.Series([1.0, None])
    yield pd.Series([1, 2, 3])
    yield pd.Series([True, False])
    yield pd.Series([1, None], dtype="Int64")
    yield pd.Series([1, None], dtype="UInt8")
    yield pd.Series([1.5, None], dtype="Float32")
    yield pd.Series([True, None], dtype="boolean")
    yield pd.Series(["a", None], dtype=object)
    yield pd.Series(["a", np.nan], dtype=object)
    yield pd.Series([b"a", np.nan])
    yield pd.Series([True, np.nan], dtype=object)
    yield pd.Series([Decimal("1.5"), None])
    yield pd.Series([dt.date(2020, 1, 1), pd.NaT], dtype=object)
    yield pd.Series([[1.0, np.nan], None])
    yield pd.Series(pd.to_datetime(["2020-01-01", None]))
    yield pd.Series(pd.date_range("2020-01-01", periods=2, tz="Europe/Paris"))
    yield pd.Series(pd.to_datetime(["2020-01-01", None])).dt.tz_localize("UTC")
    yield pd.Series(pd.to_timedelta([1, None], unit="s"))
    yield pd.Series([], dtype="float64")
    yield pd.date_range("2020-01-01", periods=2)
    yield pd.Index([1, 2])
    yield pd.RangeIndex(3)
    yield pd.Index(["a", "b"], dtype=object)
    yield pd.Series([1, 2], index=[5, 6])


@pytest.mark.parametrize("column", list(columns()), ids=lambda c: f"{type(c).__name__} {c.dtype}")
def test_as_pyarrow(column):
    pa = pytest.importorskip("pyarrow")
    ours, theirs = ma.array(column), pa.array(column)
    assert str(ours.type) == str(theirs.type)
    assert ours.to_pylist() == theirs.to_pylist()


def test_no_copy():
    column = pd.Series([1.0, None, 3.0])
    array = ma.array(column)
    assert array.buffers()[1].address == column.to_numpy().ctypes.data
    assert array.to_pylist() == [1.0, None, 3.0]


def test_missing_stays_a_value_when_asked():
    array = ma.array(pd.Series([1.0, None]), from_pandas=False)
    assert array.null_count == 0


def test_missing_without_a_column():
    assert ma.array([pd.NA, 1, pd.NaT, None]).to_pylist() == [None, 1, None, None]
    times = [pd.NaT, pd.Timestamp("2020-01-01")]
    assert ma.array(times, type=ma.timestamp("ns")).null_count == 1


def test_nanoseconds():
    value = pd.Timestamp(1577840523456789123)
    assert ma.array([value], type=ma.timestamp("ns")).to_pylist() == [value]
    assert str(ma.array([value]).type) == "timestamp[us]"
    lowest = pd.Timestamp.min
    assert ma.array([lowest], type=ma.timestamp("ns")).to_pylist() == [lowest]
    assert ma.array([pd.Timedelta(5)], type=ma.duration("ns")).to_pylist() == [pd.Timedelta(5)]


def test_times_that_reach_farther_than_datetime():
    for seconds in [-(2**62), -(10**12), 10**12, 2**62]:
        value = pd.Timestamp(np.datetime64(seconds, "s"))
        assert ma.array([value], type=ma.timestamp("s"))[0].value == seconds
        with pytest.raises(ma.ArrowInvalid, match="value 0: .* out of the range of timestamp.ns"):
            ma.array([value], type=ma.timestamp("ns"))
    assert ma.array([pd.Timestamp(np.datetime64("21970-02-28", "s"))], type="date32")[0].value == (
        np.datetime64("21970-02-28", "D").astype(int)
    )
    for seconds in [-(2**62), 10**17, 2**62]:
        value = pd.Timedelta(np.timedelta64(seconds, "s"))
        assert ma.array([value], type=ma.duration("s"))[0].value == seconds
        with pytest.raises(ma.ArrowInvalid, match="value 0: .* out of the range of duration.ns"):
            ma.array([value], type=ma.duration("ns"))


def test_intervals_of_a_timedelta():
    pa = pytest.importorskip("pyarrow")
    for value in [pd.Timedelta(nanoseconds) for nanoseconds in (1, -1, 86_400_000_001_500)]:
        ours = ma.array([value], type=ma.month_day_nano_interval())
        theirs = pa.array([value], type=pa.month_day_nano_interval())
        assert list(map(tuple, ours.to_pylist())) == list(map(tuple, theirs.to_pylist()))


def test_an_interval_s_bounds_by_their_names():
    type = ma.struct([("right", ma.int64()), ("left", ma.int64())])
    column = pd.Series(pd.arrays.IntervalArray.from_breaks([1, 2, 4]))
    expected = [{"left": 1, "right": 2}, {"left": 2, "right": 4}]
    assert ma.array(column, type=type).to_pylist() == expected


def test_offsets():
    offset = pd.DateOffset(years=1, weeks=2, hours=1, nanoseconds=5)
    assert ma.array([offset]).to_pylist() == [(12, 14, 3_600_000_000_005)]


@pytest.mark.parametrize("ordered", [False, True])
def test_categoricals(ordered):
    categories = pd.Index(["b", "a"], dtype=object)
    values = pd.Categorical(["a", "b", "a", None], categories=categories, ordered=ordered)
    for column in [values, pd.Series(values), pd.CategoricalIndex(values)]:
        array = ma.array(column)
        kind = f"dictionary<values=string, indices=int8, ordered={int(ordered)}>"
        assert str(array.type) == kind
        assert array.to_pylist() == ["a", "b", "a", None]
        assert array.dictionary.to_pylist() == ["b", "a"]
    assert ma.array(values, mask=[True, False, False, False]).to_pylist() == [None, "b", "a", None]
    wider = ma.dictionary(ma.int32(), ma.large_string(), ordered)
    assert ma.array(values, type=wider).type == wider
    assert ma.array(values, type=ma.string()).to_pylist() == ["a", "b", "a", None]
    numbers = pd.Categorical([30, 10, None])
    assert ma.array(numbers).to_pylist() == [30, 10, None]


def test_python_strings():
    column = pd.Series(["a", None], dtype=pd.StringDtype("python"))
    array = ma.array(column)
    assert array.to_pylist() == ["a", None]
    assert ma.array(column, type="large_string").to_pylist() == ["a", None]


def test_types_that_were_asked_for():
    column = pd.Series([1, None, 300], dtype="Int64")
    assert ma.array(column, type="int16").to_pylist() == [1, None, 300]
    with pytest.raises(ma.ArrowInvalid, match="value 2: 300 does not fit int8"):
        ma.array(column, type="int8")
    times = pd.date_range("2020-01-01", periods=2, tz="UTC")
    assert ma.array(times, type=ma.timestamp("s")).type == ma.timestamp("s")


def test_sparse():
    column = pd.Series([1, 0, 2], dtype="Sparse[int64]")
    assert ma.array(column).to_pylist() == [1, 0, 2]


def test_frames_are_no_columns():
    with pytest.raises(TypeError, match="from_pandas"):
        ma.array(pd.DataFrame({"a": [1]}))


def test_decimals_that_are_all_nan():
    nan = Decimal("NaN")
    array = ma.array([nan, None, nan], from_pandas=True)
    assert str(array.type) == "null" and array.null_count == 3
    with pytest.raises(ma.ArrowInvalid, match=r"Decimal\('Infinity'\) does not fit decimal128"):
        ma.array([Decimal("Infinity")], from_pandas=True)
    with pytest.raises(ma.ArrowInvalid, match="which null does not take"):
        ma.array([Decimal("1")], ma.null(), from_pandas=True)


def test_periods_and_intervals():
    periods = ma.array(pd.PeriodIndex(["1970-02", None, "1969-12"], freq="M"))
    assert str(periods.type) == "int64" and periods.to_pylist() == [1, None, -1]
    intervals = ma.array(pd.arrays.IntervalArray.from_tuples([(0, 1), None]))
    assert intervals.to_pylist() == [{"left": 0.0, "right": 1.0}, None]
