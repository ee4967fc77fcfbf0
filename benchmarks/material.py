"""The data that benchmarks read and write; made once, by a module that is told."""

import functools
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "build" / "benchmarks"


def small_columns(rows=10):
    """Ten columns of mixed types, as Python lists by name."""
    columns = {f"i{n}": [n * 1000 + row for row in range(rows)] for n in range(4)}
    columns |= {f"f{n}": [n + row / 8 for row in range(rows)] for n in range(3)}
    columns["f2"][rows // 2] = None
    columns |= {f"s{n}": [f"value {n}.{row}" for row in range(rows)] for n in range(2)}
    columns["b0"] = [row % 3 == 0 for row in range(rows)]
    return columns


def batch_of(pa, columns):
    return pa.RecordBatch.from_arrays([pa.array(c) for c in columns.values()], list(columns))


def stream_of(pa, batches, **options):
    """The batches as the bytes of a stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batches[0].schema, **options) as writer:
        for batch in batches:
            writer.write_batch(batch)
    return sink.getvalue()


def file_of(pa, name, batches, **options):
    """The path of a file of these batches; made once, and kept for the next run."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{name}.arrow"
    if not path.exists():
        unfinished = path.with_suffix(".part")
        batches = iter(batches)
        first = next(batches)
        with pa.ipc.new_file(str(unfinished), first.schema, **options) as writer:
            writer.write_batch(first)
            for batch in batches:
                writer.write_batch(batch)
        unfinished.rename(path)
    return str(path)


@functools.cache
def small_stream(count=10_000):
    """`count` batches of 10 rows and 10 columns, as a stream; the same bytes for everyone."""
    pa = maker()
    return bytes(stream_of(pa, [batch_of(pa, small_columns())] * count))


@functools.cache
def number_columns(columns=10, rows=1_000_000):
    """Numbers that compress about as well as real ones: steps, and a few random digits."""
    import numpy

    choose = numpy.random.default_rng(7)
    made = {}
    for n in range(columns):
        if n % 2:
            made[f"c{n}"] = numpy.round(choose.normal(100, 15, rows), 1)
        else:
            made[f"c{n}"] = numpy.cumsum(choose.integers(0, 10, rows))
    return made


def number_batches(pa, count=1, columns=10, rows=1_000_000):
    """The number columns, cut into `count` batches."""
    whole = batch_of(pa, number_columns(columns, rows))
    step = whole.num_rows // count
    return [whole.slice(start, step) for start in range(0, step * count, step)]


def maker():
    """The module that makes what all contestants read: pyarrow, or else minarrow."""
    try:
        import pyarrow
        import pyarrow.ipc

        return pyarrow
    except ImportError:
        import minarrow

        return minarrow


# --- comparing results ----------------------------------------------------------------------------


def same_data(result, expected):
    """Whether two streams or files in memory hold the same batches."""
    pa = maker()
    tables = []
    for buffer in (result, expected):
        data = memoryview(buffer)
        is_file = bytes(data[:6]) == b"ARROW1"
        reader = pa.ipc.open_file(data) if is_file else pa.ipc.open_stream(data)
        tables.append(reader.read_all())
    return tables[0].equals(tables[1])


def same_frame(result, expected):
    from pandas.testing import assert_frame_equal

    try:
        assert_frame_equal(result, expected)
    except AssertionError:
        return False
    return True
