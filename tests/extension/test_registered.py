"""Extension types of one's own: known by name while they are registered, else storage that keeps
their metadata, and never changed on the way.
"""

import pickle
from contextlib import contextmanager

import pytest

import minarrow as ma

pytestmark = pytest.mark.thread_unsafe(reason="the process has one registry")

NAME_KEY, METADATA_KEY = b"ARROW:extension:name", b"ARROW:extension:metadata"


class PointScalar(ma.ExtensionScalar):
    """A point as a value."""

    def as_complex(self):
        return complex(*self.as_py())


class PointArray(ma.ExtensionArray):
    """Points."""

    def total(self):
        return sum(point[0] for point in self.to_pylist() if point is not None)


class PointType(ma.ExtensionType):
    """Two numbers, with a unit that is any bytes."""

    def __init__(self, unit=b"m\x00\xff"):
        self.unit = unit
        super().__init__(ma.list_(ma.float64(), 2), "tests.point")

    def __arrow_ext_serialize__(self):
        return self.unit

    @classmethod
    def __arrow_ext_deserialize__(cls, storage_type, serialized):
        if storage_type != ma.list_(ma.float64(), 2):
            raise TypeError("a point is two numbers")
        return cls(serialized)

    def __arrow_ext_class__(self):
        return PointArray

    def __arrow_ext_scalar_class__(self):
        return PointScalar

    def value_to_python(self, value):
        return tuple(value)


class LabelType(ma.ExtensionType):
    """Dictionary-encoded text."""

    def __init__(self):
        super().__init__(ma.dictionary(ma.int8(), ma.string()), "tests.label")

    def __arrow_ext_serialize__(self):
        return b""

    @classmethod
    def __arrow_ext_deserialize__(cls, storage_type, serialized):
        if storage_type != ma.dictionary(ma.int8(), ma.string()):
            raise ma.ArrowInvalid(f"no labels in {storage_type}")
        return cls()


@contextmanager
def registered(*types):
    for type_ in types:
        ma.register_extension_type(type_)
    try:
        yield
    finally:
        for type_ in types:
            ma.unregister_extension_type(type_.extension_name)


POINTS = [[1.0, 2.0], None, [3.0, 4.0], [5.0, 6.0]]


def points(unit=b"m\x00\xff"):
    storage = ma.array(POINTS, ma.list_(ma.float64(), 2))
    return ma.ExtensionArray.from_storage(PointType(unit), storage)


def labels():
    storage = ma.array(["a", None, "b", "a"], ma.dictionary(ma.int8(), ma.string()))
    return ma.ExtensionArray.from_storage(LabelType(), storage)


def nested():
    """Points in every kind of parent, and where the values are."""
    offsets = ma.array([0, 1, 2, 2, 4], ma.int32())
    rows = ma.array([0, 1, 2, 3], ma.int32())
    zeros = ma.array([0, 0, 0, 0], ma.int8())
    in_list = ma.ListArray.from_arrays(offsets, points())
    return {
        "flat": points(),
        "labels": labels(),
        "list": in_list,
        "list view": ma.ListViewArray.from_arrays(
            rows, ma.array([2, 1, 1, 1], ma.int32()), points()
        ),
        "fixed-size list": ma.FixedSizeListArray.from_arrays(points(), 1),
        "struct": ma.StructArray.from_arrays([points(), labels()], ["p", "l"]),
        "map": ma.MapArray.from_arrays(offsets, ma.array([1, 2, 3, 4]), points()),
        "dense union": ma.UnionArray.from_dense(zeros, rows, [points()]),
        "sparse union": ma.UnionArray.from_sparse(zeros, [points()]),
        "runs": ma.RunEndEncodedArray.from_arrays(ma.array([1, 2, 3, 4], ma.int32()), points()),
        "dictionary of lists": ma.DictionaryArray.from_arrays(
            ma.array([3, None, 0, 1], ma.int8()), in_list
        ),
    }


NESTED = list(nested())


def batch_of(array):
    return ma.RecordBatch.from_arrays([array], ["a"])


def write(batch, new=ma.new_stream, **options):
    sink = ma.BufferOutputStream()
    with new(sink, batch.schema, options=ma.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_batch(batch)
    return sink.getvalue()


def read(data, open_=ma.open_stream):
    [batch] = open_(data).read_all().to_batches()
    return batch


BOTH = pytest.mark.parametrize(
    "new, open_", [(ma.new_stream, ma.open_stream), (ma.new_file, ma.open_file)]
)


@BOTH
@pytest.mark.parametrize("name", NESTED)
def test_come_back_as_what_they_are(name, new, open_):
    with registered(PointType(), LabelType()):
        for rows in (slice(0, 4), slice(1, 3), slice(2, 2)):
            array = nested()[name].slice(rows.start, rows.stop - rows.start)
            got = read(write(batch_of(array), new), open_).column(0)
            assert got.type == array.type and (got.type != array.type) is False
            assert got.to_pylist() == array.to_pylist() == nested()[name].to_pylist()[rows]
            assert got.equals(array)
            got.validate(full=True)


@BOTH
@pytest.mark.parametrize("name", NESTED)
def test_unknown_ones_are_their_storage_and_stay_what_they_were(name, new, open_):
    """Read and written again by somebody who has never heard of them: the same bytes."""
    batch = batch_of(nested()[name])
    data = write(batch, new)
    unknown = read(data, open_)
    assert not isinstance(unknown.column(0), ma.ExtensionArray)
    unknown.validate(full=True)
    assert write(unknown, new).equals(data)
    with registered(PointType(), LabelType()):
        got = read(write(unknown, new), open_).column(0)
        assert got.type == batch.column(0).type and got.equals(batch.column(0))
        assert got.to_pylist() == batch.column(0).to_pylist()


def test_metadata_is_byte_for_byte_and_beside_other_metadata():
    field = ma.field("a", PointType(), metadata={b"k": b"\x00", b"": b"v"})
    data = write(ma.RecordBatch.from_arrays([points()], schema=ma.schema([field])))
    unknown = ma.open_stream(data).schema.field(0)
    assert unknown.type == PointType().storage_type
    assert unknown.metadata == {
        b"k": b"\x00", b"": b"v", NAME_KEY: b"tests.point", METADATA_KEY: b"m\x00\xff",
    }  # fmt: skip
    with registered(PointType()):
        known = ma.open_stream(data).schema.field(0)
        assert known.type == PointType() and known.type.unit == b"m\x00\xff"
        assert known.metadata[b"k"] == b"\x00" and known.metadata[b""] == b"v"


def test_a_field_changes_its_metadata_and_not_its_type():
    with registered(PointType()):
        field = ma.field("a", PointType(b"unit"), metadata={"k": "v"})
        for changed in (
            field.with_metadata({"x": "y"}),
            field.remove_metadata(),
            field.with_name("b"),
            field.with_nullable(False),
        ):
            assert changed.type == PointType(b"unit")
        assert field.with_metadata({"x": "y"}).metadata[b"x"] == b"y"
        assert b"k" not in field.remove_metadata().metadata
        assert field.with_type(ma.int8()).type == ma.int8()
        assert field.with_type(ma.int8()).metadata == {b"k": b"v"}
        assert field.with_type(PointType(b"other")).type == PointType(b"other")


def test_equality_looks_at_them_at_any_depth(pyarrow, theirs):
    """While they are registered; unknown ones are metadata, and count when that does."""

    def pair(m, point):
        """What differs in nothing but that one is of the extension type."""
        plain = point.storage_type
        for wrap in (
            lambda t: t,
            m.list_,
            lambda t: m.struct([m.field("x", m.int8()), m.field("y", t)]),
            lambda t: m.map_(m.string(), t),
            lambda t: m.list_(m.list_(t), 2),
            lambda t: m.dictionary(m.int8(), m.list_(t)),
            lambda t: m.dense_union([m.field("u", t)]),
            lambda t: m.run_end_encoded(m.int32(), m.struct([m.field("y", t)])),
        ):
            yield wrap(point), wrap(point), wrap(plain)

    with registered(PointType()):
        for module, point in ((ma, PointType()), (pyarrow, theirs[0])):
            for one, same, other in pair(module, point):
                assert one == same and one.equals(same) and (one != same) is False
                assert one != other and not one.equals(other) and (one == other) is False
                fields = [module.field("a", type_) for type_ in (one, same, other)]
                assert fields[0] == fields[1] and fields[0].equals(fields[1])
                assert fields[0] != fields[2] and not fields[0].equals(fields[2])
                schemas = [module.schema([field]) for field in fields]
                assert schemas[0] == schemas[1] and schemas[0].equals(schemas[1])
                assert schemas[0] != schemas[2] and not schemas[0].equals(schemas[2])
        assert ma.field("a", PointType(b"x")) != ma.field("a", PointType(b"y"))
    one, other = ma.field("a", PointType()), ma.field("a", PointType().storage_type)
    assert one == other and not one.equals(other, check_metadata=True)


def test_registering():
    with registered(PointType()):
        with pytest.raises(ma.ArrowKeyError, match=r"tests\.point.*already"):
            ma.register_extension_type(PointType())
    with pytest.raises(ma.ArrowKeyError, match=r"tests\.point"):
        ma.unregister_extension_type("tests.point")
    for wrong in (ma.int8(), 5, PointType):
        with pytest.raises(TypeError):
            ma.register_extension_type(wrong)


def test_types_are_values():
    assert PointType() == PointType() and (PointType() != PointType()) is False
    assert PointType(b"a") != PointType(b"b") and (PointType(b"a") == PointType(b"b")) is False
    assert PointType() != PointType().storage_type and PointType().storage_type != PointType()
    assert len({PointType(), PointType(), LabelType()}) == 2
    assert pickle.loads(pickle.dumps(PointType(b"x"))) == PointType(b"x")
    assert str(PointType()) == "extension<tests.point<PointType>>"
    assert (PointType().num_fields, LabelType().id) == (1, 31)


def test_arrays_and_values_have_the_classes_of_their_type():
    array = points()
    assert isinstance(array, PointArray) and array.total() == 9.0
    assert array.storage.to_pylist() == POINTS
    assert array.to_pylist() == [(1.0, 2.0), None, (3.0, 4.0), (5.0, 6.0)]
    assert array[2].as_complex() == 3 + 4j and array[1].as_py() is None
    assert isinstance(array.slice(1, 2), PointArray)
    assert array.slice(2).total() == 8.0
    assert array.null_count == 1
    joined = ma.concat_arrays([array, array.slice(2)])
    assert joined.type == array.type and len(joined) == 6
    chunks = ma.chunked_array([points(), points()])
    assert chunks.type == PointType() and len(chunks) == 8
    with registered(PointType()):
        assert ma.Table.from_arrays([chunks], ["p"]).column(0).type == PointType()
    assert ma.nulls(2, PointType()).to_pylist() == [None, None]
    assert ma.array(POINTS, PointType()).equals(array)
    assert ma.scalar([1, 2], PointType()).as_complex() == 1 + 2j
    assert pickle.loads(pickle.dumps(array)).equals(array)
    with pytest.raises(TypeError, match="stored as"):
        ma.ExtensionArray.from_storage(PointType(), ma.array([1]))


class PairType(ma.ExtensionType):
    """A struct, whose field objects each instance of the type makes anew."""

    def __init__(self):
        super().__init__(ma.struct([("x", ma.int8()), ("y", ma.string())]), "tests.pair")

    def __arrow_ext_serialize__(self):
        return b""

    @classmethod
    def __arrow_ext_deserialize__(cls, storage_type, serialized):
        return cls()

    def field(self, key):
        raise NotImplementedError("what the class says about fields is not asked")


def test_fields_of_a_struct_that_was_read():
    pairs = ma.array([{"x": 1, "y": "a"}, None, {"x": 3, "y": "c"}], PairType())
    with registered(PairType()):
        column = read(write(batch_of(pairs))).column(0)
        arrays = [pairs, column, column.slice(0), ma.concat_arrays([column, pairs]).slice(0, 3)]
        for array in [*arrays, pickle.loads(pickle.dumps(column))]:
            assert array.type == PairType()
            for key in (0, -2, "x"):
                assert array.field(key).to_pylist()[::2] == [1, 3]
            for key in (1, -1, "y"):
                assert array.field(key).to_pylist()[::2] == ["a", "c"]
            for key in ("z", 2, -3):
                with pytest.raises(LookupError):
                    array.field(key)


class HidingArray(PointArray):
    """Says something else about itself than what there is."""

    dictionary = "none of the kind"

    def buffers(self):
        return ()

    def __len__(self):
        return 1

    def __getitem__(self, index):
        return "none of them"


class HidingType(PointType):
    def __arrow_ext_class__(self):
        return HidingArray


def test_what_a_class_says_about_its_arrays_is_not_pickled():
    array = ma.ExtensionArray.from_storage(HidingType(), points().storage)
    assert (array.buffers(), len(array)) == ((), 1)
    copy = pickle.loads(pickle.dumps(array))
    assert type(copy) is HidingArray
    assert copy.storage.equals(points().storage)
    scalar = next(iter(array))
    assert pickle.loads(pickle.dumps(scalar)) == scalar


def test_parameters_have_any_name():
    """Also one that other types have as an attribute."""

    class Clock(ma.ExtensionType):
        def __init__(self, unit):
            super().__init__(ma.time32("s"), "tests.clock")
            self.unit = unit
            self.value_type = self.names = None

    assert Clock("hours").unit == "hours"
    assert Clock("hours").value_type is None
    changed = Clock("hours")
    changed.unit = "days"
    assert changed.unit == "days"
    del changed.unit
    assert changed.unit == "s"
    with pytest.raises(AttributeError):
        ma.time32("s").unit = "hours"


def test_a_class_that_refuses_the_metadata():
    """The column says so; the others, and the same one once it is unregistered, are read."""
    field = ma.field("a", ma.int8(), metadata={NAME_KEY: b"tests.point"})
    batch = ma.RecordBatch.from_arrays([[1], [2]], schema=ma.schema([field, ("b", ma.int8())]))
    data = write(batch)
    with registered(PointType()):
        got = next(ma.open_stream(data))
        assert got.column(1).to_pylist() == [2]
        with pytest.raises(
            ma.ArrowInvalid, match=r"tests\.point.*two numbers.*unregister"
        ) as caught:
            got.column(0)
        assert isinstance(caught.value.__cause__, TypeError)
    assert next(ma.open_stream(data)).column(0).to_pylist() == [1]


def test_values_that_are_dictionary_encoded():
    """A field has one type and says beside it that it is encoded; nothing is lost of it."""
    storage = ma.array(POINTS, ma.list_(ma.float64(), 2))
    encoded = ma.DictionaryArray.from_arrays(ma.array([3, None, 0], ma.int8()), storage)
    metadata = {NAME_KEY: b"tests.point", METADATA_KEY: b"unit"}
    schema = ma.schema([ma.field("a", encoded.type, metadata=metadata)])
    data = write(ma.RecordBatch.from_arrays([encoded], schema=schema))
    with registered(PointType()):
        got = next(ma.open_stream(data))
        assert got.column(0).to_pylist() == [[5.0, 6.0], None, [1.0, 2.0]]
        assert got.schema.field(0).metadata == metadata
        assert write(got).equals(data)


def test_what_ends_the_program_is_no_refusal_of_values():
    class InterruptedType(LabelType):
        @classmethod
        def __arrow_ext_deserialize__(cls, storage_type, serialized):
            if storage_type == ma.dictionary(ma.int8(), ma.string()):
                raise ValueError("no dictionary")
            raise KeyboardInterrupt("mine")

    data = write(batch_of(labels()))
    with registered(InterruptedType()), pytest.raises(KeyboardInterrupt, match="^mine$"):
        read(data).column(0)


def test_classes_that_are_not_what_they_must_be():
    class Nothing(ma.ExtensionType):
        def __init__(self):
            super().__init__(ma.int8(), "tests.nothing")

        def __arrow_ext_class__(self):
            return int

    with pytest.raises(NotImplementedError, match="__arrow_ext_serialize__"):
        ma.field("a", Nothing())
    with pytest.raises(TypeError, match="__arrow_ext_class__"):
        ma.ExtensionArray.from_storage(Nothing(), ma.array([1], ma.int8()))


# -- with pyarrow


@pytest.fixture
def theirs(pyarrow):
    """The same types as pyarrow's, registered there."""

    class TheirPoint(pyarrow.ExtensionType):
        def __init__(self, unit=b"m\x00\xff"):
            self.unit = unit
            super().__init__(pyarrow.list_(pyarrow.float64(), 2), "tests.point")

        def __arrow_ext_serialize__(self):
            return self.unit

        @classmethod
        def __arrow_ext_deserialize__(cls, storage_type, serialized):
            return cls(serialized)

    class TheirLabel(pyarrow.ExtensionType):
        def __init__(self):
            super().__init__(pyarrow.dictionary(pyarrow.int8(), pyarrow.string()), "tests.label")

        def __arrow_ext_serialize__(self):
            return b""

        @classmethod
        def __arrow_ext_deserialize__(cls, storage_type, serialized):
            return cls()

    types = [TheirPoint(), TheirLabel()]
    for type_ in types:
        pyarrow.register_extension_type(type_)
    yield types
    for type_ in types:
        pyarrow.unregister_extension_type(type_.extension_name)


def assert_theirs(theirs, column, name):
    if name == "flat":
        assert column.type == theirs[0] and column.type.unit == b"m\x00\xff"
    if name == "labels":
        assert column.type == theirs[1]
    if name == "list":
        assert column.type.value_type == theirs[0]
    if name == "struct":
        assert [column.type.field(i).type for i in (0, 1)] == theirs
    assert [row and list(row) if name == "flat" else row for row in column.to_pylist()] == [
        row and list(row) if name == "flat" else row for row in plain(name)
    ]


def plain(name):
    """The values as pyarrow's class, which makes no tuples, has them."""

    def lists(value):
        if isinstance(value, dict):
            return {key: lists(item) for key, item in value.items()}
        if name == "map" and isinstance(value, tuple) and not isinstance(value[0], float):
            return (value[0], lists(value[1]))
        return [lists(item) for item in value] if isinstance(value, (list, tuple)) else value

    return [lists(value) for value in nested()[name].to_pylist()]


@BOTH
@pytest.mark.parametrize("name", NESTED)
def test_pyarrow_reads_them_and_gives_them_back(pyarrow, theirs, name, new, open_):
    batch = batch_of(nested()[name])
    open_theirs = pyarrow.ipc.open_stream if new is ma.new_stream else pyarrow.ipc.open_file
    table = open_theirs(pyarrow.py_buffer(write(batch, new))).read_all()
    table.validate(full=True)
    assert_theirs(theirs, table.column(0), name)
    sink = pyarrow.BufferOutputStream()
    new_theirs = pyarrow.ipc.new_stream if new is ma.new_stream else pyarrow.ipc.new_file
    with new_theirs(sink, table.schema) as writer:
        writer.write_table(table)
    with registered(PointType(), LabelType()):
        got = read(sink.getvalue(), open_).column(0)
        assert got.type == batch.column(0).type and got.equals(batch.column(0))


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("name", NESTED)
def test_through_capsules(pyarrow, theirs, name, known):
    """Also through somebody who does not know the type."""
    batch = batch_of(nested()[name])
    with registered(*([PointType(), LabelType()] if known else [])):
        received = pyarrow.record_batch(batch)
        received.validate(full=True)
        assert_theirs(theirs, received.column(0), name)
        back = ma.record_batch(received)
        assert pyarrow.record_batch(back).equals(received)
        assert isinstance(back.column(0), ma.ExtensionArray) == (
            known and name in ("flat", "labels")
        )
    with registered(PointType(), LabelType()):
        assert ma.record_batch(received).column(0).equals(batch.column(0))
        if name in ("flat", "labels"):
            assert ma.array(pyarrow.array(nested()[name])).type == batch.column(0).type
