"""Limits of readers: what lies below is read, what lies above names the limit, raising it helps.

And nobody takes memory for a size that is merely claimed.
"""

import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from hostile import claims
from hostile.cost import forget_peak, measured
from oracle import builder, flatbuf, messages, strategies

import minarrow as ma

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
CODECS = claims.CODECS
DEFAULTS = ma.ipc.IpcReadOptions().limits


# -- data that needs a limit to be just so


def written(batches, kind="stream", **options):
    sink = ma.BufferOutputStream()
    new = ma.new_stream if kind == "stream" else ma.new_file
    with new(sink, batches[0].schema, options=ma.ipc.IpcWriteOptions(**options)) as writer:
        for batch in batches:
            writer.write_batch(batch)
    return sink.getvalue().to_pybytes()


def batch_of(**columns):
    return ma.RecordBatch.from_arrays(list(columns.values()), list(columns))


def long_metadata(kind):
    schema = ma.schema([ma.field("a", ma.int8())], metadata={b"key": b"x" * 5000})
    data = written([ma.RecordBatch.from_arrays([ma.array([1], ma.int8())], schema=schema)], kind)
    if kind == "file":
        found = flatbuf.footer(bytearray(data))
        return data, found.size_at - found.start
    return data, flatbuf.messages(bytearray(data))[0].metadata_size


def deep(kind):
    type_ = ma.int8()
    for _ in range(9):
        type_ = ma.list_(type_)
    return written([batch_of(a=ma.array([None], type_))], kind), 10


def many_fields(kind):
    pair = ma.struct([ma.field("x", ma.int8()), ma.field("y", ma.int8())])
    columns = {f"c{i}": ma.array([None], pair) for i in range(50)}
    return written([batch_of(**columns)], kind), 150


def inflated(kind):
    numbers = ma.array([7] * 5000, ma.int64())
    return written([batch_of(a=numbers)], kind, compression=CODECS[0]), 40_000


def inflated_columns(kind):
    numbers = ma.array([7] * 5000, ma.int64())
    return written([batch_of(a=numbers, b=numbers)], kind, compression=CODECS[0]), 80_000


def growing_dictionary(kind):
    """Three batches, whose dictionary of int64 has 1000 values more in each."""
    batches = []
    for count in (1000, 2000, 3000):
        indices = ma.array([0, count - 1], ma.int16())
        values = ma.array(range(count), ma.int64())
        batches.append(batch_of(a=ma.DictionaryArray.from_arrays(indices, values)))
    return written(batches, kind, emit_dictionary_deltas=True), 24_000


CASES = {
    "max_metadata_size": long_metadata,
    "max_nesting_depth": deep,
    "max_fields": many_fields,
    "max_buffer_size": inflated,
    "max_batch_size": inflated_columns,
    "max_dictionary_size": growing_dictionary,
}


def from_stream(data, options):
    return [batch.to_pydict() for batch in ma.open_stream(data, options=options)]


def from_file(data, options):
    reader = ma.open_file(data, options=options)
    return [reader.get_batch(i).to_pydict() for i in range(reader.num_record_batches)]


def from_decoder(data, options):
    return [batch.to_pydict() for batch in ma.ipc.StreamDecoder(options=options).feed(data)]


READERS = {"stream": from_stream, "file": from_file, "decoder": from_decoder}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("limit", CASES)
def test_a_limit(limit, reader):
    if limit in ("max_buffer_size", "max_batch_size") and not CODECS:
        pytest.skip("this build has no codec")
    read = READERS[reader]
    data, needed = CASES[limit]("file" if reader == "file" else "stream")
    wanted = read(data, None)
    for enough in (needed, needed + 1, DEFAULTS[limit]):
        assert read(data, ma.ipc.IpcReadOptions(**{limit: enough})) == wanted
    for little in (needed - 1, needed // 2, 0):
        with pytest.raises(ma.ArrowInvalid, match=f"{limit}.*raise") as caught:
            read(data, ma.ipc.IpcReadOptions(**{limit: little}))
        assert caught.value.offset is not None


def test_every_limit_has_a_case_and_stands_in_the_documentation():
    assert set(CASES) == set(DEFAULTS)
    text = (ROOT / "docs" / "limits.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| ([\d,]+)", text, re.MULTILINE)
    assert {name: int(number.replace(",", "")) for name, number in rows} == DEFAULTS


def test_limits_are_numbers_that_can_be():
    for name in DEFAULTS:
        with pytest.raises(ValueError, match=f"{name} is a limit and cannot be negative"):
            ma.open_stream(b"", options=ma.ipc.IpcReadOptions(**{name: -1}))
        with pytest.raises((TypeError, OverflowError)):
            ma.open_stream(b"", options=ma.ipc.IpcReadOptions(**{name: "many"}))
        with pytest.raises(OverflowError):
            ma.open_stream(b"", options=ma.ipc.IpcReadOptions(**{name: 2**70}))
    too_deep = ma.ipc.IpcReadOptions(max_nesting_depth=513)
    for open_ in (ma.open_stream, ma.open_file, lambda _, **o: ma.ipc.StreamDecoder(**o)):
        with pytest.raises(
            ValueError, match="max_nesting_depth is a limit of at most 512, not 513"
        ):
            open_(b"", options=too_deep)
    with pytest.raises(TypeError, match="there is no limit 'max_rows'.*max_fields"):
        ma.ipc.IpcReadOptions(max_rows=5)


def test_a_column_that_is_not_touched_counts_for_nothing():
    if not CODECS:
        pytest.skip("this build has no codec")
    data, needed = inflated_columns("stream")
    options = ma.ipc.IpcReadOptions(max_batch_size=needed // 2)
    batch = next(ma.open_stream(data, options=options))
    assert len(batch.column(1)) == 5000
    with pytest.raises(ma.ArrowInvalid, match="max_batch_size"):
        batch.column(0)
    assert next(ma.open_stream(data, options=options, columns=["a"])).column(0).null_count == 0


def fields_to_a_power(levels):
    """Structs of two fields, of which the second is made to be the first one's bytes."""
    type_ = ma.int8()
    for _ in range(levels):
        type_ = ma.struct([ma.field("x", type_), ma.field("y", ma.int8())])
    data = bytearray(written([batch_of(a=ma.array([None], type_))]))
    field = flatbuf.messages(data)[0].schema.fields[0]
    while field.fields:
        first, second = field.numbers("children", "<I")
        target = first + int.from_bytes(data[first : first + 4], "little")
        data[second : second + 4] = (target - second).to_bytes(4, "little")
        field = field.fields[0]
    return bytes(data)


def test_fields_that_share_their_bytes_are_counted_each_time():
    few = ma.open_stream(fields_to_a_power(6)).schema.field(0).type
    for _ in range(6):
        assert few.field(0).type == few.field(1).type
        few = few.field(1).type
    for levels in (10, 40):
        with pytest.raises(ma.ArrowInvalid, match="more fields than its .* bytes have room for"):
            ma.open_stream(fields_to_a_power(levels))
    with pytest.raises(ma.ArrowInvalid, match=r"max_fields of 100; raise"):
        ma.open_stream(fields_to_a_power(40), options=ma.ipc.IpcReadOptions(max_fields=100))


def columns_of_one_body(endianness, start, apart, count=20, rows=1000):
    """Columns of int64, each of its own bytes or all of the same, which begin at byte ``start``."""
    width = 8 * rows
    body = bytes(start) + b"\7" * (width * count if apart else width)
    places = [(start + (width * i if apart else 0), width) for i in range(count)]
    sheet = messages.Sheet(endianness=endianness)
    fields = [strategies.plain_field(("int", 64, True), f"c{i}") for i in range(count)]
    sheet.add_schema(fields)
    buffers = [buffer for place in places for buffer in ((0, 0), place)]
    table = messages.record_batch(rows, [(rows, 0)] * count, buffers)
    sheet.add(messages.BATCH, table, body)
    return sheet


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("needs_copy", ["alignment", "byte order", None])
def test_copies_of_columns_that_share_their_bytes(needs_copy, reader):
    read = READERS[reader]
    endianness = messages.BIG if needs_copy == "byte order" else messages.LITTLE
    start = 4 if needs_copy == "alignment" else 0
    for apart in (True, False):
        sheet = columns_of_one_body(endianness, start, apart)
        data = sheet.file() if reader == "file" else sheet.stream()
        wanted = [{f"c{i}": [0x0707070707070707] * 1000 for i in range(20)}]
        for limit in (DEFAULTS["max_batch_size"], 160_000, 159_999, 0):
            options = ma.ipc.IpcReadOptions(max_batch_size=limit)
            if apart or limit >= 160_000 or needs_copy is None:
                assert read(data, options) == wanted
                continue
            says = f"overlap and come to 160000 bytes, over the limit max_batch_size of {limit}"
            with pytest.raises(ma.ArrowInvalid, match=f"{says}.*raise it") as caught:
                read(data, options)
            assert caught.value.path == "batch 0, column 'c0', data buffer"


@pytest.mark.parametrize("kind", ["names", "time zones", "keys"])
def test_texts_that_are_shared_are_counted_each_time(kind):
    """A hundred fields, of which all are the same bytes of the schema."""
    text = builder.Text(b"x" * 10_000)
    zone = {1: text} if kind == "time zones" else {}
    pair = builder.Tables([builder.Table({0: text, 1: builder.Text(b"")})])
    field = builder.Table(
        {
            0: text if kind == "names" else builder.Text(b"n"),
            2: ("<B", 10),
            3: builder.Table({0: ("<h", 2), **zone}),
            5: builder.Tables([]),
            6: pair if kind == "keys" else None,
        }
    )
    schema = builder.Table({1: builder.Tables([field], repeat=100)})
    data = messages.message(messages.SCHEMA, schema) + messages.end_of_stream()
    assert len(data) < 11_000
    assert len(ma.open_stream(data).schema) == 100
    with pytest.raises(ma.ArrowInvalid, match="take more than the limit max_metadata_size; raise"):
        ma.open_stream(data, options=ma.ipc.IpcReadOptions(max_metadata_size=500_000))


def dictionary_of_zeros(deltas, count=1 << 19):
    """A stream whose dictionary comes in messages that each inflate to ``count`` int64."""
    batches = []
    for length in (count, 2 * count):
        values = ma.Array.from_buffers(ma.int64(), length, [None, ma.py_buffer(bytes(8 * length))])
        batches.append(batch_of(a=ma.DictionaryArray.from_arrays(ma.array([0]), values)))
    data = written(batches, compression=CODECS[0], emit_dictionary_deltas=True)
    found = flatbuf.messages(bytearray(data))
    schema, first, batch, delta, _ = (data[message.start : message.end] for message in found)
    return schema + first + deltas * delta + batch


@pytest.mark.thread_unsafe(reason="one peak of memory for all threads")
@pytest.mark.skipif(not forget_peak(), reason="one peak for all uses")
def test_deltas_are_counted_before_more_of_them_are_inflated():
    if not CODECS:
        pytest.skip("this build has no codec")
    data = dictionary_of_zeros(deltas=100)
    assert len(data) < 4 << 20
    options = ma.ipc.IpcReadOptions(max_dictionary_size=16 << 20)
    batch = next(ma.open_stream(data, options=options))
    with measured() as cost, pytest.raises(ma.ArrowInvalid, match="max_dictionary_size.*raise it"):
        batch.column(0)
    assert cost.memory < 64 << 20


# -- claims


@cache
def refusals():
    """What a process with little memory says of each claim: (claim, source) -> (error, text)."""
    search = os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")])
    answer = subprocess.run(
        [sys.executable, "-m", "hostile.claims", *claims.CLAIMS],
        cwd=TESTS,
        env=os.environ | {"PYTHONPATH": search},
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 0, answer.stderr
    lines = [line.split("\t") for line in answer.stdout.splitlines()]
    return {(claim, source): (error, text) for claim, source, error, text in lines}


@pytest.mark.thread_unsafe(reason="a process of its own does the work, once")
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits of a process are Linux's")
@pytest.mark.parametrize("claim", claims.CLAIMS)
def test_a_claim_takes_no_memory(claim):
    kind, data, says = claims.CLAIMS[claim]()
    for source in claims.ways(claim, kind, data):
        error, text = refusals()[claim, source]
        if claim == "lz4_that_inflates_to_half_a_gigabyte" and error == "none":
            pytest.fail("the process had more memory than it was to have")
        assert re.search(says, text), (source, error, text)
        assert error == ("ArrowMemoryError" if says == "memory" else "ArrowInvalid"), text
