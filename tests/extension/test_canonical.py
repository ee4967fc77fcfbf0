"""The extension types that the format defines, side by side with pyarrow's."""

import pickle
import uuid

import pytest

import minarrow as ma

UUIDS = [uuid.UUID(int=7), None, uuid.UUID("00112233-4455-6677-8899-aabbccddeeff")]
TENSORS = [[1, 2, 3, 4, 5, 6], None, [7, 8, 9, 10, 11, 12]]

# type, storage values, values in Python
CASES = {
    "uuid": (lambda m: m.uuid(), [u and u.bytes for u in UUIDS], UUIDS),
    "json": (lambda m: m.json_(), ['{"a": [1]}', None, "null"], ['{"a": [1]}', None, "null"]),
    "json, large": (lambda m: m.json_(m.large_string()), ["[]", None], ["[]", None]),
    "json, view": (lambda m: m.json_(m.string_view()), ["[]", None], ["[]", None]),
    "bool8": (lambda m: m.bool8(), [1, None, 0, -1, 127], [True, None, False, True, True]),
    "opaque": (
        lambda m: m.opaque(m.binary(), "geometry", "a vendor \N{SNOWMAN}"),
        [b"\x00", None],
        [b"\x00", None],
    ),
    "opaque, nested": (lambda m: m.opaque(m.list_(m.int8()), "t", "v"), [[1], None], [[1], None]),
    "opaque, null": (lambda m: m.opaque(m.null(), "t", "v"), [None, None], [None, None]),
    "tensor": (lambda m: m.fixed_shape_tensor(m.int32(), [2, 3]), TENSORS, TENSORS),
    "tensor, named": (
        lambda m: m.fixed_shape_tensor(m.int32(), (2, 3), ["x", "y"], [1, 0]), TENSORS, TENSORS,
    ),
    "tensor, in order": (
        lambda m: m.fixed_shape_tensor(m.int32(), [2, 3], permutation=[0, 1]), TENSORS, TENSORS,
    ),
    "tensor, empty": (lambda m: m.fixed_shape_tensor(m.int32(), [2, 0]), [[], None], [[], None]),
}  # fmt: skip
each = pytest.mark.parametrize("name", CASES)
CUTS = [(0, None), (1, 1), (1, None), (2, 0)]


def make(m, name):
    """An array of minarrow or pyarrow."""
    type_, storage, _ = CASES[name]
    type_ = type_(m)
    return m.ExtensionArray.from_storage(type_, m.array(storage, type_.storage_type))


def nest(m, array):
    """The array in a list, a struct, a dictionary's values and runs."""
    count = len(array)
    offsets = m.array([0, 1, count], m.int32())
    lists = m.ListArray.from_arrays(offsets, array)
    ends = m.array(range(1, count + 1), m.int32())
    return {
        "list": lists,
        "struct": m.StructArray.from_arrays([array], ["x"]),
        "dictionary": m.DictionaryArray.from_arrays(m.array([1, None, 0], m.int8()), lists),
        "runs": m.RunEndEncodedArray.from_arrays(ends, array),
    }


def stream(m, array, file=False):
    batch = m.RecordBatch.from_arrays([array], ["a"])
    sink = m.BufferOutputStream()
    with (m.ipc.new_file if file else m.ipc.new_stream)(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return sink.getvalue()


def read(m, data, file=False):
    [batch] = (m.ipc.open_file if file else m.ipc.open_stream)(data).read_all().to_batches()
    batch.validate(full=True)
    return batch.column(0)


@each
def test_values(name):
    array = make(ma, name)
    values = CASES[name][2]
    assert isinstance(array, ma.ExtensionArray)
    assert array.to_pylist() == values
    assert [value.as_py() for value in array] == values
    assert array.storage.to_pylist() == CASES[name][1]
    for start, size in CUTS:
        part = array.slice(start, size)
        assert part.type == array.type
        assert part.to_pylist() == values[start:][:size]
    assert pickle.loads(pickle.dumps(array)).equals(array)
    assert all(pickle.loads(pickle.dumps(scalar, 0)).equals(scalar) for scalar in array)
    assert ma.array(CASES[name][1], array.type).equals(array)


@each
def test_types(pyarrow, name):
    """Equal, hashed, written as text and pickled like pyarrow's."""
    make_type = CASES[name][0]
    ours, theirs = make_type(ma), make_type(pyarrow)
    assert ours == make_type(ma) and (ours != make_type(ma)) is False
    assert hash(ours) == hash(make_type(ma))
    assert ours != ours.storage_type and ours.storage_type != ours
    assert pickle.loads(pickle.dumps(ours)) == ours
    assert (str(ours), repr(ours)) == (str(theirs), repr(theirs))
    assert ours.extension_name == theirs.extension_name
    assert str(ours.storage_type) == str(theirs.storage_type)
    for attribute in ("shape", "dim_names", "permutation", "type_name", "vendor_name"):
        if hasattr(theirs, attribute):
            assert getattr(ours, attribute) == getattr(theirs, attribute)
    others = [other for other in CASES if not other.startswith(name.partition(",")[0])]
    assert all(ours != CASES[other][0](ma) for other in others)


def test_parameters_make_another_type():
    tensor = ma.fixed_shape_tensor
    assert tensor(ma.int32(), [2, 3]) == tensor(ma.int32(), [2, 3], permutation=[0, 1])
    assert hash(tensor(ma.int32(), [2, 3])) == hash(tensor(ma.int32(), [2, 3], permutation=[0, 1]))
    different = [
        tensor(ma.int32(), [2, 3]),
        tensor(ma.int32(), [3, 2]),
        tensor(ma.int32(), [6]),
        tensor(ma.int64(), [2, 3]),
        tensor(ma.int32(), [2, 3], permutation=[1, 0]),
        tensor(ma.int32(), [2, 3], dim_names=["a", "b"]),
        ma.opaque(ma.int8(), "a", "b"),
        ma.opaque(ma.int16(), "a", "b"),
        ma.opaque(ma.int8(), "b", "b"),
        ma.opaque(ma.int8(), "a", "a"),
        ma.json_(),
        ma.json_(ma.large_string()),
    ]
    assert all(
        (a == b) == (i == j) for i, a in enumerate(different) for j, b in enumerate(different)
    )


@pytest.mark.parametrize(
    "make_type",
    [
        lambda m: m.json_(m.int8()),
        lambda m: m.fixed_shape_tensor(m.int32(), [2, 3], permutation=[1, 1]),
        lambda m: m.fixed_shape_tensor(m.int32(), [2, 3], permutation=[0]),
        lambda m: m.fixed_shape_tensor(m.int32(), [2, 3], dim_names=["a"]),
        lambda m: m.fixed_shape_tensor(m.int32(), [2, -3]),
    ],
)
def test_what_is_no_such_type(pyarrow, make_type):
    for module in (ma, pyarrow):
        with pytest.raises(ValueError):
            make_type(module)


def need_streams_of(pyarrow, name):
    """Before version 26 an extension type of nulls came with a buffer, which nulls have not."""
    if name == "opaque, null" and int(pyarrow.__version__.split(".")[0]) < 26:
        pytest.skip(f"pyarrow {pyarrow.__version__} writes a buffer too many")


@pytest.mark.parametrize("file", [False, True])
@each
def test_pyarrow_reads_ours_and_we_its(pyarrow, name, file):
    need_streams_of(pyarrow, name)
    theirs = read(pyarrow, pyarrow.py_buffer(stream(ma, make(ma, name), file)), file)
    assert theirs.equals(make(pyarrow, name))
    assert theirs.to_pylist() == CASES[name][2]
    ours = read(ma, stream(pyarrow, make(pyarrow, name), file), file)
    assert ours.type == make(ma, name).type and ours.equals(make(ma, name))


@each
def test_through_capsules(pyarrow, name):
    for start, size in CUTS:
        ours, theirs = (make(m, name).slice(start, size) for m in (ma, pyarrow))
        assert pyarrow.array(ours).type == theirs.type
        assert pyarrow.array(ours).equals(theirs)
        assert ma.array(theirs).type == ours.type
        assert ma.array(theirs).equals(ours)
        assert ma.array(pyarrow.array(ours)).equals(ours)
    chunked = pyarrow.chunked_array(ma.chunked_array([make(ma, name)] * 2))
    assert chunked.type == CASES[name][0](pyarrow)
    assert ma.chunked_array(chunked).type == CASES[name][0](ma)


@pytest.mark.parametrize("parent", ["list", "struct", "dictionary", "runs"])
@each
def test_within_others(pyarrow, name, parent):
    need_streams_of(pyarrow, name)
    ours, theirs = (nest(m, make(m, name))[parent] for m in (ma, pyarrow))
    assert ours.to_pylist() == theirs.to_pylist()
    for start, size in ((0, None), (1, 1)):
        mine, their = ours.slice(start, size), theirs.slice(start, size)
        got = read(ma, stream(ma, mine))
        assert got.type == ours.type and got.equals(mine)
        assert read(ma, stream(pyarrow, their)).equals(mine)
        assert read(pyarrow, pyarrow.py_buffer(stream(ma, mine))).to_pylist() == their.to_pylist()
        assert pyarrow.array(mine).type == theirs.type
        assert ma.array(their).equals(mine)


def test_encoded_uuids_that_pyarrow_writes(pyarrow):
    """Which it does not read itself: the type of a field is that of its values."""
    indices = pyarrow.array([1, None, 0], pyarrow.int8())
    values = make(pyarrow, "uuid").take([0, 2])
    data = stream(pyarrow, pyarrow.DictionaryArray.from_arrays(indices, values))
    batch = next(ma.open_stream(data))
    assert batch.column(0).to_pylist() == [UUIDS[2].bytes, None, UUIDS[0].bytes]
    assert batch.schema.field(0).metadata[b"ARROW:extension:name"] == b"arrow.uuid"


def test_uuids_are_made_of_uuids(pyarrow):
    assert ma.array(UUIDS).type == ma.uuid()
    assert ma.array(UUIDS, ma.uuid()).equals(ma.array(pyarrow.array(UUIDS, pyarrow.uuid())))
    assert ma.array([[UUIDS[0]], None], ma.list_(ma.uuid())).to_pylist() == [[UUIDS[0]], None]


def test_booleans_and_numpy():
    numpy = pytest.importorskip("numpy")
    flags = numpy.array([True, False, True])
    array = ma.Bool8Array.from_numpy(flags)
    assert array.to_pylist() == [True, False, True]
    assert array.to_numpy().dtype == bool
    assert array.to_numpy().ctypes.data == flags.ctypes.data
    assert array.slice(1).to_numpy().tolist() == [False, True]
    assert make(ma, "bool8").slice(2).to_numpy().tolist() == [False, True, True]
    with pytest.raises(ma.ArrowInvalid, match="zero_copy_only"):
        make(ma, "bool8").to_numpy()
    assert make(ma, "bool8").to_numpy(zero_copy_only=False).tolist() == CASES["bool8"][2]
    with pytest.raises(TypeError):
        ma.Bool8Array.from_numpy(numpy.zeros(3))


def test_tensors_and_numpy(pyarrow):
    numpy = pytest.importorskip("numpy")
    items = numpy.arange(24, dtype="i4").reshape(4, 2, 3)
    array = ma.FixedShapeTensorArray.from_numpy_ndarray(items, dim_names=["x", "y"])
    theirs = pyarrow.FixedShapeTensorArray.from_numpy_ndarray(items, dim_names=["x", "y"])
    assert array.type == ma.array(theirs).type
    assert array.equals(ma.array(theirs)) and pyarrow.array(array).equals(theirs)
    assert (array.to_numpy_ndarray() == items).all()
    assert (array.slice(1, 2).to_numpy_ndarray() == items[1:3]).all()
    assert array.to_numpy_ndarray().ctypes.data == items.ctypes.data
    turned = make(ma, "tensor, named").slice(2).to_numpy_ndarray()
    assert turned.tolist() == make(pyarrow, "tensor, named").slice(2).to_numpy_ndarray().tolist()
    with pytest.raises(ma.ArrowInvalid, match="null"):
        make(ma, "tensor").to_numpy_ndarray()


BOOLS = [True, None, False]


def test_bool8_is_made_of_bools():
    array = ma.array(BOOLS, ma.bool8())
    assert array.to_pylist() == BOOLS
    assert array.storage.to_pylist() == [1, None, 0]
    assert ma.array([2, None, 0], ma.bool8()).to_pylist() == BOOLS
    assert ma.scalar(True, ma.bool8()).as_py() is True


def test_bool8_inside_others_is_made_of_bools():
    rows = [[True, None], None, [False]]
    assert ma.array(rows, ma.list_(ma.bool8())).to_pylist() == rows
    type = ma.struct([("n", ma.int8()), ("b", ma.bool8())])
    rows = [{"n": 5, "b": True}, {"n": None, "b": None}]
    assert ma.array(rows, type).to_pylist() == rows
    with pytest.raises(ma.ArrowTypeError, match=r"value 0\['n'\]: True is of type bool"):
        ma.array([{"n": True, "b": True}], type)


def test_bool8_of_numpy():
    numpy = pytest.importorskip("numpy")
    flags = numpy.array([True, False])
    assert ma.array(flags, ma.bool8()).to_pylist() == [True, False]
    assert ma.array(list(flags), ma.bool8()).to_pylist() == [True, False]


def test_structs_show_what_their_fields_are():
    type = ma.struct([("u", ma.uuid()), ("b", ma.bool8()), ("n", ma.int8())])
    row = {"u": UUIDS[0], "b": True, "n": 5}
    assert str(ma.array([row], type)[0]) == str(list(row.items()))
