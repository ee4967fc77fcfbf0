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
