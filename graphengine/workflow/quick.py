"""Which documents are proven so quickly that an event loop may wait for it."""

from collections.abc import Mapping
from typing import Any, Final

from graphengine.node.registry import Registry

QUICK_NODES: Final = 40
"""How many nodes a workflow may have that is proven at once: that takes a few milliseconds."""


def is_quick(document: Mapping[str, Any], registry: Registry) -> bool:
    """Return whether a document has few nodes, and none that takes a file, which might have to be read."""
    nodes = document.get("nodes")
    if not isinstance(nodes, dict) or len(nodes) > QUICK_NODES or document.get("subgraphs"):
        return False
    types = [each.get("type") for each in nodes.values() if isinstance(each, dict)]
    return all(isinstance(type_, str) and type_ not in registry.reading for type_ in types)
