"""Which type `array` finds for values, beside pyarrow where that is installed."""

import datetime as dt
import re
import subprocess
import sys
import uuid
from decimal import Decimal

import pytest

import minarrow as ma


def steady_repr(value):
    """What repr() says, without addresses, so that every run names its tests alike."""
    return re.sub(r" at 0x[0-9a-f]+", "", repr(value))


UTC = dt.UTC

# Values that both infer alike.
ALIKE = [
    [],
    [None],
    [1, None],
    [True, None, False],
    [1, 2.5],
    [1.5, 2],
    [float("inf"), None],
    ["a", None, "é", "日本", "😀"],
    [b"a", None],
    ["a", b"b"],
    [b"b", "a"],
    [bytearray(b"a"), memoryview(b"b")],
    [[1], None, [2.5]],
    [(1, 2), [3]],
    [{1, 2}],
    [{"a": 1, "b": 2}.values(), None],
    [[], [None]],
    [[[]]],
    [{"a": 1}, {"b": "x"}],
    [{}, None],
    [{"a": 1}, {}],
    [[{"a": None}], [{"a": 1}]],
    [{b"a": 1}],
    [dt.date(2020, 1, 1), None],
    [dt.date(2020, 1, 1), dt.datetime(2020, 1, 1, 5)],
    [dt.time(1, 2, 3, 4)],
    [dt.datetime(2020, 1, 1), dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31, 23, 59, 59, 999999)],
    [dt.datetime(2020, 1, 1, tzinfo=UTC), dt.datetime(2020, 1, 1)],
    [dt.datetime(2020, 1, 1), dt.datetime(2020, 1, 1, tzinfo=UTC)],
    [dt.datetime(2020, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=5, minutes=30)))],
    [dt.datetime(2020, 1, 1, tzinfo=dt.timezone(-dt.timedelta(hours=5, minutes=30)))],
    [dt.timedelta(days=1), dt.timedelta(microseconds=-1)],
    [Decimal("1.5"), Decimal("100")],
    [Decimal("1"), 1],
    [1, Decimal("1")],
    [Decimal("1e10")],
    [Decimal("1e-10")],
    [Decimal("0.001"), Decimal("-12345.6")],
    [Decimal("0")],
    [Decimal("0E+3")],
    [Decimal(10) ** 40],
    range(3),
    {1: 2},
    {"a": 1}.values(),
    "abc",
    (None, (1, 2)),
]


@pytest.mark.parametrize("values", ALIKE, ids=steady_repr)
def test_same_type_and_values_as_pyarrow(values):
    pa = pytest.importorskip("pyarrow")
    theirs = pa.array(values)
    ours = ma.array(values)
    assert str(ours.type) == str(theirs.type)
    assert ours.to_pylist() == theirs.to_pylist()
    assert ours.null_count == theirs.null_count


@pytest.mark.parametrize(
    "values, type",
    [
        ([], "null"),
        ([None, None], "null"),
        ([True], "bool"),
        ([1], "int64"),
        ([2**63 - 1, -(2**63)], "int64"),
        ([2**63, 0], "uint64"),
        ([2**64 - 1], "uint64"),
        ([1, 0.5], "double"),
        (["a"], "string"),
        ([b"a"], "binary"),
        ([dt.date(2020, 1, 1)], "date32[day]"),
        ([dt.datetime(2020, 1, 1)], "timestamp[us]"),
        ([dt.datetime(2020, 1, 1, tzinfo=UTC)], "timestamp[us, tz=UTC]"),
        ([dt.time(1)], "time64[us]"),
        ([dt.timedelta(1)], "duration[us]"),
        ([Decimal("1.25")], "decimal128(3, 2)"),
        ([[1]], "list<item: int64>"),
        ([frozenset([1])], "list<item: int64>"),
        ([{"a": 1}], "struct<a: int64>"),
        ([ma.MonthDayNano((1, 2, 3))], "month_day_nano_interval"),
        ([ma.scalar(5, ma.int8()), None], "int8"),
        ([[ma.scalar("x")]], "list<item: string>"),
    ],
    ids=steady_repr,
)
def test_type(values, type):
    assert str(ma.array(values).type) == type


def test_uuid_takes_16_bytes():
    value = uuid.uuid4()
    array = ma.array([value, None])
    assert array.to_pylist() == [value, None]
    assert array.storage.to_pylist() == [value.bytes, None]


@pytest.mark.thread_unsafe(reason="the process has one registry")
@pytest.mark.parametrize("width", [1, 15, 16, 17, 1 << 26])
def test_another_uuid_type_is_taken_where_it_stores_16_bytes(width):
    class Other(ma.ExtensionType):
        def __init__(self):
            super().__init__(ma.binary(width), "arrow.uuid")

        def __arrow_ext_serialize__(self):
            return b""

        @classmethod
        def __arrow_ext_deserialize__(cls, storage_type, serialized):
            return cls()

    value = uuid.uuid4()
    ours = ma.uuid()
    ma.unregister_extension_type("arrow.uuid")
    ma.register_extension_type(Other())
    try:
        for array in (ma.array([value, None]), ma.array([[value, None]]).values):
            storage = array.storage if width == 16 else array
            assert isinstance(array.type, Other) == (width == 16)
            assert storage.type == ma.binary(16)
            assert storage.to_pylist() == [value.bytes, None]
    finally:
        ma.unregister_extension_type("arrow.uuid")
        ma.register_extension_type(ours)


@pytest.mark.parametrize("values", ["value", "[value]", "{'a': value}"])
def test_uuid_is_known_from_the_first(values):
    """Extension types are imported late; what a value becomes must not hang on that."""
    code = (
        f"import uuid, minarrow; value = uuid.UUID(int=5); "
        f"assert minarrow.array([{values}]).to_pylist() == [{values}]"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    "values, error, text",
    [
        (
            [1, 2, "a"],
            ma.ArrowInvalid,
            "value 2: 'a' is of type str, but the values before it are int64",
        ),
        (
            [1.5, "a"],
            ma.ArrowInvalid,
            "value 1: 'a' is of type str, but the values before it are double",
        ),
        (
            [None, "a", 1],
            ma.ArrowTypeError,
            "value 2: 1 is of type int, but .* before it are string",
        ),
        ([1, True], ma.ArrowTypeError, "value 1: True is of type bool, but .* before it are int64"),
        ([True, 1], ma.ArrowInvalid, "value 1: 1 is of type int, but .* before it are bool"),
        ([1, [2]], ma.ArrowInvalid, r"value 1: \[2\] is of type list, but .* before it are int64"),
        ([[1], 2], ma.ArrowInvalid, "value 1: 2 is of type int, but .* before it are list"),
        ([{"a": 1}, [1]], ma.ArrowInvalid, "value 1: .* before it are struct"),
        ([Decimal(1), 1.5], ma.ArrowTypeError, "value 1: 1.5 is of type float"),
        (
            [dt.datetime(2020, 1, 1), dt.date(2020, 1, 1)],
            ma.ArrowTypeError,
            "value 1: .* timestamp",
        ),
        ([dt.time(1), dt.timedelta(1)], ma.ArrowTypeError, "value 1: .* before it are time64"),
        ([[1], [2, "a"]], ma.ArrowInvalid, r"value 1\[1\]: 'a' is of type str"),
        ([{"a": {"b": 1}}, {"a": {"b": "x"}}], ma.ArrowInvalid, r"value 1\['a'\]\['b'\]: 'x'"),
        (
            [{1: 2}],
            ma.ArrowTypeError,
            "value 0: .* the key 1 is of type int; for a map, give type=",
        ),
        ([object()], ma.ArrowInvalid, "value 0: <object .* no Arrow type can be inferred"),
        ([2**64], ma.ArrowInvalid, "value 0: 18446744073709551616 fits neither int64 nor uint64"),
        ([-1, 2**63], ma.ArrowInvalid, "value 1: .* no integer type holds both"),
        ([Decimal(10) ** 80], ma.ArrowInvalid, "81 digits, and the widest decimal has 76"),
        ([2**53 + 1, 0.5], ma.ArrowInvalid, "value 0: 9007199254740993 is outside the integers"),
        ([ma.scalar(1), 2], ma.ArrowInvalid, "value 1: 2 is of type int"),
    ],
    ids=steady_repr,
)
def test_position_of_the_value_that_does_not_fit(values, error, text):
    with pytest.raises(error, match=text) as caught:
        ma.array(values)
    if str(caught.value).startswith("value"):
        assert caught.value.path.startswith("value ")


def test_one_class_of_error_everywhere():
    """A text that turns up late is found at once by the quick way, and named by the slow one."""
    values = [*range(100_000), "late"]
    with pytest.raises(ma.ArrowInvalid, match="value 100000: 'late' is of type str"):
        ma.array(values)


def test_lists_that_contain_themselves():
    values = []
    values.append(values)
    with pytest.raises(ma.ArrowInvalid, match="deeper than 512 levels; does one contain itself"):
        ma.array(values)
    mapping = {}
    mapping["a"] = mapping
    with pytest.raises(ma.ArrowInvalid, match="deeper than"):
        ma.array([mapping])


def test_numpy_scalars():
    np = pytest.importorskip("numpy")
    pa = pytest.importorskip("pyarrow")
    for values in [
        [np.int8(1), None],
        [np.int8(1), np.int16(2)],
        [np.int8(1), 5],
        [np.uint64(2**63)],
        [np.uint64(1), -1],
        [np.float32(1)],
        [np.float32(1), 1],
        [np.float16(1)],
        [np.float64(1.5), np.int64(2)],
        [np.uint8(1), np.float32(2)],
        [np.bool_(True), False],
        [np.str_("a")],
        [np.bytes_(b"a")],
        [np.datetime64("2020-01-01T05", "ns")],
        [np.datetime64("2020-01-01T05", "s"), np.datetime64("NaT", "s")],
        [np.timedelta64(1, "s")],
        [np.array([1, 2])],
        [np.array([1, 2], dtype="i1"), [3]],
        [np.array([1, 2], dtype="i1"), np.array([1.5])],
        [np.array(["a", "b"])],
        [np.array([1, 2], dtype="M8[s]")],
        [np.array([None, "a"], dtype=object)],
        [np.array([], dtype="i1"), None],
    ]:
        assert str(ma.array(values).type) == str(pa.array(values).type), values
        assert ma.array(values).to_pylist() == pa.array(values).to_pylist(), values
