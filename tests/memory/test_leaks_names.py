"""No public name leaks, nor a class method: what is new and has no round here fails.

MINARROW_SOAK=1 makes 100,000 rounds of each.
"""

import contextlib

import pytest
from memory.flat import LONG, ROUNDS, stays_flat
from memory.things import (
    BATCH,
    BOOLS,
    DENSE,
    FIELD,
    FILE,
    PATH,
    SCHEMA,
    STREAM,
    TABLE,
    TENSORS,
    TEXT,
    UNIONS,
    VALUES,
    WORD,
    WORD_ARRAY,
    Word,
    written,
)

import minarrow as ma

try:
    import numpy
    import pandas
except ImportError:  # tests that need them are skipped
    pass


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


# What makes objects as a method of a class does so once well and once not.
CLASS_METHODS = {
    **{
        f"{kind}.from_arrays": NAMES[kind]
        for kind in [
            "DictionaryArray",
            "FixedSizeListArray",
            "LargeListArray",
            "LargeListViewArray",
            "ListArray",
            "ListViewArray",
            "MapArray",
            "RunEndEncodedArray",
            "StructArray",
        ]
    },
    "Array.from_buffers": NAMES["Array"],
    "ExtensionArray.from_storage": NAMES["ExtensionArray"],
    "Bool8Array.from_numpy": both(
        lambda: ma.Bool8Array.from_numpy(numpy.array([True])),
        lambda: ma.Bool8Array.from_numpy(numpy.array(["x"])),
    ),
    "FixedShapeTensorArray.from_numpy_ndarray": both(
        lambda: ma.FixedShapeTensorArray.from_numpy_ndarray(numpy.zeros((2, 3))),
        lambda: ma.FixedShapeTensorArray.from_numpy_ndarray(5),
    ),
    "UnionArray.from_sparse": NAMES["UnionArray"],
    "UnionArray.from_dense": both(
        lambda: ma.UnionArray.from_dense(DENSE.type_codes, DENSE.offsets, [VALUES, TEXT]),
        lambda: ma.UnionArray.from_dense(DENSE.type_codes, DENSE.offsets, [VALUES]),
    ),
    "RecordBatchReader.from_batches": NAMES["RecordBatchReader"],
    "RecordBatchReader.from_stream": both(
        lambda: ma.RecordBatchReader.from_stream(TABLE).read_all(),
        lambda: ma.RecordBatchReader.from_stream(TABLE, ma.schema([FIELD])),
    ),
    "Table.from_batches": both(
        lambda: ma.Table.from_batches([BATCH]), lambda: ma.Table.from_batches([])
    ),
    "RecordBatch.from_arrays": both(
        lambda: ma.RecordBatch.from_arrays([VALUES], ["a"]),
        lambda: ma.RecordBatch.from_arrays([VALUES], ["a", "b"]),
    ),
    "Table.from_arrays": both(
        lambda: ma.Table.from_arrays([VALUES], ["a"]),
        lambda: ma.Table.from_arrays([VALUES], ["a", "b"]),
    ),
    **{
        f"{kind}.from_pydict": both(
            lambda kind=kind: getattr(ma, kind).from_pydict({"a": [1, None]}),
            lambda kind=kind: getattr(ma, kind).from_pydict({"a": [1], "b": [1, 2]}),
        )
        for kind in ["RecordBatch", "Table"]
    },
    **{
        f"{kind}.from_pylist": both(
            lambda kind=kind: getattr(ma, kind).from_pylist([{"a": 1}, {"a": None}]),
            lambda kind=kind: getattr(ma, kind).from_pylist([{"a": 1}, {"a": "x"}]),
        )
        for kind in ["RecordBatch", "Table"]
    },
    **{
        f"{kind}.from_pandas": both(
            lambda kind=kind: getattr(ma, kind).from_pandas(frame()),
            lambda kind=kind: getattr(ma, kind).from_pandas(5),
        )
        for kind in ["RecordBatch", "Table"]
    },
}


def frame():
    """A new one: pandas keeps a list of those who saw a frame, which it looks through rarely."""
    return pandas.DataFrame({"a": [1, 2], "b": ["x", None]})


def class_methods():
    """Those that a public class defines, and not one that it derives from."""
    for name in PUBLIC:
        kind = getattr(ma, name)
        for method in vars(kind) if isinstance(kind, type) else []:
            if method.startswith("from_"):
                yield f"{kind.__name__}.{method}"


def test_every_class_method_has_a_round():
    assert sorted(set(class_methods()) ^ set(CLASS_METHODS)) == []


@pytest.mark.undisturbed
@pytest.mark.parametrize("name", CLASS_METHODS)
def test_class_methods(name):
    for needed in ("numpy", "pandas"):
        if needed in name:
            pytest.importorskip(needed)
    rounds = ROUNDS // 10 if "pandas" in name and not LONG else ROUNDS
    stays_flat(CLASS_METHODS[name], [BATCH, VALUES, TEXT, TABLE, FIELD], rounds)


@pytest.mark.undisturbed
@pytest.mark.parametrize("name", NAMES)
def test_names(name):
    stays_flat(NAMES[name], [BATCH, VALUES, TEXT, SCHEMA, FIELD, TABLE, STREAM, FILE])
