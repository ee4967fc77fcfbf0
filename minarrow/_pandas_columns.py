"""A column as an array of numpy's or pandas'. Imported, with both, only when it is used.

A column is given as its chunks and their type. Where it is one chunk whose values lie as numpy has
them, the result is a view of them; otherwise the values are put together in new memory once.
"""

import datetime
import re

from . import _core
from ._optional import load

pd = load("pandas")
np = load("numpy")

NUMERIC = {
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
STRINGS = {"string", "large_string", "string_view"}
LISTS = {"list", "large_list", "fixed_size_list", "list_view", "large_list_view"}
_BINARIES = {"binary", "large_binary", "binary_view"}
_OBJECTS = {"arrow.uuid", "arrow.json"}  # extension types of Python objects
_FLOATS = {"halffloat", "float", "double"}

# pandas' nullable dtypes, which hold numbers and a mask; their names differ from numpy's by case.
_MASKED = {
    "boolean": (pd.arrays.BooleanArray, np.bool_),
    "Float32": (pd.arrays.FloatingArray, np.float32),
    "Float64": (pd.arrays.FloatingArray, np.float64),
    **{
        name: (pd.arrays.IntegerArray, np.dtype(name.lower()))
        for name in ("Int8", "UInt8", "Int16", "UInt16", "Int32", "UInt32", "Int64", "UInt64")
    },
}

# the dtypes of text that are not pandas' default
_STRING_DTYPES = {"string", "string[python]", "string[pyarrow]"}

_NAT = np.int64(np.iinfo(np.int64).min).tobytes()
_BOOLS = np.array([False, True, None], object)
_EPOCH = datetime.date(1970, 1, 1).toordinal()
_LAST_DAY = datetime.date.max.toordinal()

_kind_of = re.compile(r"\w*").match


def kind(type):
    """The name of a type, or of an extension type's storage, without its parameters."""
    return _kind_of(str(getattr(type, "storage_type", type)))[0]


# -- memory


def _view(chunk, dtype):
    """The data buffer of fixed-width rows as an array, without a copy."""
    if len(chunk) == 0:
        return np.empty(0, dtype)
    width = np.dtype(dtype).itemsize
    return np.frombuffer(chunk.buffers()[1], dtype, len(chunk), chunk.offset * width)


def _dense(chunks, form, dtype, fill=None):
    """The rows of all chunks in new memory (see _core.dense)."""
    buffer = _core.dense(chunks, form, fill)
    return np.frombuffer(buffer, dtype) if buffer.size else np.empty(0, dtype)


def _has_nulls(chunks):
    return any(chunk.null_count for chunk in chunks)


def _mask(chunks):
    return _dense(chunks, "nulls", np.bool_)


def _values(chunks, dtype, fill=None):
    """Fixed-width rows, with `fill` for nulls; a view of a single chunk where that is possible."""
    if len(chunks) == 1 and (fill is None or not chunks[0].null_count):
        return _view(chunks[0], dtype)
    return _dense(chunks, "values", dtype, fill)


def _objects(chunks):
    rows = []
    _core.check_extent(chunks)
    for chunk in chunks:
        rows += chunk.to_pylist()
    return np.fromiter(rows, object, len(rows))


# -- by type


def _numbers(chunks, name):
    """Numbers as they are; with nulls, floats that are NaN there."""
    dtype = NUMERIC[name]
    if name in _FLOATS:
        return _values(chunks, dtype, dtype(np.nan).tobytes())
    if _has_nulls(chunks):
        return _dense(chunks, "doubles", np.float64)
    return _values(chunks, dtype)


def _bools(chunks):
    if _has_nulls(chunks):
        return _BOOLS[_dense(chunks, "bytes", np.uint8)]
    return _dense(chunks, "bytes", np.bool_)


def _times(chunks, letter, unit):
    """Timestamps and durations: int64 seen as numpy's type, with NaT for nulls."""
    return _values(chunks, np.int64, _NAT).view(f"{letter}8[{unit}]")


def _zoned_dtype(type):
    """pandas' dtype of moments in a zone; ArrowInvalid for a zone that it doesn't know."""
    try:
        return pd.DatetimeTZDtype(type.unit, type.tz)
    except (LookupError, OSError, TypeError, ValueError) as error:
        raise _core.ArrowInvalid(
            f"pandas has no time zone {type.tz!r} ({error}); to_numpy() gives the moments in UTC"
        ) from None


def _timestamps(chunks, type, options):
    # Python's datetime has no nanoseconds: those stay what they are, as with pyarrow
    if options["timestamp_as_object"] and type.unit != "ns":
        return _objects(chunks)
    if type.tz is None or options["nested"]:
        return _times(chunks, "M", type.unit)
    dtype = _zoned_dtype(type)
    moments = _values(chunks, np.int64, _NAT)
    return pd.DatetimeIndex(moments, dtype=dtype, copy=False).array


def _date_objects(chunks):
    """Days as dates, of which equal ones are one object where there are many rows."""
    days = _values(chunks, np.int32, bytes(4))
    first = int(days.min(initial=0))
    last = int(days.max(initial=0))
    if last - first > len(days) or first <= -_EPOCH or last > _LAST_DAY - _EPOCH:
        return _objects(chunks)
    table = np.empty(last - first + 2, object)  # None stands at the end
    table[:-1] = [datetime.date.fromordinal(_EPOCH + day) for day in range(first, last + 1)]
    positions = days.astype(np.int64) - first
    positions[_mask(chunks)] = len(table) - 1
    return table.take(positions)


def _dates(chunks, name, options):
    if options["date_as_object"]:
        return _date_objects(chunks) if name == "date32" else _objects(chunks)
    if name == "date64":
        return _times(chunks, "M", "ms")
    return _dense(chunks, "milliseconds", "M8[ms]")


def as_categories(chunks, type, options):
    """A Categorical whose categories stand in the order in which they first come."""
    name = kind(type)
    if name in NUMERIC and name not in _FLOATS:
        present = ~_mask(chunks)
        codes = np.full(len(present), -1)
        codes[present], found = pd.factorize(_values(chunks, NUMERIC[name])[present])
    else:
        values = column_values(chunks, type, {**options, "strings_to_categorical": False})
        codes, found = pd.factorize(pd.Series(values, copy=False))
    return pd.Categorical.from_codes(codes, found)


def _strings(chunks, name):
    """pandas' default string dtype, in the storage that it chose."""
    dtype = pd.Series([], dtype=str).dtype
    if isinstance(dtype, np.dtype):  # of objects
        return _objects(chunks)
    if getattr(dtype, "storage", None) == "pyarrow":
        import pyarrow  # pandas has it already, or would not store strings in it

        _core.check_extent(chunks)
        arrays = [pyarrow.array(chunk) for chunk in chunks]
        return dtype.__from_arrow__(pyarrow.chunked_array(arrays, type=getattr(pyarrow, name)()))
    return pd.array(_objects(chunks), dtype=dtype)


def _lists(chunks, type, options):
    """Each list as an array that is a view of all its chunk's items."""
    if kind(type) == "fixed_size_list":
        _core.check_extent(chunks)  # lists of no items take no memory
    inner = {**options, "strings_to_categorical": False, "nested": True}
    rows = []
    for chunk in chunks:
        items = np.asarray(column_values([chunk.values], type.value_type, inner))
        rows += _core.list_slices(chunk, items)
    return np.fromiter(rows, object, len(rows))


def _codes(indices, dtype):
    """Positions in the dictionary, with -1 for nulls."""
    if np.issubdtype(dtype, np.signedinteger):
        return _values(indices, dtype, dtype(-1).tobytes())
    codes = _values(indices, dtype).astype(np.int64)
    codes[_mask(indices)] = -1
    return codes


def _categories(chunks, type, options):
    if kind(type.value_type) in LISTS | {"struct", "map"}:
        return _objects(chunks)  # that nobody can look up, and so are no categories
    combined = _core.concat_arrays(chunks, chunks[0].type if chunks else type)
    codes = _codes([combined.indices], NUMERIC[str(type.index_type)])
    categories = pd.Index(column_values([combined.dictionary], type.value_type, options))
    if categories.is_unique and not categories.hasnans:
        return pd.Categorical.from_codes(codes, categories, ordered=type.ordered)
    # A dictionary may repeat values, and hold null; categories may not.
    unified, found = pd.factorize(categories)
    unified = np.append(unified, -1)  # where -1 is taken from
    return pd.Categorical.from_codes(unified[codes], found, ordered=type.ordered)


def _runs(chunks, type, options):
    """Runs of equal values as the values themselves."""
    counts, parts = [], []
    _core.check_extent(chunks)
    for chunk in chunks:
        ends, values = _core.children(chunk)
        ends = _view(ends, NUMERIC[str(ends.type)]).astype(np.int64) - chunk.offset
        counts.append(np.diff(ends.clip(0, len(chunk)), prepend=0))
        parts.append(values)
    values = column_values(parts, type.value_type, options)
    counts = np.concatenate(counts) if counts else np.empty(0, np.int64)
    return values[np.repeat(np.arange(len(values)), counts)]


def _offsets_of_time(chunks):
    spans = _objects(chunks)
    for i, span in enumerate(spans):
        if span is not None:
            spans[i] = pd.DateOffset(
                months=span.months, days=span.days, nanoseconds=span.nanoseconds
            )
    return spans


def column_values(chunks, type, options):
    """The rows of all chunks as an array of numpy's or pandas'."""
    if getattr(type, "extension_name", None) in _OBJECTS:
        return _objects(chunks)
    chunks = [getattr(chunk, "storage", chunk) for chunk in chunks]
    type = getattr(type, "storage_type", type)
    name = kind(type)
    if name in NUMERIC:
        if options["integer_object_nulls"] and name not in _FLOATS and _has_nulls(chunks):
            return _objects(chunks)
        return _numbers(chunks, name)
    if name == "bool":
        return _bools(chunks)
    if name == "timestamp":
        return _timestamps(chunks, type, options)
    if name == "duration":
        return _times(chunks, "m", type.unit)
    if name in ("date32", "date64"):
        return _dates(chunks, name, options)
    if name in STRINGS | _BINARIES and options["strings_to_categorical"]:
        return as_categories(chunks, type, options)
    if name in STRINGS and not options["nested"]:
        return _strings(chunks, name)
    if name == "dictionary":
        return _categories(chunks, type, options)
    if name in LISTS:
        return _lists(chunks, type, options)
    if name == "run_end_encoded":
        return _runs(chunks, type, options)
    if name == "month_day_nano_interval":
        return _offsets_of_time(chunks)
    return _objects(chunks)


def _masked_values(chunks, name, dtype_name):
    """A column of one of pandas' nullable dtypes, as that again; None where it does not fit."""
    array_type, dtype = _MASKED[dtype_name]
    if name == "bool" and dtype_name == "boolean":
        values = _dense(chunks, "bytes", np.uint8) == 1
    elif NUMERIC.get(name) == dtype:
        values = _values(chunks, dtype)
    else:
        return None
    return array_type(values, _mask(chunks).copy())


def _periods(chunks, name, dtype):
    """Ordinal numbers of periods, which pandas counts from 1970 on; None for other columns."""
    if name != "int64":
        return None
    return pd.arrays.PeriodArray(_values(chunks, np.int64, _NAT).copy(), dtype=dtype)


def _intervals(chunks, type, dtype):
    """Structs of two bounds as intervals; None for other columns."""
    if kind(type) != "struct" or [field.name for field in type] != ["left", "right"]:
        return None
    bounds = []
    for i in range(2):
        parts = [chunk.field(i) for chunk in chunks]
        bounds.append(pd.Series(column_values(parts, type.field(i).type, defaults())))
    missing = _mask(chunks)
    if missing.any():  # pandas marks them in the bounds, which integers cannot
        bounds = [bound.where(~missing) for bound in bounds]
    return pd.arrays.IntervalArray.from_arrays(*bounds, closed=dtype.closed or "right")


# -- what a caller may ask for

_DEFAULTS = {
    "categories": None,
    "strings_to_categorical": False,
    "integer_object_nulls": False,
    "date_as_object": True,
    "timestamp_as_object": False,
    "ignore_metadata": False,
    "types_mapper": None,
    "zero_copy_only": False,
}

# taken for pyarrow's sake, and without an effect here
_IGNORED = {"memory_pool", "use_threads", "self_destruct", "deduplicate_objects", "safe"}
_IGNORED.add("split_blocks")


def defaults(**given):
    """The options of to_pandas, with those that were given; TypeError for unknown ones."""
    for name in given:
        if name not in _DEFAULTS and name not in _IGNORED:
            raise TypeError(f"to_pandas() has no option {name!r}")
    options = {name: given.get(name, default) for name, default in _DEFAULTS.items()}
    options["nested"] = False  # whether these are items of lists, which are numpy's arrays alone
    return options


def _refuse_copy(chunks, name):
    if name not in NUMERIC and name not in ("timestamp", "duration"):
        why = f"values of type {name} lie differently in Arrow"
    elif len(chunks) > 1:
        why = f"the rows lie in {len(chunks)} chunks"
    elif _has_nulls(chunks):
        why = "there are nulls"
    else:
        return
    raise _core.ArrowInvalid(f"{why}, so pandas needs a copy; allow it with zero_copy_only=False")


def _mapped_dtype(type, options, dtype_name):
    """The pandas dtype that the caller, or what the column once was, asks for; or None."""
    mapper = options["types_mapper"]
    if mapper is pd.ArrowDtype:  # which takes pyarrow's types alone
        import pyarrow

        return pd.ArrowDtype(pyarrow.field(_core.field("", type)).type)
    if mapper is not None:
        return mapper(type)
    if dtype_name in _MASKED or dtype_name in _STRING_DTYPES:
        return pd.api.types.pandas_dtype(dtype_name)
    if str(dtype_name).startswith(("period[", "interval[")):
        try:
            return pd.api.types.pandas_dtype(dtype_name)
        except (ArithmeticError, TypeError, ValueError):
            pass  # a frequency or bounds that this pandas does not know
    if str(dtype_name).endswith("[pyarrow]"):
        try:
            return pd.api.types.pandas_dtype(dtype_name)
        except (ImportError, TypeError, NotImplementedError):
            pass  # without pyarrow, or of a type that pandas cannot name
    return None


def _as_dtype(chunks, type, dtype):
    """The rows of all chunks as an array of this dtype of pandas'."""
    name = kind(type)
    stored = [getattr(chunk, "storage", chunk) for chunk in chunks]
    values = None
    if str(dtype) in _MASKED:
        values = _masked_values(chunks, name, str(dtype))
    elif isinstance(dtype, pd.PeriodDtype):
        values = _periods(stored, name, dtype)
    elif isinstance(dtype, pd.IntervalDtype):
        values = _intervals(stored, getattr(type, "storage_type", type), dtype)
    if values is not None:
        return values
    if isinstance(dtype, pd.ArrowDtype):
        pyarrow = load("pyarrow")
        arrays = [pyarrow.array(chunk) for chunk in chunks]
        arrow_type = pyarrow.field(_core.field("", type)).type
        return dtype.__from_arrow__(pyarrow.chunked_array(arrays, type=arrow_type))
    values = column_values(chunks, type, defaults())
    return pd.array(np.asarray(values) if name in STRINGS else values, dtype=dtype)


def pandas_column(chunks, type, options, dtype_name=None):
    """The rows of all chunks as they stand in a DataFrame; `dtype_name` is what they once were."""
    if options["zero_copy_only"]:
        _refuse_copy(chunks, kind(type))
    dtype = _mapped_dtype(type, options, dtype_name)
    if dtype is not None:
        try:
            return _as_dtype(chunks, type, dtype)
        except (ArithmeticError, NotImplementedError, TypeError, ValueError):
            if options["types_mapper"] is not None:
                raise
            # they are not what the metadata says that they were
    return column_values(chunks, type, options)
