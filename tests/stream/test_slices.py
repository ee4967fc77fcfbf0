"""Writing a slice writes its rows and no more, and comes out the same wherever it was cut."""

import pytest

import minarrow as ma

N = 100_000


def columns():
    numbers = ma.array(range(N))
    some = ma.array([None if i % 3 == 0 else i for i in range(N)])
    text = ma.array([None if i % 5 == 0 else f"row {i} of the text" for i in range(N)])
    lists = ma.array([[i] * (i % 4) for i in range(N)])
    flags = ma.array([i % 2 == 0 for i in range(N)])
    structs = ma.array([{"a": i, "b": str(i)} for i in range(N)])
    return {
        "numbers": numbers,
        "some": some,
        "text": text,
        "large": ma.array([f"{i}" for i in range(N)], ma.large_string()),
        "view": ma.array([f"a long enough text {i}" for i in range(N)], ma.string_view()),
        "lists": lists,
        "list views": ma.array([[i] * (i % 4) for i in range(N)], ma.list_view(ma.int64())),
        "fixed": ma.array([[i, i] for i in range(N)], ma.list_(ma.int32(), 2)),
        "flags": flags,
        "structs": structs,
        "runs": ma.array([i // 100 for i in range(N)], ma.run_end_encoded(ma.int32(), ma.int64())),
        "maps": ma.array([[("k", i)] for i in range(N)], ma.map_(ma.string(), ma.int64())),
    }


COLUMNS = columns()


def stream_of(array):
    sink = ma.BufferOutputStream()
    batch = ma.RecordBatch.from_arrays([array], ["a"])
    with ma.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return sink.getvalue().to_pybytes()


@pytest.mark.parametrize("name", COLUMNS)
@pytest.mark.parametrize("start", [0, 1, 7, 8, 50_000, N - 10])
def test_ten_rows_are_ten_rows(name, start):
    part = COLUMNS[name].slice(start, 10)
    data = stream_of(part)
    assert len(data) < 1500
    (got,) = ma.open_stream(data)
    assert got.column(0).to_pylist() == part.to_pylist()
    assert got.column(0).equals(part)
    pa = pytest.importorskip("pyarrow")
    theirs = pa.ipc.open_stream(data).read_all()
    theirs.validate(full=True)
    assert theirs.column(0).to_pylist() == part.to_pylist()


@pytest.mark.parametrize("name", COLUMNS)
def test_equal_slices_are_equal_bytes(name):
    array = COLUMNS[name]
    part = array.slice(1003, 21)
    alone = ma.array(part.to_pylist(), array.type)
    again = array.slice(900, 500).slice(103, 21)
    assert stream_of(part) == stream_of(again) == stream_of(alone)


@pytest.mark.parametrize("name", COLUMNS)
def test_empty_slices(name):
    for part in (COLUMNS[name].slice(0, 0), COLUMNS[name].slice(77, 0), COLUMNS[name].slice(N)):
        (got,) = ma.open_stream(stream_of(part))
        assert got.num_rows == 0 and got.column(0).to_pylist() == []
