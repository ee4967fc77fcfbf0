"""Messages, streams and files made by hand, with any number in any place.

``schema``, ``record_batch``, ``dictionary_batch`` and ``footer`` make flatbuffer tables,
``message`` frames one with its body; none of them checks anything, so wrong ones can be made as
well. Columns are those of ``columns``. ``Sheet`` puts messages together to a stream or a file.

A field is a description as ``fields.describe`` gives it, with a key ``id`` beside where it is
dictionary-encoded: the dictionary's. ``with_ids`` numbers them.
"""

import struct
from dataclasses import dataclass, field

from .builder import Numbers, Structs, Table, Tables, Text, build
from .columns import VIEWS, own_buffers
from .type_tables import type_table

V1, V2, V3, V4, V5 = range(5)
LITTLE, BIG = 0, 1
SCHEMA, DICTIONARY, BATCH, TENSOR, SPARSE_TENSOR = range(1, 6)
LZ4, ZSTD = 0, 1
CONTINUATION = b"\xff\xff\xff\xff"
MAGIC = b"ARROW1"


def with_ids(fields, first=0):
    """The descriptions with a number of its own for each dictionary, at any depth."""
    numbers = iter(range(first, 1 << 30))

    def numbered(description):
        children = [numbered(child) for child in description["children"]]
        new = {**description, "children": children}
        if description["dictionary"] is not None:
            new["id"] = next(numbers)
        return new

    return [numbered(description) for description in fields]


def without_ids(fields):
    """The descriptions as ``fields.describe`` gives them."""
    return [
        {key: value for key, value in one.items() if key != "id"}
        | {"children": without_ids(one["children"])}
        for one in fields
    ]


# -- tables


def pairs(metadata):
    """A vector of key-value pairs, or None without any."""
    items = [Table({0: Text(key), 1: Text(value)}) for key, value in metadata or []]
    return Tables(items) if items else None


def field_table(description):
    """A Field; one without a name where that is None."""
    name, dictionary = description["name"], description["dictionary"]
    encoding = None
    if dictionary is not None:
        index, ordered = dictionary
        slots = {0: ("<q", description["id"]), 1: type_table(index)[1], 2: ("<?", ordered)}
        encoding = Table(slots)
    number, type_ = type_table(description["type"])
    return Table(
        {
            0: None if name is None else Text(name.encode()),
            1: ("<?", description["nullable"]),
            2: ("<B", number),
            3: type_,
            4: encoding,
            5: Tables([field_table(child) for child in description["children"]]),
            6: pairs(description["metadata"]),
        }
    )


def schema(fields, metadata=(), endianness=LITTLE, features=None):
    """A Schema."""
    return Table(
        {
            0: ("<h", endianness),
            1: Tables([field_table(description) for description in fields]),
            2: pairs(metadata),
            3: None if features is None else Numbers("<q", features),
        }
    )


def record_batch(length, nodes, buffers, codec=None, method=0, variadic=None):
    """A RecordBatch: nodes of (length, nulls), buffers of (offset, size)."""
    return Table(
        {
            0: ("<q", length),
            1: Structs("<qq", nodes),
            2: Structs("<qq", buffers),
            3: None if codec is None else Table({0: ("<b", codec), 1: ("<b", method)}),
            4: None if variadic is None else Numbers("<q", variadic),
        }
    )


def dictionary_batch(number, data, is_delta=False):
    """A DictionaryBatch around a RecordBatch of one column."""
    return Table({0: ("<q", number), 1: data, 2: ("<?", is_delta)})


def footer(schema_table, dictionaries, batches, version=V5, metadata=()):
    """A Footer; blocks are of (offset, metadata size, body size)."""
    blocks = [Structs("<qi4xq", rows) for rows in (dictionaries, batches)]
    slots = {0: ("<h", version), 1: schema_table, 2: blocks[0], 3: blocks[1], 4: pairs(metadata)}
    return build(Table(slots))


def message(kind, header, body=b"", version=V5, metadata=(), body_size=None, legacy=False):
    """A framed message, with the body behind it."""
    slots = {
        0: ("<h", version),
        1: ("<B", kind),
        2: header,
        3: ("<q", len(body) if body_size is None else body_size),
        4: pairs(metadata),
    }
    return frame(build(Table(slots)), legacy=legacy) + body


def frame(flatbuffer, legacy=False, size=None):
    """Prefix, size (another one if asked for), flatbuffer, and padding to 8."""
    prefix = b"" if legacy else CONTINUATION
    flatbuffer += bytes(-(len(prefix) + 4 + len(flatbuffer)) % 8)
    return prefix + struct.pack("<i", len(flatbuffer) if size is None else size) + flatbuffer


def end_of_stream(legacy=False):
    """The marker behind the last message."""
    return b"\0\0\0\0" if legacy else CONTINUATION + b"\0\0\0\0"


# -- columns


def parts_of(columns, version=V5):
    """Nodes, buffers and counts of views' buffers of columns, as a message lists them."""
    nodes, buffers, variadic = [], [], []
    for column in columns:
        is_dictionary = column.index is not None
        has_validity, _ = own_buffers(column.type, is_dictionary, version == V4)
        nodes.append((column.length, column.null_count))
        own = [b"" if data is None else bytes(data) for data in column.buffers]
        buffers += own if has_validity else own[1:]
        if column.type[0] in VIEWS and not is_dictionary:
            variadic.append(len(own) - 2)
        below = parts_of(column.children, version)
        nodes, buffers, variadic = nodes + below[0], buffers + below[1], variadic + below[2]
    return nodes, buffers, variadic


def compressed(data, compress):
    """A buffer with the size before it, or stored as it is where that is shorter."""
    if not data:
        return b""
    small = compress(data)
    if len(small) >= len(data):
        return struct.pack("<q", -1) + data
    return struct.pack("<q", len(data)) + small


def lay_out(buffers, alignment=8, random=None):
    """The (offset, size) of buffers, and the body; with ``random`` in any order and with gaps."""
    order = list(range(len(buffers)))
    if random is not None:
        random.shuffle(order)
    body, places = bytearray(), [None] * len(buffers)
    for number in order:
        if random is not None:
            body += bytes(alignment * random.choice([0, 0, 1, 3]))
        places[number] = (len(body), len(buffers[number]))
        body += buffers[number]
        body += bytes(-len(body) % alignment)
    body += bytes(-len(body) % 8)
    return places, bytes(body)


# -- streams and files


@dataclass
class Sheet:
    """Messages in the making. ``codec`` is a number and a function that compresses bytes."""

    version: int = V5
    legacy: bool = False
    endianness: int = LITTLE
    alignment: int = 8
    codec: tuple | None = None
    random: object = None
    messages: list = field(default_factory=list)  # of (kind, bytes, size of the body)
    fields: list = field(default_factory=list)
    metadata: list = field(default_factory=list)

    def add(self, kind, header, body=b"", metadata=()):
        """Any message."""
        framed = message(kind, header, body, self.version, metadata, legacy=self.legacy)
        self.messages.append((kind, framed, len(body)))

    def _schema(self):
        return schema(self.fields, self.metadata, self.endianness)

    def add_schema(self, fields, metadata=()):
        """The schema; the footer repeats it."""
        self.fields, self.metadata = fields, metadata
        self.add(SCHEMA, self._schema())

    def _batch(self, columns, length):
        nodes, buffers, variadic = parts_of(columns, self.version)
        number = None
        if self.codec is not None:
            number, compress = self.codec
            buffers = [compressed(data, compress) for data in buffers]
        places, body = lay_out(buffers, self.alignment, self.random)
        return record_batch(length, nodes, places, number, variadic=variadic or None), body

    def add_batch(self, columns, length, metadata=()):
        """A record batch."""
        self.add(BATCH, *self._batch(columns, length), metadata)

    def add_dictionary(self, number, column, is_delta=False):
        """A dictionary's values."""
        table, body = self._batch([column], column.length)
        self.add(DICTIONARY, dictionary_batch(number, table, is_delta), body)

    def stream(self, end=True):
        """The bytes of a stream."""
        framed = b"".join(framed for _, framed, _ in self.messages)
        return framed + (end_of_stream(self.legacy) if end else b"")

    def file(self, metadata=()):
        """The bytes of a file."""
        at, blocks = 8, {DICTIONARY: [], BATCH: []}
        for kind, framed, body_size in self.messages:
            if kind in blocks:
                blocks[kind].append((at, len(framed) - body_size, body_size))
            at += len(framed)
        end = footer(self._schema(), *blocks.values(), self.version, metadata)
        return b"".join(
            [MAGIC, b"\0\0", self.stream(), end, struct.pack("<i", len(end)), MAGIC],
        )
