"""Numbers at the ends of what a type can hold, and moments that Python has no object for.

They are data: read, written, compared, exported and shown by their number; nobody makes another
value or a null of them.
"""

import pytest
from oracle import messages, strategies
from oracle.encoder import sheet_of
from oracle.integration_json import Batch, Case
from oracle.layout import raw_values
from oracle.raw_values import from_pyarrow

import minarrow as ma

DAY = {"SECOND": 86_400, "MILLISECOND": 86_400_000, "MICROSECOND": 86_400_000_000}
DAY["NANOSECOND"] = 86_400_000_000_000
INT32, INT64 = (1 << 31) - 1, (1 << 63) - 1

EDGES = {
    # the end of the day, which ISO 8601 and SQL know
    **{
        f"24:00:00, {unit.lower()}": (
            ("time", unit, 32 if unit in ("SECOND", "MILLISECOND") else 64),
            [DAY[unit], DAY[unit] - 1, None, 0],
        )
        for unit in DAY
    },
    "leap second": (("time", "SECOND", 32), [DAY["SECOND"] + 1, None]),
    "times at the ends": (("time", "NANOSECOND", 64), [INT64, -INT64 - 1, None]),
    **{
        f"durations, {unit.lower()}": (
            ("duration", unit),
            [INT64, -INT64 - 1, None, 1, INT64 // 1000],
        )
        for unit in DAY
    },
    **{
        f"moments, {unit.lower()}": (("timestamp", unit, zone), [INT64, -INT64 - 1, None, -1])
        for unit, zone in zip(DAY, (None, "UTC", "Europe/Berlin", "+23:59"), strict=True)
    },
    "days": (("date", "DAY"), [INT32, -INT32 - 1, None]),
    "days in milliseconds": (("date", "MILLISECOND"), [INT64, -INT64 - 1, None, 1]),
    "decimal wider than its precision": (
        ("decimal", 128, 1, 0),
        [(1 << 127) - 1, -(1 << 127), None],
    ),
    "decimal of negative scale": (("decimal", 256, 76, -5), [10**76 - 1, None]),
    "intervals": (
        ("interval", "MONTH_DAY_NANO"),
        [(INT32, -INT32 - 1, INT64), (-INT32 - 1, INT32, -INT64 - 1), None],
    ),
    "uint64": (("int", 64, False), [(1 << 64) - 1, 1 << 63, None]),
}
each = pytest.mark.parametrize("name", EDGES)


def case_of(name):
    type_, values = EDGES[name]
    listed = strategies.plain_field(("list",), "l", children=[strategies.plain_field(type_)])
    rows = len(values)
    columns = [values, [values, None, *[[]] * (rows - 2)]]
    return Case([strategies.plain_field(type_), listed], [], [Batch(rows, columns)])


def write(batch, **options):
    sink = ma.BufferOutputStream()
    with ma.new_stream(sink, batch.schema, options=ma.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_batch(batch)
    return sink.getvalue()


@pytest.mark.parametrize("endianness", [messages.LITTLE, messages.BIG])
@each
def test_they_are_read_and_written(name, endianness):
    case = case_of(name)
    [batch] = ma.open_stream(sheet_of(case, endianness=endianness).stream())
    batch.validate(full=True)
    for _ in range(2):
        assert [raw_values(column) for column in batch.columns] == case.batches[0].columns
        again = next(ma.open_stream(write(batch)))
        assert again.equals(batch)
        batch = again


@each
def test_pyarrow_has_the_same(name, pyarrow):
    """Through a stream, and through capsules there and back."""
    case = case_of(name)
    [batch] = ma.open_stream(sheet_of(case).stream())
    theirs = pyarrow.ipc.open_stream(pyarrow.py_buffer(write(batch))).read_next_batch()
    theirs.validate()  # and no more, as it asks for times within a day and dates of whole days
    shared = pyarrow.record_batch(batch)
    assert shared.equals(theirs)
    if "decimal" not in name:
        assert [from_pyarrow(column) for column in theirs.columns] == case.batches[0].columns
    back = ma.record_batch(shared)
    assert back.equals(batch)
    assert [raw_values(column) for column in back.columns] == case.batches[0].columns


@each
def test_the_number_is_there_where_no_object_is(name):
    """Rows give a Python object or a clear error, never another value."""
    type_, values = EDGES[name]
    [batch] = ma.open_stream(sheet_of(case_of(name)).stream())
    for i, number in enumerate(values):
        scalar = batch.column(0)[i]
        if type_[0] not in ("decimal", "interval") and number is not None:
            assert getattr(scalar, "value", number) == number
        assert scalar.is_valid == (number is not None)
        try:
            value = scalar.as_py()
        except ma.ArrowInvalid as error:
            assert str(number) in str(error)
        else:
            assert (value is None) == (number is None)
            assert str(value) != "NaT"
    assert str(batch.column(0)) and repr(batch.column(0)[0])


def test_numpy_and_pandas_have_the_durations(pyarrow):
    pandas = pytest.importorskip("pandas")
    array = ma.array([INT64, -INT64, 1], ma.duration("s"))
    assert array.to_numpy().view("i8").tolist() == [INT64, -INT64, 1]
    theirs = pyarrow.array([INT64, -INT64, 1], pyarrow.duration("s"))
    pandas.testing.assert_series_equal(array.to_pandas(), theirs.to_pandas())
    assert ma.array(array.to_numpy()).equals(array)


def test_a_time_that_is_given_as_a_number():
    """As 24:00:00 can only be."""
    array = ma.array([86_400, None], ma.time32("s"))
    assert [scalar.value for scalar in array] == [86_400, None]
