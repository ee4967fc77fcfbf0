"""Arrays as numpy arrays. Imported, with numpy, only when it is used."""

from ._core import ArrowInvalid
from ._optional import load

np = load("numpy")

_NUMBERS = {
    "int8": np.int8,
    "uint8": np.uint8,
    "int16": np.int16,
    "uint16": np.uint16,
    "int32": np.int32,
    "uint32": np.uint32,
    "int64": np.int64,
    "uint64": np.uint64,
    "halffloat": np.float16,
    "float": np.float32,
    "double": np.float64,
}
_OBJECTS = {
    "string",
    "large_string",
    "string_view",
    "binary",
    "large_binary",
    "binary_view",
    "null",
}


def _time_dtype(type):
    """numpy's dtype for a type of dates, moments or spans of time, else None."""
    name = str(type)
    if name.startswith("timestamp["):
        return np.dtype(f"M8[{type.unit}]")
    if name.startswith("duration["):
        return np.dtype(f"m8[{type.unit}]")
    return {"date32[day]": np.dtype("M8[D]"), "date64[ms]": np.dtype("M8[ms]")}.get(name)


def pandas_dtype(type):
    """What DataType.to_pandas_dtype gives."""
    name = str(type)
    if name in _NUMBERS:
        return _NUMBERS[name]
    if name == "bool":
        return np.bool_
    if name.startswith("timestamp[") and type.tz:
        return load("pandas").DatetimeTZDtype(type.unit, type.tz)
    if name.startswith("date"):
        return np.dtype("M8[ms]")
    if (dtype := _time_dtype(type)) is not None:
        return dtype
    objects = ("decimal", "fixed_size_binary", "list", "large_list", "fixed_size_list")
    if name in _OBJECTS or name.startswith(objects):
        return np.object_
    raise NotImplementedError(f"pandas has no dtype of its own for {name}")


def _refuse(array, why):
    raise ArrowInvalid(
        f"an array of type {array.type} {why}, so a numpy array needs a copy; "
        "allow it with zero_copy_only=False"
    )


def _numbers(array, dtype):
    """The values as they lie, nulls included."""
    dtype = np.dtype(dtype)
    data = array.buffers()[1]
    return np.frombuffer(data, dtype, len(array), array.offset * dtype.itemsize)


def _bits(buffer, offset, length):
    """Bits of a bitmap as an array of bool."""
    data = np.frombuffer(buffer, np.uint8)[offset // 8 : (offset + length + 7) // 8]
    return np.unpackbits(data, bitorder="little")[offset % 8 : offset % 8 + length].astype(np.bool_)


def _nulls(array):
    return ~_bits(array.buffers()[0], array.offset, len(array))


def _objects(values):
    found = np.empty(len(values), np.object_)
    for i, value in enumerate(values):
        found[i] = value
    return found


def _lists(array):
    """Each list as a numpy array of its own."""
    from ._core import list_bounds

    values = to_numpy(array.values, zero_copy_only=False)
    return _objects(
        [None if start is None else values[start:stop] for start, stop in list_bounds(array)]
    )


def _copied(array):
    """The values in new memory, with numpy's own way to say null where it has one."""
    name = str(array.type)
    has_nulls = array.null_count > 0
    if name in _NUMBERS:
        values = _numbers(array, _NUMBERS[name])
        floating = name in ("halffloat", "float", "double")
        values = values.copy() if floating else values.astype(np.float64)
        values[_nulls(array)] = np.nan
        return values
    if name == "bool" and not has_nulls:
        return _bits(array.buffers()[1], array.offset, len(array))
    if (dtype := _time_dtype(array.type)) is not None:
        if name.startswith("date32"):
            values = _numbers(array, np.int32).astype(np.int64).view(dtype)
        else:
            values = _numbers(array, dtype).copy()
        if has_nulls:
            values[_nulls(array)] = np.array("NaT", dtype)
        return values
    if name.startswith("dictionary<"):
        values = to_numpy(array.dictionary, zero_copy_only=False)
        indices = to_numpy(array.indices, zero_copy_only=False)
        if not has_nulls:
            return values[indices]
        found = _objects([None] * len(array))
        valid = ~_nulls(array.indices)
        found[valid] = values[indices[valid].astype(np.intp)]
        return found
    if name.startswith(
        ("list<", "large_list<", "fixed_size_list<", "list_view", "large_list_view")
    ):
        return _lists(array)
    return _objects(array.to_pylist())


def to_numpy(array, zero_copy_only=True, writable=False):
    """What Array.to_numpy gives."""
    if zero_copy_only and writable:
        raise ValueError("what is not copied cannot be written to: zero_copy_only or writable")
    array = getattr(array, "storage", array)
    name = str(array.type)
    dtype = _NUMBERS.get(name)
    if dtype is None and not name.startswith("date32"):
        dtype = _time_dtype(array.type)
    if dtype is not None and array.null_count == 0:
        values = _numbers(array, dtype)
        return values.copy() if writable else values
    if zero_copy_only:
        _refuse(
            array, "has nulls" if dtype is not None else "holds values that numpy stores otherwise"
        )
    return _copied(array)


def to_array(array, dtype=None, copy=None):
    """What Array.__array__ gives (numpy's protocol)."""
    values = to_numpy(array, zero_copy_only=copy is False)
    if dtype is not None and values.dtype != dtype:
        if copy is False:
            raise ValueError(f"an array of {dtype} instead of {values.dtype} needs a copy")
        return values.astype(dtype)
    return values.copy() if copy else values
