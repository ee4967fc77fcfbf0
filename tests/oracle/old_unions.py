"""Unions as V4 had them, with a validity bitmap of their own."""

import struct
from types import SimpleNamespace

from oracle import messages, strategies
from oracle.columns import VIEWS, Column, column_of, own_buffers
from oracle.fields import describe


def alone(column):
    """The Column without its children's buffers, which an array lists behind its own."""
    if column.type[0] not in VIEWS:
        _, count = own_buffers(column.type, column.index is not None)
        column.buffers = column.buffers[: 1 + count]
    for child in column.children:
        alone(child)
    return column


def dense(ids, offsets, *children, bits=None):
    """A V4 stream of a dense union of these rows and arrays, whose codes are 5 and 9."""
    fields = [
        SimpleNamespace(name=f"c{i}", type=child.type, nullable=True, metadata=None)
        for i, child in enumerate(children)
    ]
    codes = (5, 9)[: len(children)]
    described = messages.with_ids([describe(field) for field in fields])
    field = strategies.plain_field(("union", "DENSE", codes), "u", children=described)
    own = [bits, struct.pack(f"{len(ids)}b", *ids), struct.pack(f"<{len(ids)}i", *offsets)]
    columns = [alone(column_of(child)) for child in children]
    sheet = messages.Sheet(version=messages.V4)
    sheet.add_schema([field])
    for description, column in zip(described, columns, strict=True):
        if column.index is not None:
            sheet.add_dictionary(description["id"], column.dictionary)
    column = Column(field["type"], len(ids), own, columns, [field.name for field in fields])
    sheet.add_batch([column], len(ids))
    return sheet.stream()
