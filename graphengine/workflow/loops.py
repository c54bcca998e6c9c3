"""Loops: a node whose subgraph runs for each item of lists, or again and again while an output of it is true.

What is repeated is resolved once, as a document of its own whose links from outside come from the node ``$``. So the
types inside are those of what really comes in, and everything wrong inside is found before a run.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from graphengine.types.builtin import BOOL
from graphengine.types.socket_type import TypeRef
from graphengine.workflow.document import LINK, Loop, Node, Socket, Subgraph, Workflow, source_of
from graphengine.workflow.findings import Findings
from graphengine.workflow.graph import PORTS, Body, ForEach, GraphLoop, Link, While
from graphengine.workflow.lists import Lengths
from graphengine.workflow.subgraph import MAX_DEPTH, PREFIX, Growth
from graphengine.workflow.suggest import did_you_mean

Types = Mapping[str, TypeRef]


@dataclass(frozen=True, slots=True)
class Ports:
    """What a document is the inside of.

    Attributes:
        types: what comes in from outside, by port.
        lengths: of the lists among it, where they are known.
        chain: the subgraphs around it, outermost first.
        growth: what the whole document has grown to.
        used: takes the subgraphs that are used.
    """

    types: Types
    lengths: Mapping[Socket, int]
    findings: Findings
    chain: tuple[str, ...]
    growth: Growth
    used: set[str]


class Loops:
    """Makes the loops of one document.

    Args:
        body: resolves what a loop repeats; returns it with the types of its outputs.
    """

    def __init__(
        self,
        workflow: Workflow,
        findings: Findings,
        lengths: Lengths,
        growth: Growth,
        used: set[str],
        body: Callable[[Workflow, Ports], tuple[Body, Types]],
    ) -> None:
        self._workflow = workflow
        self._findings = findings
        self._lengths = lengths
        self._growth = growth
        self._used = used
        self._body = body

    def make(
        self,
        name: str,
        entry: Node,
        links: Mapping[str, Link],
        each: Sequence[str],
        types: Mapping[str, Types],
        around: tuple[str, ...],
    ) -> GraphLoop | None:
        """Return the loop that a node stands for, or None if something is wrong that is reported.

        Args:
            links: what comes in, by port.
            each: the ports where lists come in whose items are wanted.
            types: of all outputs that a link may come from.
            around: the subgraphs around the node.
        """
        if entry.type in around or len(around) >= MAX_DEPTH:
            reason = "contains itself" if entry.type in around else "lies too deep within others"
            self._findings.add("cycle", f"the subgraph {entry.type.removeprefix(PREFIX)!r} {reason}", name)
            return None
        self._used.add(entry.type)
        coming = {key: types[link.source.node][link.source.name] for key, link in links.items()}
        inside = _Inside(self, name, entry, coming, (*around, entry.type))
        if entry.loop is not None:
            if entry.map is not None:
                self._findings.add("invalid_value", "a node has `map` or `loop`, not both", name)
            return self._while(inside, entry.loop, links)
        if not each:
            hint = "Link a list to one of its inputs, or take `map` away."
            self._findings.add("invalid_value", "`map` is given, and no list comes in", name, hint=lambda: hint)
            return None
        inner = {key: type_.item if key in each and type_.item else type_ for key, type_ in coming.items()}
        body, outputs = inside.resolve(inner, links)
        listed = {key: type_.listed for key, type_ in outputs.items()}
        return GraphLoop(name, links, listed, ForEach(body, tuple(each), entry.map == "product"))

    def _while(self, inside: "_Inside", loop: Loop, links: Mapping[str, Link]) -> GraphLoop | None:
        if not self._names_are_there(inside, loop):
            return None
        first, outputs = inside.resolve(inside.coming, links)
        if any(each not in outputs for each in (loop.while_, *loop.carry.values())):
            return None  # something inside is wrong, and reported
        if outputs[loop.while_] != BOOL.ref:
            message = f"the loop goes on while {loop.while_!r} is true, but that is {outputs[loop.while_]}"
            self._findings.add("type_mismatch", message, inside.name, loop.while_)
            return None
        carried = {key: outputs[output] for key, output in loop.carry.items()}
        following, later = inside.resolve({**inside.coming, **carried}, links, carried)
        if later != outputs:
            self._findings.add("type_mismatch", "from turn to turn, the types of the outputs change", inside.name)
            return None
        repeat = While(first, following, loop.while_, dict(loop.carry), loop.limit)
        return GraphLoop(inside.name, links, outputs, repeat)

    def _names_are_there(self, inside: "_Inside", loop: Loop) -> bool:
        inputs, outputs = inside.subgraph.inputs, inside.subgraph.outputs
        wrong = [key for key in loop.carry if key not in inputs]
        for key in wrong:
            hint = functools.partial(did_you_mean, key, inputs)
            self._findings.add("unknown_input", f"`carry` names the input {key!r}", inside.name, key, hint)
        missing = [key for key in (loop.while_, *loop.carry.values()) if key not in outputs]
        for key in missing:
            hint = functools.partial(did_you_mean, key, outputs)
            self._findings.add("unknown_output", f"`loop` names the output {key!r}", inside.name, key, hint)
        return not wrong and not missing

    def resolve(
        self, inside: "_Inside", types: Types, links: Mapping[str, Link], given: Mapping[str, JsonValue]
    ) -> tuple[Body, Types]:
        """Resolve the nodes of a subgraph with what is given to it."""
        nodes = dict(inside.subgraph.nodes)
        for key, value in given.items():
            for place in map(Socket.parse, inside.subgraph.inputs[key].to):
                if place.node in nodes:
                    node = nodes[place.node]
                    nodes[place.node] = node.model_copy(update={"inputs": {**node.inputs, place.name: value}})
        document = self._workflow.model_copy(update={"nodes": nodes, "outputs": inside.subgraph.outputs, "inputs": {}})
        lengths = {
            Socket(PORTS, key): length
            for key, link in links.items()
            if types.get(key) == inside.coming.get(key) and (length := self._lengths.of(link.source)) is not None
        }
        findings = self._findings.within(f"{inside.name}/")
        return self._body(document, Ports(types, lengths, findings, inside.chain, self._growth, self._used))

    def subgraph(self, type_: str) -> Subgraph:
        """Return the subgraph of a node type."""
        return self._workflow.subgraphs[type_.removeprefix(PREFIX)]


class _Inside:
    """One subgraph where it is repeated."""

    def __init__(self, loops: Loops, name: str, entry: Node, coming: Types, chain: tuple[str, ...]) -> None:
        self._loops = loops
        self._entry = entry
        self.name = name
        self.coming = coming
        self.chain = chain
        self.subgraph = loops.subgraph(entry.type)

    def resolve(self, types: Types, links: Mapping[str, Link], carried: Types | None = None) -> tuple[Body, Types]:
        """Return the body where ``types`` come in, and the types of its outputs.

        Args:
            carried: what comes from the turn before, whatever was given at first.
        """
        known = {key: value for key, value in self._entry.inputs.items() if key in self.subgraph.inputs}
        given: dict[str, JsonValue] = {
            key: value if source_of(value) is None else _port(key)
            for key, value in known.items()
            if source_of(value) is None or key in types  # the others are broken, and reported
        }
        given |= {key: _port(key) for key in carried or ()}
        return self._loops.resolve(self, types, links, given)


def _port(key: str) -> JsonValue:
    return {LINK: f"{PORTS}.{key}"}
