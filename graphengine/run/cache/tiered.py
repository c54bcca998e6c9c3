"""Tiers over one another, the quickest first: one cache to whoever asks."""

import time
from collections.abc import Awaitable, Sequence

from graphengine.plan.demand import Place
from graphengine.run.cache.tier import Tier
from graphengine.run.handle import Handles


class TieredCache:
    """Asks its tiers in order; a hit is also put into the tiers above, and a new result offered to all.

    What comes from a lower tier is worth to the upper ones the time it took to come, not the time it took to
    compute: that is what they save.
    """

    def __init__(self, tiers: Sequence[Tier]) -> None:
        self._tiers = tuple(tiers)

    def get(self, fingerprint: str) -> Handles | Awaitable[Handles | None] | None:
        """Return the first result that a tier has, at once unless a tier must be awaited."""
        for index, tier in enumerate(self._tiers):
            found = tier.get(fingerprint)
            if isinstance(found, Awaitable):
                return self._later(fingerprint, index, found)
            if found is not None:
                self._promote(fingerprint, index, found, 0.0)
                return found
        return None

    def has(self, fingerprint: str) -> bool:
        """Return whether any tier has a result."""
        return any(tier.has(fingerprint) for tier in self._tiers)

    def put(self, fingerprint: str, handles: Handles, seconds: float) -> None:
        """Offer a result to every tier."""
        for tier in self._tiers:
            tier.put(fingerprint, handles, seconds)

    async def _later(self, fingerprint: str, first: int, pending: Awaitable[Handles | None]) -> Handles | None:
        started = time.perf_counter()
        for index in range(first, len(self._tiers)):
            found = pending if index == first else self._tiers[index].get(fingerprint)
            handles = await found if isinstance(found, Awaitable) else found
            if handles is not None:
                self._promote(fingerprint, index, handles, time.perf_counter() - started)
                return handles
        return None

    def _promote(self, fingerprint: str, found_in: int, handles: Handles, seconds: float) -> None:
        for tier in self._tiers[:found_in]:
            tier.put(fingerprint, handles, seconds)


def place_of(memory: Tier, disk: Tier | None, fingerprint: str) -> Place | None:
    """Return in which of two tiers a result is kept, if it is."""
    if memory.has(fingerprint):
        return "memory"
    return "disk" if disk is not None and disk.has(fingerprint) else None
