"""A text, line by line."""

from typing import Annotated

from graphengine.node.declare import node
from graphengine.node.widgets import Multiline


@node("text.lines", category="text", title="Lines of text")
def lines(text: Annotated[str, Multiline(rows=6)]) -> list[str]:
    """Make a list of the lines of a text; empty lines are left out.

    Inputs:
        text: a line for each item, such as one prompt per line; spaces around it do not count.
    """
    return [line.strip() for line in text.splitlines() if line.strip()]
