"""Runs the tests, on every Python >= 3.11 of this machine or in a special build.

    python tools/run_tests.py                         every Python, each in its own environment
    python tools/run_tests.py --python python3.12     only this one
    python tools/run_tests.py --variant sanitize      one Python, with a build made to find faults
    python tools/run_tests.py -- tests/stream -x      what follows -- goes to pytest
"""

import argparse
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

from environments import ROOT, choose_python, find_pythons, make_environment, probe


@dataclass
class Variant:
    """A special build: its switches of setup.py, and what must be set where it runs."""

    build: dict
    run: dict = field(default_factory=dict)
    preload: tuple = ()
    pytest: tuple = ()  # what it runs if nothing is asked for
    undisturbed: bool = True  # whether time and resident memory mean what they do otherwise


SANITIZE = Variant(
    build={"MINARROW_SANITIZE": "address,undefined"},
    run={
        # Python frees nothing at exit; leaks are tested by counting
        "ASAN_OPTIONS": "detect_leaks=0:allocator_may_return_null=1",
        "UBSAN_OPTIONS": "print_stacktrace=1",
        # every object from malloc, so that the sanitizer sees its end
        "PYTHONMALLOC": "malloc",
    },
    # libstdc++ beside it: extensions in C++ throw through the sanitizer's interceptors
    preload=("libasan.so", "libstdc++.so.6"),
    undisturbed=False,
)
FAULTS = Variant(build={"MINARROW_FAULTS": "1", "MINARROW_DEBUG": "1"})

VARIANTS = {
    "sanitize": SANITIZE,
    "thread": Variant(
        build={"MINARROW_SANITIZE": "thread"},
        # what the interpreter calls, which is no such build, is its own affair, and so are daemon
        # threads, which nobody waits for
        run={
            "TSAN_OPTIONS": "halt_on_error=1:die_after_fork=0:ignore_noninstrumented_modules=1"
            ":report_thread_leaks=0"
        },
        preload=("libtsan.so",),
        undisturbed=False,
        pytest=("tests/threads",),
    ),
    "faults": FAULTS,
    # what a failure leaves half-way is looked at by the sanitizer; only without it are the
    # interpreter's blocks counted
    "faults-sanitize": replace(
        SANITIZE, build=SANITIZE.build | FAULTS.build, pytest=("tests/faults", "-k", "test_memory")
    ),
    "debug": Variant(build={"MINARROW_DEBUG": "1"}),
}


# C programs, which are the same for every interpreter.
PROGRAMS = ("tests/core", "tests/fuzz")

# The folder that a test or a process of its own runs in is not where minarrow is imported from.
OUTSIDE = {"PYTHONSAFEPATH": "1"}


@dataclass
class Outcome:
    """How the tests went in one environment."""

    name: str
    passed: bool
    last_line: str
    seconds: float
    missing: list = field(default_factory=list)


def shared_library(name):
    """Where the C compiler keeps a library of its own."""
    compiler = os.environ.get("CC", "cc")
    answer = subprocess.run([compiler, f"-print-file-name={name}"], capture_output=True, text=True)
    return answer.stdout.strip()


def build_variant(python, name):
    """Build into a folder of its own, so that the usual build stays as it is."""
    folder = ROOT / "build" / f"{name}-{probe(python).name}"
    command = [python, "setup.py", "--quiet", "build", "--build-lib", str(folder)]
    result = subprocess.run(
        command, cwd=ROOT, env=os.environ | VARIANTS[name].build, capture_output=True, text=True
    )
    if result.returncode != 0:
        sys.exit(f"{result.stdout}{result.stderr}\nthe {name} build failed")
    return folder


def variant_settings(python, name):
    """The environment variables with which tests run on the build `name`."""
    variant = VARIANTS[name]
    folder = build_variant(python, name)
    settings = dict(variant.run, PYTHONPATH=str(folder))
    if variant.preload:
        settings["LD_PRELOAD"] = " ".join(shared_library(library) for library in variant.preload)
    require_build(python, folder, settings)
    return settings


def require_build(python, folder, settings):
    """Stop unless it is the build in `folder` that tests would import."""
    code = "import minarrow; print(minarrow._core.__file__)"
    answer = subprocess.run(
        [python, "-c", code],
        cwd=ROOT,
        env=os.environ | OUTSIDE | settings,
        stdout=subprocess.PIPE,
        text=True,
    )
    if answer.returncode != 0 or folder not in Path(answer.stdout.strip()).parents:
        sys.exit(f"the build in {folder} cannot be imported {answer.stdout}")


def run_pytest(python, arguments, settings):
    """Run pytest and show what it prints; whether it passed, and its last line."""
    colour = "yes" if sys.stdout.isatty() else "no"
    command = [python, "-m", "pytest", f"--color={colour}", *arguments]
    last_line = ""
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | OUTSIDE | settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        for line in process.stdout:
            print(line, end="", flush=True)
            last_line = line.strip("=\n ") or last_line
    return process.returncode == 0, last_line


def test_in(python, options, programs=True):
    """Test in the environment of `python`, which is made if it isn't there; without `programs`,
    all but those."""
    began = time.monotonic()
    title = f"Python {python.name} ({python.path})"
    print(f"\n--- {title}{f', {options.variant} build' if options.variant else ''}", flush=True)
    environment = make_environment(python, ["test"], build=options.variant is None)
    inside = environment.python
    settings = variant_settings(inside, options.variant) if options.variant else {}

    arguments = list(options.pytest)
    if options.variant:
        variant = VARIANTS[options.variant]
        arguments += [] if arguments else variant.pytest
        arguments += [] if variant.undisturbed else ["-m", "not undisturbed"]
        # what a sanitizer prints before it ends the process is not kept back
        arguments += ["--capture=sys"]
    asked = any(argument.startswith("-n") or argument == "no:xdist" for argument in arguments)
    if not programs:
        arguments += [f"--ignore={folder}" for folder in PROGRAMS]
    if "pytest-xdist" not in environment.missing and options.jobs > 1 and not asked:
        arguments += ["-n", str(options.jobs)]
    passed, last_line = run_pytest(inside, arguments, settings)
    seconds = time.monotonic() - began
    return Outcome(python.name, passed, last_line, seconds, environment.missing)


def print_summary(outcomes, skipped):
    print("\n--- summary")
    for outcome in outcomes:
        verdict = "ok" if outcome.passed else "FAILED"
        without = f"; without {', '.join(outcome.missing)}" if outcome.missing else ""
        print(f"{outcome.name:10} {verdict:7} {outcome.last_line}{without}"
              f" ({outcome.seconds:.0f} s with set-up)")
    for python in skipped:
        print(f"{python.name:10} skipped  {python.path} has no Python.h (its -dev package)")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--python", default=os.environ.get("PYTHON"), help="only this interpreter")
    parser.add_argument("--variant", choices=VARIANTS, help="a special build, on one interpreter")
    parser.add_argument("--jobs", type=int, default=2, help="test processes at a time")
    parser.add_argument("pytest", nargs="*", help="arguments for pytest, after --")
    options = parser.parse_args()

    if options.python or options.variant:
        pythons = [choose_python(options.python)]
    else:
        pythons = find_pythons()
    skipped = [python for python in pythons if not python.headers]
    able = [python for python in pythons if python.headers]
    outcomes = [test_in(python, options, python is able[0]) for python in able]
    print_summary(outcomes, skipped)
    sys.exit(not outcomes or not all(outcome.passed for outcome in outcomes))


if __name__ == "__main__":
    main()
