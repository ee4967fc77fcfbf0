"""Writing a slice writes its rows and no more, and comes out the same wherever it was cut."""

from functools import cache

import pytest
from interop.columns import ALL, PEOPLE
from oracle.layout import raw_values

import minarrow as ma

N = 1_000_020  # a multiple of the length of every column's pattern
STARTS = [0, 1, 7, 8, 499_980, 777_777, N - 10]


def others():
    """Columns beside those of each type, within each other in more ways."""
    words = ma.dictionary(ma.int8(), ma.string())
    person = ma.struct([("a", ma.int8()), ("b", ma.string_view())])
    long = [None if i == 3 else f"row {i} of the text, out of line" * (i % 2) for i in range(10)]
    yield "long text", ma.string(), long
    yield "long views", ma.string_view(), long
    yield "views in lists", ma.list_view(ma.binary_view()), [[b"x" * 20, None], None, [], [b"y"]]
    runs = ma.run_end_encoded(ma.int16(), ma.list_(ma.string()))
    yield "runs of lists", runs, [["a"], ["a"], ["b", None], None, None, ["b"]]
    yield (
        "runs in lists",
        ma.list_(ma.run_end_encoded(ma.int32(), ma.int64())),
        [[1, 1], [], [2], [1]],
    )
    choices = [ma.field("p", person), ma.field("l", ma.list_(ma.int32()))]
    yield "dense union of others", ma.dense_union(choices), [PEOPLE[0], [1, None], PEOPLE[3], []]
    yield "sparse union of others", ma.sparse_union(choices), [PEOPLE[0], [1, None], PEOPLE[3], []]
    boxes = ma.list_(ma.list_(person, 2))
    yield "fixed lists in lists", boxes, [[[PEOPLE[0], None]], None, [], [None, [PEOPLE[3]] * 2]]
    yield "maps of maps", ma.map_(ma.string(), ma.map_(ma.int8(), words)), [
        [("k", [(1, "a"), (2, None)])], None, [], [("l", None), ("m", [])],
    ]  # fmt: skip
    yield "structs of all", ma.struct([("w", words), ("v", ma.large_list_view(person))]), [
        {"w": "a", "v": PEOPLE}, None, {"w": None, "v": None}, {"w": "b", "v": []},
    ]  # fmt: skip
    yield "empty structs", ma.struct([]), [{}, None]
    yield "lists of nothing", ma.list_(ma.null(), 3), [[None] * 3, None]
    yield "no bytes", ma.binary(0), [b"", None]


CASES = ALL | {name: (type_, values) for name, type_, values in others()}


@cache
def column(name):
    """A million rows of the pattern, or as many as run ends of 16 bits can count."""
    type_, values = CASES[name]
    rows = 32_760 if "run_ends: int16" in str(type_) else N
    assert rows % len(values) == 0
    pattern = ma.array(values * 60, type_)
    return ma.concat_arrays([pattern] * -(-rows // len(pattern))).slice(0, rows)


def starts(whole, choices=STARTS):
    """Where to cut: the choices as far as there are rows."""
    return [start for start in choices if start + 10 <= len(whole)]


def fresh(part, name):
    """The same rows, made anew of their values; dictionaries stay, as they are not of the rows."""
    if part.type.id == ma.dictionary(ma.int8(), ma.string()).id:
        indices = ma.array(part.indices.to_pylist(), part.type.index_type)
        return ma.DictionaryArray.from_arrays(indices, part.dictionary, ordered=part.type.ordered)
    return ma.array(part.to_pylist(), part.type)


def has_dictionary(type_):
    """Whether dictionaries are within, which are made in the order of the rows."""
    return "dictionary" in str(type_)


def stream_of(array):
    sink = ma.BufferOutputStream()
    batch = ma.RecordBatch.from_arrays([array], ["a"])
    with ma.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return sink.getvalue().to_pybytes()


@pytest.mark.parametrize("name", CASES)
def test_ten_rows_are_ten_rows(name):
    for start in starts(column(name)):
        part = column(name).slice(start, 10)
        data = stream_of(part)
        assert len(data) < 5000
        (got,) = ma.open_stream(data)
        got.validate(full=True)
        assert raw_values(got.column(0)) == raw_values(fresh(part, name))
        assert got.column(0).equals(part)


@pytest.mark.parametrize("name", CASES)
def test_they_are_the_bytes_of_the_same_rows_made_anew(name):
    """Canonical and minimal, though cut out of a million, and out of a slice of them."""
    whole = column(name)
    # a multiple of all patterns where dictionaries are within, so that they come in one order
    choices = (0, 60, 180, 499_980) if has_dictionary(whole.type) else STARTS
    for start in starts(whole, choices):
        part = whole.slice(start, 10)
        again = whole.slice(start // 2, start + 30).slice(start - start // 2, 10)
        assert stream_of(part) == stream_of(fresh(part, name)) == stream_of(again)


# pyarrow has no arrays of intervals of months, and of days and milliseconds
@pytest.mark.parametrize("name", sorted(CASES.keys() - {"month_interval", "day_time_interval"}))
def test_pyarrow_reads_them(name, pyarrow):
    part = column(name).slice(len(column(name)) - 777, 10)
    theirs = pyarrow.ipc.open_stream(stream_of(part)).read_all()
    theirs.validate(full=True)
    assert theirs.column(0).to_pylist() == part.to_pylist()


@pytest.mark.parametrize("name", CASES)
def test_empty_slices(name):
    whole = column(name)
    for part in (whole.slice(0, 0), whole.slice(77, 0), whole.slice(len(whole))):
        (got,) = ma.open_stream(stream_of(part))
        assert got.num_rows == 0 and got.column(0).to_pylist() == []
        if not has_dictionary(whole.type):
            assert stream_of(part) == stream_of(ma.array([], whole.type))
