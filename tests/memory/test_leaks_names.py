"""No public name leaks, nor an attribute of an object: what is new and has no round here fails.

MINARROW_SOAK=1 makes 100,000 rounds of each.
"""

import contextlib
import os
import tempfile

import pytest
from memory.flat import ROUNDS, stays_flat

import minarrow as ma

VALUES = ma.array([1, None, 3])
TEXT = ma.array(["a", None, "ccc"])
LISTS = ma.array([[1], None, [2, 3]])
PEOPLE = ma.array([{"a": 1, "b": "x"}, None, {"a": None, "b": "y"}])
WORDS = ma.DictionaryArray.from_arrays([0, None, 1], ["a", "b"])
BATCH = ma.RecordBatch.from_arrays([VALUES, TEXT], ["n", "t"])
TABLE = ma.Table.from_batches([BATCH, BATCH])
SCHEMA = BATCH.schema.with_metadata({"k": "v"})
FIELD = ma.field("a", ma.int8(), metadata={"k": "v"})
ITEMS = ma.list_(ma.int64())
MAPS = ma.map_(ma.string(), ma.int64())
PATH = os.path.join(tempfile.mkdtemp(prefix="minarrow-leaks-"), "file")


def written(new, sink=None):
    sink = ma.BufferOutputStream() if sink is None else sink
    with new(sink, BATCH.schema) as writer:
        writer.write_batch(BATCH)
    return sink


STREAM = written(ma.new_stream).getvalue().to_pybytes()
FILE = written(ma.new_file).getvalue().to_pybytes()
written(ma.new_file, PATH)


class Word(ma.ExtensionType):
    def __init__(self):
        super().__init__(ma.string(), "test.leaks.word")

    def __arrow_ext_serialize__(self):
        return b""

    @classmethod
    def __arrow_ext_deserialize__(cls, storage_type, serialized):
        return cls()


WORD = Word()
WORD_ARRAY = ma.ExtensionArray.from_storage(WORD, TEXT)
TENSOR = ma.fixed_shape_tensor(ma.int8(), [2])
TENSORS = ma.ExtensionArray.from_storage(TENSOR, ma.array([[1, 2]], TENSOR.storage_type))
BOOLS = ma.ExtensionArray.from_storage(ma.bool8(), ma.array([1, 0], ma.int8()))


def raised(kind):
    with contextlib.suppress(ma.ArrowException):
        raise kind("x")


def register():
    ma.register_extension_type(WORD)
    try:
        return ma.field("x", ma.string(), metadata={"ARROW:extension:name": "test.leaks.word"}).type
    finally:
        ma.unregister_extension_type("test.leaks.word")


def refused(call):
    with pytest.raises((ValueError, TypeError, OSError)):
        call()


def both(call, wrong):
    """A call that works and one that fails: both give back what they took."""

    def tried():
        call()
        try:
            wrong()
        except (ValueError, TypeError, OSError, KeyError, IndexError, AttributeError):
            return
        raise AssertionError("nothing was wrong")

    return tried


def plain(name):
    """A function that makes a type, without arguments and with some that it does not take."""
    make = getattr(ma, name)
    return both(make, lambda: make(object(), object(), object(), object()))


PLAIN = ["binary", "binary_view", "bool8", "bool_", "date32", "date64", "day_time_interval"]
PLAIN += ["float16", "float32", "float64", "int16", "int32", "int64", "int8", "json_"]
PLAIN += ["large_binary", "large_string", "large_utf8", "month_day_nano_interval"]
PLAIN += ["month_interval", "null", "string", "string_view", "uint16", "uint32", "uint64"]
PLAIN += ["uint8", "utf8", "uuid"]
ERRORS = [name for name in dir(ma) if name.startswith("Arrow")]
DECIMALS = ["decimal32", "decimal64", "decimal128", "decimal256"]
UNIT = ["time64", "timestamp", "duration"]
LIST_TYPES = ["list_", "large_list", "list_view", "large_list_view"]
WRITERS = ["RecordBatchStreamWriter", "StreamWriter", "new_stream"]
WRITERS += ["RecordBatchFileWriter", "FileWriter", "new_file"]
UNIONS = [ma.field("i", ma.int8()), ma.field("s", ma.string())]


def call_class(name):
    return getattr(ma, name)(object(), object(), object(), object(), object(), object())


# What each public name does, once well and once not.
NAMES = {
    **{name: plain(name) for name in PLAIN},
    **{name: lambda name=name: raised(getattr(ma, name)) for name in ERRORS},
    **{
        name: both(
            lambda name=name: getattr(ma, name)(5, 2), lambda name=name: getattr(ma, name)(99)
        )
        for name in DECIMALS
    },
    **{
        name: both(
            lambda name=name: getattr(ma, name)("us"), lambda name=name: getattr(ma, name)("x")
        )
        for name in UNIT
    },
    **{
        name: both(
            lambda name=name: getattr(ma, name)(ma.int8()), lambda name=name: getattr(ma, name)(5)
        )
        for name in LIST_TYPES
    },
    "Array": both(lambda: ma.Array.from_buffers(ma.int8(), 0, [None, None]), ma.Array),
    "Buffer": both(lambda: ma.py_buffer(b"x").slice(0), ma.Buffer),
    "DataType": both(lambda: ma.timestamp("s", "UTC").tz, ma.DataType),
    "Field": both(lambda: FIELD.with_name("b"), ma.Field),
    "Schema": both(lambda: SCHEMA.remove_metadata(), ma.Schema),
    "Scalar": both(lambda: VALUES[0].as_py(), ma.Scalar),
    "RecordBatch": both(lambda: BATCH.slice(1), ma.RecordBatch),
    "Table": both(lambda: TABLE.slice(1), lambda: ma.Table.from_arrays([[1]], ["a", "b"])),
    "ChunkedArray": both(lambda: TABLE.column(0).slice(1), lambda: TABLE.column(0)[99]),
    "MonthDayNano": both(lambda: ma.MonthDayNano((1, 2, 3)), lambda: ma.MonthDayNano((1,))),
    "NativeFile": both(lambda: ma.input_stream(b"x").read(), ma.NativeFile),
    "BufferReader": both(lambda: ma.BufferReader(STREAM), lambda: ma.BufferReader(5)),
    "BufferOutputStream": both(
        lambda: ma.BufferOutputStream().write(b"x"), lambda: ma.BufferOutputStream().write(5)
    ),
    "MemoryMappedFile": both(lambda: ma.memory_map(PATH).close(), ma.MemoryMappedFile),
    "OSFile": both(lambda: ma.OSFile(PATH).close(), lambda: ma.OSFile(PATH + "x")),
    "memory_map": both(lambda: ma.memory_map(PATH).read(9), lambda: ma.memory_map(PATH + "x")),
    "input_stream": both(lambda: ma.input_stream(PATH).close(), lambda: ma.input_stream(5)),
    "output_stream": both(
        lambda: ma.output_stream(PATH + "o").close(), lambda: ma.output_stream(5)
    ),
    "py_buffer": both(lambda: ma.py_buffer(b"x"), lambda: ma.py_buffer(5)),
    "array": both(lambda: ma.array([1, None]), lambda: ma.array([1, "x"])),
    "nulls": both(lambda: ma.nulls(3, ma.int8()), lambda: ma.nulls(-1)),
    "repeat": both(lambda: ma.repeat("x", 3), lambda: ma.repeat(object(), 3)),
    "scalar": both(lambda: ma.scalar(1), lambda: ma.scalar("x", ma.int8())),
    "schema": both(lambda: ma.schema([FIELD]), lambda: ma.schema([5])),
    "field": both(lambda: ma.field("a", ma.int8()), lambda: ma.field("a", 5)),
    "type_for_alias": both(lambda: ma.type_for_alias("int8"), lambda: ma.type_for_alias("x")),
    "concat_arrays": both(
        lambda: ma.concat_arrays([VALUES, VALUES]), lambda: ma.concat_arrays([VALUES, TEXT])
    ),
    "concat_batches": both(
        lambda: ma.concat_batches([BATCH, BATCH]), lambda: ma.concat_batches([BATCH, 5])
    ),
    "concat_tables": both(
        lambda: ma.concat_tables([TABLE, TABLE]), lambda: ma.concat_tables([TABLE, 5])
    ),
    "record_batch": both(lambda: ma.record_batch({"a": [1]}), lambda: ma.record_batch(5)),
    "table": both(lambda: ma.table({"a": [1]}), lambda: ma.table(5)),
    "chunked_array": both(lambda: ma.chunked_array([[1], [2]]), lambda: ma.chunked_array(5)),
    "struct": both(lambda: ma.struct([FIELD]), lambda: ma.struct(5)),
    "map_": both(lambda: ma.map_(ma.string(), ma.int8()), lambda: ma.map_(5, 5)),
    "dictionary": both(lambda: ma.dictionary("int8", "string"), lambda: ma.dictionary(5, 5)),
    "dense_union": both(lambda: ma.dense_union(UNIONS), lambda: ma.dense_union(5)),
    "sparse_union": both(lambda: ma.sparse_union(UNIONS), lambda: ma.sparse_union(5)),
    "union": both(lambda: ma.union(UNIONS, "dense"), lambda: ma.union(UNIONS, "x")),
    "run_end_encoded": both(
        lambda: ma.run_end_encoded(ma.int16(), ma.string()), lambda: ma.run_end_encoded(5, 5)
    ),
    "time32": both(lambda: ma.time32("s"), lambda: ma.time32("ns")),
    "fixed_shape_tensor": both(
        lambda: ma.fixed_shape_tensor(ma.int8(), [2, 3]), lambda: ma.fixed_shape_tensor(5, 5)
    ),
    "opaque": both(lambda: ma.opaque(ma.int8(), "t", "v"), lambda: ma.opaque(5, 5, 5)),
    "register_extension_type": both(register, lambda: ma.register_extension_type(5)),
    "unregister_extension_type": both(register, lambda: ma.unregister_extension_type("none")),
    "ExtensionType": both(Word, lambda: ma.ExtensionType(5, 5)),
    "ExtensionArray": both(
        lambda: ma.ExtensionArray.from_storage(WORD, TEXT),
        lambda: ma.ExtensionArray.from_storage(WORD, VALUES),
    ),
    "ExtensionScalar": both(lambda: WORD_ARRAY[0].as_py(), ma.ExtensionScalar),
    "Bool8Type": both(ma.Bool8Type, lambda: call_class("Bool8Type")),
    "Bool8Array": both(lambda: BOOLS.slice(1).to_pylist(), lambda: call_class("Bool8Array")),
    "FixedShapeTensorType": both(
        lambda: ma.FixedShapeTensorType(ma.int8(), [2]), lambda: call_class("FixedShapeTensorType")
    ),
    "FixedShapeTensorArray": both(
        lambda: TENSORS.slice(0).to_pylist(), lambda: call_class("FixedShapeTensorArray")
    ),
    "JsonType": both(ma.JsonType, lambda: call_class("JsonType")),
    "UuidType": both(ma.UuidType, lambda: call_class("UuidType")),
    "OpaqueType": both(
        lambda: ma.OpaqueType(ma.int8(), "t", "v"), lambda: call_class("OpaqueType")
    ),
    "DictionaryArray": both(
        lambda: ma.DictionaryArray.from_arrays([0], ["a"]),
        lambda: ma.DictionaryArray.from_arrays([7], ["a"]),
    ),
    "FixedSizeListArray": both(
        lambda: ma.FixedSizeListArray.from_arrays([1, 2], 2),
        lambda: ma.FixedSizeListArray.from_arrays([1, 2, 3], 2),
    ),
    **{
        name: both(
            lambda name=name: getattr(ma, name).from_arrays([0, 1], [5]),
            lambda name=name: getattr(ma, name).from_arrays([0, 9], [5]),
        )
        for name in ["ListArray", "LargeListArray"]
    },
    **{
        name: both(
            lambda name=name: getattr(ma, name).from_arrays([0], [1], [5]),
            lambda name=name: getattr(ma, name).from_arrays([9], [1], [5]),
        )
        for name in ["ListViewArray", "LargeListViewArray"]
    },
    "MapArray": both(
        lambda: ma.MapArray.from_arrays([0, 1], ["k"], [5]),
        lambda: ma.MapArray.from_arrays([0, 9], ["k"], [5]),
    ),
    "RunEndEncodedArray": both(
        lambda: ma.RunEndEncodedArray.from_arrays([2], ["a"]),
        lambda: ma.RunEndEncodedArray.from_arrays([-2], ["a"]),
    ),
    "StructArray": both(
        lambda: ma.StructArray.from_arrays([[1]], ["a"]),
        lambda: ma.StructArray.from_arrays([[1], [1, 2]], ["a", "b"]),
    ),
    "UnionArray": both(
        lambda: ma.UnionArray.from_sparse(ma.array([0], ma.int8()), [ma.array([1])]),
        lambda: ma.UnionArray.from_sparse(ma.array([9], ma.int8()), [ma.array([1])]),
    ),
    "RecordBatchReader": both(
        lambda: ma.RecordBatchReader.from_batches(BATCH.schema, [BATCH]).read_all(),
        lambda: ma.RecordBatchReader.from_stream(5),
    ),
    **{
        name: both(
            lambda name=name: list(getattr(ma, name)(STREAM)),
            lambda name=name: getattr(ma, name)(FILE),
        )
        for name in ["RecordBatchStreamReader", "StreamReader", "open_stream"]
    },
    **{
        name: both(
            lambda name=name: getattr(ma, name)(FILE).get_batch(0),
            lambda name=name: getattr(ma, name)(STREAM),
        )
        for name in ["RecordBatchFileReader", "FileReader", "open_file"]
    },
    **{
        name: both(
            lambda name=name: written(getattr(ma, name)),
            lambda name=name: getattr(ma, name)(5000, BATCH.schema),
        )
        for name in WRITERS
    },
}

PUBLIC = {
    name
    for name in dir(ma)
    if not name.startswith("_") and type(getattr(ma, name)).__name__ != "module"
}


def test_every_public_name_has_a_round():
    assert sorted(PUBLIC ^ set(NAMES)) == []


@pytest.mark.undisturbed
@pytest.mark.parametrize("name", NAMES)
def test_names(name):
    stays_flat(NAMES[name], [BATCH, VALUES, TEXT, SCHEMA, FIELD, TABLE, STREAM, FILE])


# ---- the attributes of objects ----

OBJECTS = {
    "Array": VALUES,
    "list array": LISTS,
    "struct array": PEOPLE,
    "DictionaryArray": WORDS,
    "ExtensionArray": WORD_ARRAY,
    "Scalar": VALUES[0],
    "list scalar": LISTS[0],
    "struct scalar": PEOPLE[0],
    "ExtensionScalar": WORD_ARRAY[0],
    "Buffer": ma.py_buffer(b"some bytes"),
    "DataType": ma.timestamp("us", "UTC"),
    "list type": ITEMS,
    "map type": MAPS,
    "ExtensionType": WORD,
    "Field": FIELD,
    "Schema": SCHEMA,
    "RecordBatch": BATCH,
    "Table": TABLE,
    "ChunkedArray": TABLE.column(0),
    "FileReader": ma.open_file(FILE),
    "BufferReader": ma.BufferReader(STREAM),
}
CAPSULES = ["__arrow_c_schema__", "__arrow_c_array__", "__arrow_c_stream__"]
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
    "value_to_python": [("x",)],
    "wrap_array": [(TEXT,)],
}
# what ends the object, or is another's: rounds of the names have them
LEFT_OUT = {"close", "from_storage", "from_arrays", "from_buffers", "from_batches", "from_pandas"}
LEFT_OUT |= {"from_pydict", "from_pylist", "from_numpy", "from_numpy_ndarray", "from_stream"}


def attributes():
    for kind, thing in OBJECTS.items():
        names = [name for name in dir(thing) if not name.startswith("_") and name not in LEFT_OUT]
        for name in [*names, *(name for name in CAPSULES if hasattr(type(thing), name))]:
            yield pytest.param(thing, name, id=f"{kind}.{name}")
        for function in [str, repr, hash, len, list]:
            yield pytest.param(thing, function, id=f"{function.__name__} of {kind}")


def suppressed(function, *arguments):
    """A result, or nothing where it is refused."""
    with contextlib.suppress(Exception):
        return function(*arguments)


def used(thing, name):
    """A call that uses the attribute well, if it can be, and wrongly."""
    if not isinstance(name, str):
        return lambda: suppressed(name, thing)
    attribute = suppressed(getattr, thing, name)
    if not callable(attribute) or isinstance(attribute, type):
        return lambda: suppressed(getattr, thing, name)

    def call():
        for arguments in ARGUMENTS.get(name, [()]):
            suppressed(getattr(thing, name), *arguments)
        suppressed(getattr(thing, name), object(), object(), object(), object())

    return call


@pytest.mark.undisturbed
@pytest.mark.parametrize("thing, name", list(attributes()))
def test_attributes(thing, name):
    slow = isinstance(name, str) and "pandas" in name
    if slow:
        pytest.importorskip("pandas")
    call = used(thing, name)
    stays_flat(call, [thing], rounds=ROUNDS // 10 if slow else ROUNDS // 4)


@pytest.mark.parametrize("name", ARGUMENTS)
def test_arguments_are_taken(name):
    """Rounds that only fail would find nothing."""
    taken = 0
    for thing in OBJECTS.values():
        for arguments in ARGUMENTS[name] if hasattr(thing, name) else []:
            with contextlib.suppress(TypeError, ValueError, KeyError, IndexError):
                getattr(thing, name)(*arguments)
                taken += 1
    assert taken
