"""A process is copied while readers are open: both go on."""

import os
import signal
import threading
import warnings

import pytest

import minarrow as ma

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork"),
    pytest.mark.thread_unsafe(reason="forks the whole process"),
]

NUMBERS = list(range(100_000))


@pytest.fixture(params=[None, "lz4", "zstd"])
def path(request, tmp_path):
    path = tmp_path / "numbers"
    batch = ma.RecordBatch.from_arrays([ma.array(NUMBERS)] * 4, list("abcd"))
    options = ma.ipc.IpcWriteOptions(compression=request.param)
    with ma.RecordBatchFileWriter(str(path), batch.schema, options=options) as writer:
        for _ in range(3):
            writer.write_batch(batch)
    return path


def both(work):
    """Call it in a copy of this process and then here; the copy ends within half a minute."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking with threads
        child = os.fork()
    if child == 0:
        failed = 1
        try:
            signal.alarm(30)
            work()
            failed = 0
        finally:
            os._exit(failed)
    work()
    assert os.waitpid(child, 0)[1] == 0


def read_all(reader):
    """With several threads where the columns are compressed."""
    for index in range(3):
        batch = reader.get_batch(index)
        assert all(column.to_pylist() == NUMBERS for column in batch.columns)
    return reader.read_all()


@pytest.mark.parametrize("open_source", [str, ma.memory_map, ma.OSFile])
def test_a_file_that_was_open_is_read_by_both(path, open_source):
    with ma.open_file(open_source(path)) as reader:
        reader.get_batch(0).column(0)
        both(lambda: read_all(reader))


def test_the_copy_reads_while_other_threads_did(path):
    reader = ma.open_file(str(path))
    stop = threading.Event()

    def read():
        while not stop.is_set():
            reader.get_batch(1).column(1)

    thread = threading.Thread(target=read)
    thread.start()
    try:
        for _ in range(5):
            both(lambda: read_all(ma.open_file(str(path))))
    finally:
        stop.set()
        thread.join()
