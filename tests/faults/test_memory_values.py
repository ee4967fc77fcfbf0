"""No memory while values are converted: MemoryError, and all is as it was."""

import pytest
from faults.starving import need_faults, starve
from interop.columns import ALL, make

import minarrow as ma

need_faults()


@pytest.mark.parametrize("name", ALL)
def test_from_values(name):
    type_, values = ALL[name]
    wanted = make(name)
    starve(lambda: ma.array(values, type=type_), wanted.equals)


@pytest.mark.parametrize("name", ALL)
def test_to_values(name):
    column = make(name)
    wanted = column.to_pylist()
    starve(lambda: column.to_pylist(), lambda got: got == wanted)
