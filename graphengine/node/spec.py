"""NodeSpec: what a node is, as data that a resolver, an executor and an editor can all read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, Literal

from graphengine.node.check import Check
from graphengine.node.lists import Extent, ItemsOf
from graphengine.node.together import Together
from graphengine.node.widgets import Suits
from graphengine.types.socket_type import TypeRef

Lane = Literal["gpu", "cpu", "io"]
LANES: Final[tuple[Lane, ...]] = ("gpu", "cpu", "io")
"""The lanes, the scarcest first."""

MISSING = object()
"""Stands where a default would: the input must be given."""


@dataclass(frozen=True)
class Input:
    """An input socket.

    Attributes:
        default: the value when the document gives none, or ``MISSING``.
        check: checks a plain value; None where a document cannot write one (an Image, say).
        schema: JSON Schema of the plain values, for an editor's form; empty where there are none.
        widget: the editor's hint, as data.
        roots: for files, the roots in which a plain path is looked up.
        roles: for models, what they may be that an editor offers; empty for all.
        lazy: whether what it is linked to is computed only when the node asks.
        suits: what value suits which models.
    """

    name: str
    type: TypeRef
    default: Any = MISSING
    check: Check | None = field(default=None, compare=False, repr=False)
    schema: Mapping[str, Any] = field(default_factory=dict)
    widget: Mapping[str, Any] | None = None
    roots: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    lazy: bool = False
    suits: Suits | None = None

    @cached_property
    def flows(self) -> bool:
        """Whether it takes a sequence."""
        return self.type.flows

    @property
    def required(self) -> bool:
        """Whether the document must give a value or a link."""
        return self.default is MISSING

    def parse(self, value: Any) -> Any:
        """Check a plain value and return it in canonical form (``1`` for a Float is ``1.0``).

        Raises:
            ValueError: with a sentence that says what was wanted and what was given.
        """
        if value is None and self.default is None:
            return None
        if self.check is None or self.flows:
            raise ValueError(f"{self.type} cannot be written as a value; it comes over a link")
        return self.check.parse(value)

    def parse_item(self, value: Any) -> Any:
        """Check an item of a sequence, and return it in canonical form.

        Raises:
            ValueError: it is not of the type of the items.
        """
        return value if self.check is None else self.check.parse(value)


@dataclass(frozen=True, slots=True)
class Output:
    """An output socket.

    Attributes:
        check: checks plain values; None for all others.
        extent: what is known of a list before the node is called.
    """

    name: str
    type: TypeRef
    check: Check | None = field(default=None, compare=False, repr=False)
    extent: Extent | None = None

    def items(self, constants: Mapping[str, Any]) -> tuple[Any, ...] | None:
        """Return the items of the list that a call with these constants gives, if they are known without it."""
        if not isinstance(self.extent, ItemsOf) or self.extent.input not in constants:
            return None
        return tuple(constants[self.extent.input])

    def length(self, constants: Mapping[str, Any]) -> int | None:
        """Return the length of the list that a call with these constants gives, if it is known without it."""
        given = None if self.extent is None else constants.get(self.extent.input)
        return len(given) if isinstance(given, list | tuple) else given

    def parse(self, value: Any) -> Any:
        """Check what a node returned and give it back in canonical form.

        Raises:
            ValueError: a plain value is not of the type, or not finite.
        """
        return value if self.check is None else self.check.parse(value)


@dataclass(frozen=True, slots=True)
class Injection:
    """A keyword-only parameter: what the engine passes by itself, found by its class."""

    name: str
    python: type


@dataclass(frozen=True)
class NodeSpec:
    """A node as data; ``function`` is what computes it.

    Attributes:
        id: ``domain.name``, unique among all packs, written in documents.
        version: part of every fingerprint; rises when behaviour changes.
        several: whether the function returns a tuple of its outputs, or its only output itself.
        lane: the resource a call occupies.
        sink: whether a call has an effect outside (a file is written): it is never answered from a cache.
        timeout: the seconds a call may take, where calls can be ended; None leaves it to the settings.
        retries: how often a call is made again that failed for what may have been chance.
        shrinks: how often a call is made again, smaller, that found no room.
        together: how several calls are made as one, if they can be.
        checkpoints: whether a call that was cut off can go on where it was.
        aliases: what people may call it who search for it.
    """

    id: str
    title: str
    category: str
    version: int
    summary: str
    help: str
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    several: bool
    injected: tuple[Injection, ...]
    lane: Lane
    sink: bool
    function: Callable[..., Any] = field(compare=False, repr=False)
    python: Mapping[str, type] = field(default_factory=dict, compare=False, repr=False)
    timeout: float | None = None
    retries: int = 0
    shrinks: int = 0
    together: Together | None = field(default=None, compare=False, repr=False)
    checkpoints: bool = False
    aliases: tuple[str, ...] = ()

    @cached_property
    def flows(self) -> bool:
        """Whether the node gives a sequence."""
        return any(each.type.flows for each in self.outputs)

    @cached_property
    def input(self) -> Mapping[str, Input]:
        """The inputs by name."""
        return {each.name: each for each in self.inputs}

    @cached_property
    def lazy(self) -> tuple[str, ...]:
        """The names of the lazy inputs."""
        return tuple(each.name for each in self.inputs if each.lazy)

    @cached_property
    def output(self) -> Mapping[str, Output]:
        """The outputs by name."""
        return {each.name: each for each in self.outputs}

    @cached_property
    def key(self) -> str:
        """``id@version``: what a fingerprint knows of the node."""
        return f"{self.id}@{self.version}"
