"""Numbers to link to several places."""

from graphengine.node.declare import node
from graphengine.types.builtin import Seed


@node("primitive.int", category="primitive", title="Whole number", aliases=("Integer", "Primitive"))
def whole(value: int = 0) -> int:
    """Give a whole number."""
    return value


@node("primitive.float", category="primitive", title="Number", aliases=("Decimal", "Primitive"))
def number(value: float = 0.0) -> float:
    """Give a number."""
    return value


@node("primitive.seed", category="primitive", title="Seed", aliases=("Noise seed", "Random number"))
def seed(value: Seed = Seed(0)) -> Seed:
    """Give the seed of a random generator: a whole number from 0 to 2^64 - 1."""
    return value


@node("primitive.bool", category="primitive", title="Boolean", aliases=("Switch", "Toggle", "Primitive"))
def switch(value: bool = False) -> bool:
    """Give yes or no."""
    return value
