"""Damage says where it is: the byte, the message and the part, and what to do about it.

Each case changes one number of a good stream or file, at the place that ``oracle.flatbuf`` finds.
"""

import re
from types import SimpleNamespace

import pytest
from hostile.amplified import stream
from hostile.damaged import batch_of, last_message, put, read_stream, stream_of
from oracle import flatbuf

import minarrow as ma

DAMAGES = []


def damage(kind, says, message=2, path=None, raises=ma.ArrowInvalid, whole=1, **options):
    """A case: a stream of this kind, changed by the function, which gives the expected offset."""

    def add(change):
        case = SimpleNamespace(
            kind=kind,
            says=says,
            message=message,
            path=path,
            raises=raises,
            whole=whole,
            options=options,
            change=change,
        )
        DAMAGES.append(pytest.param(case, id=change.__name__))
        return change

    return add


def put_in_prefix(data, size):
    message = last_message(data)
    put(data, message.size_at, size)
    return message.start


def in_body(data, place, value, size=4):
    """Change a value in the last body: what is wrong with values is told with their message."""
    message = last_message(data)
    put(data, place(message), value, size)
    return message.body_at


def in_node(data, index, name, value):
    """The same for a node whose numbers are possible, but do not fit the rest."""
    message = last_message(data)
    message.batch.nodes[index].set(name, value)
    return message.body_at


# -- framing


@damage("full", "metadata has -8 bytes")
def metadata_of_negative_size(data):
    return put_in_prefix(data, -8)


@damage("full", "max_metadata_size.*raise")
def metadata_larger_than_the_limit(data):
    return put_in_prefix(data, 2**30)


@damage("full", "begins with 12345678 in place of FFFFFFFF")
def another_prefix(data):
    return put(data, last_message(data).start, 0x12345678)


@damage("full", "body has -1 bytes")
def body_of_negative_size(data):
    message = last_message(data)
    message.set("body_size", -1)
    return message.at


@damage("full", "ends inside a message")
def body_that_ends_early(data):
    message = last_message(data)
    message.set("body_size", 1 << 40)
    return len(data)


@damage("full", "outside")
def root_outside_the_metadata(data):
    return put(data, last_message(data).metadata_at, 1 << 20)


@damage("full", "unknown kind 9")
def message_of_an_unknown_kind(data):
    message = last_message(data)
    message.set("header_type", 9)
    return message.at


@damage("full", "tensor", raises=ma.ArrowNotImplementedError)
def tensor(data):
    message = last_message(data)
    message.set("header_type", flatbuf.TENSOR)
    return message.at


@damage("full", "tensor", raises=ma.ArrowNotImplementedError)
def sparse_tensor(data):
    message = last_message(data)
    message.set("header_type", flatbuf.SPARSE_TENSOR)
    return message.at


@damage("full", "no header")
def no_header(data):
    message = last_message(data)
    message.forget("header")
    return message.at


@damage("full", "V3 predates.*write the data again", raises=ma.ArrowNotImplementedError)
def version_3(data):
    message = last_message(data)
    message.set("version", 2)
    return message.at


@damage("full", "version is 5, which does not exist")
def version_6(data):
    message = last_message(data)
    message.set("version", 5)
    return message.at


@damage("full", "second schema")
def second_schema(data):
    found = flatbuf.messages(data)
    at = found[2].start
    data[at:] = data[: found[1].start]
    return at


# -- record batches


@damage("full", "batch says that it has -4 rows")
def negative_rows(data):
    batch = last_message(data).batch
    batch.set("length", -4)
    return batch.at


@damage("full", "0 field nodes and its schema needs 1", path="batch 1")
def no_nodes(data):
    batch = last_message(data).batch
    return put(data, batch.count_place("nodes"), 0) + 4


@damage("full", "1 buffers and its schema needs 2", path="batch 1")
def too_few_buffers(data):
    batch = last_message(data).batch
    return put(data, batch.count_place("buffers"), 1) + 4


@damage("full", "vector points outside")
def too_many_nodes(data):
    batch = last_message(data).batch
    return put(data, batch.count_place("nodes"), 1 << 28)


@damage("full", "4 rows and -1 nulls", path="batch 1, column 'a'")
def negative_null_count(data):
    node = last_message(data).batch.nodes[0]
    node.set("nulls", -1)
    return node.at


@damage("full", "4 rows and 5 nulls", path="batch 1, column 'a'")
def more_nulls_than_rows(data):
    node = last_message(data).batch.nodes[0]
    node.set("nulls", 5)
    return node.at


@damage("nothing", "column has 9 rows and its batch has 4", path="batch 1, column 'a'")
def column_of_other_length(data):
    return in_node(data, 0, "length", 9)


@damage("full", "32 bytes, and 9 rows need 72", path="batch 1, column 'a', data buffer")
def more_rows_than_bytes(data):
    return in_node(data, 0, "length", 9)


@damage("full", "no validity bitmap", path="batch 1, column 'a', validity buffer")
def nulls_without_a_bitmap(data):
    return in_node(data, 0, "nulls", 2)


@damage("full", "bytes at 8 of a body", path="batch 1, column 'a', data buffer")
def buffer_behind_the_body(data):
    buffer = last_message(data).batch.buffers[1]
    buffer.set("offset", 8)
    buffer.set("size", 64)
    return buffer.at


@damage("full", "buffer 1 is", path="batch 1, column 'a', data buffer")
def buffer_before_the_body(data):
    buffer = last_message(data).batch.buffers[1]
    buffer.set("offset", -8)
    return buffer.at


@damage("full", "buffer 1 is -1 bytes", path="batch 1, column 'a', data buffer")
def buffer_of_negative_size(data):
    buffer = last_message(data).batch.buffers[1]
    buffer.set("size", -1)
    return buffer.at


@damage("full", "buffer 1 is", path="batch 1, column 'a', data buffer")
def buffer_whose_end_overflows(data):
    buffer = last_message(data).batch.buffers[1]
    buffer.set("offset", 8)
    buffer.set("size", 2**63 - 1)
    return buffer.at


@damage("full", "has 31 bytes, and 4 rows need 32", path="batch 1, column 'a', data buffer")
def buffer_too_short(data):
    message = last_message(data)
    message.batch.buffers[1].set("size", 31)
    return message.buffer_at(1)


@damage("numbers", "no validity bitmap", path="batch 1, column 'a', validity buffer")
def bitmap_of_nothing(data):
    message = last_message(data)
    message.batch.buffers[0].set("size", 0)
    return message.buffer_at(0)


# -- values


@damage(
    "text",
    "row 1 begins at 2 and ends at 0; offsets ascend",
    path="batch 1, column 'a', offsets buffer",
)
def offsets_that_descend(data):
    return in_body(data, lambda m: m.buffer_at(1) + 8, 0)


@damage("text", "row 0 begins at -1", path="batch 1, column 'a', offsets buffer")
def negative_first_offset(data):
    return in_body(data, lambda m: m.buffer_at(1), -1)


@damage("text", "row, 3, ends at 1000", path="batch 1, column 'a', offsets buffer")
def last_offset_outside(data):
    return in_body(data, lambda m: m.buffer_at(1) + 16, 1000)


@damage("large", "row, 3, ends at", path="batch 1, column 'a', offsets buffer")
def last_long_offset_outside(data):
    return in_body(data, lambda m: m.buffer_at(1) + 32, 2**62, 8)


@damage("lists", "row, 3, ends at 4", path="batch 1, column 'a', offsets buffer")
def list_behind_its_child(data):
    return in_body(data, lambda m: m.buffer_at(1) + 16, 4)


@damage("lists", "8 bytes, and 3 rows need 24", path="batch 1, column 'a'.item, data buffer")
def child_too_short(data):
    message = last_message(data)
    message.batch.buffers[3].set("size", 8)
    return message.body_at


@damage("list views", "row 2 holds 1 rows from row 9", path="batch 1, column 'a', offsets buffer")
def list_view_outside(data):
    return in_body(data, lambda m: m.buffer_at(1) + 8, 9)


@damage("list views", "row 1 holds -1 rows", path="batch 1, column 'a', offsets buffer")
def list_view_of_negative_size(data):
    return in_body(data, lambda m: m.buffer_at(2) + 4, -1)


@damage("fixed lists", "child has 7 rows", path="batch 1, column 'a'.item")
def child_of_fixed_lists_too_short(data):
    return in_node(data, 1, "length", 7)


@damage("structs", "child has 3 rows and its parent needs 4", path="batch 1, column 'a'.x")
def field_too_short(data):
    return in_node(data, 1, "length", 3)


@damage("views", "data buffer 9", path="batch 1, column 'a', views buffer")
def view_of_no_buffer(data):
    return in_body(data, lambda m: m.buffer_at(1) + 32 + 8, 9)


@damage("views", "from byte 4000", path="batch 1, column 'a', views buffer")
def view_outside(data):
    return in_body(data, lambda m: m.buffer_at(1) + 32 + 12, 4000)


@damage("views", "has -1 bytes", path="batch 1, column 'a', views buffer")
def view_of_negative_size(data):
    return in_body(data, lambda m: m.buffer_at(1) + 32, -1)


@damage("views", "variadic buffer count 0 is -1", path="batch 1")
def negative_count_of_data_buffers(data):
    batch = last_message(data).batch
    return put(data, batch.numbers("variadics", "<q")[0], -1, 8)


@damage("views", "variadic buffer count 0 is 1099511627776", path="batch 1")
def too_many_data_buffers(data):
    batch = last_message(data).batch
    return put(data, batch.numbers("variadics", "<q")[0], 1 << 40, 8)


@damage(
    "words", "index 7 and the dictionary has 2", path="batch 1, column 'a', data buffer", message=3
)
def index_outside(data):
    return in_body(data, lambda m: m.buffer_at(1) + 1, 7, 1)


@damage("words", "index -1", path="batch 1, column 'a', data buffer", message=3)
def negative_index(data):
    return in_body(data, lambda m: m.buffer_at(1) + 1, -1, 1)


@damage("runs", "run ends ascend", path="batch 1, column 'a'.run_ends, data buffer")
def run_ends_that_descend(data):
    return in_body(data, lambda m: m.buffer_at(0 + 1) + 4, 1)


@damage("runs", "the last run ends at row 3", path="batch 1, column 'a'.run_ends, data buffer")
def runs_that_end_early(data):
    in_body(data, lambda m: m.buffer_at(1) + 4, 2)
    return in_body(data, lambda m: m.buffer_at(1) + 8, 3)


@damage("runs", "run ends and only 2 values", path="batch 1, column 'a'")
def too_few_values_of_runs(data):
    return in_node(data, 2, "length", 2)


@damage("dense", "type id 6", path="batch 1, column 'a', type ids buffer")
def no_such_type_id(data):
    return in_body(data, lambda m: m.buffer_at(0) + 2, 6, 1)


@damage("sparse", "type id -1", path="batch 1, column 'a', type ids buffer")
def negative_type_id(data):
    return in_body(data, lambda m: m.buffer_at(0) + 2, -1, 1)


@damage("dense", "row 2 is row 8 of child '0'", path="batch 1, column 'a', offsets buffer")
def union_row_outside(data):
    return in_body(data, lambda m: m.buffer_at(1) + 8, 8)


@damage("text", "row 0 is not UTF-8", path="batch 1, column 'a', data buffer")
def text_that_is_no_utf8(data):
    return in_body(data, lambda m: m.buffer_at(2), -1, 1)


# -- dictionaries


@damage("words", "id 99, which no field uses", message=1, whole=0)
def dictionary_of_an_unknown_id(data):
    dictionary = flatbuf.messages(data)[1].dictionary
    dictionary.set("id", 99)
    return flatbuf.messages(data)[1].start


@damage("words", "delta came for dictionary 0 before", message=1, whole=0)
def delta_before_its_dictionary(data):
    dictionary = flatbuf.messages(data)[1].dictionary
    dictionary.set("is_delta", 1)
    return flatbuf.messages(data)[1].start


@damage("words", "no data", message=1, whole=0)
def dictionary_without_data(data):
    dictionary = flatbuf.messages(data)[1].dictionary
    dictionary.forget("data")
    return dictionary.at


@damage(
    "words",
    "the dictionary has 0 values",
    message=1,
    whole=0,
    path="batch 0, column 'a', data buffer",
)
def dictionary_left_out(data):
    found = flatbuf.messages(data)
    del data[found[1].start : found[1].end]
    return flatbuf.messages(data)[1].body_at


@damage(
    "words",
    "row 0 begins at 0 and ends at -7",
    message=1,
    whole=0,
    path="batch 0, column 'a'.dictionary, offsets buffer",
)
def offsets_of_a_dictionary(data):
    message = flatbuf.messages(data)[1]
    put(data, message.buffer_at(1) + 4, -7)
    return message.body_at


@damage(
    "words",
    "row 1 is not UTF-8",
    message=1,
    whole=0,
    path="batch 0, column 'a'.dictionary, data buffer",
)
def text_of_a_dictionary(data):
    message = flatbuf.messages(data)[1]
    put(data, message.buffer_at(2) + 1, -1, 1)
    return message.body_at


@damage(
    "words",
    "buffer 2 is 99 bytes",
    message=1,
    whole=0,
    path="dictionary 0, column 'values', data buffer",
)
def buffer_of_a_dictionary(data):
    buffer = flatbuf.messages(data)[1].batch.buffers[2]
    buffer.set("size", 99)
    return buffer.at


@pytest.mark.parametrize("case", DAMAGES)
def test_damage(case):
    data = stream_of(case.kind, **case.options)
    offset = case.change(data)
    whole = []
    with pytest.raises(case.raises) as caught:
        read_stream(data, whole)
    error = caught.value
    assert re.search(case.says, str(error))
    assert (error.offset, error.message_number, error.path) == (offset, case.message, case.path)
    assert [batch.equals(batch_of(case.kind)) for batch in whole] == [True] * case.whole


WORDS = ma.dictionary(ma.int8(), ma.string())
TEXTS = {
    "": (ma.string(), "BAD"),
    "large": (ma.large_string(), "BAD"),
    "view": (ma.string_view(), "BAD"),
    ".item": (ma.list_(ma.string()), ["BAD"]),
    ".x.item": (ma.struct([("x", ma.list_(ma.string()))]), {"x": ["BAD"]}),
    ".entries.value": (ma.map_(ma.int8(), ma.string()), [(1, "BAD")]),
    ".dictionary": (WORDS, "BAD"),
    ".x.dictionary": (ma.struct([("x", WORDS)]), {"x": "BAD"}),
}


@pytest.mark.parametrize("where", TEXTS)
def test_text_that_is_no_utf8_is_where_it_is(where):
    """Python's decoder finds it, and knows neither the column nor the message."""
    type, value = TEXTS[where]
    sink = ma.BufferOutputStream()
    with ma.new_stream(sink, ma.schema([("a", type)])) as writer:
        writer.write_batch(ma.record_batch([ma.array([None, value], type)], names=["a"]))
    data = sink.getvalue().to_pybytes().replace(b"BAD", b"\xff\xfe\xff")
    message = flatbuf.messages(data)[1]  # the batch, or the dictionary that has the text
    column = next(ma.open_stream(data)).column(0)
    path = "batch 0, column 'a'" + (where if where.startswith(".") else "") + ", data buffer"
    for use in (column.to_pylist, column.slice(1).to_pylist, column[1].as_py):
        with pytest.raises(ma.ArrowInvalid, match="is no UTF-8") as caught:
            use()
        assert caught.value.path == path
        assert caught.value.offset == message.body_at


@pytest.mark.parametrize("bad", ["second", "third"])
def test_text_of_deltas_is_where_it_is(bad):
    """Three messages make one dictionary; the one is told whose text it is."""
    sink = ma.BufferOutputStream()
    options = ma.ipc.IpcWriteOptions(emit_dictionary_deltas=True)
    with ma.new_stream(sink, ma.schema([("a", WORDS)]), options=options) as writer:
        for words in (["first"], ["first", "second"], ["first", "second", "third"]):
            writer.write_batch(ma.record_batch([ma.array(words, WORDS)], names=["a"]))
    data = sink.getvalue().to_pybytes()
    numbers = {"second": 3, "third": 5}
    message = flatbuf.messages(data)[numbers[bad]]
    data = data.replace(bad.encode(), b"\xff" * len(bad))
    assert message.dictionary.get("is_delta")
    column = list(ma.open_stream(data))[2].column(0)
    for use in (lambda: column.validate(full=True), column.to_pylist):
        with pytest.raises(ma.ArrowInvalid, match="UTF-8") as caught:
            use()
        assert caught.value.path == "batch 2, column 'a'.dictionary, data buffer"
        assert (caught.value.offset, caught.value.message_number) == (
            message.body_at,
            numbers[bad],
        )


@pytest.mark.parametrize("use", ["lend", "validate"])
def test_an_index_of_a_key_is_checked_before_it_is_followed(use):
    """As keys are looked at for nulls: one of the dictionary, to which no good index points."""
    words = ma.DictionaryArray.from_arrays(ma.array([0, 0], ma.int64()), ma.array(["a", None]))
    pairs = ma.MapArray.from_arrays(ma.array([0, 2], ma.int32()), words, ma.array([1, 2]))
    data = bytearray(stream(pairs))
    message = last_message(data)
    put(data, message.buffer_at(4), 1 << 44, 8)
    (batch,) = ma.open_stream(bytes(data))
    column = batch.column(0)
    with pytest.raises(ma.ArrowInvalid, match="row 0 has index 17592186044416") as caught:
        column.__arrow_c_array__() if use == "lend" else column.validate(full=True)
    assert caught.value.path == "batch 0, column 'a'.entries.key, data buffer"
    assert caught.value.offset == message.body_at
