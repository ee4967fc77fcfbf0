"""Importing minarrow costs next to nothing, and needs nothing."""

import importlib.metadata
import json
import os
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
began = time.process_time()
import minarrow
print(time.process_time() - began)
"""


def run(code, **settings):
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | settings,
    )
    return json.loads(done.stdout)


def test_import_loads_only_minarrow():
    loaded = run(IMPORT_AND_LIST)
    others = [name for name in loaded if name.partition(".")[0] != "minarrow"]
    assert not set(others) - set(sys.builtin_module_names)


@pytest.mark.undisturbed
def test_import_is_quick(tmp_path):
    """At most 3 ms; the best of several, as other work on the machine only ever adds."""
    # the modules compiled once, as installing them does
    kept = {"PYTHONPYCACHEPREFIX": str(tmp_path), "PYTHONDONTWRITEBYTECODE": ""}
    assert min(run(TIME_IMPORT, **kept) for _ in range(10)) < 0.003


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
