"""From a schedule to the queue: the document that it runs, and the job for an occasion that is no time."""

import secrets
import sqlite3
from dataclasses import dataclass

from graphengine.errors import NotFound
from graphengine.files.digest import sha256
from graphengine.service.clock import Clock, stamp
from graphengine.service.database.database import Database
from graphengine.service.database.writer import Transaction
from graphengine.service.documents import find_document
from graphengine.service.job import JsonObject
from graphengine.service.limits import Limits
from graphengine.service.queue.pace import Pace
from graphengine.service.queue.submit import Accepted, Prepared, accepted_job
from graphengine.service.schedule.records import find_row, schedule_of
from graphengine.service.schedule.schedule import Schedule


@dataclass(frozen=True, slots=True)
class Opened:
    """A schedule with the document that it runs now, or why there is none."""

    schedule: Schedule
    document: JsonObject | None
    problem: str


class Firing:
    """Makes jobs of schedules for whoever asks for one now."""

    def __init__(self, database: Database, limits: Limits, clock: Clock, pace: Pace) -> None:
        self._database = database
        self._limits = limits
        self._clock = clock
        self._pace = pace

    async def open(self, id_: str) -> tuple[Schedule, JsonObject]:
        """Return a schedule and the document that it runs now.

        Raises:
            NotFound: there is no such schedule, or its workflow is gone.
        """
        found = await self._database.read(lambda connection: opened(connection, schedule_of(find_row(connection, id_))))
        if found.document is None:
            raise NotFound(found.problem)
        return found.schedule, found.document

    async def fire(
        self, schedule: Schedule, document: JsonObject, inputs: JsonObject, key: str | None = None
    ) -> Accepted:
        """Queue a job of a schedule now.

        Args:
            inputs: those that go over the schedule's own.
            key: names the occasion: the same under the same key is the same job.

        Raises:
            NotFound: the schedule is gone.
            Conflict: the key stands for another job.
            QueueFull: too many jobs wait.
        """
        name = f"n{secrets.token_hex(8)}" if key is None else f"k{sha256(key.encode())[:16]}"
        prepared = Prepared.of(schedule.draft.submission(name, document, inputs), None, self._limits, ours=True)
        retry_after = self._pace.seconds(1)

        def act(transaction: Transaction) -> Accepted:
            now = stamp(self._clock.now())
            find_row(transaction.connection, schedule.id)
            accepted = accepted_job(transaction, prepared, self._limits, retry_after, now)
            if accepted.created:
                note(transaction, schedule.id, 1, now)
            return accepted

        return await self._database.write(act)


def opened(connection: sqlite3.Connection, schedule: Schedule) -> Opened:
    """Return a schedule with its document: the one that is kept for it, or the newest of a name."""
    digest, name = schedule.workflow, schedule.draft.name
    if name is not None:
        row = connection.execute(
            "SELECT workflow FROM library JOIN library_version USING (name, version) WHERE name = ?", (name,)
        ).fetchone()
        digest = None if row is None else row["workflow"]
    if digest is None:
        return Opened(schedule, None, f"there is no workflow called {name!r}")
    try:
        return Opened(schedule, find_document(connection, digest), "")
    except NotFound as error:
        return Opened(schedule, None, str(error))


def note(transaction: Transaction, id_: str, made: int, last: int) -> None:
    """Note in a schedule that it made jobs, which is no problem."""
    transaction.execute("UPDATE schedule SET fired = fired + ?, last = ?, problem = '' WHERE id = ?", (made, last, id_))
