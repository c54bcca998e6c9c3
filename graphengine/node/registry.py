"""The registry: every node, type and conversion of the loaded packs, checked against each other."""

import difflib
from collections.abc import Collection, Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from graphengine.errors import DeclarationError
from graphengine.node.checkpoints import Checkpoints
from graphengine.node.context import Attempt, Context
from graphengine.node.pack import Pack, Service, ServiceOptions
from graphengine.node.spec import NodeSpec
from graphengine.types.assign import BUILTIN_CONVERSIONS, Assignability, Conversion
from graphengine.types.builtin import ANYTHING, BUILTIN_TYPES, FILE
from graphengine.types.socket_type import SocketType, TypeRef


class Registry:
    """What the loaded packs bring together. Built once, all or nothing, and never changed.

    Attributes:
        left_out: the names of packs that should be here and could not be loaded.
    """

    left_out: tuple[str, ...] = ()

    def __init__(self, packs: Iterable[Pack]) -> None:
        """Load every pack.

        Raises:
            PackError: a module cannot be imported.
            DeclarationError: two things share a name, or a node uses a type or service nobody declares.
        """
        self.packs: tuple[Pack, ...] = tuple(packs)
        self.types: Mapping[str, SocketType] = self._collect_types()
        self._by_class = {each.python: each.ref for each in reversed(list(self.types.values())) if each is not ANYTHING}
        self.services: tuple[Service, ...] = tuple(s for pack in self.packs for s in pack.services)
        self.conversions: tuple[Conversion, ...] = tuple(c for pack in self.packs for c in pack.conversions)
        self.assignability = Assignability((*BUILTIN_CONVERSIONS, *self.conversions))
        self._pack_of: dict[str, str] = {}
        self.nodes: Mapping[str, NodeSpec] = self._collect_nodes()
        self.roots: Mapping[str, Path] = {n: path for pack in self.packs for n, path in pack.roots.items()}

    @cached_property
    def reading(self) -> Collection[str]:
        """The ids of the nodes that take files."""
        return frozenset(
            name for name, spec in self.nodes.items() if any(each.type == FILE.ref for each in spec.inputs)
        )

    @cached_property
    def weights(self) -> Collection[str]:
        """The names of the types whose values stand for weights."""
        return frozenset(name for name, each in self.types.items() if each.weights)

    def similar(self, node_id: str) -> str | None:
        """Return the id most like ``node_id``, or None if none is like it."""
        close = difflib.get_close_matches(node_id, self.nodes, n=1)
        if close:
            return close[0]
        tail = node_id.rpartition(".")[2].lower()
        return next((known for known in self.nodes if known.rpartition(".")[2] == tail), None)

    def environments(self, options: ServiceOptions) -> Mapping[str, str]:
        """Return, by node id, what the results of a node depend on beside its inputs."""
        known = {pack.name: pack.environment(options) for pack in self.packs}
        return {name: known[pack] for name, pack in self._pack_of.items()}

    def facts(self, options: ServiceOptions) -> Mapping[str, Mapping[str, str]]:
        """Return, by pack, what locks say of where results were made; packs that say nothing are left out."""
        found = {pack.name: dict(pack.facts(options)) for pack in self.packs}
        return {name: facts for name, facts in found.items() if facts}

    def type_of(self, ref: TypeRef) -> SocketType:
        """Return the definition of a type; of a list, that of its items."""
        return self.types[ref.name] if ref.item is None else self.type_of(ref.item)

    def actual(self, ref: TypeRef, value: Any) -> TypeRef:
        """Return the type that a value of the type ``ref`` really has: what is of any type still has a codec."""
        if ref.item is not None:
            inner = {self.actual(ref.item, item) for item in value} if self._leaves_open(ref) else ()
            return TypeRef(ref.name, next(iter(inner))) if len(inner) == 1 else ref
        if ref.name != ANYTHING.name:
            return ref
        found = (self._by_class.get(each) for each in type(value).__mro__)
        return next((each for each in found if each is not None), ref)

    def _leaves_open(self, ref: TypeRef) -> bool:
        return ref.name == ANYTHING.name if ref.item is None else self._leaves_open(ref.item)

    def _collect_types(self) -> dict[str, SocketType]:
        types: dict[str, SocketType] = {}
        for each in (*BUILTIN_TYPES, *(t for pack in self.packs for t in pack.types)):
            if each.name in types:
                raise DeclarationError(f"two socket types are called {each.name!r}")
            types[each.name] = each
        return types

    def _collect_nodes(self) -> dict[str, NodeSpec]:
        nodes: dict[str, NodeSpec] = {}
        for pack in self.packs:
            for spec in pack.specs():
                if spec.id in nodes:
                    raise DeclarationError(f"two nodes are called {spec.id!r}")
                self._check(spec)
                nodes[spec.id] = spec
                self._pack_of[spec.id] = pack.name
        return dict(sorted(nodes.items()))

    def _check(self, spec: NodeSpec) -> None:
        for name, cls in spec.python.items():
            known = self.types.get(name)
            if known is None or known.python is not cls:
                raise DeclarationError(f"node {spec.id!r} uses {cls!r}, which no pack declares as a socket type")
        offered = {Context, Attempt, Checkpoints, *(service.python for service in self.services)}
        for injection in spec.injected:
            if injection.python not in offered:
                raise DeclarationError(
                    f"node {spec.id!r} asks for {injection.name}: {injection.python.__name__}, "
                    "which no pack offers as a service"
                )
