"""Sources and sinks that are restless, time and again, each time in another way.

Whatever comes of it, the next step has a reader or writer that is open.
"""

from collections import Counter
from itertools import cycle

import pytest
from hostile.numbered import CODECS, KINDS
from hostile.restless import (
    PLANS,
    READINGS,
    SINKS,
    SOURCES,
    WRITINGS,
    RestlessReader,
    RestlessWriter,
)

pytest.importorskip("hypothesis")

from hostile.machines import EXAMPLES, ROWS, run
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

pytestmark = pytest.mark.thread_unsafe(reason="hypothesis runs one of these at a time")

LISTS = st.lists(ROWS, min_size=1, max_size=4)
COMMON = {"codec": st.sampled_from(CODECS), "most": st.sampled_from([1, 7, 64, 1 << 20])}
COLUMNS = st.sampled_from([None, None, ["n"]])
READER = st.fixed_dictionaries(COMMON | {"batches": LISTS, "columns": COLUMNS})
WRITER = st.fixed_dictionaries(COMMON)
# Which plan comes when: nearly all of them in each example, as draws for each step would not give.
TURNS = st.permutations(range(max(map(len, PLANS.values())) * 2))
AFTER = st.sampled_from([0, 0, 0, 1, 2, 5])


class RestlessReading(RuleBasedStateMachine):
    """One reader after the other, and plans for its source."""

    def __init__(self, plans, acted, **kind):
        super().__init__()
        self.plans = plans
        self.acted = acted  # how often, by plan
        self.kind = kind

    @initialize(reader=READER, turns=TURNS)
    def open(self, reader, turns):
        self.reader = RestlessReader(**self.kind, **reader)
        self.turns = cycle(turns)

    @rule(after=AFTER, all_of_it=st.booleans(), reader=READER)
    def read(self, after, all_of_it, reader):
        on, plan = self.plans[next(self.turns) % len(self.plans)]
        self.acted[on, plan] += self.reader.call(on, plan, after, all_of_it)
        if self.reader.state != "open" or self.reader.ended:
            self.reader = RestlessReader(**self.kind, **reader)


class RestlessWriting(RuleBasedStateMachine):
    """One writer after the other, and plans for its sink."""

    def __init__(self, plans, acted, **kind):
        super().__init__()
        self.plans = plans
        self.acted = acted
        self.kind = kind
        self.writer = None

    @initialize(writer=WRITER, turns=TURNS)
    def open(self, writer, turns):
        self.writer = RestlessWriter(**self.kind, **writer)
        self.turns = cycle(turns)

    @rule(after=AFTER, numbers=st.one_of(st.none(), LISTS), writer=WRITER)
    def write_or_close(self, after, numbers, writer):
        on, plan = self.plans[next(self.turns) % len(self.plans)]
        if on == "flush":  # which is called once, when the writer is closed
            after, numbers = 0, None
        self.acted[on, plan] += self.writer.call(on, plan, after, numbers)
        if self.writer.state != "open":
            self.writer = RestlessWriter(**self.kind, **writer)

    def teardown(self):
        if self.writer is not None:
            self.writer.writer.close()


def plans_of(cases, *kind):
    return [case[2:] for case in cases if case[:2] == kind]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("by", SOURCES)
def test_readers_of_restless_sources_in_every_order_of_calls(kind, by):
    """Each plan is acted upon at last."""
    plans, acted = plans_of(READINGS, kind, by), Counter()
    run(
        lambda: RestlessReading(plans, acted, kind=kind, read_by=by),
        steps=25,
        examples=EXAMPLES // 8,
    )
    assert min(acted[plan] for plan in plans) > 0


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("by", SINKS)
def test_writers_to_restless_sinks_in_every_order_of_calls(kind, by):
    plans, acted = plans_of(WRITINGS, kind, by), Counter()
    run(
        lambda: RestlessWriting(plans, acted, kind=kind, written_by=by),
        steps=25,
        examples=EXAMPLES // 6,
    )
    assert min(acted[plan] for plan in plans) > 0
