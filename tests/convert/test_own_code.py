"""Values whose own code runs while they are converted, and may do anything to what holds them."""

import array as stdlib_array
from decimal import Decimal

import pytest

import minarrow as ma


class Grows(Decimal):
    """Makes the list that it stands in longer as soon as it is looked at."""

    values = None

    def __str__(self):
        if self.values is not None:
            self.values.extend([None] * 5000)
            self.values = None
        return "1"


def test_a_mask_is_for_the_values_that_there_were():
    values = [Grows(1)]
    values[0].values = values
    assert ma.array(values, mask=[False]).to_pylist() == [1]


@pytest.mark.parametrize("told", [1, 5000])
def test_a_mask_is_for_the_values_that_are_exported(told):
    numpy = pytest.importorskip("numpy")

    class Exports(numpy.ndarray):
        def __len__(self):
            return told

    class Sequence:
        def __len__(self):
            return told

        def __getitem__(self, index):
            return [5, 6, 7][index]

        def __buffer__(self, flags):
            return memoryview(stdlib_array.array("q", [5, 6, 7]))

    for values in (numpy.array([5, 6, 7]).view(Exports), Sequence()):
        assert ma.array(values, mask=[False, True, False]).to_pylist() == [5, None, 7]
        with pytest.raises(ma.ArrowInvalid, match="a mask of 1 items for 3 values"):
            ma.array(values, mask=[False])
