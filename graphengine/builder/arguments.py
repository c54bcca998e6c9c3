"""The arguments of a recorded call: checked, and written as a document writes them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import JsonValue

from graphengine.builder.draft import Link
from graphengine.builder.placeholder import Distant, Entry, Output, Outputs, Placeholder, Result
from graphengine.builder.refusal import refused
from graphengine.errors import shown
from graphengine.files.roots import File
from graphengine.node.spec import MISSING, Input, NodeSpec
from graphengine.types.assign import Assignability
from graphengine.types.builtin import FILE
from graphengine.types.socket_type import TypeRef
from graphengine.workflow.document import LINK
from graphengine.workflow.suggest import did_you_mean

CONVERSIONS: Final = Assignability()
"""Those of every graph; what packs convert beside them, only the registry knows."""

Sockets = Mapping[str, Input | None]
"""The inputs of a node by name, and all that is known of them."""


@dataclass
class Handed:
    """What a node is handed: values and links by input, and the named inputs of the workflow that set inputs of it.

    Attributes:
        each: whether lists or sequences come in of which it takes the items.
    """

    inputs: dict[str, JsonValue | Link] = field(default_factory=dict)
    entries: list[tuple[Entry, str]] = field(default_factory=list)
    each: TypeRef | None = None

    def outputs(self, outputs: Outputs | None) -> Outputs | None:
        """Return the outputs of the node where it is called for each item."""
        each = self.each
        if outputs is None or each is None:
            return outputs
        return {
            name: None if type_ is None else type_.flowing if each.flows else type_.listed
            for name, type_ in outputs.items()
        }


class Arguments:
    """Reads the arguments of one call.

    Args:
        node: what the node will be called; for messages.
        type_: its type; for messages.
        sockets: its inputs, by name; None if they are not known here, and then nothing is checked.
    """

    def __init__(self, node: str, type_: str, sockets: Sockets | None) -> None:
        self._node = node
        self._type = type_
        self._sockets = sockets

    def read(self, given: Mapping[str, Any]) -> Handed:
        """Return what is given by input.

        Raises:
            WorkflowError: there is no such input, or a value or link that does not fit.
        """
        handed = Handed()
        for key, value in given.items():
            if self._sockets is not None and key not in self._sockets:
                message = f"{self._type!r} has no input {key!r}"
                raise refused("unknown_input", message, self._node, key, did_you_mean(key, self._sockets))
            default = value
            if isinstance(value, Entry):
                handed.entries.append((value, key))
                default = value.default
            if default is not MISSING:
                handed.inputs[key] = self._read(key, default, handed)
        return handed

    def _read(self, key: str, value: Any, handed: Handed) -> JsonValue | Link:
        socket = (self._sockets or {}).get(key)
        if isinstance(value, Result):
            value = value.only_()
        if isinstance(value, Output | Distant):
            self._check_link(key, value, socket, handed)
            return value
        try:
            written = plain(value)
            if socket is not None:
                check_constant(socket, written)
        except ValueError as error:
            raise refused("invalid_value", f"{error}", self._node, key) from None
        return written

    def _check_link(self, key: str, link: Output | Distant, socket: Input | None, handed: Handed) -> None:
        if socket is None or isinstance(link, Distant) or link.type is None:
            return
        fit = CONVERSIONS.fit(link.type, socket.type)
        if fit is not None and fit.each and (handed.each is None or not handed.each.flows):
            handed.each = link.type
        if fit is None and not link.loose:
            message = f"the link brings {link.type} from {link.address}, but {socket.type} is wanted"
            hint = "If a pack converts it, write wf.untyped(…) around it."
            raise refused("type_mismatch", message, self._node, key, hint)


def bound(spec: NodeSpec, node: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a call of a node function by input, in the order in which they were written.

    Raises:
        WorkflowError: there are too many, one is given twice, one is missing, or it is what the engine passes.
    """
    names = list(spec.input)
    if len(args) > len(names):
        message = f"{spec.id!r} takes {len(names)} values, and {len(args)} were given"
        raise refused("unknown_input", message, node)
    given = dict(zip(names, args, strict=False))
    for key, value in kwargs.items():
        if key in given:
            raise refused("invalid_value", "the value is given twice", node, key)
        if any(each.name == key for each in spec.injected):
            raise refused("unknown_input", f"{key!r} is passed by the engine", node, key, "Leave it out.")
        given[key] = value
    for socket in spec.inputs:
        if socket.required and socket.name not in given:
            message = f"{socket.type} is wanted and neither a value nor a link is given"
            raise refused("missing_input", message, node, socket.name)
    return given


def plain(value: Any) -> JsonValue:
    """Return a value as JSON has it; of a file, its reference.

    Raises:
        ValueError: JSON has no such value.
    """
    if value is None or isinstance(value, bool | int | str) or (isinstance(value, float) and math.isfinite(value)):
        return value
    if isinstance(value, File):
        return value.reference
    if isinstance(value, Placeholder):
        raise ValueError(f"{value!r} stands within a list or an object, where a document has no links")  # noqa: TRY004
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return {key: plain(each) for key, each in value.items()}
    raise ValueError(f"a document cannot write {shown(value)}; it comes over a link")


def check_constant(socket: Input, value: JsonValue) -> None:
    """Check a plain value for an input; of a file, only that it is a path.

    Raises:
        ValueError: it does not fit, or is a link.
    """
    if isinstance(value, dict) and LINK in value:
        raise ValueError("a link is written as the result of another node, or wf.link(…)")
    if socket.type == FILE.ref:
        if not isinstance(value, str) and (value is not None or socket.required):
            raise ValueError(f"a file is named by its path, a string; {shown(value)} was given")
        return
    socket.parse(value)
