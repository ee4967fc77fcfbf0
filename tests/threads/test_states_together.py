"""Threads that do what was drawn with one reader, writer or batch, all at the same moment.

Who came first is not known, but each outcome is one that some order explains: every batch is given
once, in order for each thread, and what is in the output is what was written. Where calls run code
of Python, a thread may be refused; where somebody closes, it may come too late.
"""

import pickle
import threading
from collections import Counter

import pytest
from hostile.numbered import (
    CODECS,
    KINDS,
    SCHEMA,
    batch_of,
    new_writer,
    open_reader,
    read_file,
    read_stream,
    rows_of,
    written,
)
from hostile.places import CANNOT_SEEK, SINKS, SOURCES, Sink, Source

import minarrow as ma

pytest.importorskip("hypothesis")

from hostile.machines import EXAMPLES, run
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

pytestmark = [
    pytest.mark.usefixtures("switch_often"),
    pytest.mark.thread_unsafe(reason="hypothesis runs one of these at a time"),
]

SIZES = st.lists(st.integers(1, 5), min_size=1, max_size=8)  # rows of each batch


def work_of(calls):
    """What each of some threads is to call, one after the other."""
    names = st.sampled_from(sorted(calls))
    return st.lists(st.lists(names, min_size=1, max_size=3), min_size=2, max_size=4)


def numbers_of(index, size):
    """The rows of batch `index`, which tell it from all others."""
    return list(range(index * 1000, index * 1000 + size))


def together(work, call):
    """What came of `call(name, *place)` for each name, by thread: (name, value or exception)."""
    barrier = threading.Barrier(len(work))
    told = [[] for _ in work]

    def do(thread):
        barrier.wait(60)
        for i, name in enumerate(work[thread]):
            try:
                value = call(name, thread, i)
            except Exception as error:
                value = error
            told[thread].append((name, value))

    threads = [threading.Thread(target=do, args=(i,)) for i in range(len(work))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [len(outcomes) for outcomes in told] == [len(names) for names in work]
    return told


def was_refused(error):
    return isinstance(error, RuntimeError) and "in use by another thread" in str(error)


def came_late(error):
    return isinstance(error, ma.ArrowInvalid) and "is closed" in str(error)


def indices_of(calls):
    """Those of all batches that a thread's calls gave or wrote, in order."""
    return [index for _, value in calls if isinstance(value, list) for index in value]


def look_as_another_library(batch):
    """By the C stream interface."""
    return rows_of(next(ma.RecordBatchReader.from_stream(ma.Table.from_batches([batch]))))


# The ways to the numbers of a batch.
LOOKS = {
    "columns": rows_of,
    "one column": lambda batch: batch.column(0).to_pylist(),
    "texts": lambda batch: [int(text[8:]) for text in batch.column(1).to_pylist()],
    "rows": lambda batch: [row["n"] for row in batch.to_pylist()],
    "slices": lambda batch: rows_of(batch.slice(0, 1)) + rows_of(batch.slice(1)),
    "pickle": lambda batch: rows_of(pickle.loads(pickle.dumps(batch))),
    "lent": look_as_another_library,
    "checked": lambda batch: batch.validate(full=True) or rows_of(batch),
}


class Together(RuleBasedStateMachine):
    """What the machines for readers and for writers have in common."""

    def __init__(self, seen):
        super().__init__()
        self.seen = seen  # how often each call had a result, for the test
        self.place = None

    def check_outcomes(self, told):
        """Whether somebody closed. Who came late did so for good, and only then."""
        closed = any(name == "close" and value is None for calls in told for name, value in calls)
        for calls in told:
            late = False
            for name, value in calls:
                if came_late(value):
                    assert closed
                elif was_refused(value):
                    assert self.place.runs_python
                else:
                    assert not isinstance(value, Exception) or isinstance(value, StopIteration)
                    assert not late or name in ("close", "look")
                    self.seen[self.kind, name] += 1
                late = late or came_late(value) or (name, value) == ("close", None)
        return closed

    def teardown(self):
        if self.place is not None:
            self.close()
            self.place.close()


class Readers(Together):
    """One reader after the other, used by threads."""

    OPENING = st.fixed_dictionaries(
        {
            "kind": st.sampled_from(KINDS),
            "codec": st.sampled_from(CODECS),
            "sizes": SIZES,
            "name": st.sampled_from(SOURCES),
        }
    )
    CALLS = ("one", "all", "look", "close")

    @initialize(opening=OPENING)
    def open(self, opening):
        self.open_anew(**opening)

    def open_anew(self, kind, codec, sizes, name):
        if self.place is not None:
            self.place.close()
        if kind == "file" and name in CANNOT_SEEK:
            name = "bytes"
        self.kind, self.codec = kind, codec
        self.batches = [numbers_of(i, size) for i, size in enumerate(sizes)]
        self.place = Source(name, written(kind, self.batches, codec))
        self.reader = open_reader(kind, self.place.given, **self.place.options)
        self.next = 0

    def close(self):
        self.reader.close()

    def index_of(self, batch):
        index = rows_of(batch)[0] // 1000
        assert rows_of(batch) == self.batches[index]
        return index

    def call(self, name, thread, i):
        """The indices of the batches that it gave; None for other calls."""
        if name == "one" and self.kind == "file":
            return [self.index_of(self.reader.get_batch((thread + i) % len(self.batches)))]
        if name == "one":
            return [self.index_of(next(self.reader))]
        if name == "all":
            return list(map(self.index_of, self.reader.read_all().to_batches()))
        if name == "close":
            return self.reader.close()
        assert self.reader.schema.equals(SCHEMA)
        assert self.reader.stats.num_record_batches >= 0
        return None

    @rule(work=work_of(CALLS), opening=OPENING)
    def call_together(self, work, opening):
        told = together(work, self.call)
        closed = self.check_outcomes(told)
        assert self.reader.closed is closed
        ended = self.check_stream(told) if self.kind == "stream" else self.check_file(told)
        if closed or ended:
            self.open_anew(**opening)

    def check_stream(self, told):
        """Whether it ended. What `read_all` had when it was refused, it did not give."""
        given = [indices_of(calls) for calls in told]
        assert given == [sorted(indices) for indices in given]
        every = sorted(index for indices in given for index in indices)
        values = [(name, value) for calls in told for name, value in calls]
        lost = any(name == "all" and isinstance(value, Exception) for name, value in values)
        ended = any(
            isinstance(value, StopIteration) or (name == "all" and isinstance(value, list))
            for name, value in values
        )
        before, self.next = self.next, self.reader.stats.num_record_batches
        if lost:
            assert len(set(every)) == len(every)
            assert set(every) <= set(range(before, self.next))
        else:
            assert every == list(range(before, self.next))
        assert not ended or self.next == len(self.batches)
        return ended

    def check_file(self, told):
        every = list(range(len(self.batches)))
        for thread, calls in enumerate(told):
            for i, (name, value) in enumerate(calls):
                if isinstance(value, list):
                    assert value == (every if name == "all" else [(thread + i) % len(every)])
        return False

    @rule(work=work_of(LOOKS), index=st.integers(0, 7))
    def look_together(self, work, index):
        """A batch whose columns nobody has asked for yet."""
        index %= len(self.batches)
        numbers = self.batches[index]
        batch = list(ma.open_stream(written("stream", self.batches, self.codec)))[index]
        for calls in together(work, lambda name, *_: LOOKS[name](batch)):
            for name, value in calls:
                assert value == numbers, (name, value)


class Writers(Together):
    """One writer after the other, used by threads."""

    OPENING = st.fixed_dictionaries(
        {
            "kind": st.sampled_from(KINDS),
            "codec": st.sampled_from(CODECS),
            "name": st.sampled_from(SINKS),
        }
    )
    CALLS = ("one", "two", "look", "close")

    @initialize(opening=OPENING)
    def open(self, opening):
        self.open_anew(**opening)

    def open_anew(self, kind, codec, name):
        if self.place is not None:
            self.place.close()
        self.kind = kind
        self.place = Sink(name)
        self.writer = new_writer(kind, self.place.given, codec)
        self.count = 0  # of the indices that were given out
        self.orders = []  # for each thread of each step, the indices that it wrote, in order
        self.begun = set()  # those whose writing may have been refused

    def close(self):
        self.writer.close()

    def call(self, name, thread, i):
        """The indices of the batches that it wrote; None for other calls."""
        indices = self.indices(thread, i, 2 if name == "two" else 1)
        batches = [batch_of(numbers_of(index, 3)) for index in indices]
        if name == "one":
            self.writer.write_batch(batches[0])
            return indices
        if name == "two":
            self.writer.write_table(ma.Table.from_batches(batches))
            return indices
        if name == "close":
            return self.writer.close()
        assert self.writer.schema.equals(SCHEMA)
        assert self.writer.stats.num_record_batches >= 0
        return None

    def indices(self, thread, i, count):
        first = self.count + 10 * thread + 2 * i
        return list(range(first, first + count))

    @rule(work=work_of(CALLS), opening=OPENING)
    def call_together(self, work, opening):
        told = together(work, self.call)
        closed = self.check_outcomes(told)
        assert self.writer.closed is closed
        for thread, calls in enumerate(told):
            self.orders.append(indices_of(calls))
            for i, (name, value) in enumerate(calls):
                if name == "two" and isinstance(value, Exception):
                    self.begun.add(self.indices(thread, i, 1)[0])
        self.count += 10 * len(work)
        self.check_what_is_there(closed)
        if closed:
            self.open_anew(**opening)

    def check_what_is_there(self, closed):
        """Each batch once, those of one thread in order; of a table that was refused, a part."""
        if self.place.name == "BufferOutputStream" and not closed:
            return  # one that is looked at takes no more
        data = self.place.read()
        batches, breaks_off = read_stream(data[8:] if self.kind == "file" else data)
        assert not breaks_off
        assert not (closed and self.kind == "file") or read_file(data) == batches
        found = [numbers[0] // 1000 for numbers in batches]
        assert batches == [numbers_of(index, 3) for index in found]
        for order in self.orders:
            assert [index for index in found if index in order] == order
        wanted = {index for order in self.orders for index in order}
        assert wanted <= set(found) <= wanted | self.begun
        assert len(set(found)) == len(found) == self.writer.stats.num_record_batches


def test_readers_that_threads_share():
    seen = Counter()
    run(lambda: Readers(seen), steps=10, examples=EXAMPLES // 2)
    assert set(seen) == {(kind, name) for kind in ("stream", "file") for name in Readers.CALLS}


def test_writers_that_threads_share():
    seen = Counter()
    run(lambda: Writers(seen), steps=10, examples=EXAMPLES // 2)
    assert set(seen) == {(kind, name) for kind in ("stream", "file") for name in Writers.CALLS}
