"""Fingerprints: the content address of a task's result, known before it is computed.

A fingerprint is the hash of a node's id and version, of the environment that its pack names (versions of libraries,
kind of device), its constants, and the fingerprints of what flows into it — a Merkle tree, computed once per node in
topological order. Names of nodes, their order and the keys' order in a document do not matter; the content of files
and models does. A loop has one fingerprint as a whole, and one for each node in each of its turns.
"""

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from hashlib import blake2b
from typing import Any

from graphengine.files.roots import File
from graphengine.workflow.graph import PORTS, Body, ForEach, GraphLoop, GraphNode, Link

DIGEST_BYTES = 20

_written = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode  # made once: it is called for every node

Known = Callable[[Link], str]
"""From a link to the fingerprint of what comes over it, its output's name left aside."""
Environments = Mapping[str, str]


def fingerprints(
    nodes: Mapping[str, GraphNode | GraphLoop], environments: Environments | None = None
) -> Mapping[str, str]:
    """Return the fingerprint, 40 hex digits, of every node by name.

    Args:
        nodes: each after what it needs.
        environments: what results depend on beside inputs, by node id.
    """
    known: dict[str, str] = {}
    for name, node in nodes.items():
        known[name] = fingerprint(node, environments or {}, lambda link: known[link.source.node])
    return known


def fingerprint(node: GraphNode | GraphLoop, environments: Environments, known: Known) -> str:
    """Return the fingerprint of a node, or of the whole outcome of a loop."""
    if isinstance(node, GraphLoop):
        return _of_loop(node, environments, known)
    return _of_node(node, environments, known)


def batch_key(node: GraphNode, environments: Environments, known: Known) -> str | None:
    """Return what calls of a node have in common that can be made together, or None if there are none.

    It is a fingerprint without the inputs that may differ.
    """
    together = node.spec.together
    return None if together is None else _of_node(node, environments, known, together.over)


def _of_node(node: GraphNode, environments: Environments, known: Known, without: Collection[str] = ()) -> str:
    parts: list[tuple[Any, ...]] = [_constant(name, value) for name, value in node.constants.items()]
    parts += [_link(name, link, known) for name, link in node.links.items()]
    parts.sort(key=_name)
    parts = [part for part in parts if part[0] not in without] if without else parts
    return _hash((node.spec.key, environments.get(node.spec.id, ""), parts))


def fingerprint_of_item(whole: str, output: str, index: int) -> str:
    """Return the fingerprint of an item of a list that a node returned."""
    return _hash(("item", whole, output, index))


def fingerprint_of_constant(value: Any) -> str:
    """Return the fingerprint of an item that is known as it is."""
    return _hash(("constant", _constant("", value)))


def _of_loop(loop: GraphLoop, environments: Environments, known: Known) -> str:
    repeat = loop.repeat
    if isinstance(repeat, ForEach):
        what: tuple[Any, ...] = ("each", sorted(repeat.each), repeat.product, _of_body(repeat.body, environments))
    else:
        bodies = [_of_body(body, environments) for body in (repeat.first, repeat.following)]
        what = ("while", repeat.condition, sorted(repeat.carry.items()), repeat.limit, bodies)
    return _hash((what, sorted((_link(name, link, known) for name, link in loop.links.items()), key=_name)))


def _of_body(body: Body, environments: Environments) -> list[tuple[str, str, str]]:
    known = {PORTS: PORTS}
    for name, node in body.nodes.items():
        known[name] = fingerprint(node, environments, lambda link: known[link.source.node])
    return sorted((name, known[socket.node], socket.name) for name, socket in body.outputs.items())


def _constant(name: str, value: Any) -> tuple[Any, ...]:
    return (name, "file", value.digest) if isinstance(value, File) else (name, "value", value)


def _link(name: str, link: Link, known: Known) -> tuple[Any, ...]:
    conversion = link.conversion
    return (name, "link", known(link), link.source.name, conversion.source, conversion.target)


def _hash(parts: Iterable[Any]) -> str:
    return blake2b(_written(parts).encode(), digest_size=DIGEST_BYTES).hexdigest()


def _name(part: tuple[Any, ...]) -> str:
    name: str = part[0]
    return name
