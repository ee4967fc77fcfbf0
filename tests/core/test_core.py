"""The core's own tests: C programs, built with sanitizers, that know nothing of Python."""

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from core.compiling import compiler, run, sanitizers

HERE = Path(__file__).resolve().parent
CSRC = HERE.parents[1] / "csrc"
FOLDERS = ["base", "types", "codec", "data", "validate", "cdata"]
CODECS = {"MA_WITH_LZ4": "liblz4", "MA_WITH_ZSTD": "libzstd"}
PROGRAMS = sorted(HERE.glob("test_*.c"))
FLAGS = ["-std=c11", "-g", "-O1", "-Wall", "-Wextra", "-Werror=implicit-function-declaration"]
FLAGS += ["-pthread", "-DMA_FAULT_INJECTION"]

if not CSRC.is_dir():
    pytest.skip("the sources are not beside these tests", allow_module_level=True)

pytestmark = pytest.mark.thread_unsafe(reason="compiles programs into one folder")


def pkg_config(*args):
    """What pkg-config answers, in words; None if it doesn't know the module or isn't there."""
    tool = os.environ.get("PKG_CONFIG", "pkg-config")
    try:
        answer = subprocess.run([tool, *args], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return answer.stdout.split()


def codec_flags():
    """Compiler and linker flags for the codecs that this machine has, as setup.py finds them."""
    cflags, libs = [], []
    for macro, module in CODECS.items():
        if (found := pkg_config("--cflags", module)) is not None:
            cflags += [f"-D{macro}", *found]
            libs += pkg_config("--libs", module)
    return cflags, libs


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    """Compile the core once; then a function that links a program with it."""
    cc = compiler()
    folder = tmp_path_factory.mktemp("core")
    flags = [*FLAGS, *sanitizers(cc, folder), f"-I{CSRC}", f"-I{HERE}"]
    cflags, libs = codec_flags()
    sources = [path for name in FOLDERS for path in sorted((CSRC / "core" / name).glob("*.c"))]

    def compile_all(paths, extra, suffix=""):
        """The objects of these, by source."""
        objects = {path: folder / f"{path.stem}{suffix}.o" for path in paths}
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            commands = [[cc, *flags, *extra, "-c", path, "-o", objects[path]] for path in paths]
            list(pool.map(lambda command: run(*command), commands))
        return objects

    compiled = compile_all([*sources, *PROGRAMS], cflags)

    def link(program, codecs=True):
        target = folder / f"{program.stem}{'' if codecs else '-without'}"
        objects = {path: compiled[path] for path in [program, *sources]}
        if not codecs:
            others = [path for path in objects if path.parent.name == "codec"]
            objects |= compile_all([program, *others], [], suffix="-without")
        run(cc, *flags, *objects.values(), *(libs if codecs else []), "-o", target)
        return target

    return link


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_program(build, program):
    run(build(program), timeout=120)


def test_codec_without_its_libraries(build):
    run(build(HERE / "test_codec.c", codecs=False), timeout=120)
