"""Reads and uses files in every way, one after the other, and reports each as a line of JSON.

    python -m hostile.use_files [--once] file ...       with tests/ in PYTHONPATH

With --once only as streams, from memory, and without other libraries.

A process of its own, so that one that dies or hangs is a failed test and no more.
"""

import faulthandler
import gc
import io
import json
import mmap
import os
import sys
import traceback
from pathlib import Path

from hostile.cost import measured
from hostile.exercise import Exercise

import minarrow as ma

HANGS_AFTER = 300  # seconds, also under a sanitizer on a machine that is busy


def mapped(path):
    """A map by the standard library: memory that is not minarrow's own."""
    with open(path, "rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


SOURCES = {
    "bytes": Path.read_bytes,
    "path": lambda path: path,
    "memory_map": lambda path: ma.memory_map(str(path)),
    "mmap": mapped,
    "file object": lambda path: io.BytesIO(path.read_bytes()),
    "open file": lambda path: open(path, "rb"),
    "OSFile": lambda path: ma.OSFile(str(path)),
    "descriptor": lambda path: os.open(path, os.O_RDONLY),
}


def use(path, kind, source, exercise):
    if kind == "feed":
        exercise.feed(path.read_bytes())
        return
    opened = SOURCES[source](path)
    getattr(exercise, kind)(opened)
    gc.collect()  # of exceptions, whose frames hold on to what was read
    if isinstance(opened, int):
        os.close(opened)
    elif hasattr(opened, "close"):
        opened.close()


def report(path, kind, source, peers):
    """Use a file and tell how that went."""
    exercise = Exercise(peers)
    said = {"file": path.name, "kind": kind, "source": source, "failed": None}
    faulthandler.dump_traceback_later(HANGS_AFTER, exit=True)
    with measured() as cost:
        try:
            use(path, kind, source, exercise)
        except BaseException:
            said["failed"] = traceback.format_exc()
    faulthandler.cancel_dump_traceback_later()
    said["seconds"] = cost.seconds
    said["memory"] = cost.memory
    said["values"] = exercise.values
    said["errors"] = exercise.errors
    said["slowest"] = exercise.slowest
    return said


def main():
    ways = [(kind, source) for kind in ("stream", "file") for source in SOURCES]
    ways.append(("feed", "bytes"))
    names = sys.argv[1:]
    gc.freeze()  # what was imported is not looked at again and again
    if names[0] == "--once":
        names, ways = names[1:], ways[:1]
    for path in map(Path, names):
        print(json.dumps({"begins": path.name}), flush=True)
        for kind, source in ways:
            print(json.dumps(report(path, kind, source, len(ways) > 1)), flush=True)


if __name__ == "__main__":
    main()
