"""Handles: what the engine moves instead of values."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphengine.types.socket_type import TypeRef


@dataclass(frozen=True, slots=True, eq=False)
class Handle:
    """A reference to a value that an executor or a cache tier holds.

    ``ref`` is the holder's own: for the executors of this process it is the value itself. ``type`` says
    which codec takes the value apart; ``nbytes`` is about what it takes of the holder's memory.
    """

    ref: Any
    type: TypeRef
    nbytes: int


Handles = Mapping[str, Handle]
"""The result of a task: a handle for each output, by name."""
