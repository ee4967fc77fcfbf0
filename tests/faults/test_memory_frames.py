"""No memory while data goes to numpy and pandas and back: MemoryError, and nothing else.

The core's allocations fail, and those of the interpreter where no other library makes them, too.
"""

import pytest
from faults.starving import need_faults, starve
from interop.columns import ALL, make

import minarrow as ma

need_faults()
np = pytest.importorskip("numpy")
pandas = pytest.importorskip("pandas")

NAMES = ["int8", "float64", "string", "bool", "timestamp[ns]", "dictionary", "list"]


def make_batch():
    columns = {name: make(name) for name in NAMES}
    length = min(map(len, columns.values()))
    return ma.RecordBatch.from_arrays([c.slice(0, length) for c in columns.values()], NAMES)


BATCH = make_batch()


def written(new):
    sink = ma.BufferOutputStream()
    with new(sink, BATCH.schema) as writer:
        writer.write_batch(BATCH)
        writer.write_batch(BATCH)
    return sink.getvalue().to_pybytes()


@pytest.mark.parametrize(
    "open_, data",
    [(ma.open_stream, written(ma.new_stream)), (ma.open_file, written(ma.new_file))],
    ids=["stream", "file"],
)
def test_read_pandas(open_, data):
    wanted = open_(data).read_pandas()
    starve(lambda: open_(data).read_pandas(), wanted.equals, python=False)


def test_from_pandas():
    frame = BATCH.to_pandas().drop(columns=["list"])
    wanted = ma.RecordBatch.from_pandas(frame)
    starve(lambda: ma.RecordBatch.from_pandas(frame), wanted.equals, python=False)


@pytest.mark.parametrize("name", ALL)
def test_to_pandas(name):
    column = make(name)
    try:
        wanted = column.to_pandas()
    except NotImplementedError:
        pytest.skip("pandas has no such values")
    starve(lambda: column.to_pandas(), lambda got: str(got) == str(wanted), python=False)


@pytest.mark.parametrize("name", ALL)
def test_to_numpy(name):
    column = make(name)
    try:
        wanted = column.to_numpy(zero_copy_only=False)
    except NotImplementedError:
        pytest.skip("numpy has no such values")
    starve(
        lambda: column.to_numpy(zero_copy_only=False),
        lambda got: str(got) == str(wanted),
        python=False,
    )


VALUES = {
    "int64": [1, 2, 3],
    "float32": [1.5, 0.0, -2.0],
    ">i4": [1, 2, 3],
    "bool": [True, False, True],
    "U5": ["a", "bcd", ""],
    "S3": [b"a", b"bcd", b""],
    "object": ["a", None, "ccc"],
    "datetime64[us]": ["2020-01-02", "NaT", "1969-12-31"],
    "timedelta64[s]": [1, 2, 3],
}


@pytest.mark.parametrize("dtype", VALUES)
def test_from_numpy(dtype):
    values = np.array(VALUES[dtype], dtype)
    wanted = ma.array(values)
    starve(lambda: ma.array(values), wanted.equals, python=False)
    starve(lambda: ma.array(values[::2]), ma.array(values[::2]).equals, python=False)


def test_views():
    """These run in our own code and the interpreter's."""
    column = ma.array([1, 2, 3])
    starve(lambda: memoryview(column).tolist() == [1, 2, 3])
    starve(lambda: ma.array(memoryview(column)), column.equals)
    starve(lambda: ma.array(memoryview(column)[::2]).to_pylist() == [1, 3])
    starve(lambda: ma.py_buffer(b"abcdef").slice(1, 3).to_pybytes() == b"bcd")
