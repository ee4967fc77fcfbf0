"""Fields and types in plain words, from the objects of minarrow or of pyarrow.

A description is a dict; ``type`` is a tuple of the name and the parameters that Schema.fbs knows. A
dictionary-encoded field has the type of its values, as in the format, and the indices beside it.
"""

_INTEGERS = {2: (8, False), 3: (8, True), 4: (16, False), 5: (16, True), 6: (32, False)}
_INTEGERS |= {7: (32, True), 8: (64, False), 9: (64, True)}
_FLOATS = {10: "HALF", 11: "SINGLE", 12: "DOUBLE"}
_DECIMALS = {43: 32, 44: 64, 23: 128, 24: 256}
_UNITS = {"s": "SECOND", "ms": "MILLISECOND", "us": "MICROSECOND", "ns": "NANOSECOND"}
_PLAIN = {
    0: ("null",),
    1: ("bool",),
    13: ("utf8",),
    14: ("binary",),
    16: ("date", "DAY"),
    17: ("date", "MILLISECOND"),
    21: ("interval", "YEAR_MONTH"),
    22: ("interval", "DAY_TIME"),
    25: ("list",),
    26: ("struct",),
    34: ("largeutf8",),
    35: ("largebinary",),
    36: ("largelist",),
    37: ("interval", "MONTH_DAY_NANO"),
    38: ("runendencoded",),
    39: ("utf8view",),
    40: ("binaryview",),
    41: ("listview",),
    42: ("largelistview",),
}


def storage_of(type_):
    """The type that an extension type is stored as; any other type itself."""
    return type_.storage_type if type_.id == 31 else type_


def plain_type(type_):
    """The tuple for a type; of an extension type, for what it is stored as."""
    type_ = storage_of(type_)
    number = type_.id
    if number in _PLAIN:
        return _PLAIN[number]
    if number in _INTEGERS:
        return ("int", *_INTEGERS[number])
    if number in _FLOATS:
        return ("floatingpoint", _FLOATS[number])
    if number in _DECIMALS:
        return ("decimal", _DECIMALS[number], type_.precision, type_.scale)
    if number == 15:
        return ("fixedsizebinary", type_.byte_width)
    if number == 18:
        return ("timestamp", _UNITS[type_.unit], type_.tz)
    if number in (19, 20):
        return ("time", _UNITS[type_.unit], type_.bit_width)
    if number == 33:
        return ("duration", _UNITS[type_.unit])
    if number == 30:
        return ("map", type_.keys_sorted)
    if number == 32:
        return ("fixedsizelist", type_.list_size)
    if number in (27, 28):
        return ("union", type_.mode.upper(), tuple(type_.type_codes))
    raise AssertionError(f"type {type_} has the unknown id {number}")


def describe(field):
    """The description of a Field, as the JSON of integration tests would have it."""
    type_ = storage_of(field.type)
    dictionary = None
    if type_.id == 29:
        dictionary = (plain_type(type_.index_type), type_.ordered)
        type_ = type_.value_type
    return {
        "name": field.name,
        "nullable": field.nullable,
        "type": plain_type(type_),
        "children": [describe(type_.field(i)) for i in range(type_.num_fields)],
        "dictionary": dictionary,
        "metadata": sorted((field.metadata or {}).items()),
    }


def describe_schema(schema):
    """Descriptions of a schema's fields, and its metadata as a sorted list of pairs."""
    return [describe(field) for field in schema], sorted((schema.metadata or {}).items())
