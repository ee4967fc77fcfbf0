"""Writers on sinks of every kind, in every order of calls, against a model in plain Python.

After each step, what was written so far can be read. A writer that was closed is called too late,
and then another one is opened, so that every step is one of an open writer.
"""

from itertools import cycle

import pytest
from hostile.numbered import (
    CLOSE,
    CODECS,
    KINDS,
    OTHER,
    SCHEMA,
    batch_of,
    new_writer,
    read_file,
    read_stream,
)
from hostile.places import SINKS, Sink

import minarrow as ma

pytest.importorskip("hypothesis")

from hostile.machines import EXAMPLES, ROWS, run
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
)

pytestmark = pytest.mark.thread_unsafe(reason="hypothesis runs one of these at a time")

CODEC = st.sampled_from(CODECS)


def table_of(numbers):
    return ma.Table.from_batches([batch_of(numbers)])


# The ways to write some rows as one batch.
WRITE = {
    "write_batch": lambda writer, numbers: writer.write_batch(batch_of(numbers)),
    "write": lambda writer, numbers: writer.write(batch_of(numbers)),
    "with metadata": lambda writer, numbers: writer.write_batch(batch_of(numbers), {"a": "b"}),
    "lent": lambda writer, numbers: writer.write(
        ma.RecordBatchReader.from_batches(SCHEMA, [batch_of(numbers)])
    ),
}


class Writing(RuleBasedStateMachine):
    """One writer after the other, its sink, and what was written."""

    def __init__(self, kind, opened):
        super().__init__()
        self.kind = kind
        self.opened = opened  # names of sinks, for the test
        self.writer = self.sink = None

    @initialize(names=st.permutations(SINKS), codec=CODEC)
    def open(self, names, codec):
        self.names = cycle(names)
        self.open_anew(codec)

    def open_anew(self, codec):
        if self.sink is not None:
            self.sink.close()
        self.batches = []
        self.sink = Sink(next(self.names))
        self.opened.add(self.sink.name)
        self.writer = new_writer(self.kind, self.sink.given, codec)

    @rule(write=st.sampled_from(sorted(WRITE)), numbers=ROWS)
    def write(self, write, numbers):
        WRITE[write](self.writer, numbers)
        self.batches.append(numbers)

    @rule(numbers=ROWS, size=st.integers(1, 3))
    def write_table(self, numbers, size):
        self.writer.write_table(table_of(numbers), size)
        self.batches += [numbers[i : i + size] for i in range(0, len(numbers), size)]

    @rule(numbers=ROWS)
    def write_another_schema(self, numbers):
        with pytest.raises(ma.ArrowInvalid):
            self.writer.write_batch(batch_of(numbers, OTHER))

    @rule(thing=st.sampled_from([None, 5, b"x", [1], SCHEMA]))
    def write_what_is_no_batch(self, thing):
        with pytest.raises(TypeError):
            self.writer.write_batch(thing)

    @rule()
    def look(self):
        assert self.writer.stats.num_record_batches == len(self.batches)
        assert self.writer.schema == SCHEMA
        assert not self.writer.closed

    @rule(
        close=st.sampled_from(sorted(CLOSE)),
        late=st.lists(st.sampled_from(sorted(WRITE)), max_size=2),
        codec=CODEC,
    )
    def close_and_open_another(self, close, late, codec):
        CLOSE[close](self.writer)
        assert self.writer.closed
        for write in late:
            with pytest.raises(ma.ArrowInvalid, match="the writer is closed"):
                WRITE[write](self.writer, [1])
        assert self.writer.stats.num_record_batches == len(self.batches)
        data = self.sink.read()
        assert (read_file(data) if self.kind == "file" else read_stream(data)[0]) == self.batches
        self.open_anew(codec)

    @rule(codec=CODEC)
    def drop_and_open_another(self, codec):
        """Without an end, what was written is a stream as before."""
        with pytest.warns(ResourceWarning, match="unclosed"):
            self.writer = None
        self.what_was_written_is_there()
        self.open_anew(codec)

    @invariant()
    def what_was_written_is_there(self):
        """A file that was not closed has the stream, from byte 8 on."""
        if self.sink is None or (self.sink.name == "BufferOutputStream" and self.writer):
            return  # one that is looked at takes no more
        data = self.sink.read()
        assert read_stream(data[8:] if self.kind == "file" else data) == (self.batches, False)

    def teardown(self):
        if self.writer is not None:
            self.writer.close()
        self.sink.close()


@pytest.mark.parametrize("kind", KINDS)
def test_writers_in_every_order_of_calls(kind):
    opened = set()
    run(lambda: Writing(kind, opened), steps=25, examples=EXAMPLES // 3)
    assert opened == set(SINKS)
