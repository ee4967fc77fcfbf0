"""What a piece of work takes of the processor and of memory, and what it may take."""

import sys
from contextlib import contextmanager
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
    forget_peak()
    before = _peak()
    began = process_time()
    yield cost
    cost.seconds = process_time() - began
    cost.memory = _peak() - before


def forget_peak():
    """Let the peak begin anew with the memory in use, or what took much before would hide all that
    takes less. Whether the system can do that."""
    try:
        (PROC / "clear_refs").write_text("5")
    except OSError:
        return False
    return True


def _peak():
    """The most memory that was in use, in bytes; 0 where nobody says."""
    try:
        status = (PROC / "status").read_text()
    except OSError:
        status = ""
    for line in status.splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    try:
        import resource
    except ImportError:  # on Windows
        return 0
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
