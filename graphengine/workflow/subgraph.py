"""Subgraphs: a node of the type ``subgraph:name`` is replaced by the nodes of that subgraph.

A subgraph that is repeated is not: how often it runs may be known only during a run, see :mod:`loops`.

A subgraph is a workflow inside a workflow: its named inputs and outputs are the sockets of every node that stands for
it. The nodes inside are called ``node/inner``. A node that does not run, because it is bypassed or muted, stays as it
is, whole: what passes it is a matter of its own sockets, not of those inside.
"""

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from graphengine.workflow.document import LINK, Node, Socket, Subgraph, Workflow, source_of
from graphengine.workflow.findings import Findings
from graphengine.workflow.suggest import did_you_mean

PREFIX = "subgraph:"
MAX_NODES = 100_000
"""What a document may grow to, nodes that stand for subgraphs included: subgraphs within subgraphs multiply."""
MAX_VALUES = 1_000_000
"""How many values and links these nodes may have, and be handed through subgraphs."""
MAX_DEPTH = 64
"""How many subgraphs may lie around a node."""

Values = dict[str, JsonValue]


class _TooLarge(Exception):
    """The document grows beyond a limit."""


@dataclass(slots=True)
class Growth:
    """What a document has grown to, all its subgraphs included."""

    nodes: int = 0
    values: int = 0

    def count(self, *, nodes: int = 0, values: int = 0) -> None:
        """Add to it.

        Raises:
            _TooLarge: it is too much.
        """
        self.nodes += nodes
        self.values += values
        if self.nodes > MAX_NODES:
            raise _TooLarge(f"with its subgraphs, the document has more than {MAX_NODES} nodes")
        if self.values > MAX_VALUES:
            raise _TooLarge(f"with its subgraphs, the document has more than {MAX_VALUES} values and links")


@dataclass(frozen=True, slots=True)
class _Scope:
    """One set of nodes: the workflow's own, or those of a subgraph where it is used.

    Attributes:
        prefix: before the names of its nodes, such as ``upscale/``.
        given: what the outer node gives, by inner node and input; links in it are absolute.
        chain: the subgraphs around it, outermost first.
    """

    prefix: str
    nodes: Mapping[str, Node]
    given: Mapping[str, Values] = field(default_factory=dict)
    chain: tuple[str, ...] = ()


class Inlined:
    """The nodes of a document with the subgraphs that run once replaced; what is wrong goes to ``findings``.

    Args:
        chain: the subgraphs that the document itself is the inside of.

    Attributes:
        outputs: the sockets of the document's named outputs.
        expanded: the types of the nodes that were replaced, by name.
        around: the subgraphs around each subgraph that is repeated, and so still there.
    """

    def __init__(
        self, workflow: Workflow, findings: Findings, chain: tuple[str, ...] = (), growth: Growth | None = None
    ) -> None:
        self.nodes: dict[str, Node] = {}
        self._findings = findings
        self.expanded: dict[str, str] = {}
        self.around: dict[str, tuple[str, ...]] = {}
        self._subgraphs = workflow.subgraphs
        self._growth = growth or Growth()
        top = _Scope("", workflow.nodes, chain=chain)
        if not any(node.type.startswith(PREFIX) for node in workflow.nodes.values()):
            self.nodes |= workflow.nodes
            self.outputs = {name: Socket.parse(out.from_) for name, out in workflow.outputs.items()}
            return
        self.outputs = {name: self._absolute(Socket.parse(out.from_), top) for name, out in workflow.outputs.items()}
        stack = [top]
        try:
            while stack:
                stack.extend(self._expand(stack.pop()))
        except _TooLarge as error:
            self.nodes, self.outputs = {}, {}
            findings.add("too_large", f"{error}")

    def _expand(self, scope: _Scope) -> Iterator[_Scope]:
        """Take the nodes of a scope over; yield the scopes of the subgraphs among them."""
        for name, node in scope.nodes.items():
            self._growth.count(nodes=1, values=len(node.inputs))
            values = {key: self._rewritten(value, scope) for key, value in node.inputs.items()}
            values |= scope.given.get(name, {})
            if not _expands(node):
                self.nodes[scope.prefix + name] = node.model_copy(update={"inputs": values})
                self.around[scope.prefix + name] = scope.chain
                continue
            subgraph = self._find(node, scope.prefix + name, scope.chain)
            if subgraph is not None:
                self.expanded[scope.prefix + name] = node.type
                given = self._handed_in(subgraph, values, scope.prefix + name)
                chain = (*scope.chain, node.type)
                if len(chain) > MAX_DEPTH:
                    raise _TooLarge(f"more than {MAX_DEPTH} subgraphs lie within each other")
                yield _Scope(f"{scope.prefix}{name}/", subgraph.nodes, given, chain)

    def _find(self, node: Node, place: str, chain: tuple[str, ...]) -> Subgraph | None:
        name = node.type.removeprefix(PREFIX)
        subgraph = self._subgraphs.get(name)
        if subgraph is None:
            hint = functools.partial(did_you_mean, name, self._subgraphs)
            self._findings.add("unknown_node_type", f"there is no subgraph {name!r}", place, hint=hint)
        elif node.type in chain:
            self._findings.add("cycle", f"the subgraph {name!r} contains itself", place)
            return None
        return subgraph

    def _handed_in(self, subgraph: Subgraph, values: Values, place: str) -> dict[str, Values]:
        """Sort what the outer node gives by the inner sockets that it goes to."""
        given: dict[str, Values] = {}
        for name, value in values.items():
            entry = subgraph.inputs.get(name)
            if entry is None:
                hint = functools.partial(did_you_mean, name, subgraph.inputs)
                self._findings.add("unknown_input", f"the subgraph has no input {name!r}", place, name, hint)
                continue
            self._growth.count(values=len(entry.to))
            for address in entry.to:
                socket = Socket.parse(address)
                given.setdefault(socket.node, {})[socket.name] = value
        return given

    def _rewritten(self, value: JsonValue, scope: _Scope) -> JsonValue:
        """Make a link absolute; leave anything else, and a broken link, as it is."""
        source = source_of(value)
        return value if source is None else {LINK: str(self._absolute(source, scope))}

    def _absolute(self, socket: Socket, scope: _Scope) -> Socket:
        """Follow an output into the subgraphs behind it, down to the node that makes it."""
        prefix, nodes, seen = scope.prefix, scope.nodes, set(scope.chain)
        while (node := nodes.get(socket.node)) is not None and _expands(node):
            subgraph = self._subgraphs.get(node.type.removeprefix(PREFIX))
            output = subgraph.outputs.get(socket.name) if subgraph is not None else None
            if subgraph is None or output is None or node.type in seen or len(seen) > MAX_DEPTH:
                break  # left as it is: the resolver says that there is no such output
            seen.add(node.type)
            prefix, nodes, socket = f"{prefix}{socket.node}/", subgraph.nodes, Socket.parse(output.from_)
        return Socket(prefix + socket.node, socket.name)


def repeats(node: Node) -> bool:
    """Return whether a node stands for a subgraph that runs any number of times."""
    return node.type.startswith(PREFIX) and node.mode == "run" and (node.map is not None or node.loop is not None)


def _expands(node: Node) -> bool:
    return node.type.startswith(PREFIX) and node.mode == "run" and not repeats(node)
