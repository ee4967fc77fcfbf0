"""Raw values to buffers: every layout of the format, plain or as odd as is allowed.

With a random number generator an Encoder makes choices that readers must not mind: offsets that do
not begin at 0, anything under nulls and in padding bits, a validity though nothing is null, views
out of line that share and overlap, list views in any order, runs cut in two, dictionary values
that nobody uses. Without one it takes the plainest way.
"""

import struct

from .columns import Column
from .layout import cell_form
from .messages import BIG, Sheet

_WIDE = ("largeutf8", "largebinary", "largelist", "largelistview")


def can_be_null(description):
    """Whether rows of the field can be None."""
    name = description["type"][0]
    if description["dictionary"] is not None:
        return description["nullable"]
    if name == "runendencoded":
        return can_be_null(description["children"][1])
    return name == "null" or (description["nullable"] and name != "union")


def filler(description):
    """A value of the field where nobody looks, without a null where there can be none."""
    name, *parameters = description["type"]
    children = description["children"]
    if name == "struct":
        return [(child["name"], filler(child)) for child in children]
    if name == "fixedsizelist":
        return [filler(children[0])] * parameters[0]
    if name == "union":
        return (parameters[1][0], filler(children[0]))
    if name == "runendencoded":
        return filler(children[1])
    if name == "null":
        return None
    if name == "interval" and parameters[0] != "YEAR_MONTH":
        return (0,) * len(cell_form(description["type"]))
    if name == "fixedsizebinary":
        return bytes(parameters[0])
    if "list" in name or name == "map":
        return []
    if "utf8" in name:
        return ""
    if "binary" in name:
        return b""
    return {"bool": False, "floatingpoint": 0.0}.get(name, 0)


class Encoder:
    """Makes Columns. ``dictionaries`` has all values so far of each dictionary, by its id."""

    def __init__(self, random=None, order="<"):
        self.random = random
        self.order = order
        self.dictionaries = {}
        self._fresh = []

    def take_dictionaries(self):
        """What dictionaries gained since the last call: (id, Column, is it a delta)."""
        fresh, self._fresh = self._fresh, []
        return fresh

    def column(self, description, values):
        """The Column of a field with these raw values."""
        type_ = description["type"]
        column = Column(type_, len(values), [self._validity(values)], order=self.order)
        column.names = [child["name"] for child in description["children"]]
        if description["dictionary"] is not None:
            self._dictionary(column, description, values)
            return column
        make = getattr(self, "_" + type_[0], None) or self._cells
        make(column, description, values)
        return column

    # -- chance

    def _choose(self, *options):
        """One of the options; the first where nothing is left to chance."""
        return self.random.choice(options) if self.random else options[0]

    def _junk(self, size):
        return self.random.randbytes(size) if self.random else bytes(size)

    def _absent(self, description):
        """What stands where a parent has nothing."""
        if can_be_null(description) and self._choose(True, False):
            return None
        return filler(description)

    # -- pieces

    def _buffer(self, data):
        """The data, now and then with something behind it."""
        return bytes(data) + self._junk(self._choose(0, 0, 3, 70))

    def _bits(self, flags):
        """A bitmap; what lies behind the last flag may be set."""
        data = bytearray(self._junk((len(flags) + 7) // 8))
        for i, flag in enumerate(flags):
            data[i // 8] = data[i // 8] & ~(1 << i % 8) | bool(flag) << i % 8
        return self._buffer(data)

    def _validity(self, values):
        valid = [value is not None for value in values]
        return None if all(valid) and self._choose(True, True, False) else self._bits(valid)

    def _pack(self, form, numbers):
        return struct.pack(f"{self.order}{len(numbers)}{form}", *numbers)

    def _offsets(self, column, form, offsets):
        """Offsets, of which an empty column may have none at all."""
        if len(offsets) == 1 and self._choose(False, True):
            return b""
        return self._buffer(self._pack(form, offsets))

    def _form(self, column):
        return "q" if column.type[0] in _WIDE else "i"

    # -- fixed width

    def _cells(self, column, description, values):
        form = self.order + cell_form(column.type)
        size = struct.calcsize(form)
        rows = [value if isinstance(value, tuple) else (value,) for value in values]
        cells = [self._junk(size) if row == (None,) else struct.pack(form, *row) for row in rows]
        column.buffers.append(self._buffer(b"".join(cells)))

    def _null(self, column, description, values):
        column.buffers[0] = None

    def _bool(self, column, description, values):
        flags = [self._choose(False, True) if value is None else value for value in values]
        column.buffers.append(self._bits(flags))

    def _fixedsizebinary(self, column, description, values):
        size = column.type[1]
        cells = [self._junk(size) if value is None else value for value in values]
        column.buffers.append(self._buffer(b"".join(cells)))

    def _decimal(self, column, description, values):
        size, order = column.type[1] // 8, "little" if self.order == "<" else "big"
        cells = [
            self._junk(size) if value is None else value.to_bytes(size, order, signed=True)
            for value in values
        ]
        column.buffers.append(self._buffer(b"".join(cells)))

    # -- bytes and text

    def _variable(self, column, description, values):
        data = bytearray(self._junk(self._choose(0, 0, 5)))
        offsets = [len(data)]
        for value in values:
            if value is None:
                data += self._junk(self._choose(0, 0, 2))
            else:
                data += value.encode() if isinstance(value, str) else value
            offsets.append(len(data))
        if not values:
            data, offsets = b"", [0]
        column.buffers.append(self._offsets(column, self._form(column), offsets))
        column.buffers.append(self._buffer(data))

    _utf8 = _binary = _largeutf8 = _largebinary = _variable

    def _view(self, column, description, values):
        buffers, views = [bytearray() for _ in range(self._choose(1, 2, 3))], []
        for value in values:
            data = value.encode() if isinstance(value, str) else value or b""
            if len(data) <= 12:
                views.append(self._pack("i", [len(data)]) + data.ljust(12, b"\0"))
                continue
            number = self._choose(*range(len(buffers)))
            buffer = buffers[number]
            start = buffer.find(data)
            if start < 0 or self._choose(True, False):
                buffer += self._junk(self._choose(0, 0, 9))
                start = len(buffer)
                buffer += data
            view = self._pack("i", [len(data)]) + data[:4] + self._pack("i", [number, start])
            views.append(view)
        keep_empty = self._choose(False, True)
        used = buffers if any(buffers) or keep_empty else []
        column.buffers.append(self._buffer(b"".join(views)))
        column.buffers += [self._buffer(buffer) for buffer in used]

    _utf8view = _binaryview = _view

    # -- nested

    def _child(self, column, description, values):
        column.children.append(self.column(description, values))

    def _some_absent(self, description, *counts):
        return [self._absent(description) for _ in range(self._choose(*counts))]

    def _list(self, column, description, values):
        child = description["children"][0]
        items = self._some_absent(child, 0, 0, 2) if values else []
        offsets = [len(items)]
        for value in values:
            items += self._some_absent(child, 0, 0, 1) if value is None else value
            offsets.append(len(items))
        items += self._some_absent(child, 0, 0, 3)
        column.buffers.append(self._offsets(column, self._form(column), offsets))
        self._child(column, child, items)

    _largelist = _list

    def _map(self, column, description, values):
        entries = description["children"][0]
        names = [child["name"] for child in entries["children"]]
        rows = [
            value and [list(zip(names, entry, strict=True)) for entry in value] for value in values
        ]
        # entries are never null, whatever their field says
        self._list(column, {"children": [{**entries, "nullable": False}]}, rows)

    def _listview(self, column, description, values):
        child = description["children"][0]
        items, offsets, sizes = [], [0] * len(values), [0] * len(values)
        rows = [i for i, value in enumerate(values) if value is not None]
        if self.random:
            self.random.shuffle(rows)
        for i in rows:
            sizes[i], offsets[i] = len(values[i]), len(items)
            before = [j for j in range(len(items)) if items[j : j + sizes[i]] == values[i]]
            if before and self._choose(False, True):
                offsets[i] = self._choose(*before)
            else:
                items += values[i] + self._some_absent(child, 0, 0, 1)
        for numbers in (offsets, sizes):
            column.buffers.append(self._buffer(self._pack(self._form(column), numbers)))
        self._child(column, child, items)

    _largelistview = _listview

    def _fixedsizelist(self, column, description, values):
        child, items = description["children"][0], []
        for value in values:
            items += self._some_absent(child, column.type[1]) if value is None else value
        self._child(column, child, items)

    def _struct(self, column, description, values):
        for i, child in enumerate(description["children"]):
            rows = [self._absent(child) if value is None else value[i][1] for value in values]
            self._child(column, child, rows)

    def _union(self, column, description, values):
        _, mode, ids = column.type
        # only V4 has room for a validity, in which nothing is null
        places, children = [], [[] for _ in ids]
        for number, value in values:
            active = ids.index(number)
            if mode == "SPARSE":
                for i, child in enumerate(description["children"]):
                    children[i].append(value if i == active else self._absent(child))
            else:
                gap = self._some_absent(description["children"][active], 0, 0, 1)
                places.append(len(children[active] + gap))
                children[active] += [*gap, value]
        column.buffers.append(self._buffer(self._pack("b", [number for number, _ in values])))
        if mode == "DENSE":
            column.buffers.append(self._buffer(self._pack("i", places)))
        for child, rows in zip(description["children"], children, strict=True):
            self._child(column, child, rows)

    def _runendencoded(self, column, description, values):
        column.buffers[0] = None
        ends, runs = [], []
        for end, value in enumerate(values, 1):
            if runs and repr(value) == repr(runs[-1]) and self._choose(True, True, False):
                ends[-1] = end
            else:
                ends.append(end)
                runs.append(value)
        if ends:
            ends[-1] += self._choose(0, 0, 7)
        for child, rows in zip(description["children"], (ends, runs), strict=True):
            # an end is never null
            self._child(column, child, rows)

    # -- dictionaries

    def _dictionary(self, column, description, values):
        number = description["id"]
        is_new = number not in self.dictionaries
        known = self.dictionaries.setdefault(number, [])
        inner = {**description, "dictionary": None}
        first = len(known)
        if can_be_null(inner) and self._choose(False, False, True):
            known.append(None)
        known += self._some_absent(inner, 0, 0, 1)
        places = {repr(value): place for place, value in enumerate(known)}
        for value in values:
            if value is not None and repr(value) not in places:
                places[repr(value)] = len(known)
                known.append(value)
        form = self.order + cell_form(description["dictionary"][0])
        cells, valid = [], []
        for value in values:
            place = places.get(repr(value))
            use = place is not None and (value is not None or self._choose(False, True))
            valid.append(True if use else None)
            cells.append(struct.pack(form, place) if use else self._junk(struct.calcsize(form)))
        column.buffers = [self._validity(valid), self._buffer(b"".join(cells))]
        column.index, column.dictionary = description["dictionary"][0], list(known)
        if is_new or len(known) > first:
            self._fresh.append((number, self.column(inner, known[first:]), not is_new))


def sheet_of(case, random=None, deltas=True, **options):
    """A Sheet with all messages of a Case.

    Dictionaries grow by deltas from batch to batch, or come whole before the first.
    """
    sheet = Sheet(random=random, **options)
    encoder = Encoder(random, ">" if sheet.endianness == BIG else "<")
    sheet.add_schema(case.fields, case.metadata)
    batches, fresh = [], []
    for batch in case.batches:
        pairs = zip(case.fields, batch.columns, strict=True)
        batches.append([encoder.column(*pair) for pair in pairs])
        fresh.append(encoder.take_dictionaries())
    if not deltas:
        fresh = [_whole(encoder, case.fields, fresh)]
    for i, (batch, columns) in enumerate(zip(case.batches, batches, strict=True)):
        for dictionary in fresh[i] if i < len(fresh) else ():
            sheet.add_dictionary(*dictionary)
        sheet.add_batch(columns, batch.num_rows)
    return sheet


def dictionary_fields(fields):
    """For each dictionary, by its id, the field of its values; outer ones before inner ones."""
    found = {}
    for description in fields:
        below = dictionary_fields(description["children"])
        if description["dictionary"] is not None:
            below = {description["id"]: {**description, "dictionary": None}, **below}
        for number, values in below.items():
            found.pop(number, None)  # an id that is shared moves behind all that have it
            found[number] = values
    return found


def _whole(encoder, fields, fresh):
    """All dictionaries with all their values, inner ones first."""
    used = {number for batch in fresh for number, _, _ in batch}
    found = []
    # values of outer ones may add to the inner ones
    for number, description in dictionary_fields(fields).items():
        if number in used:
            column = encoder.column(description, encoder.dictionaries[number])
            found.insert(0, (number, column, False))
    encoder.take_dictionaries()
    return found
