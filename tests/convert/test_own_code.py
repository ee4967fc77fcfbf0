"""Values whose own code runs while they are converted, and may do anything to what holds them."""

import array as stdlib_array
import datetime as dt
import subprocess
import sys
from decimal import Decimal

import pytest

import minarrow as ma


class Grows(Decimal):
    """Makes the list that it stands in longer as soon as it is looked at."""

    values = None

    def __str__(self):
        if self.values is not None:
            self.values.extend([None] * 5000)
            self.values = None
        return "1"


def test_a_mask_is_for_the_values_that_there_were():
    values = [Grows(1)]
    values[0].values = values
    assert ma.array(values, mask=[False]).to_pylist() == [1]


@pytest.mark.parametrize("told", [1, 5000])
def test_a_mask_is_for_the_values_that_are_exported(told):
    numpy = pytest.importorskip("numpy")

    class Exports(numpy.ndarray):
        def __len__(self):
            return told

    class Sequence:
        def __len__(self):
            return told

        def __getitem__(self, index):
            return [5, 6, 7][index]

        def __buffer__(self, flags):
            return memoryview(stdlib_array.array("q", [5, 6, 7]))

    for values in (numpy.array([5, 6, 7]).view(Exports), Sequence()):
        assert ma.array(values, mask=[False, True, False]).to_pylist() == [5, None, 7]
        with pytest.raises(ma.ArrowInvalid, match="a mask of 1 items for 3 values"):
            ma.array(values, mask=[False])


class Says(ma.Scalar):
    """Says that it holds something else than it does."""

    def as_py(self, **kwargs):
        return SAID


SAID = None


def a_scalar_that_says(value, monkeypatch):
    class Kind(ma.ExtensionType):
        def __init__(self):
            super().__init__(ma.int64(), "test.says")

        def __arrow_ext_serialize__(self):
            return b""

        def __arrow_ext_scalar_class__(self):
            return Says

    monkeypatch.setitem(globals(), "SAID", value)
    return ma.ExtensionArray.from_storage(Kind(), ma.array([1]))[0]


THREE = ma.struct([(name, ma.int64()) for name in "abc"])


def test_a_scalar_s_value_is_a_row_like_any_other(monkeypatch):
    def converted(value):
        return ma.array([a_scalar_that_says(value, monkeypatch)], type=THREE).to_pylist()

    assert converted((1, 2, 3)) == converted({"a": 1, "b": 2, "c": 3})
    assert converted([("a", 1)]) == [{"a": 1, "b": None, "c": None}]
    assert converted(None) == [None]
    with pytest.raises(ma.ArrowInvalid, match="a tuple of 2 items where the struct has 3 fields"):
        converted((1, 2))
    with pytest.raises(ma.ArrowTypeError, match="value 0: 5 is of type int, which struct"):
        converted(5)
    with pytest.raises(ma.ArrowTypeError, match="value 0: 'abc' is of type str, which struct"):
        converted("abc")


def test_an_interval_is_no_row_of_more_fields():
    interval = ma.array([(1, 2)], type=ma.day_time_interval())[0]
    with pytest.raises(ma.ArrowInvalid, match="a tuple of 2 items where the struct has 3 fields"):
        ma.array([interval], type=THREE)


@pytest.mark.parametrize("listed", [iter([1]), 5, None, {1: 2}], ids=lambda v: type(v).__name__)
def test_what_is_no_list_is_not_taken_for_one(listed):
    class Lists(ma.ExtensionArray):
        def to_pylist(self, **kwargs):
            return listed

    class Kind(ma.ExtensionType):
        def __init__(self):
            super().__init__(ma.int64(), "test.lists")

        def __arrow_ext_serialize__(self):
            return b""

        def __arrow_ext_class__(self):
            return Lists

    made = ma.ExtensionArray.from_storage(Kind(), ma.array([1, 2]))
    with pytest.raises(TypeError, match="give a list, and not a"):
        ma.array(made, type=ma.string())


def test_a_subclass_of_numpy_s_array_that_lists_something_else():
    numpy = pytest.importorskip("numpy")

    class Lists(numpy.ndarray):
        def tolist(self):
            return 5

    for dtype in ("O", "U1"):
        with pytest.raises(TypeError, match="give a list, and not a int"):
            ma.array(numpy.array([1, 2]).astype(dtype).view(Lists))


@pytest.mark.parametrize("rows", [0, 1, 4])
def test_fields_of_a_structured_array_are_of_one_length(rows):
    numpy = pytest.importorskip("numpy")

    class Differs(numpy.ndarray):
        def __getitem__(self, key):
            found = numpy.asarray(super().__getitem__(key))
            return numpy.zeros(rows, "i8") if key == "b" else found

    values = numpy.zeros(3, dtype=[("a", "i8"), ("b", "i8")]).view(Differs)
    if rows < 3:
        with pytest.raises(ma.ArrowInvalid, match="b"):
            ma.array(values)
    else:
        assert ma.array(values).to_pylist() == [{"a": 0, "b": 0}] * 3


def test_a_type_that_claims_to_be_a_dictionary():
    pandas = pytest.importorskip("pandas")

    class Kind(ma.ExtensionType):
        def __init__(self):
            super().__init__(ma.int64(), "test.claims")

        def __arrow_ext_serialize__(self):
            return b""

    class Named(Kind):
        def __str__(self):
            return "dictionary<values=string>"

    class Claims(Kind):
        storage_type = ma.dictionary(ma.int8(), ma.string())

    values = pandas.Categorical(["a", "b"])
    with pytest.raises(ma.ArrowInvalid, match="value 0: 'a' is of type str, which int64"):
        ma.array(values, type=Named())
    with pytest.raises(ma.ArrowTypeError, match="a Categorical is no extension"):
        ma.array(values, type=Claims())


@pytest.mark.parametrize("answers", [[False], [False, False], [True]])
def test_names_that_equal_what_they_like(answers):
    class Name(str):
        given = []

        def __eq__(self, other):
            return self.given.pop() if self.given else str.__eq__(self, other)

        __hash__ = str.__hash__

    rows = [{"a": 1}, {Name("a"): 2}, {Name("b"): 3}]
    Name.given = list(answers)
    array = ma.array(rows)
    assert str(array.type) == "struct<a: int64, b: int64>"


def test_dimensions_that_no_array_has():
    numpy = pytest.importorskip("numpy")

    class Below(numpy.ndarray):
        ndim = -5

    with pytest.raises(ma.ArrowInvalid, match="value 0: an array without dimensions"):
        ma.array([numpy.zeros(2).view(Below)])


def test_the_first_argument_that_fails_is_the_one_that_is_told():
    class Fails:
        def __bool__(self):
            raise KeyError("from_pandas")

    class Size:
        def __index__(self):
            raise AssertionError("nobody asks any more")

    with pytest.raises(KeyError, match="from_pandas"):
        ma.array(iter([1]), size=Size(), from_pandas=Fails())


def test_a_scalar_whose_type_is_none(monkeypatch):
    class Named:
        extension_name = "test.named"

    scalar = a_scalar_that_says(1, monkeypatch)
    monkeypatch.setattr(Says, "type", Named(), raising=False)
    for convert in (lambda: ma.repeat(scalar, 3), lambda: ma.array([scalar])):
        with pytest.raises(TypeError, match="expected a minarrow.DataType, not Named"):
            convert()


def test_pairs_of_a_map_are_those_that_there_were():
    class Key(str):
        change = None

        def __eq__(self, other):
            self.change()
            return str.__eq__(self, other)

        __hash__ = str.__hash__

    type = ma.map_(ma.string(), ma.int8())
    pairs = [{Key("key"): "a", "value": 1}, ("b", 2)]
    Key.change = lambda self: pairs.append(("c", 3))
    assert ma.array([pairs], type=type).to_pylist() == [[("a", 1), ("b", 2)]]
    Key.change = lambda self: pairs.clear()
    with pytest.raises(RuntimeError, match="the list became shorter"):
        ma.array([pairs], type=type)


@pytest.mark.parametrize("place", [0, 2])
def test_keys_that_turn_out_to_be_null(place, monkeypatch):
    numpy = pytest.importorskip("numpy")
    late = [
        (a_scalar_that_says(None, monkeypatch), ma.int64()),
        (ma.scalar(None, ma.string()), ma.string()),
        (ma.scalar(None, ma.string()), ma.dictionary(ma.int8(), ma.string())),
        (numpy.datetime64("NaT", "s"), ma.timestamp("s")),
    ]
    for key, type in late:
        good = 5 if type in (ma.int64(), ma.timestamp("s")) else "a"
        pairs = [(good, 1)] * 3
        pairs[place] = (key, 1)
        with pytest.raises(ma.ArrowInvalid, match=rf"value 1\[{place}\]: a map's key cannot"):
            ma.array([[(good, 1)], pairs], type=ma.map_(type, ma.int32()))


def raises(error):
    def method(*args):
        raise error

    return method


def shown(error):
    class Shown:
        __repr__ = raises(error)

    return ma.array([Shown()])


def shown_in_a_union(error):
    class Shown(dict):
        __repr__ = raises(error)

    fields = [("i", ma.int64()), ("m", ma.map_(ma.string(), ma.int64()))]
    return ma.array([Shown(a="b")], type=ma.dense_union([ma.field(*field) for field in fields]))


def listed_in_a_struct(error):
    class Pairs:
        __iter__ = raises(error)

    return ma.array([[Pairs()]], type=THREE)


def described_by_numpy(error):
    numpy = pytest.importorskip("numpy")

    class Described(numpy.ndarray):
        dtype = property(raises(error))

    return ma.array([numpy.zeros(2).view(Described)], type=ma.list_(ma.int64()))


@pytest.mark.parametrize(
    "convert", [shown, shown_in_a_union, listed_in_a_struct, described_by_numpy]
)
@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit, MemoryError])
def test_what_ends_the_program_is_not_swallowed(convert, error):
    with pytest.raises(error, match="^mine$"):
        convert(error("mine"))


def test_other_errors_of_a_repr_are_not_told():
    with pytest.raises(ma.ArrowInvalid, match="value 0: <Shown> is of type Shown, which no Arrow"):
        shown(ZeroDivisionError())


def test_what_ends_the_program_while_a_time_zone_is_looked_up():
    code = """if True:
        import zoneinfo, minarrow
        class Interrupted:
            def __init__(self, key):
                raise KeyboardInterrupt
        zoneinfo.ZoneInfo = Interrupted
        try:
            minarrow.array([1], minarrow.timestamp("s", tz="Europe/Berlin")).to_pylist()
        except KeyboardInterrupt:
            raise SystemExit(7)
    """
    assert subprocess.run([sys.executable, "-c", code]).returncode == 7


@pytest.mark.parametrize(
    "text", ["1E-99999999999999999999", "1E+99999999999999999999", "1E", "1E+", "1E+2x", "x"]
)
def test_a_decimal_that_says_what_no_decimal_is(text):
    class Says(Decimal):
        def __str__(self):
            return text

    for type in (ma.decimal128(5, 2), ma.decimal256(76, 76), ma.decimal32(9, -100)):
        with pytest.raises(ma.ArrowInvalid, match="value 0: .* does not fit"):
            ma.array([Says(1)], type=type)
    with pytest.raises(ma.ArrowInvalid, match="digits|does not fit"):
        ma.array([Says(1), Says(2)])


class Timestamp(dt.datetime):
    """As pandas' class of that name says its finest digits."""

    nanosecond = 0


class Timedelta(dt.timedelta):
    nanoseconds = 0


@pytest.mark.parametrize("finest", [-(2**70), -1, 1000, 2**63 - 1, 2**70])
def test_nanoseconds_that_are_more_than_that(finest, monkeypatch):
    for value, name, type in [
        (Timestamp(1970, 1, 1, 0, 0, 0, 999_999), "nanosecond", ma.timestamp("ns")),
        (Timedelta(microseconds=999_999), "nanoseconds", ma.duration("ns")),
    ]:
        monkeypatch.setattr(value.__class__, name, 999)
        assert ma.array([value], type=type)[0].value == 999_999_999
        monkeypatch.setattr(value.__class__, name, finest)
        with pytest.raises(ma.ArrowInvalid, match="value 0: .* out of the range of"):
            ma.array([value], type=type)
        monkeypatch.setattr(value.__class__, name, "1")
        with pytest.raises(TypeError):
            ma.array([value], type=type)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="classes hear of no releases before")
@pytest.mark.parametrize(
    "base, args",
    [(stdlib_array.array, ("q", range(5))), (stdlib_array.array, ("d", [1.5])), (bytearray, (40,))],
)
def test_what_is_released_is_what_was_exported(base, args):
    released = []

    def described(view):
        return view.format, view.shape, view.strides, view.tolist()

    class Exporter(base):
        def __release_buffer__(self, view):
            released.append(described(view))

    expected = described(memoryview(base(*args)))
    column = ma.array(Exporter(*args))
    ma.array([[1], [2, 3]]).to_string()  # which leaves other things on the stack
    del column
    assert released == [expected]


@pytest.mark.parametrize(
    "text", ["<i99999999999999999999", "<u2147483647", "<i16", "<f3", "<i", "<u0", "<f-4", "<", ""]
)
def test_a_dtype_of_numbers_that_nobody_has(text):
    """A class that says of itself that it is numpy's, twice, so that the widths are compared."""
    dtype = type("dtype", (), {"str": text})
    scalar = type("numpy.int64", (), {"dtype": dtype})
    numpy = pytest.importorskip("numpy")
    for values in ([scalar(), scalar()], [numpy.uint32(1), scalar()], [numpy.float16(1), scalar()]):
        with pytest.raises(ma.ArrowNotImplementedError, match="none of Arrow's types"):
            ma.array(values)


@pytest.mark.parametrize("seconds", [1e300, -1e300, float("nan"), float("inf"), 86400.0, 90.0, 0.5])
def test_a_time_zone_whose_offset_is_no_time_of_a_day(seconds):
    offset = type("delta", (), {"total_seconds": lambda self: seconds})()
    zone = type("Zone", (dt.tzinfo,), {"utcoffset": lambda self, _: offset})()
    with pytest.raises(ValueError, match="whole number of minutes of a day"):
        ma.timestamp("s", tz=zone)
