"""The oracle's parts against each other and against pyarrow; minarrow has no part in it."""

import struct
from functools import cache
from random import Random

import pytest

pytest.importorskip("hypothesis")

from hypothesis import assume, given
from hypothesis import strategies as st

from . import flatbuf, golden, integration_json, messages, reading, strategies
from .builder import Numbers, Structs, Table, Tables, Text, build
from .columns import Column
from .encoder import Encoder, dictionary_fields, sheet_of
from .fields import describe_schema
from .integration_json import Batch, Case
from .layout import raw_values
from .raw_values import NotShown, from_pyarrow

CASES = golden.cases()
seeds = st.none() | st.integers(0, 2**32 - 1)
versions = st.sampled_from([messages.V4, messages.V5])
endians = st.sampled_from([messages.LITTLE, messages.BIG])

each_golden = [
    pytest.mark.skipif(not CASES, reason=golden.why_missing() or ""),
    pytest.mark.parametrize("kind", golden.KINDS),
    pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES]),
]


def for_each_golden(test):
    for mark in each_golden:
        test = mark(test)
    return test


def random_of(seed):
    return None if seed is None else Random(seed)


def inflate(codec, data, size):
    pa = pytest.importorskip("pyarrow", reason="needs pyarrow's codecs")
    return pa.Codec(("lz4", "zstd")[codec]).decompress(data, size).to_pybytes()


@cache
def expected(case):
    return integration_json.read(case.json)


def changed(fields, name, change):
    """Descriptions, of which those of a type are changed."""
    fields = [field | {"children": changed(field["children"], name, change)} for field in fields]
    return [change(field) if field["type"][0] == name else field for field in fields]


def plain_map(field):
    """A map whose children have the names that the format recommends."""
    [entries] = field["children"]
    pairs = zip(entries["children"], ("key", "value"), strict=True)
    entries = entries | {"name": "entries", "children": [c | {"name": name} for c, name in pairs]}
    return field | {"children": [entries]}


def anonymous_runs(field):
    """Runs as pyarrow makes them, whose type forgets the fields of its children."""
    ends, values = field["children"]
    return field | {"children": [ends, values | {"nullable": True, "metadata": []}]}


def as_pyarrow_has_them(fields):
    """Descriptions without what pyarrow's types do not keep."""
    fields = changed(changed(fields, "runendencoded", anonymous_runs), "map", plain_map)
    return changed(fields, "fixedsizebinary", without_uuid)


def without_uuid(field):
    """A field without the metadata that makes it one of UUIDs, which pyarrow has a type for."""
    if (b"ARROW:extension:name", b"arrow.uuid") not in field["metadata"]:
        return field
    kept = [pair for pair in field["metadata"] if not pair[0].startswith(b"ARROW:extension:")]
    return field | {"metadata": kept}


def fields_of(case, kind):
    """The fields that the JSON tells of; a stream's writer renamed the children of maps."""
    fields = expected(case).fields
    if case.name == "generated_map_non_canonical" and kind == "stream":
        return changed(fields, "map", plain_map)
    return fields


# -- golden files


def test_golden_cases_are_found(golden_data):
    assert len(CASES) >= 50
    assert all(case.stream.is_file() and case.arrow_file.is_file() for case in CASES)
    assert golden.hostile()


@for_each_golden
def test_files_are_read_as_their_json_says(case, kind):
    read = reading.read_stream if kind == "stream" else reading.read_file
    got = read(getattr(case, kind).read_bytes(), inflate)
    assert messages.without_ids(got.fields) == fields_of(case, kind)
    assert (got.metadata, got.batches) == (expected(case).metadata, expected(case).batches)


def read_by_pyarrow(pa, source, kind):
    if kind == "stream":
        reader = pa.ipc.open_stream(source)
        return reader.schema, list(reader)
    reader = pa.ipc.open_file(source)
    return reader.schema, [reader.get_batch(i) for i in range(reader.num_record_batches)]


def pyarrow_has_arrays_of(fields):
    """Of intervals of months, and of days and milliseconds, pyarrow has none."""
    return not any(interval in str(fields) for interval in ("YEAR_MONTH", "DAY_TIME"))


def check_by_pyarrow(pa, source, kind, fields, metadata, batches):
    """pyarrow says the same, by its buffers and by its scalars."""
    schema, got = read_by_pyarrow(pa, source, kind)
    assert describe_schema(schema) == (as_pyarrow_has_them(fields), metadata)
    assert [batch.num_rows for batch in got] == [batch.num_rows for batch in batches]
    for batch, wanted in zip(got, batches, strict=True):
        for column, values in zip(batch.columns, wanted.columns, strict=True):
            assert raw_values(column) == values
            try:
                shown = from_pyarrow(column)
            except NotShown:
                continue
            assert shown == values


@for_each_golden
def test_pyarrow_reads_files_as_their_json_says(case, kind, pyarrow):
    fields = fields_of(case, kind)
    if not pyarrow_has_arrays_of(fields):
        pytest.skip("pyarrow has no arrays of these intervals")
    json = expected(case)
    source = pyarrow.py_buffer(getattr(case, kind).read_bytes())
    check_by_pyarrow(pyarrow, source, kind, fields, json.metadata, json.batches)


# -- encoding, framing, reading


@given(strategies.fields(), st.data(), seeds, endians)
def test_what_is_encoded_is_decoded(field, data, seed, endian):
    values = data.draw(st.lists(strategies.values(field), max_size=12))
    column = Encoder(random_of(seed), "<>"[endian]).column(field, values)
    assert raw_values(column) == values


@given(strategies.cases(), seeds, endians, versions, st.booleans(), st.booleans())
def test_what_is_framed_is_read(case, seed, endian, version, legacy, deltas):
    options = {"endianness": endian, "version": version, "legacy": legacy}
    sheet = sheet_of(case, random_of(seed), deltas, **options)
    assert reading.read_stream(sheet.stream()) == case
    assert reading.read_file(sheet.file()) == case


def test_a_shared_dictionary_is_sent_once():
    fields = messages.with_ids(
        [strategies.plain_field(("utf8",), dictionary=(("int", 8, True), False))] * 2
    )
    fields[1]["id"] = fields[0]["id"]
    case = Case(fields, [], [Batch(2, [["x", "y"], ["y", "z"]]), Batch(1, [["w"], [None]])])
    sheet = sheet_of(case)
    parsed = flatbuf.messages(sheet.stream())
    assert [message.get("header_type") for message in parsed] == [1, 2, 2, 3, 2, 3]
    assert reading.read_stream(sheet.stream()) == case
    whole = sheet_of(case, deltas=False).stream()
    assert [m.get("header_type") for m in flatbuf.messages(whole)] == [1, 2, 3, 3]
    assert reading.read_stream(whole) == case


def test_sliced_columns_are_decoded():
    column = Column(("bool",), 3, [bytes([0b10110000]), bytes([0b00100000])], offset=4)
    assert raw_values(column) == [False, True, None]


# -- by pyarrow

known = [leaf for leaf in strategies.LEAVES if pyarrow_has_arrays_of(leaf)]
codecs = st.sampled_from([None, "lz4", "zstd"])


def has_nested_dictionaries(fields):
    """Whether dictionaries have dictionaries in them, of which pyarrow knows no deltas."""
    values = dictionary_fields(fields).values()
    return any(dictionary_fields(field["children"]) for field in values)


def encoded_halves(field):
    """Whether dictionary-encoded half floats are anywhere in the field."""
    own = field["dictionary"] is not None and field["type"] == ("floatingpoint", "HALF")
    return own or any(map(encoded_halves, field["children"]))


def ends_pyarrow(field, in_list=False):
    """Whether asking pyarrow 26 for a row that is null ends the process.

    It does for lists and maps over runs whose values have dictionary-encoded half floats in them,
    as its own arrays show: a null row makes an empty array of such runs, for which it finds no
    builder, and that is not looked at.
    """
    name, children = field["type"][0], field["children"]
    if in_list and name == "runendencoded" and encoded_halves(children[1]):
        return True
    in_list = in_list or "list" in name or name == "map"
    return any(ends_pyarrow(child, in_list) for child in children)


def compressor(pa, codec):
    """What a Sheet takes for a codec."""
    if codec is None:
        return None
    made = pa.Codec(codec)
    return ("lz4", "zstd").index(codec), lambda data: made.compress(data, asbytes=True)


def write_and_check(pa, case, seed, kind, **options):
    assume(not any(map(ends_pyarrow, case.fields)))
    deltas = not has_nested_dictionaries(case.fields)
    sheet = sheet_of(case, random_of(seed), deltas, **options)
    source = pa.py_buffer(sheet.stream() if kind == "stream" else sheet.file())
    fields = messages.without_ids(case.fields)
    check_by_pyarrow(pa, source, kind, fields, case.metadata, case.batches)


@given(
    strategies.cases(leaves=known),
    seeds,
    st.sampled_from(golden.KINDS),
    st.booleans(),
    st.sampled_from([8, 64]),
    versions,
    codecs,
)
def test_pyarrow_reads_what_is_framed(pyarrow, case, seed, kind, legacy, alignment, version, codec):
    options = {"legacy": legacy, "alignment": alignment, "version": version}
    if version == messages.V5:  # of V4, pyarrow takes the codec from the message's metadata
        options["codec"] = compressor(pyarrow, codec)
    write_and_check(pyarrow, case, seed, kind, **options)


def pyarrow_swaps(case):
    """Whether pyarrow reads the case in the other byte order."""
    return not any(word in str(case.fields) for word in ("utf8view", "binaryview", "runend"))


@given(strategies.cases(leaves=known).filter(pyarrow_swaps), seeds)
def test_pyarrow_reads_the_other_byte_order(pyarrow, case, seed):
    write_and_check(pyarrow, case, seed, "stream", endianness=messages.BIG)


@pytest.mark.parametrize(
    "type_, value",
    [
        (("time", "SECOND", 32), 86_400),
        (("time", "NANOSECOND", 64), -1),
        (("date", "MILLISECOND"), 1),
        (("decimal", 32, 1, 0), 2**31 - 1),
        (("decimal", 256, 1, 0), -(2**255)),
        (("timestamp", "NANOSECOND", None), -(2**63)),
        (("timestamp", "SECOND", "UTC"), 2**63 - 1),
    ],
)
@pytest.mark.parametrize("endian", [messages.LITTLE, messages.BIG])
def test_numbers_that_no_python_object_has(pyarrow, type_, value, endian):
    case = Case([strategies.plain_field(type_)], [], [Batch(2, [[value, None]])])
    write_and_check(pyarrow, case, None, "stream", endianness=endian)


# -- flatbuffers and places


def test_flatbuffers_are_aligned_and_say_what_was_put_in():
    table = Table(
        {
            0: ("<h", messages.V5),
            1: ("<B", messages.BATCH),
            2: messages.record_batch(7, [(7, 1)], [(0, 8), (64, 56)], codec=1, variadic=[3]),
            3: ("<q", 128),
            4: messages.pairs([(b"k", b""), (b"", b"\x00v")]),
        }
    )
    data = messages.frame(build(table))
    [message] = flatbuf.messages(data + bytes(128))
    assert message.get("version") == messages.V5 and message.get("body_size") == 128
    assert message.pairs == [(b"k", b""), (b"", b"\x00v")]
    batch = message.batch
    assert batch.get("length") == 7 and batch.read_numbers("variadics", "<q") == [3]
    assert batch.table("compression", "Compression").get("codec") == 1
    assert [(b.get("offset"), b.get("size")) for b in batch.buffers] == [(0, 8), (64, 56)]
    places = [message.place("body_size"), batch.place("length"), *(b.at for b in batch.buffers)]
    assert all(place % 8 == 0 for place in places)
    assert message.body_at == len(data) and message.body_at % 8 == 0


def test_wrong_flatbuffers_can_be_made():
    slots = {
        0: Numbers("<i", [1], count=9),
        1: Structs("<qq", [], count=1 << 31),
        2: Tables([], count=2),
        3: Text(b"\xff\xfe"),
        5: ("<q", -1),
    }
    data = build(Table(slots))
    assert len(data) % 8 == 0
    assert all(struct.pack("<I", count) in data for count in (9, 1 << 31, 2))
    assert messages.frame(data, size=-5)[:8] == messages.CONTINUATION + struct.pack("<i", -5)
    assert messages.frame(data, legacy=True)[:4] == struct.pack("<i", len(data) + 4)


@pytest.mark.parametrize("legacy", [False, True])
def test_places_in_streams_and_files(legacy):
    fields = [strategies.plain_field(("int", 32, True)), strategies.plain_field(("utf8",), "b")]
    case = Case(fields, [(b"k", b"v")], [Batch(3, [[1, None, 3], ["x", "", "yz"]])])
    sheet = sheet_of(case, legacy=legacy)
    for data, first in ((sheet.stream(), 0), (sheet.file(), 8)):
        schema, batch = flatbuf.messages(data, first)
        assert (schema.start, schema.size_at) == (first, first + (0 if legacy else 4))
        assert batch.start == schema.end and batch.body_at % 8 == 0
        assert data[batch.buffer_at(1) :][:4] == struct.pack("<i", 1)
        assert data[batch.buffer_at(4) :][:3] == b"xyz"
        nodes = [struct.unpack_from("<qq", data, node.at) for node in batch.batch.nodes]
        assert nodes == [(3, 1), (3, 0)]
        slots = [struct.unpack_from("<qq", data, slot.at) for slot in batch.batch.buffers]
        assert [size for _, size in slots] == [1, 12, 0, 16, 3]
        assert len(data[batch.end :]) >= 4


def test_damage_is_where_it_was_put():
    case = Case([strategies.plain_field(("bool",))], [], [Batch(9, [[True] * 9])])
    data = bytearray(sheet_of(case).stream())
    batch = flatbuf.messages(data)[1]
    batch.batch.nodes[0].set("nulls", -7)
    batch.batch.buffers[1].set("size", 1 << 40)
    again = flatbuf.messages(bytes(data))[1].batch
    assert again.nodes[0].get("nulls") == -7 and again.buffers[1].get("size") == 1 << 40
    with pytest.raises(AssertionError):
        reading.read_stream(data)


def test_pyarrow_refuses_other_versions(pyarrow):
    case = Case([strategies.plain_field(("bool",))], [], [])
    for version in (messages.V1, messages.V2, messages.V3):
        with pytest.raises(pyarrow.ArrowInvalid):
            pyarrow.ipc.open_stream(sheet_of(case, version=version).stream())
