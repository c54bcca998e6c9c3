"""Lists on links: a node that wants an item and gets a list is called for each, and what it gives are lists."""

from collections.abc import Mapping, Sequence
from typing import Final

from graphengine.types.assign import IDENTITY
from graphengine.workflow.document import Socket
from graphengine.workflow.findings import Findings
from graphengine.workflow.graph import PORTS, Body, ForEach, GraphLoop, GraphNode, Link

UNEQUAL_HINT: Final = "Make them equally long, or combine every item with every other by `map: product`."


def mapped(node: GraphNode, each: Sequence[str], *, product: bool) -> GraphLoop:
    """Return the loop that calls a node for each item of the lists at the inputs ``each``."""
    inner = {key: Link(Socket(PORTS, key), link.conversion) for key, link in node.links.items()}
    body = Body(
        nodes={"": GraphNode("", node.spec, node.constants, inner)},
        outputs={output.name: Socket("", output.name) for output in node.spec.outputs},
    )
    return GraphLoop(
        name=node.name,
        links={key: Link(link.source, IDENTITY) for key, link in node.links.items()},
        outputs={output.name: output.type.listed for output in node.spec.outputs},
        repeat=ForEach(body, tuple(each), product),
    )


class Lengths:
    """The lengths of lists, as far as they are known before a run.

    Args:
        known: of lists that come from outside.
    """

    def __init__(self, findings: Findings, known: Mapping[Socket, int]) -> None:
        self._findings = findings
        self._known = dict(known)

    def of(self, source: Socket) -> int | None:
        """Return the length of the list that comes from an output, if it is known."""
        return self._known.get(source)

    def note(self, node: GraphNode | GraphLoop) -> None:
        """Find out how long the lists are that a node gives; report lists that should pair and cannot."""
        if isinstance(node, GraphNode):
            for output in node.spec.outputs:
                length = None if output.extent is None else output.length(node.constants)
                if length is not None:
                    self._known[Socket(node.name, output.name)] = max(length, 0)
        elif isinstance(node.repeat, ForEach):
            length = self._product(node, node.repeat) if node.repeat.product else self._zip(node, node.repeat)
            if length is not None:
                self._known |= {Socket(node.name, output): length for output in node.outputs}

    def _zip(self, loop: GraphLoop, repeat: ForEach) -> int | None:
        known = {key: self.of(loop.links[key].source) for key in repeat.each}
        lengths = {key: length for key, length in known.items() if length is not None}
        if len(set(lengths.values())) > 1:
            listed = ", ".join(f"{key!r} has {length}" for key, length in lengths.items())
            message = f"the lists pair up, but {listed} items"
            self._findings.add("unequal_lengths", message, loop.name, hint=lambda: UNEQUAL_HINT)
        return next(iter(lengths.values()), None)

    def _product(self, loop: GraphLoop, repeat: ForEach) -> int | None:
        result = 1
        for key in repeat.each:
            length = self.of(loop.links[key].source)
            if length is None:
                return None
            result *= length
        return result
