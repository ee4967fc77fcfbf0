"""Opening a memory-mapped file and getting one batch: the same for any number of batches."""

import material
from harness import benchmark


def open_and_get(pa, path, index):
    def work():
        with pa.memory_map(path) as source:
            reader = pa.ipc.open_file(source)
            batch = reader.get_batch(index)
            return reader.num_record_batches, batch.num_rows

    return work


def ten_thousand_batches():
    maker = material.maker()
    batch = material.batch_of(maker, material.small_columns())
    return material.file_of(maker, "ten-thousand", [batch] * 10_000)


@benchmark("open a mapped file of 10,000 batches, get one", goal=0.2)
def mapped(pa):
    """The file is mapped already: what the reader itself takes."""
    source = pa.memory_map(ten_thousand_batches())
    return lambda: pa.ipc.open_file(source).get_batch(7_777).num_rows


@benchmark("map a file of 10,000 batches, open it, get one", goal=0.1)
def ten_thousand(pa):
    return open_and_get(pa, ten_thousand_batches(), 7_777)


@benchmark("map a file of 1,000,000 batches, open it, get one", goal=0.1)
def million(pa):
    maker = material.maker()
    batch = material.batch_of(maker, {"n": [1]})
    path = material.file_of(maker, "million", (batch for _ in range(1_000_000)))
    return open_and_get(pa, path, 777_777)


@benchmark("get each of 10,000 batches", goal=0.33)
def get_each(pa):
    path = ten_thousand_batches()

    def work():
        with pa.memory_map(path) as source:
            reader = pa.ipc.open_file(source)
            return sum(reader.get_batch(i).num_rows for i in range(reader.num_record_batches))

    return work
