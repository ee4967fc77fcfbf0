"""The dictionaries of a batch are those that came before it, whenever its columns are touched."""

import gc
import random

import pytest
from memory import flat
from oracle import messages, strategies
from oracle.columns import Column

import minarrow as ma

INT8 = ("int", 8, True)
INNER, OUTER = 0, 1


class Model:
    """A stream of a dictionary whose values are structs of another one, and what it says."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.sheet = messages.Sheet()
        inner = strategies.plain_field(("utf8",), "d", dictionary=(INT8, False))
        outer = strategies.plain_field(("struct",), "a", children=[inner], dictionary=(INT8, False))
        self.sheet.add_schema(messages.with_ids([outer]))
        self.inner, self.outer, self.wanted = [], [], []

    def add_inner(self, is_delta):
        new = [f"{self.random.randrange(1000)}" for _ in range(1 if is_delta else 3)]
        if not is_delta:
            new += ["more"] * max(0, len(self.inner) - len(new))
        self.inner = self.inner + new if is_delta else new
        ends = [sum(map(len, new[:i])) for i in range(len(new) + 1)]
        offsets = b"".join(end.to_bytes(4, "little") for end in ends)
        column = Column(("utf8",), len(new), [None, offsets, "".join(new).encode()])
        self.sheet.add_dictionary(INNER, column, is_delta)

    def add_outer(self, is_delta):
        new = [self.random.randrange(len(self.inner)) for _ in range(2)]
        self.outer = self.outer + new if is_delta else new
        child = Column(("utf8",), len(new), [None, bytes(new)], index=INT8)
        self.sheet.add_dictionary(
            OUTER, Column(("struct",), len(new), [None], [child], ["d"]), is_delta
        )

    def add_batch(self):
        rows = len(self.outer)
        column = Column(("struct",), rows, [None, bytes(range(rows))], index=INT8)
        self.sheet.add_batch([column], rows)
        self.wanted.append([{"d": self.inner[i]} for i in self.outer])


def model(seed):
    made = Model(seed)
    made.add_inner(False)
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
@pytest.mark.parametrize("order", ["as they come", "at the end", "from the last on", "some"])
def test_dictionaries_in_dictionaries(order, seed):
    made = model(seed)
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
