"""Runs the benchmarks: `python benchmarks/run.py [words…] [--json FILE]`.

A benchmark runs if one of the words is in its group or title; all run without words.
"""

import argparse
import importlib
import json
import sys
from pathlib import Path

import harness

GROUPS = (
    "small_batches",
    "wide",
    "open_file",
    "bulk",
    "compressed",
    "pandas_read",
    "convert",
    "importing",
)


def chosen(words):
    for name in GROUPS:
        importlib.import_module(name)
    for entry in harness.registered:
        text = f"{entry.group} {entry.title}".lower()
        if not words or any(word.lower() in text for word in words):
            yield entry


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("words", nargs="*", help="run only what has one of these in its name")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    options = parser.parse_args()

    names = (harness.SUBJECT, harness.REFERENCE, *harness.PEERS)
    modules = {name: harness.load(name) for name in names}
    if modules[harness.SUBJECT] is None:
        sys.exit(f"{harness.SUBJECT} is not installed in this environment: make bench")

    about = harness.machine()
    print(f"{about['processor']}, {about['processors']} processors, Python {about['python']}")
    for name, module in modules.items():
        print(f"  {name} {getattr(module, '__version__', '') if module else '(not installed)'}")
    print("\nbest of several rounds in turns; ratio: minarrow's time as a part of pyarrow's")
    print("goal: the ratio aimed at; * where it is missed\n")

    table = harness.Table([name for name in names if modules[name]])
    table.head()
    results = []
    for entry in chosen(options.words):
        result = harness.run(entry, modules)
        table.row(result)
        results.append(result)
    if options.json:
        options.json.write_text(json.dumps(harness.report(results, modules), indent=2) + "\n")
    if not results:
        sys.exit("no benchmark has such a name")


if __name__ == "__main__":
    main()
