"""What the rounds of test_leaks_*.py use: one of each thing that is public."""

import os
import tempfile

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
UNIONS = [ma.field("i", ma.int8()), ma.field("s", ma.string())]
PARTS = [ma.array([1, 2], ma.int8()), ma.array(["a", "b"])]
SPARSE = ma.UnionArray.from_sparse(ma.array([0, 1], ma.int8()), PARTS)
DENSE = ma.UnionArray.from_dense(ma.array([0, 1], ma.int8()), ma.array([0, 0], ma.int32()), PARTS)
RUNS = ma.RunEndEncodedArray.from_arrays([2, 3], ["a", None])
MAP_ARRAY = ma.array([{"k": 1}, None], MAPS)
VIEWS = ma.ListViewArray.from_arrays([0, 1], [1, 1], [5, 6])
PAIRS = ma.FixedSizeListArray.from_arrays([1, 2, 3, 4], 2)
