"""Sinks that take some batches and then no more: what they took stands, the error is the system's,
and a batch of which nothing was taken may be written again."""

import errno
import os

import pytest
from faults.streams import BATCHES, SCHEMA, are, read_whole, written

import minarrow as ma

pytestmark = pytest.mark.skipif(os.name == "nt", reason="wants POSIX descriptors")

NEW = {"stream": ma.new_stream, "file": ma.new_file}
SINKS = {
    "path": str,
    "OSFile": lambda path: ma.OSFile(path, "w"),
    "open": lambda path: open(path, "wb", 0),
    "descriptor": lambda path: os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
}

new_of_each_kind = pytest.mark.parametrize("new", NEW)
after_each_batch = pytest.mark.parametrize("after", range(len(BATCHES)))


def close_sink(sink):
    if isinstance(sink, int):
        os.close(sink)
    elif not isinstance(sink, str):
        sink.close()


def descriptor_of(path):
    """Of this process, the one that is open on a file."""
    for number in os.listdir("/proc/self/fd"):
        try:
            if os.path.samefile(f"/proc/self/fd/{number}", path):
                return int(number)
        except OSError:
            continue  # it was the one of the listing
    raise AssertionError(f"{path} is not open")


def start(new, sink, after):
    """A writer of so many batches."""
    writer = NEW[new](sink, SCHEMA)
    for batch in BATCHES[:after]:
        writer.write_batch(batch)
    return writer


def require_batches(data, new, after):
    """Just so many are there, and nothing of the next."""
    whole, ends = written(NEW[new])
    assert data == whole[: ends[after]]
    got, error = read_whole(ma.open_stream(data[8 if new == "file" else 0 :]))
    assert are(got, BATCHES[:after]) and error is None


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="wants /dev/full")
@pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="wants to know what is open")
@new_of_each_kind
@pytest.mark.parametrize("kind", SINKS)
@after_each_batch
def test_a_disk_that_is_full_after_some_batches(tmp_path, new, kind, after):
    """The sink's descriptor is another one's for a time, on a device that is always full."""
    path = str(tmp_path / "data")
    sink = SINKS[kind](path)
    writer = start(new, sink, after)
    number = descriptor_of(path)
    kept = os.dup(number)
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, number)
    for _ in range(2 if kind != "open" else 1):
        with pytest.raises(OSError) as caught:
            writer.write_batch(BATCHES[after])
        assert caught.value.errno == errno.ENOSPC
        assert caught.value.filename == (path if kind in ["path", "OSFile"] else None)
    with open(path, "rb") as file:
        require_batches(file.read(), new, after)
    os.dup2(kept, number)
    if kind == "open":  # an object may have taken anything before it raised
        with pytest.raises(ma.ArrowInvalid, match="earlier write"):
            writer.write_batch(BATCHES[after])
        writer.close()
    else:
        for batch in BATCHES[after:]:
            writer.write_batch(batch)
        writer.close()
        with open(path, "rb") as file:
            assert file.read() == written(NEW[new])[0]
    close_sink(sink)
    os.close(kept)
    os.close(full)


@new_of_each_kind
@pytest.mark.parametrize("kind", SINKS)
@after_each_batch
def test_a_pipe_whose_reader_is_gone_after_some_batches(tmp_path, new, kind, after):
    path = str(tmp_path / "pipe")
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    sink = SINKS[kind](path)
    writer = start(new, sink, after)
    require_batches(os.read(reader, 1 << 16), new, after)
    os.close(reader)
    with pytest.raises(BrokenPipeError) as caught:
        writer.write_batch(BATCHES[after])
    assert caught.value.filename == (path if kind in ["path", "OSFile"] else None)
    if kind == "open":
        writer.close()
    else:  # which has an end to write
        with pytest.raises(BrokenPipeError):
            writer.close()
    assert writer.closed
    close_sink(sink)


@new_of_each_kind
@after_each_batch
def test_a_socket_whose_peer_is_gone_after_some_batches(pair, new, after):
    ours, theirs = pair
    writer = start(new, ours, after)
    require_batches(theirs.recv(1 << 16), new, after)
    theirs.close()
    with pytest.raises(BrokenPipeError):
        writer.write_batch(BATCHES[after])
    with pytest.raises(BrokenPipeError):
        writer.close()
    assert writer.closed


def fill(sock):
    """Send until nothing more is taken; how much was."""
    size = 0
    for part in (bytes(4096), b"\0"):
        try:
            while True:
                size += sock.send(part)
        except BlockingIOError:
            pass
    return size


def receive(sock, size):
    """Just so many bytes, for each of which it waits a minute at most."""
    data = bytearray()
    sock.settimeout(60)
    while len(data) < size:
        part = sock.recv(size - len(data))
        if not part:
            raise EOFError(f"the other end is gone after {len(data)} of {size} bytes")
        data += part
    return bytes(data)


@new_of_each_kind
@after_each_batch
@pytest.mark.parametrize("timeout", [0, 0.01])
def test_a_socket_that_took_nothing_of_a_batch_is_given_it_again(pair, new, after, timeout):
    ours, theirs = pair
    whole, ends = written(NEW[new])
    writer = start(new, ours, after)
    ours.setblocking(False)
    strange = fill(ours)
    ours.settimeout(timeout)
    for _ in range(2):
        with pytest.raises(TimeoutError if timeout else BlockingIOError):
            writer.write_batch(BATCHES[after])
    assert receive(theirs, ends[after]) == whole[: ends[after]]
    assert receive(theirs, strange) == bytes(strange)
    for batch in BATCHES[after:]:
        writer.write_batch(batch)
    writer.close()
    ours.close()
    assert receive(theirs, len(whole) - ends[after]) == whole[ends[after] :]
    assert theirs.recv(1) == b""


@new_of_each_kind
@pytest.mark.parametrize("timeout", [0, 0.01])
def test_a_socket_that_took_part_of_a_batch_is_given_nothing_more(pair, new, timeout):
    ours, theirs = pair
    number = ma.array(range(1 << 20), ma.int64())
    large = ma.RecordBatch.from_arrays([number, ma.nulls(len(number), ma.string())], schema=SCHEMA)
    _, ends = written(NEW[new])
    writer = start(new, ours, 1)
    ours.settimeout(timeout)
    with pytest.raises(TimeoutError if timeout else BlockingIOError):
        writer.write_batch(large)
    with pytest.raises(ma.ArrowInvalid, match="earlier write"):
        writer.write_batch(BATCHES[1])
    writer.close()
    ours.close()
    begins = 8 if new == "file" else 0
    receive(theirs, begins)
    reader = ma.open_stream(theirs)
    assert reader.read_next_batch().equals(BATCHES[0])
    with pytest.raises(ma.ArrowInvalid, match="ends inside a message") as caught:
        reader.read_next_batch()
    assert caught.value.message_number == 2
    assert caught.value.offset > ends[1] - begins


def test_who_would_have_to_wait_for_a_socket_is_told_what_to_do(pair):
    ours, _ = pair
    writer = start("stream", ours, 0)
    ours.setblocking(False)
    fill(ours)
    with pytest.raises(BlockingIOError, match="or write to memory and send the bytes by hand"):
        writer.write_batch(BATCHES[0])
    with pytest.raises(BlockingIOError, match="or receive the bytes by hand and read them from"):
        ma.open_stream(ours)
