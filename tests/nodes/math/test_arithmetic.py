"""Numbers as Python computes them, and sentences where it cannot."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphengine.errors import NodeError
from nodes.math.arithmetic import LARGEST_INT, Operation, float_arithmetic, int_arithmetic

pytestmark = pytest.mark.torch

OPERATIONS: list[Operation] = ["add", "subtract", "multiply", "divide", "power", "min", "max", "modulo"]


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ("add", -4),
        ("subtract", -10),
        ("multiply", -21),
        ("divide", -3),
        ("power", -343),
        ("min", -7),
        ("max", 3),
        ("modulo", 2),
    ],
)
def test_whole_numbers(operation: Operation, expected: int) -> None:
    assert int_arithmetic(-7, 3, operation) == expected


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ("add", 4.5),
        ("subtract", 0.5),
        ("multiply", 5.0),
        ("divide", 1.25),
        ("power", 6.25),
        ("min", 2.0),
        ("max", 2.5),
        ("modulo", 0.5),
    ],
)
def test_numbers(operation: Operation, expected: float) -> None:
    assert float_arithmetic(2.5, 2.0, operation) == expected


@pytest.mark.parametrize("operation", ["divide", "modulo"])
def test_division_by_zero(operation: Operation) -> None:
    with pytest.raises(NodeError, match="7 cannot be divided by zero") as caught:
        int_arithmetic(7, 0, operation)
    assert caught.value.hint
    with pytest.raises(NodeError, match=r"7\.0 cannot be divided by zero"):
        float_arithmetic(7.0, -0.0, operation)


@pytest.mark.parametrize("operands", [(2.0, 1e308), (10.0, 400.0)])
def test_too_large_for_a_number(operands: tuple[float, float]) -> None:
    with pytest.raises(NodeError, match="too large"):
        float_arithmetic(*operands, "power")
    with pytest.raises(NodeError, match="too large"):
        float_arithmetic(1e308, 1e308, "multiply")


def test_roots_of_negative_numbers() -> None:
    with pytest.raises(NodeError, match="not a real number"):
        float_arithmetic(-8.0, 1 / 3, "power")


def test_whole_numbers_have_limits() -> None:
    assert int_arithmetic(2**32, 2**32 - 1, "multiply") < LARGEST_INT
    assert int_arithmetic(LARGEST_INT - 1, 1) == LARGEST_INT
    with pytest.raises(NodeError, match="too large"):
        int_arithmetic(LARGEST_INT, 1)
    with pytest.raises(NodeError, match="too large"):
        int_arithmetic(10, 10**12, "power")
    assert int_arithmetic(-1, 10**12 + 1, "power") == -1


def test_negative_exponents_need_fractions() -> None:
    with pytest.raises(NodeError, match="not a whole number"):
        int_arithmetic(2, -1, "power")
    assert float_arithmetic(2.0, -1.0, "power") == 0.5


@given(st.integers(), st.integers(), st.sampled_from(OPERATIONS))
def test_whole_numbers_stay_whole_or_say_why(a: int, b: int, operation: Operation) -> None:
    try:
        assert type(int_arithmetic(a, b, operation)) is int
    except NodeError as error:
        assert str(error)  # noqa: PT017 - both ways are right


@given(
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(OPERATIONS),
)
def test_numbers_are_finite_or_say_why(a: float, b: float, operation: Operation) -> None:
    try:
        assert math.isfinite(float_arithmetic(a, b, operation))
    except NodeError as error:
        assert str(error)  # noqa: PT017 - both ways are right
