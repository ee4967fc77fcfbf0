"""Real kills of writers, after each byte and at random moments: what was written whole is read, and
the error says at which message and byte the rest breaks off."""

import os
import random
import signal
import subprocess
import sys
import time

import pytest
from faults.killed import LARGE, LARGE_ONES, MANY
from faults.streams import read_whole

import minarrow as ma

pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="wants POSIX descriptors and signals"),
    pytest.mark.thread_unsafe(reason="a process of its own does the work, once"),
]

ROUNDS = 200  # at most, until a kill has found the writer amid a batch


# That a process with threads is copied is deprecated, and not what is looked at.
PYTHON = [sys.executable, "-W", "ignore::DeprecationWarning"]


def command(*arguments):
    return {
        "args": [*PYTHON, "-m", "faults.killed", *map(str, arguments)],
        "stdout": subprocess.PIPE,
        "stderr": subprocess.PIPE,
        "env": {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    }


@pytest.mark.parametrize("kind", ["stream", "file"])
def test_a_writer_that_is_killed_after_any_byte(tmp_path, kind):
    done = subprocess.run(**command("each", tmp_path / "data", kind), timeout=300)
    assert (done.stdout, done.stderr) == (b"held\n", b"")


def killed_at_random(chance, sink, path):
    """What a writer left that was killed some time after its first batch, and how many it told.

    A pipe is not read any further before the kill, which holds the writer back.
    """
    with subprocess.Popen(**command("many", path if sink == "file" else "-")) as process:
        data = bytearray()
        if sink == "pipe":
            data += process.stdout.read(chance.randrange(LARGE, MANY * LARGE // 4))
        told = process.stderr.readline()  # it has begun
        if sink == "file":
            time.sleep(chance.random() * 0.02)
        process.kill()
        data += process.stdout.read()
        told += process.stderr.read()
    assert process.returncode == -signal.SIGKILL, told
    if sink == "file":
        data = path.read_bytes()
        path.unlink()
    return data, told.count(b"\n")


@pytest.mark.parametrize("sink", ["pipe", "file"])
def test_a_writer_that_is_killed_at_a_random_moment(tmp_path, sink):
    """A batch that the writer told of is there, all are whole and in order; at least one kill of
    many leaves part of a batch."""
    chance = random.Random(5)
    amid = rounds = 0
    while rounds < 3 or (amid == 0 and rounds < ROUNDS):
        data, told = killed_at_random(chance, sink, tmp_path / "stream")
        got, error = read_whole(ma.open_stream(data))
        assert len(got) >= told > 0
        for i, batch in enumerate(got):
            assert batch.equals(LARGE_ONES[i % 3])
        if error is not None:
            assert (error.message_number, error.offset) == (len(got) + 1, len(data))
            amid += 1
        rounds += 1
    assert amid > 0
