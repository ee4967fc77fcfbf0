"""What stands under nulls may be anything: nobody follows it, nor who gets it from us."""

import struct

import pytest

import minarrow as ma

LONG = b"more than twelve bytes"
STRAY = {
    "negative size": struct.pack("<i4sii", -(2**31), b"", 0, 0),
    "greatest size": struct.pack("<i4sii", 2**31 - 1, LONG[:4], 0, 0),
    "no such buffer": struct.pack("<i4sii", 22, LONG[:4], 7, 0),
    "behind the data": struct.pack("<i4sii", 22, LONG[:4], 0, 2**31 - 1),
    "another prefix": struct.pack("<i4sii", 22, b"else", 0, 0),
}
VIEW = struct.pack("<i4sii", len(LONG), LONG[:4], 0, 0)
SHORT = struct.pack("<i12s", 2, b"ab")


def views(type_, strays, offset=0):
    """Rows: a long value, a stray view for each null, a short value."""
    rows = [VIEW, *strays, SHORT]
    valid = 1 | 1 << len(rows) - 1
    buffers = [
        ma.py_buffer(struct.pack("<Q", valid)),
        ma.py_buffer(b"".join(rows)),
        ma.py_buffer(LONG),
    ]
    return ma.Array.from_buffers(type_, len(rows) - offset, buffers, offset=offset)


@pytest.mark.parametrize("type_", [ma.string_view(), ma.binary_view()], ids=str)
@pytest.mark.parametrize("case", STRAY)
def test_views_that_point_nowhere(pyarrow, type_, case):
    column = views(type_, 2 * [STRAY[case]])
    text = type_ == ma.string_view()
    wanted = [LONG.decode(), None, None, "ab"] if text else [LONG, None, None, b"ab"]
    column.validate(full=True)
    assert column.to_pylist() == wanted
    for rows in (column, column.slice(1), views(type_, 2 * [STRAY[case]], 1)):
        theirs = pyarrow.array(rows)
        theirs.validate(full=True)
        assert theirs.to_pylist() == wanted[-len(rows) :]
        start = 16 * (theirs.offset + (1 if len(rows) == 4 else 0))
        assert theirs.buffers()[1].to_pybytes()[start : start + 32] == bytes(32)
        other = pyarrow.large_string() if text else pyarrow.large_binary()
        assert theirs.cast(other).to_pylist() == wanted[-len(rows) :]


def test_views_that_point_somewhere_are_lent_as_they_are(pyarrow):
    column = views(ma.string_view(), [VIEW, SHORT])
    assert pyarrow.array(column).buffers()[1].address == column.buffers()[1].address


def test_pandas_gets_none(pyarrow):
    """Which has its text cast by pyarrow, that follows views wherever they are."""
    pytest.importorskip("pandas")
    column = views(ma.string_view(), 40 * list(STRAY.values())[:1])
    assert ma.table({"a": column}).to_pandas()["a"].notna().tolist() == [True, *40 * [False], True]
