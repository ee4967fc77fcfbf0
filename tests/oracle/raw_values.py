"""Raw values of pyarrow's arrays through its scalars: no look at any buffer.

pyarrow has no Python objects for intervals of months and of days and milliseconds, and does not
say which child of a union is null: ``NotShown`` is raised.
"""

from . import raw_float


class NotShown(Exception):
    """pyarrow's scalar does not have all that the buffers say."""


def from_pyarrow(array):
    """The list of the array's raw values."""
    return [_raw(array[i]) for i in range(len(array))]


def _raw(scalar):
    kind = type(scalar).__name__.removesuffix("Scalar")
    if kind == "Union":
        if not scalar.is_valid:
            raise NotShown("the id of a null in a union")
        return (scalar.type_code, _raw(scalar.value))
    extended = kind.endswith("Extension") or hasattr(scalar.type, "storage_type")
    if kind == "RunEndEncoded" or extended:
        return None if scalar.value is None else _raw(scalar.value)
    if not scalar.is_valid:
        return None
    return _READERS.get(kind, _as_py)(scalar)


def _as_py(scalar):
    return scalar.as_py()


def _integer(scalar):
    return scalar.value


def _float(scalar):
    return raw_float(float(scalar.as_py()))


def _decimal(scalar):
    """The unscaled integer, whatever precision the context has."""
    sign, digits, exponent = scalar.as_py().as_tuple()
    number = int("".join(map(str, digits))) * 10 ** (exponent + scalar.type.scale)
    return -number if sign else number


def _interval(scalar):
    return tuple(scalar.as_py())


def _list(scalar):
    return from_pyarrow(scalar.values)


def _map(scalar):
    return [(_raw(entry[0]), _raw(entry[1])) for entry in scalar.values]


def _struct(scalar):
    type_ = scalar.type
    return [(type_.field(i).name, _raw(scalar[i])) for i in range(type_.num_fields)]


def _dictionary(scalar):
    return _raw(scalar.value)


_READERS = {
    **dict.fromkeys(["Date32", "Date64", "Time32", "Time64", "Timestamp", "Duration"], _integer),
    **dict.fromkeys(["HalfFloat", "Float", "Double"], _float),
    **dict.fromkeys(["Decimal32", "Decimal64", "Decimal128", "Decimal256"], _decimal),
    "MonthDayNanoInterval": _interval,
    **dict.fromkeys(["List", "LargeList", "FixedSizeList", "ListView", "LargeListView"], _list),
    "Map": _map,
    "Struct": _struct,
    "Dictionary": _dictionary,
}
