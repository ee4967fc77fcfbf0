"""Compressed bodies: every level, what would not shrink, when they are inflated and by whom."""

import os
import random
import struct
import subprocess
import sys
import threading
import time

import pytest
from oracle import flatbuf

import minarrow as ma

CODECS = [codec for codec in ("lz4", "zstd") if ma._core.codec_is_available(codec)]
pytestmark = pytest.mark.skipif(not CODECS, reason="this build has no codec")
each_codec = pytest.mark.parametrize("codec", CODECS)
LEVELS = [("lz4", level) for level in range(1, 13)] + [
    ("zstd", level) for level in (-100, -7, -1, *range(1, 23))
]


def stream_of(batch, **options):
    sink = ma.BufferOutputStream()
    with ma.new_stream(sink, batch.schema, options=ma.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_batch(batch)
    return sink.getvalue().to_pybytes()


def buffers_of(data):
    """For each buffer of each body the size that its prefix says, and the bytes behind it."""
    found = []
    for message in flatbuf.messages(data)[1:]:
        for i, buffer in enumerate(message.batch.buffers):
            start = message.buffer_at(i)
            stored = data[start : start + buffer.get("size")]
            found.append((struct.unpack_from("<q", stored)[0], stored[8:]) if stored else None)
    return found


def mixed(rows=3000):
    noise = random.Random(1)
    return ma.RecordBatch.from_pydict(
        {
            "text": [f"line {i * i} of the text" for i in range(rows)],
            "noise": ma.array([noise.randbytes(40) for _ in range(rows)], ma.binary(40)),
            "zeros": ma.array(bytearray(rows)),
            "words": ma.array(
                [str(i % 9) for i in range(rows)], ma.dictionary(ma.int8(), ma.string())
            ),
            "lists": [[i] * (i % 3) for i in range(rows)],
            "views": ma.array([f"a long enough text {i}" for i in range(rows)], ma.string_view()),
            "nothing": ma.nulls(rows),
        }
    )


@pytest.mark.parametrize("codec, level", LEVELS)
def test_every_level(pyarrow, codec, level):
    if codec not in CODECS:
        pytest.skip(f"this build has no {codec}")
    batch = mixed(500)
    data = stream_of(batch, compression=codec, compression_level=level)
    assert len(data) < len(stream_of(batch)) - 3000
    [got] = ma.open_stream(data)
    got.validate(full=True)
    assert got.equals(batch)
    theirs = pyarrow.ipc.open_stream(pyarrow.py_buffer(data)).read_next_batch()
    assert theirs.equals(pyarrow.record_batch(batch))


@pytest.mark.parametrize("codec, level", [("lz4", 13), ("zstd", 23), ("zstd", -(1 << 20))])
def test_levels_that_are_not(codec, level):
    with pytest.raises(ma.ArrowInvalid, match="level"):
        stream_of(mixed(1), compression=codec, compression_level=level)


@each_codec
def test_what_would_not_shrink_is_stored(codec):
    """Its prefix is -1; all else says its size, and a buffer without bytes has no prefix."""
    batch = mixed()
    plain = [
        (message.batch.buffers[i].get("size"), message.buffer_at(i))
        for message in flatbuf.messages(stream_of(batch))[1:]
        for i in range(len(message.batch.buffers))
    ]
    found = buffers_of(stream_of(batch, compression=codec))
    assert len(found) == len(plain)
    stored = 0
    for buffer, (size, _) in zip(found, plain, strict=True):
        assert (buffer is None) == (size == 0)
        if buffer is not None and buffer[0] == -1:
            stored += 1
            assert len(buffer[1]) == size
        elif buffer is not None:
            assert buffer[0] == size and len(buffer[1]) < size
    noise = batch.column("noise").buffers()[1].to_pybytes()
    assert (-1, noise) in found and stored < len(found) / 2


@each_codec
def test_a_body_that_is_all_stored(pyarrow, codec):
    """By hand: a codec is named, and no buffer is compressed."""
    noise = random.Random(2).randbytes(64)
    batch = ma.RecordBatch.from_arrays([ma.array([noise[:32], noise[32:]], ma.binary(32))], ["a"])
    data = stream_of(batch, compression=codec)
    assert buffers_of(data)[1] == (-1, noise)
    assert next(ma.open_stream(data)).equals(batch)
    assert pyarrow.ipc.open_stream(data).read_next_batch().equals(pyarrow.record_batch(batch))


def spoil(data, number):
    """The data with one buffer overwritten, so that its size cannot be."""
    spoiled = bytearray(data)
    *_, message = flatbuf.messages(data)
    start = message.buffer_at(number)
    size = message.batch.buffers[number].get("size")
    spoiled[start : start + size] = b"\xfe" * size
    return bytes(spoiled)


@each_codec
def test_a_column_is_inflated_when_it_is_touched(codec):
    """The others need not even be frames; and what was inflated stays so."""
    batch = mixed()
    numbers, at = {}, 0
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        numbers[name] = at
        at += len(column.buffers()) * (name != "nothing")
    data = spoil(stream_of(batch, compression=codec), numbers["text"] + 1)
    [got] = ma.open_stream(data)
    for name in ("zeros", "lists", "views", "words", "noise"):
        assert got.column(name).equals(batch.column(name))
        assert got.column(name).buffers()[1].address == got.column(name).buffers()[1].address
    for _ in range(2):
        with pytest.raises(ma.ArrowInvalid) as caught:
            got.column("text")
        assert caught.value.path == "batch 0, column 'text', offsets buffer"
    with pytest.raises(ma.ArrowInvalid, match="column 'text'"):
        list(got.columns)
    assert got.column("lists").equals(batch.column("lists"))


@each_codec
def test_limits_are_of_what_is_inflated(codec):
    batch = ma.RecordBatch.from_pydict({"a": ma.array(bytearray(1 << 20)), "b": [1] * (1 << 20)})
    data = stream_of(batch, compression=codec)
    assert len(data) < 1 << 19

    def read(**limits):
        return next(ma.open_stream(data, options=ma.ipc.IpcReadOptions(**limits)))

    assert read(max_buffer_size=1 << 23).equals(batch)
    got = read(max_buffer_size=(1 << 23) - 1)
    assert got.column("a").equals(batch.column("a"))
    with pytest.raises(ma.ArrowInvalid, match=r"max_buffer_size.*'b'|'b'.*max_buffer_size"):
        got.column("b")
    assert read(max_batch_size=9 << 20).equals(batch)
    with pytest.raises(ma.ArrowInvalid, match="max_batch_size"):
        list(read(max_batch_size=(9 << 20) - 1).columns)


# -- threads


@pytest.fixture
def no_switching():
    """Threads take turns only where one lets go of the lock by itself."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1000)
    yield
    sys.setswitchinterval(before)


class Watcher(threading.Thread):
    """Counts while it can."""

    def __init__(self):
        super().__init__(daemon=True)
        self.count = 0
        self.done = False
        self.start()

    def run(self):
        while not self.done:
            self.count += 1
            time.sleep(0)  # lets go of the lock

    def stop(self):
        self.done = True
        self.join()


BIG = 8 << 20


def big_batch():
    """Columns that take a while: random bytes of a small alphabet."""
    letters = random.Random(3).randbytes(BIG).translate(bytes(i % 5 for i in range(256)))
    return ma.RecordBatch.from_arrays([ma.array(memoryview(letters).cast("q"))] * 6, list("abcdef"))


OPERATIONS = {
    "one column": lambda batch: batch.column(0),
    "all columns": lambda batch: batch.columns,
    "to_pandas": lambda batch: batch.to_pandas(),
    "equals": lambda batch: batch.equals(batch.slice(0)),
    "validate": lambda batch: batch.validate(full=True),
    "export": lambda batch: batch.__arrow_c_array__(),
}


def check_others_run(operate):
    """Another thread counts meanwhile, if not at the first attempt then at one of many."""
    watcher = Watcher()
    try:
        while not watcher.count:  # let it begin
            threading.Event().wait(0.001)
        for _ in range(50):
            before = watcher.count
            operate()
            if watcher.count > before:
                return
    finally:
        watcher.stop()
    pytest.fail("nobody else ran")


@pytest.mark.thread_unsafe(reason="watches who runs meanwhile")
@pytest.mark.skipif(
    not getattr(sys, "_is_gil_enabled", lambda: True)(), reason="there is no lock to let go of"
)
@pytest.mark.parametrize("name", OPERATIONS)
@each_codec
def test_others_run_while_it_inflates(codec, name, no_switching):
    if name == "to_pandas":
        pytest.importorskip("pandas")
        OPERATIONS[name](mixed(1))
    data = stream_of(big_batch(), compression=codec)
    # what comes before the inflating lets nobody run
    batches = [next(ma.open_stream(data)) for _ in range(50)]
    check_others_run(lambda: OPERATIONS[name](batches.pop()))


@pytest.mark.thread_unsafe(reason="watches who runs meanwhile")
@each_codec
def test_others_run_while_it_compresses(codec, no_switching):
    batch = big_batch()
    check_others_run(lambda: stream_of(batch, compression=codec))


THREADS = """
import os, sys, threading
import minarrow as ma

codec, use_threads = sys.argv[1], sys.argv[2] == "True"
letters = os.urandom(8 << 20).translate(bytes(i % 5 for i in range(256)))
values = ma.array(memoryview(letters).cast("q"))
batch = ma.RecordBatch.from_arrays([values] * 6, list("abcdef"))
most, done = 0, False

def watch():
    global most
    while not done:
        most = max(most, len(os.listdir("/proc/self/task")))

def write():
    sink = ma.BufferOutputStream()
    options = ma.ipc.IpcWriteOptions(compression=codec, use_threads=use_threads)
    with ma.new_stream(sink, batch.schema, options=options) as writer:
        writer.write_batch(batch)
    return sink.getvalue()

def read():
    options = ma.ipc.IpcReadOptions(use_threads=use_threads)
    return next(ma.open_stream(data, options=options)).columns

data = write()
threading.Thread(target=watch, daemon=True).start()
for operate in (write, read):
    most = 0
    for _ in range(20 if use_threads else 3):
        operate()
        if most > 2:
            break
    print(most)
done = True
"""


@pytest.mark.undisturbed
@pytest.mark.skipif(
    not os.path.isdir("/proc/self/task") or len(os.sched_getaffinity(0)) < 2,
    reason="needs /proc/self/task and two processors",
)
@pytest.mark.parametrize("use_threads", [True, False])
@each_codec
def test_all_columns_are_inflated_and_compressed_in_parallel(codec, use_threads):
    """More threads than the two that Python has there, or no more."""
    command = [sys.executable, "-c", THREADS, codec, str(use_threads)]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    writing, reading = map(int, result.stdout.split())
    if use_threads:
        assert writing > 2 and reading > 2
    else:
        assert (writing, reading) == (2, 2)
