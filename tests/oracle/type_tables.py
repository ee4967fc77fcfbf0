"""Types as the flatbuffer tables of Schema.fbs: from the tuples of ``fields``, and back."""

from .builder import Numbers, Table, Text
from .flatbuf import Table as Found

# the types of Schema.fbs's union Type, from 1 on, as the JSON names them
NAMES = [
    *("null", "int", "floatingpoint", "binary", "utf8", "bool", "decimal", "date", "time"),
    *("timestamp", "interval", "list", "struct", "union", "fixedsizebinary", "fixedsizelist"),
    *("map", "duration", "largebinary", "largeutf8", "largelist", "runendencoded"),
    *("binaryview", "utf8view", "listview", "largelistview"),
]
_UNITS = ["SECOND", "MILLISECOND", "MICROSECOND", "NANOSECOND"]

# for each parameter of a type, in the order of the tuples: its slot, format, default and words
_PARAMETERS = {
    "int": [(0, "<i", 0, None), (1, "<?", False, None)],
    "floatingpoint": [(0, "<h", 0, ["HALF", "SINGLE", "DOUBLE"])],
    "decimal": [(2, "<i", 128, None), (0, "<i", 0, None), (1, "<i", 0, None)],
    "date": [(0, "<h", 1, ["DAY", "MILLISECOND"])],
    "time": [(0, "<h", 1, _UNITS), (1, "<i", 32, None)],
    "timestamp": [(0, "<h", 0, _UNITS), (1, Text, None, None)],
    "interval": [(0, "<h", 0, ["YEAR_MONTH", "DAY_TIME", "MONTH_DAY_NANO"])],
    "union": [(0, "<h", 0, ["SPARSE", "DENSE"]), (1, Numbers, None, None)],
    "fixedsizebinary": [(0, "<i", 0, None)],
    "fixedsizelist": [(0, "<i", 0, None)],
    "map": [(0, "<?", False, None)],
    "duration": [(0, "<h", 1, _UNITS)],
}
# how ``flatbuf`` calls the tables and their numbers
_FOUND = {
    "int": ("Int", ["bits", "signed"]),
    "floatingpoint": ("Unit", ["unit"]),
    "decimal": ("Decimal", ["bits", "precision", "scale"]),
    "date": ("Unit", ["unit"]),
    "time": ("Unit", ["unit", "bits"]),
    "timestamp": ("Timestamp", ["unit", "zone"]),
    "interval": ("Unit", ["unit"]),
    "union": ("Union", ["mode", "ids"]),
    "fixedsizebinary": ("Width", ["width"]),
    "fixedsizelist": ("Width", ["width"]),
    "map": ("Map", ["keys_sorted"]),
    "duration": ("Unit", ["unit"]),
}


def type_table(type_):
    """The number of the type in the union, and its table."""
    name, *values = type_
    slots = {}
    for (slot, form, _, words), value in zip(_PARAMETERS.get(name, []), values, strict=True):
        if form is Text:
            slots[slot] = None if value is None else Text(value.encode())
        elif form is Numbers:
            slots[slot] = Numbers("<i", list(value))
        else:
            slots[slot] = (form, words.index(value) if words else value)
    return NAMES.index(name) + 1, Table(slots)


def type_of(number, table):
    """The tuple for a table of ``flatbuf`` whose type has that number in the union.

    A union that does not say its ids has None for them, as only its field knows how many.
    """
    name = NAMES[number - 1]
    kind, slots = _FOUND.get(name, (None, []))
    found = Found(table.data, table.at, kind)
    values = []
    for slot, (_, form, default, words) in zip(slots, _PARAMETERS.get(name, []), strict=True):
        if form is Text:
            value = found.text(slot)
            values.append(None if value is None else value.decode())
        elif form is Numbers:
            ids = found.read_numbers(slot, "<i")
            values.append(None if ids is None else tuple(ids))
        else:
            value = found.get(slot)
            value = default if value is None else value
            values.append(words[value] if words else bool(value) if form == "<?" else value)
    return name, *values
