"""The module belongs to an interpreter, and goes with it."""

import copy
import gc
import importlib.util
import pickle
import subprocess
import sys
import sysconfig
import weakref

import pytest

import minarrow as ma

pytestmark = pytest.mark.thread_unsafe(reason="one thread at a time collects garbage")


def another_module():
    """The extension module made once more, as each interpreter makes its own."""
    spec = importlib.util.spec_from_file_location("minarrow._core", ma._core.__file__)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_each_has_types_and_errors_of_its_own():
    module = another_module()
    assert module is not ma._core
    assert module.Array is not ma._core.Array
    with pytest.raises(module.ArrowInvalid) as caught:
        module.StreamReader(b"no stream")
    assert not isinstance(caught.value, ma.ArrowInvalid)


# The first version of CPython without the GIL keeps modules and types once there were threads.
mortal = pytest.mark.skipif(
    bool(sysconfig.get_config_var("Py_GIL_DISABLED")) and sys.version_info < (3, 14),
    reason="this interpreter never lets go of a module",
)


@mortal
def test_it_goes_when_nobody_holds_it():
    module = another_module()
    assert module.array([1, None, 3]).to_pylist() == [1, None, 3]
    gone = weakref.ref(module)
    types = [weakref.ref(getattr(module, name)) for name in ("DataType", "Array", "StreamReader")]
    del module
    gc.collect()
    assert gone() is None
    assert [kind() for kind in types] == [None] * 3


@mortal
def test_a_value_keeps_it():
    module = another_module()
    value = module.array([1, None, 3])
    kind = value.type
    gone = weakref.ref(module)
    del module
    gc.collect()
    assert gone() is not None
    assert (value.to_pylist(), str(kind)) == ([1, None, 3], "int64")
    del value
    gc.collect()
    assert str(kind) == "int64"
    del kind
    gc.collect()
    assert gone() is None


def open_things(path):
    """One of each class that holds something open, or is in the midst of something."""
    batch = ma.RecordBatch.from_arrays([[1, 2]], ["a"])

    def written(new):
        sink = ma.BufferOutputStream()
        with new(sink, batch.schema) as writer:
            writer.write_batch(batch)
        return sink.getvalue()

    stream, file = written(ma.new_stream), written(ma.new_file)
    path.write_bytes(stream)
    _, batches = ma._core.import_batch_stream(ma.Table.from_batches([batch]))
    return [
        batches,
        ma.BufferReader(stream),
        ma.BufferOutputStream(),
        ma.memory_map(path),
        ma.OSFile(path),
        ma.open_stream(stream),
        ma.open_file(file),
        ma.new_stream(ma.BufferOutputStream(), batch.schema),
        ma.new_file(ma.BufferOutputStream(), batch.schema),
        ma.ipc.StreamDecoder(),
    ]


def test_what_is_open_is_not_pickled(tmp_path):
    for thing in open_things(tmp_path / "stream"):
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            with pytest.raises(TypeError):
                pickle.dumps(thing, protocol)
        with pytest.raises(TypeError):
            copy.copy(thing)


def test_values_that_come_too_late():
    """Where the interpreter has let go of its list of modules, and some of its code still runs."""
    code = """
import codecs
import os

import minarrow as ma


def leave(array=ma.array, write=os.write):
    class Late:
        def __del__(self):
            array([1, None, 3])
            write(1, b"converted")

    late = Late()
    codecs.register_error("late", lambda error: late)  # kept by the interpreter itself


leave()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "converted"), done.stderr
