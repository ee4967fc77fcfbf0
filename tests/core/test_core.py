"""The core's own tests: C programs, built with sanitizers, that know nothing of Python."""

import os
import shutil
import subprocess
import sys
import sysconfig
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
CSRC = HERE.parents[1] / "csrc"
FOLDERS = ["base", "types", "data", "validate"]
PROGRAMS = sorted(HERE.glob("test_*.c"))
FLAGS = ["-std=c11", "-g", "-O1", "-Wall", "-Wextra", "-pthread", "-DMA_FAULT_INJECTION"]
SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]

if not CSRC.is_dir():
    pytest.skip("the sources are not beside these tests", allow_module_level=True)


def compiler():
    named = os.environ.get("CC") or (sysconfig.get_config_var("CC") or "").split(" ")[0]
    for name in [*named.split()[:1], "cc", "gcc", "clang"]:
        if name and shutil.which(name):
            return name
    pytest.skip("there is no C compiler")


def run(*command, **options):
    """A sanitizer that this interpreter was started under is not the programs' own."""
    env = {key: value for key, value in os.environ.items() if key != "LD_PRELOAD"}
    env.pop("ASAN_OPTIONS", None)
    result = subprocess.run(
        list(map(str, command)), env=env, capture_output=True, text=True, **options
    )
    assert result.returncode == 0, f"{' '.join(map(str, command))}\n{result.stderr[-4000:]}"


def sanitizers(cc, folder):
    """What this compiler, and its libraries, have of them."""
    source = folder / "probe.c"
    source.write_text("int main(void) { return 0; }\n")
    try:
        run(cc, *SANITIZERS, source, "-o", folder / "probe")
        run(folder / "probe")
    except AssertionError:
        return []
    return SANITIZERS


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    """Compile the core once; then a function that links a program with it."""
    if sys.platform == "win32":
        pytest.skip("these programs are built with the options of gcc and clang")
    cc = compiler()
    folder = tmp_path_factory.mktemp("core")
    flags = [*FLAGS, *sanitizers(cc, folder), f"-I{CSRC}", f"-I{HERE}"]
    sources = [path for name in FOLDERS for path in sorted((CSRC / "core" / name).glob("*.c"))]
    objects = [folder / f"{path.stem}.o" for path in [*sources, *PROGRAMS]]

    def compile_one(job):
        run(cc, *flags, "-c", job[0], "-o", job[1])

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(compile_one, zip([*sources, *PROGRAMS], objects, strict=True)))

    def link(program):
        target = folder / program.stem
        own = folder / f"{program.stem}.o"
        run(cc, *flags, own, *objects[: len(sources)], "-o", target)
        return target

    return link


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_program(build, program):
    run(build(program), timeout=120)
