"""Importing minarrow costs next to nothing, and needs nothing."""

import importlib.metadata
import json
import subprocess
import sys
import sysconfig

import pytest

IMPORT_AND_LIST = """
import json, sys
before = set(sys.modules)
import minarrow
print(json.dumps(sorted(set(sys.modules) - before)))
"""

TIME_IMPORT = """
import time
began = time.perf_counter()
import minarrow
print(time.perf_counter() - began)
"""


def run(code):
    # -S would hide an editable install, so site-packages stays
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_import_loads_only_minarrow():
    others = [name for name in run(IMPORT_AND_LIST) if name.partition(".")[0] != "minarrow"]
    assert not others


def test_import_is_quick():
    """At most 3 ms; the best of several, as other work on the machine only ever adds."""
    assert min(run(TIME_IMPORT) for _ in range(10)) < 0.003


@pytest.mark.skipif(
    not sysconfig.get_config_var("Py_GIL_DISABLED"), reason="this interpreter has the GIL"
)
def test_import_leaves_the_gil_off():
    assert run("import sys, minarrow; print(str(sys._is_gil_enabled()).lower())") is False


def test_nothing_is_required_at_run_time():
    try:
        required = importlib.metadata.requires("minarrow") or []
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("minarrow is used without being installed")
    assert not [line for line in required if "extra ==" not in line]
