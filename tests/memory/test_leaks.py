"""References and memory stay flat over many rounds, for every public type."""

import gc
import sys

import pytest
from memory.flat import stays_flat

import minarrow as ma

VALUES = ma.array([1, None, 3])
BATCH = ma.RecordBatch.from_arrays([VALUES, ma.array(["a", "b", None])], ["a", "b"])


class Word(ma.ExtensionType):
    def __init__(self):
        super().__init__(ma.string(), "test.word")

    def __arrow_ext_serialize__(self):
        return b""

    @classmethod
    def __arrow_ext_deserialize__(cls, storage_type, serialized):
        return cls()


WORDS = ma.extension.ExtensionArray.from_storage(Word(), ma.array(["a", "b"]))

MAKERS = {
    "Buffer": lambda: ma.py_buffer(b"some bytes").slice(1),
    "DataType": lambda: ma.timestamp("us", tz="UTC"),
    "nested DataType": lambda: ma.map_(ma.string(), ma.list_(ma.int8())),
    "Field": lambda: ma.field("a", ma.int8(), metadata={"k": "v"}),
    "Schema": lambda: ma.schema({"a": ma.int8()}, metadata={"k": "v"}),
    "Array": lambda: ma.array([1, None, 3]),
    "slice": lambda: VALUES.slice(1),
    "Scalar": lambda: VALUES[0],
    "RecordBatch": lambda: BATCH.slice(1),
    "ExtensionType": Word,
    "ExtensionArray": lambda: WORDS.slice(1),
    "ExtensionScalar": lambda: WORDS[0],
    "MonthDayNano": lambda: ma.MonthDayNano((1, 2, 3)),
    "exception": lambda: ma.ArrowInvalid("x"),
}


def fail(kind, call):
    try:
        call()
    except kind:
        return
    raise AssertionError("nothing was raised")


OPERATIONS = {
    "to_pylist": lambda: BATCH.to_pylist(),
    "to_pydict": lambda: BATCH.to_pydict(),
    "dates": lambda: ma.array([1, 2], ma.timestamp("s", "+01:00")).to_pylist(),
    "decimals": lambda: ma.array([1], ma.decimal128(5, 2)).to_pylist(),
    "structs": lambda: ma.array([{"a": [1]}, None]).to_pylist(),
    "dictionaries": lambda: ma.DictionaryArray.from_arrays([0, 0, 1], ["a", "b"]).to_pylist(),
    "words": lambda: WORDS.to_pylist(),
    "nested words": lambda: ma.field("x", Word()).type,
    "text": lambda: (repr(BATCH), repr(VALUES), repr(VALUES[0]), repr(BATCH.schema)),
    "equality": lambda: (BATCH.equals(BATCH.slice()), VALUES[0].equals(VALUES[1])),
    "view": lambda: memoryview(ma.array([1, 2])),
    "columns": lambda: (BATCH.columns, BATCH["a"], BATCH.column_names),
    "changed": lambda: (
        BATCH.add_column(0, "n", VALUES).drop_columns(["n"]).rename_columns(["x", "y"])
    ),
    "steps": lambda: VALUES[::-1],
    "metadata": lambda: BATCH.schema.with_metadata({"a": b"b"}).metadata,
    "no field": lambda: fail(KeyError, lambda: BATCH["z"]),
    "no row": lambda: fail(IndexError, lambda: VALUES[9]),
    "no view": lambda: fail(BufferError, lambda: memoryview(VALUES)),
    "no type": lambda: fail(ValueError, lambda: ma.decimal128(99)),
    "no buffers": lambda: fail(
        ValueError, lambda: ma.Array.from_buffers(ma.int8(), 9, [None, None])
    ),
    "no metadata": lambda: fail(TypeError, lambda: ma.field("a", ma.int8(), metadata={"a": 1})),
    "no batch": lambda: fail(
        ValueError, lambda: ma.RecordBatch.from_arrays([[1], [1, 2]], ["a", "b"])
    ),
}


@pytest.mark.thread_unsafe(reason="counts references that other threads hold, too")
@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_instances_release_their_type(make):
    kind = type(make())
    before = sys.getrefcount(kind)
    for _ in range(1000):
        make()
    gc.collect()
    assert sys.getrefcount(kind) - before < 3


@pytest.mark.undisturbed
@pytest.mark.parametrize(
    "operate", [*MAKERS.values(), *OPERATIONS.values()], ids=[*MAKERS, *OPERATIONS]
)
def test_memory_stays_flat(operate):
    stays_flat(operate, [VALUES, BATCH, WORDS])
