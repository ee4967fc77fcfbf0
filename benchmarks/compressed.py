"""Compressed bodies of ten columns of 500,000 numbers: all columns, and one of them."""

import functools
import io

import material
from harness import benchmark

ROWS = 500_000
NAMES = {"lz4": "LZ4", "zstd": "Zstandard"}


@functools.cache
def compressed_stream(codec):
    pa = material.maker()
    options = pa.ipc.IpcWriteOptions(compression=codec)
    batches = material.number_batches(pa, rows=ROWS)
    return bytes(material.stream_of(pa, batches, options=options))


def read_one_column(codec):
    """Ten streams, another column of each: so that no column's own cost decides."""

    def prepare(pa):
        data = pa.py_buffer(compressed_stream(codec))

        def work():
            last = 0
            for index in range(10):
                for batch in pa.ipc.open_stream(data):
                    last += batch.column(index).to_numpy()[-1]
            return last

        return work

    return prepare


def read_all_columns(codec):
    def prepare(pa):
        data = pa.py_buffer(compressed_stream(codec))

        def work():
            last = 0
            for batch in pa.ipc.open_stream(data):
                for column in batch.columns:
                    last += column.to_numpy()[-1]
            return last

        return work

    return prepare


def write_columns(codec):
    def prepare(pa):
        batches = material.number_batches(pa, rows=ROWS)

        def work():
            options = pa.ipc.IpcWriteOptions(compression=codec)
            return material.stream_of(pa, batches, options=options)

        return work

    return prepare


def read_with_polars(codec):
    def prepare(polars):
        data = compressed_stream(codec)

        def work():
            frame = polars.read_ipc_stream(io.BytesIO(data))
            return sum(frame.to_series(index)[-1] for index in range(10))

        return work

    return prepare


for codec, name in NAMES.items():
    every = benchmark(f"{name}: read all columns", goal=1)(read_all_columns(codec))
    every.peer("polars")(read_with_polars(codec))
    benchmark(f"{name}: read one column of ten, each in turn", goal=0.2)(read_one_column(codec))
    benchmark(f"{name}: write", goal=1, compare=material.same_data)(write_columns(codec))
