"""Files that crashed other readers, and some made by hand: each gives values or an ArrowException.

They are opened as stream and as file, from every kind of source, and all is done with them that can
be done, each within 2 seconds of processor time and 256 MiB.
"""

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from hostile import amplified, handmade
from hostile.cost import MEMORY, SECONDS, forget_peak, measured
from oracle import golden

pytestmark = pytest.mark.thread_unsafe(reason="a process of its own does the work, once")

TESTS = Path(__file__).parents[1]
PYTHON = [sys.executable, "-W", "ignore::DeprecationWarning"]  # of the libraries' own
WAYS = 17

AMPLIFIED = sorted(amplified.ARRAYS)
HANDMADE = sorted(set(handmade.INPUTS) - set(AMPLIFIED))
CORPUS = [path.name for path in golden.hostile()]


@cache
def reports(folder, *names, options=()):
    """What a process of its own says of the files, by name; and how it ended."""
    search = os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")])
    paths = [str(Path(folder, name)) for name in names]
    answer = subprocess.run(
        [*PYTHON, "-m", "hostile.use_files", *options, *paths],
        cwd=TESTS,
        env=os.environ | {"PYTHONPATH": search},
        capture_output=True,
        text=True,
    )
    found = {}
    for line in map(json.loads, answer.stdout.splitlines()):
        if "begins" in line:
            found[line["begins"]] = []
        else:
            found[line["file"]].append(line)
    return found, answer


@pytest.fixture(scope="module")
def handmade_folder(tmp_path_factory):
    """The inputs made by hand, as files."""
    folder = tmp_path_factory.mktemp("handmade")
    for name, make in handmade.INPUTS.items():
        (folder / name).write_bytes(make())
    return folder


def reports_of(name, handmade_folder):
    if name in amplified.ARRAYS:
        found, answer = reports(handmade_folder, *AMPLIFIED, options=("--once",))
    elif name in handmade.INPUTS:
        found, answer = reports(handmade_folder, *HANDMADE)
    else:
        found, answer = reports(golden.DATA / "hostile", *CORPUS)
    return found.get(name, []), answer


@pytest.mark.parametrize("name", [*HANDMADE, *AMPLIFIED, *CORPUS])
def test_each_use_gives_a_value_or_an_arrow_exception(name, handmade_folder):
    lines, answer = reports_of(name, handmade_folder)
    ways = 1 if name in amplified.ARRAYS else WAYS
    assert len(lines) == ways, f"the process ended with {answer.returncode}: {answer.stderr}"
    assert (answer.returncode, answer.stderr) == (0, "")
    failures = [f"{line['kind']} from {line['source']}: {line['failed']}" for line in lines]
    assert not [failure for failure, line in zip(failures, lines) if line["failed"]]
    assert all(line["values"] + line["errors"] > 0 for line in lines)
    if name not in handmade.VALID:
        assert any(line["errors"] for line in lines)


@pytest.mark.parametrize("name", [*HANDMADE, *CORPUS])
def test_each_use_is_bounded(name, handmade_folder):
    lines, _ = reports_of(name, handmade_folder)
    assert max(line["seconds"] for line in lines) < SECONDS
    assert max(line["memory"] for line in lines) < MEMORY


@pytest.mark.parametrize("name", AMPLIFIED)
def test_no_call_takes_long_where_few_bytes_stand_for_many_values(name, handmade_folder):
    lines, _ = reports_of(name, handmade_folder)
    assert lines[0]["slowest"][0] < SECONDS, lines[0]["slowest"]
    assert lines[0]["memory"] < MEMORY


@pytest.mark.skipif(not forget_peak(), reason="one peak for all uses")
def test_memory_is_measured_of_each_use_alone():
    for _ in range(2):
        with measured() as cost:
            bytearray(64 << 20)
        assert cost.memory > 60 << 20


def test_the_corpus_is_there(golden_data):
    assert len(CORPUS) > 50
