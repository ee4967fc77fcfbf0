"""To pandas and back. Imported, with pandas and numpy, only when it is used."""

import json

import numpy as np
import pandas as pd

from . import _core

_NUMERIC = {
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
_STRINGS = {"string", "large_string", "string_view"}
_LISTS = {"list", "large_list", "fixed_size_list", "list_view", "large_list_view"}
_INDEX_NAME = "__index_level_{}__"

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

_OPTIONS = {
    # taken for pyarrow's sake, and without an effect here
    "memory_pool",
    "use_threads",
    "self_destruct",
    "split_blocks",
    "deduplicate_objects",
    "safe",
}


def _kind(type):
    """The name of a type without its parameters."""
    text = str(getattr(type, "storage_type", type))
    for i, letter in enumerate(text):
        if not (letter.isalnum() or letter == "_"):
            return text[:i]
    return text


def _storage(chunk):
    return getattr(chunk, "storage", chunk)


# -- one column: chunks of a type to an array of numpy's or pandas'


def _raw(chunk, dtype):
    """The data buffer of fixed-width rows as numbers, without a copy."""
    buffer = chunk.buffers()[1]
    if buffer is None or len(chunk) == 0:
        return np.empty(0, dtype)
    width = np.dtype(dtype).itemsize
    return np.frombuffer(buffer, dtype, len(chunk), chunk.offset * width)


def _bits(buffer, offset, length):
    """`length` bits from bit `offset` on, as bools."""
    first = offset // 8
    bytes_ = np.frombuffer(buffer, np.uint8, (offset + length + 7) // 8 - first, first)
    return np.unpackbits(bytes_, bitorder="little")[offset % 8 :][:length].view(bool)


def _is_null(chunk):
    """A mask of the rows that are null by the chunk's own bitmap."""
    buffer = chunk.buffers()[0]
    if buffer is None or chunk.null_count == 0:
        return np.zeros(len(chunk), bool)
    return ~_bits(buffer, chunk.offset, len(chunk))


def _joined(parts, dtype):
    if len(parts) == 1:
        return parts[0]
    return np.concatenate(parts) if parts else np.empty(0, dtype)


def _has_nulls(chunks):
    return any(chunk.null_count for chunk in chunks)


def _mask(chunks):
    return _joined([_is_null(chunk) for chunk in chunks], bool)


def _objects(values, length):
    return np.fromiter(values, object, length)


def _python_objects(chunks):
    length = sum(map(len, chunks))
    return _objects((value for chunk in chunks for value in chunk.to_pylist()), length)


def _numbers(chunks, dtype):
    """Numbers as they are; with nulls, floats that are NaN there."""
    values = _joined([_raw(chunk, dtype) for chunk in chunks], dtype)
    if not _has_nulls(chunks):
        return values
    target = dtype if np.issubdtype(dtype, np.floating) else np.float64
    values = values.astype(target)
    values[_mask(chunks)] = np.nan
    return values


def _bool_values(chunk):
    buffer = chunk.buffers()[1]
    if buffer is None or len(chunk) == 0:
        return np.empty(0, bool)
    return _bits(buffer, chunk.offset, len(chunk))


def _bools(chunks):
    if _has_nulls(chunks):
        return _python_objects(chunks)
    return _joined([_bool_values(chunk) for chunk in chunks], bool)


def _times(chunks, dtype):
    """Timestamps and durations: int64 seen as numpy's type, with NaT for nulls."""
    values = _joined([_raw(chunk, np.int64) for chunk in chunks], np.int64)
    if _has_nulls(chunks):
        values = values.copy()
        values[_mask(chunks)] = np.iinfo(np.int64).min
    return values.view(dtype)


def _timestamps(chunks, type, options):
    if options["timestamp_as_object"]:
        return _python_objects(chunks)
    values = _times(chunks, f"M8[{type.unit}]")
    if type.tz is None:
        return values
    return pd.DatetimeIndex(values).tz_localize("UTC").tz_convert(type.tz).array


def _dates(chunks, type, options):
    if options["date_as_object"]:
        return _python_objects(chunks)
    if _kind(type) == "date64":
        return _times(chunks, "M8[ms]")
    days = _joined([_raw(chunk, np.int32) for chunk in chunks], np.int32).astype(np.int64)
    days[_mask(chunks)] = np.iinfo(np.int64).min
    return days.view("M8[D]").astype("M8[ms]")


def _strings(chunks, type, options):
    """pandas' default string dtype, in the storage that it chose."""
    if options["strings_to_categorical"]:
        return pd.Categorical(_python_objects(chunks))
    dtype = pd.Series([], dtype=str).dtype
    if dtype == object:
        return _python_objects(chunks)
    if getattr(dtype, "storage", None) == "pyarrow":
        import pyarrow  # pandas has it already, or would not store strings in it

        arrays = [pyarrow.array(chunk) for chunk in chunks]
        joined = pyarrow.chunked_array(arrays, type=_arrow_string(pyarrow, type))
        return dtype.__from_arrow__(joined)
    return pd.array(_python_objects(chunks), dtype=dtype)


def _arrow_string(pyarrow, type):
    return getattr(pyarrow, _kind(type))()


def _row_views(chunk, type):
    """Each list as a numpy array that is a view of all its chunk's values."""
    values = _column_values([chunk.values], type.value_type, _defaults())
    values = np.asarray(values)
    for start, stop in _core.list_bounds(chunk):
        yield None if start is None else values[start:stop]


def _lists(chunks, type):
    rows = (row for chunk in chunks for row in _row_views(chunk, type))
    return _objects(rows, sum(map(len, chunks)))


def _dictionary_codes(chunk, dtype):
    codes = _raw(chunk.indices, dtype).astype(np.int64)
    codes[_is_null(chunk.indices)] = -1
    return codes


def _categories(chunks, type, options):
    combined = _core.concat_arrays(chunks, chunks[0].type if chunks else type)
    dictionary = combined.dictionary
    values = _column_values([dictionary], type.value_type, options)
    codes = _dictionary_codes(combined, _NUMERIC[str(type.index_type)])
    categories = pd.Index(values)
    if not categories.is_unique or categories.hasnans:
        # A dictionary may repeat values, and hold null; categories may not.
        taken = pd.Series(categories).take(codes).where(codes >= 0)
        return pd.Categorical(taken.to_numpy(), ordered=type.ordered)
    return pd.Categorical.from_codes(codes, categories, ordered=type.ordered)


def _column_values(chunks, type, options):
    """An array of numpy's or pandas' with the rows of all chunks."""
    chunks = [_storage(chunk) for chunk in chunks]
    type = getattr(type, "storage_type", type)
    kind = _kind(type)
    if kind in _NUMERIC:
        if options["integer_object_nulls"] and "int" in kind and _has_nulls(chunks):
            return _python_objects(chunks)
        return _numbers(chunks, _NUMERIC[kind])
    if kind == "bool":
        return _bools(chunks)
    if kind == "timestamp":
        return _timestamps(chunks, type, options)
    if kind == "duration":
        return _times(chunks, f"m8[{type.unit}]")
    if kind in ("date32", "date64"):
        return _dates(chunks, type, options)
    if kind in _STRINGS:
        return _strings(chunks, type, options)
    if kind == "dictionary":
        return _categories(chunks, type, options)
    if kind in _LISTS:
        return _lists(chunks, type)
    return _python_objects(chunks)


def _masked_values(chunks, kind, name):
    """A column of one of pandas' nullable dtypes, as that again; None where it does not fit."""
    array_type, dtype = _MASKED[name]
    if kind == "bool" and name == "boolean":
        parts = [_bool_values(chunk) for chunk in chunks]
    elif kind in _NUMERIC and _NUMERIC[kind] == dtype:
        parts = [_raw(chunk, dtype) for chunk in chunks]
    else:
        return None
    return array_type(_joined(parts, dtype).copy(), _mask(chunks).copy())


def _defaults(**given):
    options = {
        "categories": None,
        "strings_to_categorical": False,
        "integer_object_nulls": False,
        "date_as_object": True,
        "timestamp_as_object": False,
        "ignore_metadata": False,
        "types_mapper": None,
        "zero_copy_only": False,
    }
    for name, value in given.items():
        if name in options:
            options[name] = value
        elif name not in _OPTIONS:
            raise TypeError(f"to_pandas() has no option {name!r}")
    return options


def _pandas_column(chunks, type, options, dtype_name=None):
    mapped = options["types_mapper"](type) if options["types_mapper"] else None
    if mapped is None and dtype_name in _MASKED:
        values = _masked_values(chunks, _kind(type), dtype_name)
        if values is not None:
            return values
    values = _column_values(chunks, type, options)
    return pd.array(values, dtype=mapped) if mapped is not None else values


def series_of(column, **given):
    """A ChunkedArray as a pandas Series."""
    options = _defaults(**given)
    return pd.Series(_pandas_column(column.chunks, column.type, options), copy=False)


# -- a whole table


def _pandas_metadata(schema):
    text = (schema.metadata or {}).get(b"pandas")
    if text is None:
        return {}
    try:
        return json.loads(text)
    except ValueError:
        return {}  # somebody else's idea of that key


def _range_index(entry, rows):
    index = pd.RangeIndex(entry["start"], entry["stop"], entry["step"], name=entry["name"])
    return index if len(index) == rows else None


def _frame_index(frame, names, metadata, rows):
    """The index that the metadata describes, and the positions of its columns."""
    levels = []
    positions = []
    shown = {c.get("field_name"): c.get("name") for c in metadata.get("columns", [])}
    for entry in metadata.get("index_columns", []):
        if isinstance(entry, dict):
            if entry.get("kind") == "range":
                levels.append(_range_index(entry, rows))
        elif entry in names:
            position = names.index(entry)
            positions.append(position)
            levels.append(pd.Index(frame[position], name=shown.get(entry, entry), copy=False))
    levels = [level for level in levels if level is not None]
    if len(levels) > 1:
        return pd.MultiIndex.from_arrays(levels), positions
    return (levels[0] if levels else pd.RangeIndex(rows)), positions


def _frame_labels(labels, metadata):
    """Column labels as they were: text in Arrow, but numbers are common in pandas."""
    indexes = metadata.get("column_indexes") or [{}]
    names = {c.get("field_name"): c.get("name") for c in metadata.get("columns", [])}
    labels = [label if names.get(label) is None else names[label] for label in labels]
    if len(indexes) != 1:
        return pd.Index(labels)
    kind = indexes[0].get("pandas_type") or ""
    name = indexes[0].get("name")
    if kind.startswith(("int", "uint")) and all(str(x).lstrip("-").isdigit() for x in labels):
        return pd.Index([int(label) for label in labels], dtype=kind, name=name)
    return pd.Index(labels, name=name)


def frame_of(table, **given):
    """A Table as a pandas DataFrame."""
    options = _defaults(**given)
    schema = table.schema
    metadata = {} if options["ignore_metadata"] else _pandas_metadata(schema)
    dtypes = {c.get("field_name"): c.get("numpy_type") for c in metadata.get("columns", [])}
    names = schema.names
    rows = table.num_rows
    columns = {}
    for i, (name, column) in enumerate(zip(names, table.itercolumns())):
        columns[i] = _pandas_column(column.chunks, column.type, options, dtypes.get(name))
        if options["categories"] and name in options["categories"]:
            columns[i] = pd.Categorical(columns[i])
    index, positions = _frame_index(columns, names, metadata, rows)
    for position in positions:
        del columns[position]
    frame = pd.DataFrame(columns, index=index, copy=False)
    frame.columns = _frame_labels([names[i] for i in columns], metadata)
    return frame


# -- from pandas

_PANDAS_TYPES = {
    "halffloat": "float16",
    "float": "float32",
    "double": "float64",
    "string": "unicode",
    "large_string": "unicode",
    "string_view": "unicode",
    "binary": "bytes",
    "large_binary": "bytes",
    "binary_view": "bytes",
    "fixed_size_binary": "bytes",
    "date32": "date",
    "date64": "date",
    "time32": "time",
    "time64": "time",
    "duration": "timedelta",
    "dictionary": "categorical",
    "null": "empty",
    "struct": "object",
    "map": "object",
}


def _pandas_type(type):
    kind = _kind(type)
    if kind == "timestamp":
        return "datetimetz" if type.tz else "datetime"
    if kind.startswith("decimal"):
        return "decimal"
    if kind in _LISTS:
        return f"list[{_pandas_type(type.value_type)}]"
    return _PANDAS_TYPES.get(kind, kind)


def _extra(values, type):
    kind = _kind(type)
    if kind == "timestamp" and type.tz:
        return {"timezone": type.tz}
    if kind == "dictionary":
        return {"num_categories": len(values.cat.categories), "ordered": type.ordered}
    if kind.startswith("decimal"):
        return {"precision": type.precision, "scale": type.scale}
    return None


def _describe(name, field_name, values, type):
    return {
        "name": None if name is None else str(name),
        "field_name": field_name,
        "pandas_type": _pandas_type(type),
        "numpy_type": str(values.dtype),
        "metadata": _extra(values, type),
    }


def _label_type(labels):
    kind = labels.inferred_type
    return {"string": "unicode", "integer": str(labels.dtype)}.get(kind, kind)


def _index_levels(frame, preserve_index):
    """Levels of the index to store as columns, and the metadata's list of index columns."""
    index = frame.index
    if preserve_index is False:
        return [], []
    if preserve_index is None and isinstance(index, pd.RangeIndex):
        described = {
            "kind": "range",
            "name": index.name,
            "start": index.start,
            "stop": index.stop,
            "step": index.step,
        }
        return [], [described]
    levels = []
    taken = set(map(str, frame.columns))
    for i in range(index.nlevels):
        level = index.get_level_values(i)
        stored = _INDEX_NAME.format(i)
        if level.name is not None and str(level.name) not in taken:
            stored = str(level.name)
        levels.append((level.name, stored, level.to_series()))
    return levels, [stored for _, stored, _ in levels]


def _array_of(values, type, safe):
    return _core.array(values, type=type, from_pandas=True, safe=safe)


def batch_from_pandas(
    frame, schema=None, preserve_index=None, columns=None, safe=True, nthreads=None
):
    """A DataFrame as a RecordBatch; its metadata says how to make the same frame again."""
    if columns is not None:
        frame = frame[list(columns)]
    wanted = {} if schema is None else {field.name: field.type for field in schema}
    if schema is not None and columns is None:
        frame = frame[[label for label in frame.columns if str(label) in wanted]]
    names, arrays, described = [], [], []
    labelled = ((label, str(label), frame.iloc[:, i]) for i, label in enumerate(frame.columns))
    levels, index_columns = _index_levels(frame, preserve_index)
    for label, name, values in [*labelled, *levels]:
        array = _array_of(values, wanted.get(name), safe)
        names.append(name)
        arrays.append(array)
        described.append(_describe(label, name, values, array.type))
    labels = frame.columns
    metadata = {
        "index_columns": index_columns,
        "column_indexes": [
            {
                "name": labels.name,
                "field_name": labels.name,
                "pandas_type": _label_type(labels),
                "numpy_type": str(labels.dtype),
                "metadata": None,
            }
        ],
        "columns": described,
        "creator": {"library": "minarrow", "version": _version()},
        "pandas_version": pd.__version__,
    }
    stored = {b"pandas": json.dumps(metadata, default=str).encode()}
    if schema is not None:
        stored = {**(schema.metadata or {}), **stored}
        order = [names.index(field.name) for field in schema if field.name in names]
        arrays = [arrays[i] for i in order]
        fields = [field for field in schema if field.name in names]
        schema = _core.schema(fields, metadata=stored)
        return _core.RecordBatch.from_arrays(arrays, schema=schema)
    fields = [_core.field(name, array.type) for name, array in zip(names, arrays)]
    schema = _core.schema(fields, metadata=stored)
    if not arrays:
        return _core.empty_batch(schema, len(frame))
    return _core.RecordBatch.from_arrays(arrays, schema=schema)


def _version():
    from . import __version__

    return __version__
