"""Damaged values are refused where numpy or pandas would take them on trust."""

import pytest
from hostile.damaged import last_message, put, stream_of
from oracle import flatbuf

import minarrow as ma

np = pytest.importorskip("numpy")


def damaged(kind, place, value, size):
    data = stream_of(kind)
    put(data, place(last_message(data)), value, size)
    _, batch = ma.open_stream(bytes(data))
    return batch


CASES = {
    "index behind the dictionary": ("words", lambda m: m.buffer_at(1), 2, 1),
    "negative index": ("words", lambda m: m.buffer_at(1), -1, 1),
    "run ends that descend": ("runs", lambda m: m.buffer_at(1), 9, 4),
    "list behind its child": ("lists", lambda m: m.buffer_at(1) + 16, 99, 4),
    "list view behind its child": ("list views", lambda m: m.buffer_at(1), 99, 4),
    "text behind its data": ("text", lambda m: m.buffer_at(1) + 16, 99, 4),
    "type id of no child": ("sparse", lambda m: m.buffer_at(0), 9, 1),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("use", ["to_numpy", "asarray", "to_pandas", "table.to_pandas"])
def test_damaged_values(case, use):
    batch = damaged(*CASES[case])
    column = batch.column(0)
    if "pandas" in use:
        pytest.importorskip("pandas")
    uses = {
        "to_numpy": lambda: column.to_numpy(zero_copy_only=False),
        "asarray": lambda: np.asarray(column),
        "to_pandas": column.to_pandas,
        "table.to_pandas": ma.Table.from_batches([batch]).to_pandas,
    }
    with pytest.raises(ma.ArrowInvalid) as caught:
        uses[use]()
    assert caught.value.offset == last_message(stream_of(CASES[case][0])).body_at


def test_a_column_name_that_is_not_utf8():
    pytest.importorskip("pandas")
    data = stream_of("full")
    name = data.index(b"a", flatbuf.messages(data)[0].schema.fields[0].at)
    data[name] = 0xFF
    table = ma.open_stream(bytes(data)).read_all()
    assert table.column(0).to_pylist() == 2 * [1, 2, 3, 4]
    try:
        (label,) = table.to_pandas().columns  # where labels may be any str
    except ma.ArrowInvalid as error:
        assert "is not UTF-8" in str(error) and "rename_columns" in str(error)
        (label,) = table.rename_columns(["\udcff".encode(errors="replace").decode()]).schema.names
        assert label == "?"
    else:
        assert label == "\udcff"
