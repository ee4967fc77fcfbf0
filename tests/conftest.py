"""What all tests have: profiles of hypothesis, connected sockets, and reasons to skip.

HYPOTHESIS_PROFILE=thorough, or MINARROW_THOROUGH=1, asks for many examples, other ones in each run.
"""

import os
import socket

import pytest
from oracle import golden

try:
    from hypothesis import HealthCheck, settings
except ImportError:  # the tests that need it skip themselves
    settings = None

if settings is not None:
    _ALWAYS = {"deadline": None, "database": None, "suppress_health_check": list(HealthCheck)}
    settings.register_profile("default", max_examples=50, derandomize=True, **_ALWAYS)
    settings.register_profile("thorough", max_examples=5000, **_ALWAYS)
    _THOROUGH = os.environ.get("MINARROW_THOROUGH") == "1"
    _PROFILE = "thorough" if _THOROUGH else os.environ.get("HYPOTHESIS_PROFILE", "default")
    settings.load_profile(_PROFILE)


# Fixtures that give one thing with a state, which the threads of a test would share
# (pytest-run-parallel): a file with a position, two ends of a socket.
_HELD_ALONE = {"reader", "pair"}


def pytest_itemcollected(item):
    held = _HELD_ALONE.intersection(getattr(item, "fixturenames", ()))
    if held:
        reason = f"its threads would share one {', '.join(sorted(held))}"
        item.add_marker(pytest.mark.thread_unsafe(reason=reason))
    if item.get_closest_marker("undisturbed") is not None:
        item.add_marker(pytest.mark.thread_unsafe(reason="measures the whole process"))


@pytest.fixture(scope="session")
def golden_data():
    """The folder of the test data; skips where there is none."""
    reason = golden.why_missing()
    if reason:
        pytest.skip(reason)
    return golden.DATA


@pytest.fixture(scope="session")
def pyarrow():
    """The module; skips where it is not installed."""
    return pytest.importorskip("pyarrow")


@pytest.fixture
def pair():
    """Two sockets that are connected."""
    a, b = socket.socketpair()
    yield a, b
    a.close()
    b.close()
