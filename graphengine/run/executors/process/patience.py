"""How long worker processes may take for what they do."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from graphengine.errors import Failure
from graphengine.run.executors.base import Call


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the supervisor waits, in seconds.

    Attributes:
        call: what a call may take whose node says nothing else; None is for ever.
        start: what a worker may take to load the packs.
        cancel: what a cancelled call may take to stop.
        close: the same when the executor is closed.
        proof: what it may take to see whether a value can be put together.
    """

    call: float | None = None
    start: float = 120.0
    cancel: float = 10.0
    close: float = 2.0
    proof: float = 60.0

    def of(self, calls: Sequence[Call]) -> float | None:
        """Return what calls of one node may take when they are made together: as long as apart."""
        own = calls[0].spec.timeout
        seconds = self.call if own is None else own
        return None if seconds is None else seconds * len(calls)


class Deadline(NamedTuple):
    """A time by the monotonic clock, and what a call fails with that takes longer."""

    time: float
    failure: Failure
