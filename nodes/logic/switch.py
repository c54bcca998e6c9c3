"""One of two values."""

from graphengine.node.declare import node
from graphengine.node.lazy import Lazy


@node("logic.switch", category="logic", title="Switch", aliases=("If", "Condition", "Choose"))
def switch(condition: bool, yes: Lazy[object], no: Lazy[object]) -> object:
    """Give one of two values, and compute only that one.

    Inputs:
        condition: which one.
        yes: the value if the condition holds; otherwise nothing that only it needs is computed.
        no: the value if it does not hold, likewise.

    Outputs:
        value: of any type; where it is linked to, its type is checked.
    """
    return yes.get() if condition else no.get()
