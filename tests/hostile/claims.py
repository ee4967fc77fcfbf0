"""Small inputs that claim to be huge, each read with little memory to be had.

    python -m hostile.claims name ...        with tests/ in PYTHONPATH

prints the name of each that was refused by what it should be. RLIMIT_AS refuses what is asked for,
touched or not, so that nobody can take memory for a claim and get away with it.
"""

import io
import os
import socket
import struct
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path

from hostile.damaged import last_message, put, stream_of
from oracle import flatbuf

import minarrow as ma

ROOM = 48 << 20  # beyond what the process has when it begins; a piece that is read is less
BODY = 1 << 40
CODECS = [codec for codec in ("lz4", "zstd") if ma._core.codec_is_available(codec)]

CLAIMS = {}


def claim(function):
    """Add a function that makes data and how it is to be refused: (kind, bytes, words)."""
    CLAIMS[function.__name__] = function
    return function


# -- inputs


@claim
def metadata_of_a_stream():
    return "stream", struct.pack("<Ii", 0xFFFFFFFF, 255 << 20) + bytes(100), "ends inside|end"


@claim
def metadata_over_the_limit():
    return "stream", struct.pack("<Ii", 0xFFFFFFFF, 2**31 - 8), "max_metadata_size"


@claim
def body_of_a_stream():
    data = stream_of("full")
    last_message(data).set("body_size", BODY)
    return "stream", bytes(data), "ends inside|end"


@claim
def body_of_a_first_batch():
    data = stream_of("full")
    message = flatbuf.messages(data)[1]
    message.set("body_size", BODY)
    message.batch.buffers[1].set("size", BODY)
    return "stream", bytes(data), "ends inside|end"


def two_columns(**sizes):
    """A stream whose second column, all that is wanted of it, claims to have these sizes."""
    batch = ma.RecordBatch.from_arrays([ma.array([1, 2]), ma.array([3, 4])], ["a", "b"])
    sink = ma.BufferOutputStream()
    with ma.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    data = bytearray(sink.getvalue().to_pybytes())
    message = last_message(data)
    message.set("body_size", sizes["body"])
    for index, (offset, size) in sizes["buffers"].items():
        message.batch.buffers[index].set("offset", offset)
        message.batch.buffers[index].set("size", size)
    return bytes(data)


@claim
def wanted_part_of_a_body():
    data = two_columns(body=BODY, buffers={3: (64, BODY // 2)})
    return "stream", data, "ends inside|ended inside|end"


@claim
def wanted_parts_of_more_than_any_body():
    half = 1 << 62
    data = two_columns(body=2**63 - 8, buffers={2: (0, half - 8192), 3: (half, half - 64)})
    return "stream", data, "ends inside|ended inside|end"


@claim
def wanted_part_behind_more_than_any_file():
    """Sources that can seek refuse such places in words of their own, if they are asked."""
    data = two_columns(body=2**63 - 8, buffers={3: (2**63 - 128, 16)})
    return "stream", data, "ends inside a message"


@claim
def footer():
    return "file", b"ARROW1\0\0" + bytes(64) + struct.pack("<i", 255 << 20) + b"ARROW1", "footer"


def file_with_block(**numbers):
    sink = ma.BufferOutputStream()
    batch = next(ma.open_stream(bytes(stream_of("full"))))
    with ma.new_file(sink, batch.schema) as writer:
        writer.write_batch(batch)
    data = bytearray(sink.getvalue().to_pybytes())
    for name, number in numbers.items():
        flatbuf.footer(data).blocks[0].set(name, number)
    return data


@claim
def body_of_a_block():
    return "file", bytes(file_with_block(body_size=BODY)), "footer"


@claim
def metadata_of_a_block():
    return "file", bytes(file_with_block(metadata_size=255 << 20)), "footer|metadata"


@claim
def nodes():
    data = stream_of("full")
    batch = last_message(data).batch
    put(data, batch.count_place("nodes"), 1 << 27)
    return "stream", bytes(data), "vector points outside"


def _inflating(codec, size, extra=0):
    """A stream with a buffer of that codec, which claims to inflate to this size."""
    batch = ma.RecordBatch.from_arrays([ma.array([7] * 1000)], ["a"])
    sink = ma.BufferOutputStream()
    options = ma.ipc.IpcWriteOptions(compression=codec)
    with ma.new_stream(sink, batch.schema, options=options) as writer:
        writer.write_batch(batch)
    data = bytearray(sink.getvalue().to_pybytes())
    message = last_message(data)
    body = data[message.body_at : message.end]
    del data[message.body_at :]
    message.set("body_size", len(body) + extra)
    message.batch.buffers[1].set("size", len(body) + extra)
    data += body + bytes(extra)
    put(data, message.body_at, size, 8)
    return bytes(data)


@claim
def a_kilobyte_that_inflates_to_ten_gigabytes():
    return "stream", _inflating(CODECS[0], 10 << 30), "impossible"


@claim
def zstd_that_inflates_to_more_than_the_limit():
    """So many bytes could inflate to as much, by what the codec can do."""
    return "stream", _inflating("zstd", 10 << 30, 1 << 20), "max_buffer_size"


@claim
def lz4_that_inflates_to_half_a_gigabyte():
    """It is allowed to, and so the memory is asked for, and there is none."""
    return "stream", _inflating("lz4", 512 << 20, 3 << 20), "memory"


SANITIZED = "libasan" in os.environ.get("LD_PRELOAD", "")  # whose shadow is larger than any limit

if SANITIZED:
    CLAIMS.pop("lz4_that_inflates_to_half_a_gigabyte")
if "zstd" not in CODECS:
    del CLAIMS["zstd_that_inflates_to_more_than_the_limit"]
if "lz4" not in CODECS:
    CLAIMS.pop("lz4_that_inflates_to_half_a_gigabyte", None)
if not CODECS:
    del CLAIMS["a_kilobyte_that_inflates_to_ten_gigabytes"]


# -- where they come from


def _fed(write, data, close):
    """Hand over all of the data from another thread."""

    def run():
        with suppress(BrokenPipeError):  # who refuses what it reads does not read all
            write(data)
        with suppress(BrokenPipeError):
            close()

    threading.Thread(target=run, daemon=True).start()


def from_pipe(data):
    reading, writing = os.pipe()
    pipe = os.fdopen(writing, "wb")
    _fed(pipe.write, data, pipe.close)
    return os.fdopen(reading, "rb", buffering=0)


def from_descriptor(data):
    reading, writing = os.pipe()
    pipe = os.fdopen(writing, "wb")
    _fed(pipe.write, data, pipe.close)
    return reading


def from_socket(data):
    ours, theirs = socket.socketpair()
    _fed(theirs.sendall, data, theirs.close)
    return ours


class Reads:
    """A file that has nothing but read(), and does not allocate what it is asked for."""

    def __init__(self, data):
        self.data = io.BytesIO(data)

    def read(self, size=-1):
        assert 0 <= size <= 32 << 20, f"{size} bytes were asked for at once"
        return self.data.read(size)


FOLDER = tempfile.TemporaryDirectory()


def _path(data):
    path = Path(FOLDER.name, "claim")
    path.write_bytes(data)
    return path


SEEKABLE = {
    "memory": bytes,
    "BytesIO": io.BytesIO,
    "path": _path,
    "OSFile": lambda data: ma.OSFile(str(_path(data))),
    "open file": lambda data: open(_path(data), "rb", buffering=0),
}
STREAMS = {
    **SEEKABLE,
    "pipe": from_pipe,
    "descriptor": from_descriptor,
    "socket": from_socket,
    "read()": Reads,
}


def feed(data, columns):
    """All of the data to a decoder, in two pieces."""
    decoder = ma.ipc.StreamDecoder(columns=columns)
    batches = decoder.feed(data[:100]) + decoder.feed(data[100:])
    for batch in batches:
        batch.to_pydict()
    decoder.finish()


def read(kind, source, columns):
    """Open, and touch all values."""
    opener = ma.open_stream if kind == "stream" else ma.open_file
    opener(source, memory_map=False, columns=columns).read_all().to_pydict()


def ways(name, kind, data):
    """Functions that read the data, by the name of where it comes from."""
    columns = ["b"] if name.startswith("wanted") else None
    makers = STREAMS if kind == "stream" else SEEKABLE
    found = {
        name: lambda make=make: read(kind, make(data), columns) for name, make in makers.items()
    }
    if kind == "stream":
        found["feed"] = lambda: feed(data, columns)
    return found


def main():
    made = {name: CLAIMS[name]() for name in sys.argv[1:]}
    threading.stack_size(256 << 10)
    if not SANITIZED:
        import resource  # which is not there on Windows, where the claims are looked at, too

        pages = int(Path("/proc/self/statm").read_text().split()[0])
        most = pages * resource.getpagesize() + ROOM
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    for name, (kind, data, _) in made.items():
        for source, use in ways(name, kind, data).items():
            try:
                use()
            except (ma.ArrowException, MemoryError) as error:
                print(name, source, type(error).__name__, str(error).replace("\n", " "), sep="\t")
            else:
                print(name, source, "none", "was read", sep="\t")


if __name__ == "__main__":
    main()
