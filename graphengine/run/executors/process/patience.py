"""How long worker processes may take for what they do."""

from dataclasses import dataclass
from typing import NamedTuple

from graphengine.errors import Failure


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the supervisor waits, in seconds.

    Attributes:
        call: what a call may take whose node says nothing else; None is for ever.
        start: what a worker may take to load the packs.
        cancel: what a cancelled call may take to stop.
        close: the same when the executor is closed.
    """

    call: float | None = None
    start: float = 120.0
    cancel: float = 10.0
    close: float = 2.0


class Deadline(NamedTuple):
    """A time by the monotonic clock, and what a call fails with that takes longer."""

    time: float
    failure: Failure
