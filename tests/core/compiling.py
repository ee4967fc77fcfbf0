"""The C compiler of this machine, and how programs are built and run with its sanitizers."""

import os
import shutil
import subprocess
import sys
import sysconfig

import pytest

CODECS = {"MA_WITH_LZ4": "liblz4", "MA_WITH_ZSTD": "libzstd"}
SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]


def compiler():
    """Its name; skips where there is none."""
    if sys.platform == "win32":
        pytest.skip("these programs are built with the options of gcc and clang")
    named = os.environ.get("CC") or (sysconfig.get_config_var("CC") or "").split(" ")[0]
    for name in [*named.split()[:1], "cc", "gcc", "clang"]:
        if name and shutil.which(name):
            return name
    pytest.skip("there is no C compiler")


def run(*command, **options):
    """Run a program that must succeed; what it printed.

    A sanitizer that this interpreter was started under is not the program's own.
    """
    env = {key: value for key, value in os.environ.items() if key != "LD_PRELOAD"}
    env.pop("ASAN_OPTIONS", None)
    result = subprocess.run(
        list(map(str, command)), env=env, capture_output=True, text=True, **options
    )
    assert result.returncode == 0, f"{' '.join(map(str, command))}\n{result.stderr[-4000:]}"
    return result.stdout


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


def thread_sanitizer(cc, folder):
    """What to compile with, and what to start a program with; skips where neither works.

    It needs its addresses to itself, which some kernels give to others at random.
    """
    flags = ["-fsanitize=thread"]
    source = folder / "probe.c"
    source.write_text("int main(void) { return 0; }\n")
    for prefix in ([], ["setarch", "-R"]):
        try:
            run(cc, *flags, source, "-o", folder / "probe")
            run(*prefix, folder / "probe")
        except (AssertionError, OSError):
            continue
        return flags, prefix
    pytest.skip("no program runs under ThreadSanitizer here")


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
