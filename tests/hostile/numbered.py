"""Batches of numbers beside texts that tell the same, so that what comes back can be recognised."""

from contextlib import suppress

import minarrow as ma

SCHEMA = ma.schema([("n", ma.int64()), ("t", ma.string())])
OTHER = ma.schema([("n", ma.int32()), ("t", ma.string())])
CODECS = [None] + [codec for codec in ("lz4", "zstd") if ma._core.codec_is_available(codec)]
KINDS = ["stream", "file"]


def batch_of(numbers, schema=SCHEMA):
    columns = {"n": numbers, "t": [f"text of {n}" for n in numbers]}
    if schema is OTHER:
        columns["n"] = [n % 100 for n in numbers]
    return ma.RecordBatch.from_pydict(columns, schema=schema)


def rows_of(batch):
    """The numbers of a batch that has them, of which its text, if any, must tell the same."""
    found = batch.to_pydict()
    numbers = found["n"]
    assert found.get("t", [f"text of {n}" for n in numbers]) == [f"text of {n}" for n in numbers]
    return numbers


def new_writer(kind, sink, codec=None):
    new = ma.new_stream if kind == "stream" else ma.new_file
    return new(sink, SCHEMA, options=ma.ipc.IpcWriteOptions(compression=codec))


def open_reader(kind, source, **options):
    return (ma.open_stream if kind == "stream" else ma.open_file)(source, **options)


def written(kind, batches, codec=None):
    """The bytes of a stream or file of these lists of numbers."""
    sink = ma.BufferOutputStream()
    with new_writer(kind, sink, codec) as writer:
        for numbers in batches:
            writer.write_batch(batch_of(numbers))
    return sink.getvalue().to_pybytes()


def read_stream(data):
    """The batches of a stream up to where it breaks off, and whether it does."""
    found = []
    try:
        for batch in ma.open_stream(data):
            found.append(rows_of(batch))
    except ma.ArrowInvalid:
        return found, True
    return found, False


def read_file(data):
    reader = ma.open_file(data)
    return [rows_of(reader.get_batch(i)) for i in range(reader.num_record_batches)]


def _close_twice(thing):
    thing.close()
    thing.close()


def _leave_a_block(thing):
    with thing:
        pass


def _raise_in_a_block(thing):
    with suppress(KeyError), thing:
        raise KeyError


# The ways to close a reader or writer.
CLOSE = {
    "close": lambda thing: thing.close(),
    "close twice": _close_twice,
    "leave a block": _leave_a_block,
    "raise in a block": _raise_in_a_block,
}
