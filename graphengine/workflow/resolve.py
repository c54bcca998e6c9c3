"""Workflow to Graph: everything that can be known to be wrong before a run is said here, all at once."""

import functools
import itertools
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

import networkx as nx

from graphengine.errors import FileRefused, ProblemCode, WorkflowError, shown
from graphengine.files.digest import Digests
from graphengine.files.roots import File, Roots
from graphengine.node.registry import Registry
from graphengine.node.spec import Input, NodeSpec
from graphengine.types.builtin import FILE
from graphengine.workflow.contents import Contents
from graphengine.workflow.document import Node, Socket, Workflow, link_of, source_of
from graphengine.workflow.findings import Findings
from graphengine.workflow.graph import Graph, GraphNode, Link
from graphengine.workflow.interface import Interfaces, Sockets
from graphengine.workflow.modes import Modes, passage
from graphengine.workflow.subgraph import Inlined
from graphengine.workflow.suggest import did_you_mean


def resolve(workflow: Workflow, registry: Registry, roots: Roots, digests: Digests) -> Graph:
    """Return the graph that a document describes.

    Raises:
        WorkflowError: with every problem of the document, each at its node and socket.
    """
    resolver = _Resolver(workflow, registry, roots, digests)
    graph = resolver.graph()
    problems = resolver.findings.problems()
    if problems:
        raise WorkflowError(problems)
    return graph


class _Resolver:
    """One pass over one document; collects problems and goes on."""

    def __init__(self, workflow: Workflow, registry: Registry, roots: Roots, digests: Digests) -> None:
        self.workflow = workflow
        self.registry = registry
        self.roots = roots
        self.digests = digests
        self.findings = Findings()
        self.interfaces = Interfaces(workflow, registry)
        self.contents = Contents(workflow, registry, self.interfaces, self.findings)
        self.inlined = Inlined(workflow, self.findings)
        self.sockets: dict[str, Sockets] = {}
        self.specs: dict[str, NodeSpec] = {}
        self.entries: Mapping[str, Node] = {}
        self.dag: nx.DiGraph[str] = nx.DiGraph()

    def graph(self) -> Graph:
        """Return the graph; it is sound only if no problem was found."""
        inlined = self.inlined
        if not self.workflow.nodes:
            self.findings.add("nothing_to_do", "the workflow has no nodes")
        for name, node in inlined.nodes.items():
            self._find_spec(name, node)
        modes = Modes(inlined.nodes, self.sockets)
        self.entries = modes.running
        self._check_links_not_taken()
        if inlined.nodes and not self.entries:
            self.findings.add("nothing_to_do", "every node is bypassed or muted")
        nodes = {name: self._node(name, self.specs[name]) for name in self.entries if name in self.specs}
        self.dag.add_nodes_from(nodes)
        self.dag.add_edges_from(
            (link.source.node, node.name) for node in nodes.values() for link in node.links.values()
        )
        order = self._order()
        self.contents.check_interfaces()
        self.contents.check_unused(set(inlined.expanded.values()))
        outputs = {name: modes.led_past(socket) for name, socket in inlined.outputs.items()}
        there = {name: socket for name, socket in outputs.items() if socket is not None and socket.node in nodes}
        return Graph({name: nodes[name] for name in order}, there, nx.freeze(self.dag))

    def _find_spec(self, name: str, node: Node) -> None:
        sockets = self.interfaces.of(node)
        if sockets is not None:
            self.sockets[name] = sockets
            if isinstance(sockets, NodeSpec):
                self.specs[name] = sockets
            return
        self.contents.unknown_type(node.type, name)

    def _node(self, name: str, spec: NodeSpec) -> GraphNode:
        given = self.entries[name].inputs
        constants: dict[str, Any] = {}
        links: dict[str, Link] = {}
        for unknown in (key for key in given if key not in spec.input):
            message = f"{spec.id!r} has no input {unknown!r}"
            hint = functools.partial(did_you_mean, unknown, spec.input)
            self.findings.add("unknown_input", message, name, unknown, hint)
        for socket in spec.inputs:
            if socket.name not in given:
                if socket.required:
                    message = f"{socket.type} is wanted and neither a value nor a link is given"
                    self.findings.add("missing_input", message, name, socket.name, self._offer(name, socket))
                else:
                    constants[socket.name] = socket.default
                continue
            try:
                source = link_of(given[socket.name])
            except ValueError as error:
                self.findings.add("invalid_value", f"{error}", name, socket.name)
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
            self.findings.add("invalid_value", f"{error}", name, socket.name, self._offer(name, socket))
        except FileRefused as error:
            code: ProblemCode = "file_not_found" if error.missing else "file_refused"
            hint = error.hint
            self.findings.add(code, f"{error}", name, socket.name, lambda: hint)

    def _file(self, socket: Input, reference: Any) -> File | None:
        if reference is None and not socket.required:
            return None
        if not isinstance(reference, str):
            raise ValueError(f"a file is named by its path, a string; {shown(reference)} was given")  # noqa: TRY004
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
            self.findings.add("type_mismatch", message, name, socket.name, self._offer(name, socket))
            return
        into[socket.name] = Link(source, conversion)

    def _is_there(self, source: Socket, name: str, key: str) -> bool:
        """Report a link from a node or an output that is not there."""
        nodes = self.inlined.nodes
        type_ = nodes[source.node].type if source.node in nodes else self.inlined.expanded.get(source.node)
        return self.contents.has_output(nodes, source, type_, name, key)

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

    def _order(self) -> Iterable[str]:
        try:
            return list(nx.topological_sort(self.dag))
        except nx.NetworkXUnfeasible:
            cycle = [source for source, _ in nx.find_cycle(self.dag)]
            way = " → ".join([*cycle[:8], *(["…"] if len(cycle) > 8 else []), cycle[0]])
            message = f"the links form a cycle: {way}"
            self.findings.add("cycle", message, cycle[0], hint=lambda: "Remove one of these links.")
            return self.dag.nodes

    def _offer(self, name: str, socket: Input) -> Callable[[], str] | None:
        """Return how to find out which outputs would fit a socket, if only a link can bring it a value."""
        return functools.partial(self._offered, name, socket) if socket.adapter is None else None

    def _offered(self, name: str, socket: Input) -> str:
        """Name outputs that fit a socket, of nodes that do not need the socket's own node."""
        fits = self.registry.assignability.find
        behind = {name, *nx.descendants(self.dag, name)}
        offers = (
            f"{source}.{output.name}"
            for source in self.dag
            if source not in behind
            for output in self.specs[source].outputs
            if fits(output.type, socket.type)
        )
        first = list(itertools.islice(offers, 3))
        return f"Connect {' or '.join(first)}." if first else ""
