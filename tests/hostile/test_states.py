"""Readers, writers, sources and sinks in every order of calls, against a model in plain Python.

What is called too late, twice, from within, or after a failure gives a value that the model has or
an exception of the kind it should be; and what was written whole can be read.
"""

import io
import os
import tempfile
from pathlib import Path

import pytest

import minarrow as ma

hypothesis = pytest.importorskip("hypothesis")

from hypothesis import settings  # noqa: E402 - only where hypothesis is
from hypothesis import strategies as st  # noqa: E402
from hypothesis.stateful import (  # noqa: E402
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

pytestmark = pytest.mark.thread_unsafe(reason="hypothesis runs one of these at a time")

SCHEMA = ma.schema([("n", ma.int64()), ("t", ma.string())])
OTHER = ma.schema([("n", ma.int32()), ("t", ma.string())])
CODECS = [None] + [codec for codec in ("lz4", "zstd") if ma._core.codec_is_available(codec)]
KINDS = st.sampled_from(["stream", "file"])
ROWS = st.lists(st.integers(0, 2**62), max_size=5)


class Mine(Exception):
    """What a sink or source of Python raises."""


def batch_of(numbers, schema=SCHEMA):
    columns = {"n": numbers, "t": [f"text of {n}" for n in numbers]}
    if schema is OTHER:
        columns["n"] = [n % 100 for n in numbers]
    return ma.RecordBatch.from_pydict(columns, schema=schema)


def rows_of(batch):
    """The numbers of a batch, of which the text must tell the same."""
    found = batch.to_pydict()
    if "t" in found:
        assert found["t"] == [f"text of {n}" for n in found.get("n", [])] or "n" not in found
    return found.get("n")


def written(kind, batches, codec=None):
    sink = ma.BufferOutputStream()
    new = ma.new_stream if kind == "stream" else ma.new_file
    with new(sink, SCHEMA, options=ma.ipc.IpcWriteOptions(compression=codec)) as writer:
        for numbers in batches:
            writer.write_batch(batch_of(numbers))
    return sink.getvalue().to_pybytes()


def refused(function, *args):
    """It must raise what a user of a closed or failed object can expect."""
    with pytest.raises((ma.ArrowInvalid, ValueError)):
        function(*args)


class Restless:
    """What sources and sinks in Python may do to whoever calls them, once each time it is asked."""

    def __init__(self):
        self.user = None  # the reader or writer
        self.plan = None
        self.seen = []

    def act(self):
        plan, self.plan = self.plan, None
        if plan == "raise":
            raise Mine
        if plan == "call back":
            for call in self.calls():
                with pytest.raises(RuntimeError, match="from within a call of its own"):
                    call()
                self.seen.append("refused")


class RestlessSink(Restless):
    """A sink that keeps what it is given."""

    def __init__(self):
        super().__init__()
        self.data = bytearray()

    def write(self, data):
        self.act()
        self.data += data
        return len(data)

    def calls(self):
        writer = self.user
        return writer.close, lambda: writer.write_batch(batch_of([1]))


class RestlessSource(Restless):
    """A file object that reads a little at a time, if it is so asked."""

    def __init__(self, data, step):
        super().__init__()
        self.file = io.BytesIO(data)
        self.step = step

    def readinto(self, target):
        self.act()
        size = min(len(target), self.step)
        return self.file.readinto(memoryview(target)[:size])

    def seek(self, *args):
        return self.file.seek(*args)

    def tell(self):
        return self.file.tell()

    def seekable(self):
        return True

    def calls(self):
        reader = self.user
        if isinstance(reader, ma.FileReader):
            return reader.close, lambda: reader.get_batch(0)
        return reader.close, reader.read_next_batch, reader.read_all


class Writing(RuleBasedStateMachine):
    """One writer after the other on sinks of all kinds."""

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.writer = None

    @initialize(
        kind=KINDS,
        codec=st.sampled_from(CODECS),
        sink=st.sampled_from(["memory", "path", "OSFile", "object", "BytesIO", "descriptor"]),
    )
    def open(self, kind, codec, sink):
        self.path = Path(self.folder.name, "data")
        self.kind = kind
        self.sink = {
            "memory": ma.BufferOutputStream,
            "path": lambda: self.path,
            "OSFile": lambda: ma.OSFile(str(self.path), "wb"),
            "object": RestlessSink,
            "BytesIO": io.BytesIO,
            "descriptor": lambda: os.open(self.path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC),
        }[sink]()
        new = ma.new_stream if kind == "stream" else ma.new_file
        options = ma.ipc.IpcWriteOptions(compression=codec)
        self.writer = new(self.sink, SCHEMA, options=options)
        self.batches = []
        self.state = "open"

    @rule(numbers=ROWS)
    def write_batch(self, numbers):
        if self.state != "open":
            refused(self.writer.write_batch, batch_of(numbers))
            return
        self.writer.write_batch(batch_of(numbers))
        self.batches.append(numbers)

    @rule(numbers=ROWS, size=st.integers(1, 3))
    def write_table(self, numbers, size):
        table = ma.Table.from_batches([batch_of(numbers)])
        if self.state != "open":
            if numbers:
                refused(self.writer.write_table, table, size)
            return
        self.writer.write_table(table, size)
        self.batches += [numbers[i : i + size] for i in range(0, len(numbers), size)]

    @rule(numbers=ROWS)
    def write_another_schema(self, numbers):
        refused(self.writer.write_batch, batch_of(numbers, OTHER))

    @rule(thing=st.sampled_from([None, 5, b"x", [1], SCHEMA]))
    def write_what_is_no_batch(self, thing):
        with pytest.raises(TypeError):
            self.writer.write_batch(thing)

    @precondition(lambda self: isinstance(getattr(self, "sink", None), RestlessSink))
    @rule(numbers=ROWS, plan=st.sampled_from(["raise", "call back"]))
    def write_while_the_sink_is_restless(self, numbers, plan):
        if self.state != "open":
            return
        self.sink.user, self.sink.plan = self.writer, plan
        if plan == "raise":
            with pytest.raises(Mine):
                self.writer.write_batch(batch_of(numbers))
            self.state = "failed"
        else:
            self.writer.write_batch(batch_of(numbers))
            self.batches.append(numbers)
            assert self.sink.seen
        self.sink.user = self.sink.plan = None

    @rule()
    def stats(self):
        assert self.writer.stats.num_record_batches == len(self.batches)

    @rule(twice=st.booleans())
    def close(self, twice):
        for _ in range(1 + twice):
            self.writer.close()
        if self.state == "open":
            self.state = "closed"

    @rule()
    def leave_a_block(self):
        with self.writer:
            pass
        if self.state == "open":
            self.state = "closed"

    def data(self):
        """What has arrived, where that can be seen."""
        if isinstance(self.sink, ma.BufferOutputStream):
            return self.sink.getvalue().to_pybytes() if self.state != "open" else None
        if isinstance(self.sink, RestlessSink):
            return bytes(self.sink.data)
        if isinstance(self.sink, io.BytesIO):
            return self.sink.getvalue()
        return self.path.read_bytes() if self.state != "open" else None

    @invariant()
    def what_was_written_is_there(self):
        """A file that was not closed has the stream, from byte 8 on."""
        data = self.data() if self.writer is not None else None
        if data is None:
            return
        if self.state == "closed" and self.kind == "file":
            reader = ma.open_file(data)
            count = reader.num_record_batches
            found = [rows_of(reader.get_batch(i)) for i in range(count)]
        else:
            stream = data if self.kind == "stream" else data[8:]
            found = [rows_of(batch) for batch in ma.open_stream(stream)]
        assert found == self.batches

    def teardown(self):
        if self.writer is not None:
            self.writer.close()
            if isinstance(self.sink, int):
                os.close(self.sink)
            elif hasattr(self.sink, "close"):
                self.sink.close()
        self.folder.cleanup()


class Reading(RuleBasedStateMachine):
    """One reader, its source, and the batches that it gave."""

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.reader = None
        self.kept = []  # batches, which outlive all, and their rows

    @initialize(
        kind=KINDS,
        codec=st.sampled_from(CODECS),
        batches=st.lists(ROWS, max_size=4),
        source=st.sampled_from(["bytes", "path", "map", "OSFile", "object", "BytesIO", "mmap"]),
        step=st.sampled_from([1, 7, 64, 1 << 20]),
        columns=st.sampled_from([None, ["n", "t"], ["t", "n"], ["n"], ["t"], [0]]),
    )
    def open(self, kind, codec, batches, source, step, columns):
        data = written(kind, batches, codec)
        path = Path(self.folder.name, "data")
        path.write_bytes(data)
        self.source = {
            "bytes": lambda: data,
            "path": lambda: path,
            "map": lambda: ma.memory_map(str(path)),
            "mmap": lambda: ma.BufferReader(data),
            "OSFile": lambda: ma.OSFile(str(path)),
            "object": lambda: RestlessSource(data, step),
            "BytesIO": lambda: io.BytesIO(data),
        }[source]()
        opener = ma.open_stream if kind == "stream" else ma.open_file
        self.reader = opener(self.source, columns=columns)
        self.columns = {None: ["n", "t"]}.get(columns if columns is None else 0, columns)
        self.columns = ["n" if column == 0 else column for column in self.columns]
        self.batches = batches
        self.next = 0
        self.state = "open"

    streams = precondition(lambda self: isinstance(self.reader, ma.StreamReader))
    files = precondition(lambda self: isinstance(self.reader, ma.FileReader))

    def check(self, batch, numbers):
        assert batch.schema.names == self.columns
        assert batch.num_rows == len(numbers)
        assert rows_of(batch) == (numbers if "n" in self.columns else None)
        self.kept.append((batch, numbers))

    @streams
    @rule()
    def read_next(self):
        if self.state != "open":
            refused(self.reader.read_next_batch)
        elif self.next == len(self.batches):
            with pytest.raises(StopIteration):
                self.reader.read_next_batch()
        else:
            self.next += 1
            self.check(self.reader.read_next_batch(), self.batches[self.next - 1])

    @streams
    @rule()
    def read_all(self):
        if self.state != "open":
            refused(self.reader.read_all)
            return
        table = self.reader.read_all()
        for batch, numbers in zip(table.to_batches(), self.batches[self.next :], strict=True):
            self.check(batch, numbers)
        self.next = len(self.batches)

    @files
    @rule(i=st.integers(-2, 5))
    def get_batch(self, i):
        if self.state == "closed":
            refused(self.reader.get_batch, i)
        elif not 0 <= i < len(self.batches):
            with pytest.raises(IndexError):
                self.reader.get_batch(i)
        else:
            self.check(self.reader.get_batch(i), self.batches[i])

    @files
    @rule()
    def count(self):
        assert self.reader.num_record_batches == len(self.batches)

    @precondition(lambda self: isinstance(getattr(self, "source", None), RestlessSource))
    @rule(plan=st.sampled_from(["raise", "call back"]))
    def read_while_the_source_is_restless(self, plan):
        """The exception comes out as it is. A file goes on; what of a stream was lost inside the
        object nobody knows, so that a stream says from then on that it is to be opened again."""
        if self.state != "open":
            return
        self.source.user, self.source.plan = self.reader, plan
        before = getattr(self, "next", 0)
        try:
            self.read_next() if isinstance(self.reader, ma.StreamReader) else self.get_batch(0)
        except Mine:
            assert plan == "raise"
            self.next = before
            self.state = "lost" if isinstance(self.reader, ma.StreamReader) else "open"
        self.source.user = self.source.plan = None

    @rule()
    def schema(self):
        assert self.reader.schema.names == self.columns

    @rule()
    def close(self):
        self.reader.close()
        self.state = "closed"
        assert self.reader.closed

    @rule()
    def leave_a_block(self):
        with self.reader:
            pass
        self.state = "closed"

    @rule()
    def close_the_source(self):
        """Bytes that are lent stay; from then on a file gives what it has, or says it is closed."""
        if hasattr(self.source, "close") and self.state == "closed":
            self.source.close()

    @invariant()
    def batches_stay_what_they_were(self):
        for batch, numbers in self.kept[-3:]:
            assert batch.num_rows == len(numbers)
            assert rows_of(batch) == (numbers if "n" in self.columns else None)

    def teardown(self):
        if self.reader is not None:
            self.reader.close()
        for batch, numbers in self.kept:
            assert batch.equals(batch) and batch.num_rows == len(numbers)
        self.kept = self.reader = self.source = None
        self.folder.cleanup()


LENGTH = settings(max_examples=min(settings.default.max_examples, 1000), stateful_step_count=25)
TestWriting = Writing.TestCase
TestWriting.settings = LENGTH
TestReading = Reading.TestCase
TestReading.settings = LENGTH
