"""No memory while arrays are cut, joined, compared, shown and shared: MemoryError, and nothing
else."""

import pytest
from faults.starving import need_faults, starve
from interop.columns import ALL, make

import minarrow as ma

need_faults()


class Lender:
    """An object that speaks the PyCapsule protocol alone."""

    def __init__(self, inner):
        self.inner = inner


class ArrayLender(Lender):
    def __arrow_c_array__(self, requested_schema=None):
        return self.inner.__arrow_c_array__(requested_schema)


class StreamLender(Lender):
    def __arrow_c_stream__(self, requested_schema=None):
        return self.inner.__arrow_c_stream__(requested_schema)


class SchemaLender(Lender):
    def __arrow_c_schema__(self):
        return self.inner.__arrow_c_schema__()


def make_batch():
    names = ["int64", "string", "list", "dictionary", "struct"]
    length = min(len(make(name)) for name in names)
    return ma.RecordBatch.from_arrays([make(name).slice(0, length) for name in names], names)


BATCH = make_batch()


@pytest.mark.parametrize("name", ALL)
def test_arrays_over_the_c_interface(name):
    column = make(name)
    starve(lambda: ma.array(ArrayLender(column)), column.equals)


@pytest.mark.parametrize("name", ALL)
def test_schemas_over_the_c_interface(name):
    schema = ma.schema([ma.field("a", ALL[name][0], metadata={"k": "v"})], metadata={"x": "y"})
    starve(lambda: ma.schema(SchemaLender(schema)), lambda got: got.equals(schema, True))


def test_batches_over_the_c_interface():
    table = ma.Table.from_batches([BATCH, BATCH.slice(1)])
    starve(lambda: ma.record_batch(ArrayLender(BATCH)), BATCH.equals)
    # tables are made by Python code that makes functions as it runs (see test_tables)
    lender = StreamLender(table)
    starve(lambda: ma.table(lender), table.equals, python=False)
    starve(lambda: ma.RecordBatchReader.from_stream(lender).read_all(), table.equals, python=False)


def test_what_pyarrow_is_given(pyarrow):
    """Its own allocations, and the interpreter's, are not ours to try."""
    wanted = pyarrow.record_batch(BATCH)
    starve(lambda: pyarrow.record_batch(BATCH), wanted.equals, python=False)
    starve(lambda: ma.record_batch(wanted), BATCH.equals, python=False)


@pytest.mark.parametrize("name", ALL)
def test_slices_and_joining(name):
    column = make(name)
    starve(lambda: ma.concat_arrays([column.slice(1, 2), column]), lambda got: len(got) > 2)


@pytest.mark.parametrize("name", ALL)
def test_rows(name):
    column = make(name)
    starve(lambda: column[::-1].to_pylist(), lambda got: got == column.to_pylist()[::-1])
    starve(lambda: column[0].as_py(), lambda got: got == column.to_pylist()[0])


def test_many_rows_by_steps():
    """More than are joined at once."""
    column = ma.array(range(1100))
    starve(lambda: column[::-1], lambda got: got.to_pylist() == [*range(1100)][::-1])


@pytest.mark.parametrize("name", ALL)
def test_comparing(name):
    column, other = make(name), make(name)
    starve(lambda: column.equals(other))
    starve(lambda: not column.equals(other.slice(1)))
    starve(lambda: column.validate(full=True) is None)


@pytest.mark.parametrize("name", ALL)
def test_showing(name):
    column = make(name)
    wanted = (str(column), str(column.type), repr(column[0]))
    starve(lambda: (str(column), str(column.type), repr(column[0])), lambda got: got == wanted)


def test_batches():
    text, schema = str(BATCH), str(BATCH.schema)
    rows, columns = BATCH.to_pylist(), BATCH.to_pydict()
    starve(lambda: str(BATCH), lambda got: got == text)
    starve(lambda: str(BATCH.schema), lambda got: got == schema)
    starve(lambda: BATCH.to_pylist(), lambda got: got == rows)
    starve(lambda: BATCH.to_pydict(), lambda got: got == columns)
    starve(lambda: ma.RecordBatch.from_pylist(rows, BATCH.schema), BATCH.equals)
    starve(lambda: ma.RecordBatch.from_pydict(columns, BATCH.schema), BATCH.equals)
    wanted = BATCH.select(["string", "int64"])
    starve(lambda: BATCH.select(["string", "int64"]), wanted.equals)
    starve(lambda: BATCH.slice(1).equals(BATCH.slice(1)))
    starve(lambda: BATCH.drop_columns(["list"]).num_columns == 4)


def test_schemas():
    fields = [ma.field(name, type_, metadata={"k": name}) for name, (type_, _) in ALL.items()]
    schema = ma.schema(fields, metadata={"x": "y"})
    starve(lambda: ma.schema(fields, metadata={"x": "y"}), lambda got: got.equals(schema, True))
    starve(lambda: schema.with_metadata({"a": "b"}).metadata == {b"a": b"b"})
    starve(lambda: schema.set(0, fields[1]).field(0).equals(fields[1]))
    starve(lambda: ma.timestamp("us", "Europe/Berlin").tz == "Europe/Berlin")
    starve(lambda: ma.dictionary("int8", "string").value_type == ma.string())


def test_tables():
    """Python code that makes functions as it runs, which CPython 3.13 does not survive without
    memory: so only the core's allocations fail."""
    table = ma.Table.from_batches([BATCH, BATCH.slice(1)])
    rows = table.to_pydict()

    def starve_core(operate, right=bool):
        starve(operate, right, python=False)

    starve_core(lambda: table.to_pydict(), lambda got: got == rows)
    starve_core(lambda: table.slice(1, 3).to_pylist() == table.to_pylist()[1:4])
    starve_core(lambda: table.combine_chunks(), table.equals)
    starve_core(lambda: table.select(["int64"]).column("int64").num_chunks == 2)
    starve_core(lambda: ma.table({"a": [1, None], "b": ["x", "y"]}).num_rows == 2)
    starve_core(lambda: str(table) != "")
    starve_core(lambda: table.add_column(0, "n", [[1] * table.num_rows]).num_columns == 6)


def test_errors():
    """What is wrong is said, or there is no memory to say it."""

    def refused(kind, call):
        def tried():
            try:
                call()
            except kind as error:
                return str(error)

        # its text may be shorter then; PyErr_Format of CPython 3.11 goes on without any
        starve(tried, lambda text: text is not None)

    refused(ValueError, lambda: ma.array([1, "x"]))
    refused(ValueError, lambda: ma.array([1000], ma.int8()))
    refused(KeyError, lambda: BATCH["none"])
    refused(IndexError, lambda: make("int8")[99])
    refused(ValueError, lambda: ma.RecordBatch.from_arrays([[1], [1, 2]], ["a", "b"]))
    refused(TypeError, lambda: ma.open_stream(None))
    refused(ValueError, lambda: ma.type_for_alias("nothing"))
