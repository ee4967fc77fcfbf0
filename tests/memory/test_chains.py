"""Things that each hold the one before, as many as are made: letting go of the last ends all.

A parser that steps on through views of views makes such a chain, or data that is handed on from
one library to the next; each link is let go of by the one behind it.
"""

import gc
import threading
import weakref

import pytest

import minarrow as ma

LONG = 30_000
SMALL_STACK = 512 * 1024


class Memory(bytearray):
    """Bytes of which one can see that they are gone."""


class Lent:
    """Passes on what it wraps as another library would."""

    def __init__(self, thing):
        self.thing = thing

    def __arrow_c_array__(self, requested_schema=None):
        return self.thing.__arrow_c_array__()

    def __arrow_c_stream__(self, requested_schema=None):
        return self.thing.__arrow_c_stream__()


def array_over(memory):
    return ma.Array.from_buffers(ma.int8(), 8, [None, ma.py_buffer(memory)])


def batch_over(memory):
    return ma.RecordBatch.from_arrays([array_over(memory)], ["a"])


def stream_over(memory):
    batch = batch_over(memory)
    return ma.RecordBatchReader.from_batches(batch.schema, iter([batch]))


CHAINS = {
    "buffer": (ma.py_buffer, lambda last: ma.py_buffer(memoryview(last)[:])),
    "array": (array_over, lambda last: ma.array(Lent(last))),
    "batch": (batch_over, lambda last: ma.record_batch(Lent(last))),
    "stream": (stream_over, lambda last: ma.RecordBatchReader.from_stream(Lent(last))),
}


def make_chain(kind):
    first, further = CHAINS[kind]
    memory = Memory(8)
    last = first(memory)
    for _ in range(LONG):
        last = further(last)
    return last, weakref.ref(memory)


@pytest.fixture
def small_stack():
    usual = threading.stack_size(SMALL_STACK)
    yield
    threading.stack_size(usual)


@pytest.mark.parametrize("kind", CHAINS)
@pytest.mark.thread_unsafe(reason="sets the size of all stacks that are made")
def test_all_of_a_chain_goes(kind, small_stack):
    last, memory = make_chain(kind)
    held = [last]
    del last
    assert memory() is not None
    thread = threading.Thread(target=held.clear)
    thread.start()
    thread.join()
    gc.collect()
    assert memory() is None


def test_what_a_release_lets_go_of_goes_with_it():
    """Not only once the outer one is through: code that runs then may count on it."""
    seen = []

    class Outer(bytearray):
        def __del__(self):
            memory = Memory(8)
            inner = ma.py_buffer(memory)
            gone = weakref.ref(memory)
            del memory, inner
            seen.append(gone())

    buffer = ma.py_buffer(Outer(8))
    del buffer
    gc.collect()
    assert seen == [None]
