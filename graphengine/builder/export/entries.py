"""Named inputs: which can be handed to nodes as a variable, and which must name their sockets by address."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from graphengine.builder.export.source import Source, Text, call, literal
from graphengine.node.registry import Registry
from graphengine.types.builtin import BOOL, FILE, FLOAT, INT, SEED, STRING
from graphengine.types.socket_type import TypeRef
from graphengine.workflow.document import LINK, Node, Socket, Subgraph, Workflow, WorkflowInput

_SCALARS: Mapping[type, TypeRef] = {bool: BOOL.ref, int: INT.ref, float: FLOAT.ref, str: STRING.ref}


@dataclass(frozen=True, slots=True)
class Default:
    """The default of a named input: its source, and its type to a type checker; None takes any."""

    source: Source
    static: TypeRef | None


@dataclass
class Entries:
    """The named inputs of a part that are handed to nodes.

    Attributes:
        defaults: by the name of the input; None if it has none.
        at: which of them is handed to an input of a node.
        beside: by node, the inputs that are handed one without a default, which a document does not write.
    """

    defaults: dict[str, Default | None] = field(default_factory=dict)
    at: dict[Socket, str] = field(default_factory=dict)
    beside: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))


def entries_of(part: Workflow | Subgraph, order: Sequence[str], registry: Registry) -> Entries:
    """Return the named inputs that nodes can be handed, if these are written in this order."""
    place = {name: index for index, name in enumerate(order)}
    found = Entries()
    for name, entry in part.inputs.items():
        sockets = _sockets(part.nodes, entry)
        if sockets is None or any(each in found.at for each in sockets) or sockets != _in_order(part, sockets, place):
            continue
        found.at |= dict.fromkeys(sockets, name)
        values = [part.nodes[each.node].inputs[each.name] for each in sockets if _is_written(part.nodes, each)]
        found.defaults[name] = _default(values[0], part.nodes, sockets, registry) if values else None
        if not values:
            for each in sockets:
                found.beside[each.node].append(each.name)
    return found


def _sockets(nodes: Mapping[str, Node], entry: WorkflowInput) -> list[Socket] | None:
    """Return the sockets that an input sets, or None if no single variable could be handed to all of them."""
    sockets = [Socket.parse(address) for address in entry.to]
    if len(set(sockets)) < len(sockets) or any(each.node not in nodes for each in sockets):
        return None
    values = {json.dumps(nodes[each.node].inputs.get(each.name, {LINK: ""})) for each in sockets}
    written = [_is_written(nodes, each) for each in sockets]
    if len(values) > 1 or (any(written) and not all(written)):
        return None
    value = nodes[sockets[0].node].inputs.get(sockets[0].name)
    return None if isinstance(value, dict) and LINK in value else sockets


def _is_written(nodes: Mapping[str, Node], socket: Socket) -> bool:
    return socket.name in nodes[socket.node].inputs


def _in_order(part: Workflow | Subgraph, sockets: list[Socket], place: Mapping[str, int]) -> list[Socket]:
    """Return the sockets in the order in which the code would hand them the input."""

    def when(socket: Socket) -> tuple[int, int]:
        written = list(part.nodes[socket.node].inputs)
        return place[socket.node], written.index(socket.name) if socket.name in written else len(written)

    return sorted(sockets, key=when)


def _default(value: JsonValue, nodes: Mapping[str, Node], sockets: list[Socket], registry: Registry) -> Default:
    specs = ((registry.nodes.get(nodes[each.node].type), each.name) for each in sockets)
    refs = [spec.input[name].type for spec, name in specs if spec is not None and name in spec.input]
    if isinstance(value, str) and FILE.ref in refs:
        return Default(call("wf.file", Text(value)), FILE.ref)
    if type(value) is int and SEED.ref in refs:
        return Default(call("Seed", literal(value)), SEED.ref)
    if type(value) in _SCALARS:
        return Default(literal(value), _SCALARS[type(value)])
    return Default(call("wf.untyped", literal(value)), None)
