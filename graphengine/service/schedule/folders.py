"""The eyes of the schedules that watch a folder: a job for each file that comes to rest there, once.

Folders are looked at again and again, and not listened to: that works on every file system, over a network too,
and finds what came while nobody was there. A file counts when two looks have found it the same. The job and the
note that the file is dealt with are one transaction.
"""

import asyncio
import logging
import secrets
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from graphengine.errors import FileRefused, QueueFull, ServiceError
from graphengine.files.roots import Roots
from graphengine.service.clock import Clock, stamp
from graphengine.service.database.database import Database
from graphengine.service.database.writer import Transaction
from graphengine.service.job import JsonObject
from graphengine.service.limits import Limits
from graphengine.service.queue.submit import Prepared, accept
from graphengine.service.schedule import seen
from graphengine.service.schedule.firing import note, opened
from graphengine.service.schedule.happening import Folder
from graphengine.service.schedule.records import schedule_of
from graphengine.service.schedule.scan import scan
from graphengine.service.schedule.schedule import Schedule
from graphengine.service.schedule.schedules import SchedulesChanged
from graphengine.service.schedule.seen import Stamp

_LOG = logging.getLogger(__name__)

RETRY: Final = 5.0
"""Seconds after which what could not be done is tried again."""

_TOGETHER: Final = 50


@dataclass(slots=True)
class _Watched:
    """A folder that is looked at.

    Attributes:
        known: the files that are dealt with.
        before: the files of the last look.
        due: when it is looked at next, by the monotonic clock.
    """

    schedule: Schedule
    trigger: Folder
    known: dict[str, Stamp]
    first: bool
    pass_over: bool
    before: Mapping[str, Stamp] = field(default_factory=dict)
    due: float = 0.0
    problem: str = ""

    def is_new(self, name: str, files: Mapping[str, Stamp]) -> bool:
        """Return whether a file is not dealt with as it is now."""
        return self.known.get(name) != files[name]


class FolderWatch:
    """Makes the jobs of the schedules that watch folders, while :meth:`run` runs."""

    def __init__(self, database: Database, limits: Limits, clock: Clock, roots: Roots) -> None:
        self._database = database
        self._limits = limits
        self._clock = clock
        self._roots = roots
        self._watched: dict[str, _Watched] = {}
        self._stale = True
        self._changed = asyncio.Event()
        database.listen(self._observe)

    async def run(self) -> None:
        """Look at each folder when it is its turn; until cancelled."""
        while True:
            self._changed.clear()
            try:
                await self.look()
                pause = self._pause()
            except ServiceError as error:
                _LOG.warning("watched folders wait: %s", error)
                pause = RETRY
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._changed.wait()

    async def look(self, *, everywhere: bool = False) -> Sequence[str]:
        """Look at the folders whose turn it is, or at all, and return the ids of the jobs that were made.

        Raises:
            StoreUnavailable: the database fails; what was not made will be.
        """
        if self._stale:
            self._stale = False
            await self._reload()
        made: list[str] = []
        for watched in list(self._watched.values()):
            now = self._clock.monotonic()
            if everywhere or watched.due <= now:
                watched.due = now + watched.trigger.seconds
                made += await self._look_at(watched)
        return made

    async def _reload(self) -> None:
        """Take the schedules as they are now; what is known of those that did not change stays."""

        def look(connection: sqlite3.Connection) -> list[_Watched]:
            rows = connection.execute("SELECT * FROM schedule WHERE enabled AND fires ->> 'kind' = 'folder'").fetchall()
            schedules = [schedule_of(row) for row in rows]
            return [
                _Watched(
                    schedule, schedule.draft.trigger, *seen.load(connection, schedule.id), problem=schedule.problem
                )
                for schedule in schedules
                if isinstance(schedule.draft.trigger, Folder)
            ]

        found: dict[str, _Watched] = {}
        for each in await self._database.read(look):
            before = self._watched.get(each.schedule.id)
            same = before is not None and before.schedule.revision == each.schedule.revision
            found[each.schedule.id] = before if same and before is not None else each
        self._watched = found

    async def _look_at(self, watched: _Watched) -> Sequence[str]:
        trigger = watched.trigger
        try:
            files = await asyncio.to_thread(scan, self._roots, trigger)
        except FileRefused as error:
            await self._tell(watched, str(error))
            return ()
        except OSError as error:
            await self._tell(watched, f"the folder {trigger.folder!r} cannot be read: {error.strerror}")
            return ()
        before, watched.before = watched.before, files
        if watched.pass_over or (watched.first and not trigger.existing):
            await self._know(watched, files, ())
            return ()
        gone = [name for name in watched.known if name not in files]
        if gone or watched.first:
            await self._know(watched, {}, gone)
        at_rest = {name: each for name, each in files.items() if before.get(name) == each}
        return await self._act_on(watched, {name: at_rest[name] for name in at_rest if watched.is_new(name, files)})

    async def _know(self, watched: _Watched, files: Mapping[str, Stamp], gone: Iterable[str]) -> None:
        """Note that files are dealt with, or gone."""
        schedule = watched.schedule

        def act(transaction: Transaction) -> None:
            if _is_current(transaction, schedule):
                seen.note(transaction, schedule.id, files, gone)

        await self._database.write(act)
        watched.first = watched.pass_over = False
        watched.known |= files
        for name in gone:
            watched.known.pop(name, None)

    async def _act_on(self, watched: _Watched, fresh: Mapping[str, Stamp]) -> Sequence[str]:
        """Make the jobs of files, some at a time."""
        names = list(fresh)
        made: list[str] = []
        problem = ""
        for start in range(0, len(names), _TOGETHER):
            some = {name: fresh[name] for name in names[start : start + _TOGETHER]}
            found = await self._database.read(lambda connection: opened(connection, watched.schedule))
            if found.document is None:
                problem = found.problem
                break
            try:
                made += await self._queue(watched, found.document, some)
            except QueueFull as error:
                problem = str(error)
                break
        await self._tell(watched, problem)
        return made

    async def _queue(self, watched: _Watched, document: JsonObject, files: Mapping[str, Stamp]) -> Sequence[str]:
        schedule = watched.schedule
        prepared = await asyncio.to_thread(self._prepare, watched, document, files)

        def act(transaction: Transaction) -> Sequence[str]:
            if not _is_current(transaction, schedule):
                return ()
            now = stamp(self._clock.now())
            for each in prepared:
                accept(transaction, each, self._limits, int(RETRY), now)
            seen.note(transaction, schedule.id, files)
            note(transaction, schedule.id, len(prepared), now)
            return [each.submission.id for each in prepared]

        made = await self._database.write(act)
        if made:
            watched.known |= files
        return made

    def _prepare(self, watched: _Watched, document: JsonObject, names: Iterable[str]) -> Sequence[Prepared]:
        draft, trigger = watched.schedule.draft, watched.trigger
        occasions = [(f"f{secrets.token_hex(8)}", {trigger.input: f"{trigger.reference}/{name}"}) for name in names]
        submissions = [draft.submission(name, document, inputs) for name, inputs in occasions]
        return [Prepared.of(each, None, self._limits, ours=True) for each in submissions]

    async def _tell(self, watched: _Watched, problem: str) -> None:
        """Note why a schedule makes no job, or that nothing is wrong."""
        if watched.problem == problem:
            return
        id_ = watched.schedule.id
        await self._database.write(
            lambda tx: tx.execute("UPDATE schedule SET problem = ? WHERE id = ?", (problem, id_))
        )
        watched.problem = problem

    def _pause(self) -> float | None:
        """Return for how many seconds no folder has its turn; None if there is none."""
        now = self._clock.monotonic()
        return min((max(0.0, each.due - now) for each in self._watched.values()), default=None)

    def _observe(self, outbox: Iterable[Any]) -> None:
        if any(isinstance(item, SchedulesChanged) for item in outbox):
            self._stale = True
            self._changed.set()


def _is_current(transaction: Transaction, schedule: Schedule) -> bool:
    """Return whether a schedule is still what it was when its folder was looked at."""
    row = transaction.execute(
        "SELECT 1 FROM schedule WHERE id = ? AND revision = ? AND enabled", (schedule.id, schedule.revision)
    ).fetchone()
    return row is not None
