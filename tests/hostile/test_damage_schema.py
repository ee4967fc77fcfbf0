"""Schemas that cannot be: the stream is refused at once, and the field is named."""

import struct

import pytest
from hostile.damaged import put, stream_of
from oracle import flatbuf
from oracle.layout import raw_columns

import minarrow as ma


def stream(type_, name="a"):
    """A stream of no batches with one column."""
    sink = ma.BufferOutputStream()
    with ma.new_stream(sink, ma.schema([ma.field(name, type_)])):
        pass
    return bytearray(sink.getvalue().to_pybytes())


def field_of(data):
    return flatbuf.messages(data)[0].schema.fields[0]


def set_type(kind, name, value):
    return lambda field: field.table("type", kind).set(name, value)


def set_digits(value):
    return set_type("Decimal", "precision", value)


def set_run_end_bits(field):
    field.fields[0].table("type", "Int").set("bits", 8)


def set_tag(field):
    field.set("type_type", 99)


def forget(name):
    return lambda field: field.forget(name)


def repeat_type_id(field):
    union = field.table("type", "Union")
    first, second = union.numbers("ids", "<i")
    put(field.data, second, struct.unpack_from("<i", field.data, first)[0])


def set_type_id(value):
    def change(field):
        put(field.data, field.table("type", "Union").numbers("ids", "<i")[1], value)

    return change


def set_index_bits(value):
    def change(field):
        field.table("dictionary", "Encoding").table("index_type", "Int").set("bits", value)

    return change


UNION = ma.dense_union([ma.field("x", ma.int8()), ma.field("y", ma.int8())], [5, 7])
WORDS = ma.dictionary(ma.int8(), ma.string())
LIST = ma.list_(ma.field("item", ma.int8()))
RUNS = ma.run_end_encoded(ma.int32(), ma.int8())
MAP = ma.map_(ma.string(), ma.int8())

CASES = {
    "decimal of no digits": (
        ma.decimal128(3, 1),
        set_digits(0),
        "from 1 to 38",
    ),
    "decimal of 39 digits": (
        ma.decimal128(3, 1),
        set_digits(39),
        "from 1 to 38",
    ),
    "decimal of 100 bits": (ma.decimal128(3, 1), set_type("Decimal", "bits", 100), "100"),
    "integer of 7 bits": (ma.int32(), set_type("Int", "bits", 7), "7"),
    "integer of -8 bits": (ma.int32(), set_type("Int", "bits", -8), "-8"),
    "binary of -1 bytes": (ma.binary(3), set_type("Width", "width", -1), "-1"),
    "lists of -1 items": (ma.list_(ma.int8(), 3), set_type("Width", "width", -1), "-1"),
    "unknown unit": (ma.duration("s"), set_type("Unit", "unit", 9), "unit"),
    "seconds in 64 bits": (ma.time32("s"), set_type("Unit", "bits", 64), "time|64"),
    "nanoseconds in 32 bits": (ma.time64("ns"), set_type("Unit", "bits", 32), "time|32"),
    "type id twice": (UNION, repeat_type_id, "5"),
    "type id 128": (UNION, set_type_id(128), "128"),
    "type id -1": (UNION, set_type_id(-1), "-1"),
    "unknown mode": (UNION, set_type("Union", "mode", 2), "mode"),
    "indices of 12 bits": (WORDS, set_index_bits(12), "12"),
    "no type": (ma.int8(), forget("type"), "type"),
    "unknown type": (ma.int8(), set_tag, "99"),
    "list of nothing": (LIST, forget("children"), "child"),
    "run ends of nothing": (RUNS, forget("children"), "child|run"),
    "map of nothing": (MAP, forget("children"), "child|map"),
    "run ends of 8 bits": (RUNS, set_run_end_bits, "run ends are int16"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_type_that_cannot_be(case):
    type_, change, says = CASES[case]
    data = stream(type_)
    change(field_of(data))
    with pytest.raises(ma.ArrowInvalid, match=says) as caught:
        ma.open_stream(bytes(data))
    error = caught.value
    assert error.path.startswith("field 'a'")
    assert error.message_number == 0
    first = flatbuf.messages(data)[0]
    assert first.start <= error.offset < first.body_at
    decoder = ma.ipc.StreamDecoder()
    with pytest.raises(ma.ArrowInvalid, match=says):
        decoder.feed(bytes(data))


def test_a_field_within_is_named():
    data = stream(ma.list_(ma.struct([ma.field("x", ma.decimal128(3, 1))])))
    inner = field_of(data).fields[0].fields[0]
    inner.table("type", "Decimal").set("precision", 0)
    with pytest.raises(ma.ArrowInvalid) as caught:
        ma.open_stream(bytes(data))
    assert caught.value.path == "field 'a'.item.x"


def test_unknown_byte_order():
    data = stream(ma.int8())
    flatbuf.messages(data)[0].schema.set("endianness", 2)
    with pytest.raises(ma.ArrowInvalid, match="byte order is 2, not 0 or 1") as caught:
        ma.open_stream(bytes(data))
    assert caught.value.message_number == 0


def test_the_other_byte_order_turns_values_around():
    data = stream_of("full")
    flatbuf.messages(data)[0].schema.set("endianness", 1)
    (column,) = raw_columns(next(ma.open_stream(bytes(data))))
    assert column == [int.from_bytes(n.to_bytes(8, "little"), "big") for n in (1, 2, 3, 4)]


def test_depth_is_limited():
    type_ = ma.int8()
    for _ in range(30):
        type_ = ma.struct([ma.field("s", ma.list_(type_))])
    data = stream(type_)
    assert ma.open_stream(bytes(data)).schema.field(0).type == type_
    for limit in (1, 60):
        options = ma.ipc.IpcReadOptions(max_nesting_depth=limit)
        with pytest.raises(ma.ArrowInvalid, match=f"max_nesting_depth of {limit}; raise it"):
            ma.open_stream(bytes(data), options=options)
    ma.open_stream(bytes(data), options=ma.ipc.IpcReadOptions(max_nesting_depth=61))


def test_the_number_of_fields_is_limited():
    sink = ma.BufferOutputStream()
    schema = ma.schema([ma.field(f"c{i}", ma.list_(ma.int8())) for i in range(100)])
    with ma.new_stream(sink, schema):
        pass
    data = sink.getvalue()
    for limit in (0, 1, 199):
        with pytest.raises(ma.ArrowInvalid, match="limit max_fields"):
            ma.open_stream(data, options=ma.ipc.IpcReadOptions(max_fields=limit))
    assert ma.open_stream(data, options=ma.ipc.IpcReadOptions(max_fields=200)).schema == schema


def test_one_id_for_two_types():
    indices = ma.array([0, 0], ma.int8())
    words = ma.DictionaryArray.from_arrays(indices, ma.array(["x"], ma.string()))
    numbers = ma.DictionaryArray.from_arrays(indices, ma.array([9], ma.int64()))
    batch = ma.RecordBatch.from_arrays([words, numbers], ["w", "n"])
    sink = ma.BufferOutputStream()
    with ma.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    data = bytearray(sink.getvalue().to_pybytes())
    first, second = flatbuf.messages(data)[0].schema.fields
    encoding = first.table("dictionary", "Encoding")
    second.table("dictionary", "Encoding").set("id", encoding.get("id"))
    with pytest.raises(ma.ArrowInvalid, match="dictionary|id") as caught:
        ma.open_stream(bytes(data))
    assert caught.value.message_number == 0


# -- what is odd, but no damage


@pytest.mark.parametrize("nulls", [0, 1, 2, 3, 4])
def test_null_counts_that_lie_are_read(nulls):
    """The count says whether to look at the bitmap, which then has the truth; 0 means no nulls."""
    data = stream_of("numbers")
    message = flatbuf.messages(data)[-1]
    message.batch.nodes[0].set("nulls", nulls)
    _, batch = ma.open_stream(bytes(data))
    batch.validate(full=True)
    column = batch.column(0)
    assert column.null_count == (1 if nulls else 0)
    assert [value is None for value in column.to_pylist()] == [False, nulls > 0, False, False]


def test_text_that_is_no_utf8_is_bytes_until_it_becomes_str():
    data = stream_of("text")
    put(data, flatbuf.messages(data)[-1].buffer_at(2), -1, 1)
    _, batch = ma.open_stream(bytes(data))
    column = batch.column(0)
    assert (len(column), column.null_count) == (4, 1)
    batch.validate()
    assert column.slice(1).to_pylist() == [None, "", "cde"]
    sink = ma.BufferOutputStream()
    with ma.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    assert next(ma.open_stream(sink.getvalue())).equals(batch)
    for use in (column.to_pylist, lambda: column[0].as_py(), column.__arrow_c_array__):
        with pytest.raises(ValueError, match="UTF-8|utf-8"):
            use()
