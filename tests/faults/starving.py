"""Calls whose n-th allocation fails, for n = 1, 2, ... until they succeed.

It takes a build in which allocations can be made to fail (``make test-faults``).
"""

import gc
import sys

import pytest

import minarrow as ma
from minarrow import _core, _table, arrays, extension, ipc


def need_faults():
    """Skip a module of tests where this build lets nothing fail."""
    if not hasattr(_core, "fail_allocations"):
        reason = "wants a build whose allocations can be made to fail: make test-faults"
        pytest.skip(reason, allow_module_level=True)


ALL_FROM_THERE = 1 << 60
GIVE_UP = 200_000  # allocations that no call of these tests makes


def _classes(module):
    own = [kind for kind in vars(module).values() if isinstance(kind, type)]
    return {kind for kind in own if not issubclass(kind, BaseException)}


MODULES = [ma, _core, _table, arrays, extension, ipc]
KINDS = sorted(set().union(*map(_classes, MODULES)), key=repr)


def living():
    """What the core holds, and how often each type of ours is referred to: by each instance."""
    return [_core.blocks_live(), *map(sys.getrefcount, KINDS)]


def difference(before, after):
    names = ["blocks of the core", *(kind.__name__ for kind in KINDS)]
    return {name: b - a for name, a, b in zip(names, before, after) if a != b}


def require_the_same(before, what):
    """Nothing more lives than before, and nothing less."""
    if living() != before:
        gc.collect()
        after = living()
        assert after == before, f"{what}: {difference(before, after)}"


unheard = []


def hear(unraisable):
    """Failures are raised; none is told to nobody."""
    unheard.append(f"{unraisable.exc_value!r}, ignored in {unraisable.object!r}")


class Trial:
    """One call, with allocations that fail."""

    def __init__(self, case, first, count):
        self.case = case
        self.first = first
        self.count = count
        self.what = f"allocation {first}{' and all behind it' if count > 1 else ''} fails"

    def run(self):
        """Whether the call came through without a failure on its way."""
        before = living()
        done = self.call(*self.case.begin())
        assert not unheard, f"{self.what}: {unheard}"
        require_the_same(before, self.what)
        return done

    def call(self, *subject):
        def operate():
            return self.case.operate(*subject)

        try:
            result = _core.fail_allocations(operate, self.first, self.count, self.case.python)
        except MemoryError:
            self.case.after(*subject)
            return False
        except BaseException as error:
            error.add_note(self.what)
            raise
        # some failures are made up for: there is another way, or it was for speed
        assert self.case.right(result), f"{self.what}: {result!r:.300}"
        return _core.allocations_seen() < self.first

    def leaks(self):
        """Whether objects of the interpreter are left behind, each time.

        What is kept for later use grows for a while, so it takes many rounds to be sure.
        """
        return all(self.grow(rounds) >= rounds for rounds in [1, 5, 1000])

    def grow(self, rounds):
        """How many more blocks of memory the interpreter holds afterwards."""
        before = sys.getallocatedblocks()
        for _ in range(rounds):
            self.run()
        return sys.getallocatedblocks() - before


class Case:
    """A call to be tried.

    operate -- what is called, with what `begin` gave
    right -- whether its result is what it should be
    begin -- makes a tuple of fresh objects
    after -- with them, after a failure: are they usable, or closed?
    python -- whether the interpreter's own allocations fail too, not the core's alone
    """

    def __init__(self, operate, right=bool, begin=tuple, after=lambda *_: None, python=True):
        self.operate = operate
        self.right = right
        self.begin = begin
        self.after = after
        self.python = python

    def try_all(self):
        self.operate(*self.begin())  # what is imported and made once is there
        assert self.right(self.operate(*self.begin()))
        gc.collect()
        hook, sys.unraisablehook = sys.unraisablehook, hear
        gc.disable()  # its own allocations, and what it runs, come at any time
        try:
            for count in [1, ALL_FROM_THERE]:
                self.try_each(count)
        finally:
            gc.enable()
            sys.unraisablehook = hook

    def try_each(self, count):
        for first in range(1, GIVE_UP):
            trial = Trial(self, first, count)
            assert not trial.leaks(), f"{trial.what}: objects of the interpreter are left behind"
            if trial.run():
                return
        raise AssertionError("the call never succeeds")


def starve(operate, right=bool, **options):
    """Call with each allocation failing in turn, first alone, then with all behind it."""
    Case(operate, right, **options).try_all()
