"""Files: random access through the footer, by us and by pyarrow."""

import io

import pytest

import minarrow as ma


def file_of(batches, schema=None, metadata=None, **options):
    sink = ma.BufferOutputStream()
    options = ma.ipc.IpcWriteOptions(**options)
    schema = schema or batches[0].schema
    with ma.RecordBatchFileWriter(sink, schema, options=options, metadata=metadata) as writer:
        for batch in batches:
            writer.write_batch(batch)
    return sink.getvalue()


def batch_of(number, rows=5):
    return ma.record_batch(
        {
            "n": ma.array([number * 100 + i for i in range(rows)], ma.int64()),
            "s": ma.array([f"{number}-{i}" for i in range(rows)], ma.string()),
        }
    )


def test_any_batch_in_any_order():
    batches = [batch_of(i, rows=i) for i in range(10)]
    reader = ma.open_file(file_of(batches))
    assert reader.num_record_batches == 10
    for i in (3, 9, 0, 5, 3):
        assert reader.get_batch(i).equals(batches[i])
        assert reader.get_record_batch(i).equals(batches[i])
    assert reader.read_all().to_pydict()["n"] == [n for b in batches for n in b.to_pydict()["n"]]


def test_pyarrow_reads_what_we_write_and_we_what_it_writes():
    pa = pytest.importorskip("pyarrow")
    batches = [batch_of(i) for i in range(4)]
    theirs = pa.ipc.open_file(file_of(batches).to_pybytes())
    assert theirs.num_record_batches == 4
    assert theirs.get_batch(2).to_pydict() == batches[2].to_pydict()
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, theirs.schema) as writer:
        for i in range(4):
            writer.write_batch(theirs.get_batch(i))
    ours = ma.open_file(sink.getvalue())
    assert [ours.get_batch(i).equals(batches[i]) for i in range(4)] == [True] * 4


def test_footer_metadata():
    data = file_of([batch_of(0)], metadata={"author": "\N{SNOWMAN}", b"\x00": b"\xff"})
    assert ma.open_file(data).metadata == {b"author": "\N{SNOWMAN}".encode(), b"\x00": b"\xff"}
    assert ma.open_file(file_of([batch_of(0)])).metadata is None


def test_message_metadata():
    sink = ma.BufferOutputStream()
    with ma.new_file(sink, batch_of(0).schema) as writer:
        writer.write_batch(batch_of(0), custom_metadata={"k": "v"})
        writer.write_batch(batch_of(1))
    reader = ma.open_file(sink.getvalue())
    assert reader.get_batch_with_custom_metadata(0)[1] == {b"k": b"v"}
    assert reader.get_batch_with_custom_metadata(1)[1] is None


@pytest.mark.parametrize("source", ["bytes", "path", "read", "object", "raw"])
def test_every_kind_of_source(tmp_path, source):
    data = file_of([batch_of(i) for i in range(3)]).to_pybytes()
    path = tmp_path / "f.arrow"
    path.write_bytes(data)
    opened = {
        "bytes": lambda: ma.open_file(data),
        "path": lambda: ma.open_file(path),
        "read": lambda: ma.open_file(str(path), memory_map=False),
        "object": lambda: ma.open_file(io.BytesIO(data)),
        "raw": lambda: ma.open_file(open(path, "rb", buffering=0)),
    }[source]()
    with opened as reader:
        assert reader.get_batch(2).equals(batch_of(2))
        only = {"n": batch_of(1).to_pydict()["n"]}
    with ma.open_file(path, memory_map=False, columns=["n"]) as reader:
        assert reader.get_batch(1).to_pydict() == only


def test_a_projection_reads_only_its_part_of_the_file(tmp_path):
    wide = ma.record_batch({f"c{i}": ma.array(bytearray(1 << 20)) for i in range(8)})

    class Counting(io.BytesIO):
        taken = 0

        def readinto(self, target):
            count = super().readinto(target)
            self.taken += count
            return count

        def read(self, size=-1):
            data = super().read(size)
            self.taken += len(data)
            return data

    source = Counting(file_of([wide, wide]).to_pybytes())
    reader = ma.open_file(source, columns=["c3"])
    got = reader.get_batch(1)
    assert got.column(0).to_pylist()[:3] == [0, 0, 0]
    assert (1 << 20) <= source.taken < (1 << 20) + 65536


def test_a_projection_of_a_stream_steps_over_the_rest():
    wide = ma.record_batch({f"c{i}": ma.array(bytearray(1 << 20)) for i in range(8)})
    sink = ma.BufferOutputStream()
    with ma.new_stream(sink, wide.schema) as writer:
        writer.write_batch(wide)
        writer.write_batch(wide)

    class Counting(io.BytesIO):
        taken = 0

        def readinto(self, target):
            count = super().readinto(target)
            self.taken += count
            return count

        def read(self, size=-1):
            data = super().read(size)
            self.taken += len(data)
            return data

    source = Counting(sink.getvalue().to_pybytes())
    got = list(ma.open_stream(source, columns=["c3"]))
    assert [b.num_rows for b in got] == [1 << 20] * 2
    assert (2 << 20) <= source.taken < (2 << 20) + 65536


# -- what goes wrong


def test_a_file_cut_at_any_byte_is_refused():
    data = file_of([batch_of(0), batch_of(1)]).to_pybytes()
    for size in range(len(data)):
        with pytest.raises(ma.ArrowInvalid) as caught:
            reader = ma.open_file(data[:size])
            for i in range(reader.num_record_batches):
                reader.get_batch(i).to_pydict()
        assert caught.value.offset is None or 0 <= caught.value.offset <= size


@pytest.mark.parametrize(
    "bytes_, says",
    [
        (b"", "at least"),
        (b"x" * 100, "ARROW1"),
        (b"ARROW1\0\0" + b"x" * 100, "cut off"),
        (b"ARROW1\0\0" + b"\xff\xff\xff\x7fARROW1", "footer"),
        (b"ARROW1\0\0" + b"\xff\xff\xff\xffARROW1", "footer"),
        (b"ARROW1\0\0" + b"\0\0\0\0ARROW1", "footer"),
    ],
)
def test_what_is_no_file_says_so(bytes_, says):
    with pytest.raises(ma.ArrowInvalid, match=says):
        ma.open_file(bytes_)


def test_a_stream_opened_as_file_says_so():
    sink = ma.BufferOutputStream()
    with ma.new_stream(sink, batch_of(0).schema) as writer:
        writer.write_batch(batch_of(0))
    with pytest.raises(ma.ArrowInvalid, match="open_stream"):
        ma.open_file(sink.getvalue())


def test_a_batch_that_does_not_exist():
    reader = ma.open_file(file_of([batch_of(0)]))
    for index in (1, -1, 1 << 70):
        with pytest.raises(ma.ArrowIndexError, match=f"batch {index} does not exist; .* has 1,"):
            reader.get_batch(index)


@pytest.mark.parametrize("index", [0, 1, -1, 1 << 70])
def test_a_closed_reader_says_so_of_any_batch(index):
    reader = ma.open_file(file_of([batch_of(0)]))
    reader.close()
    with pytest.raises(ma.ArrowInvalid, match="closed"):
        reader.get_batch(index)


def test_a_directory_is_no_file(tmp_path):
    for memory_map in (True, False):
        with pytest.raises(IsADirectoryError):
            ma.open_file(tmp_path, memory_map=memory_map)
        with pytest.raises(IsADirectoryError):
            ma.open_stream(tmp_path, memory_map=memory_map)
    with pytest.raises(IsADirectoryError):
        ma.new_file(tmp_path, batch_of(0).schema)
    with pytest.raises(FileNotFoundError):
        ma.open_file(tmp_path / "none")


def test_a_file_without_its_footer_is_still_a_stream(tmp_path):
    path = tmp_path / "f.arrow"
    with ma.OSFile(str(path), "wb") as sink:
        with pytest.warns(ResourceWarning):
            writer = ma.new_file(sink, batch_of(0).schema)
            writer.write_batch(batch_of(0))
            writer.write_batch(batch_of(1))
            del writer
    with pytest.raises(ma.ArrowInvalid, match="open_stream"):
        ma.open_file(path)
    with open(path, "rb") as file:
        file.seek(8)
        assert [b.equals(batch_of(i)) for i, b in enumerate(ma.open_stream(file))] == [True, True]


def test_a_failed_write_leaves_no_footer(tmp_path):
    class Full(io.BytesIO):
        room = 1500

        def write(self, data):
            if self.tell() + len(data) > self.room:
                raise OSError(28, "No space left on device")
            return super().write(data)

    sink = Full()
    writer = ma.new_file(sink, batch_of(0).schema)
    with pytest.raises(OSError, match="No space left"):
        for i in range(100):
            writer.write_batch(batch_of(i))
    with pytest.raises(ma.ArrowInvalid, match="failed"):
        writer.write_batch(batch_of(0))
    writer.close()
    with pytest.raises(ma.ArrowInvalid):
        ma.open_file(sink.getvalue())


def test_opening_does_not_look_at_the_batches(tmp_path):
    """A footer with blocks that point anywhere opens; the batch asked for says what is wrong."""
    data = bytearray(file_of([batch_of(0), batch_of(1)]).to_pybytes())
    whole = ma.open_file(bytes(data))
    start = whole.get_batch(1).column("n").buffers()[1].address  # the block of batch 1 precedes it
    size = len(data)
    footer = size - 10 - int.from_bytes(data[size - 10 : size - 6], "little")
    data[8:footer] = bytes(footer - 8)
    reader = ma.open_file(bytes(data))
    assert start and reader.num_record_batches == 2 and reader.schema.equals(whole.schema)
    with pytest.raises(ma.ArrowInvalid, match="batch 1"):
        reader.get_batch(1)
