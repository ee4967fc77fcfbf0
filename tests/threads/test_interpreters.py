"""Interpreters with a GIL of their own, several at once in one process."""

import ctypes
import os
import threading

import pytest

import minarrow as ma

interpreters = pytest.importorskip("_interpreters")  # of CPython 3.13

CODE = """
import minarrow as ma

options = ma.ipc.IpcWriteOptions(compression={codec!r})
try:
    ma.open_stream(b"no stream")
except ma.ArrowInvalid as error:
    assert type(error) is ma.ArrowInvalid
for number in range(10):
    values = [{own} * 1000 + number] * 500
    columns = [ma.array(values), ma.array(list(map(str, values)))]
    batch = ma.RecordBatch.from_arrays(columns, ["a", "b"])
    sink = ma.BufferOutputStream()
    with ma.RecordBatchStreamWriter(sink, batch.schema, options=options) as writer:
        writer.write_batch(batch)
    (found,) = ma.open_stream(sink.getvalue())
    assert found.column(0).to_pylist() == values
    assert found.equals(batch)
"""


@pytest.mark.parametrize("codec", [None, "lz4", "zstd"])
@pytest.mark.thread_unsafe(reason="makes interpreters, each in a thread of its own")
def test_each_has_its_own(codec):
    failures = []

    def run(own):
        interpreter = interpreters.create()
        try:
            failures.append(interpreters.exec(interpreter, CODE.format(own=own, codec=codec)))
        finally:
            interpreters.destroy(interpreter)

    threads = [threading.Thread(target=run, args=(own,)) for own in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == [None] * 4


@pytest.mark.skipif(
    not hasattr(ma._core, "blocks_live"), reason="needs a build that counts (make test-faults)"
)
@pytest.mark.thread_unsafe(reason="counts what the whole process holds")
def test_each_gives_back_what_it_took():
    counts = []
    for _ in range(5):
        interpreter = interpreters.create()
        assert interpreters.exec(interpreter, CODE.format(own=1, codec=None)) is None
        interpreters.destroy(interpreter)
        counts.append(ma._core.blocks_live())
    assert counts[1:] == [counts[0]] * 4


# ---- things of one interpreter, let go of in another

# `lend` puts a stream of a batch at an address; its memory notes where it is let go of. It may say
# so through a pipe, and go when it is answered through another.
LENDER = """
import _interpreters
import os

import minarrow as ma

places = []


class Memory:
    def __init__(self, say, answer):
        self.say = say
        self.answer = answer

    def __buffer__(self, flags):
        return memoryview(bytes(80))

    def __release_buffer__(self, view):
        places.append(_interpreters.get_current()[0])
        if self.say is not None:
            os.write(self.say, b"begun")
            os.read(self.answer, 1)
            os.write(self.say, b"ended")


def lend(address, say=None, answer=None):
    column = ma.Array.from_buffers(ma.int64(), 10, [None, ma.py_buffer(Memory(say, answer))])
    batch = ma.RecordBatch.from_arrays([column], ["a"])
    ma._core.export_batch_stream_to([batch], batch.schema, address)
"""
TAKE = "import minarrow as ma; ma._core.import_batch_stream_from({address})"


@pytest.fixture
def other():
    interpreter = interpreters.create()
    yield interpreter
    interpreters.destroy(interpreter)


def in_thread(call):
    thread = threading.Thread(target=call)
    thread.start()
    thread.join()


@pytest.mark.parametrize("run", [lambda call: call(), in_thread])
@pytest.mark.thread_unsafe(reason="makes interpreters")
def test_the_main_one_gets_back_what_another_lets_go_of(other, run):
    names = {}
    exec(LENDER, names)
    stream = (ctypes.c_void_p * 5)()
    address = ctypes.addressof(stream)
    names["lend"](address)
    run(lambda: interpreters.exec(other, TAKE.format(address=address)))
    assert not stream[3]
    assert names["places"] == [interpreters.get_main()[0]]


@pytest.mark.parametrize("run", [lambda call: call(), in_thread])
@pytest.mark.thread_unsafe(reason="makes interpreters")
def test_another_gets_back_what_the_main_one_lets_go_of(other, run):
    stream = (ctypes.c_void_p * 5)()
    address = ctypes.addressof(stream)
    assert interpreters.exec(other, LENDER + f"lend({address})") is None
    run(lambda: exec(TAKE.format(address=address)))
    assert not stream[3]
    assert interpreters.exec(other, f"assert places == [{other}]") is None


@pytest.fixture
def pipes():
    """What the release says, as two descriptors, and what it is answered."""
    descriptors = [*os.pipe(), *os.pipe()]
    yield descriptors
    for descriptor in descriptors:
        os.close(descriptor)


@pytest.mark.thread_unsafe(reason="makes interpreters")
def test_one_that_ends_waits_for_a_release_that_is_under_way(pipes):
    heard, say, answer, answered = pipes
    other = interpreters.create()
    stream = (ctypes.c_void_p * 5)()
    address = ctypes.addressof(stream)
    assert interpreters.exec(other, LENDER + f"lend({address}, {say}, {answer})") is None

    def end():
        interpreters.destroy(other)
        os.write(say, b" over")

    def let_go():
        ma._core.import_batch_stream_from(address)

    threads = [threading.Thread(target=call, daemon=True) for call in (let_go, end)]
    threads[0].start()
    assert os.read(heard, 5) == b"begun"
    threads[1].start()
    threads[1].join(0.1)  # it had that long to end, and must not have
    assert threads[1].is_alive()
    os.write(answered, b"!")
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    assert os.read(heard, 20) == b"ended over"
