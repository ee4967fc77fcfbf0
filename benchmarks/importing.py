"""What it costs to have the package at all."""

import os
import subprocess
import sys
from pathlib import Path

from harness import benchmark

TIME_IMPORT = """
import time
began = time.perf_counter()
import {name}
print(time.perf_counter() - began)
"""


@benchmark("import, in a new interpreter", measured=True)
def import_time(module):
    command = [sys.executable, "-c", TIME_IMPORT.format(name=module.__name__)]
    # with compiled modules kept, as they are once a package was imported before
    usual = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}

    def work():
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=usual)
        return float(done.stdout)

    return work


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
