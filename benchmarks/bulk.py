"""80 MB in one batch of ten columns: what a byte costs."""

import io

import material
from harness import benchmark


@benchmark("write 80 MB to memory", goal=0.6, compare=material.same_data)
def write_memory(pa):
    batches = material.number_batches(pa)
    return lambda: material.stream_of(pa, batches)


@write_memory.peer("polars")
def write_memory_polars(polars):
    frame = polars.DataFrame(material.number_columns())

    def work():
        sink = io.BytesIO()
        frame.write_ipc_stream(sink, compat_level=polars.CompatLevel.oldest())
        return sink.getbuffer()

    return work


@benchmark("write 80 MB to a file", goal=1)
def write_file(pa):
    batches = material.number_batches(pa)
    material.FOLDER.mkdir(parents=True, exist_ok=True)
    path = str(material.FOLDER / f"written-by-{pa.__name__}.arrow")

    def work():
        with pa.ipc.new_file(path, batches[0].schema) as writer:
            writer.write_batch(batches[0])

    return work


@benchmark("read 80 MB from memory, add up two columns", goal=1)
def read_memory(pa):
    maker = material.maker()
    data = pa.py_buffer(bytes(material.stream_of(maker, material.number_batches(maker))))

    def work():
        total = 0
        for batch in pa.ipc.open_stream(data):
            total += batch.column(0).to_numpy().sum() + batch.column(2).to_numpy().sum()
        return total

    return work


@benchmark("read 80 MB from a Python file", goal=1)
def read_python_file(pa):
    maker = material.maker()
    path = material.file_of(maker, "bulk", material.number_batches(maker))

    def work():
        with open(path, "rb") as file:
            file.seek(8)            # what lies behind a file's magic is a stream
            return sum(batch.num_rows for batch in pa.ipc.open_stream(file))

    return work


@read_python_file.peer("nanoarrow")
def read_python_file_nanoarrow(nanoarrow):
    maker = material.maker()
    path = material.file_of(maker, "bulk", material.number_batches(maker))

    def work():
        with open(path, "rb") as file:
            file.seek(8)
            with nanoarrow.ipc.InputStream.from_readable(file) as stream:
                return sum(len(array) for array in nanoarrow.c_array_stream(stream))

    return work
