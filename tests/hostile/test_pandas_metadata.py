"""What pandas' metadata says is believed where pandas could have written it, and else left out.

It is JSON in the schema, and as easily damaged, or made up, as anything else.
"""

import copy
import json
import random

import pytest

import minarrow as ma

pd = pytest.importorskip("pandas")

FRAMES = {
    "range": pd.DataFrame({"a": [1, 2], "b": ["x", None]}),
    "named index": pd.DataFrame({"a": [1, 2]}, index=pd.Index([5, 6], name="i")),
    "two levels": pd.DataFrame(
        {"a": [1, 2]}, index=pd.MultiIndex.from_tuples([("x", 1), ("y", 2)], names=["p", "q"])
    ),
    "labels of two levels": pd.DataFrame(
        [[1, 2], [3, 4]], columns=pd.MultiIndex.from_tuples([("x", 1), ("x", 2)])
    ),
    "labels of numbers": pd.DataFrame([[1, 2], [3, 4]], columns=[7, 8]),
    "labels of times": pd.DataFrame([[1, 2]], columns=pd.date_range("2020", periods=2, tz="UTC")),
    "nullable": pd.DataFrame({"a": pd.array([1, None], "Int64"), "b": pd.array([True, None])}),
    "periods": pd.DataFrame({"a": pd.PeriodIndex(["2020-01", None], freq="M"), "b": ["x", "y"]}),
    "intervals": pd.DataFrame(
        {"a": pd.interval_range(0, 2), "b": [{"left": 2, "right": 1}, {"left": 0, "right": 1}]}
    ),
    "zones": pd.DataFrame({"a": pd.date_range("2020", periods=2, tz="Europe/Paris")}),
}
ODD = [
    *[None, True, 0, -1, 7, 1.5, float("nan"), 2**40, 2**63, -(2**63), 2**70, 10**400],
    *["", "a", "range", "datetimetz", "datetime", "decimal", "bytes", "int64", "Int64", "object"],
    *["M8[ns]", "category", "datetime64[xx]", "int64[pyarrow]", "nowhere/nothing", "\udcff", "\0"],
    *["period[M]", "period[nope]", "period[99999999999999999999M]", "period[", "interval[xx]"],
    *["interval[int64, right]", "interval[datetime64[ns], left]", "interval[category]"],
    *["((((", "('x', 1)", "__import__('os')", "1" * 5000, "(" * 5000, [], {}, [[]], [{}], {"a": 1}],
    *[["a"], ["b", "b"], {"kind": "range"}, {"kind": "range", "start": 0, "stop": 2, "step": 0}],
    {"kind": "range", "start": 0, "stop": 2**70, "step": 1, "name": []},
    {"kind": "range", "start": "0", "stop": 2, "step": 1, "name": "r"},
]


def places(node, path=()):
    """Paths of all nodes of a JSON value."""
    yield path
    if isinstance(node, dict):
        for key in node:
            yield from places(node[key], (*path, key))
    elif isinstance(node, list):
        for i, item in enumerate(node):
            yield from places(item, (*path, i))


def changed(node, path, value):
    """A copy with another value at that path."""
    if not path:
        return value
    node = copy.deepcopy(node)
    at = node
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return node


def frame_with(table, text):
    metadata = {b"pandas": text}
    return table.replace_schema_metadata(metadata).to_pandas()


@pytest.mark.filterwarnings("ignore")  # pandas has its own opinion of some
@pytest.mark.parametrize("name", FRAMES)
def test_each_part_replaced(name):
    """The data arrive, or an ArrowException says that they cannot; nothing else."""
    table = ma.Table.from_pandas(FRAMES[name])
    metadata = json.loads(table.schema.metadata[b"pandas"])
    pd.testing.assert_frame_equal(
        frame_with(table, json.dumps(metadata).encode()), table.to_pandas()
    )
    draw = random.Random(name)
    for path in places(metadata):
        for value in draw.sample(ODD, 16):
            text = json.dumps(changed(metadata, path, value))
            try:
                frame = frame_with(table, text.encode("utf-8", "surrogatepass"))
            except ma.ArrowException:
                continue
            except Exception as error:
                error.add_note(f"{path} = {value!r}"[:300])
                raise
            assert len(frame) == table.num_rows, (path, value)


@pytest.mark.parametrize(
    "text",
    [
        *[b"", b"\xff", b"null", b"[]", b"5", b'"a"', b"{", b"[" * 100_000, b'{"a":' * 100_000],
        b'{"columns": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
        b'{"index_columns": [' + b"1" * 10_000 + b"]}",
    ],
    ids=range(11),
)
def test_text_that_is_no_metadata(text):
    table = ma.table({"a": [1, 2]})
    pd.testing.assert_frame_equal(frame_with(table, text), table.to_pandas())


@pytest.mark.filterwarnings("ignore")
def test_damaged_text():
    draw = random.Random(5)
    for name in FRAMES:
        table = ma.Table.from_pandas(FRAMES[name])
        original = table.schema.metadata[b"pandas"]
        for _ in range(300):
            text = bytearray(original)
            for _ in range(draw.choice([1, 2, 5])):
                text[draw.randrange(len(text))] = draw.choice(b'0123456789"[]{},:aeinx\x00\xff-')
            try:
                frame = frame_with(table, bytes(text))
            except ma.ArrowException:
                continue
            except Exception as error:
                error.add_note(repr(bytes(text)))
                raise
            assert len(frame) == table.num_rows
