"""All that a user could do with data from anywhere. Each use gives a value or an ArrowException.

``Exercise`` counts both. Anything else that is raised is passed on, with a note of what was used.
"""

from contextlib import contextmanager, suppress
from itertools import islice
from time import process_time

import minarrow as ma

try:
    import numpy
except ImportError:
    numpy = None
try:
    import pandas
except ImportError:
    pandas = None
try:
    import pyarrow
except ImportError:
    pyarrow = None

# What pyarrow says of values, and of extension types, that are odd, but hurt nobody.
TASTE = (
    "does not fit in precision of decimal",
    "does not represent a whole number of days",
    "is not within the acceptable range",
    "has non-monotonic offset",
    "Invalid storage type for",
    "Unexpected serialized metadata",
)


class Exercise:
    """Uses data in every way there is, and counts how that went.

    peers -- hand it to pyarrow, too
    thorough -- all ways; otherwise each value is touched, printed and exported, which is quick
    """

    def __init__(self, peers=True, thorough=True):
        self.values = 0
        self.batches = 0
        self.slowest = (0, "")
        self.errors = 0
        self.peers = peers and pyarrow is not None
        self.thorough = thorough

    @contextmanager
    def _told(self, what):
        try:
            yield
        except ma.ArrowMemoryError as error:
            # data of a few kilobytes has no reason to need more memory than there is
            error.add_note(f"from {what}")
            raise AssertionError(f"{what}: {error}") from error
        except ma.ArrowException:
            self.errors += 1
        except BaseException as error:
            error.add_note(f"from {what}")
            raise

    def attempt(self, what, function, *args, **options):
        """The value of a call, or None where it raised an ArrowException."""
        began = process_time()
        with self._told(what):
            try:
                value = function(*args, **options)
            finally:
                self.slowest = max(self.slowest, (process_time() - began, what))
            self.values += 1
            return value

    # -- readers

    def stream(self, source, **options):
        """Open as a stream, and use every batch up to the first that cannot be read."""
        reader = self.attempt("open_stream", ma.open_stream, source, **options)
        if reader is not None:
            with reader:
                self._batches_of(reader, self._stream_batches(reader))

    def file(self, source, **options):
        """Open as a file, and use every batch that can be read."""
        reader = self.attempt("open_file", ma.open_file, source, **options)
        if reader is not None:
            with reader:
                self.attempt("metadata", lambda: reader.metadata)
                self._batches_of(reader, self._file_batches(reader))

    def _batches_of(self, reader, batches):
        self.schema(reader.schema)
        whole = []
        for batch in batches:
            self.batches += 1
            self.batch(batch)
            whole.append(batch)
        if self.thorough:
            self.attempt("stats", lambda: reader.stats)
            self.table(whole, reader.schema)

    def _stream_batches(self, reader):
        while True:
            try:
                got = self.attempt("next batch", reader.read_next_batch_with_custom_metadata)
            except StopIteration:
                return
            if got is None:
                # a stream that failed stays failed
                self.attempt("next batch", reader.read_all)
                return
            yield got[0]

    def _file_batches(self, reader):
        for i in range(reader.num_record_batches):
            batch = self.attempt(f"get_batch({i})", reader.get_batch, i)
            if batch is not None:
                yield batch

    def feed(self, data):
        """Feed a decoder in chunks of 7 bytes, then 1000."""
        decoder = ma.ipc.StreamDecoder()
        cuts = [*range(0, min(len(data), 70), 7), *range(70, len(data), 1000), len(data)]
        for start, end in zip(cuts, cuts[1:]):
            fed = self.attempt("feed", decoder.feed, data[start:end])
            if fed is None:
                return
            for batch in fed:
                self.attempt("validate", batch.validate, full=True)
        self.attempt("finish", decoder.finish)

    # -- what readers give

    def schema(self, schema):
        """Print, compare and take apart a schema."""
        for use in (str, repr, hash):
            self.attempt(f"{use.__name__} of a schema", use, schema)
        self.attempt("schema equals", schema.equals, schema, check_metadata=True)
        for field in schema:
            self.attempt("field", lambda field=field: (str(field), field.type.fields))

    def table(self, batches, schema):
        """Use batches together: joined, as pandas has them, and written again."""
        table = ma.Table.from_batches(batches, schema)
        joined = self.attempt("combine_chunks", table.combine_chunks)
        if joined is not None:
            self.attempt("equals when joined", joined.equals, table)
        self.attempt("repr of a table", repr, table)
        for new in (ma.new_stream, ma.new_file):
            self.attempt("write", self._write, new, table)
        if pandas is not None:
            self.attempt("to_pandas", self._pandas, table)

    def _write(self, new, table):
        sink = ma.BufferOutputStream()
        try:
            writer = new(sink, table.schema)
        except ma.ArrowInvalid:
            # a batch that was refused leaves a writer to be closed, no less than one that was not
            sink.close()
            raise
        try:
            writer.write_table(table)
        finally:
            writer.close()
        reader = (ma.open_stream if new is ma.new_stream else ma.open_file)(sink.getvalue())
        again = reader.read_all()
        for batch, other in zip(table.to_batches(), again.to_batches(), strict=True):
            equal = self.attempt("equals what was written", batch.equals, other)
            assert equal in (True, None) or holds_nan(batch)

    def _pandas(self, table):
        try:
            return table.to_pandas()
        except (OverflowError, NotImplementedError, ValueError) as error:
            if type(error).__module__.startswith("pandas"):
                return None  # moments that pandas cannot hold
            raise

    def batch(self, batch):
        """Use a batch as a whole, and each column of it."""
        self.attempt("repr of a batch", repr, batch)
        self.attempt("equals itself", batch.equals, batch)
        if self.thorough:
            self.attempt("validate", batch.validate)
            self.attempt("str of a batch", str, batch)
            self.attempt("slice of a batch", batch.slice, 1, 2)
            self.attempt("to_pydict", batch.to_pydict)
            self.attempt("to_pylist of a batch", batch.to_pylist)
            self.attempt("nbytes", lambda: (batch.nbytes, batch.get_total_buffer_size()))
            self.attempt("full validate of a batch", batch.validate, full=True)
        for i in range(batch.num_columns):
            column = self.attempt("column", batch.column, i)
            if column is not None:
                self.array(column)
        self._lend(batch)

    def array(self, array):
        """Touch every value of an array, and all that it is made of."""
        valid = self.attempt("full validate", array.validate, full=True)
        if valid is None:
            self.attempt("validate", array.validate)
        self.attempt("__arrow_c_array__ of an array", array.__arrow_c_array__)
        # alone, as one that cannot be lent keeps its whole batch from being lent; in a batch, as
        # pyarrow has no class for arrays of some types
        self._lend(ma.RecordBatch.from_arrays([array], ["a"]))
        self.attempt("null_count", lambda: array.null_count)
        for use in (str, ma.Array.to_pylist):
            self.attempt(use.__name__, use, array)
        if not self.thorough:
            return
        for use in (repr, first_rows, ma.Array.is_null):
            self.attempt(f"{use.__name__} of {array.type}", use, array)
        self._parts(array)
        for window in (0, 1, 5):
            self.attempt("to_string", array.to_string, window=window)
        for start, size in ((0, 1), (1, 3), (len(array) // 2, None)):
            part = array.slice(start, size)
            self.attempt("values of a slice", part.to_pylist)
            self.attempt("slice equals itself", part.equals, array.slice(start, size))
            self.attempt("slice is joined", ma.concat_arrays, [part, part])
        self.attempt("every second row", lambda: array[::2])
        with suppress(TypeError):  # only lists and structs can be flattened
            self.attempt("flatten", array.flatten)
        if numpy is not None:
            self.attempt("to_numpy", self._numpy, array)

    def _parts(self, array):
        """The array's buffers, byte by byte, and the arrays within it."""
        for buffer in array.buffers():
            if buffer is not None:
                self.attempt("buffer", lambda buffer=buffer: sum(memoryview(buffer)))
        # only plain numbers without nulls are lent as memory
        with self._told("memoryview"), suppress(BufferError):
            bytes(memoryview(array))
        for name in ("dictionary", "indices", "values", "run_ends", "offsets", "sizes", "keys"):
            try:
                part = getattr(array, name, None)
            except (ma.ArrowException, TypeError, AttributeError):
                continue
            if isinstance(part, ma.Array):
                self.attempt(f"repr of {name}", repr, part)
                self.attempt(f"values of {name}", part.to_pylist)

    def _numpy(self, array):
        try:
            return array.to_numpy(zero_copy_only=False)
        except (OverflowError, NotImplementedError):
            return None  # numbers that no datetime holds, types without a dtype

    # -- another library

    def _lend(self, batch):
        """What we export is valid: pyarrow says so, and can use it."""
        exported = self.attempt("__arrow_c_array__", batch.__arrow_c_array__)
        if exported is None or not self.peers:
            return
        try:
            theirs = pyarrow.record_batch(batch)
            theirs.validate(full=True)
        except pyarrow.ArrowInvalid as error:
            if not any(words in str(error) for words in TASTE):
                raise
            return
        assert theirs.num_rows == batch.num_rows
        self.values += 1


def first_rows(array):
    """Some rows as scalars, their values and their text."""
    return [(row, row.as_py(), str(row), row == row) for row in islice(array, 20)]


def holds_nan(batch):
    """Whether a value is not equal to itself."""
    return not batch.equals(batch)
