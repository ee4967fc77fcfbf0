"""Whatever data there is, laid out however: what is written is read again, by us and by pyarrow."""

import io
import os
from random import Random

import pytest
from any.anything import Maker, fields, has_nan, row_counts, schemas, walk
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from oracle.fields import describe_schema
from oracle.layout import raw_columns, raw_values

import minarrow as ma

THOROUGH = os.environ.get("MINARROW_THOROUGH") == "1"
CODECS = [None, *(codec for codec in ("lz4", "zstd") if ma._core.codec_is_available(codec))]


def examples(count):
    """Settings with that many examples, or twenty times as many."""
    return settings(
        max_examples=count * 20 if THOROUGH else count,
        deadline=None,
        derandomize=not THOROUGH,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


seeds = st.integers(0, 2**32 - 1)
options = st.fixed_dictionaries(
    {
        "alignment": st.sampled_from([8, 64]),
        "compression": st.sampled_from(CODECS),
        "metadata_version": st.sampled_from([ma.ipc.MetadataVersion.V5, ma.ipc.MetadataVersion.V4]),
        "use_legacy_format": st.booleans(),
        "emit_dictionary_deltas": st.booleans(),
        "unify_dictionaries": st.booleans(),
        "use_threads": st.booleans(),
    }
)


def make_batches(schema, rows, seed):
    """Batches of that many rows, some of them cut out of larger ones."""
    random = Random(seed)
    maker = Maker(random)
    batches = []
    for count in rows:
        before = random.choice([0, 0, 1, 7])
        batch = maker.batch(schema, before + count + random.choice([0, 0, 2]))
        batches.append(batch.slice(before, count))
    return batches


def write(new, schema, batches, **options):
    sink = ma.BufferOutputStream()
    with new(sink, schema, options=ma.ipc.IpcWriteOptions(**options)) as writer:
        for batch in batches:
            writer.write_batch(batch)
    return sink.getvalue()


def write_file(schema, batches, options):
    """A file; where a dictionary would have to be replaced, with dictionaries unified."""
    try:
        return write(ma.new_file, schema, batches, **options)
    except ma.ArrowInvalid as error:
        advice = "unify_dictionaries" in str(error) or "emit_dictionary_deltas" in str(error)
        assert advice or "cannot be unified" in str(error)
    try:
        return write(ma.new_file, schema, batches, **options | {"unify_dictionaries": True})
    except ma.ArrowInvalid as error:
        assert "cannot be unified" in str(error)
        assume(False)


def check(schema, batches, got_schema, got):
    """What was read is what was written, by the values in the buffers and by ``equals``."""
    assert got_schema.equals(schema, check_metadata=True)
    assert describe_schema(got_schema) == describe_schema(schema)
    assert [batch.num_rows for batch in got] == [batch.num_rows for batch in batches]
    for mine, read in zip(batches, got, strict=True):
        read.validate(full=True)
        raw = raw_columns(mine)
        assert raw_columns(read) == raw
        assert has_nan(raw) or read.equals(mine)


@examples(900)
@given(schemas(), row_counts(), seeds, options)
def test_streams(schema, rows, seed, options):
    batches = make_batches(schema, rows, seed)
    data = write(ma.new_stream, schema, batches, **options)
    reader = ma.open_stream(data)
    check(schema, batches, reader.schema, list(reader))
    unmapped = ma.open_stream(io.BytesIO(data))
    check(schema, batches, unmapped.schema, list(unmapped))


@examples(600)
@given(schemas(), row_counts(), seeds, options)
def test_files(schema, rows, seed, options):
    batches = make_batches(schema, rows, seed)
    reader = ma.open_file(write_file(schema, batches, options))
    got = [reader.get_batch(i) for i in range(reader.num_record_batches)]
    check(schema, batches, reader.schema, got)


@examples(450)
@given(schemas(depth=2), row_counts(), seeds, options, st.lists(st.integers(0, 4000), max_size=12))
def test_a_decoder_fed_in_any_cuts(schema, rows, seed, options, cuts):
    batches = make_batches(schema, rows, seed)
    data = write(ma.new_stream, schema, batches, **options).to_pybytes()
    decoder = ma.ipc.StreamDecoder()
    got = []
    edges = sorted({0, len(data), *(min(cut, len(data)) for cut in cuts)})
    for start, end in zip(edges, edges[1:], strict=False):
        got += decoder.feed(data[start:end])
    decoder.finish()
    check(schema, batches, decoder.schema, got)


@examples(450)
@given(schemas(depth=2), row_counts(), seeds)
def test_the_same_rows_are_written_the_same_however_they_lie(schema, rows, seed):
    """What was read again, and sliced out of something larger, gives the same bytes."""
    batches = make_batches(schema, rows, seed)
    data = write(ma.new_stream, schema, batches)
    assert write(ma.new_stream, schema, list(ma.open_stream(data))).equals(data)


@examples(450)
@given(fields(depth=2), st.sampled_from([0, 1, 5, 40]), seeds)
def test_python_values_make_the_same_array(field, rows, seed):
    column = Maker(Random(seed)).array(field.type, rows, field.nullable)
    try:
        values = column.to_pylist()
    except ma.ArrowInvalid as error:
        assert "from a scalar's `value`" in str(error) or "occurs twice" in str(error)
        return
    if any("union" in str(part) for part in walk(field.type)):
        return
    again = ma.array(values, type=field.type)
    assert raw_values(again) == raw_values(column)


# -- by pyarrow


def known_to_pyarrow(schema):
    """Whether pyarrow can make arrays of all the types."""
    return not any(part.id in (21, 22) for field in schema for part in walk(field.type))


def read_by_pyarrow(reader, count):
    """The batches that pyarrow reads, but for deltas of dictionaries within dictionaries."""
    pa = pytest.importorskip("pyarrow")
    try:
        return [reader(i) for i in range(count)]
    except pa.ArrowNotImplementedError as error:
        assert "delta dictionary" in str(error)
        assume(False)


def check_by_pyarrow(batches, theirs):
    assert [batch.num_rows for batch in theirs] == [batch.num_rows for batch in batches]
    for mine, their in zip(batches, theirs, strict=True):
        their.validate(full=True)
        assert raw_columns(their) == raw_columns(mine)


@examples(750)
@given(schemas().filter(known_to_pyarrow), row_counts(), seeds, options)
def test_pyarrow_reads_streams(schema, rows, seed, options):
    pa = pytest.importorskip("pyarrow")
    batches = make_batches(schema, rows, seed)
    data = write(ma.new_stream, schema, batches, **options)
    reader = pa.ipc.open_stream(pa.py_buffer(data))
    check_by_pyarrow(batches, read_by_pyarrow(lambda _: reader.read_next_batch(), len(batches)))
    with pytest.raises(StopIteration):
        reader.read_next_batch()


@examples(600)
@given(schemas().filter(known_to_pyarrow), row_counts(), seeds, options)
def test_pyarrow_reads_files(schema, rows, seed, options):
    pa = pytest.importorskip("pyarrow")
    batches = make_batches(schema, rows, seed)
    reader = pa.ipc.open_file(pa.py_buffer(write_file(schema, batches, options)))
    assert reader.num_record_batches == len(batches)
    check_by_pyarrow(batches, read_by_pyarrow(reader.get_batch, len(batches)))


@examples(450)
@given(schemas(depth=2).filter(known_to_pyarrow), row_counts(), seeds, options)
def test_we_read_what_pyarrow_writes(schema, rows, seed, options):
    pa = pytest.importorskip("pyarrow")
    batches = make_batches(schema, rows, seed)
    data = write(ma.new_stream, schema, batches, metadata_version=4)
    theirs = list(pa.ipc.open_stream(pa.py_buffer(data)))
    sink = pa.BufferOutputStream()
    if not theirs:
        return
    with pa.ipc.new_stream(sink, theirs[0].schema) as writer:
        for batch in theirs:
            writer.write_batch(batch)
    got = list(ma.open_stream(sink.getvalue()))
    assert [raw_columns(batch) for batch in got] == [raw_columns(batch) for batch in batches]
