"""The hands of the schedules: a job for each time that has come, once, whatever ends in between.

The jobs of a decision and the note that it is carried out are one transaction. Besides, the id of a job follows
from its schedule and its time, so that a time which comes twice, because the clock was set back, finds its job.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Final

from graphengine.errors import Conflict, QueueFull, ServiceError
from graphengine.service.clock import Clock, stamp
from graphengine.service.database.database import Database
from graphengine.service.database.writer import Transaction
from graphengine.service.limits import Limits
from graphengine.service.queue.submit import Prepared, accept
from graphengine.service.schedule.firing import Opened, opened
from graphengine.service.schedule.misfire import Decision, decide
from graphengine.service.schedule.records import schedule_of, stamp_or_none
from graphengine.service.schedule.schedule import name_of
from graphengine.service.schedule.schedules import SchedulesChanged
from graphengine.service.schedule.trigger import next_after
from graphengine.service.schedule.watched import Watched

_LOG = logging.getLogger(__name__)

LONGEST_SLEEP: Final = 30.0
"""Seconds after which the clock is looked at again: somebody may have set it."""

RETRY: Final = 5.0
"""Seconds after which what could not be done is tried again."""

_PROMPT = 0.001


class Scheduler:
    """Makes the jobs of the schedules in a database, while :meth:`run` runs."""

    def __init__(self, database: Database, limits: Limits, clock: Clock) -> None:
        self._database = database
        self._limits = limits
        self._clock = clock
        self._changed = asyncio.Event()
        self._watched = Watched()
        database.listen(self._observe)

    async def run(self) -> None:
        """Fire what is due, and wait for the next time or change; until cancelled."""
        refreshed = False
        while True:
            self._changed.clear()
            try:
                if not refreshed:
                    await self.refresh()
                    refreshed = True
                await self.tick()
                pause = await self._pause()
            except ServiceError as error:
                _LOG.warning("schedules wait: %s", error)
                pause = RETRY
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._changed.wait()

    async def tick(self) -> Sequence[str]:
        """Fire what is due now, and return the ids of the jobs that were made.

        Raises:
            QueueFull: some could not be made; they are still due.
            StoreUnavailable: the database fails; what was not made is still due.
        """
        now = self._clock.now()
        watched = self._watched.look(now)
        made: list[str] = []
        full: QueueFull | None = None
        for due in await self._database.read(lambda connection: _due(connection, stamp(now))):
            schedule = due.schedule
            draft = schedule.draft
            decision = await asyncio.to_thread(decide, draft.trigger, draft.misfire, schedule.decided, now, watched)
            prepared = await asyncio.to_thread(self._prepare, due, decision)
            act = partial(_carry_out, due=due, decision=decision, prepared=prepared, limits=self._limits)
            try:
                made += await self._database.write(act)
            except QueueFull as error:
                full = error
        if full is not None:
            raise full
        return made

    async def refresh(self) -> None:
        """Work out anew when each schedule is due: the rules of a time zone may have changed since."""

        def act(transaction: Transaction) -> None:
            for row in transaction.execute("SELECT * FROM schedule WHERE enabled").fetchall():
                schedule = schedule_of(row)
                due = next_after(schedule.draft.trigger, schedule.decided)
                transaction.execute("UPDATE schedule SET due = ? WHERE id = ?", (stamp_or_none(due), schedule.id))

        await self._database.write(act)

    def _prepare(self, due: Opened, decision: Decision) -> Sequence[Prepared]:
        if due.document is None:
            return ()
        submissions = [due.schedule.draft.submission(name_of(time), due.document) for time in decision.fire]
        return [Prepared.of(each, None, self._limits, ours=True) for each in submissions]

    async def _pause(self) -> float:
        """Return for how many seconds nothing is due, as far as it is known."""
        soonest: int | None = await self._database.read(
            lambda connection: connection.execute("SELECT min(due) FROM schedule WHERE enabled").fetchone()[0]
        )
        if soonest is None:
            return LONGEST_SLEEP
        seconds = (soonest - stamp(self._clock.now())) / 1e6
        return min(LONGEST_SLEEP, max(_PROMPT, seconds))

    def _observe(self, outbox: Iterable[Any]) -> None:
        if any(isinstance(item, SchedulesChanged) for item in outbox):
            self._changed.set()


def _due(connection: sqlite3.Connection, now: int) -> Sequence[Opened]:
    """Return the schedules that are due, and those that were settled at a time which has not come yet."""
    rows = connection.execute(
        "SELECT * FROM schedule WHERE enabled AND (due <= :now OR decided > :now) ORDER BY due, id", {"now": now}
    ).fetchall()
    return [opened(connection, schedule_of(row)) for row in rows]


def _carry_out(
    transaction: Transaction, due: Opened, decision: Decision, prepared: Sequence[Prepared], limits: Limits
) -> Sequence[str]:
    """Make the jobs of a decision, and note that it is carried out; nothing if the schedule has changed since."""
    schedule, now = due.schedule, stamp(decision.decided)
    row = transaction.execute(
        "SELECT last FROM schedule WHERE id = ? AND revision = ? AND decided = ? AND enabled",
        (schedule.id, schedule.revision, stamp(schedule.decided)),
    ).fetchone()
    if row is None:
        return ()
    made = []
    for each in prepared:
        with suppress(Conflict):  # the time has come before, when the schedule was another one
            if accept(transaction, each, limits, int(RETRY), now):
                made.append(each.submission.id)
    last = stamp(decision.fire[-1]) if made else row["last"]
    transaction.execute(
        "UPDATE schedule SET decided = ?, due = ?, fired = fired + ?, last = ?, problem = ? WHERE id = ?",
        (now, stamp_or_none(decision.due), len(made), last, due.problem if decision.fire else "", schedule.id),
    )
    return made
