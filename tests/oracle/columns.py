"""A column as its buffers, whatever library, message or test they come from.

``buffers`` are the column's own, as anything that memoryview takes, or None. The first is always
the validity, also of a type that has none of its own. ``children`` of structs and sparse unions
have their rows where the parent has them: row 0 of a child belongs to the parent's first row
behind ``offset``. All others count as the format does, from the child's first row.
"""

from dataclasses import dataclass, field

from .fields import plain_type

VIEWS = ("utf8view", "binaryview")
_DICTIONARY, _EXTENSION = 29, 31


@dataclass
class Column:
    """A column. ``type`` is that of the values; ``index`` that of a dictionary's indices."""

    type: tuple
    length: int
    buffers: list
    children: list = field(default_factory=list)
    names: list = field(default_factory=list)  # of a struct's children
    offset: int = 0
    index: tuple | None = None
    dictionary: object = None  # a Column or a list of raw values
    order: str = "<"  # of bytes, as the module struct has it

    def bytes_of(self, number):
        """A buffer, empty where there is none."""
        data = self.buffers[number]
        return memoryview(data).cast("B") if data is not None else memoryview(b"")

    @property
    def null_count(self):
        """Rows that the validity says are null; for the null type all."""
        if self.type == ("null",) and self.index is None:
            return self.length
        if self.buffers[0] is None:
            return 0
        bits = self.bytes_of(0)
        rows = range(self.offset, self.offset + self.length)
        return sum(not bits[i // 8] >> i % 8 & 1 for i in rows)


def own_buffers(type_, is_dictionary=False, is_v4=False):
    """How a message lists the type's own buffers: has it a validity, and how many others.

    Views have any number of others behind that. Up to V4 all but the null type have a validity, as
    Arrow's C++ library has it, which wrote run ends in V4 before anybody said how.
    """
    name = type_[0]
    if is_dictionary:
        return True, 1
    if name == "null":
        return False, 0
    if name == "runendencoded":
        return is_v4, 0
    if name == "union":
        return is_v4, 1 + (type_[1] == "DENSE")
    if name in ("struct", "fixedsizelist"):
        return True, 0
    if name in ("utf8", "binary", "largeutf8", "largebinary", "listview", "largelistview"):
        return True, 2
    return True, 1


def column_of(array):
    """The Column of an array of minarrow or of pyarrow."""
    if array.type.id == _EXTENSION:
        array = array.storage
    type_ = array.type
    if type_.id == _DICTIONARY:
        column = _without_children(array, plain_type(type_.value_type))
        column.index = plain_type(type_.index_type)
        column.dictionary = column_of(array.dictionary)
        return column
    column = _without_children(array, plain_type(type_))
    name = column.type[0]
    if name == "map":
        entries = [column_of(array.keys), column_of(array.items)]
        names = ["key", "value"]
        column.children = [Column(("struct",), entries[0].length, [None], entries, names)]
    elif name == "runendencoded":
        column.children = [column_of(array.run_ends), column_of(array.values)]
    elif "list" in name:
        column.children = [column_of(array.values)]
    elif name in ("struct", "union"):
        column.children = [column_of(array.field(i)) for i in range(type_.num_fields)]
        column.names = [type_.field(i).name for i in range(type_.num_fields)]
    return column


def _without_children(array, type_):
    return Column(type_, len(array), array.buffers(), offset=array.offset)
