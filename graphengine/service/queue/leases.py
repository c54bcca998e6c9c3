"""Which attempts are alive: their workers were heard of a short while ago, and nobody told them to stop.

Kept in memory and by the monotonic clock. After a restart no lease holds anyway, for the engine that gave them
is gone; and nobody can end one by setting the time.
"""

import asyncio
from collections.abc import Sequence

from graphengine.errors import LeaseLost
from graphengine.service.clock import Clock
from graphengine.service.job import Lease


class Leases:
    """The leases that are out, each until ``seconds`` after its worker was last heard of."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._seconds = seconds
        self._ends: dict[Lease, float] = {}
        self._stops: dict[Lease, asyncio.Future[None]] = {}

    def __len__(self) -> int:
        return len(self._ends)

    def give(self, lease: Lease) -> None:
        """Let a lease hold from now on."""
        self._stops[lease] = asyncio.get_running_loop().create_future()
        self._ends[lease] = self._clock.monotonic() + self._seconds

    def renew(self, lease: Lease) -> None:
        """Let a lease hold for its whole time again.

        Raises:
            LeaseLost: it is no longer out.
        """
        self._check(lease)
        self._ends[lease] = self._clock.monotonic() + self._seconds

    def stop(self, job: str) -> None:
        """Tell whoever runs a job to stop."""
        for lease, told in self._stops.items():
            if lease.id == job and not told.done():
                told.set_result(None)

    def end(self, job: str) -> None:
        """Take the lease of a job back; whoever still runs it stops."""
        self.stop(job)
        for lease in [each for each in self._ends if each.id == job]:
            del self._ends[lease], self._stops[lease]

    def stopped(self, lease: Lease) -> "asyncio.Future[None]":
        """Return what is done when the worker is told to stop, or the lease is taken back; it is not to be cancelled.

        Raises:
            LeaseLost: it is no longer out.
        """
        self._check(lease)
        return self._stops[lease]

    def expired(self) -> Sequence[Lease]:
        """Return the leases whose workers were not heard of."""
        now = self._clock.monotonic()
        return [lease for lease, end in self._ends.items() if end <= now]

    def _check(self, lease: Lease) -> None:
        if lease not in self._ends:
            raise LeaseLost(f"attempt {lease.attempt} at the job {lease.id} is over")
