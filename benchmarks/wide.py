"""Ten batches of 5,000 columns and 10 rows: what a column costs that nobody touches."""

import functools

import material
from harness import benchmark


@functools.cache
def wide_stream():
    pa = material.maker()
    columns = {f"column {n}": list(range(n, n + 10)) for n in range(5_000)}
    return bytes(material.stream_of(pa, [material.batch_of(pa, columns)] * 10))


@benchmark("read 5,000 columns", goal=0.25)
def read(pa):
    data = pa.py_buffer(wide_stream())

    def work():
        cells = 0
        for batch in pa.ipc.open_stream(data):
            cells += batch.num_rows * batch.num_columns
        return cells

    return work


@benchmark("read 5,000 columns, touch three", goal=0.25)
def touch(pa):
    data = pa.py_buffer(wide_stream())

    def work():
        total = 0
        for batch in pa.ipc.open_stream(data):
            for index in (0, 2_500, 4_999):
                total += batch.column(index).to_numpy()[9]
        return total

    return work


@benchmark("write 5,000 columns", goal=0.25, compare=material.same_data)
def write(pa):
    batches = list(pa.ipc.open_stream(wide_stream()))
    return lambda: material.stream_of(pa, batches)
