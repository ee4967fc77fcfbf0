"""Release callbacks, called by whoever has the struct: any thread, with Python's lock or not."""

import ctypes
import gc
import sys
import threading
import weakref

import pytest

import minarrow as ma

# where the callback stands among the words of each struct (CDataInterface.rst)
ARRAY, SCHEMA, STREAM = 8, 7, 3


class Memory(bytearray):
    """Bytes of which one can see that they are gone."""


def array_over(memory):
    return ma.Array.from_buffers(ma.int8(), len(memory), [None, ma.py_buffer(memory)])


def export_array(words):
    memory = Memory(64)
    nested = ma.ListArray.from_arrays(ma.array([0, 64], ma.int32()), array_over(memory))
    nested._export_to_c(words)
    return memory


def export_batch(words):
    memory = Memory(64)
    batch = ma.RecordBatch.from_arrays([array_over(memory), array_over(memory)], ["a", "b"])
    batch._export_to_c(words)
    return memory


def export_stream(words):
    """Of a generator, which is closed and let go of."""
    memory = Memory(64)

    def batches(memory):
        yield ma.RecordBatch.from_arrays([array_over(memory)], ["a"])

    schema = ma.schema([("a", ma.int8())])
    ma.RecordBatchReader.from_batches(schema, batches(memory))._export_to_c(words)
    return memory


def call(word, words):
    """From Python, whose ctypes lets go of the lock."""
    ctypes.CFUNCTYPE(None, ctypes.c_void_p)(word)(words)


def call_with_lock(word, words):
    ctypes.PYFUNCTYPE(None, ctypes.c_void_p)(word)(words)


def call_in_thread(word, words):
    """From a thread that Python started."""
    thread = threading.Thread(target=call, args=(word, words))
    thread.start()
    thread.join()


def call_in_thread_with_lock(word, words):
    thread = threading.Thread(target=call_with_lock, args=(word, words))
    thread.start()
    thread.join()


def call_in_foreign_thread(word, words):
    """From a thread of the system's, of which Python has never heard."""
    library = ctypes.CDLL(None)
    thread = ctypes.c_ulong()
    # what it is called with is the struct; what it would return, nobody looks at
    started = library.pthread_create(
        ctypes.byref(thread), None, ctypes.c_void_p(word), ctypes.c_void_p(words)
    )
    assert started == 0
    assert library.pthread_join(thread, None) == 0


CALLERS = [call, call_with_lock, call_in_thread, call_in_thread_with_lock]
if sys.platform != "win32":
    CALLERS.append(call_in_foreign_thread)
EXPORTS = [(export_array, ARRAY), (export_batch, ARRAY), (export_stream, STREAM)]


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("export, at", EXPORTS)
def test_memory_is_let_go_of(export, at, caller):
    words = (ctypes.c_void_p * 10)()
    address = ctypes.addressof(words)
    memory = weakref.ref(export(address))
    gc.collect()
    assert memory() is not None and words[at]
    caller(words[at], address)
    gc.collect()
    assert memory() is None
    assert not words[at]


@pytest.mark.parametrize("caller", CALLERS)
def test_schemas_are_let_go_of(caller):
    words = (ctypes.c_void_p * 9)()
    field = ma.field("a", ma.list_(ma.dictionary(ma.int8(), ma.string())), metadata={"k": "v"})
    ma.schema([field, field])._export_to_c(ctypes.addressof(words))
    assert words[SCHEMA]
    caller(words[SCHEMA], ctypes.addressof(words))
    assert not words[SCHEMA]


@pytest.mark.parametrize("kind", [ma.Array, ma.RecordBatch])
def test_an_array_whose_schema_is_refused_is_released(kind):
    """As in pyarrow, which takes over both."""
    array, schema = (ctypes.c_void_p * 10)(), (ctypes.c_void_p * 9)()
    (export_array if kind is ma.Array else export_batch)(ctypes.addressof(array))
    ma.schema([])._export_to_c(ctypes.addressof(schema))
    schema[0] = ctypes.cast(ctypes.c_char_p(b"no format"), ctypes.c_void_p)
    with pytest.raises(ma.ArrowInvalid, match="no format"):
        kind._import_from_c(ctypes.addressof(array), ctypes.addressof(schema))
    assert not array[ARRAY] and not schema[SCHEMA]


def test_what_is_being_released_is_taken_already():
    """Where the release runs code that asks for the same struct again."""
    words = (ctypes.c_void_p * 9)()
    address = ctypes.addressof(words)
    ma.schema([("a", ma.int8())])._export_to_c(address)
    release = ctypes.PYFUNCTYPE(None, ctypes.c_void_p)(words[SCHEMA])
    errors = []

    @ctypes.PYFUNCTYPE(None, ctypes.c_void_p)
    def ask_again(struct):
        try:
            errors.append(len(errors) == 0 and ma.Schema._import_from_c(address))
        except ma.ArrowInvalid as error:
            errors.append(str(error))
            release(struct)

    words[SCHEMA] = ctypes.cast(ask_again, ctypes.c_void_p)
    assert ma.Schema._import_from_c(address).names == ["a"]
    assert errors == ["the ArrowSchema was released, or used already"]


@pytest.mark.parametrize("caller", CALLERS)
def test_what_others_lend_is_given_back(pyarrow, caller):
    """An array of pyarrow's over memory of Python's, which was lent to us and by us."""
    memory = Memory(64)
    theirs = pyarrow.Array.from_buffers(pyarrow.int8(), 64, [None, pyarrow.py_buffer(memory)])
    watched = weakref.ref(memory)
    words = (ctypes.c_void_p * 10)()
    ma.array(theirs)._export_to_c(ctypes.addressof(words))
    del memory, theirs
    gc.collect()
    assert watched() is not None
    caller(words[ARRAY], ctypes.addressof(words))
    gc.collect()
    assert watched() is None


@pytest.mark.parametrize("caller", CALLERS)
def test_children_that_were_moved_live_on(caller):
    """A child may be taken out of its parent, and is released on its own."""
    words = (ctypes.c_void_p * 10)()
    memory = weakref.ref(export_batch(ctypes.addressof(words)))
    children = ctypes.cast(words[6], ctypes.POINTER(ctypes.c_void_p))  # behind the five numbers
    child = ctypes.cast(children[0], ctypes.POINTER(ctypes.c_void_p * 10)).contents
    moved = (ctypes.c_void_p * 10)(*child)
    child[ARRAY] = None
    caller(words[ARRAY], ctypes.addressof(words))
    gc.collect()
    assert memory() is not None and moved[ARRAY]
    caller(moved[ARRAY], ctypes.addressof(moved))
    gc.collect()
    assert memory() is None


# ---- callbacks that are Python code, while an exception is on its way


class Producer:
    """C structs whose `release` is a function of Python's, which counts its calls."""

    def __init__(self):
        self.calls = 0
        self.kept = []

    def callback(self, at):
        kind = ctypes.CFUNCTYPE(None, ctypes.POINTER(ctypes.c_void_p))

        def release(words):
            self.calls += len([1 for _ in range(1)])  # more than a call of C
            words[at] = None

        self.kept.append(kind(release))
        return ctypes.cast(self.kept[-1], ctypes.c_void_p)

    def struct(self, *words):
        self.kept.append((ctypes.c_void_p * len(words))(*words))
        return ctypes.addressof(self.kept[-1])

    def array(self):
        data = (ctypes.c_int64 * 3)(1, 2, 3)
        buffers = (ctypes.c_void_p * 2)(None, ctypes.addressof(data))
        self.kept += [data, buffers]
        address = ctypes.addressof(buffers)
        words = self.struct(3, 0, 0, 2, 0, address, None, None, self.callback(ARRAY), None)
        return ma.Array._import_from_c(words, ma.int64())

    def schema(self, format_):
        self.kept.append(ctypes.create_string_buffer(format_))
        address = ctypes.addressof(self.kept[-1])
        return self.struct(address, address, None, 0, 0, None, None, self.callback(SCHEMA), None)

    def stream(self):
        """One that fails at once."""
        kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
        self.kept.append(kind(lambda stream, out: 5))
        fail = ctypes.cast(self.kept[-1], ctypes.c_void_p)
        kind = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)
        self.kept.append(kind(lambda stream: None))
        say = ctypes.cast(self.kept[-1], ctypes.c_void_p)
        return self.struct(fail, fail, say, self.callback(STREAM), None)


@pytest.mark.parametrize(
    "use",
    [
        lambda make: [make(), 1 / 0],
        lambda make: [make().buffers()[1], 1 / 0],
        lambda make: [make()[1], 1 / 0],
        lambda make: [ma.RecordBatch.from_arrays([make()], ["a"]), 1 / 0],
        lambda make: [make().__arrow_c_array__(), 1 / 0],
        lambda make: [ma.table({"a": make()}).__arrow_c_stream__(), 1 / 0],
    ],
)
def test_the_last_that_holds_an_array_is_on_the_stack_of_a_call_that_fails(use):
    producer = Producer()
    with pytest.raises(ZeroDivisionError):
        use(producer.array)
    assert producer.calls == 1


@pytest.mark.parametrize("kind", [ma.Field, ma.Schema, ma.DataType])
def test_a_schema_that_is_refused(kind):
    producer = Producer()
    with pytest.raises(ma.ArrowInvalid, match="nonsense"):
        kind._import_from_c(producer.schema(b"nonsense"))
    assert producer.calls == 1


def test_a_stream_that_fails():
    producer = Producer()
    capsule = ctypes.pythonapi.PyCapsule_New
    capsule.restype = ctypes.py_object
    capsule.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]

    class Streaming:
        def __arrow_c_stream__(self, requested_schema=None):
            return capsule(producer.stream(), b"arrow_array_stream", None)

    with pytest.raises(OSError, match="failed with error 5"):
        ma.array(Streaming())
    assert producer.calls == 1
    with pytest.raises(OSError, match="failed with error 5"):
        ma.RecordBatchReader.from_stream(Streaming())
    assert producer.calls == 2
