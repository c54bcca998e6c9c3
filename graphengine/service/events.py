"""The log of what happened to jobs: numbered without gaps, kept over restarts, replayed to whoever was away.

An entry gets its number in the transaction of what it tells about, and is told to observers only after the
commit. So what somebody has seen is on the disk, and no number is ever given to two things.

Kept is what changes what a job *is*: its life, its tasks, its outputs. Progress and previews are not: the next
one says all that the last one said, there are a hundred times as many, and after a restart they are about a
call that is no longer there. Whoever sends them sends them beside the log, without a number.
"""

import asyncio
import json
import sqlite3
from bisect import bisect_right
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from graphengine.errors import Conflict
from graphengine.service.canonical import compact
from graphengine.service.clock import moment
from graphengine.service.database.database import Database
from graphengine.service.database.writer import Transaction
from graphengine.service.job import JsonObject

TaskKind = Literal["task_started", "task_cached", "task_finished", "task_failed", "task_skipped", "output"]
EntryKind = Literal[
    "queued",
    "started",
    "requeued",
    "cancelling",
    "moved",
    "finished",
    "deleted",
    "batch_finished",
    "paused",
    "resumed",
    TaskKind,
]

EVERYBODY: Final = ""
"""The owner of an entry about the queue as a whole: every observer gets it."""

_INSERT: Final = "INSERT INTO event (seq, job, owner, kind, time, data) VALUES (?, ?, ?, ?, ?, ?)"

RECENT = 4_096
"""How many entries are answered from memory: observers that keep up never ask the database."""

PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that happened.

    Attributes:
        job: the job's id, the batch's, or empty.
        time: by the wall clock, for showing.
    """

    seq: int
    job: str
    owner: str
    kind: EntryKind
    time: datetime
    data: JsonObject


@dataclass(frozen=True, slots=True)
class Scope:
    """Which entries somebody wants: of one job (or batch, with its jobs), of one owner, or all."""

    job: str | None = None
    owner: str | None = None

    def covers(self, entry: Entry) -> bool:
        """Return whether an entry is wanted."""
        return (self.owner is None or entry.owner in (self.owner, EVERYBODY)) and (
            self.job is None or entry.job == self.job or entry.job.startswith(f"{self.job}~")
        )

    def condition(self) -> tuple[str, dict[str, str]]:
        """Return the same as SQL and its values."""
        terms, values = ["1"], {}
        if self.owner is not None:
            terms.append(f"owner IN (:owner, '{EVERYBODY}')")
            values["owner"] = self.owner
        if self.job is not None:
            terms.append("(job = :job OR job >= :first AND job < :after)")
            values |= {"job": self.job, "first": f"{self.job}~", "after": f"{self.job}\x7f"}
        return " AND ".join(terms), values


EVERYTHING: Final = Scope()


@dataclass(frozen=True, slots=True)
class Replay:
    """A part of the log.

    Attributes:
        reached: every wanted entry up to this number is given, now or before; go on from here.
        complete: nothing newer was there.
        gap: entries after the given place are forgotten, or the place is of another log: read the jobs anew, and
            go on from ``reached``.
    """

    entries: Sequence[Entry]
    reached: int
    complete: bool
    gap: bool = False


class Gap(Conflict):
    """The place to follow from is no longer in the log, or never was."""


def append(
    transaction: Transaction, now: int, kind: EntryKind, *, job: str = "", owner: str = EVERYBODY, **data: Any
) -> int:
    """Write an entry as a part of an act, and return its number."""
    seq: int = transaction.execute(f"{_INSERT} RETURNING seq", (None, job, owner, kind, now, compact(data))).fetchone()[
        0
    ]
    transaction.outbox.append(Entry(seq, job, owner, kind, moment(now), data))
    return seq


def append_all(
    transaction: Transaction, now: int, listed: Sequence[tuple[EntryKind, JsonObject]], *, job: str, owner: str
) -> None:
    """Write several entries about one job, in order: quicker than one by one."""
    newest = transaction.execute("SELECT seq FROM sqlite_sequence WHERE name = 'event'").fetchone()
    first = 1 if newest is None else newest[0] + 1
    entries = [Entry(seq, job, owner, kind, moment(now), data) for seq, (kind, data) in enumerate(listed, first)]
    rows = [(each.seq, job, owner, each.kind, now, compact(each.data)) for each in entries]
    transaction.connection.executemany(_INSERT, rows)
    transaction.outbox += entries


class EventLog:
    """The log, and whoever follows it."""

    def __init__(self, database: Database, epoch: str, last: int) -> None:
        self.epoch = epoch
        """Names this log: numbers of another one mean nothing here."""
        self._database = database
        self._recent: list[Entry] = []
        self._start = last  # what comes after it is in memory
        self._taken = last  # ... up to here
        self._last = last  # that anybody has seen: a reader of the database may be a little ahead of memory
        self._arrival = asyncio.Event()
        database.listen(self._take)

    @classmethod
    async def open(cls, database: Database) -> "EventLog":
        """Return the log of a database."""

        def look(connection: sqlite3.Connection) -> tuple[str, int]:
            epoch: str = connection.execute("SELECT value FROM store WHERE name = 'epoch'").fetchone()[0]
            row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'event'").fetchone()
            return epoch, row[0] if row else 0

        return cls(database, *await database.read(look))

    @property
    def last(self) -> int:
        """The number of the newest entry; 0 before the first."""
        return self._last

    async def since(self, seq: int, scope: Scope = EVERYTHING, *, epoch: str | None = None, most: int = PAGE) -> Replay:
        """Return what was logged after ``seq``, the oldest first, at most ``most`` entries.

        Args:
            epoch: the log that ``seq`` is of, if it might be another one.
        """
        if seq < 0 or seq > self._last or epoch not in (None, self.epoch):
            return Replay((), self._last, complete=True, gap=True)
        if seq >= self._start:
            return self._from_memory(seq, scope, most)
        replay = await self._database.read(lambda connection: _select(connection, seq, scope, most))
        self._last = max(self._last, replay.reached)
        return replay

    async def follow(self, seq: int, scope: Scope = EVERYTHING, *, epoch: str | None = None) -> AsyncIterator[Entry]:
        """Yield what was logged after ``seq``, and then what is logged, each entry once.

        Raises:
            Gap: entries in between are forgotten; also later, for a reader that is too slow.
        """
        while True:
            arrival = self._arrival
            replay = await self.since(seq, scope, epoch=epoch)
            if replay.gap:
                raise Gap("the log does not reach back to that place")
            for entry in replay.entries:
                yield entry
            seq = replay.reached
            if replay.complete:
                await arrival.wait()

    def _from_memory(self, seq: int, scope: Scope, most: int) -> Replay:
        first = bisect_right(self._recent, seq, key=lambda entry: entry.seq)
        found: list[Entry] = []
        for entry in self._recent[first:]:
            if len(found) == most:
                return Replay(found, found[-1].seq, complete=False)
            if scope.covers(entry):
                found.append(entry)
        return Replay(found, max(seq, self._taken), complete=True)

    def _take(self, outbox: Iterable[Any]) -> None:
        """Tell who follows what a commit has brought."""
        arrived = [item for item in outbox if isinstance(item, Entry)]
        if not arrived:
            return
        self._recent += arrived
        self._taken = arrived[-1].seq
        self._last = max(self._last, self._taken)
        if len(self._recent) > 2 * RECENT:
            self._start = self._recent[-RECENT - 1].seq
            del self._recent[:-RECENT]
        arrival, self._arrival = self._arrival, asyncio.Event()
        arrival.set()


def _select(connection: sqlite3.Connection, seq: int, scope: Scope, most: int) -> Replay:
    oldest, last = connection.execute("SELECT coalesce(min(seq), 0), coalesce(max(seq), 0) FROM event").fetchone()
    if seq < oldest - 1:
        return Replay((), last, complete=True, gap=True)
    condition, values = scope.condition()
    rows = connection.execute(
        f"SELECT * FROM event WHERE seq > :seq AND {condition} ORDER BY seq LIMIT :most",  # noqa: S608 - ours
        {"seq": seq, "most": most + 1, **values},
    ).fetchall()
    entries = [_entry(row) for row in rows[:most]]
    if len(rows) > most:
        return Replay(entries, entries[-1].seq, complete=False)
    return Replay(entries, last, complete=True)


def _entry(row: sqlite3.Row) -> Entry:
    return Entry(row["seq"], row["job"], row["owner"], row["kind"], moment(row["time"]), json.loads(row["data"]))
