"""Single flight: what several runs of a process need at a time is computed by one of them."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable

from graphengine.run.cache.tier import Tier
from graphengine.run.cache.timings import Timings
from graphengine.run.handle import Handles

_LOG = logging.getLogger(__name__)

Waiters = deque[asyncio.Future[Handles | None]]


class SingleFlight:
    """A cache in front of which lookups of the same result form a queue.

    Whoever is told None has the *flight*: it computes the result and puts it, or says that it will not. Until
    then others who ask wait; a put answers them all, and if the flight is given up the first of them has it.

    Nothing deadlocks: who has a flight waits only for what its result is made of, and no result is made of
    itself. It is used from one event loop at a time.

    Args:
        timings: is told of the lookups that took time: the tier's own, and waits for another's flight.
    """

    def __init__(self, tier: Tier, timings: Timings | None = None) -> None:
        self._tier = tier
        self._timings = Timings() if timings is None else timings
        self._flights: dict[str, Waiters] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    def get(self, fingerprint: str) -> Handles | Awaitable[Handles | None] | None:
        """Return a result, None to whoever is to compute it, or something to await that becomes one of these.

        A cancelled wait never has the flight; None once given does, also if nobody looked at it yet.
        """
        began = time.perf_counter() if self._timings.heard else 0.0
        loop = asyncio.get_running_loop()
        if loop is not self._loop:  # the runs of an earlier loop ended with it, whatever they had begun
            self._flights.clear()
            self._loop = loop
        waiters = self._flights.get(fingerprint)
        if waiters is None:
            found = self._tier.get(fingerprint)
            if found is not None and not isinstance(found, Awaitable):
                return found
            waiters = self._flights[fingerprint] = deque()
            if found is None:
                return None
            asyncio.ensure_future(found).add_done_callback(lambda done: self._answered(fingerprint, done))
        waiter: asyncio.Future[Handles | None] = loop.create_future()
        waiters.append(waiter)
        if self._timings.heard:
            self._measure(fingerprint, began, waiter)
        return waiter

    def has(self, fingerprint: str) -> bool:
        """Return whether a result is kept; one that is being computed is not."""
        return self._tier.has(fingerprint)

    def put(self, fingerprint: str, handles: Handles, seconds: float) -> None:
        """Keep a result, and give it to all who wait for it."""
        self._tier.put(fingerprint, handles, seconds)
        self._land(fingerprint, handles)

    def forgo(self, fingerprint: str) -> None:
        """Give a flight up: the first who waits has it now."""
        waiters = self._flights.pop(fingerprint, Waiters())
        while waiters:
            waiter = waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
                self._flights[fingerprint] = waiters
                return

    def _answered(self, fingerprint: str, lookup: "asyncio.Future[Handles | None]") -> None:
        fault = None if lookup.cancelled() else lookup.exception()
        if fault is not None:  # a tier that raises is wrong, and still no run may wait for ever
            _LOG.error("a lookup in the cache raised", exc_info=fault)
        handles = None if lookup.cancelled() or fault is not None else lookup.result()
        if handles is None:
            self.forgo(fingerprint)
        else:
            self._land(fingerprint, handles)

    def _measure(self, fingerprint: str, began: float, waiter: "asyncio.Future[Handles | None]") -> None:
        def answered(waiter: "asyncio.Future[Handles | None]") -> None:
            handles = None if waiter.cancelled() else waiter.result()
            nbytes = sum(handle.nbytes for handle in (handles or {}).values())
            self._timings.tell("lookup", fingerprint, began, nbytes)

        waiter.add_done_callback(answered)

    def _land(self, fingerprint: str, handles: Handles) -> None:
        for waiter in self._flights.pop(fingerprint, ()):
            if not waiter.done():
                waiter.set_result(handles)
