"""From a mapped file to a DataFrame."""

import material
from harness import benchmark


def read_mapped(pa, path):
    def work():
        with pa.memory_map(path) as source:
            return pa.ipc.open_file(source).read_pandas()

    return work


def text_columns(rows):
    return {
        "id": list(range(rows)),
        "name": [f"customer number {row}" for row in range(rows)],
        "city": [("Oslo", "Lima", "Kyoto", None)[row % 4] for row in range(rows)],
    }


@benchmark("read_pandas, 80 MB in one batch", goal=0.1, compare=material.same_frame)
def one_batch(pa):
    maker = material.maker()
    return read_mapped(pa, material.file_of(maker, "bulk", material.number_batches(maker)))


@benchmark("read_pandas, 80 MB in 100 batches", goal=1, compare=material.same_frame)
def many_batches(pa):
    maker = material.maker()
    batches = material.number_batches(maker, count=100)
    return read_mapped(pa, material.file_of(maker, "hundred", batches))


@benchmark("read_pandas, strings, 200,000 rows", goal=1, compare=material.same_frame)
def strings(pa):
    maker = material.maker()
    batch = material.batch_of(maker, text_columns(200_000))
    return read_mapped(pa, material.file_of(maker, "strings", [batch]))
