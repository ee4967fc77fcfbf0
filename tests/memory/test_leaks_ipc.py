"""Readers, writers, sources and sinks give back all that they took, whatever became of them."""

import gc
import io
import sys
import warnings

import pytest
from memory.flat import stays_flat

import minarrow as ma

WORDS = ma.DictionaryArray.from_arrays(ma.array([0, 1, None], ma.int8()), ma.array(["a", "b"]))
BATCH = ma.RecordBatch.from_arrays(
    [ma.array([1, None, 3]), ma.array(["x", "y", None]), WORDS, ma.array([[1], [], None])],
    ["n", "s", "d", "l"],
)


def written(new, sink=None, **options):
    sink = ma.BufferOutputStream() if sink is None else sink
    with new(sink, BATCH.schema, options=ma.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_batch(BATCH, custom_metadata={"k": "v"})
        writer.write_batch(BATCH)
    return sink


STREAM = written(ma.new_stream).getvalue().to_pybytes()
FILE = written(ma.new_file).getvalue().to_pybytes()


def fail(kind, call):
    try:
        call()
    except kind:
        return
    raise AssertionError("nothing was wrong")


def dropped_writer():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ma.new_stream(ma.BufferOutputStream(), BATCH.schema).write_batch(BATCH)


class Broken:
    def __init__(self):
        self.data = io.BytesIO(STREAM)

    def read(self, size):
        if self.data.tell() > 600:
            raise OSError("broken")
        return self.data.read(size)


class Full:
    def write(self, data):
        raise OSError("full")


MAKERS = {
    "StreamReader": lambda: ma.open_stream(STREAM),
    "FileReader": lambda: ma.open_file(FILE),
    "StreamDecoder": lambda: ma.ipc.StreamDecoder(),
    "BufferReader": lambda: ma.BufferReader(STREAM),
    "BufferOutputStream": lambda: ma.BufferOutputStream(),
    "Table": lambda: ma.open_stream(STREAM).read_all(),
    "ChunkedArray": lambda: ma.chunked_array([[1], [2]]),
    "RecordBatchReader": lambda: ma.RecordBatchReader.from_batches(BATCH.schema, [BATCH]),
}

OPERATIONS = {
    "stream": lambda: [batch.to_pydict() for batch in ma.open_stream(STREAM)],
    "stream of an object": lambda: list(ma.open_stream(io.BytesIO(STREAM))),
    "file": lambda: ma.open_file(FILE).get_batch(1).columns,
    "file of an object": lambda: ma.open_file(io.BytesIO(FILE)).get_batch(1).columns,
    "projection": lambda: next(ma.open_stream(STREAM, columns=["s"])).columns,
    "projection of an object": lambda: list(ma.open_stream(io.BytesIO(STREAM), columns=[0])),
    "metadata": lambda: list(ma.open_stream(STREAM).iter_batches_with_custom_metadata()),
    "decoder": lambda: [ma.ipc.StreamDecoder().feed(STREAM[:n]) for n in (10, 700, len(STREAM))],
    "write a stream": lambda: written(ma.new_stream),
    "write a file": lambda: written(ma.new_file).getvalue(),
    "write to an object": lambda: written(ma.new_stream, io.BytesIO()),
    "unified": lambda: written(ma.new_stream, unify_dictionaries=True),
    "dropped": dropped_writer,
    "cut": lambda: fail(ma.ArrowInvalid, lambda: list(ma.open_stream(STREAM[:-30]))),
    "no stream": lambda: fail(ma.ArrowInvalid, lambda: ma.open_stream(b"x" * 50)),
    "no file": lambda: fail(ma.ArrowInvalid, lambda: ma.open_file(FILE[:-3])),
    "no column": lambda: fail(ma.ArrowInvalid, lambda: ma.open_file(FILE, columns=["z"])),
    "broken": lambda: fail(OSError, lambda: list(ma.open_stream(Broken()))),
    "full": lambda: fail(OSError, lambda: ma.new_stream(Full(), BATCH.schema)),
    "capsules": lambda: ma.record_batch(BATCH),
    "capsule stream": lambda: ma.table(ma.open_stream(STREAM)),
}


@pytest.mark.undisturbed
@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_instances_release_their_type(make):
    kind = type(make())
    make()
    gc.collect()
    before = sys.getrefcount(kind)
    for _ in range(1000):
        make()
    gc.collect()
    assert sys.getrefcount(kind) - before < 3


@pytest.mark.undisturbed
@pytest.mark.parametrize(
    "operate", [*MAKERS.values(), *OPERATIONS.values()], ids=[*MAKERS, *OPERATIONS]
)
def test_memory_stays_flat(operate):
    stays_flat(operate, [BATCH, WORDS, STREAM, FILE])
