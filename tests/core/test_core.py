"""The core's own tests: C programs, built with sanitizers, that know nothing of Python."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from core.compiling import codec_flags, compiler, run, sanitizers

HERE = Path(__file__).resolve().parent
CSRC = HERE.parents[1] / "csrc"
FOLDERS = ["base", "flatbuf", "types", "codec", "data", "meta", "validate", "ipc", "cdata"]
PROGRAMS = sorted(HERE.glob("test_*.c"))
FLAGS = ["-std=c11", "-g", "-O1", "-Wall", "-Wextra", "-Werror=implicit-function-declaration"]
FLAGS += ["-pthread", "-DMA_FAULT_INJECTION"]

if not CSRC.is_dir():
    pytest.skip("the sources are not beside these tests", allow_module_level=True)

pytestmark = pytest.mark.thread_unsafe(reason="compiles programs into one folder")


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
