"""Batches that are written with their dictionaries mapped to what was sent, and read again."""

import random

import pytest

import minarrow as ma

UNIFY = {"unify_dictionaries": True}
TYPES = {
    "text": (ma.string(), lambda n: f"value {n}"),
    "views": (ma.string_view(), lambda n: f"a value that is not in its view {n}"),
    "numbers": (ma.int64(), lambda n: n * n),
    "lists": (ma.list_(ma.int32()), lambda n: list(range(n % 7)) + [n]),
    "structs": (ma.struct([("x", ma.string()), ("y", ma.bool_())]),
                lambda n: {"x": str(n // 2), "y": n % 2 == 0}),
}  # fmt: skip


def column(rows, values, index, type_):
    return ma.DictionaryArray.from_arrays(ma.array(rows, index), ma.array(values, type_))


class Writing:
    """A writer, and beside it what the united dictionary and the rows of each batch should be."""

    def __init__(self, new, type_, index=ma.int16(), columns=1):
        self.type, self.index = type_, index
        kind = ma.dictionary(index, type_)
        self.schema = ma.schema([ma.field(f"c{i}", kind) for i in range(columns)])
        self.sink = ma.BufferOutputStream()
        self.writer = new(self.sink, self.schema, options=ma.ipc.IpcWriteOptions(**UNIFY))
        self.united = None
        self.rows = []

    def batch(self, *columns):
        arrays = [column(rows, values, self.index, self.type) for rows, values in columns]
        return ma.RecordBatch.from_arrays(arrays, schema=self.schema)

    def write(self, rows, values):
        """The same in each of the columns."""
        self.writer.write_batch(self.batch(*[(rows, values)] * len(self.schema)))
        if self.united is None:
            self.united = list(values)
        for value in values:
            if value not in self.united:
                self.united.append(value)
        self.rows.append([None if row is None else values[row] for row in rows])

    def finish(self):
        self.writer.close()
        return self.sink.getvalue()


def some(rng, make, upto):
    """A few values in any order, some of them twice, one of them null; and rows of them."""
    values = [make(rng.randrange(upto)) for _ in range(rng.randrange(1, 9))]
    if rng.random() < 0.3:
        values[rng.randrange(len(values))] = None
    rows = [rng.choice([None, *range(len(values))]) for _ in range(rng.randrange(12))]
    return rows, values


def read_here(data, new):
    if new is ma.new_stream:
        return list(ma.open_stream(data))
    reader = ma.open_file(data)
    return [reader.get_batch(i) for i in range(reader.num_record_batches)]


def check(writing, new):
    data = writing.finish()
    stats = writing.writer.stats
    assert stats.num_replaced_dictionaries == 0
    batches = read_here(data, new)
    for i in range(len(writing.schema)):
        assert [b.column(i).to_pylist() for b in batches] == writing.rows
        assert batches[-1].column(i).dictionary.to_pylist() == writing.united
    return data


@pytest.mark.parametrize("new", [ma.new_stream, ma.new_file])
@pytest.mark.parametrize("name", TYPES)
def test_many_batches_of_a_few_values_each(name, new):
    """As long as the dictionary grows, and far longer than that."""
    pa = pytest.importorskip("pyarrow")
    type_, make = TYPES[name]
    rng = random.Random(name)
    writing = Writing(new, type_)
    for k in range(300):
        writing.write(*some(rng, make, 5 + min(2 * k, 200)))
    data = check(writing, new).to_pybytes()
    theirs = pa.ipc.open_stream(data) if new is ma.new_stream else pa.ipc.open_file(data)
    theirs = theirs.read_all()
    theirs.validate(full=True)
    assert theirs.column(0).to_pylist() == [row for rows in writing.rows for row in rows]


@pytest.mark.parametrize("new", [ma.new_stream, ma.new_file])
def test_the_same_dictionary_grown_in_place_and_others_between(new):
    writing = Writing(new, ma.string())
    mine = []
    for k in range(50):
        mine = mine + [f"mine {k}"]
        writing.write([k, 0], mine)
        writing.write([0], [f"mine {k // 2}"])
        mine = list(writing.united)
        if k % 7 == 0:
            writing.write([1, 0], [f"theirs {k}", "mine 0"])
            mine = list(writing.united)
    check(writing, new)


@pytest.mark.parametrize("new", [ma.new_stream, ma.new_file])
@pytest.mark.parametrize("fails_in", [0, 1])
def test_batches_that_fail_leave_no_values_behind(new, fails_in):
    """Their indices do not fit, in the first column or after it was mapped."""
    rng = random.Random(fails_in)
    writing = Writing(new, ma.string(), ma.int8(), columns=2)
    writing.write([0], ["first"])
    for k in range(60):
        good = ([2, 1, 0], [f"lost {k}", f"word {k}", "first"])
        bad = ([127] * 3, [f"lost {k} {i}" for i in range(128)])
        lost = [bad, good] if fails_in == 0 else [good, bad]
        with pytest.raises(ma.ArrowInvalid, match=f"int8.*'c{fails_in}'"):
            for _ in range(2):
                writing.writer.write_batch(writing.batch(*lost))
        words = [f"word {rng.randrange(k + 1)}", f"word {k}", "first"]
        writing.write([1, 0, None, 2], words)
    check(writing, new)


def shared_lists(count, size):
    """So many lists, all of the same items."""
    buffers = [None, ma.py_buffer(bytes(4 * count))]
    buffers.append(ma.py_buffer(size.to_bytes(4, "little") * count))
    items = ma.array(range(size), ma.int32())
    return ma.Array.from_buffers(ma.list_view(ma.int32()), count, buffers, children=[items])


def batch_of(values):
    rows = ma.array([0, len(values) - 1], ma.int16())
    return ma.RecordBatch.from_arrays([ma.DictionaryArray.from_arrays(rows, values)], ["d"])


def test_values_that_share_their_items_are_replaced_and_not_united():
    """A hundred times what lies in memory; what comes behind them is united again."""
    few = [ma.array([[i], [i + 1]], ma.list_view(ma.int32())) for i in range(4)]
    dictionaries = [few[0], few[1], shared_lists(2000, 2000), few[1], few[2], few[3], few[0]]
    sink = ma.BufferOutputStream()
    batches = [batch_of(values) for values in dictionaries]
    with ma.new_stream(sink, batches[0].schema, options=ma.ipc.IpcWriteOptions(**UNIFY)) as writer:
        for batch in batches:
            writer.write_batch(batch)
    assert writer.stats.num_replaced_dictionaries == 2
    got = list(ma.open_stream(sink.getvalue()))
    assert [b.to_pydict() for b in got] == [b.to_pydict() for b in batches]
    assert got[1].column(0).dictionary.to_pylist() == [[0], [1], [2]]
    assert got[-1].column(0).dictionary.to_pylist() == [[1], [2], [3], [4], [0]]
    writer = ma.new_file(ma.BufferOutputStream(), batches[0].schema,
                         options=ma.ipc.IpcWriteOptions(**UNIFY))  # fmt: skip
    writer.write_batch(batches[0])
    with pytest.raises(ma.ArrowInvalid, match="share most of their bytes, cannot be unified"):
        writer.write_batch(batches[2])
    writer.write_batch(batch_of(shared_lists(20, 20)))
    writer.close()
