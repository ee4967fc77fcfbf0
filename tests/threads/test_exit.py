"""Programs that end while a thread is inside a stream that Python code makes."""

import subprocess
import sys

import pytest

# What `batches` gives is waited for: `lent` is a stream of it.
LENT = """
import os
import threading

import minarrow as ma

batch = ma.record_batch({"a": [1]})
heard, say = os.pipe()
answer, answered = os.pipe()


def batches():
    yield batch
    os.write(say, b"inside")
    os.read(answer, 1)
    os.write(1, b"left")
    yield batch


lent = ma.RecordBatchReader.from_batches(batch.schema, batches())


def run(call):
    def quietly():  # what is printed while Python ends may end the process: CPython's affair
        try:
            call()
        except Exception:
            pass

    threading.Thread(target=quietly, daemon=True).start()
"""


def outcome(code):
    done = subprocess.run(
        [sys.executable, "-c", LENT + code], capture_output=True, text=True, timeout=60
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("library", ["minarrow", "pyarrow"])
def test_a_daemon_thread_that_waits_for_ever_holds_up_nobody(library):
    pytest.importorskip(library)
    code = f"""
import {library} as library

run(lambda: list(library.RecordBatchReader.from_stream(lent)))
os.read(heard, 6)
"""
    assert outcome(code) == (0, "", "")


def test_a_thread_that_python_does_not_know_may_finish():
    """One of another library's pool, which that waits for when the process ends."""
    pytest.importorskip("pyarrow")
    code = """
import pyarrow.dataset


def answer_at_exit():
    threading.main_thread().join()
    os.write(answered, b"!")


theirs = pyarrow.RecordBatchReader.from_stream(lent)
run(lambda: pyarrow.dataset.Scanner.from_batches(theirs).to_table())
os.read(heard, 6)
run(answer_at_exit)
"""
    assert outcome(code) == (0, "left", "")


def test_a_visit_to_another_interpreter_holds_up_nobody():
    pytest.importorskip("_interpreters")  # of CPython 3.13
    code = """
import _interpreters
import ctypes

stream = (ctypes.c_void_p * 5)()
address = ctypes.addressof(stream)
other = _interpreters.create()
lend = f'''
def batches():
    os.write({say}, b"inside")
    os.read({answer}, 1)
    yield

ma._core.export_batch_stream_to(batches(), batch.schema, {address})
'''
_interpreters.exec(other, "import os, minarrow as ma; batch = ma.record_batch({'a': [1]})" + lend)
run(lambda: list(ma._core.import_batch_stream_from(address)[1]))
os.read(heard, 6)
"""
    assert outcome(code)[:2] == (0, "")
