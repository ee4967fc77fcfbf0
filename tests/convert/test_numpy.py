"""numpy arrays and other objects of the buffer protocol: their own memory where that will do."""

import array as stdlib_array
import gc
import sys
import weakref

import pytest

import minarrow as ma

np = pytest.importorskip("numpy")

NUMBERS = ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8"]


def address(array, buffer=1):
    return array.buffers()[buffer].address


def test_pyarrow_types_for_numbers():
    pa = pytest.importorskip("pyarrow")
    for dtype in [*NUMBERS, "?", "M8[D]", "M8[s]", "M8[ms]", "M8[us]", "M8[ns]", "m8[s]", "m8[ns]"]:
        values = np.array([0, 1, 2]).astype(dtype)
        ours, theirs = ma.array(values), pa.array(values)
        assert str(ours.type) == str(theirs.type)
        assert ours.to_pylist() == theirs.to_pylist()


@pytest.mark.parametrize("dtype", NUMBERS)
def test_numbers_stay_where_they_are(dtype):
    values = np.arange(100).astype(dtype)
    array = ma.array(values)
    assert address(array) == values.ctypes.data
    assert array.null_count == 0
    assert array.to_pylist() == values.tolist()
    part = ma.array(values[10:20])
    assert address(part) == values.ctypes.data + 10 * values.itemsize
    assert part.to_pylist() == values[10:20].tolist()


@pytest.mark.parametrize("dtype", ["M8[s]", "M8[ns]", "m8[ms]", "m8[us]"])
def test_times_stay_where_they_are(dtype):
    values = np.arange(100).astype(dtype)
    assert address(ma.array(values)) == values.ctypes.data
    values[3] = "NaT"
    array = ma.array(values)
    assert address(array) == values.ctypes.data
    assert array.null_count == 1
    assert array.to_pylist()[3] is None


def test_an_int64_is_a_timestamp_without_a_copy():
    values = np.arange(5)
    for type in [ma.timestamp("us"), ma.duration("s"), ma.time64("ns"), ma.date64()]:
        array = ma.array(values, type=type)
        assert array.type == type
        assert address(array) == values.ctypes.data
    values = np.arange(5, dtype="i4")
    for type in [ma.date32(), ma.time32("s"), ma.month_interval()]:
        assert address(ma.array(values, type=type)) == values.ctypes.data


def test_the_array_keeps_the_memory_alive():
    class Mine(np.ndarray):
        pass

    values = np.arange(1000)
    array = ma.array(values)
    del values
    gc.collect()
    assert array.to_pylist() == list(range(1000))
    values = np.arange(10).view(Mine)
    gone = weakref.ref(values)
    array = ma.array(values)
    del values
    gc.collect()
    assert gone() is not None
    del array
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize("dtype", NUMBERS)
def test_strided_and_swapped(dtype):
    values = np.arange(100).astype(dtype)
    for part in [values[::2], values[::-1], values[90:3:-7], values[:0], values[5:6:3]]:
        assert ma.array(part).to_pylist() == part.tolist()
    swapped = values.astype(values.dtype.newbyteorder())
    assert ma.array(swapped).to_pylist() == values.tolist()
    assert ma.array(swapped[::-3]).to_pylist() == values[::-3].tolist()
    assert ma.array(swapped).type == ma.array(values).type


def test_misaligned():
    values = np.frombuffer(b"x" + np.arange(5, dtype="i8").tobytes(), dtype="i8", offset=1)
    array = ma.array(values)
    assert array.to_pylist() == [0, 1, 2, 3, 4]
    assert address(array) % 8 == 0


def test_bool_becomes_bits():
    values = np.arange(100) % 3 == 0
    assert ma.array(values).to_pylist() == values.tolist()
    assert ma.array(values[::-2]).to_pylist() == values[::-2].tolist()


def test_nan_and_mask():
    values = np.array([1.0, np.nan, 3.0])
    assert ma.array(values).null_count == 0
    array = ma.array(values, from_pandas=True)
    assert array.to_pylist() == [1.0, None, 3.0]
    assert address(array) == values.ctypes.data
    array = ma.array(values, mask=np.array([True, False, False]), from_pandas=True)
    assert array.to_pylist() == [None, None, 3.0]
    for dtype in ["f2", "f4", ">f8"]:
        array = ma.array(values.astype(dtype), from_pandas=True)
        assert array.to_pylist() == [1.0, None, 3.0]
    with pytest.raises(ValueError, match="a mask of 2 items for 3 values"):
        ma.array(values, mask=np.array([True, False]))
    with pytest.raises(TypeError, match="a mask is a boolean array"):
        ma.array(values, mask=np.array([1, 0, 0]))


def test_masked_arrays():
    values = np.ma.array([1, 2, 3], mask=[0, 1, 0])
    array = ma.array(values)
    assert array.to_pylist() == [1, None, 3]
    assert address(array) == values.data.ctypes.data
    assert ma.array(values, mask=[True, False, False]).to_pylist() == [None, None, 3]
    assert ma.array(np.ma.array([1, 2])).to_pylist() == [1, 2]
    assert ma.array([values]).to_pylist() == [[1, None, 3]]


@pytest.mark.parametrize("source", [*NUMBERS, "?"])
@pytest.mark.parametrize(
    "target",
    [
        "int8",
        "uint8",
        "int16",
        "uint32",
        "int64",
        "uint64",
        "bool",
        "float16",
        "float32",
        "float64",
    ],
)
def test_casts(source, target):
    values = np.array([0, 1, 100, 1, 0]).astype(source)
    array = ma.array(values, type=target)
    assert array.type == ma.array([], type=target).type
    expected = [bool(v) for v in values] if target == "bool" else values.astype(target).tolist()
    assert array.to_pylist() == expected


@pytest.mark.parametrize(
    "values, type, text",
    [
        (np.array([1, 300]), "int8", "value 1: 300 does not fit int8"),
        (np.array([-1]), "uint64", "value 0: -1 does not fit uint64"),
        (np.array([2**63], "u8"), "int64", "value 0: 9223372036854775808 does not fit int64"),
        (np.array([1.5]), "int64", "value 0: 1.5 does not fit int64"),
        (np.array([1.0, np.nan]), "int64", "value 1: nan does not fit int64"),
        (np.array([1e300]), "int64", "value 0: 1e[+]300 does not fit int64"),
        (np.array([2**53 + 1]), "float64", "value 0: 9007199254740993 does not fit double exactly"),
    ],
)
def test_casts_that_lose(values, type, text):
    with pytest.raises(ma.ArrowInvalid, match=text):
        ma.array(values, type=type)
    assert len(ma.array(values, type=type, safe=False)) == len(values)


def test_nan_to_integers():
    values = np.array([1.0, np.nan])
    assert ma.array(values, type="int64", from_pandas=True).to_pylist() == [1, None]


def test_time_units():
    days = np.array(["2020-01-02", "NaT"], dtype="M8[D]")
    assert str(ma.array(days).type) == "date32[day]"
    assert ma.array(days, type=ma.date64()).to_pylist() == ma.array(days).to_pylist()
    assert ma.array(days, type=ma.timestamp("us")).to_pylist()[1] is None
    seconds = ma.array(days.astype("M8[s]"), type=ma.timestamp("ns", "UTC"))
    assert seconds.type == ma.timestamp("ns", "UTC")
    fine = np.array(["2020-01-02T05:00:00.5"], dtype="M8[ns]")
    with pytest.raises(ma.ArrowInvalid, match=r"value 0: 2020-01-02T05:00:00\.5"):
        ma.array(fine, type=ma.timestamp("s"))
    assert len(ma.array(fine, type=ma.timestamp("s"), safe=False)) == 1
    assert ma.array(fine, type=ma.date32()).to_pylist() == ma.array(days[:1]).to_pylist()
    far = np.array(["9999-01-01"], dtype="M8[s]")
    with pytest.raises(ma.ArrowInvalid, match="out of its range"):
        ma.array(far, type=ma.timestamp("ns"))
    assert ma.array(days.astype(">M8[s]")).to_pylist() == ma.array(days.astype("M8[s]")).to_pylist()
    assert str(ma.array(np.array([1], "m8[h]")).type) == "duration[s]"
    assert str(ma.array(np.array(["2020"], "M8[Y]")).type) == "date32[day]"
    with pytest.raises(ma.ArrowTypeError, match="datetime64 is no int64"):
        ma.array(days, type=ma.int64())


@pytest.mark.parametrize(
    "type, first, last",
    [
        (ma.date32(), -(2**31), 2**31 - 1),
        (ma.date64(), -(2**63 // 86_400_000), (2**63 - 1) // 86_400_000),
    ],
    ids=str,
)
@pytest.mark.parametrize("safe", [False, True])
@pytest.mark.parametrize("listed", [False, True])
def test_days_at_the_ends_of_what_a_date_holds(type, first, last, safe, listed):
    def converted(days):
        values = np.array(days).astype("M8[D]")
        return ma.array(list(values) if listed else values, type=type, safe=safe)

    factor = 1 if type == ma.date32() else 86_400_000
    array = converted([first, 0, last])
    assert [value.value for value in array] == [first * factor, 0, last * factor]
    for outside in (first - 1, last + 1, 10**12, -(10**17)):
        with pytest.raises(ma.ArrowInvalid, match="^value 1: .*out of the range of date"):
            converted([0, outside])


def test_text_and_objects():
    assert ma.array(np.array(["a", "bc", "日本"])).to_pylist() == ["a", "bc", "日本"]
    assert str(ma.array(np.array(["a"]), type="large_string").type) == "large_string"
    assert ma.array(np.array([b"a", b"bc"])).to_pylist() == [b"a", b"bc"]
    fixed = np.array([b"ab", b"cd"])
    array = ma.array(fixed, type=ma.binary(2))
    assert array.to_pylist() == [b"ab", b"cd"]
    assert address(array) == fixed.ctypes.data
    assert ma.array(fixed[::-1], type=ma.binary(2)).to_pylist() == [b"cd", b"ab"]
    objects = np.array(["a", None, 1.5], dtype=object)
    with pytest.raises(ma.ArrowTypeError, match=r"value 2: 1\.5"):
        ma.array(objects)
    assert ma.array(objects[:2]).to_pylist() == ["a", None]
    with pytest.raises(
        ma.ArrowTypeError, match="value 0: 1 is of type int, which string does not take"
    ):
        ma.array(np.array([1, 2]), type=ma.string())


def test_structured():
    values = np.array([(1, 2.5), (3, 4.5)], dtype=[("a", "i4"), ("b", "f8")])
    array = ma.array(values)
    assert str(array.type) == "struct<a: int32, b: double>"
    assert array.to_pylist() == [{"a": 1, "b": 2.5}, {"a": 3, "b": 4.5}]
    type = ma.struct([("a", ma.int64()), ("b", ma.float32())])
    assert ma.array(values, type=type, mask=[True, False]).to_pylist() == [None, {"a": 3, "b": 4.5}]
    with pytest.raises(ma.ArrowTypeError, match="of 2 fields"):
        ma.array(values, type=ma.int64())


def test_structured_takes_fields_by_their_names():
    pa = pytest.importorskip("pyarrow")
    values = np.array([(1, 2, 3.5), (4, 5, 6.5)], dtype=[("a", "i4"), ("b", "i4"), ("c", "f8")])
    for names in ["ba", "cab", "b", ""]:
        ours = ma.array(values, type=ma.struct([(name, ma.float64()) for name in names]))
        theirs = pa.array(values, type=pa.struct([(name, pa.float64()) for name in names]))
        assert ours.to_pylist() == theirs.to_pylist()
    with pytest.raises(ma.ArrowInvalid, match=r"the fields \['a', 'b', 'c'\] has no 'z'"):
        ma.array(values, type=ma.struct([("a", ma.int32()), ("z", ma.int32())]))


def test_structured_without_fields():
    array = ma.array(np.zeros(3, dtype=[]), mask=[False, True, False])
    assert str(array.type) == "struct<>"
    assert array.to_pylist() == [{}, None, {}]


@pytest.mark.parametrize("rows", [2**61, 2**62, 2**63 - 1])
@pytest.mark.parametrize("type", [ma.int16(), ma.int64(), ma.float32(), ma.bool_()], ids=str)
def test_one_item_shown_more_often_than_there_is_memory_for(rows, type):
    values = np.broadcast_to(np.int8(1), rows)
    with pytest.raises(MemoryError):
        ma.array(values, type=type)
    with pytest.raises(MemoryError):
        ma.array([values], type=ma.large_list(type))


@pytest.mark.parametrize("kind", ["f2", "f4", "f8"])
def test_so_many_are_not_searched_for_those_that_are_null(kind):
    values = np.broadcast_to(np.ones(1, kind), 2**55)
    for type in [ma.float16(), ma.float32(), ma.float64()]:
        with pytest.raises(MemoryError):
            ma.array(values, type=type, from_pandas=True)


@pytest.mark.parametrize("type", [ma.float64(), ma.float32(), ma.float16(), ma.int64()], ids=str)
@pytest.mark.parametrize("value", ["M8[ns]", "m8[ns]", "M8[us]", "m8[s]"])
def test_a_time_is_no_number(value, type):
    with pytest.raises(ma.ArrowInvalid, match="value 0: .* is of type numpy.*64, which"):
        ma.array([np.array(2**53 + 1).astype(value)[()]], type=type)


def test_a_bool_is_true_by_any_byte():
    values = np.array([0, 1, 2, 255], "u1").view("?")
    for type in [ma.bool_(), ma.int8(), ma.uint64(), ma.float64()]:
        assert ma.array(values, type=type).to_pylist() == [0, 1, 1, 1]


@pytest.mark.parametrize("values", [np.array(5), np.zeros((2, 2)), np.zeros((2, 2), dtype=object)])
def test_dimensions(values):
    with pytest.raises(ma.ArrowInvalid, match=f"this one has {values.ndim}"):
        ma.array(values)


@pytest.mark.parametrize("dtype", ["c16", "g", "V5"])
def test_types_that_arrow_has_not(dtype):
    with pytest.raises(ma.ArrowNotImplementedError, match="none of Arrow's types"):
        ma.array(np.zeros(2, dtype=dtype))


def test_arrays_within_lists():
    values = [np.arange(3), None, np.arange(2)[::-1]]
    assert ma.array(values).to_pylist() == [[0, 1, 2], None, [1, 0]]
    assert ma.array(values, type=ma.list_(ma.int8())).to_pylist() == [[0, 1, 2], None, [1, 0]]
    assert ma.array([np.zeros((2, 2))]).to_pylist() == [[[0.0, 0.0], [0.0, 0.0]]]
    nan = [np.array([1.5, np.nan])]
    assert ma.array(nan, from_pandas=True).to_pylist() == [[1.5, None]]
    with pytest.raises(ma.ArrowInvalid, match=r"value 0\[1\]: 300 does not fit"):
        ma.array([np.array([1, 300])], type=ma.list_(ma.int8()))
    with pytest.raises(ma.ArrowInvalid, match="without dimensions"):
        ma.array([np.array(5)])
    with pytest.raises(ma.ArrowInvalid, match="3 items where each list has 2"):
        ma.array([np.arange(3)], type=ma.list_(ma.int64(), 2))


def test_other_buffers():
    values = stdlib_array.array("d", [1.5, 2.5])
    array = ma.array(values)
    assert array.to_pylist() == [1.5, 2.5]
    assert address(array) == values.buffer_info()[0]
    with pytest.raises(BufferError):
        values.append(3.5)
    assert ma.array(memoryview(b"abc")).to_pylist() == [97, 98, 99]
    assert ma.array(bytearray(b"abc")[::-1]).to_pylist() == [99, 98, 97]
    assert ma.array(memoryview(b"abcdef")[::-2]).to_pylist() == [102, 100, 98]
    assert ma.array(memoryview(bytes(8)).cast("i"), type="float64").to_pylist() == [0.0, 0.0]
    assert ma.array(memoryview(bytes([1, 0])).cast("?")).to_pylist() == [True, False]
    assert ma.array(memoryview(b"ab").cast("c")).to_pylist() == [b"a", b"b"]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="classes cannot export buffers before")
def test_memory_is_that_of_the_one_export_that_was_asked_for():
    """An exporter may answer with other memory when it is asked again."""

    class Changing:
        def __init__(self):
            self.answers = [stdlib_array.array("q", range(1000)), stdlib_array.array("q", [1])]

        def __len__(self):
            return 1000

        def __buffer__(self, flags):
            return memoryview(self.answers.pop(0))

    exporter = Changing()
    numbers = ma.array(exporter)
    assert numbers.to_pylist() == list(range(1000))
    assert numbers.buffers()[1].size == 8000


def test_writes_through_are_the_callers_affair():
    """As in pyarrow: the array shows what numpy's memory holds."""
    values = np.arange(3)
    array = ma.array(values)
    values[0] = 42
    assert array.to_pylist() == [42, 1, 2]


@pytest.mark.parametrize("dtype, type", [("S3", "binary"), ("U3", "string"), (">U3", "string")])
def test_text_is_text_without_a_value(dtype, type):
    values = np.array(["a"], dtype)
    assert str(ma.array(values[:0]).type) == type
    assert str(ma.array(values, mask=np.array([True])).type) == type
