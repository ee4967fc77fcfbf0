"""Interpreters with a GIL of their own, several at once in one process."""

import threading

import pytest

import minarrow as ma

interpreters = pytest.importorskip("_interpreters")  # of CPython 3.13

CODE = """
import minarrow as ma

options = ma.ipc.IpcWriteOptions(compression={codec!r})
try:
    ma.open_stream(b"no stream")
except ma.ArrowInvalid as error:
    assert type(error) is ma.ArrowInvalid
for number in range(10):
    values = [{own} * 1000 + number] * 500
    columns = [ma.array(values), ma.array(list(map(str, values)))]
    batch = ma.RecordBatch.from_arrays(columns, ["a", "b"])
    sink = ma.BufferOutputStream()
    with ma.RecordBatchStreamWriter(sink, batch.schema, options=options) as writer:
        writer.write_batch(batch)
    (found,) = ma.open_stream(sink.getvalue())
    assert found.column(0).to_pylist() == values
    assert found.equals(batch)
"""


@pytest.mark.parametrize("codec", [None, "lz4", "zstd"])
@pytest.mark.thread_unsafe(reason="makes interpreters, each in a thread of its own")
def test_each_has_its_own(codec):
    failures = []

    def run(own):
        interpreter = interpreters.create()
        try:
            failures.append(interpreters.exec(interpreter, CODE.format(own=own, codec=codec)))
        finally:
            interpreters.destroy(interpreter)

    threads = [threading.Thread(target=run, args=(own,)) for own in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == [None] * 4


@pytest.mark.skipif(
    not hasattr(ma._core, "blocks_live"), reason="needs a build that counts (make test-faults)"
)
@pytest.mark.thread_unsafe(reason="counts what the whole process holds")
def test_each_gives_back_what_it_took():
    counts = []
    for _ in range(5):
        interpreter = interpreters.create()
        assert interpreters.exec(interpreter, CODE.format(own=1, codec=None)) is None
        interpreters.destroy(interpreter)
        counts.append(ma._core.blocks_live())
    assert counts[1:] == [counts[0]] * 4
