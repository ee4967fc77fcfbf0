"""No memory in what the package's own Python code asks of the extension module, on the ways to
numpy, pandas and other libraries: MemoryError, and nothing else.

Those libraries do not survive without memory, so each thing that they need of us is called with
none of their code inside: what they lend is taken from them before, and what they are lent is
looked at afterwards.
"""

import ctypes

import pytest
from faults.starving import need_faults, starve
from interop.columns import ALL, make

import minarrow as ma
from minarrow import _core

need_faults()

COLUMNS = ["int64", "string", "list", "dictionary", "struct"]
BATCH = ma.RecordBatch.from_arrays([make(name).slice(0, 4) for name in COLUMNS], COLUMNS)
BATCHES = [BATCH, BATCH.slice(1), BATCH.slice(0, 2)]
NUMBERS = ma.array([1, None, 3])
LISTS = ["list", "large_list", "list_view", "large_list_view", "fixed_size_list", "map"]


class Lender:
    """What was lent before, or is made when it is asked for."""

    def __init__(self, capsules, *arguments):
        self.capsules = capsules
        self.arguments = arguments

    def lend(self, requested_schema=None):
        if not callable(self.capsules):
            return self.capsules
        return self.capsules(*self.arguments, requested_schema)


class ArrayLender(Lender):
    __arrow_c_array__ = Lender.lend


class StreamLender(Lender):
    __arrow_c_stream__ = Lender.lend


def equal(wanted):
    """Whether these are the arrays or batches, one by one."""
    return lambda got: (
        len(got) == len(wanted) and all(one.equals(other) for one, other in zip(got, wanted))
    )


def refused(kind, call, match):
    """What is wrong is said, or there is no memory to say it."""

    def tried():
        try:
            call()
        except kind as error:
            return str(error)

    with pytest.raises(kind, match=match):
        call()
    starve(tried, lambda text: text is not None)


# ---- columns as memory ----


@pytest.mark.parametrize(
    "form, name",
    [
        ("values", "int32"),
        ("values", "timestamp[us]"),
        ("doubles", "uint8"),
        ("milliseconds", "date32"),
        ("bytes", "bool"),
        ("nulls", "string"),
        ("nulls", "dictionary"),
    ],
)
def test_dense(form, name):
    column = make(name)
    wanted = bytes(_core.dense([column, column], form))
    starve(lambda: _core.dense((column, column), form), lambda got: bytes(got) == wanted)


def test_dense_with_a_fill():
    fill = (7).to_bytes(8, "little")
    wanted = bytes(_core.dense([NUMBERS], "values", fill))
    starve(lambda: _core.dense([NUMBERS], "values", fill), lambda got: bytes(got) == wanted)
    refused(ValueError, lambda: _core.dense([NUMBERS], "values", b"x"), "fill")
    refused(TypeError, lambda: _core.dense([make("string")], "doubles"), "form")
    refused(ValueError, lambda: _core.dense([NUMBERS], "none"), "none")


@pytest.mark.parametrize("name", LISTS)
def test_lists(name):
    column = make(name)
    values = list(range(20))
    slices, bounds = _core.list_slices(column, values), _core.list_bounds(column)
    starve(lambda: _core.list_slices(column, values), lambda got: got == slices)
    starve(lambda: _core.list_bounds(column), lambda got: got == bounds)


@pytest.mark.parametrize("name", ALL)
def test_memory_views(name):
    column = make(name)
    wanted = [buffer and buffer.to_pybytes() for buffer in column.buffers()]

    def views():
        return [buffer and bytes(memoryview(buffer)) for buffer in column.buffers()]

    starve(views, lambda got: got == wanted)


# as that of numpy's arrays
MEMORY = {
    "bool": (ctypes.c_bool * 3)(True, False, True),
    "int8": (ctypes.c_int8 * 3)(1, -2, 3),
    "uint64": (ctypes.c_uint64 * 3)(1, 2, 1 << 63),
    "float": (ctypes.c_float * 3)(1.5, 0.0, -2.0),
    "big-endian": (ctypes.c_int32.__ctype_be__ * 3)(1, 2, 3),
}


@pytest.mark.parametrize("name", MEMORY)
def test_arrays_of_memory(name):
    view = memoryview(MEMORY[name])
    whole = ma.array(view)
    starve(lambda: ma.array(view), whole.equals)
    mask = (ctypes.c_bool * 3)(False, True, False)
    masked = ma.array(view, mask=mask)
    assert masked.null_count == 1
    starve(lambda: ma.array(view, mask=mask), masked.equals)
    refused(ValueError, lambda: ma.array(view, mask=(ctypes.c_bool * 2)(False, True)), "mask")


@pytest.mark.parametrize("name", ALL)
def test_columns_by_name(name):
    type_, values = ALL[name]
    wanted = make(name)
    starve(lambda: _core.column_array("a", values, type=type_), wanted.equals)


def test_the_name_of_a_column_that_is_wrong():
    refused(ValueError, lambda: _core.column_array("a", [1, "x"]), "column 'a'")


# ---- arrays and their parts ----


@pytest.mark.parametrize("name", ALL)
def test_parts(name):
    column = make(name)
    children, buffers = _core.children(column), _core.own_buffers(column)
    addresses = [buffer and buffer.address for buffer in buffers]
    dictionary = column.dictionary if hasattr(column, "dictionary") else None
    options = {"children": children, "dictionary": dictionary}
    starve(lambda: _core.children(column), equal(children))
    starve(
        lambda: _core.own_buffers(column),
        lambda got: [buffer and buffer.address for buffer in got] == addresses,
    )
    starve(
        lambda: _core.array_from_parts(column.type, len(column), buffers, **options), column.equals
    )
    starve(lambda: _core.compact_array(column.slice(1, 2)), column.slice(1, 2).equals)
    starve(lambda: _core.array_with_type(column, column.type), column.equals)
    starve(lambda: _core.check_extent([column, column]) is None)


def test_what_does_not_fit_together():
    buffers = _core.own_buffers(NUMBERS)
    refused(ValueError, lambda: _core.array_from_parts(ma.int64(), 99, buffers), "buffer")
    refused(TypeError, lambda: _core.array_with_type(NUMBERS, ma.string()), "stored")
    refused(ma.ArrowInvalid, lambda: _core.check_extent([ma.nulls(1 << 50)]), "memory")


def test_batches():
    schema = ma.schema([], metadata={"k": "v"})
    starve(lambda: _core.empty_batch(schema, 3), lambda got: got.num_rows == 3)
    starve(lambda: _core.check_cut(BATCHES, 2) is None)


# ---- the C interface ----


@pytest.mark.parametrize("name", ALL)
def test_streams_of_arrays(name):
    column = make(name)
    chunks = [column, column.slice(1)]
    lender = StreamLender(_core.export_array_stream, chunks, column.type)
    starve(
        lambda: _core.import_array_stream(lender),
        lambda got: equal(chunks)(got[0]) and got[1] == column.type,
    )
    starve(lambda: ma.array(lender), ma.concat_arrays(chunks).equals)


def test_streams_of_arrays_as_requested():
    chunks = [make("string"), make("string").slice(1)]
    lender = StreamLender(_core.export_array_stream, chunks, ma.string())
    views = [ma.array(chunk.to_pylist(), ma.string_view()) for chunk in chunks]
    starve(
        lambda: _core.import_array_stream(lender, ma.string_view()),
        lambda got: equal(views)(got[0]),
    )


def of_list():
    return BATCHES


def of_iterator():
    return iter(BATCHES)


@pytest.mark.parametrize("batches", [of_list, of_iterator])
@pytest.mark.parametrize("schema", [None, BATCH.schema], ids=["as they are", "as requested"])
def test_streams_of_batches(batches, schema):
    def lend(requested_schema):
        return _core.export_batch_stream(batches(), BATCH.schema, requested_schema)

    def take():
        schema_, stream = _core.import_batch_stream(StreamLender(lend), schema)
        return [schema_, *stream]

    starve(take, lambda got: got[0] == BATCH.schema and equal(BATCHES)(got[1:]))


Release = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


class ArrayStruct(ctypes.Structure):
    """`struct ArrowArray`, as far as it matters here."""

    _fields_ = [
        ("content", ctypes.c_int64 * 8),
        ("release", Release),
        ("private_data", ctypes.c_void_p),
    ]


class StreamStruct(ctypes.Structure):
    """`struct ArrowArrayStream`."""

    _fields_ = [
        ("get_schema", ctypes.c_void_p),
        ("get_next", ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)),
        ("get_last_error", ctypes.c_void_p),
        ("release", Release),
        ("private_data", ctypes.c_void_p),
    ]


def release(struct, address):
    if struct.release:
        struct.release(address)


def new_struct():
    """One that is empty, and its address."""
    struct = StreamStruct()
    return struct, ctypes.addressof(struct)


@pytest.mark.parametrize("batches", [of_list, of_iterator])
def test_streams_at_an_address(batches):
    def take(struct, address):
        _core.export_batch_stream_to(batches(), BATCH.schema, address)
        _, stream = _core.import_batch_stream_from(address)
        return list(stream)

    starve(take, equal(BATCHES), begin=new_struct, end=release)


@pytest.mark.parametrize("batches", [of_list, of_iterator])
def test_a_stream_that_is_lent_leaves_no_batch_out(batches):
    """It has failed, and whoever asks again is told so again. ctypes allocates for its calls, so
    only the core's allocations fail."""

    def begin():
        struct, address = new_struct()
        _core.export_batch_stream_to(batches(), BATCH.schema, address)
        return struct, address

    def take(struct, address):
        array = ArrayStruct()
        failed = struct.get_next(address, ctypes.addressof(array))
        release(array, ctypes.addressof(array))
        if failed:
            raise MemoryError
        return True

    def after(struct, address):
        with pytest.raises(MemoryError):
            take(struct, address)

    starve(take, begin=begin, after=after, end=release, python=False)


@pytest.mark.parametrize("batches", [of_list, of_iterator])
def test_a_stream_that_is_taken_leaves_no_batch_out(batches):
    def begin():
        capsule = _core.export_batch_stream(batches(), BATCH.schema)
        _, stream = _core.import_batch_stream_from(capsule)
        return stream, next(stream)

    def after(stream, first):
        try:
            rest = list(stream)
        except ma.ArrowInvalid as error:
            assert "ask its producer for another" in str(error)
        else:
            assert equal(BATCHES)([first, *rest])  # the call had not begun

    starve(lambda stream, first: next(stream), BATCHES[1].equals, begin=begin, after=after)


@pytest.mark.parametrize("schema", [None, BATCH.schema], ids=["as it is", "as requested"])
def test_batches_of_capsules(schema):
    def lend(requested_schema):
        return BATCH.__arrow_c_array__(requested_schema)

    starve(lambda: _core.import_record_batch(ArrayLender(lend), schema), BATCH.equals)


# ---- what another library lends, and is lent ----

UNKNOWN = ["month_interval", "day_time_interval"]  # pyarrow has no arrays of these


@pytest.mark.parametrize("name", [name for name in ALL if name not in UNKNOWN])
def test_arrays_of_pyarrow(name, pyarrow):
    column = make(name)
    theirs = pyarrow.array(column)
    assert ma.array(theirs).equals(column)
    starve(ma.array, column.equals, begin=lambda: (ArrayLender(theirs.__arrow_c_array__()),))
    starve(column.__arrow_c_array__, lambda got: pyarrow.array(ArrayLender(got)).equals(theirs))


def test_streams_of_pyarrow(pyarrow):
    theirs = pyarrow.table(ma.Table.from_batches(BATCHES))

    def take(lender):
        _, stream = _core.import_batch_stream(lender)
        return list(stream)

    starve(take, equal(BATCHES), begin=lambda: (StreamLender(theirs.__arrow_c_stream__()),))
    starve(
        lambda: _core.export_batch_stream(BATCHES, BATCH.schema),
        lambda got: pyarrow.table(StreamLender(got)).equals(theirs),
    )
