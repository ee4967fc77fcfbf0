"""Reads the JSON of Arrow's integration tests (docs/source/format/Integration.rst).

``read`` gives a Case: descriptions of fields as ``fields.describe`` makes them, the schema's
metadata as sorted pairs, and for each batch its rows and each column's list of raw values.
"""

import gzip
import json
import struct
from dataclasses import dataclass

from . import raw_float

_FLOATS = {"HALF": "<e", "SINGLE": "<f", "DOUBLE": "<d"}


@dataclass
class Batch:
    """Rows and columns of a record batch."""

    num_rows: int
    columns: list


@dataclass
class Case:
    """All that one JSON file says."""

    fields: list
    metadata: list
    batches: list


def read(path):
    """The Case of a .json or .json.gz file."""
    with (gzip.open if str(path).endswith(".gz") else open)(path, "rb") as file:
        document = json.load(file)
    fields = document["schema"]["fields"]
    dictionaries = _Dictionaries(fields, document.get("dictionaries", []))
    batches = [
        Batch(
            batch["count"],
            [dictionaries.column(*pair) for pair in zip(fields, batch["columns"], strict=True)],
        )
        for batch in document["batches"]
    ]
    metadata = _metadata(document["schema"])
    return Case([_describe(field) for field in fields], metadata, batches)


# -- schema


def _metadata(holder):
    pairs = holder.get("metadata") or []
    return sorted((pair["key"].encode(), pair["value"].encode()) for pair in pairs)


def _describe(field):
    dictionary = field.get("dictionary")
    if dictionary is not None:
        dictionary = (_type(dictionary["indexType"]), dictionary["isOrdered"])
    return {
        "name": field["name"],
        "nullable": field["nullable"],
        "type": _type(field["type"]),
        "children": [_describe(child) for child in field["children"]],
        "dictionary": dictionary,
        "metadata": _metadata(field),
    }


def _type(given):
    name = given["name"]
    if name == "decimal":
        return (name, given.get("bitWidth", 128), given["precision"], given["scale"])
    if name == "timestamp":
        return (name, given["unit"], given.get("timezone"))
    if name == "union":
        return (name, given["mode"], tuple(given["typeIds"]))
    parameters = {
        "int": ("bitWidth", "isSigned"),
        "floatingpoint": ("precision",),
        "fixedsizebinary": ("byteWidth",),
        "fixedsizelist": ("listSize",),
        "date": ("unit",),
        "time": ("unit", "bitWidth"),
        "duration": ("unit",),
        "interval": ("unit",),
        "map": ("keysSorted",),
    }
    return (name, *(given[parameter] for parameter in parameters.get(name, ())))


# -- values


def _dictionary_fields(fields):
    """All fields that are dictionary-encoded, at any depth."""
    for field in fields:
        if "dictionary" in field:
            yield field
        yield from _dictionary_fields(field["children"])


class _Dictionaries:
    """The values of dictionaries, decoded when a column first needs them."""

    def __init__(self, fields, batches):
        self._fields = {f["dictionary"]["id"]: f for f in _dictionary_fields(fields)}
        self._data = {batch["id"]: batch["data"]["columns"][0] for batch in batches}
        self._values = {}

    def _of(self, number):
        if number not in self._values:
            field = {k: v for k, v in self._fields[number].items() if k != "dictionary"}
            self._values[number] = self.column(field, self._data[number])
        return self._values[number]

    def column(self, field, data):
        """The raw values of a column."""
        count = data["count"]
        if "dictionary" in field:
            values = self._of(field["dictionary"]["id"]) if any(data["VALIDITY"]) else []
            rows = [
                values[int(index)] if valid else None
                for index, valid in zip(data["DATA"], data["VALIDITY"], strict=True)
            ]
        else:
            rows = self._plain(field, data)
        valid = data.get("VALIDITY", [1] * count)
        assert len(rows) == len(valid) == count, field["name"]
        return [row if ok else None for row, ok in zip(rows, valid, strict=True)]

    def _plain(self, field, data):
        type_ = field["type"]
        read = getattr(self, "_read_" + type_["name"], None)
        if read is not None:
            children = zip(field["children"], data.get("children", []), strict=True)
            return read(field, data, [self.column(*child) for child in children])
        if "VIEWS" in data:
            return _views(type_, data)
        return [_scalar(type_, value) for value in data["DATA"]]

    def _read_null(self, field, data, children):
        return [None] * data["count"]

    def _read_list(self, field, data, children):
        ends = [int(offset) for offset in data["OFFSET"]]
        return [children[0][a:b] for a, b in zip(ends, ends[1:])]

    _read_largelist = _read_list

    def _read_listview(self, field, data, children):
        pairs = zip(map(int, data["OFFSET"]), map(int, data["SIZE"]), strict=True)
        return [children[0][start : start + size] for start, size in pairs]

    _read_largelistview = _read_listview

    def _read_fixedsizelist(self, field, data, children):
        size = field["type"]["listSize"]
        return [children[0][i * size : (i + 1) * size] for i in range(data["count"])]

    def _read_struct(self, field, data, children):
        names = [child["name"] for child in field["children"]]
        return [
            list(zip(names, (child[i] for child in children), strict=True))
            for i in range(data["count"])
        ]

    def _read_map(self, field, data, children):
        maps = self._read_list(field, data, children)
        return [[(key, value) for (_, key), (_, value) in entries] for entries in maps]

    def _read_union(self, field, data, children):
        ids = field["type"]["typeIds"]
        rows = data.get("OFFSET", range(data["count"]))
        return [
            (number, children[ids.index(number)][row])
            for number, row in zip(data["TYPE_ID"], rows, strict=True)
        ]

    def _read_runendencoded(self, field, data, children):
        rows, start = [], 0
        for end, value in zip(*children, strict=True):
            rows += [value] * (end - start)
            start = end
        return rows[: data["count"]]


def _scalar(type_, value):
    name = type_["name"]
    if name == "floatingpoint":
        form = _FLOATS[type_["precision"]]
        return raw_float(struct.unpack(form, struct.pack(form, value))[0])
    if name == "bool":
        return bool(value)
    if name in ("utf8", "largeutf8", "utf8view"):
        return value
    if name in ("binary", "largebinary", "binaryview", "fixedsizebinary"):
        return bytes.fromhex(value)
    if isinstance(value, dict):  # an interval: its numbers in the order of the layout
        order = ("months", "days", "milliseconds", "nanoseconds")
        return tuple(int(value[part]) for part in order if part in value)
    return int(value)


def _views(type_, data):
    buffers = [bytes.fromhex(buffer) for buffer in data["VARIADIC_DATA_BUFFERS"]]
    rows = []
    for view, valid in zip(data["VIEWS"], data["VALIDITY"], strict=True):
        if not valid:
            rows.append(None)
        elif "INLINED" in view:
            rows.append(_scalar(type_, view["INLINED"]))
        else:
            start = view["OFFSET"]
            value = buffers[view["BUFFER_INDEX"]][start : start + view["SIZE"]]
            assert value.startswith(bytes.fromhex(view["PREFIX_HEX"]))
            rows.append(value.decode() if type_["name"] == "utf8view" else value)
    return rows
