"""Measures what a call leaves behind when it is made over and over: references and memory.

Memory is counted by those who hand it out, to the byte: the interpreter counts the small blocks
that its objects are made of, and the C library all that `malloc` gave, which is where the core's
memory and the interpreter's larger blocks come from. What is mapped shows in resident memory
alone, which moves for other reasons, too, so that only pages show there.
"""

import ctypes
import gc
import os
import sys
from dataclasses import dataclass

import pytest

import minarrow as ma
from minarrow import _core, _table, arrays, extension, ipc

LONG = os.environ.get("MINARROW_SOAK") == "1"
ROUNDS = 100_000 if LONG else 2_000
PASSES = 6
MODULES = [ma, _core, _table, arrays, extension, ipc]
KINDS = sorted(
    {kind for module in MODULES for kind in vars(module).values() if isinstance(kind, type)},
    key=repr,
)


MALLINFO2 = (
    *("arena", "ordblks", "smblks", "hblks", "hblkhd"),
    *("usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"),
)


class MallocState(ctypes.Structure):
    """`struct mallinfo2` of glibc's <malloc.h>."""

    _fields_ = [(name, ctypes.c_size_t) for name in MALLINFO2]


def malloc_counter():
    """A function that gives the bytes which malloc has handed out; None where nobody counts them.

    A sanitizer puts its own malloc before the C library's, which counts on but hands out nothing.
    """
    try:
        library = ctypes.CDLL(None)
        state = library.mallinfo2
    except (AttributeError, OSError, TypeError):  # another C library, or one before glibc 2.33
        return None
    state.restype = MallocState
    library.malloc.restype = ctypes.c_void_p

    def count():
        now = state()
        return now.uordblks + now.hblkhd

    size = 1 << 20
    before = count()
    block = library.malloc(ctypes.c_size_t(size))
    seen = count() - before
    library.free(ctypes.c_void_p(block))
    return count if seen >= size else None


heap = malloc_counter()


def resident():
    """Bytes of this process that lie in memory; None where nobody says."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return None


@dataclass
class Left:
    """What a number of rounds left behind; less than nothing where there is less than before."""

    rounds: int
    references: dict  # by the name of what is referred to
    blocks: int  # of the interpreter
    heap: int  # bytes
    resident: int  # bytes

    def is_nothing(self):
        """Less than one reference or object in every fourth round, and than 4 bytes in each.

        malloc takes 32 bytes for 16, so those show though only every fourth round leaves them.
        A page shows in every round that leaves one; there may be 256 that came otherwise.
        """
        few = self.rounds // 4
        return (
            all(abs(number) < few for number in self.references.values())
            and abs(self.blocks) < few
            and abs(self.heap) < 4 * self.rounds
            and self.resident < (1 << 20) + 4 * self.rounds
        )


def references(inputs):
    """How often each type of ours, which every instance refers to, and each input is used."""
    return [sys.getrefcount(thing) for thing in [*KINDS, *inputs]]


def memory():
    """The interpreter's blocks, the bytes of malloc, and those that are resident."""
    gc.collect()
    return sys.getallocatedblocks(), heap() if heap else 0, resident() or 0


def measure(operate, inputs, rounds):
    """What `rounds` calls leave."""
    used = references(inputs)
    before = memory()
    for _ in range(rounds):
        operate()
    after = memory()
    names = [kind.__name__ for kind in [*KINDS, *map(type, inputs)]]
    changed = zip(names, used, references(inputs))
    return Left(
        rounds,
        {name: now - then for name, then, now in changed if now != then},
        *(now - then for then, now in zip(before, after)),
    )


def stays_flat(operate, inputs=(), rounds=ROUNDS):
    """Assert that a call leaves nothing behind.

    If it does it is called twice as often: a leak goes on, and what is kept once for all does not,
    nor what another thread takes (pytest-xdist has one that is told which tests come next).
    """
    gc.freeze()  # what was there before is not looked through each time
    try:
        for _ in range(min(rounds, 200)):
            operate()
        found = []
        for doubled in range(PASSES):
            found.append(measure(operate, inputs, rounds << doubled))
            if found[-1].is_nothing():
                break
        else:
            pytest.fail("\n".join(["this was left, time after time:", *map(str, found)]))
    finally:
        gc.unfreeze()
    if heap is None and resident() is None:
        pytest.skip("nobody says how much memory is used")
