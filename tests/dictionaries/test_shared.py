"""One dictionary for several fields, deltas and replacements for all of them, and big-endian ones.

Put together by hand, as no writer that is known does so.
"""

import pytest
from oracle import messages, reading
from oracle.encoder import sheet_of
from oracle.fields import describe_schema
from oracle.integration_json import Batch, Case
from oracle.layout import raw_columns
from oracle.strategies import plain_field

import minarrow as ma

INT8, INT32 = ("int", 8, True), ("int", 32, False)


def shared_fields():
    """A column, the items of a list and a struct's child, of one dictionary and other indices."""
    text = plain_field(("utf8",), "t", dictionary=(INT8, False))
    item = plain_field(("utf8",), "item", dictionary=(INT32, True))
    child = plain_field(("utf8",), "c", dictionary=(INT8, False))
    fields = [
        text,
        plain_field(("list",), "l", children=[item]),
        plain_field(("struct",), "s", children=[child, plain_field(INT8, "n")]),
    ]
    numbered = messages.with_ids(fields)
    for field in (numbered[1]["children"][0], numbered[2]["children"][0]):
        field["id"] = numbered[0]["id"]
    return numbered


def shared_case():
    rows = [
        Batch(2, [["a", None], [["b", "a"], None], [[("c", "c"), ("n", 1)], None]]),
        Batch(2, [["d", "a"], [["c"], ["e", None]], [None, [("c", "a"), ("n", None)]]]),
        Batch(1, [[None], [[]], [[("c", "f"), ("n", 3)]]]),
    ]
    return Case(shared_fields(), [], rows)


def said(schema, batches):
    fields, metadata = describe_schema(schema)
    return Case(fields, metadata, [Batch(batch.num_rows, raw_columns(batch)) for batch in batches])


def wanted(case):
    return Case(messages.without_ids(case.fields), case.metadata, case.batches)


@pytest.mark.parametrize("deltas", [True, False])
@pytest.mark.parametrize("endianness", [messages.LITTLE, messages.BIG])
@pytest.mark.parametrize("kind", ["stream", "file"])
def test_one_dictionary_for_several_fields(kind, endianness, deltas):
    case = shared_case()
    sheet = sheet_of(case, deltas=deltas, endianness=endianness)
    if kind == "stream":
        reader = ma.open_stream(sheet.stream())
        batches = list(reader)
    else:
        reader = ma.open_file(sheet.file())
        batches = [reader.get_batch(i) for i in (2, 0, 1)]
        batches = [batches[1], batches[2], batches[0]]
    for batch in batches:
        batch.validate(full=True)
    assert said(reader.schema, batches) == wanted(case)


@pytest.mark.parametrize(
    "new, read",
    [(ma.new_stream, reading.read_stream), (ma.new_file, reading.read_file)],
)
@pytest.mark.parametrize("option", ["emit_dictionary_deltas", "unify_dictionaries"])
def test_what_was_shared_is_written_again(new, read, option):
    case = shared_case()
    reader = ma.open_stream(sheet_of(case).stream())
    sink = ma.BufferOutputStream()
    options = ma.ipc.IpcWriteOptions(**{option: True})
    with new(sink, reader.schema, options=options) as writer:
        for batch in reader:
            writer.write_batch(batch)
    got = read(sink.getvalue().to_pybytes())
    assert Case(messages.without_ids(got.fields), got.metadata, got.batches) == wanted(case)


def test_a_projection_takes_the_shared_dictionary_along():
    case = shared_case()
    data = sheet_of(case).stream()
    for i, name in enumerate("tls"):
        got = [raw_columns(batch) for batch in ma.open_stream(data, columns=[name])]
        assert got == [[batch.columns[i]] for batch in case.batches]


def test_a_replacement_is_for_all_and_for_what_follows():
    fields = shared_fields()[:2]
    sheet = messages.Sheet()
    sheet.add_schema(fields)
    case = Case(fields, [], [Batch(1, [["a"], [["b"]]])])
    for text in (("a", "b"), ("x", "y")):
        batch = Batch(1, [[text[0]], [[text[1]]]])
        for kind, framed, size in sheet_of(Case(fields, [], [batch])).messages[1:]:
            sheet.messages.append((kind, framed, size))
    first, second = ma.open_stream(sheet.stream())
    assert raw_columns(second) == [["x"], [["y"]]]
    assert raw_columns(first) == case.batches[0].columns
    with pytest.raises(ma.ArrowInvalid, match="dictionar"):
        ma.open_file(sheet.file()).get_batch(1).column(0)
