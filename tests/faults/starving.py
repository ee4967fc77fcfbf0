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


# CPython 3.11 leaks what a list was to hold, and arguments of calls, where there is no memory for
# the list or the frame: there only the core's failures can be asked to leave nothing behind.
INTERPRETER_LEAKS = sys.version_info < (3, 12)
ALL_FROM_THERE = 1 << 60
PASSES = 8
ROUNDS = 50  # to find the place of a leak
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


def is_the_interpreters(error):
    """Whether a function in Python lost its exception: CPython does so where there is no memory
    for the frame of its caller."""
    return str(error).startswith("<function ") or str(error).startswith("error return without")


class Trial:
    """One call, with allocations that fail."""

    def __init__(self, case, first, count, python):
        self.case = case
        self.first = first
        self.count = count
        self.python = python
        self.what = f"allocation {first}{' and all behind it' if count > 1 else ''} fails"

    def run(self):
        """Whether the call came through without a failure on its way."""
        before = living()
        subject = self.case.begin()
        try:
            done = self.call(*subject)
        finally:
            self.case.end(*subject)
        del subject
        told, unheard[:] = list(unheard), []
        assert not told, f"{self.what}: {told}"
        if not (self.python and INTERPRETER_LEAKS):
            require_the_same(before, self.what)
        return done

    def call(self, *subject):
        def operate():
            return self.case.operate(*subject)

        try:
            result = _core.fail_allocations(operate, self.first, self.count, self.python)
        except (MemoryError, SystemError) as error:
            if isinstance(error, SystemError) and not is_the_interpreters(error):
                raise
            self.case.after(*subject)
            return False
        except BaseException as error:
            error.add_note(self.what)
            raise
        # some failures are made up for: there is another way, or it was for speed
        assert self.case.right(result), f"{self.what}: {result!r:.300}"
        return _core.allocations_seen() < self.first

    def leaks(self):
        return all(growth([self] * ROUNDS) >= ROUNDS for _ in range(3))


def growth(trials):
    """How many more blocks of memory the interpreter holds after these."""
    gc.collect()  # empties its free lists, too
    before = sys.getallocatedblocks()
    for trial in trials:
        trial.run()
    gc.collect()
    return sys.getallocatedblocks() - before


def nothing(*subject):
    pass


class Case:
    """A call to be tried.

    operate -- what is called, with what `begin` gave
    right -- whether its result is what it should be
    begin -- makes a tuple of fresh objects
    after -- with them, after a failure: are they usable, or closed?
    end -- with them, at last
    python -- whether the interpreter's own allocations fail too, not the core's alone
    """

    def __init__(self, operate, right=bool, begin=tuple, after=None, end=None, python=True):
        self.operate = operate
        self.right = right
        self.begin = begin
        self.after = after or nothing
        self.end = end or nothing
        self.python = python

    def try_all(self):
        for _ in range(2):  # what is imported and made once is there
            subject = self.begin()
            assert self.right(self.operate(*subject))
            self.end(*subject)
        del subject
        gc.collect()
        hook, sys.unraisablehook = sys.unraisablehook, hear
        gc.disable()  # its own allocations, and what it runs, come at any time
        gc.freeze()  # what is there already need not be looked at again and again
        try:
            for count in [1, ALL_FROM_THERE]:
                self.try_each(count, self.python)
                if self.python and INTERPRETER_LEAKS:
                    self.try_each(count, python=False)
        finally:
            gc.unfreeze()
            gc.enable()
            sys.unraisablehook = hook

    def try_each(self, count, python):
        trials = self.try_until_success(count, python)
        if python and INTERPRETER_LEAKS:
            return
        # what is kept for later use grows now and then; what leaks, each time
        if all(growth(trials) > 0 for _ in range(PASSES)):
            leaks = [trial.what for trial in trials if trial.leaks()]
            assert not leaks, f"objects of the interpreter are left behind: {leaks}"

    def try_until_success(self, count, python):
        trials = []
        for first in range(1, GIVE_UP):
            trials.append(Trial(self, first, count, python))
            if trials[-1].run():
                return trials
        raise AssertionError("the call never succeeds")


def starve(operate, right=bool, **options):
    """Call with each allocation failing in turn, first alone, then with all behind it."""
    Case(operate, right, **options).try_all()
