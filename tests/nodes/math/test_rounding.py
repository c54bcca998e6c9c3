"""Whole numbers near numbers."""

import pytest

from nodes.math.rounding import Rounding, rounded

pytestmark = pytest.mark.torch


@pytest.mark.parametrize(
    ("rounding", "expected"),
    [
        ("nearest", [-2, -2, 2, 2]),
        ("down", [-3, -2, 1, 2]),
        ("up", [-2, -1, 2, 3]),
        ("towards_zero", [-2, -1, 1, 2]),
    ],
)
def test_roundings(rounding: Rounding, expected: list[int]) -> None:
    assert [rounded(value, rounding) for value in (-2.5, -1.5, 1.5, 2.5)] == expected
