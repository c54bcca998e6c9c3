"""Workflow to Graph: everything that can be known to be wrong before a run is said here, all at once."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import networkx as nx

from graphengine.errors import FileRefused, Problem, ProblemCode, WorkflowError
from graphengine.files.digest import Digests
from graphengine.files.roots import File, Roots
from graphengine.node.registry import Registry
from graphengine.node.spec import Input, NodeSpec
from graphengine.types.builtin import FILE
from graphengine.workflow.document import Node, Socket, Workflow, link_of
from graphengine.workflow.graph import Graph, GraphNode, Link
from graphengine.workflow.interface import Interfaces, Sockets
from graphengine.workflow.modes import Modes, passage, source_of
from graphengine.workflow.subgraph import PREFIX as SUBGRAPH
from graphengine.workflow.subgraph import Inlined
from graphengine.workflow.suggest import did_you_mean


def resolve(workflow: Workflow, registry: Registry, roots: Roots, digests: Digests) -> Graph:
    """Return the graph that a document describes.

    Raises:
        WorkflowError: with every problem of the document, each at its node and socket.
    """
    resolver = _Resolver(workflow, registry, roots, digests)
    graph = resolver.graph()
    if resolver.problems:
        raise WorkflowError(resolver.problems)
    return graph


class _Resolver:
    """One pass over one document; collects problems and goes on."""

    def __init__(self, workflow: Workflow, registry: Registry, roots: Roots, digests: Digests) -> None:
        self.workflow = workflow
        self.registry = registry
        self.roots = roots
        self.digests = digests
        self.problems: list[Problem] = []
        self.interfaces = Interfaces(workflow, registry)
        self.inlined = Inlined(workflow)
        self.sockets: dict[str, Sockets] = {}
        self.specs: dict[str, NodeSpec] = {}
        self.entries: Mapping[str, Node] = {}

    def graph(self) -> Graph:
        """Return the graph; it is sound only if no problem was found."""
        inlined = self.inlined
        self.problems.extend(inlined.problems)
        if not self.workflow.nodes:
            self.problems.append(Problem("nothing_to_do", "the workflow has no nodes"))
        for name, node in inlined.nodes.items():
            self._find_spec(name, node)
        modes = Modes(inlined.nodes, self.sockets)
        self.entries = modes.running
        self._check_links_not_taken()
        if inlined.nodes and not self.entries:
            self.problems.append(Problem("nothing_to_do", "every node is bypassed or muted"))
        nodes = {name: self._node(name, self.specs[name]) for name in self.entries if name in self.specs}
        dag: nx.DiGraph[str] = nx.DiGraph()
        dag.add_nodes_from(nodes)
        dag.add_edges_from((link.source.node, node.name) for node in nodes.values() for link in node.links.values())
        order = self._order(dag)
        self.problems.extend(self._interface_problems())
        outputs = {name: modes.led_past(socket) for name, socket in inlined.outputs.items()}
        shown = {name: socket for name, socket in outputs.items() if socket is not None and socket.node in nodes}
        return Graph({name: nodes[name] for name in order}, shown, nx.freeze(dag))

    def _find_spec(self, name: str, node: Node) -> None:
        sockets = self.interfaces.of(node)
        if sockets is not None:
            self.sockets[name] = sockets
            if isinstance(sockets, NodeSpec):
                self.specs[name] = sockets
            return
        if node.type.startswith(SUBGRAPH):
            known = self.workflow.subgraphs
            subgraph = node.type.removeprefix(SUBGRAPH)
            message = f"there is no subgraph {subgraph!r}"
            self.problems.append(Problem("unknown_node_type", message, name, hint=did_you_mean(subgraph, known)))
            return
        similar = self.registry.similar(node.type)
        hint = f"Did you mean {similar!r}?" if similar else "`graphengine nodes` lists the known ones."
        self.problems.append(Problem("unknown_node_type", f"there is no node type {node.type!r}", name, hint=hint))

    def _node(self, name: str, spec: NodeSpec) -> GraphNode:
        given = self.entries[name].inputs
        constants: dict[str, Any] = {}
        links: dict[str, Link] = {}
        for unknown in given.keys() - spec.input.keys():
            message = f"{spec.id!r} has no input {unknown!r}"
            self._report("unknown_input", message, name, unknown, did_you_mean(unknown, spec.input))
        for socket in spec.inputs:
            if socket.name not in given:
                if socket.required:
                    self._report("missing_input", self._wanted(socket), name, socket.name, self._offer(socket))
                else:
                    constants[socket.name] = socket.default
                continue
            try:
                source = link_of(given[socket.name])
            except ValueError as error:
                self._report("invalid_value", f"{error}", name, socket.name)
                continue
            if source is None:
                self._constant(name, socket, given[socket.name], constants)
            else:
                self._link(name, socket, source, links)
        return GraphNode(name, spec, constants, links)

    def _constant(self, name: str, socket: Input, value: Any, into: dict[str, Any]) -> None:
        try:
            into[socket.name] = self._file(socket, value) if socket.type == FILE.ref else socket.parse(value)
        except ValueError as error:
            offer = self._offer(socket) if socket.adapter is None else ""
            self._report("invalid_value", f"{error}", name, socket.name, offer)
        except FileRefused as error:
            code: ProblemCode = "file_not_found" if error.missing else "file_refused"
            self._report(code, f"{error}", name, socket.name, error.hint)

    def _file(self, socket: Input, reference: Any) -> File | None:
        if reference is None and not socket.required:
            return None
        if not isinstance(reference, str):
            raise ValueError(f"a file is named by its path, a string; {reference!r} was given")  # noqa: TRY004
        path = self.roots.locate(reference, socket.roots)
        try:
            return File(reference, path, self.digests.of(path))
        except OSError as error:
            raise FileRefused(f"{reference!r} cannot be read: {error.strerror}") from error

    def _link(self, name: str, socket: Input, source: Socket, into: dict[str, Link]) -> None:
        if not self._is_there(source, name, socket.name):
            return
        spec = self.specs.get(source.node)
        if spec is None:
            return  # an unknown type or an endless subgraph, reported already, with outputs nobody knows
        output = spec.output[source.name]
        conversion = self.registry.assignability.find(output.type, socket.type)
        if conversion is None:
            message = f"the link brings {output.type} from {source}, but {socket.type} is wanted"
            self._report("type_mismatch", message, name, socket.name, self._offer(socket))
            return
        into[socket.name] = Link(source, conversion)

    def _is_there(self, source: Socket, name: str, key: str) -> bool:
        """Report a link from a node or an output that is not there."""
        nodes = self.inlined.nodes
        type_ = nodes[source.node].type if source.node in nodes else self.inlined.expanded.get(source.node)
        if type_ is None:
            message = f"the link comes from {source.node!r}, which is not in the workflow"
            self._report("unknown_node", message, name, key, did_you_mean(source.node, nodes))
            return False
        outputs = self.interfaces.names(type_, outputs=True)
        if outputs is None or source.name in outputs:
            return True
        message = f"{source.node!r} ({type_}) has no output {source.name!r}"
        self._report("unknown_output", message, name, key, did_you_mean(source.name, outputs))
        return False

    def _check_links_not_taken(self) -> None:
        """Prove the links that bypass and mute remove: whoever mistypes one would lose a node without a word."""
        nodes = self.inlined.nodes
        if self.entries is nodes:
            return
        for name, node in nodes.items():
            for key in self._taken(name, node):
                source = source_of(node.inputs.get(key))
                if source is None:
                    continue
                led_past = source.node in nodes and source.node not in self.entries
                if led_past or (node.mode == "run" and name not in self.entries):
                    self._is_there(source, name, key)

    def _taken(self, name: str, node: Node) -> Collection[str]:
        """Return the inputs of a node whose links matter."""
        if node.mode == "run":
            return node.inputs
        sockets = self.sockets.get(name)
        if node.mode == "mute" or sockets is None:
            return ()
        return [each.name for each in passage(sockets).values()]

    def _order(self, dag: "nx.DiGraph[str]") -> Iterable[str]:
        try:
            return list(nx.topological_sort(dag))
        except nx.NetworkXUnfeasible:
            cycle = [source for source, _ in nx.find_cycle(dag)]
            shown = " → ".join([*cycle[:8], *(["…"] if len(cycle) > 8 else []), cycle[0]])
            hint = "Remove one of these links."
            self.problems.append(Problem("cycle", f"the links form a cycle: {shown}", cycle[0], hint=hint))
            return dag.nodes

    def _interface_problems(self) -> Iterator[Problem]:
        for name, entry in self.workflow.inputs.items():
            for address in entry.to:
                yield from self._missing(f"the workflow input {name!r}", Socket.parse(address), outputs=False)
        for name, output in self.workflow.outputs.items():
            yield from self._missing(f"the workflow output {name!r}", Socket.parse(output.from_), outputs=True)

    def _missing(self, who: str, socket: Socket, *, outputs: bool) -> Iterator[Problem]:
        node = self.workflow.nodes.get(socket.node)
        if node is None:
            hint = did_you_mean(socket.node, self.workflow.nodes)
            yield Problem("unknown_node", f"{who} names {socket}, which is not in the workflow", hint=hint)
            return
        names = self.interfaces.names(node.type, outputs=outputs)
        if names is not None and socket.name not in names:
            code: ProblemCode = "unknown_output" if outputs else "unknown_input"
            message = f"{who} names {socket}, which {node.type!r} does not have"
            yield Problem(code, message, *socket, did_you_mean(socket.name, names))

    def _wanted(self, socket: Input) -> str:
        return f"{socket.type} is wanted and neither a value nor a link is given"

    def _offer(self, socket: Input) -> str:
        """Say which outputs in the workflow would fit a socket."""
        fits = self.registry.assignability.find
        offers = [
            f"{name}.{output.name}"
            for name, spec in self.specs.items()
            for output in spec.outputs
            if fits(output.type, socket.type)
        ]
        return f"Connect {' or '.join(offers[:3])}." if offers and socket.adapter is None else ""

    def _report(self, code: ProblemCode, message: str, node: str, socket: str, hint: str = "") -> None:
        self.problems.append(Problem(code, message, node, socket, hint))
