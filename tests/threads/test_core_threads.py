"""The core under ThreadSanitizer: a C program whose threads share batches."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from core.compiling import codec_flags, compiler, run, thread_sanitizer

HERE = Path(__file__).resolve().parent
CSRC = HERE.parents[1] / "csrc"
FLAGS = ["-std=c11", "-g", "-O1", "-Wall", "-Wextra", "-pthread"]

if not CSRC.is_dir():
    pytest.skip("the sources are not beside these tests", allow_module_level=True)

pytestmark = pytest.mark.thread_unsafe(reason="compiles a program, whose threads are its own")


def test_batches_are_shared(tmp_path):
    cc = compiler()
    sanitizer, prefix = thread_sanitizer(cc, tmp_path)
    cflags, libs = codec_flags()
    flags = [*FLAGS, *sanitizer, *cflags, f"-I{CSRC}", f"-I{HERE.parent / 'core'}"]
    sources = [*sorted((CSRC / "core").rglob("*.c")), HERE / "shared.c"]
    objects = [tmp_path / f"{path.stem}.o" for path in sources]
    commands = [[cc, *flags, "-c", a, "-o", b] for a, b in zip(sources, objects)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda command: run(*command), commands))
    run(cc, *flags, *objects, *libs, "-o", tmp_path / "shared")
    run(*prefix, tmp_path / "shared", timeout=300)
