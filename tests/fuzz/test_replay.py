"""The fuzzers' seeds, and what they once found, run through every target without a fuzzer."""

import fcntl
import shutil
from contextlib import contextmanager
from pathlib import Path

import pytest
from core.compiling import compiler, run, sanitizers

ROOT = Path(__file__).resolve().parents[2]
FUZZ = ROOT / "fuzz"
OUT = ROOT / "build" / "fuzz"
TARGETS = sorted(path.stem.removeprefix("fuzz_") for path in FUZZ.glob("fuzz_*.c"))

if not TARGETS:
    pytest.skip("the fuzzers are not beside these tests", allow_module_level=True)

pytestmark = pytest.mark.thread_unsafe(reason="compiles programs into one folder")


@contextmanager
def alone(path):
    """Only one process at a time builds there; what it built is used by the next."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def make(*arguments):
    return run("make", "-s", "--no-print-directory", "-C", FUZZ, *arguments, timeout=600)


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    """A function that gives the program of a target, built with sanitizers."""
    cc = compiler()
    if shutil.which("make") is None:
        pytest.skip("there is no make")
    found = sanitizers(cc, tmp_path_factory.mktemp("probe"))
    with alone(OUT / "replay.lock"):
        make("-j2", "replay", f"CC={cc}", *([] if found else ["SANITIZE="]))
    return lambda target: OUT / "replay" / f"fuzz_{target}"


@pytest.mark.parametrize("target", TARGETS)
def test_inputs_of(target, programs):
    folders = make("inputs", f"TARGET={target}").split()
    files = [path for folder in folders for path in (FUZZ / folder).rglob("*") if path.is_file()]
    printed = run(programs(target), *folders, cwd=FUZZ, timeout=120)
    assert files and f" {len(files)} inputs" in printed
