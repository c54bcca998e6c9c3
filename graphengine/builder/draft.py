"""A node while its workflow is written."""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import JsonValue

from graphengine.workflow.document import LINK, Mode, Pairing


class Link:
    """Where a value comes from; a document writes its address."""

    @property
    def address(self) -> str:
        """``node.output``, by the name that the node has now."""
        raise NotImplementedError


class NodeDraft:
    """A node while its workflow is written: what can be said of it beside its inputs.

    Attributes:
        type: the id of the node's type.
        inputs: the values and links of the inputs.
        title: what people read above the node.
        mode: ``bypass`` passes inputs on to the outputs of the same type, ``mute`` leaves the node out.
        map: how lists pair up where single items are wanted: ``zip``, or ``product`` for every combination.
        loop: for a subgraph, how it is repeated: ``{"while": output, "carry": {input: output}, "limit": 100}``.
        own: fields beginning with ``x-``, which are kept for whoever wrote them.
    """

    def __init__(
        self,
        type_: str,
        name: str,
        inputs: Mapping[str, JsonValue | Link],
        rename: Callable[["NodeDraft", str], None],
    ) -> None:
        self.type = type_
        self.inputs = dict(inputs)
        self.title: str | None = None
        self.mode: Mode = "run"
        self.map: Pairing | None = None
        self.loop: Mapping[str, JsonValue] | None = None
        self.own: dict[str, JsonValue] = {}
        self._name = name
        self._rename = rename

    @property
    def name(self) -> str:
        """What the node is called in the document; set it to call it something else.

        Raises:
            WorkflowError: another node has the name, or it is none.
        """
        return self._name

    @name.setter
    def name(self, name: str) -> None:
        self._rename(self, name)
        self._name = name

    def to_json(self) -> dict[str, Any]:
        """Return the node as the document writes it."""
        inputs = {key: {LINK: each.address} if isinstance(each, Link) else each for key, each in self.inputs.items()}
        written = {"type": self.type, "inputs": inputs, "mode": self.mode}
        told = {"map": self.map, "loop": self.loop, "title": self.title}
        return {**self.own, **written, **{key: value for key, value in told.items() if value is not None}}
