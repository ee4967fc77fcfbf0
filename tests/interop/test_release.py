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
