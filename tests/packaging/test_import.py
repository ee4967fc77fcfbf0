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


@pytest.mark.parametrize(
    ("call", "package"),
    [
        ("ma.open_file(data).read_pandas()", "pandas"),
        ("ma.open_stream(stream).read_pandas()", "pandas"),
        ("ma.Table.from_batches([batch]).to_pandas()", "pandas"),
        ("batch.to_pandas()", "pandas"),
        ("batch.column(0).to_numpy()", "numpy"),
        ("batch.column(0).type.to_pandas_dtype()", "numpy"),
    ],
)
def test_a_missing_package_is_named(call, package):
    """Without numpy and pandas all else works, and what needs them says how to get them."""
    said = run(f"""
import json, sys
sys.modules["numpy"] = sys.modules["pandas"] = None
import minarrow as ma
batch = ma.record_batch({{"a": [1, 2, None]}})
sinks = ma.BufferOutputStream(), ma.BufferOutputStream()
with ma.new_file(sinks[0], batch.schema) as file, ma.new_stream(sinks[1], batch.schema) as stream:
    file.write_batch(batch)
    stream.write_batch(batch)
data, stream = (sink.getvalue() for sink in sinks)
try:
    {call}
except ImportError as error:
    print(json.dumps([error.name, str(error)]))
""")
    assert said == [package, f"this needs {package}, which is not installed: pip install {package}"]
