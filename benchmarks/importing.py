"""What it costs to have the package at all."""

import functools
import subprocess
import sys
import time
from pathlib import Path

from harness import benchmark


def start(code):
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - began


@functools.cache
def bare():
    return min(start("pass") for _ in range(15))


@benchmark("import, over a bare interpreter", measured=True)
def import_time(module):
    return lambda: max(start(f"import {module.__name__}") - bare(), 1e-6)


import_time.peer("nanoarrow")(import_time.prepare["minarrow"])
import_time.peer("polars")(import_time.prepare["minarrow"])


def installed_size(module):
    """Bytes of the package's folder, of this interpreter's builds only, without caches."""
    folder = Path(module.__file__).parent
    suffix = f"cpython-{sys.version_info[0]}{sys.version_info[1]}-"
    size = 0
    for path in folder.rglob("*"):
        other_build = ".cpython-" in path.name and suffix not in path.name
        if path.is_file() and path.suffix != ".pyc" and not other_build:
            size += path.stat().st_size
    return size


@benchmark("installed size", measured=True, unit="bytes")
def size(module):
    measured = installed_size(module)
    return lambda: measured
