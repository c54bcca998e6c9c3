"""Lists of what comes over several links."""

from graphengine.node.declare import node


@node("list.gather", category="list", title="Gather into a list", aliases=("Make list", "Append to list"))
def gather(
    values: list[object] = [],  # noqa: B006 - a default as the document writes it; nothing changes it
    first: object = None,
    second: object = None,
    third: object = None,
    fourth: object = None,
    fifth: object = None,
    sixth: object = None,
    seventh: object = None,
    eighth: object = None,
) -> list[object]:
    """Make one list of what comes over several links.

    Inputs:
        values: a list that comes before the others, such as what was gathered elsewhere.
        first, second, third, fourth, fifth, sixth, seventh, eighth: the items, in this order; what is not linked is
            left out.

    Outputs:
        values: where they are linked to, their types are checked.
    """
    items = (first, second, third, fourth, fifth, sixth, seventh, eighth)
    return [*values, *(item for item in items if item is not None)]
