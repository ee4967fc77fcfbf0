"""What the tests of threads share."""

import sys

import pytest


@pytest.fixture
def switch_often():
    """Threads take turns a hundred times as often as they would."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(5e-5)
    yield
    sys.setswitchinterval(usual)
