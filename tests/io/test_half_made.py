"""A reader that code finds before it is made, by the garbage collector's lists.

Debuggers look there, and whoever asks what refers to an object.
"""

import gc
import io

import minarrow as ma

BATCH = ma.RecordBatch.from_arrays([ma.array([1, 2, 3])], ["a"])


def written(new):
    sink = ma.BufferOutputStream()
    with new(sink, BATCH.schema) as writer:
        writer.write_batch(BATCH)
    return sink.getvalue().to_pybytes()


class Looking(io.BytesIO):
    """Asks the reader that refers to it for attributes, from the first call of its `readinto`."""

    kind = None
    names = ()
    answers = None

    def readinto(self, memory):
        if self.answers is None:
            self.answers = []
            for found in gc.get_referrers(self):
                if isinstance(found, self.kind):
                    self.answers += [self.ask(found, name) for name in self.names]
        return super().readinto(memory)

    @staticmethod
    def ask(reader, name):
        try:
            return getattr(reader, name)
        except RuntimeError as error:
            return str(error)


HALF_MADE = "the reader is half-made: it is still being opened, or already taken apart"


def test_stream_readers():
    source = Looking(written(ma.new_stream))
    source.kind, source.names = ma.RecordBatchStreamReader, ["schema", "closed"]
    with ma.open_stream(source) as reader:
        assert source.answers[0] == HALF_MADE
        assert (reader.schema, reader.closed) == (BATCH.schema, False)


def test_file_readers():
    source = Looking(written(ma.new_file))
    source.kind = ma.RecordBatchFileReader
    source.names = ["schema", "metadata", "num_record_batches", "closed"]
    with ma.open_file(source) as reader:
        assert source.answers == [HALF_MADE, HALF_MADE, 0, True]
        assert reader.schema == BATCH.schema
        assert (reader.metadata, reader.num_record_batches, reader.closed) == (None, 1, False)
