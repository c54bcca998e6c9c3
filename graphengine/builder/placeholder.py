"""What stands for a value that will be there when the workflow runs; to a type checker it is that value."""

from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from graphengine.builder.draft import Link, NodeDraft
from graphengine.builder.refusal import refused
from graphengine.errors import WorkflowError
from graphengine.node.spec import MISSING
from graphengine.types.socket_type import TypeRef
from graphengine.workflow.suggest import did_you_mean

Outputs = Mapping[str, TypeRef | None]
"""The names of a node's outputs, and their types where they are known."""


class Placeholder:
    """The root of them. Whoever looks for its value is told, rather than given a wrong one."""

    def __bool__(self) -> NoReturn:
        raise self._has_no_value("to choose while it runs, use a node such as logic.switch")

    def __eq__(self, other: object) -> NoReturn:
        raise self._has_no_value("to compare while it runs, use a node")

    def __format__(self, spec: str) -> NoReturn:
        raise self._has_no_value("to make text of it, use a node such as text.format")

    __hash__ = object.__hash__

    def _has_no_value(self, hint: str) -> TypeError:
        return TypeError(f"{self!r} has no value before the workflow runs; {hint}")


class Entry(Placeholder):
    """A named input of a workflow: what is handed to nodes as their input.

    Attributes:
        home: the workflow or subgraph whose input it is.
        default: the value or link that nodes get if nobody sets the input; ``MISSING`` if there is none.
        addresses: sockets it sets, beside those of the nodes that it was handed to.
    """

    def __init__(self, home: object, name: str, default: Any, addresses: tuple[str, ...]) -> None:
        self.home = home
        self.name = name
        self.default = default
        self.addresses = addresses
        self._handed_to: list[tuple[NodeDraft, str]] = []

    def lead_to(self, draft: NodeDraft, key: str) -> None:
        """Note an input of a node that this one sets."""
        self._handed_to.append((draft, key))

    @property
    def to(self) -> list[str]:
        """The addresses of the sockets that it sets."""
        return [*self.addresses, *(f"{draft.name}.{key}" for draft, key in self._handed_to)]

    def __repr__(self) -> str:
        default = "" if self.default is MISSING else f" = {self.default!r}"
        return f"<input {self.name}{default}>"


class Distant(Placeholder, Link):
    """An output that is named by its address alone."""

    def __init__(self, address: str) -> None:
        self._address = address

    @property
    def address(self) -> str:
        """The address as it was given."""
        return self._address

    def __repr__(self) -> str:
        return f"<{self._address}>"


class Output(Placeholder, Link):
    """One output of a node.

    Attributes:
        type: None if it is not known here.
        loose: whether the type is left to the registry.
    """

    def __init__(self, draft: NodeDraft, name: str, type_: TypeRef | None, *, loose: bool = False) -> None:
        self.draft = draft
        self.name = name
        self.type = type_
        self.loose = loose

    @property
    def address(self) -> str:
        """``node.output``."""
        return f"{self.draft.name}.{self.name}"

    def __repr__(self) -> str:
        return f"<{self.address}>"


class Result(Placeholder):
    """All that a node gives: its only output, or several that are its attributes, as in the tuple of a real call.

    Its own names end with an underscore, so that they hide no output.

    Attributes:
        known_: the outputs; None if they are not known here, and then each name is believed.
        loose_: whether their types are left to the registry.
    """

    __slots__ = ("draft_", "known_", "loose_")

    def __init__(self, draft: NodeDraft, known: Outputs | None, *, loose: bool = False) -> None:
        self.draft_ = draft
        self.known_ = known
        self.loose_ = loose

    def only_(self) -> Output:
        """Return the only output.

        Raises:
            WorkflowError: there are none, or several, or nobody knows.
        """
        if self.known_ is None or len(self.known_) != 1:
            raise self._one_is_wanted()
        return next(iter(self))

    def _one_is_wanted(self) -> WorkflowError:
        who = f"{self.draft_.name!r} ({self.draft_.type})"
        if self.known_ is not None and not self.known_:
            return refused("unknown_output", f"{who} has no outputs")
        names = [f".{each}" for each in self.known_] if self.known_ else [".value, or whatever it is called"]
        hint = f"Name it: {', '.join(names)}."
        return refused("unknown_output", f"{who} is a whole node, and one of its outputs is wanted", hint=hint)

    def __getattr__(self, name: str) -> Output:
        if name.startswith("_"):
            raise AttributeError(name)  # what notebooks and libraries look for, to find out what they have before them
        return self[name]

    def __getitem__(self, key: str | int) -> Output:
        if isinstance(key, int):
            return list(self)[key]
        known = {key: None} if self.known_ is None else self.known_
        if key not in known:
            message = f"{self.draft_.name!r} ({self.draft_.type}) has no output {key!r}"
            raise refused("unknown_output", message, hint=did_you_mean(key, known))
        return Output(self.draft_, key, known[key], loose=self.loose_)

    def __iter__(self) -> Iterator[Output]:
        if self.known_ is None:
            raise self._one_is_wanted()
        return iter([self[name] for name in self.known_])

    def __repr__(self) -> str:
        return f"<{self.draft_.name}: {self.draft_.type}>"
