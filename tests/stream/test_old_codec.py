"""Compressed bodies with V4 metadata: Arrow 0.17 named the codec in the message's metadata.

pyarrow looks there, and only there, for the codec of a V4 record batch, so both are written.
"""

import pytest
from oracle import flatbuf

import minarrow as ma

KEY = b"ARROW:experimental_compression"
CODECS = [codec for codec in ("lz4", "zstd") if ma._core.codec_is_available(codec)]


def batch():
    words = ma.DictionaryArray.from_arrays(ma.array([1, 0] * 250), ma.array(["x" * 99, "y" * 99]))
    return ma.RecordBatch.from_arrays([ma.array([7] * 500), words], ["n", "w"])


def stream(codec, metadata=None, version=ma.ipc.MetadataVersion.V4):
    sink = ma.BufferOutputStream()
    options = ma.ipc.IpcWriteOptions(version, compression=codec)
    with ma.new_stream(sink, batch().schema, options=options) as writer:
        writer.write_batch(batch(), custom_metadata=metadata)
    return sink.getvalue().to_pybytes()


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("metadata", [None, {b"k": b"v"}])
def test_the_pair_is_written_for_v4_and_not_shown(codec, metadata):
    data = stream(codec, metadata)
    assert data.count(KEY) == 2  # the dictionary and the batch
    got, shown = ma.open_stream(data).read_next_batch_with_custom_metadata()
    assert got.equals(batch()) and shown == metadata
    assert KEY not in stream(codec, metadata, ma.ipc.MetadataVersion.V5)
    assert KEY not in stream(None, metadata)


@pytest.mark.parametrize("codec", CODECS)
def test_pyarrow_reads_compressed_v4(codec):
    pa = pytest.importorskip("pyarrow")
    table = pa.ipc.open_stream(stream(codec)).read_all()
    table.validate(full=True)
    assert table.to_pylist() == batch().to_pylist()


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("change", [bytes.upper, bytes.lower])
def test_the_pair_alone_is_enough(codec, change):
    """As in files of 0.17, whose schema of messages had no BodyCompression."""
    data = bytearray(stream(codec))
    for message in flatbuf.messages(data)[1:]:
        message.batch.forget("compression")
    name = codec.upper().encode()
    assert data.count(name) == 2
    data = bytes(data).replace(name, change(name))
    assert next(ma.open_stream(data)).equals(batch())


@pytest.mark.parametrize("codec", CODECS)
def test_an_unknown_codec_is_refused(codec):
    data = stream(codec).replace(codec.upper().encode(), b"BROTLI"[: len(codec)])
    with pytest.raises(ma.ArrowInvalid, match="unknown codec.*experimental_compression"):
        next(ma.open_stream(data))
