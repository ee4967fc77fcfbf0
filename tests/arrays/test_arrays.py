"""Arrays and scalars: rows, slices, nulls, text, parts."""

import gc
import pickle
import weakref

import pytest

import minarrow as ma

# expressions over `m`, which is minarrow or pyarrow, and what they show
ARRAYS = {
    "numbers": "m.array([1, 2, None, 4])",
    "many": "m.array(range(100))",
    "almost many": "m.array(range(21))",
    "bools": "m.array([True, None, False])",
    "floats": "m.array([1.5, float('nan'), 1e300, 0.1, 100.0, 1e15, 123456789.123, 1e-7, -0.0])",
    "singles": "m.array([1.1, 1e20, 1e-7], m.float32())",
    "halves": "m.array([1.5, None], m.float16())",
    "text": "m.array(['a', None, 'b'])",
    "long text": "m.array(['x' * 200])",
    "bytes": "m.array([b'a\\xff', b'x' * 80])",
    "views": "m.array(['a', None, 'x' * 20], m.string_view())",
    "nulls": "m.array([None, None])",
    "nothing": "m.array([], m.int8())",
    "decimals": "m.array([Decimal('1.20'), Decimal('-0.05')], m.decimal128(9, 2))",
    "lists": "m.array([[1, 2], None, []])",
    "nested lists": "m.array([[[1, 2], [3]], []])",
    "many lists": "m.array([[i] for i in range(9)])",
    "fixed lists": "m.array([[None, 1], [2, 3]], m.list_(m.int32(), 2))",
    "maps": "m.array([[('a', 1)], None, []], m.map_(m.string(), m.int32()))",
    "structs": "m.StructArray.from_arrays([m.array([1, 2]), m.array(['q', None])], ['x', 'y'])",
    "dictionaries": """m.DictionaryArray.from_arrays(m.array([0, 1, 0, None], m.int32()),
        m.array(['a', 'b']))""",
    "dense unions": """m.UnionArray.from_dense(m.array([0, 1, 0], m.int8()),
        m.array([0, 0, 1], m.int32()), [m.array([1, 2]), m.array(['x'])])""",
    "sparse unions": """m.UnionArray.from_sparse(m.array([0, 1, 0], m.int8()),
        [m.array([1, 2, 3]), m.array(['x', 'y', 'z'])])""",
    "runs": "m.RunEndEncodedArray.from_arrays(m.array([2, 5], m.int32()), m.array(['a', None]))",
    "list views": """m.ListViewArray.from_arrays(m.array([2, 0], m.int32()),
        m.array([1, 2], m.int32()), m.array([1, 2, 3]))""",
    "moments": "m.array([0, None, -1], m.timestamp('ms', 'UTC'))",
    "days": "m.array([0, 2**30], m.date32())",
    "times": "m.array([1001], m.time64('ns'))",
}  # fmt: skip


def make(expression, module=ma):
    from decimal import Decimal

    return eval(expression, {"m": module, "Decimal": Decimal})


@pytest.fixture(params=ARRAYS)
def both(request):
    pyarrow = pytest.importorskip("pyarrow")
    return make(ARRAYS[request.param]), make(ARRAYS[request.param], pyarrow)


@pytest.fixture(params=ARRAYS)
def array(request):
    return make(ARRAYS[request.param])


def test_text_is_laid_out_as_pyarrow_does_it(both):
    ours, theirs = both
    assert str(ours) == str(theirs)
    assert str(ours[1:]) == str(theirs[1:])
    first_line = repr(theirs).partition(" object")[0].replace("pyarrow.lib.", "minarrow.")
    assert repr(ours).partition(" object")[0] == first_line


def test_values_and_buffers_are_pyarrows(both):
    ours, theirs = both
    assert len(ours) == len(theirs) and ours.null_count == theirs.null_count
    assert str(ours.type) == str(theirs.type)
    assert len(ours.buffers()) == len(theirs.buffers())
    if "20" not in repr(theirs.type) and str(ours.type) not in ("date32[day]", "time64[ns]"):
        assert repr(ours.to_pylist()) == repr(theirs.to_pylist())
        assert repr([x.as_py() for x in ours]) == repr([x.as_py() for x in theirs])
    assert [x.is_valid for x in ours] == [x.is_valid for x in theirs]
    # the is_null of older versions does not look into runs
    assert ours.is_null().to_pylist() == [not x.is_valid for x in theirs]


def test_rows(array):
    length = len(array)
    assert not array.slice(0, 0) and len(array.slice(1)) == max(length - 1, 0)
    assert str(array.slice(0, length + 5)) == str(array) and len(array.slice(length + 5)) == 0
    with pytest.raises(IndexError, match="out of bounds"):
        array[length]
    with pytest.raises(IndexError):
        array.slice(-1)
    with pytest.raises(ValueError):
        array.slice(0, -1)
    with pytest.raises(TypeError):
        array["x"]
    if length:
        assert repr(array[-1]) == repr(array[length - 1])
    assert repr(list(array[::-1])) == repr(list(array)[::-1])
    assert repr(list(array[1::2])) == repr(list(array)[1::2])


@pytest.mark.parametrize("step", [-1, 2, 3, -1024])
def test_many_rows_by_steps(step):
    """More than are joined at once."""
    values = [None if i % 7 == 0 else str(i) for i in range(10_000)]
    array = ma.array(values)
    assert array[::step].to_pylist() == values[::step]
    assert array[1:-1:step].to_pylist() == values[1:-1:step]


def test_equality_looks_at_values(array):
    has_nan = "nan" in str(array)
    same = ma.concat_arrays([array.slice(0, 1), array.slice(1)])
    assert (array == same) is not has_nan and (array != same) is has_nan
    assert array != 1
    with pytest.raises(TypeError):
        array.equals(1)
    with pytest.raises(TypeError):
        hash(array)
    if len(array) > 1 and not has_nan:
        assert array.slice(1) != array
    array.validate(full=True)


def test_an_indent_that_nobody_reads(array):
    assert str(array) in array.to_string(top_level_indent=-5)
    assert array.to_string(top_level_indent=3).lstrip("\n").startswith("   ")
    for indent in (2**31 - 1, 1025):
        with pytest.raises(ValueError, match=f"top_level_indent is {indent}, and at most"):
            array.to_string(top_level_indent=indent)


def test_lines_begin_with_as_many_spaces_as_asked_for():
    pyarrow = pytest.importorskip("pyarrow")
    ours = ma.array([[[1], None], [], None])
    theirs = pyarrow.array(ours)
    for indent in (0, 1, 31, 32, 33, 254, 255, 256, 1024):
        text = ours.to_string(top_level_indent=indent)
        assert text == theirs.to_string(top_level_indent=indent)


def test_pickles_hold_the_rows_and_no_more(array):
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        for rows in (array, array.slice(1), array.slice(0, 0)):
            again = pickle.loads(pickle.dumps(rows, protocol))
            assert again.type == rows.type
            assert [str(x) for x in again] == [str(x) for x in rows]
    long = ma.array(range(100_000)).slice(5, 10)
    assert len(pickle.dumps(long)) < 1000


def test_pickled_scalars_hold_their_row(array):
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        for scalar in array:
            again = pickle.loads(pickle.dumps(scalar, protocol))
            assert (type(again), again.type, str(again)) == (type(scalar), scalar.type, str(scalar))
    assert len(pickle.dumps(ma.array(range(100_000))[5])) < 1000


def test_buffers_go_out_of_band():
    array = ma.array(range(1000))
    buffers = []
    data = pickle.dumps(array, 5, buffer_callback=buffers.append)
    assert len(data) < 1000 and sum(len(b.raw()) for b in buffers) == 8000
    again = pickle.loads(data, buffers=buffers)
    assert again == array and again.buffers()[1].address == array.buffers()[1].address


def test_parts_of_nested_arrays():
    lists = make(ARRAYS["lists"])
    assert lists.values.to_pylist() == [1, 2] and lists.offsets.to_pylist() == [0, 2, 2, 2]
    assert lists[1:].flatten().to_pylist() == [] and lists.flatten().to_pylist() == [1, 2]
    assert lists[0].values.to_pylist() == [1, 2] and len(lists[0]) == 2
    assert lists[0][1].as_py() == 2 and [x.as_py() for x in lists[0]] == [1, 2]
    maps = make(ARRAYS["maps"])
    assert maps.keys.to_pylist() == ["a"] and maps.items.to_pylist() == [1]
    assert maps.to_pylist(maps_as_pydicts="lossy") == [{"a": 1}, None, {}]
    structs = make(ARRAYS["structs"])
    assert structs.field("x").to_pylist() == structs.field(0).to_pylist() == [1, 2]
    assert structs[1:].field(1).to_pylist() == [None]
    assert structs[0]["y"].as_py() == "q" and list(structs[0]) == ["x", "y"]
    dense = make(ARRAYS["dense unions"])
    assert dense.type_codes.to_pylist() == [0, 1, 0] and dense.offsets.to_pylist() == [0, 0, 1]
    assert dense.field(0).to_pylist() == [1, 2] and dense[1].value.as_py() == "x"
    runs = make(ARRAYS["runs"])
    assert runs.run_ends.to_pylist() == [2, 5] and runs.values.to_pylist() == ["a", None]
    assert runs.slice(1, 2).to_pylist() == ["a", None]
    words = make(ARRAYS["dictionaries"])
    assert words.indices.to_pylist() == [0, 1, 0, None] and words.dictionary.to_pylist() == [
        "a",
        "b",
    ]
    assert make(ARRAYS["list views"]).sizes.to_pylist() == [1, 2]
    with pytest.raises(AttributeError, match="offsets"):
        _ = structs.offsets
    assert ma.array([{"x": 1}, None]).flatten()[0].to_pylist() == [1, None]


def test_scalars():
    array = ma.array([1, 2, None])
    assert repr(array[0]) == "<minarrow.Int64Scalar: 1>" and str(array[0]) == "1"
    assert array[0] == ma.array([1])[0] and array[0] != array[1] and array[0] != 1
    assert array[2] == array[2] and hash(array[0]) == hash(ma.array([1])[0])
    assert array[0].type == ma.int64() and array[0].is_valid and not array[2].is_valid
    assert isinstance(hash(ma.array([[1]])[0]), int)
    twice = ma.StructArray.from_arrays([ma.array([1]), ma.array([2])], ["a", "a"])
    assert str(twice[0]) == "[('a', 1), ('a', 2)]"
    with pytest.raises(ma.ArrowInvalid, match="twice"):
        twice[0].as_py()
    assert ma.array([5], ma.timestamp("ns"))[0].value == 5


@pytest.mark.parametrize(
    "values",
    [
        [0.0, -0.0],
        [[0.0, 1.0], [-0.0, 1.0]],
        [{"a": 0.0, "b": [1]}, {"b": [1], "a": -0.0}],
        [[{"a": [0.0]}], [{"a": [-0.0]}]],
    ],
    ids=str,
)
def test_equal_scalars_have_one_hash(values):
    ours = [ma.array([value], ma.array(values).type)[0] for value in values]
    assert ours[0] == ours[1] and hash(ours[0]) == hash(ours[1])
    assert len({ma.scalar([[i], [i]]) for i in range(100)}) == 100


@pytest.mark.parametrize("value", [float("nan"), [float("nan")], {"a": float("nan")}])
def test_a_scalar_s_hash_stays_the_same(value):
    scalar = ma.scalar(value)
    kept = []
    found = set()
    for _ in range(5):
        kept.append(scalar.as_py())  # so that another NaN is elsewhere in memory
        found.add(hash(scalar))
    assert len(found) == 1


def test_parts_are_checked():
    int64 = ma.int64()
    with pytest.raises(ma.ArrowInvalid) as caught:
        ma.Array.from_buffers(int64, 2, [None, ma.py_buffer(b"x")])
    assert "data buffer" in str(caught.value) and "data buffer" in caught.value.path
    with pytest.raises(ValueError, match="2 buffers"):
        ma.Array.from_buffers(int64, 2, [None])
    with pytest.raises(TypeError, match="Buffer"):
        ma.Array.from_buffers(int64, 2, [None, b"x" * 16])
    with pytest.raises(ValueError):
        ma.Array.from_buffers(int64, -1, [None, ma.py_buffer(b"")])
    offsets = ma.py_buffer(b"\0\0\0\0\x7f\0\0\0")
    broken = ma.Array.from_buffers(ma.string(), 1, [None, offsets, ma.py_buffer(b"abc")])
    for use in (
        broken.to_pylist,
        broken.validate,
        lambda: broken[0],
        lambda: repr(broken),
        lambda: broken.equals(broken),
        lambda: broken.nbytes,
        lambda: pickle.dumps(broken),
    ):
        with pytest.raises(ma.ArrowInvalid):
            use()
    with pytest.raises(ma.ArrowInvalid, match="index 7"):
        ma.DictionaryArray.from_arrays(ma.array([7]), ma.array(["a"]))


def test_text_that_is_no_utf8():
    data = ma.py_buffer(b"ab\xff")
    array = ma.Array.from_buffers(ma.string(), 1, [None, ma.py_buffer(b"\0\0\0\0\3\0\0\0"), data])
    array.validate()
    with pytest.raises(ma.ArrowInvalid, match="UTF-8"):
        array.validate(full=True)
    with pytest.raises(ma.ArrowInvalid, match="UTF-8"):
        array.to_pylist()
    assert "ab\ufffd" in repr(array)


def test_arrays_keep_their_memory_alive():
    array = ma.array([1, 2, 3])
    view = memoryview(array)
    buffer = array.buffers()[1]
    scalar = array[2]
    reference = weakref.ref(array)
    part = array.slice(1)
    del array
    gc.collect()
    assert reference() is not None  # the view
    assert view.tolist() == [1, 2, 3] and scalar.as_py() == 3 and part.to_pylist() == [2, 3]
    view.release()
    assert reference() is None
    assert bytes(buffer)[:1] == b"\1"


def test_buffers():
    data = bytes(range(256))
    buffer = ma.py_buffer(data)
    assert buffer.size == len(buffer) == 256 and buffer.to_pybytes() == data == bytes(buffer)
    assert buffer[200] == 200 and buffer[-1] == 255 and buffer[3:5].to_pybytes() == b"\3\4"
    assert buffer.slice(250).to_pybytes() == data[250:] and buffer.slice(1, 2) == b"\1\2"
    assert buffer.slice(8).address == buffer.address + 8
    assert (
        buffer.equals(ma.py_buffer(bytearray(data)))
        and buffer != b""
        and buffer.hex()[:4] == b"0001"
    )
    assert memoryview(buffer).readonly and memoryview(buffer).format == "b"
    assert (buffer.is_cpu, buffer.is_mutable, buffer.parent) == (True, False, None)
    assert pickle.loads(pickle.dumps(buffer)) == data == pickle.loads(pickle.dumps(buffer, 2))
    assert ma.py_buffer(buffer) is buffer and len(ma.py_buffer(b"")) == 0
    for wrong in (lambda: buffer[256], lambda: buffer[::2], lambda: buffer.slice(257),
                  lambda: buffer.slice(-1), lambda: buffer.slice(0, 257)):  # fmt: skip
        with pytest.raises(IndexError):
            wrong()
    with pytest.raises(TypeError):
        hash(buffer)
    with pytest.raises(TypeError):
        ma.py_buffer("text")


def test_exported_memory_stays_locked():
    data = bytearray(b"abc")
    buffer = ma.py_buffer(data)
    with pytest.raises(BufferError):
        data.append(1)
    del buffer
    data.append(1)
