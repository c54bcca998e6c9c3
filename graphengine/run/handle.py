"""Handles: what the engine moves instead of values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphengine.types.socket_type import TypeRef


@dataclass(slots=True, eq=False)
class Handle:
    """A reference to a value that an executor or a cache tier holds.

    ``ref`` is the holder's own: for the executors of this process it is the value itself. ``type`` says
    which codec takes the value apart; ``nbytes`` is about what it takes of the holder's memory. A list that the engine
    put together has no value of its own, but ``items``. Nobody changes a handle; freezing made it four times as dear.
    """

    ref: Any
    type: TypeRef
    nbytes: int
    items: "tuple[Handle, ...] | None" = None


Handles = Mapping[str, Handle]
"""The result of a task: a handle for each output, by name."""


def listed(type_: TypeRef, items: Sequence[Handle]) -> Handle:
    """Return the handle of a list of the type ``type_`` with these items; no value is touched."""
    return Handle(None, type_, sum(item.nbytes for item in items), tuple(items))
