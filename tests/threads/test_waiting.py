"""Nobody waits for Python code that runs inside a call: it could be waiting for them."""

import subprocess
import sys
import threading

import pytest

import minarrow as ma

pytestmark = pytest.mark.thread_unsafe(reason="begins threads, and waits for them")

BATCH = ma.RecordBatch.from_arrays([ma.array([1, 2, 3])], ["number"])


class Elsewhere:
    """Makes a call in another thread and waits for its outcome, from Python code inside a call."""

    def __init__(self):
        self.outcomes = []

    def run(self, call):
        """Append what the call gives or raises; "waits" if it isn't done in reasonable time."""
        done = threading.Event()
        outcome = ["waits"]

        def work():
            try:
                outcome[0] = call()
            except Exception as error:
                outcome[0] = error
            done.set()

        # one that waits ends when the call inside which it was made does, or with the process
        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        if done.wait(20):
            thread.join()
        self.outcomes.append(outcome[0])

    def assert_all_refused(self, count):
        assert len(self.outcomes) == count
        for outcome in self.outcomes:
            assert isinstance(outcome, RuntimeError), outcome
            assert "in use by another thread" in str(outcome)


def stream_of(batches):
    sink = ma.BufferOutputStream()
    with ma.RecordBatchStreamWriter(sink, batches[0].schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
    return sink.getvalue().to_pybytes()


class Source:
    """Readable, and makes a call elsewhere when it is told to."""

    def __init__(self, data):
        self.left = memoryview(data)
        self.meanwhile = None

    def read(self, size):
        if self.meanwhile is not None:
            self.meanwhile()
        part, self.left = self.left[:size], self.left[size:]
        return part


@pytest.mark.parametrize("method", ["read_next_batch", "close", "read_all"])
def test_a_source_may_wait_for_a_thread_that_uses_its_reader(method):
    source = Source(stream_of([BATCH]))
    reader = ma.open_stream(source)
    elsewhere = Elsewhere()

    def meanwhile():
        source.meanwhile = None
        elsewhere.run(getattr(reader, method))

    source.meanwhile = meanwhile
    assert reader.read_next_batch().equals(BATCH)
    elsewhere.assert_all_refused(1)
    reader.close()


class Sink:
    """Writable, and makes a call elsewhere when it is told to."""

    def __init__(self):
        self.written = []
        self.meanwhile = None

    def write(self, data):
        if self.meanwhile is not None:
            self.meanwhile()
        self.written.append(bytes(data))


@pytest.mark.parametrize(
    "make_call",
    [
        lambda writer: lambda: writer.write_batch(BATCH),
        lambda writer: writer.close,
        lambda writer: lambda: writer.stats,
    ],
    ids=["write_batch", "close", "stats"],
)
def test_a_sink_may_wait_for_a_thread_that_uses_its_writer(make_call):
    sink = Sink()
    elsewhere = Elsewhere()
    with ma.RecordBatchStreamWriter(sink, BATCH.schema) as writer:

        def meanwhile():
            sink.meanwhile = None
            elsewhere.run(make_call(writer))

        sink.meanwhile = meanwhile
        writer.write_batch(BATCH)
    elsewhere.assert_all_refused(1)
    assert ma.open_stream(b"".join(sink.written)).read_next_batch().equals(BATCH)


def test_a_stream_of_another_library_may_wait_for_a_thread_that_reads_it(pyarrow):
    numbers = pyarrow.RecordBatch.from_pydict({"number": [1, 2, 3]})
    elsewhere = Elsewhere()
    readers = []

    def batches():
        elsewhere.run(lambda: next(readers[0]))
        yield numbers

    foreign = pyarrow.RecordBatchReader.from_batches(numbers.schema, batches())
    readers.append(ma.RecordBatchReader.from_stream(foreign))
    assert next(readers[0]).to_pydict() == {"number": [1, 2, 3]}
    elsewhere.assert_all_refused(1)


class Owner(bytearray):
    """Memory that runs code when it is let go of."""

    at_end = None

    def __del__(self):
        if self.at_end is not None:
            self.at_end()


def dictionary_batch(words, memory=bytes):
    """One column, whose values lie in the memory that is made of their bytes."""
    text = memory("".join(words).encode())
    ends = [sum(map(len, words[:i])) for i in range(len(words) + 1)]
    buffers = [None, ma.array(ends, ma.int32()).buffers()[1], ma.py_buffer(text)]
    values = ma.Array.from_buffers(ma.string(), len(words), buffers)
    column = ma.DictionaryArray.from_arrays(ma.array([0, 1]), values)
    return ma.RecordBatch.from_arrays([column], ["word"])


class Meanwhile:
    """What an owner does at its end: a call elsewhere, whose outcome is kept."""

    def __init__(self, call):
        self.call = call
        self.elsewhere = Elsewhere()

    def __call__(self):
        self.elsewhere.run(self.call)


def test_a_reader_that_is_closed_is_not_waited_for_while_its_memory_goes():
    source = Owner(stream_of([BATCH]))
    reader = ma.open_stream(source)
    meanwhile = source.at_end = Meanwhile(lambda: (reader.close(), reader.closed))
    del source
    reader.close()
    assert meanwhile.elsewhere.outcomes == [(None, True)]


def test_a_file_reader_that_is_closed_is_not_waited_for_while_its_memory_goes():
    sink = ma.BufferOutputStream()
    with ma.RecordBatchFileWriter(sink, BATCH.schema) as writer:
        writer.write_batch(BATCH)
    source = Owner(sink.getvalue().to_pybytes())
    reader = ma.open_file(source)
    meanwhile = source.at_end = Meanwhile(lambda: (reader.close(), reader.closed))
    del source
    reader.close()
    assert meanwhile.elsewhere.outcomes == [(None, True)]


def test_a_writer_is_not_waited_for_while_a_dictionary_goes_that_it_had_sent():
    sink = ma.BufferOutputStream()
    owners = []

    def memory(text):
        owners.append(Owner(text))
        return owners[-1]

    batch = dictionary_batch(["one", "two"], memory)
    with ma.RecordBatchStreamWriter(sink, batch.schema) as writer:
        writer.write_batch(batch)
        other = dictionary_batch(["three", "four"])
        meanwhile = owners[0].at_end = Meanwhile(lambda: writer.write_batch(other))
        owners.clear()
        del batch
        assert meanwhile.elsewhere.outcomes == []  # the writer compares with it
        writer.write_batch(other)
    assert meanwhile.elsewhere.outcomes == [None]
    assert ma.open_stream(sink.getvalue()).read_all().num_rows == 6


def test_a_decoder_is_not_waited_for_while_a_chunk_goes_that_it_had_kept():
    first, second = (dictionary_batch(words) for words in (["one", "two"], ["three", "four"]))
    sink = ma.BufferOutputStream()
    with ma.RecordBatchStreamWriter(sink, first.schema) as writer:
        writer.write_batch(first)
        cut = sink.tell()
        writer.write_batch(second)
    whole = sink.getvalue().to_pybytes()

    decoder = ma.ipc.StreamDecoder()
    chunk = Owner(whole[:cut])
    meanwhile = chunk.at_end = Meanwhile(lambda: decoder.feed(b""))
    assert [batch.equals(first) for batch in decoder.feed(chunk)] == [True]
    del chunk
    assert meanwhile.elsewhere.outcomes == []
    assert [batch.equals(second) for batch in decoder.feed(whole[cut:])] == [True]
    meanwhile.elsewhere.assert_all_refused(1)


def test_the_end_of_a_readers_memory_may_use_the_reader():
    source = Owner(stream_of([BATCH]))
    reader = ma.open_stream(source)
    states = []
    source.at_end = lambda: states.append((reader.closed, reader.close(), reader.stats))
    del source
    reader.close()
    assert states == [(True, None, reader.stats)]


def test_the_end_of_a_dictionary_may_use_the_writer_that_had_sent_it():
    sink = ma.BufferOutputStream()
    owners = [Owner(b"onetwo")]
    batch = dictionary_batch(["one", "two"], lambda text: owners[0])
    other = dictionary_batch(["three", "four"])
    with ma.RecordBatchStreamWriter(sink, batch.schema) as writer:
        writer.write_batch(batch)
        owners.pop().at_end = lambda: writer.write_batch(dictionary_batch(["five", "six"]))
        del batch
        writer.write_batch(other)
    words = ma.open_stream(sink.getvalue()).read_all().column("word").to_pylist()
    assert words == ["one", "two", "three", "four", "five", "six"]


@pytest.mark.parametrize(
    ("module", "call"),
    [
        ("pandas", "ma.array([1, None]).to_pylist() == [1, None]"),
        ("_socket", "ma.open_stream(io.BytesIO(data)).read_all().num_rows == 3"),
    ],
)
def test_a_module_that_another_thread_imports_is_not_waited_for(module, call):
    code = f"""
import importlib.machinery
import io
import sys
import subprocess
import sys
import threading

import minarrow as ma

data = {stream_of([BATCH])!r}
done = []


def make_call():
    done.append({call})


class Importer:
    @staticmethod
    def find_spec(name, *_):
        return importlib.machinery.ModuleSpec(name, Importer) if name == {module!r} else None

    @staticmethod
    def create_module(spec):
        return None

    @staticmethod
    def exec_module(module):
        thread = threading.Thread(target=make_call, daemon=True)
        thread.start()
        thread.join(20)
        assert done == [True]


assert {module!r} not in sys.modules
sys.meta_path.insert(0, Importer)
import {module}
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
