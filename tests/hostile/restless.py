"""Sources and sinks of Python that do for once what they should not: each way is a plan.

They do it when they are asked to, at a call of the reader's or writer's choice, and note that they
did. ``RestlessReader`` and ``RestlessWriter`` are models that know what must come of it.
"""

import io
import threading

import pytest
from hostile.numbered import (
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

import minarrow as ma


class Mine(Exception):
    """What a sink or source of Python raises."""


class Leaving(BaseException):
    """The same, of the kind that KeyboardInterrupt is."""


# ---- plans: what is done in place of, before or after `honest()`, which is what was wanted ----


def _raising(error):
    def act(thing, honest):
        raise error

    return act


def _answering(answer):
    def act(thing, honest):
        return answer

    return act


def _take_and_raise(thing, honest):
    honest()
    raise Mine


def _close_itself(thing, honest):
    thing.file.close()
    return honest()


def _call_back(thing, honest):
    for call in thing.calls():
        with pytest.raises(RuntimeError, match="from within a call of its own"):
            call()
    thing.look()
    return honest()


def _call_from_another_thread(thing, honest):
    told = []

    def call_all():
        for call in thing.calls():
            with pytest.raises(RuntimeError, match="in use by another thread"):
                call()
            told.append(call)
        thing.look()

    thread = threading.Thread(target=call_all)
    thread.start()
    thread.join(60)
    assert len(told) == len(thing.calls())
    return honest()


def _keep(thing, honest):
    """The memory that goes with the call, which is changed after it."""
    result = honest()
    thing.kept = thing.lent
    return result


def _answer_none(thing, honest):
    honest()
    return None


ANYWHERE = {
    "raise": (_raising(Mine), Mine),
    "take and raise": (_take_and_raise, Mine),
    "raise StopIteration": (_raising(StopIteration), StopIteration),
    "raise to leave": (_raising(Leaving), Leaving),
    "raise BlockingIOError": (_raising(BlockingIOError), BlockingIOError),
    "close itself": (_close_itself, ValueError),
    "call back": (_call_back, None),
    "call from another thread": (_call_from_another_thread, None),
}
COUNTING = {
    "answer less than nothing": (_answering(-1), ValueError),
    "answer too much": (_answering(1 << 70), ValueError),
    "answer text": (_answering("5"), TypeError),
}
READING = {
    "answer None": (_answering(None), BlockingIOError),
    "answer too much": (_answering(bytes(1 << 20)), ValueError),
    "answer text": (_answering("text"), TypeError),
    "keep": (_keep, None),
}
FILLING = COUNTING | {"answer None": (_answering(None), BlockingIOError), "keep": (_keep, None)}
WRITING = COUNTING | {
    "answer nothing": (_answering(0), OSError),
    "answer None": (_answer_none, None),
}
# By method: each plan's act, and what the caller is to be told, or None where all goes on.
PLANS = {
    "readinto": ANYWHERE | FILLING,
    "recv_into": ANYWHERE | FILLING,
    "read": ANYWHERE | READING,
    "seek": ANYWHERE,
    "write": ANYWHERE | WRITING,
    "send": ANYWHERE | WRITING,
    "flush": ANYWHERE,
}


class Asked:
    """A plan for the call of `method` that comes after so many others of it."""

    def __init__(self, method, plan, after):
        self.method, self.after = method, after
        self.act, self.told = PLANS[method][plan]
        self.calls = 0

    @property
    def acted(self):
        return self.calls > self.after


class Restless:
    """What sources and sinks have in common."""

    def __init__(self):
        self.user = None  # the reader or writer
        self.asked = None
        self.lent = self.kept = None  # memory of the last call, and such as was kept

    def step(self, method, honest):
        """What `method` gives: what `honest()` gives, or what was planned."""
        asked = self.asked
        if asked is None or asked.method != method:
            return honest()
        asked.calls += 1
        return asked.act(self, honest) if asked.calls == asked.after + 1 else honest()

    def change_what_was_kept(self):
        if self.kept is not None:
            self.kept[:] = b"\xee" * len(self.kept)
            self.kept = None


# ---- sources ----


class Source(Restless):
    """A file object that gives so many bytes at a time; `read_by` is how it is read."""

    read_by = None

    def __init__(self, data, most):
        super().__init__()
        self.file = io.BytesIO(data)
        self.most = most

    def take(self, size):
        return self.file.read(min(size, self.most))

    def fill(self, target):
        part = self.take(len(target))
        target[: len(part)] = part
        return len(part)

    def seek(self, *args):
        return self.step("seek", lambda: self.file.seek(*args))

    def tell(self):
        return self.file.tell()

    def calls(self):
        reader = self.user
        if isinstance(reader, ma.RecordBatchFileReader):
            return reader.close, lambda: reader.get_batch(0), lambda: reader.stats
        return reader.close, reader.read_next_batch, reader.read_all, lambda: reader.stats

    def look(self):
        assert self.user.schema is not None and not self.user.closed


class Filling(Source):
    read_by = "readinto"

    def readinto(self, target):
        self.lent = target
        return self.step("readinto", lambda: self.fill(target))


class Receiving(Source):
    read_by = "recv_into"

    def recv_into(self, target):
        self.lent = target
        return self.step("recv_into", lambda: self.fill(target))


class Reading(Source):
    read_by = "read"

    def give(self, size):
        self.lent = bytearray(self.take(size))
        return self.lent

    def read(self, size):
        return self.step("read", lambda: self.give(size))


SOURCES = {kind.read_by: kind for kind in (Filling, Receiving, Reading)}
BLOCKS = ("raise BlockingIOError", "answer None")


class RestlessReader:
    """A reader of one batch or more over a restless source, and what is known of both.

    state -- "open"; "lost", when nobody knows what of a stream the source has taken; or "closed",
    when the source closed itself
    """

    def __init__(self, kind, codec, batches, read_by, most, columns=None):
        self.kind, self.batches, self.columns = kind, batches, columns
        self.source = SOURCES[read_by](written(kind, batches, codec), most)
        self.reader = self.source.user = open_reader(kind, self.source, columns=columns)
        self.next = 0
        self.ended = False
        self.state = "open"

    def read(self, all_of_it):
        """What is read next, with what it should be."""
        if self.kind == "file":
            if all_of_it:
                return self.reader.read_all().to_batches(), self.batches
            return [self.reader.get_batch(0)], self.batches[:1]
        if all_of_it:
            return self.reader.read_all().to_batches(), self.batches[self.next :]
        batch = next(self.reader, None)
        return [] if batch is None else [batch], self.batches[self.next : self.next + 1]

    def read_well(self, all_of_it):
        found, wanted = self.read(all_of_it)
        self.source.change_what_was_kept()
        assert list(map(rows_of, found)) == wanted
        self.next += len(found)
        self.ended = self.ended or all_of_it or not found

    def call(self, method, plan, after=0, all_of_it=False):
        """Read while there is a plan. Whether it came to an act."""
        asked = self.source.asked = Asked(method, plan, after)
        try:
            self.read_well(all_of_it)
        except BaseException as error:
            self.fail(error, asked, plan)
        else:
            assert not asked.acted or asked.told is None
        self.source.asked = None
        assert asked.calls > 0
        self.settle()
        return asked.acted

    def fail(self, error, asked, plan):
        told = asked.told
        if self.kind == "stream" and told is StopIteration:
            told = RuntimeError  # the other one would be the end
        if not asked.acted or told is None or not isinstance(error, told):
            raise error
        if plan == "close itself":
            self.state = "closed"
        elif self.kind == "stream":
            self.state = "blocked" if plan in BLOCKS else "lost"

    def settle(self):
        """What follows a failure: no batch is ever left out."""
        if self.state == "blocked":
            self.state = "open"
            self.next = self.reader.stats.num_record_batches
            if self.columns is not None:  # then what came of a body is not kept
                self.try_to_go_on()
        if self.state == "lost":
            for _ in range(2):
                with pytest.raises(ma.ArrowInvalid, match="open it again"):
                    self.reader.read_next_batch()
        if self.state == "closed":
            with pytest.raises(ValueError):
                self.read(all_of_it=False)

    def try_to_go_on(self):
        try:
            self.read_well(all_of_it=False)
        except ma.ArrowInvalid as error:
            assert "open it again" in str(error)
            self.state = "lost"


# ---- sinks ----


class Sink(Restless):
    """A file object that takes so many bytes at a time; `written_by` is how it is written."""

    written_by = None

    def __init__(self, most):
        super().__init__()
        self.file = io.BytesIO()
        self.most = most
        self.data = bytearray()

    def take(self, data):
        size = self.file.write(data[: self.most])
        self.data += data[:size]
        return size

    def flush(self):
        return self.step("flush", self.file.flush)

    def calls(self):
        writer = self.user
        return writer.close, lambda: writer.write_batch(batch_of([1])), lambda: writer.stats

    look = Source.look


class Writing(Sink):
    written_by = "write"

    def write(self, data):
        return self.step("write", lambda: self.take(data))


class Sending(Sink):
    written_by = "send"

    def send(self, data):
        return self.step("send", lambda: self.take(data))


SINKS = {kind.written_by: kind for kind in (Writing, Sending)}


class RestlessWriter:
    """A writer to a restless sink, and what is known of both.

    state -- "open", "failed" or "closed"
    """

    def __init__(self, kind, codec, written_by, most):
        self.kind = kind
        self.sink = SINKS[written_by](most)
        self.writer = self.sink.user = new_writer(kind, self.sink, codec)
        self.batches = []
        self.torn = []  # what a failure left there of a batch, perhaps all of it
        self.state = "open"

    def do(self, numbers):
        """Write a batch for each list of numbers, or close for None."""
        if numbers is None:
            self.writer.close()
        else:
            self.writer.write_table(ma.Table.from_batches(map(batch_of, numbers), SCHEMA))

    def call(self, method, plan, after=0, numbers=None):
        """Do so while there is a plan. Whether it came to an act."""
        asked = self.sink.asked = Asked(method, plan, after)
        self.sink.most = max(self.sink.most, 1 << 20) if plan == "answer None" else self.sink.most
        try:
            self.do(numbers)
        except BaseException as error:
            if not asked.acted or asked.told is None or not isinstance(error, asked.told):
                raise
            self.state = "failed"
        else:
            assert not asked.acted or asked.told is None
        self.sink.asked = None
        assert asked.calls > 0
        self.settle(numbers or [])
        return asked.acted

    def settle(self, numbers):
        """What was written whole is there, and a writer that failed or was closed takes no more."""
        count = self.writer.stats.num_record_batches - len(self.batches)
        self.batches += numbers[:count]
        self.torn = numbers[count : count + 1]
        if self.writer.closed:
            self.state = "closed" if self.state == "open" else self.state
        if self.state == "open":
            assert count == len(numbers)
        else:
            self.check_that_it_takes_no_more()
        self.check_what_is_there()

    def check_that_it_takes_no_more(self):
        """Nor does closing it write an end, which would be believed."""
        there = bytes(self.sink.data)
        for _ in range(2):
            for call in (self.writer.write_batch, self.writer.write):
                with pytest.raises(ma.ArrowInvalid, match="closed|part-way"):
                    call(batch_of([1]))
            self.writer.close()
        assert there == self.sink.data

    def check_what_is_there(self):
        data = bytes(self.sink.data)
        if self.kind == "file" and self.state == "closed":
            assert read_file(data) == self.batches
        found, breaks_off = read_stream(data[8:] if self.kind == "file" else data)
        assert found in (self.batches, self.batches + self.torn)
        assert not breaks_off or self.state == "failed"


# ---- every plan there is: of a kind, for an object that is used by a method, for a method ----

READINGS = [
    *(("stream", by, by, plan) for by in SOURCES for plan in PLANS[by]),
    *(("file", by, on, plan) for by in SOURCES for on in (by, "seek") for plan in PLANS[on]),
]
WRITINGS = [
    (kind, by, on, plan)
    for kind in KINDS
    for by in SINKS
    for on in (by, "flush")
    for plan in PLANS[on]
]
