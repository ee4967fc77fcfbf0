"""Real kills of writers, after each byte and at random moments: what was written whole is read, and
the error says at which message and byte the rest breaks off."""

import os
import random
import signal
import subprocess
import sys
import threading
import time

import pytest
from faults.killed import LARGE_ONES
from faults.streams import read_whole

import minarrow as ma

pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="wants POSIX descriptors and signals"),
    pytest.mark.thread_unsafe(reason="a process of its own does the work, once"),
]

ROUNDS = 200  # at most, until a kill has found the writer amid a batch


def start(*arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "faults.killed", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )


@pytest.mark.parametrize("kind", ["stream", "file"])
def test_a_writer_that_is_killed_after_any_byte(tmp_path, kind):
    out, err = start("each", tmp_path / "data", kind).communicate(timeout=300)
    assert (out, err) == (b"held\n", b"")


def drain(file, into):
    with file:
        into.extend(file.read())


def killed_at_random(sink, path, wait):
    """What a writer left that was killed some time after its first batch, and how many it told."""
    process = start("many", path if sink == "file" else "-")
    arrived = bytearray()
    told = bytearray()
    drains = [
        threading.Thread(target=drain, args=[process.stdout, arrived]),
        threading.Thread(target=drain, args=[process.stderr, told]),
    ]
    drains[0].start()
    told += process.stderr.readline()  # it has begun
    drains[1].start()
    time.sleep(wait)
    process.kill()
    for thread in drains:
        thread.join()
    assert process.wait() == -signal.SIGKILL, told
    return path.read_bytes() if sink == "file" else bytes(arrived), told.count(b"\n")


@pytest.mark.parametrize("sink", ["pipe", "file"])
def test_a_writer_that_is_killed_at_a_random_moment(tmp_path, sink):
    """A batch that the writer told of is there, all are whole and in order; at least one kill of
    many leaves part of a batch."""
    chance = random.Random(5)
    amid = rounds = 0
    while rounds < 3 or (amid == 0 and rounds < ROUNDS):
        data, told = killed_at_random(sink, tmp_path / "stream", chance.random() * 0.02)
        got, error = read_whole(ma.open_stream(data))
        assert len(got) >= told > 0
        for i, batch in enumerate(got):
            assert batch.equals(LARGE_ONES[i % 3])
        if error is not None:
            assert (error.message_number, error.offset) == (len(got) + 1, len(data))
            amid += 1
        rounds += 1
    assert amid > 0
