"""What holds for the text of the sources: layers, names, sizes, and what the core may include."""

import re
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CSRC = ROOT / "csrc"

# An include only ever points down: what each folder of the core may include beside itself.
CORE_LAYERS = {
    "base": set(),
    "flatbuf": {"base"},
    "types": {"base"},
    "codec": {"base"},
    "data": {"base", "types"},
    "meta": {"base", "flatbuf", "types"},
    "validate": {"base", "types", "data"},
    "cdata": {"base", "types", "data", "validate"},
    "ipc": {"base", "types", "codec", "data", "meta", "validate"},
}
LONGEST_FILE = 900
LONGEST_LINE = 100
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+(?:"([^"]+)"|<([^>]+)>)', re.MULTILINE)

# The core moves bytes in memory; files, sockets and printing are the binding's.
NOT_FOR_THE_CORE = {"Python.h", "stdio.h", "unistd.h", "fcntl.h", "pthread.h", "windows.h"}
WHERE_NEEDED = {
    "status.c": {"stdio.h"},  # snprintf
    "text.c": {"stdio.h"},  # snprintf
    "pages.c": {"unistd.h"},  # the size of a page
    "parallel.c": {"pthread.h", "unistd.h", "windows.h"},  # threads, the number of processors
}

if not CSRC.is_dir():
    pytest.skip("the sources are not beside these tests", allow_module_level=True)

SOURCES = sorted(CSRC.rglob("*.[ch]"))
CORE_SOURCES = [path for path in SOURCES if path.is_relative_to(CSRC / "core")]


def tree(*folders):
    """The project's own text files under these folders."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in {".c", ".h", ".py", ".pyi", ".sh"} and path.is_file():
                yield path


def shown(path):
    return path.relative_to(ROOT).as_posix()


def own_includes(path):
    return [own for own, _ in INCLUDE.findall(path.read_text(encoding="utf-8")) if own]


def system_includes(path):
    return {system for _, system in INCLUDE.findall(path.read_text(encoding="utf-8")) if system}


@pytest.mark.parametrize("path", CORE_SOURCES, ids=shown)
def test_core_includes_point_down(path):
    layer = path.relative_to(CSRC / "core").parts[0]
    allowed = CORE_LAYERS[layer] | {layer}
    for name in own_includes(path):
        top, _, rest = name.partition("/")
        assert top == "core", f'"{name}": written from csrc/, and from within the core'
        assert rest.split("/")[0] in allowed, f"{layer}/ may not include {name}"


@pytest.mark.parametrize("path", SOURCES, ids=shown)
def test_includes_exist(path):
    missing = [name for name in own_includes(path) if not (CSRC / name).is_file()]
    assert not missing


@pytest.mark.parametrize("path", CORE_SOURCES, ids=shown)
def test_core_does_no_io(path):
    forbidden = NOT_FOR_THE_CORE - WHERE_NEEDED.get(path.name, set())
    assert not forbidden & system_includes(path)
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\b(PyObject|f?printf|fopen|fread|fwrite|recv|send)\s*\(", text)


def test_include_graph_has_no_cycle():
    """Layers forbid most cycles; this finds those between headers of one folder."""
    graph = {path.relative_to(CSRC).as_posix(): own_includes(path) for path in SOURCES}
    finished, open_now = set(), []

    def visit(name):
        assert name not in open_now, " -> ".join([*open_now, name])
        if name in finished:
            return
        open_now.append(name)
        for included in graph.get(name, []):
            visit(included)
        finished.add(open_now.pop())

    for name in graph:
        visit(name)


def test_file_names_are_unique():
    places = defaultdict(list)
    for path in SOURCES:
        places[path.name].append(shown(path))
    assert not {name: found for name, found in places.items() if len(found) > 1}


@pytest.mark.parametrize(
    "path", [*SOURCES, *tree("minarrow", "tests", "fuzz", "benchmarks", "examples")], ids=shown
)
def test_text_is_tidy(path):
    text = path.read_text(encoding="utf-8")
    lines = text.split("\n")
    assert len(lines) - 1 <= LONGEST_FILE, "is there a second noun in it?"
    assert text.endswith("\n") or not text
    for number, line in enumerate(lines, 1):
        assert line == line.rstrip(), f"line {number} ends in white space"
        assert "\t" not in line, f"line {number} has a tab"
        # page.py is shown as a newcomer would type it
        assert len(line) <= LONGEST_LINE or path.name == "page.py", f"line {number} is too long"


@pytest.mark.parametrize("path", [*SOURCES, *tree("minarrow", "fuzz")], ids=shown)
def test_nothing_is_left_for_later(path):
    found = re.findall(r"\b(?:TODO|FIXME|XXX|HACK)\b", path.read_text(encoding="utf-8"))
    assert not found


def test_built_files_are_not_tracked():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    built = [name for name in listed.stdout.split() if re.search(r"\.(so|o|pyc|d|pyd)$", name)]
    assert not built
