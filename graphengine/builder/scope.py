"""A set of nodes while it is written: a workflow's own, or those of a subgraph."""

from collections.abc import Mapping, Sequence
from contextvars import Token
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar, overload

from pydantic import JsonValue

from graphengine.builder.arguments import Arguments, Sockets, bound
from graphengine.builder.draft import Link, NodeDraft
from graphengine.builder.names import Names, base_of
from graphengine.builder.placeholder import Distant, Entry, Output, Outputs, Result
from graphengine.builder.refusal import refused
from graphengine.errors import shown
from graphengine.files.roots import File
from graphengine.node.recording import Recorder, start_recording, stop_recording
from graphengine.node.spec import MISSING, NodeSpec
from graphengine.workflow.suggest import did_you_mean

T = TypeVar("T")

Own = Mapping[str, JsonValue]
"""Fields beginning with ``x-``."""
Place = tuple[float, float] | Mapping[str, JsonValue]
"""Where an editor shows a node: x and y, or all that it keeps of it."""


class Scope:
    """Records the calls of node functions made inside ``with``, and takes what they cannot say.

    ``scope["sharp"] = sharpen(image)`` calls a node ``sharp``; without that it is called after its function.
    ``scope["sharp"]``, or ``scope[result]``, is the node: its ``name``, ``title`` and ``mode`` may be set.
    """

    def __init__(self, title: str, description: str, own: Own | None) -> None:
        self.title = title
        self.description = description
        self.own: dict[str, JsonValue] = dict(own or {})
        self._inputs: dict[str, tuple[Entry, dict[str, Any]]] = {}
        self._outputs: dict[str, tuple[Link, dict[str, Any]]] = {}
        self._nodes: dict[NodeDraft, None] = {}
        self._by_name: dict[str, NodeDraft] = {}
        self._names = Names()
        self._first: tuple[NodeDraft, ...] = ()
        self._view: dict[str, Any] = {"nodes": {}, "frames": [], "notes": []}
        self._blocks: list[Token[Recorder | None]] = []

    # ------------------------------------------------------------------ the block

    def __enter__(self) -> Self:
        self._blocks.append(start_recording(self))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        stop_recording(self._blocks.pop())

    def record(self, spec: NodeSpec, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Result:
        """Make a node of the call of a node function; that is how a call inside of ``with`` ends.

        Raises:
            WorkflowError: an argument is missing, unknown, or of a wrong type.
        """
        base = base_of(spec.function.__name__)
        given = bound(spec, self._names.free(base), args, kwargs)
        return self.add(spec.id, base, given, spec.input, {each.name: each.type for each in spec.outputs})

    # ------------------------------------------------------------------ inputs, outputs, nodes

    @overload
    def input(
        self,
        name: str,
        default: T,
        *,
        to: Sequence[str] = (),
        title: str | None = None,
        description: str | None = None,
        own: Own | None = None,
    ) -> T: ...

    @overload
    def input(
        self,
        name: str,
        *,
        to: Sequence[str] = (),
        title: str | None = None,
        description: str | None = None,
        own: Own | None = None,
    ) -> Any: ...

    def input(
        self,
        name: str,
        default: Any = MISSING,
        *,
        to: Sequence[str] = (),
        title: str | None = None,
        description: str | None = None,
        own: Own | None = None,
    ) -> Any:
        """Declare a named input, and return what stands for its value: hand it to nodes.

        Args:
            name: what ``--set``, the API and a form call it.
            default: the value or the result of a node that is taken if nobody sets it. Without one it must be set,
                unless the nodes that it is handed to have defaults of their own.
            to: sockets that it sets as well, as ``node.input``.
            title: what people read.
            description: what it is for.
            own: fields beginning with ``x-``.

        Raises:
            WorkflowError: there is an input of that name already.
        """
        if name in self._inputs:
            raise refused("malformed_document", f"there is already an input {name!r}")
        entry = Entry(self, name, default, tuple(to))
        self._inputs[name] = (entry, _told(title, description, own))
        return entry

    def output(
        self,
        name: str,
        result: object,
        *,
        title: str | None = None,
        description: str | None = None,
        own: Own | None = None,
    ) -> None:
        """Name a result of the workflow.

        Raises:
            WorkflowError: there is an output of that name already, or it is not the result of a node.
        """
        if name in self._outputs:
            raise refused("malformed_document", f"there is already an output {name!r}")
        link = result.only_() if isinstance(result, Result) else result
        if not isinstance(link, Output | Distant):
            hint = "Hand it to a node, and name what that gives." if isinstance(result, Entry) else ""
            raise refused(
                "invalid_value", f"the output {name!r} is not the result of a node: {shown(result)}", hint=hint
            )
        self._check_home(link, name)
        self._outputs[name] = (link, _told(title, description, own))

    def node(self, type_: str, /, **inputs: Any) -> Any:
        """Add a node by the id of its type, for types whose function is not at hand; nothing is checked here.

        Its outputs are the attributes of the result: ``wf.node("plain.add", a=1, b=2).value``.
        """
        return self.add(type_, base_of(type_), inputs, None, None)

    @staticmethod
    def link(address: str) -> Any:
        """Return what stands for the output at an address, ``node.output``: of a node that is written later, say."""
        return Distant(address)

    @staticmethod
    def file(reference: str | Path) -> File:
        """Name a file by its path, ``builtin:shapes-128`` say. It is looked for when the workflow is proven."""
        path = Path(reference)
        return File(reference if isinstance(reference, str) else path.as_posix(), path, "")

    @staticmethod
    def untyped(value: object) -> Any:
        """Return the value as one of any type, where a type checker cannot know that it converts by itself."""
        if isinstance(value, Output):
            return Output(value.draft, value.name, value.type, loose=True)
        return Result(value.draft_, value.known_, loose=True) if isinstance(value, Result) else value

    # ------------------------------------------------------------------ names, order and looks

    def __setitem__(self, name: str, result: object) -> None:
        self[result].name = name

    def __getitem__(self, which: object) -> NodeDraft:
        draft = self._by_name.get(which) if isinstance(which, str) else _draft_of(which)
        if draft is None or draft not in self._nodes:
            hint = did_you_mean(which, self._by_name) if isinstance(which, str) else ""
            raise refused("unknown_node", f"there is no node {shown(which)} here", hint=hint)
        return draft

    def order(self, *nodes: object) -> None:
        """Let the document list these nodes first, by name or result; without it they stand as they were written."""
        self._first = tuple(self[each] for each in nodes)

    def arrange(
        self,
        nodes: Mapping[str, Place],
        *,
        frames: Sequence[Mapping[str, JsonValue]] = (),
        notes: Sequence[Mapping[str, JsonValue]] = (),
        own: Own | None = None,
    ) -> None:
        """Say how an editor shows the nodes, by name: at x and y, in frames, with notes beside them."""
        for name, place in nodes.items():
            self._view["nodes"][name] = dict(zip("xy", place, strict=True)) if isinstance(place, tuple) else dict(place)
        self._view["frames"] += map(dict, frames)
        self._view["notes"] += map(dict, notes)
        self._view |= own or {}

    # ------------------------------------------------------------------ what is inside

    def add(
        self, type_: str, base: str, given: Mapping[str, Any], sockets: Sockets | None, outputs: Outputs | None
    ) -> Result:
        """Add a node: what every other way ends in.

        Args:
            type_: the id of its type.
            base: what it is called, if that is free.
            given: what it is handed, by input.
            sockets: its inputs; None if they are not known here.
            outputs: its outputs, likewise.

        Raises:
            WorkflowError: it has no such input, or a value or link does not fit.
        """
        name = self._names.free(base)
        handed = Arguments(name, type_, sockets).read(given)
        for key, value in handed.inputs.items():
            self._check_home(value, name, key)
        for entry, key in handed.entries:
            if entry.home is not self:
                raise _from_outside(f"the input {entry.name!r}", name, key)
        self._names.take(name)
        draft = self._by_name[name] = NodeDraft(type_, name, handed.inputs, self._rename)
        self._nodes[draft] = None
        for entry, key in handed.entries:
            entry.lead_to(draft, key)
        return Result(draft, handed.outputs(outputs))

    def _check_home(self, value: object, node: str, key: str | None = None) -> None:
        if isinstance(value, Output) and value.draft not in self._nodes:
            raise _from_outside(value.address, node, key)

    def _rename(self, draft: NodeDraft, name: str) -> None:
        self._names.change(draft.name, name)
        del self._by_name[draft.name]
        self._by_name[name] = draft

    def written(self) -> dict[str, Any]:
        """Return this part of the document as plain data.

        Raises:
            WorkflowError: a named input leads nowhere.
        """
        for name, (entry, _) in self._inputs.items():
            if not entry.to:
                raise refused("malformed_document", f"the input {name!r} is not handed to any node")
        drafts = dict.fromkeys((*self._first, *self._nodes))
        return {
            **self.own,
            "title": self.title,
            "description": self.description,
            "inputs": {name: {"to": entry.to, **told} for name, (entry, told) in self._inputs.items()},
            "outputs": {name: {"from": link.address, **told} for name, (link, told) in self._outputs.items()},
            "nodes": {draft.name: draft.to_json() for draft in drafts},
            "view": self._view,
        }


def _told(title: str | None, description: str | None, own: Own | None) -> dict[str, Any]:
    told = {"title": title, "description": description}
    return {**(own or {}), **{key: text for key, text in told.items() if text is not None}}


def _draft_of(result: object) -> NodeDraft | None:
    if isinstance(result, Result):
        return result.draft_
    return result.draft if isinstance(result, Output) else None


def _from_outside(what: str, node: str, key: str | None) -> Exception:
    hint = "Hand it in through a named input of the subgraph, or out through a named output."
    return refused("unknown_node", f"{what} belongs to another workflow or subgraph", node, key, hint)
