"""The durable room of the service: one database with its queue, log, library, ratings, schedules and webhooks."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from graphengine.service.clock import Clock, stamp
from graphengine.service.database.database import Database, Health
from graphengine.service.database.schema import STEPS
from graphengine.service.documents import find_document
from graphengine.service.events import EventLog
from graphengine.service.library import Library
from graphengine.service.limits import Limits
from graphengine.service.queue import work
from graphengine.service.queue.attempts import Attempts
from graphengine.service.queue.pace import Pace
from graphengine.service.queue.queue import Queue
from graphengine.service.ratings import Ratings
from graphengine.service.schedule.firing import Firing
from graphengine.service.schedule.scheduler import Scheduler
from graphengine.service.schedule.schedules import Schedules
from graphengine.service.webhook.webhooks import Webhooks

NAME: Final = "service.sqlite"
DEFAULT: Final = Limits()


@dataclass(frozen=True, slots=True)
class Store:
    """What outlives the process. Exactly one process opens it; in that process, one event loop uses it."""

    database: Database
    queue: Queue
    attempts: Attempts
    events: EventLog
    library: Library
    schedules: Schedules
    scheduler: Scheduler
    firing: Firing
    webhooks: Webhooks
    ratings: Ratings

    @classmethod
    async def open(cls, folder: Path, limits: Limits = DEFAULT, clock: Clock | None = None) -> "Store":
        """Open the store in a folder, make it if there is none, and take up what a dead engine left running.

        Raises:
            StoreRefused: the folder is in use by another engine, or its database damaged, newer or unusable.
            StoreUnavailable: the database opens, but what was left running cannot be taken up.
        """
        times = clock or Clock()
        database = await Database.open(folder / NAME, STEPS, times)
        try:
            await database.write(lambda transaction: work.recover(transaction, limits, stamp(times.now())))
            events = await EventLog.open(database)
        except BaseException:
            await database.close()
            raise
        pace = Pace(times)
        return cls(
            database,
            Queue(database, limits, times, pace),
            Attempts(database, limits, times, pace),
            events,
            Library(database, times),
            Schedules(database, times),
            Scheduler(database, limits, times),
            Firing(database, limits, times, pace),
            Webhooks(database, times),
            Ratings(database, times),
        )

    async def document(self, digest: str) -> dict[str, Any]:
        """Return a workflow by the digest of its document.

        Raises:
            NotFound: there is none.
        """
        return await self.database.read(lambda connection: find_document(connection, digest))

    async def health(self) -> Health:
        """Return whether the store can do its work now, and why not."""
        return await self.database.health()

    async def close(self) -> None:
        """Finish what is being written, and let the next engine in."""
        await self.database.close()
