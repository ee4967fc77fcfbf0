"""To pandas and back. Imported, with pandas and numpy, only when it is used."""

import ast
import datetime
import decimal
import json
import re

from . import _core
from ._optional import load
from ._pandas_columns import LISTS, as_categories, defaults, kind, pandas_column

pd = load("pandas")
np = load("numpy")

_INDEX_NAME = "__index_level_{}__"
_COPIES_ON_WRITE = int(pd.__version__.split(".")[0]) >= 3


def _shared(frame):
    """A DataFrame or Series over memory that others read, too, which it may still be written to.

    pandas copies a column before it writes to it when something else refers to its memory. Here
    that is the array behind the column, which stays as long as the memory is in use.
    """
    for block in frame._mgr.blocks:
        values = getattr(block.values, "_data", block.values)  # of a masked array
        values = getattr(values, "_ndarray", values)  # of times with a zone
        if isinstance(values, np.ndarray) and not values.flags.writeable:
            if not _COPIES_ON_WRITE or not isinstance(values.base, np.ndarray):
                return frame.copy()
            block.refs.add_index_reference(values.base)
    return frame


def _column(values, index=None):
    """Python objects stay what they are: a DataFrame made of their array would look into them."""
    if isinstance(values, np.ndarray) and values.dtype == object:
        return pd.Series(values, index=index, dtype=object, copy=False)
    return values


def _series(chunks, type, given, name=None):
    values = pandas_column(chunks, type, defaults(**given))
    return _shared(pd.Series(_column(values), name=name, copy=False))


def series_of(column, **given):
    """A ChunkedArray as a pandas Series."""
    return _series(column.chunks, column.type, given, column._name)


def series_of_array(array, **given):
    """An Array as a pandas Series."""
    return _series([array], array.type, given)


# -- a whole table


_SCALAR = (str, int, float, type(None))


def _described(entries, names):
    """What the metadata says of columns or levels of labels, each entry of the type it must be;
    `names` are those of names."""
    types = {
        "name": names,
        "field_name": names,
        "pandas_type": str,
        "numpy_type": str,
        "metadata": dict,
    }
    return [
        {key: entry[key] for key in entry.keys() & types if isinstance(entry[key], types[key])}
        for entry in entries
        if isinstance(entry, dict)
    ]


def _list(value):
    return value if isinstance(value, list) else []


def _pandas_metadata(schema):
    """The metadata, without what pandas cannot have written: it comes from wherever data do."""
    text = (schema.metadata or {}).get(b"pandas")
    if text is None:
        return {}
    try:
        found = json.loads(text)
    except (RecursionError, ValueError):
        return {}  # somebody else's idea of that key
    if not isinstance(found, dict):
        return {}
    index = [entry for entry in _list(found.get("index_columns")) if isinstance(entry, str | dict)]
    return {
        "index_columns": index,
        "columns": _described(_list(found.get("columns")), (str, type(None))),
        "column_indexes": _described(_list(found.get("column_indexes")), _SCALAR),
        "attributes": found["attributes"] if isinstance(found.get("attributes"), dict) else {},
    }


def _range_index(entry, rows):
    """The index that an entry describes, or None where there is none of so many rows."""
    bounds = [entry.get(key) for key in ("start", "stop", "step")]
    if not all(type(bound) is int and abs(bound) < 2**62 for bound in bounds) or not bounds[2]:
        return None
    name = entry.get("name")
    if len(range(*bounds)) != rows or not isinstance(name, _SCALAR):
        return None
    return pd.RangeIndex(*bounds, name=name)


def _frame_index(columns, names, metadata, rows):
    """The index that the metadata describes, and the positions of its columns."""
    levels = []
    positions = []
    shown = {c.get("field_name"): c.get("name") for c in metadata.get("columns", [])}
    for entry in metadata.get("index_columns", []):
        if isinstance(entry, dict):
            if entry.get("kind") == "range":
                levels.append(_range_index(entry, rows))
        elif entry in names:
            # the last one of that name: the index is stored behind the columns
            position = len(names) - 1 - names[::-1].index(entry)
            positions.append(position)
            level = _column(columns[position])
            levels.append(pd.Index(level, name=shown.get(entry, entry), copy=False))
    levels = [level for level in levels if level is not None]
    if len(levels) > 1:
        return pd.MultiIndex.from_arrays(levels), positions
    return (levels[0] if levels else pd.RangeIndex(rows)), positions


# numpy's names for dtypes also say how much memory a value takes
_is_number_dtype = re.compile(r"(u?int|float)\d{1,2}").fullmatch
_is_time_dtype = re.compile(r"datetime64\[\w{1,2}\]").fullmatch

# what pandas raises for labels that are not what the metadata says
_NOT_SO = (
    ArithmeticError,
    LookupError,
    NotImplementedError,
    OSError,  # of files of time zones
    TypeError,
    ValueError,
)

_LABELS_FROM_TEXT = {
    "bool": lambda text: text == "True",
    "bytes": str.encode,
    "decimal": decimal.Decimal,
    "date": datetime.date.fromisoformat,
    "time": datetime.time.fromisoformat,
}


def _labels_as(labels, entry):
    """The labels of one level, which are text in Arrow, as what the metadata says they were."""
    name = entry.get("pandas_type") or "unicode"
    try:
        if name in _LABELS_FROM_TEXT:
            return pd.Index([_LABELS_FROM_TEXT[name](label) for label in labels])
        if name == "datetimetz":
            zone = (entry.get("metadata") or {}).get("timezone", "UTC")
            return pd.to_datetime(labels, utc=True, format="ISO8601").tz_convert(zone)
        dtype = entry.get("numpy_type", "")
        if name.startswith("datetime") and _is_time_dtype(dtype):
            return pd.to_datetime(labels, format="ISO8601").astype(dtype)
        if name.startswith(("int", "uint", "float")) and _is_number_dtype(dtype):
            return pd.Index(labels).astype(dtype)
    except _NOT_SO:
        pass  # somebody renamed a column
    return pd.Index(labels)


def _frame_labels(labels, metadata):
    """The column labels as they were: text in Arrow, but numbers, times and tuples in pandas."""
    levels = metadata.get("column_indexes") or [{}]
    names = {c.get("field_name"): c.get("name") for c in metadata.get("columns", [])}
    labels = [label if names.get(label) is None else names[label] for label in labels]
    if len(levels) == 1:
        return _labels_as(labels, levels[0]).rename(levels[0].get("name"))
    try:
        tuples = [ast.literal_eval(label) for label in labels]
    except (MemoryError, RecursionError, SyntaxError, ValueError):  # of text as of deep nesting
        return pd.Index(labels)
    if not all(isinstance(label, tuple) and len(label) == len(levels) for label in tuples):
        return pd.Index(labels)
    parts = [
        _labels_as([str(label[i]) for label in tuples], level) for i, level in enumerate(levels)
    ]
    return pd.MultiIndex.from_arrays(parts, names=[level.get("name") for level in levels])


def _made(column):
    """The chunks of which something new is made for each row."""
    return [] if kind(column.type) in LISTS | {"dictionary"} else column.chunks


def frame_of(table, **given):
    """A Table as a pandas DataFrame."""
    options = defaults(**given)
    metadata = {} if options["ignore_metadata"] else _pandas_metadata(table.schema)
    dtypes = {c.get("field_name"): c.get("numpy_type") for c in metadata.get("columns", [])}
    names = table.schema.names
    rows = table.num_rows
    _core.check_extent([chunk for column in table.itercolumns() for chunk in _made(column)])
    categories = set(options["categories"] or ())
    columns = {}
    for i, (name, column) in enumerate(zip(names, table.itercolumns())):
        if name in categories and kind(column.type) != "dictionary":
            columns[i] = as_categories(column.chunks, column.type, options)
        else:
            columns[i] = pandas_column(column.chunks, column.type, options, dtypes.get(name))
    index, positions = _frame_index(columns, names, metadata, rows)
    for position in positions:
        columns.pop(position, None)
    columns = {i: _column(values, index) for i, values in columns.items()}
    frame = _shared(pd.DataFrame(columns, index=index, copy=False))
    try:
        frame.columns = _frame_labels([names[i] for i in columns], metadata)
    except UnicodeEncodeError as error:
        raise _core.ArrowInvalid(
            f"a column's name is not UTF-8, so that pandas has no label for it: {error.object!r}; "
            "give it another one with rename_columns()"
        ) from None
    frame.attrs = dict(metadata.get("attributes") or {})
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
    name = kind(type)
    if name == "timestamp":
        return "datetimetz" if type.tz else "datetime"
    if name.startswith("decimal"):
        return "decimal"
    if name in LISTS:
        return f"list[{_pandas_type(type.value_type)}]"
    return _PANDAS_TYPES.get(name, name)


def _extra(array):
    type = array.type
    name = kind(type)
    if name == "timestamp" and type.tz:
        return {"timezone": type.tz}
    if name == "dictionary":
        return {"num_categories": len(array.dictionary), "ordered": type.ordered}
    if name.startswith("decimal"):
        return {"precision": type.precision, "scale": type.scale}
    return None


def _numpy_type(values):
    """The dtype under which numpy would hold the values of a column or level."""
    if isinstance(values.dtype, pd.CategoricalDtype):  # of a column: levels of labels are none
        return str(values.cat.codes.dtype)
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        return f"datetime64[{values.dtype.unit}]"
    return str(values.dtype)


# what pandas stores in Arrow as extension types of its own
_EXTENSIONS = (pd.PeriodDtype, pd.IntervalDtype)


def _extension(dtype, storage):
    """The metadata of a field for values of that dtype, stored as that type."""
    if isinstance(dtype, pd.PeriodDtype):
        name, parameters = "pandas.period", {"freq": str(dtype)[len("period[") : -1]}
    elif isinstance(dtype, pd.IntervalDtype):
        name = "pandas.interval"
        parameters = {"subtype": str(storage.field("left").type), "closed": dtype.closed}
    else:
        return None
    return {"ARROW:extension:name": name, "ARROW:extension:metadata": json.dumps(parameters)}


def _describe(name, field_name, values, array):
    is_extension = isinstance(values.dtype, _EXTENSIONS)
    return {
        "name": None if name is None else _text_of(name),
        "field_name": field_name,
        "pandas_type": "object" if is_extension else _pandas_type(array.type),
        "numpy_type": _numpy_type(values),
        "metadata": _extra(array),
    }


def _describe_labels(labels):
    """The metadata's entry for one level of the column labels."""
    if isinstance(labels, pd.CategoricalIndex):
        labels = labels.astype(labels.categories.dtype)
    name = labels.inferred_type
    extra = None
    if name == "string":
        name, extra = "unicode", {"encoding": "UTF-8"}
    elif name in ("integer", "floating"):
        name = str(labels.dtype)
    elif name == "datetime64":
        name = "datetime"
        if getattr(labels.dtype, "tz", None) is not None:
            name, extra = "datetimetz", {"timezone": str(labels.dtype.tz)}
    elif name == "boolean":
        name = "bool"
    return {
        "name": labels.name,
        "field_name": labels.name,
        "pandas_type": name,
        "numpy_type": _numpy_type(labels),
        "metadata": extra,
    }


def _text_of(label):
    """A label as the name of a field; a tuple's parts are text, each by itself."""
    return str(tuple(map(str, label))) if isinstance(label, tuple) else str(label)


def _attributes(frame):
    """The frame's attrs, where they are what JSON can say."""
    try:
        json.dumps(frame.attrs)
    except (TypeError, ValueError):
        return {}
    return frame.attrs


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
    taken = set(map(_text_of, frame.columns))
    for i in range(index.nlevels):
        level = index.get_level_values(i)
        stored = _INDEX_NAME.format(i)
        if level.name is not None and _text_of(level.name) not in taken:
            stored = _text_of(level.name)
        levels.append((level.name, stored, level.to_series()))
    return levels, [stored for _, stored, _ in levels]


def _by_schema(schema, names, arrays, metadata):
    """A batch of the arrays in the schema's order."""
    missing = [name for name in schema.names if name not in names]
    if missing:
        raise _core.ArrowKeyError(
            f"the schema's field {missing[0]!r} is neither a column of the frame nor of its index"
        )
    arrays = [arrays[names.index(name)] for name in schema.names]
    schema = _core.schema(list(schema), metadata=metadata)
    return _core.RecordBatch.from_arrays(arrays, schema=schema)


def batch_from_pandas(
    frame, schema=None, preserve_index=None, columns=None, safe=True, nthreads=None
):
    """A DataFrame as a RecordBatch; its metadata says how to make the same frame again."""
    if columns is not None:
        frame = frame[list(columns)]
    wanted = {} if schema is None else {field.name: field.type for field in schema}
    levels, index_columns = _index_levels(frame, preserve_index)
    if schema is not None:
        kept = [_text_of(label) in wanted for label in frame.columns]
        frame = frame.iloc[:, kept]
        levels = [level for level in levels if level[1] in wanted]
        index_columns = [x for x in index_columns if isinstance(x, dict) or x in wanted]
    names, arrays, described, dtypes = [], [], [], []
    labelled = ((label, _text_of(label), frame.iloc[:, i]) for i, label in enumerate(frame.columns))
    for label, name, values in [*labelled, *levels]:
        array = _core.column_array(name, values, type=wanted.get(name), from_pandas=True, safe=safe)
        names.append(name)
        arrays.append(array)
        described.append(_describe(label, name, values, array))
        dtypes.append(values.dtype)
    metadata = {
        "index_columns": index_columns,
        "column_indexes": [
            _describe_labels(frame.columns.get_level_values(i))
            for i in range(frame.columns.nlevels)
        ],
        "columns": described,
        "attributes": _attributes(frame),
        "creator": {"library": "minarrow", "version": _version()},
        "pandas_version": pd.__version__,
    }
    stored = {b"pandas": json.dumps(metadata, default=str).encode()}
    if schema is not None:
        return _by_schema(schema, names, arrays, {**(schema.metadata or {}), **stored})
    fields = [
        _core.field(name, array.type, metadata=_extension(dtype, array.type))
        for name, array, dtype in zip(names, arrays, dtypes)
    ]
    schema = _core.schema(fields, metadata=stored)
    if not arrays:
        return _core.empty_batch(schema, len(frame))
    return _core.RecordBatch.from_arrays(arrays, schema=schema)


def _version():
    from . import __version__

    return __version__
