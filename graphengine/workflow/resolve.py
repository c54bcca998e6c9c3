"""Workflow to Graph: everything that can be known to be wrong before a run is said here, all at once."""

import difflib
from collections.abc import Iterable, Iterator, Mapping
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
        self.specs: dict[str, NodeSpec] = {}

    def graph(self) -> Graph:
        """Return the graph; it is sound only if no problem was found."""
        for name, node in self.workflow.nodes.items():
            self._find_spec(name, node)
        nodes = {name: self._node(name, spec) for name, spec in self.specs.items()}
        dag: nx.DiGraph[str] = nx.DiGraph()
        dag.add_nodes_from(nodes)
        dag.add_edges_from((link.source.node, node.name) for node in nodes.values() for link in node.links.values())
        order = self._order(dag)
        self.problems.extend(self._interface_problems())
        if not self.workflow.nodes:
            self.problems.append(Problem("nothing_to_do", "the workflow has no nodes"))
        outputs = {name: Socket.parse(each.from_) for name, each in self.workflow.outputs.items()}
        return Graph({name: nodes[name] for name in order}, outputs, nx.freeze(dag))

    def _find_spec(self, name: str, node: Node) -> None:
        if node.mode != "run":
            message = f"the mode {node.mode!r} cannot be run yet"
            self.problems.append(Problem("unsupported_mode", message, name, hint="Set it to 'run'."))
        spec = self.registry.nodes.get(node.type)
        if spec is not None:
            self.specs[name] = spec
            return
        similar = self.registry.similar(node.type)
        hint = f"Did you mean {similar!r}?" if similar else "`graphengine nodes` lists the known ones."
        self.problems.append(Problem("unknown_node_type", f"there is no node type {node.type!r}", name, hint=hint))

    def _node(self, name: str, spec: NodeSpec) -> GraphNode:
        given = self.workflow.nodes[name].inputs
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
        if source.node not in self.workflow.nodes:
            message = f"the link comes from {source.node!r}, which is not in the workflow"
            self._report("unknown_node", message, name, socket.name, did_you_mean(source.node, self.workflow.nodes))
            return
        spec = self.specs.get(source.node)
        if spec is None:
            return  # an unknown type, reported already, with outputs nobody knows
        output = spec.output.get(source.name)
        if output is None:
            message = f"{source.node!r} ({spec.id}) has no output {source.name!r}"
            self._report("unknown_output", message, name, socket.name, did_you_mean(source.name, spec.output))
            return
        conversion = self.registry.assignability.find(output.type, socket.type)
        if conversion is None:
            message = f"the link brings {output.type} from {source}, but {socket.type} is wanted"
            self._report("type_mismatch", message, name, socket.name, self._offer(socket))
            return
        into[socket.name] = Link(source, conversion)

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
        spec = self.specs.get(socket.node)
        if socket.node not in self.workflow.nodes:
            hint = did_you_mean(socket.node, self.workflow.nodes)
            yield Problem("unknown_node", f"{who} names {socket}, which is not in the workflow", hint=hint)
        elif spec is not None:
            names: Iterable[str] = spec.output if outputs else spec.input
            if socket.name not in names:
                code: ProblemCode = "unknown_output" if outputs else "unknown_input"
                yield Problem(
                    code,
                    f"{who} names {socket}, which {spec.id!r} does not have",
                    *socket,
                    did_you_mean(socket.name, names),
                )

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


def did_you_mean(name: str, known: Iterable[str] | Mapping[str, object]) -> str:
    """Return a sentence that names the most similar known name, or all of a few, or nothing."""
    known = list(known)
    close = difflib.get_close_matches(name, known, n=1)
    if close:
        return f"Did you mean {close[0]!r}?"
    return f"There is {', '.join(known)}." if 0 < len(known) <= 8 else ""
