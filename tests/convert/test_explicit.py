"""Values under a type that was asked for: each type, its limits and the texts of refusals."""

import ctypes
import datetime as dt
import re
from decimal import Decimal

import pytest

import minarrow as ma


def steady_repr(value):
    """What repr() says, without addresses, so that every run names its tests alike."""
    return re.sub(r" at 0x[0-9a-f]+", "", repr(value))


UTC = dt.UTC
FIVE = dt.timezone(dt.timedelta(hours=5))

# type, values in, values out (None: the same)
ROUNDS = [
    (ma.null(), [None, None], None),
    (ma.bool_(), [True, None, False] * 9, None),
    (ma.int8(), [-128, 127, None], None),
    (ma.uint8(), [0, 255, None], None),
    (ma.int16(), [-(2**15), 2**15 - 1], None),
    (ma.uint16(), [0, 2**16 - 1], None),
    (ma.int32(), [-(2**31), 2**31 - 1], None),
    (ma.uint32(), [0, 2**32 - 1], None),
    (ma.int64(), [-(2**63), 2**63 - 1], None),
    (ma.uint64(), [0, 2**64 - 1, 2**63], None),
    (ma.int8(), [1.0, Decimal(2)], [1, 2]),
    (
        ma.float16(),
        [1.5, None, -2, float("inf"), 1e10],
        [1.5, None, -2.0, float("inf"), float("inf")],
    ),
    (ma.float32(), [0.5, 3, True], [0.5, 3.0, 1.0]),
    (ma.float64(), [0.1, 2**53, None], None),
    (ma.string(), ["", "x" * 100, None, "é", b"bytes"], ["", "x" * 100, None, "é", "bytes"]),
    (ma.large_string(), ["", "日本", None], None),
    (ma.string_view(), ["short", "longer than twelve bytes", None, "", "日本語のテキスト"], None),
    (ma.binary(), [b"", b"\xff", None, "text"], [b"", b"\xff", None, b"text"]),
    (ma.large_binary(), [b"a", None], None),
    (ma.binary_view(), [b"short", b"longer than twelve bytes", None], None),
    (ma.binary(3), [b"abc", None, "xyz"], [b"abc", None, b"xyz"]),
    (ma.date32(), [dt.date(1, 1, 1), dt.date(9999, 12, 31), None, dt.date(1970, 1, 1)], None),
    (ma.date32(), [dt.datetime(2020, 1, 1, 5), 1], [dt.date(2020, 1, 1), dt.date(1970, 1, 2)]),
    (ma.date64(), [dt.date(1900, 2, 28), dt.date(2000, 2, 29), None], None),
    (ma.time32("s"), [dt.time(1, 2, 3), 5, None], [dt.time(1, 2, 3), dt.time(0, 0, 5), None]),
    (ma.time32("ms"), [dt.time(1, 2, 3, 4000)], None),
    (ma.time64("us"), [dt.time(23, 59, 59, 999999), None], None),
    (
        ma.timestamp("s"),
        [dt.datetime(1960, 1, 1, 1, 2, 3, 456789)],
        [dt.datetime(1960, 1, 1, 1, 2, 3)],
    ),
    (
        ma.timestamp("ms"),
        [dt.datetime(1969, 1, 1, 1, 2, 3, 456789), None],
        [dt.datetime(1969, 1, 1, 1, 2, 3, 456000), None],
    ),
    (
        ma.timestamp("us"),
        [dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31), 5],
        [dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31), dt.datetime(1970, 1, 1, 0, 0, 0, 5)],
    ),
    (ma.timestamp("us"), [dt.datetime(2020, 1, 1, tzinfo=FIVE)], [dt.datetime(2019, 12, 31, 19)]),
    (ma.timestamp("us"), [dt.date(2020, 1, 1)], [dt.datetime(2020, 1, 1)]),
    (
        ma.timestamp("us", "UTC"),
        [dt.datetime(2020, 1, 1), dt.datetime(2020, 1, 1, tzinfo=FIVE)],
        [dt.datetime(2020, 1, 1, tzinfo=UTC), dt.datetime(2019, 12, 31, 19, tzinfo=UTC)],
    ),
    (ma.duration("s"), [dt.timedelta(days=1, microseconds=1), None], [dt.timedelta(days=1), None]),
    (
        ma.duration("ms"),
        [dt.timedelta(microseconds=-1000), 5],
        [dt.timedelta(microseconds=-1000), dt.timedelta(milliseconds=5)],
    ),
    (ma.duration("us"), [dt.timedelta(microseconds=-1)], None),
    (ma.month_interval(), [5, None, -1], None),
    (
        ma.month_day_nano_interval(),
        [(1, 2, 3), None, dt.timedelta(1, 1, 1)],
        [(1, 2, 3), None, (0, 1, 1_000_001_000)],
    ),
    (
        ma.decimal32(9, 2),
        [Decimal("1234567.89"), -5, None],
        [Decimal("1234567.89"), Decimal("-5.00"), None],
    ),
    (ma.decimal64(18, 0), [Decimal("9" * 18), Decimal("-" + "9" * 18)], None),
    (
        ma.decimal128(5, 2),
        [Decimal("1.550"), 15, Decimal("-0.01"), None],
        [Decimal("1.55"), Decimal("15.00"), Decimal("-0.01"), None],
    ),
    (ma.decimal128(38, 38), [Decimal("0." + "9" * 38), Decimal("-1e-38")], None),
    (ma.decimal128(5, -2), [Decimal("1e3")], [Decimal("1.0E+3")]),
    (ma.decimal256(76, 0), [Decimal("9" * 76), Decimal("-" + "9" * 76), 10**75], None),
    (
        ma.list_(ma.int8()),
        [[1, None], [], None, (3,), range(2), {4}],
        [[1, None], [], None, [3], [0, 1], [4]],
    ),
    (ma.large_list(ma.string()), [["a"], None], None),
    (ma.list_view(ma.int64()), [[1, 2], None, [], [3]], None),
    (ma.large_list_view(ma.int64()), [[1, 2], None, [], [3]], None),
    (ma.list_(ma.int64(), 2), [[1, 2], None, [3, 4]], None),
    (
        ma.map_(ma.string(), ma.int64()),
        [{"a": 1}, [("b", 2), ("c", None)], None, []],
        [[("a", 1)], [("b", 2), ("c", None)], None, []],
    ),
    (
        ma.map_(ma.string(), ma.int64()),
        [[{"key": "x", "value": 1}], [["y", 2]]],
        [[("x", 1)], [("y", 2)]],
    ),
    (
        ma.struct([("x", ma.string()), ("y", ma.int64())]),
        [{"x": "a", "y": 1}, None, ("b", 2), {"y": 3, "z": 4}, [("x", "c")], {b"x": "d"}],
        [
            {"x": "a", "y": 1},
            None,
            {"x": "b", "y": 2},
            {"x": None, "y": 3},
            {"x": "c", "y": None},
            {"x": "d", "y": None},
        ],
    ),
    (ma.dictionary(ma.int8(), ma.string()), ["a", "b", None, "a"], None),
    (ma.dictionary(ma.int32(), ma.list_(ma.int64())), [[1, 2], [], [1, 2], None], None),
    (ma.run_end_encoded(ma.int16(), ma.int64()), [1, 1, None, None, 2], None),
    (
        ma.dense_union([ma.field("a", ma.int64()), ma.field("b", ma.string())]),
        [1, "x", 2, "y"],
        None,
    ),
    (
        ma.sparse_union([ma.field("a", ma.int64()), ma.field("b", ma.string())]),
        [1, "x", None],
        None,
    ),
    (
        ma.dense_union(
            [
                ma.field("f", ma.float64()),
                ma.field("i", ma.int8()),
                ma.field("l", ma.list_(ma.int8())),
            ]
        ),
        [1, 0.5, [1, 2], 300],
        [1, 0.5, [1, 2], 300.0],
    ),
]


@pytest.mark.parametrize("type, values, expected", ROUNDS, ids=lambda v: str(v)[:40])
def test_round(type, values, expected):
    array = ma.array(values, type=type)
    assert array.type == type
    assert array.to_pylist() == (values if expected is None else expected)
    array.validate(full=True)


@pytest.mark.parametrize("type, values, expected", ROUNDS, ids=lambda v: str(v)[:40])
def test_what_comes_out_goes_in_again(type, values, expected):
    array = ma.array(values, type=type)
    assert ma.array(array.to_pylist(), type=type).equals(array)
    assert ma.array(tuple(array.to_pylist()), type=type).equals(array)
    assert ma.array(iter(array.to_pylist()), type=type).equals(array)


@pytest.mark.parametrize("type, values, expected", ROUNDS, ids=lambda v: str(v)[:40])
def test_masked_values_are_not_looked_at(type, values, expected):
    array = ma.array([object(), *values], type=type, mask=[True, *[False] * len(values)])
    assert array.to_pylist()[1:] == (values if expected is None else expected)
    assert array.to_pylist()[0] is None


REFUSALS = [
    (ma.int8(), [1, 2, 3, 300], ma.ArrowInvalid, r"value 3: 300 does not fit int8 \(-128 to 127\)"),
    (ma.uint8(), [-1], ma.ArrowInvalid, r"value 0: -1 does not fit uint8 \(0 to 255\)"),
    (ma.int64(), [2**63], ma.ArrowInvalid, "value 0: 9223372036854775808 does not fit int64"),
    (ma.uint64(), [2**64], ma.ArrowInvalid, r"does not fit uint64 \(0 to 18446744073709551615\)"),
    (ma.int8(), [1.5], ma.ArrowInvalid, "value 0: 1.5 is no whole number, and int8 holds only"),
    (
        ma.int8(),
        [float("nan")],
        ma.ArrowInvalid,
        "value 0: nan is of type float, which int8 does not",
    ),
    (ma.int8(), ["1"], ma.ArrowInvalid, "value 0: '1' is of type str, which int8 does not take"),
    (
        ma.int8(),
        [True],
        ma.ArrowTypeError,
        "value 0: True is of type bool, which int8 does not take",
    ),
    (ma.null(), [None, 1], ma.ArrowInvalid, "value 1: 1 is of type int, which null does not take"),
    (ma.bool_(), [1], ma.ArrowInvalid, "value 0: 1 is of type int, which bool does not take"),
    (ma.float32(), [2**24 + 1], ma.ArrowInvalid, "outside the integers that float holds exactly"),
    (ma.float64(), [Decimal(1)], ma.ArrowInvalid, "which double does not take"),
    (ma.string(), [1], ma.ArrowTypeError, "value 0: 1 is of type int, which string does not take"),
    (ma.string(), [b"\xff"], ma.ArrowInvalid, "value 0: bytes that are no UTF-8 cannot be text"),
    (ma.string(), ["a", "\ud800"], ma.ArrowInvalid, "value 1: .* holds a lone surrogate"),
    (ma.binary(3), [b"abcd"], ma.ArrowInvalid, "value 0: a value of 4 bytes where each has 3"),
    (
        ma.date32(),
        ["2020-01-01"],
        ma.ArrowTypeError,
        "is of type str, which date32.day. does not take",
    ),
    (
        ma.timestamp("ns"),
        [dt.datetime(9999, 1, 1)],
        ma.ArrowInvalid,
        "out of the range of timestamp",
    ),
    (ma.timestamp("us"), [True], ma.ArrowTypeError, "True is of type bool"),
    (ma.duration("ns"), [dt.timedelta(days=999999999)], ma.ArrowInvalid, "out of the range"),
    (
        ma.decimal128(5, 2),
        [Decimal("1.555")],
        ma.ArrowInvalid,
        "digits behind the point would be lost",
    ),
    (ma.decimal128(5, 2), [Decimal("1000")], ma.ArrowInvalid, "does not fit .*: too many digits"),
    (ma.decimal128(5, 2), [1000], ma.ArrowInvalid, "does not fit .*: too many digits"),
    (ma.decimal128(5, 2), [10**1000], ma.ArrowInvalid, "does not fit"),
    (ma.decimal128(5, 2), [Decimal("NaN")], ma.ArrowInvalid, "it is no finite number"),
    (ma.decimal128(5, 2), [Decimal("1e1000000")], ma.ArrowInvalid, "too many digits"),
    (ma.decimal128(5, 2), [Decimal("1e-1000000")], ma.ArrowInvalid, "would be lost"),
    (ma.decimal128(5, 2), [1.5], ma.ArrowTypeError, "1.5 is of type float"),
    (ma.month_interval(), [(1, 2, 3)], ma.ArrowInvalid, "out of the range of month_interval"),
    (ma.month_day_nano_interval(), [(2**31, 0, 0)], ma.ArrowInvalid, "out of the range"),
    (ma.list_(ma.int8()), [[1], [2, 300]], ma.ArrowInvalid, r"value 1\[1\]: 300 does not fit int8"),
    (
        ma.list_(ma.int8()),
        [1],
        ma.ArrowTypeError,
        "value 0: 1 is of type int, which list<item: int8>",
    ),
    (
        ma.list_(ma.string()),
        ["ab"],
        ma.ArrowTypeError,
        "'ab' is of type str, which list<item: string>",
    ),
    (
        ma.list_(ma.int64(), 2),
        [[1, 2], [3]],
        ma.ArrowInvalid,
        "value 1: a list of 1 items where each has 2",
    ),
    (
        ma.map_(ma.string(), ma.int64()),
        [[(None, 1)]],
        ma.ArrowInvalid,
        r"value 0\[0\]: a map's key cannot be null",
    ),
    (
        ma.map_(ma.string(), ma.int64()),
        [[("a",)]],
        ma.ArrowTypeError,
        r"value 0\[0\]: .* is no \(key, value\)",
    ),
    (ma.map_(ma.string(), ma.int64()), [5], ma.ArrowTypeError, "5 is of type int, which map"),
    (
        ma.struct([("x", ma.int8())]),
        [{"x": 1}, {"x": 300}],
        ma.ArrowInvalid,
        r"value 1\['x'\]: 300 does not",
    ),
    (
        ma.struct([("x", ma.struct([("y", ma.int8())]))]),
        [{"x": {"y": "a"}}],
        ma.ArrowInvalid,
        r"value 0\['x'\]\['y'\]",
    ),
    (
        ma.struct([("x", ma.int8())]),
        [(1, 2)],
        ma.ArrowInvalid,
        "a tuple of 2 items where the struct has 1",
    ),
    (
        ma.struct([("x", ma.int8())]),
        [5],
        ma.ArrowTypeError,
        "value 0: 5 is of type int, which struct<x: int8>",
    ),
    (
        ma.dictionary(ma.int8(), ma.int64()),
        list(range(129)),
        ma.ArrowInvalid,
        "value 128: 129 distinct values",
    ),
    (
        ma.dense_union([ma.field("a", ma.int64())]),
        ["x"],
        ma.ArrowTypeError,
        "'x' is of type str, which dense_union",
    ),
    (
        ma.run_end_encoded(ma.int16(), ma.bool_()),
        [True] * 40000,
        ma.ArrowInvalid,
        "value 32767: row 32767 is more",
    ),
]


@pytest.mark.parametrize("type, values, error, text", REFUSALS, ids=lambda v: str(v)[:40])
def test_refusal_says_what_and_where(type, values, error, text):
    with pytest.raises(error, match=text):
        ma.array(values, type=type)


def test_unsafe_conversion_cuts():
    assert ma.array([1.5, -1.5], type=ma.int8(), safe=False).to_pylist() == [1, -1]
    assert ma.array([2**53 + 1], type=ma.float64(), safe=False).to_pylist() == [float(2**53)]
    with pytest.raises(ma.ArrowInvalid):
        ma.array([300], type=ma.int8(), safe=False)


def test_type_by_name():
    assert ma.array([1, 2], type="int8").type == ma.int8()


def test_nan_is_null_only_when_asked():
    nan = float("nan")
    assert ma.array([1.0, nan]).null_count == 0
    assert ma.array([1.0, nan], from_pandas=True).to_pylist() == [1.0, None]
    assert ma.array(["a", nan], from_pandas=True).to_pylist() == ["a", None]
    assert str(ma.array([1, nan], from_pandas=True).type) == "int64"
    assert str(ma.array([nan], from_pandas=True).type) == "null"
    assert ma.array([[1.0, nan]], from_pandas=True).to_pylist() == [[1.0, None]]
    decimals = ma.array([Decimal("NaN"), Decimal("1.5")], from_pandas=True)
    assert decimals.to_pylist() == [None, Decimal("1.5")]


def test_size_and_mask():
    assert ma.array(iter([1, 2, 3]), size=2).to_pylist() == [1, 2]
    assert ma.array([1, 2, 3], size=2).to_pylist() == [1, 2, 3]
    assert ma.array([1, "a", 3], mask=[False, True, False]).to_pylist() == [1, None, 3]
    assert ma.array([1, 2], mask=ma.array([True, False])).to_pylist() == [None, 2]
    assert ma.array([1, 2], mask=memoryview(bytes([1, 0])).cast("?")).to_pylist() == [None, 2]
    mask = (ctypes.c_bool * 2)(True, False)  # which gives no strides
    assert ma.array([1, 2], mask=mask).to_pylist() == [None, 2]
    with pytest.raises(ma.ArrowInvalid, match="a mask of 1 items for 2 values"):
        ma.array([1, 2], mask=[True])
    with pytest.raises(ma.ArrowTypeError, match="a mask is a boolean array"):
        ma.array([1, 2], mask=[1, 0])
    with pytest.raises(ValueError, match="its own nulls"):
        ma.array(ma.array([1, 2]), mask=[True, False])


@pytest.mark.parametrize("size", [0, 2, 3, 8, 16])
def test_a_format_of_one_byte_with_items_of_another_size(size):
    class Bytes(ctypes.Union):
        _fields_ = [("bytes", ctypes.c_uint8 * size)]

    values = (Bytes * 1000)()
    view = memoryview(values)
    assert (view.format, view.itemsize) == ("B", size)
    for type in (None, ma.uint8(), ma.uint64(), ma.list_(ma.uint64())):
        with pytest.raises((ma.ArrowInvalid, ma.ArrowTypeError), match="value 0.*: .*Bytes"):
            ma.array([values] if type == ma.list_(ma.uint64()) else values, type=type)


@pytest.mark.parametrize("values", [[1, None], ["a", "b"], [2.5, 1], [1, 2.5], [True, "a"]])
@pytest.mark.parametrize("mask", [[True, True], [True, False], [False, True]])
def test_masked_values_have_no_say_in_the_type(values, mask):
    pa = pytest.importorskip("pyarrow")
    np = pytest.importorskip("numpy")
    ours, theirs = ma.array(values, mask=mask), pa.array(values, mask=np.array(mask))
    assert str(ours.type) == str(theirs.type)
    assert ours.to_pylist() == theirs.to_pylist()


@pytest.mark.parametrize("values", [5, None, object()], ids=steady_repr)
def test_not_iterable(values):
    with pytest.raises(TypeError, match="takes an iterable"):
        ma.array(values)


def test_array_of_an_array():
    array = ma.array([1, 2, None])
    assert ma.array(array) is array or ma.array(array).equals(array)
    assert ma.array(array, type=ma.int8()).equals(ma.array([1, 2, None], type=ma.int8()))


def test_nulls_scalar_repeat():
    assert ma.nulls(3).equals(ma.array([None] * 3))
    for type, _, _ in ROUNDS:
        array = ma.nulls(5, type)
        assert array.to_pylist() == [None] * 5
        array.validate(full=True)
    assert ma.scalar(5).as_py() == 5
    assert ma.scalar(5, ma.int8()).type == ma.int8()
    assert ma.scalar(None).as_py() is None
    assert ma.scalar([1, None]).as_py() == [1, None]
    assert ma.scalar([1, None], ma.list_(ma.int8())).type == ma.list_(ma.int8())
    assert ma.repeat("x", 3).to_pylist() == ["x"] * 3
    assert ma.repeat(ma.scalar(1, ma.int8()), 2).equals(ma.array([1, 1], type=ma.int8()))
    with pytest.raises(ValueError, match="negative"):
        ma.nulls(-1)


def test_dictionaries_hold_each_value_once():
    array = ma.array(["b", "a", "b", None, "a"] * 50, type=ma.dictionary(ma.int8(), ma.string()))
    assert array.dictionary.to_pylist() == ["b", "a"]
    nan = float("nan")
    array = ma.array([nan, nan, 0.0, -0.0], type=ma.dictionary(ma.int8(), ma.float64()))
    assert len(array.dictionary) == 3


@pytest.mark.parametrize("union", [ma.dense_union, ma.sparse_union])
def test_a_value_without_an_index_goes_to_another_child_each_time(union):
    words = ma.dictionary(ma.int8(), ma.string())
    values = [f"word {i}" for i in range(130)] + ["word 128", "word 129", "word 0"]
    array = ma.array(values, union([ma.field("words", words), ma.field("text", ma.string())]))
    array.validate(full=True)
    assert array.to_pylist() == values
    assert array.type_codes.to_pylist() == [0] * 128 + [1] * 4 + [0]
    assert array.field(0).dictionary.to_pylist() == values[:128]


class Shrinks:
    """Takes the list apart while it is being converted."""

    def __init__(self, values):
        self.values = values

    def __index__(self):
        self.values.clear()
        return 1

    __float__ = __str__ = __int__ = __index__

    @property
    def dtype(self):
        self.values.clear()
        raise AttributeError


@pytest.mark.parametrize(
    "type", [ma.int64(), ma.float64(), ma.decimal128(5, 2), ma.timestamp("s"), ma.bool_()], ids=str
)
@pytest.mark.parametrize("nested", [False, True])
def test_a_list_that_changes_meanwhile(type, nested):
    values = []
    values.extend([Shrinks(values)] + [None] * 1000)
    with pytest.raises((RuntimeError, ma.ArrowInvalid, ma.ArrowTypeError)):
        ma.array([values] if nested else values, type=ma.list_(type) if nested else type)
    with pytest.raises((RuntimeError, ma.ArrowInvalid, AttributeError)):
        values.extend([1, Shrinks(values)] + [None] * 1000)
        ma.array([values] if nested else values)


class Raises:
    def __index__(self):
        raise ZeroDivisionError("mine")

    __float__ = __index__


@pytest.mark.parametrize("type", [ma.int64(), ma.float64(), ma.decimal128(5, 2)], ids=str)
def test_a_value_s_own_error_stays(type):
    with pytest.raises(ZeroDivisionError, match=r"^mine$"):
        ma.array([1, Raises()], type=type)


def test_long_text_is_cut_in_errors():
    with pytest.raises(ma.ArrowInvalid) as caught:
        ma.array([1, "x" * 10_000])
    assert len(str(caught.value)) < 200


def test_deep_types_convert():
    type = ma.int64()
    value = 5
    for _ in range(200):
        type = ma.list_(type)
        value = [value]
    assert ma.array([value], type=type).to_pylist() == [value]
    assert ma.array([value]).type == type


@pytest.mark.parametrize(
    "make",
    [
        lambda m: m.array(iter([1]), size=-1),
        lambda m: m.nulls(-1),
        lambda m: m.repeat("a", -1),
        lambda m: m.concat_arrays([]),
    ],
)
def test_sizes_that_are_not(make):
    with pytest.raises(ma.ArrowInvalid):
        make(ma)
