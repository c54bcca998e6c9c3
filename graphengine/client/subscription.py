"""What somebody follows: a place in the log, and what has arrived and was not taken yet."""

import asyncio
from collections import deque
from typing import Any, Literal

from graphengine.server.messages import Event, Preview, Progress, Resync

Update = Event | Progress | Preview | Resync
"""What happens: an entry of the log, something live, or that entries are missing."""


class Subscription:
    """Takes each entry once, whatever comes again when a connection is made anew.

    Attributes:
        id: of the request that began it on this connection; empty as long as there was none.
        begun: the service has answered that request: what comes from now on is in order.
        failure: why it ended.
    """

    def __init__(
        self, to: Literal["job", "own", "all"], job: str | None, since: int | None, epoch: str | None, *, live: bool
    ) -> None:
        self.id = ""
        self.begun = False
        self.failure: Exception | None = None
        self._to = to
        self._job = job
        self._seq = since
        self._epoch = epoch
        self._live = live
        self._arrived: deque[Update] = deque()
        self._latest: dict[tuple[str, str], Update] = {}
        self._wake = asyncio.Event()

    def request(self, id_: str) -> dict[str, Any]:
        """Return the request that begins it, from where it is, on a new connection."""
        self.id, self.begun = id_, False
        place = {"since": self._seq, "epoch": self._epoch} if self._seq is not None else {}
        job = {"job": self._job} if self._job is not None else {}
        return {"type": "subscribe", "id": id_, "to": self._to, "live": self._live, **job, **place}

    def begin(self, seq: int, epoch: str) -> None:
        """Take note that the service has begun it."""
        self.begun = True
        self._epoch = epoch
        if self._seq is None:
            self._seq = seq

    def end(self, failure: Exception) -> None:
        """Raise something to whoever follows, after what has arrived."""
        self.failure = failure
        self._wake.set()

    def take(self, update: Update, owner: str) -> None:
        """Keep an update if it is wanted and new."""
        if isinstance(update, Resync):
            if self.id in update.subscriptions:
                self._seq, self._epoch = update.seq, update.epoch
                self._put(update)
        elif self.begun and self._covers(update, owner):
            if isinstance(update, Event):
                if update.seq > (self._seq or 0):
                    self._seq = update.seq
                    self._put(update)
            elif self._live:
                self._latest[update.job, update.task if isinstance(update, Preview) else ""] = update
                self._wake.set()

    async def next(self) -> Update:
        """Return what has arrived, live things after the others.

        Raises:
            Refused: the service does not let this client follow.
            Disconnected: the service is gone.
        """
        while True:
            if self._arrived:
                return self._arrived.popleft()
            if self._latest:
                return self._latest.pop(next(iter(self._latest)))
            if self.failure is not None:
                raise self.failure
            self._wake.clear()
            await self._wake.wait()

    def _covers(self, update: Event | Progress | Preview, owner: str) -> bool:
        if self._to == "job":
            return update.job == self._job or update.job.startswith(f"{self._job}~")
        return self._to == "all" or update.owner in (owner, "")

    def _put(self, update: Update) -> None:
        self._arrived.append(update)
        self._wake.set()
