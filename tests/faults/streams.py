"""A small stream and a small file, where their messages end, and how far one is read."""

import io

import minarrow as ma


def make_batch(i, rows=20):
    number = ma.array([None if k % 5 == 3 else i * rows + k for k in range(rows)], ma.int64())
    return ma.RecordBatch.from_arrays([number, ma.array([f"{i}/{k}" for k in range(rows)])], "nt")


BATCHES = [make_batch(i) for i in range(4)]
SCHEMA = BATCHES[0].schema
SMALL = [make_batch(i, 2) for i in range(2)]  # for what is done at each of its bytes


def written(new=ma.new_stream, batches=BATCHES):
    """A stream, or a file, and where its messages end."""
    sink = io.BytesIO()
    writer = new(sink, batches[0].schema)
    ends = [sink.tell()]
    for batch in batches:
        writer.write_batch(batch)
        ends.append(sink.tell())
    writer.close()
    return sink.getvalue(), ends


STREAM, ENDS = written()
FILE, _ = written(ma.new_file)


def read_whole(reader):
    """The batches up to where the stream breaks off, and the error that says so."""
    got = []
    try:
        for batch in reader:
            got.append(batch)
    except ma.ArrowInvalid as error:
        return got, error
    return got, None


def are(got, batches):
    return len(got) == len(batches) and all(map(ma.RecordBatch.equals, got, batches))
