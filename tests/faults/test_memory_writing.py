"""No memory while streams and files are written: MemoryError; what was written before stands."""

import io
import os
import threading
import time
import warnings

import pytest
from faults.starving import need_faults, starve
from faults.streams import are
from interop.columns import ALL, make

import minarrow as ma

need_faults()

NEWS = {"stream": ma.new_stream, "file": ma.new_file}
OPENS = {"stream": ma.open_stream, "file": ma.open_file}


def make_batch(i):
    words = ma.DictionaryArray.from_arrays(ma.array([0, None, 0], ma.int8()), ["a", "b"][: i + 1])
    text, lists = ma.array(["x", None, "yy" * i]), ma.array([[i], [], None])
    columns = [ma.array([i, None, 3]), words, text, lists]
    return ma.RecordBatch.from_arrays(columns, ["number", "word", "text", "list"])


BATCHES = [make_batch(0), make_batch(1), make_batch(1).slice(1)]
SAME = [make_batch(1), make_batch(1).slice(1), make_batch(1)]
SCHEMA = BATCHES[0].schema


def write(sink, kind, batches, **options):
    with NEWS[kind](sink, SCHEMA, options=ma.ipc.IpcWriteOptions(**options)) as writer:
        for batch in batches:
            writer.write_batch(batch, custom_metadata={"k": "v"})
    return True


def read(kind, data):
    reader = OPENS[kind](data)
    if kind == "file":
        return [reader.get_batch(i) for i in range(reader.num_record_batches)]
    return list(reader)


@pytest.fixture(autouse=True)
def quiet():
    """A writer that is dropped unclosed is what these tests are about."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        yield


@pytest.fixture
def sinks(tmp_path):
    """Functions that make a sink, and that give what was written to it."""
    path = str(tmp_path / "new")

    def content(sink):
        with open(path, "rb") as file:
            return file.read()

    return {
        "BufferOutputStream": (ma.BufferOutputStream, lambda sink: sink.getvalue().to_pybytes()),
        "BytesIO": (io.BytesIO, lambda sink: sink.getvalue()),
        "write": (Taking, lambda sink: bytes(sink.data)),
        "path": (lambda: path, content),
        "OSFile": (lambda: ma.OSFile(path, "w"), content),
        "open": (lambda: open(path, "wb"), content),
        "descriptor": (lambda: os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), content),
    }


class Taking:
    """An object with `write` alone."""

    def __init__(self):
        self.data = bytearray()

    def write(self, data):
        self.data += data


def close(sink, *_):
    if isinstance(sink, int):
        os.close(sink)
    elif hasattr(sink, "close"):
        sink.close()


SINKS = ["BufferOutputStream", "BytesIO", "write", "path", "OSFile", "open", "descriptor"]


@pytest.mark.parametrize("kind", NEWS)
@pytest.mark.parametrize("name", SINKS)
def test_sinks(name, kind, sinks):
    new, _ = sinks[name]
    starve(lambda sink: write(sink, kind, SAME), begin=lambda: (new(),), end=close)


WAYS = {
    "lz4": {"compression": "lz4"},
    "zstd": {"compression": "zstd", "compression_level": 3},
    "old framing": {"use_legacy_format": True},
    "V4": {"metadata_version": ma.ipc.MetadataVersion.V4},
    "aligned": {"alignment": 64},
    "deltas": {"emit_dictionary_deltas": True},
    "unified": {"unify_dictionaries": True},
}


@pytest.mark.parametrize("way", WAYS)
def test_options(way):
    if way in ("lz4", "zstd") and not ma._core.codec_is_available(way):
        pytest.skip(f"built without {way}")

    def written():
        sink = ma.BufferOutputStream()
        write(sink, "stream", BATCHES, **WAYS[way])
        return sink.getvalue()

    wanted = written().to_pybytes()
    assert are(read("stream", wanted), BATCHES)
    starve(written, lambda got: got.to_pybytes() == wanted)


@pytest.mark.parametrize("kind", NEWS)
@pytest.mark.parametrize("name", SINKS)
def test_what_was_written_before_stands(name, kind, sinks):
    """A batch that fails is written whole or not at all, and the next one is, or is refused."""
    new, content = sinks[name]
    batches = BATCHES if kind == "stream" else SAME

    def begin():
        sink = new()
        writer = NEWS[kind](sink, SCHEMA)
        writer.write_batch(batches[0])
        return sink, writer

    def operate(sink, writer):
        writer.write_batch(batches[1])
        return True

    def after(sink, writer):
        wanted = [batches[0]]
        try:
            writer.write_batch(batches[2])
            wanted.append(batches[2])
        except (ma.ArrowInvalid, ValueError) as error:
            assert "earlier write" in str(error) or name == "BytesIO"
        writer.close()
        if name == "BytesIO" and sink.closed:
            return  # it loses what it has when it cannot grow
        if hasattr(sink, "flush"):
            sink.flush()
        # a stream that broke off is read up to there; a file gets no footer then
        if len(wanted) == 2 or kind == "stream":
            got = read_whole(kind, content(sink))
            assert are(got[:1], batches[:1])
            assert len(wanted) == 1 or are(got, wanted) or are(got, batches)

    starve(operate, begin=begin, after=after, end=close)


@pytest.mark.parametrize("kind", NEWS)
def test_a_dictionary_that_was_to_grow(kind):
    """What a failed batch would have added is added by the next one that has it."""
    words = [["a", "b"], ["c", "a", *(f"word {i}" for i in range(20))], ["word 19", "c", "b"]]
    batches = [word_batch(values) for values in words]

    def begin():
        sink = ma.BufferOutputStream()
        options = ma.ipc.IpcWriteOptions(unify_dictionaries=True)
        writer = NEWS[kind](sink, batches[0].schema, options=options)
        writer.write_batch(batches[0])
        return sink, writer

    def operate(sink, writer):
        writer.write_batch(batches[1])
        return True

    def after(sink, writer):
        for batch in [batches[2], batches[1]]:
            writer.write_batch(batch)
        writer.close()
        got = [batch.column(0).to_pylist() for batch in read(kind, sink.getvalue())]
        assert got in ([words[0], words[2], words[1]], [words[0], words[1], words[2], words[1]])

    starve(operate, begin=begin, after=after)


def word_batch(values):
    words = ma.DictionaryArray.from_arrays(ma.array(range(len(values)), ma.int8()), values)
    return ma.RecordBatch.from_arrays([words], ["word"])


def read_whole(kind, data):
    """The batches up to where the data breaks off."""
    if kind == "file":
        return read(kind, data)
    got = []
    try:
        got.extend(ma.open_stream(data))
    except ma.ArrowInvalid:
        reader = ma.open_stream(data)
        got = [batch for batch in iter(lambda: next_or_none(reader), None)]
    return got


def next_or_none(reader):
    try:
        return next(reader, None)
    except ma.ArrowInvalid:
        return None


@pytest.mark.parametrize("kind", NEWS)
def test_closing(kind):
    """A writer that fails to write the end says so, and is closed: what was written before stands.
    If it is not yet closed, closing again finishes."""

    def begin():
        sink = ma.BufferOutputStream()
        writer = NEWS[kind](sink, SCHEMA)
        writer.write_batch(SAME[0])
        return sink, writer

    def operate(sink, writer):
        writer.close()
        return sink

    def right(sink):
        return are(read(kind, sink.getvalue()), SAME[:1])

    def after(sink, writer):
        told = writer.closed
        writer.close()
        assert are(read_whole("stream", stream_in(kind, sink.getvalue())), SAME[:1])
        assert told or right(sink)

    starve(operate, right, begin=begin, after=after)


def stream_in(kind, data):
    """The stream that a file has from its byte 8 on, if it is one."""
    return data.slice(8) if kind == "file" else data


@pytest.mark.parametrize("name", ALL)
def test_columns(name):
    batch = ma.RecordBatch.from_arrays([make(name).slice(1, 3)], ["a"])

    def written():
        sink = ma.BufferOutputStream()
        with ma.new_stream(sink, batch.schema) as writer:
            writer.write_batch(batch)
        return sink.getvalue()

    wanted = written().to_pybytes()
    starve(written, lambda got: got.to_pybytes() == wanted)


def test_tables():
    table = ma.Table.from_batches(SAME)

    def written():
        sink = ma.BufferOutputStream()
        with ma.new_stream(sink, SCHEMA) as writer:
            writer.write_table(table, max_chunksize=2)
        return sink.getvalue()

    # Python code that makes functions as it runs: CPython 3.13 does not survive that
    right = ma.open_stream(written()).read_all().equals
    starve(written, lambda got: right(ma.open_stream(got).read_all()), python=False)


def test_a_call_that_has_to_wait_for_another_thread():
    """A place to wait in takes memory; without it the call fails, and the other's does not."""
    end, begin = os.pipe()
    numbers = ma.RecordBatch.from_arrays([ma.array(range(100_000))], ["number"])
    writer = ma.new_stream(begin, numbers.schema)
    other = threading.Thread(target=writer.write_batch, args=[numbers])
    other.start()
    time.sleep(0.2)  # until the pipe is full
    with pytest.raises(MemoryError):
        ma._core.fail_allocations(lambda: writer.stats, 1, 1, False)
    last = threading.Thread(target=writer.close)
    last.start()
    with os.fdopen(end, "rb") as pipe, ma.open_stream(pipe) as reader:
        assert reader.read_all().column(0).to_pylist() == list(range(100_000))
    other.join()
    last.join()
    os.close(begin)
