"""Many batches of 10 rows and 10 columns: what a batch costs, beside its data."""

import io

import material
from harness import benchmark


@benchmark("read 10,000 batches", goal=0.15)
def read(pa):
    data = pa.py_buffer(material.small_stream())

    def work():
        rows = 0
        for batch in pa.ipc.open_stream(data):
            rows += batch.num_rows
        return rows

    return work


@read.peer("nanoarrow")
def read_nanoarrow(nanoarrow):
    data = material.small_stream()

    def work():
        rows = 0
        with nanoarrow.ipc.InputStream.from_readable(data) as stream:
            for array in nanoarrow.c_array_stream(stream):
                rows += len(array)
        return rows

    return work


@read.peer("polars")
def read_polars(polars):
    data = material.small_stream()
    return lambda: len(polars.read_ipc_stream(io.BytesIO(data)))


@benchmark("touch one column of each", goal=0.25)
def touch(pa):
    data = pa.py_buffer(material.small_stream())

    def work():
        total = 0
        for batch in pa.ipc.open_stream(data):
            total += batch.column(3).to_numpy()[9]
        return total

    return work


@benchmark("write 10,000 batches", goal=0.25, compare=material.same_data)
def write(pa):
    batches = list(pa.ipc.open_stream(material.small_stream()))
    return lambda: material.stream_of(pa, batches)


@benchmark("write them to a file in memory", goal=0.25, compare=material.same_data)
def write_file(pa):
    batches = list(pa.ipc.open_stream(material.small_stream()))

    def work():
        sink = pa.BufferOutputStream()
        with pa.ipc.new_file(sink, batches[0].schema) as writer:
            for batch in batches:
                writer.write_batch(batch)
        return sink.getvalue()

    return work
