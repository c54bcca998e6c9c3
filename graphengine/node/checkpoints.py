"""Checkpoints: with them a long call that was cut off goes on where it was, and not from its start."""

from collections.abc import Callable
from typing import Protocol

from graphengine.types.codec import Encoded


class Checkpoints(Protocol):
    """Keeps the state of one call. A node asks for it with a keyword-only ``checkpoints: Checkpoints``.

    A state is kept under the fingerprint of the call, and found when the same call is made again after its worker, the
    engine or the machine went down. It goes when the call has ended well or failed, and may be gone before: what is
    kept is bounded, and what was damaged or written elsewhere is not found. So a node must be able to start over at
    any time, and its result must be the same, to the bit, however often it was cut off.
    """

    def load(self) -> Encoded | None:
        """Return the last state that was kept, or None to start over. Ask once, at the beginning."""
        ...

    def offer(self, make: Callable[[], Encoded | None]) -> None:
        """Offer the state of the moment; call this as often as there is one to go on from.

        Now and then it is wanted: then ``make`` is called, and what it returns is kept in place of the state before.
        None says that this call's state cannot be kept: it is not asked for again.
        """
        ...


class NoCheckpoints:
    """Keeps nothing: for calls that are not to be gone on with."""

    def load(self) -> Encoded | None:
        """Return None."""
        return None

    def offer(self, make: Callable[[], Encoded | None]) -> None:
        """Do nothing."""


NO_CHECKPOINTS: Checkpoints = NoCheckpoints()
"""Keeps nothing."""
