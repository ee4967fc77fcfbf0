"""The layouts of Arrow's columnar format a second time: raw values from a column's buffers.

Only the rows that are asked for are looked at, as some of the others may be anything.
"""

import struct
from bisect import bisect_right

from . import raw_float
from .columns import Column, column_of

_INTEGERS = {
    (8, True): "b",
    (8, False): "B",
    (16, True): "h",
    (16, False): "H",
    (32, True): "i",
    (32, False): "I",
    (64, True): "q",
    (64, False): "Q",
}
_FLOATS = {"HALF": "e", "SINGLE": "f", "DOUBLE": "d"}
_INTERVALS = {"YEAR_MONTH": "i", "DAY_TIME": "ii", "MONTH_DAY_NANO": "iiq"}


def cell_form(type_):
    """The format of a cell of the type, or None where it is not one of numbers."""
    name, *parameters = type_
    if name == "int":
        return _INTEGERS[tuple(parameters)]
    if name == "floatingpoint":
        return _FLOATS[parameters[0]]
    if name == "interval":
        return _INTERVALS[parameters[0]]
    if name == "date":
        return "i" if parameters[0] == "DAY" else "q"
    if name == "time":
        return _INTEGERS[parameters[1], True]
    return "q" if name in ("timestamp", "duration") else None


def raw_values(array):
    """The list of raw values of a Column, or of an array of minarrow or pyarrow."""
    column = array if isinstance(array, Column) else column_of(array)
    row = row_reader(column)
    return [row(i) for i in range(column.length)]


def raw_columns(batch):
    """For each column of a batch the list of its raw values."""
    return [raw_values(column) for column in batch.columns]


def row_reader(column):
    """A function that gives the raw value of a row."""
    value = (_dictionary if column.index is not None else _READERS[column.type[0]])(column)
    if column.buffers[0] is None:
        return value
    bits, start = column.bytes_of(0), column.offset
    return lambda i: value(i) if bits[(start + i) // 8] >> (start + i) % 8 & 1 else None


def _cells(column, number, form):
    """A function that unpacks the cell of a row of the buffer with that number."""
    form = column.order + form
    cells, width, start = column.bytes_of(number), struct.calcsize(form), column.offset
    return lambda i: struct.unpack_from(form, cells, (start + i) * width)


def _numbers(column, number, form):
    cell = _cells(column, number, form)
    return lambda i: cell(i)[0]


# -- one function for each layout


def _null(column):
    return lambda i: None


def _bool(column):
    bits, start = column.bytes_of(1), column.offset
    return lambda i: bool(bits[(start + i) // 8] >> (start + i) % 8 & 1)


def _number(column):
    return _numbers(column, 1, cell_form(column.type))


def _float(column):
    number = _number(column)
    return lambda i: raw_float(number(i))


def _interval(column):
    form = cell_form(column.type)
    return (_numbers if len(form) == 1 else _cells)(column, 1, form)


def _fixed(column, size):
    data, start = column.bytes_of(1), column.offset

    def value(i):
        assert start + i >= 0 and (start + i + 1) * size <= len(data)
        return bytes(data[(start + i) * size : (start + i + 1) * size])

    return value


def _fixed_binary(column):
    return _fixed(column, column.type[1])


def _decimal(column):
    cell = _fixed(column, column.type[1] // 8)
    order = "little" if column.order == "<" else "big"
    return lambda i: int.from_bytes(cell(i), order, signed=True)


def _variable(form, text):
    def reader(column):
        offset, data = _numbers(column, 1, form), column.bytes_of(2)

        def value(i):
            start, end = offset(i), offset(i + 1)
            assert 0 <= start <= end <= len(data)
            cell = bytes(data[start:end])
            return cell.decode() if text else cell

        return value

    return reader


def _view(text):
    def reader(column):
        cell = _fixed(column, 16)
        buffers = [column.bytes_of(number) for number in range(2, len(column.buffers))]

        def value(i):
            view = cell(i)
            size, prefix, number, start = struct.unpack(column.order + "i4sii", view)
            if size <= 12:
                assert not any(view[4 + size :])
                data = view[4 : 4 + size]
            else:
                assert 0 <= start <= start + size <= len(buffers[number])
                data = bytes(buffers[number][start : start + size])
                assert data.startswith(prefix)
            return data.decode() if text else data

        return value

    return reader


def _items(column, item):
    """A function that gives the items of a range of rows of the child."""
    length = column.children[0].length

    def items(start, end):
        assert 0 <= start <= end <= length
        return [item(j) for j in range(start, end)]

    return items


def _list(form):
    def reader(column):
        offset = _numbers(column, 1, form)
        items = _items(column, row_reader(column.children[0]))
        return lambda i: items(offset(i), offset(i + 1))

    return reader


def _list_view(form):
    def reader(column):
        offset, size = _numbers(column, 1, form), _numbers(column, 2, form)
        items = _items(column, row_reader(column.children[0]))
        return lambda i: items(offset(i), offset(i) + size(i))

    return reader


def _fixed_list(column):
    items, start = _items(column, row_reader(column.children[0])), column.offset
    size = column.type[1]
    return lambda i: items((start + i) * size, (start + i + 1) * size)


def _map(column):
    offset = _numbers(column, 1, "i")
    key, item = (row_reader(child) for child in column.children[0].children)
    items = _items(column, lambda j: (key(j), item(j)))
    return lambda i: items(offset(i), offset(i + 1))


def _struct(column):
    rows = [row_reader(child) for child in column.children]
    children = list(zip(column.names, rows, strict=True))
    return lambda i: [(name, row(i)) for name, row in children]


def _union(column):
    _, mode, codes = column.type
    code = _numbers(column, 1, "b")
    place = _numbers(column, 2, "i") if mode == "DENSE" else (lambda i: i)
    children = dict(zip(codes, map(row_reader, column.children), strict=True))
    return lambda i: (code(i), children[code(i)](place(i)))


def _run_ends(column):
    ends, row, start = raw_values(column.children[0]), row_reader(column.children[1]), column.offset
    return lambda i: row(bisect_right(ends, start + i))


def _dictionary(column):
    index = _numbers(column, 1, _INTEGERS[column.index[1:]])
    values = column.dictionary
    if isinstance(values, Column):
        size, row = values.length, row_reader(values)
    else:
        size, row = len(values), values.__getitem__

    def value(i):
        assert 0 <= index(i) < size
        return row(index(i))

    return value


_READERS = {
    "null": _null,
    "bool": _bool,
    "int": _number,
    "floatingpoint": _float,
    "fixedsizebinary": _fixed_binary,
    "decimal": _decimal,
    "date": _number,
    "time": _number,
    "timestamp": _number,
    "duration": _number,
    "interval": _interval,
    "binary": _variable("i", False),
    "utf8": _variable("i", True),
    "largebinary": _variable("q", False),
    "largeutf8": _variable("q", True),
    "binaryview": _view(False),
    "utf8view": _view(True),
    "list": _list("i"),
    "largelist": _list("q"),
    "listview": _list_view("i"),
    "largelistview": _list_view("q"),
    "fixedsizelist": _fixed_list,
    "map": _map,
    "struct": _struct,
    "union": _union,
    "runendencoded": _run_ends,
}
