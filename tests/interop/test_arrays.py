"""Arrays of every type to other libraries and back, in place."""

import pytest
from interop.columns import ALL, CUTS, cut, make, share_memory

import minarrow as ma

RUN_ENDS = {name for name in ALL if name.startswith("run_end_encoded")}
INTERVALS = {"month_interval", "day_time_interval"}

# What these releases do not take over the C data interface, or end the process with.
UNKNOWN = {
    "pyarrow": INTERVALS,
    "polars": {
        *INTERVALS, *RUN_ENDS, "month_day_nano_interval", "decimal256", "list_view",
        "large_list_view", "dense_union", "sparse_union", "dictionary of struct",
        "dictionary, ordered",
    },
    "nanoarrow": {"string_view", "binary_view"},
    "duckdb": {"float16", "decimal256", "dense_union"},
}  # fmt: skip
# What they keep, and have no Python values for, or other ones.
MUTE = {
    "nanoarrow": {
        *INTERVALS, *RUN_ENDS, "decimal32", "decimal64", "decimal128", "decimal256", "list_view",
        "large_list_view", "map",
    },
    "arro3": {*INTERVALS, *RUN_ENDS, "list_view", "large_list_view", "month_day_nano_interval"},
    "polars": {"map"},  # dicts
    "duckdb": {*INTERVALS, "month_day_nano_interval", "map", "fixed_size_list"},  # spans, tuples
}  # fmt: skip
# What comes back as an interval, of microseconds, and as something else where days and
# milliseconds go there.
SPANS = {*INTERVALS, "month_day_nano_interval", *(n for n in ALL if n.startswith("duration"))}
# Slices of which they read from the first row on, or not at all.
UNCUT = {
    "nanoarrow": {"float16", "fixed_size_binary", "month_day_nano_interval"},
    "polars": {"fixed_size_list"},
}


def cases(peer):
    return [
        pytest.param(name, rows, id=f"{name}-{rows.start}:{rows.stop}")
        for name in ALL
        if name not in UNKNOWN.get(peer, ())
        for rows in CUTS
    ]


def check_back(array, back, in_place=True):
    """What came back is the array itself: same type, values and memory."""
    assert len(array) == 0 or not in_place or share_memory(array, back)
    back.validate(full=True)
    assert back.type == array.type
    assert back.equals(array)
    assert back.null_count == array.null_count
    assert back.to_pylist() == array.to_pylist()


@pytest.mark.parametrize("name, rows", cases("pyarrow"))
def test_pyarrow(name, rows):
    pyarrow = pytest.importorskip("pyarrow")
    array = cut(make(name), rows)
    theirs = pyarrow.array(array)
    theirs.validate(full=True)
    assert (len(theirs), theirs.null_count) == (len(array), array.null_count)
    assert str(theirs.type) == str(array.type)
    assert theirs.to_pylist() == array.to_pylist()
    check_back(array, ma.array(theirs))


@pytest.mark.parametrize("name, rows", cases("nanoarrow"))
def test_nanoarrow(name, rows):
    nanoarrow = pytest.importorskip("nanoarrow")
    array = cut(make(name), rows)
    if name not in MUTE["nanoarrow"] and (name not in UNCUT["nanoarrow"] or rows.start is None):
        assert list(nanoarrow.Array(array).iter_py()) == array.to_pylist()
    theirs = nanoarrow.c_array(array)
    assert (theirs.length, theirs.null_count) == (len(array), array.null_count)
    check_back(array, ma.array(theirs))


@pytest.mark.parametrize("name, rows", cases("arro3"))
def test_arro3(name, rows):
    arro3 = pytest.importorskip("arro3.core")
    array = cut(make(name), rows)
    theirs = arro3.Array.from_arrow(array)
    assert len(theirs) == len(array)
    if name not in MUTE["arro3"]:
        assert [value.as_py() for value in theirs] == array.to_pylist()
    if name != "dictionary, ordered":  # is not ordered when it comes back
        # bitmaps of slices, and what lies below them, are put in order there
        check_back(array, ma.array(theirs), in_place=rows.start is None)


@pytest.mark.parametrize("name, rows", cases("polars"))
def test_polars(name, rows):
    """Text, times and much else take another form there, so that only values come back."""
    polars = pytest.importorskip("polars")
    if name in UNCUT["polars"] and rows.start is not None:
        pytest.skip("polars does not take slices of these")
    array = cut(make(name), rows)
    theirs = polars.Series(array)
    back = ma.array(theirs)
    back.validate(full=True)
    if name == "date64":  # is a moment there
        assert [at and at.date() for at in theirs.to_list()] == array.to_pylist()
        return
    assert back.to_pylist() == array.to_pylist()
    if name not in MUTE["polars"]:
        assert theirs.to_list() == array.to_pylist()


@pytest.mark.parametrize("name, rows", cases("duckdb"))
def test_duckdb(name, rows):
    """Which has a form of its own for most, and gives values back."""
    duckdb = pytest.importorskip("duckdb")
    array = cut(make(name), rows)
    table = ma.Table.from_arrays([array], ["x"])
    with duckdb.connect() as connection:
        connection.register("ours", table)
        if name not in MUTE["duckdb"]:
            theirs = connection.sql("select x from ours").fetchall()
            assert [row[0] for row in theirs] == array.to_pylist()
        back = ma.table(connection.sql("select x from ours"))
    back.validate(full=True)
    values = back.column(0).to_pylist()
    if name in SPANS:
        assert [value is None for value in values] == [value is None for value in array.to_pylist()]
    else:
        assert values == array.to_pylist()


@pytest.mark.parametrize("name", ["int64", "float32", "string_view", "bool", "timestamp[ns]"])
def test_polars_shares_memory(name):
    polars = pytest.importorskip("polars")
    array = make(name)
    back = ma.array(polars.Series(array))
    assert back.type == array.type
    assert share_memory(array, back)


@pytest.mark.parametrize("name", ALL)
def test_pyarrow_gives(name):
    """Arrays that pyarrow made itself, with its own ideas of what to leave out."""
    pyarrow = pytest.importorskip("pyarrow")
    if name in UNKNOWN["pyarrow"]:
        pytest.skip("pyarrow makes no such values")
    array = make(name)
    theirs = pyarrow.array(array)
    again = pyarrow.concat_arrays([theirs, theirs])
    ours = ma.array(again)
    ours.validate(full=True)
    assert ours.to_pylist() == 2 * array.to_pylist()
    none = ma.array(again.slice(0, 0))
    none.validate(full=True)
    assert (none.type, len(none)) == (array.type, 0)
    missing = ma.array(pyarrow.nulls(3, theirs.type))
    missing.validate(full=True)
    assert missing.to_pylist() == [None] * 3


@pytest.mark.parametrize("name", ALL)
def test_we_give_ourselves(name):
    """The protocol between two objects of ours, through capsules."""

    class Lent:
        def __init__(self, array):
            self.array = array

        def __arrow_c_array__(self, requested_schema=None):
            return self.array.__arrow_c_array__(requested_schema)

    for rows in CUTS:
        array = cut(make(name), rows)
        check_back(array, ma.array(Lent(array)))


def test_extension_types_stay():
    pyarrow = pytest.importorskip("pyarrow")
    values = [b"0123456789abcdef", None]
    ours = ma.array(pyarrow.array(values, pyarrow.uuid()))
    assert ours.type == ma.uuid()
    theirs = pyarrow.array(ours)
    assert theirs.type == pyarrow.uuid()
    assert theirs.to_pylist() == ours.to_pylist()


def test_bad_values_are_not_lent():
    text = ma.Array.from_buffers(
        ma.string(), 1, [None, ma.py_buffer(b"\0\0\0\0\2\0\0\0"), ma.py_buffer(b"\xc3\x28")]
    )
    with pytest.raises(ma.ArrowInvalid, match="not UTF-8") as caught:
        text.__arrow_c_array__()
    assert caught.value.path == "data buffer"
