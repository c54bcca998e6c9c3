"""What can be said of nodes by their names and types alone, in the workflow and in subgraphs that nobody uses."""

import functools
from collections.abc import Collection, Mapping

from graphengine.errors import ProblemCode
from graphengine.node.registry import Registry
from graphengine.workflow.document import Node, Socket, Subgraph, Workflow, source_of
from graphengine.workflow.findings import Findings
from graphengine.workflow.interface import Interfaces
from graphengine.workflow.subgraph import PREFIX
from graphengine.workflow.suggest import did_you_mean


class Contents:
    """Proves names; what it finds goes to ``findings``."""

    def __init__(self, workflow: Workflow, registry: Registry, interfaces: Interfaces, findings: Findings) -> None:
        self._workflow = workflow
        self._registry = registry
        self._interfaces = interfaces
        self._findings = findings

    def check_interfaces(self) -> None:
        """Prove that the named inputs and outputs of the workflow, and of every subgraph, lead somewhere."""
        self._check_interface(self._workflow, None)
        for name, subgraph in self._workflow.subgraphs.items():
            self._check_interface(subgraph, _place(name))

    def check_unused(self, used: Collection[str]) -> None:
        """Prove the node types and the links in the subgraphs that are not among the node types ``used``."""
        for name, subgraph in self._workflow.subgraphs.items():
            if PREFIX + name in used:
                continue
            for node_name, node in subgraph.nodes.items():
                place = _place(name) + node_name
                if self._interfaces.names(node.type, outputs=True) is None:
                    self.unknown_type(node.type, place)
                for key, value in node.inputs.items():
                    source = source_of(value)
                    if source is not None:
                        self.has_output(subgraph.nodes, source, _type(subgraph.nodes, source), place, key)

    def unknown_type(self, type_: str, place: str) -> None:
        """Report a node type that nobody knows."""
        if type_.startswith(PREFIX):
            name, known = type_.removeprefix(PREFIX), self._workflow.subgraphs
            message = f"there is no subgraph {name!r}"
            self._findings.add("unknown_node_type", message, place, hint=lambda: did_you_mean(name, known))
            return
        message = f"there is no node type {type_!r}"
        self._findings.add("unknown_node_type", message, place, hint=lambda: self._similar(type_), type=type_)

    def has_output(self, known: Collection[str], source: Socket, type_: str | None, place: str, key: str) -> bool:
        """Report a link from a node that is not there, which has no type, or from an output that it has not."""
        if type_ is None:
            message = f"the link comes from {source.node!r}, which is not in the workflow"
            hint = functools.partial(did_you_mean, source.node, known)
            self._findings.add("unknown_node", message, place, key, hint, source=source.node)
            return False
        outputs = self._interfaces.names(type_, outputs=True)
        if outputs is None or source.name in outputs:
            return True
        message = f"{source.node!r} ({type_}) has no output {source.name!r}"
        hint = functools.partial(did_you_mean, source.name, outputs)
        self._findings.add("unknown_output", message, place, key, hint, source=source.node, output=source.name)
        return False

    def _check_interface(self, part: Workflow | Subgraph, place: str | None) -> None:
        whose = "workflow" if place is None else "subgraph"
        for name, entry in part.inputs.items():
            for address in entry.to:
                self._leads(f"the {whose} input {name!r}", part.nodes, Socket.parse(address), place, outputs=False)
        for name, output in part.outputs.items():
            address = output.from_
            self._leads(f"the {whose} output {name!r}", part.nodes, Socket.parse(address), place, outputs=True)

    def _leads(self, who: str, nodes: Mapping[str, Node], socket: Socket, place: str | None, *, outputs: bool) -> None:
        type_ = _type(nodes, socket)
        if type_ is None:
            node, key = (None, None) if place is None else (place + socket.node, socket.name)
            message = f"{who} names {socket}, which is not there"
            self._findings.add("unknown_node", message, node, key, lambda: did_you_mean(socket.node, nodes))
            return
        names = self._interfaces.names(type_, outputs=outputs)
        if names is not None and socket.name not in names:
            code: ProblemCode = "unknown_output" if outputs else "unknown_input"
            message = f"{who} names {socket}, which {type_!r} does not have"
            where = (place or "") + socket.node
            self._findings.add(code, message, where, socket.name, lambda: did_you_mean(socket.name, names))

    def _similar(self, type_: str) -> str:
        similar, left_out = self._registry.similar(type_), ", ".join(self._registry.left_out)
        hint = f"Did you mean {similar!r}?" if similar else "`graphengine nodes` lists the known ones."
        return f"{hint} Left out, as they could not be loaded: the nodes of {left_out}." if left_out else hint


def _type(nodes: Mapping[str, Node], socket: Socket) -> str | None:
    return nodes[socket.node].type if socket.node in nodes else None


def _place(subgraph: str) -> str:
    return f"subgraphs/{subgraph}/"
