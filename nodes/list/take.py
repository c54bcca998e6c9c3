"""What is in a list."""

from graphengine.errors import NodeError
from graphengine.node.declare import node


@node("list.length", category="list", title="Length of list")
def length(values: list[object]) -> int:
    """Count the items of a list.

    Inputs:
        values: a list of anything.
    """
    return len(values)


@node("list.item", category="list", title="Item of list")
def item(values: list[object], index: int = 0) -> object:
    """Take one item out of a list.

    Inputs:
        values: a list of anything.
        index: 0 is the first; from the end, -1 is the last.

    Outputs:
        value: where it is linked to, its type is checked.

    Errors: the list has no such item.
    """
    try:
        return values[index]
    except IndexError:
        raise NodeError(f"there is no item {index} in a list of {len(values)}", hint="Indices begin at 0.") from None


@node("list.slice", category="list", title="Part of list")
def part(values: list[object], start: int = 0, count: int = 1) -> list[object]:
    """Take items that follow each other out of a list.

    Inputs:
        values: a list of anything.
        start: the first to take; from the end if negative.
        count: how many, as far as there are as many.

    Errors: ``count`` is negative.
    """
    if count < 0:
        raise NodeError(f"{count} items cannot be taken", hint="Give a count of 0 or more.")
    return values[start:][:count]
