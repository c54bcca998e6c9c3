"""Two numbers make a third."""

import math
import operator
from collections.abc import Callable
from typing import Literal

from graphengine.errors import NodeError
from graphengine.node.declare import node

Operation = Literal["add", "subtract", "multiply", "divide", "power", "min", "max", "modulo"]

LARGEST_INT = 2**64 - 1
"""The largest seed; beyond it no node wants a whole number."""


@node(
    "math.int_arithmetic",
    category="math",
    title="Arithmetic (whole numbers)",
    aliases=("Add", "Multiply", "Calculator"),
)
def int_arithmetic(a: int = 0, b: int = 0, operation: Operation = "add") -> int:
    """Calculate with two whole numbers: ``a`` operation ``b``.

    ``divide`` rounds down; ``modulo`` has the sign of ``b``.

    Errors: division by zero, a negative exponent, or a result beyond ±(2^64 - 1).
    """
    try:
        result = _INT[operation](a, b)
    except ZeroDivisionError:
        raise _by_zero(a) from None
    if abs(result) > LARGEST_INT:
        raise _too_large(operation)
    return result


@node("math.float_arithmetic", category="math", title="Arithmetic", aliases=("Add", "Multiply", "Calculator"))
def float_arithmetic(a: float = 0.0, b: float = 0.0, operation: Operation = "add") -> float:
    """Calculate with two numbers: ``a`` operation ``b``.

    ``modulo`` has the sign of ``b``.

    Errors: division by zero, a root of a negative number, or a result that is not finite.
    """
    try:
        result = _FLOAT[operation](a, b)
    except ZeroDivisionError:
        raise _by_zero(a) from None
    except ValueError:
        raise NodeError(f"{a} to the power of {b} is not a real number") from None
    except OverflowError:
        raise _too_large(operation) from None
    if not math.isfinite(result):
        raise _too_large(operation)
    return result


def _by_zero(number: float) -> NodeError:
    return NodeError(f"{number} cannot be divided by zero", hint="Give b another value.")


def _too_large(operation: Operation) -> NodeError:
    return NodeError(f"the result of {operation} is too large", hint="Use smaller numbers.")


def _int_power(base: int, exponent: int) -> int:
    if exponent < 0:
        raise NodeError(
            f"{base} to the power of {exponent} is not a whole number",
            hint="Use Arithmetic, which has fractions.",
        )
    if abs(base) > 1 and exponent > LARGEST_INT.bit_length():
        raise _too_large("power")  # without computing a number of a million digits first
    return int(base**exponent)


_INT: dict[Operation, Callable[[int, int], int]] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": operator.floordiv,
    "power": _int_power,
    "min": min,
    "max": max,
    "modulo": operator.mod,
}
_FLOAT: dict[Operation, Callable[[float, float], float]] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": operator.truediv,
    "power": math.pow,
    "min": min,
    "max": max,
    "modulo": operator.mod,
}
