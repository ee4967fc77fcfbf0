"""A column of every type, and some within others, for handing to other libraries."""

import datetime as dt
from decimal import Decimal

import minarrow as ma

UTC = dt.UTC
NUMBERS = [1, None, 100, 0, 7]
TEXT = ["a", None, "grüße, mehr als zwölf", "", "日本語のテキスト", "more than twelve bytes"]
BYTES = [b"a", None, b"more than twelve bytes", b"", b"\x00\xff", b"exactly twelv"]
LISTS = [[1, None], None, [], [2, 3, 4], [5]]
MOMENTS = [
    dt.datetime(2020, 1, 2, 3, 4, 5),
    None,
    dt.datetime(1969, 12, 31),
    dt.datetime(2038, 1, 19),
]
SPANS = [dt.timedelta(days=1, seconds=2), None, dt.timedelta(0), dt.timedelta(seconds=-3)]
TIMES = [dt.time(1, 2, 3), None, dt.time(0), dt.time(23, 59, 59)]
DAYS = [dt.date(2020, 1, 2), None, dt.date(1969, 12, 31), dt.date(9999, 12, 31)]
DECIMALS = [Decimal("1.25"), None, Decimal("-99999.99"), Decimal("0.00")]
PEOPLE = [{"a": 1, "b": "x"}, None, {"a": None, "b": "more than twelve bytes"}, {"a": 3, "b": None}]
INTEGERS = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"]


def _flat():
    yield "null", ma.null(), [None] * 4
    yield "bool", ma.bool_(), [True, None, False, True, True]
    for name in INTEGERS:
        yield name, getattr(ma, name)(), NUMBERS
    for name in ["float16", "float32", "float64"]:
        yield name, getattr(ma, name)(), [1.5, None, -2.0, 0.0]
    yield "date32", ma.date32(), DAYS
    yield "date64", ma.date64(), DAYS
    for unit in ["s", "ms"]:
        yield f"time32[{unit}]", ma.time32(unit), TIMES
    for unit in ["us", "ns"]:
        yield f"time64[{unit}]", ma.time64(unit), TIMES
    for unit in ["s", "ms", "us", "ns"]:
        yield f"timestamp[{unit}]", ma.timestamp(unit), MOMENTS
        yield f"duration[{unit}]", ma.duration(unit), SPANS
    zoned = [at and at.replace(tzinfo=UTC) for at in MOMENTS]
    yield "timestamp[us, Europe/Berlin]", ma.timestamp("us", "Europe/Berlin"), zoned
    yield "month_interval", ma.month_interval(), [1, None, -3, 0]
    yield "day_time_interval", ma.day_time_interval(), [(1, 2), None, (-3, 0), (0, 0)]
    yield "month_day_nano_interval", ma.month_day_nano_interval(), [(1, 2, 3), None, (0, -1, 5)]
    for bits in [32, 64, 128, 256]:
        yield f"decimal{bits}", getattr(ma, f"decimal{bits}")(7, 2), DECIMALS
    yield "fixed_size_binary", ma.binary(3), [b"abc", None, b"xyz", b"\x00\x01\x02"]
    for name in ["string", "large_string", "string_view"]:
        yield name, getattr(ma, name)(), TEXT
    for name in ["binary", "large_binary", "binary_view"]:
        yield name, getattr(ma, name)(), BYTES


def _nested():
    for name in ["list_", "large_list", "list_view", "large_list_view"]:
        yield name.rstrip("_"), getattr(ma, name)(ma.int32()), LISTS
    yield "fixed_size_list", ma.list_(ma.int16(), 2), [[1, 2], None, [3, None], [4, 5]]
    person = ma.struct([("a", ma.int8()), ("b", ma.string())])
    yield "struct", person, PEOPLE
    pairs = [[("k", 1)], None, [("a", None), ("b", 2)], []]
    yield "map", ma.map_(ma.string(), ma.int32()), pairs
    yield "dictionary", ma.dictionary(ma.int8(), ma.string()), ["a", None, "b", "a"]
    ordered = ma.dictionary(ma.uint16(), ma.int64(), ordered=True)
    yield "dictionary, ordered", ordered, [10, None, 20, 10]
    choices = [ma.field("i", ma.int32()), ma.field("s", ma.string())]
    yield "dense_union", ma.dense_union(choices), [1, "a", None, "b"]
    yield "sparse_union", ma.sparse_union(choices), [1, "a", None, "b"]
    runs = ["a", "a", None, "b", "b", "b"]
    for ends in ["int16", "int32", "int64"]:
        type_ = ma.run_end_encoded(getattr(ma, ends)(), ma.string())
        yield f"run_end_encoded, {ends}", type_, runs
    yield "list of struct", ma.list_(person), [PEOPLE, None, [], PEOPLE[:1]]
    words = ma.dictionary(ma.int8(), ma.string())
    yield "list of dictionary", ma.list_(words), [["a", "b", None], None, ["a"], []]
    boxed = ma.struct([("l", ma.large_list(ma.list_(ma.string()))), ("d", words)])
    rows = [{"l": [["x"], None, []], "d": "a"}, None, {"l": None, "d": None}, {"l": [], "d": "b"}]
    yield "struct of lists", boxed, rows
    people = [*PEOPLE[2:], PEOPLE[2]]
    yield "dictionary of struct", ma.dictionary(ma.int32(), person), people


ALL = {name: (type_, values) for name, type_, values in [*_flat(), *_nested()]}

# whole, cut at both ends, one row of the middle, none
CUTS = [slice(None), slice(1, -1), slice(2, 3), slice(1, 1)]


def make(name):
    """The column of this name."""
    type_, values = ALL[name]
    return ma.array(values, type=type_)


def cut(array, rows):
    """These rows of an array, without a copy."""
    start, stop, _ = rows.indices(len(array))
    return array.slice(start, stop - start)


def share_memory(array, other):
    """Whether all buffers of `other` lie inside the array's; a bitmap without nulls may be gone."""
    return all(
        b is None or (a.address <= b.address and b.address + b.size <= a.address + a.size)
        for a, b in zip(array.buffers(), other.buffers(), strict=True)
        if b is None or b.size > 0
    )
