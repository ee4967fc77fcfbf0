"""Footers longer than what a reader looks at first: of a mapped file only their ends are read."""

import pytest

import minarrow as ma

SOURCES = {
    "bytes": lambda path: path.read_bytes(),
    "mapped": lambda path: ma.memory_map(str(path)),
    "file object": lambda path: path.open("rb"),
}

PAIRS = {f"key {i}".encode(): bytes(200) + str(i).encode() for i in range(100)}


def schema_of(lib, columns, metadata):
    fields = [lib.field(f"c{i}", lib.int64()) for i in range(columns)]
    return lib.schema(fields, metadata=PAIRS if metadata else None)


def write(lib, path, columns, batches, metadata):
    schema = schema_of(lib, columns, metadata)
    new_file = lib.new_file if lib is ma else lib.ipc.new_file
    with new_file(str(path), schema) as writer:
        for i in range(batches):
            arrays = [lib.array([i, n], lib.int64()) for n in range(columns)]
            writer.write_batch(lib.RecordBatch.from_arrays(arrays, schema=schema))


@pytest.fixture(params=["minarrow", "pyarrow"])
def lib(request):
    module = pytest.importorskip(request.param)
    if request.param == "pyarrow":
        pytest.importorskip("pyarrow.ipc")
    return module


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize(
    ("columns", "batches", "metadata"),
    [
        pytest.param(1, 2000, False, id="blocks"),
        pytest.param(1, 2000, True, id="blocks and pairs"),
        pytest.param(300, 2, False, id="fields"),
        pytest.param(100, 100, True, id="everything"),
        pytest.param(1, 2, True, id="pairs"),
    ],
)
def test_long_footers(tmp_path, lib, source, columns, batches, metadata):
    path = tmp_path / "long.arrow"
    write(lib, path, columns, batches, metadata)
    with ma.open_file(SOURCES[source](path)) as reader:
        assert reader.schema.names == [f"c{i}" for i in range(columns)]
        assert (reader.schema.metadata or {}) == (PAIRS if metadata else {})
        assert reader.num_record_batches == batches
        for i in {0, batches // 2, batches - 1}:
            batch = reader.get_batch(i)
            assert [batch.column(n).to_pylist() for n in (0, columns - 1)] == [
                [i, 0],
                [i, columns - 1],
            ]


@pytest.mark.parametrize("source", SOURCES)
def test_pairs_of_the_footer(tmp_path, source):
    """Key-value pairs of the schema and of the footer, with 1,000 blocks in between."""
    path = tmp_path / "pairs.arrow"
    schema = schema_of(ma, 2, True)
    batch = ma.RecordBatch.from_arrays([ma.array([1]), ma.array([2])], schema=schema)
    with ma.new_file(str(path), schema, metadata={"of": "the footer"}) as writer:
        for _ in range(1000):
            writer.write_batch(batch)
    with ma.open_file(SOURCES[source](path)) as reader:
        assert reader.metadata == {b"of": b"the footer"}
        assert reader.schema.metadata == PAIRS
        assert reader.get_batch(500).equals(batch)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("place", range(0, 10_000, 997))
def test_damage_anywhere_in_a_long_footer(tmp_path, source, place):
    """The same outcome from any source, whichever part of the footer was at hand."""
    path = tmp_path / "damaged.arrow"
    write(ma, path, 3, 400, True)
    data = bytearray(path.read_bytes())
    size = int.from_bytes(data[-10:-6], "little")
    at = len(data) - 10 - size + place % size
    data[at : at + 4] = b"\xff" * 4
    path.write_bytes(data)

    def outcome(opened):
        try:
            with ma.open_file(opened) as reader:
                return [reader.get_batch(i).to_pydict() for i in range(reader.num_record_batches)]
        except ma.ArrowException as error:
            return type(error), error.offset

    assert outcome(SOURCES[source](path)) == outcome(bytes(data))
