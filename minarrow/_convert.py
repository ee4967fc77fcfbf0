"""What ``array`` needs to know about numpy and pandas objects that the buffer protocol cannot say.

Only imported once a value of theirs turned up, so that they are imported already.
"""

import sys

from minarrow import _core
from minarrow._core import ArrowInvalid, ArrowNotImplementedError

# numpy's units that Arrow has not -> the next finer one that it has
_FINER = {"h": "s", "m": "s", "Y": "D", "M": "D", "W": "D"}


_NANOSECONDS = {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
_NANOSECONDS |= {"D": 86_400 * 10**9, "W": 7 * 86_400 * 10**9}


def parts(values, type, safe):
    """How to take `values`: (way, values, mask, type, is_pandas), or None for what is unknown here.

    The ways, and what then stands under `values`:

    memory -- an object that speaks the buffer protocol
    items -- a list of Python values
    arrow -- an object with Arrow's capsules, or an Array
    dictionary -- indices and dictionary; `type` says whether it is ordered
    struct -- names, columns and the number of rows
    """
    pandas = sys.modules.get("pandas")
    if pandas is not None and hasattr(pandas, "Series"):
        if isinstance(values, (pandas.Series, pandas.Index, pandas.api.extensions.ExtensionArray)):
            return _pandas_parts(pandas, values, type, safe)
        if isinstance(values, pandas.DataFrame):
            raise TypeError("a DataFrame is no column; use RecordBatch.from_pandas")
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(values, getattr(numpy, "ndarray", ())):
        return (*_numpy_parts(numpy, values, type, safe), False)
    return None


# ---- numpy ----


def _numpy_parts(numpy, values, type, safe):
    if values.ndim != 1:
        raise ArrowInvalid(
            f"only arrays of one dimension become a column, and this one has {values.ndim}; "
            "use .ravel(), or list() for lists"
        )
    mask = None
    if isinstance(values, numpy.ma.MaskedArray):
        mask = numpy.ascontiguousarray(numpy.ma.getmaskarray(values))
        values = values.data
    kind = values.dtype.kind
    if kind in "Mm":
        values, times_mask, type = _times(numpy, values, type, safe)
        return "memory", values, _either(mask, times_mask), type
    if kind == "V" and values.dtype.names is not None:
        names = _fields(values.dtype.names, type)
        return "struct", (names, [values[name] for name in names], len(values)), mask, type
    if kind in "cV" or (kind == "f" and values.dtype.itemsize > 8):
        raise ArrowNotImplementedError(f"numpy's dtype {values.dtype} is none of Arrow's types")
    if kind in "OUST":
        if type is None and kind != "O":  # the dtype says it, also where there is no value
            type = _core.binary() if kind == "S" else _core.string()
        elif kind == "S" and type is not None and _is_bytes_of(type, values.dtype.itemsize):
            return "memory", values, mask, type
        return "items", values.tolist(), mask, type
    if type is None or kind in "biuf":
        return "memory", values, mask, type
    return "items", values.tolist(), mask, type


def _fields(names, type):
    """Those of a structured array's fields that a struct has, in its order."""
    wanted = getattr(type.storage_type, "names", None) if type is not None else None
    if wanted is None:
        return list(names)
    for name in wanted:
        if name not in names:
            raise ArrowInvalid(f"a structured array of the fields {list(names)} has no {name!r}")
    return wanted


def _is_bytes_of(type, width):
    return str(type) == f"fixed_size_binary[{width}]"


def _either(a, b):
    if a is None or b is None:
        return b if a is None else a
    return a | b


def _times(numpy, values, type, safe):
    """datetime64 and timedelta64 as the integers they are, a mask for NaT, and their type."""
    letter = values.dtype.kind
    if not values.dtype.isnative:
        values = values.astype(values.dtype.newbyteorder("="))
    unit, step = numpy.datetime_data(values.dtype)
    if unit == "generic":
        raise ArrowNotImplementedError(f"numpy's dtype {values.dtype} has no unit")
    missing = numpy.isnat(values)
    wanted, floor = _unit_of(type, letter)
    if wanted is None:
        wanted = _FINER.get(unit, unit)
        if letter == "m" and wanted == "D":
            wanted = "s"
        if wanted not in ("D", "s", "ms", "us", "ns"):
            raise ArrowNotImplementedError(f"numpy's dtype {values.dtype} is none of Arrow's types")
    if (wanted, 1) != (unit, step):
        values = _convert_times(numpy, values, f"{letter}8[{wanted}]", missing, safe and not floor)
    if type is None:
        if letter == "m":
            type = _core.duration(wanted)
        else:
            type = _core.date32() if wanted == "D" else _core.timestamp(wanted)
    numbers = values.view("i8")
    if str(type).startswith("date"):
        numbers = _days(numpy, values, numpy.where(missing, 0, numbers), type)
    return numbers, missing if missing.any() else None, type


def _days(numpy, values, days, type):
    """Days as the numbers that a date type holds; refuses what is out of its range."""
    stored, factor = ("i4", 1) if str(type).startswith("date32") else ("i8", 86_400_000)
    limits = numpy.iinfo(stored)
    wrong = (days < -(-limits.min // factor)) | (days > limits.max // factor)
    if wrong.any():
        at = int(wrong.argmax())
        raise ArrowInvalid(f"value {at}: {values[at]} is out of the range of {type}")
    return days.astype(stored) * factor


def _unit_of(type, letter):
    """The numpy unit that a type asks for, and whether the time of day may be dropped silently."""
    if type is None:
        return None, False
    name = str(type)
    if (letter == "M" and name.startswith("timestamp")) or (letter == "m" and "duration" in name):
        return type.unit, False
    if letter == "M" and name.startswith("date"):
        return "D", True
    raise _core.ArrowTypeError(
        f"numpy's {'datetime64' if letter == 'M' else 'timedelta64'} is no {name}"
    )


def _convert_times(numpy, values, dtype, missing, safe):
    """The times in another unit; refuses what is out of its range and, if `safe`, what is finer."""
    try:
        converted = values.astype(dtype)
        wrong = converted.astype(values.dtype) != values if safe else missing
    except OverflowError:
        unit, step = numpy.datetime_data(values.dtype)
        finer = _NANOSECONDS[numpy.datetime_data(dtype)[0]]
        limit = (2**63 - 1) * finer // (_NANOSECONDS.get(unit, 366 * 86_400 * 10**9) * step)
        numbers = values.view("i8")
        wrong = (numbers > limit) | (numbers < -limit)
    wrong = wrong & ~missing
    if wrong.any():
        at = int(wrong.argmax())
        hint = " (safe=False cuts digits)" if safe else ""
        raise ArrowInvalid(
            f"value {at}: {values[at]} is finer than {numpy.dtype(dtype)} or out of its range{hint}"
        )
    return converted


# ---- pandas ----


def _pandas_parts(pandas, values, type, safe):
    numpy = sys.modules["numpy"]
    dtype = values.dtype
    if isinstance(dtype, pandas.CategoricalDtype):
        array = getattr(values, "array", values)  # of a Series; an Index has it too
        categorical = array if isinstance(array, pandas.Categorical) else pandas.Categorical(values)
        if type is not None and not str(type.storage_type).startswith("dictionary"):
            return "items", list(categorical), None, type, True
        codes = numpy.ascontiguousarray(categorical.codes)
        missing = codes < 0
        found = (codes, categorical.categories)
        return "dictionary", found, missing if missing.any() else None, categorical.ordered, True
    if isinstance(dtype, pandas.DatetimeTZDtype):
        plain = values.to_numpy(dtype=f"M8[{dtype.unit}]") if hasattr(values, "to_numpy") else None
        if type is None:
            type = _core.timestamp(dtype.unit, tz=dtype.tz)
        return (*_numpy_parts(numpy, plain, type, safe), True)
    if isinstance(dtype, numpy.dtype):
        return (*_numpy_parts(numpy, values.to_numpy(), type, safe), True)
    if isinstance(dtype, pandas.SparseDtype):
        return (*_numpy_parts(numpy, numpy.asarray(values), type, safe), True)
    array = getattr(values, "array", values)
    plain_dtype = getattr(dtype, "numpy_dtype", None)
    if isinstance(dtype, pandas.StringDtype):
        if dtype.storage == "pyarrow" and type is None:
            return "arrow", array.__arrow_array__(), None, type, True
        return "items", array.to_numpy(dtype=object).tolist(), None, type, True
    if isinstance(plain_dtype, numpy.dtype) and not isinstance(dtype, pandas.ArrowDtype):
        # the masked arrays: Int64, Float32, boolean ...
        missing = numpy.asarray(array.isna())
        filled = array.to_numpy(dtype=plain_dtype, na_value=plain_dtype.type(0))
        return "memory", filled, missing if missing.any() else None, type, True
    if isinstance(dtype, pandas.PeriodDtype):
        missing = numpy.asarray(array.isna())
        return "memory", array.asi8, missing if missing.any() else None, type, True
    if isinstance(dtype, pandas.IntervalDtype):
        missing = numpy.asarray(array.isna())
        names = _fields(["left", "right"], type)
        bounds = (names, [getattr(array, name) for name in names], len(array))
        return "struct", bounds, missing if missing.any() else None, type, True
    if hasattr(array, "__arrow_array__"):
        return "arrow", array.__arrow_array__(), None, type, True
    return "items", list(values), None, type, True
