"""What a piece of work takes of the processor and of memory, and what it may take."""

import resource
from contextlib import contextmanager, suppress
from pathlib import Path
from time import process_time

SECONDS = 2
MEMORY = 256 << 20

PROC = Path("/proc/self")


class Cost:
    """seconds -- of processor time; memory -- bytes at its most, beyond what there was before"""

    seconds = memory = 0


@contextmanager
def measured():
    """The cost of what is done meanwhile, known afterwards."""
    cost = Cost()
    before = _resident_from_now_on()
    began = process_time()
    yield cost
    cost.seconds = process_time() - began
    cost.memory = _peak() - before


def _resident_from_now_on():
    """Memory in use. The peak begins anew where the system can do that, or what took much before
    would hide all that takes less."""
    with suppress(OSError):
        (PROC / "clear_refs").write_text("5")
    return _peak()


def _peak():
    """The most memory that was in use, in bytes."""
    try:
        status = (PROC / "status").read_text()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    (line,) = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024
