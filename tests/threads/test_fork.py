"""A process is copied while readers and writers are open: both go on."""

import functools
import gc
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
import warnings

import pytest

import minarrow as ma

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork"),
    pytest.mark.thread_unsafe(reason="forks the whole process"),
]

NUMBERS = list(range(100_000))

# It takes a thread of the copy for the one that had its place before, and ends the process.
UNDER_THREAD_SANITIZER = "libtsan" in os.environ.get("LD_PRELOAD", "")


@pytest.fixture(params=[None, "lz4", "zstd"])
def path(request, tmp_path):
    if request.param and UNDER_THREAD_SANITIZER:
        pytest.skip("compressed columns are read by several threads, which it forbids in a copy")
    path = tmp_path / "numbers"
    batch = ma.RecordBatch.from_arrays([ma.array(NUMBERS)] * 4, list("abcd"))
    options = ma.ipc.IpcWriteOptions(compression=request.param)
    with ma.RecordBatchFileWriter(str(path), batch.schema, options=options) as writer:
        for _ in range(3):
            writer.write_batch(batch)
    return path


def in_copy(work):
    """Call it in a copy of this process, which ends within half a minute; waits for it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking with threads
        child = os.fork()
    if child == 0:
        failed = 1
        try:
            signal.alarm(30)
            work()
            failed = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(failed)
    assert os.waitpid(child, 0)[1] == 0


def both(work):
    """Call it in a copy of this process and here."""
    in_copy(work)
    work()


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


SMALL = ma.RecordBatch.from_arrays([ma.array([1, 2, 3])], ["number"])


@pytest.mark.parametrize("kind", [ma.RecordBatchStreamWriter, ma.RecordBatchFileWriter])
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_writer_that_the_copy_drops_goes_on(tmp_path, kind):
    path = str(tmp_path / "numbers")
    writers = [kind(path, SMALL.schema)]
    writers[0].write_batch(SMALL)

    def drop():
        writers.clear()
        gc.collect()

    in_copy(drop)
    with writers.pop() as writer:
        writer.write_batch(SMALL)
    open_it = ma.open_stream if kind is ma.RecordBatchStreamWriter else ma.open_file
    with open_it(path) as reader:
        assert reader.read_all().num_rows == 6


LEFT = "in use by another thread when this process was forked"


def wait_until_inside(call_elsewhere):
    """Until the other thread is in a call that cannot end: then a call of ours would wait, too."""
    call_elsewhere.start()
    while not call_elsewhere.has_begun:
        time.sleep(0.001)
    time.sleep(0.2)


class Call(threading.Thread):
    """A call in another thread."""

    has_begun = False

    def __init__(self, call):
        super().__init__()
        self.call = call

    def run(self):
        self.has_begun = True
        self.call()


def test_the_copy_is_told_of_a_writer_that_another_thread_is_inside_of():
    end, begin = os.pipe()
    try:
        writer = ma.RecordBatchStreamWriter(begin, SMALL.schema)
        big = ma.RecordBatch.from_arrays([ma.array(NUMBERS)], SMALL.schema.names)
        call = Call(lambda: (writer.write_batch(big), writer.close()))
        wait_until_inside(call)  # nobody reads what it writes

        def look():
            for use in (lambda: writer.write_batch(SMALL), writer.close, lambda: writer.stats):
                with pytest.raises(RuntimeError, match=LEFT):
                    use()

        in_copy(look)
        with ma.open_stream(end) as reader:
            assert reader.read_all().column(0).to_pylist() == NUMBERS
        call.join(30)
    finally:
        os.close(end)
        os.close(begin)


def test_the_copy_is_told_of_a_reader_that_another_thread_is_inside_of():
    end, begin = os.pipe()
    try:
        with ma.RecordBatchStreamWriter(begin, SMALL.schema) as writer:
            readers = [ma.open_stream(end)]
            found = []
            call = Call(lambda: found.extend(readers[0]))
            wait_until_inside(call)  # nothing has come that it could read

            def look():
                for use in (readers[0].read_next_batch, readers[0].close):
                    with pytest.raises(RuntimeError, match=LEFT):
                        use()
                readers.clear()
                gc.collect()

            in_copy(look)
            writer.write_batch(SMALL)
        call.join(30)
        assert [batch.equals(SMALL) for batch in found] == [True]
    finally:
        os.close(end)
        os.close(begin)


def test_the_copy_does_not_wait_for_an_output_that_another_thread_was_writing_to():
    piece = bytes(1 << 22)
    stop = threading.Event()
    outputs = [ma.BufferOutputStream()]

    def write():
        while not stop.is_set():
            outputs[0] = ma.BufferOutputStream()
            for _ in range(16):
                outputs[0].write(piece)

    def look():
        try:
            assert outputs[0].tell() % len(piece) == 0
        except RuntimeError as error:
            assert LEFT in str(error)
        outputs.clear()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        for _ in range(20):
            in_copy(look)
    finally:
        stop.set()
        thread.join()


def all_write(writer, batch):
    """By three threads that wait for each other."""
    refused = []

    def write():
        try:
            for _ in range(20):
                writer.write_batch(batch)
        except RuntimeError as error:
            refused.append(str(error))

    threads = [threading.Thread(target=write) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(LEFT in error for error in refused)


@pytest.mark.skipif(UNDER_THREAD_SANITIZER, reason="it forbids threads in a copy")
def test_threads_of_the_copy_wait_for_each_other_where_threads_did_before(tmp_path):
    """A writer is copied when the one that waited for it has been called, and has yet to come."""
    some = ma.RecordBatch.from_arrays([ma.array(NUMBERS)], ["number"])
    much = ma.concat_batches([some] * 50)
    options = ma.ipc.IpcWriteOptions(compression="zstd", use_threads=False)
    for turn in range(5):
        path = str(tmp_path / f"numbers{turn}")
        with ma.RecordBatchStreamWriter(path, some.schema, options=options) as writer:
            waiting = threading.Timer(0.005, writer.write_batch, [some])
            waiting.start()
            writer.write_batch(much)
            soon = time.perf_counter() + 0.001
            while time.perf_counter() < soon:  # keeps the GIL, where there is one
                pass
            in_copy(functools.partial(all_write, writer, some))
            waiting.join()


@pytest.mark.parametrize("open_file", [ma.memory_map, ma.OSFile])
def test_the_copy_uses_a_file_that_other_threads_did(tmp_path, open_file):
    path = tmp_path / "bytes"
    path.write_bytes(bytes(range(256)) * 4)
    stop = threading.Event()

    # The file comes as an argument: without the GIL, Python itself has a lock for the variable of
    # an outer function, and a fork may copy that locked.
    def use(file):
        stopped = stop.is_set
        while not stopped():
            assert file.read_at(10, 20) == bytes(range(20, 30))
            assert not file.closed

    def look(file):
        return [file.read_at(10, 20), file.tell(), file.close()]

    with open_file(str(path)) as file:
        threads = [threading.Thread(target=use, args=[file]) for _ in range(6)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(60):
                in_copy(functools.partial(look, file))
        finally:
            stop.set()
            for thread in threads:
                thread.join()


def test_a_copy_ends_though_a_thread_was_inside_a_release():
    """An interpreter waits at its end for those, and in the copy there is no such thread."""
    code = """
import ctypes
import os
import signal
import subprocess
import sys
import threading

import minarrow as ma

inside, go = threading.Event(), threading.Event()


class Slow(bytearray):
    def __del__(self):
        inside.set()
        go.wait(60)


words = (ctypes.c_void_p * 10)()
address = ctypes.addressof(words)
array = ma.Array.from_buffers(ma.int8(), 8, [None, ma.py_buffer(Slow(8))])
array._export_to_c(address)
del array
release = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(words[8])
thread = threading.Thread(target=release, args=(address,))
thread.start()
assert inside.wait(60)
child = os.fork()
if child == 0:
    signal.alarm(30)
    sys.exit(7)
_, status = os.waitpid(child, 0)
go.set()
thread.join()
print(os.waitstatus_to_exitcode(status))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=90)
    assert (done.returncode, done.stdout) == (0, "7\n"), done.stderr
