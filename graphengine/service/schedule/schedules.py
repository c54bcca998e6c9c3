"""The schedules that are kept, as clients see them."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from graphengine.errors import Conflict
from graphengine.files.digest import sha256
from graphengine.service.clock import Clock, stamp
from graphengine.service.database.database import Database
from graphengine.service.database.writer import Transaction
from graphengine.service.documents import Content, drop_unused, keep
from graphengine.service.schedule import seen
from graphengine.service.schedule.happening import Hook
from graphengine.service.schedule.records import find_row, schedule_of, stamp_or_none, values_of
from graphengine.service.schedule.schedule import Draft, Schedule
from graphengine.service.schedule.trigger import next_after

MOST: Final = 1_000
"""How many schedules there may be."""

_SAVE = """
INSERT INTO schedule (id, owner, fires, misfire, name, workflow, draft, enabled, lock, revision, created, decided, due)
VALUES (:id, :owner, :fires, :misfire, :name, :workflow, :draft, :enabled, :lock, 1, :now, :decided, :due)
ON CONFLICT (id) DO UPDATE
SET fires = :fires, misfire = :misfire, name = :name, workflow = :workflow, draft = :draft, enabled = :enabled,
    lock = :lock, revision = revision + 1, decided = :decided, due = :due, problem = ''
"""


@dataclass(frozen=True, slots=True)
class SchedulesChanged:
    """Put into the outbox by whoever changes a schedule: what is due next may have changed."""


class Schedules:
    """The schedules of a store. They fire while a ``Scheduler`` runs."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def save(self, draft: Draft, *, secret: str | None = None, expected: int | None = None) -> Schedule:
        """Make a schedule, or change the one of that id; the same again changes nothing.

        Times from now on count; with the same trigger, also those that are still open.

        Args:
            secret: opens it to requests from now on, if its trigger waits for such; None leaves what is.
            expected: the revision that the draft was made from, 0 for a new schedule; None takes whatever there is.

        Raises:
            Conflict: the id is that of another owner's schedule, there are too many, or the schedule is not as
                expected.
            Unacceptable: the draft has a wrong form.
        """
        draft.check()
        wanted = _Wanted(
            draft,
            values_of(draft),
            None if draft.workflow is None else Content.of(draft.workflow),
            None if secret is None else sha256(secret.encode()),
            expected,
        )
        return await self._database.write(lambda tx: _save(tx, wanted, self._clock.now()))

    async def enable(self, id_: str, *, enabled: bool) -> Schedule:
        """Let a schedule fire again, from now on, or no more.

        Raises:
            NotFound: there is no such schedule.
        """
        return await self._database.write(lambda tx: _enable(tx, id_, self._clock.now(), enabled=enabled))

    async def get(self, id_: str) -> Schedule:
        """Return a schedule.

        Raises:
            NotFound: there is no such schedule.
        """
        return await self._database.read(lambda connection: schedule_of(find_row(connection, id_)))

    async def list(self, owner: str | None = None, *, limit: int = MOST, after: str = "") -> Sequence[Schedule]:
        """Return the schedules of one owner or of all, by id, those after the id ``after``."""

        def look(connection: sqlite3.Connection) -> Sequence[Schedule]:
            rows = connection.execute(
                "SELECT * FROM schedule WHERE owner = coalesce(?, owner) AND id > ? ORDER BY id LIMIT ?",
                (owner, after, limit),
            ).fetchall()
            return [schedule_of(row) for row in rows]

        return await self._database.read(look)

    async def delete(self, id_: str) -> None:
        """Remove a schedule; the jobs that it made stay.

        Raises:
            NotFound: there is no such schedule.
        """

        def act(transaction: Transaction) -> None:
            row = find_row(transaction.connection, id_)
            transaction.execute("DELETE FROM schedule WHERE id = ?", (id_,))
            drop_unused(transaction, [row["workflow"]])
            transaction.outbox.append(SchedulesChanged())

        await self._database.write(act)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A schedule that is to be saved, in the form in which it is kept."""

    draft: Draft
    values: dict[str, Any]
    content: Content | None
    lock: str | None
    expected: int | None


def _save(transaction: Transaction, wanted: _Wanted, now: datetime) -> Schedule:
    draft, content = wanted.draft, wanted.content
    row = transaction.execute("SELECT * FROM schedule WHERE id = ?", (draft.id,)).fetchone()
    workflow = None if content is None else content.digest
    values = {**wanted.values, "workflow": workflow, "lock": _lock(row, wanted)}
    if row is None or any(row[name] != value for name, value in values.items()):
        _check(transaction, row, wanted)
        if content is not None:
            keep(transaction, content)
        goes_on = row is not None and row["fires"] == values["fires"] and row["enabled"]
        decided = schedule_of(row).decided if goes_on else now
        _write(transaction, draft, values, decided, now)
        if row is None or row["fires"] != values["fires"]:
            seen.forget(transaction, draft.id)
        elif not goes_on:
            seen.pass_over(transaction, draft.id)
        if row is not None and row["workflow"] is not None:
            drop_unused(transaction, [row["workflow"]])
    return schedule_of(find_row(transaction.connection, draft.id))


def _check(transaction: Transaction, row: sqlite3.Row | None, wanted: _Wanted) -> None:
    id_ = wanted.draft.id
    if row is not None and row["owner"] != wanted.draft.owner:
        raise Conflict(f"the schedule {id_} has another owner")
    revision = 0 if row is None else row["revision"]
    if wanted.expected not in (None, revision):
        raise Conflict(f"the schedule {id_} has the revision {revision}, not {wanted.expected}")
    if row is None and transaction.execute("SELECT count(*) FROM schedule").fetchone()[0] >= MOST:
        raise Conflict(f"there are {MOST:,} schedules already")


def _lock(row: sqlite3.Row | None, wanted: _Wanted) -> str:
    if not isinstance(wanted.draft.trigger, Hook):
        return ""
    return wanted.lock or ("" if row is None else row["lock"])


def _write(transaction: Transaction, draft: Draft, values: dict[str, Any], decided: datetime, now: datetime) -> None:
    due = next_after(draft.trigger, decided) if draft.enabled else None
    times = {"now": stamp(now), "decided": stamp(decided), "due": stamp_or_none(due)}
    transaction.execute(_SAVE, {**values, **times})
    transaction.outbox.append(SchedulesChanged())


def _enable(transaction: Transaction, id_: str, now: datetime, *, enabled: bool) -> Schedule:
    row = find_row(transaction.connection, id_)
    schedule = schedule_of(row)
    if schedule.draft.enabled == enabled:
        return schedule
    draft = replace(schedule.draft, enabled=enabled)
    _write(transaction, draft, {**values_of(draft), "workflow": row["workflow"], "lock": row["lock"]}, now, now)
    seen.pass_over(transaction, id_)
    return schedule_of(find_row(transaction.connection, id_))
