"""Any type, and arrays of it whose buffers are laid out in every odd way that the format allows.

Types are drawn by hypothesis, so that a failure is reduced to a small one; what is in an array
comes from a random number generator, which is quick.
"""

import math
import struct

from hypothesis import strategies as st

import minarrow as ma

INTEGERS = [ma.int8, ma.int16, ma.int32, ma.int64, ma.uint8, ma.uint16, ma.uint32, ma.uint64]
UNITS = ["s", "ms", "us", "ns"]
NAMES = ["a", "b", "", "a", "a.b", "\N{SNOWMAN}", "item"]
DICTIONARY = 29
METADATA = [
    None,
    None,
    {b"k": b"v"},
    {b"": b"", b"\x00k": b"\xff\x00", b"x": b"y" * 70},
    [(b"k", b"1"), (b"", b""), (b"k", b"2")],
]


# -- types


_DECIMALS = [(ma.decimal32, 9), (ma.decimal64, 18), (ma.decimal128, 38), (ma.decimal256, 76)]
_LEAVES = [
    *(make() for make in INTEGERS),
    *(make() for make in (ma.null, ma.bool_, ma.float16, ma.float32, ma.float64)),
    *2 * [make() for make in (ma.string, ma.large_string, ma.string_view)],
    *2 * [make() for make in (ma.binary, ma.large_binary, ma.binary_view)],
    *(ma.binary(width) for width in (0, 1, 3, 16)),
    *(ma.date32(), ma.date64(), ma.time32("s"), ma.time32("ms"), ma.time64("us"), ma.time64("ns")),
    *(ma.timestamp(unit, zone) for unit, zone in zip(UNITS, [None, "UTC", "+02:00", ""])),
    *(ma.duration(unit) for unit in UNITS),
    *(ma.month_interval(), ma.day_time_interval(), ma.month_day_nano_interval()),
    *(make(digits, scale) for make, most in _DECIMALS for digits, scale in ((1, -2), (most, 5))),
]
_CODES = [[0, 1, 2], [5, 7, 0], [127, 1, 64]]


def _has_no_nulls(type_):
    """Whether arrays of the type can be without nulls, as the keys of maps have to be."""
    return type_.id not in (0, 27, 28, 29, 38)


@st.composite
def _nested_types(draw, depth):
    kind = draw(st.integers(0, 10))
    if kind <= 4:
        makers = [ma.list_, ma.large_list, ma.list_view, ma.large_list_view]
        makers.append(lambda item: ma.list_(item, draw(st.integers(0, 3))))
        return makers[kind](draw(fields(depth)))
    if kind == 5:
        key = ma.field("key", draw(types(depth).filter(_has_no_nulls)), nullable=False)
        return ma.map_(key, draw(fields(depth)), keys_sorted=draw(st.booleans()))
    if kind in (6, 7):
        children = draw(st.lists(fields(depth), min_size=1, max_size=3))
        codes = draw(st.sampled_from(_CODES))
        return (ma.sparse_union, ma.dense_union)[kind - 6](children, codes[: len(children)])
    if kind == 8:
        ends = draw(st.sampled_from([ma.int16, ma.int32, ma.int64]))()
        return ma.run_end_encoded(ends, draw(types(depth)))
    if kind == 9:
        # a field has one encoding: the values themselves cannot be dictionary-encoded
        values = draw(types(depth).filter(lambda found: found.id != DICTIONARY))
        return ma.dictionary(draw(st.sampled_from(INTEGERS))(), values, draw(st.booleans()))
    return ma.struct(draw(st.lists(fields(depth), max_size=3)))


@st.composite
def types(draw, depth=3):
    """Types nested up to ``depth`` levels."""
    if depth == 0 or draw(st.integers(0, 9)) < 3:
        return draw(st.sampled_from(_LEAVES))
    return draw(_nested_types(depth - 1))


@st.composite
def fields(draw, depth=3):
    """Fields of any type, name, nullability and metadata."""
    return ma.field(
        draw(st.sampled_from(NAMES)),
        draw(types(depth)),
        draw(st.booleans()),
        draw(st.sampled_from(METADATA)),
    )


@st.composite
def row_counts(draw):
    """The rows of up to four batches."""
    count = draw(st.sampled_from([2, 1, 3, 4, 0]))
    return [draw(st.sampled_from([5, 1, 2, 17, 70, 0])) for _ in range(count)]


@st.composite
def schemas(draw, depth=3):
    """Schemas of up to four columns."""
    count = draw(st.sampled_from([1, 2, 1, 3, 4, 0]))
    columns = [draw(fields(depth)) for _ in range(count)]
    return ma.schema(columns, metadata=draw(st.sampled_from(METADATA)))


def walk(type_):
    """The type and all types in it."""
    yield type_
    for i in range(type_.num_fields):
        yield from walk(type_.field(i).type)
    if type_.id == DICTIONARY:
        yield from walk(type_.value_type)


# -- arrays

NULL, BOOL = 0, 1
_WIDTHS = {
    **dict.fromkeys((2, 3), 1),
    **dict.fromkeys((4, 5, 10), 2),
    **dict.fromkeys((6, 7, 11, 16, 19, 21, 43), 4),
    **dict.fromkeys((8, 9, 12, 17, 18, 20, 22, 33, 44), 8),
    **dict.fromkeys((23, 37), 16),
    24: 32,
}
_DAY = {"s": 86_400, "ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}
_TEXT = ["", "a", "\N{SNOWMAN}\N{MUSICAL SYMBOL G CLEF}", "x" * 12, "thirteen char", "long " * 9]


def _bits(flags):
    data = bytearray((len(flags) + 7) // 8)
    for i, flag in enumerate(flags):
        data[i // 8] |= bool(flag) << i % 8
    return ma.py_buffer(bytes(data))


class Maker:
    """Makes arrays. Dictionaries are kept, and now and then used again or grown."""

    def __init__(self, random):
        self.random = random
        self._dictionaries = {}

    def batch(self, schema, rows):
        """A record batch of any values."""
        columns = [
            self.array(field.type, rows, field.nullable, path=(i,))
            for i, field in enumerate(schema)
        ]
        if not columns:
            return ma._core.empty_batch(schema, rows)
        return ma.RecordBatch.from_arrays(columns, schema=schema)

    def array(self, type_, rows, nullable=True, path=()):
        """An array with some rows before and behind those it has."""
        chance = self.random.random
        offset = self.random.choice([0, 0, 1, 3, 8, 13])
        total = offset + rows + self.random.choice([0, 0, 1, 9])
        valid = [True] * total
        if nullable and chance() < 0.7:
            density = self.random.choice([0.1, 0.5, 1])
            valid = [chance() >= density for _ in range(total)]
        bitmap = None
        if not all(valid) or chance() < 0.2:
            bitmap = _bits(valid)
        make = self._maker(type_)
        if make in (self._union, self._run_ends, self._null):
            bitmap, valid = None, [True] * total
        buffers, children, dictionary = make(type_, total, valid, path)
        return ma.Array.from_buffers(
            type_,
            rows,
            [bitmap, *buffers],
            offset=offset,
            children=children,
            dictionary=dictionary,
        )

    def _maker(self, type_):
        number = type_.id
        return {
            NULL: self._null,
            BOOL: self._bool,
            13: self._variable,
            14: self._variable,
            15: self._fixed_binary,
            25: self._list,
            26: self._struct,
            27: self._union,
            28: self._union,
            DICTIONARY: self._dictionary,
            30: self._list,
            32: self._fixed_list,
            34: self._variable,
            35: self._variable,
            36: self._list,
            38: self._run_ends,
            39: self._view,
            40: self._view,
            41: self._list_view,
            42: self._list_view,
        }.get(number, self._numbers)

    def _buffer(self, data):
        """The bytes, now and then with some more behind them."""
        return ma.py_buffer(data + self.random.randbytes(self.random.choice([0, 0, 5, 64])))

    def _null(self, type_, total, valid, path):
        return [], None, None

    def _bool(self, type_, total, valid, path):
        return [self._buffer(self.random.randbytes((total + 7) // 8))], None, None

    def _fixed_binary(self, type_, total, valid, path):
        return [self._buffer(self.random.randbytes(total * type_.byte_width))], None, None

    def _numbers(self, type_, total, valid, path):
        width = _WIDTHS[type_.id]
        if type_.id in (23, 24, 43, 44):
            most = 10**type_.precision - 1
            cells = [self.random.randint(-most, most) for _ in range(total)]
        elif type_.id == 17:
            cells = [86_400_000 * self.random.randint(-9999, 9999) for _ in range(total)]
        elif type_.id in (19, 20):
            cells = [self.random.randrange(_DAY[type_.unit]) for _ in range(total)]
        else:
            return [self._buffer(self.random.randbytes(width * total))], None, None
        data = b"".join(
            cell.to_bytes(width, "little", signed=True) if ok else self.random.randbytes(width)
            for cell, ok in zip(cells, valid, strict=True)
        )
        return [self._buffer(data)], None, None

    def _cell(self, text):
        value = self.random.choice(_TEXT).encode()
        return value if text or self.random.random() < 0.5 else self.random.randbytes(len(value))

    def _variable(self, type_, total, valid, path):
        """Values from somewhere in the data on; under nulls no UTF-8."""
        data = bytearray(self.random.choice([b"", b"\xff\xfe\xfd"]))
        offsets = [len(data)]
        for ok in valid:
            data += self._cell(type_.id in (13, 34)) if ok else self.random.choice([b"", b"\xff"])
            offsets.append(len(data))
        form = "q" if type_.id in (34, 35) else "i"
        return [self._offsets(form, offsets), self._buffer(bytes(data))], None, None

    def _offsets(self, form, numbers):
        return self._buffer(struct.pack(f"<{len(numbers)}{form}", *numbers))

    def _view(self, type_, total, valid, path):
        """Long values in several buffers, which overlap and have holes."""
        text = type_.id == 39
        buffers = [bytearray(self.random.choice([b"", b"\xff" * 20])) for _ in range(3)]
        views = []
        for ok in valid:
            value = self._cell(text) if ok else b""
            if len(value) <= 12:
                views.append(struct.pack("<i12s", len(value), value))
                continue
            index = self.random.randrange(3)
            start = buffers[index].find(value)
            if start < 0 or self.random.random() < 0.3:
                start = len(buffers[index])
                buffers[index] += value
            views.append(struct.pack("<i4sii", len(value), value[:4], index, start))
        used = buffers if any(buffers) or self.random.random() < 0.5 else []
        data = [ma.py_buffer(bytes(buffer)) for buffer in used]
        return [self._buffer(b"".join(views)), *data], None, None

    def _child(self, field, rows, path, key):
        return self.array(field.type, rows, field.nullable, (*path, key))

    def _list(self, type_, total, valid, path):
        """From somewhere in the child on; null lists may have items."""
        offsets = [self.random.choice([0, 2])]
        for _ in valid:
            offsets.append(offsets[-1] + self.random.choice([0, 0, 1, 2]))
        rows = offsets[-1] + self.random.choice([0, 3])
        form = "q" if type_.id == 36 else "i"
        if type_.id == 30:
            child = self._struct_of(type_.field(0).type, rows, path)
        else:
            child = self._child(type_.field(0), rows, path, 0)
        return [self._offsets(form, offsets)], [child], None

    def _struct_of(self, type_, rows, path):
        """The entries of maps: a struct without nulls."""
        return self.array(type_, rows, False, (*path, "entries"))

    def _list_view(self, type_, total, valid, path):
        """Lists in any order, which may overlap."""
        rows = self.random.choice([0, 4, 9])
        starts = [self.random.randint(0, rows) for _ in valid]
        sizes = [self.random.randint(0, min(3, rows - start)) for start in starts]
        form = "q" if type_.id == 42 else "i"
        child = self._child(type_.field(0), rows, path, 0)
        return [self._offsets(form, starts), self._offsets(form, sizes)], [child], None

    def _fixed_list(self, type_, total, valid, path):
        rows = total * type_.list_size + self.random.choice([0, 2])
        return [], [self._child(type_.field(0), rows, path, 0)], None

    def _struct(self, type_, total, valid, path):
        rows = total + self.random.choice([0, 0, 3])
        children = [self._child(type_.field(i), rows, path, i) for i in range(type_.num_fields)]
        return [], children, None

    def _union(self, type_, total, valid, path):
        which = [self.random.randrange(type_.num_fields) for _ in range(total)]
        codes = self._buffer(bytes(type_.type_codes[i] for i in which))
        if type_.mode == "sparse":
            return [codes], self._struct(type_, total, valid, path)[1], None
        rows = [self.random.choice([0, 1]) for _ in range(type_.num_fields)]
        places = []
        for i in which:
            places.append(rows[i])
            rows[i] += self.random.choice([1, 1, 2])
        children = [self._child(type_.field(i), rows[i], path, i) for i in range(type_.num_fields)]
        return [codes, self._offsets("i", places)], children, None

    def _run_ends(self, type_, total, valid, path):
        ends = []
        while not ends or ends[-1] < total:
            ends.append((ends[-1] if ends else 0) + self.random.choice([1, 2, 7]))
        form = {"int16": "h", "int32": "i", "int64": "q"}[str(type_.run_end_type)]
        run_ends = ma.Array.from_buffers(
            type_.run_end_type, len(ends), [None, self._offsets(form, ends)]
        )
        values = self.array(type_.value_type, len(ends), type_.field(1).nullable, (*path, 1))
        return [], [run_ends, values], None

    def _dictionary(self, type_, total, valid, path):
        dictionary = self._some_dictionary(type_.value_type, path)
        width = type_.index_type.bit_width // 8
        cells = [
            self.random.randrange(len(dictionary)).to_bytes(width, "little")
            if ok and len(dictionary)
            else self.random.randbytes(width)
            for ok in valid
        ]
        return [self._buffer(b"".join(cells))], None, dictionary

    def _some_dictionary(self, type_, path):
        """A new dictionary, or the one from before, or that with more behind it."""
        before = self._dictionaries.get(path)
        choice = self.random.random()
        if before is None or choice < 0.3:
            # at least one value, for an array that has no nulls needs something to point at
            new = self.array(type_, self.random.randint(1, 5), True, (*path, "values"))
        elif choice < 0.6:
            return before
        else:
            more = self.array(type_, self.random.randint(1, 3), True, (*path, "values"))
            new = ma.concat_arrays([before, more])
        self._dictionaries[path] = new
        return new


def has_nan(values):
    """Whether a NaN is anywhere in raw values."""
    if isinstance(values, (list, tuple)):
        return any(has_nan(value) for value in values)
    return isinstance(values, float) and math.isnan(values)
