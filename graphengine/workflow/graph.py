"""A graph: a workflow that is proven. Whoever holds one need not check anything again."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import networkx as nx

from graphengine.node.spec import NodeSpec
from graphengine.types.assign import Conversion
from graphengine.types.socket_type import TypeRef
from graphengine.workflow.document import Socket

PORTS: Final = "$"
"""Stands in the body of a loop for the node that brings what comes in from outside, an output for each input."""


@dataclass(frozen=True, slots=True)
class Link:
    """Where an input gets its value from, and how the value is converted on the way.

    ``item`` is the index of the item that it takes of a list; None takes the value as it is.
    """

    source: Socket
    conversion: Conversion
    item: int | None = None


@dataclass(frozen=True, slots=True)
class GraphNode:
    """A node of a graph: every input is either a checked constant or a link that fits.

    ``each`` are the inputs to which sequences bring their items, one after another: the node is called for each.
    """

    name: str
    spec: NodeSpec
    constants: Mapping[str, Any]
    links: Mapping[str, Link]
    each: tuple[str, ...] = ()

    @property
    def flows(self) -> bool:
        """Whether what comes out is never there as a whole."""
        return bool(self.each) or self.spec.flows


@dataclass(frozen=True, slots=True)
class Body:
    """What a loop repeats: nodes in order, whose links may come from :data:`PORTS`, and what comes out of them."""

    nodes: "Mapping[str, GraphNode | GraphLoop]"
    outputs: Mapping[str, Socket]


@dataclass(frozen=True, slots=True)
class ForEach:
    """Once for each item of the lists that come in at ``each``, paired, or in every combination if ``product``."""

    body: Body
    each: tuple[str, ...]
    product: bool = False


@dataclass(frozen=True, slots=True)
class While:
    """Again and again, as long as the output ``condition`` is true, but at most ``limit`` times.

    Attributes:
        first: the body of the first turn.
        following: the body of the turns after it, to whose inputs ``carry`` brings outputs of the turn before.
    """

    first: Body
    following: Body
    condition: str
    carry: Mapping[str, str]
    limit: int


@dataclass(frozen=True, slots=True)
class GraphLoop:
    """A part of a graph that runs any number of times; how often may be known only during a run.

    Attributes:
        links: what comes in from outside, by port.
        outputs: the types of what comes out; for a :class:`ForEach` lists.
    """

    name: str
    links: Mapping[str, Link]
    outputs: Mapping[str, TypeRef]
    repeat: ForEach | While


@dataclass(frozen=True, slots=True)
class Graph:
    """A workflow proven well-formed and well-typed.

    Attributes:
        nodes: by name, in an order in which every node comes after what it needs.
        outputs: the named outputs of the workflow.
        types: the types of all outputs.
        sources: the nodes that each takes from.
    """

    nodes: Mapping[str, GraphNode | GraphLoop]
    outputs: Mapping[str, Socket]
    types: Mapping[str, Mapping[str, TypeRef]]
    sources: Mapping[str, Sequence[str]]

    @property
    def dag(self) -> "nx.DiGraph[str]":
        """The links between node names, for whoever wants graph algorithms; made when it is asked for."""
        return digraph(self.sources)


def digraph(sources: Mapping[str, Sequence[str]]) -> "nx.DiGraph[str]":
    """Return the links between nodes as a graph.

    Args:
        sources: the nodes that each takes from.
    """
    made: nx.DiGraph[str] = nx.DiGraph()
    made.add_nodes_from(sources)
    made.add_edges_from((source, name) for name, found in sources.items() for source in found)
    return made


def has_sink(node: GraphNode | GraphLoop) -> bool:
    """Return whether a call of a node, or anything that a loop repeats, has an effect outside."""
    return any(each.spec.sink for each in called([node]))


def called(nodes: "Iterable[GraphNode | GraphLoop]") -> Iterator[GraphNode]:
    """Yield the nodes that are called for some, those that loops repeat included.

    Of what is repeated until it is enough, the first turn is one thing and those after it another.
    """
    stack = list(nodes)
    stack.reverse()
    while stack:
        each = stack.pop()
        if isinstance(each, GraphNode):
            yield each
        elif isinstance(each.repeat, ForEach):
            stack.extend(each.repeat.body.nodes.values())
        else:
            stack.extend((*each.repeat.first.nodes.values(), *each.repeat.following.nodes.values()))
