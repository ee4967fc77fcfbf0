"""The C compiler of this machine, and how programs are built and run with its sanitizers."""

import os
import shutil
import subprocess
import sys
import sysconfig

import pytest

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
