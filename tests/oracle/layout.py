"""The layouts of Arrow's columnar format a second time: raw values from an array's buffers.

Works on arrays of minarrow and of pyarrow: both have ``buffers()``, ``offset``, ``type`` and the
same names for the children. Only the rows that are asked for are looked at, as some of the others
may be anything.
"""

import struct
from bisect import bisect_right

from . import raw_float
from .fields import plain_type

_INTEGERS = {
    (8, True): "<b",
    (8, False): "<B",
    (16, True): "<h",
    (16, False): "<H",
    (32, True): "<i",
    (32, False): "<I",
    (64, True): "<q",
    (64, False): "<Q",
}
_FLOATS = {"HALF": "<e", "SINGLE": "<f", "DOUBLE": "<d"}
_INTERVALS = {"YEAR_MONTH": "<i", "DAY_TIME": "<ii", "MONTH_DAY_NANO": "<iiq"}
_DICTIONARY, _EXTENSION = 29, 31


def raw_values(array):
    """The list of the array's raw values."""
    row = row_reader(array)
    return [row(i) for i in range(len(array))]


def raw_columns(batch):
    """For each column of a batch the list of its raw values."""
    return [raw_values(column) for column in batch.columns]


def row_reader(array):
    """A function that gives the raw value of a row."""
    if array.type.id == _EXTENSION:
        array = array.storage
    if array.type.id == _DICTIONARY:
        value = _dictionary(array)
    else:
        name, *parameters = plain_type(array.type)
        value = _READERS[name](array, *parameters)
    validity = array.buffers()[0]
    if validity is None:
        return value
    bits, start = memoryview(validity).cast("B"), array.offset
    return lambda i: value(i) if bits[(start + i) // 8] >> (start + i) % 8 & 1 else None


def _cells(array, index, form):
    """A function that unpacks the cell of a row of the buffer with that index."""
    data = array.buffers()[index]
    width, start = struct.calcsize(form), array.offset
    cells = memoryview(data).cast("B") if data is not None else b""
    return lambda i: struct.unpack_from(form, cells, (start + i) * width)


def _numbers(array, index, form):
    cell = _cells(array, index, form)
    return lambda i: cell(i)[0]


def _bytes_of(array, index):
    data = array.buffers()[index]
    return memoryview(data).cast("B") if data is not None else b""


# -- one function for each layout


def _null(array):
    return lambda i: None


def _bool(array):
    bits, start = _bytes_of(array, 1), array.offset
    return lambda i: bool(bits[(start + i) // 8] >> (start + i) % 8 & 1)


def _int(array, bits, signed):
    return _numbers(array, 1, _INTEGERS[bits, signed])


def _float(array, precision):
    number = _numbers(array, 1, _FLOATS[precision])
    return lambda i: raw_float(number(i))


def _fixed(array, size):
    data, start = _bytes_of(array, 1), array.offset
    return lambda i: bytes(data[(start + i) * size : (start + i + 1) * size])


def _decimal(array, bits, precision, scale):
    cell = _fixed(array, bits // 8)
    return lambda i: int.from_bytes(cell(i), "little", signed=True)


def _wide(array, *parameters):
    return _numbers(array, 1, "<q")


def _date(array, unit):
    return _numbers(array, 1, "<i" if unit == "DAY" else "<q")


def _time(array, unit, bits):
    return _numbers(array, 1, _INTEGERS[bits, True])


def _interval(array, unit):
    cell = _cells(array, 1, _INTERVALS[unit])
    return (lambda i: cell(i)[0]) if unit == "YEAR_MONTH" else cell


def _variable(form, text):
    def reader(array):
        offset, data = _numbers(array, 1, form), _bytes_of(array, 2)

        def value(i):
            start, end = offset(i), offset(i + 1)
            assert 0 <= start <= end <= len(data)
            cell = bytes(data[start:end])
            return cell.decode() if text else cell

        return value

    return reader


def _view(text):
    def reader(array):
        cell = _fixed(array, 16)
        buffers = [memoryview(data).cast("B") for data in array.buffers()[2:]]

        def value(i):
            view = cell(i)
            size, prefix, index, start = struct.unpack("<i4sii", view)
            if size <= 12:
                assert not any(view[4 + size :])
                data = view[4 : 4 + size]
            else:
                assert 0 <= start <= start + size <= len(buffers[index])
                data = bytes(buffers[index][start : start + size])
                assert data.startswith(prefix)
            return data.decode() if text else data

        return value

    return reader


def _list(form):
    def reader(array):
        offset, item = _numbers(array, 1, form), row_reader(array.values)
        return lambda i: [item(j) for j in range(offset(i), offset(i + 1))]

    return reader


def _list_view(form):
    def reader(array):
        offset, size = _numbers(array, 1, form), _numbers(array, 2, form)
        item = row_reader(array.values)
        return lambda i: [item(j) for j in range(offset(i), offset(i) + size(i))]

    return reader


def _fixed_list(array, size):
    item, start = row_reader(array.values), array.offset
    return lambda i: [item(j) for j in range((start + i) * size, (start + i + 1) * size)]


def _map(array, keys_sorted):
    offset = _numbers(array, 1, "<i")
    key, item = row_reader(array.keys), row_reader(array.items)
    return lambda i: [(key(j), item(j)) for j in range(offset(i), offset(i + 1))]


def _struct(array):
    fields = range(array.type.num_fields)
    children = [(array.type.field(i).name, row_reader(array.field(i))) for i in fields]
    return lambda i: [(name, row(i)) for name, row in children]


def _union(array, mode, codes):
    code = _numbers(array, 1, "<b")
    place = _numbers(array, 2, "<i") if mode == "DENSE" else (lambda i: i)
    children = {c: row_reader(array.field(i)) for i, c in enumerate(codes)}
    return lambda i: (code(i), children[code(i)](place(i)))


def _run_ends(array):
    ends, row, start = raw_values(array.run_ends), row_reader(array.values), array.offset
    return lambda i: row(bisect_right(ends, start + i))


def _dictionary(array):
    _, bits, signed = plain_type(array.type.index_type)
    index, row = _numbers(array, 1, _INTEGERS[bits, signed]), row_reader(array.dictionary)
    size = len(array.dictionary)

    def value(i):
        assert 0 <= index(i) < size
        return row(index(i))

    return value


_READERS = {
    "null": _null,
    "bool": _bool,
    "int": _int,
    "floatingpoint": _float,
    "fixedsizebinary": _fixed,
    "decimal": _decimal,
    "date": _date,
    "time": _time,
    "timestamp": _wide,
    "duration": _wide,
    "interval": _interval,
    "binary": _variable("<i", False),
    "utf8": _variable("<i", True),
    "largebinary": _variable("<q", False),
    "largeutf8": _variable("<q", True),
    "binaryview": _view(False),
    "utf8view": _view(True),
    "list": _list("<i"),
    "largelist": _list("<q"),
    "listview": _list_view("<i"),
    "largelistview": _list_view("<q"),
    "fixedsizelist": _fixed_list,
    "map": _map,
    "struct": _struct,
    "union": _union,
    "runendencoded": _run_ends,
}
