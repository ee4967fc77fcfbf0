"""Who keeps what alive, and who lets go of it: in any order, on any thread, after the end."""

import ctypes
import gc
import subprocess
import sys
import textwrap
import threading
import weakref

import pytest
from memory.flat import stays_flat

import minarrow as ma


class Memory(bytearray):
    """Bytes of which one can see that they are gone."""


def watched(size=64):
    """An array over memory of a Python object, and a weak reference to that."""
    memory = Memory(size)
    array = ma.Array.from_buffers(ma.int8(), size, [None, ma.py_buffer(memory)])
    return array, weakref.ref(memory)


def test_a_capsule_that_nobody_takes():
    array, memory = watched()
    pair = array.__arrow_c_array__()
    del array
    assert memory() is not None
    del pair
    assert memory() is None


@pytest.mark.parametrize("method", ["__arrow_c_array__", "__arrow_c_stream__"])
def test_batches_that_nobody_takes(method):
    array, memory = watched()
    batch = ma.RecordBatch.from_arrays([array], ["a"])
    capsule = getattr(batch, method)()
    del array, batch
    assert memory() is not None
    del capsule
    assert memory() is None


def test_streams_that_are_left_early():
    array, memory = watched()
    batch = ma.RecordBatch.from_arrays([array], ["a"])
    reader = ma.RecordBatchReader.from_stream(ma.Table.from_batches([batch] * 3))
    first = next(reader)
    del array, batch, reader
    assert memory() is not None
    del first
    assert memory() is None


def test_iterators_are_let_go_of():
    class Batches:
        def __iter__(self):
            return self

        def __next__(self):
            raise StopIteration

    batches = Batches()
    gone = weakref.ref(batches)
    capsule = ma.RecordBatchReader.from_batches(ma.schema([]), batches).__arrow_c_stream__()
    del batches
    assert gone() is not None
    del capsule
    assert gone() is None


def test_memory_outlives_its_producer():
    pyarrow = pytest.importorskip("pyarrow")
    array, memory = watched()
    theirs = pyarrow.array(array)
    part = theirs.slice(3, 2)
    del array, theirs
    gc.collect()
    assert part.to_pylist() == [0, 0]
    assert memory() is not None
    back = ma.array(part)
    del part
    gc.collect()
    assert back.to_pylist() == [0, 0]
    del back
    gc.collect()
    assert memory() is None


def test_a_capsule_is_used_once():
    pair = ma.array([1]).__arrow_c_array__()
    ma.Array._import_from_c_capsule(*pair)
    with pytest.raises(ma.ArrowInvalid, match="used already"):
        ma.Array._import_from_c_capsule(*pair)


# ---- threads


def call_release_without_python(words, at):
    """The release callback of an ArrowArray, from a thread that holds no GIL (ctypes lets go)."""
    callback = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(words[at])
    callback(ctypes.addressof(words))


def test_release_from_any_thread():
    array, memory = watched()
    words = (ctypes.c_void_p * 10)()
    array._export_to_c(ctypes.addressof(words))
    del array
    thread = threading.Thread(target=call_release_without_python, args=(words, 8))
    thread.start()
    thread.join()
    gc.collect()
    assert memory() is None
    assert not words[8]


def test_many_threads_take_and_release():
    pyarrow = pytest.importorskip("pyarrow")
    batch = ma.record_batch({"a": list(range(1000)), "b": [str(i) for i in range(1000)]})
    failures = []

    def work():
        try:
            for _ in range(50):
                theirs = pyarrow.record_batch(batch)
                assert theirs.num_rows == 1000
                assert ma.record_batch(theirs).equals(batch)
                assert ma.table(batch.slice(5, 10)).num_rows == 10
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_many_threads_read_one_stream():
    batch = ma.record_batch({"a": [1]})
    batches = (batch for _ in range(400))
    capsule = ma._core.export_batch_stream(batches, batch.schema)
    _, stream = ma._core.import_batch_stream_from(capsule)
    seen, refused = [], []

    def work():
        while len(seen) < 400:
            try:
                for batch in stream:
                    seen.append(batch.num_rows)
            except RuntimeError as error:  # a generator is Python code, and not waited for
                refused.append(str(error))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(seen) == 400
    assert all("in use by another thread" in error for error in refused)


def test_a_stream_within_itself():
    """A producer that reads its own consumer is told so, and nothing waits for itself."""
    batch = ma.record_batch({"a": [1]})
    found = {}

    def batches():
        yield next(found["stream"])

    capsule = ma._core.export_batch_stream(batches(), batch.schema)
    _, found["stream"] = ma._core.import_batch_stream_from(capsule)
    with pytest.raises(ma.ArrowInvalid, match="from within a call of its own"):
        next(found["stream"])


# ---- the end of the interpreter, each in a process of its own


def run(code):
    result = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_what_is_alive_at_the_end():
    """Capsules, streams of iterators and arrays over Python memory."""
    run(
        """
        import minarrow as ma
        array = ma.Array.from_buffers(ma.int8(), 8, [None, ma.py_buffer(bytearray(8))])
        batch = ma.RecordBatch.from_arrays([array], ["a"])
        kept = [array.__arrow_c_array__(), batch.__arrow_c_stream__()]
        reader = ma.RecordBatchReader.from_batches(batch.schema, (b for b in [batch]))
        kept.append(reader.__arrow_c_stream__())
        kept.append(ma.RecordBatchReader.from_stream(ma.table(batch)))
        import builtins
        builtins.kept = kept
        """
    )


def test_pyarrow_lets_go_at_the_end():
    pytest.importorskip("pyarrow")
    run(
        """
        import pyarrow, minarrow as ma, atexit, builtins
        array = ma.Array.from_buffers(ma.int8(), 8, [None, ma.py_buffer(bytearray(8))])
        theirs = pyarrow.array(array)
        reader = pyarrow.RecordBatchReader.from_stream(
            ma.RecordBatchReader.from_batches(ma.schema([]), iter([])))
        builtins.kept = [theirs, reader, ma.array(pyarrow.array([1, 2, 3]))]
        del theirs, reader, array
        """
    )


@pytest.mark.skipif(sys.platform == "win32", reason="registers with the C library's exit")
def test_release_after_the_end():
    """A consumer that no interpreter knows of, and that outlives Python."""
    assert (
        run(
            """
            import ctypes, minarrow as ma
            array = ma.Array.from_buffers(ma.int8(), 8, [None, ma.py_buffer(bytearray(8))])
            words = (ctypes.c_void_p * 10)()
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(words))  # stays where it is
            array._export_to_c(ctypes.addressof(words))
            # called with the address when the process exits, long after Python has ended
            register = ctypes.CDLL(None).__cxa_atexit
            register(ctypes.c_void_p(words[8]), ctypes.c_void_p(ctypes.addressof(words)), None)
            print("done")
            """
        )
        == "done\n"
    )


def test_an_interpreter_that_ends_first():
    """Another interpreter's array and stream, used here, and let go of after its end."""
    pytest.importorskip("_interpreters")
    out = run(
        """
        import ctypes, sys, _interpreters
        import minarrow as ma
        array, stream = (ctypes.c_void_p * 10)(), (ctypes.c_void_p * 5)()
        there = _interpreters.create()
        code = '''if True:
            import sys
            sys.path[:] = {path!r}
            import minarrow as ma
            memory = ma.py_buffer(bytearray(8))
            ma.Array.from_buffers(ma.int8(), 8, [None, memory])._export_to_c({array})
            batches = (ma.record_batch({{"a": [i]}}) for i in range(3))
            reader = ma.RecordBatchReader.from_batches(ma.schema([("a", ma.int64())]), batches)
            reader._export_to_c({stream})
        '''.format(path=sys.path, array=ctypes.addressof(array), stream=ctypes.addressof(stream))
        error = _interpreters.exec(there, code)
        assert error is None, error
        here = ma.Array._import_from_c(ctypes.addressof(array), ma.int8())
        reader = ma.RecordBatchReader._import_from_c(ctypes.addressof(stream))
        print(here[7], next(reader).to_pydict(), next(reader).to_pydict())
        _interpreters.destroy(there)
        print(here[7])
        try:
            next(reader)
        except ma.ArrowInvalid as error:
            print(error)
        """
    )
    assert out.splitlines() == [
        "0 {'a': [0]} {'a': [1]}",
        "0",
        "the Python interpreter that this stream belongs to has ended",
    ]


# ---- what producers get wrong


class Wrong:
    def __init__(self, answer):
        self.answer = answer

    def __arrow_c_array__(self, requested_schema=None):
        return self.answer

    def __arrow_c_stream__(self, requested_schema=None):
        return self.answer


@pytest.mark.parametrize("answer", [None, (), (1, 2), [1, 2], (None, None, None)])
def test_no_capsules(answer):
    with pytest.raises(TypeError, match="capsule"):
        ma.array(Wrong(answer))
    with pytest.raises(TypeError, match="capsule"):
        ma.record_batch(Wrong(answer))
    with pytest.raises(TypeError, match="capsule"):
        ma.RecordBatchReader.from_stream(Wrong(answer))


def test_capsules_of_other_things():
    schema, array = ma.array([1]).__arrow_c_array__()
    for pair in [(array, schema), (schema, schema), (array, array)]:
        with pytest.raises(TypeError, match="no capsule named"):
            ma.array(Wrong(pair))
    with pytest.raises(TypeError, match="no capsule named 'arrow_array_stream'"):
        ma.RecordBatchReader.from_stream(Wrong(schema))
    number, _ = ma.array([1]).__arrow_c_array__()
    with pytest.raises(ma.ArrowInvalid):
        ma.array(Wrong((number, ma.array(["x"]).__arrow_c_array__()[1])))


def test_methods_that_raise():
    class Raises:
        def __arrow_c_array__(self, requested_schema=None):
            raise KeyError("mine")

        __arrow_c_stream__ = __arrow_c_array__

        def __arrow_c_schema__(self):
            raise KeyError("mine")

    for call in ma.array, ma.record_batch, ma.schema, ma.field, ma.chunked_array:
        with pytest.raises(KeyError, match="mine"):
            call(Raises())


# ---- leaks

BATCH = ma.record_batch({"a": [1, None], "b": ["x", "y"]})
TABLE = ma.table({"a": [1, None], "b": ["x", "y"]})
CHUNKS = ma.chunked_array([["a"], [None, "b"]])
OTHER = ma.schema([("a", ma.int64()), ("b", ma.string_view())])


def fail(kind, call):
    with pytest.raises(kind):
        call()


OPERATIONS = {
    "untaken array": lambda: BATCH.column(1).__arrow_c_array__(),
    "untaken batch": lambda: BATCH.__arrow_c_array__(),
    "untaken stream": lambda: TABLE.__arrow_c_stream__(),
    "untaken reader": lambda: TABLE.to_reader().__arrow_c_stream__(),
    "array": lambda: ma.array(Wrong(BATCH.column(1).__arrow_c_array__())),
    "batch": lambda: ma.record_batch(Wrong(BATCH.__arrow_c_array__())),
    "table": lambda: ma.RecordBatchReader.from_stream(TABLE).read_all(),
    "reader left early": lambda: ma.RecordBatchReader.from_stream(TABLE.to_reader()),
    "chunks": lambda: ma.chunked_array(Wrong(CHUNKS.__arrow_c_stream__())),
    "field": lambda: ma.Field._import_from_c_capsule(OTHER.field(1).__arrow_c_schema__()),
    "schema": lambda: ma.schema(BATCH),
    "request": lambda: BATCH.__arrow_c_array__(OTHER.__arrow_c_schema__()),
    "stream request": lambda: ma.RecordBatchReader.from_stream(TABLE, OTHER).read_all(),
    "no capsules": lambda: fail(TypeError, lambda: ma.array(Wrong((None, None)))),
    "no array": lambda: fail(
        ValueError,
        lambda: ma.Array._import_from_c_capsule(
            OTHER.__arrow_c_schema__(), CHUNKS.chunk(0).__arrow_c_array__()[1]
        ),
    ),
    "no schema": lambda: fail(
        ValueError, lambda: TABLE.__arrow_c_stream__(ma.schema([]).__arrow_c_schema__())
    ),
}


@pytest.mark.undisturbed
@pytest.mark.parametrize("operate", OPERATIONS.values(), ids=OPERATIONS)
def test_nothing_leaks(operate):
    stays_flat(operate)
