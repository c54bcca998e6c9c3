"""Bypass and mute: what a document means once the nodes that do not run are taken out of it.

A *bypassed* node hands each of its outputs what comes into the input of the same type: the first Image in is
the first Image out, the second the second. A *muted* node is not there. Whoever takes from a node that is not
there does without, if its input is optional; otherwise it is not there either.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from pydantic import JsonValue

from graphengine.node.spec import NodeSpec
from graphengine.workflow.document import LINK, Node, Socket, link_of

_NOTHING: Any = object()


def passage(spec: NodeSpec) -> Mapping[str, str]:
    """Return which input of a bypassed node stands for which output, by the output's name."""
    waiting = defaultdict(list)
    for socket in reversed(spec.inputs):
        waiting[socket.type].append(socket.name)
    return {out.name: waiting[out.type].pop() for out in spec.outputs if waiting[out.type]}


class Modes:
    """A document's nodes without those that do not run.

    Attributes:
        running: the nodes that run, with their links led past the others; the given ones stay as they are.
    """

    running: Mapping[str, Node]

    def __init__(self, nodes: Mapping[str, Node], specs: Mapping[str, NodeSpec]) -> None:
        self._nodes = nodes
        self._specs = specs
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
        return None if value is _NOTHING else _source(value)

    def _behind(self, value: JsonValue) -> Any:
        """Follow a link through bypassed nodes to a node that runs, to a plain value, or to nothing."""
        way: dict[Socket, None] = {}
        while (source := _source(value)) is not None:
            if source in self._known:
                value = self._known[source]
                break
            node = self._nodes.get(source.node)
            if node is None or node.mode == "run":
                break
            spec = self._specs.get(source.node)
            if node.mode == "mute" or spec is None or source in way:
                value = _NOTHING
                break
            way[source] = None
            value = node.inputs.get(passage(spec).get(source.name, ""), _NOTHING)
        self._known |= dict.fromkeys(way, value)
        return value

    def _cut_off(self, running: dict[str, dict[str, Any]]) -> list[str]:
        """Take the inputs that come from nothing away; return the nodes that cannot do without."""
        takers: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        for name, inputs in running.items():
            for key, value in inputs.items():
                source = None if value is _NOTHING else _source(value)
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
        spec = self._specs.get(name)
        return spec is not None and key in spec.input and spec.input[key].required


def _source(value: JsonValue) -> Socket | None:
    if value is _NOTHING:
        return None
    try:
        return link_of(value)
    except ValueError:
        return None  # a broken link, which the resolver reports where it stands
