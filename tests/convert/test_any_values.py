"""Any values of any type go in and come out the same."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import minarrow as ma

QUICK = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
FLAT = [
    (ma.bool_(), st.booleans()),
    (ma.int8(), st.integers(-128, 127)),
    (ma.uint32(), st.integers(0, 2**32 - 1)),
    (ma.int64(), st.integers(-(2**63), 2**63 - 1)),
    (ma.uint64(), st.integers(0, 2**64 - 1)),
    (ma.float16(), st.floats(width=16, allow_nan=False)),
    (ma.float32(), st.floats(width=32, allow_nan=False)),
    (ma.float64(), st.floats(allow_nan=False)),
    (ma.string(), TEXT),
    (ma.large_string(), TEXT),
    (ma.string_view(), TEXT),
    (ma.binary(), st.binary(max_size=20)),
    (ma.binary_view(), st.binary(max_size=20)),
    (ma.binary(3), st.binary(min_size=3, max_size=3)),
    (ma.date32(), st.dates()),
    (ma.date64(), st.dates()),
    (ma.time64("us"), st.times()),
    (ma.timestamp("us"), st.datetimes()),
    (
        ma.duration("us"),
        st.timedeltas(dt.timedelta(days=-100_000_000), dt.timedelta(days=100_000_000)),
    ),
    (ma.decimal128(38, 5), st.decimals(-(10**33) + 1, 10**33 - 1, places=5)),
    (ma.decimal256(76, 2), st.decimals(-(10**50), 10**50, places=2)),
    (ma.decimal32(9, 0), st.integers(-(10**9) + 1, 10**9 - 1).map(Decimal)),
]


def grow(inner):
    """Types with children over pairs of a type and a strategy of its values."""

    def lists(pair):
        type, values = pair
        many = st.lists(st.none() | values, max_size=4)
        two = st.lists(st.none() | values, min_size=2, max_size=2)
        some_text = st.text("abc", max_size=2)
        encoded = str(type).startswith(("dictionary", "run_end_encoded"))
        encodings = (
            [
                (ma.dictionary(ma.int16(), type), values),
                (ma.run_end_encoded(ma.int32(), type), st.none() | values),
            ]
            if not encoded
            else []
        )
        return st.sampled_from(
            [
                *encodings,
                (ma.list_(type), many),
                (ma.large_list(type), many),
                (ma.list_view(type), many),
                (ma.list_(type, 2), two),
                (
                    ma.map_(ma.string(), type),
                    st.lists(st.tuples(some_text, st.none() | values), max_size=3),
                ),
                (
                    ma.struct([("a", type), ("b", ma.int8())]),
                    st.fixed_dictionaries(
                        {"a": st.none() | values, "b": st.none() | st.integers(-5, 5)}
                    ),
                ),
            ]
        )

    return inner.flatmap(lists)


TYPES = st.recursive(st.sampled_from(FLAT), grow, max_leaves=3)
COLUMNS = TYPES.flatmap(
    lambda pair: st.tuples(st.just(pair[0]), st.lists(st.none() | pair[1], max_size=30))
)


@QUICK
@given(COLUMNS)
def test_in_and_out(column):
    type, values = column
    array = ma.array(values, type=type)
    assert array.type == type
    assert array.to_pylist() == values
    array.validate(full=True)
    assert ma.array(values, type=type, mask=[False] * len(values)).equals(array)


JSON = st.recursive(
    st.none(),
    lambda inner: st.one_of(
        st.lists(st.none() | st.integers(-(2**63), 2**63 - 1), max_size=5),
        st.lists(st.none() | TEXT, max_size=5),
        st.lists(st.none() | st.floats(allow_nan=False), max_size=5),
        st.lists(st.fixed_dictionaries({"x": st.lists(inner, max_size=1)}), max_size=3),
    ),
    max_leaves=6,
)


@QUICK
@given(st.lists(JSON, max_size=5))
def test_inference_agrees_with_pyarrow(values):
    pa = pytest.importorskip("pyarrow")
    try:
        theirs = pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
        with pytest.raises(ma.ArrowException):
            ma.array(values)
        return
    ours = ma.array(values)
    assert str(ours.type) == str(theirs.type)
    assert ours.to_pylist() == theirs.to_pylist()
    ours.validate(full=True)


ANYTHING = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=3),
        st.binary(max_size=3),
        st.dates(),
        st.datetimes(),
        st.times(),
        st.timedeltas(),
        st.decimals(),
        st.complex_numbers(),
        st.just(object()),
    ),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=2)
    ),
    max_leaves=5,
)


@settings(QUICK, max_examples=300)
@given(st.lists(ANYTHING, max_size=4), st.none() | TYPES)
def test_an_array_or_a_clear_error(values, pair):
    try:
        array = ma.array(values, type=pair[0] if pair else None)
    except ma.ArrowException as error:
        assert str(error)
    else:
        array.validate(full=True)
        assert len(array) == len(values)
