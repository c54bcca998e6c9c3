"""Which of two numbers is larger."""

import operator
from collections.abc import Callable
from typing import Literal

from graphengine.node.declare import node

Relation = Literal["equal", "not_equal", "less", "less_or_equal", "greater", "greater_or_equal"]

_RELATIONS: dict[Relation, Callable[[float, float], bool]] = {
    "equal": operator.eq,
    "not_equal": operator.ne,
    "less": operator.lt,
    "less_or_equal": operator.le,
    "greater": operator.gt,
    "greater_or_equal": operator.ge,
}


@node("math.compare", category="math")
def compare(a: float = 0.0, b: float = 0.0, relation: Relation = "equal") -> bool:
    """Tell whether ``a`` stands in a relation to ``b``.

    Numbers are compared exactly, as floating point: whole numbers beyond 2^53 are rounded first.
    """
    return _RELATIONS[relation](a, b)
