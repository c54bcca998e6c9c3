"""Handles: what the engine moves instead of values."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, eq=False)
class Handle:
    """A reference to a value that an executor or a cache tier holds.

    ``ref`` is the holder's own: for the executors of this process it is the value itself. ``nbytes`` is
    about what the value takes of the holder's memory.
    """

    ref: Any
    nbytes: int


Handles = Mapping[str, Handle]
"""The result of a task: a handle for each output, by name."""
