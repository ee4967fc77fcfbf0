"""Finds where in a stream or file each number of the metadata stands, and changes it there.

Works on a bytearray and gives absolute positions, which is what errors name.

    data = bytearray(...)
    message = messages(data)[1]
    message.batch.buffers[2].set("size", 99)
    message.batch.place("length")
"""

import struct

# field ids and the formats of their values; None for tables, vectors and text
_TABLES = {
    "Message": {
        "version": (0, "<h"),
        "header_type": (1, "<B"),
        "header": (2, None),
        "body_size": (3, "<q"),
        "metadata": (4, None),
    },
    "Schema": {"endianness": (0, "<h"), "fields": (1, None), "metadata": (2, None)},
    "Field": {
        "name": (0, None),
        "nullable": (1, "<B"),
        "type_type": (2, "<B"),
        "type": (3, None),
        "dictionary": (4, None),
        "children": (5, None),
        "metadata": (6, None),
    },
    "Encoding": {"id": (0, "<q"), "index_type": (1, None), "ordered": (2, "<B")},
    "Int": {"bits": (0, "<i"), "signed": (1, "<B")},
    "Decimal": {"precision": (0, "<i"), "scale": (1, "<i"), "bits": (2, "<i")},
    "Width": {"width": (0, "<i")},  # of fixed-size binary and lists
    "Unit": {"unit": (0, "<h"), "bits": (1, "<i")},
    "Timestamp": {"unit": (0, "<h"), "zone": (1, None)},
    "Map": {"keys_sorted": (0, "<B")},
    "Union": {"mode": (0, "<h"), "ids": (1, None)},
    "Batch": {
        "length": (0, "<q"),
        "nodes": (1, None),
        "buffers": (2, None),
        "compression": (3, None),
        "variadics": (4, None),
    },
    "KeyValue": {"key": (0, None), "value": (1, None)},
    "Compression": {"codec": (0, "<b"), "method": (1, "<b")},
    "Dictionary": {"id": (0, "<q"), "data": (1, None), "is_delta": (2, "<B")},
    "Footer": {
        "version": (0, "<h"),
        "schema": (1, None),
        "dictionaries": (2, None),
        "batches": (3, None),
        "metadata": (4, None),
    },
}
_STRUCTS = {
    "Node": {"length": (0, "<q"), "nulls": (8, "<q")},
    "Buffer": {"offset": (0, "<q"), "size": (8, "<q")},
    "Block": {"offset": (0, "<q"), "metadata_size": (8, "<i"), "body_size": (16, "<q")},
}
SCHEMA, DICTIONARY, BATCH, TENSOR, SPARSE_TENSOR = range(1, 6)


class _Numbers:
    """What tables and structs have in common: named numbers with a place."""

    def get(self, name):
        """The number, or None where it is left out."""
        at = self.place(name)
        return None if at is None else struct.unpack_from(self.form(name), self.data, at)[0]

    def set(self, name, value):
        """Change the number, which must be there."""
        at = self.place(name)
        assert at is not None, f"{self.kind}.{name} is left out"
        struct.pack_into(self.form(name), self.data, at, value)


class Struct(_Numbers):
    """A struct at an absolute position."""

    def __init__(self, data, at, kind):
        self.data, self.at, self.kind = data, at, kind

    def form(self, name):
        return _STRUCTS[self.kind][name][1]

    def place(self, name):
        return self.at + _STRUCTS[self.kind][name][0]


class Table(_Numbers):
    """A table at an absolute position."""

    def __init__(self, data, at, kind):
        self.data, self.at, self.kind = data, at, kind

    def form(self, name):
        return _TABLES[self.kind][name][1]

    def _entry(self, name):
        """Where the vtable has the field's offset, or None."""
        vtable = self.at - struct.unpack_from("<i", self.data, self.at)[0]
        entry = 4 + 2 * _TABLES[self.kind][name][0]
        size = struct.unpack_from("<H", self.data, vtable)[0]
        return vtable + entry if entry < size else None

    def place(self, name):
        """Absolute position of the field, or None where it is left out."""
        entry = self._entry(name)
        offset = struct.unpack_from("<H", self.data, entry)[0] if entry is not None else 0
        return self.at + offset if offset else None

    def forget(self, name):
        """Leave the field out."""
        if (entry := self._entry(name)) is not None:
            struct.pack_into("<H", self.data, entry, 0)

    def target(self, name):
        """Absolute position of what the field points to, or None."""
        at = self.place(name)
        return None if at is None else at + struct.unpack_from("<I", self.data, at)[0]

    def table(self, name, kind):
        at = self.target(name)
        return None if at is None else Table(self.data, at, kind)

    def count_place(self, name):
        """Where a vector's count stands."""
        return self.target(name)

    def _items(self, name, size):
        at = self.target(name)
        count = struct.unpack_from("<I", self.data, at)[0] if at is not None else 0
        return [at + 4 + size * i for i in range(count)]

    def structs(self, name, kind, size):
        items = self._items(name, size)
        return [Struct(self.data, at, kind) for at in items]

    def tables(self, name, kind):
        places = self._items(name, 4)
        return [
            Table(self.data, at + struct.unpack_from("<I", self.data, at)[0], kind) for at in places
        ]

    def numbers(self, name, form):
        """Places of the numbers in a vector."""
        return self._items(name, struct.calcsize(form))

    def read_numbers(self, name, form):
        """The numbers in a vector, or None where it is left out."""
        if self.target(name) is None:
            return None
        return [struct.unpack_from(form, self.data, at)[0] for at in self.numbers(name, form)]

    def text(self, name):
        """The bytes of a string, or None where it is left out."""
        at = self.target(name)
        if at is None:
            return None
        size = struct.unpack_from("<I", self.data, at)[0]
        return bytes(self.data[at + 4 : at + 4 + size])

    @property
    def pairs(self):
        """The pairs of bytes of custom metadata."""
        found = self.tables("metadata", "KeyValue")
        return [(pair.text("key") or b"", pair.text("value") or b"") for pair in found]

    # what tests ask for most

    @property
    def nodes(self):
        return self.structs("nodes", "Node", 16)

    @property
    def buffers(self):
        return self.structs("buffers", "Buffer", 16)

    @property
    def fields(self):
        return self.tables("fields" if self.kind == "Schema" else "children", "Field")

    @property
    def blocks(self):
        return self.structs("batches", "Block", 24)

    @property
    def dictionary_blocks(self):
        return self.structs("dictionaries", "Block", 24)


class Message(Table):
    """A message: ``start`` of its prefix, ``metadata_at``, ``body_at``, and ``end``."""

    def __init__(self, data, start):
        modern = data[start : start + 4] == b"\xff\xff\xff\xff"
        self.start = start
        self.size_at = start + 4 * modern
        self.metadata_size = struct.unpack_from("<i", data, self.size_at)[0]
        self.metadata_at = self.size_at + 4
        root = self.metadata_at + struct.unpack_from("<I", data, self.metadata_at)[0]
        super().__init__(data, root, "Message")
        self.body_at = self.metadata_at + self.metadata_size
        self.end = self.body_at + (self.get("body_size") or 0)

    @property
    def schema(self):
        return self.table("header", "Schema")

    @property
    def dictionary(self):
        return self.table("header", "Dictionary")

    @property
    def batch(self):
        """The RecordBatch table, also of a dictionary."""
        if self.get("header_type") == DICTIONARY:
            return self.dictionary.table("data", "Batch")
        return self.table("header", "Batch")

    def buffer_at(self, index):
        """Where in ``data`` a buffer's bytes begin."""
        return self.body_at + self.batch.buffers[index].get("offset")


def messages(data, start=0):
    """All messages from ``start`` to the end of the stream."""
    found = []
    while start + 8 <= len(data):
        modern = data[start : start + 4] == b"\xff\xff\xff\xff"
        if struct.unpack_from("<i", data, start + 4 * modern)[0] == 0:
            break
        found.append(Message(data, start))
        start = found[-1].end
    return found


def file_messages(data):
    """The messages of a file, which begin behind its magic."""
    return messages(data, 8)


def footer(data):
    """The Footer table of a file, with ``start`` and ``size_at`` beside it."""
    size_at = len(data) - 10
    start = size_at - struct.unpack_from("<i", data, size_at)[0]
    table = Table(data, start + struct.unpack_from("<I", data, start)[0], "Footer")
    table.start, table.size_at = start, size_at
    return table
