"""Decoders that are fed by hand, in pieces of any size and in every order of calls.

A piece gives exactly the batches that it completes. A decoder that was finished, or that met
damage, takes no more; then another one is fed, so that every step is one of an open decoder.
"""

from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext

import pytest
from hostile.numbered import CODECS, SCHEMA, batch_of, rows_of

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

SIZES = st.one_of(st.integers(0, 9), st.sampled_from([64, 100, 300, 1000]))
STREAM = st.fixed_dictionaries(
    {
        "codec": st.sampled_from(CODECS),
        "batches": st.lists(ROWS, max_size=6),
        "columns": st.sampled_from([None, ["n"], ["t", "n"]]),
    }
)
CALLS = {
    "feed": ma.ipc.StreamDecoder.feed,
    "finish": lambda decoder, _: decoder.finish(),
}
LATE = st.lists(st.sampled_from(sorted(CALLS)), max_size=3)
BEHIND = b"what somebody else wrote behind the stream"


class Feeding(RuleBasedStateMachine):
    """One decoder after the other, the stream that it is fed, and how far."""

    def __init__(self, reached):
        super().__init__()
        self.reached = reached  # what became of decoders, for the test
        self.decoder = None
        self.kept = []

    @initialize(stream=STREAM)
    def begin(self, stream):
        self.begin_anew(**stream)

    def begin_anew(self, codec, batches, columns):
        sink = ma.BufferOutputStream()
        self.ends = []  # where the schema and then each batch is whole
        with ma.new_stream(
            sink, SCHEMA, options=ma.ipc.IpcWriteOptions(compression=codec)
        ) as writer:
            self.ends.append(sink.tell())
            for numbers in batches:
                writer.write_batch(batch_of(numbers))
                self.ends.append(sink.tell())
        self.end = sink.tell()
        self.data = sink.getvalue().to_pybytes() + BEHIND
        self.batches, self.columns = batches, columns or SCHEMA.names
        self.fed = 0
        self.decoder = ma.ipc.StreamDecoder(columns=columns)

    def come(self):
        """How many batches are complete."""
        return sum(self.fed >= end for end in self.ends[1:])

    def check(self, found, before):
        wanted = self.batches[before : self.come()]
        for batch, numbers in zip(found, wanted, strict=True):
            assert batch.schema.names == self.columns
            assert rows_of(batch) == numbers
            self.kept.append((batch, numbers))

    @rule(size=SIZES, kind=st.sampled_from([bytes, bytearray, memoryview, ma.py_buffer]))
    def feed(self, size, kind):
        before = self.come()
        piece = self.data[self.fed : self.fed + size]
        self.fed += len(piece)
        self.check(self.decoder.feed(kind(piece)), before)

    @rule()
    def feed_up_to_the_end_of_a_message(self):
        ends = [end for end in [*self.ends, self.end] if end > self.fed]
        self.feed(size=ends[0] - self.fed if ends else 0, kind=bytes)

    @rule(sizes=st.lists(SIZES, min_size=1, max_size=6), threads=st.integers(1, 3))
    def feed_while_others_look(self, sizes, threads):
        """What is refused because another thread is inside was not taken, and may come again."""
        before, found = self.come(), []

        def feed_all():
            for size in sizes:
                piece = self.data[self.fed : self.fed + size]
                self.fed += len(piece)
                found.extend(self.until_free(piece))

        with ThreadPoolExecutor(threads + 1) as pool:
            running = [pool.submit(self.look_often) for _ in range(threads)]
            running.append(pool.submit(feed_all))
            for thread in running:
                thread.result(60)
        self.check(found, before)

    def until_free(self, piece):
        while True:
            try:
                return self.decoder.feed(piece)
            except RuntimeError as error:
                assert "in use by another thread" in str(error)

    def look_often(self):
        for _ in range(5):
            assert self.until_free(b"") == []
            assert self.decoder.schema is None or self.decoder.schema.names == self.columns
            assert self.decoder.ended in (False, True)

    @rule(thing=st.sampled_from([None, 5, "text", [1], SCHEMA]))
    def feed_what_is_no_memory(self, thing):
        with pytest.raises((TypeError, BufferError)):
            self.decoder.feed(thing)

    @rule(
        size=st.one_of(st.none(), SIZES),
        late=LATE,
        stream=STREAM,
    )
    def finish_and_begin_another(self, size, late, stream):
        if size is None:
            self.feed_up_to_the_end_of_a_message()
        else:
            self.feed(size=size, kind=bytes)
        whole = self.fed in self.ends or self.fed >= self.end
        self.reached.add("ended" if self.fed >= self.end else "between" if whole else "inside")
        for call in ["finish", *late]:
            goes_well = whole and call == "finish"
            with nullcontext() if goes_well else pytest.raises(ma.ArrowInvalid):
                CALLS[call](self.decoder, self.data[self.fed :])
        assert self.decoder.ended is whole
        self.begin_anew(**stream)

    @rule(late=LATE, stream=STREAM)
    def damage_and_begin_another(self, late, stream):
        """A prefix that nobody writes, where a message should begin."""
        self.feed_up_to_the_end_of_a_message()
        if self.fed >= self.end:
            return
        self.reached.add("damaged")
        with pytest.raises(ma.ArrowInvalid):
            self.decoder.feed(b"\x7f" * 16)
        for call in late:
            with pytest.raises(ma.ArrowInvalid):
                CALLS[call](self.decoder, self.data[self.fed :])
        assert not self.decoder.ended
        self.begin_anew(**stream)

    @invariant()
    def what_came_is_known(self):
        if self.decoder is None:
            return
        schema = self.decoder.schema
        assert (schema is not None) == (self.fed >= self.ends[0])
        assert schema is None or schema.names == self.columns
        assert self.decoder.ended == (self.fed >= self.end)
        for batch, numbers in self.kept[-3:]:
            assert rows_of(batch) == numbers


def test_decoders_in_every_order_of_calls():
    reached = set()
    run(lambda: Feeding(reached), steps=25, examples=EXAMPLES // 2)
    assert reached == {"inside", "between", "ended", "damaged"}
