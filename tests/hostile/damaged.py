"""Good streams to damage: two equal batches of one column, of each layout."""

import struct

from oracle import flatbuf

import minarrow as ma

FORMS = {1: "<b", 2: "<h", 4: "<i", 8: "<q"}


def column_of(values, type_):
    return ma.array(values, type=type_)


def dictionary_column():
    indices = ma.array([0, 1, None, 1], ma.int8())
    return ma.DictionaryArray.from_arrays(indices, ma.array(["x", "y"], ma.string()))


def runs_column():
    return ma.RunEndEncodedArray.from_arrays(ma.array([1, 3, 4], ma.int32()), ma.array([7, 8, 9]))


def union_column(dense):
    children = [ma.array([1, 2, 3, 4], ma.int64()), ma.array(["p", "q", "r", "s"], ma.string())]
    codes = ma.array([5, 7, 5, 7], ma.int8())
    if dense:
        places = ma.array([0, 0, 1, 1], ma.int32())
        return ma.UnionArray.from_dense(codes, places, children, type_codes=[5, 7])
    return ma.UnionArray.from_sparse(codes, children, type_codes=[5, 7])


def view_list_column():
    parts = [ma.array(numbers, ma.int32()) for numbers in ([0, 1, 2, 0], [1, 1, 1, 0])]
    return ma.ListViewArray.from_arrays(*parts, ma.array([7, 8, 9], ma.int64()))


COLUMNS = {
    "numbers": lambda: ma.array([1, None, 3, 4], ma.int64()),
    "full": lambda: ma.array([1, 2, 3, 4], ma.int64()),
    "bools": lambda: ma.array([True, None, False, True]),
    "text": lambda: ma.array(["ab", None, "", "cde"], ma.string()),
    "large": lambda: ma.array(["ab", None, "", "cde"], ma.large_string()),
    "views": lambda: ma.array(["ab", None, "thirteen char", "fourteen chars"], ma.string_view()),
    "lists": lambda: ma.array([[1, 2], None, [], [3]], ma.list_(ma.int64())),
    "list views": view_list_column,
    "fixed lists": lambda: ma.array([[1, 2], None, [3, 4], [5, 6]], ma.list_(ma.int64(), 2)),
    "structs": lambda: ma.array([{"x": 1}, None, {"x": 3}, {"x": 4}]),
    "words": dictionary_column,
    "runs": runs_column,
    "dense": lambda: union_column(True),
    "sparse": lambda: union_column(False),
    "decimals": lambda: ma.array([1, 2, 3, 4], ma.decimal128(5, 2)),
    "nothing": lambda: ma.nulls(4),
}


def batch_of(kind):
    return ma.RecordBatch.from_arrays([COLUMNS[kind]()], ["a"])


def stream_of(kind, **options):
    """Two equal batches of one column."""
    sink = ma.BufferOutputStream()
    batch = batch_of(kind)
    with ma.new_stream(sink, batch.schema, options=ma.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_batch(batch)
        writer.write_batch(batch)
    return bytearray(sink.getvalue().to_pybytes())


def touch(batch):
    for column in batch.columns:
        column.validate(full=True)
        column.to_pylist()


def read_stream(data, whole):
    """Read all, and put the batches that are whole into ``whole``."""
    for batch in ma.open_stream(bytes(data)):
        touch(batch)
        whole.append(batch)


def last_message(data):
    return flatbuf.messages(data)[-1]


def put(data, at, value, size=4):
    struct.pack_into(FORMS[size], data, at, value)
    return at
