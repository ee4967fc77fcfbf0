"""What writers are told, seen in the bytes; and what they cannot be told."""

import pytest
from interop.columns import ALL, make
from oracle import flatbuf, messages

import minarrow as ma

V4, V5 = ma.ipc.MetadataVersion.V4, ma.ipc.MetadataVersion.V5


def batches():
    """Every type, each in a batch of its own, as their rows differ in number."""
    return [ma.RecordBatch.from_arrays([make(name).slice(1)] * 2, ["a", "b"]) for name in ALL]


def write(new, batch, **options):
    sink = ma.BufferOutputStream()
    with new(sink, batch.schema, options=ma.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_batch(batch, custom_metadata={"k": "v"})
        writer.write_batch(batch.slice(1))
    return sink.getvalue().to_pybytes()


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("alignment", [8, 64])
@pytest.mark.parametrize("new, first", [(ma.new_stream, 0), (ma.new_file, 8)])
def test_buffers_are_aligned_and_what_lies_between_is_zero(new, first, alignment, legacy):
    for batch in batches():
        data = write(new, batch, alignment=alignment, use_legacy_format=legacy)
        for message in flatbuf.messages(data, first)[1:]:
            assert message.body_at % 8 == 0 and (message.end - message.body_at) % alignment == 0
            if alignment == 64 and new is ma.new_stream:
                assert message.body_at % 64 == 0
            end = 0
            for buffer in message.batch.buffers:
                start = buffer.get("offset")
                assert start % alignment == 0 and start >= end
                assert not any(data[message.body_at + end : message.body_at + start])
                end = start + buffer.get("size")
            assert not any(data[message.body_at + end : message.end])


@pytest.mark.parametrize("version, number", [(V4, messages.V4), (V5, messages.V5)])
@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("new, first", [(ma.new_stream, 0), (ma.new_file, 8)])
def test_version_and_framing(new, first, legacy, version, number):
    for batch in batches():
        data = write(new, batch, metadata_version=version, use_legacy_format=legacy)
        found = flatbuf.messages(data, first)
        assert {message.get("version") for message in found} == {number}
        modern = [data[m.start : m.start + 4] == messages.CONTINUATION for m in found]
        assert modern == [not legacy] * len(found)
        end = messages.end_of_stream(legacy)
        assert data[found[-1].end :].startswith(end)
        if new is ma.new_file:
            assert flatbuf.footer(data).get("version") == number


@pytest.mark.parametrize(
    "options, error, says",
    [
        *(({"alignment": number}, ValueError, "8 or 64") for number in (0, 1, 4, 16, 128, -8)),
        *(({"metadata_version": number}, ValueError, "V4 or V5") for number in (-1, 0, 1, 2, 5)),
        ({"compression": "gzip"}, ValueError, "'lz4' and 'zstd'"),
        ({"compression": 5}, TypeError, "compression"),
        ({"compression": "zstd", "compression_level": 1000}, ValueError, "level"),
        ({"alignment": "8"}, TypeError, "str"),
        *(
            ({**more, name: number + high}, ValueError, f"{name} cannot be {number + high}")
            for name, number, more in [
                ("alignment", 8, {}),
                ("metadata_version", 4, {}),
                ("compression_level", 1, {"compression": "zstd"}),
            ]
            for high in (2**32, -(2**32), 2**64)
        ),
    ],
    ids=str,
)
def test_what_cannot_be_asked_for(options, error, says):
    batch = ma.record_batch({"a": [1]})
    with pytest.raises(error, match=says):
        write(ma.new_stream, batch, **options)


@pytest.mark.parametrize(
    "options, error, says",
    [
        ({"max_buffer_size": -1}, ValueError, "max_buffer_size"),
        ({"max_fields": "1"}, TypeError, "str|int"),
        ({"max_nonsense": 1}, TypeError, "max_nonsense.*max_buffer_size"),
        ({"ensure_native_endian": False}, NotImplementedError, "byte order"),
    ],
    ids=str,
)
def test_what_readers_cannot_be_told(options, error, says):
    data = write(ma.new_stream, ma.record_batch({"a": [1]}))
    with pytest.raises(error, match=says):
        ma.open_stream(data, options=ma.ipc.IpcReadOptions(**options))
