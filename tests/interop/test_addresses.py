"""The older methods, which take the address of a C struct, as pyarrow has them."""

import ctypes

import pytest
from interop.columns import ALL, make

import minarrow as ma

# Of ArrowSchema, ArrowArray and ArrowArrayStream; the last but one is the release callback.
WORDS = {"schema": 9, "array": 10, "stream": 5}


class Struct:
    """Room for a C struct; what is in it is released at the end, if nobody took it."""

    def __init__(self, kind):
        self.words = (ctypes.c_void_p * WORDS[kind])()
        self.address = ctypes.addressof(self.words)

    @property
    def is_released(self):
        return not self.words[len(self.words) - 2]

    def release(self):
        if not self.is_released:
            callback = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(self.words[len(self.words) - 2])
            callback(self.address)


@pytest.fixture
def struct():
    made = []

    def make_struct(kind):
        made.append(Struct(kind))
        return made[-1]

    yield make_struct
    for one in made:
        one.release()


def test_schemas(struct):
    type_ = ma.struct([("a", ma.int8())])
    things = [type_, ma.field("f", type_, metadata={"k": "v"}), ma.schema([("a", ma.int8())])]
    for thing in things:
        at = struct("schema")
        thing._export_to_c(at.address)
        back = type(thing)._import_from_c(at.address)
        assert back == thing
        assert at.is_released


@pytest.mark.parametrize("name", ALL)
def test_arrays(struct, name):
    array = make(name)
    at, schema = struct("array"), struct("schema")
    array._export_to_c(at.address, schema.address)
    assert ma.Array._import_from_c(at.address, schema.address).equals(array)
    assert at.is_released and schema.is_released
    array._export_to_c(at.address)
    assert ma.Array._import_from_c(at.address, array.type).equals(array)


def test_batches(struct):
    batch = ma.record_batch({"a": [1, None], "b": ["x", "y"]})
    at, schema = struct("array"), struct("schema")
    batch._export_to_c(at.address, out_schema_ptr=schema.address)
    assert ma.RecordBatch._import_from_c(at.address, schema.address).equals(batch)
    batch._export_to_c(at.address)
    assert ma.RecordBatch._import_from_c(at.address, batch.schema).equals(batch)


def test_readers(struct):
    table = ma.table({"a": [1, None]})
    at = struct("stream")
    table.to_reader()._export_to_c(at.address)
    assert ma.RecordBatchReader._import_from_c(at.address).read_all().equals(table)
    assert at.is_released
    capsule = table.__arrow_c_stream__()
    assert ma.RecordBatchReader._import_from_c_capsule(capsule).read_all().equals(table)


def test_with_pyarrow(struct):
    pyarrow = pytest.importorskip("pyarrow")
    array = ma.array([1, None, 3])
    at, schema = struct("array"), struct("schema")
    array._export_to_c(at.address, schema.address)
    theirs = pyarrow.Array._import_from_c(at.address, schema.address)
    assert theirs.to_pylist() == array.to_pylist()
    theirs._export_to_c(at.address, schema.address)
    assert ma.Array._import_from_c(at.address, schema.address).equals(array)
    stream = struct("stream")
    pyarrow.RecordBatchReader.from_batches(
        pyarrow.schema([("a", pyarrow.int8())]), []
    )._export_to_c(stream.address)
    assert ma.RecordBatchReader._import_from_c(stream.address).read_all().num_rows == 0


def test_what_is_no_address(struct):
    array, batch = ma.array([1]), ma.record_batch({"a": [1]})
    calls = [
        lambda at: ma.int8()._export_to_c(at),
        lambda at: array._export_to_c(at),
        lambda at: batch._export_to_c(at),
        lambda at: ma.Schema._import_from_c(at),
        lambda at: ma.Array._import_from_c(at, ma.int8()),
        lambda at: ma.RecordBatch._import_from_c(at, batch.schema),
        lambda at: ma.RecordBatchReader._import_from_c(at),
    ]
    for call in calls:
        with pytest.raises(ValueError, match="address"):
            call(0)
        with pytest.raises(TypeError):
            call("address")


def test_what_was_released(struct):
    at, schema, stream = struct("array"), struct("schema"), struct("stream")
    with pytest.raises(ma.ArrowInvalid, match="released, or used already"):
        ma.Array._import_from_c(at.address, ma.int8())
    with pytest.raises(ma.ArrowInvalid, match="released, or used already"):
        ma.DataType._import_from_c(schema.address)
    with pytest.raises(ma.ArrowInvalid, match="released, or used already"):
        ma.RecordBatchReader._import_from_c(stream.address)
    with pytest.raises(ma.ArrowInvalid, match="as a struct"):
        ma.array([1])._export_to_c(at.address, schema.address)
        ma.RecordBatch._import_from_c(at.address, schema.address)
