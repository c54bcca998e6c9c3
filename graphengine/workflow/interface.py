"""Interfaces: what a node offers to links, whether its type is known to the registry or a subgraph of the document."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from graphengine.node.registry import Registry
from graphengine.node.spec import Input, Output
from graphengine.workflow.document import Node, Socket, Subgraph, Workflow
from graphengine.workflow.subgraph import MAX_DEPTH, PREFIX


class Sockets(Protocol):
    """What has sockets: the specification of a node, or the interface of a subgraph."""

    @property
    def inputs(self) -> tuple[Input, ...]:
        """The inputs, in order."""

    @property
    def outputs(self) -> tuple[Output, ...]:
        """The outputs, in order."""


@dataclass(frozen=True, slots=True)
class Interface:
    """The sockets of a subgraph; those that lead nowhere are left out."""

    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]


class Interfaces:
    """The sockets of every node of one document."""

    def __init__(self, workflow: Workflow, registry: Registry) -> None:
        self._subgraphs = workflow.subgraphs
        self._registry = registry
        self._known: dict[str, Interface] = {}  # of subgraphs, by node type

    def of(self, node: Node) -> Sockets | None:
        """Return the typed sockets of a node, or None if its type is not known."""
        if not node.type.startswith(PREFIX):
            return self._registry.nodes.get(node.type)
        subgraph = self._subgraph(node.type)
        if subgraph is not None and node.type not in self._known:
            inputs = ((name, self.input(subgraph.nodes, Socket.parse(e.to[0]))) for name, e in subgraph.inputs.items())
            outputs = ((name, self._output(subgraph.nodes, e.from_)) for name, e in subgraph.outputs.items())
            self._known[node.type] = Interface(
                tuple(replace(found, name=name) for name, found in inputs if found is not None),
                tuple(replace(found, name=name) for name, found in outputs if found is not None),
            )
        return self._known.get(node.type)

    def names(self, type_: str, *, outputs: bool) -> Collection[str] | None:
        """Return the names of the outputs or inputs of a node type, or None if it is not known."""
        if type_.startswith(PREFIX):
            subgraph = self._subgraph(type_)
            return None if subgraph is None else (subgraph.outputs if outputs else subgraph.inputs)
        spec = self._registry.nodes.get(type_)
        return None if spec is None else (spec.output if outputs else spec.input)

    def input(self, nodes: Mapping[str, Node], place: Socket) -> Input | None:
        """Return the input at a place, through the subgraphs it leads into, or None if there is none.

        Its default is what holds there if nothing is given: what is written on the way, the outermost first.
        """
        written = []
        for node, socket in self._way(nodes, place, outputs=False):
            if socket in node.inputs:
                written.append(node.inputs[socket])
            spec = self._registry.nodes.get(node.type)
            if spec is not None and socket in spec.input:
                found = spec.input[socket]
                return replace(found, default=written[0]) if written else found
        return None

    def _output(self, nodes: Mapping[str, Node], address: str) -> Output | None:
        for node, socket in self._way(nodes, Socket.parse(address), outputs=True):
            spec = self._registry.nodes.get(node.type)
            if spec is not None:
                return spec.output.get(socket)
        return None

    def _way(self, nodes: Mapping[str, Node], place: Socket, *, outputs: bool) -> Iterator[tuple[Node, str]]:
        """Yield the node and socket at a place, then those that it stands for, one subgraph further in each time."""
        for _ in range(MAX_DEPTH + 1):
            node = nodes.get(place.node)
            if node is None:
                return
            yield node, place.name
            subgraph = self._subgraph(node.type)
            if subgraph is None:
                return
            led = _leading(subgraph, place.name, outputs=outputs)
            if led is None:
                return
            nodes, place = subgraph.nodes, led

    def _subgraph(self, type_: str) -> Subgraph | None:
        return self._subgraphs.get(type_.removeprefix(PREFIX)) if type_.startswith(PREFIX) else None


def _leading(subgraph: Subgraph, name: str, *, outputs: bool) -> Socket | None:
    """Return the inner socket that a named socket of a subgraph stands for; of several, the first."""
    if outputs:
        shown = subgraph.outputs.get(name)
        return Socket.parse(shown.from_) if shown is not None else None
    entry = subgraph.inputs.get(name)
    return Socket.parse(entry.to[0]) if entry is not None else None
