"""Record batches: columns, rows, text, changed copies."""

import pickle

import pytest

import minarrow as ma


@pytest.fixture
def batch():
    return ma.RecordBatch.from_arrays(
        [ma.array([1, 2, None]), ma.array(["x", "y", "z"])], ["a", "b"]
    )


def test_columns_and_rows(batch):
    assert (batch.num_rows, batch.num_columns, batch.shape, len(batch)) == (3, 2, (3, 2), 3)
    assert batch.column_names == ["a", "b"] and batch.schema.names == ["a", "b"]
    assert batch[0] == batch["a"] == batch.column(-2) == batch.columns[0] == next(iter(batch))
    assert [str(column.type) for column in batch.itercolumns()] == ["int64", "string"]
    assert batch.field("b") == batch.schema.field(1)
    assert batch.to_pydict() == {"a": [1, 2, None], "b": ["x", "y", "z"]}
    assert batch.to_pylist()[2] == {"a": None, "b": "z"}
    assert batch[1:].to_pydict() == batch.slice(1).to_pydict() == {"a": [2, None], "b": ["y", "z"]}
    assert batch.slice(9).num_rows == 0 and batch[-1:].num_rows == 1
    assert batch == batch.slice() and batch != batch[1:] and batch != 1 and not batch.equals(1)
    for key, kind in (("z", KeyError), (5, IndexError), (1.5, TypeError)):
        with pytest.raises(kind):
            batch[key]
    with pytest.raises(IndexError):
        batch[::2]
    batch.validate(full=True)


def test_text_is_pyarrows():
    pyarrow = pytest.importorskip("pyarrow")

    def make(m):
        arrays = [m.array(range(100)), m.array([["a"]] * 100), m.array([None] * 100)]
        arrays += [m.array([True, None] * 50)] * 9
        return m.RecordBatch.from_arrays(arrays, list("abcdefghijkl"), metadata={"k": "v"})

    ours, theirs = make(ma), make(pyarrow)
    for text in (repr, str, lambda b: b.to_string(), lambda b: b.to_string(preview_cols=2),
                 lambda b: b.to_string(show_metadata=True), lambda b: repr(b[:0])):  # fmt: skip
        assert text(ours).replace("minarrow", "pyarrow") == text(theirs)
    assert ours.nbytes == theirs.nbytes and ours[3:].nbytes == theirs[3:].nbytes


def test_from_arrays_takes_what_array_takes():
    schema = ma.schema(
        [("a", ma.int8()), ma.field("b", ma.string(), metadata={"k": "v"})], {"m": "n"}
    )
    batch = ma.RecordBatch.from_arrays([[1, None], ma.array(["x", "y"])], schema=schema)
    assert batch.schema.equals(schema, check_metadata=True) and batch["a"].type == ma.int8()
    assert ma.RecordBatch.from_arrays([], []).shape == (0, 0)
    named = ma.RecordBatch.from_arrays([[1]], ["a"], metadata={"k": "v"})
    assert named.schema.metadata == {b"k": b"v"}
    a = ma.array([1, 2])
    for arrays, options, text in [
        ([a], {}, "names"),
        ([a], {"names": ["a"], "schema": schema}, "not both"),
        ([a], {"names": ["a", "b"]}, "2 names for 1"),
        ([a, ma.array([1])], {"names": ["a", "b"]}, "rows"),
        ([a, a], {"schema": schema}, "int8"),
    ]:
        with pytest.raises(ValueError, match=text):
            ma.RecordBatch.from_arrays(arrays, **options)


def test_from_dicts_and_rows():
    batch = ma.RecordBatch.from_pydict({"a": [1, 2], "b": ["x", None]})
    assert batch.to_pylist() == [{"a": 1, "b": "x"}, {"a": 2, "b": None}]
    assert ma.RecordBatch.from_pylist(batch.to_pylist()) == batch
    schema = ma.schema([("b", ma.string()), ("c", ma.int8())])
    rows = ma.RecordBatch.from_pylist([{"b": "x"}, {"c": 1}], schema=schema)
    assert rows.to_pydict() == {"b": ["x", None], "c": [None, 1]}
    with pytest.raises(KeyError, match="'c'"):
        ma.RecordBatch.from_pydict({"b": []}, schema=schema)
    assert ma.RecordBatch.from_pylist([{}, {}]).num_rows == 2
    assert ma.RecordBatch.from_pylist([]).shape == (0, 0)


def test_changed_copies(batch):
    n = ma.array([7, 8, 9])
    assert batch.select(["b"]).column_names == ["b"] and batch.select([1, 0])["a"] == batch["a"]
    assert batch.select([]).num_rows == 3
    assert batch.rename_columns(["q", "r"]).column_names == ["q", "r"]
    assert batch.rename_columns({"a": "z"}).column_names == ["z", "b"]
    assert batch.add_column(0, "n", n).column_names == ["n", "a", "b"]
    assert batch.append_column(ma.field("n", "int64", False), n).schema.field("n").nullable is False
    assert batch.set_column(1, "n", n).to_pydict()["n"] == [7, 8, 9]
    assert batch.remove_column(0).column_names == ["b"] == batch.drop_columns(["a"]).column_names
    assert batch.replace_schema_metadata({"k": "v"}).schema.metadata == {b"k": b"v"}
    for wrong, kind in [
        (lambda: batch.select(["z"]), KeyError),
        (lambda: batch.rename_columns(["q"]), ma.ArrowInvalid),
        (lambda: batch.rename_columns({"z": "q"}), KeyError),
        (lambda: batch.add_column(5, "n", n), ma.ArrowInvalid),
        (lambda: batch.add_column(0, "n", n[1:]), ma.ArrowInvalid),
        (lambda: batch.remove_column(-1), ma.ArrowInvalid),
        (lambda: batch.drop_columns(["z"]), KeyError),
    ]:
        with pytest.raises(kind):
            wrong()


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_pickles(batch, protocol):
    batch = batch.replace_schema_metadata({"k": "v"})
    for rows in (batch, batch[1:], batch.select([])):
        assert pickle.loads(pickle.dumps(rows, protocol)).equals(rows, check_metadata=True)


def test_names_may_repeat():
    batch = ma.RecordBatch.from_arrays([[1], [2]], ["a", "a"])
    assert batch[1].to_pylist() == [2] and batch.column_names == ["a", "a"]
    with pytest.raises(KeyError, match="several times"):
        batch["a"]


def test_damage_is_named_by_column():
    offsets = ma.py_buffer(b"\0\0\0\0\x7f\0\0\0")
    broken = ma.Array.from_buffers(ma.string(), 1, [None, offsets, ma.py_buffer(b"abc")])
    batch = ma.RecordBatch.from_arrays([broken], ["price"])
    with pytest.raises(ma.ArrowInvalid) as caught:
        batch.validate()
    assert caught.value.path.startswith("column 'price'") and "column 'price'" in str(caught.value)
    assert "invalid" in repr(batch)


@pytest.mark.parametrize(
    "make",
    [
        lambda: ma.RecordBatch.from_pydict({"a": [1], "b": [1, "x"]}),
        lambda: ma.RecordBatch.from_pylist([{"b": 1}, {"b": "x"}]),
        lambda: ma.RecordBatch.from_arrays([[1, "x"]], schema=ma.schema([("b", ma.int64())])),
        lambda: ma.table({"b": [1, "x"]}),
    ],
)
def test_values_that_do_not_fit_are_named_with_their_column(make):
    with pytest.raises(ma.ArrowInvalid, match="^column 'b', value 1: 'x' is of type str") as caught:
        make()
    assert caught.value.path == "column 'b', value 1"


def test_columns_that_do_not_fit_are_named():
    numpy = pytest.importorskip("numpy")
    with pytest.raises(ma.ArrowNotImplementedError, match="^column 'b': numpy's dtype") as caught:
        ma.record_batch({"b": numpy.array([1j])})
    assert caught.value.path == "column 'b'"


def test_exceptions_of_others_stay_as_they_are():
    class Column:
        def __iter__(self):
            raise error

    error = RuntimeError("mine")
    with pytest.raises(RuntimeError) as caught:
        ma.record_batch({"b": Column()})
    assert caught.value is error and error.args == ("mine",)


@pytest.mark.parametrize("count", [3, 15, 16, 400])
def test_columns_are_found_by_name(count):
    """Among few names by a look at each, among many by a table; the same is found."""
    names = [f"c{i}" for i in range(count)]
    names[-1] = names[0]  # twice
    names[1] = ""
    batch = ma.record_batch([ma.array([i]) for i in range(count)], names=names)
    schema = batch.schema
    for _ in range(20):
        assert schema.get_field_index("c0") == schema.get_field_index("none") == -1
        assert schema.get_all_field_indices("c0") == [0, count - 1]
        assert "c0" in schema.names and "none" not in schema.names
        for i in range(1, count - 1):
            assert schema.get_field_index(names[i]) == i
            assert batch[names[i]][0].as_py() == i
            assert schema.field(names[i]) is not None
        with pytest.raises(KeyError, match="several"):
            batch["c0"]
        with pytest.raises(KeyError, match="'none' does not exist"):
            batch["none"]
