"""No attribute of an object leaks, nor what operators and functions make of it: used well, wrongly,
and after the object was closed. A class without an object here fails.

MINARROW_SOAK=1 makes 100,000 rounds of each.
"""

import contextlib
import copy
import io
import pickle

import pytest
from memory.flat import LONG, ROUNDS, stays_flat
from memory.things import (
    BATCH,
    BOOLS,
    DENSE,
    FIELD,
    FILE,
    ITEMS,
    LISTS,
    MAP_ARRAY,
    MAPS,
    PAIRS,
    PATH,
    PEOPLE,
    RUNS,
    SCHEMA,
    SPARSE,
    STREAM,
    TABLE,
    TENSORS,
    TEXT,
    VALUES,
    VIEWS,
    WORD,
    WORD_ARRAY,
    WORDS,
)

import minarrow as ma

try:
    import numpy
except ImportError:
    numpy = None


def error_of(data):
    """What is raised by data that breaks off."""
    try:
        ma.open_stream(data).read_all()
    except ma.ArrowInvalid as error:
        return error.with_traceback(None)
    raise AssertionError("nothing was wrong")


def reader_of_stats():
    reader = ma.open_stream(STREAM)
    reader.read_all()
    return reader.stats


def writer_of_stats():
    with ma.new_stream(ma.BufferOutputStream(), SCHEMA) as writer:
        writer.write_batch(BATCH)
    return writer.stats


# Things that stay as they are whatever is done.
OBJECTS = {
    "Array": VALUES,
    "text": TEXT,
    "list array": LISTS,
    "struct array": PEOPLE,
    "sparse union": SPARSE,
    "dense union": DENSE,
    "runs": RUNS,
    "map array": MAP_ARRAY,
    "list view": VIEWS,
    "large list": ma.array([[1], None], ma.large_list(ma.int64())),
    "large list view": ma.array([[1], None], ma.large_list_view(ma.int64())),
    "fixed-size list": PAIRS,
    "moments": ma.array([1, None], ma.timestamp("us", "UTC")),
    "decimals": ma.array([1, None], ma.decimal128(5, 2)),
    "DictionaryArray": WORDS,
    "ExtensionArray": WORD_ARRAY,
    "Bool8Array": BOOLS,
    "FixedShapeTensorArray": TENSORS,
    "Scalar": VALUES[0],
    "list scalar": LISTS[0],
    "struct scalar": PEOPLE[0],
    "union scalar": DENSE[0],
    "map scalar": MAP_ARRAY[0],
    "dictionary scalar": WORDS[0],
    "ExtensionScalar": WORD_ARRAY[0],
    "Buffer": ma.py_buffer(b"some bytes"),
    "DataType": ma.timestamp("us", "UTC"),
    "list type": ITEMS,
    "map type": MAPS,
    "struct type": PEOPLE.type,
    "union type": DENSE.type,
    "dictionary type": WORDS.type,
    "runs' type": RUNS.type,
    "decimal type": ma.decimal128(5, 2),
    "ExtensionType": WORD,
    "Bool8Type": ma.bool8(),
    "FixedShapeTensorType": TENSORS.type,
    "JsonType": ma.json_(),
    "OpaqueType": ma.opaque(ma.int8(), "t", "v"),
    "UuidType": ma.uuid(),
    "Field": FIELD,
    "Schema": SCHEMA,
    "RecordBatch": BATCH,
    "Table": TABLE,
    "ChunkedArray": TABLE.column(0),
    "FileReader": ma.open_file(FILE),
    "BufferReader": ma.BufferReader(STREAM),
    "MonthDayNano": ma.MonthDayNano((1, 2, 3)),
    "IpcReadOptions": ma.ipc.IpcReadOptions(max_fields=9, included_fields=[0]),
    "IpcWriteOptions": ma.ipc.IpcWriteOptions(compression=None),
    "ReadStats": reader_of_stats(),
    "WriteStats": writer_of_stats(),
    "error": error_of(STREAM[:-100]),
}
# Things that are read or closed once: each round has one of its own.
MADE = {
    "StreamReader": lambda: ma.open_stream(STREAM),
    "StreamReader of an object": lambda: ma.open_stream(io.BytesIO(STREAM)),
    "StreamReader of columns": lambda: ma.open_stream(io.BytesIO(STREAM), columns=["t"]),
    "FileReader that ends": lambda: ma.open_file(FILE),
    "FileReader of an object": lambda: ma.open_file(io.BytesIO(FILE)),
    "StreamWriter": lambda: ma.new_stream(ma.BufferOutputStream(), BATCH.schema),
    "StreamWriter to an object": lambda: ma.new_stream(io.BytesIO(), BATCH.schema),
    "FileWriter": lambda: ma.new_file(ma.BufferOutputStream(), BATCH.schema),
    "RecordBatchReader": lambda: ma.RecordBatchReader.from_batches(BATCH.schema, [BATCH]),
    "StreamDecoder": ma.ipc.StreamDecoder,
    "BufferReader that ends": lambda: ma.BufferReader(STREAM),
    "BufferOutputStream": ma.BufferOutputStream,
    "OSFile": lambda: ma.OSFile(PATH),
    "OSFile to write": lambda: ma.OSFile(PATH + "o", "w"),
    "MemoryMappedFile": lambda: ma.memory_map(PATH),
}
CAPSULES = ["__arrow_c_schema__", "__arrow_c_array__", "__arrow_c_stream__"]
CONTEXT = ["__enter__", "__exit__", "__next__"]
# arguments of methods that want some; where objects differ, the first that is taken counts
ARGUMENTS = {
    "equals": [(VALUES,), (VALUES[0],), (FIELD,), (SCHEMA,), (BATCH,), (TABLE,), (b"x",)],
    "field": [(0,)],
    "column": [(0,)],
    "chunk": [(0,)],
    "select": [(["n"],)],
    "add_column": [(0, "z", VALUES), (0, "z", [[1] * 6])],
    "append_column": [("z", VALUES), ("z", [[1] * 6])],
    "set_column": [(0, "z", VALUES), (0, "z", [[1] * 6])],
    "remove_column": [(0,)],
    "drop_columns": [(["n"],)],
    "drop": [(["n"],)],
    "rename_columns": [(["x", "y"],)],
    "with_metadata": [({"a": "b"},)],
    "replace_schema_metadata": [({"a": "b"},)],
    "with_name": [("b",)],
    "with_nullable": [(False,)],
    "with_type": [(ma.int16(),)],
    "append": [(FIELD,)],
    "insert": [(0, FIELD)],
    "set": [(0, FIELD)],
    "remove": [(0,)],
    "get_field_index": [("n",)],
    "get_all_field_indices": [("n",)],
    "get_batch": [(0,)],
    "get_record_batch": [(0,)],
    "get_batch_with_custom_metadata": [(0,)],
    "read": [(2,)],
    "read1": [(2,)],
    "read_at": [(2, 0)],
    "readinto": [(bytearray(2),)],
    "seek": [(0,)],
    "to_numpy": [(), (False,)],
    "value_to_python": [("x",), (1,), (b"x" * 16,)],
    "wrap_array": [(TEXT,)],
    "write": [(BATCH,), (TABLE,), (b"x",)],
    "write_batch": [(BATCH,), (BATCH, {"k": "v"})],
    "write_table": [(TABLE,)],
    "writelines": [([b"x", b"y"],)],
    "feed": [(STREAM,), (b"nonsense" * 2,)],
    "__exit__": [(None, None, None)],
    "with_traceback": [(None,)],
    "add_note": [],  # an error keeps its notes
    "index": [(1,)],
    "count": [(1,)],
}
# what ends an object that is kept
ENDS = {"close"}


def pickled(thing):
    return pickle.loads(pickle.dumps(thing))


def item(key):
    def get_item(thing):
        return thing[key]

    return get_item


def equal(thing):
    return (thing == thing, thing != thing, thing == 5)


def smaller(thing):
    return thing < thing


def holds(thing):
    return "n" in thing


def memory(thing):
    return bytes(memoryview(thing))


def as_numpy(thing):
    return numpy.asarray(thing)


def attribute_unset(thing):
    thing.no_such_attribute = 1


def taken(thing):
    """What comes of the thing where another library's could have been given."""
    for take in (ma.array, ma.chunked_array, ma.record_batch, ma.table, ma.schema, ma.field):
        suppressed(take, thing)


FUNCTIONS = {
    **{function.__name__: function for function in (str, repr, hash, len, list, bool, pickled)},
    **{function.__name__: function for function in (equal, smaller, holds, memory, taken)},
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "numpy": as_numpy,
    "assigned": attribute_unset,
    "item 0": item(0),
    "item -1": item(-1),
    "item 'n'": item("n"),
    "items [::2]": item(slice(None, None, 2)),
    "no item": item(99),
    "nonsense as item": item(object()),
}


def suppressed(function, *arguments):
    """A result, or nothing where it is refused."""
    with contextlib.suppress(Exception):
        return function(*arguments)


def names_of(thing):
    """All public attributes, and those with underscores that mean something here."""
    names = [name for name in dir(thing) if not name.startswith("_")]
    names = [name for name in names if not name.startswith("from_")]  # test_leaks_names.py
    return names + [name for name in CAPSULES + CONTEXT if hasattr(type(thing), name)]


def use(thing, name):
    """Use the attribute well, if it can be, and wrongly."""
    attribute = suppressed(getattr, thing, name)
    if not callable(attribute) or isinstance(attribute, type):
        return
    for arguments in ARGUMENTS.get(name, [()]):
        suppressed(attribute, *arguments)
    suppressed(attribute, object(), object(), object(), object())


@contextlib.contextmanager
def ended(thing):
    """Closes it in the end, if it can be."""
    yield thing
    for name in ("close", "finish"):
        if hasattr(thing, name):
            suppressed(getattr(thing, name))


def use_to_the_end(make, name):
    """Use an attribute of a thing of its own, close that, and use it once more."""
    with ended(make()) as thing:
        use(thing, name)
    use(thing, name)


def rounds_of(name):
    """As many as make a leak visible; where pandas works, few take long."""
    return ROUNDS if LONG else ROUNDS // 10 if "pandas" in name else ROUNDS // 4


def kept():
    for kind, thing in OBJECTS.items():
        for name in names_of(thing):
            if name not in ENDS:
                yield pytest.param(thing, name, id=f"{kind}.{name}")


def made():
    for kind, make in MADE.items():
        with ended(make()) as thing:
            names = names_of(thing)
        for name in names:
            yield pytest.param(make, name, id=f"{kind}.{name}")


@pytest.mark.undisturbed
@pytest.mark.parametrize("thing, name", list(kept()))
def test_attributes(thing, name):
    if "pandas" in name:
        pytest.importorskip("pandas")
    stays_flat(lambda: use(thing, name), [thing], rounds_of(name))


@pytest.mark.undisturbed
@pytest.mark.parametrize("make, name", list(made()))
def test_attributes_of_what_ends(make, name):
    if "pandas" in name:
        pytest.importorskip("pandas")
    stays_flat(lambda: use_to_the_end(make, name), [BATCH, SCHEMA, TABLE], rounds_of(name))


@pytest.mark.undisturbed
@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("kind", OBJECTS)
def test_functions(kind, function):
    thing, call = OBJECTS[kind], FUNCTIONS[function]
    if function == "numpy":
        pytest.importorskip("numpy")
    stays_flat(lambda: suppressed(call, thing), [thing], rounds_of(function))


@contextlib.contextmanager
def every_thing():
    with contextlib.ExitStack() as stack:
        made = [stack.enter_context(ended(make())) for make in MADE.values()]
        yield [*OBJECTS.values(), *made]


@pytest.mark.parametrize("name", ARGUMENTS)
def test_arguments_are_taken(name):
    """Rounds that only fail would find nothing."""
    wants = ARGUMENTS[name]
    taken = 0
    with every_thing() as things:
        for thing in things:
            for arguments in wants if hasattr(thing, name) else []:
                with contextlib.suppress(TypeError, ValueError, KeyError, IndexError, OSError):
                    getattr(thing, name)(*arguments)
                    taken += 1
    assert taken or not wants


def test_every_class_has_an_object():
    classes = [getattr(module, name) for module in (ma, ma.ipc) for name in dir(module)]
    classes = {kind for kind in classes if isinstance(kind, type)}
    classes = {kind for kind in classes if not issubclass(kind, Exception)}
    with every_thing() as things:
        missing = {kind for kind in classes if not any(isinstance(thing, kind) for thing in things)}
    assert missing == {ma.ipc.MetadataVersion}  # which only names numbers
