"""Arrow IPC: readers and writers of streams and files, and what they can be told.

The names and their meaning are those of ``pyarrow.ipc``.
"""

from . import _core
from ._table import RecordBatchReader, Table, is_pandas
from ._table import table as make_table

__all__ = [
    "FileReader",
    "FileWriter",
    "IpcReadOptions",
    "IpcWriteOptions",
    "MetadataVersion",
    "ReadStats",
    "RecordBatchFileReader",
    "RecordBatchFileWriter",
    "RecordBatchReader",
    "RecordBatchStreamReader",
    "RecordBatchStreamWriter",
    "StreamDecoder",
    "StreamReader",
    "StreamWriter",
    "WriteStats",
    "new_file",
    "new_stream",
    "open_file",
    "open_stream",
]


class MetadataVersion:
    """Versions of the metadata's layout (Schema.fbs, MetadataVersion).

    V4 and V5 are read and written; they differ in unions only. V1 to V3 predate Arrow 0.8.
    """

    V1, V2, V3, V4, V5 = range(5)


def _stats(name, fields, doc):
    def repr_stats(self):
        values = ", ".join(f"{field}={value}" for field, value in zip(fields, self))
        return f"{name}({values})"

    def get(index):
        return property(lambda self: self[index])

    body = {field: get(i) for i, field in enumerate(fields)}
    body.update(__slots__=(), __doc__=doc, __repr__=repr_stats, _fields=fields)
    return type(name, (tuple,), body)


_READ_FIELDS = (
    "num_messages",
    "num_record_batches",
    "num_dictionary_batches",
    "num_dictionary_deltas",
    "num_replaced_dictionaries",
)

ReadStats = _stats("ReadStats", _READ_FIELDS, "Counts of what a reader has read so far.")
WriteStats = _stats(
    "WriteStats",
    (*_READ_FIELDS, "total_raw_body_size", "total_serialized_body_size"),
    "Counts of what a writer has written so far; the sizes are bytes of message bodies before and "
    "after compression.",
)


class IpcReadOptions:
    """What a reader can be told.

    Parameters
    ----------
    ensure_native_endian : bool
        Values of the other byte order are always turned around when they are read; False is
        refused.
    use_threads : bool
        Inflate on several threads when all columns are asked for.
    included_fields : list of int, optional
        Indices of the columns to read; ``columns`` of :func:`open_stream` also takes names.
    **limits
        What a reader will not go beyond, by the names of ``minarrow.ipc.IpcReadOptions().limits``:
        ``max_metadata_size``, ``max_nesting_depth``, ``max_fields``, ``max_buffer_size``,
        ``max_batch_size``, ``max_dictionary_size``.
    """

    def __init__(
        self, *, ensure_native_endian=True, use_threads=True, included_fields=None, **limits
    ):
        if not ensure_native_endian:
            raise NotImplementedError("values are always read in the machine's own byte order")
        defaults = _core.default_limits()
        unknown = sorted(set(limits) - set(defaults))
        if unknown:
            raise TypeError(f"there is no limit {unknown[0]!r}; limits are {', '.join(defaults)}")
        self.ensure_native_endian = True
        self.use_threads = bool(use_threads)
        self.included_fields = list(included_fields) if included_fields else []
        for name, default in defaults.items():
            setattr(self, name, limits.get(name, default))

    @property
    def limits(self):
        """The limits, by name."""
        return {name: getattr(self, name) for name in _core.default_limits()}

    def __repr__(self):
        limits = ", ".join(f"{name}={value}" for name, value in self.limits.items())
        return (
            f"IpcReadOptions(use_threads={self.use_threads}, "
            f"included_fields={self.included_fields}, {limits})"
        )


class IpcWriteOptions:
    """What a writer can be told.

    Parameters
    ----------
    metadata_version : int
        ``MetadataVersion.V5``, or ``V4`` for readers older than Arrow 1.0.
    allow_64bit : bool
        Taken for pyarrow's sake; lengths are always 64-bit.
    use_legacy_format : bool
        Frame messages as before Arrow 0.15.
    compression : str or codec, optional
        'lz4' or 'zstd' (any case), or an object with ``name`` and ``compression_level``.
    compression_level : int, optional
        The codec's own level; its default otherwise.
    use_threads : bool
        Compress on several threads.
    emit_dictionary_deltas : bool
        Send what a dictionary has grown by, in place of the whole again.
    unify_dictionaries : bool
        Map each batch's dictionary to the one written before, and send what is new as a delta.
    alignment : int
        Bytes that buffers are padded to: 8 or 64.
    """

    __slots__ = (
        "metadata_version",
        "allow_64bit",
        "use_legacy_format",
        "compression",
        "compression_level",
        "use_threads",
        "emit_dictionary_deltas",
        "unify_dictionaries",
        "alignment",
    )

    def __init__(
        self,
        metadata_version=MetadataVersion.V5,
        *,
        allow_64bit=False,
        use_legacy_format=False,
        compression=None,
        compression_level=None,
        use_threads=True,
        emit_dictionary_deltas=False,
        unify_dictionaries=False,
        alignment=8,
    ):
        self.metadata_version = metadata_version
        self.allow_64bit = allow_64bit
        self.use_legacy_format = use_legacy_format
        self.compression = compression
        self.compression_level = compression_level
        self.use_threads = use_threads
        self.emit_dictionary_deltas = emit_dictionary_deltas
        self.unify_dictionaries = unify_dictionaries
        self.alignment = alignment

    def __repr__(self):
        values = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__slots__)
        return f"IpcWriteOptions({values})"


def _check_options(options, kind):
    """TypeError for what is neither such options, nor None, nor pyarrow's class of that name."""
    given = type(options)
    if options is not None and given.__name__ != kind.__name__ and not issubclass(given, kind):
        raise TypeError(f"options takes {kind.__name__} or None, not {given.__name__}")


def _wanted(options, columns):
    """The columns to read: those asked for, or the options' own."""
    _check_options(options, IpcReadOptions)
    if columns is None and options is not None and options.included_fields:
        return options.included_fields
    return columns


class RecordBatchStreamReader(_core.StreamReader, RecordBatchReader):
    """Reads record batches from an Arrow IPC stream, one after the other.

    Parameters
    ----------
    source : bytes-like, path, file, socket or descriptor
        Where the stream is. Memory and mapped files are read without a copy; a path is mapped
        unless ``memory_map`` is False.
    options : IpcReadOptions, optional
    columns : list of str or int, optional
        The columns to read, by name, by path ("a.b" for child b of struct a) or by index, in this
        order; the others are neither inflated nor built, nor read where the source can seek.
    memory_map : bool
        Whether to map a path into memory. A mapped file must not become shorter while it is used.

    Raises
    ------
    ArrowInvalid
        Where the bytes are no Arrow stream, are damaged or cut off; ``.offset`` says where.
    """

    def __new__(cls, source, *, options=None, memory_pool=None, columns=None, memory_map=True):
        return super().__new__(
            cls,
            source,
            options=options,
            columns=_wanted(options, columns),
            memory_map=memory_map,
        )

    @property
    def stats(self):
        """Counts of what was read so far (ReadStats)."""
        return ReadStats(super().stats)

    def iter_batches_with_custom_metadata(self):
        """Pairs of a RecordBatch and its message's metadata (dict of bytes, or None)."""
        while True:
            try:
                yield self.read_next_batch_with_custom_metadata()
            except StopIteration:
                return


class RecordBatchFileReader(_core.FileReader):
    """Reads any record batch of an Arrow IPC file.

    Parameters are those of :class:`RecordBatchStreamReader`; the source must be memory, a path, or
    a file that can seek.
    """

    def __new__(
        cls,
        source,
        footer_offset=None,
        *,
        options=None,
        memory_pool=None,
        columns=None,
        memory_map=True,
    ):
        return super().__new__(
            cls,
            source,
            footer_offset,
            options=options,
            columns=_wanted(options, columns),
            memory_map=memory_map,
        )

    @property
    def stats(self):
        """Counts of what was read so far (ReadStats)."""
        return ReadStats(super().stats)

    def read_all(self):
        """All record batches as a Table."""
        batches = [self.get_batch(i) for i in range(self.num_record_batches)]
        return Table.from_batches(batches, self.schema)

    def read_pandas(self, **options):
        """All record batches as one pandas DataFrame; ``options`` as for ``Table.to_pandas``."""
        return self.read_all().to_pandas(**options)

    def __arrow_c_schema__(self):
        return self.schema.__arrow_c_schema__()

    def __arrow_c_stream__(self, requested_schema=None):
        batches = (self.get_batch(i) for i in range(self.num_record_batches))
        return _core.export_batch_stream(batches, self.schema, requested_schema)


def _write_options(options, use_legacy_format):
    _check_options(options, IpcWriteOptions)
    if use_legacy_format is None:
        return options
    if options is not None:
        raise ValueError("give use_legacy_format with the options, or alone")
    return IpcWriteOptions(use_legacy_format=use_legacy_format)


class _Writer:
    """What both writers have beyond ``write_batch``."""

    __slots__ = ()

    def write(self, table_or_batch):
        """Write a RecordBatch, a Table, or Arrow data or a DataFrame of another library.

        What has ``__arrow_c_array__`` or ``__arrow_c_stream__`` is taken batch by batch without a
        copy, and laid out as the writer's schema says where that changes no value.
        """
        if isinstance(table_or_batch, _core.RecordBatch):
            self.write_batch(table_or_batch)
        elif isinstance(table_or_batch, Table) or is_pandas(table_or_batch):
            self.write_table(table_or_batch)
        elif hasattr(table_or_batch, "__arrow_c_array__"):
            self.write_batch(_core.import_record_batch(table_or_batch, self.schema))
        elif hasattr(table_or_batch, "__arrow_c_stream__"):
            for batch in RecordBatchReader.from_stream(table_or_batch, self.schema):
                self.write_batch(batch)
        else:
            raise TypeError(
                f"expected a RecordBatch, a Table or Arrow data, not "
                f"{type(table_or_batch).__name__}; minarrow.table() makes a Table of many things"
            )

    def write_table(self, table, max_chunksize=None):
        """Write a Table as record batches of at most ``max_chunksize`` rows.

        What :meth:`write` takes is made a Table first.
        """
        if not isinstance(table, Table):
            if not is_pandas(table) and not hasattr(table, "__arrow_c_stream__"):
                raise TypeError(f"expected a Table or Arrow data, not {type(table).__name__}")
            table = make_table(table, schema=self.schema)
        for batch in table.to_batches(max_chunksize):
            self.write_batch(batch)

    @property
    def stats(self):
        """Counts of what was written so far (WriteStats)."""
        return WriteStats(super().stats)


class RecordBatchStreamWriter(_Writer, _core.StreamWriter):
    """Writes record batches as an Arrow IPC stream.

    Parameters
    ----------
    sink : BufferOutputStream, path, file, socket or descriptor
        Where the stream goes. What the writer opens (a path) it also closes.
    schema : Schema
    use_legacy_format : bool, optional
        As the option of that name.
    options : IpcWriteOptions, optional

    The schema is written at once. Use it as a context manager, or call ``close()``.
    """

    def __new__(cls, sink, schema, *, use_legacy_format=None, options=None):
        return super().__new__(
            cls, sink, schema, options=_write_options(options, use_legacy_format)
        )


class RecordBatchFileWriter(_Writer, _core.FileWriter):
    """Writes record batches as an Arrow IPC file.

    Parameters are those of :class:`RecordBatchStreamWriter`, and ``metadata``: a mapping that goes
    into the file's footer. A file is complete only when it was closed.
    """

    def __new__(cls, sink, schema, *, use_legacy_format=None, options=None, metadata=None):
        return super().__new__(
            cls,
            sink,
            schema,
            options=_write_options(options, use_legacy_format),
            metadata=metadata,
        )


# The same four under their short names.
StreamReader = RecordBatchStreamReader
StreamWriter = RecordBatchStreamWriter
FileReader = RecordBatchFileReader
FileWriter = RecordBatchFileWriter

StreamDecoder = _core.StreamDecoder


def open_stream(source, *, options=None, memory_pool=None, columns=None, memory_map=True):
    """Open an Arrow IPC stream for reading; see :class:`RecordBatchStreamReader`."""
    return RecordBatchStreamReader(source, options=options, columns=columns, memory_map=memory_map)


def open_file(
    source, footer_offset=None, *, options=None, memory_pool=None, columns=None, memory_map=True
):
    """Open an Arrow IPC file for reading; see :class:`RecordBatchFileReader`."""
    return RecordBatchFileReader(
        source, footer_offset, options=options, columns=columns, memory_map=memory_map
    )


def new_stream(sink, schema, *, use_legacy_format=None, options=None):
    """Begin an Arrow IPC stream; see :class:`RecordBatchStreamWriter`."""
    return RecordBatchStreamWriter(
        sink, schema, use_legacy_format=use_legacy_format, options=options
    )


def new_file(sink, schema, *, use_legacy_format=None, options=None, metadata=None):
    """Begin an Arrow IPC file; see :class:`RecordBatchFileWriter`."""
    return RecordBatchFileWriter(
        sink, schema, use_legacy_format=use_legacy_format, options=options, metadata=metadata
    )
