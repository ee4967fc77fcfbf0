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


@benchmark("open a file of 10,000 batches, get one", goal=0.1)
def ten_thousand(pa):
    maker = material.maker()
    batch = material.batch_of(maker, material.small_columns())
    path = material.file_of(maker, "ten-thousand", [batch] * 10_000)
    return open_and_get(pa, path, 7_777)


@benchmark("open a file of 1,000,000 batches, get one", goal=0.1)
def million(pa):
    maker = material.maker()
    batch = material.batch_of(maker, {"n": [1]})
    path = material.file_of(maker, "million", (batch for _ in range(1_000_000)))
    return open_and_get(pa, path, 777_777)


@benchmark("get each of 10,000 batches", goal=0.33)
def get_each(pa):
    maker = material.maker()
    batch = material.batch_of(maker, material.small_columns())
    path = material.file_of(maker, "ten-thousand", [batch] * 10_000)

    def work():
        with pa.memory_map(path) as source:
            reader = pa.ipc.open_file(source)
            return sum(reader.get_batch(i).num_rows for i in range(reader.num_record_batches))

    return work
