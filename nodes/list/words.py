"""Words for the items of a list."""

from string import Template
from typing import Annotated

from graphengine.errors import NodeError
from graphengine.node.declare import node
from graphengine.node.lists import LengthOf


@node("list.words", category="list", title="Words for items")
def words(values: list[object], template: str = "$value") -> Annotated[list[str], LengthOf("values")]:
    """Write a line for each item of a list, such as the captions of a sheet or prompts that differ in one word.

    Inputs:
        values: texts, numbers or switches.
        template: the line; ``$value`` stands for the item, ``$index`` for its number from 1, ``$$`` for a dollar sign.

    Errors: the template has another place, or an item is not a text, a number or a switch.

    Source: ``string.Template`` of Python.
    """
    for value in values:
        if not isinstance(value, str | int | float):
            raise NodeError(f"an item is a {type(value).__name__}", hint="Link texts, numbers or switches.")
    line = Template(template)
    try:
        return [line.substitute(value=_written(value), index=index) for index, value in enumerate(values, start=1)]
    except (KeyError, ValueError) as error:
        raise NodeError(
            f"the template cannot be filled: {error}", hint="It has $value and $index; write $$ for $."
        ) from None


def _written(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
