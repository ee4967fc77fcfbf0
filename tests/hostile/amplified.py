"""Valid arrays of few bytes that stand for more values than anyone has room or time for."""

import struct

import minarrow as ma

ALL = 2**62  # rows


def packed(form, numbers):
    return ma.py_buffer(struct.pack(f"<{len(numbers)}{form}", *numbers))


def array(type_, length, buffers, *children, dictionary=None):
    children = list(children) or None
    return ma.Array.from_buffers(type_, length, buffers, children=children, dictionary=dictionary)


def stream(column):
    """A stream of one batch with this column; of a batch, that batch."""
    batch = column
    if not isinstance(column, ma.RecordBatch):
        batch = ma.RecordBatch.from_arrays([column], ["a"])
    sink = ma.BufferOutputStream()
    with ma.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return sink.getvalue().to_pybytes()


# -- rows that take no bytes


def zero_width(length=ALL):
    return array(ma.binary(0), length, [None, ma.py_buffer(b"")])


def structs_without_fields(length=ALL):
    return array(ma.struct([]), length, [None])


def lists_of_no_items(length=ALL):
    return array(ma.list_(ma.int32(), 0), length, [None], ma.array([], ma.int32()))


def lists_of_many_nulls():
    size = 2**31 - 1
    return array(ma.list_(ma.null(), size), 2**31, [None], ma.nulls(size * 2**31))


def structs_of_nulls():
    type_ = ma.struct([ma.field(name, ma.null()) for name in "abc"])
    return array(type_, ALL, [None], *3 * [ma.nulls(ALL)])


def one_run(values=("x" * 1000,), length=ALL):
    type_ = ma.run_end_encoded(ma.int64(), ma.string())
    ends = ma.array([length], ma.int64())
    return array(type_, length, [None], ends, ma.array(values, ma.string()))


def one_list_of_all_nulls():
    return array(ma.large_list(ma.null()), 1, [None, packed("q", [0, ALL])], ma.nulls(ALL))


def lists_in_lists(levels=30):
    """Four items in each list, and nulls at the end of it."""
    items = ma.nulls(4**levels)
    for level in range(levels - 1, -1, -1):
        items = array(ma.list_(items.type, 4), 4**level, [None], items)
    return items


def batch_without_columns():
    return ma._core.empty_batch(ma.schema([]), ALL)


def map_of_keys_in_one_run(length=2**31 - 1):
    keys = one_run(["k"], length)
    return ma.MapArray.from_arrays(ma.array([0, length], ma.int32()), keys, ma.nulls(length))


# -- rows that share their bytes


def list_views(items, rows=16, levels=10, reverse=False):
    """Each of the rows of each level holds all rows of the next."""
    for _ in range(levels):
        size = len(items)
        sizes = [size] * rows
        items = array(
            ma.list_view(items.type),
            rows,
            [None, packed("i", [0] * rows), packed("i", sizes)],
            items,
        )
    return items


def list_views_around_nan():
    """The first level's lists leave out the NaN that lies amid their items."""
    items = ma.array([1.0] * 8 + [float("nan")] + [1.0] * 8, ma.float64())
    starts, sizes = packed("i", 8 * [0, 9]), packed("i", 16 * [8])
    return list_views(array(ma.list_view(items.type), 16, [None, starts, sizes], items))


def list_views_in_turn(levels=10):
    """Rows hold all items of the next level but the first, or but the last."""
    items = ma.array(list(range(17)))
    for _ in range(levels):
        size = len(items) - 1
        starts, sizes = packed("i", 8 * [0, 1]), packed("i", 16 * [size])
        items = array(ma.list_view(items.type), 16, [None, starts, sizes], items)
    return items


def list_views_crossed(reverse=False, levels=56):
    """In reverse the same values, of which no row lies where the other's does."""
    items = ma.array([7, 7, 7], ma.int8())
    starts = [1, 0, 0] if reverse else [0, 1, 0]
    for _ in range(levels):
        type_ = ma.list_view(items.type)
        items = array(type_, 3, [None, packed("i", starts), packed("i", [2] * 3)], items)
    return items


def list_views_under_entries(reverse=False):
    """Of two entries of a dictionary, no row refers to the one that holds them."""
    items = list_views_crossed(reverse)
    type_ = ma.list_view(items.type)
    entries = array(type_, 2, [None, packed("i", [0, 0]), packed("i", [0, 3])], items)
    words = ma.dictionary(ma.int8(), type_)
    return array(words, 4, [None, packed("b", [0] * 4)], dictionary=entries)


def list_views_in_a_gap(reverse=False):
    """Rows share items on both sides of one that no row has, which holds them."""
    items = list_views_crossed(reverse)
    type_ = ma.list_view(items.type)
    starts, sizes = packed("i", [0, 0, 0]), packed("i", [0, 3, 0])
    items = array(type_, 3, [None, starts, sizes], items)
    type_ = ma.list_view(items.type)
    starts, sizes = packed("i", [0, 0, 0, 2]), packed("i", [1] * 4)
    return array(type_, 4, [None, starts, sizes], items)


def list_views_in_gaps(reverse=False, levels=5):
    """Each level's rows share items on both sides of more that no row has, which are few for what
    the rows come to, but have as many again in their own gaps."""
    growth, first = 3.7, 16
    shared = [int(first * growth**level) for level in range(levels + 3)]
    below = shared[levels + 1] + 2
    zeros = packed("i", [0] * below)
    items = array(ma.list_view(ma.int8()), below, [None, zeros, zeros], ma.array([], ma.int8()))
    for level in reversed(range(levels + 1)):
        rows, empty = shared[level], [0] * (shared[level] if level > 0 else 0)
        starts = [i % 2 if reverse and level == levels else 0 for i in range(rows)]
        starts = [*empty, *starts, len(items) - 1, 0]
        sizes = [*empty, *[shared[level + 1]] * rows, 1, 0]
        type_, buffers = ma.list_view(items.type), [None, packed("i", starts), packed("i", sizes)]
        items = array(type_, len(starts), buffers, items)
    return items


def long_views(rows=20_000, size=1 << 20):
    view = struct.pack("<i4sii", size, b"xxxx", 0, 0)
    data = ma.py_buffer(b"x" * size)
    return array(ma.string_view(), rows, [None, ma.py_buffer(view * rows), data])


def unions_in_unions(levels=20):
    """Each of the rows of each level is a list of eight rows, all of which are the next's first."""
    items = ma.array([1.5], ma.float64())
    for _ in range(levels):
        type_ = ma.dense_union([ma.field("x", items.type)])
        items = array(type_, 8, [None, packed("b", [0] * 8), packed("i", [0] * 8)], items)
        items = array(ma.list_(items.type), 1, [None, packed("i", [0, 8])], items)
    return items


def dictionaries_in_dictionaries(levels=20):
    items = ma.array([1.5], ma.float64())
    for _ in range(levels):
        type_ = ma.dictionary(ma.int8(), items.type)
        items = array(type_, 8, [None, packed("b", [0] * 8)], dictionary=items)
        items = array(ma.list_(items.type), 1, [None, packed("i", [0, 8])], items)
    return items


def runs_in_runs(levels=8):
    """A run of a list of runs, and so on: 2**15 times as many at each level."""
    items = ma.array(["x"])
    for _ in range(levels):
        ends = ma.array([2**15 - 1], ma.int16())
        type_ = ma.run_end_encoded(ma.int16(), items.type)
        items = array(type_, 2**15 - 1, [None], ends, items)
        items = array(ma.list_(items.type), 1, [None, packed("i", [0, 2**15 - 1])], items)
    return items


def numbers_beside_wide_children(rows, width=100):
    """A union of structs of many fields, whose rows are all in another child: the same number."""
    one = ma.array([1], ma.int8())
    wide = ma.StructArray.from_arrays([one] * width, names=[f"f{i}" for i in range(width)])
    children = [one] + [wide] * width
    fields = [ma.field(f"c{i}", child.type) for i, child in enumerate(children)]
    ids, offsets = ma.py_buffer(bytes(rows)), ma.py_buffer(bytes(4 * rows))
    return array(ma.dense_union(fields), rows, [None, ids, offsets], *children)


def views_into_many_buffers(rows, count=100_000):
    """Each into the next buffer, of which all are the same bytes."""
    text = ma.py_buffer(b"x" * 20)
    views = [struct.pack("<i4sii", 20, b"xxxx", i % count, 0) for i in range(rows)]
    return array(ma.string_view(), rows, [None, ma.py_buffer(b"".join(views))] + [text] * count)


def empty_lists_of_wide_items(rows, width=10_000):
    none = ma.array([], ma.int8())
    items = ma.StructArray.from_arrays([none] * width, names=[f"f{i}" for i in range(width)])
    return array(ma.list_(items.type), rows, [None, ma.py_buffer(bytes(4 * rows + 4))], items)


ARRAYS = {
    "nothing_but_nulls": lambda: ma.nulls(ALL),
    "list_views_in_list_views": lambda: list_views(ma.array([1, 2, 3])),
    "list_views_of_nulls": lambda: list_views(ma.nulls(2**31 - 1), 2, 3),
    **{
        make.__name__: make
        for make in (
            zero_width,
            structs_without_fields,
            lists_of_no_items,
            lists_of_many_nulls,
            structs_of_nulls,
            one_run,
            one_list_of_all_nulls,
            lists_in_lists,
            batch_without_columns,
            map_of_keys_in_one_run,
            list_views_around_nan,
            list_views_in_turn,
            list_views_crossed,
            list_views_under_entries,
            list_views_in_a_gap,
            list_views_in_gaps,
            long_views,
            unions_in_unions,
            dictionaries_in_dictionaries,
            runs_in_runs,
        )
    },
}
