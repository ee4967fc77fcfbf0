"""hypothesis strategies: fields of any type, raw values for them, and whole cases.

Fields are descriptions as in ``fields``; their dictionaries have ids.
"""

from hypothesis import strategies as st

from . import raw_float
from .encoder import can_be_null
from .integration_json import Batch, Case
from .messages import with_ids

_UNITS = ["SECOND", "MILLISECOND", "MICROSECOND", "NANOSECOND"]
_INTEGERS = [("int", bits, signed) for bits in (8, 16, 32, 64) for signed in (True, False)]
LEAVES = [
    *_INTEGERS,
    *[("null",), ("bool",)],
    *[("floatingpoint", precision) for precision in ("HALF", "SINGLE", "DOUBLE")],
    *[(name,) for name in ("utf8", "largeutf8", "utf8view")],
    *[(name,) for name in ("binary", "largebinary", "binaryview")],
    *[("fixedsizebinary", width) for width in (0, 1, 3, 16)],
    *[("decimal", bits, most, 3) for bits, most in ((32, 9), (64, 18), (128, 38), (256, 76))],
    ("decimal", 128, 1, -2),
    *[("date", "DAY"), ("date", "MILLISECOND")],
    *[("time", unit, bits) for unit, bits in zip(_UNITS, (32, 32, 64, 64))],
    *[("timestamp", *pair) for pair in zip(_UNITS, (None, "UTC", "+02:00", "Europe/Paris"))],
    *[("duration", unit) for unit in _UNITS],
    *[("interval", unit) for unit in ("YEAR_MONTH", "DAY_TIME", "MONTH_DAY_NANO")],
]
NAMES = ["a", "b", "", "item", "a.b", "\N{SNOWMAN}"]
METADATA = [[], [], [(b"k", b"v")], [(b"", b""), (b"\x00k", b"\xff\x00"), (b"x", b"y" * 70)]]
UNION_IDS = [(0, 1, 2), (5, 7, 0), (127, 1, 64)]

# -- fields


def plain_field(type_, name="a", nullable=True, children=(), dictionary=None, metadata=()):
    """The description of a field."""
    return {
        "name": name,
        "nullable": nullable,
        "type": type_,
        "children": list(children),
        "dictionary": dictionary,
        "metadata": list(metadata),
    }


@st.composite
def _unnumbered_fields(draw, depth, leaves):
    type_, children = draw(_types(depth, leaves))
    dictionary = None
    if draw(st.integers(0, 5)) == 5:
        dictionary = (draw(st.sampled_from(_INTEGERS)), draw(st.booleans()))
    return plain_field(
        type_,
        draw(st.sampled_from(NAMES)),
        draw(st.booleans()),
        children,
        dictionary,
        draw(st.sampled_from(METADATA)),
    )


@st.composite
def _types(draw, depth, leaves):
    """A type and the fields of its children."""
    kind = draw(st.integers(0, 13)) if depth else 0
    below = _unnumbered_fields(depth - 1, leaves)
    if kind <= 3:
        return draw(st.sampled_from(leaves)), []
    if kind <= 7:
        names = {4: "list", 5: "largelist", 6: "listview", 7: "largelistview"}
        return (names[kind],), [draw(below)]
    if kind == 8:
        return ("fixedsizelist", draw(st.integers(0, 3))), [draw(below)]
    if kind == 9:
        keys = [leaf for leaf in leaves if leaf != ("null",)]
        key = plain_field(draw(st.sampled_from(keys)), "key", nullable=False)
        entries = plain_field(("struct",), "entries", False, [key, draw(below) | {"name": "value"}])
        return ("map", draw(st.booleans())), [entries]
    if kind <= 11:
        mode = {10: "SPARSE", 11: "DENSE"}[kind]
        children = draw(st.lists(below, min_size=1, max_size=3))
        ids = draw(st.sampled_from(UNION_IDS))[: len(children)]
        return ("union", mode, ids), children
    if kind == 12:
        ends = plain_field(("int", draw(st.sampled_from([16, 32, 64])), True), "run_ends", False)
        return ("runendencoded",), [ends, draw(below) | {"name": "values"}]
    return ("struct",), draw(st.lists(below, max_size=3))


def fields(depth=2, leaves=LEAVES):
    """A field nested up to ``depth`` levels."""
    return _unnumbered_fields(depth, leaves).map(lambda field: with_ids([field])[0])


# -- values


def _plain_values(field):
    """Raw values of the field that are not null themselves."""
    name, *parameters = field["type"]
    children = field["children"]
    if name in ("int", "decimal", "date", "time", "timestamp", "duration"):
        return _integers(field["type"])
    if name == "null":
        return st.none()
    if name == "bool":
        return st.booleans()
    if name == "floatingpoint":
        width = {"HALF": 16, "SINGLE": 32, "DOUBLE": 64}[parameters[0]]
        return st.floats(width=width).map(raw_float)
    if name == "fixedsizebinary":
        return st.binary(min_size=parameters[0], max_size=parameters[0])
    if "utf8" in name:
        return st.text(max_size=20)
    if "binary" in name:
        return st.binary(max_size=20)
    if name == "interval":
        small, big = _integers(("int", 32, True)), _integers(("int", 64, True))
        forms = {"YEAR_MONTH": small, "DAY_TIME": st.tuples(small, small)}
        return forms.get(parameters[0], st.tuples(small, small, big))
    if name == "struct":
        rows = st.tuples(*map(values, children))
        return rows.map(lambda row: [(c["name"], v) for c, v in zip(children, row, strict=True)])
    if name == "map":
        entry = st.tuples(*map(values, children[0]["children"]))
        return st.lists(entry, max_size=3)
    if name == "union":
        options = [
            st.tuples(st.just(number), values(child))
            for number, child in zip(parameters[1], children, strict=True)
        ]
        return st.one_of(options)
    if name == "runendencoded":
        return values(children[1])
    sizes = {"max_size": 3}
    if parameters:
        sizes = {"min_size": parameters[0], "max_size": parameters[0]}
    return st.lists(values(children[0]), **sizes)


def _integers(type_):
    """Integers that make sense for the type, up to the ends of what its cells can hold."""
    name, *parameters = type_
    if name == "decimal":
        most = 10 ** parameters[1] - 1
        return st.integers(-most, most)
    if name == "time":
        return st.integers(0, 86_400 * 1000 ** _UNITS.index(parameters[0]) - 1)
    if type_ == ("date", "MILLISECOND"):
        most = (1 << 63) // 86_400_000
        return st.integers(-most, most - 1).map(lambda day: day * 86_400_000)
    bits, signed = parameters if name == "int" else (32 if name == "date" else 64, True)
    least = -(1 << bits - 1) if signed else 0
    return st.integers(least, least + (1 << bits) - 1)


def values(field):
    """Raw values of the field, None among them where it can be."""
    plain = _plain_values(field)
    return st.none() | plain if can_be_null(field) else plain


# -- cases


@st.composite
def cases(draw, depth=2, leaves=LEAVES, most_rows=6):
    """A Case: schema, metadata, and up to three batches."""
    columns = with_ids(draw(st.lists(_unnumbered_fields(depth, leaves), max_size=3)))
    batches = []
    for _ in range(draw(st.integers(0, 3))):
        rows = draw(st.integers(0, most_rows))
        lists = [st.lists(values(column), min_size=rows, max_size=rows) for column in columns]
        batches.append(Batch(rows, list(draw(st.tuples(*lists)))))
    return Case(columns, draw(st.sampled_from(METADATA)), batches)
