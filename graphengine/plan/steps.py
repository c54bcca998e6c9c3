"""From the nodes of a graph, or of one turn of a loop, to the steps of a plan."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphengine.errors import EngineBug
from graphengine.node.spec import Output
from graphengine.plan.fingerprint import Environments, batch_key, fingerprint
from graphengine.plan.plan import Bound, Flow, Gathering, Opening, Step, Task
from graphengine.plan.weights import links_of_weights
from graphengine.types.assign import IDENTITY
from graphengine.workflow.document import Socket
from graphengine.workflow.graph import PORTS, ForEach, GraphLoop, GraphNode, Link

Nodes = Mapping[str, GraphNode | GraphLoop]


@dataclass(frozen=True, slots=True)
class Draft:
    """A step before it is known who takes from it."""

    name: str
    node: GraphNode | GraphLoop
    needs: tuple[str, ...]
    awaits: tuple[str, ...]
    opens: bool = False
    flows: tuple[str, ...] = ()


class Scope:
    """One set of nodes that become steps together.

    Args:
        nodes: each after what it needs.
        prefix: before the names of the steps, such as ``loop[3]/``.
        ports: what comes in from outside.
        shown: the outputs that are wanted outside; of a node whose output is None, all.
        weights: the types of weights, by name.
        coalesce: whether calls that fit each other may be made as one.
    """

    def __init__(
        self,
        nodes: Nodes,
        environments: Environments,
        prefix: str = "",
        ports: Mapping[str, Bound] | None = None,
        shown: Iterable[tuple[str, str | None]] = (),
        weights: Collection[str] = (),
        *,
        coalesce: bool = False,
    ) -> None:
        self.environments = environments
        self.weights = weights
        self.coalesce = coalesce
        self.prefix = prefix
        self._nodes = nodes
        self._ports = ports or {}
        links = (link.source for node in nodes.values() for link in node.links.values())
        loops = [name for name, node in nodes.items() if isinstance(node, GraphLoop)]
        self._wanted = {*links, *shown} if loops else set()
        self._fingerprints: dict[str, str] = {}
        flowing = (name for name, node in nodes.items() if isinstance(node, GraphNode) and node.flows)
        self._flowing = {name: place for place, name in enumerate(flowing)}  # in order
        for name, node in nodes.items():
            self._fingerprints[name] = fingerprint(node, environments, self._known)

    def drafts(self) -> Iterator[Draft]:
        """Yield what will be steps, each after what it needs."""
        for node in self._nodes.values():
            if isinstance(node, GraphLoop):
                yield from self._loop(node)
            else:
                yield self._task(node)

    def step(self, draft: Draft, consumers: tuple[str, ...], rank: float) -> Step:
        """Return the step of a draft."""
        node = draft.node
        if isinstance(node, GraphNode):
            collects = node.flows
            return Task(
                name=draft.name,
                spec=node.spec,
                fingerprint=self._fingerprints[node.name],
                constants={} if collects else node.constants,
                links={} if collects else self._links(node),
                needs=draft.needs,
                awaits=draft.awaits,
                consumers=consumers,
                rank=rank,
                flows=tuple(self._flow(name) for name in draft.flows),
                collects=collects,
                environment=self.environments.get(node.spec.id, ""),
                batch_key=batch_key(node, self.environments, self._known) if self.coalesce else None,
                weights=self._weights_of(node, draft.flows) if self.weights else frozenset(),
            )
        if not draft.opens:
            whole = self._fingerprints[node.name]
            opening = f"{draft.name}[]"
            types = {
                output: type_
                for output, type_ in node.outputs.items()
                if not self._wanted.isdisjoint(((node.name, output), (node.name, None)))
            }
            return Gathering(draft.name, types, opening, whole, draft.needs, draft.awaits, consumers, rank)
        return Opening(
            name=draft.name,
            loop=node,
            ports={key: Bound(self.link(link), self._known(link)) for key, link in node.links.items()},
            items=self._items(node),
            lengths=self._lengths(node),
            opened=self._opened(node),
            turn=0,
            before={},
            environments=self.environments,
            weights=self.weights,
            coalesce=self.coalesce,
            needs=draft.needs,
            awaits=draft.awaits,
            consumers=consumers,
            rank=rank,
        )

    def bound(self, socket: Socket) -> Bound:
        """Return where an output of these nodes comes from, for whoever is outside."""
        link = Link(Socket(self.prefix + socket.node, socket.name), IDENTITY)
        return Bound(link, self._fingerprints[socket.node])

    def link(self, link: Link) -> Link:
        """Return a link with the source that it has among the steps."""
        if link.source.node == PORTS:
            outer = self._ports[link.source.name].link
            return Link(outer.source, link.conversion, outer.item)
        return Link(Socket(self.prefix + link.source.node, link.source.name), link.conversion, link.item)

    def _known(self, link: Link) -> str:
        if link.source.node == PORTS:
            return self._ports[link.source.name].fingerprint
        return self._fingerprints[link.source.node]

    def _source(self, link: Link) -> str:
        name = link.source.node
        return self._ports[link.source.name].link.source.node if name == PORTS else self.prefix + name

    def _links(self, node: GraphNode) -> Mapping[str, Link]:
        return {key: self.link(link) for key, link in node.links.items()} if self.prefix else node.links

    def _weights_of(self, node: GraphNode, flows: Iterable[str]) -> frozenset[str]:
        """Return the content addresses of the weights that a call uses."""
        within = (self._nodes[name] for name in flows)
        nodes = (node, *(each for each in within if isinstance(each, GraphNode)))
        return frozenset(
            f"{self._known(link)}.{link.source.name}" for each in nodes for link in links_of_weights(each, self.weights)
        )

    def _flow(self, name: str) -> Flow:
        node = self._nodes[name]
        if isinstance(node, GraphLoop):
            raise EngineBug(f"the loop {name!r} is taken for a sequence")
        return Flow(self.prefix + name, node.spec, node.constants, self._links(node), node.each)

    def _task(self, node: GraphNode) -> Draft:
        if self._flowing and (node.flows or any(each.source.node in self._flowing for each in node.links.values())):
            return self._taking(node)
        sources = {key: self._source(link) for key, link in node.links.items()}
        lazy = node.spec.lazy
        needs = tuple(dict.fromkeys(sources.values()))
        awaits = tuple(dict.fromkeys(name for key, name in sources.items() if key not in lazy)) if lazy else needs
        return Draft(self.prefix + node.name, node, needs, awaits)

    def _taking(self, node: GraphNode) -> Draft:
        """Return the draft of a node that takes items: what they are made of is made within its call."""
        found: dict[str, None] = {}
        sources: dict[str, None] = {}
        stack: list[GraphNode | GraphLoop] = [node]
        while stack:
            current = stack.pop()
            if isinstance(current, GraphNode) and current.flows:
                found[current.name] = None
            for link in current.links.values():
                source = link.source.node
                if source not in self._flowing:
                    sources[self._source(link)] = None
                elif source not in found:
                    stack.append(self._nodes[source])
        flows = tuple(sorted(found, key=self._flowing.__getitem__))
        return Draft(self.prefix + node.name, node, tuple(sources), tuple(sources), flows=flows)

    def _loop(self, loop: GraphLoop) -> Iterator[Draft]:
        opened = self._opened(loop)
        sources = {key: opened.get(key) or self._source(link) for key, link in loop.links.items()}
        each = loop.repeat.each if isinstance(loop.repeat, ForEach) else ()
        name = self.prefix + loop.name
        awaits = tuple(dict.fromkeys(sources[key] for key in each))
        yield Draft(f"{name}[]", loop, tuple(dict.fromkeys(sources.values())), awaits, opens=True)
        yield Draft(name, loop, (f"{name}[]",), (f"{name}[]",))

    def _opened(self, loop: GraphLoop) -> dict[str, str]:
        """Return the loops whose turns those of this one can take from directly: lists need not be whole for that."""
        opened = {}
        if isinstance(loop.repeat, ForEach):
            for key in loop.repeat.each:
                source = self._nodes.get(loop.links[key].source.node)
                if isinstance(source, GraphLoop) and isinstance(source.repeat, ForEach):
                    opened[key] = f"{self.prefix}{source.name}[]"
        return opened

    def _items(self, loop: GraphLoop) -> dict[str, tuple[Any, ...]]:
        """Return the items of the lists that constants tell, by port."""
        found = ((key, output.items(node.constants)) for key, node, output in self._lists(loop))
        return {key: items for key, items in found if items is not None}

    def _lengths(self, loop: GraphLoop) -> dict[str, int]:
        """Return the lengths of the lists that constants tell, by port."""
        found = ((key, output.length(node.constants)) for key, node, output in self._lists(loop))
        return {key: length for key, length in found if length is not None}

    def _lists(self, loop: GraphLoop) -> Iterator[tuple[str, GraphNode, Output]]:
        for key in loop.repeat.each if isinstance(loop.repeat, ForEach) else ():
            node = self._nodes.get(loop.links[key].source.node)
            if isinstance(node, GraphNode):
                yield key, node, node.spec.output[loop.links[key].source.name]
