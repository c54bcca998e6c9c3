"""Looking at jobs: by what they are, page by page, and in the order in which they will run."""

import base64
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from graphengine.errors import Unacceptable
from graphengine.service.clock import stamp
from graphengine.service.job import Job, JobState
from graphengine.service.queue.records import job_of
from graphengine.service.queue.work import is_paused

MOST_PAGE = 1_000

_MARK = "job:"  # what a cursor of ours begins with, inside
_TEXT = r"(id LIKE :text ESCAPE '\' OR title LIKE :text ESCAPE '\' OR tags LIKE :text ESCAPE '\')"


@dataclass(frozen=True, slots=True)
class Filter:
    """Which jobs are wanted; what is left out does not matter.

    Attributes:
        text: stands in the id, the title or a tag; the case of a-z does not matter.
        after: submitted at this time or later, by the wall clock.
        before: submitted earlier than this.
    """

    states: frozenset[JobState] | None = None
    owner: str | None = None
    batch: str | None = None
    text: str | None = None
    after: datetime | None = None
    before: datetime | None = None

    def condition(self) -> tuple[str, dict[str, Any]]:
        """Return the same as SQL and its values."""
        terms: list[str] = []
        values: dict[str, Any] = {}
        if self.states is not None:
            names = {f"state{index}": state for index, state in enumerate(sorted(self.states))}
            terms.append(f"state IN ({', '.join(f':{name}' for name in names)})")
            values |= names
        for term, name, value in (
            ("owner = :owner", "owner", self.owner),
            ("batch = :batch", "batch", self.batch),
            ("created >= :after", "after", None if self.after is None else stamp(self.after)),
            ("created < :before", "before", None if self.before is None else stamp(self.before)),
            (_TEXT, "text", None if self.text is None else _pattern(self.text)),
        ):
            if value is not None:
                terms.append(term)
                values[name] = value
        return " AND ".join(terms) or "1", values


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list, and where the next part begins; None at the end."""

    jobs: Sequence[Job]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class QueueStatus:
    """The queue as a whole: whether it is paused, and how many jobs are in each state."""

    paused: bool
    counts: Mapping[JobState, int]


def list_jobs(
    connection: sqlite3.Connection, wanted: Filter, limit: int, cursor: str | None, order: Literal["newest", "oldest"]
) -> Page:
    """Return a page of jobs by when they were submitted. What comes or goes between two pages shifts nothing.

    Raises:
        Unacceptable: the cursor is not one of ours, or the limit out of range.
    """
    if not 1 <= limit <= MOST_PAGE:
        raise Unacceptable(f"a page has 1 to {MOST_PAGE:,} jobs")
    condition, values = wanted.condition()
    beyond, direction = ("seq < :seq", "DESC") if order == "newest" else ("seq > :seq", "ASC")
    seq = _position(cursor) if cursor is not None else _start(order)
    rows = connection.execute(
        f"SELECT * FROM job WHERE {beyond} AND {condition} ORDER BY seq {direction} LIMIT :limit",  # noqa: S608 - ours
        {**values, "seq": seq, "limit": limit + 1},
    ).fetchall()
    more = len(rows) > limit
    return Page([job_of(row) for row in rows[:limit]], _cursor(rows[limit - 1]["seq"]) if more else None)


def upcoming(connection: sqlite3.Connection, limit: int) -> Sequence[Job]:
    """Return the jobs that wait in the order in which they will be claimed, if nothing comes between."""
    rows = connection.execute(_UPCOMING, (limit,)).fetchall()
    return [job_of(row) for row in rows]


def status(connection: sqlite3.Connection) -> QueueStatus:
    """Return how the queue stands."""
    counts = connection.execute("SELECT state, jobs FROM tally").fetchall()
    return QueueStatus(is_paused(connection), {row["state"]: row["jobs"] for row in counts})


_UPCOMING = """
SELECT job.* FROM job
JOIN (SELECT seq, row_number() OVER (PARTITION BY priority, owner ORDER BY rank, seq) - 1 AS nth
      FROM job WHERE state = 'queued') AS place ON place.seq = job.seq
JOIN line ON line.owner = job.owner AND line.priority = job.priority
ORDER BY job.priority DESC, line.round + nth, line.round DESC, line.turn
LIMIT ?
"""


def _start(order: Literal["newest", "oldest"]) -> int:
    return 2**63 - 1 if order == "newest" else -1


def _cursor(seq: int) -> str:
    return base64.urlsafe_b64encode(f"{_MARK}{seq}".encode()).decode().rstrip("=")


def _position(cursor: str) -> int:
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars="-_", validate=True).decode()
        mark, number = text[: len(_MARK)], text[len(_MARK) :]
        if mark == _MARK and number.isdecimal() and len(number) < 19:
            return int(number)
    except ValueError:
        pass
    raise Unacceptable("the cursor is not one that a list has given")


def _pattern(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
