"""A registry written down as plain JSON: everything that proving, planning and showing need, and nothing that runs."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

from graphengine.node.lists import Extent, ItemsOf
from graphengine.node.pack import ServiceOptions
from graphengine.node.registry import Registry
from graphengine.node.spec import MISSING, Input, NodeSpec, Output
from graphengine.types.builtin import BUILTIN_TYPES
from graphengine.types.codec import JsonCodec
from graphengine.types.socket_type import SocketType

FORMAT: Final = "graphengine.catalogue.5"

Written = Mapping[str, Any]

_BUILTIN: Final = frozenset(each.name for each in BUILTIN_TYPES)


def write_registry(registry: Registry, options: ServiceOptions) -> Written:
    """Return a registry as JSON.

    Args:
        options: for which it says what results depend on.
    """
    return {
        "format": FORMAT,
        "types": [_type(each) for name, each in registry.types.items() if name not in _BUILTIN],
        "conversions": [[each.source, each.target] for each in registry.conversions],
        "roots": {name: str(path) for name, path in registry.roots.items()},
        "environments": dict(registry.environments(options)),
        "facts": {name: dict(each) for name, each in registry.facts(options).items()},
        "nodes": [_node(each) for each in registry.nodes.values()],
    }


def digest_of(written: Written) -> str:
    """Return the SHA-256 of a written registry, however its keys are ordered."""
    return hashlib.sha256(json.dumps(written, sort_keys=True).encode()).hexdigest()


def _type(type_: SocketType) -> Written:
    return {
        "name": type_.name,
        "summary": type_.summary,
        "colour": type_.colour,
        "literal": type_.literal,
        "lasting": type_.lasting,
        "weights": type_.weights,
        "part": type_.part,
        "plain": type(type_.codec) is JsonCodec,
    }


def _node(spec: NodeSpec) -> Written:
    together = spec.together
    return {
        "id": spec.id,
        "title": spec.title,
        "category": spec.category,
        "version": spec.version,
        "summary": spec.summary,
        "help": spec.help,
        "inputs": [_input(each) for each in spec.inputs],
        "outputs": [_output(each) for each in spec.outputs],
        "several": spec.several,
        "injected": [each.name for each in spec.injected],
        "lane": spec.lane,
        "sink": spec.sink,
        "timeout": spec.timeout,
        "retries": spec.retries,
        "shrinks": spec.shrinks,
        "together": None if together is None else {"over": list(together.over), "limit": together.limit},
        "checkpoints": spec.checkpoints,
        "aliases": list(spec.aliases),
    }


def _input(socket: Input) -> Written:
    return {
        "name": socket.name,
        "type": str(socket.type),
        **({} if socket.default is MISSING else {"default": socket.default}),
        "check": None if socket.check is None else socket.check.schema,
        "schema": socket.schema,
        "widget": socket.widget,
        "roots": list(socket.roots),
        "roles": list(socket.roles),
        "lazy": socket.lazy,
        "suits": None if socket.suits is None else {"by": socket.suits.by, "values": dict(socket.suits.values)},
    }


def _output(socket: Output) -> Written:
    return {
        "name": socket.name,
        "type": str(socket.type),
        "check": None if socket.check is None else socket.check.schema,
        "extent": None if socket.extent is None else _extent(socket.extent),
    }


def _extent(extent: Extent) -> Written:
    return {"items_of" if isinstance(extent, ItemsOf) else "length_of": extent.input}
