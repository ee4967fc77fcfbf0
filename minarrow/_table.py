"""Table, ChunkedArray and RecordBatchReader: several record batches seen as one."""

from . import _core

__all__ = [
    "ChunkedArray",
    "RecordBatchReader",
    "Table",
    "chunked_array",
    "concat_batches",
    "concat_tables",
    "record_batch",
    "table",
]


def _bounds(length, offset, size):
    """Rows [offset, offset + size) of `length`, as pyarrow's slice() counts them."""
    if offset < 0:
        raise IndexError("the offset of a slice is not negative")
    start = min(offset, length)
    return start, length - start if size is None else min(size, length - start)


def _slice_chunks(chunks, start, size):
    """The parts of consecutive chunks that rows [start, start + size) lie in."""
    parts = []
    for chunk in chunks:
        rows = len(chunk) if not isinstance(chunk, _core.RecordBatch) else chunk.num_rows
        if size > 0 and start < rows:
            count = min(size, rows - start)
            parts.append(chunk.slice(start, count))
            size -= count
        start = max(0, start - rows)
    return parts


def _index_of(schema, key):
    """The index of a column by number or name."""
    if isinstance(key, str):
        matches = schema.get_all_field_indices(key)
        if len(matches) == 1:
            return matches[0]
        problem = "does not exist" if not matches else "exists more than once"
        raise KeyError(f"column {key!r} {problem} in the schema")
    if not hasattr(key, "__index__"):
        raise TypeError(f"a column is named by a str or numbered by an int, not {key!r}")
    index = key.__index__()
    if not -len(schema) <= index < len(schema):
        raise IndexError(f"column {index} does not exist; there are {len(schema)}")
    return index % len(schema)


def _check_place(i, last):
    """Refuse a place for a column that no table of that many has."""
    if not 0 <= i <= last:
        raise _core.ArrowInvalid(f"there is no place {i} for a column; the last one is {last}")


class ChunkedArray:
    """Arrays of one type, one behind the other: a column of a Table.

    Made by :func:`chunked_array`, or taken from a Table.
    """

    __slots__ = ("_chunks", "_type", "_length", "_name")

    def __init__(self, chunks, type, name=None):
        self._chunks = chunks
        self._type = type
        self._name = name  # of the column in its Table
        self._length = sum(map(len, chunks))

    type = property(lambda self: self._type, doc="The DataType of every chunk.")
    chunks = property(lambda self: list(self._chunks), doc="The Arrays.")
    num_chunks = property(lambda self: len(self._chunks), doc="How many chunks there are.")

    def __len__(self):
        return self._length

    def length(self):
        """The number of rows."""
        return self._length

    def chunk(self, i):
        """Chunk `i`, an Array."""
        if not 0 <= i < len(self._chunks):
            raise IndexError(f"chunk {i} does not exist; there are {len(self._chunks)}")
        return self._chunks[i]

    def iterchunks(self):
        """The chunks, one after the other."""
        return iter(self._chunks)

    @property
    def null_count(self):
        """How many rows are null."""
        return sum(chunk.null_count for chunk in self._chunks)

    @property
    def nbytes(self):
        """Bytes that the rows take."""
        return sum(chunk.nbytes for chunk in self._chunks)

    def __iter__(self):
        for chunk in self._chunks:
            yield from chunk

    def __getitem__(self, key):
        if isinstance(key, slice):
            start, stop, step = key.indices(self._length)
            if step != 1:
                raise NotImplementedError(
                    "slices with a step are not views; convert to numpy first"
                )
            return self.slice(start, max(0, stop - start))
        index = key.__index__()
        if not -self._length <= index < self._length:
            raise IndexError(f"row {index} does not exist; there are {self._length}")
        index %= self._length
        for chunk in self._chunks:
            if index < len(chunk):
                return chunk[index]
            index -= len(chunk)

    def slice(self, offset=0, length=None):
        """Rows [offset, offset + length) without a copy."""
        start, size = _bounds(self._length, offset, length)
        return ChunkedArray(_slice_chunks(self._chunks, start, size), self._type)

    def to_pylist(self):
        """All rows as Python objects."""
        _core.check_extent(self._chunks)
        return [value for chunk in self._chunks for value in chunk.to_pylist()]

    def combine_chunks(self):
        """All rows in one Array (a copy, unless there is one chunk)."""
        return _core.concat_arrays(self._chunks, self._type)

    def to_numpy(self, zero_copy_only=False):
        """All rows as a numpy array."""
        return self.combine_chunks().to_numpy(zero_copy_only=zero_copy_only)

    def __array__(self, dtype=None, copy=None):
        values = self.to_numpy()
        return values if dtype is None else values.astype(dtype, copy=False)

    def to_pandas(self, **options):
        """All rows as a pandas Series."""
        from ._pandas import series_of

        return series_of(self, **options)

    def equals(self, other):
        """Whether the other has the same type and rows, however chunked."""
        if not isinstance(other, ChunkedArray):
            return False
        if self._type != other._type or self._length != other._length:
            return False
        return all(a.equals(b) for a, b in _side_by_side(self._chunks, other._chunks))

    def __eq__(self, other):
        return self.equals(other) if isinstance(other, ChunkedArray) else NotImplemented

    __hash__ = None

    def validate(self, *, full=False):
        """Check every chunk; ArrowInvalid where one is damaged."""
        for chunk in self._chunks:
            chunk.validate(full=full)

    def __arrow_c_stream__(self, requested_schema=None):
        return _core.export_array_stream(self._chunks, self._type, requested_schema)

    def __repr__(self):
        chunks = ",\n".join(str(chunk) for chunk in self._chunks)
        return f"<minarrow.ChunkedArray {self._type}, {self._length} rows>\n[\n{chunks}\n]"


def chunked_array(arrays, type=None):
    """A ChunkedArray of arrays (or of what :func:`array` takes), all of one type."""
    type = _core.ensure_type(type, allow_none=True)
    if hasattr(arrays, "__arrow_c_stream__") and not isinstance(arrays, ChunkedArray):
        chunks, imported = _core.import_array_stream(arrays, type)
        if type is not None and imported != type:
            chunks = [_core.array(chunk, type=type) for chunk in chunks]
            imported = type
        return ChunkedArray(chunks, imported)
    if hasattr(arrays, "__arrow_c_array__"):
        arrays = [arrays]
    chunks = []
    for i, given in enumerate(arrays):
        # values become what the first chunk is
        chunk = given if isinstance(given, _core.Array) else _core.array(given, type=type)
        type = chunk.type if type is None else type
        if chunk.type != type:
            raise _core.ArrowTypeError(f"chunk {i} is of type {chunk.type}, not {type}")
        chunks.append(chunk)
    if type is None:
        raise _core.ArrowInvalid("a ChunkedArray without chunks needs a type")
    return ChunkedArray(chunks, type)


class RecordBatchReader:
    """Something that gives record batches of one schema, one after the other.

    Stream readers are such; :meth:`from_batches` makes one of any iterable.
    """

    __slots__ = ()

    @staticmethod
    def from_batches(schema, batches):
        """A reader over an iterable of record batches of `schema`."""
        return _BatchIterator(schema, batches)

    @staticmethod
    def from_stream(data, schema=None):
        """A reader over an object that has ``__arrow_c_stream__``, without a copy."""
        return _BatchIterator(*_core.import_batch_stream(data, schema))

    def read_all(self):
        """All remaining record batches as a Table."""
        return Table.from_batches(list(self), self.schema)

    def read_pandas(self, **options):
        """All remaining batches as one pandas DataFrame; ``options`` as for ``Table.to_pandas``."""
        return self.read_all().to_pandas(**options)

    def __arrow_c_schema__(self):
        return self.schema.__arrow_c_schema__()

    def __arrow_c_stream__(self, requested_schema=None):
        return _core.export_batch_stream(self, self.schema, requested_schema)

    def _export_to_c(self, out_ptr):
        """Fill the ArrowArrayStream at this address with the remaining batches."""
        _core.export_batch_stream_to(self, self.schema, out_ptr)

    @staticmethod
    def _import_from_c(in_ptr):
        """A reader over the ArrowArrayStream at this address, which is taken over."""
        return _BatchIterator(*_core.import_batch_stream_from(in_ptr))

    _import_from_c_capsule = _import_from_c


class _BatchIterator(RecordBatchReader):
    """A RecordBatchReader over an iterable."""

    __slots__ = ("schema", "_batches")

    def __init__(self, schema, batches):
        self.schema = schema
        self._batches = iter(batches)

    def __iter__(self):
        return self

    def __next__(self):
        batch = next(self._batches)
        if not batch.schema.equals(self.schema):
            raise _core.ArrowInvalid(
                f"a batch's schema is not the reader's:\n{batch.schema}\nin place of\n{self.schema}"
            )
        return batch

    def read_next_batch(self):
        """The next RecordBatch; StopIteration at the end."""
        return next(self)

    def close(self):
        """Let go of the batches."""
        self._batches = iter(())

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()


def _side_by_side(left, right):
    """Slices of equal length, pair by pair, of two lists of arrays that have as many rows."""
    left, right = ([chunk for chunk in chunks if len(chunk)] for chunks in (left, right))
    i = j = a = b = 0  # the chunks, and the rows in them
    while i < len(left):
        size = min(len(left[i]) - a, len(right[j]) - b)
        yield left[i].slice(a, size), right[j].slice(b, size)
        a, b = a + size, b + size
        if a == len(left[i]):
            i, a = i + 1, 0
        if b == len(right[j]):
            j, b = j + 1, 0


def _chunk_lengths(columns):
    """Row counts of record batches such that no column's chunk has to be joined."""
    ends = set()
    for column in columns:
        end = 0
        for chunk in column.chunks:
            end += len(chunk)
            ends.add(end)
    starts = [0, *sorted(ends)]
    return [(a, b - a) for a, b in zip(starts, starts[1:]) if b > a]


class Table:
    """A schema and its record batches.

    Made by :func:`table`, ``Table.from_*`` or a reader's ``read_all()``.
    """

    __slots__ = ("_batches", "_schema")

    def __init__(self, batches, schema):
        self._batches = batches
        self._schema = schema

    # -- making

    @classmethod
    def from_batches(cls, batches, schema=None):
        """A Table of record batches, all of `schema` (or of the first one's)."""
        batches = list(batches)
        if schema is None:
            if not batches:
                raise _core.ArrowInvalid("a Table without batches needs a schema")
            schema = batches[0].schema
        for i, batch in enumerate(batches):
            if batch.schema is not schema and not batch.schema.equals(schema):
                raise _core.ArrowInvalid(
                    f"the schema of batch {i} is not the Table's:\n{batch.schema}\n"
                    f"in place of\n{schema}"
                )
        return cls(batches, schema)

    @classmethod
    def from_arrays(cls, arrays, names=None, schema=None, metadata=None):
        """A Table of Arrays or ChunkedArrays of equal length."""
        columns = [a if isinstance(a, ChunkedArray) else chunked_array([a]) for a in arrays]
        if schema is None:
            if names is None:
                raise ValueError("give names or a schema")
            names = list(names)
            if len(names) != len(columns):
                raise ValueError(f"{len(columns)} arrays and {len(names)} names")
            schema = _core.schema(
                [_core.field(name, column.type) for name, column in zip(names, columns)],
                metadata=metadata,
            )
        elif len(schema) != len(columns):
            raise ValueError(f"{len(columns)} arrays and a schema of {len(schema)} fields")
        lengths = {len(column) for column in columns}
        if len(lengths) > 1:
            raise _core.ArrowInvalid(f"columns have different lengths: {sorted(lengths)}")
        batches = [
            _core.RecordBatch.from_arrays(
                [column.slice(start, size).chunk(0) for column in columns], schema=schema
            )
            for start, size in _chunk_lengths(columns)
        ]
        return cls(batches, schema)

    @classmethod
    def from_pydict(cls, mapping, schema=None, metadata=None):
        """A Table of one record batch from a dict of columns."""
        batch = _core.RecordBatch.from_pydict(mapping, schema=schema, metadata=metadata)
        return cls([batch], batch.schema)

    @classmethod
    def from_pylist(cls, mapping, schema=None, metadata=None):
        """A Table of one record batch from a list of rows, each a dict."""
        batch = _core.RecordBatch.from_pylist(mapping, schema=schema, metadata=metadata)
        return cls([batch], batch.schema)

    @classmethod
    def from_pandas(cls, df, schema=None, preserve_index=None, **options):
        """A Table of one record batch from a pandas DataFrame."""
        from ._pandas import batch_from_pandas

        batch = batch_from_pandas(df, schema, preserve_index, **options)
        return cls([batch], batch.schema)

    # -- looking

    schema = property(lambda self: self._schema, doc="The Schema.")
    num_columns = property(lambda self: len(self._schema), doc="How many columns there are.")
    column_names = property(lambda self: self._schema.names, doc="The columns' names.")
    shape = property(lambda self: (self.num_rows, self.num_columns), doc="(rows, columns).")

    @property
    def num_rows(self):
        """How many rows there are."""
        return sum(batch.num_rows for batch in self._batches)

    def __len__(self):
        return self.num_rows

    @property
    def nbytes(self):
        """Bytes that the rows take."""
        return sum(batch.nbytes for batch in self._batches)

    def column(self, i):
        """Column `i` (a name or a number) as a ChunkedArray."""
        index = _index_of(self._schema, i)
        chunks = [batch.column(index) for batch in self._batches]
        field = self._schema.field(index)
        return ChunkedArray(chunks, field.type, field.name)

    @property
    def columns(self):
        """All columns, each a ChunkedArray."""
        return [self.column(i) for i in range(self.num_columns)]

    def itercolumns(self):
        """The columns, one after the other."""
        return (self.column(i) for i in range(self.num_columns))

    def field(self, i):
        """Field `i` (a name or a number) of the schema."""
        return self._schema.field(i)

    def __getitem__(self, key):
        if isinstance(key, slice):
            start, stop, step = key.indices(self.num_rows)
            if step != 1:
                raise NotImplementedError(
                    "slices with a step are not views; convert to pandas first"
                )
            return self.slice(start, max(0, stop - start))
        return self.column(key)

    # -- other tables of the same rows

    def slice(self, offset=0, length=None):
        """Rows [offset, offset + length) without a copy."""
        start, size = _bounds(self.num_rows, offset, length)
        return Table(_slice_chunks(self._batches, start, size), self._schema)

    def select(self, columns):
        """A Table of some columns, by name or number, in that order."""
        indices = [_index_of(self._schema, column) for column in columns]
        schema = _core.schema(
            [self._schema.field(i) for i in indices], metadata=self._schema.metadata
        )
        return Table([batch.select(indices) for batch in self._batches], schema)

    def drop_columns(self, columns):
        """A Table without some columns."""
        columns = [columns] if isinstance(columns, str) else columns
        dropped = {_index_of(self._schema, column) for column in columns}
        return self.select([i for i in range(self.num_columns) if i not in dropped])

    drop = drop_columns

    def rename_columns(self, names):
        """A Table with other names for its columns: a list of all, or a dict of old to new."""
        schema = _no_rows(self._schema).rename_columns(names).schema
        batches = [batch.rename_columns(schema.names) for batch in self._batches]
        return Table(batches, schema)

    def replace_schema_metadata(self, metadata=None):
        """A Table with other metadata on its schema."""
        batches = [batch.replace_schema_metadata(metadata) for batch in self._batches]
        schema = self._schema.remove_metadata()
        return Table(batches, schema.with_metadata(metadata) if metadata else schema)

    def append_column(self, field_, column):
        """A Table with one more column at the end."""
        return self.add_column(self.num_columns, field_, column)

    def add_column(self, i, field_, column):
        """A Table with one more column before column `i`."""
        _check_place(i, self.num_columns)
        return self._replace_columns(i, i, field_, column)

    def set_column(self, i, field_, column):
        """A Table with another column in the place of column `i`."""
        _check_place(i, self.num_columns - 1)
        return self._replace_columns(i, i + 1, field_, column)

    def remove_column(self, i):
        """A Table without column `i`."""
        _check_place(i, self.num_columns - 1)
        return self.select([k for k in range(self.num_columns) if k != i])

    def _replace_columns(self, start, stop, field_, column):
        """A Table with one column in the place of columns [start, stop)."""
        if not isinstance(column, ChunkedArray):
            column = chunked_array([column] if isinstance(column, _core.Array) else column)
        if isinstance(field_, str):
            field_ = _core.field(field_, column.type)
        if len(column) != self.num_rows:
            raise _core.ArrowInvalid(
                f"the column has {len(column)} rows and the Table {self.num_rows}"
            )
        columns = self.columns
        columns[start:stop] = [column]
        fields = list(self._schema)
        fields[start:stop] = [field_]
        schema = _core.schema(fields, metadata=self._schema.metadata)
        return Table.from_arrays(columns, schema=schema)

    def combine_chunks(self):
        """The same rows in one record batch (a copy, unless there is one)."""
        if len(self._batches) <= 1:
            return self
        columns = [column.combine_chunks() for column in self.itercolumns()]
        if not columns:
            return self
        batch = _core.RecordBatch.from_arrays(columns, schema=self._schema)
        return Table([batch], self._schema)

    # -- other forms

    def to_batches(self, max_chunksize=None):
        """The record batches, cut where they have more than `max_chunksize` rows."""
        batches = self._cut(max_chunksize)
        if max_chunksize is not None:
            _core.check_cut(self._batches, max_chunksize)
        return list(batches)

    def _cut(self, max_chunksize):
        """The same, made one by one."""
        if max_chunksize is None:
            return iter(self._batches)
        if max_chunksize < 1:
            raise ValueError("max_chunksize is at least 1")
        return (
            batch.slice(start, max_chunksize)
            for batch in self._batches
            for start in range(0, batch.num_rows, max_chunksize)
        )

    def to_reader(self, max_chunksize=None):
        """A RecordBatchReader over the batches."""
        return RecordBatchReader.from_batches(self._schema, self._cut(max_chunksize))

    def to_pydict(self):
        """A dict of each column's values."""
        _core.check_extent([chunk for column in self.itercolumns() for chunk in column.chunks])
        return {name: self.column(i).to_pylist() for i, name in enumerate(self.column_names)}

    def to_pylist(self):
        """A list of rows, each a dict."""
        chunks = [chunk for column in self.itercolumns() for chunk in column.chunks]
        # without columns, rows are as good as nulls
        _core.check_extent(chunks or [_core.nulls(batch.num_rows) for batch in self._batches])
        return [row for batch in self._batches for row in batch.to_pylist()]

    def to_pandas(self, **options):
        """A pandas DataFrame (see the documentation's page on pandas)."""
        from ._pandas import frame_of

        return frame_of(self, **options)

    def __array__(self, dtype=None, copy=None):
        import numpy

        columns = [numpy.asarray(column, dtype) for column in self.itercolumns()]
        return numpy.stack(columns, axis=1) if columns else numpy.empty((self.num_rows, 0), dtype)

    def __arrow_c_schema__(self):
        return self._schema.__arrow_c_schema__()

    def __arrow_c_stream__(self, requested_schema=None):
        return _core.export_batch_stream(self._batches, self._schema, requested_schema)

    # -- comparing

    def equals(self, other, check_metadata=False):
        """Whether the other has the same schema and rows, however they are cut into batches."""
        if not isinstance(other, Table):
            return False
        if not self._schema.equals(other._schema, check_metadata=check_metadata):
            return False
        if self.num_rows != other.num_rows:
            return False
        return all(a.equals(b) for a, b in zip(self.itercolumns(), other.itercolumns()))

    def __eq__(self, other):
        return self.equals(other) if isinstance(other, Table) else NotImplemented

    __hash__ = None

    def validate(self, *, full=False):
        """Check every batch; ArrowInvalid where one is damaged."""
        for batch in self._batches:
            batch.validate(full=full)

    def __repr__(self):
        rows, columns = self.shape
        return f"<minarrow.Table, {rows} rows, {columns} columns>\n{self._schema}"


def _no_rows(schema):
    """A record batch of the schema, without rows."""
    if not len(schema):
        return _core.empty_batch(schema, 0)
    return _core.RecordBatch.from_arrays([_core.nulls(0, f.type) for f in schema], schema=schema)


def _joined(table):
    """The one record batch with all rows of a Table."""
    if table.num_columns == 0:
        return _core.empty_batch(table.schema, table.num_rows)
    columns = [column.combine_chunks() for column in table.itercolumns()]
    return _core.RecordBatch.from_arrays(columns, schema=table.schema)


def is_pandas(data):
    """Whether it is a pandas DataFrame, which is found out without pandas."""
    return hasattr(data, "columns") and hasattr(data, "iloc")


def record_batch(data, names=None, schema=None, metadata=None):
    """A RecordBatch from a dict of columns, a list of arrays, a DataFrame, or Arrow data.

    Parameters
    ----------
    data : dict, sequence of arrays, pandas.DataFrame, or object with ``__arrow_c_array__``
    names : list of str, optional
        Names of the columns, when `data` is a sequence.
    schema : Schema, optional
    metadata : mapping, optional
        For the schema.
    """
    if hasattr(data, "__arrow_c_array__"):
        return _core.import_record_batch(data, schema)
    if isinstance(data, dict):
        return _core.RecordBatch.from_pydict(data, schema=schema, metadata=metadata)
    if is_pandas(data):
        return _core.RecordBatch.from_pandas(data, schema=schema)
    if hasattr(data, "__arrow_c_stream__"):
        return _joined(table(data, schema=schema))
    return _core.RecordBatch.from_arrays(data, names=names, schema=schema, metadata=metadata)


def table(data, names=None, schema=None, metadata=None):
    """A Table from a dict of columns, a list of arrays, a DataFrame, or Arrow data.

    Parameters are those of :func:`record_batch`; objects with ``__arrow_c_stream__`` are taken
    without a copy.
    """
    if isinstance(data, Table):
        return data
    if is_pandas(data):
        return Table.from_pandas(data, schema=schema)
    if hasattr(data, "__arrow_c_stream__"):
        return RecordBatchReader.from_stream(data, schema).read_all()
    if isinstance(data, dict) and any(isinstance(v, ChunkedArray) for v in data.values()):
        return Table.from_arrays(list(data.values()), list(data), schema, metadata)
    if isinstance(data, (list, tuple)):
        return Table.from_arrays(data, names=names, schema=schema, metadata=metadata)
    batch = record_batch(data, names=names, schema=schema, metadata=metadata)
    return Table([batch], batch.schema)


def concat_tables(tables):
    """A Table of the rows of several, one behind the other, without a copy.

    All have the same schema; its metadata is the first one's.
    """
    tables = list(tables)
    if not tables:
        raise _core.ArrowInvalid("there must be a Table at least")
    schema = tables[0].schema
    for i, other in enumerate(tables):
        if not other.schema.equals(schema):
            raise _core.ArrowInvalid(
                f"the schema of table {i} is another one:\n{other.schema}\nin place of\n{schema}"
            )
    return Table([batch for part in tables for batch in part.to_batches()], schema)


def concat_batches(recordbatches):
    """One RecordBatch with the rows of several, which are copied."""
    batches = list(recordbatches)
    if not batches:
        raise _core.ArrowInvalid("there must be a RecordBatch at least")
    return _joined(Table.from_batches(batches))
