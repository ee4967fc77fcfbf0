"""The dictionaries of a batch are those that came before it, whenever its columns are touched."""

import gc
import random

import pytest
from memory import flat
from oracle import messages, strategies
from oracle.columns import Column

import minarrow as ma

INT8 = ("int", 8, True)


class Model:
    """A stream of a dictionary whose values are structs of other ones, and what it says."""

    def __init__(self, seed, width):
        self.random = random.Random(seed)
        self.sheet = messages.Sheet()
        self.names = [f"d{i}" for i in range(width)]
        inner = [
            strategies.plain_field(("utf8",), name, dictionary=(INT8, False)) for name in self.names
        ]
        outer = strategies.plain_field(("struct",), "a", children=inner, dictionary=(INT8, False))
        described = messages.with_ids([outer])
        self.sheet.add_schema(described)
        self.outer_id = described[0]["id"]
        self.inner_ids = [child["id"] for child in described[0]["children"]]
        self.inner, self.outer, self.wanted = [[] for _ in inner], [], []

    def add_inner(self, is_delta, number=None):
        number = self.random.randrange(len(self.names)) if number is None else number
        old = self.inner[number]
        new = [f"{self.random.randrange(1000)}" for _ in range(1 if is_delta else 3)]
        if not is_delta:
            new += ["more"] * max(0, len(old) - len(new))
        self.inner[number] = old + new if is_delta else new
        ends = [sum(map(len, new[:i])) for i in range(len(new) + 1)]
        offsets = b"".join(end.to_bytes(4, "little") for end in ends)
        column = Column(("utf8",), len(new), [None, offsets, "".join(new).encode()])
        self.sheet.add_dictionary(self.inner_ids[number], column, is_delta)

    def add_outer(self, is_delta):
        new = [[self.random.randrange(len(words)) for words in self.inner] for _ in range(2)]
        self.outer = self.outer + new if is_delta else new
        children = [
            Column(("utf8",), len(new), [None, bytes(rows)], index=INT8) for rows in zip(*new)
        ]
        values = Column(("struct",), len(new), [None], children, self.names)
        self.sheet.add_dictionary(self.outer_id, values, is_delta)

    def add_batch(self):
        rows = len(self.outer)
        column = Column(("struct",), rows, [None, bytes(range(rows))], index=INT8)
        self.sheet.add_batch([column], rows)
        self.wanted.append(
            [
                {name: self.inner[i][row[i]] for i, name in enumerate(self.names)}
                for row in self.outer
            ]
        )


def model(seed, width):
    made = Model(seed, width)
    for number in range(width):
        made.add_inner(False, number)
    made.add_outer(False)
    for _ in range(40):
        kind = made.random.randrange(8)
        if kind < 3:
            made.add_batch()
        elif kind < 5:
            made.add_outer(True)
        elif kind == 5:
            made.add_inner(True)
        else:
            made.random.choice([made.add_inner, made.add_outer])(False)
    made.add_batch()
    return made


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("width", [1, 150])
@pytest.mark.parametrize("order", ["as they come", "at the end", "from the last on", "some"])
def test_dictionaries_in_dictionaries(order, width, seed):
    made = model(seed, width)
    reader = ma.open_stream(made.sheet.stream())
    batches = {}
    for number, batch in enumerate(reader):
        if order == "as they come" or (order == "some" and number % 2):
            assert batch.column(0).to_pylist() == made.wanted[number]
        batches[number] = batch
    numbers = list(batches)
    for number in reversed(numbers) if order == "from the last on" else numbers:
        assert batches.pop(number).column(0).to_pylist() == made.wanted[number]


@pytest.mark.thread_unsafe(reason="counts all memory of the process")
def test_versions_that_no_batch_has_are_let_go():
    """Deltas of some bytes each, to a dictionary of 2 MiB, of which all versions are looked at."""
    if flat.heap is None:
        pytest.skip("nobody says how much memory is used")
    count = 40
    values = ma.array([f"{i:07}" * 10 for i in range(30_000)] + [f"new {i}" for i in range(count)])
    sink = ma.BufferOutputStream()
    schema = ma.schema([ma.field("a", ma.dictionary(ma.int32(), ma.string()))])
    options = ma.ipc.IpcWriteOptions(emit_dictionary_deltas=True)
    with ma.new_stream(sink, schema, options=options) as writer:
        for k in range(count):
            indices = ma.array([30_000 + k - 1], ma.int32())
            column = ma.DictionaryArray.from_arrays(indices, values.slice(0, 30_000 + k))
            writer.write_batch(ma.RecordBatch.from_arrays([column], schema=schema))
    data = sink.getvalue()
    assert len(data) < 3 << 20
    gc.collect()
    before = flat.heap()
    reader = ma.open_stream(data)
    for k, batch in enumerate(reader):
        if k > 0:
            assert batch.column(0).to_pylist() == [values[30_000 + k - 1].as_py()]
    del batch
    gc.collect()
    assert reader.stats.num_dictionary_deltas == count - 1
    assert flat.heap() - before < 24 << 20


@pytest.mark.thread_unsafe(reason="counts all memory of the process")
def test_batches_share_the_dictionaries_that_did_not_change():
    """Each has one of 8000 that none before it had, and takes no memory for the others."""
    if flat.heap is None:
        pytest.skip("nobody says how much memory is used")
    made = Model(0, 8000)
    for number in range(1000):
        made.add_inner(False, number)
        made.sheet.add_batch([Column(("struct",), 0, [None, b""], index=INT8)], 0)
    data = made.sheet.stream()
    gc.collect()
    before = flat.heap()
    batches = list(ma.open_stream(data))
    assert len(batches) == 1000
    assert flat.heap() - before < 16 * len(data)


GROWING = {
    "string": ma.array([f"w{i}" if i % 7 else None for i in range(60)], ma.string()),
    "string_view": ma.array([f"a word of many letters {i}" for i in range(60)], ma.string_view()),
    "int64": ma.array([i * i if i % 5 else None for i in range(60)], ma.int64()),
    "fixed_size_binary": ma.array([bytes([i] * 3) for i in range(60)], ma.binary(3)),
    "list": ma.array([[str(i)] * (i % 3) + [None] for i in range(60)], ma.list_(ma.string())),
    "struct": ma.array([{"a": i, "b": [i / 2]} for i in range(60)]),
}


def growing(values):
    """Each batch has one value more than the one before, as a delta."""
    sink = ma.BufferOutputStream()
    schema = ma.schema([ma.field("a", ma.dictionary(ma.int8(), values.type))])
    options = ma.ipc.IpcWriteOptions(emit_dictionary_deltas=True)
    with ma.new_stream(sink, schema, options=options) as writer:
        for k in range(1, len(values) + 1):
            last = ma.array([k - 1], ma.int8())
            column = ma.DictionaryArray.from_arrays(last, values.slice(0, k))
            writer.write_batch(ma.RecordBatch.from_arrays([column], schema=schema))
    assert writer.stats.num_dictionary_deltas == len(values) - 1
    return sink.getvalue()


@pytest.mark.parametrize("kind", GROWING)
@pytest.mark.parametrize("seed", ["from the last on", *range(5)])
def test_versions_in_any_order(kind, seed):
    values = GROWING[kind]
    batches = list(enumerate(ma.open_stream(growing(values))))[::-1]
    if seed != "from the last on":
        random.Random(seed).shuffle(batches)
    for k, batch in batches:
        column = batch.column(0)
        column.validate(full=True)
        assert column.to_pylist() == [values[k].as_py()]
        assert column.dictionary.to_pylist() == values.slice(0, k + 1).to_pylist()


@pytest.mark.thread_unsafe(reason="counts all memory of the process")
def test_versions_from_the_last_on_share_their_values():
    """Each would be a megabyte by itself."""
    if flat.heap is None:
        pytest.skip("nobody says how much memory is used")
    count = 30
    letters = "".join(map(chr, range(97, 123))) * 1000
    first = ma.array([f"{i}{letters}" for i in range(40)])
    values = ma.concat_arrays([first, ma.array([f"new {i}" for i in range(count)])])
    batches = list(ma.open_stream(growing(values)))
    gc.collect()
    before = flat.heap()
    columns = [batch.column(0) for batch in batches[::-1]]
    assert [len(column.dictionary) for column in columns] == list(range(len(values), 0, -1))
    assert flat.heap() - before < 8 << 20


@pytest.mark.parametrize("last_first", [False, True])
def test_what_is_wrong_in_a_delta_is_not_wrong_before(last_first):
    sheet = messages.Sheet()
    field = strategies.plain_field(("utf8",), "a", dictionary=(INT8, False))
    sheet.add_schema(messages.with_ids([field]))
    for k, text in enumerate([b"good", b"fine", b"\xff\xfe", b"well"]):
        offsets = (0).to_bytes(4, "little") + len(text).to_bytes(4, "little")
        sheet.add_dictionary(0, Column(("utf8",), 1, [None, offsets, text]), k > 0)
        sheet.add_batch([Column(("utf8",), 1, [None, bytes([k])], index=INT8)], 1)
    batches = list(ma.open_stream(sheet.stream()))
    if last_first:
        assert batches[3].column(0).dictionary.slice(3).to_pylist() == ["well"]
    assert [batches[k].column(0).to_pylist() for k in range(2)] == [["good"], ["fine"]]
    assert batches[1].column(0).dictionary.to_pylist() == ["good", "fine"]
    for k in (2, 3):
        with pytest.raises(ma.ArrowInvalid, match="UTF-8") as caught:
            batches[k].column(0).dictionary.to_pylist()
        assert "message 5" in str(caught.value)
