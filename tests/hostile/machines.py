"""How state machines are run, and what several of them draw."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test

ROWS = st.lists(st.integers(0, 2**62), max_size=5)
EXAMPLES = min(settings.default.max_examples, 1000)


def run(machine, steps, examples=EXAMPLES):
    """Run so many machines, which `machine()` makes, each for so many steps."""
    few = settings(max_examples=examples, stateful_step_count=steps)
    run_state_machine_as_test(machine, settings=few)
