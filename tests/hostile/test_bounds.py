"""Few bytes that stand for many values: what is made of them is bounded, and nothing is refused.

``hostile.amplified`` has the arrays; test_corpus.py does with them all that there is to do.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hostile import amplified
from hostile.amplified import ALL, list_views, stream

import minarrow as ma

MOST = 2**32 // 64  # rows that take no memory, and yet may be made at once
SAYS = "beyond what lies in memory; take fewer at a time, with slice"

FREE = {
    "nulls": ma.nulls,
    "zero width": amplified.zero_width,
    "structs without fields": amplified.structs_without_fields,
    "lists of no items": amplified.lists_of_no_items,
    "runs": lambda length: amplified.one_run(["x"], length),
}
VALUES = {
    "nulls": None,
    "zero width": b"",
    "structs without fields": {},
    "lists of no items": [],
    "runs": "x",
}
SHARED = {
    name: amplified.ARRAYS[name]
    for name in (
        "list_views_in_list_views",
        "list_views_around_nan",
        "list_views_in_turn",
        "list_views_crossed",
        "long_views",
        "unions_in_unions",
        "dictionaries_in_dictionaries",
    )
}


@pytest.mark.parametrize("kind", FREE)
def test_rows_that_take_no_memory(kind):
    """All are read, written, cut, joined, compared and printed; as objects, a few at a time."""
    data = stream(FREE[kind](ALL))
    assert len(data) < 1000
    (batch,) = ma.open_stream(data)
    column = batch.column(0)
    assert len(column) == ALL
    batch.validate(full=True)
    assert column.equals(FREE[kind](ALL)) and not column.equals(FREE[kind](ALL - 1))
    assert stream(column) == data
    assert len(str(column)) < 1000 and len(repr(batch)) < 1000
    assert len(ma.concat_arrays([column.slice(0, ALL // 2), column.slice(ALL // 2)])) == ALL
    assert column.slice(ALL - 3).to_pylist() == 3 * [VALUES[kind]]
    assert column[ALL - 1].as_py() == VALUES[kind]
    assert column[:1000:2].to_pylist() == 500 * [VALUES[kind]]
    column.__arrow_c_array__()
    for use in (column.to_pylist, column.is_null, column.is_valid, lambda: column[::2]):
        with pytest.raises(ma.ArrowInvalid, match=SAYS):
            use()
    for use in (batch.to_pydict, batch.to_pylist):
        with pytest.raises(ma.ArrowInvalid, match=SAYS):
            use()


@pytest.mark.parametrize("kind", FREE)
def test_rows_that_take_no_memory_for_numpy_and_pandas(kind):
    pytest.importorskip("pandas")
    column = FREE[kind](ALL)
    table = ma.table({"a": column})
    for use in (table.to_pandas, column.to_pandas, lambda: column.to_numpy(zero_copy_only=False)):
        with pytest.raises(ma.ArrowInvalid, match=SAYS):
            use()
    assert len(table.slice(7, 5).to_pandas()) == 5
    assert len(column.slice(7, 5).to_numpy(zero_copy_only=False)) == 5


@pytest.mark.parametrize("kind", ["zero width", "structs without fields", "lists of no items"])
def test_a_bitmap_of_rows_that_take_no_memory(kind):
    """Beside a null all rows need a bit, which they do not without one."""
    column = FREE[kind](ALL)
    null = ma.array([None], column.type)
    with pytest.raises(ma.ArrowInvalid, match=f"{ALL} rows .*{SAYS}"):
        ma.concat_arrays([column, null])
    few = ma.concat_arrays([column.slice(ALL - 2), null, column.slice(5, 1)])
    assert few.to_pylist() == [VALUES[kind], VALUES[kind], None, VALUES[kind]]
    assert len(ma.concat_arrays([column.slice(0, MOST), null])) == MOST + 1

    struct = ma.StructArray.from_arrays(
        [column.slice(ALL - 3)], names=["x"], mask=ma.array([False, True, False])
    )
    assert struct.flatten()[0].to_pylist() == [VALUES[kind], None, VALUES[kind]]


@pytest.mark.parametrize("kind", FREE)
def test_rows_that_take_no_memory_have_no_bytes(kind):
    assert FREE[kind](ALL).nbytes == (13 if kind == "runs" else 0)


def test_the_limit_is_where_it_is_said_to_be():
    for kind in ("zero width", "structs without fields"):
        column = FREE[kind](MOST + 1)
        with pytest.raises(ma.ArrowInvalid, match=f"{MOST + 1} rows.*{2**32} bytes"):
            column.to_pylist()
    with pytest.raises(ma.ArrowInvalid, match=f"{MOST + 1} rows"):
        ma.nulls(MOST + 1).is_null()
    assert len(ma.nulls(MOST).is_null()) == MOST


@pytest.mark.parametrize("across", ["columns", "batches"])
def test_what_is_little_each_time_is_counted_together(across):
    """A hundred columns or batches of which each alone could be made."""
    pytest.importorskip("pandas")
    nulls = ma.nulls(MOST // 2)
    if across == "columns":
        batch = ma.RecordBatch.from_arrays(100 * [nulls], [f"c{i}" for i in range(100)])
        table = ma.Table.from_batches([batch])
        uses = [batch.to_pydict, batch.to_pylist]
    else:
        batch = ma.RecordBatch.from_arrays([nulls], ["a"])
        table = ma.open_stream(stream_of_many(batch, 100)).read_all()
        uses = [table.column(0).to_pylist, table.column(0).to_pandas]
    uses += [table.to_pydict, table.to_pylist, table.to_pandas, table.to_batches]
    assert len(uses.pop()()) == table.num_rows // (MOST // 2)
    for use in uses:
        with pytest.raises(ma.ArrowInvalid, match=SAYS):
            use()
    few = table.slice(5, 3)
    assert few.to_pylist() == 3 * [dict.fromkeys(table.column_names)]
    assert few.to_pandas().shape == (3, table.num_columns)


def stream_of_many(batch, count):
    sink = ma.BufferOutputStream()
    with ma.new_stream(sink, batch.schema) as writer:
        for _ in range(count):
            writer.write_batch(batch)
    return sink.getvalue()


def test_rows_of_a_batch_without_columns():
    (batch,) = ma.open_stream(stream(amplified.batch_without_columns()))
    assert batch.num_rows == ALL and batch.slice(5, 2).to_pylist() == [{}, {}]
    assert batch.to_pydict() == {} and len(repr(batch)) < 1000
    with pytest.raises(ma.ArrowInvalid, match=SAYS):
        batch.to_pylist()
    half = ma.Table.from_batches(100 * [batch.slice(0, MOST // 2)])
    with pytest.raises(ma.ArrowInvalid, match=SAYS):
        half.to_pylist()
    assert half.slice(3, 2).to_pylist() == [{}, {}]


@pytest.mark.parametrize("kind", [*FREE, "no columns"])
def test_batches_cut_out_of_rows_that_take_no_memory(kind):
    if kind == "no columns":
        batch = amplified.batch_without_columns()
    else:
        batch = ma.RecordBatch.from_arrays([FREE[kind](ALL)], ["a"])
    table = ma.Table.from_batches([batch] * 3)
    for size in (1, ALL // (MOST // 3 + 1)):
        count = min(3 * -(-ALL // size), 2**63 - 1)
        with pytest.raises(ma.ArrowInvalid, match=f"^{count} .* at most {MOST}; cut larger ones"):
            table.to_batches(max_chunksize=size)
    pieces = table.to_batches(max_chunksize=ALL // 2)
    assert [piece.num_rows for piece in pieces] == 6 * [ALL // 2]

    # of those that are made one by one there may be any number
    reader = table.to_reader(max_chunksize=2)
    assert [reader.read_next_batch().num_rows for _ in range(5)] == 5 * [2]


@pytest.mark.parametrize("kind", SHARED)
def test_rows_that_share_their_bytes(kind):
    array = SHARED[kind]()
    data = stream(array)
    (batch,) = ma.open_stream(data)
    column = batch.column(0)
    batch.validate(full=True)
    assert len(str(column)) < 2_000_000
    assert stream(column) == data, "nothing is written twice"
    assert len(ma.concat_arrays([column, column])) == 2 * len(column)
    column.__arrow_c_array__()
    assert len(column.slice(0, 0).to_pylist()) == 0
    with pytest.raises(ma.ArrowInvalid, match=SAYS):
        column.to_pylist()
    if kind != "long_views":
        with pytest.raises(ma.ArrowInvalid, match=SAYS):
            column[0].as_py()
        with pytest.raises(ma.ArrowInvalid, match=SAYS):
            column.equals(array)
        assert not column.equals(array.slice(0, len(array) - 1))
    if kind.startswith("list_views"):
        with pytest.raises(ma.ArrowInvalid, match=SAYS):
            column.flatten()
        assert column.values.values.type == array.values.values.type


def run_in_a_child(code):
    """What would take minutes, or an hour, can be ended there."""
    tests = str(Path(__file__).parents[1])
    env = os.environ | {"PYTHONPATH": os.pathsep.join([tests, os.environ.get("PYTHONPATH", "")])}
    subprocess.run([sys.executable, "-c", code], env=env, timeout=100, check=True)


@pytest.mark.parametrize("kind", ["list_views_under_entries", "list_views_in_a_gap"])
def test_what_no_row_refers_to_is_not_compared(kind):
    """As nobody counts it, which nesting doubles at each level where the rows are crossed."""
    one, other = (amplified.ARRAYS[kind](reverse) for reverse in (False, True))
    assert one.equals(other) and other.equals(one)
    assert not one.equals(other.slice(1))
    if kind == "list_views_in_a_gap":
        one, other = (
            amplified.array(
                ma.dictionary(ma.int8(), values.type),
                1,
                [None, amplified.packed("b", [0])],
                dictionary=values,
            )
            for values in (one, other)
        )
    sink = ma.BufferOutputStream()
    schema = ma.schema([("a", one.type)])
    with ma.new_stream(sink, schema) as writer:
        for words in (one, other):
            writer.write_batch(ma.RecordBatch.from_arrays([words], schema=schema))
    first, second = ma.open_stream(sink.getvalue())
    assert first.equals(second)


@pytest.mark.thread_unsafe(reason="a process of its own does the work, once")
def test_what_no_row_refers_to_is_no_power_of_the_depth():
    """Once it is compared for rows that come to more, what it has in gaps of its own is not. A
    factor of 16 at each level would take an hour."""
    code = (
        "from hostile.amplified import list_views_in_gaps as make;"
        "one, other = make(False, 7), make(True, 7);"
        "assert one.equals(other) and other.equals(one) and not one.equals(other.slice(1))"
    )
    run_in_a_child(code)


@pytest.mark.parametrize("flat", [True, False])
def test_entries_are_not_compared_for_each_row(flat):
    """Runs of three rows, each of which could ask again whether large dictionaries are equal."""
    size = 1 << 16
    entries = ma.array([f"entry {i}" for i in range(2)] + ["x" * size * 16 * 16])
    if not flat:
        entries = ma.StructArray.from_arrays([entries], ["s"])
    words = ma.DictionaryArray.from_arrays(ma.array([0, 1, 0, 0] * size, ma.int8()), entries)
    mask = ma.array([False, False, False, True] * size)
    column = ma.StructArray.from_arrays([words], ["d"], mask=mask)
    again = ma.open_stream(stream(column)).read_next_batch().column(0)
    assert again.equals(column)


@pytest.mark.thread_unsafe(reason="a process of its own does the work, once")
def test_a_value_is_found_by_looking_at_it_alone():
    """Not at its type, nor at what lies beside it, for each of four million rows."""
    code = (
        "import minarrow as ma;"
        "from hostile.amplified import numbers_beside_wide_children as make;"
        "words = [ma.DictionaryArray.from_arrays(ma.array([rows - 1]), make(rows))"
        "    for rows in (1, 1 << 22)];"
        "batches = [ma.RecordBatch.from_arrays([word], ['a']) for word in words];"
        "sink, options = ma.BufferOutputStream(), ma.ipc.IpcWriteOptions(unify_dictionaries=True);"
        "writer = ma.new_stream(sink, batches[0].schema, options=options);"
        "[writer.write_batch(batch) for batch in batches];"
        "assert writer.stats.num_dictionary_batches == 1;"
        "writer.close();"
        "got = [batch.to_pydict() for batch in ma.open_stream(sink.getvalue())];"
        "assert got == 2 * [{'a': [1]}]"
    )
    run_in_a_child(code)


@pytest.mark.thread_unsafe(reason="a process of its own does the work, once")
@pytest.mark.parametrize("kind", ["views_into_many_buffers", "empty_lists_of_wide_items"])
def test_rows_are_gathered_without_what_none_of_them_holds(kind):
    """Every other of many rows, of which a slice refers to all buffers, or to many children."""
    code = (
        "import minarrow as ma;"
        f"from hostile.amplified import {kind} as make;"
        "array = make(400_000);"
        "taken = array[::2];"
        "value = array[0].as_py();"
        "assert len(taken) == 200_000 and taken.type == array.type;"
        "taken.validate(full=True);"
        "assert [taken[i].as_py() for i in (0, 1, 199_999)] == 3 * [value];"
        "entries = [ma.StructArray.from_arrays([ma.array(numbers), values], names=['n', 'v'])"
        "    for numbers, values in ((range(0, 400_000, 2), taken), (range(400_000), array))];"
        "words = [ma.DictionaryArray.from_arrays(ma.array([7]), values) for values in entries];"
        "batches = [ma.RecordBatch.from_arrays([word], ['a']) for word in words];"
        "sink, options = ma.BufferOutputStream(), ma.ipc.IpcWriteOptions(unify_dictionaries=True);"
        "writer = ma.new_stream(sink, batches[0].schema, options=options);"
        "[writer.write_batch(batch) for batch in batches];"
        "writer.close();"
        "got = [batch.to_pydict()['a'] for batch in ma.open_stream(sink.getvalue())];"
        "assert got == [[{'n': n, 'v': value}] for n in (14, 7)]"
    )
    run_in_a_child(code)


def test_views_laid_out_with_offsets_are_bounded():
    """A consumer that asks for strings gets the views where strings would take too much."""
    few = amplified.long_views(3)
    pyarrow = pytest.importorskip("pyarrow")
    wanted = pyarrow.schema([("a", pyarrow.large_string())])
    for views, refused in ((few, False), (amplified.long_views(), True)):
        batch = ma.RecordBatch.from_arrays([views], ["a"])
        if refused:
            with pytest.raises(ma.ArrowInvalid, match=SAYS):
                batch.__arrow_c_array__(wanted.__arrow_c_schema__())
        else:
            got = pyarrow.record_batch(batch, schema=wanted)
            assert got.column(0).to_pylist() == views.to_pylist()


@pytest.mark.parametrize("rows", [3, 1000])
def test_data_that_shares_bytes_within_reason_is_not_refused(rows):
    column = list_views(ma.array([1, 2, 3]), rows, 2)
    inner = rows * [[1, 2, 3]]
    if rows == 3:
        assert column.to_pylist() == 3 * [inner]
        assert len(column.flatten()) == 9
    other = list_views(ma.array([1, 2, 3, 4]), rows, 2)
    assert column.equals(list_views(ma.array([1, 2, 3]), rows, 2))
    assert not column.equals(other)
    assert column[0].as_py() == inner


def test_as_much_as_lies_in_memory_is_never_too_much():
    """Lists that overlap nowhere, and long strings of which each is its own, whatever the rows."""
    numbers = ma.array([7] * 300_000)
    ones = amplified.packed("i", list(range(300_000)))
    sizes = amplified.packed("i", [1] * 300_000)
    column = amplified.array(ma.list_view(numbers.type), 300_000, [None, ones, sizes], numbers)
    assert column.to_pylist() == 300_000 * [[7]]
    assert column.equals(ma.concat_arrays([column.slice(0, 5), column.slice(5)]))


@pytest.mark.parametrize("window", [0, 1, 10, 100])
def test_printing_is_a_preview_however_deep(window):
    column = amplified.lists_in_lists()
    for options in ({}, {"skip_new_lines": True}):
        text = column.to_string(window=window, container_window=2, **options)
        assert len(text) < (window + 3) * 100_000
        assert "..." in text
    flat = ma.array(range(10_000))
    assert str(flat).count("\n") == 22 and len(flat.to_string(window=5000)) > 50_000
