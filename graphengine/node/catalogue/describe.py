"""Specifications as plain JSON, for editors, scripts and generated types."""

from collections.abc import Mapping
from typing import Any

from graphengine.node.spec import MISSING, Input, NodeSpec


def describe(spec: NodeSpec) -> Mapping[str, Any]:
    """Return a node as plain JSON data."""
    return {
        "id": spec.id,
        "title": spec.title,
        "aliases": list(spec.aliases),
        "category": spec.category,
        "version": spec.version,
        "summary": spec.summary,
        "help": spec.help,
        "lane": spec.lane,
        "sink": spec.sink,
        "inputs": [_describe_input(socket) for socket in spec.inputs],
        "outputs": [{"name": output.name, "type": str(output.type)} for output in spec.outputs],
    }


def _describe_input(socket: Input) -> Mapping[str, Any]:
    described: dict[str, Any] = {
        "name": socket.name,
        "type": str(socket.type),
        "required": socket.required,
        "schema": socket.schema,
    }
    if socket.default is not MISSING:
        described["default"] = socket.default
    if socket.widget:
        described["widget"] = socket.widget
    if socket.roots:
        described["roots"] = socket.roots
    if socket.roles:
        described["roles"] = socket.roles
    return described
