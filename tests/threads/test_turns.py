"""Waiting for one's turn at a reader or writer ends when a signal handler says so."""

import os
import signal
import threading
import time

import pytest

import minarrow as ma

pytestmark = [
    pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="wants interval timers"),
    pytest.mark.thread_unsafe(reason="signals come to the whole process"),
]

BATCH = ma.RecordBatch.from_arrays([ma.array([1, 2, 3])], ["number"])


class Enough(Exception):
    pass


class Alarm:
    """A signal after a moment, and again, until the block is left."""

    def __init__(self, handler):
        self.handler = handler

    def __enter__(self):
        self.before = signal.signal(signal.SIGALRM, self.handler)
        signal.setitimer(signal.ITIMER_REAL, 0.3, 0.05)

    def __exit__(self, *exception):
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, self.before)


@pytest.fixture
def busy():
    """A reader in which another thread waits for what is written to the writer."""
    end, begin = os.pipe()
    with ma.RecordBatchStreamWriter(begin, BATCH.schema) as writer:
        reader = ma.open_stream(end)
        found = []
        thread = threading.Thread(target=lambda: found.append(reader.read_next_batch()))
        thread.start()
        time.sleep(0.1)
        yield reader, writer
        writer.write_batch(BATCH)
        thread.join(30)
        assert found == [BATCH]
    os.close(end)
    os.close(begin)


def test_a_handler_that_raises_ends_the_wait(busy):
    reader, writer = busy
    late = threading.Event()

    def rescue():
        late.set()
        writer.write_batch(BATCH)  # so that the test fails, and ends

    timer = threading.Timer(20, rescue)
    timer.start()

    def raise_enough(*args):
        raise Enough

    try:
        with Alarm(raise_enough), pytest.raises(Enough):
            reader.read_next_batch()
    finally:
        timer.cancel()
    assert not late.is_set()


def test_a_handler_that_returns_does_not(busy):
    reader, writer = busy
    calls = []

    def count(*args):
        calls.append(len(calls))
        if len(calls) in (5, 10):  # the first one is the other thread's
            writer.write_batch(BATCH)

    with Alarm(count):
        assert reader.read_next_batch() == BATCH
    assert len(calls) >= 10
