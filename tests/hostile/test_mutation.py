"""Thousands of valid inputs with something wrong in them, each read, touched and exported.

They are used by processes of their own, so that one which dies tells the seed of its mutant. With
MINARROW_SOAK=1 there are 200,000 of them.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hostile import mutants
from hostile.cost import MEMORY, SECONDS
from interop import columns
from oracle import golden

import minarrow as ma

pytestmark = pytest.mark.thread_unsafe(reason="a process of its own does the work, once")

TESTS = Path(__file__).parents[1]
PYTHON = [sys.executable, "-W", "ignore::DeprecationWarning"]  # of the libraries' own
COUNT = 200_000 if os.environ.get("MINARROW_SOAK") == "1" else 5_000
AT_ONCE = 2_500


@pytest.mark.parametrize("first", range(0, COUNT, AT_ONCE))
def test_mutants_give_values_or_an_arrow_exception(first):
    search = os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")])
    answer = subprocess.run(
        [*PYTHON, "-m", "hostile.mutants", str(first), str(AT_ONCE)],
        cwd=TESTS,
        env=os.environ | {"PYTHONPATH": search},
        capture_output=True,
        text=True,
    )
    *_, last = map(json.loads, answer.stdout.splitlines())
    if "seed" in last:
        seed = last["seed"]
        pytest.fail(
            f"mutant {seed} ({mutants.mutant(seed)[2]}), to be written to a file by "
            f"python -m hostile.mutants {seed} 1 --recipe: {answer.stderr}"
        )
    assert (answer.returncode, answer.stderr) == (0, "")
    assert last["slowest"] < [SECONDS] and last["largest"] < [MEMORY], last  # each with its seed
    outcomes = last["outcomes"]
    assert sum(outcomes.values()) == AT_ONCE
    # if none were read, or all, the damage would be of the wrong kind
    assert outcomes["no batch"] < 0.9 * AT_ONCE and outcomes["whole"] < 0.5 * AT_ONCE
    assert outcomes["in part"] > 0.02 * AT_ONCE


def test_a_seed_gives_the_same_mutant_again():
    for seed in range(50):
        assert mutants.mutant(seed) == mutants.mutant(seed)
    assert len({mutants.mutant(seed)[1] for seed in range(200)}) > 150


OPEN = {"stream": ma.open_stream, "file": ma.open_file}


@pytest.mark.parametrize("kind", OPEN)
def test_everything_is_mutated(kind):
    """All golden files, which therefore have to be there, and every type."""
    mutated = [data for as_what, data in mutants.originals() if as_what == kind]
    files = [case.stream if kind == "stream" else case.arrow_file for case in golden.cases()]
    assert len(files) > 60, golden.why_missing()
    assert {path.read_bytes() for path in files} < set(mutated)
    types = {field.type for data in mutated for field in OPEN[kind](data).schema}
    assert {columns.make(name).type for name in columns.ALL} < types
