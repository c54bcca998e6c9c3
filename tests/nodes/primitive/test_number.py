"""Values come out as they went in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphengine.node.declare import spec_of
from graphengine.types.builtin import Seed
from nodes.primitive.number import number, seed, switch, whole

pytestmark = pytest.mark.torch


@given(st.integers(), st.floats(allow_nan=False), st.booleans(), st.integers(0, 2**64 - 1))
def test_values_come_out_as_they_went_in(a: int, b: float, c: bool, d: int) -> None:
    assert (whole(a), number(b), switch(c), seed(Seed(d))) == (a, b, c, d)


@pytest.mark.parametrize("value", [-1, 2**64, 1.5, "7", True])
def test_what_is_no_seed_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="was given"):
        spec_of(seed).input["value"].parse(value)


@pytest.mark.parametrize("value", [1.0, True, "1"])
def test_what_is_no_whole_number_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="was given"):
        spec_of(whole).input["value"].parse(value)


def test_a_whole_number_is_a_number() -> None:
    parsed = spec_of(number).input["value"].parse(3)
    assert (parsed, type(parsed)) == (3.0, float)
