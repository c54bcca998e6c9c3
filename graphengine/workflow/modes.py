"""Bypass and mute: what a document means once the nodes that do not run are taken out of it.

A *bypassed* node hands each of its outputs what comes into the input of the same type: the first Image in is
the first Image out, the second the second; what is not given passes its default. A *muted* node is not there. Whoever
takes from a node that is not there does without, if its input is optional; otherwise it is not there either.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from pydantic import JsonValue, TypeAdapter, ValidationError

from graphengine.node.spec import Input
from graphengine.workflow.document import LINK, Node, Socket, source_of
from graphengine.workflow.interface import Sockets

_NOTHING: Any = object()
_JSON: TypeAdapter[JsonValue] = TypeAdapter(JsonValue)


def passage(node: Sockets) -> Mapping[str, Input]:
    """Return which input of a bypassed node stands for which output, by the output's name."""
    waiting = defaultdict(list)
    for socket in reversed(node.inputs):
        waiting[socket.type].append(socket)
    return {out.name: waiting[out.type].pop() for out in node.outputs if waiting[out.type]}


class Modes:
    """A document's nodes without those that do not run.

    Attributes:
        running: the nodes that run, with their links led past the others; the given ones stay as they are.
    """

    running: Mapping[str, Node]

    def __init__(self, nodes: Mapping[str, Node], sockets: Mapping[str, Sockets]) -> None:
        self._nodes = nodes
        self._sockets = sockets
        self._known: dict[Socket, Any] = {}  # what is behind an output, found once however many take from it
        if all(node.mode == "run" for node in nodes.values()):
            self.running = nodes
            return
        inputs = {
            name: {key: self._behind(value) for key, value in node.inputs.items()}
            for name, node in nodes.items()
            if node.mode == "run"
        }
        for name in self._cut_off(inputs):
            del inputs[name]
        self.running = {name: nodes[name].model_copy(update={"inputs": given}) for name, given in inputs.items()}

    def led_past(self, socket: Socket) -> Socket | None:
        """Return the output of a running node that ``socket`` stands for, or None if it stands for nothing."""
        value = self._behind({LINK: str(socket)})
        return None if value is _NOTHING else source_of(value)

    def _behind(self, value: JsonValue) -> Any:
        """Follow a link through bypassed nodes to a node that runs, to a plain value, or to nothing."""
        way: dict[Socket, None] = {}
        while (source := source_of(value)) is not None:
            if source in self._known:
                value = self._known[source]
                break
            node = self._nodes.get(source.node)
            if node is None or node.mode == "run":
                break
            if node.mode == "mute" or source in way:
                value = _NOTHING
                break
            way[source] = None
            value = self._passed(node, source)
        self._known |= dict.fromkeys(way, value)
        return value

    def _passed(self, node: Node, output: Socket) -> Any:
        """Return what a bypassed node shows at an output: what comes in, a default, or nothing."""
        sockets = self._sockets.get(output.node)
        entry = passage(sockets).get(output.name) if sockets is not None else None
        if entry is None:
            return _NOTHING
        return node.inputs[entry.name] if entry.name in node.inputs else _plain(entry.default)

    def _cut_off(self, running: dict[str, dict[str, Any]]) -> list[str]:
        """Take the inputs that come from nothing away; return the nodes that cannot do without."""
        takers: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        for name, inputs in running.items():
            for key, value in inputs.items():
                source = None if value is _NOTHING else source_of(value)
                if value is _NOTHING or source is not None:
                    takers["" if source is None else source.node].append((name, key))
        gone: dict[str, None] = {}  # in order, and found at once
        stack = [""]
        while stack:
            for name, key in takers.pop(stack.pop(), ()):
                del running[name][key]
                if self._requires(name, key) and name not in gone:
                    gone[name] = None
                    stack.append(name)
        return list(gone)

    def _requires(self, name: str, key: str) -> bool:
        sockets = self._sockets.get(name)
        return sockets is not None and any(each.name == key and each.required for each in sockets.inputs)


def _plain(default: Any) -> Any:
    """Return a default that a document could write itself, or nothing; no default, None and links are nothing."""
    if default is None or (isinstance(default, dict) and LINK in default):
        return _NOTHING
    try:
        return _JSON.validate_python(default)
    except ValidationError:
        return _NOTHING
