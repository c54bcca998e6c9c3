"""The legs of the webhooks: what waits is delivered, some at once, again and again until it arrives or is given up.

What an attempt brought is noted after it; so one that a crash cuts off is made again, with the same id. A receiver
that fails is asked by one delivery at a time, less and less often, while the others go on.
"""

import asyncio
import logging
import random
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from graphengine.errors import ServiceError
from graphengine.service.clock import Clock, stamp
from graphengine.service.database.database import Database
from graphengine.service.webhook import delivering
from graphengine.service.webhook.delivering import Outcome
from graphengine.service.webhook.outbox import DeliveriesChanged
from graphengine.service.webhook.webhook import Delivery, Webhook, signed

_LOG = logging.getLogger(__name__)

DELAYS: Final = (5.0, 30.0, 120.0, 600.0, 1_800.0, 7_200.0, 21_600.0, 43_200.0, 86_400.0)
"""Seconds between the attempts: ten within two days, then it is given up."""

LONGEST_SLEEP: Final = 30.0
"""Seconds after which the clock is looked at again: somebody may have set it."""

RETRY: Final = 5.0
"""Seconds after which a failing database is asked again."""

_PROMPT = 0.001
_AT_ONCE: Final = 32
_AT_ONCE_EACH: Final = 4
_LONGEST_PAUSE: Final = 300.0
_LONGEST_WISH: Final = 3_600.0


class Send(Protocol):
    """Posts something to an address."""

    async def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        """Return what came of it; never raises for what a receiver or the network does."""
        ...


@dataclass(slots=True)
class _Line:
    """What is known of a receiver: which deliveries are on their way, how often it failed, until when it is left."""

    revision: int = 0
    busy: set[str] = field(default_factory=set)
    failures: int = 0
    rests: float = 0.0

    def room(self, now: float) -> int:
        if self.failures:
            return 0 if self.busy or now < self.rests else 1
        return _AT_ONCE_EACH - len(self.busy)


class Courier:
    """Delivers what waits in a database, while :meth:`run` runs.

    Args:
        delays: seconds between the attempts at a delivery; after as many and one more it is given up.
    """

    def __init__(self, database: Database, clock: Clock, send: Send, delays: Sequence[float] = DELAYS) -> None:
        self._database = database
        self._clock = clock
        self._send = send
        self._delays = delays
        self._lines: dict[str, _Line] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        database.listen(self._observe)

    async def run(self) -> None:
        """Deliver what is due, and wait for what comes; until cancelled."""
        while True:
            self._changed.clear()
            try:
                pause = await self.tick()
            except ServiceError as error:
                _LOG.warning("deliveries wait: %s", error)
                pause = RETRY
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._changed.wait()

    async def close(self, grace: float) -> None:
        """Wait for what is on its way; what is still there then is delivered again after the next start."""
        if self._tasks:
            await asyncio.wait(list(self._tasks), timeout=grace)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def tick(self) -> float:
        """Begin to deliver what is due, as far as there is room; return for how many seconds that was all.

        Raises:
            StoreUnavailable: the database fails.
        """
        found = await self._database.read(delivering.webhooks)
        names = {webhook.id for webhook in found}
        self._lines = {id_: line for id_, line in self._lines.items() if id_ in names or line.busy}
        pauses = [LONGEST_SLEEP]
        for webhook in found:
            line = self._line(webhook)
            room = min(line.room(self._clock.monotonic()), _AT_ONCE - len(self._tasks))
            if room > 0:
                for delivery in await self._due(webhook, line, room):
                    self._begin(webhook, line, delivery)
            pauses.append(await self._pause(webhook, line))
        return max(_PROMPT, min(pauses))

    def _line(self, webhook: Webhook) -> _Line:
        line = self._lines.setdefault(webhook.id, _Line())
        if line.revision != webhook.revision:  # somebody has changed it: perhaps it works now
            line.revision, line.failures = webhook.revision, 0
        return line

    async def _due(self, webhook: Webhook, line: _Line, room: int) -> Sequence[Delivery]:
        now, busy = stamp(self._clock.now()), frozenset(line.busy)

        def look(connection: sqlite3.Connection) -> Sequence[Delivery]:
            return delivering.due(connection, webhook.id, busy, room, now)

        return await self._database.read(look)

    def _begin(self, webhook: Webhook, line: _Line, delivery: Delivery) -> None:
        line.busy.add(delivery.id)
        task = asyncio.create_task(self._deliver(webhook, line, delivery), name=f"delivery {delivery.id}")
        self._tasks.add(task)

        def ended(task: "asyncio.Task[None]") -> None:
            self._tasks.discard(task)
            line.busy.discard(delivery.id)
            self._changed.set()
            if not task.cancelled() and (error := task.exception()) is not None:
                _LOG.error("a delivery failed", exc_info=error)

        task.add_done_callback(ended)

    async def _deliver(self, webhook: Webhook, line: _Line, delivery: Delivery) -> None:
        seconds = int(self._clock.wall())
        headers = signed(webhook.secret, delivery.id, delivery.body, seconds)
        try:
            outcome = await self._send(webhook.draft.url, headers, delivery.body.encode())
        except Exception:  # noqa: BLE001 - whatever it is, the delivery must not be begun again and again at once
            _LOG.exception("the delivery %s cannot be sent", delivery.id)
            outcome = Outcome(problem="the service failed; its log says why")
        self._learn(line, outcome)
        wait = self._wait(delivery, outcome)
        while True:
            try:
                await self._database.write(
                    lambda tx: delivering.settle(tx, delivery, outcome, stamp(self._clock.now()), wait)
                )
            except ServiceError as error:  # not noted, it would be delivered again
                _LOG.warning("a delivery waits to be noted: %s", error)
                await asyncio.sleep(RETRY)
            else:
                return

    def _learn(self, line: _Line, outcome: Outcome) -> None:
        if outcome.problem:
            line.failures += 1
            pause = min(_LONGEST_PAUSE, self._delays[0] * 2 ** min(line.failures - 1, 10) / 4)
            line.rests = self._clock.monotonic() + _shaken(pause)
        else:
            line.failures = 0

    def _wait(self, delivery: Delivery, outcome: Outcome) -> int | None:
        """Return the microseconds until the next attempt, or None where there is none."""
        if outcome.final or delivery.attempts >= len(self._delays):
            return None
        wished = min(outcome.retry_after, _LONGEST_WISH)
        return int(max(_shaken(self._delays[delivery.attempts]), wished) * 1e6)

    async def _pause(self, webhook: Webhook, line: _Line) -> float:
        """Return for how many seconds there is nothing to do for a receiver; whoever ends makes room by itself."""
        rests = line.rests - self._clock.monotonic() if line.failures else 0.0
        if line.room(line.rests) <= 0 or len(self._tasks) >= _AT_ONCE:
            return LONGEST_SLEEP
        busy = frozenset(line.busy)
        due = await self._database.read(lambda connection: delivering.next_due(connection, webhook.id, busy))
        if due is None:
            return LONGEST_SLEEP
        return max(rests, (due - stamp(self._clock.now())) / 1e6)

    def _observe(self, outbox: Iterable[Any]) -> None:
        if any(isinstance(item, DeliveriesChanged) for item in outbox):
            self._changed.set()


def _shaken(seconds: float) -> float:
    """Return about as many seconds: what failed together shall not come again together."""
    return seconds * random.uniform(0.8, 1.2)  # noqa: S311 - nothing hangs on it
