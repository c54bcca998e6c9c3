"""Which documents may be slow to prove, told without proving them."""

from collections.abc import Mapping
from typing import Any

from graphengine.node.registry import Registry


def may_read(document: Mapping[str, Any], registry: Registry) -> bool:
    """Return whether a file may have to be read to prove a document: one of its nodes takes one, or nobody can tell."""
    nodes = document.get("nodes")
    if not isinstance(nodes, dict) or document.get("subgraphs"):
        return True
    types = [each.get("type") for each in nodes.values() if isinstance(each, dict)]
    return not all(isinstance(type_, str) and type_ not in registry.reading for type_ in types)
