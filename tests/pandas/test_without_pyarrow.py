"""pandas without pyarrow: text lies in Python objects, and nothing asks for pyarrow."""

import subprocess
import sys
import textwrap

import pytest

pytest.importorskip("pandas")

BLOCK = """
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "pyarrow":
            raise ImportError("pyarrow is not here")

sys.meta_path.insert(0, Blocked())
import pandas as pd
import minarrow as ma

def through_file(table):
    sink = ma.BufferOutputStream()
    with ma.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return ma.open_file(sink.getvalue()).read_pandas()
"""


def run(code):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", BLOCK + textwrap.dedent(code)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr


def test_default_dtype_of_text():
    run("""
        for kind in (ma.string(), ma.large_string(), ma.string_view()):
            series = ma.chunked_array([["a", None], ["é"]], kind).to_pandas()
            assert series.dtype == pd.Series(["a"], dtype=str).dtype, series.dtype
            assert series.isna().tolist() == [False, True, False]
            assert series[0] == "a" and series[2] == "é"
    """)


def test_frames_come_back():
    run("""
        frame = pd.DataFrame({
            "n": [1, 2],
            "s": ["x", None],
            "i": pd.array([1, None], "Int64"),
            "text": pd.array(["x", None], "string[python]"),
            "c": pd.Categorical(["u", None]),
            "when": pd.date_range("2020-01-01", periods=2, tz="Europe/Paris"),
            "month": pd.PeriodIndex(["2020-01", None], freq="M"),
            "between": pd.arrays.IntervalArray.from_tuples([(0, 1), None]),
        }, index=pd.Index(["p", "q"], name="key"))
        back = through_file(ma.Table.from_pandas(frame))
        pd.testing.assert_frame_equal(back, frame)
        assert "pyarrow" not in sys.modules
    """)


def test_nested_and_dictionary_text():
    run("""
        table = ma.table({"l": [["a", None], None]})
        assert through_file(table)["l"][0].tolist() == ["a", None]
        made = ma.arrays.DictionaryArray.from_arrays(ma.array([0, None]), ["a"])
        assert made.to_pandas().tolist()[0] == "a"
    """)
