"""Which lines of csrc/core the inputs reached, from what a build with --coverage counted.

    python coverage.py build/fuzz/counted            a line for each folder and file
    python coverage.py build/fuzz/counted --missing  and the lines that nothing reached
"""

import argparse
import json
import subprocess
from collections import defaultdict
from pathlib import Path

CORE = "csrc/core/"


def counts(folder):
    """How often each line ran, by file; lines of headers are in many objects."""
    found = defaultdict(lambda: defaultdict(int))
    for data in sorted(folder.rglob("*.gcda")):
        answer = subprocess.run(
            ["gcov", "--json-format", "--stdout", data], capture_output=True, check=True, text=True
        )
        for part in answer.stdout.splitlines():
            for file in json.loads(part)["files"]:
                name = file["file"].rpartition(CORE)[2]
                if CORE in file["file"]:
                    for line in file["lines"]:
                        found[name][line["line_number"]] += line["count"]
    return found


def ranges(numbers):
    """1 2 3 7 as 1-3, 7."""
    runs = []
    for number in numbers:
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)


def show(name, reached, total):
    print(f"{name:32} {reached:6} of {total:6}  {100 * reached / total:5.1f} %")


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--missing", action="store_true")
    options = parser.parse_args()
    folders = defaultdict(lambda: [0, 0])
    for name, lines in sorted(counts(options.folder).items()):
        missed = sorted(number for number, count in lines.items() if count == 0)
        show(name, len(lines) - len(missed), len(lines))
        if options.missing and missed:
            print(f"    {ranges(missed)}")
        for key in (name.partition("/")[0], "all"):
            folders[key][0] += len(lines) - len(missed)
            folders[key][1] += len(lines)
    print()
    for name, (reached, total) in folders.items():
        show(name, reached, total)


if __name__ == "__main__":
    main()
