"""The seam between the engine and the places where results are kept."""

from collections.abc import Awaitable
from typing import Protocol

from graphengine.run.handle import Handles


class Tier(Protocol):
    """One level of the cache. A lookup that is wrong is a miss, never an error."""

    def get(self, fingerprint: str) -> Handles | Awaitable[Handles | None] | None:
        """Return a stored result or None; at once where it can, else something to await."""
        ...

    def has(self, fingerprint: str) -> bool:
        """Return whether a lookup would most likely find a result; nothing is loaded, and nothing counts as used.

        It may read a folder: where a loop must not wait, ask from a thread.
        """
        ...

    def put(self, fingerprint: str, handles: Handles, seconds: float) -> None:
        """Keep a result, if it is worth its room; ``seconds`` is what it took to compute."""
        ...
