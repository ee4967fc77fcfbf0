"""Rows as Python objects, of types whose values Python cannot always say."""

import struct
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest

import minarrow as ma


def numbers(type, *values):
    letter = "q" if type.bit_width == 64 else "i"
    data = struct.pack(f"<{len(values)}{letter}", *values)
    return ma.Array.from_buffers(type, len(values), [None, ma.py_buffer(data)])


@pytest.mark.parametrize(
    "type, number, value",
    [
        (ma.date32(), -719162, date(1, 1, 1)),
        (ma.date32(), 2932896, date(9999, 12, 31)),
        (ma.date64(), -1, date(1969, 12, 31)),
        (ma.time32("s"), 86399, time(23, 59, 59)),
        (ma.time64("ns"), 1000, time(0, 0, 0, 1)),
        (ma.timestamp("s"), -62135596800, datetime(1, 1, 1)),
        (ma.timestamp("us"), -1, datetime(1969, 12, 31, 23, 59, 59, 999999)),
        (ma.timestamp("ns"), -1000, datetime(1969, 12, 31, 23, 59, 59, 999999)),
        (ma.timestamp("ms", ""), 1, datetime(1970, 1, 1, 0, 0, 0, 1000)),
        (ma.timestamp("s", "UTC"), 0, datetime(1970, 1, 1, tzinfo=UTC)),
        (ma.timestamp("s", "+05:30"), 0, datetime(1970, 1, 1, tzinfo=UTC)),
        (ma.timestamp("s", "Europe/Berlin"), 1720000000, datetime.fromtimestamp(1720000000, UTC)),
        (ma.duration("s"), -1, timedelta(seconds=-1)),
        (ma.duration("ns"), 1000, timedelta(microseconds=1)),
        (ma.month_interval(), -3, -3),
    ],
)
def test_numbers_become_times(type, number, value):
    array = numbers(type, number)
    (found,) = array.to_pylist()
    assert found == value == array[0].as_py()
    if isinstance(value, datetime) and value.tzinfo:
        assert found.tzinfo is not None


def test_times_in_a_zone_are_local():
    (found,) = numbers(ma.timestamp("s", "Europe/Berlin"), 1720000000).to_pylist()
    assert found.utcoffset() == timedelta(hours=2) and str(found.tzinfo) == "Europe/Berlin"


@pytest.mark.parametrize(
    "type, number",
    [
        (ma.date32(), 2932897),
        (ma.date32(), -(2**31)),
        (ma.date64(), 2**63 - 1),
        (ma.time32("s"), 86400),
        (ma.time64("us"), -1),
        (ma.time64("ns"), 1),
        (ma.timestamp("s"), 2**63 - 1),
        (ma.timestamp("us"), -(2**63)),
        (ma.timestamp("s", "+23:00"), 253402300799),
        (ma.timestamp("s", "No/Where"), 0),
        (ma.timestamp("s", "../../etc/passwd"), 0),
        (ma.duration("s"), 2**62),
    ],
)
def test_what_python_cannot_say_is_refused(type, number):
    array = numbers(type, number)
    with pytest.raises(ma.ArrowInvalid, match="value"):
        array.to_pylist()
    assert array[0].value == number
    assert str(array) and repr(array[0]) and isinstance(hash(array[0]), int)


def test_nanoseconds_need_pandas():
    pandas = pytest.importorskip("pandas")
    (found,) = numbers(ma.timestamp("ns", "Asia/Tokyo"), 1001).to_pylist()
    assert found == pandas.Timestamp(1001, unit="ns", tz="Asia/Tokyo") and found.nanosecond == 1
    (found,) = numbers(ma.duration("ns"), 1001).to_pylist()
    assert found == pandas.Timedelta(1001, unit="ns")


@pytest.mark.parametrize("bits, width", [(32, 9), (64, 18), (128, 38), (256, 76)])
@pytest.mark.parametrize("scale", [0, 2, 5, -3])
def test_decimals_are_exact(bits, width, scale):
    type = getattr(ma, f"decimal{bits}")(width, scale)
    wanted = [
        0,
        1,
        -1,
        10**9,
        -(10 ** (width - 1)),
        2 ** (bits - 1) - 1,
        -(2 ** (bits - 1)),
        -12345,
    ]
    wanted = [v for v in wanted if -(2 ** (bits - 1)) <= v < 2 ** (bits - 1)]
    data = b"".join(v.to_bytes(bits // 8, "little", signed=True) for v in wanted)
    array = ma.Array.from_buffers(type, len(wanted), [None, ma.py_buffer(data)])
    expected = [Decimal((int(v < 0), tuple(map(int, str(abs(v)))), -scale)) for v in wanted]
    assert [str(v) for v in array.to_pylist()] == [str(v) for v in expected]
    pyarrow = pytest.importorskip("pyarrow")
    theirs = getattr(pyarrow, f"decimal{bits}")(width, scale)
    theirs = pyarrow.Array.from_buffers(theirs, len(wanted), [None, pyarrow.py_buffer(data)])
    if scale >= 0:
        assert str(array) == str(theirs)


def test_intervals():
    data = struct.pack("<iiq", 1, -2, 3)
    (found,) = ma.Array.from_buffers(
        ma.month_day_nano_interval(), 1, [None, ma.py_buffer(data)]
    ).to_pylist()
    assert found == (1, -2, 3) and found.nanoseconds == 3 and isinstance(found, ma.MonthDayNano)
    data = ma.py_buffer(struct.pack("<ii", 1, -2))
    assert ma.Array.from_buffers(ma.day_time_interval(), 1, [None, data]).to_pylist() == [(1, -2)]


def test_maps_with_a_key_twice():
    array = ma.array([[("a", 1), ("a", 2)]], ma.map_(ma.string(), ma.int8()))
    assert array.to_pylist() == [[("a", 1), ("a", 2)]]
    assert array.to_pylist(maps_as_pydicts="lossy") == [{"a": 2}]
    with pytest.raises(KeyError, match="twice"):
        array.to_pylist(maps_as_pydicts="strict")
    with pytest.raises(ValueError, match="maps_as_pydicts"):
        array.to_pylist(maps_as_pydicts="other")
