"""Whose options readers and writers take, and what they say to anything else."""

import pytest

import minarrow as ma

BATCH = ma.RecordBatch.from_pydict({"a": list(range(1000)), "b": ["x"] * 1000})


def stream(**settings):
    sink = ma.BufferOutputStream()
    with ma.new_stream(sink, BATCH.schema, **settings) as writer:
        writer.write_batch(BATCH)
    return sink.getvalue().to_pybytes()


def file(**settings):
    sink = ma.BufferOutputStream()
    with ma.new_file(sink, BATCH.schema, **settings) as writer:
        writer.write_batch(BATCH)
    return sink.getvalue().to_pybytes()


@pytest.mark.parametrize("options", [5, "zstd", {}, ma.ipc.IpcReadOptions()])
@pytest.mark.parametrize("write", [stream, file])
def test_what_is_no_write_options(write, options):
    with pytest.raises(TypeError, match=f"takes IpcWriteOptions .* not {type(options).__name__}"):
        write(options=options)


@pytest.mark.parametrize("options", [5, "zstd", {}, ma.ipc.IpcWriteOptions()])
def test_what_is_no_read_options(options):
    says = f"takes IpcReadOptions .* not {type(options).__name__}"
    with pytest.raises(TypeError, match=says):
        ma.open_stream(stream(), options=options)
    with pytest.raises(TypeError, match=says):
        ma.open_file(file(), options=options)


def test_pyarrows_options_will_do(pyarrow):
    """Which have no alignment and no limits."""
    theirs = pyarrow.ipc.IpcWriteOptions(compression="zstd")
    ours = ma.ipc.IpcWriteOptions(compression="zstd")
    assert stream(options=theirs) == stream(options=ours) != stream()
    options = pyarrow.ipc.IpcReadOptions(included_fields=[1])
    assert ma.open_stream(stream(options=theirs), options=options).schema.names == ["b"]
    assert ma.open_file(file(options=theirs), options=options).schema.names == ["b"]
