"""Lists that are written down, or counted."""

from typing import Annotated

from pydantic import Field

from graphengine.node.declare import node
from graphengine.node.lists import ItemsOf, LengthOf


@node("list.texts", category="list", title="Texts")
def texts(values: list[str]) -> Annotated[list[str], ItemsOf("values")]:
    """Give a list of texts, such as prompts.

    Inputs:
        values: the texts, in order.
    """
    return values


@node("list.numbers", category="list", title="Numbers")
def numbers(values: list[float]) -> Annotated[list[float], ItemsOf("values")]:
    """Give a list of numbers, such as guidance scales.

    Inputs:
        values: the numbers, in order.
    """
    return values


@node("list.integers", category="list", title="Whole numbers")
def integers(values: list[int]) -> Annotated[list[int], ItemsOf("values")]:
    """Give a list of whole numbers, such as seeds.

    Inputs:
        values: the numbers, in order.
    """
    return values


@node("list.range", category="list", title="Range")
def counted(
    count: Annotated[int, Field(ge=0, le=10_000)] = 4, start: int = 0, step: int = 1
) -> Annotated[list[int], LengthOf("count")]:
    """Give whole numbers at equal distances, such as seeds in a row.

    Inputs:
        count: how many.
        start: the first.
        step: from one to the next; may be negative.
    """
    return [start + index * step for index in range(count)]
