"""Workflow to Graph: everything that can be known to be wrong before a run is said here, all at once."""

import functools
import itertools
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

import networkx as nx

from graphengine.errors import FileRefused, ProblemCode, WorkflowError, shown
from graphengine.files.digest import Digests
from graphengine.files.roots import Roots
from graphengine.node.check import Misfit
from graphengine.node.registry import Registry
from graphengine.node.spec import Input, NodeSpec
from graphengine.types.assign import IDENTITY
from graphengine.types.builtin import FILE
from graphengine.types.socket_type import TypeRef
from graphengine.workflow.bulk import built_in_bulk
from graphengine.workflow.contents import Contents
from graphengine.workflow.document import Node, Socket, Workflow, link_of, source_of
from graphengine.workflow.files import Files, Lost
from graphengine.workflow.findings import Findings
from graphengine.workflow.graph import PORTS, Body, Graph, GraphLoop, GraphNode, Link, digraph
from graphengine.workflow.interface import Interfaces, Sockets
from graphengine.workflow.lists import Lengths, mapped
from graphengine.workflow.loops import Loops, Ports
from graphengine.workflow.modes import Modes, passage
from graphengine.workflow.order import sources_first
from graphengine.workflow.subgraph import Growth, Inlined
from graphengine.workflow.suggest import did_you_mean


def resolve(workflow: Workflow, registry: Registry, roots: Roots, digests: Digests) -> Graph:
    """Return the graph that a document describes.

    Raises:
        WorkflowError: with every problem of the document, each at its node and socket.
    """
    with built_in_bulk(len(workflow.nodes)):
        resolver = _Resolver(workflow, registry, Files(roots, digests, workflow.models))
        graph = resolver.graph()
    problems = resolver.findings.problems()
    if problems:
        raise WorkflowError(problems)
    return graph


class _Resolver:
    """One pass over one document; collects problems and goes on.

    Args:
        within: what the document is the inside of, for the body of a loop.
    """

    def __init__(self, workflow: Workflow, registry: Registry, files: Files, within: Ports | None = None) -> None:
        self.workflow = workflow
        self.registry = registry
        self.files = files
        self.within = within
        self.findings = Findings() if within is None else within.findings
        self.growth = Growth() if within is None else within.growth
        self.used: set[str] = set() if within is None else within.used
        self.interfaces = Interfaces(workflow, registry)
        self.contents = Contents(workflow, registry, self.interfaces, self.findings)
        self.inlined = Inlined(workflow, self.findings, () if within is None else within.chain, self.growth)
        self.sockets: dict[str, Sockets] = {}
        self.specs: dict[str, NodeSpec] = {}
        self.entries: Mapping[str, Node] = {}
        self.types: dict[str, Mapping[str, TypeRef]] = {} if within is None else {PORTS: within.types}
        self.lengths = Lengths(self.findings, {} if within is None else within.lengths)
        body = functools.partial(_body, registry, files)  # no method: in a circle all of it would stay when it is over
        self.loops = Loops(workflow, self.findings, self.lengths, self.growth, self.used, body)
        self.links: Mapping[str, Sequence[str]] = {}  # the nodes that each takes from

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
        self.links = {name: self._sources(node) for name, node in self.entries.items() if name in self.sockets}
        nodes: dict[str, GraphNode | GraphLoop] = {}
        order = list(sources_first(self.links))
        for name in order:
            found = self._node(name, self.sockets[name])
            if found is not None:
                nodes[name] = found
        self._check_cycles(order)
        self.used.update(inlined.expanded.values())
        if self.within is None:
            self.contents.check_interfaces()
            self.contents.check_unused(self.used)
        outputs = {name: modes.led_past(socket) for name, socket in inlined.outputs.items()}
        there = {name: socket for name, socket in outputs.items() if socket is not None and socket.node in nodes}
        return Graph(nodes, there, self.types, self.links)

    def _find_spec(self, name: str, node: Node) -> None:
        sockets = self.interfaces.of(node)
        if sockets is not None:
            self.sockets[name] = sockets
            if isinstance(sockets, NodeSpec):
                self.specs[name] = sockets
            return
        self.contents.unknown_type(node.type, name)

    def _sources(self, node: Node) -> list[str]:
        """Return the nodes that a node takes from, as far as they are there."""
        found = (source_of(value) for value in node.inputs.values())
        return [each.node for each in found if each is not None and each.node in self.entries]

    def _node(self, name: str, sockets: Sockets) -> GraphNode | GraphLoop | None:
        entry = self.entries[name]
        if not isinstance(sockets, NodeSpec):
            return self._loop(name, entry, sockets)
        if entry.loop is not None:
            self.findings.add("invalid_value", "only a subgraph can be repeated by `loop`", name)
        constants: dict[str, Any] = {}
        links: dict[str, Link] = {}
        each: list[str] = []
        for key in entry.inputs:
            if key not in sockets.input:
                self._unknown_input(name, key, sockets)
        for socket in sockets.inputs:
            if socket.name not in entry.inputs:
                self._not_given(name, socket, constants)
                continue
            value = entry.inputs[socket.name]
            source = self._source(name, socket, value)
            if source is None:
                self._constant(name, socket, value, constants)
            elif self._link(name, socket, source, links):
                each.append(socket.name)
        flowing = any(self._flows(links[key]) for key in each)
        node = GraphNode(name, sockets, constants, links, tuple(each) if flowing else ())
        found = mapped(node, each, product=entry.map == "product") if each and not flowing else node
        if isinstance(found, GraphLoop):
            self.types[name] = found.outputs
            self._refuse_sequences(found)
        else:
            self.types[name] = {out.name: out.type.flowing if flowing else out.type for out in sockets.outputs}
        self.lengths.note(found)
        return found

    def _loop(self, name: str, entry: Node, sockets: Sockets) -> GraphLoop | None:
        inputs = {each.name: each for each in sockets.inputs}
        links: dict[str, Link] = {}
        each = []
        for key, value in entry.inputs.items():
            if key not in inputs:
                self._unknown_input(name, key, sockets)
                continue
            source = self._source(name, inputs[key], value)
            if source is not None and self._link(name, inputs[key], source, links, keep=True):
                each.append(key)
        for socket in sockets.inputs:
            if socket.name not in entry.inputs and socket.required:
                self._not_given(name, socket, {})
        loop = self.loops.make(name, entry, links, each, self.types, self.inlined.around[name])
        if loop is not None:
            self.types[name] = loop.outputs
            self._refuse_sequences(loop)
            self.lengths.note(loop)
        return loop

    def _flows(self, link: Link) -> bool:
        type_ = self.types.get(link.source.node, {}).get(link.source.name)
        return type_ is not None and type_.flows

    def _refuse_sequences(self, loop: GraphLoop) -> None:
        """Report sequences into a loop: a turn cannot wait for items that another has taken."""
        for key, link in loop.links.items():
            if self._flows(link):
                message = f"the sequence from {link.source} cannot be taken apart by a loop"
                hint = "Let a node make a list of it, or take the loop away."
                self.findings.add("type_mismatch", message, loop.name, key, hint.strip)

    # -------------------------------------------------------------- inputs

    def _unknown_input(self, name: str, key: str, sockets: Sockets) -> None:
        whose = repr(sockets.id) if isinstance(sockets, NodeSpec) else "the subgraph"
        hint = functools.partial(did_you_mean, key, [each.name for each in sockets.inputs])
        self.findings.add("unknown_input", f"{whose} has no input {key!r}", name, key, hint, input=key)

    def _not_given(self, name: str, socket: Input, constants: dict[str, Any]) -> None:
        if socket.required:
            message = f"{socket.type} is wanted and neither a value nor a link is given"
            offer = self._offer(name, socket)
            self.findings.add("missing_input", message, name, socket.name, offer, type=str(socket.type))
        else:
            constants[socket.name] = socket.default

    def _source(self, name: str, socket: Input, value: Any) -> Socket | None:
        """Return where a value comes from; a broken link is reported, and comes from nowhere."""
        try:
            return link_of(value)
        except ValueError as error:
            self.findings.add("invalid_value", f"{error}", name, socket.name)
            return Socket("", "")

    def _constant(self, name: str, socket: Input, value: Any, into: dict[str, Any]) -> None:
        try:
            into[socket.name] = self.files.of(socket, value) if socket.type == FILE.ref else socket.parse(value)
        except ValueError as error:
            bound = error.bound if isinstance(error, Misfit) else ""
            known = {"value": shown(value), "wanted": bound} if bound else {}
            self.findings.add("invalid_value", f"{error}", name, socket.name, self._offer(name, socket), **known)
        except FileRefused as error:
            code: ProblemCode = "file_not_found" if error.missing else "file_refused"
            hint = error.hint
            known = {} if isinstance(error, Lost) else {"file": shown(value)}
            self.findings.add(code, f"{error}", name, socket.name, lambda: hint, **known)

    def _link(self, name: str, socket: Input, source: Socket, into: dict[str, Link], *, keep: bool = False) -> bool:
        """Prove a link and note it; return whether a list comes over it whose items are wanted.

        Args:
            keep: leave the value as it is: who takes it converts it.
        """
        type_ = self._type_of(source, name, socket.name)
        if type_ is None:
            return False
        fit = self.registry.assignability.fit(type_, socket.type)
        if fit is None:
            message = f"the link brings {type_} from {source}, but {socket.type} is wanted"
            ends = {"source": str(source), "found": str(type_), "wanted": str(socket.type)}
            self.findings.add("type_mismatch", message, name, socket.name, self._offer(name, socket), **ends)
            return False
        into[socket.name] = Link(source, IDENTITY if keep else fit.conversion)
        return fit.each

    def _type_of(self, source: Socket, name: str, key: str) -> TypeRef | None:
        """Return what comes from an output; None if that is not known, for a reason that is reported."""
        if source.node != PORTS and not (source.node and self._is_there(source, name, key)):
            return None
        types = self.types.get(source.node)
        if types is None:  # in a cycle, of an unknown type, or an endless subgraph
            spec = self.specs.get(source.node)
            return spec.output[source.name].type if spec is not None else None
        if source.name not in types:
            self.findings.add("unknown_output", f"nothing comes out of {source} here", name, key)
        return types.get(source.name)

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
                if source is None or source.node == PORTS:
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

    def _check_cycles(self, order: Sequence[str]) -> None:
        """Report a cycle, if there is one: then some node comes before one that it takes from."""
        place = {name: index for index, name in enumerate(order)}
        if all(place.get(source, -1) < place[name] for name in order for source in self.links[name]):
            return
        cycle = [source for source, _ in nx.find_cycle(digraph(self.links))]
        way = " → ".join([*cycle[:8], *(["…"] if len(cycle) > 8 else []), cycle[0]])
        message = f"the links form a cycle: {way}"
        self.findings.add("cycle", message, cycle[0], hint=lambda: "Remove one of these links.", way=way)

    # -------------------------------------------------------------- hints

    def _offer(self, name: str, socket: Input) -> Callable[[], str] | None:
        """Return how to find out which outputs would fit a socket, if only a link can bring it a value."""
        return functools.partial(self._offered, name, socket) if socket.check is None else None

    def _offered(self, name: str, socket: Input) -> str:
        """Name outputs that fit a socket, of nodes that do not need the socket's own node."""
        first = list(itertools.islice(self._fitting(name, socket), 3))
        return f"Connect {' or '.join(first)}." if first else ""

    def _fitting(self, name: str, socket: Input) -> Iterator[str]:
        fits = self.registry.assignability.find
        behind = {name, *nx.descendants(digraph(self.links), name)}
        for source in self.links:
            if source not in behind:
                for output, type_ in self.types.get(source, {}).items():
                    if fits(type_, socket.type):
                        yield f"{source}.{output}"


def _body(registry: Registry, files: Files, document: Workflow, ports: Ports) -> tuple[Body, Mapping[str, TypeRef]]:
    """Resolve what a loop repeats."""
    graph = _Resolver(document, registry, files, ports).graph()
    types = {
        name: graph.types[socket.node][socket.name].whole
        for name, socket in graph.outputs.items()
        if socket.name in graph.types.get(socket.node, {})
    }
    return Body(graph.nodes, {name: graph.outputs[name] for name in types}), types
