"""Arrays as memoryviews and numpy arrays."""

import ctypes
import subprocess
import sys

import pytest

import minarrow as ma

LETTERS = {
    "int8": "b", "uint8": "B", "int16": "h", "uint16": "H", "int32": "i", "uint32": "I",
    "int64": "lq", "uint64": "LQ", "float16": "e", "float32": "f", "float64": "d",
}  # fmt: skip


@pytest.mark.parametrize("name", LETTERS)
def test_numbers_are_seen_where_they_lie(name):
    np = pytest.importorskip("numpy")
    array = ma.array([1, 2, 3, 4], ma.type_for_alias(name)).slice(1)
    view = memoryview(array)
    assert view.format in LETTERS[name] and view.shape == (3,) and view.readonly
    assert bytes(view) == bytes(array.buffers()[1])[view.itemsize : 4 * view.itemsize]
    for made in (np.asarray(array), array.to_numpy()):
        assert made.dtype == name and made.tolist() == [2, 3, 4] and not made.flags.writeable
        assert made.ctypes.data == array.buffers()[1].address + view.itemsize
    assert array.to_numpy(zero_copy_only=False, writable=True).flags.writeable


def test_fixed_size_lists_have_dimensions():
    np = pytest.importorskip("numpy")
    numbers = ma.array(range(24), ma.int16())
    inner = ma.FixedSizeListArray.from_arrays(numbers, 3)
    array = ma.FixedSizeListArray.from_arrays(inner, 2).slice(1)
    made = np.asarray(array)
    assert made.shape == (3, 2, 3) and made.tolist() == array.to_pylist()
    assert np.shares_memory(made, np.asarray(numbers))


class Request(ctypes.Structure):
    """Py_buffer, for flags that memoryview does not ask for."""

    _fields_ = [
        ("buf", ctypes.c_void_p), ("obj", ctypes.c_void_p),
        ("len", ctypes.c_ssize_t), ("itemsize", ctypes.c_ssize_t),
        ("readonly", ctypes.c_int), ("ndim", ctypes.c_int), ("format", ctypes.c_char_p),
        ("shape", ctypes.POINTER(ctypes.c_ssize_t)), ("strides", ctypes.POINTER(ctypes.c_ssize_t)),
        ("suboffsets", ctypes.c_void_p), ("internal", ctypes.c_void_p),
    ]  # fmt: skip

    def strides_of(self, array, flags):
        api = ctypes.pythonapi
        api.PyObject_GetBuffer(ctypes.py_object(array), ctypes.byref(self), flags)
        strides = self.strides[: self.ndim]
        api.PyBuffer_Release(ctypes.byref(self))
        return strides


C_ORDER, FORTRAN_ORDER, ANY_ORDER = 0x38, 0x58, 0x98  # PyBUF_C_CONTIGUOUS and its like


@pytest.mark.parametrize(
    "rows, strides, both",
    [
        ([[1, 2, 3], [4, 5, 6]], [24, 8], False),
        ([[[1], [2], [3]], [[4], [5], [6]]], [24, 8, 8], False),
        ([[1, 2, 3]], [24, 8], True),
        ([[1], [2]], [8, 8], True),
        ([1, 2, 3], [8], True),
    ],
)
def test_an_order_of_dimensions_that_there_is_not(rows, strides, both):
    type = ma.int64()
    for outer, inner in zip(strides[-2::-1], strides[::-1], strict=False):
        type = ma.list_(type, outer // inner)
    array = ma.array(rows, type)
    assert Request().strides_of(array, C_ORDER) == strides
    assert Request().strides_of(array, ANY_ORDER) == strides
    if both:
        assert Request().strides_of(array, FORTRAN_ORDER) == strides
    else:
        with pytest.raises(BufferError, match="C order"):
            Request().strides_of(array, FORTRAN_ORDER)


@pytest.mark.parametrize(
    "array",
    [
        ma.array([1, None]),
        ma.array([True]),
        ma.array(["a"]),
        ma.array([1], ma.timestamp("s")),
        ma.array([None]),
    ],
)
def test_what_has_no_view_says_what_to_do(array):
    with pytest.raises(BufferError, match="to_numpy"):
        memoryview(array)


def test_a_view_of_no_rows_whose_lists_are_beyond_counting():
    type = ma.int8()
    for _ in range(3):
        type = ma.list_(type, 2**31 - 1)
    with pytest.raises(BufferError, match="hold more than can be counted"):
        memoryview(ma.array([], type))
    assert memoryview(ma.array([], type.value_type)).shape == (0, 2**31 - 1, 2**31 - 1)


def test_numpy_sees_what_pyarrow_shows():
    pyarrow = pytest.importorskip("pyarrow")
    np = pytest.importorskip("numpy")
    for values, type in [
        ([1, None, 3], "int8"), ([1.5, None], "float"),
        ([True, False], "bool"), ([True, None], "bool"),
        ([1, None], "timestamp[us]"), ([1, 2], "timestamp[ns]"), ([1, None], "duration[ms]"),
        ([1, None], "date32"), ([86400000, None], "date64"), (["a", None], "string"),
        ([b"a"], "binary"), ([None], "null"), ([], "int64"),
    ]:  # fmt: skip
        ours = ma.array(values, ma.type_for_alias(type)).to_numpy(zero_copy_only=False)
        theirs = pyarrow.array(values, pyarrow.type_for_alias(type)).to_numpy(zero_copy_only=False)
        assert ours.dtype == theirs.dtype or type == "null", type
        assert repr(ours.tolist()) == repr(theirs.tolist()) or type == "null"
    words = ma.DictionaryArray.from_arrays(ma.array([1, 0, None]), ma.array(["a", "b"]))
    assert words.to_numpy(zero_copy_only=False).tolist() == ["b", "a", None]
    lists = ma.array([[1, 2], None]).to_numpy(zero_copy_only=False)
    assert lists[0].tolist() == [1, 2] and lists[1] is None
    assert np.asarray(ma.array([1, None]), dtype="f4").dtype == "f4"
    for refused in (ma.array([1, None]), ma.array([True]), ma.array(["a"])):
        with pytest.raises(ma.ArrowInvalid, match="zero_copy_only"):
            refused.to_numpy()


@pytest.mark.parametrize(
    "name", ["int64", "bool", "string", "timestamp[us]", "date32", "duration[s]", "float16"]
)
def test_pandas_dtypes(name):
    pytest.importorskip("numpy")
    pyarrow = pytest.importorskip("pyarrow")
    assert (
        ma.type_for_alias(name).to_pandas_dtype() == pyarrow.type_for_alias(name).to_pandas_dtype()
    )


def test_importing_imports_nothing_else():
    code = """
import sys
before = set(sys.modules)
import minarrow
new = {name for name in set(sys.modules) - before if not name.startswith("minarrow")}
print(*sorted(new))
minarrow.array([1, 2]).to_pylist()
print("numpy" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    imported, numpy = done.stdout.splitlines()
    assert set(imported.split()) <= {"atexit"} and numpy == "False"
