"""A graph: a workflow that is proven. Whoever holds one need not check anything again."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import networkx as nx

from graphengine.node.spec import NodeSpec
from graphengine.types.assign import Conversion
from graphengine.workflow.document import Socket


@dataclass(frozen=True, slots=True)
class Link:
    """Where an input gets its value from, and how the value is converted on the way."""

    source: Socket
    conversion: Conversion


@dataclass(frozen=True, slots=True)
class GraphNode:
    """A node of a graph: every input is either a checked constant or a link that fits."""

    name: str
    spec: NodeSpec
    constants: Mapping[str, Any]
    links: Mapping[str, Link]


@dataclass(frozen=True, slots=True)
class Graph:
    """A workflow proven well-formed and well-typed.

    Attributes:
        nodes: by name, in an order in which every node comes after what it needs.
        outputs: the named outputs of the workflow.
        dag: the links between node names, frozen, for whoever wants graph algorithms.
    """

    nodes: Mapping[str, GraphNode]
    outputs: Mapping[str, Socket]
    dag: "nx.DiGraph[str]"
