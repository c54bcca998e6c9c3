"""Fingerprints: the content address of a task's result, known before it is computed.

A fingerprint is the hash of a node's id and version, its constants, and the fingerprints of what flows into
it — a Merkle tree, computed once per node in topological order. Names of nodes, their order and the keys'
order in a document do not matter; the content of files and models does.
"""

import json
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

from graphengine.files.roots import File
from graphengine.workflow.graph import Graph, GraphNode

DIGEST_BYTES = 20


def fingerprints(graph: Graph) -> Mapping[str, str]:
    """Return the fingerprint, 40 hex digits, of every node of a graph by name."""
    known: dict[str, str] = {}
    for name, node in graph.nodes.items():
        known[name] = _fingerprint(node, known)
    return known


def _fingerprint(node: GraphNode, known: Mapping[str, str]) -> str:
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
    text = json.dumps((node.spec.key, parts), sort_keys=True, separators=(",", ":"))
    return blake2b(text.encode(), digest_size=DIGEST_BYTES).hexdigest()


def _name(part: tuple[Any, ...]) -> str:
    name: str = part[0]
    return name
