"""Compressed bodies whose sizes lie, and whose bytes are damaged."""

import struct

import pytest
from hostile.damaged import batch_of, last_message, put, stream_of

import minarrow as ma

CODECS = [codec for codec in ("lz4", "zstd") if ma._core.codec_is_available(codec)]
PATH = "batch 1, column 'a', data buffer"

pytestmark = pytest.mark.skipif(not CODECS, reason="this build has no codec")


def long_stream(codec):
    """Two batches of a column that is worth compressing."""
    batch = ma.RecordBatch.from_arrays([ma.array([7] * 1000, ma.int64())], ["a"])
    sink = ma.BufferOutputStream()
    options = ma.ipc.IpcWriteOptions(compression=codec)
    with ma.new_stream(sink, batch.schema, options=options) as writer:
        writer.write_batch(batch)
        writer.write_batch(batch)
    return batch, bytearray(sink.getvalue().to_pybytes())


def refused(data, batch, says, at, **limits):
    """Batch 0 is given whole, and batch 1 too, but its column is refused."""
    first, second = ma.open_stream(bytes(data), options=ma.ipc.IpcReadOptions(**limits))
    assert limits or first.equals(batch)
    for use in (
        lambda: second.column(0),
        lambda: second.columns,
        second.to_pydict,
        lambda: second.validate(full=True),
        lambda: second.slice(1, 2),
        lambda: second.equals(batch),
        lambda: ma.new_stream(ma.BufferOutputStream(), second.schema).write_batch(second),
        second.__arrow_c_array__,
    ):
        with pytest.raises(ma.ArrowInvalid, match=says) as caught:
            use()
        error = caught.value
        assert (error.offset, error.message_number, error.path) == (at, 2, PATH)
    assert (second.num_rows, second.schema) == (batch.num_rows, batch.schema)


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize(
    "size, says",
    [
        (2**62, "inflate to 4611686018427387904, which is impossible"),
        (-2, "inflate to -2, which is impossible"),
        (-(2**63), "impossible"),
        (7999, "stated"),
        (8001, "stated"),
    ],
)
def test_sizes_that_lie(codec, size, says):
    batch, data = long_stream(codec)
    at = last_message(data).buffer_at(1)
    put(data, at, size, 8)
    refused(data, batch, says, at)


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("codec", CODECS)
def test_limits(codec):
    batch, data = long_stream(codec)
    at = last_message(data).buffer_at(1)
    refused(data, batch, "8000 bytes, over.*max_buffer_size.*raise", at, max_buffer_size=99)
    refused(data, batch, "limit max_batch_size of 99 bytes.*raise", at, max_batch_size=99)


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("codec", CODECS)
def test_a_size_without_room(codec):
    batch, data = long_stream(codec)
    message = last_message(data)
    message.batch.buffers[1].set("size", 7)
    refused(data, batch, "7 bytes has no size in front", message.buffer_at(1))


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("codec", CODECS)
def test_bytes_that_are_no_frame(codec):
    batch, data = long_stream(codec)
    at = last_message(data).buffer_at(1)
    put(data, at + 8, 0x11223344)
    refused(data, batch, "damaged at byte 0 of .* frame begins here", at)


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("codec", CODECS)
def test_a_frame_that_is_cut_off(codec):
    batch, data = long_stream(codec)
    message = last_message(data)
    buffer = message.batch.buffers[1]
    buffer.set("size", buffer.get("size") - 5)
    refused(data, batch, "end early, at byte", message.buffer_at(1))


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_stored_bytes_of_another_size():
    data = stream_of("full", compression=CODECS[0])
    message = last_message(data)
    at = message.buffer_at(1)
    assert struct.unpack_from("<q", data, at)[0] == -1, "too short to shrink: stored"
    put(data, at, 16, 8)
    refused(data, batch_of("full"), "damaged at byte 0 of 32", at)


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("field, value", [("codec", 2), ("codec", -1), ("method", 1)])
def test_an_unknown_codec(codec, field, value):
    _, data = long_stream(codec)
    compression = last_message(data).batch.table("compression", "Compression")
    compression.set(field, value)
    reader = ma.open_stream(bytes(data))
    reader.read_next_batch()
    with pytest.raises(ma.ArrowInvalid, match="unknown codec") as caught:
        reader.read_next_batch()
    assert (caught.value.offset, caught.value.message_number) == (compression.at, 2)
