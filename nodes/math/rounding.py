"""From numbers to whole numbers."""

import math
from collections.abc import Callable
from typing import Literal

from graphengine.node.declare import node

Rounding = Literal["nearest", "down", "up", "towards_zero"]

_ROUNDINGS: dict[Rounding, Callable[[float], int]] = {
    "nearest": round,
    "down": math.floor,
    "up": math.ceil,
    "towards_zero": math.trunc,
}


@node("math.round", category="math")
def rounded(value: float = 0.0, rounding: Rounding = "nearest") -> int:
    """Make a whole number of a number.

    Inputs:
        rounding: ``nearest`` (a half goes to the even neighbour), ``down``, ``up`` or ``towards_zero``.
    """
    return _ROUNDINGS[rounding](value)
