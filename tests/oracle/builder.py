"""Builds flatbuffers from plain objects, wrong ones too: nothing is checked.

A ``Table`` has its slots by field id: a scalar is a pair of a format of ``struct`` and a number, a
reference is another object of this module, and None leaves the slot out. What a table refers to is
placed behind it, in the order of the slots.

    build(Table({0: ("<h", 4), 1: Text(b"name"), 2: Numbers("<q", [1, 2])}))
"""

import struct
from dataclasses import dataclass, field


@dataclass
class Table:
    """A table: its slots by field id."""

    slots: dict = field(default_factory=dict)


@dataclass
class Text:
    """A string; any bytes will do."""

    data: bytes


@dataclass
class Numbers:
    """A vector of numbers; ``count`` is what it claims to have."""

    form: str
    values: list
    count: int | None = None


@dataclass
class Structs:
    """A vector of structs, each a tuple that ``form`` packs."""

    form: str
    rows: list
    count: int | None = None


@dataclass
class Tables:
    """A vector of tables, which may be those of ``items`` several times over."""

    items: list
    count: int | None = None
    repeat: int = 1


def build(root):
    """The bytes of a flatbuffer, whose size is a multiple of 8."""
    out = bytearray(4)
    struct.pack_into("<I", out, 0, _put(out, root))
    _align(out, 8)
    return bytes(out)


def _align(out, size, behind=0):
    """Pad until what follows ``behind`` more bytes is aligned."""
    out += bytes(-(len(out) + behind) % size)


def _put(out, item):
    """Append the item and all it refers to; its position."""
    return _PUT[type(item)](out, item)


def _put_table(out, table):
    slots = {number: slot for number, slot in sorted(table.slots.items()) if slot is not None}
    places, size = {}, 4
    for number, slot in slots.items():
        width = struct.calcsize(slot[0]) if isinstance(slot, tuple) else 4
        size += -size % width
        places[number] = size
        size += width
    entries = [places.get(number, 0) for number in range(max(places, default=-1) + 1)]
    vtable_size = 4 + 2 * len(entries)
    _align(out, 8, behind=vtable_size)
    vtable = len(out)
    out += struct.pack(f"<HH{len(entries)}H", vtable_size, size, *entries)
    at = len(out)
    out += struct.pack("<i", at - vtable) + bytes(size - 4)
    for number, slot in slots.items():
        place = at + places[number]
        if isinstance(slot, tuple):
            struct.pack_into(slot[0], out, place, slot[1])
        else:
            struct.pack_into("<I", out, place, _put(out, slot) - place)
    return at


def _put_text(out, text):
    _align(out, 4)
    at = len(out)
    out += struct.pack("<I", len(text.data)) + text.data + b"\0"
    return at


def _start_vector(out, width, count, claimed):
    """Append the count of a vector, so that what follows is aligned."""
    _align(out, max(4, min(width, 8)), behind=4)
    at = len(out)
    out += struct.pack("<I", count if claimed is None else claimed)
    return at


def _put_numbers(out, vector):
    width = struct.calcsize(vector.form)
    at = _start_vector(out, width, len(vector.values), vector.count)
    for value in vector.values:
        out += struct.pack(vector.form, value)
    return at


def _put_structs(out, vector):
    at = _start_vector(out, 8, len(vector.rows), vector.count)
    for row in vector.rows:
        out += struct.pack(vector.form, *row)
    return at


def _put_tables(out, vector):
    count = len(vector.items) * vector.repeat
    at = _start_vector(out, 4, count, vector.count)
    out += bytes(4 * count)
    tables = [_put(out, item) for item in vector.items]
    for i, table in enumerate(tables * vector.repeat):
        place = at + 4 + 4 * i
        struct.pack_into("<I", out, place, table - place)
    return at


_PUT = {
    Table: _put_table,
    Text: _put_text,
    Numbers: _put_numbers,
    Structs: _put_structs,
    Tables: _put_tables,
}
