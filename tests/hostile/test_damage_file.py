"""Footers that point where nothing is, and files whose parts do not fit."""

import io

import pytest
from hostile.damaged import batch_of, put
from oracle import flatbuf

import minarrow as ma


def file_of(kind="full"):
    """Three equal batches of one column."""
    sink = ma.BufferOutputStream()
    batch = batch_of(kind)
    with ma.new_file(sink, batch.schema) as writer:
        for _ in range(3):
            writer.write_batch(batch)
    return bytearray(sink.getvalue().to_pybytes())


def refused(data, says, batch=1):
    """One batch is refused, however the file is opened, and the others are as they were."""
    errors = []
    for source in (bytes(data), io.BytesIO(data)):
        reader = ma.open_file(source)
        assert reader.num_record_batches == 3
        with pytest.raises(ma.ArrowInvalid, match=says) as caught:
            reader.get_batch(batch).to_pydict()
        for other in {0, 1, 2} - {batch}:
            assert reader.get_batch(other).equals(batch_of("full"))
        with pytest.raises(ma.ArrowInvalid, match=says):
            reader.read_all().to_pydict()
        errors.append(caught.value)
    assert str(errors[0]) == str(errors[1])
    assert errors[0].path.startswith(f"batch {batch}")
    return errors[0]


@pytest.mark.parametrize(
    "name, value, says",
    [
        ("offset", -8, "places it at byte -8"),
        ("offset", 2**62, "places it at byte 4611686018427387904"),
        ("offset", 2**63 - 1, "places it at byte"),
        ("offset", 7, "byte 7"),
        ("metadata_size", -1, "-1 bytes of metadata"),
        ("metadata_size", 0, "0 bytes of metadata|metadata"),
        ("metadata_size", 2**31 - 1, "bytes of metadata"),
        ("body_size", -1, "-1 of body"),
        ("body_size", 2**63 - 1, "of body"),
        ("body_size", 2**40, "of body, but the footer itself begins at byte"),
        ("body_size", 8, "body has 32 bytes, and the footer 8"),
    ],
)
def test_a_block_that_cannot_be(name, value, says):
    data = file_of()
    block = flatbuf.footer(data).blocks[1]
    block.set(name, value)
    error = refused(data, says)
    assert 0 <= error.offset <= len(data)


def test_a_block_that_reaches_into_the_footer():
    data = file_of()
    footer = flatbuf.footer(data)
    block = footer.blocks[1]
    block.set("offset", footer.start - 64)
    refused(data, f"the footer itself begins at byte {footer.start}")


def test_a_block_that_points_to_another_kind_of_message():
    data = file_of()
    footer = flatbuf.footer(data)
    schema = flatbuf.file_messages(data)[0]
    block = footer.blocks[1]
    block.set("offset", schema.start)
    block.set("metadata_size", schema.body_at - schema.start)
    block.set("body_size", 0)
    error = refused(data, "points to a message of another kind")
    assert error.offset is not None


def test_blocks_that_overlap_are_the_same_batch_twice():
    """Nothing forbids it, and nothing is hurt."""
    data = file_of()
    footer = flatbuf.footer(data)
    for name in ("offset", "metadata_size", "body_size"):
        footer.blocks[1].set(name, footer.blocks[0].get(name))
    reader = ma.open_file(bytes(data))
    assert [reader.get_batch(i).equals(batch_of("full")) for i in range(3)] == [True] * 3


def test_a_message_that_is_not_what_the_footer_says():
    data = file_of()
    message = flatbuf.file_messages(data)[2]
    put(data, message.size_at, message.metadata_size + 8)
    error = refused(data, "metadata has .* bytes, and the footer")
    assert error.offset == message.start


def test_values_are_told_with_their_place():
    data = file_of("text")
    message = flatbuf.file_messages(data)[2]
    put(data, message.buffer_at(1) + 8, 0)
    column = ma.open_file(bytes(data)).get_batch(1).column("a")
    with pytest.raises(ma.ArrowInvalid, match="offsets ascend") as caught:
        column.to_pylist()
    error = caught.value
    assert (error.offset, error.message_number) == (message.body_at, None)
    assert error.path == "batch 1, column 'a', offsets buffer"


@pytest.mark.parametrize("size", [-1, 0, 2**31 - 1, 3, 9])
def test_a_footer_of_another_size(size):
    data = file_of()
    put(data, flatbuf.footer(data).size_at, size)
    for source in (bytes(data), io.BytesIO(data)):
        with pytest.raises(ma.ArrowInvalid) as caught:
            ma.open_file(source)
        assert 0 <= caught.value.offset <= len(data)
        assert "footer" in str(caught.value)


def test_more_blocks_than_the_footer_holds():
    data = file_of()
    footer = flatbuf.footer(data)
    put(data, footer.count_place("batches"), 1 << 27)
    with pytest.raises(ma.ArrowInvalid, match="footer") as caught:
        ma.open_file(bytes(data))
    assert footer.start <= caught.value.offset < len(data)


def test_a_footer_without_a_schema():
    data = file_of()
    flatbuf.footer(data).forget("schema")
    with pytest.raises(ma.ArrowInvalid, match="the footer has no schema"):
        ma.open_file(bytes(data))


def test_versions():
    data = file_of()
    flatbuf.footer(data).set("version", 2)
    with pytest.raises(ma.ArrowNotImplementedError, match="V3 predates.*write the data again"):
        ma.open_file(bytes(data))


def test_dictionaries_in_another_place():
    data = file_of("words")
    block = flatbuf.footer(data).dictionary_blocks[0]
    block.set("offset", 2**40)
    reader = ma.open_file(bytes(data))
    for _ in range(2):
        with pytest.raises(ma.ArrowInvalid, match="places it at byte 1099511627776") as caught:
            reader.get_batch(1)
        assert "dictionary 0 of the file" in caught.value.path


def test_a_dictionary_that_is_a_batch():
    data = file_of("words")
    footer = flatbuf.footer(data)
    dictionary = footer.dictionary_blocks[0]
    for name in ("offset", "metadata_size", "body_size"):
        dictionary.set(name, footer.blocks[0].get(name))
    with pytest.raises(ma.ArrowInvalid, match="another kind"):
        ma.open_file(bytes(data)).get_batch(0)
