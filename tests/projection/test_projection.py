"""Some columns only: the others are not built nor inflated, and not even read where one can seek.

But for what costs less to read than to leave out: the end of a file along with its footer, some
bytes before a buffer, for its alignment, and gaps of less than a page.
"""

import io

import pytest
from interop.columns import ALL, make
from oracle import flatbuf, messages, strategies
from oracle.columns import Column

import minarrow as ma

ROWS = 4096
LITTLE = 4096 + 64  # bytes of a neighbour that may be read
CODECS = [None, *(codec for codec in ("lz4", "zstd") if ma._core.codec_is_available(codec))]


class Logging(io.RawIOBase):
    """Memory as a file, which remembers the ranges that are read of it."""

    def __init__(self, data, seekable=True):
        self._file = io.BytesIO(data)
        self._seekable = seekable
        self.ranges = []

    def readable(self):
        return True

    def seekable(self):
        return self._seekable

    def seek(self, offset, whence=0):
        return self._file.seek(offset, whence)

    def tell(self):
        return self._file.tell()

    def readinto(self, target):
        start = self._file.tell()
        count = self._file.readinto(target)
        self.ranges.append((start, start + count))
        return count

    def read_of(self, start, end):
        """How many bytes of the range were read."""
        return sum(max(0, min(b, end) - max(a, start)) for a, b in self.ranges)


def strings(prefix):
    return [f"{prefix} {i}" for i in range(ROWS)]


def wide():
    """Columns of all kinds of layouts, each of several pages."""
    words = ma.array(
        [f"word {i % 500}" for i in range(ROWS)], ma.dictionary(ma.int16(), ma.string())
    )
    person = [{"name": f"n{i}", "tags": [i, i + 1], "at": {"x": i, "y": -i}} for i in range(ROWS)]
    return ma.RecordBatch.from_pydict(
        {
            "a": list(range(ROWS)),
            "text": strings("a"),
            "words": words,
            "person": person,
            "view": ma.array(strings("long enough for a buffer"), ma.string_view()),
            "more": words.slice(0),
            "z": [None if i % 3 else i / 2 for i in range(ROWS)],
        }
    )


def data_of(new, batches, **options):
    sink = ma.BufferOutputStream()
    with new(sink, batches[0].schema, options=ma.ipc.IpcWriteOptions(**options)) as writer:
        for batch in batches:
            writer.write_batch(batch)
    return sink.getvalue().to_pybytes()


BOTH = [(ma.new_stream, ma.open_stream, 0), (ma.new_file, ma.open_file, 8)]
both = pytest.mark.parametrize("new, open_, first", BOTH, ids=["stream", "file"])
PICKS = {
    "a number": ["a"],
    "text": ["text"],
    "an index": [0],
    "from behind": [-1],
    "several": ["z", "text"],
    "a child": ["person.name"],
    "a list's items": ["person.tags.item"],
    "a child's child": ["person.at.y"],
    "views": ["view"],
    "a dictionary": ["words"],
    "none": [],
}


def expected(batch, columns):
    """What the columns are, by Python values."""
    values = batch.to_pydict()
    found = {}
    for column in columns:
        name = batch.schema.names[column] if isinstance(column, int) else column
        top, *path = name.split(".")
        keys = [key for key in path if key != "item"]
        found[top] = [narrow(row, keys) for row in values[top]]
    return found


def narrow(row, path):
    return {path[0]: narrow(row[path[0]], path[1:])} if path else row


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("name", PICKS)
@both
def test_the_values(new, open_, first, name, codec):
    columns = PICKS[name]
    batch = wide()
    data = data_of(new, [batch, batch.slice(100, 7)], compression=codec)
    for source in (data, io.BytesIO(data), Logging(data)):
        one, two = open_(source, columns=columns).read_all().to_batches()
        assert one.to_pydict() == expected(batch, columns)
        assert two.to_pydict() == expected(batch.slice(100, 7), columns)
        assert (one.num_rows, two.num_rows) == (ROWS, 7)


def body_ranges(data, first):
    """For each message the (start, end) of each of its buffers."""
    return [
        [
            (message.buffer_at(i), message.buffer_at(i) + buffer.get("size"))
            for i, buffer in enumerate(message.batch.buffers)
        ]
        for message in flatbuf.messages(data, first)[1:]
    ]


def columns_of_buffers(batch):
    """For each top-level column the numbers of its buffers in a message."""
    counts, found = 0, {}
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        size = len(column.buffers())
        found[name] = range(counts, counts + size)
        counts += size
    return found


def check_read(source, buffers, wanted):
    """All of the wanted buffers, and next to nothing of the others."""
    for i, (start, end) in enumerate(buffers):
        if i in wanted:
            assert source.read_of(start, end) >= end - start
        else:
            assert source.read_of(start, end) <= min(LITTLE, end - start)


@pytest.mark.parametrize("name", ["a", "text", "person", "view", "z"])
@both
def test_others_are_not_read_where_one_can_seek(new, open_, first, name):
    """Nor are dictionaries that nobody asked for."""
    batch = wide()
    data = data_of(new, [batch, batch])
    source = Logging(data)
    got = open_(source, columns=[name]).read_all()
    assert got.to_pydict() == {name: batch.to_pydict()[name] * 2}
    messages = body_ranges(data, first)
    assert [len(buffers) for buffers in messages[:2]] == [3, 3]
    for buffers in messages[:2]:
        check_read(source, buffers, [])
    for buffers in messages[2:]:
        check_read(source, buffers, columns_of_buffers(batch)[name])
    wanted = batch.column(name).get_total_buffer_size()
    assert sum(b - a for a, b in source.ranges) < 2 * wanted + 40_000


@both
def test_dictionaries_inside_of_the_values_of_dictionaries_are_read(new, open_, first):
    inner = ma.array(["x", "y"], ma.dictionary(ma.int8(), ma.string()))
    values = ma.StructArray.from_arrays([inner], names=["d"])
    columns = {
        "other": ma.array(["o"], ma.dictionary(ma.int8(), ma.string())),
        "outer": ma.DictionaryArray.from_arrays(ma.array([1], ma.int8()), values),
        "plain": ma.array([1]),
    }
    batch = ma.RecordBatch.from_arrays(list(columns.values()), list(columns))
    data = data_of(new, [batch])
    for name, count in (("other", 1), ("outer", 2), ("plain", 0)):
        reader = open_(Logging(data), columns=[name])
        assert reader.read_all().to_pylist() == [{name: batch.to_pydict()[name][0]}]
        if new is ma.new_file:
            assert reader.stats.num_dictionary_batches == count


@pytest.mark.parametrize("columns", [None, ["a"]])
@pytest.mark.parametrize("seekable", [False, True])
def test_a_dictionary_that_no_field_uses_is_refused_whatever_is_wanted(seekable, columns):
    field = strategies.plain_field(("int", 8, True), "a")
    values = Column(("int", 8, True), 1, [None, b"\7"])
    sheet = messages.Sheet()
    sheet.add_schema([field])
    sheet.add_dictionary(3, values)
    sheet.add_batch([values], 1)
    with pytest.raises(ma.ArrowInvalid, match="a dictionary has id 3, which no field uses"):
        ma.open_stream(Logging(sheet.stream(), seekable), columns=columns).read_all()


@pytest.mark.parametrize("codec", [codec for codec in CODECS if codec])
@both
def test_others_are_not_read_of_compressed_bodies(new, open_, first, codec):
    batch = wide()
    data = data_of(new, [batch], compression=codec)
    source = Logging(data)
    open_(source, columns=["view"]).read_all()
    check_read(source, body_ranges(data, first)[-1], columns_of_buffers(batch)["view"])


# the numbers of the struct's buffers, from its own validity on, and those of the path in it
@pytest.mark.parametrize(
    "path, inside",
    [
        ("person.name", {0, 1, 2, 3}),
        ("person.tags", {0, 4, 5, 6, 7}),
        ("person.at.y", {0, 8, 11, 12}),
    ],
)
@both
def test_children_that_are_not_asked_for_are_not_read(new, open_, first, path, inside):
    batch = wide()
    data = data_of(new, [batch])
    source = Logging(data)
    open_(source, columns=[path]).read_all()
    start = columns_of_buffers(batch)["person"].start
    check_read(source, body_ranges(data, first)[-1], {start + i for i in inside})


def test_a_batch_of_a_file_that_is_not_asked_for_is_not_read():
    batch = wide()
    data = data_of(ma.new_file, [batch] * 3)
    source = Logging(data)
    assert ma.open_file(source).get_batch(1).equals(batch)
    *_, one, two, three = flatbuf.messages(data, 8)
    assert source.read_of(one.start, one.end) == 0
    assert source.read_of(two.start, two.end) == two.end - two.start
    assert source.read_of(three.start, three.end) <= LITTLE


def spoil(data, first, keep):
    """The bytes with every buffer but those of column ``keep`` overwritten."""
    spoiled = bytearray(data)
    wanted = columns_of_buffers(wide())[keep]
    for buffers in body_ranges(data, first):
        for i, (start, end) in enumerate(buffers):
            if len(buffers) == 3 or i not in wanted:  # of a dictionary, or of another column
                spoiled[start:end] = b"\xfe" * (end - start)
    return bytes(spoiled)


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("name", ["a", "text", "person", "view", "z"])
@both
def test_others_are_neither_inflated_nor_built(new, open_, first, name, codec):
    """As they would fail: their bytes are spoiled. Asked for, they do."""
    batch = wide()
    data = spoil(data_of(new, [batch], compression=codec), first, name)
    for source in (data, io.BytesIO(data)):
        [got] = open_(source, columns=[name]).read_all().to_batches()
        got.validate(full=True)
        assert got.to_pydict() == {name: batch.to_pydict()[name]}
        # nor by a reader of all, until they are touched
        reader = open_(data)
        whole = next(iter(reader)) if new is ma.new_stream else reader.get_batch(0)
        assert whole.column(name).to_pylist() == batch.to_pydict()[name]
        with pytest.raises(ma.ArrowInvalid) as caught:
            whole.column("words").to_pylist()
            whole.column("text").to_pylist()
            whole.column("person").to_pylist()
        assert "'words'" in caught.value.path or "'text'" in caught.value.path


@pytest.mark.parametrize("codec", [codec for codec in CODECS if codec])
@both
def test_only_what_is_asked_for_counts_against_the_limit(new, open_, first, codec):
    batch = wide()
    data = data_of(new, [batch], compression=codec)
    limit = batch.column("a").nbytes + 64
    options = ma.ipc.IpcReadOptions(max_batch_size=limit)
    assert open_(data, options=options, columns=["a"]).read_all().num_rows == ROWS
    reader = open_(data, options=options)
    whole = next(iter(reader)) if new is ma.new_stream else reader.get_batch(0)
    assert whole.column("a").to_pylist() == list(range(ROWS))
    with pytest.raises(ma.ArrowInvalid, match="max_batch_size"):
        whole.column("text")


@pytest.mark.parametrize("name", ALL)
@both
def test_a_column_of_every_type_among_others(new, open_, first, name):
    array = make(name)
    count = len(array)
    columns = [ma.array(["x"] * count), array, ma.array([[1]] * count), array]
    batch = ma.RecordBatch.from_arrays(columns, ["left", "wanted", "right", "again"])
    data = data_of(new, [batch, batch.slice(1)])
    for source in (data, io.BytesIO(data)):
        one, two = open_(source, columns=["wanted"]).read_all().to_batches()
        assert one.column(0).equals(array) and two.column(0).equals(array.slice(1))
    one, two = open_(data, columns=["again", 1]).read_all().to_batches()
    assert one.column(0).equals(array) and one.column(1).equals(array)
    assert one.schema.names == ["again", "wanted"]


def test_a_stream_that_ends_within_what_is_left_out(tmp_path):
    """Seeking goes past the end without a word; the error says where the message began to miss."""
    batch = wide()
    data = data_of(ma.new_stream, [batch, batch])
    path = tmp_path / "cut"
    last = flatbuf.messages(data)[-1]
    for size in range(last.body_at + 1, last.end, 20_011):
        path.write_bytes(data[:size])
        for source in (io.BytesIO(data[:size]), Logging(data[:size]), path, ma.OSFile(str(path))):
            reader = ma.open_stream(source, columns=["text"], memory_map=False)
            assert next(reader).num_rows == ROWS
            for again in range(2):
                with pytest.raises(ma.ArrowInvalid) as caught:
                    next(reader)
                if not again:
                    assert "ends inside a message" in str(caught.value)
                    assert caught.value.message_number == len(flatbuf.messages(data)) - 1
                    assert last.body_at <= caught.value.offset <= size


@both
def test_names_that_are_not_there(new, open_, first):
    data = data_of(new, [wide()])
    for wrong in (["b"], ["person.age"], ["a.b"], [7], [-8], ["person.name.x"]):
        with pytest.raises(ma.ArrowInvalid, match="columns"):
            open_(data, columns=wrong)
    for wrong in ("a", [1.5], [None], 3):
        with pytest.raises(TypeError):
            open_(data, columns=wrong)


@both
@pytest.mark.parametrize(
    "columns, wanted",
    [
        (["person.name", "person"], "person"),
        (["person", "person.name"], "person"),
        (["person.name", "person.at"], "name, at"),
        (["person.name", 0], "person"),
        ([0, "person.at.x"], "person"),
        (["person.at.x", "person.at"], "at"),
    ],
    ids=str,
)
def test_the_whole_and_a_part_of_it(new, open_, first, columns, wanted):
    """Whoever asks for both, in whichever way and order, gets the whole."""
    at = ma.struct([("x", ma.int8()), ("y", ma.int8())])
    person = ma.struct([("name", ma.string()), ("at", at)])
    rows = [{"name": "n", "at": {"x": 1, "y": 2}}]
    data = data_of(new, [ma.record_batch([ma.array(rows, person)], names=["person"])])
    kept = {"person": ["name", "at"], "name, at": ["name", "at"], "at": ["at"]}[wanted]
    column = open_(data, columns=columns).read_all().column(0)
    assert column.to_pylist() == [{name: rows[0][name] for name in kept}]


@both
@pytest.mark.parametrize("count", [15, 16, 17, 300])
def test_many_names(new, open_, first, count):
    """Names are found by a table where there are many of them and many are asked for."""
    names = [f"column {i}" for i in range(count)]
    names[3] = names[7]  # twice
    names[5] = ""
    names[6] = "a.b"
    columns = [ma.array([i], ma.int32()) for i in range(count)]
    data = data_of(new, [ma.record_batch(columns, names=names)])
    single = [i for i in range(count) if i not in (3, 7)]
    for wanted in single, single[::-1], single * 2:
        (batch,) = open_(data, columns=[names[i] for i in wanted]).read_all().to_batches()
        once = list(dict.fromkeys(wanted))
        assert batch.schema.names == [names[i] for i in once]
        assert [column[0].as_py() for column in batch.columns] == once
    mixed = [names[i] if i % 2 else i for i in single]
    assert open_(data, columns=mixed).read_all().num_columns == count - 2
    for wrong in names[3], "column", "a", "b", f"column {count}":
        with pytest.raises(ma.ArrowInvalid, match=f"'{wrong}'"):
            open_(data, columns=[*(names[i] for i in single), wrong])
