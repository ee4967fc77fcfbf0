"""A socket that a signal handler closes: its number soon is another file's, which is left alone."""

import os
import signal
import socket
import threading

import pytest

import minarrow as ma

pytestmark = [
    pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="wants interval timers"),
    pytest.mark.thread_unsafe(reason="signals come to the whole process"),
]

BATCH = ma.record_batch({"a": list(range(100_000))})


def write(sink):
    with ma.new_stream(sink, BATCH.schema) as writer:
        for _ in range(20):
            writer.write_batch(BATCH)


@pytest.fixture
def other():
    """Two ends of something else, of which the first will have the number."""
    ends = socket.socketpair()
    yield ends
    for end in ends:
        end.close()


@pytest.fixture(params=[None, 60], ids=["blocking", "timeout"])
def closing(request, pair, other):
    """A socket that is soon closed by a handler."""
    if threading.current_thread() is not threading.main_thread():
        pytest.skip("signals go to the main thread")
    number = pair[0].fileno()

    def close(*_):
        pair[0].close()
        os.dup2(other[0].fileno(), number)

    pair[0].settimeout(request.param)
    before = signal.signal(signal.SIGALRM, close)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    yield pair[0]
    signal.signal(signal.SIGALRM, before)
    os.close(number)


def test_a_reader_does_not_read_the_other(closing, other):
    stream = ma.BufferOutputStream()
    ma.new_stream(stream, BATCH.schema).close()
    other[1].sendall(stream.getvalue())
    with pytest.raises(ValueError, match="closed socket"):
        ma.open_stream(closing)
    assert ma.open_stream(other[0]).schema == BATCH.schema


def test_a_writer_does_not_write_to_the_other(closing, other):
    other[1].setblocking(False)
    with pytest.raises(ValueError, match="closed socket"):
        write(closing)
    with pytest.raises(BlockingIOError):
        other[1].recv(1)
