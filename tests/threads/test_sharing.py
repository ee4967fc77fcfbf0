"""One reader, writer, batch or decoder used by many threads: every value arrives, and once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial

import pytest

import minarrow as ma

THREADS = 8
BATCHES = 200
ROWS = 50


pytestmark = [
    pytest.mark.usefixtures("switch_often"),
    pytest.mark.thread_unsafe(reason="changes how often all threads switch"),
]


def make_batch(number):
    numbers = list(range(number * ROWS, (number + 1) * ROWS))
    columns = [ma.array(numbers), ma.array([str(n) for n in numbers])]
    return ma.RecordBatch.from_arrays(columns, ["number", "text"])


def number_of(batch):
    """Which batch it is; every value of it is looked at."""
    numbers, texts = (column.to_pylist() for column in batch.columns)
    assert numbers == list(range(numbers[0], numbers[0] + ROWS))
    assert texts == [str(n) for n in numbers]
    return numbers[0] // ROWS


def written(kind, compression=None):
    sink = ma.BufferOutputStream()
    options = ma.ipc.IpcWriteOptions(compression=compression)
    with kind(sink, make_batch(0).schema, options=options) as writer:
        for number in range(BATCHES):
            writer.write_batch(make_batch(number))
    return sink.getvalue()


def in_threads(work, threads=THREADS):
    """What `work(index)` returned in each of them, all begun at the same moment."""
    together = threading.Barrier(threads)

    def begin(index):
        together.wait(30)
        return work(index)

    with ThreadPoolExecutor(threads) as pool:
        return [it.result(60) for it in [pool.submit(begin, i) for i in range(threads)]]


@pytest.mark.parametrize("compression", [None, "lz4", "zstd"])
@pytest.mark.parametrize("from_file", [False, True], ids=["memory", "descriptor"])
def test_each_batch_of_a_stream_goes_to_one_thread(tmp_path, compression, from_file):
    source = written(ma.RecordBatchStreamWriter, compression)
    if from_file:
        path = tmp_path / "stream"
        path.write_bytes(source.to_pybytes())
        source = ma.OSFile(path)
    with ma.open_stream(source) as reader:
        parts = in_threads(lambda _: [number_of(batch) for batch in reader])
    assert sorted(n for part in parts for n in part) == list(range(BATCHES))
    assert all(part == sorted(part) for part in parts)


@pytest.mark.parametrize("compression", [None, "lz4", "zstd"])
def test_a_file_is_read_by_all_at_once(compression):
    reader = ma.open_file(written(ma.RecordBatchFileWriter, compression))

    def read(index):
        wanted = [(index * 31 + i * 7) % BATCHES for i in range(BATCHES)]
        return wanted == [number_of(reader.get_batch(n)) for n in wanted]

    assert in_threads(read) == [True] * THREADS


@pytest.mark.parametrize("kind", [ma.RecordBatchStreamWriter, ma.RecordBatchFileWriter])
def test_a_writer_takes_batches_from_all(kind):
    sink = ma.BufferOutputStream()
    with kind(sink, make_batch(0).schema) as writer:

        def write(index):
            for number in range(index, BATCHES, THREADS):
                writer.write_batch(make_batch(number))

        in_threads(write)
    if kind is ma.RecordBatchStreamWriter:
        batches = list(ma.open_stream(sink.getvalue()))
    else:
        reader = ma.open_file(sink.getvalue())
        batches = [reader.get_batch(i) for i in range(reader.num_record_batches)]
    assert sorted(map(number_of, batches)) == list(range(BATCHES))


def look_at(batch, index):
    return index, number_of(batch), batch.column(index % 2)


@pytest.mark.parametrize("compression", [None, "lz4", "zstd"])
def test_all_ask_one_batch_for_its_columns(compression):
    for batch in ma.open_stream(written(ma.RecordBatchStreamWriter, compression)):
        seen = in_threads(partial(look_at, batch), 4)
        assert len({number for _, number, _ in seen}) == 1
        addresses = {(index % 2, column.buffers()[-1].address) for index, _, column in seen}
        assert len(addresses) == 2  # each column was made once


@pytest.mark.parametrize("compression", ["lz4", "zstd"])
def test_what_all_inflate_at_once_counts_once_against_the_limit(compression):
    numbers = ma.array(range(1 << 20))
    batch = ma.RecordBatch.from_arrays([numbers], ["number"])
    sink = ma.BufferOutputStream()
    options = ma.ipc.IpcWriteOptions(compression=compression)
    with ma.RecordBatchStreamWriter(sink, batch.schema, options=options) as writer:
        writer.write_batch(batch)
    limits = ma.ipc.IpcReadOptions(max_batch_size=8 << 20)
    for _ in range(5):
        (found,) = ma.open_stream(sink.getvalue(), options=limits)
        assert all(in_threads(lambda _, batch=found: batch.column(0).equals(numbers)))


def test_what_all_write_to_one_output_is_whole():
    sink = ma.BufferOutputStream()
    pieces = [bytes([index]) * 1000 for index in range(THREADS)]
    in_threads(lambda index: [sink.write(pieces[index]) for _ in range(BATCHES)])
    whole = sink.getvalue().to_pybytes()
    found = [whole[at : at + 1000] for at in range(0, len(whole), 1000)]
    assert sorted(found) == sorted(pieces * BATCHES)


def test_all_feed_one_decoder():
    decoder = ma.ipc.StreamDecoder()
    whole = written(ma.RecordBatchStreamWriter).to_pybytes()
    turn = threading.Lock()
    chunks = iter([whole[at : at + 777] for at in range(0, len(whole), 777)])

    def feed(_):
        numbers = []
        while True:
            with turn:  # chunks have an order; their batches are read by all at once
                chunk = next(chunks, None)
                if chunk is None:
                    return numbers
                batches = decoder.feed(chunk)
            numbers += map(number_of, batches)

    parts = in_threads(feed)
    decoder.finish()
    assert sorted(n for part in parts for n in part) == list(range(BATCHES))


def test_one_schema_serves_all():
    schema = make_batch(0).schema

    def look(_):
        for _ in range(BATCHES):
            assert schema.names == ["number", "text"]
            assert schema.field(1).type == ma.string()
            assert schema.equals(make_batch(1).schema)
            assert schema.with_metadata({"a": "b"}).metadata == {b"a": b"b"}

    in_threads(look)


def take_stream(capsule):
    return ma._core.import_batch_stream_from(capsule)


def take_schema(capsule):
    return ma.Schema._import_from_c_capsule(capsule)


def take_batch(capsules):
    return ma.RecordBatch._import_from_c_capsule(*capsules)


@pytest.mark.parametrize(
    "kind, take",
    [
        ("__arrow_c_stream__", take_stream),
        ("__arrow_c_schema__", take_schema),
        ("__arrow_c_array__", take_batch),
    ],
)
def test_what_a_capsule_holds_goes_to_one_thread(kind, take):
    batch = make_batch(1)
    capsules = [getattr(batch, kind)() for _ in range(300)]
    reached = [0, 0]

    def take_all(index):
        taken = {}
        for i, capsule in enumerate(capsules):
            reached[index] = i
            while reached[1 - index] < i:  # both at once: the one who wakes up is late
                pass
            with suppress(ma.ArrowInvalid):
                taken[i] = take(capsule)
        return taken

    parts = in_threads(take_all, 2)
    assert sorted(i for part in parts for i in part) == list(range(len(capsules)))
