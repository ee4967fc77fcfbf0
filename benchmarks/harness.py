"""Runs pieces of work side by side and prints one table.

A benchmark is written once, as a function of the module that it is to use:

    @benchmark("read 10,000 small batches", goal=0.33)
    def read(pa):
        data = material.small_stream()          # set-up: not timed

        def work():                             # timed; what it returns must be equal for all
            return sum(batch.num_rows for batch in pa.ipc.open_stream(data))

        return work

    @read.peer("polars")                        # one with other names may join
    def read_polars(polars): ...

The contestants take turns, round by round, so that whatever else the machine does meets all of
them; the best round of each counts, and the ratio is to pyarrow's best.
"""

import contextlib
import gc
import importlib
import os
import platform
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

SUBJECT = "minarrow"
REFERENCE = "pyarrow"
PEERS = ("nanoarrow", "polars")

SHORTEST_SAMPLE = 0.005         # seconds; quicker work is repeated within a sample
BUDGET = 2.0                    # seconds that all rounds of a benchmark may take together
ROUNDS = (5, 40)                # at least, at most

registered = []


@dataclass
class Benchmark:
    """A piece of work, and how each contestant does it.

    `goal` is the part of the reference's time that is aimed at. `compare(result, expected)` says
    whether two results are equal. With `measured`, the work returns its own measurement, in
    `unit`, instead of being timed.
    """

    group: str
    title: str
    prepare: dict
    goal: float | None = None
    compare: object = None
    measured: bool = False
    unit: str = "s"

    def peer(self, name):
        def register(prepare):
            self.prepare[name] = prepare
            return prepare

        return register


@dataclass
class Result:
    """Best measurements by contestant, and what kept others from taking part."""

    benchmark: Benchmark
    best: dict = field(default_factory=dict)
    absent: dict = field(default_factory=dict)
    rounds: int = 0

    @property
    def ratio(self):
        if SUBJECT in self.best and REFERENCE in self.best:
            return self.best[SUBJECT] / self.best[REFERENCE]
        return None


def benchmark(title, **options):
    """Register a function as a benchmark of the group that is its file's name."""

    def register(prepare):
        group = prepare.__globals__["__name__"].replace("_", " ")
        entry = Benchmark(group, title, {SUBJECT: prepare, REFERENCE: prepare}, **options)
        registered.append(entry)
        return entry

    return register


def load(name):
    """The module, with its submodule `ipc` where it has one; None if it isn't installed."""
    try:
        module = importlib.import_module(name)
    except ImportError:
        return None
    with contextlib.suppress(ImportError):
        importlib.import_module(f"{name}.ipc")
    return module


def sample(work, repeat):
    clock = time.perf_counter
    began = clock()
    for _ in range(repeat):
        work()
    return (clock() - began) / repeat


def prepare_all(entry, modules, result):
    """The work of every contestant that can do it and gives the expected result."""
    works = {}
    expected = None
    # the reference goes first: what it returns is what the others must return
    for name in sorted(entry.prepare, key=lambda name: name != REFERENCE):
        module = modules.get(name)
        if module is None:
            result.absent[name] = "not installed"
            continue
        try:
            work = entry.prepare[name](module)
            answer = work()
        except Exception as error:      # one contestant's failure is a line of the report
            result.absent[name] = f"{type(error).__name__}: {error}"
            continue
        if not entry.measured:
            if expected is None:
                expected = answer
            elif not (entry.compare or equal)(answer, expected):
                result.absent[name] = "its result differs"
                continue
        works[name] = work
    return works


def equal(result, expected):
    return result == expected


def run(entry, modules):
    """Let the contestants take turns; their best rounds."""
    result = Result(entry)
    works = prepare_all(entry, modules, result)
    if not works:
        return result
    repeats = {}
    for name, work in works.items():
        once = 1 if entry.measured else max(sample(work, 1), 1e-9)
        repeats[name] = max(1, int(SHORTEST_SAMPLE / once))

    began = time.perf_counter()
    gc.collect()
    gc.disable()
    try:
        while result.rounds < ROUNDS[1]:
            for name, work in works.items():
                took = work() if entry.measured else sample(work, repeats[name])
                result.best[name] = min(took, result.best.get(name, took))
            result.rounds += 1
            if result.rounds >= ROUNDS[0] and time.perf_counter() - began > BUDGET:
                break
    finally:
        gc.enable()
    return result


# --- what is printed ------------------------------------------------------------------------------


def shown_amount(value, unit):
    if value is None:
        return "-"
    if unit == "bytes":
        return f"{value / 1e6:.2f} MB"
    for scale, name in ((1, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if value >= scale:
            break
    return f"{value / scale:.3g} {name}"


class Table:
    """Prints a row as soon as it is known."""

    def __init__(self, contestants):
        self.contestants = contestants
        self.group = None

    def head(self):
        names = "".join(f"{name:>11}" for name in self.contestants)
        print(f"{'':52}{names}{'ratio':>8}{'goal':>7}")

    def row(self, result):
        entry = result.benchmark
        if entry.group != self.group:
            self.group = entry.group
            print(entry.group)
        cells = "".join(
            f"{shown_amount(result.best.get(name), entry.unit):>11}" for name in self.contestants
        )
        ratio = "-" if result.ratio is None else f"{result.ratio:.2f}"
        goal = "" if entry.goal is None else f"{entry.goal:.2f}"
        mark = ""
        if result.ratio is not None and entry.goal is not None:
            mark = " " if result.ratio <= entry.goal else " *"
        print(f"  {entry.title:50}{cells}{ratio:>8}{goal:>7}{mark}", flush=True)
        for name, why in result.absent.items():
            if why != "not installed":
                print(f"      {name}: {why.splitlines()[0][:100]}", flush=True)


def machine():
    """What the figures depend on."""
    processor = platform.processor()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            models = [line.partition(":")[2] for line in file if line.startswith("model name")]
        processor = models[0].strip() if models else processor
    except OSError:
        pass
    return {
        "processor": processor,
        "processors": os.cpu_count(),
        "system": platform.platform(),
        "python": sys.version.split()[0],
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def report(results, modules):
    """All of a run, for a file of JSON."""
    return {
        "machine": machine(),
        "versions": {
            name: getattr(module, "__version__", "") for name, module in modules.items() if module
        },
        "results": [
            {
                "group": result.benchmark.group,
                "title": result.benchmark.title,
                "unit": result.benchmark.unit,
                "goal": result.benchmark.goal,
                "rounds": result.rounds,
                "best": result.best,
                "ratio": result.ratio,
                "absent": result.absent,
            }
            for result in results
        ],
    }
