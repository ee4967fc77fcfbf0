"""Schemas that the format allows though hardly anybody writes them, put together by hand."""

import pytest
from oracle import messages
from oracle.encoder import sheet_of
from oracle.integration_json import Batch, Case
from oracle.layout import raw_columns
from oracle.strategies import plain_field

import minarrow as ma

INT8, INT16 = ("int", 8, True), ("int", 16, True)


def map_field(
    key_nullable=False, entries_nullable=False, names=("key", "value"), entries="entries"
):
    children = [plain_field(("utf8",), names[0], key_nullable), plain_field(INT8, names[1])]
    item = plain_field(("struct",), entries, entries_nullable, children)
    return plain_field(("map", False), "m", children=[item])


def encoded(type_, children=(), index=INT8):
    return plain_field(type_, "d", children=children, dictionary=(index, False))


def runs(values, ends="run_ends", ends_nullable=False):
    children = [plain_field(INT16, ends, ends_nullable), plain_field(values, "values")]
    return plain_field(("runendencoded",), "r", children=children)


CASES = {
    "names of a map": (map_field(names=("x", "x"), entries=""), [[("a", 1)], []]),
    "a dictionary of nulls": (encoded(("null",)), [None, None]),
    "a dictionary of bools": (encoded(("bool",)), [True, None, False, True]),
    "a dictionary of no bytes": (encoded(("fixedsizebinary", 0)), [b"", None]),
    "a dictionary of structs": (
        encoded(("struct",), [plain_field(INT8, "a")], ("int", 64, False)),
        [[("a", 1)], None, [("a", None)]],
    ),
    "a dictionary of unions": (
        encoded(("union", "DENSE", (3, 1)), [plain_field(INT8, "a"), plain_field(("utf8",), "b")]),
        [(3, 1), (1, "x"), (3, 1), (1, None)],
    ),
    "runs of nulls": (runs(("null",)), [None] * 5),
    "run ends that may be null": (runs(INT8, "x", True), [1, 1, 2, None]),
    "a union of nulls": (
        plain_field(("union", "DENSE", (3,)), children=[plain_field(("null",))]),
        [(3, None)] * 3,
    ),
    "a union of nothing": (plain_field(("union", "SPARSE", ())), []),
    "a union of 128": (
        plain_field(
            ("union", "SPARSE", tuple(range(127, -1, -1))),
            children=[plain_field(INT8, str(i)) for i in range(128)],
        ),
        [(127, 1), (0, 2), (64, None)],
    ),
    "lists of no items": (
        plain_field(("fixedsizelist", 0), children=[plain_field(("utf8",))]),
        [[], None, []],
    ),
    "a struct of nothing": (plain_field(("struct",)), [[], None, []]),
    "children of one name": (
        plain_field(("struct",), children=[plain_field(INT8, "a"), plain_field(("utf8",), "a")]),
        [[("a", 1), ("a", "x")], None],
    ),
    "names of nothing": (
        plain_field(("struct",), "", children=[plain_field(INT8, "")]),
        [[("", 1)], [("", None)]],
    ),
    "a zone that nobody knows": (
        plain_field(("timestamp", "SECOND", "No/Where at all")),
        [1, None, -1],
    ),
}

# keys and entries that may be null are against the rules; pyarrow takes none such from IPC
NOT_FOR_PYARROW = {
    "keys that may be null": (map_field(key_nullable=True), [[("a", 1)], None, []]),
    "entries that may be null": (map_field(entries_nullable=True), [[("a", 1)], None]),
}
CASES |= NOT_FOR_PYARROW


def case_of(name):
    field, values = CASES[name]
    return Case(messages.with_ids([field]), [], [Batch(len(values), [values])])


@pytest.mark.parametrize("endianness", [messages.LITTLE, messages.BIG])
@pytest.mark.parametrize("name", CASES)
def test_read_and_written(name, endianness, pyarrow):
    case = case_of(name)
    [batch] = ma.open_stream(sheet_of(case, endianness=endianness).stream())
    batch.validate(full=True)
    assert raw_columns(batch) == case.batches[0].columns
    assert str(batch.column(0)) and str(batch.schema) and repr(batch)
    for version in (messages.V4, messages.V5):
        sink = ma.BufferOutputStream()
        options = ma.ipc.IpcWriteOptions(version)
        with ma.new_stream(sink, batch.schema, options=options) as writer:
            writer.write_batch(batch)
            writer.write_batch(batch.slice(1))
        whole, part = ma.open_stream(sink.getvalue())
        assert raw_columns(whole) == case.batches[0].columns and whole.equals(batch)
        assert raw_columns(part) == [case.batches[0].columns[0][1:]]
        if name in NOT_FOR_PYARROW:
            continue
        theirs = pyarrow.ipc.open_stream(pyarrow.py_buffer(sink.getvalue()))
        for ours in (whole, part):
            assert raw_columns(theirs.read_next_batch()) == raw_columns(ours)


@pytest.mark.parametrize("name", CASES)
def test_lent_and_taken_back(name, pyarrow):
    [batch] = ma.open_stream(sheet_of(case_of(name)).stream())
    back = ma.record_batch(pyarrow.record_batch(batch))
    back.validate(full=True)
    assert raw_columns(back) == raw_columns(batch)


def test_a_key_that_is_null_is_read_and_not_lent():
    """As pyarrow ends the process over one."""
    field = map_field(key_nullable=True)
    case = Case([field], [], [Batch(2, [[[(None, 1), ("b", None)], [("c", 2)]]])])
    [batch] = ma.open_stream(sheet_of(case).stream())
    assert raw_columns(batch) == case.batches[0].columns
    assert batch.column(0).to_pylist()[0] == [(None, 1), ("b", None)]
    for refused in (
        lambda: batch.__arrow_c_array__(),
        lambda: batch.column(0).slice(1).__arrow_c_array__(),
        lambda: batch.validate(full=True),
    ):
        with pytest.raises(ma.ArrowInvalid, match="keys of a map cannot be null") as caught:
            refused()
        assert caught.value.path == "batch 0, column 'm'.entries.key"


def test_a_name_that_is_left_out():
    case = Case([plain_field(INT8, None)], [], [Batch(1, [[1]])])
    [batch] = ma.open_stream(sheet_of(case).stream())
    assert batch.schema.names == [""] and batch.column("").to_pylist() == [1]
