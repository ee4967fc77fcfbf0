"""The measure of what is left behind sees what it should: a little in every round, and not what is
kept once for all."""

import ctypes
import itertools
import mmap

import pytest
from memory.flat import heap, resident, stays_flat
from memory.things import BATCH, VALUES

pytestmark = pytest.mark.undisturbed
counted = pytest.mark.skipif(heap is None, reason="the C library does not count what it hands out")
FEW = 200  # as many as the shortest tests have


def told(operate, inputs=(), rounds=FEW):
    with pytest.raises(pytest.fail.Exception, match="time after time"):
        stays_flat(operate, inputs, rounds)


def every(rounds, operate):
    """A round that does something once in so many."""
    number = itertools.count(1)
    return lambda: next(number) % rounds or operate()


@pytest.fixture
def lose():
    """Takes blocks of the C library's, and gives them back after the test.

    Python keeps no address, which would be an object and be told as one: each block holds that of
    the block before it.
    """
    library = ctypes.CDLL(None)
    library.malloc.restype = ctypes.c_void_p
    library.free.argtypes = [ctypes.c_void_p]
    last = ctypes.c_void_p()

    def lose(size):
        block = ctypes.c_void_p.from_address(library.malloc(ctypes.c_size_t(size)))
        block.value = last.value
        last.value = ctypes.addressof(block)

    yield lose
    while last.value:
        block = last.value
        last.value = ctypes.c_void_p.from_address(block).value
        library.free(block)


@counted
@pytest.mark.parametrize("rounds", [FEW, 500, 2_000])
@pytest.mark.parametrize("often", [1, 4])
def test_sixteen_bytes_are_told(often, rounds, lose):
    told(every(often, lambda: lose(16)), rounds=rounds)


@counted
def test_a_large_block_is_told_though_nothing_touches_it(lose):
    told(every(FEW // 2, lambda: lose(1 << 20)))


def test_objects_are_told():
    """Each keeps the one before it, as a list of them would be memory of another kind."""
    last = None

    def keep():
        nonlocal last
        last = (last,)

    told(keep)


def test_objects_of_ours_are_told():
    kept = []
    told(every(2, lambda: kept.append(VALUES.slice(1))))


def test_references_are_told():
    """One that is never given back, and one that is given back though it was never taken."""
    for name in ("Py_IncRef", "Py_DecRef"):  # as many of one as of the other
        function = getattr(ctypes.pythonapi, name)
        function.argtypes = [ctypes.py_object]
        told(lambda function=function: function(BATCH), [BATCH])


@pytest.mark.skipif(resident() is None, reason="nobody says how much lies in memory")
def test_pages_are_told():
    """Few enough maps that the objects which keep them are not told."""
    kept = []

    def leave():
        kept.append(mmap.mmap(-1, 1 << 17))
        kept[-1][::4096] = b"x" * 32

    told(every(8, leave))


def test_what_is_kept_once_is_not_told():
    kept, number = set(), itertools.count()
    stays_flat(lambda: kept.add(str(next(number) % 1000)), rounds=FEW)
    assert len(kept) == 1000
    stays_flat(lambda: BATCH.slice(1), [BATCH])
