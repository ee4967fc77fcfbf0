"""No memory while streams and files are read: MemoryError, no batch lost, and reading goes on."""

import contextlib
import io
import os
import socket

import pytest
from faults.starving import need_faults, starve
from interop.columns import ALL, make
from oracle.old_unions import dense

import minarrow as ma

need_faults()

WORDS = [ma.array(words, ma.dictionary(ma.int8(), ma.string())) for words in (["a"], ["a", "b"])]
NUMBERS = [ma.array([1, None, 3]), ma.array([4, 5, 6])]
NAMES = ["number", "word", "text", "list"]


def make_batch(i):
    words = ma.DictionaryArray.from_arrays(ma.array([0, None, 0], ma.int8()), ["a", "b"][: i + 1])
    text = ma.array(["x", None, "yy" * i])
    lists = ma.array([[i], [], None])
    return ma.RecordBatch.from_arrays([NUMBERS[i % 2], words, text, lists], NAMES)


BATCHES = [make_batch(i) for i in range(3)]


def written(new, batches=BATCHES, **options):
    sink = ma.BufferOutputStream()
    options = ma.ipc.IpcWriteOptions(emit_dictionary_deltas=new is ma.new_stream, **options)
    with new(sink, batches[0].schema, options=options) as writer:
        for batch in batches:
            writer.write_batch(batch, custom_metadata={"k": "v"})
    return sink.getvalue().to_pybytes()


# a file has one dictionary for all batches
FILE_BATCHES = [BATCHES[2], BATCHES[2].slice(1), BATCHES[2]]
STREAM = written(ma.new_stream)
FILE = written(ma.new_file, FILE_BATCHES)


class Reading:
    """An object with `read` alone."""

    def __init__(self, data):
        self.file = io.BytesIO(data)

    def read(self, size):
        return self.file.read(min(size, 500))


class Filling(Reading):
    """An object that fills memory, and can seek."""

    def readinto(self, memory):
        return self.file.readinto(memoryview(memory)[:500])

    def seek(self, *args):
        return self.file.seek(*args)

    def tell(self):
        return self.file.tell()


@pytest.fixture
def source_of(tmp_path):
    """A function that opens data in this way, and a list of what is to be closed."""
    for name, data in [("stream", STREAM), ("file", FILE)]:
        (tmp_path / name).write_bytes(data)

    def make(kind, data):
        path = str(tmp_path / ("stream" if data is STREAM else "file"))
        if kind == "socket":
            a, b = socket.socketpair()
            a.sendall(data)
            a.close()
            return b
        kinds = {
            "bytes": lambda: data,
            "BufferReader": lambda: ma.BufferReader(data),
            "BytesIO": lambda: io.BytesIO(data),
            "read": lambda: Reading(data),
            "readinto": lambda: Filling(data),
            "path": lambda: path,
            "unmapped path": lambda: path,
            "memory_map": lambda: ma.memory_map(path),
            "OSFile": lambda: ma.OSFile(path),
            "descriptor": lambda: os.open(path, os.O_RDONLY),
            "open": lambda: open(path, "rb"),
        }
        return kinds[kind]()

    return make


ANYWHERE = ["bytes", "BufferReader", "BytesIO", "readinto", "path", "memory_map", "OSFile"]
ANYWHERE += ["descriptor", "open"]


def rest_of(reader):
    """What a reader still gives; nothing where it says that it cannot go on."""
    try:
        return list(reader)
    except ma.ArrowInvalid as error:
        assert "open it again" in str(error)
        return None


def close(source):
    if isinstance(source, int):
        os.close(source)
    elif hasattr(source, "close"):
        source.close()


def are(batches):
    """Whether these are the batches of the stream, in both structure and values."""
    return lambda got: len(got) == len(batches) and all(map(ma.RecordBatch.equals, got, batches))


@pytest.mark.parametrize("kind", [*ANYWHERE, "unmapped path", "read", "socket"])
def test_stream(kind, source_of):
    memory_map = kind != "unmapped path"
    starve(
        lambda source: list(ma.open_stream(source, memory_map=memory_map)),
        are(BATCHES),
        begin=lambda: (source_of(kind, STREAM),),
        end=close,
    )


@pytest.mark.parametrize("places", ["their own", "of others", "nowhere"])
@pytest.mark.parametrize("kind", ["text", "list", "number"])
def test_nulls_of_an_old_union(kind, places):
    """Which are put into its child: with bits alone, between its rows, or where it has none."""
    child = {"text": ma.array(["x"] * 600), "list": ma.array([[1]] * 600), "number": NUMBERS[0]}[
        kind
    ]
    if places == "nowhere":
        data = dense([5] * 3, [0] * 3, child.slice(0, 0), bits=b"\x00")
        values = [None] * 3
    else:
        offsets = [place for i in range(len(child)) for place in (i, 0)]
        offsets = range(len(child)) if places == "their own" else offsets
        valid = [i % 2 == 0 for i in range(len(offsets))]
        bits = bytes([0x55] * ((len(offsets) + 7) // 8))
        data = dense([5] * len(offsets), offsets, child, bits=bits)
        values = [child[i].as_py() if ok else None for i, ok in zip(offsets, valid, strict=True)]
    starve(
        lambda batch: batch.column(0),
        lambda got: got.to_pylist() == values,
        begin=lambda: (next(ma.open_stream(data)),),
    )


@pytest.mark.parametrize("kind", ANYWHERE)
def test_file(kind, source_of):
    def read(source):
        with ma.open_file(source, memory_map=False) as reader:
            return [reader.get_batch(i) for i in range(reader.num_record_batches)]

    starve(read, are(FILE_BATCHES), begin=lambda: (source_of(kind, FILE),), end=close)


@pytest.mark.parametrize("kind", ["bytes", "BytesIO", "path", "read"])
@pytest.mark.parametrize("call", ["next", "with metadata"])
def test_a_stream_goes_on_where_memory_failed(kind, call, source_of):
    """No batch is left out: the next call gives the one that could not be given, or says that the
    stream does not go on."""

    def begin():
        source = source_of(kind, STREAM)
        reader = ma.open_stream(source, memory_map=False)
        return source, reader, next(reader)

    def operate(source, reader, first):
        return next(reader) if call == "next" else reader.read_next_batch_with_custom_metadata()

    def right(got):
        batch, metadata = got if call == "with metadata" else (got, {b"k": b"v"})
        return batch.equals(BATCHES[1]) and metadata == {b"k": b"v"}

    def after(source, reader, first):
        rest = rest_of(reader)
        assert rest is None or are(BATCHES)([first, *rest])

    starve(operate, right, begin=begin, after=after, end=lambda source, *_: close(source))


@pytest.mark.parametrize("kind", ["bytes", "BytesIO", "path"])
def test_a_file_goes_on_where_memory_failed(kind, source_of):
    def begin():
        source = source_of(kind, FILE)
        return source, ma.open_file(source, memory_map=False)

    def after(source, reader):
        assert are(FILE_BATCHES)([reader.get_batch(i) for i in range(3)])

    starve(
        lambda source, reader: reader.get_batch(1),
        FILE_BATCHES[1].equals,
        begin=begin,
        after=after,
        end=lambda source, reader: close(source),
    )


@pytest.mark.parametrize("columns", [["text"], [3, 0], ["list.item"], ["word", "number"]])
@pytest.mark.parametrize("kind", ["bytes", "readinto"])
def test_projection(kind, columns, source_of):
    wanted = [batch.to_pylist() for batch in ma.open_stream(STREAM, columns=columns)]

    def read(source):
        return [batch.to_pylist() for batch in ma.open_stream(source, columns=columns)]

    starve(read, lambda got: got == wanted, begin=lambda: (source_of(kind, STREAM),), end=close)


@pytest.mark.parametrize("compression", [None, "lz4", "zstd"])
@pytest.mark.parametrize("name", ALL)
def test_columns(name, compression):
    column = make(name)
    if compression and not ma._core.codec_is_available(compression):
        pytest.skip(f"built without {compression}")
    batch = ma.RecordBatch.from_arrays([column], ["a"])
    data = written(ma.new_stream, [batch], compression=compression)
    wanted = column.to_pylist()

    def after(batch):
        assert batch.column(0).to_pylist() == wanted

    starve(
        lambda batch: batch.column(0).to_pylist(),
        lambda got: got == wanted,
        begin=lambda: tuple(ma.open_stream(data)),
        after=after,
    )


def feed(data, decoder):
    got = [batch for at in range(0, len(data), 700) for batch in decoder.feed(data[at : at + 700])]
    decoder.finish()
    return got


def test_decoder():
    starve(lambda: feed(STREAM, ma.ipc.StreamDecoder()), are(BATCHES))


def test_a_decoder_says_that_it_failed():
    """What is left of a chunk is not kept, so the stream cannot go on."""
    half = STREAM[: len(STREAM) // 2]
    rest = STREAM[len(half) :]

    def begin():
        decoder = ma.ipc.StreamDecoder()
        return decoder, decoder.feed(half)

    def operate(decoder, before):
        got = before + decoder.feed(rest)
        decoder.finish()
        return got

    def after(decoder, before):
        with contextlib.suppress(ma.ArrowInvalid, MemoryError):
            got = decoder.feed(rest)
            decoder.finish()
            assert not got or are(BATCHES)(before + got)  # the first call had not begun

    starve(operate, are(BATCHES), begin=begin, after=after)


@pytest.mark.parametrize("open_, data", [(ma.open_stream, STREAM), (ma.open_file, FILE)])
def test_read_all(open_, data):
    """Python code that makes functions as it runs, which CPython 3.13 does not survive without
    memory: so only the core's allocations fail."""
    wanted = open_(data).read_all().to_pydict()
    starve(lambda: open_(data).read_all().to_pydict(), lambda got: got == wanted, python=False)


def test_dictionaries_in_dictionaries():
    """A set of dictionaries is copied where a batch has it, with what is known of it."""

    def make(values, indices):
        inner = ma.DictionaryArray.from_arrays(ma.array(range(len(values)), ma.int8()), values)
        lists = ma.ListArray.from_arrays(ma.array(range(len(values) + 1), ma.int32()), inner)
        column = ma.DictionaryArray.from_arrays(ma.array(indices, ma.int8()), lists)
        plain = ma.DictionaryArray.from_arrays(ma.array([0] * len(indices), ma.int8()), values[-1:])
        return ma.RecordBatch.from_arrays([column, plain], ["a", "b"])

    batches = [
        make(["x"], [0]),
        make(["x", "y"], [1, 0]),
        make(["x", "y"], [0]),
        make(["z", "y"], [0, 1]),
    ]
    data = written(ma.new_stream, batches)
    wanted = [batch.to_pydict() for batch in batches]

    def read():
        return [batch.to_pydict() for batch in ma.open_stream(data)]

    starve(read, lambda got: got == wanted, python=False)


def test_a_dictionary_that_grew_is_looked_at_from_the_last_version_on():
    words = ma.array(["a", "b", "c", "d"])

    def make(k):
        column = ma.DictionaryArray.from_arrays(ma.array([k - 1], ma.int8()), words.slice(0, k))
        return ma.RecordBatch.from_arrays([column], ["a"])

    data = written(ma.new_stream, [make(k) for k in range(1, 5)])

    def read():
        return [batch.column(0).to_pylist() for batch in list(ma.open_stream(data))[::-1]]

    starve(read, lambda got: got == [["d"], ["c"], ["b"], ["a"]], python=False)


@pytest.mark.parametrize("open_", [ma.open_stream, ma.open_file])
def test_damage(open_):
    """What is wrong is said, or there is no memory to say it."""
    data = bytearray(STREAM if open_ is ma.open_stream else FILE)
    data[len(data) // 3 :] = b"\xff" * (len(data) - len(data) // 3)

    def refused():
        try:
            list(open_(data))
        except ma.ArrowInvalid as error:
            return str(error)

    wanted = refused()
    assert wanted
    starve(refused, lambda got: got == wanted)
