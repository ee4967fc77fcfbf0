"""Tables and chunked arrays, call by call beside pyarrow's."""

import pickle

import pytest

import minarrow as ma


def table(m):
    """Rows in two record batches, with metadata."""
    schema = m.schema([("a", m.int64()), ("b", m.string())], metadata={"k": "v"})
    parts = [{"a": [1, 2, 3], "b": ["x", None, "z"]}, {"a": [None, 5], "b": ["y", "w"]}]
    return m.Table.from_batches([m.RecordBatch.from_pydict(p, schema=schema) for p in parts])


def plainer(m):
    """Without the metadata, which pyarrow forgets when columns are renamed."""
    return table(m).replace_schema_metadata()


def twice(m):
    """Two columns of one name."""
    return m.Table.from_arrays([m.array([1]), m.array([2])], names=["a", "a"])


def numbers(m):
    return m.chunked_array([[1, 2], [], [3, None]])


def other_batch(m):
    return m.RecordBatch.from_pydict({"a": [1]})


SAME = {
    "shape": lambda m: (table(m).shape, len(table(m)), table(m).num_rows, table(m).num_columns),
    "column_names": lambda m: table(m).column_names,
    "schema": lambda m: table(m).schema,
    "nbytes": lambda m: table(m).nbytes,
    "to_pylist": lambda m: table(m).to_pylist(),
    # making
    "from_arrays": lambda m: m.Table.from_arrays(
        [m.array([1, 2]), m.chunked_array([[3], [4]])], ["x", "y"]
    ),
    "from_arrays, lists": lambda m: m.Table.from_arrays([[1], ["x"]], ["x", "y"]),
    "from_arrays, metadata": lambda m: m.Table.from_arrays([[1]], ["x"], metadata={"k": "v"}),
    "from_arrays, schema": lambda m: m.Table.from_arrays(
        [m.array([1])], schema=m.schema([m.field("x", m.int64(), metadata={"f": "m"})])
    ),
    "from_arrays, nothing": lambda m: m.Table.from_arrays([], names=[]),
    "from_arrays, no names": lambda m: m.Table.from_arrays([m.array([1])]),
    "from_arrays, few names": lambda m: m.Table.from_arrays([m.array([1])], names=["a", "b"]),
    "from_arrays, lengths": lambda m: m.Table.from_arrays(
        [m.array([1]), m.array([1, 2])], names=["a", "b"]
    ),
    "from_batches": lambda m: m.Table.from_batches(table(m).to_batches()),
    "from_batches, no batches": lambda m: m.Table.from_batches([], schema=table(m).schema),
    "from_batches, nothing": lambda m: m.Table.from_batches([]),
    "from_batches, others": lambda m: m.Table.from_batches(
        [*table(m).to_batches(), other_batch(m)]
    ),
    "from_pydict": lambda m: m.Table.from_pydict(
        {"a": [1, None], "b": [[1], []]}, metadata={"k": "v"}
    ),
    "from_pydict, schema": lambda m: m.Table.from_pydict(
        {"b": [1], "a": [2]}, schema=m.schema([("a", m.int8()), ("b", m.float32())])
    ),
    "from_pydict, missing": lambda m: m.Table.from_pydict({"a": [1]}, schema=table(m).schema),
    "from_pylist": lambda m: m.Table.from_pylist([{"a": 1, "b": "x"}, {"b": "y", "c": 1.5}]),
    "from_pylist, schema": lambda m: m.Table.from_pylist(
        [{"a": 1}, {"b": "y"}], schema=table(m).schema
    ),
    "from_pylist, nothing": lambda m: m.Table.from_pylist([]),
    "table(dict)": lambda m: m.table({"a": [1, 2], "b": m.array(["x", "y"])}),
    "table(dict of chunks)": lambda m: m.table({"a": numbers(m)}),
    "table(arrays)": lambda m: m.table([m.array([1]), m.array(["x"])], names=["a", "b"]),
    "table(table)": lambda m: m.table(table(m)),
    # columns
    "column": lambda m: [table(m).column(i) for i in (0, 1, -1, "a")],
    "column, no such name": lambda m: table(m).column("z"),
    "column, no such number": lambda m: table(m).column(2),
    "column, neither": lambda m: table(m).column(1.5),
    "column, two of the name": lambda m: twice(m).column("a"),
    "[]": lambda m: (table(m)["b"], table(m)[0]),
    "columns": lambda m: table(m).columns,
    "itercolumns": lambda m: list(table(m).itercolumns()),
    "field": lambda m: [table(m).field(i) for i in (0, -1, "b")],
    "field, no such": lambda m: table(m).field("z"),
    "select": lambda m: table(m).select(["b", 0]),
    "select, none": lambda m: table(m).select([]).shape,
    "select, no such": lambda m: table(m).select(["z"]),
    "drop_columns": lambda m: table(m).drop_columns("a"),
    "drop_columns, several": lambda m: table(m).drop_columns(["b", "a"]).shape,
    "drop_columns, no such": lambda m: table(m).drop_columns(["z"]),
    "drop": lambda m: table(m).drop(["b"]),
    "rename_columns": lambda m: plainer(m).rename_columns(["p", "q"]),
    "rename_columns, dict": lambda m: plainer(m).rename_columns({"b": "q"}),
    "rename_columns, dict, twice": lambda m: twice(m).rename_columns({"a": "q"}),
    "rename_columns, no rows": lambda m: plainer(m).slice(0, 0).rename_columns(["p", "q"]).schema,
    "rename_columns, no such": lambda m: table(m).rename_columns({"z": "q"}),
    "rename_columns, few": lambda m: table(m).rename_columns(["p"]),
    "rename_columns, one text": lambda m: table(m).rename_columns("pq"),
    "append_column": lambda m: table(m).append_column("c", m.array([1, 2, 3, 4, 5], m.int8())),
    "append_column, chunks": lambda m: table(m).append_column("c", [[1, 2], [3, 4, 5]]),
    "append_column, field": lambda m: table(m).append_column(
        m.field("c", m.int64(), metadata={"f": "m"}), m.array(range(5))
    ),
    "append_column, length": lambda m: table(m).append_column("c", m.array([1])),
    "append_column, type": lambda m: table(m).append_column(
        m.field("c", m.int8()), m.array(range(5))
    ),
    "add_column": lambda m: table(m).add_column(0, "c", m.chunked_array([[1, 2], [3, 4, 5]])),
    "add_column, behind": lambda m: table(m).add_column(2, "c", m.array(range(5))),
    "add_column, too far": lambda m: table(m).add_column(3, "c", m.array(range(5))),
    "add_column, negative": lambda m: table(m).add_column(-1, "c", m.array(range(5))),
    "set_column": lambda m: table(m).set_column(0, "c", m.array(list("vwxyz"))),
    "set_column, field": lambda m: table(m).set_column(
        1, m.field("b", m.int64(), metadata={"f": "m"}), m.array(range(5))
    ),
    "set_column, length": lambda m: table(m).set_column(1, "c", m.array([1])),
    "set_column, negative": lambda m: table(m).set_column(-1, "c", m.array(range(5))),
    "remove_column": lambda m: table(m).remove_column(0),
    "remove_column, all": lambda m: table(m).remove_column(0).remove_column(0).shape,
    "remove_column, too far": lambda m: table(m).remove_column(2),
    "remove_column, negative": lambda m: table(m).remove_column(-1),
    "remove_column, name": lambda m: table(m).remove_column("a"),
    # rows
    "slice": lambda m: [table(m).slice(*args) for args in ((), (2,), (2, 2), (4, 9), (9,), (0, 0))],
    "slice, negative": lambda m: table(m).slice(-1),
    "[:]": lambda m: [table(m)[1:4], table(m)[-2:], table(m)[3:1], table(m)[:]],
    "to_batches": lambda m: table(m).to_batches(),
    "to_batches, small": lambda m: table(m).to_batches(max_chunksize=2),
    "to_batches, none": lambda m: table(m).to_batches(max_chunksize=0),
    "to_reader": lambda m: (table(m).to_reader().read_all(), table(m).to_reader().schema),
    "combine_chunks": lambda m: [
        table(m).combine_chunks(),
        table(m).combine_chunks()["a"].num_chunks,
    ],
    "concat_tables": lambda m: m.concat_tables([table(m), table(m).slice(1, 1)]),
    "concat_tables, nothing": lambda m: m.concat_tables([]),
    "concat_tables, others": lambda m: m.concat_tables([table(m), table(m).select(["a"])]),
    "concat_batches": lambda m: m.concat_batches(table(m).to_batches()),
    "concat_batches, nothing": lambda m: m.concat_batches([]),
    "concat_batches, others": lambda m: m.concat_batches([*table(m).to_batches(), other_batch(m)]),
    # comparing, metadata, other forms
    "equals": lambda m: [
        table(m).equals(o)
        for o in (table(m), table(m).combine_chunks(), table(m)[1:], table(m).select([1, 0]))
    ],
    "equals, others": lambda m: (
        table(m).equals(None),
        table(m) == 5,
        table(m) != table(m),
        table(m) == table(m),
    ),
    "equals, metadata": lambda m: [
        table(m).equals(table(m).replace_schema_metadata(), check_metadata=c) for c in (False, True)
    ],
    "replace_schema_metadata": lambda m: table(m).replace_schema_metadata({"x": b"\xff", b"": ""}),
    "replace_schema_metadata, none": lambda m: table(m).replace_schema_metadata().schema.metadata,
    "hash": lambda m: hash(table(m)),
    "in": lambda m: "a" in table(m),
    "validate": lambda m: table(m).validate(full=True),
    "pickle": lambda m: pickle.loads(pickle.dumps(table(m))),
    "to_pydict, two of the name": lambda m: twice(m).to_pydict(),
    # chunked arrays
    "chunks": lambda m: (
        numbers(m).num_chunks,
        numbers(m).length(),
        len(numbers(m)),
        numbers(m).null_count,
    ),
    "chunk": lambda m: [numbers(m).chunk(2), *numbers(m).chunks, *numbers(m).iterchunks()],
    "chunk, negative": lambda m: numbers(m).chunk(-1),
    "chunk, too far": lambda m: numbers(m).chunk(3),
    "chunked_array, nothing": lambda m: m.chunked_array([]),
    "chunked_array, nothing of a type": lambda m: m.chunked_array([], type=m.int8()),
    "chunked_array, of a type": lambda m: m.chunked_array([[1], [2]], type=m.int8()),
    "chunked_array, of two types": lambda m: m.chunked_array([m.array([1]), m.array(["a"])]),
    "chunked, item": lambda m: [numbers(m)[i].as_py() for i in (0, 2, 3, -1, -2)],
    "chunked, no such item": lambda m: numbers(m)[4],
    "chunked, items": lambda m: [value.as_py() for value in numbers(m)],
    "chunked, slice": lambda m: [
        numbers(m).slice(1, 2),
        numbers(m)[1:],
        numbers(m)[3:1],
        numbers(m).slice(9),
    ],
    "chunked, slice, negative": lambda m: numbers(m).slice(-1),
    "chunked, combine_chunks": lambda m: numbers(m).combine_chunks(),
    "chunked, equals": lambda m: [
        numbers(m).equals(m.chunked_array(c))
        for c in ([[1], [2, 3], [None]], [[1, 2, 3]], [[1, 2, 3, 4]], [["a"]])
    ],
    "chunked, pickle": lambda m: pickle.loads(pickle.dumps(numbers(m))),
    "chunked, nbytes": lambda m: numbers(m).nbytes,
}


def outcome(action, module):
    """What an action gives, in plain values; of an exception the built-in kind."""
    try:
        return plain(action(module))
    except Exception as error:
        kinds = (KeyError, IndexError, TypeError, ValueError)
        return next(kind for kind in kinds if isinstance(error, kind))


def plain(value):
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    name = type(value).__name__
    if name == "Table":
        return [str(value.schema), plain_metadata(value.schema), value.to_pydict(), value.num_rows]
    if name == "RecordBatch":
        return [str(value.schema), plain_metadata(value.schema), value.to_pydict()]
    if hasattr(value, "to_pylist"):
        return [str(value.type), value.to_pylist()]
    if name == "Schema":
        return [str(value), plain_metadata(value)]
    if name == "Field":
        return [str(value).partition(".")[2], value.metadata]
    return value


def plain_metadata(schema):
    return [schema.metadata, [field.metadata for field in schema]]


@pytest.mark.parametrize("name", SAME)
def test_as_pyarrow(pyarrow, name):
    assert outcome(SAME[name], ma) == outcome(SAME[name], pyarrow)


def test_renamed_columns_keep_the_metadata():
    assert table(ma).rename_columns(["x", "y"]).schema.metadata == {b"k": b"v"}
    assert table(ma).rename_columns({"a": "y"}).schema.metadata == {b"k": b"v"}


def test_a_column_that_is_not_there_cannot_be_replaced():
    """pyarrow adds it."""
    with pytest.raises(ma.ArrowInvalid, match="no place 2"):
        table(ma).set_column(2, "c", ma.array(range(5)))


def test_no_rows_are_copied():
    """What is sliced, selected, renamed or put together lies where it did."""
    whole = table(ma)
    first = whole.column(0).chunk(0).buffers()[1].address
    others = [
        whole.slice(0, 2),
        whole.select(["a"]),
        whole.rename_columns(["x", "y"]),
        whole.replace_schema_metadata({"x": "y"}),
        whole.append_column("c", ma.array(range(5))),
        whole.remove_column(1),
        ma.concat_tables([whole, whole]),
        ma.Table.from_batches(whole.to_batches()),
    ]
    assert {other.column(0).chunk(0).buffers()[1].address for other in others} == {first}


def test_as_numpy_and_pandas(pyarrow):
    numpy = pytest.importorskip("numpy")
    pandas = pytest.importorskip("pandas")
    assert numpy.asarray(table(ma)).tolist()[0] == [1.0, "x"]
    assert numpy.asarray(table(ma).select(["b"])).shape == (5, 1)
    assert numpy.asarray(table(ma).select([])).shape == (5, 0)
    pandas.testing.assert_frame_equal(table(ma).to_pandas(), table(pyarrow).to_pandas())
    frame = pandas.DataFrame({"x": [1, 2], "y": ["a", None]}, index=[5, 6])
    ours, theirs = ma.Table.from_pandas(frame), pyarrow.Table.from_pandas(frame)
    assert ours.to_pydict() == theirs.to_pydict()
    pandas.testing.assert_frame_equal(ours.to_pandas(), frame)


def test_through_capsules(pyarrow):
    """Chunks, schema and metadata are the same on the other side, and after the way back."""
    theirs = pyarrow.table(table(ma))
    assert plain(theirs) == plain(table(ma))
    assert theirs.column(0).num_chunks == 2
    assert theirs.schema.metadata == {b"k": b"v"}
    assert plain(ma.table(theirs)) == plain(table(ma))
    assert pyarrow.schema(table(ma)).equals(theirs.schema, check_metadata=True)
    assert plain(pyarrow.chunked_array(numbers(ma))) == plain(numbers(ma))
    assert ma.chunked_array(pyarrow.chunked_array([[1], [2, None]])).num_chunks == 2


def test_comparing_joins_nothing():
    """Rows that are cut otherwise are compared piece by piece, wherever the cuts are."""
    values = list(range(40))
    cuts = [[40], [1] * 40, [3, 0, 17, 20], [20, 20], [39, 1]]
    made = []
    for sizes in cuts:
        ends = [sum(sizes[:i]) for i in range(len(sizes) + 1)]
        pieces = [values[a:b] for a, b in zip(ends, ends[1:], strict=False)]
        made.append(ma.chunked_array(pieces, type=ma.int16()))
    assert all(a.equals(b) for a in made for b in made)
    other = ma.chunked_array([[*values[:39], -1]], type=ma.int16())
    assert not any(a.equals(other) or other.equals(a) for a in made)
