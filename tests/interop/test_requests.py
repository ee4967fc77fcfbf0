"""Schemas that a consumer asks for: honoured where no value changes."""

import struct

import pytest
from interop.columns import ALL, make

import minarrow as ma


def request(wanted):
    return wanted.__arrow_c_schema__()


def lend(array, wanted):
    """The array as it comes out when this type or field is asked for."""
    return ma.Array._import_from_c_capsule(*array.__arrow_c_array__(request(wanted)))


def lent_field(array, wanted):
    return ma.Field._import_from_c_capsule(array.__arrow_c_array__(request(wanted))[0])


PERSON = [("a", ma.int8()), ("b", ma.string())]
CHOICES = [ma.field("i", ma.int64()), ma.field("s", ma.string_view())]
WORDS_IN_RUNS = ma.dictionary(ma.int8(), ma.run_end_encoded(ma.int16(), ma.string()))
RUNS_OF_INT32 = ma.run_end_encoded(ma.int32(), ma.int8())
HONOURED = [
    ("string", ma.large_string()),
    ("string", ma.string_view()),
    ("string", ma.binary()),
    ("large_string", ma.string()),
    ("string_view", ma.large_binary()),
    ("binary", ma.binary_view()),
    ("binary_view", ma.binary()),
    ("fixed_size_binary", ma.binary()),
    ("fixed_size_binary", ma.binary_view()),
    ("list", ma.large_list(ma.int32())),
    ("list", ma.list_(ma.field("other", ma.int32(), metadata={"k": "v"}))),
    ("list", ma.list_view(ma.int64())),
    ("large_list", ma.list_(ma.int32())),
    ("large_list", ma.list_view(ma.int32())),
    ("list_view", ma.large_list_view(ma.int32())),
    ("list_view", ma.list_(ma.int32())),
    ("large_list_view", ma.large_list(ma.int64())),
    ("fixed_size_list", ma.list_(ma.int16())),
    ("fixed_size_list", ma.large_list_view(ma.int32())),
    ("list of struct", ma.list_view(ma.struct(PERSON))),
    ("list of dictionary", ma.large_list_view(ma.string())),
    ("timestamp[us, Europe/Berlin]", ma.timestamp("us", "Asia/Tokyo")),
    ("int8", ma.int64()),
    ("uint8", ma.int16()),
    ("uint32", ma.uint64()),
    ("float16", ma.float32()),
    ("float16", ma.float64()),
    ("float32", ma.float64()),
    ("decimal128", ma.decimal128(20, 2)),
    ("decimal32", ma.decimal64(9, 2)),
    ("decimal64", ma.decimal256(70, 2)),
    ("null", ma.int32()),
    ("null", ma.struct(PERSON)),
    ("null", ma.dictionary(ma.int8(), ma.string())),
    ("struct", ma.struct([("a", ma.int8()), ("b", ma.large_string())])),
    ("struct", ma.struct([("a", ma.int32()), ("b", ma.dictionary(ma.int8(), ma.string()))])),
    ("dictionary", ma.dictionary(ma.int8(), ma.string_view())),
    ("dictionary", ma.dictionary(ma.uint64(), ma.string())),
    ("dictionary", ma.string()),
    ("dictionary", ma.run_end_encoded(ma.int32(), ma.string())),
    ("dictionary, ordered", ma.dictionary(ma.uint16(), ma.int64())),
    ("dictionary, ordered", ma.dictionary(ma.int8(), ma.int64(), ordered=True)),
    ("dictionary, ordered", ma.int64()),
    ("dictionary of struct", ma.struct(PERSON)),
    ("string", ma.dictionary(ma.uint8(), ma.string())),
    ("map", ma.map_(ma.string_view(), ma.int32())),
    ("map", ma.map_(ma.dictionary(ma.int8(), ma.string()), ma.int64())),
    ("run_end_encoded, int16", ma.run_end_encoded(ma.int16(), ma.string_view())),
    ("run_end_encoded, int16", ma.run_end_encoded(ma.int64(), ma.string())),
    ("run_end_encoded, int64", ma.run_end_encoded(ma.int16(), ma.string())),
    ("run_end_encoded, int32", ma.large_string()),
    ("run_end_encoded, int32", ma.dictionary(ma.int8(), ma.string())),
    ("string", ma.run_end_encoded(ma.int16(), ma.string())),
    ("run_end_encoded, int64", WORDS_IN_RUNS),
    ("sparse_union", ma.dense_union(CHOICES)),
    ("dense_union", ma.sparse_union(CHOICES)),
    ("dense_union", ma.dense_union(CHOICES)),
    (
        "struct of lists",
        ma.struct([("l", ma.list_view(ma.list_view(ma.string_view()))), ("d", ma.string())]),
    ),
]
NOT_HONOURED = [
    ("int32", ma.int16()),
    ("int32", ma.uint64()),
    ("uint32", ma.int32()),
    ("int32", ma.float64()),
    ("float64", ma.float32()),
    ("int32", ma.string()),
    ("binary", ma.string()),
    ("binary", ma.binary(3)),
    ("list", ma.list_(ma.int32(), 2)),
    ("list", ma.map_(ma.string(), ma.int32())),
    ("date32", ma.date64()),
    ("timestamp[us]", ma.timestamp("us", "UTC")),
    ("timestamp[us]", ma.timestamp("ns")),
    ("decimal128", ma.decimal128(5, 2)),
    ("decimal128", ma.decimal128(9, 3)),
    ("decimal128", ma.decimal64(9, 2)),
    ("dictionary", ma.binary(1)),
    ("dictionary", ma.dictionary(ma.int8(), ma.string(), ordered=True)),
    ("string", ma.dictionary(ma.int8(), ma.string(), ordered=True)),
    ("dictionary", ma.int8()),
    ("struct", ma.struct([("b", ma.int8()), ("a", ma.string())])),
    ("dense_union", ma.sparse_union([ma.field("i", ma.int32()), ma.field("t", ma.string())])),
    ("null", ma.sparse_union(CHOICES)),
    ("null", ma.run_end_encoded(ma.int16(), ma.sparse_union(CHOICES))),
]


@pytest.mark.parametrize("name, wanted", HONOURED, ids=str)
def test_honoured(name, wanted):
    array = make(name)
    given = lend(array, wanted)
    given.validate(full=True)
    assert given.type == wanted
    expected = array.to_pylist()
    if wanted in (ma.binary(), ma.large_binary()) and name.endswith(("string", "view")):
        expected = [v if v is None or isinstance(v, bytes) else v.encode() for v in expected]
    assert given.to_pylist() == expected
    part = array.slice(1, 2)
    assert lend(part, wanted).to_pylist() == expected[1:3]


@pytest.mark.parametrize("name, wanted", HONOURED, ids=str)
def test_honoured_for_pyarrow(name, wanted):
    pyarrow = pytest.importorskip("pyarrow")
    array = make(name)
    asked = pyarrow.DataType._import_from_c_capsule(wanted.__arrow_c_schema__())
    whole = pyarrow.Array._import_from_c_capsule(*array.__arrow_c_array__(request(asked)))
    part = pyarrow.Array._import_from_c_capsule(*array[1:3].__arrow_c_array__(request(asked)))
    as_they_are = pyarrow.Array._import_from_c_capsule(*array.__arrow_c_array__())
    assert whole.type == part.type == asked
    for given in whole, part:
        given.validate(full=True)
    expected = as_they_are.to_pylist()
    if pyarrow.types.is_binary(asked) or pyarrow.types.is_large_binary(asked):
        expected = [v.encode() if isinstance(v, str) else v for v in expected]
    assert whole.to_pylist() == expected
    assert part.to_pylist() == expected[1:3]


@pytest.mark.parametrize("wanted", [ma.large_string(), ma.string_view()], ids=str)
@pytest.mark.parametrize("inside", [False, True])
def test_text_is_checked_under_the_type_that_is_asked_for(wanted, inside):
    offsets = ma.py_buffer(b"\0\0\0\0\2\0\0\0")
    text = ma.Array.from_buffers(ma.string(), 1, [None, offsets, ma.py_buffer(b"a\xf4")])
    if inside:
        wanted = ma.struct([("x", wanted)])
        text = ma.Array.from_buffers(ma.struct([("x", text.type)]), 1, [None], children=[text])
    with pytest.raises(ma.ArrowInvalid, match="not UTF-8"):
        lend(text, wanted)


@pytest.mark.parametrize("name, wanted", NOT_HONOURED, ids=str)
def test_not_honoured(name, wanted):
    array = make(name)
    given = lend(array, wanted)
    assert given.type == array.type
    assert given.equals(array)


@pytest.mark.parametrize(
    "array, wanted, error",
    [
        (ma.array([str(i) for i in range(129)]), ma.dictionary(ma.int8(), ma.string()), "129 dis"),
        (
            ma.array([str(i) for i in range(129)], ma.dictionary(ma.int16(), ma.string())),
            ma.dictionary(ma.int8(), ma.string()),
            "128 does not fit int8",
        ),
        (
            ma.array([1] * 40000, ma.run_end_encoded(ma.int32(), ma.int8())),
            ma.run_end_encoded(ma.int16(), ma.int8()),
            "40000 does not fit int16",
        ),
    ],
    ids=["values", "indices", "run ends"],
)
def test_a_layout_that_is_too_narrow(array, wanted, error):
    with pytest.raises(ma.ArrowInvalid, match=error):
        lend(array, wanted)


GIGABYTE = ma.binary(2**30)
EITHER = [ma.field("a", GIGABYTE), ma.field("b", ma.int8())]


@pytest.mark.parametrize(
    "wanted",
    [
        GIGABYTE,
        ma.list_(ma.int64(), 2**27),
        ma.struct([("a", ma.int8()), ("b", GIGABYTE)]),
        ma.struct([("u", ma.dense_union(EITHER))]),
        ma.struct([("u", ma.sparse_union(EITHER[::-1]))]),
        ma.run_end_encoded(ma.int32(), GIGABYTE),
    ],
    ids=str,
)
@pytest.mark.parametrize("inside", [False, True])
def test_nulls_that_took_no_memory(wanted, inside):
    """Ten rows of null would be ten gigabytes of zeros."""
    nulls = ma.nulls(10)
    if inside:
        nulls = ma.StructArray.from_arrays([nulls], ["x"])
        wanted = ma.struct([("x", wanted)])
    with pytest.raises(ma.ArrowInvalid, match="come to more than .* take fewer at a time"):
        lend(nulls, wanted)


@pytest.mark.parametrize("wide", [GIGABYTE, ma.list_(ma.int64(), 2**27)], ids=str)
@pytest.mark.parametrize("inside", [False, True])
def test_null_indices_of_wide_values(wide, inside):
    nulls = ma.array([None] * 10, ma.dictionary(ma.int8(), wide))
    if inside:
        nulls = ma.StructArray.from_arrays([nulls], ["x"])
        wide = ma.struct([("x", wide)])
    with pytest.raises(ma.ArrowInvalid, match="come to more than .* take fewer at a time"):
        lend(nulls, wide)


def test_children_of_a_sparse_union_that_runs_repeat():
    """The child that was not chosen is as long as the others."""
    type_ = ma.sparse_union([ma.field("a", ma.int8()), ma.field("b", ma.binary(2**20))])
    run = ma.UnionArray.from_sparse(
        ma.array([0], ma.int8()),
        [ma.array([7], ma.int8()), ma.array([None], ma.binary(2**20))],
        field_names=["a", "b"],
    )
    runs = ma.RunEndEncodedArray.from_arrays(ma.array([5000], ma.int32()), run)
    with pytest.raises(ma.ArrowInvalid, match="5000 rows come to more than"):
        lend(runs, type_)
    assert lend(runs.slice(0, 3), type_).to_pylist() == [7, 7, 7]


@pytest.mark.parametrize(
    "free, wanted",
    [
        (ma.Array.from_buffers(ma.null(), 2**40, [None]), ma.int8()),
        (
            ma.Array.from_buffers(
                ma.list_(ma.int8(), 0), 2**40, [None], children=[ma.array([], ma.int8())]
            ),
            ma.list_(ma.int8()),
        ),
        (
            ma.Array.from_buffers(
                ma.run_end_encoded(ma.int64(), ma.int8()),
                2**40,
                [None],
                children=[ma.array([2**40]), ma.array([1], ma.int8())],
            ),
            ma.int8(),
        ),
    ],
    ids=["null", "lists of no items", "runs"],
)
def test_rows_that_took_no_memory(free, wanted):
    with pytest.raises(ma.ArrowInvalid, match="1099511627776 rows come to more than"):
        lend(free, wanted)
    assert len(lend(free.slice(5, 1000), wanted)) == 1000


SLICED = [
    (
        ma.StructArray.from_arrays([ma.Array.from_buffers(ma.null(), 2**40, [None])], ["x"]),
        ma.struct([("x", ma.int8())]),
    ),
    (
        ma.RunEndEncodedArray.from_arrays(ma.array([10, 40000], ma.int32()), ma.array([1, 2])),
        ma.run_end_encoded(ma.int16(), ma.int64()),
    ),
    (
        ma.array([[str(i)] for i in range(300)], ma.list_(ma.dictionary(ma.int16(), ma.string()))),
        ma.list_(ma.dictionary(ma.int8(), ma.string())),
    ),
]


@pytest.mark.parametrize("array, wanted", SLICED, ids=["struct", "runs", "list"])
def test_rows_outside_of_a_slice_do_not_matter(array, wanted):
    with pytest.raises(ma.ArrowInvalid):
        lend(array, wanted)
    given = lend(array.slice(5, 10), wanted)
    given.validate(full=True)
    assert given.type == wanted
    assert given.to_pylist() == array.slice(5, 10).to_pylist()


@pytest.mark.parametrize("encoded", ["dictionary", "runs"])
def test_null_keys_are_found_within_an_encoding(encoded):
    keys = ma.array(["x", None])
    if encoded == "runs":
        keys = ma.RunEndEncodedArray.from_arrays(ma.array([1, 2], ma.int32()), keys)
    else:
        keys = ma.DictionaryArray.from_arrays(ma.array([0, 1], ma.int8()), keys)
    type_ = ma.map_(keys.type, ma.int64())
    parts = [keys, ma.array([1, 2])]
    entries = ma.StructArray.from_arrays(parts, fields=[type_.key_field, type_.item_field])
    offsets = ma.py_buffer(struct.pack("<2i", 0, 2))
    pairs = ma.Array.from_buffers(type_, 1, [None, offsets], children=[entries])
    for wanted in pairs.type, ma.map_(ma.string(), ma.int64()):
        with pytest.raises(ma.ArrowInvalid, match="keys of a map cannot be null"):
            lend(pairs, wanted)


def test_nulls_of_the_null_type_are_told():
    nothing = ma.nulls(2)
    assert lent_field(nothing, ma.field("x", ma.int8(), nullable=False)).nullable
    outer = ma.StructArray.from_arrays([nothing], fields=[ma.field("x", ma.null(), nullable=False)])
    wanted = ma.struct([ma.field("x", ma.int8(), nullable=False)])
    assert lend(outer, wanted).type == outer.type


def test_errors_tell_the_column_once():
    batch = ma.record_batch({"n": [1] * 40000}, schema=ma.schema([("n", RUNS_OF_INT32)]))
    sink = ma.BufferOutputStream()
    with ma.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    (read,) = ma.open_stream(sink.getvalue())
    wanted = ma.schema([("n", ma.run_end_encoded(ma.int16(), ma.int8()))])
    for given, place in (batch, "column 'n'"), (read, "batch 0, column 'n'; message 1 at byte"):
        with pytest.raises(ma.ArrowInvalid, match="40000 does not fit int16") as caught:
            given.__arrow_c_array__(request(wanted))
        assert place in str(caught.value)
        assert str(caught.value).count("column 'n'") == 1


def test_nulls_within_an_encoding_are_told():
    own = ma.field("x", ma.run_end_encoded(ma.int16(), ma.int8()), nullable=False)
    batch = ma.record_batch([ma.array([1, None], own.type)], schema=ma.schema([own]))
    wanted = ma.schema([ma.field("x", ma.int8(), nullable=False)])
    given = ma.RecordBatch._import_from_c_capsule(*batch.__arrow_c_array__(request(wanted)))
    assert given.schema.field("x").nullable
    assert given.to_pydict() == {"x": [1, None]}


def test_memory_that_can_stay_is_shared():
    lists = ma.array([["a"], ["b", "c"], []], ma.list_(ma.string()))
    nulls_first = ma.ListViewArray.from_arrays(
        ma.array([0, 1], ma.int32()), ma.array([0, 2], ma.int32()), lists.values
    )
    assert lend(nulls_first, lists.type).to_pylist() == [[], ["b", "c"]]
    assert lend(nulls_first, lists.type).values.equals(lists.values)
    for type_ in ma.list_view, ma.large_list, ma.large_list_view:
        other = lend(lists, type_(ma.string()))
        back = lend(other, lists.type)
        for given in other, back:
            assert [b and b.address for b in given.values.buffers()] == [
                b and b.address for b in lists.values.buffers()
            ]


def test_half_floats_are_exact():
    numpy = pytest.importorskip("numpy")
    halves = numpy.arange(2**16, dtype=numpy.uint16).view(numpy.float16)
    for type_, dtype in (ma.float32(), numpy.float32), (ma.float64(), numpy.float64):
        given = numpy.asarray(lend(ma.array(halves), type_))
        numpy.testing.assert_array_equal(given, halves.astype(dtype))
        known = ~numpy.isnan(given)
        assert (numpy.signbit(given) == numpy.signbit(halves))[known].all()


@pytest.mark.parametrize("name", ALL)
def test_the_same_type(name):
    array = make(name)
    given = lend(array, array.type)
    assert given.type == array.type
    assert given.equals(array)
    assert array.__arrow_c_array__(None) and array.__arrow_c_array__(requested_schema=None)


def test_a_union_has_no_place_for_the_nulls_of_indices():
    union = make("dense_union")
    coded = ma.DictionaryArray.from_arrays(ma.array([3, None, 0], ma.int8()), union)
    assert lend(coded, union.type).type == coded.type
    wanted = ma.dictionary(ma.int32(), ma.sparse_union(CHOICES))
    assert lend(coded, wanted).type == wanted
    assert lend(coded, wanted).to_pylist() == ["b", None, 1]


def test_names_metadata_and_nullability():
    wanted = ma.field("named", ma.int64(), nullable=False, metadata={"k": "v"})
    field = lent_field(ma.array([1, 2]), wanted)
    assert field.equals(wanted, check_metadata=True)
    field = lent_field(ma.array([1, None]), wanted)  # the promise cannot be kept
    assert field.equals(wanted.with_nullable(True), check_metadata=True)
    field = lent_field(ma.array(["x"]), wanted)
    assert field.equals(ma.field("", ma.string()))


def test_batches():
    batch = ma.record_batch({"a": ["x", None], "n": [1, 2]})
    wanted = ma.schema([("a", ma.string_view()), ("n", ma.int8())], metadata={"k": "v"})
    given = ma.RecordBatch._import_from_c_capsule(*batch.__arrow_c_array__(request(wanted)))
    assert given.schema.types == [ma.string_view(), ma.int64()]
    assert given.schema.metadata == {b"k": b"v"}
    assert given.to_pydict() == batch.to_pydict()


@pytest.mark.parametrize("fields", [["a"], ["n", "a"], ["a", "n", "m"]])
def test_other_fields_are_an_error(fields):
    batch = ma.record_batch({"a": ["x", None], "n": [1, 2]})
    wanted = ma.schema([(name, ma.int64()) for name in fields])
    for method in batch.__arrow_c_array__, batch.__arrow_c_stream__:
        with pytest.raises(ma.ArrowInvalid, match="asked for"):
            method(request(wanted))


@pytest.mark.parametrize("wrap", [lambda t: t, lambda t: t.to_reader()], ids=["table", "reader"])
def test_streams(wrap):
    table = ma.table({"a": ["x", None], "n": [1, 2]})
    wanted = ma.schema([("a", ma.large_string()), ("n", ma.int64())])
    capsule = wrap(table).__arrow_c_stream__(request(wanted))
    schema, batches = ma._core.import_batch_stream_from(capsule)
    assert schema == wanted
    assert [batch.to_pydict() for batch in batches] == [table.to_pydict()]


def test_streams_of_arrays():
    chunks = ma.chunked_array([["x", None], ["y"]])

    class Lent:
        def __arrow_c_stream__(self, requested_schema=None):
            return chunks.__arrow_c_stream__(request(ma.string_view()))

    given = ma.chunked_array(Lent())
    assert given.type == ma.string_view()
    assert given.to_pylist() == ["x", None, "y"]


# ---- our own requests, of others


def test_we_ask_pyarrow():
    pyarrow = pytest.importorskip("pyarrow")
    theirs = pyarrow.array([1, None], pyarrow.int8())
    assert ma.array(theirs, type=ma.int64()).type == ma.int64()
    table = pyarrow.table({"a": ["x"]})
    schema = ma.schema([("a", ma.large_string())])
    assert ma.table(table, schema=schema).schema == schema
    assert ma.record_batch(table.to_batches()[0], schema=schema).schema == schema
    assert ma.RecordBatchReader.from_stream(table, schema).schema == schema
    with pytest.raises(ValueError, match="field names"):
        ma.table(table, schema=ma.schema([("b", ma.int8())]))


def test_a_producer_that_takes_no_requests():
    batch = ma.record_batch({"a": ["x"]})

    class Simple:
        def __arrow_c_array__(self):
            return batch.__arrow_c_array__()

        def __arrow_c_stream__(self):
            return batch.__arrow_c_stream__()

    schema = ma.schema([("a", ma.string_view())])
    assert ma.record_batch(Simple(), schema=schema).schema == schema
    assert ma.table(Simple(), schema=schema).schema == schema
    with pytest.raises(ma.ArrowInvalid, match="would change values"):
        ma.record_batch(Simple(), schema=ma.schema([("a", ma.int8())]))
    with pytest.raises(ma.ArrowInvalid, match="would change values"):
        ma.RecordBatchReader.from_stream(Simple(), ma.schema([("a", ma.int8())]))


@pytest.mark.parametrize("wrong", [1, "string", object()])
def test_no_request_at_all(wrong):
    with pytest.raises(TypeError, match="requested_schema"):
        ma.array([1]).__arrow_c_array__(wrong)


def test_a_request_used_up():
    capsule = request(ma.int8())
    ma.Field._import_from_c_capsule(capsule)
    with pytest.raises(ma.ArrowInvalid, match="released"):
        ma.array([1]).__arrow_c_array__(capsule)
