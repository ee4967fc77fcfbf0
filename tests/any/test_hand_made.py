"""Streams and files put together by hand, in either byte order and as oddly as the format allows.

What is in them is drawn first and laid out then, so that nobody has to be believed: a reader gives
back what was drawn, and what is written again from there says the same to the oracle's reader.
"""

import io
from random import Random

import pytest

pytest.importorskip("hypothesis")

from hypothesis import given
from hypothesis import strategies as st
from oracle import messages, reading, strategies
from oracle.encoder import sheet_of
from oracle.fields import describe_schema
from oracle.integration_json import Batch, Case
from oracle.layout import raw_columns

import minarrow as ma

seeds = st.none() | st.integers(0, 2**32 - 1)
forms = st.fixed_dictionaries(
    {
        "endianness": st.sampled_from([messages.LITTLE, messages.BIG]),
        "version": st.sampled_from([messages.V4, messages.V5]),
        "legacy": st.booleans(),
        "alignment": st.sampled_from([8, 64, 1]),  # 1 is against the rules, and harmless
    }
)
VALUES_OF_TYPES = {
    ("null",): [None],
    ("bool",): [True, None, False],
    ("floatingpoint", "HALF"): [1.5, None, -0.0009765625],
    ("floatingpoint", "SINGLE"): [1.5, None, -(2.0**100)],
    ("floatingpoint", "DOUBLE"): [1.5, None, -1.0e308],
    ("interval", "YEAR_MONTH"): [258, None, -1],
    ("interval", "DAY_TIME"): [(258, 65539), None, (-1, -2)],
    ("interval", "MONTH_DAY_NANO"): [(258, 65539, 1 << 40 | 7), None, (-1, -2, -3)],
}


def random_of(seed):
    return None if seed is None else Random(seed)


def said(schema, batches):
    """The Case that minarrow reads."""
    fields, metadata = describe_schema(schema)
    return Case(fields, metadata, [Batch(batch.num_rows, raw_columns(batch)) for batch in batches])


def without_ids(case):
    return Case(messages.without_ids(case.fields), case.metadata, case.batches)


def read_stream(source):
    reader = ma.open_stream(source)
    batches = list(reader)
    for batch in batches:
        batch.validate(full=True)
    return said(reader.schema, batches)


def read_file(source):
    reader = ma.open_file(source)
    count = reader.num_record_batches
    batches = [reader.get_batch(i) for i in reversed(range(count))][::-1]
    for batch in batches:
        batch.validate(full=True)
    return said(reader.schema, batches)


@given(strategies.cases(), seeds, forms, st.booleans())
def test_what_was_put_together_is_read(case, seed, form, deltas):
    sheet = sheet_of(case, random_of(seed), deltas, **form)
    wanted = without_ids(case)
    assert read_stream(sheet.stream()) == wanted
    assert read_stream(io.BytesIO(sheet.stream())) == wanted
    assert read_file(sheet.file()) == wanted


@given(strategies.cases(), seeds, st.integers(1, 7))
def test_bytes_at_any_address_are_read(case, seed, shift):
    """Memory that is not aligned to anything."""
    sheet = sheet_of(case, random_of(seed))
    wanted = without_ids(case)
    for data, read in ((sheet.stream(), read_stream), (sheet.file(), read_file)):
        assert read(memoryview(bytes(shift) + data)[shift:]) == wanted


@given(strategies.cases(), seeds, forms, st.sampled_from(["lz4", "zstd"]))
def test_compressed_bodies_are_read(pyarrow, case, seed, form, codec):
    """By somebody else's codec, with what does not shrink stored as it is."""
    if not ma._core.codec_is_available(codec):
        pytest.skip(f"this build has no {codec}")
    made = pyarrow.Codec(codec)
    number = ("lz4", "zstd").index(codec)
    form["codec"] = (number, lambda data: made.compress(data, asbytes=True))
    sheet = sheet_of(case, random_of(seed), **form)
    assert read_stream(sheet.stream()) == without_ids(case)
    assert read_file(sheet.file()) == without_ids(case)


def written_again(new, source, **options):
    sink = ma.BufferOutputStream()
    reader = ma.open_stream(source)
    with new(sink, reader.schema, options=ma.ipc.IpcWriteOptions(**options)) as writer:
        for batch in reader:
            writer.write_batch(batch)
    return sink.getvalue().to_pybytes()


writings = st.fixed_dictionaries(
    {
        "metadata_version": st.sampled_from([messages.V4, messages.V5]),
        "use_legacy_format": st.booleans(),
        "alignment": st.sampled_from([8, 64]),
        "emit_dictionary_deltas": st.booleans(),
    }
)


@given(strategies.cases(), seeds, forms, writings)
def test_what_is_written_of_it_says_the_same(case, seed, form, writing):
    sheet = sheet_of(case, random_of(seed), **form)
    data = written_again(ma.new_stream, sheet.stream(), **writing)
    assert without_ids(reading.read_stream(data)) == without_ids(case)


@given(strategies.cases(), seeds, writings)
def test_a_file_that_is_written_of_it_says_the_same(case, seed, writing):
    """Dictionaries come whole, so that none has to be replaced."""
    sheet = sheet_of(case, random_of(seed), deltas=False)
    data = written_again(ma.new_file, sheet.stream(), **writing)
    assert without_ids(reading.read_file(data)) == without_ids(case)


def examples_of(type_):
    """Values of a type whose bytes all differ, so that none is taken for another."""
    name, *parameters = type_
    if type_ in VALUES_OF_TYPES:
        return VALUES_OF_TYPES[type_]
    if "utf8" in name:
        return ["a", None, "", "more than twelve bytes"]
    if "binary" in name and name != "fixedsizebinary":
        return [b"a", None, b"", b"more than twelve bytes"]
    if name == "fixedsizebinary":
        return [bytes(range(parameters[0])), None]
    if name == "decimal":
        most = 10 ** parameters[1] - 1
        return [most // 7, None, -most]
    return [103, None, 0]


@pytest.mark.parametrize("version", [messages.V4, messages.V5])
@pytest.mark.parametrize("nesting", ["flat", "list", "union", "dictionary", "run ends"])
@pytest.mark.parametrize("type_", strategies.LEAVES, ids=str)
def test_every_type_in_the_other_byte_order(type_, nesting, version):
    plain = strategies.plain_field
    values = examples_of(type_)
    field = plain(type_)
    if nesting == "list":
        field, values = plain(("listview",), children=[plain(type_)]), [values, None, [], values]
    elif nesting == "union":
        children = [plain(type_), plain(("int", 16, False), "b")]
        field = plain(("union", "DENSE", (5, 9)), children=children)
        values = [(5, values[0]), (9, 258), (5, None)]
    elif nesting == "dictionary":
        field = plain(type_, dictionary=(("int", 32, True), False))
        field = messages.with_ids([field])[0]
    elif nesting == "run ends":
        ends = plain(("int", 32, True), "run_ends", False)
        field = plain(("runendencoded",), children=[ends, plain(type_, "values")])
        values = [values[0]] * 300 + values
    case = Case([field], [], [Batch(len(values), [values])])
    sheet = sheet_of(case, endianness=messages.BIG, version=version)
    assert read_stream(sheet.stream()) == without_ids(case)
    assert read_file(sheet.file()) == without_ids(case)


@pytest.mark.parametrize("version", [messages.V1, messages.V2, messages.V3])
def test_older_versions_are_refused(version):
    case = Case([strategies.plain_field(("bool",))], [], [Batch(1, [[True]])])
    sheet = sheet_of(case, version=version)
    for open_, data in ((ma.open_stream, sheet.stream()), (ma.open_file, sheet.file())):
        with pytest.raises(ma.ArrowException, match=f"V{version + 1}") as caught:
            open_(data)
        assert caught.value.offset is not None
