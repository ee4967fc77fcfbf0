"""Measures what a call leaves behind when it is made over and over: references and memory."""

import gc
import os
import sys

import pytest

import minarrow as ma
from minarrow import _core, _table, arrays, extension, ipc

LONG = os.environ.get("MINARROW_SOAK") == "1"
ROUNDS = 100_000 if LONG else 2_000
MODULES = [ma, _core, _table, arrays, extension, ipc]
KINDS = sorted(
    {kind for module in MODULES for kind in vars(module).values() if isinstance(kind, type)},
    key=repr,
)


def resident():
    """Bytes of this process that lie in memory; None where nobody says."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return None


def references(inputs):
    """How often each type of ours, which every instance refers to, and each input is used."""
    gc.collect()
    return [sys.getrefcount(thing) for thing in [*KINDS, *inputs]]


def measure(operate, inputs, rounds):
    """What `rounds` calls leave: references by name, the interpreter's blocks, and bytes."""
    before = references(inputs)
    blocks, size = sys.getallocatedblocks(), resident()
    for _ in range(rounds):
        operate()
    after = references(inputs)
    names = [*KINDS, *map(type, inputs)]
    grown = {n.__name__: b - a for n, a, b in zip(names, before, after) if b - a > rounds // 4}
    size = resident() - size if size is not None else None
    return grown, sys.getallocatedblocks() - blocks, size


def is_flat(grown, blocks, size, rounds):
    """16 bytes in every fourth round would show."""
    most = (1 << 20) + rounds // 4 * 16
    return not grown and blocks < max(400, rounds // 4) and (size is None or size < most)


def stays_flat(operate, inputs=(), rounds=ROUNDS):
    """Assert that a call leaves nothing behind, and give what it left: blocks and bytes.

    It is measured again if it does: a leak goes on, and what is kept once for all does not.
    """
    gc.freeze()  # what was there before is not looked through each time
    try:
        for _ in range(min(rounds, 200)):
            operate()
        for _ in range(3):
            grown, blocks, size = measure(operate, inputs, rounds)
            if is_flat(grown, blocks, size, rounds):
                break
        else:
            pytest.fail(f"{rounds} rounds left {grown}, {blocks} blocks, {size} bytes, each time")
    finally:
        gc.unfreeze()
    if size is None:
        pytest.skip("nobody says how much memory is used")
    return blocks, size
