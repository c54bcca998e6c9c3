"""Fingerprints: the content address of a task's result, known before it is computed.

A fingerprint is the hash of a node's id and version, of the environment that its pack names (versions of libraries,
kind of device), its constants, and the fingerprints of what flows into it — a Merkle tree, computed once per node in
topological order. Names of nodes, their order and the keys' order in a document do not matter; the content of files
and models does.
"""

import json
from collections.abc import Collection, Mapping
from hashlib import blake2b
from typing import Any

from graphengine.files.roots import File
from graphengine.workflow.graph import Graph, GraphNode

DIGEST_BYTES = 20


def fingerprints(graph: Graph, environments: Mapping[str, str] | None = None) -> Mapping[str, str]:
    """Return the fingerprint, 40 hex digits, of every node of a graph by name.

    Args:
        graph: the nodes, each after what it needs.
        environments: what results depend on beside inputs, by node id.
    """
    known: dict[str, str] = {}
    around = environments or {}
    for name, node in graph.nodes.items():
        known[name] = _fingerprint(node, around.get(node.spec.id, ""), known)
    return known


def batch_key(node: GraphNode, environment: str, known: Mapping[str, str]) -> str | None:
    """Return what calls of a node have in common that can be made together, or None if there are none.

    It is a fingerprint without the inputs that may differ.

    Args:
        known: the fingerprints of the graph.
    """
    together = node.spec.together
    return None if together is None else _fingerprint(node, environment, known, together.over)


def _fingerprint(node: GraphNode, environment: str, known: Mapping[str, str], without: Collection[str] = ()) -> str:
    parts: list[tuple[Any, ...]] = [
        (name, "file", value.digest) if isinstance(value, File) else (name, "value", value)
        for name, value in node.constants.items()
    ]
    parts += [
        (
            name,
            "link",
            known[link.source.node],
            link.source.name,
            link.conversion.source,
            link.conversion.target,
        )
        for name, link in node.links.items()
    ]
    parts.sort(key=_name)
    parts = [part for part in parts if part[0] not in without] if without else parts
    text = json.dumps((node.spec.key, environment, parts), sort_keys=True, separators=(",", ":"))
    return blake2b(text.encode(), digest_size=DIGEST_BYTES).hexdigest()


def _name(part: tuple[Any, ...]) -> str:
    name: str = part[0]
    return name
