"""Threads that do what chance tells them with the same things: values are right, or it is closed.

MINARROW_THOROUGH=1 tries many more orders.
"""

import os
import random
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import minarrow as ma

THREADS = 4
STEPS = 60
BATCHES = 12
ROWS = 40
SEEDS = range(200 if os.environ.get("MINARROW_THOROUGH") == "1" else 6)

pytestmark = [
    pytest.mark.usefixtures("switch_often"),
    pytest.mark.thread_unsafe(reason="changes how often all threads switch"),
]


def row_of(number):
    """What stands in row `number` of all that the tests write."""
    return {
        "number": number,
        "text": None if number % 7 == 3 else f"text {number}",
        "word": ["one", "two", "three"][number % 3],
        "list": list(range(number % 4)),
        "struct": {"a": number % 5, "b": str(number)},
    }


def make_batch(index):
    rows = [row_of(n) for n in range(index * ROWS, (index + 1) * ROWS)]
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    words = ma.array([["one", "two", "three"].index(word) for word in columns["word"]], ma.int8())
    arrays = [ma.array(values) for values in columns.values()]
    arrays[2] = ma.DictionaryArray.from_arrays(words, ma.array(["one", "two", "three"]))
    return ma.RecordBatch.from_arrays(arrays, list(columns))


MADE = [make_batch(index) for index in range(BATCHES)]
SCHEMA = MADE[0].schema


def written(new, compression):
    sink = ma.BufferOutputStream()
    options = ma.ipc.IpcWriteOptions(compression=compression)
    with new(sink, SCHEMA, options=options) as writer:
        for batch in MADE:
            writer.write_batch(batch)
    return sink.getvalue()


def check_rows(rows, first):
    assert rows == [row_of(number) for number in range(first, first + len(rows))]


def check_batch(batch, chance):
    """Some part of it, which others may be the first to look at."""
    first = batch.column(0)[0].as_py()
    look = chance.randrange(6)
    if look == 0:
        check_rows(batch.to_pylist(), first)
    elif look == 1:
        start = chance.randrange(ROWS)
        check_rows(batch.slice(start, 5).to_pylist(), first + start)
    elif look == 2:
        name = chance.choice(SCHEMA.names)
        values = [row_of(first + i)[name] for i in range(ROWS)]
        assert batch.column(name).to_pylist() == values
    elif look == 3:
        batch.validate(full=True)
    elif look == 4:
        assert batch.equals(MADE[first // ROWS])
    else:
        assert str(first) in str(batch)
    return first // ROWS


CLOSED = "closed"


class Things:
    """What the threads share, and what they may do with it: each method is one step."""

    def __init__(self, folder, compression, chance):
        self.batches = list(ma.open_stream(written(ma.new_stream, compression)))
        self.file_reader = ma.open_file(written(ma.new_file, compression))
        self.table = ma.open_stream(written(ma.new_stream, compression)).read_all()
        self.path = folder / "stream"
        self.path.write_bytes(written(ma.new_stream, compression).to_pybytes())
        open_it = chance.choice([str, ma.OSFile, ma.memory_map])
        self.reader = ma.open_stream(open_it(self.path))
        self.arrived = []
        self.whole = written(ma.new_file, compression).to_pybytes()
        (folder / "file").write_bytes(self.whole)
        self.map = ma.memory_map(str(folder / "file"))
        self.os_file = ma.OSFile(str(self.path))
        self.bytes = self.path.read_bytes()
        self.sink = ma.BufferOutputStream()
        self.writer = ma.new_stream(self.sink, SCHEMA)
        self.sent = []

    def look_at_a_batch(self, chance):
        check_batch(chance.choice(self.batches), chance)

    def get_a_batch(self, chance):
        index = chance.randrange(BATCHES)
        assert check_batch(self.file_reader.get_batch(index), chance) == index

    def look_at_the_table(self, chance):
        start = chance.randrange(BATCHES * ROWS)
        check_rows(self.table.slice(start, 30).to_pylist(), start)

    def read_the_next_batch(self, chance):
        batch = next(self.reader, None)
        if batch is not None:
            self.arrived.append(check_batch(batch, chance))

    def read_the_map(self, chance):
        start = chance.randrange(len(self.whole))
        found = self.map.read_at(50, start)
        assert bytes(found) == self.whole[start : start + 50]

    def read_the_file(self, chance):
        start = chance.randrange(len(self.bytes))
        assert bytes(self.os_file.read_at(50, start)) == self.bytes[start : start + 50]

    def open_the_map(self, chance):
        index = chance.randrange(BATCHES)
        assert check_batch(ma.open_file(self.map).get_batch(index), chance) == index

    def write_a_batch(self, chance):
        index = chance.randrange(BATCHES)
        batch = chance.choice([MADE, self.batches])[index]
        self.writer.write_batch(batch)
        self.sent.append(index)

    def look_at_what_was_written(self, chance):
        assert self.sink.tell() > 0 and self.writer.stats.num_record_batches <= STEPS * THREADS

    def close_something(self, chance):
        if chance.random() < 0.1:
            chance.choice([self.map, self.os_file, self.reader, self.file_reader]).close()

    def end(self):
        """What was read and written arrived whole, and once."""
        assert len(set(self.arrived)) == len(self.arrived)
        self.writer.close()
        found = list(ma.open_stream(self.sink.getvalue()))
        firsts = sorted(batch.column(0)[0].as_py() // ROWS for batch in found)
        assert firsts == sorted(self.sent)
        for batch in found:
            check_rows(batch.to_pylist(), batch.column(0)[0].as_py())


STEPS_OF = [name for name in vars(Things) if name[0] != "_" and name != "end"]


@pytest.mark.parametrize("compression", [None, "lz4", "zstd"])
@pytest.mark.parametrize("seed", SEEDS)
def test_any_order(tmp_path, seed, compression):
    things = Things(tmp_path, compression, random.Random(seed))
    together = threading.Barrier(THREADS)

    def work(index):
        chance = random.Random(f"{seed} {index}")
        together.wait(30)
        for _ in range(STEPS):
            name = chance.choice(STEPS_OF)
            try:
                getattr(things, name)(chance)
            except (ValueError, OSError) as error:
                assert CLOSED in str(error), f"{name}: {error!r}"

    with ThreadPoolExecutor(THREADS) as pool:
        for done in [pool.submit(work, index) for index in range(THREADS)]:
            done.result(120)
    things.end()


def test_a_file_that_is_closed_is_not_another_one(tmp_path):
    """The number of a descriptor that was closed belongs to the next file at once."""
    for name in ("wanted", "other"):
        (tmp_path / name).write_bytes(name[:1].encode() * 100_000)
    ended = threading.Event()
    files = [ma.OSFile(str(tmp_path / "wanted"))]

    def open_others():
        while not ended.is_set():
            with ma.OSFile(str(tmp_path / "other")) as file:
                file.read(10)

    def read():
        while not ended.is_set():
            try:
                found = bytes(files[0].read_at(50_000, 0))
            except ValueError as error:
                assert CLOSED in str(error)
                continue
            assert found == b"w" * 50_000

    with ThreadPoolExecutor(4) as pool:
        running = [pool.submit(work) for work in (read, read, open_others, open_others)]
        for _ in range(200):
            old, files[0] = files[0], ma.OSFile(str(tmp_path / "wanted"))
            old.close()
        ended.set()
        for done in running:
            done.result(60)


@pytest.mark.parametrize("seed", range(3))
def test_a_decoder_that_threads_feed_in_any_order(seed):
    """No order is right; the decoder says so and nothing else."""
    whole = written(ma.new_stream, None).to_pybytes()
    decoder = ma.ipc.StreamDecoder()
    together = threading.Barrier(THREADS)

    def feed(index):
        chance = random.Random(f"{seed} {index}")
        together.wait(30)
        for _ in range(STEPS):
            start = chance.randrange(len(whole))
            try:
                for batch in decoder.feed(whole[start : start + chance.randrange(3000)]):
                    batch.validate(full=True)
            except (ma.ArrowInvalid, RuntimeError) as error:
                wrong = isinstance(error, ma.ArrowInvalid)
                assert wrong or "in use by another thread" in str(error)

    with ThreadPoolExecutor(THREADS) as pool:
        for done in [pool.submit(feed, index) for index in range(THREADS)]:
            done.result(60)
