"""Valid data with something wrong in it, made from a seed: the same seed gives the same mutant.

    python -m hostile.mutants seed count           with tests/ in PYTHONPATH

reads and uses the mutants of `count` seeds from `seed` on, says before each what its seed is, so
that one which kills the process is known, and at the end what came of them.

    python -m hostile.mutants seed 1 --recipe

writes one to a file and tells what is wrong in it.
"""

import faulthandler
import gc
import io
import json
import os
import random
import struct
import sys
import tempfile
from collections import Counter
from functools import cache
from pathlib import Path

from hostile.cost import measured
from hostile.damaged import COLUMNS, stream_of
from hostile.exercise import Exercise
from interop import columns
from oracle import golden

import minarrow as ma

HANGS_AFTER = 300  # seconds, also under a sanitizer on a machine that is busy

EXTREMES = [
    *(-(2**bits) for bits in (0, 7, 15, 31, 63)),
    *(2**bits - 1 for bits in (0, 1, 7, 8, 15, 16, 30, 31, 32, 62, 63)),
    *(2**bits for bits in (3, 8, 16, 31, 32, 40, 62)),
]
FORMS = {1: "<B", 2: "<H", 4: "<I", 8: "<Q"}


# -- what is mutated


def _written(batches, new, **options):
    sink = ma.BufferOutputStream()
    with new(sink, batches[0].schema, options=ma.ipc.IpcWriteOptions(**options)) as writer:
        for batch in batches:
            writer.write_batch(batch)
    return sink.getvalue().to_pybytes()


@cache
def originals():
    """Valid inputs as pairs (kind, bytes), in an order that does not change."""
    found = [("stream", bytes(stream_of(kind))) for kind in COLUMNS]
    codecs = [codec for codec in ("lz4", "zstd") if ma._core.codec_is_available(codec)]
    for name in columns.ALL:
        batch = ma.RecordBatch.from_arrays([columns.make(name)], ["a"])
        for kind, new in (("stream", ma.new_stream), ("file", ma.new_file)):
            found.append((kind, _written([batch, batch.slice(1)], new)))
        for codec in codecs:
            rows = ma.concat_arrays([batch.column(0)] * 40)
            long = ma.RecordBatch.from_arrays([rows], ["a"])
            found.append(("stream", _written([long], ma.new_stream, compression=codec)))
    for case in golden.cases():
        for kind, path in (("stream", case.stream), ("file", case.arrow_file)):
            found.append((kind, path.read_bytes()))
    return found


# -- what goes wrong


def flip_a_bit(data, at, random):
    data[at] ^= 1 << random.randrange(8)


def put_an_extreme(data, at, random):
    size = random.choice([1, 2, 4, 4, 8, 8])
    at -= at % size
    if at + size <= len(data):
        value = random.choice(EXTREMES) % (1 << 8 * size)
        struct.pack_into(FORMS[size], data, at, value)


def add_a_little(data, at, random):
    """A number that is nearly what it was is often believed."""
    at -= at % 4
    if at + 4 <= len(data):
        (value,) = struct.unpack_from("<I", data, at)
        struct.pack_into("<I", data, at, (value + random.choice([-8, -4, -1, 1, 4, 8])) % 2**32)


def cut_off(data, at, random):
    del data[at:]


def leave_out(data, at, random):
    del data[at : at + random.choice([1, 4, 8, 64])]


def repeat(data, at, random):
    size = random.choice([1, 4, 8, 64])
    data[at:at] = data[at : at + size]


def swap(data, at, random):
    size = random.choice([4, 8])
    other = random.randrange(len(data))
    at, other = at - at % size, other - other % size
    if max(at, other) + size <= len(data):
        part = data[at : at + size]
        data[at : at + size] = data[other : other + size]
        data[other : other + size] = part


def splice(data, at, random):
    """Begin as one file, and end as another."""
    _, other = random.choice(originals())
    at -= at % 8
    start = random.randrange(len(other))
    data[at:] = other[start - start % 8 :]


def overwrite(data, at, random):
    _, other = random.choice(originals())
    at -= at % 8
    start = random.randrange(len(other))
    size = random.choice([8, 16, 64])
    data[at : at + size] = other[start - start % 8 :][:size]


DAMAGES = [
    *[flip_a_bit] * 6,
    *[put_an_extreme] * 6,
    *[add_a_little] * 4,
    *[cut_off, leave_out, repeat, swap, splice, overwrite],
]


def place(data, random):
    """Where: mostly near metadata, which is what most of a small file is."""
    at = random.randrange(len(data))
    if random.random() < 0.2:
        at = min(at, random.randrange(len(data)))
    return at


def mutant(seed):
    """(kind, bytes, recipe) of a seed."""
    draw = random.Random(seed)
    number = draw.randrange(len(originals()))
    kind, original = originals()[number]
    data = bytearray(original)
    recipe = [f"{kind} {number} of {len(originals())}"]
    for _ in range(draw.choice([1, 1, 1, 2, 3, 8])):
        damage = draw.choice(DAMAGES)
        if data:
            at = place(data, draw)
            damage(data, at, draw)
            recipe.append(f"{damage.__name__} at {at}")
    return kind, bytes(data), "; ".join(recipe)


# -- using them


@cache
def _folder():
    return tempfile.TemporaryDirectory()


def on_disk(data):
    """A new file: an old one may still be mapped."""
    path = Path(_folder().name, "mutant")
    path.unlink(missing_ok=True)
    path.write_bytes(data)
    return path


def descriptor(data):
    return os.open(on_disk(data), os.O_RDONLY)


SOURCES = [*[bytes] * 3, *[io.BytesIO] * 2, *[on_disk] * 2, *[descriptor] * 2]


def use(seed):
    """What came of a mutant: a word for it. Raises what is neither a value nor expected."""
    kind, data, _ = mutant(seed)
    exercise = Exercise(thorough=seed % 4 == 0)
    source = SOURCES[seed % len(SOURCES)](data)
    columns = [0] if seed % 5 == 0 else None
    # paths are mapped and not by turns; it means nothing to others
    getattr(exercise, kind)(source, columns=columns, memory_map=seed % 2 == 0)
    if isinstance(source, int):
        os.close(source)
    if kind == "stream" and seed % 3 == 0:
        exercise.feed(data)
    if not exercise.batches:
        return "no batch" if exercise.errors else "empty"
    return "whole" if not exercise.errors else "in part"


def main():
    first, count = int(sys.argv[1]), int(sys.argv[2])
    if "--recipe" in sys.argv:
        kind, data, recipe = mutant(first)
        Path(f"mutant-{first}.{kind}").write_bytes(data)
        print(recipe)
        return
    gc.freeze()
    outcomes = Counter()
    slowest, largest = (0, None), (0, None)
    for seed in range(first, first + count):
        print(json.dumps({"seed": seed}), flush=True)
        faulthandler.dump_traceback_later(HANGS_AFTER, exit=True)
        with measured() as cost:
            outcomes[use(seed)] += 1
        slowest = max(slowest, (cost.seconds, seed))
        largest = max(largest, (cost.memory, seed))
    faulthandler.cancel_dump_traceback_later()
    last = {"outcomes": outcomes, "slowest": slowest, "largest": largest}
    print(json.dumps(last), flush=True)


if __name__ == "__main__":
    main()
