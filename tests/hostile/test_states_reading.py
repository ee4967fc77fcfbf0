"""Readers on sources of every kind, in every order of calls, against a model in plain Python.

A reader that is open gives what the model has; one that was closed refuses; what it gave before
stays what it was. A reader that was closed is called too late, and then another one is opened, so
that every step is one of an open reader.
"""

from itertools import cycle

import pytest
from hostile.numbered import CLOSE, CODECS, KINDS, open_reader, rows_of, written
from hostile.places import CANNOT_SEEK, SOURCES, Source

import minarrow as ma

pytest.importorskip("hypothesis")

from hostile.machines import EXAMPLES, ROWS, run
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

pytestmark = pytest.mark.thread_unsafe(reason="hypothesis runs one of these at a time")

COLUMNS = [None, ["n", "t"], ["t", "n"], ["n"], [0]]
OPENING = st.fixed_dictionaries(
    {
        "codec": st.sampled_from(CODECS),
        "batches": st.lists(ROWS, max_size=4),
        "columns": st.sampled_from(COLUMNS),
    }
)


def first_of_a_reader_over(reader):
    """As another library takes it, by the C stream interface."""
    return next(ma.RecordBatchReader.from_stream(reader))


def first_of_pairs(reader):
    for batch, metadata in reader.iter_batches_with_custom_metadata():
        assert metadata is None
        return batch
    raise StopIteration


# The ways to the next batch of a stream, to batch 0 of a file, and to all that there is.
NEXT = {
    "next": next,
    "read_next_batch": ma.RecordBatchStreamReader.read_next_batch,
    "with metadata": first_of_pairs,
    "lent": first_of_a_reader_over,
}
FIRST = {
    "get_batch": lambda reader: reader.get_batch(0),
    "with metadata": lambda reader: reader.get_batch_with_custom_metadata(0)[0],
    "lent": first_of_a_reader_over,
}
ALL = {
    "read_all": lambda reader: reader.read_all().to_batches(),
    "lent": lambda reader: list(ma.RecordBatchReader.from_stream(reader)),
}
LATE = {"stream": [*NEXT.values(), *ALL.values()], "file": [*FIRST.values(), *ALL.values()]}


class Reading(RuleBasedStateMachine):
    """One reader after the other, its source, and the batches that it gave."""

    def __init__(self, kind, opened):
        super().__init__()
        self.kind = kind
        self.opened = opened  # names of sources, for the test
        self.reader = self.source = None
        self.kept = []  # batches, which outlive all, and their rows

    @initialize(names=st.permutations(SOURCES), opening=OPENING)
    def open(self, names, opening):
        self.names = cycle(names)
        self.open_anew(**opening)

    def open_anew(self, codec, batches, columns):
        kind, name = self.kind, next(self.names)
        self.batches, self.next = batches, 0
        if self.source is not None:
            self.source.close()
        self.source = Source(name, written(kind, batches, codec))
        if kind == "file" and name in CANNOT_SEEK:
            with pytest.raises((ValueError, TypeError, OSError)):
                ma.open_file(self.source.given)
            self.source.close()
            self.source = Source("bytes", self.source.data)
        self.opened.add(self.source.name)
        options = {"columns": columns, **self.source.options}
        self.reader = open_reader(kind, self.source.given, **options)
        self.columns = {None: ["n", "t"], (0,): ["n"]}.get(columns and tuple(columns), columns)
        self.source_is_closed = self.failed = False

    streams = precondition(lambda self: self.kind == "stream")
    files = precondition(lambda self: self.kind == "file")

    def check(self, batch, numbers):
        assert batch.schema.names == self.columns
        assert batch.num_rows == len(numbers)
        assert rows_of(batch) == numbers
        self.kept.append((batch, numbers))

    def or_closed(self, read):
        """What `read` gives, or None where it cannot be had because the source was closed."""
        try:
            return read(self.reader)
        except (ValueError, OSError):
            assert self.source_is_closed
            self.failed = True
            return None

    @streams
    @rule(read=st.sampled_from(sorted(NEXT)))
    def read_next(self, read):
        if self.next == len(self.batches) and not self.source_is_closed:
            with pytest.raises(StopIteration):
                NEXT[read](self.reader)
            return
        try:
            batch = self.or_closed(NEXT[read])
        except StopIteration:
            assert self.next == len(self.batches)
            return
        if batch is not None:
            assert not self.failed
            self.next += 1
            self.check(batch, self.batches[self.next - 1])

    @streams
    @rule(read=st.sampled_from(sorted(ALL)))
    def read_the_rest(self, read):
        found = self.or_closed(ALL[read])
        if found is None:
            self.next = None  # some of them may have come before the failure
            self.failed = True
            return
        for batch, numbers in zip(found, self.batches[self.next :], strict=True):
            self.check(batch, numbers)
        self.next = len(self.batches)

    @files
    @rule(i=st.integers(-2, 5))
    def get_batch(self, i):
        if not 0 <= i < len(self.batches):
            with pytest.raises(IndexError):
                self.reader.get_batch(i)
            return
        batch = self.or_closed(lambda reader: reader.get_batch(i))
        if batch is not None:
            self.check(batch, self.batches[i])

    @files
    @rule(read=st.sampled_from(sorted(ALL)))
    def read_all(self, read):
        found = self.or_closed(ALL[read])
        if found is not None:
            for batch, numbers in zip(found, self.batches, strict=True):
                self.check(batch, numbers)

    @files
    @rule(read=st.sampled_from(sorted(FIRST)))
    def read_the_first(self, read):
        if self.batches:
            batch = self.or_closed(FIRST[read])
            if batch is not None:
                self.check(batch, self.batches[0])

    @rule()
    def look(self):
        assert self.reader.schema.names == self.columns
        assert not self.reader.closed
        if self.kind == "file":
            assert self.reader.num_record_batches == len(self.batches)
        elif not self.failed:
            assert self.reader.stats.num_record_batches == self.next

    @rule()
    def close_the_source(self):
        """Memory that is lent stays. Else what is left is given, or refused from then on."""
        if hasattr(self.source.given, "close") and self.source.name != "mmap":
            self.source.given.close()
            self.source_is_closed = True

    @rule(
        close=st.sampled_from(sorted(CLOSE)),
        late=st.lists(st.integers(0, 5), max_size=3),
        opening=OPENING,
    )
    def close_and_open_another(self, close, late, opening):
        CLOSE[close](self.reader)
        for i in late:
            calls = LATE[self.kind]
            if self.batches or self.kind == "stream":
                with pytest.raises(ma.ArrowInvalid, match="the reader is closed"):
                    calls[i % len(calls)](self.reader)
            assert self.reader.schema.names == self.columns
            assert self.reader.closed
        self.open_anew(**opening)

    @rule(opening=OPENING)
    def drop_and_open_another(self, opening):
        self.reader = None
        self.open_anew(**opening)

    @invariant()
    def batches_stay_what_they_were(self):
        for batch, numbers in self.kept[-3:]:
            assert batch.num_rows == len(numbers)
            assert rows_of(batch) == numbers

    def teardown(self):
        self.reader = None
        for batch, numbers in self.kept:
            assert batch.equals(batch) and rows_of(batch) == numbers
        self.kept = None
        if self.source is not None:
            self.source.close()


@pytest.mark.parametrize("kind", KINDS)
def test_readers_in_every_order_of_calls(kind):
    opened = set()
    run(lambda: Reading(kind, opened), steps=25, examples=EXAMPLES // 3)
    assert opened == set(SOURCES) - (CANNOT_SEEK if kind == "file" else set())
