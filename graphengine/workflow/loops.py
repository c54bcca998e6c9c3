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
_NONE: Types = {}


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


@dataclass(frozen=True, slots=True)
class _Site:
    """A subgraph where it is repeated.

    Attributes:
        links: what comes in, by port.
        coming: of what types.
        chain: the subgraphs around its nodes, itself the last.
    """

    name: str
    entry: Node
    subgraph: Subgraph
    links: Mapping[str, Link]
    coming: Types
    chain: tuple[str, ...]

    def given(self, carried: Types) -> dict[str, JsonValue]:
        """Return what its inputs are given, links from outside as links from the ports."""
        known = {key: value for key, value in self.entry.inputs.items() if key in self.subgraph.inputs}
        plain = {key: value for key, value in known.items() if source_of(value) is None}
        ports: dict[str, JsonValue] = {
            key: {LINK: f"{PORTS}.{key}"} for key in (*self.coming, *carried)
        }  # a link that is broken is left out
        return {**plain, **ports}


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
        subgraph = entry.type.removeprefix(PREFIX)
        if entry.type in around or len(around) >= MAX_DEPTH:
            reason = "contains itself" if entry.type in around else "lies too deep within others"
            self._findings.add("cycle", f"the subgraph {subgraph!r} {reason}", name)
            return None
        self._used.add(entry.type)
        coming = {key: types[link.source.node][link.source.name] for key, link in links.items()}
        site = _Site(name, entry, self._workflow.subgraphs[subgraph], links, coming, (*around, entry.type))
        if entry.loop is None:
            return self._for_each(site, each)
        if entry.map is not None:
            self._findings.add("invalid_value", "a node has `map` or `loop`, not both", name)
        return self._while(site, entry.loop) if self._names_are_there(site, entry.loop) else None

    def _for_each(self, site: _Site, each: Sequence[str]) -> GraphLoop | None:
        if not each:
            hint = "Link a list to one of its inputs, or take `map` away."
            self._findings.add("invalid_value", "`map` is given, and no list comes in", site.name, hint=lambda: hint)
            return None
        items = {key: type_.item for key, type_ in site.coming.items() if key in each and type_.item is not None}
        body, outputs = self._resolve(site, {**site.coming, **items})
        listed = {key: type_.listed for key, type_ in outputs.items()}
        return GraphLoop(site.name, site.links, listed, ForEach(body, tuple(each), site.entry.map == "product"))

    def _while(self, site: _Site, loop: Loop) -> GraphLoop | None:
        first, outputs = self._resolve(site, site.coming)
        if any(each not in outputs for each in (loop.while_, *loop.carry.values())):
            return None  # something inside is wrong, and reported
        if outputs[loop.while_] != BOOL.ref:
            message = f"the loop goes on while {loop.while_!r} is true, but that is {outputs[loop.while_]}"
            self._findings.add("type_mismatch", message, site.name, loop.while_)
            return None
        carried = {key: outputs[output] for key, output in loop.carry.items()}
        following, later = self._resolve(site, {**site.coming, **carried}, carried)
        if later != outputs:
            self._findings.add("type_mismatch", "from turn to turn, the types of the outputs change", site.name)
            return None
        repeat = While(first, following, loop.while_, dict(loop.carry), loop.limit)
        return GraphLoop(site.name, site.links, outputs, repeat)

    def _names_are_there(self, site: _Site, loop: Loop) -> bool:
        inputs, outputs = site.subgraph.inputs, site.subgraph.outputs
        wrong = [key for key in loop.carry if key not in inputs]
        for key in wrong:
            hint = functools.partial(did_you_mean, key, inputs)
            self._findings.add("unknown_input", f"`carry` names the input {key!r}", site.name, key, hint)
        missing = [key for key in (loop.while_, *loop.carry.values()) if key not in outputs]
        for key in missing:
            hint = functools.partial(did_you_mean, key, outputs)
            self._findings.add("unknown_output", f"`loop` names the output {key!r}", site.name, key, hint)
        return not wrong and not missing

    def _resolve(self, site: _Site, types: Types, carried: Types = _NONE) -> tuple[Body, Types]:
        """Resolve the nodes of a subgraph where ``types`` come in.

        Args:
            carried: what comes from the turn before, whatever was given at first.
        """
        nodes = dict(site.subgraph.nodes)
        for key, value in site.given(carried).items():
            for place in map(Socket.parse, site.subgraph.inputs[key].to):
                if place.node in nodes:
                    node = nodes[place.node]
                    nodes[place.node] = node.model_copy(update={"inputs": {**node.inputs, place.name: value}})
        document = self._workflow.model_copy(update={"nodes": nodes, "outputs": site.subgraph.outputs, "inputs": {}})
        whole = {key: link for key, link in site.links.items() if types[key] == site.coming[key] and key not in carried}
        known = {key: self._lengths.of(link.source) for key, link in whole.items()}
        lengths = {Socket(PORTS, key): length for key, length in known.items() if length is not None}
        findings = self._findings.within(f"{site.name}/")
        return self._body(document, Ports(types, lengths, findings, site.chain, self._growth, self._used))
