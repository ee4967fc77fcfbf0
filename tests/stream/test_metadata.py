"""Key-value pairs on schema, fields, messages and the footer survive byte for byte.

Keys may be repeated, and keys and values be empty or any bytes. Python's dicts show the first of
several; what is written again has all of them, in order.
"""

import itertools

import pytest
from oracle import flatbuf, messages
from oracle.columns import Column
from oracle.strategies import plain_field

import minarrow as ma

PAIRS = [
    (b"k", b"first"),
    (b"", b""),
    (b"\x00\xff", b"\xfe\x00\x00"),
    (b"k", b"second"),
    (b"empty", b""),
    (b"k", b"first"),
    ("\N{SNOWMAN}".encode(), b"x" * 1000),
]
SHOWN = dict(reversed(PAIRS))
NESTED = plain_field(
    ("struct",),
    "s",
    children=[
        plain_field(
            ("list",), "l", children=[plain_field(("int", 8, True), "i", metadata=PAIRS[:3])]
        ),
        plain_field(("utf8",), "d", dictionary=(("int", 8, True), False), metadata=PAIRS[1:]),
    ],
    metadata=PAIRS[::-1],
)


def sheet(**options):
    """A message of every kind by hand, each with pairs."""
    made = messages.Sheet(**options)
    made.add_schema(messages.with_ids([plain_field(("bool",), metadata=PAIRS), NESTED]), PAIRS)
    words = Column(("utf8",), 1, [None, b"\0\0\0\0\1\0\0\0", b"w"])
    made.add_dictionary(0, words)
    items = Column(("int", 8, True), 0, [None, b""])
    lists = Column(("list",), 1, [None, bytes(8)], [items])
    encoded = Column(("utf8",), 1, [None, b"\0"], index=("int", 8, True))
    struct = Column(("struct",), 1, [None], [lists, encoded], ["l", "d"])
    for pairs in (PAIRS, [], PAIRS[::-1]):
        made.add_batch([Column(("bool",), 1, [None, b"\1"]), struct], 1, pairs)
    return made


def walk(fields):
    for field in fields:
        yield field.pairs
        yield from walk(field.fields)


def pairs_of(data, first=0):
    """Of the schema, of each field, and of each record batch."""
    schema, *others = flatbuf.messages(data, first)
    batches = [message for message in others if message.get("header_type") == messages.BATCH]
    return [schema.schema.pairs, *walk(schema.schema.fields)], [b.pairs for b in batches]


def write_again(reader, new):
    sink = ma.BufferOutputStream()
    with new(sink, reader.schema) as writer:
        for batch, metadata in batches_of(reader):
            writer.write_batch(batch, metadata)
    return sink.getvalue().to_pybytes()


def batches_of(reader):
    if hasattr(reader, "num_record_batches"):
        count = reader.num_record_batches
        return [reader.get_batch_with_custom_metadata(i) for i in range(count)]
    return list(reader.iter_batches_with_custom_metadata())


@pytest.mark.parametrize("version", [messages.V4, messages.V5])
@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("kind", ["stream", "file"])
def test_schema_fields_and_messages(kind, legacy, version):
    made = sheet(legacy=legacy, version=version)
    wanted_schema, wanted_batches = pairs_of(made.stream())
    assert wanted_schema[0] == PAIRS and wanted_batches == [PAIRS, [], PAIRS[::-1]]
    reader = ma.open_stream(made.stream()) if kind == "stream" else ma.open_file(made.file())
    assert reader.schema.metadata == SHOWN
    assert reader.schema.field(0).metadata == SHOWN
    struct = reader.schema.field(1).type
    assert struct.field("d").metadata == dict(PAIRS[:0:-1])
    assert struct.field("l").type.value_field.metadata == dict(PAIRS[:3])
    shown = [metadata for _, metadata in batches_of(reader)]
    assert shown == [SHOWN, None, dict(PAIRS)]
    if kind == "stream":
        reader = ma.open_stream(made.stream())
        got = pairs_of(write_again(reader, ma.new_stream))
    else:
        got = pairs_of(write_again(reader, ma.new_file), 8)
    assert got[0] == wanted_schema
    assert got[1] == wanted_batches


@pytest.mark.parametrize("new, first", [(ma.new_stream, 0), (ma.new_file, 8)])
def test_pairs_are_given_as_pairs(new, first):
    """Lists of pairs, wherever metadata is taken, keep what a dict cannot hold."""
    field = ma.field("a", ma.int8(), metadata=PAIRS)
    schema = ma.schema([field], metadata=PAIRS)
    batch = ma.RecordBatch.from_arrays([[1]], schema=schema)
    sink = ma.BufferOutputStream()
    options = {} if new is ma.new_stream else {"metadata": PAIRS}
    with new(sink, schema, **options) as writer:
        writer.write_batch(batch, custom_metadata=PAIRS)
        writer.write_batch(batch, custom_metadata=[])
    data = sink.getvalue().to_pybytes()
    assert pairs_of(data, first) == ([PAIRS, PAIRS], [PAIRS, []])
    if new is ma.new_file:
        assert flatbuf.footer(data).pairs == PAIRS
        assert flatbuf.footer(data).table("schema", "Schema").pairs == PAIRS
        assert ma.open_file(data).metadata == SHOWN


def test_the_footer(pyarrow):
    made = sheet()
    reader = ma.open_file(made.file(PAIRS))
    assert reader.metadata == SHOWN
    assert ma.open_file(made.file()).metadata is None
    sink = ma.BufferOutputStream()
    with ma.new_file(sink, reader.schema, metadata={b"\x00": b"", b"": b"\xff"}):
        pass
    theirs = pyarrow.ipc.open_file(pyarrow.py_buffer(sink.getvalue()))
    assert theirs.metadata == {b"\x00": b"", b"": b"\xff"}


def test_copies_of_schemas_and_fields_have_all_pairs(pyarrow):
    """Through changes, pickles and capsules."""
    import pickle

    schema = ma.open_stream(sheet().stream()).schema

    def pairs(schema):
        sink = ma.BufferOutputStream()
        ma.new_stream(sink, schema).close()
        return pairs_of(sink.getvalue().to_pybytes())[0]

    wanted = pairs(schema)
    assert pairs(pickle.loads(pickle.dumps(schema))) == wanted
    assert pairs(ma.schema(pyarrow.schema(schema))) == wanted
    assert pairs(ma.schema(schema)) == wanted
    assert pairs(schema.set(0, schema.field(0).with_name("b")))[:2] == wanted[:2]
    field = schema.field(0)
    assert pairs(ma.schema([field.with_nullable(False)]))[1] == PAIRS
    assert pairs(ma.schema([field.with_type(ma.int8())]))[1] == PAIRS
    assert pairs(ma.schema([field]).with_metadata(PAIRS))[0] == PAIRS


def test_a_dict_that_was_changed_is_what_it_became():
    shown = ma.schema([], metadata=PAIRS).metadata
    shown[b"k"] = b"third"
    assert ma.schema([], metadata=shown).metadata == SHOWN | {b"k": b"third"}
    assert type(ma.schema([], metadata=shown).metadata) is dict
    assert ma.schema([], metadata={**ma.schema([], metadata=PAIRS).metadata}).metadata == SHOWN


def test_equality_counts_metadata_when_asked():
    plain = ma.schema([("a", ma.int8())])
    marked = ma.schema([ma.field("a", ma.int8(), metadata=PAIRS)], metadata=PAIRS)
    for other in (plain, marked.with_metadata(PAIRS[:2]), marked.remove_metadata()):
        assert marked.equals(other)
        assert not marked.equals(other, check_metadata=True)
    assert marked.equals(marked.with_metadata(PAIRS), check_metadata=True)


def test_equality_takes_pairs_in_any_order():
    """As their order is nobody's promise: the C data interface and IPC give pyarrow's turned."""
    pairs = [(b"k", b"1"), (b"", b"k"), (b"k", b"2"), (b"k", b"1"), (b"k\0", b"")]
    marked = ma.schema([], metadata=pairs)
    for other in itertools.permutations(pairs):
        assert ma.schema([], metadata=list(other)).equals(marked, check_metadata=True)
    for other in (pairs[:-1], [*pairs[:-1], (b"k", b"2")], [*pairs[:-1], (b"k", b"\0")]):
        assert not ma.schema([], metadata=other).equals(marked, check_metadata=True)
