"""Text made of other text."""

from string import Template
from typing import Annotated

from pydantic import Field

from graphengine.errors import NodeError
from graphengine.node.declare import node
from graphengine.node.widgets import Multiline

Part = Annotated[str, Multiline(rows=2)]


@node("text.join", category="text", title="Join text", aliases=("Concatenate",))
def join(a: Part = "", b: Part = "", c: Part = "", d: Part = "", separator: str = ", ") -> str:
    """Join texts with a separator between them; empty ones are left out."""
    return separator.join(part for part in (a, b, c, d) if part)


@node("text.replace", category="text", title="Replace text")
def replace(text: Annotated[str, Multiline()], find: Annotated[str, Field(min_length=1)], replacement: str = "") -> str:
    """Replace every occurrence of one text within another.

    Inputs:
        text: where to look.
        find: what to look for, exactly as written; not empty.
        replacement: what to write in its place; empty to leave it out.
    """
    return text.replace(find, replacement)


@node("text.format", category="text", title="Format text", aliases=("Template",))
def fill(
    template: Annotated[str, Multiline()] = "$a",
    a: object = "",
    b: object = "",
    c: object = "",
    d: object = "",
) -> str:
    """Fill texts, numbers and switches into the places ``$a`` to ``$d`` of a template.

    ``${a}`` does the same where a letter follows; ``$$`` is a dollar sign. Nothing is evaluated.

    Errors: the template has another place, or a value is not a text, a number or a switch.

    Source: ``string.Template`` of Python.
    """
    values = {"a": a, "b": b, "c": c, "d": d}
    for name, value in values.items():
        if not isinstance(value, str | int | float):
            raise NodeError(f"{name!r} is a {type(value).__name__}", hint="Link a text, a number or a switch to it.")
    try:
        return Template(template).substitute(values)
    except KeyError as error:
        raise NodeError(
            f"the template has no value for the place {error}",
            hint="It has $a, $b, $c and $d; write $$ for $.",
        ) from None
    except ValueError as error:
        raise NodeError(f"the template cannot be read: {error}", hint="Write $$ for a dollar sign.") from None
