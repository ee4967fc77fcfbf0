"""Python's own files are lent our memory, which they do not keep; what hides their methods might.

Such a file is given memory of its own, a little at a time, as any other object is.
"""

import io

import pytest

import minarrow as ma

ROWS = 4_000_000
MOST = 2_000_000  # bytes; a column that were lent would come in one piece, or two


def batch_of(memory):
    column = ma.Array.from_buffers(ma.uint8(), ROWS, [None, ma.py_buffer(memory)])
    return ma.RecordBatch.from_arrays([column], ["a"])


@pytest.fixture
def batch():
    return batch_of(b"x" * ROWS)


@pytest.fixture
def path(tmp_path, batch):
    path = tmp_path / "stream"
    with ma.new_stream(path, batch.schema) as writer:
        writer.write_batch(batch)
    return path


def hide(file, name, given):
    """Behind a function of the caller's, which notes what it is given."""
    own = getattr(file, name)

    def method(memory):
        given(memory)
        return own(memory)

    setattr(file, name, method)


@pytest.mark.parametrize(
    "open_",
    [lambda path: io.BytesIO(path.read_bytes()), io.FileIO, lambda path: path.open("rb")],
)
def test_readinto(path, batch, open_):
    kept = []
    with open_(path) as file:
        hide(file, "readinto", lambda memory: kept.append(memory[:]))
        (found,) = ma.open_stream(file)
    assert len(kept) > 3
    for memory in kept:
        memory[:] = b"y" * len(memory)
    assert found.equals(batch)


@pytest.mark.parametrize(
    "open_", [lambda path: path.open("rb"), lambda path: path.open("r+b")], ids=["rb", "r+b"]
)
def test_readinto_of_the_raw_file(path, batch, open_):
    sizes = []
    with open_(path) as file:
        reader = ma.open_stream(file)
        hide(file.raw, "readinto", lambda memory: sizes.append(len(memory)))
        assert reader.read_next_batch().equals(batch)
    assert 0 < max(sizes) < MOST


def test_another_raw_file(path, batch):
    sizes = []

    class Raw(io.FileIO):
        def readinto(self, memory):
            sizes.append(len(memory))
            return super().readinto(memory)

    with path.open("rb") as file:
        reader = ma.open_stream(file)
        at = file.tell()
        file.__init__(Raw(path))
        file.seek(at)
        assert reader.read_next_batch().equals(batch)
    assert 0 < max(sizes) < MOST


def test_no_raw_file_any_more(path):
    file = path.open("rb")
    reader = ma.open_stream(file)
    with file.detach(), pytest.raises(ValueError, match="detached"):
        reader.read_next_batch()


@pytest.mark.parametrize(
    "open_",
    [lambda path: io.BytesIO(), lambda path: io.FileIO(path, "w"), lambda path: path.open("wb")],
)
def test_write(tmp_path, open_):
    memory = bytearray(b"x" * ROWS)
    batch = batch_of(memory)
    kept = []
    with open_(tmp_path / "copy") as file:
        hide(file, "write", lambda data: kept.append(data[:]))
        with ma.new_stream(file, batch.schema) as writer:
            writer.write_batch(batch)
            memory[:] = b"y" * ROWS
            assert sum(bytes(data).count(b"x") for data in kept) >= ROWS


def test_write_of_the_raw_file(tmp_path, batch):
    sizes = []
    path = tmp_path / "copy"
    with path.open("wb") as file, ma.new_stream(file, batch.schema) as writer:
        hide(file.raw, "write", lambda data: sizes.append(len(data)))
        writer.write_batch(batch)
    assert 0 < max(sizes) < MOST
    with ma.open_stream(path) as reader:
        assert reader.read_next_batch().equals(batch)
