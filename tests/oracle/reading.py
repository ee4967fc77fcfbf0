"""Reads streams and files with nothing but the other modules here.

``read_stream`` and ``read_file`` give a Case, as the reader of the JSON does, so the two can be
compared. ``inflate(codec, data, size)`` is asked for where bodies are compressed.
"""

import struct

from . import flatbuf
from .columns import VIEWS, Column, own_buffers
from .encoder import dictionary_fields
from .integration_json import Batch, Case
from .layout import raw_values
from .messages import BATCH, DICTIONARY, V4
from .type_tables import type_of

_INDEX_OF_OLD = ("int", 32, True)  # where an encoding does not say


def describe(table):
    """The description of a Field table, with the ``id`` of its dictionary."""
    type_ = type_of(table.get("type_type"), table.table("type", None))
    children = [describe(child) for child in table.fields]
    if type_[0] == "union" and type_[2] is None:
        type_ = (*type_[:2], tuple(range(len(children))))
    description = {
        "name": (table.text("name") or b"").decode(),
        "nullable": bool(table.get("nullable")),
        "type": type_,
        "children": children,
        "dictionary": None,
        "metadata": sorted(table.pairs),
    }
    encoding = table.table("dictionary", "Encoding")
    if encoding is not None:
        index = encoding.table("index_type", "Int")
        index = _INDEX_OF_OLD if index is None else type_of(2, index)
        description["dictionary"] = (index, bool(encoding.get("ordered")))
        description["id"] = encoding.get("id") or 0
    return description


class Contents:
    """What a stream or file has said so far."""

    def __init__(self, schema, inflate=None):
        self.fields = [describe(field) for field in schema.fields]
        self.metadata = sorted(schema.pairs)
        self.order = ">" if schema.get("endianness") else "<"
        self.batches = []
        self.dictionaries = {}
        self._values = dictionary_fields(self.fields)
        self._inflate = inflate

    def columns(self, message, fields):
        """The Columns of the batch in a message."""
        return _Walk(self, message, self._inflate).columns(fields)

    def accept(self, message):
        """Take a dictionary or a batch."""
        if message.get("header_type") == DICTIONARY:
            number = message.dictionary.get("id") or 0
            [column] = self.columns(message, [self._values[number]])
            before = self.dictionaries.get(number, [])
            before = before if message.dictionary.get("is_delta") else []
            self.dictionaries[number] = before + raw_values(column)
        else:
            assert message.get("header_type") == BATCH
            values = [raw_values(column) for column in self.columns(message, self.fields)]
            self.batches.append(Batch(message.batch.get("length") or 0, values))

    def case(self):
        """All of it."""
        return Case(self.fields, self.metadata, self.batches)


class _Walk:
    """Takes nodes and buffers of a message in the order of the fields."""

    def __init__(self, contents, message, inflate):
        self._contents = contents
        self._nodes = iter(message.batch.nodes)
        self._buffers = iter(range(len(message.batch.buffers)))
        self._variadic = iter(message.batch.read_numbers("variadics", "<q") or [])
        self._message = message
        self._inflate = inflate
        compression = message.batch.table("compression", "Compression")
        self._codec = None if compression is None else compression.get("codec") or 0
        self._is_v4 = message.get("version") == V4

    def columns(self, fields):
        """One Column for each field; nothing may be left over."""
        found = [self._column(description) for description in fields]
        for rest in (self._nodes, self._buffers, self._variadic):
            assert next(rest, None) is None, "there is more than the fields ask for"
        return found

    def _buffer(self):
        number = next(self._buffers)
        start = self._message.buffer_at(number)
        size = self._message.batch.buffers[number].get("size")
        assert start + size <= self._message.end
        data = bytes(self._message.data[start : start + size])
        if self._codec is None or not data:
            return data
        size = struct.unpack_from("<q", data)[0]
        return data[8:] if size == -1 else self._inflate(self._codec, data[8:], size)

    def _column(self, description):
        node = next(self._nodes)
        type_, dictionary = description["type"], description["dictionary"]
        is_dictionary = dictionary is not None
        has_validity, others = own_buffers(type_, is_dictionary, self._is_v4)
        # where nothing is null, the buffer may be left out or hold anything
        validity = (self._buffer() or None) if has_validity else None
        validity = validity if node.get("nulls") else None
        buffers = [validity, *(self._buffer() for _ in range(others))]
        column = Column(type_, node.get("length"), buffers, order=self._contents.order)
        if is_dictionary:
            column.index = dictionary[0]
            column.dictionary = self._contents.dictionaries.get(description["id"], [])
            return column
        if type_[0] in VIEWS:
            column.buffers += [self._buffer() for _ in range(next(self._variadic))]
        column.children = [self._column(child) for child in description["children"]]
        column.names = [child["name"] for child in description["children"]]
        return column


def read_stream(data, inflate=None):
    """The Case of a stream's bytes."""
    schema, *messages = flatbuf.messages(data)
    contents = Contents(schema.schema, inflate)
    for message in messages:
        contents.accept(message)
    return contents.case()


def read_file(data, inflate=None):
    """The Case of a file's bytes, all dictionaries first."""
    footer = flatbuf.footer(data)
    contents = Contents(footer.table("schema", "Schema"), inflate)
    for block in footer.dictionary_blocks + footer.blocks:
        message = flatbuf.Message(data, block.get("offset"))
        assert message.body_at - message.start == block.get("metadata_size")
        assert message.end - message.body_at == block.get("body_size")
        contents.accept(message)
    return contents.case()
