"""Dictionaries across batches: sent once, grown by deltas, replaced, unified; nested and shared."""

import pytest

import minarrow as ma


def column(values, dictionary):
    index = {value: i for i, value in enumerate(dictionary)}
    indices = ma.array([None if v is None else index[v] for v in values], ma.int8())
    return ma.DictionaryArray.from_arrays(indices, ma.array(dictionary, ma.string()))


def batch_of(values, dictionary):
    return ma.RecordBatch.from_arrays([column(values, dictionary)], ["d"])


def write(batches, new=ma.new_stream, **options):
    sink = ma.BufferOutputStream()
    with new(sink, batches[0].schema, options=ma.ipc.IpcWriteOptions(**options)) as writer:
        for batch in batches:
            writer.write_batch(batch)
    return sink.getvalue(), writer.stats


def values_of(reader):
    return [value for batch in reader for value in batch.column(0).to_pylist()]


def check(data, values):
    """We and pyarrow read the same values."""
    assert values_of(ma.open_stream(data)) == values
    pa = pytest.importorskip("pyarrow")
    assert values_of(pa.ipc.open_stream(data.to_pybytes())) == values


ONE = batch_of(["a", "b", None, "a"], ["a", "b"])
GROWN = batch_of(["c", "a"], ["a", "b", "c"])
OTHER = batch_of(["z", "a"], ["z", "a"])


def test_an_unchanged_dictionary_is_sent_once():
    data, stats = write([ONE, ONE, ONE.slice(2), batch_of(["b"], ["a", "b"])])
    assert stats.num_dictionary_batches == 1
    check(data, ["a", "b", None, "a"] * 2 + [None, "a", "b"])


def test_a_shorter_one_that_begins_alike_need_not_be_sent():
    data, stats = write([GROWN, ONE])
    assert stats.num_dictionary_batches == 1
    check(data, ["c", "a", "a", "b", None, "a"])


def test_a_grown_one_goes_whole_or_as_a_delta():
    whole, stats = write([ONE, GROWN])
    assert (stats.num_dictionary_batches, stats.num_replaced_dictionaries) == (2, 1)
    check(whole, ["a", "b", None, "a", "c", "a"])
    delta, stats = write([ONE, GROWN], emit_dictionary_deltas=True)
    assert (stats.num_dictionary_batches, stats.num_dictionary_deltas) == (2, 1)
    check(delta, ["a", "b", None, "a", "c", "a"])


def test_many_deltas_are_joined_once_they_are_needed():
    words = [f"w{i}" for i in range(100)]
    batches = [batch_of(words[i : i + 1], words[: i + 1]) for i in range(100)]
    data, stats = write(batches, emit_dictionary_deltas=True)
    assert stats.num_dictionary_deltas == 99
    check(data, words)
    kept = list(ma.open_stream(data))
    for i in (99, 0, 50):
        assert kept[i].column(0).to_pylist() == [words[i]]
        assert len(kept[i].column(0).dictionary) == i + 1


def test_another_one_replaces_it_in_a_stream():
    data, stats = write([ONE, OTHER, ONE])
    assert stats.num_replaced_dictionaries == 2
    check(data, ["a", "b", None, "a", "z", "a", "a", "b", None, "a"])
    first, second, _ = ma.open_stream(data)
    assert second.column(0).to_pylist() == ["z", "a"]
    assert first.column(0).to_pylist() == ["a", "b", None, "a"]


def test_a_file_refuses_a_replacement_and_stays_whole():
    sink = ma.BufferOutputStream()
    writer = ma.new_file(sink, ONE.schema)
    writer.write_batch(ONE)
    with pytest.raises(ma.ArrowInvalid, match="unify_dictionaries") as caught:
        writer.write_batch(OTHER)
    assert "'d'" in str(caught.value)
    with pytest.raises(ma.ArrowInvalid, match="emit_dictionary_deltas"):
        writer.write_batch(GROWN)
    writer.write_batch(ONE)
    writer.close()
    reader = ma.open_file(sink.getvalue())
    assert [reader.get_batch(i).equals(ONE) for i in range(2)] == [True, True]


def test_a_file_holds_deltas():
    data, _ = write([ONE, GROWN, ONE], new=ma.new_file, emit_dictionary_deltas=True)
    reader = ma.open_file(data)
    assert reader.get_batch(1).column(0).to_pylist() == ["c", "a"]
    assert reader.get_batch(0).equals(ONE)
    pa = pytest.importorskip("pyarrow")
    theirs = pa.ipc.open_file(data.to_pybytes()).read_all()
    assert theirs.column(0).to_pylist() == ["a", "b", None, "a", "c", "a", "a", "b", None, "a"]


@pytest.mark.parametrize("new", [ma.new_stream, ma.new_file])
def test_unified_dictionaries_grow_and_keep_their_values(new):
    batches = [ONE, OTHER, GROWN, batch_of(["q", "z", None], ["q", "x", "z"])]
    data, stats = write(batches, new=new, unify_dictionaries=True)
    assert stats.num_replaced_dictionaries == 0
    expected = [b.column(0).to_pylist() for b in batches]
    if new is ma.new_stream:
        got = [b.column(0).to_pylist() for b in ma.open_stream(data)]
    else:
        reader = ma.open_file(data)
        got = [reader.get_batch(i).column(0).to_pylist() for i in range(4)]
        last = reader.get_batch(3).column(0).dictionary.to_pylist()
        assert sorted(last) == sorted(set(last)) == ["a", "b", "c", "q", "x", "z"]
    assert got == expected


def test_what_cannot_be_unified_says_so():
    def nested(*words):
        lists = ma.ListArray.from_arrays(ma.array([0, 1], ma.int32()), column(words, words))
        outer = ma.DictionaryArray.from_arrays(ma.array([0], ma.int8()), lists)
        return ma.RecordBatch.from_arrays([outer], ["d"])

    with pytest.raises(ma.ArrowInvalid, match="contain dictionaries.* cannot be unified.*stream"):
        write([nested("a"), nested("b")], new=ma.new_file, unify_dictionaries=True)
    data, _ = write([nested("a"), nested("b")], unify_dictionaries=True)
    assert values_of(ma.open_stream(data)) == [["a"], ["b"]]


NESTED = {
    "lists": ([[1, 2], [], None, [3]], ma.list_(ma.int16())),
    "fixed lists": ([[1, 2], [1, None], [3, 4], None], ma.list_(ma.int8(), 2)),
    "list views": ([["a", None], [], ["b"], ["a"]], ma.list_view(ma.string_view())),
    "structs": ([{"x": 1, "y": True}, {"x": 1, "y": False}, None, {"x": None, "y": True}],
                ma.struct([("x", ma.int8()), ("y", ma.bool_())])),
    "maps": ([[("k", 1)], [("k", 2)], [], None], ma.map_(ma.string(), ma.int8())),
    "runs": ([1.5, None, 2.5, 3.5], ma.run_end_encoded(ma.int16(), ma.float32())),
    "unions": ([1, "a", 2, "b"],
               ma.dense_union([ma.field("i", ma.int8()), ma.field("t", ma.string())])),
}  # fmt: skip


@pytest.mark.parametrize("name", NESTED)
def test_values_of_any_type_are_unified(name):
    values, type_ = NESTED[name]

    def batch(order):
        dictionary = ma.array([values[i] for i in order], type_)
        indices = ma.array(range(len(order)), ma.int8())
        array = ma.DictionaryArray.from_arrays(indices, dictionary)
        return ma.RecordBatch.from_arrays([array], ["d"])

    orders = [(0, 1), (2, 1), (3, 2, 0)]
    data, stats = write([batch(order) for order in orders], unify_dictionaries=True)
    assert stats.num_replaced_dictionaries == 0
    *_, last = got = list(ma.open_stream(data))
    assert [b.column(0).to_pylist() for b in got] == [[values[i] for i in o] for o in orders]
    assert last.column(0).dictionary.to_pylist() == values


def test_values_that_share_most_of_their_bytes_are_not_taken_one_by_one():
    """Each level stands for sixteen times as many values, and has a few bytes more."""

    def tower(levels):
        if levels == 0:
            return ma.array(range(16), ma.int8())
        type_ = ma.list_view((below := tower(levels - 1)).type)
        buffers = [None, ma.py_buffer(bytes(4)), ma.py_buffer(b"\x10\0\0\0")]
        lists = ma.Array.from_buffers(type_, 1, buffers, children=[below])
        union = ma.dense_union([ma.field("l", type_)])
        buffers = [None, ma.py_buffer(bytes(16)), ma.py_buffer(bytes(64))]
        return ma.Array.from_buffers(union, 16, buffers, children=[lists])

    def batch():
        array = ma.DictionaryArray.from_arrays(ma.array([0, 1], ma.int8()), tower(12))
        return ma.RecordBatch.from_arrays([array], ["d"])

    data, stats = write([batch(), batch()], unify_dictionaries=True)
    assert (stats.num_dictionary_batches, stats.num_replaced_dictionaries) == (2, 1)
    assert len(data) < 10_000
    assert [b.num_rows for b in ma.open_stream(data)] == [2, 2]
    with pytest.raises(ma.ArrowInvalid, match="cannot be unified"):
        write([batch(), batch()], new=ma.new_file, unify_dictionaries=True)


def test_values_that_differ_only_at_their_end_are_told_apart():
    """Each from each, were they looked for by their beginnings, which takes minutes."""

    def batch(start):
        lists = ma.array([[0] * 40 + [start + i] for i in range(30_000)], ma.list_(ma.int32()))
        array = ma.DictionaryArray.from_arrays(ma.array([0, 29_999], ma.int32()), lists)
        return ma.RecordBatch.from_arrays([array], ["d"])

    batches = [batch(0), batch(15_000)]
    options = dict(unify_dictionaries=True, emit_dictionary_deltas=True)
    data, stats = write(batches, **options)
    assert (stats.num_dictionary_deltas, stats.num_replaced_dictionaries) == (1, 0)
    got = list(ma.open_stream(data))
    assert [b.to_pylist() for b in got] == [b.to_pylist() for b in batches]
    assert len(got[1].column(0).dictionary) == 45_000


def test_unifying_more_than_the_indices_can_number_is_refused():
    batches = [batch_of([f"{n}-99"], [f"{n}-{i}" for i in range(100)]) for n in range(2)]
    with pytest.raises(ma.ArrowInvalid, match="int8"):
        write(batches, unify_dictionaries=True)


def test_many_dictionaries_of_one_schema_replaced_between_batches():
    """Each batch keeps what its dictionaries were, in whatever order they come again."""
    width = 300

    def batch(start):
        columns = [column([f"{start + i}"], [f"{start + i}"]) for i in range(width)]
        return ma.RecordBatch.from_arrays(columns, [f"c{i}" for i in range(width)])

    batches = [batch(0), batch(1000), batch(1000), batch(0)]
    data, stats = write(batches)
    assert (stats.num_dictionary_batches, stats.num_replaced_dictionaries) == (900, 600)
    got = list(ma.open_stream(data))
    for mine, theirs in zip(got, batches, strict=True):
        assert mine.to_pydict() == theirs.to_pydict()


def test_all_null_before_its_dictionary():
    """A batch whose indices are all null may come before the dictionary does."""
    nothing = ma.DictionaryArray.from_arrays(
        ma.array([None, None], ma.int8()), ma.array([], ma.string())
    )
    batch = ma.RecordBatch.from_arrays([nothing], ["d"])
    data, _ = write([batch, ONE])
    check(data, [None, None, "a", "b", None, "a"])


@pytest.mark.parametrize(
    "type_", [ma.string(), ma.run_end_encoded(ma.int16(), ma.string())], ids=str
)
def test_a_null_equals_a_null_wherever_it_is(type_):
    """In the indices, among the values, or in a run of them."""
    values = ma.array(["a", None], type_)
    by_value = ma.DictionaryArray.from_arrays(ma.array([0, 1], ma.int8()), values)
    by_index = ma.DictionaryArray.from_arrays(ma.array([0, None], ma.int8()), values)
    neither = ma.DictionaryArray.from_arrays(ma.array([0, 0], ma.int8()), values)
    assert by_value.to_pylist() == by_index.to_pylist() == ["a", None]
    assert by_value.equals(by_index) and by_index.equals(by_value)
    assert not by_value.equals(neither) and not neither.equals(by_index)


def test_indices_out_of_range_are_refused():
    indices = ma.array([0, 5], ma.int8())
    values = ma.array(["a"], ma.string())
    with pytest.raises((ma.ArrowInvalid, IndexError)):
        made = ma.DictionaryArray.from_arrays(indices, values)
        write([ma.RecordBatch.from_arrays([made], ["d"])])


def test_dictionaries_within_lists_and_structs():
    inner = column(["a", "b", "a", None], ["a", "b"])
    lists = ma.ListArray.from_arrays(ma.array([0, 2, 4], ma.int32()), inner)
    structs = ma.StructArray.from_arrays([inner.slice(0, 2)], names=["x"])
    batch = ma.RecordBatch.from_arrays([lists, structs], ["l", "s"])
    data, stats = write([batch, batch])
    assert stats.num_dictionary_batches == 2
    expected = {"l": [["a", "b"], ["a", None]], "s": [{"x": "a"}, {"x": "b"}]}
    assert [b.to_pydict() for b in ma.open_stream(data)] == [expected] * 2
    pa = pytest.importorskip("pyarrow")
    assert pa.ipc.open_stream(data.to_pybytes()).read_all().slice(0, 2).to_pydict() == expected


def test_dictionaries_within_dictionaries():
    inner = column(["a", "b", "a"], ["a", "b"])
    values = ma.ListArray.from_arrays(ma.array([0, 2, 3], ma.int32()), inner)
    outer = ma.DictionaryArray.from_arrays(ma.array([1, 0, 1], ma.int16()), values)
    batch = ma.RecordBatch.from_arrays([outer], ["d"])
    data, stats = write([batch, batch])
    assert stats.num_dictionary_batches == 2
    check(data, [["a"], ["a", "b"], ["a"]] * 2)


@pytest.mark.parametrize(
    "index", ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"]
)
@pytest.mark.parametrize("ordered", [False, True])
def test_every_index_type(index, ordered):
    index_type = getattr(ma, index)()
    made = ma.DictionaryArray.from_arrays(
        ma.array([1, None, 0], index_type), ma.array([1.5, 2.5]), ordered=ordered
    )
    assert made.type == ma.dictionary(index_type, ma.float64(), ordered)
    data, _ = write([ma.RecordBatch.from_arrays([made], ["d"])])
    check(data, [2.5, None, 1.5])
    assert ma.open_stream(data).schema.field(0).type.ordered == ordered


def test_what_deltas_come_to_is_limited():
    """Said with the limit and how to raise it; the values that are within it are read."""
    words = [f"{i:0100}" for i in range(20)]
    batches = [batch_of([word], words[: i + 1]) for i, word in enumerate(words)]
    data, _ = write(batches, emit_dictionary_deltas=True)
    tight = ma.ipc.IpcReadOptions(max_dictionary_size=1000)
    got = list(ma.open_stream(data, options=tight))
    assert got[0].column(0).to_pylist() == words[:1]
    with pytest.raises(ma.ArrowInvalid, match="max_dictionary_size of 1000; raise it") as caught:
        got[19].column(0)
    assert "'d'" in caught.value.path
    wide = ma.ipc.IpcReadOptions(max_dictionary_size=1 << 20)
    assert values_of(ma.open_stream(data, options=wide)) == words
